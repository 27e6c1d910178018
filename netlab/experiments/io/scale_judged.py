"""Findings on `netlab io scale`, and the questions to ask before: answered from its own figures."""

from collections.abc import Mapping, Sequence

from netlab.experiments.io.scale_run import Outcome
from netlab.recording.recorder import Recorder
from netlab.recording.records import Value

STEEP, FLAT = 10.0, 2.0
"""Growth of CPU per request that counts as a climb, and that counts as none."""
QUIET = 0.9
"""Share of its processor below which somebody who never sleeps has been disturbed."""
MANY = 10_000
"""Connections that folklore has a thread apiece fall over at."""

Row = Mapping[str, Value]


def judge_held(recorder: Recorder, step: str, outcomes: Sequence[Outcome], table: str) -> None:
    """table: the fact that the findings rest on, here and below."""
    for one in outcomes:
        if one.garbled or (one.lost and not one.died):
            recorder.finding(
                step, "fault", f"{one.model} with {one.count}: echoes were wrong or connections "
                f"were lost ({one.garbled} and {one.lost}).", facts=(table,),
            )  # fmt: skip
        elif one.limited:
            recorder.finding(
                step,
                "warning",
                f"This system lets a process have {one.files} descriptors: {one.held} connections "
                f"were opened where {one.count} were asked for.",
                advice="ulimit -Hn says the limit; root, or the container's settings, raise it",
                facts=(table,),
            )
        elif one.died:
            recorder.finding(
                step, "note",
                f"{one.model} ended when it had {one.held} of {one.count} connections: "
                f"{one.died}.{_reason(one)}",
                explain="io.scale", facts=(table,),
            )  # fmt: skip
    tried = [one for one in outcomes if one.model == "select" and one.count > 1024]
    if tried:
        recorder.question(
            step, f"Of {tried[-1].count} connections, how many will select hold?",
            ("all of them", "about a thousand", "about a hundred"),
            0 if tried[-1].whole else 1 if tried[-1].held > 500 else 2,
            f"It held {tried[-1].held}: each descriptor has a bit in a set of fixed size.",
        )  # fmt: skip


def judge_noise(recorder: Recorder, step: str, outcomes: Sequence[Outcome], table: str) -> None:
    """A process that never sleeps gets all of its processor, unless others want it too."""
    shares = [one.share for one in outcomes if one.share is not None]
    disturbed = [share for share in shares if share < QUIET]
    if disturbed:
        recorder.finding(
            step, "warning",
            f"Other programs were at work on these processors in {len(disturbed)} of "
            f"{len(shares)} runs: the clients got {100 * min(disturbed):.0f} % of theirs at the "
            "worst.",
            advice="Latencies and requests a second are then others' doing too; CPU time of a "
            "request suffers less. Once more, on a machine at rest",
            facts=(table,),
        )  # fmt: skip


def _reason(one: Outcome) -> str:
    """What is known of why it ended."""
    if one.model == "select":
        return " Its sets have a bit for each descriptor, and no more than FD_SETSIZE."
    if one.model == "threads" and one.threads_limit is not None:
        return f" This user may have {one.threads_limit} threads in all."
    return ""


def judge_cost(recorder: Recorder, step: str, rows: Sequence[Row], table: str) -> None:
    """The slope that the story is about: poll's, and that of what the kernel keeps a list for."""
    grown = {str(row["model"]): row for row in rows}
    poll, kept = grown.get("poll"), grown.get("epoll") or grown.get("kqueue")
    if poll is None:
        return
    recorder.question(
        step,
        f"From {poll['from']} to {poll['to']} connections, most of them idle: how does the CPU "
        "time of one request grow with poll?",
        ("hardly at all", "a few times", "ten times and more"),
        0 if _growth(poll) < FLAT else 1 if _growth(poll) < STEEP else 2,
        f"It grew {_growth(poll):.1f} times: every call hands over and looks through all of them.",
    )  # fmt: skip
    if kept is None:
        return
    text = (
        f"From {poll['from']} to {poll['to']} connections a request costs poll "
        f"{_growth(poll):.1f} times as much CPU, and {kept['model']} {_growth(kept):.1f} times."
    )
    long_way = _length(poll) >= 100 and _length(kept) >= 100
    if _growth(poll) >= STEEP and _growth(kept) <= FLAT:
        recorder.finding(step, "good", text, explain="io.scale-cost", facts=(table,))
    elif long_way:
        recorder.finding(
            step, "warning", text + " That is not the slope that is to be expected.",
            advice="Was the machine at work on something else? Then the figures are too",
            facts=(table,),
        )  # fmt: skip
    else:
        recorder.finding(
            step,
            "note",
            text,
            advice="The slope shows from 100 to 10000 connections",
            facts=(table,),
        )


def _growth(row: Row) -> float:
    value = row["growth"]
    return value if isinstance(value, float) else 0.0


def _length(row: Row) -> float:
    """How many times more connections."""
    first, last = row["from"], row["to"]
    return last / first if isinstance(first, int) and isinstance(last, int) else 0.0


def judge_threads(recorder: Recorder, step: str, outcomes: Sequence[Outcome], table: str) -> None:
    """Folklore yields to what was measured."""
    many = [one for one in outcomes if one.model == "threads" and one.count >= MANY]
    if not many:
        return
    threads, other = many[-1], _one(outcomes, "epoll") or _one(outcomes, "kqueue")
    recorder.question(
        step, f"A thread apiece, with {threads.count} connections: what comes of it?",
        ("it falls over before it has them all", "it holds them all"), int(threads.whole),
        f"{threads.held} connections were served, by {threads.threads} threads."
        if threads.whole else f"{threads.held} were served.",
    )  # fmt: skip
    if not threads.whole:
        return
    text = f"{threads.count} threads did not fall over on this machine. "
    compared = other is not None and other.count == threads.count
    if compared and other and other.memory and threads.memory and other.cpu and threads.cpu:
        text += (
            f"What they cost: {threads.memory / 1024:.1f} KiB of user memory a connection "
            f"({other.model}: {other.memory / 1024:.1f} KiB), and {threads.cpu * 1e6:.1f} µs of "
            f"CPU a request ({other.cpu * 1e6:.1f} µs); each has a stack in the kernel besides."
        )
    recorder.finding(step, "note", text.strip(), explain="io.scale-memory", facts=(table,))


def _one(outcomes: Sequence[Outcome], model: str, whole: bool = True) -> Outcome | None:
    """The model's largest run that was whole, or that was not."""
    found = [one for one in outcomes if one.model == model and one.whole == whole]
    return found[-1] if found else None
