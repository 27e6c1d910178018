"""The papers: their links lead somewhere, their pictures are the tool's, their diagrams true."""

import re
import runpy
from collections import defaultdict
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from netlab.cli.front import QUESTIONS
from netlab.cli.lazy import COMMANDS
from netlab.recording.jsonform import KINDS
from tests.papers.lines import PAPERS, ROOT, blocks
from tests.test_imports import MAY_IMPORT, PACKAGE, imported

DOCS = ROOT / "docs"
LINK = re.compile(r"(!?)\[[^\]]*\]\(([^)\s]+)\)")
BUILT = DOCS / "how-it-works.md"


def links(path: Path) -> list[tuple[bool, str]]:
    text = re.sub(r"(?ms)^```.*?^```$", "", path.read_text(encoding="utf-8"))
    return [(mark == "!", target) for mark, target in LINK.findall(text)]


@pytest.mark.parametrize("path", PAPERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_to_a_file(path: Path) -> None:
    for _, target in links(path):
        if "://" not in target:
            file, _, anchor = target.partition("#")
            there = (path.parent / file).resolve() if file else path
            assert there.exists(), target
            assert not anchor or anchor in anchors(there), target


def anchors(path: Path) -> set[str]:
    titles = re.findall(r"(?m)^#+ +(.+)$", path.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-") for title in titles}


def test_docs_lead_to_docs_alone() -> None:
    """What builds the site sees no other folder."""
    for path in DOCS.rglob("*.md"):
        for _, target in links(path):
            if "://" not in target and not target.startswith("#"):
                assert DOCS in (path.parent / target).resolve().parents, (path, target)


def test_every_page_of_docs_is_in_the_contents() -> None:
    listed = set(re.findall(r": ([\w/-]+\.md)", (ROOT / "mkdocs.yml").read_text(encoding="utf-8")))
    assert listed == {str(path.relative_to(DOCS).as_posix()) for path in DOCS.rglob("*.md")}


def make() -> dict[str, Any]:
    return runpy.run_path(str(DOCS / "pictures" / "make.py"))


def test_every_picture_is_one_that_the_tool_makes_and_is_shown() -> None:
    drawn = {path.stem for path in (DOCS / "pictures").glob("*.svg")}
    shown = {Path(target).stem for path in PAPERS for picture, target in links(path) if picture}
    assert drawn == set(make()["PICTURES"])
    assert shown == drawn


@pytest.mark.parametrize("path", sorted((DOCS / "pictures").glob("*.svg")), ids=lambda p: p.stem)
def test_a_picture_fetches_nothing(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    ElementTree.fromstring(text)
    assert "@font-face" not in text
    assert not re.search(r"(href|src|url)\s*[=(]\s*[\"']?https?:", text)


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", sorted(make()["PICTURES"]))
def test_a_picture_can_be_made_again(name: str) -> None:
    made = make()
    picture = made["PICTURES"][name]
    text = made["draw"](picture)
    assert picture.first.strip() in re.sub(r"<[^>]+>", "", text).replace("&#160;", " ")


def edges() -> dict[str, set[str]]:
    """Which rooms each room of the package really imports."""
    found: dict[str, set[str]] = defaultdict(set)
    for room in MAY_IMPORT:
        for path in (PACKAGE / room).rglob("*.py"):
            found[room] |= {name.split(".")[1] for name in imported(path)}
    return {room: names & set(MAY_IMPORT) - {room} for room, names in found.items()}


def test_the_table_of_rooms_is_what_the_code_imports() -> None:
    rows = re.findall(r"(?m)^\| `(\w+)` \| .* \| ([^|]+) \|$", BUILT.read_text(encoding="utf-8"))
    told = {room: set(re.findall(r"`(\w+)`", cell)) for room, cell in rows}
    real = {room: names for room, names in edges().items() if room != "content"}
    assert told == real


def test_the_picture_of_rooms_is_what_the_code_imports() -> None:
    (graph,) = blocks(BUILT, "mermaid")
    told = set(re.findall(r"(?m)^ +(\w+) --> (\w+)$", graph))
    assert told == {(room, other) for room, others in edges().items() for other in others}


def test_every_kind_of_record_is_told_of() -> None:
    text = (DOCS / "recording.md").read_text(encoding="utf-8")
    assert set(re.findall(r"(?m)^\| `(\w+)` \|", text)) == set(KINDS)


def test_every_experiment_has_its_page() -> None:
    said = "".join(path.read_text(encoding="utf-8") for path in (DOCS / "experiments").glob("*.md"))
    for command in set(COMMANDS) & {"trace", "ws", "socketio", "oauth", "io", "lb"}:
        assert re.search(rf"(?m)^netlab {command} ", said), command


def test_the_readme_answers_each_question_of_the_front_door_with_a_picture() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    parts = re.split(r"(?m)^##+ +(.+)\n", text)
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    for question in QUESTIONS:
        if question.words[0] in COMMANDS:
            assert question.asked in sections
            assert question.command in sections[question.asked]
            assert re.search(r"!\[.+\]\(docs/pictures/\w+\.svg\)", sections[question.asked])


def test_a_page_of_an_experiment_asks_what_the_front_door_asks() -> None:
    asked = {question.asked for question in QUESTIONS if question.words[0] in COMMANDS}
    pages = (DOCS / "experiments").glob("*.md")
    assert {path.read_text(encoding="utf-8").split("\n")[0] for path in pages} == {
        f"# {question}" for question in asked
    }


def test_the_python_of_the_papers_is_python() -> None:
    for path in PAPERS:
        for text in blocks(path, "python"):
            compile(text if not text.startswith("# netlab/cli/lazy.py") else "", str(path), "exec")
