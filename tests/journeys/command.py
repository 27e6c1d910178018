"""Whole commands, run as a person runs them."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema

from netlab.explain.pages import topics

SCHEMA = files("netlab.recording") / "recording.schema.json"


@cache
def schema() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


@lru_cache(maxsize=4)
def recording(out: str) -> dict[str, Any]:
    """What `--json` wrote; whatever it is, it fits the published schema and leaves no word
    unexplained: each chapter has its page, and so has each term that a finding names."""
    loaded: dict[str, Any] = json.loads(out)
    schema().validate(loaded)
    records = loaded["records"]
    said = {record["topic"] for record in records if record["kind"] == "step"}
    said |= {record["explain"] for record in records if record["kind"] == "finding"} - {None}
    assert not said - set(topics()), "there is no page on these"
    return loaded


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
        return [record for record in recording(self.out)["records"] if record["kind"] == kind]


def netlab(
    *words: str,
    timeout: float = 40,
    width: int = 80,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Ran:
    """Run one command line in a pipe, with no standard input."""
    done = subprocess.run(
        [sys.executable, "-m", "netlab", *words],
        capture_output=True, stdin=subprocess.DEVNULL, timeout=timeout, check=False, cwd=cwd,
        env={**os.environ, "COLUMNS": str(width), **(env or {})},
    )  # fmt: skip
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())
