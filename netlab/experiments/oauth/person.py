"""The resource owner, scripted, and the browser: it keeps cookies, follows links, sends forms."""

import html.parser
from dataclasses import dataclass, field
from urllib.parse import urlencode, urljoin

from netlab.experiments.oauth.refusing import Stopped
from netlab.experiments.oauth.speaking import FORM, Reply, Speaker
from netlab.experiments.oauth.world import World, origin_of

PASSWORD = "correct horse"


class Form(html.parser.HTMLParser):
    """A page's form: where it goes, what it holds already, and which boxes can be ticked."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action = ""
        self.hidden: dict[str, str] = {}
        self.boxes: list[str] = []
        self.names: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name, kind = given.get("name", ""), given.get("type", "")
        if tag == "form" and not self.action:
            self.action = given.get("action", "")
        elif tag in ("input", "button"):
            self.names.add(name)
            if kind == "hidden":
                self.hidden[name] = given.get("value", "")
            elif kind == "checkbox" and name == "scope":
                self.boxes.append(given.get("value", ""))


@dataclass(slots=True)
class Browser:
    """One person's. at: the address it shows. history: all that it has shown, as browsers keep."""

    world: World
    actor: str = "browser"
    at: str = ""
    page: str = ""
    status: int = 0
    history: list[str] = field(default_factory=list)
    cookies: dict[str, dict[str, str]] = field(default_factory=dict)
    speaker: Speaker = field(init=False)

    def __post_init__(self) -> None:
        self.speaker = Speaker(self.world, self.actor)

    async def get(self, url: str) -> Reply:
        """One request; a redirection is shown and not followed: `follow` does."""
        return await self._go("GET", url, b"")

    async def submit(self, action: str, values: list[tuple[str, str]]) -> Reply:
        body = urlencode(values).encode()
        return await self._go("POST", urljoin(self.at, action), body)

    async def follow(self, reply: Reply) -> Reply:
        """To where a redirection leads. A fragment is not sent, and one that the redirection does
        not have is carried on (RFC 9110 §10.2.2).
        """
        where = reply.header("location")
        if not 300 <= reply.status < 400 or not where:
            raise Stopped("browser", f"a redirection was expected, and {reply.status} came")
        url, mark, fragment = urljoin(self.at, where), "#", self.at.partition("#")[2]
        return await self.get(url if mark in url or not fragment else f"{url}#{fragment}")

    async def _go(self, method: str, url: str, body: bytes) -> Reply:
        origin = origin_of(url)
        kept = self.cookies.get(origin.host, {})
        fields = [("Accept", "text/html"), ("Accept-Language", "en")]
        if body:
            fields += [("Content-Type", FORM), ("Origin", f"{origin.scheme}://{origin.authority}")]
        if kept:
            fields.append(("Cookie", "; ".join(f"{name}={value}" for name, value in kept.items())))
        self.at = url
        self.history.append(url)
        reply = await self.speaker.ask(method, url.partition("#")[0], fields, body)
        self._keep(origin.host, reply)
        self.status, self.page = reply.status, reply.body.decode("utf-8", "replace")
        return reply

    def _keep(self, host: str, reply: Reply) -> None:
        """Host-only cookies, which is what every role here sets."""
        for name, value in reply.headers:
            if name.lower() == "set-cookie":
                key, _, rest = value.partition(";")[0].partition("=")
                self.cookies.setdefault(host, {})[key.strip()] = rest.strip()

    def holds(self) -> list[str]:
        return [f"a session at {host}" for host, kept in self.cookies.items() if kept]

    async def close(self) -> None:
        await self.speaker.close()


@dataclass(frozen=True, slots=True)
class Person:
    """scopes None: every box stays ticked."""

    browser: Browser
    name: str = "alice"
    password: str = PASSWORD
    approve: bool = True
    scopes: tuple[str, ...] | None = None

    async def log_in(self) -> Reply:
        """Fill in the form that the browser shows. Raises Stopped where there is none."""
        form = self._form("username")
        words = {**form.hidden, "username": self.name, "password": self.password}
        reply = await self.browser.submit(form.action, [*words.items()])
        if reply.status >= 400:
            raise Stopped("login", "the server does not take this name and password")
        return reply

    async def decide(self) -> Reply:
        form = self._form("decision")
        ticked = [box for box in form.boxes if self.scopes is None or box in self.scopes]
        answer = "approve" if self.approve else "deny"
        values = [*form.hidden.items(), *(("scope", box) for box in ticked), ("decision", answer)]
        return await self.browser.submit(form.action, values)

    def _form(self, field_: str) -> Form:
        form = Form(self.browser.page)
        if field_ not in form.names:
            what = f"the page has no form with {field_} (status {self.browser.status})"
            raise Stopped("authorization endpoint", what)
        return form
