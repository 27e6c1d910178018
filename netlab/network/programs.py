"""Programs of others that show the same as netlab: whether they are here, and their versions."""

import asyncio
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass

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
    return tuple(await asyncio.gather(*map(_find, programs)))


async def _find(program: Program) -> Found:
    path = shutil.which(program.name, path=search_path())
    if path is None:
        return Found(program.name)
    return Found(program.name, path, await _version(path, program.ask))


async def _version(path: str, ask: tuple[str, ...]) -> str:
    devnull = asyncio.subprocess.DEVNULL
    try:
        process = await asyncio.create_subprocess_exec(
            path, *ask, stdin=devnull, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
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


async def _all(out: asyncio.StreamReader) -> bytes:
    said = b""
    while len(said) < LARGEST and (part := await out.read(LARGEST - len(said))):
        said += part
    return said
