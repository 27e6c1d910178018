"""Every command of netlab's, as Typer has it, and how a line is read without being run."""

import shlex
from collections.abc import Iterator, Sequence
from typing import Any

import typer

from netlab.cli.app import app
from netlab.cli.manual import leaves


def root() -> Any:
    return typer.main.get_command(app)


def every() -> Iterator[tuple[str, Any, Any]]:
    """Path (`netlab ws cost`), command, context."""
    top = root()
    context = top.make_context("netlab", [], resilient_parsing=True)
    for command, inner in leaves(top, context):
        yield inner.command_path, command, inner


def examples(command: Any) -> list[list[str]]:
    """The words of each line under `Examples:`; what a shell does around them is left out."""
    rows = [row.strip() for row in (command.epilog or "").splitlines() if row.startswith("  ")]
    return [words(row) for row in rows]


def words(row: str) -> list[str]:
    """Of `eval "$(netlab completion bash)"  # why` these: completion bash."""
    inside = row.partition("$(")[2].partition(")")[0] if "$(" in row else row
    split = shlex.split(inside, comments=True)
    ends = [number for number, word in enumerate(split) if word in (">", ">>", "|")]
    return split[1 : ends[0]] if ends else split[1:]


def read(line: Sequence[str]) -> dict[str, Any]:
    """What a line's options come to. Raises as netlab would for one that it does not take."""
    command, left = root(), list(line)
    context = command.make_context("netlab", [], resilient_parsing=True)
    while hasattr(command, "list_commands"):
        name = left.pop(0)
        _, command, _ = command.resolve_command(context, [name])
        last = not hasattr(command, "list_commands")
        context = command.make_context(
            name, left if last else [], parent=context, resilient_parsing=not last
        )
    found: dict[str, Any] = context.params
    return found
