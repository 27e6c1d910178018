"""`netlab ws origin`: another site's page opens a WebSocket in a visitor's name.

The visitor is scripted: it keeps the cookie that the site really set and sends it along, or not,
by the rules of `samesite`. Every request and socket is real, over TLS.
"""

import json
from dataclasses import dataclass
from typing import Literal

from netlab.errors import Exit, NetlabError
from netlab.experiments.bench import Bench
from netlab.experiments.websocket.samesite import Cookie, goes_along, read
from netlab.experiments.websocket.told import Teller
from netlab.network import race, trust, websocket
from netlab.network.http import Client
from netlab.network.stream import Stream, TcpStream
from netlab.network.tls import handshake
from netlab.network.websocket import Declined, Wish
from netlab.recording.records import Value

HOST, ADDRESS = "app.example.com", "203.0.113.61"
OWN = f"https://{HOST}"
SIBLING, FOREIGN = "https://evil.app.example.com", "https://evil.example.net"
OTHER_PORT = f"{OWN}:8443"
PRIVATE = "coins"
"""A word that only the visitor's own greeting has."""
PATIENCE = 5.0

Outcome = Literal["read", "stranger", "refused"]


@dataclass(frozen=True, slots=True)
class Case:
    """A page of origin (of a visitor whose cookie has this SameSite) opens the socket at path.

    who: in words. browser: False for a client that claims the origin and has no cookie.
    third_party: whether the browser is set to send cookies across sites.
    """

    who: str
    origin: str
    same_site: str
    path: str
    outcome: Outcome
    fact: str
    browser: bool = True
    third_party: bool = True


CASES = (
    Case("the site's own page", OWN, "Lax", "/strict", "read", "own_strict"),
    Case("a sibling's page", SIBLING, "Lax", "/lax", "read", "sibling_lax"),
    Case("a sibling's page", SIBLING, "Strict", "/lax", "read", "sibling_lax_strict_cookie"),
    Case("a sibling's page", SIBLING, "Lax", "/strict", "refused", "sibling_strict"),
    Case("a page on another port", OTHER_PORT, "Lax", "/lax", "read", "port_lax"),
    Case("a page on another port", OTHER_PORT, "Lax", "/strict", "refused", "port_strict"),
    Case("a foreign page", FOREIGN, "Lax", "/lax", "stranger", "foreign_lax"),
    Case("a foreign page", FOREIGN, "None", "/lax", "read", "foreign_lax_none_cookie"),
    Case("the same, third-party cookies blocked", FOREIGN, "None", "/lax", "stranger",
         "foreign_lax_blocked", third_party=False),
    Case("a foreign page", FOREIGN, "None", "/strict", "refused", "foreign_strict"),
    Case("no browser, claiming the site's origin", OWN, "", "/strict", "stranger",
         "no_browser_strict", browser=False),
)  # fmt: skip


class Visitor:
    """The scripted browser: connections to the site, and the cookie that it was given."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.trust = trust.load(
            bench.recorder.now, bench.network.cafile, insecure=False, alpn=("http/1.1",)
        )
        self.cookie: Cookie | None = None

    async def connected(self) -> Stream:
        target = self.bench.network.dialled(ADDRESS, 443, "tcp")
        stream = TcpStream(await race.connect(target), self.bench.recorder.now)
        result = await handshake(stream, self.trust, HOST, timeout=PATIENCE)
        if result.stream is None:
            await stream.close()
            raise NetlabError("The site's TLS failed.", cause=str(result.error), exit=Exit.TLS)
        return result.stream

    async def get(self, path: str, *fields: tuple[str, str]) -> tuple[int, dict[str, str], bytes]:
        client = Client(await self.connected(), "https", HOST, 443)
        asked = (("Host", HOST), ("Connection", "close"), *fields)
        answer = await client.get(path, asked, PATIENCE)
        await client.close()
        headers = {name.lower(): value for name, value in answer.headers}
        return answer.status, headers, answer.body

    async def log_in(self, same_site: str) -> str:
        """Have the cookie set anew; answers the Set-Cookie field."""
        _, headers, _ = await self.get(f"/login?samesite={same_site.lower()}")
        said = headers.get("set-cookie", "")
        self.cookie = read(said, HOST)
        return said

    def along(self, initiator: str, third_party: bool = True) -> tuple[tuple[str, str], ...]:
        """The Cookie field that a page of initiator has sent, if any."""
        if self.cookie is None or not goes_along(self.cookie, initiator, OWN, third_party):
            return ()
        return (("Cookie", self.cookie.pair),)


async def run(bench: Bench) -> Exit:
    """Log in, open the socket from every kind of page, and ask the same by fetch()."""
    recorder = bench.recorder
    recorder.actor("you", "the visitor, scripted", "browser")
    recorder.actor("server", HOST, "web server")
    step = bench.step("ws.origin-login", "The visitor logs in")
    for note in bench.network.set_up():
        recorder.fact(step, "run.note", note, origin="configured")
    visitor = Visitor(bench)
    with recorder.phase(step, "log in", "far end"):
        said = await visitor.log_in("Lax")
    recorder.fact(step, "ws.origin.set_cookie", said, origin="captured")
    recorder.fact(step, "ws.origin.visitor", "scripted", origin="configured")
    await _sockets(bench, visitor)
    await _fetch(bench, visitor)
    return Exit.OK


async def _sockets(bench: Bench, visitor: Visitor) -> None:
    step = bench.step("ws.origin", "Whose page may open the socket")
    rows: list[Value] = []
    fact = bench.recorder.fact
    with bench.recorder.phase(step, "a socket for each", "far end"):
        for case in CASES:
            if case.browser:
                await visitor.log_in(case.same_site)
            outcome, sent = await _open(bench, visitor, case)
            rows.append(_row(case, outcome, sent))
    ids = [
        fact(step, f"ws.origin.{case.fact}", row["outcome"])
        for case, row in zip(CASES, rows, strict=True)
        if isinstance(row, dict)
    ]
    fact(step, "ws.origin.cases", rows)
    bench.recorder.finding(
        step, "warning", "The socket that does not look at Origin was read by strangers' pages.",
        "Compare Origin with a list of your own at the opening, and answer 403 to all others; keep "
        "cookies SameSite=Lax or Strict as the second wall.",
        tuple(ids[1:3]), "ws.origin",
    )  # fmt: skip
    bench.recorder.finding(
        step, "good", "The socket that checks Origin answered 403 to each of them.",
        "It protects visitors, whose browsers tell the truth. A client that is no browser claims "
        "what it likes: who may come in is decided by a login.",
        (ids[3], ids[-1]), "ws.origin",
    )  # fmt: skip


async def _open(bench: Bench, visitor: Visitor, case: Case) -> tuple[Outcome, bool]:
    """What a page of this origin gets to read; whether the cookie went along."""
    cookie = visitor.along(case.origin, case.third_party) if case.browser else ()
    stream = await visitor.connected()
    wish = Wish(HOST, case.path, headers=cookie, origin=case.origin, deflate=False)
    result = await websocket.open(stream, wish, PATIENCE)
    if isinstance(result, Declined):
        await stream.close()
        return "refused", bool(cookie)
    event = await result.message(PATIENCE)
    await result.close()
    if case.fact == "sibling_lax":
        Teller(bench, result).opening(bench.step("ws.origin", "Whose page may open the socket"))
    said = event.data.decode("utf-8", "replace") if event else ""
    return ("read" if PRIVATE in said else "stranger"), bool(cookie)


def _row(case: Case, outcome: Outcome, sent: bool) -> dict[str, Value]:
    words = {"read": "read the visitor's data", "stranger": "greeted as a stranger"}
    return {
        "who": case.who, "origin": case.origin, "same_site": case.same_site or "no cookie",
        "cookie": "went along" if sent else "stayed at home", "server": case.path,
        "outcome": outcome, "said": words.get(outcome, "403, no socket"),
    }  # fmt: skip


async def _fetch(bench: Bench, visitor: Visitor) -> None:
    """The same page asks by fetch(): the server answers, and the browser withholds it."""
    step = bench.step("ws.origin-cors", "Why CORS does not help")
    await visitor.log_in("Lax")
    with bench.recorder.phase(step, "fetch()", "far end"):
        status, headers, body = await visitor.get(
            "/api", ("Origin", SIBLING), *visitor.along(SIBLING)
        )
    allowed = headers.get("access-control-allow-origin")
    fact = bench.recorder.fact
    fact(step, "ws.origin.api_status", status, origin="captured")
    fact(step, "ws.origin.api_private", PRIVATE in json.loads(body)["said"], origin="captured")
    fact(step, "ws.origin.api_allowed", allowed or "nobody", origin="captured")
    fact(step, "ws.origin.api_readable", allowed in ("*", SIBLING), origin="computed")
