"""netlab's client as the Autobahn fuzzing server wants one: it echoes, case after case.

python -m tests.autobahn.client PORT AGENT FOLDER

FOLDER gets a file for each case: what our own dissector read off the tape, both ways.
"""

import asyncio
import contextlib
import json
import sys
from pathlib import Path
from time import perf_counter

from netlab.dissect import websocket as dissect
from netlab.dissect.websocket import Frame
from netlab.network import race, websocket
from netlab.network.stream import TcpStream
from netlab.network.websocket import Connection, Declined, Wish


async def opened(port: int, path: str) -> Connection:
    stream = TcpStream(await race.connect(("127.0.0.1", port)), perf_counter)
    connection = await websocket.open(stream, Wish(f"127.0.0.1:{port}", path), 10)
    if isinstance(connection, Declined):
        raise SystemExit(f"{path}: {connection.text}")
    return connection


async def echo(connection: Connection) -> None:
    """Send every message back, until either side has had enough."""
    with contextlib.suppress(OSError):
        while (event := await connection.receive(30)) is not None:
            if event.kind == "text":
                await connection.send(event.text)
            elif event.kind == "binary":
                await connection.send(event.data)
    await connection.hang_up()


async def ask(port: int, path: str) -> str:
    connection = await opened(port, path)
    event = await connection.message(10)
    await connection.close()
    return "" if event is None else event.text


def seen(frame: Frame) -> dict[str, object]:
    rsv = sum(1 << (3 - bit) for bit in frame.rsv)
    return {
        "opcode": frame.opcode, "fin": frame.fin, "rsv": rsv, "length": len(frame.payload),
        "mask": None if frame.key is None else frame.key.hex(), "type": frame.type,
    }  # fmt: skip


def account(connection: Connection) -> dict[str, object]:
    """Octets after the opening, as far as the tape has them, and the frames in them."""
    tape, (sent, received) = connection.stream.tape, connection.frames_at
    up, down = tape.data("sent", sent), tape.data("received", received)
    return {
        "sent": up.hex(), "received": down.hex(),
        "frames_sent": [seen(one) for one in dissect.frames(dissect.client(True), up)[1]],
        "frames_received": [seen(one) for one in dissect.frames(dissect.server(True), down)[1]],
    }  # fmt: skip


async def run(port: int, agent: str, folder: Path) -> None:
    for case in range(1, int(await ask(port, "/getCaseCount")) + 1):
        name = json.loads(await ask(port, f"/getCaseInfo?case={case}"))["id"]
        connection = await opened(port, f"/runCase?case={case}&agent={agent}")
        await echo(connection)
        (folder / f"{name}.json").write_text(json.dumps(account(connection)))
    connection = await opened(port, f"/updateReports?agent={agent}")
    await echo(connection)


if __name__ == "__main__":
    asyncio.run(run(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3])))
