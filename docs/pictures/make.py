"""Makes the pictures of the papers from real runs in the lab: `python docs/pictures/make.py`.

Each is what a terminal of that width shows, colours included, from the first line given to the
last one.
"""

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

HERE = Path(__file__).parent
WIDTH = 92

PICTURES = {
    "trace": (["trace", "www.google.com", "--network", "lab"], "DNS, the short way", "The way out"),
    "waterfall": (["trace", "www.google.com", "--network", "lab"], "Where the time went", None),
}
"""Name: the command, the words at which the picture begins, those before which it ends."""


def run(words: list[str]) -> str:
    """What the command writes to a terminal."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "netlab", *words],
        stdin=subprocess.DEVNULL, stdout=slave, stderr=subprocess.DEVNULL,
        env={**os.environ, "COLUMNS": str(WIDTH), "TERM": "xterm-256color"},
    )  # fmt: skip
    os.close(slave)
    shown = b""
    try:
        while chunk := os.read(master, 65536):
            shown += chunk
    except OSError:  # Linux says EIO at the end of a terminal
        pass
    process.wait(30)
    os.close(master)
    return shown.decode()


def cut(text: str, first: str, last: str | None) -> list[str]:
    lines = text.splitlines()
    start = next(i for i, line in enumerate(lines) if first in line)
    if last is None:
        return lines[start:]
    return lines[start : next(i for i, line in enumerate(lines[start:], start) if last in line)]


def main() -> None:
    for name, (words, first, last) in PICTURES.items():
        console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
        for line in cut(run(words), first, last):
            console.print(Text.from_ansi(line), overflow="fold")
        console.save_svg(str(HERE / f"{name}.svg"), title="netlab " + " ".join(words))


if __name__ == "__main__":
    main()
