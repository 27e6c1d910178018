"""What a server issues: codes and tokens, each told to the journal, shortened."""

from typing import Any

from netlab.lab.oauth import keys
from netlab.lab.oauth.records import (
    OPENID,
    REFRESH_TOKEN,
    Access,
    Account,
    Asked,
    Code,
    Grant,
    Refresh,
)  # fmt: skip
from netlab.lab.oauth.server import AuthorizationServer, fresh, kept_as, shown
from netlab.lab.webmessage import Tell

Json = dict[str, Any]


class Issuer:
    """Issues in a server's name, in the course of one request."""

    def __init__(self, server: AuthorizationServer, tell: Tell) -> None:
        self.server = server
        self.settings = server.settings
        self.tell = tell

    def code(self, asked: Asked, account: Account, auth_time: float, scope: tuple[str, ...]) -> str:
        """Bound to the client, the redirect URI and the challenge (RFC 6749 §4.1.2, RFC 7636)."""
        grant = Grant(
            fresh(), asked.client, scope, asked.resources, account, auth_time, asked.nonce
        )
        expires = self.server.clock() + self.settings.code_lifetime
        value = fresh()
        code = Code(grant, asked.redirect_uri, asked.redirect_given, asked.challenge, expires)
        self.server.codes.put(kept_as(value), code)
        self.told("code", value, grant, self.settings.code_lifetime, scope,
                  bound="S256" if asked.challenge else "")  # fmt: skip
        return value

    def tokens(self, grant: Grant, scope: tuple[str, ...], audience: tuple[str, ...]) -> Json:
        """A successful token response (RFC 6749 §5.1), with an id_token where a person is meant."""
        access = self.access(grant, scope, audience)
        answer: Json = {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": round(self.settings.access_lifetime),
            "scope": " ".join(scope),
        }
        if OPENID in scope and grant.account is not None:
            answer["id_token"] = self.id_token(grant, grant.account, access)
        return answer

    def access(self, grant: Grant, scope: tuple[str, ...], audience: tuple[str, ...]) -> str:
        now, id = self.server.clock(), fresh()
        kind = grant.client.opaque
        opaque = self.settings.access_tokens == "opaque" if kind is None else kind
        value = fresh() if opaque else self.signed(grant, scope, audience, id, now)
        life = self.settings.access_lifetime
        token = Access(id, grant, scope, audience, now, now + life, shown(value))
        self.server.access.put(kept_as(value), token, life)
        self.told("access_token", value, grant, life, scope,
                  kind="opaque" if opaque else "jwt", audience=" ".join(audience))  # fmt: skip
        return value

    def signed(
        self, grant: Grant, scope: tuple[str, ...], audience: tuple[str, ...], id: str, now: float
    ) -> str:
        """An access token that says by itself what it is worth (RFC 9068 §2.2)."""
        claims: Json = {
            "iss": self.server.issuer,
            "exp": int(now + self.settings.access_lifetime),
            "aud": audience[0] if len(audience) == 1 else list(audience),
            "sub": grant.subject,
            "client_id": grant.client.id,
            "iat": int(now),
            "jti": id,
            "scope": " ".join(scope),
        }
        if grant.auth_time is not None:
            claims["auth_time"] = int(grant.auth_time)
        return self.server.keys.sign(claims, "at+jwt")

    def id_token(self, grant: Grant, account: Account, access: str) -> str:
        """Who has logged in, when, and for which client (OpenID Connect Core §2)."""
        now = self.server.clock()
        claims: Json = {
            "iss": self.server.issuer,
            "sub": account.sub,
            "aud": grant.client.id,
            "exp": int(now + self.settings.access_lifetime),
            "iat": int(now),
            "auth_time": int(grant.auth_time or now),
            "at_hash": keys.at_hash(access),
        }
        if grant.nonce:
            claims["nonce"] = grant.nonce
        value = self.server.keys.sign(claims, "JWT")
        self.told("id_token", value, grant, self.settings.access_lifetime, (OPENID,),
                  audience=grant.client.id)  # fmt: skip
        return value

    def refresh(self, grant: Grant) -> Json:
        """A refresh token, for clients that may use one (RFC 6749 §1.5)."""
        if REFRESH_TOKEN not in grant.client.grants:
            return {}
        now, value, life = self.server.clock(), fresh(), self.settings.refresh_lifetime
        self.server.refreshes.put(kept_as(value), Refresh(grant, now, now + life, shown(value)))
        self.told("refresh_token", value, grant, life, grant.scope)
        return {"refresh_token": value}

    def told(
        self, what: str, value: str, grant: Grant, life: float, scope: tuple[str, ...],
        **more: str,
    ) -> None:  # fmt: skip
        self.tell(
            "oauth.issued", what=what, token=shown(value), client_id=grant.client.id,
            subject=grant.subject, scope=" ".join(scope), expires_in=life,
            family=shown(grant.id), **more,
        )  # fmt: skip
