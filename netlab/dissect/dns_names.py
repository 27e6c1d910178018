"""Domain names on the wire, with message compression (RFC 1035 §3.1, §4.1.4)."""

from netlab.dissect.reader import Malformed, Reader

POINTER = 0xC0
LONGEST = 255
JUMPS = 127
"""A name has at most 127 labels, so no honest one needs more pointers."""

ESCAPED = frozenset(b'.\\"();@$')


def name(reader: Reader, title: str) -> str:
    """Read a name; the field's children are the labels and the pointer that stand here."""
    start = reader.at
    with reader.part(title) as inner:
        labels, target = _labels(inner)
        if target is not None:
            labels += _compressed(reader.data, target, start, sum(map(_cost, labels)))
        inner.value = spelt(labels)
    return str(reader.fields[-1].value)


def spelt(labels: list[bytes]) -> str:
    """A name as zone files write it, with the final dot (RFC 1035 §5.1)."""
    return "".join(_escaped(label) + "." for label in labels) or "."


def _labels(reader: Reader) -> tuple[list[bytes], int | None]:
    labels: list[bytes] = []
    while True:
        start = reader.at
        length = reader.octets(1)[0]
        if length & POINTER == POINTER:
            target = (length & 0x3F) << 8 | reader.octets(1)[0]
            reader.add("pointer", target, start)
            return labels, target
        if length & POINTER:
            raise Malformed(f"label type {length >> 6:02b} is not in use (RFC 6891 §5)")
        label = reader.octets(length)
        if sum(map(_cost, labels)) + _cost(label) > LONGEST:
            raise Malformed("a name is longer than 255 octets (RFC 1035 §3.1)")
        if not length:
            reader.add("root label", "", start)
            return labels, None
        reader.add("label", _escaped(label), start)
        labels.append(label)


def _compressed(data: bytes, target: int, before: int, used: int) -> list[bytes]:
    """The labels that a pointer stands for. Each must point further back: so there is no loop."""
    labels: list[bytes] = []
    for _ in range(JUMPS):
        if target >= before:
            raise Malformed("a compression pointer does not point back (RFC 1035 §4.1.4)")
        more, onward = _labels(Reader(data, target))
        labels += more
        if used + sum(map(_cost, labels)) >= LONGEST:
            raise Malformed("a name is longer than 255 octets (RFC 1035 §3.1)")
        if onward is None:
            return labels
        before, target = target, onward
    raise Malformed("a name is made of too many compression pointers")


def _cost(label: bytes) -> int:
    return len(label) + 1


def _escaped(label: bytes) -> str:
    return "".join(_character(octet) for octet in label)


def _character(octet: int) -> str:
    if octet in ESCAPED:
        return "\\" + chr(octet)
    return chr(octet) if 0x21 <= octet <= 0x7E else f"\\{octet:03d}"
