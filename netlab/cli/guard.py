"""What every command does when something stops it: plain words, and the exit code."""

import errno
import inspect
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

import typer

from netlab.cli.grammar import gathered, spread_of
from netlab.errors import Exit, NetlabError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def guarded(command: Callable[..., Exit | None]) -> Callable[..., None]:
    """Make a command end with its exit code, an error told in words, an interrupt with 130.

    A parameter that is a dataclass of options is spread into these: see `options.Look`.
    """
    shown, spreads = spread_of(command)

    @wraps(command)
    def run(**given: Any) -> None:
        raise typer.Exit(int(kept(lambda: command(**gathered(spreads, given)))))

    run.__signature__ = inspect.Signature(shown)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in shown}
    return run


def kept(run: Callable[[], Exit | None]) -> Exit:
    """How it ended, told where it did not end well."""
    try:
        code = run() or Exit.OK
        sys.stdout.flush()
    except NetlabError as error:
        tell(error)
        return error.exit
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return Exit.INTERRUPT
    except BrokenPipeError:
        # Whoever read our output has gone (`| head`): nothing is wrong, and nothing is left to
        # say. Without this the interpreter complains once more when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.PIPE
    except Exception as error:
        return stopped(error)
    return code


def stopped(error: Exception) -> Exit:
    """How it ends when a disk took no more, or when netlab has a mistake."""
    if isinstance(error, OSError) and error.errno in FULL:
        # What the stream still holds is let go: it would fail once more at the interpreter's end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        tell(unwritten(error))
        return Exit.FILE
    if os.environ.get("NETLAB_TRACEBACK"):
        raise error
    tell(unexpected(error))
    return Exit.BUG


def unwritten(error: OSError) -> NetlabError:
    """The disk is full on which the output goes, or a file of the run's."""
    return NetlabError(
        f"netlab cannot write {error.filename or 'its output'}.",
        cause=f"{error.strerror}.",
        advice="Make room on the disk, or write elsewhere.",
        exit=Exit.FILE,
    )


def unexpected(bug: Exception) -> NetlabError:
    """What no part of netlab foresaw."""
    return NetlabError(
        f"Something broke inside of netlab: {type(bug).__name__}: {bug}",
        cause="a mistake in netlab, not of yours",
        advice="the same command with NETLAB_TRACEBACK=1 in the environment shows where; "
        "please report it, with what netlab doctor says",
        exit=Exit.BUG,
    )


def tell(error: NetlabError) -> None:
    """What happened, where, the most likely cause, what to try: on stderr, escaped."""
    from netlab.views.text import escape

    lines = laid_out("netlab: ", escape(error.what))
    for label, text in _parts(error):
        lines += laid_out(f"  {label:<8}", escape(text)) if text else []
    with suppress(OSError):  # nobody can be told any more
        sys.stderr.write("".join(f"{line}\n" for line in lines))


def laid_out(label: str, text: str) -> list[str]:
    """A line, folded between words where a terminal would break it within one."""
    from netlab.views.text import fold

    try:
        wide = os.get_terminal_size(sys.stderr.fileno()).columns
    except (OSError, ValueError):  # a pipe or a file: whoever searches it finds the whole line
        return [label + text]
    first, *rest = fold(text, max(wide - len(label), 20)) if wide else [text]
    return [label + first, *(" " * len(label) + line for line in rest)]


def _parts(error: NetlabError) -> tuple[tuple[str, str], ...]:
    return (("where", error.where), ("likely", error.cause), ("try", error.advice))
