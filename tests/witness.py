"""Programs that are not ours, which say whether netlab tells the truth."""

import os
import shutil
import subprocess
from collections.abc import Sequence

import pytest

SBIN = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))


def find(program: str) -> str | None:
    return shutil.which(program, path=SBIN)


def need(*programs: str) -> None:
    """Skip, with the reason, where a witness is missing; in CI that is a failure."""
    missing = [program for program in programs if find(program) is None]
    if missing:
        give_up(f"not on this machine: {', '.join(missing)}")


def give_up(reason: str) -> None:
    """Skip on people's own machines; fail in CI, where nothing may be missing."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def output(command: Sequence[str], timeout: float = 20, stdin: str = "") -> str:
    """What a witness prints on stdout and stderr together, whatever its exit code."""
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        input=stdin,
        text=True,
        errors="replace",
        timeout=timeout,
        check=False,
    )
    return done.stdout
