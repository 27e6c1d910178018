"""Chapter 6: a TCP connection, by a race of the addresses that the name has.

SYN, SYN-ACK and ACK are no messages of the recording: nobody captured them. What is measured is
when `connect` was called and when the kernel said that it was done.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from netlab.addresses import endpoint
from netlab.experiments.bench import Bench
from netlab.experiments.trace.connect_findings import judge_failure, judge_race, judge_segments
from netlab.network import kernel, race
from netlab.network.race import ATTEMPT_DELAY, Attempt, Connect, Family, Race
from netlab.network.stream import TcpStream
from netlab.recording.records import Outcome, Value

ErrorCode = Literal["refused", "unreachable", "timeout", "reset", "no-address"]


@dataclass(frozen=True, slots=True)
class Connected:
    """A connection. address and port are as a person sees them."""

    stream: TcpStream
    address: str
    port: int
    race: Race

    @property
    def round_trip(self) -> float:
        """Seconds from SYN to SYN-ACK, as the socket shows them."""
        won = self.race.won
        return 0.0 if won is None else won.end - won.start


async def run(
    bench: Bench,
    addresses: Sequence[str],
    port: int,
    *,
    timeout: float,
    host: str | None = None,
    family: Family | None = None,
    delay: float = ATTEMPT_DELAY,
    connect: Connect = race.connect,
) -> Connected | ErrorCode:
    """Connect to one of the addresses, or say why none. host: for curl's `--connect-to`."""
    recorder = bench.recorder
    step = bench.step("tcp", "TCP")
    with recorder.phase(step, "TCP connect", "network") as opened:
        result = await race.race(
            addresses,
            port,
            lambda address, port: bench.network.dialled(address, port, "tcp"),
            recorder.now,
            timeout=timeout,
            family=family,
            delay=delay,
            connect=connect,
        )
        if result.winner is None:
            opened.outcome = "failed"
    _phases(bench, step, opened.id, result)
    attempts = _race_facts(bench, step, result)
    if result.winner is None or result.won is None:
        return _failed(bench, step, result, attempts)
    recorder.fact(
        step, "tcp.losers_cost", result.losers_cost, "s", origin="computed",
        note="from the first attempt to the winner's own",
    )  # fmt: skip
    _connection_facts(bench, step, result.winner, result.won, host)
    judge_race(recorder, step, result, attempts)
    return Connected(result.winner, result.won.address, port, result)


def reused(bench: Bench, connected: Connected) -> None:
    """Tell of a visit that goes over a connection which is open already."""
    step = bench.step("tcp", "TCP")
    local = connected.stream.sock.getsockname()
    for name, value in _ends(connected.address, connected.port, local).items():
        bench.recorder.fact(step, name, value, origin="kernel", actor="kernel")
    bench.recorder.fact(step, "tcp.reused", True)


def after(bench: Bench, stream: TcpStream) -> None:
    """Read again, when the journey is over, what the kernel learnt from the connection."""
    step = bench.step("tcp", "TCP")
    info = kernel.tcp_info(stream.sock) if stream.sock.fileno() != -1 else None
    if info is None:
        return
    recorder = bench.recorder
    recorder.fact(step, "tcp.after.rtt", info.rtt, "s", origin="kernel", actor="kernel")
    recorder.fact(step, "tcp.after.cwnd", info.window, origin="kernel", actor="kernel")
    lost = recorder.fact(
        step, "tcp.after.retransmits", info.retransmits, origin="kernel", actor="kernel"
    )
    judge_segments(recorder, step, info.retransmits, lost)


def _phases(bench: Bench, step: str, parent: str, result: Race) -> None:
    """The journey's leaves at the instants of the socket, and every attempt beside them."""
    recorder, won = bench.recorder, result.won
    if won is None:
        recorder.span(
            step, "no connection", result.start, result.end, "network", parent=parent,
            outcome="failed",
        )  # fmt: skip
    else:
        first = result.attempts[0]
        if won is not first:
            recorder.span(
                step, "other addresses first", first.start, won.start, "network", parent=parent
            )
        recorder.span(step, "TCP handshake", won.start, won.end, "network", parent=parent)
    for attempt in result.attempts:
        recorder.span(
            step, f"connect to {attempt.address}", attempt.start, attempt.end, "network", "detail",
            lane=attempt.address, parent=parent, outcome=_outcome(attempt),
            note=attempt.error or attempt.fate,
        )  # fmt: skip


def _outcome(attempt: Attempt) -> Outcome:
    if attempt.fate == "won":
        return "done"
    return "cut" if attempt.fate == "cut" else "failed"


def _race_facts(bench: Bench, step: str, result: Race) -> str:
    """Answers the id of `tcp.attempts`, which findings rest on."""
    recorder = bench.recorder
    rows: list[Value] = [
        {
            "address": a.address,
            "family": a.family,
            "start": a.start,
            "end": a.end,
            "fate": a.fate,
            "error": a.error,
        }
        for a in result.attempts
    ]
    recorder.fact(
        step, "tcp.race_delay", result.delay, "s", origin="configured",
        note="Connection Attempt Delay, Happy Eyeballs version 2 (RFC 8305 §5)",
    )  # fmt: skip
    return recorder.fact(step, "tcp.attempts", rows)


def _failed(bench: Bench, step: str, result: Race, attempts: str) -> ErrorCode:
    code = error_code(result)
    recorder = bench.recorder
    recorder.fact(step, "tcp.error", code, origin="computed")
    if result.attempts:
        recorder.fact(step, "tcp.remote_address", result.attempts[-1].address, origin="configured")
        recorder.fact(step, "tcp.remote_port", result.attempts[-1].port, origin="configured")
    judge_failure(recorder, step, code, result, attempts)
    return code


def error_code(result: Race) -> ErrorCode:
    """One word for a race that nobody won: what tells most of the server comes first."""
    fates = {attempt.fate for attempt in result.attempts}
    if not fates:
        return "no-address"
    if result.expired:
        return "timeout"
    for code in ("refused", "reset", "timeout"):
        if code in fates:
            return code
    return "unreachable"


def _connection_facts(
    bench: Bench, step: str, stream: TcpStream, won: Attempt, host: str | None
) -> None:
    recorder = bench.recorder
    ends = _ends(won.address, won.port, stream.sock.getsockname())
    for name, value in ends.items():
        recorder.fact(step, name, value, origin="kernel", actor="kernel")
    for name, value in _dialled(won, host).items():
        recorder.fact(step, name, value, origin="configured")
    recorder.fact(
        step, "tcp.connect_time", won.end - won.start, "s",
        note="the winner's own: from connect() to the kernel's word that it is done",
    )  # fmt: skip
    recorder.fact(step, "tcp.reused", False)
    _kernel_facts(bench, step, stream)


def _kernel_facts(bench: Bench, step: str, stream: TcpStream) -> None:
    info = kernel.tcp_info(stream.sock)
    if info is None:
        return
    told: tuple[tuple[str, Value, str | None], ...] = (
        ("tcp.rtt", info.rtt, "s"),
        ("tcp.rttvar", info.rttvar, "s"),
        ("tcp.mss", info.mss, "B"),
        ("tcp.cwnd", info.window, None),
        ("tcp.retransmits", info.retransmits, None),
    )
    for name, value, unit in told:
        bench.recorder.fact(
            step, name, value, unit, origin="kernel", actor="kernel",
            note="right after the handshake",
        )  # fmt: skip


def _ends(address: str, port: int, local: tuple[str, int]) -> dict[str, Value]:
    return {
        "tcp.remote_address": address,
        "tcp.remote_port": port,
        "tcp.local_address": local[0],
        "tcp.local_port": local[1],
    }


def _dialled(won: Attempt, host: str | None) -> dict[str, Value]:
    """Where the connection really goes, and how to tell curl and openssl of it."""
    where, port = won.dialled or (won.address, won.port)
    facts: dict[str, Value] = {"tcp.dialled_host": where, "tcp.dialled_port": port}
    if (where, port) != (won.address, won.port):
        facts["tcp.dialled"] = endpoint(where, port)
    if host is not None:
        facts["tcp.connect_to"] = f"{host}:{won.port}:{endpoint(where, port)}"
    return facts
