"""What the system allows: descriptors, threads. Raised as far as a user may, and reported."""

import sys
from collections.abc import Mapping
from pathlib import Path


def raise_files() -> Mapping[str, int | None]:
    """Let this process have all the descriptors that it may; answers the limit, and the one before.

    The soft limit is often 1,024, which has been select's limit as well; any process may raise its
    own up to the hard one.
    """
    if sys.platform == "win32":
        return {"files": None, "files_before": None}
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _wanted(hard)
    if wanted > soft:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError):  # macOS refuses more than kern.maxfilesperproc
            wanted = soft
    return {"files": max(soft, wanted), "files_before": soft}


MOST_FILES = 65_536
"""More than any run here can use; `unlimited` is not a number that can be set everywhere."""


def _wanted(hard: int) -> int:
    import resource

    return MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)


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
