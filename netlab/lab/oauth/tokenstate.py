"""What tokens are worth: introspection, revocation, and the person behind one."""

from typing import Any

from netlab.lab.oauth.issuing import Issuer
from netlab.lab.oauth.records import OPENID, Access, Client, Refresh
from netlab.lab.oauth.refusal import Refused
from netlab.lab.oauth.server import AuthorizationServer, kept_as, lives, shown

Json = dict[str, Any]


def introspected(value: str, client: Client, server: AuthorizationServer) -> Json:
    """What a token is worth (RFC 7662 §2.2). Of one that is worth nothing, nothing else is said.

    Resource servers may ask about any access token, other clients about what is their own.
    """
    token = find(value, server)
    if token is None or not lives(token, server.clock()) or not may_ask(client, token):
        return {"active": False}
    answer: Json = {
        "active": True,
        "client_id": token.grant.client.id,
        "sub": token.grant.subject,
        "scope": " ".join(token.scope if isinstance(token, Access) else token.grant.scope),
        "exp": int(token.expires),
        "iat": int(token.issued),
        "iss": server.issuer,
    }
    if token.grant.account is not None:
        answer["username"] = token.grant.account.name
    if isinstance(token, Access):
        aud = token.audience
        answer |= {
            "token_type": "Bearer", "jti": token.id, "aud": aud[0] if len(aud) == 1 else list(aud)
        }  # fmt: skip
    return answer


def find(value: str, server: AuthorizationServer) -> Access | Refresh | None:
    """A token of either kind: the hint is only a hint (RFC 7009 §2.1)."""
    return server.access.get(kept_as(value)) or server.refreshes.get(kept_as(value))


def may_ask(client: Client, token: Access | Refresh) -> bool:
    own = token.grant.client.id == client.id
    return own or (bool(client.resource) and isinstance(token, Access))


def revoke(value: str, client: Client, issuer: Issuer) -> None:
    """The end of a token; a refresh token takes all that came of the grant along (RFC 7009 §2.1).

    One that is unknown is as good as revoked (§2.2).
    """
    server = issuer.server
    token = find(value, server)
    if token is None:
        return
    if token.grant.client.id != client.id:
        raise Refused("invalid_grant", "it was issued to another client", "RFC 7009 §2.1")
    ended = int(lives(token, server.clock()))
    if isinstance(token, Refresh):
        ended = server.end_family(token.grant, "RFC 7009 §2.1")
    token.revoked = True
    what = "refresh_token" if isinstance(token, Refresh) else "access_token"
    issuer.tell("oauth.revoked", what=what, token=shown(value), tokens=ended, client_id=client.id,
                family=shown(token.grant.id), rule="RFC 7009 §2.1")  # fmt: skip


def bearer(authorization: str) -> str:
    """The token in the Authorization field; empty if there is none (RFC 6750 §2.1)."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def userinfo(value: str, server: AuthorizationServer) -> Json:
    """The claims about a person, as far as the scope goes (OpenID Connect Core §5.3, §5.4)."""
    token = server.access.get(kept_as(value))
    if token is None or not lives(token, server.clock()):
        what = "the token has expired, was revoked, or never was"
        raise Refused("invalid_token", what, "RFC 6750 §3.1", 401)
    account = token.grant.account
    if OPENID not in token.scope or account is None:
        what = "the token has not the scope openid"
        raise Refused("insufficient_scope", what, "OpenID Connect Core §5.3.1", 403)
    claims: Json = {"sub": account.sub}
    if "profile" in token.scope:
        claims |= {
            "name": f"{account.given} {account.family}", "given_name": account.given,
            "family_name": account.family, "preferred_username": account.name,
        }  # fmt: skip
    if "email" in token.scope:
        claims |= {"email": account.email, "email_verified": True}
    return claims
