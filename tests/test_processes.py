"""Processes of ours: where their modules come from, and what they end by."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from netlab import processes
from netlab.errors import NetlabError

HOLDS = (
    "import signal, threading; from netlab.processes import hold; hold(); "
    "print(signal.getsignal(signal.SIGINT).name, flush=True); threading.Event().wait()"
)


def test_its_main_has_the_words_and_the_working_directory_lends_no_modules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('the wrong json')\n")
    monkeypatch.delenv("PYTHONPATH", raising=False)  # "." there would be a wish to look here
    for module, words, told in (
        ("netlab.cli", ("--version",), b"netlab "),
        ("netlab.experiments.io.server", (), b""),
    ):
        done = subprocess.run(
            processes.command_line(module, *words), stdin=subprocess.DEVNULL, cwd=tmp_path,
            capture_output=True, timeout=30,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout.startswith(told)


def test_python_that_does_not_know_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "")
    with pytest.raises(NetlabError, match="No process can be started"):
        processes.command_line("netlab.cli")


def test_ctrl_c_is_the_parents_business_and_the_pipes_end_its_own() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdin is not None
        assert child.stdout.readline().strip() == b"SIG_IGN"
        child.stdin.close()
        assert child.wait(10) == 0


@pytest.mark.skipif(os.name != "posix", reason="closes a descriptor as a shell does")
def test_without_a_pipe_it_does_not_begin() -> None:
    done = subprocess.run(
        ["sh", "-c", 'exec "$0" -c "$1" <&-', sys.executable, HOLDS],
        capture_output=True, timeout=30,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
