"""What a person types."""

import os
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command line and end the process with its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    have_streams()
    speak_utf8()
    try:
        code = answered(given)
        sys.stdout.flush()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        code = 130
    except BrokenPipeError:
        # Whoever read our output has gone. Nothing is left to say: see `guard`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 141
    except OSError as error:
        from netlab.cli.guard import stopped

        code = int(stopped(error))
    if code:
        raise SystemExit(code)


def answered(given: list[str]) -> int:
    """What is asked most is answered before anything of weight is imported."""
    if "_NETLAB_COMPLETE" in os.environ:
        from netlab.cli.completing import answer

        return answer()
    if given == ["--version"]:
        from netlab import __version__

        sys.stdout.write(f"netlab {__version__}\n")
        return 0
    if given:
        return obey(given)
    from netlab.cli.front import greet

    picked = greet()
    if picked is None:
        return 0
    sys.argv[1:] = picked  # what a recording will say was typed
    return obey(picked)


def obey(given: Sequence[str]) -> int:
    """One command, and its exit code; a line that is not understood is told as other errors are."""
    from netlab.cli.app import app
    from netlab.cli.guard import kept
    from netlab.cli.usage import UsageError, understood
    from netlab.errors import Exit

    def one() -> Exit:
        try:
            return Exit(app(args=list(given), prog_name="netlab", standalone_mode=False) or 0)
        except UsageError as error:
            raise understood(error, given) from None
        except SystemExit as leaving:
            if leaving.code != 1:  # a signal's way out: `keys.leave`
                raise
            raise BrokenPipeError from None  # Typer's, where nobody reads its help any more

    return int(kept(one))


def have_streams() -> None:
    """A stream that was closed before netlab began (`>&-`) leads nowhere instead.

    Else its number would go to the next socket, and what is said would be sent there.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            number = os.open(os.devnull, os.O_RDWR)
            os.set_inheritable(number, True)  # the lab's process has it as well
            nowhere = open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115
            setattr(sys, name, nowhere)


def speak_utf8() -> None:
    """Let no stream fail on a letter which its code page lacks: it is replaced instead."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
