"""The back channel: what clients and resource servers ask of an authorization server directly."""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from netlab.lab.oauth import authrequest, clientauth, devicegrant, registration, scopes, tokenstate
from netlab.lab.oauth.calls import Call, body, error, refused, tell_of, token
from netlab.lab.oauth.challenges import challenge
from netlab.lab.oauth.issuing import Issuer
from netlab.lab.oauth.metadata import metadata
from netlab.lab.oauth.records import DEVICE_CODE, Client
from netlab.lab.oauth.refusal import Refused
from netlab.lab.oauth.server import PUSHED, AuthorizationServer, fresh, shown
from netlab.lab.oauth.tokengrants import tokens


class Back:
    """The endpoints of one authorization server that no browser visits."""

    def __init__(self, server: AuthorizationServer) -> None:
        self.server = server

    def client(self, call: Call) -> Client:
        """Who asks; each parameter stands once (RFC 6749 §3.2)."""
        call.given.once()
        return clientauth.client(call.authorization, call.given, self.server.clients)

    async def token(self, call: Call) -> Response:
        """RFC 6749 §3.2."""
        client = self.client(call)
        answer = tokens(call.given, client, Issuer(self.server, call.tell))
        call.tell("oauth.holds", **self.server.holds())
        return token(answer)

    async def introspect(self, call: Call) -> Response:
        """RFC 7662 §2."""
        client = clientauth.confidential(self.client(call))
        value = call.given.need("token")
        answer = tokenstate.introspected(value, client, self.server)
        call.tell("oauth.introspection", token=shown(value), client_id=client.id,
                  active=answer["active"], scope=answer.get("scope", ""))  # fmt: skip
        return token(answer)

    async def revoke(self, call: Call) -> Response:
        """RFC 7009 §2."""
        client = self.client(call)
        tokenstate.revoke(call.given.need("token"), client, Issuer(self.server, call.tell))
        call.tell("oauth.holds", **self.server.holds())
        return Response(headers={"cache-control": "no-store"})

    async def device_authorization(self, call: Call) -> Response:
        """RFC 8628 §3.1."""
        client = self.client(call)
        if DEVICE_CODE not in client.grants:
            what = "this client may not use that grant"
            raise Refused("unauthorized_client", what, "RFC 6749 §5.2")
        scope = scopes.asked(call.given.get("scope"), client)
        resources = scopes.resources(call.given.all("resource"), self.server.resources)
        answer = devicegrant.started(client, scope, resources, self.server)
        call.tell("oauth.issued", what="device_code", token=shown(answer["device_code"]),
                  client_id=client.id, subject="", scope=" ".join(scope), family="",
                  expires_in=answer["expires_in"], user_code=answer["user_code"])  # fmt: skip
        return token(answer)

    async def push(self, call: Call) -> Response:
        """RFC 9126 §2: the authorization request, by the back channel and by a known client."""
        client = self.client(call)
        if call.given.get("request_uri"):
            what = "a pushed request cannot point to another"
            raise Refused("invalid_request", what, "RFC 9126 §2.1")
        call.given.many["client_id"] = [client.id]
        client, uri = authrequest.destination(call.given, self.server)
        asked = authrequest.asked(call.given, client, uri, self.server)
        request_uri = f"urn:ietf:params:oauth:request_uri:{fresh()}"
        self.server.pushed.put(request_uri, asked)
        call.tell("oauth.pushed", client_id=client.id, request_uri=shown(request_uri),
                  scope=" ".join(asked.scope))  # fmt: skip
        return token({"request_uri": request_uri, "expires_in": round(PUSHED)}, 201)

    async def register(self, request: Request) -> Response:
        """RFC 7591 §3."""
        try:
            client, answer = registration.registered(await read_json(request), self.server)
        except Refused as refusal:
            refused(tell_of(request), request, refusal)
            return error(refusal)
        tell_of(request)(
            "oauth.registered", client_id=client.id, name=client.name,
            redirect_uris=" ".join(client.redirect_uris), grants=" ".join(client.grants),
            auth_method=client.auth_method,
        )  # fmt: skip
        return token(answer, 201)

    async def userinfo(self, request: Request) -> Response:
        """OpenID Connect Core §5.3; the token in the header alone (RFC 6750 §2.1)."""
        value = tokenstate.bearer(request.headers.get("authorization", ""))
        if not value:
            return challenge(None)
        try:
            claims = tokenstate.userinfo(value, self.server)
        except Refused as refusal:
            refused(tell_of(request), request, refusal)
            return challenge(refusal, "openid" if refusal.status == 403 else "")
        tell_of(request)("oauth.userinfo", subject=claims["sub"], claims=" ".join(claims))
        return token(claims)

    async def jwks(self, request: Request) -> Response:
        return JSONResponse(self.server.keys.public(), headers={"cache-control": "max-age=300"})

    async def metadata(self, request: Request) -> Response:
        return JSONResponse(metadata(self.server), headers={"cache-control": "max-age=60"})


async def read_json(request: Request) -> Any:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise registration.wrong("the body is not application/json")
    try:
        return json.loads(await body(request))
    except (ValueError, RecursionError):
        raise registration.wrong("the body is no JSON") from None
