"""Programs of others that show the same as netlab: whether they are here, and their versions."""

import asyncio
import contextlib
import os
import re
import shutil
from asyncio.subprocess import Process
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

PATIENCE = 5.0
"""Seconds that a program may take to name its version; it is ended then."""
LARGEST = 1 << 16
ALSO = ("/usr/local/sbin", "/usr/sbin", "/sbin")
"""Folders that are not always on an ordinary user's PATH."""
VERSION = re.compile(rb"\d+(?:\.\d+)+[a-z]?\d*")


@dataclass(frozen=True, slots=True)
class Program:
    """ask: the arguments that make it say its version and end."""

    name: str
    ask: tuple[str, ...] = ("--version",)


@dataclass(frozen=True, slots=True)
class Found:
    """path None: it is not here. version empty: it did not say."""

    name: str
    path: str | None = None
    version: str = ""


def search_path() -> str:
    return os.pathsep.join([os.environ.get("PATH", os.defpath), *ALSO])


async def find(programs: Sequence[Program]) -> tuple[Found, ...]:
    """Ask them all at once; each is given no input and no more than PATIENCE."""
    async with asyncio.TaskGroup() as asked:  # which waits for all of them, interrupted or not
        answers = [asked.create_task(_find(program)) for program in programs]
    return tuple(answer.result() for answer in answers)


async def _find(program: Program) -> Found:
    path = shutil.which(program.name, path=search_path())
    if path is None:
        return Found(program.name)
    return Found(program.name, path, await _version(path, program.ask))


async def _version(path: str, ask: tuple[str, ...]) -> str:
    devnull = asyncio.subprocess.DEVNULL
    try:
        process = await whole(asyncio.create_subprocess_exec(
            path, *ask, stdin=devnull, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is ours: we end them, and wait for their end
        ))  # fmt: skip
    except OSError:
        return ""
    try:
        async with asyncio.timeout(PATIENCE):
            said = await _all(process.stdout) if process.stdout else b""
            await process.wait()
    except TimeoutError:
        said = b""
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()  # its pipe is closed only once it is empty
    match = VERSION.search(said)
    return match[0].decode("ascii") if match else ""


async def whole(start: Coroutine[Any, Any, Process]) -> Process:
    """A process once it has started, even when Ctrl-C comes meanwhile: then it is ended first.

    asyncio would leave one that is interrupted half started to nobody, and say so on stderr.
    """
    starting = asyncio.ensure_future(start)
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        process = await starting
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()  # its pipe is closed only once it is empty
        raise


async def _all(out: asyncio.StreamReader) -> bytes:
    said = b""
    while len(said) < LARGEST and (part := await out.read(LARGEST - len(said))):
        said += part
    return said
