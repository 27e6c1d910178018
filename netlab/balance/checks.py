"""Active checks: the balancer asks each backend, again and again, whether it is well."""

import asyncio
import contextlib
import os
import time
from collections.abc import Awaitable, Callable

from netlab.balance.backend import Backend
from netlab.balance.pool import Pool, counted
from netlab.balance.settings import Check

LONGEST = 1024
"""Octets of a status line."""

Probe = Callable[[Backend, Check], Awaitable[str | None]]
"""Answers why the backend is not well, or None when it is."""


class Tally:
    """Counts one backend's checks. It begins as well: traffic should not wait for the first."""

    def __init__(self, rules: Check) -> None:
        self.rules = rules
        self.well = True
        self.against = 0

    def count(self, good: bool) -> bool:
        """Whether this one turned it. Only an unbroken row of checks that say otherwise does."""
        if good is self.well:
            self.against = 0
            return False
        self.against += 1
        if self.against < (self.rules.rise if good else self.rules.fall):
            return False
        self.well, self.against = good, 0
        return True


async def keep_checking(
    pool: Pool,
    rules: Check,
    probe: Probe | None = None,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Check all of them at once, every interval, for ever."""
    tallies: dict[Backend, Tally] = {}
    while True:
        began = clock()
        await asyncio.gather(
            *(
                _check(pool, each, tallies.setdefault(each, Tally(rules)), probe or ask)
                for each in pool.backends
            )
        )
        await sleep(max(0.0, rules.interval - (clock() - began)))


async def _check(pool: Pool, backend: Backend, tally: Tally, probe: Probe) -> None:
    why = await probe(backend, tally.rules)
    if tally.count(why is None) and backend in pool.backends:
        rules = tally.rules
        if why is None:
            pool.mark(backend, "up", f"{counted(rules.rise, 'good check')} in a row", "check")
        else:
            said = f"{counted(rules.fall, 'failed check')} in a row, the last: {why}"
            pool.mark(backend, "down", said, "check")


async def ask(backend: Backend, rules: Check, first: bytes = b"") -> str | None:
    """Connect, and where a path is given, GET it. first: what the backend is told before all."""
    try:
        async with asyncio.timeout(rules.timeout):
            reader, writer = await asyncio.open_connection(
                backend.host, backend.port, limit=LONGEST
            )
            writer.write(first)
            try:
                return None if rules.path is None else await _get(reader, writer, backend, rules)
            finally:
                writer.transport.abort()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
    except TimeoutError:
        return f"nothing within {rules.timeout:g} s"
    except OSError as error:
        return os.strerror(error.errno) if error.errno else type(error).__name__


async def _get(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, backend: Backend, rules: Check
) -> str | None:
    writer.write(
        f"GET {rules.path} HTTP/1.1\r\nHost: {backend.address}\r\n"
        "User-Agent: netlab-check\r\nConnection: close\r\n\r\n".encode("ascii")
    )
    try:
        line = await reader.readline()
    except ValueError:
        return "its answer begins with no status line"
    words = line.split(b" ", 2)
    if not words[0].startswith(b"HTTP/1.") or len(words) < 2 or not words[1].isdigit():
        return "its answer begins with no status line" if line else "closed without an answer"
    status = int(words[1][:3])
    return None if 200 <= status < 400 else f"answered {status}"
