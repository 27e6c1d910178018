"""One balancer, from listening to drained."""

import asyncio
import contextlib
import socket
import sys
from collections.abc import Callable
from functools import partial

from netlab.balance.checks import ask, keep_checking
from netlab.balance.pool import Pool
from netlab.balance.proxyprotocol import LOCAL
from netlab.balance.settings import Settings
from netlab.errors import Exit, NetlabError

BACKLOG = 4096
"""Deep: a full accept queue drops SYNs without a word, and the client waits a second."""


def opened(host: str, port: int) -> socket.socket:
    """A listening socket. Raises NetlabError in plain words."""
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        sock = socket.socket(family, kind, proto)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(address)
            sock.listen(BACKLOG)
            sock.setblocking(False)
        except OSError:
            sock.close()
            raise
    except OSError as error:
        if isinstance(error, socket.gaierror):
            raise NetlabError(
                f"{host} has no address to listen on ({error.strerror}).",
                advice="--listen 127.0.0.1:0, or an address of this machine's",
                exit=Exit.NAME,
            ) from None
        raise NetlabError(
            f"Nobody can listen on {host}, port {port}: {error.strerror or error}.",
            cause="another program has this port, or the address is none of this machine's",
            advice="--listen 127.0.0.1:0 takes any port that is free",
            exit=Exit.CONNECT,
        ) from None
    return sock


Ready = Callable[[str, int], None]


async def serve(settings: Settings, pool: Pool, ready: Ready, stop: asyncio.Event) -> None:
    """Balance until `stop` is set, then take nothing new and end what is open.

    ready: told the address once it listens. Raises NetlabError when it cannot listen.
    """
    if settings.layer == 7:
        from netlab.balance.http.proxy import tls_context

        tls_context(settings)  # a certificate that is no good is told before it listens
    with opened(*settings.listen) as listener:
        host, port = listener.getsockname()[:2]
        checking = None
        if settings.check is not None:
            # Who expects the PROXY protocol takes nothing else, from a check neither.
            probe = partial(ask, first=LOCAL if settings.proxy_protocol else b"")
            checking = asyncio.create_task(keep_checking(pool, settings.check, probe))
        try:
            ready(host, port)
            await _serve(settings, pool, listener, stop)
        finally:
            if checking is not None:
                checking.cancel()
                await asyncio.gather(checking, return_exceptions=True)


async def _serve(
    settings: Settings, pool: Pool, listener: socket.socket, stop: asyncio.Event
) -> None:
    if settings.layer == 4:
        from netlab.balance.layer4 import serve_tcp

        await serve_tcp(settings, pool, listener, stop)
    else:
        from netlab.balance.http.proxy import serve_http

        await serve_http(settings, pool, listener, stop)


def descriptors() -> None:
    """Let this process have as many as the system allows: each connection takes two."""
    if sys.platform != "win32":
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft != hard:
            with contextlib.suppress(ValueError, OSError):  # a hard limit that means "any"
                resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def loops() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Which event loop: layer 4 watches sockets, which the default one of Windows cannot."""
    return asyncio.SelectorEventLoop if sys.platform == "win32" else None
