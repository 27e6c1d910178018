"""Makes the pictures of the papers from real runs in the lab: `python docs/pictures/make.py`.

Each is what a terminal of that width shows, colours included, from the first words given to the
last ones. With names behind it, it makes those alone.
"""

import io
import os
import pty
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

HERE = Path(__file__).parent
WIDTH = 92
CELL = 12.2
"""Columns of the terminal; how wide Rich draws one, in the units of the picture."""


@dataclass(frozen=True, slots=True)
class Picture:
    """command: after `netlab`. first, last: the line that it begins with, and the one that it
    ends before; nothing: to the end."""

    command: str
    first: str
    last: str = ""

    @property
    def words(self) -> list[str]:
        return shlex.split(self.command)


PICTURES = {
    "trace": Picture("trace www.google.com --network lab", "DNS, the short way", "The way out"),
    "waterfall": Picture("trace www.google.com --network lab", "Where the time went"),
    "websocket": Picture("ws handshake", " A text message", "A binary message"),
    "socketio": Picture("socketio demo", "A room, and who hears", "A line is cut"),
    "oauth": Picture("oauth walkthrough", "The code for a token", "The token  "),
    "io": Picture("io demo", "All of them on one axis", "What it took"),
    "lb": Picture("lb demo one-slow", "Side by side", "3  Round robin"),
}


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
    code = process.wait(30)
    os.close(master)
    if code:
        raise SystemExit(f"netlab {shlex.join(words)} ended with {code}")
    return shown.decode()


def cut(text: str, first: str, last: str) -> list[str]:
    """The lines from the one with the first words to the one with the last."""
    lines = text.splitlines()
    start = place(lines, first)
    end = place(lines, last, start + 1) if last else len(lines)
    while not lines[end - 1].strip():
        end -= 1
    return lines[start:end]


def place(lines: list[str], words: str, start: int = 0) -> int:
    for number in range(start, len(lines)):
        if words in Text.from_ansi(lines[number]).plain:
            return number
    raise SystemExit(f"no line says “{words}” any more")


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


def draw(picture: Picture) -> str:
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    for line in cut(run(picture.words), picture.first, picture.last):
        console.print(Text.from_ansi(line), overflow="fold")
    return plain(console.export_svg(title="netlab " + picture.command))


def main(names: list[str]) -> None:
    for name in names or PICTURES:
        (HERE / f"{name}.svg").write_text(draw(PICTURES[name]), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
