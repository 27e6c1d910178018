"""`netlab oauth walkthrough --issuer` and `--browser`: the person and the browser are real ones.

What passes between a browser and the server is theirs: netlab sees the application's side of it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from netlab.errors import Exit
from netlab.experiments.bench import Bench
from netlab.experiments.oauth import purposes
from netlab.experiments.oauth.application import CHECKS, NAME, Wish
from netlab.experiments.oauth.listening import Page, Visit
from netlab.experiments.oauth.presets import DATED, Preset
from netlab.experiments.oauth.refusing import Stopped
from netlab.experiments.oauth.speaking import query_of, said
from netlab.experiments.oauth.walkthrough import Walked, back, guarded, tell_registered
from netlab.experiments.oauth.world import World, origin_of

Show = Callable[[str], Awaitable[None]]
"""Brings an address before a person's eyes."""
Pasted = Callable[[], Awaitable[str]]
"""What the person pastes; empty when nothing will come."""


@dataclass(frozen=True, slots=True)
class Options:
    """client_id empty: the application registers itself. patience: seconds for the person.

    show: opens or prints an address. pasted: None where the browser comes by itself.
    """

    issuer: str
    show: Show
    pasted: Pasted | None = None
    client_id: str = ""
    secret: str = ""
    scope: str = "openid profile"
    auth_method: str = ""
    api: str = ""
    resource: str = ""
    port: int = 0
    pkce: bool = True
    insecure: bool = False
    keep_secrets: bool = False
    patience: float = 300.0
    preset: Preset | None = None

    def wish(self) -> Wish:
        checks = CHECKS if self.pkce else CHECKS - {"pkce"}
        return Wish(
            self.issuer, self.scope, self.client_id, self.secret, self.auth_method or "none",
            self.api, self.resource, checks,
        )  # fmt: skip


@dataclass(slots=True)
class Met(Walked):
    """The application, visited by a browser that netlab does not know."""

    back: asyncio.Event = field(default_factory=asyncio.Event)
    returned: bool = False
    preset: Preset | None = None

    async def visited(self, visit: Visit) -> Page:
        query = query_of(visit.target)
        if visit.target.startswith("/callback"):
            if self.returned:
                return Page(404)
            self.returned = True
            back(self.world, bool(query.get("error")))
            self.world.fact("oauth.channel", "front", origin="standard", note="RFC 6749 §4.1.2")
        self.world.hide(query.get("code", ""), query.get("state", ""))
        if visit.target.split("?")[0] in ("/", "/connect", "/callback"):
            self._tell(visit)
        # Not by super(): a dataclass with slots is made anew, and loses what it refers to.
        page = await Walked.visited(self, visit)
        if self.returned:
            self.back.set()
        return page

    def _tell(self, visit: Visit) -> None:
        """What the browser brought, as the application read it."""
        world, wire = self.world, visit.raw
        wire = world.masked(wire)
        world.spoken.append(wire)
        path = visit.target.partition("?")[0]
        world.bench.recorder.message(
            world.step, "browser", "client", "HTTP/1.1", f"{visit.method} {path}", wire
        )

    async def discover(self) -> None:
        if self.preset is not None and self.preset.metadata:
            self.metadata = dict(self.preset.metadata)
            self.world.fact("oauth.preset", f"netlab's own notes of {DATED}", origin="configured")
        else:
            await Walked.discover(self)
        if not self.secret:
            self.auth_method = "none"
        elif self.wish.auth_method == "none":
            self.auth_method = _method(self.metadata)

    async def _used(self) -> None:
        """Any API of JSON; the lab's is one of them."""
        if not self.wish.api:
            return
        if self.wish.api.endswith(".localhost") or "example.com" in self.wish.api:
            await Walked._used(self)
            return
        world = self.world
        world.chapter("oauth.use", "The API is used")
        bearer = (("Authorization", f"Bearer {self.tokens['access_token']}"),
                  ("Accept", "application/json"))  # fmt: skip
        reply = await self.speaker.ask("GET", self.wish.api, bearer)
        world.exactly(0)
        world.fact("oauth.api", self.wish.api, origin="configured")
        world.fact("oauth.api_status", reply.status)
        if reply.status >= 400:
            raise Stopped("resource server", f"it answered {reply.status}",
                          str(said(reply).get("error", ""))[:80])  # fmt: skip


def _method(metadata: Mapping[str, Any]) -> str:
    """Basic, unless the server takes the secret in the form alone (RFC 8414 §2)."""
    offered = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    basic = "client_secret_basic"
    return (
        basic if basic in offered or "client_secret_post" not in offered else "client_secret_post"
    )


async def run(bench: Bench, options: Options) -> Exit:
    """Meet the server, send the person there, and go on with what comes back."""
    world = World(bench, options.insecure, masks=not options.keep_secrets)
    world.hide(options.secret)
    return await guarded(world, lambda: _meet(world, options))


async def _meet(world: World, options: Options) -> None:
    origin = origin_of(options.issuer)
    world.actor("browser", "your browser", "user agent")
    world.actor("client", NAME, "client application")
    world.actor("as", origin.authority, "authorization server", origin.authority)
    world.load()
    async with Met(world, options.wish(), options.port, preset=options.preset) as app:
        await tell_registered(app)
        if options.preset is not None:
            world.fact("oauth.note", options.preset.note, origin="configured")
        world.chapter("oauth.redirect", "Your browser is sent off", "netlab")
        url = app.authorization_url()
        world.hide(app.verifier, app.state, app.nonce)
        world.fact("oauth.channel", "front", origin="standard", note="RFC 6749 §3.1")
        world.fact("oauth.parameters", purposes.table(world.hidden(query_of(url))))
        world.fact("oauth.pkce", bool(app.verifier), origin="configured")
        await options.show(url)
        await _come_back(app, options)
        if app.stopped is not None:
            raise app.stopped


async def _come_back(app: Met, options: Options) -> None:
    """Wait for the browser, or for what the person pastes."""
    waits: list[asyncio.Task[Any]] = [asyncio.ensure_future(app.back.wait())]
    if options.pasted is not None:
        waits.append(asyncio.ensure_future(_pasted(app, options.pasted)))
    try:
        done, _ = await asyncio.wait(
            waits, timeout=options.patience, return_when=asyncio.FIRST_COMPLETED
        )
        if not done:
            raise Stopped("browser", f"nobody came back within {options.patience:.0f} s")
        if not app.back.is_set():  # a browser that came is worth more than what was not pasted
            for task in done:
                task.result()
    finally:
        for task in waits:
            task.cancel()
        await asyncio.gather(*waits, return_exceptions=True)


async def _pasted(app: Met, pasted: Pasted) -> None:
    text = (await pasted()).strip()
    query = query_of(text)
    if not query.get("code") and not query.get("error"):
        what = "what was pasted is no callback URL: it has neither a code nor an error in it"
        raise Stopped("browser", what if text else "nothing was pasted")
    back(app.world, bool(query.get("error")))
    app.world.hide(query.get("code", ""), query.get("state", ""))
    app.world.spoken.append(app.world.masked(text.encode()))
    await app.came_back(query)
