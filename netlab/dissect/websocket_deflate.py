"""What permessage-deflate packed (RFC 7692 §7.2), bounded."""

import zlib
from dataclasses import dataclass

TAIL = b"\x00\x00\xff\xff"
"""The end of an empty stored block, which the sender took off (RFC 7692 §7.2.1)."""
WINDOW = 15
LONGEST_MESSAGE = 16 * 1024 * 1024


class Undone(Exception):
    """This is not deflate, or unpacks to more than is looked into; the text says which."""


@dataclass(slots=True)
class Inflater:
    """Unpacks the messages of one direction, in order: each may refer back to those before it.

    takeover: whether the window lasts from message to message (RFC 7692 §7.1.1).
    """

    window_bits: int = WINDOW
    takeover: bool = True
    window: "zlib._Decompress | None" = None

    def message(self, payload: bytes, longest: int = LONGEST_MESSAGE) -> bytes:
        """One whole message, its fragments joined. Raises Undone."""
        if self.window is None or not self.takeover:
            self.window = zlib.decompressobj(wbits=-self.window_bits)
        try:
            plain = self.window.decompress(payload + TAIL, longest + 1)
        except zlib.error as error:
            raise Undone(f"not deflate: {error}") from error
        if len(plain) > longest:
            raise Undone(f"more than {longest} octets unpacked")
        if self.window.eof:  # a final block is allowed, and ends the window (RFC 7692 §7.2.3.5)
            self.window = None
        return plain
