"""The grants at a provider: a device with a person elsewhere, an application for itself, a refresh.

The code grant, which the last of them begins with, is in `netlab.experiments.oauth.meeting`.
"""

from collections.abc import Mapping
from typing import Any

from netlab.experiments.oauth import purposes
from netlab.experiments.oauth.grants.polling import Polls, bounded
from netlab.experiments.oauth.met import Met, Options
from netlab.experiments.oauth.refusing import Stopped, refused
from netlab.experiments.oauth.speaking import said
from netlab.experiments.oauth.walkthrough import lifetime, tell_registered
from netlab.experiments.oauth.world import World, protected

LONGEST = 2000
"""Characters of what a person is shown to type."""


async def device(world: World, app: Met, options: Options) -> None:
    """RFC 8628, with a person who has a browser somewhere."""
    await tell_registered(app, "device_code")
    world.chapter("grant.device", "The device asks", asks="")
    asked = await codes(app)
    world.exactly(-2)
    await options.show_code(*where_to(asked))
    world.chapter("grant.device.waiting", "It asks until somebody has decided")
    polls = Polls(app, asked, options.pace)
    try:
        answer = await polls.until_decided()
    finally:
        world.fact("oauth.polls", [*polls.rows])
        world.fact("oauth.interval_now", polls.interval, "s", "computed", "RFC 8628 §3.5")
        world.fact("oauth.waited", polls.waited, "s")
    world.exactly(-2)
    world.chapter("grant.device.token", "The device has a token", asks="")
    await told(app, answer)


async def codes(app: Met) -> Mapping[str, Any]:
    """The device authorization request (RFC 8628 §3.1), which names the client in any case."""
    world = app.world
    form = {"client_id": app.client_id, "scope": app.wish.scope, "resource": app.wish.resource}
    form = {name: value for name, value in form.items() if value}
    fields = app.credentials(form)
    url = app.endpoint("device_authorization_endpoint")
    reply = await (await app.speaker.post(url, form, fields)).answer()
    answer = said(reply)
    if reply.status != 200 or "device_code" not in answer:
        raise refused("device authorization endpoint", reply, answer)
    code, uri, complete = where_to(answer)
    issuer, where = app.wish.issuer, [one for one in (uri, complete) if one]
    typed = code and uri and all(protected(one, issuer) for one in where)
    if not typed or max(map(len, (code, *where))) > LONGEST:
        raise Stopped("device authorization endpoint", "it names no code to type at an https URL",
                      rule="RFC 8628 §3.2")  # fmt: skip
    world.fact("oauth.user_code", str(world.hidden({"code": code})["code"]))
    world.fact("oauth.verification_uri", uri)
    world.fact("oauth.interval", bounded(answer.get("interval"), 5.0, 0.0, 3600.0), "s")
    return answer


def where_to(asked: Mapping[str, Any]) -> tuple[str, str, str]:
    """The code to type, where, and an address that has it in it already, if there is one.

    An older name of the address is still in use: verification_url.
    """
    uri = asked.get("verification_uri") or asked.get("verification_url") or ""
    return (
        str(asked.get("user_code", "")),
        str(uri),
        str(asked.get("verification_uri_complete", "")),
    )


async def credentials(world: World, app: Met, _: Options) -> None:
    """RFC 6749 §4.4: the application asks in its own name."""
    await tell_registered(app, "client_credentials")
    world.chapter("grant.credentials", "Client credentials")
    form = {"grant_type": "client_credentials", "scope": app.wish.scope,
            "resource": app.wish.resource}  # fmt: skip
    answer = await app.tokens_for({name: value for name, value in form.items() if value})
    world.exactly(-2)
    await told(app, answer)


async def told(app: Met, answer: Mapping[str, Any]) -> None:
    """What the token endpoint gave, and what it opens."""
    await app.obtained(answer)
    if app.wish.api:
        await app.used()


async def refreshed(world: World, app: Met) -> None:
    """RFC 6749 §6, once; what a thief could do with the old one is left to the lab."""
    world.chapter("grant.refreshed", "A new token, without the owner")
    old = str(app.tokens.get("refresh_token", ""))
    world.fact("oauth.refreshable", bool(old))
    if not old:
        raise Stopped("token endpoint", "it gave no refresh token", rule="RFC 6749 §1.5")
    before = app.tokens.get("access_token")
    world.hide(old)
    answer = await app.tokens_for({"grant_type": "refresh_token", "refresh_token": old})
    world.exactly(-2)
    world.fact("oauth.parameters", purposes.table(world.hidden(answer), answer=True))
    world.fact("oauth.new_token", answer.get("access_token") != before)
    world.fact("oauth.rotated", answer.get("refresh_token", old) != old)
    world.fact("oauth.expires_in", lifetime(answer.get("expires_in")), "s")
    world.holds["the application"] = app.holds()
    world.who_holds()
