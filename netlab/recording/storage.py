"""Keep a recording in a file, and open it again.

Saving is atomic: a file beside the wanted one is written, flushed to the disk, and only then takes
its name, so that a full disk or a pulled plug leaves either nothing or the whole. Opening trusts
nothing: what is too large, cut short, foreign or newer is told in words.
"""

import errno
import json
import os
import re
import tempfile
from pathlib import Path

from netlab.errors import Exit, NetlabError
from netlab.recording.jsonform import SCHEMA, Foreign, from_json, to_json
from netlab.recording.records import Recording

SIZE_CAP = 64 * 1024 * 1024
"""Octets of a recording that are opened. A long trace makes two or three million."""


def dumps(recording: Recording) -> str:
    """The recording as JSON text, in ASCII: no raw control or bidi character stands in it."""
    return json.dumps(to_json(recording), allow_nan=False, indent=1) + "\n"


def loads(text: str | bytes, name: str = "the text") -> Recording:
    """The recording that stands in this text. name: what an error calls it."""
    try:
        value = json.loads(text, parse_constant=_refuse)
    except UnicodeDecodeError:
        raise _foreign(name, "it is no text in UTF-8") from None
    except json.JSONDecodeError as error:
        raise _broken(name, error) from None
    except (ValueError, RecursionError) as error:
        raise _foreign(name, str(error) or "it is nested too deep") from None
    _refuse_newer(name, value)
    try:
        return from_json(value)
    except Foreign as error:
        raise _foreign(name, str(error)) from None


def load(path: str | os.PathLike[str]) -> Recording:
    """Open a recording that `save` has written."""
    try:
        with Path(path).open("rb") as file:
            text = file.read(SIZE_CAP + 1)
    except OSError as error:
        raise _os_error(f"netlab cannot open {os.fspath(path)}", error) from None
    if len(text) > SIZE_CAP:
        raise NetlabError(
            f"{os.fspath(path)} is too large to be a recording.",
            cause=f"netlab opens at most {SIZE_CAP >> 20} MiB; a trace takes a few.",
            exit=Exit.FILE,
        )
    return loads(text, os.fspath(path))


def check(path: str | os.PathLike[str], force: bool = False) -> None:
    """Refuse before the run what `save` would refuse after it."""
    target = Path(path)
    if target.is_dir():
        raise _os_error(f"netlab cannot write {target}", OSError(errno.EISDIR, "it is a directory"))
    if not target.parent.is_dir():
        raise NetlabError(
            f"netlab cannot write {target}.",
            cause=f"There is no directory {target.parent}.",
            exit=Exit.FILE,
        )
    if not force and os.path.lexists(target):
        raise _exists(target)


def save(recording: Recording, path: str | os.PathLike[str], force: bool = False) -> None:
    """Write the whole recording at once, or nothing. Only `force` overwrites."""
    target = Path(path)
    check(target, force)
    try:
        _write(target, dumps(recording).encode("ascii"), force)
    except FileExistsError:
        raise _exists(target) from None
    except OSError as error:
        raise _os_error(f"netlab cannot write {target}", error) from None


def _write(target: Path, text: bytes, force: bool) -> None:
    # mkstemp makes it readable by its owner alone: a recording tells where one has been.
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".netlab-")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if force:
            temporary.replace(target)
        else:
            _take_name(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def _take_name(temporary: Path, target: Path) -> None:
    """Give the file its name unless that is taken: atomic wherever hard links are."""
    if os.name == "nt":
        temporary.rename(target)  # on Windows this refuses to overwrite
        return
    try:
        os.link(temporary, target)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK):
            raise
        # FAT and some shared folders know no hard links: claim the name, then fill it.
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        temporary.replace(target)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number in JSON")


def _refuse_newer(name: str, value: object) -> None:
    schema = value.get("schema") if isinstance(value, dict) else None
    match = (
        re.fullmatch(r"netlab\.recording/(\d{1,6})", schema) if isinstance(schema, str) else None
    )
    if match and int(match[1]) > int(SCHEMA.rpartition("/")[2]):
        raise NetlabError(
            f"{name} was written by a newer netlab.",
            cause=f"Its schema is {match[0]}; this netlab reads {SCHEMA}.",
            advice="Bring netlab up to date, then open it again.",
            exit=Exit.FILE,
        )


def _broken(name: str, error: json.JSONDecodeError) -> NetlabError:
    rest = error.doc[error.pos :].strip()
    ours = '"netlab.recording/' in error.doc[:200]
    if ours and (not rest or error.msg.startswith("Unterminated string")):
        return NetlabError(
            f"{name} ends in the middle.",
            cause="It was cut short while it was copied or downloaded; netlab itself writes all or "
            "nothing.",
            advice="Copy it again from where it came.",
            exit=Exit.FILE,
        )
    return _foreign(name, f"line {error.lineno} is no JSON")


def _foreign(name: str, why: str) -> NetlabError:
    return NetlabError(
        f"{name} is not a recording of netlab's.",
        cause=f"{why[:1].upper()}{why[1:]}.",
        advice="netlab replay opens what --save has written.",
        exit=Exit.FILE,
    )


def _exists(target: Path) -> NetlabError:
    return NetlabError(
        f"{target} is there already.",
        advice="Choose another name, or overwrite it with --force.",
        exit=Exit.FILE,
    )


def _os_error(what: str, error: OSError) -> NetlabError:
    advice = "Make room on the disk, or save elsewhere." if error.errno == errno.ENOSPC else ""
    why = error.strerror or str(error)
    return NetlabError(f"{what}.", cause=f"{why}.", advice=advice, exit=Exit.FILE)
