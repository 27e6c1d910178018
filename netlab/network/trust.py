"""Whom TLS believes: the trust anchors, and the one SSLContext of a trace that holds them.

Loading anchors takes OpenSSL 3 milliseconds to tens of them. It is done before any connection's
clock starts and timed as a line of its own, or it would be counted as TLS.
"""

import os
import ssl
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from netlab.network.stream import Clock
from netlab.network.tls_messages import Watch, watch

ALPN_OFFERED = ("h2", "http/1.1")

ANCHORS_READ = 4096
"""Files of a trust directory that are looked at, at most."""


@dataclass(frozen=True, slots=True)
class Trust:
    """A loaded trust store. count is None where the store is a directory that is read on demand.

    A session resumes only with the context which it was made with: keep one Trust per trace.
    """

    context: ssl.SSLContext
    watch: Watch
    store: str
    count: int | None
    start: float
    end: float
    insecure: bool = False

    @property
    def load_time(self) -> float:
        return self.end - self.start

    def anchors(self) -> tuple[bytes, ...]:
        """All trust anchors as DER. Slow for a directory: ask after the clock, and rarely."""
        loaded = self.context.get_ca_certs(binary_form=True)
        return tuple(loaded) or _in_directory(ssl.get_default_verify_paths().capath)


def load(
    clock: Clock,
    cafile: str | None = None,
    *,
    insecure: bool = False,
    alpn: Sequence[str] = ALPN_OFFERED,
) -> Trust:
    """Build the context. Raises OSError or ssl.SSLError when cafile cannot be used."""
    start = clock()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Only subjectAltName counts: RFC 9525 §6.1 and every browser leave the common name alone.
    context.hostname_checks_common_name = False
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(list(alpn))
    watcher = watch(context)
    if cafile is None:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    else:
        context.load_verify_locations(cafile=cafile)
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    count = context.cert_store_stats()["x509_ca"]
    end = clock()
    return Trust(context, watcher, cafile or default_store(), count or None, start, end, insecure)


def default_store() -> str:
    """Where the machine's trust anchors come from, as a person would look for them."""
    if sys.platform == "win32":
        return "the Windows certificate store"
    paths = ssl.get_default_verify_paths()
    found = paths.cafile or paths.capath
    return os.path.realpath(found) if found else "none found"


def _in_directory(directory: str | None) -> tuple[bytes, ...]:
    """The certificates of a directory of PEM files."""
    if directory is None:
        return ()
    found: dict[bytes, None] = {}
    for path in sorted(Path(directory).iterdir())[:ANCHORS_READ]:
        if path.suffix in (".pem", ".crt", ".0"):
            found.update(dict.fromkeys(_in_file(path)))
    return tuple(found)


def _in_file(path: Path) -> tuple[bytes, ...]:
    reader = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        reader.load_verify_locations(cafile=path)
    except (OSError, ssl.SSLError):
        return ()
    return tuple(reader.get_ca_certs(binary_form=True))
