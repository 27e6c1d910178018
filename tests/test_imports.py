"""The one-way road, and what start-up may load."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pytest
import typer

from netlab.cli.app import app

PACKAGE = Path(__file__).parent.parent / "netlab"

MAY_IMPORT = {
    "cli": {"experiments", "network", "recording", "views", "explain", "lab", "balance"},
    "experiments": {"network", "dissect", "recording", "balance"},
    "network": {"lab", "dissect", "recording"},
    "dissect": {"recording"},
    "views": {"recording", "explain"},
    "explain": {"recording"},
    "recording": {"dissect"},
    "lab": {"balance"},
    "balance": set(),
    "content": set(),
}
"""Room by room. Redaction needs the microscope to find secrets, so recording may use dissect."""

GROUND = {"addresses", "errors", "processes"}
"""What every room stands on: files beside the rooms, which import none of them."""

HEAVY = (
    "aiohttp", "asyncio", "cryptography", "dns", "engineio", "h11", "h2", "hpack", "hstspreload",
    "httpcore", "httpx", "idna", "joserfc", "pydantic", "rich", "socketio", "starlette",
    "websockets",
)  # fmt: skip
"""All that is depended on but Typer, and what costs as much as they do."""


def imported(path: Path) -> set[str]:
    """The modules of netlab that a file imports, at any depth of its code."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module)
    return {name for name in found if name.startswith("netlab.")}


@pytest.mark.parametrize("room", sorted(MAY_IMPORT))
def test_rooms_import_one_way(room: str) -> None:
    wrong = [
        f"{path.relative_to(PACKAGE)} imports {name}"
        for path in sorted((PACKAGE / room).rglob("*.py"))
        for name in sorted(imported(path))
        if name.split(".")[1] not in {*MAY_IMPORT[room], room, *GROUND}
    ]
    assert wrong == []


def modules(path: Path) -> set[str]:
    """As `imported`, down to the file: of `from netlab.a import b` the module b, if it is one."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return {name for name in found | imported(path) if name in FILES}


FILES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in PACKAGE.rglob("*.py")
}


def test_no_files_import_each_other_in_a_circle() -> None:
    """Not even within a function, or for their types alone: then one has what both stand on."""
    graph = {name: modules(path) - {name} for name, path in FILES.items()}
    assert any(graph.values())
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def test_the_ground_stands_on_itself() -> None:
    files = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__", "__main__"}
    assert files == GROUND
    for name in GROUND:
        assert {each.split(".")[1] for each in imported(PACKAGE / f"{name}.py")} <= GROUND


def test_every_room_is_on_the_map() -> None:
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert rooms <= set(MAY_IMPORT)


def test_dissectors_know_only_fields() -> None:
    for path in (PACKAGE / "dissect").rglob("*.py"):
        others = {name for name in imported(path) if not name.startswith("netlab.dissect")}
        assert others <= {"netlab.recording.records"}, path


def test_experiments_never_see_the_lab_inside() -> None:
    for path in (PACKAGE / "experiments").rglob("*.py"):
        assert not any(name.startswith("netlab.lab") for name in imported(path)), path


def test_the_front_page_loads_little_but_python() -> None:
    """Neither Typer nor Rich, nor what these bring: it stands at once."""
    code = "import sys\nfrom netlab.cli import main\nmain([])\nprint(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True
    )
    loaded = set(done.stderr.split())
    assert not loaded.intersection({*HEAVY, "typer", "inspect", "shutil", "socket", "json"})
    assert {name for name in loaded if name.startswith("netlab")} == {
        "netlab", "netlab.cli", "netlab.cli.front", "netlab.cli.keys",
    }  # fmt: skip


LOADED = """
import sys
from netlab.cli import main
for line in {lines!r}:
    try:
        main(line)
    except SystemExit as end:
        assert not end.code, (line, end.code)
    heavy = sorted(set(sys.modules) & set({heavy!r}))
    ours = [name for name in sys.modules if name.startswith(("netlab.lab.", "netlab.experiments."))]
    assert not heavy and not ours, (line, heavy, ours)
"""
"""One process for all lines: what a later one loads must not be there before either."""


def commands(group: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command and group, by the words that lead to it."""
    yield words
    for name in group.list_commands(None) if hasattr(group, "list_commands") else ():
        yield from commands(group.get_command(None, name), (*words, name))


def test_start_up_and_every_help_load_nothing_heavy() -> None:
    """A guard on what is imported: times differ from machine to machine, this does not."""
    every = [[*words, "--help"] for words in commands(typer.main.get_command(app))]
    assert len(every) > 20
    code = LOADED.format(lines=[[], ["--version"], *every], heavy=HEAVY)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
