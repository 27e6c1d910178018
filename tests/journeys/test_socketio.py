"""`netlab socketio`, whole commands in the lab."""

from typing import Any

import pytest

from netlab.errors import Exit
from tests.journeys.command import Ran, netlab


@pytest.fixture(scope="module")
def shown() -> Ran:
    return netlab("socketio", "demo", "--json")


def facts(ran: Ran, step: str) -> dict[str, Any]:
    return {f["name"]: f["value"] for f in ran.records("fact") if f["step"] == step}


def test_the_demo_has_its_chapters(shown: Ran) -> None:
    assert shown.code == Exit.OK, shown.err
    steps = [step["id"] for step in shown.records("step")]
    assert [step.removeprefix("socketio.") for step in steps] == [
        "connect", "upgrade", "namespaces", "events", "timeout", "binary", "fallback", "polling",
        "fallback-raw", "direct", "rooms", "cut", "rooms-gone", "heartbeat", "silence",
        "reconnect", "stranger-client", "stranger-server",
    ]  # fmt: skip


def test_it_begins_with_polling_and_upgrades_by_a_probe(shown: Ran) -> None:
    assert facts(shown, "socketio.connect")["socketio.transport"] == "polling"
    upgraded = facts(shown, "socketio.upgrade")
    assert (upgraded["socketio.upgraded"], upgraded["socketio.transport"]) == (True, "websocket")
    packets = [
        (m["title"].split(" · ")[0], m["sender"])
        for m in shown.records("message")
        if m["step"] == "socketio.upgrade" and m["protocol"] == "Engine.IO"
    ]
    told = [packet for packet in packets if packet[0] in ("2probe", "3probe", "5")]
    assert told == [("2probe", "you"), ("3probe", "server"), ("5", "you")]


def test_every_packet_names_what_carried_it(shown: Ran) -> None:
    messages = {m["id"]: m for m in shown.records("message")}
    carriers = {"Engine.IO": {"WebSocket", "HTTP/1.1"}, "Socket.IO": {"Engine.IO"}}
    inner = [m for m in messages.values() if m["protocol"] in carriers]
    assert len(inner) > 50
    for message in inner:
        assert messages[message["carrier"]]["protocol"] in carriers[message["protocol"]]


def test_through_a_proxy_without_upgrade_it_goes_on_by_polling(shown: Ran) -> None:
    behind = facts(shown, "socketio.fallback")
    assert (behind["socketio.upgraded"], behind["socketio.transport"]) == (False, "polling")
    assert behind["socketio.answer"] == "still here"
    assert facts(shown, "socketio.fallback-raw")["ws.status"] >= 400


def test_members_of_a_room_hear_and_nobody_is_in_one_after_a_cut(shown: Ran) -> None:
    assert facts(shown, "socketio.rooms")["socketio.heard_by"] == ["Anna", "Ben"]
    after = facts(shown, "socketio.rooms-gone")
    assert [row["again"] for row in after["socketio.receipts"]] == [True, False, False]
    assert (after["socketio.members"], after["socketio.rooms_after"]) == (1, ["lobby"])


def test_its_heartbeat_is_a_text_message(shown: Ran) -> None:
    beat = facts(shown, "socketio.heartbeat")
    assert (beat["socketio.ping_opcode"], beat["socketio.websocket_pings"]) == (1, 0)


def test_it_comes_back_after_the_server_was_stopped(shown: Ran) -> None:
    back = facts(shown, "socketio.reconnect")
    rows = back["socketio.attempts"]
    assert [row["fate"] for row in rows[:2]] == ["connection refused"] * 2
    assert rows[-1]["fate"] == "connected"
    assert rows[1]["waited"] > rows[0]["waited"]
    assert back["socketio.sid_before"] != back["socketio.sid_after"]


def test_who_speaks_half_of_it_does_not_get_through(shown: Ran) -> None:
    assert facts(shown, "socketio.stranger-client")["ws.first"].startswith('0{"sid"')
    rows = facts(shown, "socketio.stranger-server")["socketio.attempts"]
    assert [(row["status"], row["said"] != "connected") for row in rows] == [
        (426, True), (101, True),
    ]  # fmt: skip
