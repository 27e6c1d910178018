"""How a server of the lab calls another: HTTP/1.1 over the lab's own sockets, and real TLS."""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

import h11

from netlab.lab.webmessage import Header, Outside

PATIENCE = 5.0
LARGEST = 1 << 18
PORTS = {"http": 80, "https": 443}


class CallFailed(Exception):
    """Nobody has answered, or not in HTTP."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes


@lru_cache(maxsize=4)
def trusting(ca_file: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file or None)


async def call(
    outside: Outside, method: str, url: str, headers: Sequence[Header] = (), body: bytes = b""
) -> Answer:
    """One request on a connection of its own. Raises CallFailed."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await exchange(outside, method, url, headers, body)
    except (OSError, TimeoutError, h11.ProtocolError, EOFError) as error:
        raise CallFailed(f"{url}: {str(error) or type(error).__name__}") from error


async def exchange(
    outside: Outside, method: str, url: str, headers: Sequence[Header], body: bytes
) -> Answer:
    parts = urlsplit(url)
    host = parts.hostname or ""
    dialled = outside.dial(host, parts.port or PORTS[parts.scheme])
    if dialled is None:
        raise OSError("there is no way there")
    tls = trusting(outside.ca_file) if parts.scheme == "https" else None
    reader, writer = await asyncio.open_connection(
        *dialled, ssl=tls, server_hostname=host if tls else None
    )
    try:
        state = h11.Connection(h11.CLIENT)
        fields = [(b"host", parts.netloc.encode()), (b"connection", b"close"),
                  (b"content-length", b"%d" % len(body)), *headers]  # fmt: skip
        request = h11.Request(method=method, target=parts.path or "/", headers=fields)
        octets = [state.send(request), state.send(h11.Data(data=body)),
                  state.send(h11.EndOfMessage())]  # fmt: skip
        writer.write(b"".join(each or b"" for each in octets))
        return await answered(state, reader)
    finally:
        writer.close()


async def answered(state: h11.Connection, reader: asyncio.StreamReader) -> Answer:
    status, body = 0, b""
    while True:
        match state.next_event():
            case h11.NEED_DATA:
                state.receive_data(await reader.read(1 << 16))
            case h11.Response(status_code=code):
                status = code
            case h11.Data(data=data):
                body += bytes(data)
                if len(body) > LARGEST:
                    raise OSError("the answer is too large")
            case h11.EndOfMessage():
                return Answer(status, body)
            case h11.ConnectionClosed() | h11.PAUSED:
                raise EOFError("the connection has ended")
