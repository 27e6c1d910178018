"""`HOST:PORT`: written, read, and listened on. An IPv6 address stands in brackets."""

import re
import socket

from netlab.errors import Exit, NetlabError

BACKLOG = 4096
"""Deep: a full accept queue drops SYNs without a word, and the client waits a second."""


def endpoint(host: str, port: int) -> str:
    """`192.0.2.53:53`, `[2001:db8::53]:53` (RFC 3986 §3.2.2)."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def parted(text: str) -> tuple[str, int] | None:
    """The host without its brackets, and the port; None for what is not of that form."""
    host, _, port = text.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:  # RFC 3986 §3.2.2: which colon would be the last?
        return None
    if not host or not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65535:
        return None
    return host, int(port)


def address_of(listen: str) -> tuple[str, int]:
    """Where --listen wants to listen. Raises NetlabError."""
    address = parted(listen)
    if address is None:
        raise NetlabError(
            f"--listen {listen}: not an address to listen on",
            advice="write HOST:PORT: 127.0.0.1:9001, [::1]:9001, or port 0 for any that is free",
        )
    return address


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
