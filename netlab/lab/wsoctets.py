"""Frames by hand, right or wrong: no library builds what the rules forbid."""

TEXT, BINARY, CLOSE, PING = 0x1, 0x2, 0x8, 0x9
FIN, RSV1, RSV2, RSV3 = 0x80, 0x40, 0x20, 0x10
KEY = b"\x37\xfa\x21\x3d"
"""The masking key of RFC 6455 §5.7's example: what is sent on purpose need not be random."""


def frame(
    first: int,
    payload: bytes = b"",
    *,
    masked: bool = False,
    length: int | None = None,
    wide: int | None = None,
) -> bytes:
    """One frame. first: FIN, reserved bits and opcode. length: announced, if not the payload's.

    wide: octets of the extended length (0, 2 or 8), if not the shortest form.
    """
    size = len(payload) if length is None else length
    if wide is None:
        wide = 0 if size < 126 else 2 if size < 1 << 16 else 8
    short = {0: size, 2: 126, 8: 127}[wide]
    head = bytes([first, short | (0x80 if masked else 0)]) + (
        size.to_bytes(wide, "big") if wide else b""
    )
    if not masked:
        return head + payload
    mask = (KEY * (len(payload) // 4 + 1))[: len(payload)]
    return head + KEY + bytes(a ^ b for a, b in zip(payload, mask, strict=True))


def close(code: int, reason: bytes = b"", *, masked: bool = False) -> bytes:
    return frame(FIN | CLOSE, code.to_bytes(2, "big") + reason, masked=masked)
