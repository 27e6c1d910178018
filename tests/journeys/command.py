"""Whole commands, run as a person runs them."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    def facts(self, prefix: str = "") -> dict[str, Any]:
        """Facts by name, of the journey whose steps have this prefix (`2/`)."""
        return {
            record["name"]: record["value"]
            for record in self.records("fact")
            if record["step"].rpartition("/")[0] == prefix.rstrip("/")
        }

    def records(self, kind: str) -> list[dict[str, Any]]:
        loaded: list[dict[str, Any]] = json.loads(self.out)["records"]
        return [record for record in loaded if record["kind"] == kind]


def netlab(
    *words: str, timeout: float = 40, width: int = 80, env: Mapping[str, str] | None = None
) -> Ran:
    """Run one command line in a pipe, with no standard input."""
    done = subprocess.run(
        [sys.executable, "-m", "netlab", *words],
        capture_output=True, stdin=subprocess.DEVNULL, timeout=timeout, check=False,
        env={**os.environ, "COLUMNS": str(width), **(env or {})},
    )  # fmt: skip
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())
