"""The device grant (RFC 8628): something without a keyboard, and a person with a browser."""

import asyncio
from dataclasses import replace
from typing import Any

from netlab.errors import Exit
from netlab.experiments.bench import Bench
from netlab.experiments.oauth.grants.older import note
from netlab.experiments.oauth.grants.polling import GRANT, LONGEST, MORE, USUAL, bounded
from netlab.experiments.oauth.grants.stage import Stage, setting, staged
from netlab.experiments.oauth.person import Form
from netlab.experiments.oauth.refusing import Stopped, refused
from netlab.experiments.oauth.speaking import said
from netlab.experiments.oauth.walkthrough import READ, guarded
from netlab.experiments.oauth.world import World
from netlab.recording.records import Value

INTERVAL = 1.0
"""Seconds between polls, as the lab's server is set to; five are usual."""
TV = "tv"


async def device(bench: Bench, scope: str = READ, approve: bool = True) -> Exit:
    world = World(bench)

    async def flow() -> None:
        async with (
            setting(world, device_interval=INTERVAL),
            staged(world, TV, scope=scope, resource="") as stage,
        ):
            world.chapter("grant.device", "The device asks", "configured delay")
            note(world)
            await stage.app.discover()
            asked = await codes(stage)
            polls: list[Value] = []
            wait = interval_of(asked)
            await asyncio.sleep(wait)
            polls.append(await polled(stage, asked, wait))
            polls.append(await polled(stage, asked, 0.0))
            wait += MORE if "slow_down" in str(polls[-1]) else 0.0
            world.fact("oauth.polls", polls)
            world.fact("oauth.interval_now", wait, "s", "computed", "RFC 8628 §3.5")
            what = "approves" if approve else "denies it"
            world.chapter("grant.device.approved", f"The person {what} elsewhere")
            await decides(stage, asked, approve)
            world.chapter(
                "grant.device.token", "The device learns of it", "configured delay",
                None if approve else "grant.device.denied",
            )  # fmt: skip
            world.fact("oauth.waited", wait, "s", "configured")
            await asyncio.sleep(wait)
            await token(stage, asked)

    return await guarded(world, flow)


async def by_device(stage: Stage) -> str:
    """The same for somebody who does not hurry: approved before the first poll."""
    await stage.app.discover()
    asked = await codes(stage)
    await decides(stage, asked)
    await asyncio.sleep(interval_of(asked))
    return await token(stage, asked)


def interval_of(asked: dict[str, Any]) -> float:
    return bounded(asked.get("interval"), USUAL, 0.0, LONGEST)


async def codes(stage: Stage) -> dict[str, Any]:
    form = {"scope": stage.app.wish.scope}
    fields = stage.app.credentials(form)
    url = stage.app.endpoint("device_authorization_endpoint")
    reply = await (await stage.app.speaker.post(url, form, fields)).answer()
    answer = said(reply)
    if reply.status != 200 or "device_code" not in answer:
        raise refused("device authorization endpoint", reply, answer)
    stage.world.fact("oauth.user_code", str(answer.get("user_code")))
    stage.world.fact("oauth.verification_uri", str(answer.get("verification_uri")))
    stage.world.fact("oauth.interval", interval_of(answer), "s")
    return answer


async def polled(stage: Stage, asked: dict[str, Any], after: float) -> Value:
    """One question at the token endpoint, whose answer is expected to be an error."""
    try:
        await stage.app.tokens_for({"grant_type": GRANT, "device_code": asked["device_code"]})
    except Stopped as stopped:
        return {"after": after, "answer": stopped.error}
    return {"after": after, "answer": "a token"}


async def decides(stage: Stage, asked: dict[str, Any], approve: bool = True) -> None:
    """Alice opens the address on her telephone, logs in, types the code, and agrees, or not."""
    browser = stage.browser
    await browser.get(str(asked["verification_uri"]))
    reply = await stage.alice.log_in()
    if 300 <= reply.status < 400:
        await browser.follow(reply)
    form = Form(browser.page)
    values = {**form.hidden, "user_code": str(asked["user_code"])}
    await browser.submit(form.action, [*values.items()])
    await replace(stage.alice, approve=approve).decide()
    decision = "approved" if approve else "denied it"
    stage.world.fact("oauth.decision", decision, origin="configured")
    stage.world.holds |= {"the browser": browser.holds()}
    stage.world.who_holds()


async def token(stage: Stage, asked: dict[str, Any]) -> str:
    answer = await stage.app.tokens_for({"grant_type": GRANT, "device_code": asked["device_code"]})
    stage.world.exactly(-2)
    stage.told(answer, "device_code")
    await stage.used()
    stage.world.holds |= {"the device": stage.app.holds()}
    stage.world.who_holds()
    return str(answer["access_token"])
