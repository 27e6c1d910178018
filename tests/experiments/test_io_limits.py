"""What the system allows, and what we make of it: in processes of their own, for limits stay."""

import subprocess
import sys

import pytest

from netlab.experiments.io import limits

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits")

CODE = """
import resource, sys
soft, hard = map(int, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
from netlab.experiments.io import limits
told = limits.raise_files()
print(told["files"], told["files_before"], *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def after(soft: int, hard: int) -> list[int]:
    words = [sys.executable, "-c", CODE, str(soft), str(hard)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=20, check=True)
    return [int(word) for word in done.stdout.split()]


def test_the_soft_limit_is_raised_to_the_hard_one() -> None:
    assert after(100, 300) == [300, 100, 300, 300]


def test_a_limit_that_is_there_already_stays() -> None:
    assert after(200, 200) == [200, 200, 200, 200]


def test_the_number_of_threads_is_the_least_that_somebody_allows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, number in (("_user", 900), ("_system", 500), ("_group", None)):
        monkeypatch.setattr(limits, name, lambda number=number: number)
    assert limits.threads() == 500
    for name in ("_user", "_system"):
        monkeypatch.setattr(limits, name, lambda: None)
    assert limits.threads() is None
