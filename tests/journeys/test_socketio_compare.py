"""`netlab socketio compare`, the whole command in the lab."""

from typing import Any

import pytest

from netlab.errors import Exit
from tests.journeys.command import Ran, netlab


@pytest.fixture(scope="module")
def shown() -> Ran:
    return netlab("socketio", "compare", "--json")


def facts(ran: Ran, step: str) -> dict[str, Any]:
    return {f["name"]: f["value"] for f in ran.records("fact") if f["step"] == step}


def test_each_point_has_its_chapter(shown: Ran) -> None:
    assert shown.code == Exit.OK, shown.err
    assert [step["id"] for step in shown.records("step")] == [
        "socketio.compare-connect", "socketio.compare-message", "socketio.compare-cut",
        "socketio.compare-receive", "socketio.compare",
    ]  # fmt: skip


def test_a_raw_websocket_is_open_after_one_answer_and_socketio_after_several(shown: Ran) -> None:
    raw, own, direct = facts(shown, "socketio.compare-connect")["socketio.compare.connect"]
    assert (raw["connections"], raw["requests"], raw["turns"], raw["round_trips"]) == (1, 1, 1, 2)
    assert (direct["connections"], direct["requests"], direct["turns"]) == (1, 1, 2)
    assert own["round_trips"] > direct["round_trips"] > raw["round_trips"]
    assert own["up"] > direct["up"] > raw["up"]


def test_octets_are_those_that_the_protocols_need(shown: Ran) -> None:
    found = facts(shown, "socketio.compare-message")
    raw, framed, polled = found["socketio.compare.text"]
    size = found["socketio.compare.text_size"]
    assert (raw["up"], raw["down"]) == (size + 6, size + 2)  # a short frame, masked one way
    # 42N["echo","…"] and 43N["…"]: of the ten numbers two have two digits
    assert framed["up"] == pytest.approx(size + 6 + len('421["echo",""]') + 0.2)
    assert framed["down"] == pytest.approx(size + 2 + len('431[""]') + 0.2)
    assert polled["up"] > 10 * framed["up"]
    raw, framed, polled = found["socketio.compare.octets"]
    assert raw["up"] == 256 + 8
    assert raw["up"] < framed["up"] < polled["up"]


def test_only_one_of_them_comes_back(shown: Ran) -> None:
    found = facts(shown, "socketio.compare-cut")
    raw, own = found["socketio.compare.cut"]
    assert (found["ws.close_code"], raw["back"], raw["connections"]) == (1006, None, 1)
    assert own["connections"] == 2
    assert own["back"] > own["noticed"]
    assert (found["socketio.rooms_before"], found["socketio.rooms_after"]) == (["study"], ["lobby"])


def test_a_room_hears_and_a_raw_echo_answers_who_spoke(shown: Ran) -> None:
    found = facts(shown, "socketio.compare-receive")
    rows = [(r["who"], r["raw"], r["socketio"]) for r in found["socketio.compare.receive"]]
    assert rows == [("Anna", True, True), ("Ben", False, True), ("Cho", False, False)]
    assert found["ws.first"].startswith('0{"sid"')


def test_the_table_says_what_was_measured(shown: Ran) -> None:
    points = facts(shown, "socketio.compare")["socketio.compare.points"]
    raw, own, direct = facts(shown, "socketio.compare-connect")["socketio.compare.connect"]
    assert points[0]["raw"] == str(raw["round_trips"])
    assert points[0]["socketio"].startswith(f"{own['round_trips']}; {direct['round_trips']} by")
    assert len(points) == 5
