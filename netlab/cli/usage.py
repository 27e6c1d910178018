"""A command line that was not understood, told as every other error is: exit code 2."""

import re
from collections.abc import Sequence
from typing import Any

import typer

from netlab.errors import NetlabError, nearest

# Typer carries its own Click and does not name the class of what is wrong with a command line:
# it is the one that BadParameter is a kind of.
UsageError: type[Exception] = typer.BadParameter.__mro__[1]


def understood(error: Exception, words: Sequence[str] = ()) -> NetlabError:
    """What is wrong with it, and the nearest that is right. words: what was typed."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else command_in(words)
    if hasattr(error, "possibilities"):
        return no_such_option(path, getattr(error, "option_name", ""), options_of(context))
    parameter = getattr(error, "param", None)
    text = str(getattr(error, "message", "")).strip().rstrip(".")
    if parameter is None:
        return NetlabError(plainly(path, text), advice=f"{path} --help")
    name = name_of(parameter)
    if text.startswith("Missing") or not text:
        return NetlabError(f"`{path}` wants {name}.", advice=first_example(context))
    return wrong_value(path, name, text, parameter)


def plainly(path: str, text: str) -> str:
    """What Typer says of a line as a whole, in words like those of every other error."""
    if extra := re.fullmatch(r"Got unexpected extra arguments?(?:\(s\))? \((.*)\)", text):
        return f"`{path}` does not take {extra[1]}."
    if alone := re.fullmatch(r"Option '(.*)' requires (?:an argument|(\d+) arguments)", text):
        return f"{alone[1]} wants {alone[2] or 'a'} value{'s' if alone[2] else ''}."
    return f"{text[:1].lower()}{text[1:]}."


def no_such_option(path: str, unknown: str, known: Sequence[str]) -> NetlabError:
    return NetlabError(
        f"`{path}` has no option {unknown}.",
        advice=nearest(unknown, known, f"{path} --help names them all"),
    )


def wrong_value(path: str, name: str, text: str, parameter: Any) -> NetlabError:
    """Of a choice the nearest is named, of a number its bounds."""
    choices = [str(getattr(one, "value", one)) for one in getattr(parameter.type, "choices", ())]
    quoted = re.match(r"'([^']*)'|(\S+) is not in the range", text)
    if quoted is None:
        return NetlabError(f"{name}: {text}.", advice=f"{path} --help")
    given = quoted[1] if quoted[2] is None else quoted[2]
    return NetlabError(
        f"{name} {given}: {wanted(parameter.type, choices) or text}.",
        advice=nearest(given, choices, f"{path} --help"),
    )


def wanted(kind: Any, choices: Sequence[str]) -> str:
    """What a value is to be; empty where that cannot be said here."""
    if choices:
        return f"it is one of {', '.join(choices)}"
    number = "a whole number" if "int" in str(kind.name) else "a number"
    least, most = getattr(kind, "min", None), getattr(kind, "max", None)
    if least is not None and most is not None:
        return f"it is {number} from {least} to {most}"
    if least is not None:
        return f"it is {number}, {least} or more"
    return f"it is {number}" if kind.name in ("integer", "float") else ""


def name_of(parameter: Any) -> str:
    """As a person writes it: `--max-time`, TARGET."""
    if parameter.param_type_name == "option":
        return str(max(parameter.opts, key=len))
    return str(parameter.metavar or parameter.name).strip("[]").upper()


def options_of(context: Any) -> list[str]:
    if context is None:
        return []
    every = context.command.get_params(context)
    return [name for one in every for name in (*one.opts, *one.secondary_opts)]


def first_example(context: Any) -> str:
    """A line of the command's own help that is whole."""
    epilog = getattr(context.command, "epilog", None) or ""
    lines = [line.strip() for line in epilog.splitlines() if line.startswith("  netlab ")]
    return f"for instance: {lines[0]}" if lines else f"{context.command_path} --help"


def command_in(words: Sequence[str]) -> str:
    """The command that a line begins with."""
    from netlab.cli.lazy import LazyGroup

    path, group = ["netlab"], LazyGroup(name="netlab")
    for word in words:
        found = group.get_command(None, word)
        if found is None:
            break
        path.append(word)
        if not hasattr(found, "list_commands"):
            break
        group = found
    return " ".join(path)
