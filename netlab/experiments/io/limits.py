"""What the system allows: descriptors, threads. Raised as far as a user may, and reported."""

import sys
from collections.abc import Mapping
from pathlib import Path

from netlab import processes


def raise_files() -> Mapping[str, int | None]:
    """As in `processes`, for a recording: the limit that there is now, and the one before."""
    files, before = processes.raise_files() or (None, None)
    return {"files": files, "files_before": before}


def threads() -> int | None:
    """How many threads this user's processes may have; None where that is not told."""
    found = [number for number in (_user(), _system(), _group()) if number is not None]
    return min(found, default=None)


def _user() -> int | None:
    if sys.platform == "win32":
        return None
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NPROC)
    return None if soft == resource.RLIM_INFINITY else soft


def _system() -> int | None:
    return _number(Path("/proc/sys/kernel/threads-max"))


def _group() -> int | None:
    """The control group's (cgroup v2 and v1), as containers see their own."""
    for path in ("/sys/fs/cgroup/pids.max", "/sys/fs/cgroup/pids/pids.max"):
        number = _number(Path(path))
        if number is not None:
            return number
    return None


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):  # it is not there, or says `max`
        return None
