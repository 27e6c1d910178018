"""What every command does when something stops it: plain words, and the exit code."""

import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import typer

from netlab.errors import Exit, NetlabError

P = ParamSpec("P")


def guarded(command: Callable[P, Exit | None]) -> Callable[P, None]:
    """Make a command end with its exit code, an error told in words, an interrupt with 130."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            code = command(*args, **kwargs) or Exit.OK
            sys.stdout.flush()
        except NetlabError as error:
            tell(error)
            code = error.exit
        except KeyboardInterrupt:
            sys.stderr.write("interrupted\n")
            code = Exit.INTERRUPT
        except BrokenPipeError:
            # Whoever read our output has gone (`| head`): nothing is wrong, and nothing is left to
            # say. Without this the interpreter complains once more when it flushes at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = Exit.PIPE
        except Exception as bug:
            if os.environ.get("NETLAB_TRACEBACK"):
                raise
            tell(unexpected(bug))
            code = Exit.BUG
        raise typer.Exit(int(code))

    return run


def unexpected(bug: Exception) -> NetlabError:
    """What no part of netlab foresaw."""
    return NetlabError(
        f"Something broke inside of netlab: {type(bug).__name__}: {bug}",
        cause="a mistake in netlab, not of yours",
        advice="the same command with NETLAB_TRACEBACK=1 in the environment shows where; "
        "please report it",
        exit=Exit.BUG,
    )


def tell(error: NetlabError) -> None:
    """What happened, where, the most likely cause, what to try: on stderr, escaped."""
    from netlab.views.text import escape

    lines = [f"netlab: {error.what}"]
    lines += [f"  {label:<8}{text}" for label, text in _parts(error) if text]
    sys.stderr.write("".join(f"{escape(line)}\n" for line in lines))


def _parts(error: NetlabError) -> tuple[tuple[str, str], ...]:
    return (("where", error.where), ("likely", error.cause), ("try", error.advice))
