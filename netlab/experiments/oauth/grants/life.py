"""A token's life: opened, used, too narrow, expired, refreshed, stolen, revoked."""

import asyncio
import json
import time
from base64 import b64encode, urlsafe_b64encode
from dataclasses import replace
from typing import Any

from netlab.dissect.jwt import opened as decoded
from netlab.errors import Exit
from netlab.experiments.bench import Bench
from netlab.experiments.oauth.grants.older import note
from netlab.experiments.oauth.grants.stage import AS_API, WEB, Stage, setting, staged
from netlab.experiments.oauth.refusing import Stopped
from netlab.experiments.oauth.speaking import said
from netlab.experiments.oauth.walkthrough import API, ISSUER, guarded, tell_jwt
from netlab.experiments.oauth.world import World
from netlab.network import jose
from netlab.network.jose import Wanted
from netlab.recording.records import Value

FILES = "https://files.example.com"
LIFETIME = 1.0
"""Seconds that an access token lives here; minutes are usual."""
SCOPE = "photos.read offline_access"


async def refresh(bench: Bench) -> Exit:
    world = World(bench)

    async def flow() -> None:
        async with staged(world, WEB, scope=SCOPE) as stage:
            world.chapter("grant.obtained", "Tokens, and what is in one")
            note(world)
            await granted(stage)
            await opened(stage)
            await narrow(stage)
        async with (
            setting(world, access_lifetime=LIFETIME),
            staged(world, WEB, scope=SCOPE) as stage,
        ):
            world.chapter("grant.expiry", "The token expires", "configured delay")
            await expired(stage)
            await rotated(stage)
        async with setting(world, access_tokens="opaque"), staged(world, WEB, scope=SCOPE) as stage:
            world.chapter("grant.opaque", "A token that says nothing")
            await asked_about(stage)
        async with staged(world, WEB, scope=SCOPE) as stage:
            world.chapter("grant.revocation", "Revoked")
            await revoked(stage)

    return await guarded(world, flow)


async def granted(stage: Stage, resource: str = "") -> dict[str, Any]:
    """A code grant, as `netlab oauth walkthrough` tells it in full."""
    app = stage.app
    if not app.metadata:
        await app.discover()
    if resource:
        app.wish = replace(app.wish, resource=resource)
    sent_off = await stage.browser.get(f"{app.url}/connect")
    reply = await stage.agreed(sent_off.header("location"))
    await stage.browser.follow(reply)
    if app.stopped is not None:
        raise app.stopped
    return app.tokens


async def opened(stage: Stage) -> None:
    """Decoded is not verified: the token, and one with a changed claim that decodes as well."""
    world, token = stage.world, str(stage.app.tokens["access_token"])
    stage.told(stage.app.tokens, "authorization_code")
    tell_jwt(world, await stage.app.verified(token, API))
    forged = changed(token)
    wanted = Wanted(ISSUER, API, time.time())
    verdict = jose.verify(forged, stage.app.keys, wanted)
    world.fact("jwt.forged_sub", str(verdict.token.claims.get("sub")))
    world.fact("jwt.forged_verified", verdict.verified, origin="computed")
    world.fact("jwt.forged_why", verdict.why, origin="computed")


def changed(token: str) -> str:
    """The same token with another sub, and the old signature."""
    head, _, signature = token.split(".")
    claims = json.dumps({**decoded(token).claims, "sub": "mallory"}).encode()
    return f"{head}.{urlsafe_b64encode(claims).rstrip(b'=').decode()}.{signature}"


async def narrow(stage: Stage) -> None:
    """Good, but not for this: 403 (RFC 6750 §3.1)."""
    world = stage.world
    world.chapter("grant.scope", "Beyond its scope")
    status, answer, challenge = await stage.app.use("POST")
    world.fact("oauth.api_status", status)
    world.fact("oauth.error", str(answer.get("error", "")))
    world.fact("oauth.challenge", challenge)
    world.exactly()


async def expired(stage: Stage) -> None:
    """Lived through: 200, a wait, 401."""
    world = stage.world
    answer = await granted(stage)
    world.fact("oauth.expires_in", answer.get("expires_in"), "s", "configured")
    before, _, _ = await stage.app.use()
    await asyncio.sleep(LIFETIME + 0.2)
    after, said_, challenge = await stage.app.use()
    world.fact("oauth.status_before", before)
    world.fact("oauth.status_after", after)
    world.fact("oauth.error", str(said_.get("error", "")))
    world.fact("oauth.challenge", challenge)
    world.exactly()


async def rotated(stage: Stage) -> None:
    """A new pair; then the old refresh token once more, as a thief would."""
    world, app = stage.world, stage.app
    world.chapter("grant.rotation", "Refreshed, and a thief")
    old = str(app.tokens["refresh_token"])
    await app.tokens_for({"grant_type": "refresh_token", "refresh_token": old})
    new = str(app.tokens["refresh_token"])
    world.fact("oauth.rotated", new != old)
    status, _, _ = await app.use()
    world.fact("oauth.api_status", status)
    rows: list[Value] = []
    for who, token in (("the old one, again", old), ("the new one, after that", new)):
        try:
            await app.tokens_for({"grant_type": "refresh_token", "refresh_token": token})
            rows.append({"token": who, "answer": "new tokens"})
        except Stopped as stopped:
            rows.append({"token": who, "answer": f"{stopped.error}: {stopped.why}"})
    world.fact("oauth.reuse", rows)
    world.fact("oauth.family_revoked", all("invalid_grant" in str(row) for row in rows))


async def asked_about(stage: Stage) -> None:
    """An opaque token, and what the authorization server says of it (RFC 7662)."""
    world = stage.world
    answer = await granted(stage, FILES)
    token = str(answer["access_token"])
    world.fact("oauth.token", token)
    world.fact("oauth.token_length", len(token))
    found = await introspected(stage, token)
    world.fact("oauth.introspection", [
        {"name": name, "value": str(value)[:200]} for name, value in found.items()
    ])  # fmt: skip
    world.fact("oauth.active", bool(found.get("active")))


async def introspected(stage: Stage, token: str) -> dict[str, Any]:
    basic = b64encode(":".join(AS_API).encode()).decode()
    url = stage.app.endpoint("introspection_endpoint")
    pending = await stage.app.speaker.post(
        url, {"token": token}, [("Authorization", f"Basic {basic}")]
    )
    return said(await pending.answer())


async def revoked(stage: Stage) -> None:
    """At the server that asks it is dead at once; at the one that verifies it lives on."""
    world, app = stage.world, stage.app
    rows: list[Value] = []
    for api, how in ((FILES, "asks the authorization server"), (API, "verifies by itself")):
        await granted(stage, api)
        before = await at(stage, api)
        form = {"token": str(app.tokens["access_token"])}
        fields = app.credentials(form)
        await (await app.speaker.post(app.endpoint("revocation_endpoint"), form, fields)).answer()
        rows.append({"server": api.partition("://")[2], "how": how, "before": before,
                     "after": await at(stage, api)})  # fmt: skip
    rests = world.fact("oauth.revocation", rows)
    world.bench.recorder.finding(
        world.step, "note", "A revoked JWT is still good where nobody asks about it.",
        "A resource server that verifies by itself hears nothing of a revocation: it accepts the "
        "token until it expires. Short lifetimes bound that; introspection ends it.",
        (rests,), "grant.revocation",
    )  # fmt: skip


async def at(stage: Stage, api: str) -> int:
    bearer = (("Authorization", f"Bearer {stage.app.tokens['access_token']}"),)
    return (await stage.app.speaker.ask("GET", f"{api}/photos", bearer)).status
