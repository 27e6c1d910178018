"""Single keys from the terminal, each by its name; nothing but the standard library.

The terminal's own settings are back in place whatever ends the reading: `with keyboard() as key`.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

Key = Callable[[], str]
"""Waits for a key: `up`, `down`, `enter`, `escape`, `end` (nothing more comes), or its letter."""

NAMES = {
    b"\x1b[A": "up", b"\x1bOA": "up", b"\x10": "up", b"k": "up",
    b"\x1b[B": "down", b"\x1bOB": "down", b"\x0e": "down", b"j": "down",
    b"\r": "enter", b"\n": "enter", b"\x1b": "escape", b"": "end", b"\x04": "end",
}  # fmt: skip
REST = 0.05
"""Seconds in which the rest of an arrow's sequence follows its ESC; no person is as fast."""


def available() -> bool:
    """Whether a person sits at a terminal whose keys can be read one by one."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()) or os.environ.get("TERM") == "dumb":
        return False
    try:
        if sys.platform == "win32":
            import msvcrt as _reads

            return drawn_by_codes()
        import termios as _reads
    except ImportError:
        return False
    return bool(_reads)


@contextmanager
def keyboard() -> Iterator[Key]:
    """Keys one by one, until the block is left. Ctrl-C interrupts as ever."""
    if sys.platform == "win32":
        yield windows_key
        return
    import termios
    import tty

    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    ending = {one: signal.signal(one, leave) for one in (signal.SIGTERM, signal.SIGHUP)}
    try:
        tty.setcbreak(terminal)  # not raw: Ctrl-C still interrupts
        yield lambda: name(read(terminal))
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
        for one, handler in ending.items():
            signal.signal(one, handler)


def leave(number: int, frame: FrameType | None) -> None:
    """End as the signal would have it, but by way of every `finally`."""
    raise SystemExit(128 + number)


def read(terminal: int) -> bytes:
    """One key's octets: an arrow sends three."""
    import select

    octets = os.read(terminal, 1)
    if octets == b"\x1b" and select.select([terminal], [], [], REST)[0]:
        octets += os.read(terminal, 7)
    return octets


def name(octets: bytes) -> str:
    return NAMES.get(octets) or octets.decode("utf-8", "replace")


def windows_key() -> str:
    """Arrows come as two characters, the first of them NUL or à."""
    if sys.platform == "win32":
        import msvcrt

        letter = msvcrt.getwch()
        if letter in ("\x00", "\xe0"):
            return {"H": "up", "P": "down"}.get(msvcrt.getwch(), "")
        if letter == "\x03":
            raise KeyboardInterrupt
        return name(letter.encode("utf-8", "replace"))
    return "end"


def drawn_by_codes() -> bool:
    """Have the Windows console follow escape sequences; False where it cannot."""
    if sys.platform == "win32":
        import ctypes

        kernel = ctypes.windll.kernel32
        handle, mode = kernel.GetStdHandle(-11), ctypes.c_ulong()
        if not kernel.GetConsoleMode(handle, ctypes.byref(mode)):
            return False
        return bool(kernel.SetConsoleMode(handle, mode.value | 0x0004))
    return True
