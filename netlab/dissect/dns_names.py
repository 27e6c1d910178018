"""Domain names on the wire, with message compression (RFC 1035 §3.1, §4.1.4)."""

from netlab.dissect.reader import Malformed, Reader

POINTER = 0xC0
LONGEST = 255
JUMPS = 127
"""A name has at most 127 labels, so no honest one needs more pointers."""

TOO_LONG = "a name is longer than 255 octets (RFC 1035 §3.1)"

ESCAPED = frozenset(b'.\\"();@$')


def name(reader: Reader, title: str) -> str:
    """Read a name; the field's children are the labels and the pointer that stand here."""
    start = reader.at
    with reader.part(title) as inner:
        labels, target = _labels(inner)
        if target is not None:
            labels += _compressed(reader.data, target, start)
        if sum(map(len, labels)) + len(labels) >= LONGEST:
            raise Malformed(TOO_LONG)
        inner.value = spelt(labels)
    return str(reader.fields[-1].value)


def spelt(labels: list[bytes]) -> str:
    """A name as zone files write it, with the final dot (RFC 1035 §5.1)."""
    return "".join(_escaped(label) + "." for label in labels) or "."


def _labels(reader: Reader) -> tuple[list[bytes], int | None]:
    """The labels that stand here, up to the root or to a pointer, which is returned."""
    labels: list[bytes] = []
    first = reader.at
    while True:
        start = reader.at
        label, target = _next(reader.data, start, reader.end)
        reader.at += 2 if label is None else len(label) + 1
        if label is None:
            reader.add("pointer", target, start)
            return labels, target
        if not label:
            reader.add("root label", "", start)
            return labels, None
        reader.add("label", _escaped(label), start)
        labels.append(label)
        if reader.at - first > LONGEST:
            raise Malformed(TOO_LONG)


def _next(data: bytes, at: int, end: int) -> tuple[bytes | None, int]:
    """A label; or None and the offset that a pointer points at."""
    length = data[at] if at < end else 0
    if length & POINTER not in (0, POINTER):
        raise Malformed(f"label type {length >> 6:02b} is not in use (RFC 6891 §5)")
    size = 2 if length & POINTER else length + 1
    if at + size > end:
        raise Malformed(f"{size} octets expected, {end - at} left")
    if length & POINTER:
        return None, (length & 0x3F) << 8 | data[at + 1]
    return data[at + 1 : at + size], 0


def _compressed(data: bytes, target: int, before: int) -> list[bytes]:
    """The labels that a pointer stands for. Each must point further back: so there is no loop."""
    labels: list[bytes] = []
    for _ in range(JUMPS):
        if target >= before:
            raise Malformed("a compression pointer does not point back (RFC 1035 §4.1.4)")
        onward = _follow(data, target, labels)
        if onward is None:
            return labels
        before, target = target, onward
    raise Malformed("a name is made of too many compression pointers")


def _follow(data: bytes, at: int, labels: list[bytes]) -> int | None:
    """Add the labels from here on; where the next pointer points, or None after the root."""
    while len(labels) <= JUMPS:
        label, target = _next(data, at, len(data))
        if not label:
            return target if label is None else None
        labels.append(label)
        at += len(label) + 1
    raise Malformed(TOO_LONG)


def _escaped(label: bytes) -> str:
    return "".join(_character(octet) for octet in label)


def _character(octet: int) -> str:
    if octet in ESCAPED:
        return "\\" + chr(octet)
    return chr(octet) if 0x21 <= octet <= 0x7E else f"\\{octet:03d}"
