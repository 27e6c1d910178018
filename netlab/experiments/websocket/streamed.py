"""The opening over HTTP/2 (RFC 8441), and frames with the DATA frames that carry them."""

from bisect import bisect_left
from collections.abc import Sequence

from h2.exceptions import ProtocolError

from netlab.errors import Exit
from netlab.experiments.bench import Bench
from netlab.experiments.trace.exchangetime import local_port
from netlab.experiments.trace.spoken import Place, Transcript
from netlab.experiments.websocket.opening import tell_declined, wish_of
from netlab.experiments.websocket.options import Options
from netlab.experiments.websocket.reach import Clock, Reached
from netlab.experiments.websocket.told import Seen, Teller
from netlab.network import websocket2
from netlab.network.tape import Direction
from netlab.network.websocket import Connection, Declined, Wish
from netlab.network.websocket2 import Http2
from netlab.recording.records import Value


class Streamed(Teller):
    """Tells of HTTP/2's own frames as well. carriers: for each direction, where DATA frames end."""

    def __init__(self, bench: Bench, connection: Connection, transcript: Transcript) -> None:
        super().__init__(bench, connection)
        self.transcript = transcript
        self.carriers: dict[Direction, list[tuple[int, str]]] = {"sent": [], "received": []}

    def frames(self, step: str) -> Sequence[Seen]:
        marks = self.transcript.write(Place(self.bench, step, "server", True))
        for carried in marks.carried:
            if carried.stream == self.stream and carried.octets:
                ends = self.carriers[carried.direction]
                ends.append(((ends[-1][0] if ends else 0) + carried.octets, carried.message))
        return super().frames(step)

    @property
    def stream(self) -> int:
        tunnel = self.connection.stream
        return tunnel.number if isinstance(tunnel, websocket2.Tunnel) else 0

    def carrier(self, seen: Seen) -> str | None:
        """The DATA frame with this frame's last octet."""
        ends = self.carriers[seen.direction]
        at = bisect_left(ends, (seen.frame.offset + seen.frame.length, ""))
        return ends[at][1] if at < len(ends) else None


async def open(
    bench: Bench, options: Options, reached: Reached, clock: Clock
) -> tuple[Connection, Teller] | Exit:
    """Write the chapter of the opening; what comes of it, or how the command ends."""
    step = bench.step("ws.h2", "The opening, over HTTP/2")
    wish, transcript = wish_of(options), Transcript(reached.stream)
    place = Place(bench, step, "server", True)
    with bench.recorder.phase(step, "extended CONNECT", "far end") as phase:
        result = await websocket2.open(reached.stream, wish, min(clock.left, 10.0))
        if isinstance(result, Declined):
            phase.outcome = "failed"
    bench.recorder.fact(step, "ws.url", options.target.url, origin="configured")
    _asked(bench, step, wish)
    if isinstance(result, Declined):
        transcript.write(place)
        await reached.stream.close()
        tell_declined(bench, step, result)
        return Exit.TIMEOUT if result.why == "timeout" else Exit.HTTP
    connection, http = result
    transcript.write(place)
    teller = Streamed(bench, connection, transcript)
    _accepted(bench, step, teller, reached)
    await _beside(bench, step, options, http)
    transcript.write(place)
    return connection, teller


def _asked(bench: Bench, step: str, wish: Wish) -> None:
    rows: list[Value] = [
        {"name": name, "value": value} for name, value in websocket2.pseudo_headers(wish)
    ]
    bench.recorder.fact(step, "ws.pseudo_headers", rows, origin="configured",
                        note="RFC 8441 §4 and §5")  # fmt: skip
    bench.recorder.fact(step, "ws.deflate_offered", wish.deflate, origin="configured")


def _accepted(bench: Bench, step: str, teller: Streamed, reached: Reached) -> None:
    fact, connection = bench.recorder.fact, teller.connection
    fact(step, "ws.connect_protocol", 1, origin="captured",
         note="SETTINGS_ENABLE_CONNECT_PROTOCOL, RFC 8441 §3")  # fmt: skip
    fact(step, "ws.status", connection.answer.status, origin="captured")
    fact(step, "ws.stream", teller.stream, origin="captured")
    fact(step, "ws.subprotocol", connection.subprotocol, origin="captured")
    said = connection.answer.header("sec-websocket-extensions")
    fact(step, "ws.extensions", said or "none", origin="captured")
    port = local_port(reached.stream)
    if port is not None:
        fact(step, "ws.local_port", port, origin="kernel")


async def _beside(bench: Bench, step: str, options: Options, http: Http2) -> None:
    """A page over the same connection, while the WebSocket stands on it."""
    typed = options.target.typed
    with bench.recorder.phase(step, "a page beside it", "far end", path="aside") as phase:
        try:
            number, answer = await websocket2.beside(http, typed.authority, "/", options.patience)
        except (OSError, ProtocolError) as error:
            phase.outcome = "failed"
            bench.recorder.fact(step, "ws.beside_error", str(error) or "no answer in time")
            return
    bench.recorder.fact(step, "ws.beside_stream", number, origin="captured")
    bench.recorder.fact(step, "ws.beside_status", answer.status, origin="captured")
