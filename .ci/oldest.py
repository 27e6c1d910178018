"""Prints every dependency at the lowest version that pyproject.toml allows, for `pip install -c`.

Those of the extras too that are named on the command line: `python .ci/oldest.py test`.
"""

import re
import sys
import tomllib
from pathlib import Path

PROJECT = Path(__file__).parents[1] / "pyproject.toml"

WANTED = re.compile(r"([\w.-]+)(?:\[[\w,-]+\])?>=([\d.]+)(?:,<[\d.]+)?")


def pins(*extras: str) -> list[str]:
    """`name==lowest`; raises ValueError for a dependency that names no lowest version."""
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"]
    wanted = [*project["dependencies"], *(line for extra in extras for line in optional[extra])]
    return [pin(line) for line in wanted]


def pin(line: str) -> str:
    match = WANTED.fullmatch(line)
    if match is None:
        raise ValueError(f"{line!r} names no lowest version")
    return f"{match[1]}=={match[2]}"


if __name__ == "__main__":
    print("\n".join(pins(*sys.argv[1:])))
