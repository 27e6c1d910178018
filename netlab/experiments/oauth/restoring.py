"""The lab's servers as they were before an experiment set them otherwise, whoever set those."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

from netlab.network.base import Network


@contextlib.asynccontextmanager
async def restoring(network: Network, *services: str) -> AsyncIterator[None]:
    """Whatever is set while this lasts is taken back at its end, after an interrupt as well."""
    before = {service: await settings_of(network, service) for service in services}
    try:
        yield
    finally:
        for service, settings in before.items():
            await network.command("oauth", service=service, reset=True, **settings)


async def settings_of(network: Network, service: str) -> dict[str, Any]:
    """What holds there, in the words of the command that would set it so."""
    told: Mapping[str, Any] = (await network.command("oauth", service=service))["settings"]
    off = [name for name in str(told["off"]).split(", ") if name]
    rest = {name: value for name, value in told.items() if name != "off"}
    return {**rest, "protections": dict.fromkeys(off, False)}
