"""Shell completion, as a real bash does it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from netlab.cli import obey
from netlab.errors import Exit
from tests.witness import need

COMPLETIONS = Path(__file__).parents[2] / "docs" / "completions"

TRY = r"""
eval "$(netlab completion bash)"
for line in "$@"; do
  COMP_WORDS=($line); case $line in *' ') COMP_WORDS+=('');; esac
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMPREPLY=()
  _netlab_completion netlab
  (IFS=,; echo "${COMPREPLY[*]}")
done
"""

EXPECTED = {
    "netlab tr": "trace",
    "netlab ws ": "handshake,send,wiretap,break,slow,origin,cost,serve,chat",
    "netlab ws handshake --n": "--no-compression,--network",
    "netlab trace --network ": "auto,internet,lab",
    "netlab ws cost --network ": "auto,lab",
    "netlab explain happy": "happy-eyeballs",
    "netlab oauth attack mix": "mix-up",
}


def test_bash_completes_commands_options_and_values(tmp_path: Path) -> None:
    need("bash")
    command = tmp_path / "netlab"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m netlab "$@"\n')
    command.chmod(0o755)
    done = subprocess.run(
        ["bash", "--norc", "-c", TRY, "try", *EXPECTED], capture_output=True, text=True,
        timeout=60, check=True, env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
    )  # fmt: skip
    assert done.stderr == ""
    assert dict(zip(EXPECTED, done.stdout.splitlines(), strict=True)) == EXPECTED


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_each_shell_has_its_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert obey(["completion", shell]) == Exit.OK
    script = capsys.readouterr().out
    assert "_NETLAB_COMPLETE" in script
    assert f"complete_{shell}" in script


@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_what_is_shipped_is_what_is_printed(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert obey(["completion", shell]) == Exit.OK
    shipped = COMPLETIONS / f"netlab.{shell}"
    assert shipped.read_text(encoding="utf-8").strip() == capsys.readouterr().out.strip()


def test_a_shell_that_is_not_known_is_met_with_the_nearest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert obey(["completion", "bsh"]) == Exit.USAGE
    assert "did you mean bash?" in capsys.readouterr().err
