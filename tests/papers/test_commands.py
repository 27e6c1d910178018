"""Every command that a page or a paper offers is understood; those that can be run here are."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from netlab.errors import Exit
from tests.journeys.command import netlab
from tests.papers.lines import (
    ELSEWHERE,
    PAPERS,
    SERVING,
    Line,
    blocks,
    of_pages,
    of_papers,
    of_templates,
    parse,
    said_in_papers,
)

OFFERED = [*of_papers(), *of_pages()]

BREAKS = re.compile(r"\.broken\.example\.org|--resolver 192\.0\.2\.1|trace google/|--deny")
"""What is there to break: these commands end with the code of what broke, or with none."""

RUNS = sorted(
    {
        line.command
        for line in OFFERED
        if line.words[0] == "netlab"
        and not SERVING.search(line.command)
        and not ELSEWHERE.search(line.command)
    }
)


def in_the_lab(words: list[str]) -> list[str]:
    """The same command, in the lab where it would go out."""
    goes_out = words[1:2] == ["trace"] and "--network" not in words
    return [*words, "--network", "lab"] if goes_out else words


def refusal(words: list[str]) -> str:
    """What netlab would say against a command line; nothing where it understands it."""
    try:
        parse(words)
    except SystemExit as end:  # --version and --help are answered at once
        return str(end.code or "")
    except Exception as error:
        kind = type(error).__name__
        return "" if kind == "Exit" else f"{kind}: {getattr(error, 'message', error)}"
    return ""


@pytest.mark.parametrize("line", [*OFFERED, *of_templates()], ids=str)
def test_it_is_understood(line: Line) -> None:
    assert not refusal(line.words)


@pytest.mark.parametrize("line", said_in_papers(), ids=str)
def test_what_a_sentence_names_is_there(line: Line) -> None:
    """Prose may leave out an argument, and list an option's values (`--grant implicit|device`)."""
    words = [word.partition("|")[0] for word in line.words]
    said = refusal(words)
    assert not said or said.startswith("MissingParameter")


def test_what_is_not_understood_is_found_out() -> None:
    assert "no command" in refusal(["netlab", "trase"])
    assert "NoSuchOption" in refusal(["netlab", "ws", "cost", "--sise", "3"])
    assert "MissingParameter" in refusal(["netlab", "replay"])
    assert "BadParameter" in refusal(["netlab", "trace", "x", "--network", "nowhere"])


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A lab that all of them use, and a folder in which a run was saved."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "netlab", "lab", "up"],
        stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("reader")
    with process:
        assert process.stdout is not None
        assert any("Ctrl-C ends it" in line for line in process.stdout)
        saved = netlab(
            "trace", "www.google.com", "--network", "lab", "--save", str(folder / "run.json")
        )
        assert saved.code == Exit.OK, saved.err
        yield folder
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.parametrize("command", RUNS)
def test_it_runs(command: str, up: Path) -> None:
    words = in_the_lab(Line("", command).words)
    if "--save" in words:
        words = [*words, "--force"]
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=up, capture_output=True, stdin=subprocess.DEVNULL, timeout=200, check=False, text=True,
        env={**os.environ, "COLUMNS": "80"},
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert done.stdout, done.stderr
    if BREAKS.search(command):
        assert done.returncode in (0, *range(3, 8)), done.stderr
    else:
        assert done.returncode == 0, (done.stdout[-1500:], done.stderr)


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [text for path in PAPERS if path.name != "extending.md" for text in blocks(path, "python")],
)
def test_the_python_of_a_paper_runs(text: str, up: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", text],
        cwd=up, capture_output=True, text=True, timeout=50, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert (done.returncode, bool(done.stdout)) == (0, True), done.stderr


@pytest.mark.slow
def test_those_that_serve_say_where_and_end_with_0_when_they_are_told_to(tmp_path: Path) -> None:
    serving = sorted({line.command for line in OFFERED if SERVING.search(line.command)})
    assert serving
    for command in serving:
        words = any_port(Line("", command).words)
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", *words],
            cwd=tmp_path, env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        with process:
            assert process.stdout is not None
            first = process.stdout.readline()
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=15)
            assert (process.returncode, bool(first)) == (0, True), (command, err)


def any_port(words: list[str]) -> list[str]:
    """The port that a paper names may be taken here: any free one does as well."""
    return [
        re.sub(r":\d+$", ":0", word) if before == "--listen" else word
        for before, word in zip(["", *words], words, strict=False)
    ]
