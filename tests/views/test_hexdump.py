from netlab.recording.records import Field, Message
from netlab.views.hexdump import MOST_FIELDS, MOST_OCTETS, message_tree
from netlab.views.sheet import Sheet
from netlab.views.style import plain


def drawn(wire: bytes, *fields: Field, width: int = 80, **more: object) -> list[str]:
    message = Message("m", "s", 0.0, "a", "b", "x", "y", fields, wire, len(wire))
    for name, value in more.items():
        object.__setattr__(message, name, value)
    return [plain(line).rstrip() for line in message_tree(message, Sheet(width, "deep"))]


def test_octets_stand_beside_what_they_mean() -> None:
    head = Field("record", None, None, 0, 5, children=(
        Field("content type", 22, "handshake", 0, 1), Field("length", 512, None, 3, 2),
    ))  # fmt: skip
    assert drawn(bytes.fromhex("1603010200"), head) == [
        "      0000                           record",
        "      0000  16                         content type: 22 (handshake)",
        "      0003  02 00                      length: 512",
    ]


def test_what_no_field_covers_is_drawn_bare() -> None:
    assert drawn(b"abGET \x1b", Field("id", 1, None, 0, 2)) == [
        "      0000  61 62                    id: 1",
        "      0002  47 45 54 20 1b           GET .",
    ]


def test_long_fields_say_how_much_more() -> None:
    text = "\n".join(drawn(b"x" * 500, Field("body", None, None, 0, 500)))
    assert text.count("78") == MOST_OCTETS
    assert f"{500 - MOST_OCTETS} more octets" in text


def test_many_fields_are_counted() -> None:
    fields = [Field("f", number) for number in range(MOST_FIELDS + 7)]
    assert drawn(b"", *fields)[-1].strip() == "and 7 more fields (--json holds all)"


def test_masks_and_caps_are_told() -> None:
    text = "\n".join(drawn(b"XXXX", Field("a", 1, None, 0, 4), redacted=((0, 3),), wire_length=900))
    assert "3 octets of secrets are masked." in text
    assert "4 of 900 octets were kept." in text


def test_lying_offsets_do_no_harm() -> None:
    drawn(b"abc", Field("x", 1, None, 90, 5), Field("y", 1, None, 1, 10**9), width=60)
