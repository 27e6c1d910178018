"""What the tests of dissectors share: looking fields up, and the promise that all of them keep."""

from collections.abc import Sequence

from netlab.dissect.reader import walk
from netlab.recording.records import Field, Value


def values(fields: Sequence[Field], name: str) -> list[Value]:
    return [field.value for field in walk(fields) if field.name == name]


def meanings(fields: Sequence[Field], name: str) -> list[str | None]:
    return [field.meaning for field in walk(fields) if field.name == name]


def one(fields: Sequence[Field], name: str) -> Field:
    """The first field of this name."""
    return next(field for field in walk(fields) if field.name == name)


def faults(fields: Sequence[Field]) -> list[Value]:
    return values(fields, "malformed")


def octets(field: Field, wire: bytes) -> bytes:
    """What the field says of itself stands here."""
    assert field.offset is not None
    assert field.length is not None
    return wire[field.offset : field.offset + field.length]


def assert_inside(fields: Sequence[Field], size: int) -> None:
    """Each field lies within the wire, and (where it is not a bit's) within its parent."""
    for field in walk(fields):
        assert field.offset is not None
        assert field.length is not None
        assert 0 <= field.offset <= field.offset + field.length <= size, field
        for child in field.children:
            assert child.offset is not None
            assert child.length is not None
            assert child.offset >= field.offset, (field, child)
            assert child.offset + child.length <= field.offset + field.length, (field, child)
        if field.bit is not None:
            assert field.bits is not None
            assert 0 <= field.bit < 8
            assert field.bit + field.bits <= 8 * field.length
