"""Why no Socket.IO came of it, read off what passed, in words that a person can act on."""

import json
from collections.abc import Sequence

from netlab.errors import Exit
from netlab.experiments.bench import Bench
from netlab.experiments.socketio.clients import Client, Transport
from netlab.experiments.socketio.wire import Item

SHOWN = 200
CODES = {
    0: ("it does not know this transport", "Try --transport polling, or --transport websocket."),
    1: (
        "it does not know the session that it has just opened",
        "Several servers share this address, and requests of one session reach different ones: "
        "the balancer needs sticky sessions, or the client --transport websocket.",
    ),
    2: ("it wanted another method", "A proxy may have changed the request on the way."),
    3: (
        "it calls the request bad",
        "A server that allows one transport only says so: try --transport websocket, or polling.",
    ),
    4: ("it forbids it", "It may want a header or a token: -H sends one, the URL's query another."),
    5: (
        "it speaks another version of Engine.IO",
        "netlab speaks version 4, that of Socket.IO 3 and later; a server of Socket.IO 2 speaks 3, "
        "and has to be brought up to date for it.",
    ),
}
"""Engine.IO's error codes, which come in a 400's or 403's JSON."""


def failed(
    bench: Bench, step: str, client: Client, error: Exception, transport: Transport | None
) -> Exit:
    """Write down what came instead, and say how the command ends."""
    items = client.told.tell(step)
    late = isinstance(error, TimeoutError)
    code, words, advice = reason(items, late, str(error), transport)
    refused = next((one.refused for one in client.relay.connections if one.refused), "")
    if refused and not items_received(items):
        code, words, advice = (
            "unreachable", f"a further connection failed: {refused}",
            "The first one had been accepted; the server may be restarting, or limit connections.",
        )  # fmt: skip
    fact = bench.recorder.fact(step, "socketio.error", code, origin="computed")
    bench.recorder.finding(
        step, "fault", f"No Socket.IO: {words}.", advice, (fact,), "socketio"
    )  # fmt: skip
    if code == "unreachable":
        return Exit.CONNECT
    return Exit.TIMEOUT if code == "timeout" else Exit.HTTP


def items_received(items: Sequence[Item]) -> bool:
    return any(item.direction == "received" for item in items)


def reason(
    items: Sequence[Item], late: bool, said: str, transport: Transport | None
) -> tuple[str, str, str]:
    """A word, a clause and a piece of advice."""
    refusal = next((item for item in items if item.holds("CONNECT_ERROR", False)), None)
    if refusal is not None:
        return _namespace(refusal)
    answers = [item for item in items if item.kind == "response"]
    if any(item.kind == "octets" for item in items if item.direction == "received"):
        return (
            "garbage", "what came back is not HTTP",
            "Another protocol lives on this port: TLS, for instance. Try https:// for http://.",
        )  # fmt: skip
    for answer in answers:
        if answer.http is not None and answer.http.status not in (200, 101):
            return _status(answer, transport)
    if any(item.holds("malformed", False) for item in items):
        return (
            "no-engine.io", "the answer holds no Engine.IO packet",
            "A page may have answered in its place, or a server of Socket.IO 2 or older: "
            "--path says where on the server Socket.IO lives.",
        )  # fmt: skip
    if any(item.holds("open", False) for item in items):
        return (
            "timeout", "a session was opened, and the namespace never answered",
            "The server may wait for a token, or for something of its own; its logs say for what.",
        )  # fmt: skip
    if answers:
        return (
            "no-engine.io", "a WebSocket was opened, and no open packet came",
            "A plain WebSocket server lives there: netlab ws handshake speaks with it.",
        ) if transport == "websocket" or late else (
            "no-engine.io", "the answer is no Engine.IO open packet",
            "An ordinary page answered: --path says where on the server Socket.IO lives.",
        )  # fmt: skip
    if late:
        return "timeout", "no answer came in time", "The port is open, but nobody answers there."
    return (
        "closed", f"the connection ended without an answer ({said[:SHOWN]})",
        "Another protocol may live on this port, or a proxy cut the line.",
    )  # fmt: skip


def _namespace(item: Item) -> tuple[str, str, str]:
    packet = next(one for one in item.sockets if one.type == "CONNECT_ERROR")
    why = message_of(packet.arguments[0] if packet.arguments else "")
    return (
        "namespace", f"the server refuses the namespace {packet.namespace} ({why})",
        "Its name may be wrong, or its server wants a token first.",
    )  # fmt: skip


def message_of(text: str) -> str:
    """The message in a refusal's JSON, or the text as it is."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text[:SHOWN]
    said = found.get("message", text) if isinstance(found, dict) else found
    return str(said)[:SHOWN]


def _status(item: Item, transport: Transport | None) -> tuple[str, str, str]:
    assert item.http is not None
    status, body = item.http.status or 0, item.http.body
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    number = found.get("code") if isinstance(found, dict) else None
    if isinstance(number, int) and number in CODES:
        words, advice = CODES[number]
        return "engine.io", f"the server answered {status}: {words}", advice
    if 300 <= status < 400:
        where = next((v for n, v in item.http.headers if n.lower() == "location"), "elsewhere")
        return (
            "status",
            f"it redirects to {where.partition('?')[0][:SHOWN]}",
            "Give that URL instead.",
        )
    if status == 404:
        return (
            "status", "the server answered 404: there is nothing at this path",
            "--path says where on the server Socket.IO lives; /socket.io/ is usual.",
        )  # fmt: skip
    if transport == "websocket" and status in (400, 426):
        return (
            "status", f"the server answered {status} to Upgrade: websocket",
            "A proxy on the way may have dropped Upgrade: --transport polling would show that.",
        )  # fmt: skip
    advice = {
        401: "It wants credentials first: -H 'Authorization: …' sends them.",
        403: "It knows the request and refuses it: a token, or an Origin, may be missing.",
        503: "It is overloaded or not ready.",
    }.get(status, "The server's logs say why it refused.")
    return "status", f"the server answered {status}", advice
