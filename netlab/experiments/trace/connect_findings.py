"""Judgements on connecting: what went wrong, the likely cause, and what to look at next."""

from netlab.network.race import Race
from netlab.recording.recorder import Recorder

FAILURES: dict[str, tuple[str, str]] = {
    "refused": (
        "{who} refused the connection on port {port}",
        "The machine is there, and nothing listens on that port: the service is down, listens "
        "elsewhere, or a firewall refuses in its name. Is the port right, does the service run?",
    ),
    "unreachable": (
        "No way leads to {who}",
        "Your kernel, or a router on the way, says that the address cannot be reached: no route, "
        "no network, or an address that is not in use. Look at chapter 5, and try another network.",
    ),
    "timeout": (
        "Nothing came back from {who} on port {port}",
        "Every SYN stayed without an answer: a firewall drops it silently, or the machine is "
        "down. A refusal would have come at once. Try another port of the same address, and "
        "another network.",
    ),
    "reset": (
        "The connection to {who} was reset before it stood",
        "The server's system, or a firewall in between, threw it away. Try from another network "
        "to learn which.",
    ),
    "no-address": (
        "There is no address to connect to",
        "The name has none of the family that was asked for. Try without -4 or -6.",
    ),
}

SYN_TIMEOUT = 0.9
"""Seconds. A SYN that got lost is sent again after 1 s, then 3 s (RFC 6298 §2, §5)."""


def judge_failure(recorder: Recorder, step: str, code: str, result: Race, attempts: str) -> None:
    title, advice = FAILURES[code]
    tried = sorted({attempt.address for attempt in result.attempts})
    who = tried[0] if len(tried) == 1 else f"each of the {len(tried)} addresses"
    port = result.attempts[0].port if result.attempts else 0
    said = title.format(who=who, port=port)
    recorder.finding(step, "fault", said[0].upper() + said[1:], advice, (attempts,))


def judge_race(recorder: Recorder, step: str, result: Race, attempts: str) -> None:
    """What the race says although somebody won it."""
    won = result.won
    if won is None:
        return
    six = [a for a in result.attempts if a.family == 6 and a.fate not in ("won", "cut")]
    silent = [a for a in result.attempts if a.family == 6 and a.fate == "cut"]
    if won.family == 4 and silent and result.losers_cost > 0:
        recorder.finding(
            step,
            "warning",
            f"IPv6 did not answer: {result.losers_cost * 1000:.0f} ms were lost before IPv4 was "
            "tried",
            "Every new connection to this name pays that. Either the server's AAAA record points "
            "at nothing, or IPv6 is broken on the way: try another name with -6 to learn which.",
            (attempts,),
            "happy-eyeballs",
        )
    elif won.family == 4 and six:
        recorder.finding(
            step,
            "note",
            f"IPv6 failed at once ({six[0].error or six[0].fate}), so IPv4 was used",
            "That costs next to nothing. If you have IPv6 elsewhere, look at chapter 5 with -6.",
            (attempts,),
            "happy-eyeballs",
        )
    if won.end - won.start >= SYN_TIMEOUT:
        recorder.finding(
            step,
            "warning",
            f"The handshake took {won.end - won.start:.2f} s",
            "A first SYN that gets lost is sent again after one second, then after three. The way "
            "is overloaded or drops packets, or the server's queue is full.",
            (attempts,),
            "syn",
        )


def judge_segments(recorder: Recorder, step: str, retransmits: int, fact: str) -> None:
    if retransmits:
        recorder.finding(
            step,
            "note",
            f"{retransmits} segments were sent again on this connection",
            "Something got lost on the way. A few are normal on wireless links; many make "
            "everything slow.",
            (fact,),
            "tcp-info",
        )
