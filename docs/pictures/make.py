"""Makes the pictures of the papers from real runs in the lab: `python docs/pictures/make.py`.

Each is what a terminal of that width shows, colours included, from the first line given to the
last one.
"""

import io
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

HERE = Path(__file__).parent
WIDTH = 92
CELL = 12.2
"""Columns of the terminal; how wide Rich draws one, in the units of the picture."""

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


def plain(svg: str) -> str:
    """No fonts fetched from elsewhere, and no spaces at a line's start: some programs drop them."""
    without = re.sub(r"@font-face \{.*?\n    \}", "", svg, flags=re.DOTALL)
    return re.sub(
        r'x="([\d.]+)"( y="[\d.]+") textLength="([\d.]+)"([^>]*>)((?:&#160;)+)(?!&#160;|<)',
        lambda m: moved(float(m[1]), m[2], float(m[3]), m[4], len(m[5]) // len("&#160;")),
        without,
    )


def moved(x: float, y: str, length: float, rest: str, spaces: int) -> str:
    wide = spaces * CELL
    return f'x="{x + wide:.1f}"{y} textLength="{length - wide:.1f}"{rest}'


def main() -> None:
    for name, (words, first, last) in PICTURES.items():
        console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
        for line in cut(run(words), first, last):
            console.print(Text.from_ansi(line), overflow="fold")
        drawn = console.export_svg(title="netlab " + " ".join(words))
        (HERE / f"{name}.svg").write_text(plain(drawn), encoding="utf-8")


if __name__ == "__main__":
    main()
