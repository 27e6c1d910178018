"""Processes of netlab's own: how each is started, and how it ends with whoever started it.

Its standard input is a pipe whose other end is the parent's. The pipe's end is the parent's end,
however that came about, and then a child goes at once: none is ever left behind.
"""

import os
import signal
import sys
import threading
from pathlib import Path

from netlab.errors import Exit, NetlabError


def command_line(module: str, *words: str) -> list[str]:
    """`python -m MODULE WORDS`, whatever the working directory holds: its `main` gets the words.

    -m would search that directory first, and a `json.py` there would be ours; -P leaves it out. A
    checkout that is not installed is found by the path that it was imported from.
    """
    if not sys.executable:
        raise NetlabError(
            "No process can be started.", cause="Python does not know its own executable",
            exit=Exit.CONNECT,
        )  # fmt: skip
    root = str(Path(__file__).parents[1])
    code = f"import sys; sys.path.append({root!r}); from {module} import main; main(sys.argv[1:])"
    return [sys.executable, "-P", "-c", code, *words]


def begin() -> None:
    """What a child does first. Whoever waits for the pipe's end in a way of its own goes on so."""
    if sys.stdin is None:  # no pipe at all is one that has ended
        os._exit(0)
    # The terminal sends Ctrl-C to the whole group; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def hold() -> None:
    """Begin, and wait for the pipe's end in a thread: for a child that is told nothing by it.

    The thread sleeps in `read` from here to the end, and takes part in nothing that is measured.
    """
    begin()
    threading.Thread(target=_until_the_end, name="leash", daemon=True).start()


def _until_the_end() -> None:
    descriptor = sys.stdin.fileno()
    while os.read(descriptor, 4096):
        pass
    os._exit(0)


MOST_FILES = 65_536
"""More than any run here can use: not every system takes `unlimited`, or a million."""


def raise_files(most: int = MOST_FILES) -> tuple[int, int] | None:
    """Let this process have all the descriptors that it may: the limit now, and the one before.

    The soft limit is often 1,024, which has been select's limit as well; any process may raise its
    own up to the hard one. None where there is no such limit.
    """
    if sys.platform == "win32":
        return None
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return most, most
    wanted = most if hard == resource.RLIM_INFINITY else min(hard, most)
    if wanted > soft:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError):  # macOS refuses more than kern.maxfilesperproc
            wanted = soft
    return max(soft, wanted), soft
