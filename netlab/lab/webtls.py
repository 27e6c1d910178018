"""A web server's end of TLS: its certificate, what it offers, and its faults."""

import contextlib
import ssl
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from netlab.lab.authority import Authority
from netlab.lab.catalogue import TlsKind


class TlsEnd:
    """The TLS settings of one server.

    Its context is made when it is first needed and then kept: it holds the keys of the session
    tickets, so only the same context resumes a session (RFC 8446 §4.6.1). One certificate covers
    all names that live at the server's addresses, as many a real one does.
    """

    def __init__(
        self, authority: Authority, names: Sequence[str], kind: TlsKind, alpn: Sequence[str]
    ) -> None:
        self.authority = authority
        self.names = names
        self.kind = kind
        self.alpn = alpn
        self.lock = threading.Lock()
        self.made: ssl.SSLContext | None = None

    @property
    def encrypted(self) -> bool:
        return self.kind != "plain-http"

    def context(self) -> ssl.SSLContext:
        """Made once, by whichever thread comes first."""
        with self.lock:
            if self.made is None:
                self.made = self.make()
            return self.made

    def make(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.kind == "tls12":
            context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(list(self.alpn))
        if self.kind == "handshake-failure":
            context.sni_callback = refuse
        load(context, self.authority.issue(self.names, self.kind).pem, self.authority.directory)
        return context


def refuse(connection: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> int:
    """Answer any ClientHello with the fatal alert handshake_failure."""
    return ssl.ALERT_DESCRIPTION_HANDSHAKE_FAILURE


def load(context: ssl.SSLContext, pem: bytes, directory: Path) -> None:
    """Give the context its key and chain; the ssl module takes them from a file alone."""
    handle, name = tempfile.mkstemp(".pem", dir=directory)
    path = Path(name)
    try:
        with open(handle, "wb") as file:
            file.write(pem)
        context.load_cert_chain(path)
    finally:
        with contextlib.suppress(OSError):
            path.unlink()
