"""Frames drawn down to their bits."""

from netlab.dissect.websocket import client, frames
from netlab.recording.records import Field, Message
from netlab.views.bits import has_bits, pattern, rows

HELLO = bytes.fromhex("818537fa213d7f9f4d5158")
"""RFC 6455 §5.7: a masked text message."""


def message(wire: bytes) -> Message:
    _, found = frames(client(), wire)
    return Message("m1", "s", 0.0, "you", "server", "WebSocket", "x", found[0].fields, wire)


def test_the_frame_of_the_rfc_is_drawn_from_fin_to_payload() -> None:
    drawn = list(rows(message(HELLO)))
    assert drawn[0] == ("81", "1... ....", "FIN: 1")
    assert ("", ".... 0001", "opcode: 1 (text)") in drawn
    assert ("85", "1... ....", "MASK: 1") in drawn
    assert ("37 fa 21 3d", "", "Masking-key") in drawn
    assert ("7f 9f 4d 51 58", "", "as sent, masked") in drawn
    assert drawn[-1] == ("48 65 6c 6c 6f", "", "unmasked (“Hello”)")


def test_what_lies_under_a_mask_claims_no_octets_of_the_wire() -> None:
    close = bytes.fromhex("888237fa213d3412")
    drawn = list(rows(message(close)))
    assert ("", "", "Status code: 1000") in drawn


def test_a_long_payload_is_not_drawn_whole() -> None:
    wire = bytes([0x82, 0xFE, 1, 44]) + bytes(4) + bytes(300)
    drawn = list(rows(message(wire)))
    assert ("00 00 00 00 00 00 00 00", "", "as sent, masked, 268 more octets") in drawn


def test_octets_that_are_not_there_are_dots() -> None:
    assert pattern(Field("x", 1, None, 5, 1, 0, 4), b"") == ".... ...."
    assert not has_bits((Field("x", 1),))
