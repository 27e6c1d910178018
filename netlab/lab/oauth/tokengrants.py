"""The token endpoint's rules: what each grant must show before it becomes tokens."""

from collections.abc import Callable, Mapping
from typing import Any

from netlab.lab.oauth import devicegrant, pkce, scopes
from netlab.lab.oauth.issuing import Issuer
from netlab.lab.oauth.parameters import Parameters
from netlab.lab.oauth.records import (
    AUTHORIZATION_CODE,
    CLIENT_CREDENTIALS,
    DEVICE_CODE,
    PASSWORD,
    REFRESH_TOKEN,
    Client,
    Code,
    Grant,
    Refresh,
)  # fmt: skip
from netlab.lab.oauth.refusal import Refused
from netlab.lab.oauth.server import AuthorizationServer, fresh, kept_as, shown

Json = dict[str, Any]
Redeem = Callable[[Parameters, Client, Issuer], Json]

MISMATCH = "RFC 6749 §5.2"


def tokens(given: Parameters, client: Client, issuer: Issuer) -> Json:
    """The token response, by whichever grant the request is made of."""
    name = given.need("grant_type")
    redeem = GRANTS.get(name)
    if redeem is None or (name == PASSWORD and issuer.settings.protections.no_password):
        rule = "RFC 9700 §2.4" if name == PASSWORD else "RFC 6749 §5.2"
        raise Refused("unsupported_grant_type", f"{name[:80]} is not offered here", rule)
    if name not in client.grants:
        what = "this client may not use that grant"
        raise Refused("unauthorized_client", what, "RFC 6749 §5.2")
    return redeem(given, client, issuer)


def by_code(given: Parameters, client: Client, issuer: Issuer) -> Json:
    """A code for tokens (RFC 6749 §4.1.3)."""
    server = issuer.server
    value = given.need("code")
    code = server.codes.get(kept_as(value))
    if code is None:
        raise Refused("invalid_grant", "there is no such code", MISMATCH)
    same_client(code.grant, client)
    once(code, issuer)
    in_time(code.expires, server, "the code")
    same_redirect(code, given)
    pkce.prove(given.get("code_verifier"), code.challenge, issuer.settings.protections)
    audience = scopes.subset(given.all("resource"), code.grant.resources)
    code.used = True
    issuer.tell("oauth.redeemed", what="code", token=shown(value), client_id=client.id,
                family=shown(code.grant.id))  # fmt: skip
    answer = issuer.tokens(code.grant, code.grant.scope, audience)
    return answer | issuer.refresh(code.grant)


def same_client(grant: Grant, client: Client) -> None:
    """What was issued to one client is worth nothing in another's hands (RFC 6749 §4.1.3)."""
    if grant.client.id != client.id:
        raise Refused("invalid_grant", "it was issued to another client", "RFC 6749 §4.1.3")


def once(code: Code, issuer: Issuer) -> None:
    """A code serves once. The second time, one of the two who had it was a thief (§4.1.2)."""
    if not code.used or not issuer.settings.protections.single_use_code:
        return
    rule = "RFC 6749 §4.1.2"
    end_family(code.grant, issuer, rule)
    raise Refused("invalid_grant", "the code has been used", rule)


def end_family(grant: Grant, issuer: Issuer, rule: str) -> None:
    ended = issuer.server.end_family(grant, rule)
    issuer.tell("oauth.revoked", what="family", family=shown(grant.id), tokens=ended,
                client_id=grant.client.id, rule=rule)  # fmt: skip


def in_time(expires: float, server: AuthorizationServer, what: str) -> None:
    if expires <= server.clock():
        raise Refused("invalid_grant", f"{what} has expired", MISMATCH)


def same_redirect(code: Code, given: Parameters) -> None:
    """The redirect URI is said again, if it was said (RFC 6749 §4.1.3)."""
    uri = given.get("redirect_uri")
    if (code.redirect_given or uri) and uri != code.redirect_uri:
        what = "redirect_uri is not that of the authorization request"
        raise Refused("invalid_grant", what, "RFC 6749 §4.1.3")


def by_refresh(given: Parameters, client: Client, issuer: Issuer) -> Json:
    """A refresh token for new tokens (RFC 6749 §6)."""
    server = issuer.server
    value = given.need("refresh_token")
    token = server.refreshes.get(kept_as(value))
    if token is None:
        raise Refused("invalid_grant", "there is no such refresh token", MISMATCH)
    same_client(token.grant, client)
    not_replayed(token, issuer)
    if token.revoked or token.grant.revoked:
        raise Refused("invalid_grant", "the refresh token was revoked", MISMATCH)
    in_time(token.expires, server, "the refresh token")
    scope = wanted_scope(given.get("scope"), token.grant, issuer)
    audience = scopes.subset(given.all("resource"), token.grant.resources)
    issuer.tell("oauth.redeemed", what="refresh_token", token=shown(value), client_id=client.id,
                family=shown(token.grant.id))  # fmt: skip
    answer = issuer.tokens(token.grant, scope, audience)
    return answer | following(token, value, issuer)


def not_replayed(token: Refresh, issuer: Issuer) -> None:
    """A refresh token that was followed by another comes from a second holder (RFC 9700 §4.14.2).

    Nobody can tell which of the two is the thief, so the family ends for both.
    """
    if not token.used or not issuer.settings.protections.rotation:
        return
    rule = "RFC 9700 §4.14.2"
    end_family(token.grant, issuer, rule)
    raise Refused("invalid_grant", "the refresh token has been used", rule)


def wanted_scope(text: str, grant: Grant, issuer: Issuer) -> tuple[str, ...]:
    if issuer.settings.protections.scope:
        return scopes.narrowed(text, grant.scope)
    return scopes.listed(text) or grant.scope


def following(token: Refresh, value: str, issuer: Issuer) -> Json:
    """With rotation the next one, which is for all that was granted; without, the same again."""
    if not issuer.settings.protections.rotation:
        return {"refresh_token": value}
    token.used = True
    return issuer.refresh(token.grant)


def by_credentials(given: Parameters, client: Client, issuer: Issuer) -> Json:
    """A client for itself; no refresh token, as it can come again (RFC 6749 §4.4.3)."""
    scope = scopes.own(scopes.asked(given.get("scope"), client))
    audience = scopes.resources(given.all("resource"), issuer.server.resources)
    return issuer.tokens(Grant(fresh(), client, scope, audience), scope, audience)


def by_password(given: Parameters, client: Client, issuer: Issuer) -> Json:
    """The client has the person's password: why nobody should use this (RFC 6749 §4.3)."""
    name, password = given.need("username"), given.need("password")
    scope = scopes.asked(given.get("scope"), client)
    audience = scopes.resources(given.all("resource"), issuer.server.resources)
    account = issuer.server.accounts.who(name, password)
    issuer.tell("oauth.login", outcome="ok" if account else "wrong", by=client.id,
                user=account.name if account else "")  # fmt: skip
    if account is None:
        what = "the name or the password is wrong"
        raise Refused("invalid_grant", what, "RFC 6749 §4.3.2")
    grant = Grant(fresh(), client, scope, audience, account, issuer.server.clock())
    return issuer.tokens(grant, scope, audience) | issuer.refresh(grant)


def by_device(given: Parameters, client: Client, issuer: Issuer) -> Json:
    """A device that has waited for its person (RFC 8628 §3.4)."""
    value = given.need("device_code")
    grant = devicegrant.decided(value, client, issuer.server)
    issuer.tell("oauth.redeemed", what="device_code", token=shown(value), client_id=client.id,
                family=shown(grant.id))  # fmt: skip
    answer = issuer.tokens(grant, grant.scope, grant.resources)
    return answer | issuer.refresh(grant)


GRANTS: Mapping[str, Redeem] = {
    AUTHORIZATION_CODE: by_code,
    REFRESH_TOKEN: by_refresh,
    CLIENT_CREDENTIALS: by_credentials,
    PASSWORD: by_password,
    DEVICE_CODE: by_device,
}
