"""The worked example of `docs/extending.md`, built exactly as it stands and run."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.papers.lines import ROOT, blocks

PAGE = ROOT / "docs" / "extending.md"

TITLE = re.compile(r"(?:# |<!-- )([\w./-]+)(?: -->)?\n(.*)", re.DOTALL)


def files() -> dict[str, str]:
    """The blocks that say in their first line which file they are."""
    found = (TITLE.match(text) for text in blocks(PAGE, "python", "markdown"))
    return {match[1]: match[2] for match in found if match}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository, as it is after that day."""
    place = tmp_path_factory.mktemp("day")
    for name in ("netlab", "tests"):
        shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", place)
    for name, text in files().items():
        path = place / name
        if name.endswith("lazy.py"):
            old = path.read_text(encoding="utf-8")
            assert "COMMANDS = {\n" in old
            text = old.replace("COMMANDS = {\n", "COMMANDS = {\n" + text, 1)
        path.write_text(text, encoding="utf-8")
    return place


def run(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words], cwd=place, capture_output=True, text=True, check=False,
        timeout=170, stdin=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": str(place)},
    )  # fmt: skip


def test_it_has_all_its_parts() -> None:
    assert sorted(files()) == [
        "netlab/cli/knock.py", "netlab/cli/lazy.py", "netlab/content/en/knock.md",
        "netlab/experiments/knock.py", "tests/journeys/test_knock.py",
    ]  # fmt: skip


def test_its_own_tests_pass_and_those_of_the_rooms_that_it_enters(built: Path) -> None:
    done = run(
        built, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider",
        "tests/journeys/test_knock.py", "tests/explain/test_groups.py",
        "tests/explain/test_pages.py", "-k", "knock or every or room or ten or person or reached",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_it_is_typed_and_tidy_as_the_rest(built: Path) -> None:
    code = [name for name in files() if name.endswith(".py")]
    for words in (["ruff", "check"], ["ruff", "format", "--check"], ["mypy", "--no-incremental"]):
        if shutil.which(words[0], path=os.path.dirname(sys.executable)) is None:
            pytest.skip(f"{words[0]} is not installed")
        done = run(built, "-m", *words, *code)
        assert done.returncode == 0, done.stdout + done.stderr
