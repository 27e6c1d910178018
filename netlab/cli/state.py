"""What netlab keeps between two runs, in this user's own folder: one small file, of the tour."""

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from netlab.errors import Exit, NetlabError

LARGEST = 1 << 16


def folder(environ: Mapping[str, str] = os.environ) -> Path:
    """$XDG_STATE_HOME/netlab, else ~/.local/state/netlab; on Windows in LOCALAPPDATA.

    XDG base directory specification: a path that is not absolute does not count.
    """
    for name in ("XDG_STATE_HOME", "LOCALAPPDATA"):
        given = environ.get(name, "")
        if given and Path(given).is_absolute():
            return Path(given) / "netlab"
    return Path.home() / ".local" / "state" / "netlab"


def shown(path: Path) -> str:
    """As a person writes it, without the name of the home folder."""
    try:
        return f"~/{path.relative_to(Path.home()).as_posix()}"
    except ValueError:
        return "netlab, under XDG_STATE_HOME"


def read(path: Path) -> dict[str, Any]:
    """What is kept there; nothing where there is none. Raises NetlabError when it is no such."""
    try:
        with path.open("rb") as file:
            octets = file.read(LARGEST + 1)
        found = json.loads(octets) if len(octets) <= LARGEST else None
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise unreadable(path, error) from None
    if not isinstance(found, dict):
        raise unreadable(path, ValueError("it is not what netlab wrote there"))
    return found


def unreadable(path: Path, error: Exception) -> NetlabError:
    why = getattr(error, "strerror", None) or "it is not what netlab wrote there"
    return NetlabError(
        f"{path} cannot be read.", cause=str(why), advice=f"remove it: rm {path}", exit=Exit.FILE
    )


def write(path: Path, kept: Mapping[str, Any]) -> None:
    """In one step: whoever reads it sees the old or the new, never a half. Raises NetlabError."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            draft.write_text(json.dumps(kept) + "\n", encoding="utf-8")
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise NetlabError(
            f"{path} cannot be written.",
            cause=str(error.strerror or error),
            advice="XDG_STATE_HOME in the environment names another folder",
            exit=Exit.FILE,
        ) from None
