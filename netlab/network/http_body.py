"""Content codings (RFC 9110 §8.4.1), undone within bounds: a small body may inflate without end."""

import zlib
from dataclasses import dataclass, field

DECODED = 4 << 20
"""Octets of a body that are kept, decoded."""

ACCEPTED = "gzip, deflate"
"""What we ask for: what Python can undo with a bound on its output."""


class BadEncoding(ValueError):
    """The body is not of the coding that its header names."""


@dataclass(slots=True)
class Decoder:
    """Takes a body as it arrives; `body` is what it was before it was coded.

    full: there was more than the limit. unknown: the coding is none that we can undo, and `body`
    is what was received.
    """

    coding: str
    limit: int = DECODED
    body: bytearray = field(default_factory=bytearray)
    full: bool = False
    _first: bytes = b""
    _machine: "zlib._Decompress | None" = None

    @property
    def unknown(self) -> bool:
        return self.coding not in ("", "identity", "gzip", "x-gzip", "deflate")

    @property
    def finished(self) -> bool:
        """Whether the coding itself says that the body is whole."""
        if self.unknown or self.coding in ("", "identity"):
            return True
        return self._machine is None and not self._first

    def feed(self, data: bytes) -> None:
        """Raises BadEncoding. What would go past the limit is thrown away."""
        if self.unknown or self.coding in ("", "identity"):
            self._keep(data)
            return
        while data and not self.full:
            data = self._inflate(data)

    def _inflate(self, data: bytes) -> bytes:
        """One step; answers what is yet to be inflated."""
        data, self._first = self._first + data, b""
        if self._machine is None:
            if len(data) < 2:
                self._first = data
                return b""
            self._machine = zlib.decompressobj(self._window(data))
        try:
            self._keep(self._machine.decompress(data, self.limit - len(self.body) + 1))
        except zlib.error as error:
            raise BadEncoding(str(error)) from None
        if self._machine.eof:
            # RFC 1952 §2.2: a gzip file is a series of members.
            rest, self._machine = self._machine.unused_data, None
            return rest if self.coding != "deflate" else b""
        return self._machine.unconsumed_tail

    def _window(self, data: bytes) -> int:
        if self.coding != "deflate":
            return 16 + zlib.MAX_WBITS
        # RFC 9110 §8.4.1.2: deflate is in the zlib format; some servers send it bare.
        wrapped = data[0] & 0x0F == 8 and (data[0] << 8 | data[1]) % 31 == 0
        return zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS

    def _keep(self, data: bytes) -> None:
        room = self.limit - len(self.body)
        self.full = self.full or len(data) > room
        self.body += data[:room]
