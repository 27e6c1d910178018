"""The clients that a server knows: those that it came with, and those that registered."""

import hashlib
import hmac
from collections.abc import Sequence

from netlab.lab.oauth.records import (
    AUTHORIZATION_CODE,
    CLIENT_CREDENTIALS,
    DEVICE_CODE,
    IMPLICIT,
    OPENID,
    PASSWORD,
    REFRESH_TOKEN,
    Client,
)  # fmt: skip
from netlab.lab.oauth.scopes import MEANING

MOST = 500
"""Clients that may register themselves."""

EVERY_SCOPE = tuple(MEANING)
CALLBACKS = ("https://client.example.org/callback", "http://127.0.0.1/callback",
             "http://[::1]/callback")  # fmt: skip


def hashed(secret: str) -> str:
    """A secret that is long and random needs no slow hash, a password does."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_secret(client: Client, secret: str) -> bool:
    """Compared in a time that does not tell how far it was right."""
    return bool(client.secret_hash) and hmac.compare_digest(client.secret_hash, hashed(secret))


class Clients:
    """By client_id. The ready-made ones cannot be pushed out."""

    def __init__(self, ready: Sequence[Client]) -> None:
        self.ready = {client.id: client for client in ready}
        self.registered: dict[str, Client] = {}

    def get(self, id: str) -> Client | None:
        return self.ready.get(id) or self.registered.get(id)

    def add(self, client: Client) -> bool:
        """False if there is no room left."""
        if len(self.registered) >= MOST:
            return False
        self.registered[client.id] = client
        return True

    def __len__(self) -> int:
        return len(self.ready) + len(self.registered)


SECRETS = {
    "web-app": "lab-web-app-secret",
    "opaque-app": "lab-opaque-app-secret",
    "api-server": "lab-api-server-secret",
    "files-server": "lab-files-server-secret",
}
"""Of the lab's own confidential clients: no secrets at all, they stand in the documentation."""


def confidential(id: str, name: str, *grants: str, **more: object) -> Client:
    fields = {"redirect_uris": CALLBACKS, "scopes": EVERY_SCOPE, **more}
    return Client(
        id, name, hashed(SECRETS[id]), "client_secret_basic", grants=grants, **fields  # type: ignore[arg-type]
    )  # fmt: skip


def ready_made(resources: Sequence[str]) -> tuple[Client, ...]:
    """The clients that every server of the lab comes with. resources: its resource servers."""
    servers = zip(("api-server", "files-server"), resources, strict=False)
    return (
        confidential("web-app", "Photo prints", AUTHORIZATION_CODE, REFRESH_TOKEN,
                     CLIENT_CREDENTIALS, PASSWORD),
        confidential("opaque-app", "Photo frames", AUTHORIZATION_CODE, REFRESH_TOKEN,
                     CLIENT_CREDENTIALS, opaque=True),
        Client("native-app", "Photo album", redirect_uris=CALLBACKS, scopes=EVERY_SCOPE,
               grants=(AUTHORIZATION_CODE, REFRESH_TOKEN, IMPLICIT)),
        Client("tv", "Photos on TV", scopes=(OPENID, "profile", "offline_access", "photos.read"),
               grants=(DEVICE_CODE, REFRESH_TOKEN)),
        *(confidential(id, f"The server {uri}", redirect_uris=(), scopes=(), resource=uri)
          for id, uri in servers),
    )  # fmt: skip
