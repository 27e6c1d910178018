"""The one-way road, and what start-up may load."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

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

HEAVY = ("httpx", "httpcore", "h2", "h11", "dns", "cryptography", "rich", "asyncio", "pydantic")


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
        if name.split(".")[1] not in {*MAY_IMPORT[room], room, "errors"}
    ]
    assert wrong == []


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


@pytest.mark.parametrize("line", [[], ["--version"], ["--help"], ["trace", "--help"]])
def test_start_up_loads_nothing_heavy(line: list[str]) -> None:
    """A guard on what is imported: times differ from machine to machine, this does not."""
    code = (
        "import sys\n"
        "from netlab.cli import main\n"
        "try:\n    main(sys.argv[1:])\n"
        "except SystemExit as end:\n    assert not end.code, end.code\n"
        "finally:\n    print(*sorted(sys.modules), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *line], capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 0, done.stderr
    loaded = set(done.stderr.splitlines()[-1].split())
    ours = {name for name in loaded if name.startswith(("netlab.lab.", "netlab.experiments."))}
    assert not loaded.intersection(HEAVY)
    assert not ours
