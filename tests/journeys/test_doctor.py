"""`netlab doctor`, the whole command on this machine."""

import json
import os
import platform
import socket
from pathlib import Path

import pytest

from netlab.errors import Exit
from tests.journeys.command import Ran, netlab

CHAPTERS = ["netlab", "names", "kernel", "tls", "waiting", "terminal", "tools"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ran, Path]:
    file = tmp_path_factory.mktemp("doctor") / "doctor.json"
    return netlab("doctor", "--offline", "--json", "--save", str(file)), file


def test_it_is_a_recording_like_any_other(run: tuple[Ran, Path]) -> None:
    ran, file = run
    assert ran.code == Exit.OK, ran.err
    assert [one["id"] for one in ran.records("step")] == [f"doctor.{one}" for one in CHAPTERS]
    facts = {one["name"]: one["value"] for one in ran.records("fact")}
    assert (
        facts["doctor.python"] == f"{platform.python_implementation()} {platform.python_version()}"
    )
    assert 0 < facts["doctor.lab"] < 30
    assert len(facts["doctor.present"]) + len(facts["doctor.missing"]) == len(facts["doctor.tools"])
    again = netlab("replay", str(file))
    assert again.code == Exit.OK
    assert "netlab itself" in again.out


def test_it_can_be_pasted_anywhere(run: tuple[Ran, Path]) -> None:
    """Neither names nor folders nor addresses of this machine; the file's name was typed."""
    records = json.dumps([one for kind in ("fact", "finding") for one in run[0].records(kind)])
    assert str(Path.home()) not in records or Path.home() == Path("/")
    assert os.getcwd() not in records
    name = socket.gethostname()
    assert len(name) < 4 or name not in records


def test_a_line_a_chapter(run: tuple[Ran, Path]) -> None:
    again = netlab("replay", str(run[1]), "--brief", width=200)
    lines = [line for line in again.out.splitlines() if line[:3].strip().isdigit()]
    assert len(lines) == len(CHAPTERS)
    assert "Where the time went" not in again.out, "nothing of it was a journey"
