"""`netlab oauth compare`: every grant really run, and who saw what counted from the messages."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote_plus

from netlab.errors import Exit
from netlab.experiments.bench import Bench
from netlab.experiments.oauth import questions
from netlab.experiments.oauth.grants.device import INTERVAL, TV, by_device
from netlab.experiments.oauth.grants.life import SCOPE as KEPT
from netlab.experiments.oauth.grants.life import granted
from netlab.experiments.oauth.grants.older import (
    LEGACY,
    by_credentials,
    by_implicit,
    by_password,
    note,
)
from netlab.experiments.oauth.grants.stage import NATIVE, WEB, Stage, setting, staged
from netlab.experiments.oauth.person import PASSWORD
from netlab.experiments.oauth.walkthrough import READ, guarded
from netlab.experiments.oauth.world import World
from netlab.recording.records import Message, Value

ROLES = {"browser": "browser", "client": "application", "as": "authorization server",
         "rs": "resource server"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Way:
    """today: whether to use it, and which document says so. first: what it builds on, which is not
    counted.
    """

    name: str
    client: str
    run: Callable[[Stage], Awaitable[str]]
    today: str
    response_type: str = "code"
    resource: str | None = None
    first: Callable[[Stage], Awaitable[object]] | None = None
    scope: str = READ


async def by_code(stage: Stage) -> str:
    answer = await granted(stage)
    await stage.used()
    return str(answer["access_token"])


async def by_refresh(stage: Stage) -> str:
    old = str(stage.app.tokens["refresh_token"])
    answer = await stage.app.tokens_for({"grant_type": "refresh_token", "refresh_token": old})
    await stage.used()
    return str(answer["access_token"])


GONE = "gone from OAuth 2.1, a draft"
WAYS = (
    Way("authorization code, PKCE", WEB, by_code, "yes, RFC 9700 §2.1.1"),
    Way("implicit", NATIVE, by_implicit, f"SHOULD NOT, RFC 9700 §2.1.2; {GONE}",
        "token"),
    Way("password", WEB, by_password, f"MUST NOT, RFC 9700 §2.4; {GONE}"),
    Way("client credentials", WEB, by_credentials, "yes, for its own data, RFC 6749 §4.4"),
    Way("device code", TV, by_device, "yes, without a keyboard, RFC 8628", resource=""),
    Way("refresh token", WEB, by_refresh, "yes, rotated or bound, RFC 9700 §2.2.2",
        first=granted, scope=KEPT),
)  # fmt: skip


async def run(bench: Bench) -> Exit:
    world = World(bench)

    async def flow() -> None:
        world.chapter("oauth.compare", "The grants beside each other")
        note(world)
        world.fixed = True
        async with setting(world, device_interval=INTERVAL, **LEGACY):
            rows = [await one(world, way) for way in WAYS]
        world.fixed = False
        world.fact("oauth.compare", [*rows])
        typed = sum("application" in str(row["password"]) for row in rows)
        questions.COUNTS.write(bench.recorder, world.step, min(typed, 3))

    return await guarded(world, flow)


async def one(world: World, way: Way) -> dict[str, Value]:
    """Run it, and look through all that was said for the password and the token."""
    more = {} if way.resource is None else {"resource": way.resource}
    async with staged(
        world, way.client, response_type=way.response_type, scope=way.scope, **more
    ) as stage:
        if way.first is not None:
            await way.first(stage)
        before, shown = len(said(world)), len(stage.browser.history)
        token = await way.run(stage)
        refreshable = "refresh_token" in stage.app.tokens
        history = kept(stage.browser.history[shown:], token)
    messages = said(world)[before:]
    return {
        "grant": way.name, "password": seen(messages, quote_plus(PASSWORD)),
        "token": seen(messages, token), "in_history": history, "refresh": refreshable,
        "requests": sum(one.title.startswith(("GET", "POST")) for one in messages),
        "today": way.today,
    }  # fmt: skip


def kept(history: Sequence[str], token: str) -> str:
    """What the browser still has of it, for whoever comes next."""
    if any(token in url for url in history):
        return "the token"
    return "a code, which is spent" if any("code=" in url for url in history) else "nothing"


def said(world: World) -> Sequence[Message]:
    return [one for one in world.bench.recorder.finish().records if isinstance(one, Message)]


def seen(messages: Sequence[Message], secret: str) -> str:
    """The roles that sent or received it."""
    found = {
        end for one in messages if secret.encode() in one.wire for end in (one.sender, one.receiver)
    }
    return ", ".join(name for id, name in ROLES.items() if id in found) or "nobody"
