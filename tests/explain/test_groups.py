"""The list of pages: each in one group, and none that nothing leads to."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from netlab.cli.lazy import COMMANDS
from netlab.explain import groups as listed
from netlab.explain.groups import groups
from netlab.explain.pages import read_page, topics

EXPERIMENTS = Path(__file__).parents[2] / "netlab" / "experiments"


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Every call of a method that an experiment writes with its name."""
    for path in sorted(EXPERIMENTS.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                yield node.func.attr, node


def constants(node: ast.AST) -> set[str]:
    """The texts that an expression may come to: one, or either of `a if b else c`."""
    if isinstance(node, ast.IfExp):
        return constants(node.body) | constants(node.orelse)
    value = node.value if isinstance(node, ast.Constant) else None
    return {value} if isinstance(value, str) else set()


def stepped() -> set[str]:
    """The topics of the chapters that experiments open by name."""
    return {
        topic
        for name, call in calls()
        if name in ("step", "chapter") and call.args
        for topic in constants(call.args[0])
    }


def composed() -> set[str]:
    """The topics of chapters whose names are put together: a fixed part, and a word of a table."""
    words = texts()
    found = set()
    for name, call in calls():
        if name in ("step", "chapter") and call.args and isinstance(call.args[0], ast.JoinedStr):
            parts = call.args[0].values
            gaps = [
                re.escape(str(part.value)) if isinstance(part, ast.Constant) else "(.+)"
                for part in parts
            ]
            matches = [re.fullmatch("".join(gaps), topic) for topic in topics()]
            found |= {match[0] for match in matches if match and set(match.groups()) <= words}
    return found


def explained() -> set[str]:
    """The terms that findings send their readers to."""
    return {
        term
        for name, call in calls()
        if name == "finding"
        for keyword in call.keywords
        if keyword.arg == "explain"
        for term in constants(keyword.value)
    }


def texts() -> set[str]:
    """Every text that stands in the experiments' code."""
    return {
        text
        for path in EXPERIMENTS.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for text in constants(node)
    }


def test_every_chapter_that_an_experiment_opens_has_its_page() -> None:
    assert len(stepped()) > 40
    assert stepped() - set(topics()) == set()


def test_every_term_that_a_finding_names_has_its_page() -> None:
    assert explained()
    assert explained() - set(topics()) == set()


def test_no_page_is_without_a_way_to_it() -> None:
    reached: set[str] = set()
    ahead = stepped() | explained() | composed() | texts() & set(topics())
    while ahead:
        reached |= ahead
        ahead = {other for topic in ahead for other in read_page(topic, "en").related} - reached
    assert set(topics()) - reached == set()


def test_every_page_is_in_one_group() -> None:
    members = [page.topic for group in groups() for page in group.pages]
    assert sorted(members) == list(topics())
    assert len(members) == len(set(members))


def test_a_group_of_a_command_is_named_as_the_command_is() -> None:
    """A page shown by `netlab ws …` is found under ws: a slip in the table would hide the group."""
    layers = {name for name, _ in listed.LAYERS.values()}
    assert {group.name for group in groups()} - layers <= set(COMMANDS)


@pytest.mark.parametrize(
    ("topic", "name"),
    [("url", "netlab"), ("ttl", "time"), ("websocket", "ws"), ("mix-up", "oauth"), ("http", "web")],
)
def test_where_a_page_is_to_be_found(topic: str, name: str) -> None:
    assert listed.home(read_page(topic, "en")) == name
