"""One balancer, from listening to drained."""

import asyncio
import socket
import sys
from collections.abc import Callable
from functools import partial

from netlab.addresses import opened
from netlab.balance.checks import ask, keep_checking
from netlab.balance.pool import Pool
from netlab.balance.proxyprotocol import LOCAL
from netlab.balance.settings import Settings
from netlab.processes import raise_files

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
    raise_files(1 << 20)


def loops() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Which event loop: layer 4 watches sockets, which the default one of Windows cannot."""
    return asyncio.SelectorEventLoop if sys.platform == "win32" else None
