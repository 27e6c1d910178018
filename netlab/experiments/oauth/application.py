"""The client application: what it keeps, what it asks for, and what it checks (RFC 6749).

It is one party of the experiment, in a process of its own kind: browsers reach it over HTTP at a
loopback port, and it reaches the servers over HTTP itself. Each check can be left out, to see what
it is for.
"""

import hashlib
import html
import json
import secrets
import time
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import quote_plus, urlencode, urlsplit

from netlab.experiments.oauth.listening import Listener, Page, Visit
from netlab.experiments.oauth.refusing import Stopped, refused
from netlab.experiments.oauth.speaking import Speaker, query_of, said
from netlab.experiments.oauth.world import World, protected
from netlab.network import jose
from netlab.network.jose import Verdict, Wanted

CALLBACK, FLOW = "/callback", "flow"
NAME = "Photo prints"
REDIRECTING = frozenset({"authorization_code", "implicit"})
"""The grants that end at a redirect URI."""
LONGEST_ID = 2000
CHECKS = frozenset({"state", "pkce", "iss", "nonce"})


@dataclass(frozen=True, slots=True)
class Wish:
    """client_id empty: register. checks: those of CHECKS that are made. api: a resource server.

    more: parameters of the authorization request that this server wants besides.
    """

    issuer: str
    scope: str = "photos.read"
    client_id: str = ""
    secret: str = ""
    auth_method: str = "client_secret_basic"
    api: str = ""
    resource: str = ""
    checks: frozenset[str] = CHECKS
    response_type: str = "code"
    grants: tuple[str, ...] = ("authorization_code", "refresh_token")
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def oidc(self) -> bool:
        return "openid" in self.scope.split()


@dataclass(slots=True)
class Application:
    """`async with Application(world, wish) as app`: its server listens."""

    world: World
    wish: Wish
    port: int = 0
    actor: str = "client"
    metadata: dict[str, Any] = field(default_factory=dict)
    keys: dict[str, Any] = field(default_factory=dict)
    client_id: str = ""
    secret: str = ""
    auth_method: str = ""
    state: str = ""
    verifier: str = ""
    nonce: str = ""
    code: str = ""
    tokens: dict[str, Any] = field(default_factory=dict)
    verdict: Verdict | None = None
    photos: dict[str, Any] = field(default_factory=dict)
    flow: str = ""
    mine: bool = True
    stopped: Exception | None = None
    speaker: Speaker = field(init=False)
    listener: Listener = field(init=False)

    async def __aenter__(self) -> Self:
        self.speaker = Speaker(self.world, self.actor)
        self.listener = Listener(self.visited, port=self.port)
        await self.listener.__aenter__()
        self.port = self.listener.port
        self.client_id, self.secret = self.wish.client_id, self.wish.secret
        self.auth_method = self.wish.auth_method
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.listener.__aexit__()
        await self.speaker.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def redirect_uri(self) -> str:
        return self.url + CALLBACK

    def holds(self) -> list[str]:
        """What it has now, by name."""
        parts = {
            "a client_id": self.client_id, "a client_secret": self.secret, "state": self.state,
            "a code_verifier": self.verifier, "a nonce": self.nonce, "a code": self.code,
            "an access token": self.tokens.get("access_token"),
            "a refresh token": self.tokens.get("refresh_token"),
            "an id_token": self.tokens.get("id_token"),
        }  # fmt: skip
        return [name for name, value in parts.items() if value]

    # What it asks of the servers itself, over the back channel.

    async def discover(self) -> None:
        """The server's own description (RFC 8414 §3, OpenID Connect Discovery §4)."""
        tried = []
        for url in well_known(self.wish.issuer):
            reply = await self.speaker.ask("GET", url, (("Accept", "application/json"),))
            found = said(reply)
            if reply.status == 200 and found:
                self.metadata = judged(found, self.wish.issuer)
                return
            tried.append(f"{reply.status} at {urlsplit(url).path}")
        raise Stopped("discovery", f"there is no description of the server ({', '.join(tried)})",
                      rule="RFC 8414 §3")  # fmt: skip

    async def register(self) -> dict[str, Any]:
        """Become known to the server (RFC 7591 §3.1); answers what it was told."""
        wanted: dict[str, object] = {
            "client_name": NAME, "redirect_uris": [self.redirect_uri],
            "grant_types": [*self.wish.grants], "scope": self.wish.scope,
            "token_endpoint_auth_method": self.auth_method,
        }  # fmt: skip
        if not REDIRECTING & set(self.wish.grants):
            wanted |= {"redirect_uris": [], "response_types": []}
        fields = (("Content-Type", "application/json"), ("Accept", "application/json"))
        body = json.dumps(wanted).encode()
        url = self.endpoint("registration_endpoint")
        reply = await self.speaker.ask("POST", url, fields, body)
        answer = said(reply)
        if reply.status != 201 or not isinstance(answer.get("client_id"), str):
            raise refused("registration", reply, answer)
        if len(answer["client_id"]) > LONGEST_ID:
            raise Stopped("registration", "it gave a client_id of "
                          f"{len(answer['client_id']):,} characters")  # fmt: skip
        self.client_id = answer["client_id"]
        self.secret = str(answer.get("client_secret", ""))
        return answer

    def endpoint(self, name: str) -> str:
        """Raises Stopped where the server's description has none."""
        url = self.metadata.get(name)
        if not isinstance(url, str) or not url:
            raise Stopped("discovery", f"the server's description names no {name}",
                          rule="RFC 8414 §2")  # fmt: skip
        # Nor may a server elsewhere send us asking around on this machine.
        if not protected(url, self.wish.issuer):
            raise Stopped("discovery", f"its {name} is no https URL: {url[:200]}",
                          rule="RFC 6749 §3.1, §3.2")  # fmt: skip
        return url

    def authorization(self) -> dict[str, str]:
        """The parameters of the authorization request; fresh secrets are kept here."""
        checks = self.wish.checks
        self.state = secrets.token_urlsafe(16) if "state" in checks else ""
        self.verifier = secrets.token_urlsafe(32) if "pkce" in checks else ""
        self.nonce = secrets.token_urlsafe(16) if self.wish.oidc and "nonce" in checks else ""
        given = {
            "response_type": self.wish.response_type, "client_id": self.client_id,
            "redirect_uri": self.redirect_uri, "scope": self.wish.scope, "state": self.state,
            "code_challenge": challenge_of(self.verifier) if self.verifier else "",
            "code_challenge_method": "S256" if self.verifier else "",
            "nonce": self.nonce, "resource": self.wish.resource, **self.wish.more,
        }  # fmt: skip
        return {name: value for name, value in given.items() if value}

    def authorization_url(self) -> str:
        url = self.endpoint("authorization_endpoint")
        return f"{url}{'&' if '?' in url else '?'}{urlencode(self.authorization())}"

    def received(self, given: Mapping[str, str]) -> str:
        """Judge what a browser brought; answers the code. Raises Stopped."""
        checks = self.wish.checks
        expected = self.state if self.mine else ""
        if "state" in checks and not (
            expected and secrets.compare_digest(given.get("state", "").encode(), expected.encode())
        ):
            raise Stopped("callback", "state is not the one that this browser was sent off with",
                          rule="RFC 6749 §10.12")  # fmt: skip
        promised = self.metadata.get("authorization_response_iss_parameter_supported") is True
        iss = given.get("iss")
        if "iss" in checks and (promised or iss is not None) and iss != self.wish.issuer:
            raise Stopped("callback", f"iss names {iss or 'nobody'}, not {self.wish.issuer}",
                          rule="RFC 9207 §2.4")  # fmt: skip
        if error := given.get("error"):
            raise Stopped("callback", given.get("error_description") or error, error[:80])
        if not given.get("code"):
            raise Stopped("callback", "there is neither a code nor an error in it",
                          rule="RFC 6749 §4.1.2")  # fmt: skip
        self.code = given["code"]
        return self.code

    def credentials(self, form: dict[str, str]) -> list[tuple[str, str]]:
        """How it proves who it is at the token endpoint (RFC 6749 §2.3.1); form may grow."""
        if self.auth_method == "client_secret_basic" and self.secret:
            pair = f"{quote_plus(self.client_id)}:{quote_plus(self.secret)}"
            basic = b64encode(pair.encode()).decode()
            self.world.hide(basic)
            return [("Authorization", f"Basic {basic}")]
        form["client_id"] = self.client_id
        if self.secret and self.auth_method == "client_secret_post":
            form["client_secret"] = self.secret
        return []

    async def tokens_for(self, form: dict[str, str], between: Any = None) -> dict[str, Any]:
        """A grant for tokens, at the token endpoint. between: what is done once it is sent."""
        fields = self.credentials(form)
        pending = await self.speaker.post(self.endpoint("token_endpoint"), form, fields)
        if between is not None:
            between()
        reply = await pending.answer()
        answer = said(reply)
        if reply.status != 200 or "error" in answer or "access_token" not in answer:
            raise refused("token endpoint", reply, answer)
        self.tokens = {**self.tokens, **answer}
        return answer

    def code_form(self, code: str) -> dict[str, str]:
        verifier = self.verifier if self.mine else ""
        form = {"grant_type": "authorization_code", "code": code,
                "redirect_uri": self.redirect_uri, "code_verifier": verifier,
                "resource": self.wish.resource}  # fmt: skip
        return {name: value for name, value in form.items() if value}

    async def load_keys(self) -> None:
        self.keys = said(await self.speaker.ask("GET", self.endpoint("jwks_uri")))

    async def verified(self, token: str, audience: str, nonce: str | None = None) -> Verdict:
        if not self.keys:
            await self.load_keys()
        wanted = Wanted(self.wish.issuer, audience, time.time(), nonce)
        return jose.verify(token, self.keys, wanted)

    async def use(self, method: str = "GET", token: str = "") -> tuple[int, dict[str, Any], str]:
        """Ask the resource server; its status, its answer, and what it wants instead."""
        bearer = token or str(self.tokens.get("access_token", ""))
        fields = [("Authorization", f"Bearer {bearer}"), ("Accept", "application/json")]
        reply = await self.speaker.ask(method, f"{self.wish.api}/photos", fields)
        return reply.status, said(reply), reply.header("www-authenticate")

    # What browsers ask of it.

    async def visited(self, visit: Visit) -> Page:
        path = urlsplit(visit.target).path
        if path == "/":
            return page(NAME, '<p><a href="/connect">Print my photos</a></p>')
        if path == "/connect":
            self.flow = secrets.token_urlsafe(16)
            cookie = f"{FLOW}={self.flow}; HttpOnly; SameSite=Lax; Path=/"
            return Page(302, location=self.authorization_url(), cookie=cookie)
        if path != CALLBACK:
            return Page(404)
        if self.wish.response_type == "token":  # in the fragment, which no server is sent
            return page(NAME, "<p>The script of this page reads the token from its address.</p>")
        # What was kept for a flow belongs to the browser that began it.
        self.mine = not self.flow or f"{FLOW}={self.flow}" in visit.field("cookie")
        try:
            await self.came_back(query_of(visit.target))
        except Exception as error:  # whatever it is, the flow ends with it, and is not waited for
            self.stopped = error
            return page("That did not work", f"<p>{html.escape(str(error))}</p>", 400)
        titles = "".join(f"<li>{html.escape(str(one))}" for one in self.photos.get("photos", ()))
        return page("Your photos", f"<ul>{titles}</ul>")

    async def came_back(self, given: Mapping[str, str]) -> None:
        """What to do with what the browser brought; experiments tell it chapter by chapter."""
        await self.tokens_for(self.code_form(self.received(given)))


def page(title: str, body: str, status: int = 200) -> Page:
    title = html.escape(title)
    text = f'<!doctype html><html lang="en"><title>{title}</title><h1>{title}</h1>{body}'
    return Page(status, text.encode())


def challenge_of(verifier: str) -> str:
    """RFC 7636 §4.2."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def well_known(issuer: str) -> tuple[str, str]:
    """Between host and path by RFC 8414 §3.1, behind the path by OpenID Connect Discovery §4.1."""
    parts = urlsplit(issuer)
    base, path = f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")
    return (
        f"{base}/.well-known/oauth-authorization-server{path}",
        f"{base}{path}/.well-known/openid-configuration",
    )


def judged(found: dict[str, Any], issuer: str) -> dict[str, Any]:
    """A description must be of the issuer that was asked (RFC 8414 §3.3). Raises Stopped."""
    if found.get("issuer") != issuer:
        other = str(found.get("issuer"))[:200]
        raise Stopped("discovery", f"the description is that of {other}, not of {issuer}",
                      rule="RFC 8414 §3.3")  # fmt: skip
    return found
