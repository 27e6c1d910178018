"""What every grant has at hand: the lab's servers, set as it needs them, and the parties."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from netlab.experiments.oauth import purposes
from netlab.experiments.oauth.application import Application, Wish
from netlab.experiments.oauth.person import Browser, Person
from netlab.experiments.oauth.refusing import Stopped
from netlab.experiments.oauth.restoring import restoring
from netlab.experiments.oauth.walkthrough import API, ISSUER, READ
from netlab.experiments.oauth.world import World, origin_of
from netlab.recording.records import Value

AUTH = "web:auth.example.com"
WEB, SECRET = "web-app", "lab-web-app-secret"
NATIVE = "native-app"
AS_API = ("api-server", "lab-api-server-secret")
"""As what the lab's resource server asks about tokens."""


@dataclass(slots=True)
class Stage:
    """One run of one grant. app: the client application. browser: the owner's."""

    world: World
    app: Application
    browser: Browser

    @property
    def alice(self) -> Person:
        return Person(self.browser)

    async def agreed(self, url: str) -> Any:
        """Alice opens this address, logs in where she is asked to, and approves."""
        reply = await self.browser.get(url)
        if reply.status == 200:
            reply = await self.alice.log_in()
            await self.browser.follow(reply)
            reply = await self.alice.decide()
        return reply

    def told(self, answer: dict[str, Any], grant: str) -> None:
        """What the token endpoint, or the front channel, gave."""
        fact = self.world.fact
        fact("oauth.grant", grant, origin="configured")
        fact("oauth.issuer", ISSUER, origin="configured")
        fact("oauth.client_id", self.app.client_id, origin="configured")
        fact("oauth.scope", str(answer.get("scope", self.app.wish.scope)))
        expires = str(answer.get("expires_in"))
        whole = int(expires) if expires.isdigit() else None
        fact("oauth.expires_in", whole, "s")
        fact("oauth.refreshable", "refresh_token" in answer)
        fact("oauth.parameters", purposes.table(answer, answer=True))

    async def used(self) -> None:
        """Show the token to the API."""
        status, answer, challenge = await self.app.use()
        self.world.fact("oauth.api_status", status)
        if status != 200:
            raise Stopped("resource server", challenge, str(answer.get("error", "")))
        photos: list[Value] = [str(one) for one in answer.get("photos", ())]
        self.world.fact("oauth.owner", str(answer.get("owner", "")))
        self.world.fact("oauth.photos", photos)


@contextlib.asynccontextmanager
async def staged(world: World, client: str = NATIVE, **more: Any) -> AsyncIterator[Stage]:
    """The parties of one grant, introduced; their connections end with it."""
    cast(world)
    if world.trust is None:
        world.load()
    given: dict[str, Any] = {"scope": READ, "api": API, "resource": API, **more}
    if client == WEB:
        given |= {"secret": SECRET}
    else:
        given |= {"auth_method": "none"}
    browser = Browser(world)
    try:
        async with Application(world, Wish(ISSUER, client_id=client, **given)) as app:
            world.actors[f"127.0.0.1:{app.port}"] = "client"
            yield Stage(world, app, browser)
    finally:
        await browser.close()


def cast(world: World) -> None:
    world.actor("owner", "Alice", "resource owner")
    world.actor("browser", "Alice's browser", "user agent, scripted")
    world.actor("client", "the application", "client application")
    world.actor("as", origin_of(ISSUER).host, "authorization server", origin_of(ISSUER).host)
    world.actor("rs", "api.example.com", "resource server", "api.example.com")
    world.actor("files", "files.example.com", "resource server", "files.example.com")


@contextlib.asynccontextmanager
async def setting(world: World, **wanted: Any) -> AsyncIterator[None]:
    """The authorization server under other settings, for as long as this lasts."""
    network = world.bench.network
    async with restoring(network, AUTH):
        await network.command("oauth", service=AUTH, reset=True, **wanted)
        yield
