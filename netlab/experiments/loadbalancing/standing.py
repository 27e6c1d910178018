"""Backends with a balancer in front of them, for as long as a body lasts."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from netlab.balance.settings import Server, Settings
from netlab.experiments.loadbalancing import engines
from netlab.experiments.loadbalancing.engines.base import Account, Engine
from netlab.experiments.loadbalancing.farm import Farm, Spec, Told


@dataclass(slots=True)
class Standing:
    """target: where the balancer listens."""

    farm: Farm
    engine: Engine
    target: tuple[str, int]

    async def account(self) -> Account:
        return await asyncio.to_thread(self.engine.account)

    def told(self) -> list[Told]:
        """What the backends told, but for the health checks and what only warmed up."""
        return [one for one in self.farm.journal() if one.word != "got" or int(one.more[0]) >= 0]


def servers(specs: Sequence[Spec]) -> tuple[Server, ...]:
    return tuple(Server(spec.name, spec.host, spec.port, spec.weight) for spec in specs)


@asynccontextmanager
async def standing(
    specs: Sequence[Spec], name: engines.Name = "netlab", **settings: object
) -> AsyncIterator[Standing]:
    """settings: the balancer's, but for its backends. Raises NetlabError."""
    engine = engines.make(name)
    with Farm.start(specs) as farm:
        wish = Settings(servers(tuple(farm.specs.values())), **settings)  # type: ignore[arg-type]
        try:
            target = await asyncio.to_thread(engine.start, wish)
            yield Standing(farm, engine, target)
        finally:
            await asyncio.to_thread(engine.close)
