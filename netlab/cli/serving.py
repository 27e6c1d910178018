"""Servers of the lab run alone, until a person ends them: exit 0 on SIGINT and SIGTERM."""

import asyncio
import contextlib
import sys
from dataclasses import replace

from netlab.errors import Exit
from netlab.lab.alone import address_of, opened, serve
from netlab.lab.sites import WebSockets
from netlab.lab.webmessage import Request, Response


class Echo(WebSockets):
    """The lab's echo, at any path: whoever points a client here should not have to guess one."""

    async def answer(self, request: Request) -> Response:
        if request.header(b"upgrade"):
            request = replace(request, target="/echo")
        return await super().answer(request)


def serve_websocket(listen: str) -> Exit:
    sock = opened(*address_of(listen))
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(sock, Echo(), announce))
    return Exit.OK


def announce(host: str, port: int) -> None:
    shown = f"[{host}]" if ":" in host else host
    sys.stdout.write(
        f"ws://{shown}:{port}/\n"
        "Echoes every message, with permessage-deflate for whoever offers it. "
        f"Try:  netlab ws chat ws://{shown}:{port}/\nCtrl-C ends it.\n"
    )
    sys.stdout.flush()
