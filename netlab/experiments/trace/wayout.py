"""Set out without knowing whether there is a way out, and turn back when there is none.

`--network auto` sends nothing before the journey: a query ahead of it would warm the resolver's
cache, and the journey's own look-up would seem faster than it is. So that look-up decides.
"""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass

from netlab.errors import Exit
from netlab.experiments.bench import Bench
from netlab.experiments.trace import journey
from netlab.experiments.trace.options import Options
from netlab.network.choose import ROOT_TELLS, SILENCE, Decision, Probe, serves, verdict
from netlab.recording.recorder import Started
from netlab.recording.records import Phase, Record

STEP, WAIT = "dns.lookup", "dns"
"""Chapter and phase in which the journey waits for its first answer."""


class NoWayOut(Exception):
    """The journey leads nowhere, and the lab can stand in. reason: whole sentences."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


async def travel(
    bench: Bench,
    options: Options,
    host: str,
    probe: Probe,
    served: Collection[str] | None = None,
    silence: float = SILENCE,
) -> Exit:
    """The journey, which raises NoWayOut as soon as that is known.

    served: the lab's names. silence: for how long the first look-up may go without an answer.
    """
    turn = None
    try:
        async with asyncio.timeout(None) as bound:
            turn = _Turn(bench, host, probe, served, silence, bound)
            bench.recorder.subscribe(turn.hear)
            return await journey.travel(bench, options, turn.doubt)
    except TimeoutError:
        if turn is None or not turn.reason:
            raise
        raise NoWayOut(turn.reason) from None


@dataclass(slots=True)
class _Turn:
    """Watches the first look-up. bound ends the journey; reason: why it did."""

    bench: Bench
    host: str
    probe: Probe
    served: Collection[str] | None
    silence: float
    bound: asyncio.Timeout
    reason: str = ""
    cleared: bool = False
    watch: asyncio.Task[None] | None = None

    def hear(self, news: Record | Started) -> None:
        """Watch the wait for the first answer, from its beginning to its end."""
        if not isinstance(news, Started | Phase) or (news.step, news.name) != (STEP, WAIT):
            return
        if isinstance(news, Phase) and self.watch is not None:
            self.watch.cancel()
        elif self.watch is None and serves(self.host, self.served):
            self.watch = asyncio.get_running_loop().create_task(self.wait())

    async def wait(self) -> None:
        """After too long a silence, end the journey: unless the resolver answers after all."""
        await asyncio.sleep(self.silence)
        decision = await self.ask("timeout")
        self.cleared = decision.network == "internet"
        if not self.cleared:
            self.reason = decision.reason
            self.bound.reschedule(asyncio.get_running_loop().time())

    async def doubt(self, code: str) -> None:
        """The first look-up failed with this code."""
        if self.cleared:
            return
        decision = await self.ask(code)
        if decision.network == "lab":
            raise NoWayOut(decision.reason)
        if decision.reason:
            self.bench.recorder.fact("url", "run.note", decision.reason, origin="computed")

    async def ask(self, code: str) -> Decision:
        """What is asked in order to decide stands beside the journey."""
        if code not in ROOT_TELLS:
            return await verdict(code, self.host, self.probe, self.served)
        with self.bench.recorder.phase(
            STEP, "is there a way out? the root is asked for", "resolver", "aside"
        ):
            return await verdict(code, self.host, self.probe, self.served)
