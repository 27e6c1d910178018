"""What a balancer is to do: checked when it is made, so that later code need not."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from netlab.balance.algorithms import NAMES
from netlab.balance.backend import Backend
from netlab.errors import NetlabError

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}")
"""A field name or a cookie's (RFC 9110 §5.1, RFC 6265 §4.1.1)."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
HEAVIEST = 256
MOST = 256


def wrong(what: str, advice: str = "") -> NetlabError:
    return NetlabError(what, advice=advice)


@dataclass(frozen=True, slots=True)
class Server:
    """A backend, before there is a balancer."""

    name: str
    host: str
    port: int
    weight: int = 1

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise wrong(f"backend {self.name!r}: not a name")
        if not self.host or not 0 < self.port < 65536:
            raise wrong(f"backend {self.name}: {self.host}:{self.port} is not an address")
        if not 1 <= self.weight <= HEAVIEST:
            raise wrong(f"backend {self.name}: its weight is a number from 1 to {HEAVIEST}")

    def backend(self) -> Backend:
        return Backend(self.name, self.host, self.port, self.weight)


@dataclass(frozen=True, slots=True)
class Check:
    """Active checks: the balancer asks each backend by itself.

    path None: a TCP connection is enough; else a GET which must be answered with 2xx or 3xx.
    fall: so many in a row must fail until it is down; rise: succeed, until it is up.
    """

    path: str | None = None
    interval: float = 2.0
    timeout: float = 1.0
    rise: int = 2
    fall: int = 3

    def __post_init__(self) -> None:
        if self.path is not None and not re.fullmatch(r"/[!-~]{0,1000}", self.path):
            raise wrong(f"check: {self.path!r} is not a path")
        _lengths(self, "interval", "timeout")
        if not (1 <= self.rise <= 100 and 1 <= self.fall <= 100):
            raise wrong("check: rise and fall are numbers from 1 to 100")


@dataclass(frozen=True, slots=True)
class Passive:
    """Passive checks: by what happens to real traffic.

    fails in a row, the last within `window` seconds of the first, and it is down for `rest`
    seconds; then one is sent to it on trial. statuses: responses that count as failures.
    """

    fails: int = 3
    window: float = 10.0
    rest: float = 10.0
    statuses: tuple[int, ...] = (500, 502, 503, 504)

    def __post_init__(self) -> None:
        _lengths(self, "window", "rest")
        if not 1 <= self.fails <= 1000:
            raise wrong("passive check: fails is a number from 1 to 1000")
        if any(not 400 <= status <= 599 for status in self.statuses):
            raise wrong("passive check: a status that counts is from 400 to 599")


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds. connect: to a backend. idle: without an octet in either direction (layer 4), or
    between two requests (layer 7). head: a client's request head. body: between two parts of a
    body. response: until a backend's response head. drain: for what is open when told to end."""

    connect: float = 3.0
    idle: float = 60.0
    head: float = 10.0
    body: float = 30.0
    response: float = 30.0
    drain: float = 10.0

    def __post_init__(self) -> None:
        _lengths(self, "connect", "idle", "head", "body", "response", "drain")


@dataclass(frozen=True, slots=True)
class Route:
    """Requests that match all that is given go to these backends alone (layer 7). First match.

    host: exact, in small letters, without a port. path: how it begins. header, cookie: name and
    value.
    """

    backends: tuple[str, ...]
    host: str = ""
    path: str = ""
    header: tuple[str, str] | None = None
    cookie: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """One balancer. Raises NetlabError when it makes no sense.

    key: what hashing goes by: source, path, header:NAME or cookie:NAME. sticky: the cookie that
    keeps a client at its backend. check, passive: None for none. seed: of chance; None for any.
    """

    backends: tuple[Server, ...]
    listen: tuple[str, int] = ("127.0.0.1", 0)
    algorithm: str = "roundrobin"
    layer: Literal[4, 7] = 7
    key: str = "source"
    tls_cert: str | None = None
    tls_key: str | None = None
    proxy_protocol: bool = False
    sticky: str | None = None
    check: Check | None = None
    passive: Passive | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)
    seed: int | None = None
    routes: tuple[Route, ...] = ()

    def __post_init__(self) -> None:
        _backends(self)
        if self.algorithm not in NAMES:
            raise wrong(f"there is no algorithm {self.algorithm!r}", ", ".join(NAMES))
        if self.layer not in (4, 7):
            raise wrong(f"layer {self.layer}: a balancer works at 4 or at 7")
        _key(self)
        if (self.tls_cert is None) != (self.tls_key is None):
            raise wrong("a certificate and its key belong together")
        if self.sticky is not None and not TOKEN.fullmatch(self.sticky):
            raise wrong(f"{self.sticky!r}: not a cookie's name")
        if self.layer == 4:
            _layer4(self)
        elif self.proxy_protocol:
            raise wrong(
                "the PROXY protocol needs layer 4",
                "at layer 7 a connection to a backend carries requests of many clients: "
                "Forwarded names each",
            )

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def _lengths(holder: object, *names: str) -> None:
    for name in names:
        value = getattr(holder, name)
        if isinstance(value, bool) or not 0 < value <= 86400:
            raise wrong(f"{name}: {value} is not a length of time")


def _backends(settings: Settings) -> None:
    names = [each.name for each in settings.backends]
    if not 1 <= len(names) <= MOST:
        raise wrong(f"a balancer has 1 to {MOST} backends")
    if len(set(names)) < len(names):
        raise wrong("two backends have the same name")
    for route in settings.routes:
        if not route.backends or not set(route.backends) <= set(names):
            raise wrong(f"a route goes to {', '.join(route.backends) or 'no backend'}")


def _key(settings: Settings) -> None:
    kind, colon, name = settings.key.partition(":")
    plain = settings.key in ("source", "path")
    named = kind in ("header", "cookie") and colon and TOKEN.fullmatch(name)
    if not (plain or named):
        raise wrong(
            f"key {settings.key!r}: nothing to hash by", "source, path, header:NAME, cookie:NAME"
        )


def _layer4(settings: Settings) -> None:
    """What is inside of the connection is not for layer 4 to know."""
    inside = {
        f"key {settings.key}": settings.key != "source",
        "a sticky cookie": settings.sticky is not None,
        "a certificate": settings.tls_cert is not None,
        "a route": bool(settings.routes),
    }
    for what, given in inside.items():
        if given:
            raise wrong(f"{what} needs layer 7", "layer 4 passes octets on and reads none of them")


def from_json(data: Mapping[str, Any]) -> Settings:
    """Raises NetlabError, TypeError, KeyError or ValueError when it is none."""
    given = dict(data)
    given["backends"] = tuple(Server(**each) for each in given["backends"])
    given["routes"] = tuple(map(_route, given.get("routes", ())))
    if "listen" in given:
        host, port = given["listen"]
        given["listen"] = (host, port)
    for name, kind in (("check", Check), ("timeouts", Timeouts)):
        if given.get(name) is not None:
            given[name] = kind(**given[name])
    if given.get("passive") is not None:
        passive = dict(given["passive"])
        if "statuses" in passive:
            passive["statuses"] = tuple(passive["statuses"])
        given["passive"] = Passive(**passive)
    return Settings(**given)


def _route(data: Mapping[str, Any]) -> Route:
    pairs = {name: tuple(data[name]) for name in ("header", "cookie") if data.get(name)}
    return Route(
        tuple(data["backends"]),
        data.get("host", ""),
        data.get("path", ""),
        pairs.get("header"),
        pairs.get("cookie"),
    )
