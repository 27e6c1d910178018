"""Text as a terminal takes it: nothing in it acts, and every letter has its cells.

Text from the network passes `escape` before it is laid out, and all that is written passes it once
more. What has been escaped stays as it is, so twice does no harm.
"""

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Unicode categories that never reach a terminal raw: controls of C0 and C1, format characters
(bidi overrides, zero-width joiners), surrogates, private and unassigned code points, separators."""

MARKS = 4
"""Combining marks that one letter may carry; a pile of them paints over the lines around it."""

ASCII = str.maketrans(
    {
        "─": "-", "┄": ".", "▶": ">", "◀": "<", "→": ">", "←": "<", "█": "#", "▒": "=", "░": ".",
        "×": "x", "·": "-", "—": "-", "–": "-", "’": "'", "‘": "'", "“": '"', "”": '"', "µ": "u",
        "•": "*", "│": "|", "└": "`", "├": "|", "✓": "+", "§": "S", "≥": ">", "≤": "<", "…": ".",
        "▁": "_", "▂": "_", "▃": "-", "▄": "-", "▅": "=", "▆": "=", "▇": "#", "\xa0": " ",
        "▚": "%", "▓": "+",
    }
)  # fmt: skip
"""Each sign that netlab draws or writes with, and the ASCII sign of the same width."""


def escape(text: str) -> str:
    """The text with everything that could act on a terminal written out: ESC as `\\x1b`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(text))


def _escaped(text: str) -> Iterator[str]:
    marks = 0
    for char in text:
        category = unicodedata.category(char)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if category in UNSEEN or marks > MARKS:
            yield _written_out(ord(char))
        else:
            yield " " if category == "Zs" else char


def _written_out(code: int) -> str:
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def carried(text: str, encoding: str) -> str:
    """The text in letters which the encoding has.

    Any encoding but UTF-8 gets our signs in ASCII even where it has them: the Korean code page
    draws a box character two cells wide.
    """
    if text.isascii() or encoding.lower().replace("_", "-") in ("utf-8", "utf8", "utf-8-sig"):
        return text
    return text.translate(ASCII).encode(encoding, "backslashreplace").decode(encoding)


def cells(text: str) -> int:
    """How many columns of a terminal the text takes: a Hangul syllable takes two."""
    return len(text) if text.isascii() else _wide(text)


@lru_cache(4096)
def _wide(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)


def pad(text: str, width: int, right: bool = False) -> str:
    """Fill up to the width in cells; right: put the text at the right end."""
    space = " " * max(0, width - cells(text))
    return space + text if right else text + space


def fold(text: str, width: int) -> list[str]:
    """The text on lines of at most this width: broken between words, a longer word inside."""
    width = max(width, 2)
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        for piece in chop(word, width):
            if line and cells(line) + 1 + cells(piece) <= width:
                line += f" {piece}"
            else:
                if line:
                    lines.append(line)
                line = piece
    return [*lines, line]


def chop(word: str, width: int) -> Iterator[str]:
    """A word in pieces which fit, never within a letter."""
    if cells(word) <= width:
        yield word
        return
    piece, used = "", 0
    for char in word:
        size = cells(char)
        if used + size > width and piece:
            yield piece
            piece, used = "", 0
        piece, used = piece + char, used + size
    yield piece


def fold_command(line: str, width: int, indent: int) -> list[str]:
    """A command on indented lines which a shell still reads as the same one.

    Lines go on after a backslash between words. A word that fits on no line goes on at the first
    column, where the shell joins both parts.
    """
    lines: list[str] = []
    current = ""
    for word in words_of(line):
        joined = f"{current} {word}" if current else " " * indent + word
        if cells(joined) <= width - 2:
            current = joined
            continue
        if current:
            lines.append(f"{current} \\")
        *whole, current = torn(word, width, indent)
        lines += whole
    return [*lines, current]


def torn(word: str, width: int, indent: int) -> Iterator[str]:
    """A word of a command on as many lines as it needs; quotes are closed at each end.

    Torn at the last space of the quoted text that fits, if it has one.
    """
    current, quote, escaped = " " * indent, "", False
    for at, char in enumerate(word):
        piece = char + word[at + 1 :].partition(" ")[0] if char == " " else char
        whole = cells(current.strip(" '")) > 0 and cells(current) + cells(piece) > width - 4
        full = cells(current) + cells(char) > width - 4
        if not escaped and (full or (char == " " and whole)):
            yield f"{current}'\\" if quote == "'" else f"{current}\\"
            current = quote if quote == "'" else ""
        quote, escaped = _after(char, quote, escaped)
        current += char
    yield current


def words_of(line: str) -> Iterator[str]:
    """A command's words as they stand, quotes included."""
    word, quote, escaped = "", "", False
    for char in line:
        if char == " " and not quote and not escaped:
            if word:
                yield word
            word = ""
            continue
        quote, escaped = _after(char, quote, escaped)
        word += char
    if word:
        yield word


def _after(char: str, quote: str, escaped: bool) -> tuple[str, bool]:
    """Which quote is open, and whether the next letter is escaped, once a shell read this one."""
    if escaped:
        return quote, False
    if char == "\\" and quote != "'":
        return quote, True
    if char in "'\"" and quote in ("", char):
        return ("" if quote else char), False
    return quote, False


def clip(text: str, limit: int) -> str:
    """At most so many characters, and in words how many more there are."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]} (and {len(text) - limit:,} more characters)"
