"""What people install: the wheel and the sdist hold all that netlab needs, and nothing else."""

import re
import runpy
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from netlab import __version__

ROOT = Path(__file__).parents[2]

STRANGERS = re.compile(r"(^|/)(tests|pictures|node_modules|\.git\w*|\.ci|\.venv|__pycache__)(/|$)")
"""Folders that are of use to those who work on netlab alone."""


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both, made as any front end makes them."""
    folder = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(folder)],
        cwd=ROOT, capture_output=True, text=True, timeout=50, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "warning" not in (done.stdout + done.stderr).lower()
    return folder


@pytest.fixture(scope="module")
def wheel(dist: Path) -> set[str]:
    (path,) = dist.glob("*.whl")
    assert path.name == f"netlab_concepts-{__version__}-py3-none-any.whl"
    return set(zipfile.ZipFile(path).namelist())


@pytest.fixture(scope="module")
def sdist(dist: Path) -> set[str]:
    (path,) = dist.glob("*.tar.gz")
    with tarfile.open(path) as file:
        return {name.partition("/")[2] for name in file.getnames()}


def package() -> set[str]:
    """Every file of the package, as it lies in the repository."""
    return {
        str(path.relative_to(ROOT).as_posix())
        for path in (ROOT / "netlab").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_holds_the_whole_package(wheel: set[str]) -> None:
    assert {name for name in wheel if name.startswith("netlab/")} == package()
    assert "netlab/recording/recording.schema.json" in wheel
    assert "netlab/py.typed" in wheel
    assert any(re.fullmatch(r"netlab/content/en/[a-z.-]+\.md", name) for name in wheel)


def test_the_wheel_holds_the_manual_where_man_looks_for_it(wheel: set[str]) -> None:
    assert f"netlab_concepts-{__version__}.data/data/share/man/man1/netlab.1" in wheel


def test_the_wheel_holds_the_completions_where_shells_look_for_them(wheel: set[str]) -> None:
    share = f"netlab_concepts-{__version__}.data/data/share"
    assert f"{share}/bash-completion/completions/netlab" in wheel
    assert f"{share}/fish/vendor_completions.d/netlab.fish" in wheel


def test_the_wheel_holds_nothing_else(wheel: set[str]) -> None:
    own = re.compile(rf"netlab/|netlab_concepts-{re.escape(__version__)}\.(dist-info|data)/")
    assert [name for name in wheel if not own.match(name)] == []
    assert [name for name in wheel if STRANGERS.search(name)] == []


def test_from_the_sdist_the_same_wheel_can_be_built(sdist: set[str]) -> None:
    assert package() <= sdist
    assert {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "docs/netlab.1"} <= sdist
    assert [name for name in sdist if STRANGERS.search(name) and name != ".gitignore"] == []


def test_every_dependency_has_a_lowest_version() -> None:
    """The oldest-versions run installs just these."""
    pins = cast(Callable[..., list[str]], runpy.run_path(str(ROOT / ".ci" / "oldest.py"))["pins"])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert len(pins()) == len(project["dependencies"])
    assert len(pins("test")) > len(pins())
    assert all(re.fullmatch(r"[\w.-]+==\d+(\.\d+)*", line) for line in pins("test"))
