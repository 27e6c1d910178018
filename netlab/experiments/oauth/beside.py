"""`netlab oauth compare`: every grant really run, and who saw what counted from the messages."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote_plus

from netlab.errors import Exit
from netlab.experiments.bench import Bench
from netlab.experiments.oauth import questions
from netlab.experiments.oauth.grants.device import INTERVAL, TV, by_device
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
from netlab.experiments.oauth.walkthrough import guarded
from netlab.experiments.oauth.world import World
from netlab.recording.records import Message, Value

ROLES = {"browser": "browser", "client": "application", "as": "authorization server",
         "rs": "resource server"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Way:
    """today: whether to use it, and which document says so."""

    name: str
    client: str
    run: Callable[[Stage], Awaitable[str]]
    today: str
    response_type: str = "code"
    resource: str | None = None


async def by_code(stage: Stage) -> str:
    answer = await granted(stage)
    await stage.used()
    return str(answer["access_token"])


WAYS = (
    Way("authorization code, PKCE", WEB, by_code, "yes, RFC 9700 §2.1.1"),
    Way("implicit", NATIVE, by_implicit, "SHOULD NOT, RFC 9700 §2.1.2", "token"),
    Way("password", WEB, by_password, "MUST NOT, RFC 9700 §2.4"),
    Way("client credentials", WEB, by_credentials, "yes, for its own data, RFC 6749 §4.4"),
    Way("device code", TV, by_device, "yes, without a keyboard, RFC 8628", resource=""),
)


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
    before = len(said(world))
    more = {} if way.resource is None else {"resource": way.resource}
    async with staged(world, way.client, response_type=way.response_type, **more) as stage:
        token = await way.run(stage)
        refreshable = "refresh_token" in stage.app.tokens
        history = any(token in url for url in stage.browser.history)
    messages = said(world)[before:]
    return {
        "grant": way.name, "password": seen(messages, quote_plus(PASSWORD)),
        "token": seen(messages, token), "in_history": history, "refresh": refreshable,
        "requests": sum(one.title.startswith(("GET", "POST")) for one in messages),
        "today": way.today,
    }  # fmt: skip


def said(world: World) -> Sequence[Message]:
    return [one for one in world.bench.recorder.finish().records if isinstance(one, Message)]


def seen(messages: Sequence[Message], secret: str) -> str:
    """The roles that sent or received it."""
    found = {
        end for one in messages if secret.encode() in one.wire for end in (one.sender, one.receiver)
    }
    return ", ".join(name for id, name in ROLES.items() if id in found) or "nobody"
