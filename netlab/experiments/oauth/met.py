"""The application as real people meet it: its browser is theirs, and so is the server.

What passes between a browser and the server is theirs: netlab sees the application's side of it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from netlab.experiments.oauth.application import CHECKS, Wish
from netlab.experiments.oauth.grants.polling import GRANT, Pace
from netlab.experiments.oauth.listening import Page, Visit
from netlab.experiments.oauth.presets import DATED, Preset
from netlab.experiments.oauth.refusing import Stopped
from netlab.experiments.oauth.speaking import query_of, said
from netlab.experiments.oauth.walkthrough import IDENTITY, Walked, back
from netlab.recording.records import Value

OFFLINE = "offline_access"
CODE = ("authorization_code", "refresh_token")
REGISTERED = {"device": (GRANT, "refresh_token"), "client-credentials": ("client_credentials",)}
"""For which grants the application registers itself, where not for CODE."""
MOST_MEMBERS = 40

Show = Callable[[str], Awaitable[None]]
"""Brings an address before a person's eyes."""
ShowCode = Callable[[str, str, str], Awaitable[None]]
"""The same with a device's code: the code, where to type it, and an address that holds both."""
Pasted = Callable[[], Awaitable[str]]
"""What the person pastes; empty when nothing will come."""


@dataclass(frozen=True, slots=True)
class Options:
    """client_id empty: the application registers itself. patience: seconds for the person.

    show, show_code: open or print an address. pasted: None where the browser comes by itself.
    grant: code, device, client-credentials or refresh. scope None: what is usual for it.
    """

    issuer: str
    show: Show
    show_code: ShowCode
    grant: str = "code"
    pasted: Pasted | None = None
    client_id: str = ""
    secret: str = ""
    scope: str | None = None
    auth_method: str = ""
    api: str = ""
    resource: str = ""
    port: int = 0
    pkce: bool = True
    insecure: bool = False
    keep_secrets: bool = False
    patience: float = 300.0
    preset: Preset | None = None
    pace: Pace = field(default_factory=Pace)

    def wish(self) -> Wish:
        checks = CHECKS if self.pkce else CHECKS - {"pkce"}
        return Wish(
            self.issuer, self.usual if self.scope is None else self.scope, self.client_id,
            self.secret, self.auth_method or "none", self.api, self.resource, checks,
            grants=REGISTERED.get(self.grant, CODE), more=self.more,
        )  # fmt: skip

    @property
    def usual(self) -> str:
        """What is asked for where nobody says; an application for itself leaves it open."""
        if self.grant == "client-credentials":
            return ""
        return self.preset.scope if self.preset else IDENTITY

    @property
    def more(self) -> Mapping[str, str]:
        """A refresh token may want to be asked for (OpenID Connect Core §11)."""
        if self.grant != "refresh":
            return {}
        return self.preset.offline if self.preset else {"prompt": "consent"}


@dataclass(slots=True)
class Met(Walked):
    """The application, visited by a browser that netlab does not know."""

    back: asyncio.Event = field(default_factory=asyncio.Event)
    returned: bool = False
    preset: Preset | None = None
    offline: bool = False

    async def visited(self, visit: Visit) -> Page:
        if visit.field("host") not in (f"127.0.0.1:{self.port}", f"localhost:{self.port}"):
            return Page(421)  # a page that made its own name lead here (DNS rebinding)
        query = query_of(visit.target)
        if visit.target.startswith("/callback"):
            if self.returned:
                return Page(404)
            self.returned = True
            back(self.world, bool(query.get("error")))
            self.world.fact("oauth.channel", "front", origin="standard", note="RFC 6749 §4.1.2")
        self.world.hide(query.get("code", ""), query.get("state", ""))
        if visit.target.split("?")[0] in ("/", "/connect", "/callback"):
            self._tell(visit)
        # Not by super(): a dataclass with slots is made anew, and loses what it refers to.
        page = await Walked.visited(self, visit)
        self.world.hide(self.verifier, self.state, self.nonce)  # /connect makes new ones
        if self.returned:
            self.back.set()
        return page

    def _tell(self, visit: Visit) -> None:
        """What the browser brought, as the application read it."""
        world = self.world
        wire = world.message(visit.raw)
        path = visit.target.partition("?")[0]
        world.bench.recorder.message(
            world.step, "browser", "client", "HTTP/1.1", f"{visit.method} {path}", wire
        )

    async def discover(self) -> None:
        if self.preset is not None:
            self.world.fact("oauth.note", self.preset.note, origin="configured")
        if self.preset is not None and self.preset.metadata:
            self.metadata = dict(self.preset.metadata)
            self.world.fact("oauth.preset", f"netlab's own notes of {DATED}", origin="configured")
        else:
            await Walked.discover(self)
        offered = self.metadata.get("scopes_supported")
        if self.offline and isinstance(offered, list) and OFFLINE in offered:
            self.wish = replace(self.wish, scope=f"{self.wish.scope} {OFFLINE}".strip())
        if not self.secret:
            self.auth_method = "none"
        elif self.wish.auth_method == "none":
            self.auth_method = _method(self.metadata)

    def code_form(self, code: str) -> dict[str, str]:
        again = {"state": self.state} if self.preset and self.preset.state_again else {}
        return Walked.code_form(self, code) | again

    async def used(self) -> None:
        """Any API of JSON; the lab's is one of them."""
        if not self.wish.api:
            return
        if self.wish.resource:  # which only the lab's has
            await Walked.used(self)
            return
        world = self.world
        world.chapter("oauth.use", "The API is used")
        bearer = (("Authorization", f"Bearer {self.tokens['access_token']}"),
                  ("Accept", "application/json"))  # fmt: skip
        reply = await self.speaker.ask("GET", self.wish.api, bearer)
        world.exactly(0)
        world.fact("oauth.api", self.wish.api, origin="configured")
        world.fact("oauth.api_status", reply.status)
        members = [*flat(said(reply))][:MOST_MEMBERS]
        hidden = world.hidden(dict(members))
        rows: list[Value] = [{"name": name, "value": str(hidden[name])} for name, _ in members]
        world.fact("oauth.profile", rows)
        if reply.status >= 400:
            raise Stopped("resource server", f"it answered {reply.status}",
                          str(said(reply).get("error", ""))[:80])  # fmt: skip


def _method(metadata: Mapping[str, Any]) -> str:
    """Basic, unless the server takes the secret in the form alone (RFC 8414 §2)."""
    offered = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    basic = "client_secret_basic"
    return (
        basic if basic in offered or "client_secret_post" not in offered else "client_secret_post"
    )


def flat(found: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Members of an answer, those of objects in it behind a dot: some put a profile one deeper."""
    for name, value in found.items():
        path = f"{above}{name}"[:80]
        if isinstance(value, dict) and path.count(".") < 2:
            yield from flat(value, f"{path}.")
        else:
            yield path, str(value)[:200]
