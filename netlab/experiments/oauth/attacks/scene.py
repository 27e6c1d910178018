"""What every attack has at hand: the servers as they are set, the parties, and common moves."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from netlab.experiments.oauth.application import Application, Wish
from netlab.experiments.oauth.listening import Listener, Page, Visit
from netlab.experiments.oauth.person import Browser, Person
from netlab.experiments.oauth.refusing import Stopped
from netlab.experiments.oauth.speaking import Reply, Speaker, said
from netlab.experiments.oauth.world import World, origin_of

ISSUER, OTHER = "https://auth.example.com", "https://auth.example.net"
API, FILES = "https://api.example.com", "https://files.example.com"
NATIVE = "native-app"


@dataclass(slots=True)
class Scene:
    """client: the checks that the application makes. on: the protections that stand."""

    world: World
    on: frozenset[str]
    client: frozenset[str]
    stack: AsyncExitStack
    moves: list[tuple[str, str]] = field(default_factory=list)
    visited: list[str] = field(default_factory=list)
    thief: Speaker = field(init=False)
    browser: Browser = field(init=False)

    def __post_init__(self) -> None:
        self.thief = Speaker(self.world, "attacker")
        self.browser = Browser(self.world)
        self.stack.push_async_callback(self.thief.close)
        self.stack.push_async_callback(self.browser.close)

    def move(self, who: str, what: str) -> None:
        self.moves.append((who, what))

    async def application(self, kind: type[Application] = Application, **more: Any) -> Application:
        """The application, described to the server; a public client unless told otherwise."""
        given = {"client_id": NATIVE, "auth_method": "none", "api": API, **more}
        wish = Wish(given.pop("issuer", ISSUER), checks=self.client, **given)
        app = await self.stack.enter_async_context(kind(self.world, wish))
        self.world.actors[f"127.0.0.1:{app.port}"] = "client"
        await app.discover()
        return app

    def another(self, actor: str) -> Browser:
        """One more browser, with a session of its own."""
        browser = Browser(self.world, actor)
        self.stack.push_async_callback(browser.close)
        return browser

    async def listens(self) -> Listener:
        """The attacker's own port, which keeps what browsers bring."""

        async def keep(visit: Visit) -> Page:
            self.visited.append(visit.target)
            return Page(200, b"<!doctype html><title>Thanks</title>")

        listener = await self.stack.enter_async_context(Listener(keep))
        self.world.actors[f"127.0.0.1:{listener.port}"] = "attacker"
        return listener

    async def approved(
        self, url: str, user: str = "alice", browser: Browser | None = None
    ) -> Reply:
        """Somebody opens this address, logs in where it asks, and approves; where it leads to."""
        browser = browser or self.browser
        reply = await browser.get(url)
        while 300 <= reply.status < 400 and "/callback" not in reply.header("location"):
            reply = await browser.follow(reply)
        if reply.status >= 400:
            raise await self.refusal("authorization endpoint", reply)
        if 300 <= reply.status < 400:
            return reply
        person = Person(browser, user)
        reply = await person.log_in()
        await browser.follow(reply)
        return await person.decide()

    async def redeem(self, form: Mapping[str, str], issuer: str = ISSUER) -> dict[str, Any]:
        """At the token endpoint, as the attacker. Raises Stopped."""
        reply = await (await self.thief.post(f"{issuer}/token", form)).answer()
        if reply.status != 200:
            raise await self.refusal("token endpoint", reply)
        return said(reply)

    async def photos(self, token: str, api: str = API) -> str:
        """What a stolen token opens. Raises Stopped."""
        bearer = (("Authorization", f"Bearer {token}"), ("Accept", "application/json"))
        reply = await self.thief.ask("GET", f"{api}/photos", bearer)
        if reply.status != 200:
            raise await self.refusal("resource server", reply, api)
        found = said(reply)
        owner = str(found.get("owner", "")).partition("-")[0].capitalize()
        return f"{owner}'s photos: {', '.join(map(str, found.get('photos', ())))}"

    async def refusal(self, at: str, reply: Reply, server: str = ISSUER) -> Stopped:
        """With the rule from the server's own journal."""
        host = origin_of(server).host
        entries = await self.world.bench.network.journal()
        told = [e for e in entries if e.service == f"web:{host}" and e.event == "oauth.refused"]
        detail = told[-1].detail if told else {}
        words = str(detail.get("description", f"it answered {reply.status}"))
        return Stopped(at, words, str(detail.get("error", "")), str(detail.get("rule", "")))
