"""Processes of ours: started with a pipe whose end is theirs, heard out, and gone when we go."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from netlab.errors import Exit, NetlabError
from netlab.experiments.io.request import LARGEST
from netlab.processes import command_line

LINE = 16 * LARGEST
"""Octets of the longest line that a child may write."""
GRACE = 0.5
"""Seconds in which a process goes by itself once its standard input has ended."""


def command(module: str, *words: str) -> tuple[str, ...]:
    return tuple(command_line(f"netlab.experiments.io.{module}", *words))


@asynccontextmanager
async def started(words: Sequence[str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process for as long as the body lasts; then it is ended, and its end is waited for."""
    process = await _start(words)
    try:
        yield process
    finally:
        await asyncio.shield(_gone(process))


async def _start(words: Sequence[str]) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    try:
        return await asyncio.create_subprocess_exec(
            *words, stdin=pipe, stdout=pipe, stderr=pipe, limit=LINE
        )
    except (OSError, RuntimeError) as error:  # no process, or no thread that waits for its end
        raise NetlabError(
            "This system lets netlab start no more processes.", cause=str(error),
            advice="a higher limit: ulimit -u for processes and threads, ulimit -n for files",
        ) from None  # fmt: skip


async def _gone(process: asyncio.subprocess.Process) -> None:
    """Its standard input ends, and so does it; whoever does not is killed.

    Killing looks first whether the process lives, and takes the exit code of one that does not from
    asyncio, which then complains on standard error. So it is left to those who stay.
    """
    assert process.stdin is not None
    process.stdin.close()
    try:
        async with asyncio.timeout(GRACE):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    await process.communicate()


async def line(process: asyncio.subprocess.Process, patience: float) -> str:
    """The next line that it writes. Raises NetlabError where it ends, or writes none in time."""
    assert process.stdout is not None
    try:
        async with asyncio.timeout(patience):
            text = (await process.stdout.readline()).decode()
    except TimeoutError:
        raise NetlabError(
            "A process of this run did not answer in time.",
            cause=f"it was given {patience:g} s", advice="a longer --max-time", exit=Exit.TIMEOUT,
        ) from None  # fmt: skip
    if not text:
        raise NetlabError(
            "A process of this run ended early.", cause=await _last_words(process), exit=Exit.BUG
        )
    return text


async def _last_words(process: asyncio.subprocess.Process) -> str:
    """The last line on its standard error, as long as others do not keep that open."""
    assert process.stderr is not None
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(2):
            words = (await process.stderr.read(LINE)).decode(errors="backslashreplace").split("\n")
            return next((word for word in reversed(words) if word.strip()), "it said nothing")
    return "it said nothing"


class Server:
    """The slow server, as its parent sees it."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.process, self.port = process, port

    async def served(self, port: int) -> list[tuple[float, float]]:
        """When each request of the client with this port had arrived, and when it was answered.

        Since it was asked the last time, and in order.
        """
        assert self.process.stdin is not None
        self.process.stdin.write(b"tell\n")
        rows = json.loads(await line(self.process, 10))
        return [(float(there), float(gone)) for client, there, gone in rows if client == port]


@asynccontextmanager
async def slow_server() -> AsyncIterator[Server]:
    async with started(command("server")) as process:
        yield Server(process, int(await line(process, 10)))


async def client(settings: dict[str, Any], patience: float, *before: str) -> dict[str, Any]:
    """What one model's client reports. before: a program that runs it (strace and its options)."""
    words = (*before, *command("client", json.dumps(settings)))
    async with started(words) as process:
        answer: dict[str, Any] = json.loads(await line(process, patience))
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()
    if "failed" in answer:
        raise NetlabError(
            answer["failed"], cause=answer["why"], advice=answer["advice"], exit=Exit.CONNECT,
        )  # fmt: skip
    return answer
