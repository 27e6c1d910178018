"""Socket.IO packets: the protocol's own examples, the library's encoder, and whatever may come."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from socketio.packet import EVENT, Packet

from netlab.dissect.socketio import TYPES, packet
from tests.dissect.helpers import assert_inside, octets, one, values


@pytest.mark.parametrize(
    ("wire", "kind", "namespace", "id_", "event", "arguments"),
    [
        (b"0", "CONNECT", "/", None, None, ()),
        (b'0{"sid":"oSO0OpakMV_3jnilAAAA"}', "CONNECT", "/", None, None,
         ('"oSO0OpakMV_3jnilAAAA"',)),
        (b"0/admin,", "CONNECT", "/admin", None, None, ()),
        (b'0/admin,{"token":"123"}', "CONNECT", "/admin", None, None, ('"123"',)),
        (b'4{"message":"Not authorized"}', "CONNECT_ERROR", "/", None, None,
         ('"Not authorized"',)),
        (b"1/admin,", "DISCONNECT", "/admin", None, None, ()),
        (b'2["foo"]', "EVENT", "/", None, "foo", ()),
        (b'2/admin,["bar",1,"x"]', "EVENT", "/admin", None, "bar", ("1", '"x"')),
        (b'212["foo"]', "EVENT", "/", 12, "foo", ()),
        (b'3/admin,13["bar"]', "ACK", "/admin", 13, None, ('"bar"',)),
        (b"312[]", "ACK", "/", 12, None, ()),
        ('2["메아리","안녕"]'.encode(), "EVENT", "/", None, "메아리", ('"안녕"',)),
    ],
)  # fmt: skip
def test_the_examples_of_the_protocol(
    wire: bytes, kind: str, namespace: str, id_: int | None, event: str | None,
    arguments: tuple[str, ...],
) -> None:  # fmt: skip
    found = packet(wire)
    assert (found.type, found.namespace, found.id) == (kind, namespace, id_)
    assert (found.event, found.arguments) == (event, arguments)
    assert found.faults == ()
    assert found.code == chr(wire[0])


def test_placeholders_stand_for_attachments() -> None:
    wire = b'51-/admin,456["bar",{"_placeholder":true,"num":0}]'
    found = packet(wire)
    assert (found.type, found.attachments, found.id) == ("BINARY_EVENT", 1, 456)
    assert found.faults == ()
    place = one(found.fields, "argument 1")
    assert place.meaning == "attachment 0"
    assert octets(place, wire) == b'{"_placeholder":true,"num":0}'
    assert packet(b'61-15[{"_placeholder":true,"num":0}]').faults == ()


def test_everything_has_its_place() -> None:
    wire = '2/운영,7["메아리","안녕",{"a":[1]}]'.encode()
    found = packet(wire)
    assert octets(one(found.fields, "event"), wire) == '"메아리"'.encode()
    assert octets(one(found.fields, "argument 1"), wire) == '"안녕"'.encode()
    assert octets(one(found.fields, "argument 2"), wire) == b'{"a":[1]}'
    assert octets(one(found.fields, "namespace"), wire) == "/운영".encode()


@pytest.mark.parametrize(
    ("wire", "said"),
    [
        (b"", "an empty packet"),
        (b"7", "no packet type"),
        (b"hello", "no packet type"),
        (b'5["x"]', "how many attachments"),
        (b'51-["x"]', "placeholders"),
        (b'52-["x",{"_placeholder":true,"num":0}]', "placeholders"),
        (b'51-["x",{"_placeholder":true,"num":5}]', "placeholders"),
        (b'599999999-["x"]', "attachments are announced"),
        (b"5" + b"9" * 100_000 + b'-["x"]', "attachments are announced"),
        (b'21-["x"]', "only a binary packet"),
        (b"2" + b"1" * 5000 + b'["x"]', "too many digits"),
        (b"2", "array"),
        (b"2{}", "array"),
        (b"2[]", "begins with its name"),
        (b"2[{}]", "begins with its name"),
        (b'2["connect"]', "never travels"),
        (b'2["x"', "not JSON"),
        (b'2["x"]]', "not JSON"),
        (b'2["x",NaN]', "NaN"),
        (b'2["\xff"]', "not UTF-8"),
        (b"2" + b"[" * 100_000, "levels"),
        (b'2["x",' + b'{"a":' * 70 + b"1" + b"}" * 70 + b"]", "levels"),
        (b"3[1]", "without the id"),
        (b"0[]", "an object"),
        (b"1{}", "no payload"),
        (b"012", "no ack id"),
    ],
)
def test_what_is_wrong_is_flagged(wire: bytes, said: str) -> None:
    found = packet(wire)
    assert any(said in fault for fault in found.faults), found.faults


@given(st.binary(max_size=300))
@example(b'2["\\ud800","\\udfff"]')
@example(b'51-["x",{"_placeholder":true,"num":{}}]')
@example(b'51-["x",{"_placeholder":true,"num":1e999}]')
@example(b"2[1,2,3" + b",4" * 200 + b"]")
@example(b'2 [ "x" , { } ] ')
@example(b"0\xef\xbb\xbf{}")
def test_nothing_that_comes_makes_it_fail(wire: bytes) -> None:
    found = packet(wire)
    assert_inside(found.fields, len(wire))
    for value in (*values(found.fields, "event"), *found.arguments, found.namespace):
        str(value).encode()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=8)
    | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.text(max_size=4).filter(lambda key: key != "_placeholder"), inner, max_size=3
    ),
    max_leaves=8,
)  # fmt: skip


@given(
    st.sampled_from(["/", "/admin", "/운영"]),
    st.text(min_size=1, max_size=8).filter(lambda name: not name.startswith(("conn", "disc"))),
    st.lists(JSON, max_size=3),
    st.none() | st.integers(0, 10**9),
)
def test_it_reads_what_the_library_writes(
    namespace: str, event: str, arguments: list[Any], id_: int | None
) -> None:
    made = Packet(EVENT, [event, *arguments], namespace, id_)
    encoded = made.encode()
    first = encoded[0] if isinstance(encoded, list) else encoded
    found = packet(first.encode())
    assert found.faults == ()
    assert TYPES[made.packet_type] == found.type
    assert (found.namespace, found.id, found.event) == (namespace, id_, event)
    assert len(found.arguments) == len(arguments)
    attachments = len(encoded) - 1 if isinstance(encoded, list) else 0
    assert found.attachments == attachments
