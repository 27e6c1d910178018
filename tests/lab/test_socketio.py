"""The lab's Socket.IO site: its events by the library's own client, its wire by hand."""

import asyncio
import contextlib
import json
import math
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import httpx
import pytest
import socketio
from websockets.sync.client import connect as open_websocket

from netlab.lab import Lab
from netlab.lab import socketio as lab_socketio
from netlab.lab.service import Entry
from netlab.lab.socketio import (
    LARGEST,
    LONGEST_NAME,
    LONGEST_TEXT,
    MOST_ATTACHMENTS,
    MOST_ROOMS,
    MOST_WAITING,
    Packet,
    Waiting,
)
from netlab.lab.webmessage import Request

NAME, ADDRESS, SERVICE = "chat.example.com", "203.0.113.56", "web:chat.example.com"
PATIENCE = 20.0


def place(lab: Lab) -> str:
    dialled = lab.directory.dialled("tcp", ADDRESS, 80)
    assert dialled is not None
    return f"{dialled[0]}:{dialled[1]}"


@contextlib.asynccontextmanager
async def joined(
    lab: Lab, *transports: str, namespaces: tuple[str, ...] = ("/",)
) -> AsyncIterator[Any]:
    """A connected client of the library's. What it hears of `said` is in its list `heard`."""
    async with aiohttp.ClientSession(headers={"Host": NAME}) as session:
        client = socketio.AsyncClient(reconnection=False, http_session=session)
        client.heard = []
        client.on("said", client.heard.append)
        await client.connect(
            f"http://{place(lab)}", namespaces=list(namespaces),
            transports=list(transports or ("websocket",)), wait_timeout=10,
        )  # fmt: skip
        try:
            yield client
        finally:
            await client.disconnect()


def run(use: Callable[[], Awaitable[Any]]) -> Any:
    return asyncio.run(asyncio.wait_for(use(), PATIENCE))


def told(lab: Lab, event: str, **detail: Any) -> list[Entry]:
    """What the journal has of an event with these details."""
    lab.sync()
    return [
        entry
        for entry in lab.entries()
        if entry.service == SERVICE and entry.event == event
        and all(entry.detail.get(key) == value for key, value in detail.items())
    ]  # fmt: skip


def get(lab: Lab, path: str = "/", **more: Any) -> httpx.Response:
    headers = {"Host": NAME, **more.pop("headers", {})}
    return httpx.request(
        more.pop("method", "GET"), f"http://{place(lab)}{path}", headers=headers, trust_env=False,
        verify=False, timeout=PATIENCE, **more,
    )  # fmt: skip


def test_the_same_port_serves_documents(lab: Lab) -> None:
    page = get(lab)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "Socket.IO" in page.text
    assert get(lab, "/nothing").status_code == 404


@pytest.mark.parametrize("transport", ["polling", "websocket"])
@pytest.mark.parametrize("namespace", ["/", "/admin"])
def test_every_event_is_acknowledged(lab: Lab, transport: str, namespace: str) -> None:
    async def use() -> list[Any]:
        async with joined(lab, transport, namespaces=(namespace,)) as client:

            async def call(*words: Any) -> Any:
                return await client.call(*words, namespace=namespace, timeout=10)

            return [
                await call("echo", ("a", 1, b"\x00\xff", {"deep": [b"b", None]})),
                await call("echo"),
                await call("join", "tea"),
                await call("join", "cake"),
                await call("join", "tea"),
                await call("say", ("nobody's", "hello")),
                await call("leave", "cake"),
                await call("leave", "never joined"),
            ]  # fmt: skip

    assert run(use) == [
        ("a", 1, b"\x00\xff", {"deep": [b"b", None]}), None, ["tea"], ["cake", "tea"],
        ["cake", "tea"], 0, ["tea"], ["tea"],
    ]  # fmt: skip


def test_a_room_hears_what_is_said_and_nobody_else_does(lab: Lab) -> None:
    async def use() -> tuple[Any, ...]:
        async with joined(lab) as ada, joined(lab, "polling") as bob, joined(lab) as eve:
            await ada.call("join", "three")
            await bob.call("join", "three")
            members = await ada.call("say", ("three", "hello"))
            for one in (ada, bob, eve):
                await one.call("echo")  # what was sent before has come by then
            return members, ada.get_sid(), ada.heard, bob.heard, eve.heard

    members, sender, *heard = run(use)
    said = {"room": "three", "text": "hello", "from": sender}
    assert members == 2
    assert heard == [[said], [said], []]
    assert told(lab, "socketio.said", room="three", sid=sender)[0].detail["members"] == 2


def test_one_may_speak_to_a_room_without_being_in_it(lab: Lab) -> None:
    async def use() -> tuple[int, Any, Any]:
        async with joined(lab) as ada, joined(lab) as bob:
            await bob.call("join", "outside")
            members = await ada.call("say", ("outside", "hello"))
            await ada.call("echo")
            await bob.call("echo")
            return members, ada.heard, bob.heard

    members, ada, bob = run(use)
    assert (members, ada, [said["text"] for said in bob]) == (1, [], ["hello"])


@pytest.mark.parametrize(
    ("event", "args"),
    [
        ("say", ()), ("say", ("room",)), ("say", ("room", 5)), ("say", (["room"], "text")),
        ("say", ("room", "text", "more")), ("say", ("room", "x" * (LONGEST_TEXT + 1))),
        ("say", ("", "text")), ("join", ()), ("join", ("",)), ("join", ({},)), ("join", (None,)),
        ("join", ("x" * (LONGEST_NAME + 1),)), ("leave", ()), ("leave", (b"room",)),
        ("join", ("a", "b")),
    ],
)  # fmt: skip
def test_wrong_arguments_are_acknowledged_with_an_error(
    lab: Lab, event: str, args: tuple[Any, ...]
) -> None:
    async def use() -> tuple[Any, Any]:
        async with joined(lab) as client:
            return await client.call(event, args), await client.call("echo", "still here")

    wrong, still = run(use)
    assert list(wrong) == ["error"]
    assert still == "still here"


def test_rooms_of_ones_own_and_rooms_without_end_are_refused(lab: Lab) -> None:
    async def use() -> tuple[Any, ...]:
        async with joined(lab) as ada, joined(lab) as bob:
            others = await ada.call("join", bob.get_sid())
            own = await ada.call("leave", ada.get_sid())
            many = [await ada.call("join", f"r{n}") for n in range(MOST_ROOMS + 1)]
            return others, own, len(many[-2]), many[-1], await ada.call("join", "r1")

    others, own, most, beyond, again = run(use)
    assert "error" in others
    assert "error" in own
    assert most == MOST_ROOMS
    assert "error" in beyond
    assert len(again) == MOST_ROOMS


def test_an_event_that_nobody_handles_is_never_acknowledged(lab: Lab) -> None:
    async def use() -> str:
        async with joined(lab) as client:
            with pytest.raises(socketio.exceptions.TimeoutError):
                await client.call("unheard of", {"a": b"four"}, timeout=0.2)
            await client.call("echo")
            return str(client.get_sid())

    sid = run(use)
    (entry,) = told(lab, "socketio.event", sid=sid, name="unheard of")
    assert entry.detail["arguments"] == '[{"a": "<4 octets>"}]'


def test_a_namespace_that_there_is_not_refuses(lab: Lab) -> None:
    async def use() -> Any:
        client = socketio.AsyncClient(reconnection=False)
        refused: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        client.on("connect_error", refused.set_result, namespace="/nowhere")
        with pytest.raises(socketio.exceptions.ConnectionError):
            await client.connect(
                f"http://{place(lab)}", headers={"Host": NAME}, namespaces=["/nowhere"],
                transports=["websocket"],
            )  # fmt: skip
        return await refused

    before = len(told(lab, "socketio.refused", namespace="/nowhere"))
    assert run(use)["message"] == "Invalid namespace"
    assert len(told(lab, "socketio.refused", namespace="/nowhere")) == before + 1


def test_rooms_live_on_the_server_and_end_with_the_connection(lab: Lab) -> None:
    async def use() -> tuple[str, str, int]:
        async with joined(lab) as client:
            await client.call("join", "memory")
            first = client.get_sid()
        async with joined(lab) as client:
            return first, client.get_sid(), await client.call("say", ("memory", "anybody?"))

    first, second, members = run(use)
    assert (first != second, members) == (True, 0)
    (gone,) = told(lab, "socketio.disconnected", sid=first)
    assert gone.detail["rooms"] == "memory"
    (came,) = told(lab, "socketio.connected", sid=second)
    assert (came.detail["rooms"], came.detail["namespace"]) == ("", "/")
    (into,) = told(lab, "socketio.joined", sid=first)
    assert (into.detail["room"], into.detail["members"], into.detail["rooms"]) == (
        "memory", 1, "memory",
    )  # fmt: skip


class ByHand:
    """A long-polling session, request by request (Engine.IO protocol 4)."""

    def __init__(self, lab: Lab, path: str = "/socket.io/") -> None:
        self.lab = lab
        self.path = f"{path}?EIO=4&transport=polling"
        self.passed: list[tuple[str, str]] = []
        (opening,) = self.poll()
        self.open = json.loads(opening[1:])
        self.path += f"&sid={self.open['sid']}"

    def poll(self) -> list[str]:
        answer = get(self.lab, self.path)
        assert answer.status_code == 200
        packets = answer.text.split("\x1e")
        self.passed += [("sent", packet) for packet in packets]
        return packets

    def post(self, *packets: str) -> str:
        self.passed += [("received", packet) for packet in packets]
        return get(self.lab, self.path, method="POST", content="\x1e".join(packets)).text


def test_every_packet_is_told_as_it_passes_the_application(lab: Lab) -> None:
    session = ByHand(lab)
    assert session.open["upgrades"] == ["websocket"]
    assert session.open["pingInterval"] == 25_000
    assert session.open["maxPayload"] == LARGEST
    assert session.post("40") == "OK"
    (connected,) = session.poll()
    assert connected.startswith('40{"sid":')
    session.post('420["echo","a"]', '42/admin,1["echo","not connected"]')
    assert session.poll() == ['430["a"]']
    session.post('451-2["echo",{"_placeholder":true,"num":0}]', "bAAEC")
    assert session.poll() == ['461-2[{"_placeholder":true,"num":0}]', "bAAEC"]
    session.post("1")
    id = session.open["sid"]
    entries = [
        entry
        for entry in told(lab, "engineio.packet", transport="polling")
        if entry.detail["session"] == id or id in str(entry.detail["packet"])
    ]
    seen = [(entry.detail["direction"], entry.detail["packet"]) for entry in entries]
    assert seen == session.passed
    (sid,) = [entry.detail["sid"] for entry in told(lab, "socketio.connected", session=id)]
    assert json.loads(connected[2:]) == {"sid": sid}
    assert told(lab, "socketio.disconnected", sid=sid)[0].detail["reason"] == "client disconnect"


def test_the_quick_servers_heart_can_be_watched(lab: Lab) -> None:
    session = ByHand(lab, "/quick/socket.io/")
    assert (session.open["pingInterval"], session.open["pingTimeout"]) == (1000, 1000)
    assert session.poll() == ["2"]
    session.post("3")
    assert session.poll() == ["2"]
    # No pong this time: the server gives the session up, and lets go of whoever polls.
    assert session.poll() == ["6"]
    assert get(lab, session.path).status_code == 400


@pytest.mark.parametrize(
    "packet",
    [
        "9", "4", "4x", "42", "42{}", "42[]", "42[1]", '42["connect",{}]', '42["disconnect"]',
        f'45{MOST_ATTACHMENTS + 1}-["echo"]', '49["echo"]', "44{}", "42[" * 2000, "b!", "",
        '4200000000["echo"]', '450-["echo"]', '41/nowhere,', "43/admin,7[]",
    ],
)  # fmt: skip
def test_what_is_no_packet_harms_nobody(lab: Lab, packet: str) -> None:
    session = ByHand(lab)
    session.post("40")
    session.poll()
    session.post(packet)
    # Whatever became of that session, nothing was left unhandled, and others go on.
    lab.sync()
    assert [entry for entry in lab.entries() if entry.service == "lab"] == []
    other = ByHand(lab)
    other.post("40")
    other.poll()
    other.post('420["echo","fine"]')
    assert other.poll() == ['430["fine"]']


def test_a_bare_websocket_client_gets_in_and_understands_nothing(lab: Lab) -> None:
    address, _, port = place(lab).rpartition(":")
    url = f"ws://{NAME}/socket.io/?EIO=4&transport=websocket"
    with open_websocket(
        url, sock=socket.create_connection((address, int(port))), proxy=None, open_timeout=10
    ) as client:
        assert str(client.recv(timeout=10)).startswith('0{"sid":')
        client.send("hello")
        with pytest.raises(Exception, match="1011"):
            client.recv(timeout=10)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/socket.io/", "unsupported version"), ("/socket.io/?EIO=3", "unsupported version"),
        ("/socket.io/?EIO=4&transport=pigeon", "Invalid transport"),
        ("/socket.io/?EIO=4&transport=polling&sid=none", "Invalid session"),
    ],
)  # fmt: skip
def test_requests_that_are_wrong_are_answered_400(lab: Lab, path: str, why: str) -> None:
    answer = get(lab, path)
    assert answer.status_code == 400
    assert why in answer.text


def test_any_page_may_connect_but_brings_no_credentials(lab: Lab) -> None:
    answer = get(lab, "/socket.io/?EIO=4", headers={"Origin": "http://localhost:5173"})
    assert answer.headers["access-control-allow-origin"] == "http://localhost:5173"
    assert "access-control-allow-credentials" not in answer.headers


def test_a_session_ends_when_its_hanging_poll_does(lab: Lab) -> None:
    session = ByHand(lab)
    session.post("40")
    session.poll()
    with pytest.raises(httpx.ReadTimeout):
        httpx.get(
            f"http://{place(lab)}{session.path}", headers={"Host": NAME}, trust_env=False,
            timeout=0.1,
        )  # fmt: skip
    # The next request waits until the server has seen to it, one way or the other.
    gone = [entry.detail["reason"] for entry in ended(lab, session.open["sid"])]
    assert gone == ["transport error"]
    assert "Invalid session" in get(lab, session.path).text


def ended(lab: Lab, session: str) -> list[Entry]:
    """The session's last entry, as soon as it is there."""
    deadline = time.monotonic() + 10
    while not (found := told(lab, "socketio.disconnected", session=session)):
        assert time.monotonic() < deadline
    return found


def test_a_stopped_server_has_forgotten_everybody() -> None:
    with Lab.start() as lab:
        between_polls = ByHand(lab)
        between_polls.post("40", '420["join","tea"]')
        lab.command("stop", service=SERVICE)
        with pytest.raises(httpx.ConnectError):
            get(lab)
        lab.command("start", service=SERVICE)
        assert "Invalid session" in get(lab, between_polls.path).text
        (gone,) = told(lab, "socketio.disconnected", session=between_polls.open["sid"])
        assert (gone.detail["rooms"], gone.detail["reason"]) == ("tea", "server disconnect")
        assert [entry for entry in lab.entries() if entry.event in ("error", "failed")] == []


def test_there_are_only_so_many_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab_socketio, "MOST_SESSIONS", 2)
    opening = Request("GET", "http", NAME, "/socket.io/?EIO=4&transport=polling")

    async def use() -> list[int | None]:
        chat = lab_socketio.Chat()
        answers = [await chat.answer(opening) for _ in range(3)]
        await chat.stop()
        return [answer.status if answer else None for answer in answers]

    assert run(use) == [200, 200, 503]


def test_what_waits_for_a_client_is_bounded() -> None:
    async def use() -> tuple[int, Any]:
        queue = Waiting()
        for number in range(MOST_WAITING + 1):
            await queue.put(number)
        left = queue.qsize()
        last = queue.get_nowait()
        queue.task_done()
        await queue.join()  # the bookkeeping is right too
        return left, last

    assert run(use) == (1, None)


@pytest.mark.parametrize(
    "encoded",
    [
        '2["connect",{}]', '2["disconnect"]', "2[]", "2[1]", "2{}", "2", '51-["connect"]',
        f'5{MOST_ATTACHMENTS + 1}-["echo"]',
    ],
)  # fmt: skip
def test_an_event_without_a_proper_name_is_no_packet(encoded: str) -> None:
    with pytest.raises(ValueError):
        Packet(encoded_packet=encoded)


def test_a_packet_is_taken_apart_as_the_library_does() -> None:
    packet = Packet(encoded_packet='2/admin,12["say","room","text"]')
    assert (packet.namespace, packet.id, packet.data) == ("/admin", 12, ["say", "room", "text"])
    assert math.isnan(Packet(encoded_packet='2["x",NaN]').data[1])
