"""The front channel: the authorization endpoint, and the pages where a person decides."""

import asyncio

from starlette.responses import Response

from netlab.lab.oauth import authrequest, devicegrant, pages
from netlab.lab.oauth.browsers import Browsers
from netlab.lab.oauth.calls import Call, html, refused, see
from netlab.lab.oauth.issuing import Issuer
from netlab.lab.oauth.records import Account, Asked, Device, Grant, Interaction, Session
from netlab.lab.oauth.refusal import Refused
from netlab.lab.oauth.server import AuthorizationServer, fresh, shown

HASHING = 2
"""Passwords that are hashed at once: each takes 16 MiB and a processor."""


class Front:
    """What browsers ask of one authorization server."""

    def __init__(self, server: AuthorizationServer) -> None:
        self.server = server
        self.browsers = Browsers(server)
        self.hashing = asyncio.Semaphore(HASHING)

    async def authorize(self, call: Call) -> Response:
        """RFC 6749 §3.1, by GET or POST."""
        if call.given.get("request_uri"):
            asked = self.pushed(call)
        else:
            client, uri = authrequest.destination(call.given, self.server)
            try:
                asked = authrequest.asked(call.given, client, uri, self.server)
            except Refused as refusal:
                return self.back_with(call, refusal, uri)
        call.tell(
            "oauth.asked", client_id=asked.client.id, response_type=asked.response_type,
            redirect_uri=asked.redirect_uri, scope=" ".join(asked.scope), state=shown(asked.state),
            challenge=shown(asked.challenge), nonce=shown(asked.nonce),
            resource=" ".join(asked.resources),
        )  # fmt: skip
        return self.proceed(call, asked)

    def pushed(self, call: Call) -> Asked:
        """A request that came before, straight from the client; once (RFC 9126 §4, §7.3)."""
        asked = self.server.pushed.pop(call.given.get("request_uri"))
        if asked is None:
            what = "there is no such request_uri, or it has expired"
            raise Refused("invalid_request_uri", what, "RFC 9126 §4")
        if asked.client.id != call.given.get("client_id"):
            raise Refused("invalid_request", "client_id is another's", "RFC 9126 §4")
        return asked

    def back_with(self, call: Call, refusal: Refused, uri: str) -> Response:
        """An error to the client, through the browser (RFC 6749 §4.1.2.1, §4.2.2.1)."""
        refused(call.tell, call.request, refusal, call.given.get("client_id"))
        values = {"error": refusal.error, "error_description": refusal.description}
        kind, state = call.given.get("response_type"), call.given.get("state")
        location = authrequest.located(
            uri, kind, state[: authrequest.LONGEST], values, self.server
        )  # fmt: skip
        return see(location, 303 if call.request.method == "POST" else 302)

    def refuse(self, call: Call, asked: Asked, refusal: Refused) -> Response:
        refused(call.tell, call.request, refusal, asked.client.id)
        values = {"error": refusal.error, "error_description": refusal.description}
        return self.answer(call, asked, values)

    def answer(self, call: Call, asked: Asked, values: dict[str, str]) -> Response:
        location = authrequest.response(asked, values, self.server)
        return see(location, 303 if call.request.method == "POST" else 302)

    def proceed(self, call: Call, asked: Asked) -> Response:
        """Log in, consent, or the answer at once: whatever is still needed."""
        session = self.browsers.session(call.cookies)
        if session is None or self.must_log_in(session, asked):
            if "none" in asked.prompt:
                rule = "OpenID Connect Core §3.1.2.6"
                return self.refuse(call, asked, Refused("login_required", "log in first", rule))
            session = session or self.browsers.begin()
            return self.login_page(session, self.browsers.start(session, asked=asked))
        assert session.account is not None
        if self.must_consent(session.account, asked):
            if "none" in asked.prompt:
                rule = "OpenID Connect Core §3.1.2.6"
                return self.refuse(call, asked, Refused("consent_required", "ask first", rule))
            interaction = self.browsers.start(session, asked=asked, logged_in=True)
            return self.consent_page(session, interaction)
        return self.granted(call, asked, session, session.account, asked.scope)

    def must_log_in(self, session: Session, asked: Asked) -> bool:
        """Nobody is logged in, or not recently enough (OIDC Core §3.1.2.1: prompt, max_age)."""
        if session.account is None or asked.prompt & {"login", "select_account"}:
            return True
        age = self.server.clock() - session.auth_time
        return asked.max_age is not None and age > asked.max_age

    def must_consent(self, account: Account, asked: Asked) -> bool:
        """Anyone can claim to be a public client: that one is consented to each time (RFC 6749
        §10.2, RFC 8252 §8.6).
        """
        known = self.server.consents.get((account.sub, asked.client.id)) or frozenset()
        new = not known.issuperset(asked.scope)
        return new or asked.client.public or "consent" in asked.prompt

    def hidden(self, session: Session, interaction: Interaction) -> dict[str, str]:
        return {
            "interaction": interaction.id,
            "csrf": self.browsers.csrf(session, interaction),
        }

    def login_page(
        self, session: Session, interaction: Interaction, complaint: str = ""
    ) -> Response:
        asked = interaction.asked
        who = asked.client.name if asked else "A device"
        hint = asked.login_hint if asked else ""
        hidden = self.hidden(session, interaction)
        document = pages.login(hidden, who, hint, self.server.issuer, complaint)
        response = html(document, 403 if complaint else 200)
        response.set_cookie(**self.browsers.cookie(session))  # type: ignore[arg-type]
        return response

    async def login(self, call: Call) -> Response:
        """The login form. Which half was wrong, nobody is told."""
        given = call.given
        session, interaction = self.posted(call)
        async with self.hashing:
            account = await asyncio.to_thread(
                self.server.accounts.who, given.get("username"), given.get("password")
            )
        call.tell("oauth.login", outcome="ok" if account else "wrong",
                  user=account.name if account else "", by="person")  # fmt: skip
        if account is None:
            if self.browsers.failed(interaction):
                what = "too many wrong passwords: start again at the application"
                raise Refused("access_denied", what, "RFC 6749 §10.10", 403)
            wrong = "The name or the password is wrong."
            return self.login_page(session, interaction, wrong)
        session = self.browsers.log_in(interaction, account)
        page = "consent" if interaction.asked else "device"
        response = see(f"{self.server.issuer}/{page}?interaction={interaction.id}", 303)
        response.set_cookie(**self.browsers.cookie(session))  # type: ignore[arg-type]
        return response

    def posted(self, call: Call) -> tuple[Session, Interaction]:
        given = call.given
        return self.browsers.posted(call.cookies, given.get("interaction"), given.get("csrf"))

    def owner(self, session: Session, interaction: Interaction) -> Account:
        """Whoever has logged in for this very request. Raises Refused."""
        if session.account is None or not interaction.logged_in:
            raise Refused("invalid_request", "log in first", "RFC 6749 §3.1")
        return session.account

    async def consent(self, call: Call) -> Response:
        """The page that asks, where the login led to."""
        session, interaction = self.browsers.resumed(call.cookies, call.given.get("interaction"))
        account = self.owner(session, interaction)
        asked = interaction.asked
        if asked is not None and not self.must_consent(account, asked):
            self.server.interactions.pop(interaction.id)
            return self.granted(call, asked, session, account, asked.scope)
        return self.consent_page(session, interaction)

    def consent_page(self, session: Session, interaction: Interaction) -> Response:
        account, asked, device = session.account, interaction.asked, interaction.device
        assert account is not None
        hidden = self.hidden(session, interaction)
        if asked is not None:
            onward = pages.returns_to(asked.redirect_uri)
            return html(
                pages.consent(hidden, asked.client.name, account.name, asked.scope, onward)
            )  # fmt: skip
        if device is None:
            raise Refused("invalid_request", "type the device's code first", "RFC 8628 §3.3")
        shows = pages.device_shows(device.user_code)
        return html(pages.consent(hidden, device.client.name, account.name, device.scope, shows))

    async def decide(self, call: Call) -> Response:
        """The consent form: approved, in whole or in part, or denied."""
        session, interaction = self.posted(call)
        account = self.owner(session, interaction)
        source = interaction.asked or interaction.device
        if source is None:
            raise Refused("invalid_request", "there is nothing to decide", "RFC 6749 §4.1.1")
        boxes = set(call.given.all("scope"))
        approved = call.given.get("decision") == "approve"
        scope = tuple(name for name in source.scope if name in boxes) if approved else ()
        self.server.interactions.pop(interaction.id)
        call.tell("oauth.consent", decision="approved" if scope else "denied", user=account.name,
                  client_id=source.client.id, scope=" ".join(scope),
                  asked=" ".join(source.scope))  # fmt: skip
        if interaction.device is not None:
            return self.decide_device(call, interaction.device, session, scope)
        assert interaction.asked is not None
        return self.decide_request(call, interaction.asked, session, scope)

    def decide_request(
        self, call: Call, asked: Asked, session: Session, scope: tuple[str, ...]
    ) -> Response:
        assert session.account is not None
        if not scope:
            denied = Refused("access_denied", "the person has denied it", authrequest.RULE)
            return self.refuse(call, asked, denied)
        consented = (session.account.sub, asked.client.id)
        self.server.consents.put(consented, frozenset(scope))
        return self.granted(call, asked, session, session.account, scope)

    def granted(
        self, call: Call, asked: Asked, session: Session, account: Account, scope: tuple[str, ...]
    ) -> Response:
        """The authorization response: a code, or with the implicit grant the token itself."""
        issuer = Issuer(self.server, call.tell)
        if asked.response_type == "code":
            code = issuer.code(asked, account, session.auth_time, scope)
            values = {"code": code}
        else:
            grant = Grant(fresh(), asked.client, scope, asked.resources, account, session.auth_time)
            values = {
                "access_token": issuer.access(grant, scope, asked.resources),
                "token_type": "Bearer",
                "expires_in": str(round(self.server.settings.access_lifetime)),
                "scope": " ".join(scope),
            }
        call.tell("oauth.holds", **self.server.holds())
        return self.answer(call, asked, values)

    async def device(self, call: Call) -> Response:
        """The page whose address a device shows (RFC 8628 §3.3)."""
        session = self.browsers.session(call.cookies)
        if id := call.given.get("interaction"):
            session, interaction = self.browsers.resumed(call.cookies, id)
            self.owner(session, interaction)
        elif session is None or session.account is None:
            session = session or self.browsers.begin()
            interaction = self.browsers.start(
                session, user_code=call.given.get("user_code")[:20]
            )  # fmt: skip
            return self.login_page(session, interaction)
        else:
            interaction = self.browsers.start(
                session, user_code=call.given.get("user_code")[:20], logged_in=True
            )
        return html(pages.device(self.hidden(session, interaction), interaction.user_code))

    async def find_device(self, call: Call) -> Response:
        """The form with the user code. Guessing is bounded (RFC 8628 §5.1)."""
        session, interaction = self.posted(call)
        self.owner(session, interaction)
        typed = call.given.get("user_code")[:20]
        device = devicegrant.waiting(typed, self.server)
        if device is None:
            call.tell("oauth.device", outcome="unknown", user_code=typed)
            if self.browsers.failed(interaction):
                what = "too many wrong codes: start again"
                raise Refused("access_denied", what, "RFC 8628 §5.1", 403)
            wrong = "No device waits with that code."
            hidden = self.hidden(session, interaction)
            return html(pages.device(hidden, typed, wrong), 403)
        call.tell("oauth.device", outcome="found", user_code=device.user_code)
        interaction.device = device
        return self.consent_page(session, interaction)

    def decide_device(
        self, call: Call, device: Device, session: Session, scope: tuple[str, ...]
    ) -> Response:
        assert session.account is not None
        if device.decision or device.expires <= self.server.clock():
            what = "that device waits no longer"
            raise Refused("expired_token", what, "RFC 8628 §3.5")
        device.decision = "approved" if scope else "denied"
        if scope:
            device.grant = Grant(
                fresh(), device.client, scope, device.resources, session.account,
                session.auth_time,
            )  # fmt: skip
        words = "The device may go on; you can close this page."
        if not scope:
            words = "The device gets nothing; you can close this page."
        return html(pages.notice("Done", words))
