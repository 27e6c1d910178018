"""netlab's client as the Autobahn fuzzing server wants one: it echoes, case after case.

python -m tests.autobahn.client PORT AGENT
"""

import asyncio
import contextlib
import sys
from time import perf_counter

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


async def run(port: int, agent: str) -> None:
    for case in range(1, int(await ask(port, "/getCaseCount")) + 1):
        await echo(await opened(port, f"/runCase?case={case}&agent={agent}"))
    connection = await opened(port, f"/updateReports?agent={agent}")
    await echo(connection)


if __name__ == "__main__":
    asyncio.run(run(int(sys.argv[1]), sys.argv[2]))
