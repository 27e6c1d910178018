"""A page of explanation on a terminal: Markdown in, folded lines out, nothing cut."""

import re
from collections.abc import Iterator
from typing import TextIO

from netlab.explain.pages import Page
from netlab.views.journey import sheet_for
from netlab.views.paint import paint, wants_colour
from netlab.views.sheet import Sheet
from netlab.views.style import EMPTY, LAYERS, Line, Role, line
from netlab.views.tables import table
from netlab.views.text import pad

INDENT = 1


def draw_page(
    page: Page, out: TextIO, width: int | None = None, plain: bool = False, language: str = "en"
) -> None:
    """Title, text, and where the same is written and seen."""
    sheet = sheet_for(out, "deep", width, language)
    paint(page_lines(page, sheet), out, wants_colour(out) and not plain)


def page_lines(page: Page, sheet: Sheet) -> list[Line]:
    made = sheet.paragraph(page.title, INDENT, LAYERS.get(page.layer, "heading"))
    made += [EMPTY, *markdown(page.body, sheet)]
    for name, entries in (
        ("Written in", page.sources),
        ("See it run", page.shown_by),
        ("Near it", page.related),
    ):
        if entries:
            label = pad(name, 12)
            made.append(EMPTY)
            for entry in [", ".join(entries)] if name == "Near it" else entries:
                made += sheet.paragraph(entry, INDENT, first=label)
                label = " " * 12
    return made


def markdown(text: str, sheet: Sheet) -> list[Line]:
    """The few kinds of block that pages are made of."""
    made: list[Line] = []
    titled = False
    for block in blocks(text):
        if made and not titled:
            made.append(EMPTY)
        made += _block(block, sheet)
        titled = block[0].startswith("#") and len(block) == 1
    return made


def blocks(text: str) -> Iterator[list[str]]:
    """Stretches between empty lines; fenced code stays together."""
    block: list[str] = []
    fenced = False
    for row in text.splitlines():
        if row.startswith("```"):
            fenced = not fenced
        if row.strip() or fenced:
            block.append(row)
        elif block:
            yield block
            block = []
    if block:
        yield block


def _block(rows: list[str], sheet: Sheet) -> list[Line]:
    first = rows[0]
    if first.startswith("#"):
        title = sheet.paragraph(first.lstrip("# "), INDENT, "heading")
        return title + (_block(rows[1:], sheet) if rows[1:] else [])
    if first.startswith("```"):
        return [line("    " + sheet.clean(row)) for row in rows[1:] if not row.startswith("```")]
    if first.lstrip().startswith("|"):
        return _table(rows, sheet)
    if _item(first):
        return _items(rows, sheet)
    role: Role = "quiet" if first.startswith(">") else ""
    return sheet.paragraph(inline(" ".join(row.strip("> ") for row in rows)), INDENT, role)


def _item(row: str) -> re.Match[str] | None:
    return re.match(r"( *)([-*]|[0-9]{1,3}\.) +", row)


def _items(rows: list[str], sheet: Sheet) -> list[Line]:
    items: list[tuple[int, str, list[str]]] = []
    for row in rows:
        match = _item(row)
        if match:
            sign = "•" if match[2] in "-*" else match[2]
            items.append((len(match[1]), sign, [row[match.end() :].strip()]))
        else:
            items[-1][2].append(row.strip())
    made: list[Line] = []
    for depth, sign, words in items:
        first = sheet.clean(sign) + " "
        made += sheet.paragraph(inline(" ".join(words)), INDENT + 2 + depth, first=first)
    return made


def _table(rows: list[str], sheet: Sheet) -> list[Line]:
    split = [[inline(cell.strip()) for cell in row.strip().strip("|").split("|")] for row in rows]
    head, body = split[0], [row for row in split[1:] if not set("".join(row)) <= set("-: ")]
    wide = len(head)
    return table(head, [(row + [""] * wide)[:wide] for row in body], sheet, indent=INDENT + 2)


def inline(text: str) -> str:
    """Text without the marks that a terminal does not need; code keeps its backticks."""
    text = re.sub(r"\[([^\]]+)\]\(([^)]+)\)", r"\1 (\2)", text)
    text = re.sub(r"\*\*(.+?)\*\*", r"\1", text)
    return re.sub(r"(?<![\w*])\*([^*\s](?:[^*]*[^*\s])?)\*(?![\w*])", r"\1", text)
