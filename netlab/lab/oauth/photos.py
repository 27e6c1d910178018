"""The API of the lab's resource servers: photos, to be seen and to be added to."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from netlab.lab.asgiscope import OUTSIDE
from netlab.lab.oauth.calls import body, refused, tell_of
from netlab.lab.oauth.challenges import challenge
from netlab.lab.oauth.refusal import Refused
from netlab.lab.oauth.resource import ResourceServer
from netlab.lab.oauth.scopes import MEANING
from netlab.lab.oauth.server import shown
from netlab.lab.oauth.tokenstate import bearer
from netlab.lab.webmessage import Outside

READ, WRITE = "photos.read", "photos.write"
LONGEST = 200
METADATA = "/.well-known/oauth-protected-resource"

Granted = Callable[[Request, dict[str, Any]], Awaitable[Response]]


def outside_of(request: Request) -> Outside:
    extensions = request.scope.get("extensions") or {}
    outside: Outside = extensions[OUTSIDE]["outside"]
    return outside


class Photos:
    """The endpoints of one resource server."""

    def __init__(self, server: ResourceServer) -> None:
        self.server = server

    async def get(self, request: Request) -> Response:
        return await self.guarded(request, READ, self.listed)

    async def post(self, request: Request) -> Response:
        return await self.guarded(request, WRITE, self.added)

    async def guarded(self, request: Request, scope: str, serve: Granted) -> Response:
        """Serves whoever has a token that holds (RFC 6750 §2.1: in the header, nowhere else)."""
        tell, given = tell_of(request), request.headers.getlist("authorization")
        token = bearer(given[0]) if given else ""
        try:
            if len(given) > 1:
                what = "more than one way of authorization"
                raise Refused("invalid_request", what, "RFC 6750 §3.1")
            if not token:
                tell("oauth.challenged", endpoint=request.url.path, rule="RFC 6750 §3")
                return challenge(None, scope, self.metadata_url)
            claims = await self.server.claims(token, scope, outside_of(request), tell)
            tell(
                "oauth.accepted", token=shown(token), subject=str(claims.get("sub")), scope=scope,
                client_id=str(claims.get("client_id")), mode=self.server.settings.mode,
                audience=self.server.identifier,
            )  # fmt: skip
            return await serve(request, claims)
        except Refused as refusal:
            refused(tell, request, refusal)
            needed = scope if refusal.error == "insufficient_scope" else ""
            return challenge(refusal, needed, self.metadata_url)

    async def listed(self, _: Request, claims: dict[str, Any]) -> Response:
        person = str(claims.get("sub"))
        answer = {"owner": person, "photos": self.server.of(person)}
        return JSONResponse(answer, headers={"cache-control": "no-store"})

    async def added(self, request: Request, claims: dict[str, Any]) -> Response:
        person = str(claims.get("sub"))
        self.server.add(person, await title(request))
        answer = {"owner": person, "photos": self.server.of(person)}
        return JSONResponse(answer, 201, {"cache-control": "no-store"})

    @property
    def metadata_url(self) -> str:
        """The well-known part goes between host and path (RFC 9728 §3.1)."""
        scheme, _, rest = self.server.identifier.partition("://")
        host, slash, path = rest.partition("/")
        return f"{scheme}://{host}{METADATA}{slash}{path}"

    async def metadata(self, _: Request) -> Response:
        """RFC 9728 §2."""
        return JSONResponse(
            {
                "resource": self.server.identifier,
                "authorization_servers": [self.server.issuer],
                "scopes_supported": [name for name in MEANING if name in (READ, WRITE)],
                "bearer_methods_supported": ["header"],
            }
        )


async def title(request: Request) -> str:
    try:
        value = json.loads(await body(request))
    except (ValueError, RecursionError):
        value = None
    text = value.get("title") if isinstance(value, dict) else None
    if not isinstance(text, str) or not 0 < len(text) <= LONGEST:
        what = "a photo is a JSON object with a title"
        raise Refused("invalid_request", what, "RFC 6750 §3.1")
    return text


def routes(server: ResourceServer) -> list[Route]:
    photos = Photos(server)
    _, _, path = server.identifier.partition("://")[2].partition("/")
    folder = f"/{path}" if path else ""
    return [
        Route(f"{folder}/photos", photos.get, methods=["GET"]),
        Route(f"{folder}/photos", photos.post, methods=["POST"]),
        Route(f"{METADATA}{folder}", photos.metadata),
    ]
