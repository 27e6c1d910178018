"""Fills a page's sentences, commands and tables with the facts of a run.

What comes out may hold text that a server sent: views escape it as they do everything. A command
is different, for people paste it into a shell: there each value is quoted, and a line whose
value could still be taken for something else (a control character, an option) is left out.
"""

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from netlab.explain.pages import Across, Column, Depth, Happened, Page, Table
from netlab.explain.template import Condition, Lookup, Slot, Template, known
from netlab.explain.units import say
from netlab.recording.records import Fact, Step, Value

LONGEST_COMMAND = 2000
"""A command past this is no longer something to read and paste."""

NOT_AT_A_WORDS_START = ("-", "+", "@", "%", "~")
"""Quoting does not keep dig, curl or openssl from taking such a word for an option."""


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence on what happened. brief: the one for `--brief`; deep: for `--deep` alone."""

    text: str
    brief: bool = False
    deep: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """A line for a shell. note: what it needs, or what to look for in its output."""

    line: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Rows:
    """A table, filled: columns that are empty in every row are gone."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    depth: Depth


def facts_at(step: str, steps: Iterable[Step], facts: Iterable[Fact], network: str = "") -> Lookup:
    """What is known at a step: by itself, its parts, earlier steps of its journey, the first one.

    A later journey (`2/http`) falls back on the first (`http`) only for chapters that it does
    not have itself: where a redirect led says nothing about where its target led. Of two facts
    of one name and place, the later one counts. network: the header's, known as `run.network`.
    """
    order = {known_step.id: known_step for known_step in steps}
    ranks = dict(_ranks(step, order))
    best: dict[str, tuple[tuple[int, int], Fact]] = {}
    if network:
        best["run.network"] = ((9, 0), Fact("", step, "run.network", network, origin="configured"))
    for fact in facts:
        rank = ranks.get(fact.step)
        if rank is not None and (fact.name not in best or rank <= best[fact.name][0]):
            best[fact.name] = (rank, fact)
    return lambda name: best[name][1] if name in best else None


def _ranks(step: str, order: dict[str, Step]) -> Iterator[tuple[str, tuple[int, int]]]:
    """How near each step is; a lower rank wins."""
    prefix = journey(step)
    own = {item.topic for item in order.values() if journey(item.id) == prefix}
    place = list(order).index(step) if step in order else len(order)
    for index, item in enumerate(order.values()):
        if item.id == step:
            yield item.id, (0, 0)
        elif _inside(item, step, order):
            yield item.id, (1, index)
        elif journey(item.id) == prefix and index < place:
            yield item.id, (2, -index)
        elif not journey(item.id) and item.topic not in own and index < place:
            yield item.id, (3, -index)


def _inside(item: Step, step: str, order: dict[str, Step]) -> bool:
    seen = set()
    while item.parent is not None and item.parent in order and item.id not in seen:
        seen.add(item.id)
        if item.parent == step:
            return True
        item = order[item.parent]
    return False


def journey(step: str) -> str:
    """`again/1/` of `again/1/tls`; nothing of `tls`."""
    return step[: step.rfind("/") + 1]


def happened(page: Page, find: Lookup) -> tuple[Line, ...]:
    """The page's sentences that are true of this run, in its order."""
    return tuple(
        line
        for group, entries in groupby(page.happened, key=lambda entry: entry.group)
        for line in _first(entries, find, only=group != "")
    )


def _first(entries: Iterable[Happened], find: Lookup, only: bool) -> Iterator[Line]:
    for entry in entries:
        text = sentence(entry.say, find) if hold(entry.when, find) else None
        if text is not None:
            yield Line(text, entry.brief, entry.deep)
            if only:
                return


def commands(page: Page, find: Lookup) -> tuple[Command, ...]:
    """The page's see-it-yourself lines that apply here, safe to paste."""
    made = ((command(see.say, find), see) for see in page.see if hold(see.when, find))
    return tuple(Command(line, see.note) for line, see in made if line is not None)


def tables(page: Page, find: Lookup) -> tuple[Rows, ...]:
    made = (fill_table(table, find) for table in page.tables if hold(table.when, find))
    return tuple(rows for rows in made if rows is not None)


def hold(conditions: tuple[Condition, ...], find: Lookup) -> bool:
    return all(condition.holds(find) for condition in conditions)


def sentence(template: Template, find: Lookup) -> str | None:
    """The template with its facts in words; None where one is not known."""
    parts: list[str] = []
    for part in template:
        if isinstance(part, str):
            parts.append(part)
            continue
        fact = _pick(part, find)
        if fact is None:
            return None
        parts.append(say(*fact))
    return "".join(parts)


def command(template: Template, find: Lookup) -> str | None:
    """The template with its facts quoted for a shell; None where that cannot be done safely."""
    line = ""
    for part in template:
        if isinstance(part, str):
            line += part
            continue
        fact = _pick(part, find)
        word = None if fact is None else _word(fact[0])
        if word is None or (_starts_word(line) and word.startswith(NOT_AT_A_WORDS_START)):
            return None
        line += shlex.quote(word)
    return line if len(line) <= LONGEST_COMMAND else None


def _starts_word(line: str) -> bool:
    return not line or line[-1].isspace()


def _word(value: Value) -> str | None:
    """A value as one argument: never a list, never with a character that cannot be seen."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    text = str(value)
    return text if text.isprintable() and text else None


def _pick(slot: Slot, find: Lookup) -> tuple[Value, str | None] | None:
    """A slot's value and unit; None where there is nothing to tell, though no is an answer."""
    fact = find(slot.fact)
    if fact is None:
        return None
    if slot.key == "count":
        return (len(fact.value), None) if isinstance(fact.value, (list, dict)) else None
    if slot.key == "exact":
        return (fact.value, None) if known(fact.value) else None
    value = _member(fact.value, slot.key) if slot.key else fact.value
    return (value, fact.unit) if known(value) or value is False else None


def _member(value: Value, key: str) -> Value:
    """That key of a dict, or of each row of a list."""
    if isinstance(value, dict):
        return value.get(key)
    if isinstance(value, list):
        return [item[key] for item in value if isinstance(item, dict) and key in item]
    return None


def fill_table(table: Table, find: Lookup) -> Rows | None:
    fact = find(table.fact)
    rows = [] if fact is None else list(_rows(fact.value))
    columns = table.columns
    if table.across is not None:
        rows, columns = _joined(rows, columns, table.across)
    cells = [[_cell(row, column) for column in columns] for row in rows]
    used = [i for i in range(len(columns)) if any(line[i] for line in cells)]
    if not used:
        return None
    return Rows(
        table.title,
        tuple(columns[i].heading for i in used),
        tuple(tuple(line[i] for i in used) for line in cells),
        table.depth,
    )


def _joined(
    rows: Iterable[dict[str, Value]], columns: tuple[Column, ...], across: Across
) -> tuple[list[dict[str, Value]], tuple[Column, ...]]:
    """Rows that agree in the given columns as one, with a further column for each heading."""
    lines: dict[tuple[str, ...], dict[str, Value]] = {}
    headings: dict[str, Column] = {}
    for row in rows:
        known_as = tuple(_cell(row, column) for column in columns)
        line = lines.setdefault(known_as, {column.key: row.get(column.key) for column in columns})
        heading = say(row.get(across.heading))
        key = f"across {heading}"  # no column has such a key
        headings.setdefault(heading, Column(key, heading, across.unit))
        line[key] = row.get(across.value)
    return list(lines.values()), (*columns, *headings.values())


def _rows(value: Value) -> Iterator[dict[str, Value]]:
    """A row's values by key: a list's by index, a plain item's and a dict's as key and value."""
    if isinstance(value, dict):
        yield from ({"key": key, "value": item} for key, item in value.items())
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, dict):
                yield item
            elif isinstance(item, list):
                yield {str(i): part for i, part in enumerate(item)}
            else:
                yield {"value": item}


def _cell(row: dict[str, Value], column: Column) -> str:
    value = row.get(column.key)
    return "" if value is None else say(value, column.unit, compact=True)
