"""`netlab oauth walkthrough`: an authorization code grant, step by step, with every role real."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from netlab.dissect.jwt import Jwt, opened
from netlab.errors import Exit
from netlab.experiments.bench import Bench
from netlab.experiments.oauth import purposes
from netlab.experiments.oauth.application import CHECKS, NAME, Application, Wish
from netlab.experiments.oauth.person import Browser, Form, Person
from netlab.experiments.oauth.refusing import Stopped
from netlab.experiments.oauth.speaking import query_of, said
from netlab.experiments.oauth.world import Unreached, World, origin_of
from netlab.network.http1 import Reply
from netlab.network.jose import Verdict
from netlab.recording.records import Value

ISSUER, API = "https://auth.example.com", "https://api.example.com"
READ = "photos.read"
IDENTITY = "openid profile"
Choose = Callable[[Sequence[str]], Awaitable[tuple[bool, tuple[str, ...] | None]]]
"""Whether to approve these scopes, and which of them: None for all."""
FAILED = {"name": Exit.NAME, "tcp": Exit.CONNECT, "tls": Exit.TLS}


@dataclass(frozen=True, slots=True)
class Options:
    """scopes: what the owner leaves ticked; None for all that is asked. choose: asks a person."""

    pkce: bool = True
    oidc: bool = False
    user: str = "alice"
    approve: bool = True
    scope: str = ""
    scopes: tuple[str, ...] | None = None
    choose: Choose | None = None

    def wish(self) -> Wish:
        scope = self.scope or (f"{IDENTITY} {READ}" if self.oidc else READ)
        checks = CHECKS if self.pkce else CHECKS - {"pkce"}
        return Wish(ISSUER, scope, api=API, resource=API, checks=checks)


class Walked(Application):
    """The application, telling each step of the back channel as a chapter of its own."""

    async def came_back(self, given: Mapping[str, str]) -> None:
        world = self.world
        world.exactly(0)
        world.fact("oauth.parameters", purposes.table(world.hidden(given)))
        world.fact("oauth.state_matches", given.get("state") == self.state)
        code = self.received(given)
        await _roles(self)
        needed = bool(self.verifier) + 2 * bool(self.secret)
        world.chapter("oauth.token", "The code for a token", answer=needed)
        form = self.code_form(code)
        answer = await self.tokens_for(form, lambda: self._redeeming(form))
        await self.obtained(answer)
        await self.used()

    def _redeeming(self, form: dict[str, str]) -> None:
        """The request is sent; its answer is the next step."""
        self.world.fact("oauth.channel", "back", origin="standard", note="RFC 6749 §2.1")
        self.world.fact("oauth.parameters", purposes.table(self.world.hidden(form)))
        self.world.fact("oauth.client_auth", self.auth_method, origin="configured")
        self.world.exactly()
        self.world.chapter("oauth.obtained", "The token")

    async def obtained(self, answer: Mapping[str, object]) -> None:
        world = self.world
        world.fact("oauth.parameters", purposes.table(world.hidden(answer), answer=True))
        world.fact("oauth.expires_in", lifetime(answer.get("expires_in")), "s")
        world.fact("oauth.scope", str(answer.get("scope", self.wish.scope)))
        world.exactly()
        token = str(answer.get("access_token", ""))
        await self._opened(token)
        await _roles(self)
        if self.wish.oidc:
            await self._identified(str(answer.get("id_token", "")))

    async def _opened(self, token: str) -> None:
        """What is in it; whom it is for is the resource server's affair, where we do not know."""
        found = opened(token)
        if found.fault:
            self.world.fact("jwt.fault", found.fault)
            return
        audience = self.wish.resource or found.claims.get("aud") or ""
        first = audience[0] if isinstance(audience, list) and audience else audience
        if not self.metadata.get("jwks_uri"):
            tell_jwt(self.world, Verdict(found, "the server publishes no keys", "RFC 8414 §2"))
            return
        tell_jwt(self.world, await self.verified(token, str(first)))

    async def _identified(self, token: str) -> None:
        """OpenID Connect on top: who it is, for the application itself."""
        world = self.world
        world.chapter("oidc.identity", "Who it is")
        if not token:
            raise Stopped("id_token", "there is none, though openid was asked for",
                          rule="OpenID Connect Core §3.1.3.3")  # fmt: skip
        # Without a redirect there was no request to tie it to, and so no nonce.
        self.verdict = await self.verified(token, self.client_id, self.nonce or None)
        tell_jwt(world, self.verdict)
        if not self.verdict.verified:
            raise Stopped("id_token", self.verdict.why, rule=self.verdict.rule)
        world.fact("oidc.sub", str(self.verdict.token.claims.get("sub")))
        if self.nonce:
            world.fact("oidc.nonce_matches", self.verdict.token.claims.get("nonce") == self.nonce)
        if not self.metadata.get("userinfo_endpoint"):  # OpenID Connect Discovery §3: optional
            return
        bearer = (("Authorization", f"Bearer {self.tokens['access_token']}"),)
        reply = await self.speaker.ask("GET", self.endpoint("userinfo_endpoint"), bearer)
        found = said(reply)
        world.fact("oidc.userinfo", [
            {"name": name, "value": str(value)[:200]} for name, value in found.items()
        ])  # fmt: skip
        world.fact("oidc.same_sub", found.get("sub") == self.verdict.token.claims.get("sub"))

    async def used(self) -> None:
        world = self.world
        world.chapter("oauth.use", "The API is used")
        status, answer, challenge = await self.use()
        world.fact("oauth.channel", "back", origin="standard", note="RFC 6749 §7")
        world.exactly(0)
        world.fact("oauth.api", self.wish.api, origin="configured")
        world.fact("oauth.api_status", status)
        if status != 200:
            raise Stopped("resource server", challenge or f"it answered {status}",
                          str(answer.get("error", "")))  # fmt: skip
        self.photos = answer
        photos = [str(one) for one in answer.get("photos", ())][:20]
        world.fact("oauth.photos", [*photos])
        world.fact("oauth.owner", str(answer.get("owner", "")))
        await _roles(self)


def lifetime(value: object) -> Value:
    """`expires_in`; some write the number as text, which RFC 6749 §5.1 does not allow."""
    text = str(value)[:20]
    if value is None or not text.isascii():
        return None
    return int(text) if text.isdigit() else text


def tell_jwt(world: World, verdict: Verdict) -> None:
    """A token opened: what stands in it, and whether that is true."""
    token: Jwt = verdict.token
    if token.fault:
        world.fact("jwt.fault", token.fault)
        return
    world.fact("jwt.alg", token.algorithm)
    world.fact("jwt.header", [_pair(name, value) for name, value in token.header.items()])
    world.fact("jwt.claims", [_pair(name, value) for name, value in token.claims.items()])
    world.fact("jwt.signature_size", len(token.signature), "B")
    world.fact("jwt.verified", verdict.verified, origin="computed")
    if verdict.why:
        world.fact("jwt.why", f"{verdict.why} ({verdict.rule})", origin="computed")


def _pair(name: str, value: object) -> Value:
    return {"name": name[:80], "value": str(value)[:300]}


async def _roles(app: Application, browser: Browser | None = None) -> None:
    """Who has what now, each role's own account of it; the servers' is in their journal."""
    world = app.world
    world.holds["the application"] = app.holds()
    if browser is not None:
        world.holds["the browser"] = browser.holds()
    host = origin_of(app.wish.issuer).host
    entries = await world.bench.network.journal()
    found = [e for e in entries if e.service == f"web:{host}" and e.event == "oauth.holds"]
    if found:
        world.holds["the authorization server"] = [
            counted(count, name) for name, count in found[-1].detail.items()
            if isinstance(count, int) and count and name != "clients"
        ]  # fmt: skip
    world.who_holds()


def counted(count: int, name: str) -> str:
    """`1 code`, `2 access tokens`."""
    words = name.replace("_", " ")
    return f"{count} {words.removesuffix('s') if count == 1 else words}"


async def run(bench: Bench, options: Options) -> Exit:
    """The nine steps; answers how the command ends."""
    world = World(bench)
    cast(world, options)
    return await guarded(world, lambda: _walk(world, options))


async def guarded(world: World, flow: Callable[[], Awaitable[None]]) -> Exit:
    """Go through it; what ends it early is told in plain words."""
    try:
        await flow()
    except Stopped as stopped:
        return tell_stopped(world, stopped)
    except Unreached as error:
        world.bench.recorder.finding(world.step, "fault", f"{error}.", explain="oauth")
        return FAILED[error.where]
    except (OSError, ValueError) as error:
        why = str(error) or "no answer in time"
        world.bench.recorder.finding(world.step, "fault", f"The flow broke off: {why}.")
        return Exit.HTTP
    finally:
        world.rest()
    return Exit.OK


async def _walk(world: World, options: Options) -> None:
    browser = Browser(world)
    person = Person(browser, options.user, approve=options.approve, scopes=options.scopes)
    world.load()
    try:
        async with Walked(world, options.wish()) as app:
            world.actors[f"127.0.0.1:{app.port}"] = "client"
            await tell_registered(app)
            reply = await _ask(app, browser)
            if reply.status == 200:
                await _decide(app, person, options.choose)
            else:
                await _turned_back(app, browser, reply)
            if app.stopped is not None:
                raise app.stopped
    finally:
        await browser.close()


def cast(world: World, options: Options) -> None:
    """Who takes part."""
    name = options.user.capitalize()
    world.actor("owner", name, "resource owner")
    world.actor("browser", f"{name}'s browser", "user agent, scripted")
    world.actor("client", NAME, "client application")
    world.actor("as", urlsplit(ISSUER).netloc, "authorization server", urlsplit(ISSUER).netloc)
    world.actor("rs", urlsplit(API).netloc, "resource server", urlsplit(API).netloc)
    world.holds["the owner"] = ["a password"]


async def tell_registered(app: Application, grant: str = "authorization_code") -> None:
    """Step 1: the application becomes known to the server."""
    world = app.world
    world.chapter("oauth.register", "The application registers")
    for note in world.bench.network.set_up():
        world.fact("run.note", note, origin="configured")
    await app.discover()
    world.fact("oauth.channel", "back", origin="standard")
    world.fact("oauth.issuer", app.wish.issuer, origin="configured")
    world.fact("oauth.grant", grant, origin="configured")
    if not app.client_id:
        await app.register()
        world.exactly(-2)
    world.fact("oauth.client_id", app.client_id)
    if grant == "authorization_code":
        world.fact("oauth.redirect_uri", app.redirect_uri, origin="configured")
    world.fact("oauth.secret_given", bool(app.secret))
    await _roles(app)


async def _ask(app: Application, browser: Browser) -> Reply:
    """Steps 2 and 3: the owner asks, and is sent off."""
    world = app.world
    world.chapter("oauth.ask", "The owner asks")
    await browser.get(f"{app.url}/")
    world.fact("oauth.channel", "front", origin="standard")
    world.chapter("oauth.redirect", "The application sends the browser off")
    reply = await browser.get(f"{app.url}/connect")
    where = reply.header("location")
    world.exactly()
    world.fact("oauth.channel", "front", origin="standard", note="RFC 6749 §3.1")
    world.fact("oauth.authorization_url", where.partition("?")[0])
    world.fact("oauth.parameters", purposes.table(world.hidden(query_of(where))))
    world.fact("oauth.pkce", bool(app.verifier), origin="configured")
    if app.verifier:
        world.fact("oauth.code_verifier", app.verifier, note="it stays at the application")
    await _roles(app, browser)
    world.chapter("oauth.login", "The server asks for a login")
    return await browser.follow(reply)


async def _turned_back(app: Application, browser: Browser, reply: Reply) -> None:
    """The server asks nobody: an error goes straight back, or is told on a page of its own."""
    if not 300 <= reply.status < 400:
        raise Stopped("authorization endpoint", f"it answered {reply.status}, and leads nowhere")
    back(app.world, error=True)
    await browser.follow(reply)


async def _decide(app: Application, person: Person, choose: Choose | None) -> None:
    """Steps 4 to 6 of the front channel; the rest happens in the application meanwhile."""
    world, browser = app.world, person.browser
    world.fact("oauth.channel", "front", origin="standard", note="RFC 6749 §3.1")
    world.fact("oauth.login_at", origin_of(browser.at).authority)
    world.fact("oauth.user", person.name, origin="configured", note="scripted")
    reply = await person.log_in()
    world.fact("oauth.login_status", reply.status)
    world.exactly(-2)
    await _roles(app, browser)
    world.chapter("oauth.consent", "The owner decides")
    await browser.follow(reply)
    if choose is not None:
        approve, scopes = await choose(Form(browser.page).boxes)
        person = replace(person, approve=approve, scopes=scopes)
    reply = await person.decide()
    world.exactly()
    world.fact("oauth.channel", "front", origin="standard", note="RFC 6749 §4.1.1")
    world.fact("oauth.decision", "approved" if person.approve else "denied", origin="configured")
    world.fact("oauth.asked_scope", app.wish.scope, origin="configured")
    await _roles(app, browser)
    back(world, error="error" in query_of(reply.header("location")))
    world.fact("oauth.channel", "front", origin="standard", note="RFC 6749 §4.1.2")
    await browser.follow(reply)


def back(world: World, error: bool) -> None:
    """Step 6: the browser is at the application again."""
    if error:
        world.chapter("oauth.code", "Back with an error", asks="oauth.code.error")
    else:
        world.chapter("oauth.code", "Back with a code")


def tell_stopped(world: World, stopped: Stopped) -> Exit:
    """Where it ended, and why; a refusal by the owner is nobody's fault."""
    rests = world.fact("oauth.error", stopped.error or "refused")
    world.fact("oauth.stopped_at", stopped.where, origin="computed")
    denied = stopped.error == "access_denied"
    rule = f" ({stopped.rule})" if stopped.rule else ""
    title = (
        "The owner said no." if denied else f"It ended at the {stopped.where}: {stopped.why}{rule}."
    )
    advice = (
        "The application gets an error in place of a code, and nothing else: no token, no data."
        if denied
        else ADVICE.get(stopped.error, "What was said until then stands above.")
    )
    world.bench.recorder.finding(
        world.step, "note" if denied else "fault", title, advice, (rests,), "oauth"
    )
    return Exit.HTTP


ADVICE = {
    "invalid_client": "The server does not know this application, or its secret is wrong.",
    "invalid_grant": "The code is used, expired, another's, or its verifier does not fit.",
    "invalid_scope": "The server does not give this scope to this application.",
    "invalid_request": "A parameter is missing, malformed, or there twice.",
    "unauthorized_client": "The application is not registered for this grant.",
    "unsupported_grant_type": "The server does not offer this grant.",
    "redirect_uri_mismatch": "The redirect URI must be registered, letter by letter.",
}
