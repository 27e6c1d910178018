"""`netlab oauth walkthrough --issuer` and `--browser`: the person and the browser are real ones.

What passes between a browser and the server is theirs: netlab sees the application's side of it.
"""

import asyncio
from typing import Any

from netlab.errors import Exit
from netlab.experiments.bench import Bench
from netlab.experiments.oauth import purposes
from netlab.experiments.oauth.application import NAME
from netlab.experiments.oauth.grants import provider
from netlab.experiments.oauth.met import Met, Options, Pasted
from netlab.experiments.oauth.refusing import Stopped
from netlab.experiments.oauth.speaking import query_of
from netlab.experiments.oauth.walkthrough import back, guarded, tell_registered
from netlab.experiments.oauth.world import World, origin_of


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
    # The scope of --scope is the person's own: nothing is added to it.
    offline = options.grant == "refresh" and options.scope is None
    met = Met(world, options.wish(), options.port, preset=options.preset, offline=offline)
    async with met as app:
        match options.grant:
            case "device":
                await provider.device(world, app, options)
            case "client-credentials":
                await provider.credentials(world, app, options)
            case _:
                await _with_code(world, app, options)
        if options.grant == "refresh":
            await provider.refreshed(world, app)


async def _with_code(world: World, app: Met, options: Options) -> None:
    await tell_registered(app)
    world.chapter("oauth.redirect", "Your browser is sent off")
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
    app.world.message(text.encode("utf-8", "backslashreplace"))
    await app.came_back(query)
