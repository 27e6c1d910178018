"""How every command is declared, so that all speak one grammar.

`group` and `single` make a module's `app`; `examples` writes its epilog, a line each, for
`--help`, the man page and the tests that run them; `guarded` (see `guard`) spreads a parameter
that is a dataclass of options into these options, so that what many share is declared once.
"""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, is_dataclass
from difflib import get_close_matches
from typing import Any, get_type_hints

import typer
from typer.core import TyperGroup

from netlab.errors import NetlabError

MEANT = {
    "websocket": "ws", "wss": "ws", "socket.io": "socketio", "oauth2": "oauth", "balance": "lb",
    "loadbalancing": "lb", "curl": "trace", "show": "replay", "open": "replay", "man": "explain",
}  # fmt: skip
"""What people type for a command, though it is not spelt like it."""


def examples(*lines: str) -> str:
    """An epilog that is not folded: each line can be copied."""
    word = "Example" if len(lines) == 1 else "Examples"
    return "\b\n" + "\n".join([f"{word}:", *(f"  {line}" for line in lines)])


class Group(TyperGroup):
    """Names the nearest command when there is none, and folds the list of its commands."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        names = self.list_commands(ctx)
        if args and not args[0].startswith("-") and args[0] not in names:
            raise unknown(ctx.command_path, args, names)
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """A group alone is asked what it has: that is an answer, not a mistake."""
        if not args and not self.invoke_without_command and not ctx.resilient_parsing:
            typer.echo(ctx.get_help())
            raise typer.Exit
        return super().parse_args(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Whole sentences, folded; Typer's own cuts them off."""
        found = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        rows = [(name, made.help or "") for name, made in found if made and not made.hidden]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)


def unknown(path: str, args: list[str], names: list[str]) -> NetlabError:
    """A word where a command should stand."""
    word = args[0]
    meant = [MEANT[word.lower()]] if MEANT.get(word.lower()) in names else []
    near = meant or get_close_matches(word.lower(), names, n=1)
    if near:
        advice = f"did you mean {path} {near[0]}?"
    elif path == "netlab" and ("." in word or ":" in word):
        advice = f"netlab trace {word} shows what happens when that is typed into an address bar"
    else:
        advice = f"{path} --help names them all"
    return NetlabError(f"there is no command `{path} {word}`.", advice=advice)


def group(*lines: str) -> typer.Typer:
    """A group of commands: `netlab ws`. lines: its examples."""
    return typer.Typer(
        cls=Group, rich_markup_mode=None, add_completion=False, epilog=examples(*lines)
    )


def single() -> typer.Typer:
    """One command alone: `netlab trace`."""
    return typer.Typer(rich_markup_mode=None, add_completion=False)


@dataclass(frozen=True, slots=True)
class Spread:
    """A parameter of a command that stands for several options."""

    name: str
    kind: type
    fields: tuple[inspect.Parameter, ...]


def spread_of(command: Callable[..., Any]) -> tuple[list[inspect.Parameter], list[Spread]]:
    """The parameters that Typer is to see, the command's own first, and how the rest is made."""
    hints = get_type_hints(command, include_extras=True)
    shown: list[inspect.Parameter] = []
    spreads: list[Spread] = []
    for parameter in inspect.signature(command).parameters.values():
        kind = hints[parameter.name]
        if isinstance(kind, type) and is_dataclass(kind):
            fields = tuple(_fields(kind))
            spreads.append(Spread(parameter.name, kind, fields))
        else:
            shown.append(parameter.replace(annotation=kind))
    shown += [field for spread in spreads for field in spread.fields]
    keyword = inspect.Parameter.KEYWORD_ONLY
    return [one.replace(kind=keyword) for one in shown], spreads


def _fields(kind: type) -> Iterator[inspect.Parameter]:
    """A class's own options stand before those that it inherits."""
    hints = get_type_hints(kind, include_extras=True)
    every = inspect.signature(kind).parameters
    for one in kind.__mro__:
        for name in inspect.get_annotations(one):
            if name in every:
                yield every[name].replace(annotation=hints[name])


def gathered(spreads: list[Spread], given: dict[str, Any]) -> dict[str, Any]:
    """What a command is called with: the options put back into their dataclasses."""
    for spread in spreads:
        fields = {field.name: given.pop(field.name) for field in spread.fields}
        given[spread.name] = spread.kind(**fields)
    return given
