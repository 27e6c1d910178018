"""`--witness`: the kernel's own count of a run's calls beside ours, by strace on our own child.

Only calls that are about the run's sockets count: the interpreter makes many others. A run that
strace watches is many times slower and is never timed.
"""

import contextlib
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from netlab.errors import NetlabError
from netlab.experiments.bench import Bench
from netlab.experiments.io.children import Server, client
from netlab.experiments.io.models import Model
from netlab.experiments.io.outcome import Options
from netlab.recording.records import Value

SHORT = 0.05
"""Seconds of the longest delay of a watched run."""

KERNEL = {
    "sendto": "send", "recvfrom": "recv", "select": "select", "pselect6": "select",
    "poll": "poll", "ppoll": "poll", "epoll_wait": "epoll_wait", "epoll_pwait": "epoll_wait",
    "epoll_ctl": "epoll_ctl",
}  # fmt: skip
"""The system call, and the name by which a model calls it (libc chooses between variants)."""

NAMED = ("epoll_ctl", "select", "poll")
"""Calls that are about the run's sockets whenever a model makes them."""

ENTRIES = "80"
"""How many entries of poll's list strace writes out, and octets of a text: all 64 sockets."""

EAGAIN = "… of these EAGAIN"

LINE = re.compile(r"(\d+) +(\w+)\((.*)")
RESUMED = re.compile(r"(\d+) +<\.\.\. (\w+) resumed>(.*)")


async def run(bench: Bench, server: Server, models: Sequence[Model], options: Options) -> None:
    step = bench.step("io.witness", "The kernel's own count")
    strace = shutil.which("strace")
    if strace is None:
        bench.recorder.fact(step, "io.witness.missing", "strace is not on this machine")
        return
    rows: list[Value] = []
    totals: list[Value] = []
    for model in models:
        try:
            with bench.recorder.phase(step, f"{model.name} under strace", "netlab", "detail"):
                own = await watched(strace, server, model, options)
        except NetlabError as error:
            why = f"{error.what} {error.cause}".strip()
            bench.recorder.fact(step, "io.witness.missing", why, note=model.name)
            return
        rows += own
        totals.append(total(model, own))
    bench.recorder.fact(step, "io.witness.models", totals, None, "computed",
                        note="sums of io.witness.calls, EAGAIN left out")  # fmt: skip
    told = bench.recorder.fact(step, "io.witness.calls", rows, None, "kernel",
                               note="strace, in the very run that we counted in")  # fmt: skip
    judge(bench, step, rows, told)


async def watched(
    strace: str, server: Server, model: Model, options: Options
) -> list[dict[str, Value]]:
    delays = [min(SHORT, delay) for delay in options.delays()]
    settings = {
        "model": model.name, "port": server.port, "delays": delays, "payload": options.payload,
        "workers": options.workers_of(model), "repeat": 1, "warm": False,
    }  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="netlab-witness-") as folder:
        trace = Path(folder) / "trace"
        names = ",".join(f"?{name}" for name in KERNEL)
        words = (strace, "-f", "-qq", "-s", ENTRIES, "-e", f"trace={names}", "-e", "signal=none",
                 "-o", str(trace))  # fmt: skip
        report = await client(settings, options.max_time, *words)
        text = trace.read_text(encoding="utf-8", errors="backslashreplace")
        kernel = counted(text.splitlines(), set(report["descriptors"]))
    return rows(model, report["runs"][0], kernel)


class Counted:
    """What the kernel saw: calls about certain descriptors, and those of them that said EAGAIN.

    pollers: descriptors of epolls that watch some of them at one time or another.
    """

    def __init__(self, descriptors: set[int], pollers: set[int]) -> None:
        self.calls: Counter[str] = Counter()
        self.eagain = 0
        self._sockets = descriptors
        self._pollers = pollers
        self._unfinished: set[tuple[str, str]] = set()

    def line(self, text: str) -> None:
        if match := RESUMED.match(text):
            pid, call, rest = match.groups()
            if (pid, call) in self._unfinished:
                self._unfinished.discard((pid, call))
                self._result(rest)
            return
        match = LINE.match(text)
        if match is None or "= ? ERESTART" in text:  # the kernel makes that call once more
            return
        pid, call, rest = match.groups()
        if not self._is_about(call, rest):
            return
        self.calls[KERNEL[call]] += 1
        if rest.endswith("<unfinished ...>"):
            self._unfinished.add((pid, call))
        else:
            self._result(rest)

    def _is_about(self, call: str, rest: str) -> bool:
        if call in ("select", "pselect6", "poll", "ppoll"):
            return not self._sockets.isdisjoint(_numbers(call, rest))
        first = int(rest.split(",")[0])
        if call == "epoll_ctl":
            return int(rest.split(",")[2]) in self._sockets
        return first in (self._pollers if call.startswith("epoll") else self._sockets)

    def _result(self, rest: str) -> None:
        self.eagain += " = -1 EAGAIN " in rest


def _numbers(call: str, rest: str) -> Iterator[int]:
    """The descriptors in the lists of select, or in the structures of poll."""
    pattern = r"fd=(\d+)" if "poll" in call else r"[\[ ](\d+)(?=[ \]])"
    return (int(number) for number in re.findall(pattern, rest))


def counted(lines: Sequence[str], descriptors: set[int]) -> Counted:
    kernel = Counted(descriptors, pollers(lines, descriptors))
    for text in lines:
        with contextlib.suppress(ValueError, IndexError):  # a line that was cut short
            kernel.line(text)
    return kernel


def pollers(lines: Iterable[str], descriptors: set[int]) -> set[int]:
    """The epolls that the descriptors were ever put into: a loop waits before it has any."""
    put = (re.search(r"epoll_ctl\((\d+), EPOLL_CTL_ADD, (\d+)", text) for text in lines)
    return {int(match[1]) for match in put if match and int(match[2]) in descriptors}


def rows(model: Model, run: dict[str, Any], kernel: Counted) -> list[dict[str, Value]]:
    """Ours beside the kernel's, for every call that both can name."""
    counted = run["on_sockets"]
    named = {"send", "recv"} | {name for name in counted if name in NAMED}
    if counted.get("epoll_ctl"):  # else its epoll watches none of the run's sockets
        named |= {"epoll_wait"} & set(counted)
    ours = {name: counted.get(name, 0) for name in named | set(kernel.calls)}
    made: list[dict[str, Value]] = [
        {"model": model.name, "call": name, "ours": ours[name], "kernel": kernel.calls[name]}
        for name in sorted(ours)
    ]
    eagain: dict[str, Value] = {
        "model": model.name, "call": EAGAIN, "ours": run["eagain"],
        "kernel": kernel.eagain,
    }  # fmt: skip
    return [*made, eagain]


def total(model: Model, rows: Sequence[dict[str, Value]]) -> dict[str, Value]:
    """All calls of a model, and whether each kind of them is the same on both sides."""
    calls = [row for row in rows if row["call"] != EAGAIN]
    return {
        "model": model.name, "ours": _sum(calls, "ours"), "kernel": _sum(calls, "kernel"),
        "kinds": ", ".join(str(row["call"]) for row in calls),
        "same": all(row["ours"] == row["kernel"] for row in rows),
    }  # fmt: skip


def _sum(rows: Sequence[dict[str, Value]], key: str) -> int:
    return sum(value for row in rows if isinstance(value := row[key], int))


def judge(bench: Bench, step: str, rows: Sequence[Value], told: str) -> None:
    wrong = [row for row in rows if isinstance(row, dict) and row["ours"] != row["kernel"]]
    if wrong:
        said = "; ".join(f"{row['model']}: {row['call']}" for row in wrong)
        bench.recorder.finding(
            step, "fault", f"Our count is not the kernel's: {said}.", "", (told,)
        )
        return
    bench.recorder.finding(
        step, "good", "The kernel counted what we counted, call by call.",
        "Named calls on the run's own sockets; futex, mmap and the like are the interpreter's.",
        (told,),
    )  # fmt: skip
