"""Black holes swallow, refusals refuse."""

import asyncio
import errno
import select
import socket

import pytest

from netlab.lab import Lab
from netlab.lab.holes import BlackHole, Hole, Refusal
from netlab.lab.sockets import LOOPBACK, Port, has_ipv6

FAMILIES = [
    pytest.param(socket.AF_INET, id="ipv4"),
    pytest.param(
        socket.AF_INET6,
        id="ipv6",
        marks=pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1"),
    ),
]


def hole(family: socket.AddressFamily) -> Hole:
    try:
        return Hole(family)
    except OSError as error:
        pytest.skip(f"no black hole here: {error}")


def fate(dialled: tuple[str, int], seconds: float) -> str:
    """What becomes of a SYN within some time."""
    family = socket.AF_INET6 if ":" in dialled[0] else socket.AF_INET
    with socket.socket(family) as client:
        client.setblocking(False)
        client.connect_ex(dialled)
        select.select([], [client], [client], seconds)
        error = client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            return errno.errorcode[error]
        try:
            client.getpeername()
        except OSError:
            return "silence"
        return "connected"


@pytest.mark.parametrize("family", FAMILIES)
def test_a_hole_swallows_every_syn(family: socket.AddressFamily) -> None:
    """Longer than a second: the first SYN is then sent again, and dropped again."""
    where = hole(family)
    try:
        assert [fate(where.port.dialled, 0.1), fate(where.port.dialled, 1.2)] == ["silence"] * 2
    finally:
        where.close()


@pytest.mark.parametrize("family", FAMILIES)
def test_a_port_listens_closes_and_listens_again(family: socket.AddressFamily) -> None:
    port = Port(family)
    seen = []
    for step in (port.listen, port.hold, port.listen, port.hold):
        step()
        seen.append((fate(port.dialled, 2), port.number))
    port.release()
    number = port.number
    assert number
    assert seen == [("connected", number), ("ECONNREFUSED", number)] * 2


def test_a_hole_says_why_it_is_one() -> None:
    service = BlackHole("web:far", [("tcp", "2001:db8::1", 443)], "There is no IPv6.")

    async def run() -> None:
        found = await service.start()
        assert {host for host, _ in found.values()} <= set(LOOPBACK.values())
        await service.stop()

    asyncio.run(run())
    assert service.notes[0] == "There is no IPv6."


def test_a_refusal_refuses() -> None:
    service = Refusal("web:closed", [("tcp", "198.51.100.11", 443)])

    async def run() -> str:
        found = await service.start()
        outcome = fate(found["tcp", "198.51.100.11", 443], 2)
        await service.stop()
        return outcome

    assert asyncio.run(run()) == "ECONNREFUSED"


def test_the_lab_has_each_kind(lab: Lab) -> None:
    directory = lab.directory
    swallowed = directory.dialled("tcp", "198.51.100.13", 443)
    refused = directory.dialled("tcp", "198.51.100.11", 443)
    dead = directory.dialled("tcp", "2001:db8:dead::52", 443)
    assert directory.dialled("tcp", "198.51.100.12", 443) is None
    assert refused is not None
    assert fate(refused, 2) == "ECONNREFUSED"
    if swallowed is None:
        assert any("198.51.100.13" in note for note in directory.notes)
        pytest.skip("this system has no black holes, and the lab says so")
    assert dead is not None
    assert [fate(swallowed, 0.1), fate(dead, 0.1)] == ["silence"] * 2
