"""Servers of the lab run alone, until a person ends them: exit 0 on SIGINT and SIGTERM."""

import asyncio
import contextlib
import ipaddress
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from netlab.addresses import address_of, opened
from netlab.errors import Exit
from netlab.lab.alone import serve as answer_until_ended
from netlab.lab.sites import SocketIO, WebSockets
from netlab.lab.webmessage import Request, Response, Site

Kind = Literal["websocket", "socketio"]


class Echo(WebSockets):
    """The lab's echo, at any path: whoever points a client here should not have to guess one."""

    async def answer(self, request: Request) -> Response:
        if request.header(b"upgrade"):
            request = replace(request, target="/echo")
        return await super().answer(request)


@dataclass(frozen=True, slots=True)
class Offer:
    """What can be had alone. offers: what it does, said after its URL."""

    site: type[Site]
    scheme: str
    offers: str


OFFERS: Mapping[Kind, Offer] = {
    "websocket": Offer(
        Echo, "ws",
        "Echoes every message, with permessage-deflate for whoever offers it. "
        "Try:  netlab ws chat {url}",
    ),
    "socketio": Offer(
        SocketIO, "http",
        "Socket.IO at /socket.io/ with echo, say, join and leave, in the namespaces / and /admin.",
    ),
}  # fmt: skip


def serve(kind: Kind, listen: str) -> Exit:
    """Serve at HOST:PORT until told to end. Raises NetlabError when nobody can listen there."""
    offer = OFFERS[kind]
    sock = opened(*address_of(listen))
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(
            answer_until_ended(sock, offer.site(), lambda host, port: announce(offer, host, port))
        )
    return Exit.OK


def announce(offer: Offer, host: str, port: int) -> None:
    url = url_of(offer.scheme, host, port)
    everywhere = ""
    if ipaddress.ip_address(host.partition("%")[0]).is_unspecified:
        everywhere = "It listens on every address of this machine, for others as well. "
    sys.stdout.write(f"{url}\n{offer.offers.format(url=url)}\n{everywhere}Ctrl-C ends it.\n")
    sys.stdout.flush()


def url_of(scheme: str, host: str, port: int) -> str:
    """The URL for clients on this machine: nobody can dial the address that stands for all."""
    bare, percent, zone = host.partition("%")
    address = ipaddress.ip_address(bare)
    if address.is_unspecified:
        host = "127.0.0.1" if address.version == 4 else "::1"
    elif percent:  # RFC 6874 §2
        host = f"{bare}%25{zone}"
    return f"{scheme}://[{host}]:{port}/" if address.version == 6 else f"{scheme}://{host}:{port}/"
