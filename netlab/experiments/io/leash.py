"""What every process of ours does first: end when its parent has ended, however that went."""

import os
import signal
import sys
import threading


def hold() -> None:
    """Wait for standard input's end in a thread of its own; Ctrl-C is the parent's to judge.

    The thread sleeps in `read` from here to the end, and takes part in nothing that is measured.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.stdin is None:  # no pipe at all is one that has ended
        os._exit(0)
    threading.Thread(target=_until_the_end, name="leash", daemon=True).start()


def _until_the_end() -> None:
    descriptor = sys.stdin.fileno()
    while os.read(descriptor, 4096):
        pass
    os._exit(0)
