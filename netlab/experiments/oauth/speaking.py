"""Whoever asks over HTTP: each message is written down as it is sent, and as it comes."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from netlab.dissect import http1 as dissect
from netlab.experiments.oauth.world import MOST_SPOKEN, PATIENCE, Origin, World, origin_of
from netlab.network.http1 import Http1, NotHttp, Pairs, Reply

FORM = "application/x-www-form-urlencoded"
MOST_PARAMETERS = 100
SECRETS = (
    "access_token", "refresh_token", "id_token", "client_secret", "registration_access_token",
    "device_code", "user_code",
)  # fmt: skip
"""Members of an answer that are secrets."""


@dataclass(slots=True)
class Speaker:
    """actor: who is told to have said it. Connections are kept, one for each origin."""

    world: World
    actor: str
    lines: dict[Origin, Http1] = field(default_factory=dict)

    async def send(
        self, method: str, url: str, fields: Iterable[tuple[str, str]] = (), body: bytes = b""
    ) -> "Pending":
        """Returns once it is sent. Raises OSError, ValueError for what is no URL."""
        origin, parts = origin_of(url), urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = [("Host", origin.authority), ("User-Agent", "netlab"), *fields]
        if body or method == "POST":
            headers.append(("Content-Length", str(len(body))))
        line = self.lines.get(origin)
        if line is not None and not line.again:
            await line.stream.close()
            line = None
        if line is None:
            line = self.lines[origin] = Http1(await self.world.connect(origin))
        start = line.stream.tape.total("sent")
        await line.ask(method, target, headers, body, PATIENCE)
        pending = Pending(self, origin, line, method, url)
        pending.tell("sent", start)
        return pending

    async def ask(
        self, method: str, url: str, fields: Iterable[tuple[str, str]] = (), body: bytes = b""
    ) -> Reply:
        return await (await self.send(method, url, fields, body)).answer()

    async def post(
        self, url: str, form: Mapping[str, str], fields: Iterable[tuple[str, str]] = ()
    ) -> "Pending":
        """A form, as OAuth's endpoints take them (RFC 6749 Appendix B)."""
        headers = (("Content-Type", FORM), ("Accept", "application/json"), *fields)
        return await self.send("POST", url, headers, urlencode(form).encode())

    async def close(self) -> None:
        for line in self.lines.values():
            await line.stream.close()


@dataclass(slots=True)
class Pending:
    """A request that is on its way."""

    speaker: Speaker
    origin: Origin
    line: Http1
    method: str
    url: str

    async def answer(self) -> Reply:
        """Raises OSError."""
        start = self.line.stream.tape.total("received")
        try:
            reply = await self.line.answer(PATIENCE)
        except OSError as error:
            self.line.again = False
            raise NotHttp(f"{self.origin.authority}: {str(error) or 'no answer in time'}") from None
        self.tell("received", start, reply)
        return reply

    def tell(self, direction: Any, start: int, reply: Reply | None = None) -> None:
        """Write the message down, from the tape."""
        world, tape = self.speaker.world, self.line.stream.tape
        found = {} if reply is None else said(reply)
        inside = [str(found[name]) for name in SECRETS if name in found]
        world.hide(*inside)
        body = b"" if reply is None else reply.body
        wire = world.message(tape.data(direction, start), body, inside)
        if len(world.spoken) >= MOST_SPOKEN:
            return
        parsed = dissect.request(wire) if reply is None else dissect.response(wire, self.method)
        ends = (self.speaker.actor, world.actor_of(self.origin))
        title = asked(self.method, self.url) if reply is None else told(reply, self.url)
        world.bench.recorder.message(
            world.step, *(ends if reply is None else ends[::-1]), "HTTP/1.1", title, wire,
            parsed.fields, tape.last_at(direction), plaintext=self.origin.secure,
        )  # fmt: skip


def asked(method: str, url: str) -> str:
    """`GET /authorize, 8 parameters`."""
    parts = urlsplit(url)
    count = len(parse_qsl(parts.query, keep_blank_values=True, max_num_fields=MOST_PARAMETERS))
    more = f", {count} parameter{'s' if count > 1 else ''}" if count else ""
    return f"{method} {parts.path or '/'}{more}"


def told(reply: Reply, url: str) -> str:
    """`302 to auth.example.com/login`, `200 application/json`."""
    if 300 <= reply.status < 400 and reply.header("location"):
        parts = urlsplit(urljoin(url, reply.header("location")))
        more = " with a fragment" if parts.fragment else ""
        return f"{reply.status} to {parts.netloc}{parts.path}{more}"[:160]
    if (error := said(reply).get("error")) is not None:
        return f"{reply.status} {str(error)[:60]}"
    kind = reply.header("content-type").partition(";")[0]
    return f"{reply.status} {kind or reply.reason}"[:80]


def said(reply: Reply) -> dict[str, Any]:
    """A JSON object's members; none where the answer is something else. Raises nothing.

    Some providers answer with a form, which RFC 6749 §5.1 does not allow.
    """
    if reply.header("content-type").startswith(FORM):
        return dict(_first(reply.body.decode("utf-8", "replace")))
    try:
        value = json.loads(reply.body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def query_of(url: str) -> dict[str, str]:
    """The parameters of a URL's query, the first of each name."""
    return _first(urlsplit(url).query)


def fragment_of(url: str) -> dict[str, str]:
    return _first(urlsplit(url).fragment)


def _first(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_PARAMETERS)
    except ValueError:
        return {}
    for name, value in pairs:
        found.setdefault(name, value)
    return found


__all__ = ["NotHttp", "Pairs", "Reply", "Speaker", "fragment_of", "query_of", "said"]
