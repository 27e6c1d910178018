"""An authorization server's state: what it knows, what it has issued, and under which settings."""

import hashlib
import secrets
import time
from collections.abc import Sequence

from netlab.lab.oauth.accounts import Accounts
from netlab.lab.oauth.clients import Clients, ready_made
from netlab.lab.oauth.keys import Keys
from netlab.lab.oauth.records import (
    Access,
    Asked,
    Code,
    Device,
    Grant,
    Interaction,
    Refresh,
    Session,
)  # fmt: skip
from netlab.lab.oauth.settings import Settings
from netlab.lab.oauth.stores import Clock, Store

REMEMBERED = 900.0
"""Seconds that a code is remembered, used or not: long enough to know it when it comes again."""
INTERACTION, SESSION, PUSHED = 600.0, 28_800.0, 60.0


def fresh() -> str:
    """A value that nobody guesses: 256 random bits (RFC 6749 §10.10 asks for 128)."""
    return secrets.token_urlsafe(32)


def kept_as(token: str) -> str:
    """What a token is kept by, so that who reads the store has no tokens."""
    return hashlib.sha256(token.encode()).hexdigest()


def shown(token: str) -> str:
    """Enough of a token to tell it from others, for the journal."""
    return token if len(token) <= 16 else f"{token[:6]}…{token[-6:]}"


class AuthorizationServer:
    """One issuer. resources: the identifiers of its resource servers, the default one first."""

    def __init__(
        self,
        issuer: str,
        resources: Sequence[str],
        settings: Settings,
        clock: Clock = time.time,
        keys: Keys | None = None,
        accounts: Accounts | None = None,
    ) -> None:
        self.issuer = issuer
        self.resources = tuple(resources)
        self.settings = settings
        self.clock = clock
        self.keys = keys or Keys()
        self.accounts = accounts or Accounts()
        self.clients = Clients(ready_made(resources))
        self.codes: Store[str, Code] = Store(clock, 1000, REMEMBERED)
        self.access: Store[str, Access] = Store(clock, 5000, REMEMBERED)
        self.refreshes: Store[str, Refresh] = Store(clock, 5000, settings.refresh_lifetime)
        self.devices: Store[str, Device] = Store(clock, 500, settings.device_lifetime)
        self.pushed: Store[str, Asked] = Store(clock, 500, PUSHED)
        self.sessions: Store[str, Session] = Store(clock, 1000, SESSION)
        self.interactions: Store[str, Interaction] = Store(clock, 1000, INTERACTION)
        self.consents: Store[tuple[str, str], frozenset[str]] = Store(clock, 1000, SESSION)

    @property
    def secure(self) -> bool:
        return self.issuer.startswith("https:")

    def end_family(self, grant: Grant, rule: str) -> int:
        """All tokens of a grant end; how many still lived."""
        if grant.revoked:
            return 0
        now = self.clock()
        living = [
            token
            for store in (self.access, self.refreshes)
            for token in store.values()
            if token.grant is grant and lives(token, now)
        ]
        grant.revoked = rule
        return len(living)

    def holds(self) -> dict[str, int]:
        """What lives now, by number."""
        now = self.clock()
        return {
            "codes": sum(not code.used and code.expires > now for code in self.codes.values()),
            "access_tokens": sum(lives(token, now) for token in self.access.values()),
            "refresh_tokens": sum(lives(token, now) for token in self.refreshes.values()),
            "devices": len(self.devices),
            "sessions": sum(each.account is not None for each in self.sessions.values()),
            "clients": len(self.clients),
        }


def lives(token: Access | Refresh, now: float) -> bool:
    """Whether a token is still worth something."""
    used = isinstance(token, Refresh) and token.used
    return not (token.revoked or token.grant.revoked or used) and token.expires > now
