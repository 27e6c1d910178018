"""What the system says that a process or a thread has used, and how each figure was had."""

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

STATUS = Path("/proc/self/status")
CLEAR = Path("/proc/self/clear_refs")


def switches() -> tuple[int | None, int | None]:
    """Voluntary and involuntary context switches of this thread: Linux tells."""
    if sys.platform != "linux":
        return None, None
    import resource

    used = resource.getrusage(resource.RUSAGE_THREAD)
    return used.ru_nvcsw, used.ru_nivcsw


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds (all, user's, system's) and context switches of this process so far."""

    cpu: float
    user: float
    system: float
    voluntary: int | None
    involuntary: int | None

    def since(self, before: "Usage") -> dict[str, float | int | None]:
        return {
            "cpu": self.cpu - before.cpu,
            "user": self.user - before.user,
            "system": self.system - before.system,
            "voluntary": _less(self.voluntary, before.voluntary),
            "involuntary": _less(self.involuntary, before.involuntary),
        }


def _less(now: int | None, before: int | None) -> int | None:
    return None if now is None or before is None else now - before


def usage() -> Usage:
    if sys.platform == "win32":
        import os

        times = os.times()
        return Usage(time.process_time(), times.user, times.system, None, None)
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    return Usage(time.process_time(), used.ru_utime, used.ru_stime, used.ru_nvcsw, used.ru_nivcsw)


@dataclass(frozen=True, slots=True)
class Memory:
    """The most memory that was resident (octets), what it grew by, and how that is known."""

    peak: int | None
    growth: int | None
    how: str


def reset_peak() -> int | None:
    """Make the kernel forget the process's peak so far; answers what is resident now, if told."""
    try:
        CLEAR.write_text("5")  # proc(5): 5 resets the peak resident set
        return _status()["VmRSS"]
    except (OSError, KeyError, ValueError):
        return None


def peak(before: int | None) -> Memory:
    """before: what `reset_peak` answered."""
    if before is not None:
        high = _status()["VmHWM"]
        return Memory(high, max(0, high - before), "VmHWM, reset before the run (proc(5))")
    if sys.platform == "win32":
        return Memory(None, None, "not known on this system")
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return Memory(most, None, "ru_maxrss: the peak since the process began")


def _status() -> Mapping[str, int]:
    """The kernel's figures in kB, as octets."""
    pairs = (line.split(":") for line in STATUS.read_text().splitlines() if line.endswith(" kB"))
    return {name: int(value.split()[0]) * 1024 for name, value in pairs}
