"""What a person types."""

import sys
from collections.abc import Sequence

GREETING = """\
netlab really runs what a network does, and explains it on your own connection.

  netlab trace www.google.com                 what happens when someone types that address
  netlab trace www.google.com --network lab   the same, offline, in an Internet of its own
  netlab explain                              the terms, each on a page
  netlab lab hosts                            what the embedded lab has, and what each host shows
  netlab --help                               all commands
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command line and end the process with its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    speak_utf8()
    if not given:
        sys.stdout.write(GREETING)
        return
    if given == ["--version"]:
        from netlab import __version__

        sys.stdout.write(f"netlab {__version__}\n")
        return
    raise SystemExit(run(given))


def run(given: Sequence[str]) -> int:
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

    return int(kept(one))


def speak_utf8() -> None:
    """Let no stream fail on a letter which its code page lacks: it is replaced instead."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
