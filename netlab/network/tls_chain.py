"""The certificates of a connection, as DER, on every Python that netlab runs on.

`SSLObject.get_unverified_chain()` is public from Python 3.13 on; 3.11 and 3.12 have it one layer
below. Both answer after a failed verification too.
"""

import ssl
from collections.abc import Callable, Sequence
from typing import Any

DER = 2
"""`_ssl.ENCODING_DER`."""


def sent(connection: ssl.SSLObject) -> tuple[bytes, ...]:
    """The chain as the server sent it, leaf first; empty when none came."""
    return _chain(connection, "get_unverified_chain")


def used(connection: ssl.SSLObject) -> tuple[bytes, ...]:
    """The chain that OpenSSL built, from leaf to trust anchor.

    Ask only after verification passed: otherwise it lies (the leaf alone for an untrusted chain,
    a whole one for an expired one).
    """
    return _chain(connection, "get_verified_chain")


def _chain(connection: ssl.SSLObject, method: str) -> tuple[bytes, ...]:
    ask = getattr(connection, method, None)
    if ask is None:
        ask = getattr(getattr(connection, "_sslobj", None), method, None)
    if ask is None:
        return ()
    return _encoded(ask)


def _encoded(ask: Callable[[], Sequence[Any] | None]) -> tuple[bytes, ...]:
    try:
        found = ask() or ()
    except (ssl.SSLError, ValueError):
        return ()
    return tuple(c if isinstance(c, bytes) else bytes(c.public_bytes(DER)) for c in found)
