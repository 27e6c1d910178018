"""The opening handshake, step by step (RFC 6455 §4)."""

from netlab.dissect.websocket_accept import GUID, accept
from netlab.errors import Exit
from netlab.experiments.bench import Bench
from netlab.experiments.trace.exchangetime import local_port
from netlab.experiments.websocket.options import Options
from netlab.experiments.websocket.reach import Clock, Reached
from netlab.experiments.websocket.told import Teller, http_message
from netlab.network import websocket
from netlab.network.stream import Stream
from netlab.network.websocket import Connection
from netlab.network.websocket_opening import Answer, Declined, Why, Wish
from netlab.recording.records import Value

PLAIN_ANSWERS = {
    401: "It wants credentials first: -H 'Authorization: …' sends them with the opening.",
    403: "It knows the request and refuses it: an Origin that it does not like is the usual cause.",
    404: "There is no WebSocket at this path.",
    426: "It wants another protocol or version: see its Upgrade and Sec-WebSocket-Version.",
    429: "Too many openings: wait, then try again.",
}


def wish_of(options: Options) -> Wish:
    typed = options.target.typed
    return Wish(
        typed.authority, typed.request_target, options.subprotocols, options.headers,
        options.origin, options.deflate,
    )  # fmt: skip


async def open(
    bench: Bench, options: Options, reached: Reached, clock: Clock
) -> tuple[Connection, Teller] | Exit:
    """Write the chapter of the opening; what comes of it, or how the command ends."""
    step = bench.step("ws.opening", "The opening handshake")
    wish = wish_of(options)
    stream = reached.stream
    with bench.recorder.phase(step, "opening handshake", "far end") as phase:
        result = await websocket.open(stream, wish, min(clock.left, 10.0))
        if isinstance(result, Declined):
            phase.outcome = "failed"
    _asked(bench, step, options, result.key)
    if isinstance(result, Declined):
        return await _declined(bench, step, stream, result)
    teller = Teller(bench, result)
    teller.opening(step)
    _accepted(bench, step, result)
    _same_connection(bench, step, stream, result)
    return result, teller


def _asked(bench: Bench, step: str, options: Options, key: str) -> None:
    fact = bench.recorder.fact
    fact(step, "ws.url", options.target.url, origin="configured")
    fact(step, "ws.key", key, origin="captured", note="16 random octets in base64")
    if options.origin is not None:
        fact(step, "ws.origin", options.origin, origin="configured")
    if options.subprotocols:
        fact(step, "ws.subprotocols_offered", [*options.subprotocols], origin="configured")
    fact(step, "ws.deflate_offered", options.deflate, origin="configured")


def _accepted(bench: Bench, step: str, connection: Connection) -> None:
    fact, made = bench.recorder.fact, accept(connection.key)
    fact(step, "ws.status", connection.answer.status, origin="captured")
    fact(step, "ws.accept", connection.answer.header("sec-websocket-accept"), origin="captured")
    steps: list[Value] = [
        {"step": "the key, as a string", "value": made.key},
        {"step": "and the GUID behind it", "value": GUID},
        {"step": "SHA-1 of both", "value": made.digest.hex()},
        {"step": "in base64", "value": made.value},
    ]
    fact(step, "ws.accept_steps", steps, origin="computed", note="RFC 6455 §4.2.2")
    fact(step, "ws.accept_expected", made.value, origin="computed", note="RFC 6455 §4.2.2")
    fact(step, "ws.subprotocol", connection.subprotocol, origin="captured")
    said = connection.answer.header("sec-websocket-extensions")
    fact(step, "ws.extensions", said or "none", origin="captured")


def _same_connection(bench: Bench, step: str, stream: Stream, connection: Connection) -> None:
    """The octet at which HTTP ends: before it a line of text, after it a frame."""
    fact = bench.recorder.fact
    sent, received = connection.frames_at
    fact(step, "ws.http_octets_sent", sent, "B", "captured", note="the request, whole")
    fact(step, "ws.http_octets_received", received, "B", "captured", note="the 101, whole")
    peer = stream.sock.getpeername()
    local = local_port(stream)
    if local is not None:
        fact(step, "ws.local_port", local, origin="kernel")
    fact(step, "ws.peer_port", peer[1], origin="kernel", note="the socket's, before and after")


async def _declined(bench: Bench, step: str, stream: Stream, declined: Declined) -> Exit:
    """HTTP's answer told as HTTP, or what else came instead of a 101."""
    secure = stream.wire is not stream.tape
    for direction in ("sent", "received"):
        wire = stream.tape.data("sent" if direction == "sent" else "received")
        if wire:
            at = stream.tape.last_at("sent" if direction == "sent" else "received") or 0.0
            http_message(
                bench, step, wire, "sent" if direction == "sent" else "received", at, secure
            )
    await stream.close()
    tell_declined(bench, step, declined)
    return Exit.TIMEOUT if declined.why == "timeout" else Exit.HTTP


def tell_declined(bench: Bench, step: str, declined: Declined) -> None:
    fact, answer = bench.recorder.fact, declined.answer
    error = fact(step, "ws.error", declined.why, origin="computed")
    if answer.status:
        fact(step, "ws.status", answer.status, origin="captured")
        if answer.reason:
            fact(step, "ws.reason", answer.reason, origin="captured")
        if location := answer.header("location"):
            fact(step, "ws.location", location, origin="captured")
        if kind := answer.header("content-type"):
            fact(step, "ws.content_type", kind, origin="captured")
    title = f"No WebSocket: {declined.text}"
    rule = f" ({declined.rule})" if declined.rule and declined.why != "status" else ""
    bench.recorder.finding(
        step, "fault", f"{title}{rule}.", advice_for(declined.why, answer), (error,), "websocket"
    )


def advice_for(why: Why, answer: Answer) -> str:
    """The most likely cause, and what to try."""
    if why != "status":
        return {
            "timeout": "The port is open, but nothing speaks WebSocket there in time.",
            "closed": "Another protocol may live on this port, or a proxy cut the line.",
            "garbage": "Another protocol lives on this port: a TLS port asked in the clear, "
            "for instance. Try wss:// for ws://, or the other way round.",
            "alpn": "Leave --http2 out: over HTTP/1.1 the opening is an Upgrade.",
            "setting": "Few servers speak WebSocket over HTTP/2. Leave --http2 out: a browser "
            "would open a connection of its own over HTTP/1.1 then.",
            "fields": "HTTP/2 has no Connection, no Upgrade and no Host (RFC 9113 §8.2.2): "
            "leave them out of -H.",
        }.get(why, "A server that answers so is at fault, or a proxy before it changed the answer.")
    if 300 <= answer.status < 400:
        where = answer.header("location") or "elsewhere"
        return f"It redirects to {where}. Browsers do not follow one here: open that URL instead."
    if answer.status == 200:
        return (
            "An ordinary page answered: the path is wrong, or a proxy on the way dropped Upgrade, "
            "which is a field for one hop (RFC 9110 §7.8)."
        )
    return PLAIN_ANSWERS.get(answer.status, "The server's logs say why it refused.")
