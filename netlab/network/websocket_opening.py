"""The opening of a WebSocket: what a client asks, and how an answer is judged (RFC 6455 §4.1).

Nothing here reads or writes: `websocket` carries it over HTTP/1.1, `websocket2` over HTTP/2.
"""

import base64
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from websockets.exceptions import InvalidHandshake, NegotiationError
from websockets.extensions import Extension
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.headers import build_extension, parse_extension
from websockets.typing import ExtensionName

from netlab.dissect.websocket_accept import NONCE, accept

VERSION = "13"
DEFLATE = ExtensionName("permessage-deflate")
Why = Literal[
    "status", "upgrade", "connection", "accept", "extension", "subprotocol", "garbage", "closed",
    "timeout", "alpn", "setting", "fields",
]  # fmt: skip
RULES: dict[Why, str] = {
    "status": "RFC 6455 §4.1, client requirement 1",
    "upgrade": "RFC 6455 §4.1, client requirement 2",
    "connection": "RFC 6455 §4.1, client requirement 3",
    "accept": "RFC 6455 §4.1, client requirement 4",
    "extension": "RFC 6455 §4.1, client requirement 5",
    "subprotocol": "RFC 6455 §4.1, client requirement 6",
    "garbage": "RFC 9112 §2.1",
    "alpn": "RFC 7301 §3.2",
    "setting": "RFC 8441 §3",
    "fields": "RFC 9113 §8.2",
}
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Wish:
    """What a client asks for. authority: host, and port where it is not the scheme's own."""

    authority: str
    path: str = "/"
    subprotocols: Sequence[str] = ()
    headers: Pairs = ()
    origin: str | None = None
    deflate: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said to the opening. status 0: nothing that is HTTP."""

    status: int = 0
    reason: str = ""
    headers: Pairs = ()
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """All fields of this name as one value (RFC 9110 §5.2); None where there is none."""
        values = [value for key, value in self.headers if key.lower() == name]
        return ", ".join(values) if values else None


@dataclass(frozen=True, slots=True)
class Declined:
    """No WebSocket came of it. text: in plain words. key: empty over HTTP/2, which has none."""

    why: Why
    text: str
    answer: Answer
    key: str

    @property
    def rule(self) -> str:
        """What the answer broke, if any."""
        return RULES.get(self.why, "")


def new_key() -> str:
    """16 random octets in base64 (RFC 6455 §4.1)."""
    return base64.b64encode(secrets.token_bytes(NONCE)).decode("ascii")


def offer() -> ClientPerMessageDeflateFactory:
    """The permessage-deflate that is asked for: the client's window may be bounded."""
    return ClientPerMessageDeflateFactory(client_max_window_bits=True)


def request_fields(wish: Wish, key: str) -> Pairs:
    """The opening request's fields; those of the person's own replace ours of the same name."""
    ours = [
        ("Host", wish.authority),
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Key", key),
        ("Sec-WebSocket-Version", VERSION),
        *asked_fields(wish),
    ]
    given = {name.lower() for name, _ in wish.headers}
    return (*((name, value) for name, value in ours if name.lower() not in given), *wish.headers)


def asked_fields(wish: Wish) -> Iterator[tuple[str, str]]:
    """What is asked for beside the change itself, over HTTP/1.1 and HTTP/2 alike."""
    if wish.origin is not None:
        yield "Origin", wish.origin
    if wish.subprotocols:
        yield "Sec-WebSocket-Protocol", ", ".join(wish.subprotocols)
    if wish.deflate:
        params = list(offer().get_request_params())
        yield "Sec-WebSocket-Extensions", build_extension([(DEFLATE, params)])


class Refusal(Exception):
    """The answer breaks a rule that a client has to enforce."""

    def __init__(self, why: Why, text: str) -> None:
        super().__init__(text)
        self.why = why
        self.text = text


def judge(answer: Answer, wish: Wish, key: str) -> tuple[list[Extension], str | None]:
    """The extensions and the subprotocol that were agreed on. Raises Refusal (RFC 6455 §4.1)."""
    if answer.status != 101:
        raise Refusal("status", f"the server answered {answer.status}, not 101")
    if (answer.header("upgrade") or "").strip().lower() != "websocket":
        raise Refusal("upgrade", "the answer does not say Upgrade: websocket")
    options = {word.strip().lower() for word in (answer.header("connection") or "").split(",")}
    if "upgrade" not in options:
        raise Refusal("connection", "the answer does not say Connection: Upgrade")
    if (answer.header("sec-websocket-accept") or "").strip() != accept(key).value:
        raise Refusal("accept", "Sec-WebSocket-Accept is not what follows from the key")
    return agreed(answer, wish)


def agreed(answer: Answer, wish: Wish) -> tuple[list[Extension], str | None]:
    """Whether only what was asked for came back. Raises Refusal."""
    return _extensions(answer, wish), _subprotocol(answer, wish)


def _extensions(answer: Answer, wish: Wish) -> list[Extension]:
    said = answer.header("sec-websocket-extensions")
    if said is None:
        return []
    found: list[Extension] = []
    try:
        for name, params in parse_extension(said):
            if name != DEFLATE or not wish.deflate or found:
                raise Refusal("extension", f"nobody had asked for the extension {name}")
            found.append(offer().process_response_params(params, found))
    except (InvalidHandshake, NegotiationError) as error:
        raise Refusal("extension", f"its extensions cannot be used: {error}") from None
    return found


def _subprotocol(answer: Answer, wish: Wish) -> str | None:
    said = answer.header("sec-websocket-protocol")
    if said is not None and said.strip() not in wish.subprotocols:
        raise Refusal("subprotocol", f"nobody had asked for the subprotocol {said}")
    return None if said is None else said.strip()
