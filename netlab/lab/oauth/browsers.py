"""Browsers at the server's own pages: their sessions, and forms that nobody else can send."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping

from netlab.lab.oauth.records import Account, Interaction, Session
from netlab.lab.oauth.refusal import Refused
from netlab.lab.oauth.server import AuthorizationServer, fresh

MOST_FAILURES = 5
"""Wrong passwords, or wrong user codes, in one go; then one has to start anew (RFC 8628 §5.1)."""


class Browsers:
    """The sessions of one server's visitors."""

    def __init__(self, server: AuthorizationServer) -> None:
        self.server = server

    @property
    def cookie_name(self) -> str:
        """`__Host-` pins it to this very host (RFC 6265bis §4.1.3.2), but for https alone.

        Cookies do not know ports (RFC 6265 §8.5), so on loopback the name does.
        """
        if self.server.secure:
            return "__Host-session"
        port = self.server.issuer.rpartition(":")[2]
        return f"session-{port}" if port.isdigit() else "session"

    def cookie(self, session: Session) -> dict[str, str | bool]:
        """Host-only, as it names no domain; hidden from scripts; kept back from foreign forms."""
        return {
            "key": self.cookie_name, "value": session.id, "path": "/", "httponly": True,
            "secure": self.server.secure, "samesite": "lax",
        }  # fmt: skip

    def session(self, cookies: Mapping[str, str]) -> Session | None:
        return self.server.sessions.get(cookies.get(self.cookie_name, ""))

    def begin(self) -> Session:
        session = Session(fresh(), secrets.token_bytes(32))
        self.server.sessions.put(session.id, session)
        return session

    def log_in(self, interaction: Interaction, account: Account) -> Session:
        """A session of a new name: one that was planted before the login is worth nothing."""
        self.server.sessions.pop(interaction.browser)
        session = self.begin()
        session.account, session.auth_time = account, self.server.clock()
        interaction.browser, interaction.logged_in = session.id, True
        return session

    def start(self, session: Session, **what: object) -> Interaction:
        interaction = Interaction(fresh(), session.id, **what)  # type: ignore[arg-type]
        self.server.interactions.put(interaction.id, interaction)
        return interaction

    def csrf(self, session: Session, interaction: Interaction) -> str:
        return hmac.new(session.key, interaction.id.encode(), hashlib.sha256).hexdigest()

    def resumed(self, cookies: Mapping[str, str], id: str) -> tuple[Session, Interaction]:
        """What this very browser is in the middle of. Raises Refused."""
        session, interaction = self.session(cookies), self.server.interactions.get(id)
        if session is None or interaction is None or interaction.browser != session.id:
            what = "this page has expired, or belongs to another browser"
            raise Refused("invalid_request", what, "RFC 6749 §10.12")
        return session, interaction

    def posted(
        self, cookies: Mapping[str, str], id: str, token: str
    ) -> tuple[Session, Interaction]:
        """The same, for a form: it must have come out of our own page (RFC 6749 §10.12)."""
        session, interaction = self.resumed(cookies, id)
        if not hmac.compare_digest(token.encode(), self.csrf(session, interaction).encode()):
            what = "the form did not come from this server's page"
            raise Refused("invalid_request", what, "RFC 6749 §10.12", 403)
        return session, interaction

    def failed(self, interaction: Interaction) -> bool:
        """One more wrong guess; whether it was one too many."""
        interaction.failures += 1
        over = interaction.failures >= MOST_FAILURES
        if over:
            self.server.interactions.pop(interaction.id)
        return over
