"""An authorization server as an ASGI application: which endpoint lives where."""

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from netlab.lab.oauth import pages
from netlab.lab.oauth.back import Back
from netlab.lab.oauth.calls import for_clients, for_people, html
from netlab.lab.oauth.front import Front
from netlab.lab.oauth.server import AuthorizationServer

WELL_KNOWN = ("/.well-known/oauth-authorization-server", "/.well-known/openid-configuration")


def routes(server: AuthorizationServer) -> list[Route]:
    front, back = Front(server), Back(server)

    async def home(_: object) -> Response:
        words = f"This is the authorization server {server.issuer}. It serves applications."
        return html(pages.notice("An authorization server", words))

    return [
        Route("/", home),
        Route("/authorize", for_people(front.authorize), methods=["GET", "POST"]),
        Route("/login", for_people(front.login), methods=["POST"]),
        Route("/consent", for_people(front.consent), methods=["GET"]),
        Route("/consent", for_people(front.decide), methods=["POST"]),
        Route("/device", for_people(front.device), methods=["GET"]),
        Route("/device", for_people(front.find_device), methods=["POST"]),
        Route("/token", for_clients(back.token), methods=["POST"]),
        Route("/introspect", for_clients(back.introspect, "RFC 7662 §2.1"), methods=["POST"]),
        Route("/revoke", for_clients(back.revoke, "RFC 7009 §2.1"), methods=["POST"]),
        Route("/device_authorization", for_clients(back.device_authorization, "RFC 8628 §3.1"),
              methods=["POST"]),
        Route("/par", for_clients(back.push, "RFC 9126 §2.1"), methods=["POST"]),
        Route("/register", back.register, methods=["POST"]),
        Route("/userinfo", back.userinfo, methods=["GET", "POST"]),
        Route("/jwks", back.jwks),
        *(Route(path, back.metadata) for path in WELL_KNOWN),
    ]  # fmt: skip


def application(server: AuthorizationServer) -> Starlette:
    return Starlette(routes=routes(server))
