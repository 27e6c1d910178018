"""A whole OAuth world in one process: a site, a clock that is moved by hand, a browser, a journal.

Requests go through the lab's own bridge, so that the journal is told as in the lab.
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx

from netlab.lab.oauth.accounts import Accounts
from netlab.lab.oauth.clients import SECRETS
from netlab.lab.oauth.keys import Keys
from netlab.lab.oauth.pkce import challenge_of
from netlab.lab.oauth.sites import AuthorizationSite
from netlab.lab.service import Plain
from netlab.lab.webmessage import Request

ISSUER = "https://auth.example.com"
API, FILES = "https://api.example.com", "https://files.example.com"
CALLBACK = "https://client.example.org/callback"
VERIFIER = "a" * 20 + "-._~" + "Z9" * 12
WEB = ("web-app", SECRETS["web-app"])
DISK = (Keys(), Accounts())
PKCE = {"code_challenge": challenge_of(VERIFIER), "code_challenge_method": "S256"}


@dataclass
class Party:
    """The authorization server, and who asks it. told: the journal's events, in order."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    now: float = 1_800_000_000.0
    told: list[tuple[str, dict[str, Plain]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.site = AuthorizationSite()
        self.site.disk, self.site.clock = DISK, lambda: self.now
        self.site.set(self.settings)
        self.browser = self.client()
        self.machine = self.client()

    def client(self) -> httpx.Client:
        return httpx.Client(
            transport=httpx.MockTransport(self.carry), base_url=ISSUER, trust_env=False,
            follow_redirects=False,
        )  # fmt: skip

    def carry(self, asked: httpx.Request) -> httpx.Response:
        """One request to the site."""
        target = asked.url.raw_path.decode()
        headers = tuple((k.lower(), v) for k, v in asked.headers.raw)
        request = Request(
            asked.method, asked.url.scheme, asked.url.netloc.decode(), target, headers,
            asked.read(), peer_port=1, tell=self.tell,
        )  # fmt: skip
        answer = asyncio.run(self.site.answer(request))
        assert isinstance(answer.body, bytes)
        return httpx.Response(answer.status, headers=list(answer.headers), content=answer.body)

    def tell(self, event: str, /, **detail: Plain) -> None:
        assert event != "failed", detail
        self.told.append((event, dict(detail)))

    def events(self, event: str) -> list[dict[str, Plain]]:
        return [detail for name, detail in self.told if name == event]

    def rule(self) -> object:
        """The rule of the last refusal."""
        return self.events("oauth.refused")[-1]["rule"]

    def ask(self, **more: str) -> httpx.Response:
        """The authorization request of the web application, by the browser."""
        given = {"response_type": "code", "client_id": "web-app", "redirect_uri": CALLBACK,
                 "scope": "openid photos.read", "state": "xyz", **PKCE, **more}  # fmt: skip
        given = {key: value for key, value in given.items() if value}
        return self.browser.get("/authorize", params=given)

    def log_in(
        self, page: httpx.Response, user: str = "alice", password: str = "correct horse"
    ) -> httpx.Response:
        """The login form, sent; answers the page where it leads to."""
        words = {"username": user, "password": password}
        answer = self.browser.post("/login", data=hidden(page) | words)
        return self.browser.get(answer.headers["location"]) if answer.is_redirect else answer

    def approve(self, page: httpx.Response, *only: str, decision: str = "approve") -> Any:
        boxes = only or tuple(re.findall(r'name="scope" value="([^"]*)"', page.text))
        data = hidden(page) | {"scope": list(boxes), "decision": decision}
        return self.browser.post("/consent", data=data)

    def code(self, **more: str) -> str:
        """A code, by way of the whole front channel."""
        page = self.ask(**more)
        if 'action="/login"' in page.text:
            page = self.log_in(page)
        answer = page if page.is_redirect else self.approve(page)
        return query(answer)["code"]

    def post(self, path: str, *, auth: Any = WEB, **data: Any) -> httpx.Response:
        return self.machine.post(path, data=data, auth=auth)

    def redeem(self, code: str, *, auth: Any = WEB, **more: str) -> httpx.Response:
        given = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK,
                 "code_verifier": VERIFIER, **more}  # fmt: skip
        given = {key: value for key, value in given.items() if value}
        return self.post("/token", auth=auth, **given)

    def tokens(self, **more: str) -> dict[str, Any]:
        answer = self.redeem(self.code(**more))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def refresh(self, token: str, *, auth: Any = WEB, **more: str) -> httpx.Response:
        return self.post(
            "/token", auth=auth, grant_type="refresh_token", refresh_token=token, **more
        )

    def active(self, token: str, auth: Any = ("api-server", SECRETS["api-server"])) -> bool:
        return bool(self.post("/introspect", auth=auth, token=token).json()["active"])


def hidden(page: httpx.Response) -> dict[str, Any]:
    pairs = re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', page.text)
    return {name: unescape(value) for name, value in pairs}


def query(answer: httpx.Response) -> dict[str, str]:
    """What the redirection gives to the client in its query."""
    assert answer.is_redirect, (answer.status_code, answer.text)
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


def fragment(answer: httpx.Response) -> dict[str, str]:
    return {k: v[0] for k, v in parse_qs(urlsplit(answer.headers["location"]).fragment).items()}
