"""The lab's OAuth roles as sites. Their insides are imported with the first request."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from netlab.lab.oauth.settings import Settings
from netlab.lab.service import Plain
from netlab.lab.webmessage import Outside, Request, Response, Site

if TYPE_CHECKING:
    from netlab.lab.asgiscope import App
    from netlab.lab.oauth.accounts import Accounts
    from netlab.lab.oauth.keys import Keys

ISSUER = "auth.example.com"
RESOURCES = ("api.example.com", "files.example.com")
CLIENTS = dict(zip(RESOURCES, ("api-server", "files-server"), strict=True))
"""As which client each resource server asks about tokens."""
MOST_ORIGINS = 4
LOCAL = ".localhost"


class Role(Site):
    """One server of OAuth's. It answers at its own name, by https, and to browsers on this machine
    at that name under localhost, by http and on whatever port: two origins, which share nothing
    but the settings and what would lie on its disk.
    """

    alpn = ("http/1.1",)
    local_too = True

    def __init__(self) -> None:
        self.settings = self.first = Settings()
        self.apps: dict[str, App] = {}
        self.loading = asyncio.Lock()
        self.clock = time.time

    async def answer(self, request: Request) -> Response:
        origin = origin_of(request)
        async with self.loading:
            if origin not in self.apps:
                if len(self.apps) >= MOST_ORIGINS:
                    self.apps.clear()
                await self.load(origin, request.outside)
            app = self.apps[origin]
        from netlab.lab import asgi

        return await asgi.answer(app, request)

    async def load(self, origin: str, outside: Outside | None) -> None:
        """Again where it was set anew in the meantime: imports take their time."""
        settings: Settings | None = None
        while settings is not self.settings:
            settings = self.settings
            made = await asyncio.to_thread(self.make, origin, outside)
        self.apps[origin] = made

    def make(self, origin: str, outside: Outside | None) -> "App":
        raise NotImplementedError

    def set(self, wanted: Mapping[str, Any]) -> Mapping[str, Plain]:
        base = self.first if wanted.get("reset") else self.settings
        self.settings = base.with_({k: v for k, v in wanted.items() if k != "reset"})
        self.apps.clear()
        return self.settings.told()

    async def forget(self) -> None:
        self.apps.clear()


class AuthorizationSite(Role):
    """An authorization server. Keys and accounts outlive a stop, as they would on its disk."""

    def __init__(self) -> None:
        super().__init__()
        self.disk: tuple[Keys, Accounts] | None = None

    def make(self, origin: str, outside: Outside | None) -> "App":
        from netlab.lab.oauth.accounts import Accounts
        from netlab.lab.oauth.app import application
        from netlab.lab.oauth.keys import Keys
        from netlab.lab.oauth.server import AuthorizationServer

        if self.settings.forwards_to:
            from netlab.lab.oauth.rogue import application as rogue

            victim = beside(ISSUER, origin, outside)
            return rogue(origin, victim, beside(RESOURCES[0], origin, outside))
        self.disk = self.disk or (Keys(), Accounts())
        resources = [beside(name, origin, outside) for name in RESOURCES]
        server = AuthorizationServer(origin, resources, self.settings, self.clock, *self.disk)
        return application(server)


class ResourceSite(Role):
    """A resource server, which trusts the lab's first authorization server alone."""

    def make(self, origin: str, outside: Outside | None) -> "App":
        from starlette.applications import Starlette

        from netlab.lab.oauth.clients import SECRETS
        from netlab.lab.oauth.photos import routes
        from netlab.lab.oauth.resource import ResourceServer

        name = CLIENTS[host_name(origin)]
        issuer = beside(ISSUER, origin, outside)
        server = ResourceServer(origin, issuer, name, SECRETS[name], self.settings, self.clock)
        return Starlette(routes=routes(server))


def files_server() -> ResourceSite:
    """The one that introspects."""
    site = ResourceSite()
    site.settings = site.first = replace(site.settings, mode="introspect")
    return site


def origin_of(request: Request) -> str:
    """Under which a server was called: it is part of every identifier that it gives out."""
    if not request.host.endswith(LOCAL):
        return f"https://{request.host}"
    port = request.authority.rpartition(":")[2]
    return f"http://{request.host}:{port}" if port.isdigit() else f"http://{request.host}"


def host_name(origin: str) -> str:
    return origin.partition("://")[2].partition(":")[0].removesuffix(LOCAL)


def beside(name: str, origin: str, outside: Outside | None) -> str:
    """Another server's origin, as seen from this one: by https, or on its real port by http."""
    if origin.startswith("https:") or outside is None:
        return f"https://{name}"
    dialled = outside.dial(name, 80)
    return f"http://{name}{LOCAL}:{dialled[1] if dialled else 80}"
