"""What both halves of the bridge for ASGI share: its types, its scope, and how a task ends."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import unquote

from netlab.lab.webmessage import Request

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

TELL = "netlab.tell"
"""The scope's extension that holds the way to the lab's journal, as `tell`."""
OUTSIDE = "netlab.outside"
"""The scope's extension that holds the way to other servers, as `outside`."""
GRACE = 1.0
"""Seconds that an application has to end by itself, once its client has gone."""
FAREWELL = 5.0
"""Seconds that a cancelled application may take."""
AHEAD = 16
"""Pieces that may wait for the slower side."""


def scope_of(request: Request, kind: str) -> Scope:
    """What ASGI calls the connection scope. kind: `http` or `websocket`."""
    path, _, query = request.target.partition("?")
    secure = request.scheme == "https"
    scope: Scope = {
        "type": kind,
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": request.version,
        "scheme": request.scheme if kind == "http" else "wss" if secure else "ws",
        "path": unquote(path),
        "raw_path": path.encode("latin-1"),
        "query_string": query.encode("latin-1"),
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers],
        "client": (request.peer, request.peer_port) if request.peer_port else None,
        "server": (request.host, request.port),
        "extensions": {TELL: {"tell": request.tell}, OUTSIDE: {"outside": request.outside}},
    }
    if kind == "http":
        scope["method"] = request.method.upper()
    else:
        offered = request.header(b"sec-websocket-protocol").split(",")
        scope["subprotocols"] = [name.strip() for name in offered if name.strip()]
    return scope


async def end(task: "asyncio.Task[Any]") -> None:
    """Cancel it and wait for it, within bounds."""
    task.cancel()
    await asyncio.wait({task}, timeout=FAREWELL)


def fault(task: "asyncio.Task[Any]") -> str:
    """What an application that has ended died of; empty if of nothing."""
    if task.cancelled() or not (error := task.exception()):
        return ""
    return f"{type(error).__name__}: {error}"[:500]
