"""The grants without a code: implicit, password, and an application's own credentials."""

from netlab.errors import Exit
from netlab.experiments.bench import Bench
from netlab.experiments.oauth.grants.stage import NATIVE, WEB, Stage, setting, staged
from netlab.experiments.oauth.person import PASSWORD
from netlab.experiments.oauth.speaking import Speaker, fragment_of
from netlab.experiments.oauth.walkthrough import API, READ, guarded
from netlab.experiments.oauth.world import World

LEGACY = {"protections": {"no_implicit": False, "no_password": False}}


def note(world: World) -> None:
    for text in world.bench.network.set_up():
        world.fact("run.note", text, origin="configured")


async def implicit(bench: Bench, scope: str = READ) -> Exit:
    """RFC 6749 §4.2: the token comes over the front channel, in a fragment."""
    world = World(bench)

    async def flow() -> None:
        async with (
            setting(world, **LEGACY),
            staged(world, NATIVE, scope=scope, response_type="token") as stage,
        ):
            world.chapter("grant.implicit", "The implicit grant")
            note(world)
            await by_implicit(stage)
            world.bench.recorder.finding(
                world.step, "warning", "The implicit grant SHOULD NOT be used (RFC 9700 §2.1.2).",
                "The code grant with PKCE does the same for scripts in a page. OAuth 2.1, still a "
                "draft, leaves the implicit grant out.", (), "implicit-leak",
            )  # fmt: skip

    return await guarded(world, flow)


async def by_implicit(stage: Stage) -> str:
    await stage.app.discover()
    reply = await stage.agreed(stage.app.authorization_url())
    await stage.browser.follow(reply)
    given = fragment_of(stage.browser.at)
    stage.app.tokens = dict(given)
    stage.told(dict(given), "implicit")
    stage.world.fact("oauth.in_history", "access_token" in stage.browser.history[-1])
    # It is the page's script that has the token, and asks with it: scripted here.
    page = Speaker(stage.world, "browser")
    try:
        bearer = (("Authorization", f"Bearer {given['access_token']}"),)
        answer = await page.ask("GET", f"{API}/photos", bearer)
        stage.world.fact("oauth.api_status", answer.status)
    finally:
        await page.close()
    stage.world.holds |= {
        "the browser": ["the access token, in its history", *stage.browser.holds()],
        "the application": ["nothing that its server would know of"],
    }
    stage.world.who_holds()
    return str(given["access_token"])


async def password(bench: Bench, scope: str = READ) -> Exit:
    """RFC 6749 §4.3: the owner's password, typed into the application."""
    world = World(bench)

    async def flow() -> None:
        async with setting(world, **LEGACY), staged(world, WEB, scope=scope) as stage:
            world.chapter("grant.password", "The password grant")
            note(world)
            await by_password(stage)
            world.bench.recorder.finding(
                world.step, "warning", "The password grant MUST NOT be used (RFC 9700 §2.4).",
                "It teaches people to type their password anywhere, and knows no second factor. "
                "OAuth 2.1, still a draft, leaves it out.", (), "oauth",
            )  # fmt: skip

    return await guarded(world, flow)


async def by_password(stage: Stage) -> str:
    await stage.app.discover()
    answer = await stage.app.tokens_for({
        "grant_type": "password", "username": "alice", "password": PASSWORD,
        "scope": stage.app.wish.scope, "resource": API,
    })  # fmt: skip
    stage.world.exactly(-2)
    stage.told(answer, "password")
    await stage.used()
    stage.world.holds |= {
        "the owner": ["a password"],
        "the application": ["the owner's password", *stage.app.holds()],
    }
    stage.world.who_holds()
    return str(answer["access_token"])


async def credentials(bench: Bench, scope: str = READ) -> Exit:
    """RFC 6749 §4.4: the application asks in its own name."""
    world = World(bench)

    async def flow() -> None:
        async with staged(world, WEB, scope=scope) as stage:
            world.chapter("grant.credentials", "Client credentials")
            note(world)
            await by_credentials(stage)

    return await guarded(world, flow)


async def by_credentials(stage: Stage) -> str:
    await stage.app.discover()
    answer = await stage.app.tokens_for({
        "grant_type": "client_credentials", "scope": stage.app.wish.scope, "resource": API,
    })  # fmt: skip
    stage.world.exactly(-2)
    stage.told(answer, "client_credentials")
    await stage.used()
    stage.world.holds |= {"the application": stage.app.holds()}
    stage.world.who_holds()
    return str(answer["access_token"])
