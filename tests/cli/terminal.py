"""A terminal that tests press keys at."""

import contextlib
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping

PATIENCE = 20.0


class Terminal:
    """One command at a terminal of its own."""

    def __init__(self, leader: int, follower: int, process: "subprocess.Popen[bytes]") -> None:
        self.leader, self.follower, self.process = leader, follower, process
        self.text = ""

    def until(self, words: str) -> None:
        """Read until this has been written since the last `press`."""
        end = time.monotonic() + PATIENCE
        while words not in self.text:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.leader], [], [], left)[0]:
                raise AssertionError(f"{words!r} never came: {self.text!r}")
            try:
                self.text += os.read(self.leader, 65536).decode("utf-8", "replace")
            except OSError:  # Linux: the other side has closed
                raise AssertionError(f"{words!r} never came: {self.text!r}") from None

    def press(self, keys: str) -> None:
        self.text = ""
        os.write(self.leader, keys.encode())

    def settings(self) -> object:
        import termios

        return termios.tcgetattr(self.follower)

    def ended(self) -> int:
        """Its exit code; what it still writes is read meanwhile."""
        end = time.monotonic() + PATIENCE
        while self.process.poll() is None and time.monotonic() < end:
            if select.select([self.leader], [], [], 0.05)[0]:
                with contextlib.suppress(OSError):
                    self.text += os.read(self.leader, 65536).decode("utf-8", "replace")
        return self.process.wait(1)


@contextlib.contextmanager
def terminal(
    *words: str, rows: int = 40, columns: int = 80, env: Mapping[str, str] | None = None
) -> Iterator[Terminal]:
    """Run `netlab …` at a terminal of this size."""
    import fcntl
    import pty
    import struct
    import termios

    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    kept = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES")}
    process = subprocess.Popen(
        [sys.executable, "-m", "netlab", *words],
        stdin=follower, stdout=follower, stderr=follower, start_new_session=True,
        env={**kept, "TERM": "xterm", **(env or {})},
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0) and None,
    )  # fmt: skip
    try:
        yield Terminal(leader, follower, process)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        os.close(leader)
        os.close(follower)
