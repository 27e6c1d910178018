"""An authorization server and its resource servers by themselves, at one address."""

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from netlab.lab.oauth.settings import Settings
from netlab.lab.webmessage import Request, Response, Site

if TYPE_CHECKING:
    from netlab.lab.asgiscope import App

CLIENTS = {"api": "api-server", "files": "files-server"}
"""The folders where the resource servers live, and as whom they ask."""


class Solo(Site):
    """Answers by whatever name it is called; the issuer is the one that it was given."""

    alpn = ("http/1.1",)

    def __init__(self, issuer: str, settings: Settings) -> None:
        self.issuer = issuer
        self.settings = settings
        self.app: App | None = None
        self.loading = asyncio.Lock()

    async def answer(self, request: Request) -> Response:
        async with self.loading:
            if self.app is None:
                self.app = await asyncio.to_thread(self.make)
            app = self.app
        from netlab.lab import asgi

        return await asgi.answer(app, request)

    def make(self) -> "App":
        from starlette.applications import Starlette

        from netlab.lab.oauth import app, photos
        from netlab.lab.oauth.clients import SECRETS
        from netlab.lab.oauth.resource import ResourceServer
        from netlab.lab.oauth.server import AuthorizationServer

        identifiers = [f"{self.issuer}/{folder}" for folder in CLIENTS]
        server = AuthorizationServer(self.issuer, identifiers, self.settings)
        modes = (self.settings, replace(self.settings, mode="introspect"))
        resources = [
            ResourceServer(identifier, self.issuer, client, SECRETS[client], settings, time.time)
            for identifier, client, settings in zip(
                identifiers, CLIENTS.values(), modes, strict=True
            )
        ]
        served = [route for each in resources for route in photos.routes(each)]
        return Starlette(routes=[*app.routes(server), *served])
