"""The connection under a WebSocket: name, TCP and TLS, by the chapters of the trace."""

from dataclasses import dataclass, field

from netlab.errors import Exit
from netlab.experiments.bench import Bench
from netlab.experiments.trace import connect, lookup, places, secure
from netlab.experiments.trace.connect import Connected
from netlab.experiments.trace.secure import Anchors, Secured
from netlab.experiments.websocket.options import Options
from netlab.network import race
from netlab.network.stream import Stream, TcpStream
from netlab.network.tls import handshake

CONNECT_PATIENCE = 10.0
TLS_PATIENCE = 10.0
ROLE = "WebSocket server"


@dataclass(slots=True)
class Reached:
    """A connection that HTTP can use, and what its other ones to the same place need."""

    connected: Connected
    secured: Secured | None
    addresses: tuple[str, ...]
    anchors: Anchors | None

    @property
    def stream(self) -> Stream:
        return self.connected.stream if self.secured is None else self.secured.stream


@dataclass(slots=True)
class Clock:
    """The time that is left of the whole."""

    bench: Bench
    end: float
    anchors: Anchors | None = field(default=None)

    @classmethod
    def of(cls, bench: Bench, options: Options) -> "Clock":
        return cls(bench, bench.recorder.now() + options.max_time)

    @property
    def left(self) -> float:
        return max(0.001, self.end - self.bench.recorder.now())


def anchors_for(bench: Bench, options: Options) -> Anchors | None:
    """What TLS trusts, loaded before any clock. Raises NetlabError for a file it cannot use."""
    if not options.target.secure:
        return None
    offered = ("h2",) if options.http2 else ("http/1.1",)
    return secure.load_anchors(bench, insecure=options.insecure, alpn=offered)


async def reach(bench: Bench, options: Options, clock: Clock, role: str = ROLE) -> Reached | Exit:
    """Find the host, connect, and shake hands where the URL says wss."""
    typed = options.target.typed
    anchors = anchors_for(bench, options)
    bench.recorder.actor("you", "you", "client")
    place = places.run(bench, typed.host, typed.literal)
    found = await lookup.run(bench, typed.host, place, options.family, typed.port)
    if found.error is not None:
        return Exit.TIMEOUT if found.error == "timeout" else Exit.NAME
    return await dial(bench, options, clock, found.addresses, anchors, role)


async def dial(
    bench: Bench,
    options: Options,
    clock: Clock,
    addresses: tuple[str, ...],
    anchors: Anchors | None,
    role: str = ROLE,
) -> Reached | Exit:
    """TCP, and TLS where the URL says wss."""
    typed = options.target.typed
    connected = await connect.run(
        bench, addresses, typed.port, timeout=min(clock.left, CONNECT_PATIENCE), host=typed.host,
        family=options.family,
    )  # fmt: skip
    if not isinstance(connected, Connected):
        return Exit.TIMEOUT if connected == "timeout" else Exit.CONNECT
    bench.recorder.actor("server", typed.host, role)
    secured = None
    if anchors is not None:
        result = await secure.run(
            bench, connected.stream, typed.host, anchors,
            timeout=min(clock.left, TLS_PATIENCE), trip=connected.round_trip,
        )  # fmt: skip
        if not isinstance(result, Secured):
            return Exit.TIMEOUT if result == "timeout" else Exit.TLS
        secured = result
    return Reached(connected, secured, addresses, anchors)


async def another(bench: Bench, options: Options, reached: Reached, timeout: float) -> Stream:
    """One more connection to the same place, which no chapter tells of. Raises OSError."""
    typed = options.target.typed
    address = reached.connected.address
    sock = await race.connect(bench.network.dialled(address, typed.port, "tcp"))
    stream = TcpStream(sock, bench.recorder.now)
    if reached.anchors is None:
        return stream
    result = await handshake(stream, reached.anchors.trust, typed.host.rstrip("."), timeout=timeout)
    if result.stream is None:
        await stream.close()
        raise OSError("TLS failed")
    return result.stream
