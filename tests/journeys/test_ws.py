"""`netlab ws`, whole commands in the lab."""

import base64
import hashlib

import pytest

from netlab.dissect.websocket_accept import GUID
from netlab.errors import Exit
from tests.journeys.command import Ran, netlab


@pytest.fixture(scope="module")
def shaken() -> Ran:
    return netlab("ws", "handshake", "--json")


def test_the_handshake_has_its_chapters_and_facts(shaken: Ran) -> None:
    assert shaken.code == Exit.OK, shaken.err
    steps = [step["id"] for step in shaken.records("step")]
    assert steps == [
        "places", "dns.lookup", "tcp", "ws.same-port", "ws.opening", "ws.text", "ws.binary",
        "ws.large", "ws.fragments", "ws.close", "journey",
    ]  # fmt: skip
    facts = shaken.facts()
    made = hashlib.sha1((facts["ws.key"] + GUID).encode()).digest()
    assert facts["ws.accept"] == base64.b64encode(made).decode()
    assert facts["ws.http_status"] == 200
    assert (facts["ws.subprotocol"], facts["ws.extensions"]) == (None, "none")
    assert facts["ws.close_code"] == 1000


def test_its_frames_are_those_on_the_wire(shaken: Ran) -> None:
    frames = [m for m in shaken.records("message") if m["protocol"] == "WebSocket"]
    sent = [m for m in frames if m["sender"] == "you"]
    facts = shaken.facts()
    assert (facts["ws.frames_sent"], facts["ws.frames_received"]) == (8, 6)
    assert facts["ws.bytes_sent"] == sum(m["wire_length"] for m in sent)
    assert facts["ws.bytes_received"] == sum(
        m["wire_length"] for m in frames if m["receiver"] == "you"
    )
    wires = [base64.b64decode(m["wire"]) for m in sent]
    assert [wire[1] & 0x7F for wire in wires[:3]] == [5, 126, 127]
    assert all(wire[1] & 0x80 for wire in wires)
    assert [wire[0] for wire in wires[3:]] == [0x01, 0x89, 0x00, 0x80, 0x88]


def test_over_tls_it_is_the_same_and_verified() -> None:
    ran = netlab("ws", "handshake", "wss://ws.example.com/echo", "--network", "lab", "--json")
    assert ran.code == Exit.OK, ran.err
    facts = ran.facts()
    assert facts["tls.verified"]
    assert facts["ws.http_status"] == 200
    assert facts["ws.close_code"] == 1000


def test_compression_is_shown_where_it_helps_and_where_not() -> None:
    ran = netlab(
        "ws", "send", "ws://ws.example.com/echo", "hi", "ab" * 200, "--network", "lab", "--json",
        "--subprotocol", "chat.netlab",
    )  # fmt: skip
    assert ran.code == Exit.OK, ran.err
    facts = ran.facts()
    assert facts["ws.subprotocol"] == "chat.netlab"
    assert "permessage-deflate" in facts["ws.extensions"]
    short, long = facts["ws.messages"]
    assert short["answer"] == "hi"
    assert short["on_wire"] > short["size"]
    assert long["on_wire"] < 20
    assert facts["ws.deflate_larger"] == 1
    plain = netlab(
        "ws", "send", "ws://ws.example.com/echo", "hi", "--no-compression", "--network", "lab",
        "--json",
    )  # fmt: skip
    assert plain.facts()["ws.extensions"] == "none"


def test_everything_that_must_be_refused_is() -> None:
    ran = netlab("ws", "break", "--json")
    assert ran.code == Exit.OK, ran.err
    cases = [
        case
        for name in ("ws.break.opening", "ws.break.frames", "ws.break.client")
        for case in ran.facts()[name]
    ]
    assert len(cases) == 44
    assert [case["what"] for case in cases if case["verdict"] != "refused"] == []


def test_the_tap_reads_ws_and_not_wss() -> None:
    ran = netlab("ws", "wiretap", "--json")
    assert ran.code == Exit.OK, ran.err
    clear, secure = ran.facts("2")["ws.wiretap"]  # fmt: skip
    assert "the message received" in clear["readable"]
    assert any("mask taken off" in one for one in clear["readable"])
    assert [one for one in secure["readable"] if "message" in one or "path" in one] == []
    assert (clear["port"], secure["port"]) == (80, 443)


def test_a_reader_that_does_not_read_stops_the_sender_who_looks() -> None:
    ran = netlab("ws", "slow", "--json")
    assert ran.code == Exit.OK, ran.err
    facts = ran.facts()
    assert facts["ws.slow.queued"] + facts["ws.slow.taken"] == facts["ws.slow.given"]
    assert facts["ws.slow.queued"] > 0
    assert facts["ws.slow.stopped"]
    assert [one for one in ran.records("series") if one["name"] == "waiting in the program"]


@pytest.mark.parametrize(
    ("url", "code", "said"),
    [
        ("wws://ws.example.com/", Exit.USAGE, "there is no wws"),
        ("http://ws.example.com/", Exit.USAGE, "ws://ws.example.com/"),
        ("ws://ws.example.com/nothing", Exit.HTTP, "404, not 101"),
        ("ws://unruly.example.com/200", Exit.HTTP, "An ordinary page answered"),
        ("ws://unruly.example.com/302", Exit.HTTP, "It redirects to"),
        ("ws://unruly.example.com/garbage", Exit.HTTP, "not HTTP"),
        ("ws://unruly.example.com/wrong-accept", Exit.HTTP, "not what follows from the key"),
        ("ws://unruly.example.com/gigabyte", Exit.HTTP, "This side hung up"),
        ("ws://unruly.example.com/endless", Exit.HTTP, "This side hung up"),
        ("ws://unruly.example.com/cut", Exit.HTTP, "in the middle of a frame"),
        ("ws://refused.broken.example.org/", Exit.CONNECT, "refused"),
        ("ws://nxdomain.broken.example.org/", Exit.NAME, "does not exist"),
        ("wss://expired.broken.example.org/", Exit.TLS, "expired"),
    ],
)
def test_what_goes_wrong_is_told_in_words(url: str, code: Exit, said: str) -> None:
    ran = netlab("ws", "handshake", url, "--network", "lab", "--plain", width=200)
    assert ran.code == code, ran.out + ran.err
    assert said in " ".join((ran.out + ran.err).split())


def test_a_chat_through_a_pipe_hears_every_answer_out() -> None:
    import subprocess
    import sys

    done = subprocess.run(
        [
            sys.executable, "-m", "netlab", "ws", "chat", "ws://ws.example.com/echo",
            "--network", "lab",
        ],
        input="one\n/ping\ntwo\n", capture_output=True, text=True, timeout=40, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    frames = [row for row in done.stdout.splitlines() if row.startswith(("──▶", "◀──"))]
    assert sum("“one”" in row for row in frames) == 2
    assert sum("“two”" in row for row in frames) == 2
    assert "round trip" in done.stdout
    assert any(row.startswith("◀── close 1000") for row in frames)


@pytest.mark.parametrize("width", [60, 80, 200])
def test_nothing_is_wider_than_the_page(width: int) -> None:
    ran = netlab("ws", "handshake", "--plain", width=width)
    assert max(map(len, ran.out.splitlines())) <= width


def test_what_each_way_costs_is_measured_and_in_order() -> None:
    ran = netlab("ws", "cost", "--json")
    assert ran.code == Exit.OK, ran.err
    facts = ran.facts()
    push = {row["way"]: row for row in facts["ws.cost.push"]}
    echo = {row["way"]: row for row in facts["ws.cost.echo"]}
    assert len(push) == 7
    assert {row["messages"] for row in (*push.values(), *echo.values())} == {25}
    # 25 frames of two octets above their payload, and nothing up: the RFC says so, not we.
    assert (push["WebSocket"]["up"], push["WebSocket"]["down"]) == (0, 25 * (64 + 2))
    assert (echo["WebSocket"]["up"], echo["WebSocket"]["down"]) == (25 * (64 + 6), 25 * (64 + 2))
    assert push["WebSocket, deflate"]["down"] < push["WebSocket"]["down"]
    lean, full = push["long polling, lean"], push["long polling, browser"]
    assert push["server-sent events"]["per_message"] < lean["per_message"] < full["per_message"]
    assert push["short polling, lean"]["requests"] < lean["requests"]
    assert push["short polling, lean"]["median"] > lean["median"]


def test_another_sites_page_reads_from_a_server_that_does_not_look() -> None:
    from netlab.experiments.websocket.origin import CASES

    ran = netlab("ws", "origin", "--json")
    assert ran.code == Exit.OK, ran.err
    facts = ran.facts()
    assert {case.fact: facts[f"ws.origin.{case.fact}"] for case in CASES} == {
        case.fact: case.outcome for case in CASES
    }
    assert facts["ws.origin.api_private"]
    assert not facts["ws.origin.api_readable"]


@pytest.fixture(scope="module")
def over_http2() -> Ran:
    return netlab("ws", "handshake", "--http2", "--json")


def test_over_http2_the_same_exchange_goes_over_a_stream(over_http2: Ran) -> None:
    assert over_http2.code == Exit.OK, over_http2.err
    steps = [step["id"] for step in over_http2.records("step")]
    assert steps[-7:] == [
        "ws.h2", "ws.text", "ws.binary", "ws.large", "ws.fragments", "ws.close", "journey",
    ]  # fmt: skip
    facts = over_http2.facts()
    assert (facts["ws.connect_protocol"], facts["ws.status"], facts["ws.stream"]) == (1, 200, 1)
    assert (facts["ws.beside_stream"], facts["ws.beside_status"]) == (3, 200)
    assert {"ws.key", "ws.accept"}.isdisjoint(facts)
    assert (facts["ws.frames_sent"], facts["ws.frames_received"]) == (8, 6)
    assert (facts["ws.close_code"], facts["tls.alpn"]) == (1000, "h2")


def test_every_frame_over_http2_stands_in_a_data_frame_and_is_masked_by_the_client(
    over_http2: Ran,
) -> None:
    messages = {message["id"]: message for message in over_http2.records("message")}
    frames = [one for one in messages.values() if one["protocol"] == "WebSocket"]
    assert len(frames) == 14
    for one in frames:
        carrier = messages[one["carrier"]]
        assert (carrier["protocol"], carrier["sender"]) == ("http/2", one["sender"])
        assert carrier["title"].startswith("DATA on stream 1") or "more DATA" in carrier["title"]


def test_http2_wants_wss() -> None:
    ran = netlab("ws", "send", "ws://ws.example.com/echo", "hi", "--http2", "--network", "lab")
    assert ran.code == Exit.USAGE
    assert "wss://ws.example.com/echo" in ran.err


def test_a_host_without_http2_is_told_as_such() -> None:
    ran = netlab("ws", "send", "wss://push.example.com/ws", "hi", "--http2", "--network", "lab",
                 "--json")  # fmt: skip
    assert (ran.code, ran.facts()["ws.error"]) == (Exit.HTTP, "alpn")


def test_messages_over_http2_come_back() -> None:
    ran = netlab("ws", "send", "wss://ws.example.com/echo", "hi", "there", "--http2", "--network",
                 "lab", "--json")  # fmt: skip
    assert [row["answer"] for row in ran.facts()["ws.messages"]] == ["hi", "there"]
