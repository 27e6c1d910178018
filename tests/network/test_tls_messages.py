"""What of OpenSSL's callback is a message, and what only looks like one."""

import itertools
from collections.abc import Callable

import pytest

from netlab.network.tls_messages import MESSAGES_KEPT, Log, Watch

HEADER, INNER = 256, 257


def log() -> Log:
    count = itertools.count()
    return Log(lambda: float(next(count)))


def test_pseudo_records_are_no_messages() -> None:
    seen = log()
    seen.take("received", HEADER, b"\x17\x03\x03\x00\x30")
    seen.take("received", INNER, b"\x16")  # Python would name this one CERTIFICATE_STATUS

    assert seen.messages == []


def test_what_lies_in_application_data_was_encrypted() -> None:
    seen = log()
    seen.take("received", HEADER, b"\x16\x03\x03\x00\x7a")
    seen.take("received", 22, b"\x02\x00\x00\x00")
    seen.take("received", HEADER, b"\x17\x03\x03\x00\x30")
    seen.take("received", INNER, b"\x16")
    seen.take("received", 22, b"\x08\x00\x00\x00")

    assert [(m.type, m.encrypted, m.record) for m in seen.messages] == [
        (2, False, 0),
        (8, True, 1),
    ]


def test_a_second_client_hello_after_change_cipher_spec_is_in_the_clear() -> None:
    seen = log()
    seen.take("sent", HEADER, b"\x14\x03\x03\x00\x01")
    seen.take("sent", 20, b"\x01")
    seen.take("sent", HEADER, b"\x16\x03\x03\x00\xff")
    seen.take("sent", 22, b"\x01\x00\x00\x00")
    seen.take("sent", 22, b"\x14\x00\x00\x00")

    told = [(m.kind, m.type, m.encrypted) for m in seen.messages]
    assert told == [
        ("change_cipher_spec", -1, False),
        ("handshake", 1, False),
        ("handshake", 20, True),  # TLS 1.2's Finished
    ]


def test_a_server_that_never_stops_is_not_remembered_for_ever() -> None:
    seen = log()
    for _ in range(MESSAGES_KEPT + 10):
        seen.take("received", 22, b"\x04\x00\x00\x00")

    assert len(seen.messages) == MESSAGES_KEPT
    assert seen.dropped == 10


def test_an_empty_message_has_no_type() -> None:
    seen = log()
    seen.take("received", 22, b"")

    assert seen.messages[0].type == -1


def fail() -> float:
    raise RuntimeError("a broken clock")


@pytest.mark.parametrize("clock", [fail, lambda: 0.0])
def test_nothing_raises_out_of_the_callback(clock: Callable[[], float]) -> None:
    watcher = Watch()

    class Connection:
        pass

    connection = Connection()
    watcher._logs[connection] = Log(clock)
    watcher(connection, "read", 0x303, 22, 2, b"\x02")
    watcher(object(), "read", 0x303, 22, 2, b"\x02")  # a connection that nobody follows
    watcher([], "write", 0x303, 22, 2, b"\x02")  # not even hashable
