"""Where a Socket.IO server is: its URL, whose path is a namespace, and the path of its engine."""

import json
import re
from dataclasses import dataclass
from typing import Any

from netlab.errors import NetlabError
from netlab.experiments.socketio.clients import PATH
from netlab.experiments.trace import typed as address_bar
from netlab.experiments.trace.typed import Typed

SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.-]*)://", re.ASCII)
TWINS = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
"""Socket.IO's own clients take ws: and wss: as well, and begin with HTTP all the same."""
NAMESPACE = re.compile(r"/[\x21-\x7e]*")
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Place:
    """typed: host, port and scheme. path: of the engine, without slashes at its ends.

    namespace: the one to connect to.
    """

    typed: Typed
    path: str
    namespace: str

    @property
    def secure(self) -> bool:
        return self.typed.scheme == "https"

    @property
    def url(self) -> str:
        return f"{self.typed.origin}/{self.path}/"


def parse(text: str, namespace: str | None = None, path: str | None = None) -> Place:
    """Raises NetlabError for all that is no address of a Socket.IO server."""
    match = SCHEME.match(text)
    scheme = match[1].lower() if match else ""
    rest = text[match.end() :] if match else text.strip()
    if scheme not in TWINS:
        raise _mistaken(scheme, text, rest)
    typed = address_bar.parse(f"{TWINS[scheme]}://{rest}")
    engine = (path or PATH).strip("/")
    named = typed.path.rstrip("/")
    # Whoever copies the address from a browser's network view has the engine's path in it.
    if named in ("", f"/{engine}"):
        return Place(typed, engine, checked(namespace or "/"))
    if path is None and named.endswith(f"/{PATH}"):
        return Place(typed, named.strip("/"), checked(namespace or "/"))
    if namespace is not None:
        raise NetlabError(
            f"{text} --namespace {namespace}: two namespaces at once.",
            cause="the path of a Socket.IO URL is a namespace",
            advice="leave one of them out; --path says where on the server Socket.IO lives",
        )
    return Place(typed, engine, checked(named))


def checked(namespace: str) -> str:
    name = namespace if namespace.startswith("/") else f"/{namespace}"
    if not NAMESPACE.fullmatch(name) or "," in name or len(name) > LONGEST:
        raise NetlabError(
            f"{namespace}: not a namespace",
            advice="write it as /admin: no spaces and no commas, for a comma ends it on the wire",
        )
    return name


def _mistaken(scheme: str, text: str, rest: str) -> NetlabError:
    if scheme == "wws":
        return NetlabError(
            f"{text}: there is no wws.", cause="the secure scheme is wss, and https for Socket.IO",
            advice=f"https://{rest}",
        )  # fmt: skip
    if not scheme:
        return NetlabError(
            f"{text}: the URL names its scheme.",
            cause="Socket.IO begins with HTTP: http is in the clear, https inside TLS",
            advice=f"http://{rest} or https://{rest}",
        )
    return NetlabError(
        f"{text}: {scheme}: is no scheme of Socket.IO's.",
        cause="it is had over http or https", advice=f"https://{rest}",
    )  # fmt: skip


def arguments(text: str) -> tuple[Any, ...]:
    """What an event says: a JSON array is all of its arguments, any other value the only one."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise NetlabError(
            f"--emit: {text} is not JSON",
            advice="quote it for the shell, and a text once more for JSON: --emit say "
            '\'["room", "hello"]\'',
        ) from None
    return tuple(value) if isinstance(value, list) else (value,)
