"""A resource server: what it knows, and how it learns what a token is worth.

Two ways, by its setting `mode`. `jwt`: it fetches the issuer's keys once, over HTTP, and verifies
each token by itself; of a revocation it hears nothing. `introspect`: it asks the issuer about each
token, over HTTP as well, in its own name.
"""

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from netlab.lab.oauth import verifying
from netlab.lab.oauth.calling import CallFailed, call
from netlab.lab.oauth.refusal import Refused
from netlab.lab.oauth.settings import Settings
from netlab.lab.oauth.stores import Clock
from netlab.lab.webmessage import Header, Outside, Tell

MOST_PHOTOS, MOST_PERSONS = 50, 200
AGAIN = 10.0
"""Seconds after which the keys may be fetched anew: nobody makes us fetch by inventing names."""


@dataclass(slots=True)
class ResourceServer:
    """identifier: the audience of the tokens that are for it. client, secret: as what it asks."""

    identifier: str
    issuer: str
    client: str
    secret: str
    settings: Settings
    clock: Clock
    key_set: Mapping[str, Any] = field(default_factory=dict)
    fetched: float | None = None
    photos: dict[str, list[str]] = field(default_factory=dict)

    async def claims(self, token: str, scope: str, outside: Outside, tell: Tell) -> dict[str, Any]:
        """What the token says, once it is known to hold, here and for this. Raises Refused."""
        protections = self.settings.protections
        if self.settings.mode == "introspect":
            claims = await self.introspected(token, outside, tell)
        else:
            claims = await self.verified(token, outside, tell)
        verifying.meant_for(claims, self.identifier, protections)
        verifying.allows(claims, scope, protections)
        return claims

    async def verified(self, token: str, outside: Outside, tell: Tell) -> dict[str, Any]:
        try:
            return self.check(token)
        except verifying.UnknownKey:
            await self.fetch_keys(outside, tell)
        try:
            return self.check(token)
        except verifying.UnknownKey:
            raise verifying.invalid("nobody knows the key that signed it") from None

    def check(self, token: str) -> dict[str, Any]:
        return verifying.claims_of(
            token, self.key_set, self.issuer, self.clock(), self.settings.protections
        )

    async def fetch_keys(self, outside: Outside, tell: Tell) -> None:
        """From where the issuer's metadata say that they are (RFC 8414 §2)."""
        now = self.clock()
        if self.fetched is not None and now - self.fetched < AGAIN:
            return
        document = await self.ask(outside, "GET", self.well_known)
        url = str(document.get("jwks_uri"))
        self.key_set, self.fetched = await self.ask(outside, "GET", url), now
        tell("oauth.keys", issuer=self.issuer, url=url, keys=len(self.key_set.get("keys", ())))

    @property
    def well_known(self) -> str:
        return f"{self.issuer}/.well-known/oauth-authorization-server"

    async def introspected(self, token: str, outside: Outside, tell: Tell) -> dict[str, Any]:
        """RFC 7662 §2: authenticated, as anyone could try tokens out otherwise (§4)."""
        pair = f"{quote(self.client, safe='')}:{quote(self.secret, safe='')}".encode()
        headers = (
            (b"authorization", b"Basic " + b64encode(pair)),
            (b"content-type", b"application/x-www-form-urlencoded"),
        )
        body = urlencode({"token": token, "token_type_hint": "access_token"}).encode()
        told = await self.ask(outside, "POST", f"{self.issuer}/introspect", headers, body)
        active = told.get("active") is True
        tell("oauth.introspected", issuer=self.issuer, active=active,
             scope=str(told.get("scope", "")))  # fmt: skip
        if not active:
            raise verifying.invalid("its issuer says that it is not active", "RFC 7662 §2.2")
        return told

    async def ask(
        self, outside: Outside, method: str, url: str, headers: tuple[Header, ...] = (),
        body: bytes = b"",
    ) -> dict[str, Any]:  # fmt: skip
        """A JSON object of the authorization server's. Raises Refused: without it, nothing goes."""
        try:
            answer = await call(outside, method, url, headers, body)
            value = json.loads(answer.body) if answer.status == 200 else None
        except (CallFailed, ValueError, KeyError):
            value = None
        if not isinstance(value, dict):
            what = "the authorization server cannot be asked"
            raise Refused("temporarily_unavailable", what, "RFC 9110 §15.6.4", 503)
        return value

    def add(self, person: str, title: str) -> None:
        """One more photo; the oldest go, of persons and of photos."""
        shelf = self.photos.setdefault(person, list(FIRST))
        shelf.append(title)
        del shelf[:-MOST_PHOTOS]
        while len(self.photos) > MOST_PERSONS:
            del self.photos[next(iter(self.photos))]

    def of(self, person: str) -> list[str]:
        return self.photos.get(person, list(FIRST))


FIRST = ("Han river at dusk", "Ginkgo avenue")
"""What everyone has from the start."""
