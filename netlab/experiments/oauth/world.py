"""A run of OAuth: where servers are found, whom TLS trusts, and which chapter is being told."""

import asyncio
import ipaddress
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import quote, quote_plus, urlsplit

from netlab.dissect import masks
from netlab.experiments.bench import Bench
from netlab.experiments.oauth.questions import ASKS
from netlab.network import race, trust
from netlab.network.base import SocketAddress
from netlab.network.stream import Stream, TcpStream
from netlab.network.tls import handshake
from netlab.network.trust import Trust
from netlab.recording.records import Owner, Value

PATIENCE = 10.0
"""Seconds for a connection, and for an answer."""
MOST_LINES, LONGEST_LINE = 40, 1200
SHORTEST = 4
"""Characters that a secret has at the least; anything shorter would blot out half of a page."""
SHOWN = 12
BLOTS = re.compile(rf"\*{{{2 * SHOWN},}}")
COOKIES = ("cookie", "cookie2", "set-cookie", "set-cookie2")
MOST_SPOKEN = 500
"""Messages of one chapter that are kept and written down: a device may ask for an hour."""
MESSAGES = ("oauth.exactly", "oauth.parameters")
"""Facts about one message: a chapter without has none, and not that of the chapter before."""
PORTS = {"http": 80, "https": 443}


class Origin(NamedTuple):
    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def secure(self) -> bool:
        return self.scheme == "https"


def origin_of(url: str) -> Origin:
    """Raises ValueError for what is no http or https URL."""
    parts = urlsplit(url)
    written = url.isascii() and url.isprintable() and " " not in url  # RFC 3986 §2
    if not written or parts.scheme not in PORTS or not parts.hostname:
        raise ValueError(f"{url[:200]} is no http or https URL")
    return Origin(parts.scheme, parts.hostname, parts.port or PORTS[parts.scheme])


def protected(url: str, issuer: str = "") -> bool:
    """Whether codes and tokens may travel there: by TLS, or within this machine (RFC 6749 §3.1,
    §3.2). A server's own description of itself may name anything: one that is not on this machine
    itself names nothing here. issuer: empty where the person has typed the URL.
    """
    try:
        origin = origin_of(url)
        near = not issuer or on_this_machine(origin_of(issuer).host)
    except ValueError:
        return False
    return origin.secure or (near and on_this_machine(origin.host))


def on_this_machine(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    return literal(host) and ipaddress.ip_address(host).is_loopback


class Unreached(OSError):
    """No connection to a party came about. where: `name`, `tcp` or `tls`."""

    def __init__(self, where: str, host: str, why: str) -> None:
        super().__init__(f"{host} cannot be reached: {why}")
        self.where, self.host = where, host


@dataclass(slots=True)
class World:
    """actors: the id under which each host is told of; what is not in it is told of by its name.

    holds: what each role has at this moment, by role, for the table at a chapter's end. spoken:
    the chapter's messages so far, as they stood on the wire. told: in which step each of MESSAGES
    was last told of. masks: whether `secrets` are written
    down as asterisks, which they are wherever they are not the lab's.
    """

    bench: Bench
    insecure: bool = False
    masks: bool = False
    fixed: bool = False
    secrets: set[str] = field(default_factory=set)
    actors: dict[str, str] = field(default_factory=dict)
    holds: dict[str, Sequence[str]] = field(default_factory=dict)
    spoken: list[bytes] = field(default_factory=list)
    step: str = ""
    told: dict[str, str] = field(default_factory=dict)
    began: float = 0.0
    doing: tuple[str, Owner] | None = None
    trust: Trust | None = None

    def chapter(
        self, topic: str, title: str, owner: Owner = "far end", asks: str | None = None,
        answer: int | None = None,
    ) -> str:  # fmt: skip
        """Go on to the next chapter; the last one's time ends here. A fixed world stays, and
        writes down messages alone: what is told of them comes at its end.

        asks: by which name its question is found, if not by its topic. answer: the one that is
        right in this run.
        """
        if self.fixed:
            return self.step
        self.rest()
        self.step = self.bench.step(topic, title)
        self.spoken.clear()
        question = ASKS.get(topic if asks is None else asks)
        if question is not None:
            question.write(self.bench.recorder, self.step, answer)
        self.began, self.doing = self.bench.recorder.now(), (title, owner)
        return self.step

    def rest(self) -> None:
        """End the time of the chapter that is being told, if any."""
        if self.doing is not None:
            for name in MESSAGES:
                if self.told.get(name, self.step) != self.step:
                    self.fact(name, [])
            title, owner = self.doing
            end = self.bench.recorder.now()
            self.bench.recorder.span(self.step, title.lower(), self.began, end, owner)
        self.doing = None

    def fact(self, name: str, value: Value, unit: str | None = None, origin: Any = "captured",
             note: str = "") -> str:  # fmt: skip
        if self.fixed:
            return ""
        self.told[name] = self.step
        return self.bench.recorder.fact(self.step, name, value, unit, origin, note=note)

    def hide(self, *secrets: str) -> None:
        """From now on these are written down as asterisks, where secrets are not to be kept."""
        self.secrets.update(secret for secret in secrets if len(secret) >= SHORTEST)

    def masked(self, wire: bytes) -> bytes:
        """The same octets, every secret in them blotted out; as many as before."""
        if self.masks:
            for secret in sorted(self.secrets, key=len, reverse=True):
                for form in forms(secret):
                    wire = wire.replace(form, b"*" * len(form))
        return wire

    def message(self, wire: bytes, body: bytes = b"", inside: Iterable[str] = ()) -> bytes:
        """A whole HTTP message as it may be written down; it is kept for `exactly`.

        inside: secrets that stand in its body, which is what its chunks come to. One that cannot
        be found whole in the octets (torn between two chunks, or spelt as nobody would) blots out
        all of the body.
        """
        if self.masks:
            kept = [secret for secret in inside if len(secret) >= SHORTEST]
            seen = [[form for form in forms(secret) if form in wire] for secret in kept]
            known = [form for secret in self.secrets for form in forms(secret)]
            torn = not all(seen) or any(body.count(form) > wire.count(form) for form in known)
            wire = self.masked(without_cookies(wire))
            if torn:
                head, gap, rest = wire.partition(b"\r\n\r\n")
                wire = head + gap + b"*" * len(rest)
        if len(self.spoken) < MOST_SPOKEN:
            self.spoken.append(wire)
        else:
            self.spoken[-1:] = [wire]
        return wire

    def hidden(self, given: Mapping[str, object]) -> dict[str, object]:
        """Parameters as they may be written down."""
        texts = ((name, str(value).encode("utf-8", "backslashreplace")) for name, value in
                 given.items())  # fmt: skip
        shown = ((name, self.masked(text).decode("utf-8", "replace")) for name, text in texts)
        return {name: shortened(text) for name, text in shown}

    def exactly(self, number: int = -1) -> None:
        """Write down one of the chapter's messages line by line, as it was sent, if it has one."""
        if not self.spoken:
            return
        text = self.spoken[number].decode("utf-8", "backslashreplace")
        head, _, body = text.partition("\r\n\r\n")
        lines = [*head.split("\r\n")[:MOST_LINES], *([] if not body else ["", *body.split("\n")])]
        shown = [shortened(line)[:LONGEST_LINE] for line in lines[: 2 * MOST_LINES]]
        rows: list[Value] = [{"line": line} for line in shown]
        self.fact("oauth.exactly", rows)

    def who_holds(self) -> None:
        """Write down what each role has now."""
        rows: list[Value] = [
            {"role": role, "holds": ", ".join(its) or "nothing"} for role, its in self.holds.items()
        ]
        self.fact("oauth.holds", rows, origin="measured")

    def actor(self, id: str, name: str, role: str, *hosts: str) -> None:
        self.bench.recorder.actor(id, name, role)
        for host in hosts:
            self.actors[host] = id

    def actor_of(self, origin: Origin) -> str:
        known = self.actors.get(origin.authority) or self.actors.get(origin.host)
        if known is None:
            known = origin.authority
            self.actor(known, origin.authority, "server", origin.authority)
        return known

    async def connect(self, origin: Origin) -> Stream:
        """Raises Unreached."""
        stream = TcpStream(await self._tcp(origin), self.bench.recorder.now)
        if not origin.secure:
            return stream
        if self.trust is None:
            self.load()
        assert self.trust is not None
        result = await handshake(stream, self.trust, origin.host, timeout=PATIENCE)
        if result.stream is None:
            await stream.close()
            raise Unreached("tls", origin.authority, _tls(result))
        return result.stream

    def load(self) -> None:
        """Whom TLS trusts. Raises OSError for a file that cannot be used."""
        self.trust = trust.load(
            self.bench.recorder.now, self.bench.network.cafile, insecure=self.insecure,
            alpn=("http/1.1",),
        )  # fmt: skip

    async def _tcp(self, origin: Origin) -> Any:
        try:
            addresses = await self._addresses(origin)
        except OSError as error:
            raise Unreached("name", origin.authority, error.strerror or str(error)) from None
        why = "there is no address"
        for address in addresses:
            try:
                async with asyncio.timeout(PATIENCE):
                    return await race.connect(address)
            except TimeoutError:
                why = "no answer in time"
            except OSError as error:
                why = error.strerror or str(error)
        raise Unreached("tcp", origin.authority, why)

    async def _addresses(self, origin: Origin) -> Sequence[SocketAddress]:
        """Loopback is this machine's, whatever the network; all else is the network's to find."""
        if origin.host == "localhost" or origin.host.endswith(".localhost"):
            return [("127.0.0.1", origin.port)]
        if literal(origin.host) and ipaddress.ip_address(origin.host).is_loopback:
            return [(origin.host, origin.port)]
        network = self.bench.network
        found = [origin.host] if literal(origin.host) else await network.addresses(origin.host)
        return [network.dialled(address, origin.port, "tcp") for address in found[:4]]


def forms(secret: str) -> set[bytes]:
    """How it may be written: as it is, in a URL, in a form, in JSON, in JSON as PHP has it."""
    plain = secret.encode("utf-8", "backslashreplace").decode()
    quoted = json.dumps(plain)[1:-1]
    ways = {plain, quote(plain, safe=""), quote_plus(plain), quoted, quoted.replace("/", "\\/")}
    return {way.encode() for way in ways}


def without_cookies(wire: bytes) -> bytes:
    """A message whose cookies are masked: a browser brings those of every port of this machine."""
    head, gap, body = wire.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    for at, line in enumerate(lines):
        name, colon, value = line.partition(":")
        if name.strip().lower() in COOKIES:
            lines[at] = name + colon + masks.header(name.strip(), value)
    return "\r\n".join(lines).encode("latin-1") + gap + body


def shortened(text: str) -> str:
    """What was blotted out needs no lines of its own; how long it was is said instead."""
    return BLOTS.sub(lambda blot: f"{blot[0][:SHOWN]} ({len(blot[0])} masked)", text)


def literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _tls(result: Any) -> str:
    error = getattr(result, "error", None) or getattr(result, "verify_error", None)
    return f"TLS failed ({error})" if error else "TLS failed"


def rows_of(pairs: Mapping[str, str]) -> list[Value]:
    return [{"name": name, "value": value} for name, value in pairs.items()]
