"""Addresses at which nobody answers: the black hole and the refusal.

Theory of operation. A black hole drops every SYN without a word. Unprivileged programs cannot
drop packets, but the kernel does it for them when a listening socket's accept queue is full
(tcp(7); RFC 9293 lets a listener do so). A backlog of 0 has room for one connection: one filler
takes it, nobody ever accepts it, and each later SYN is dropped and sent again after 1, 3, 7 ...
seconds. Linux does this on 127.0.0.1 and ::1; other systems are probed, since some refuse or
answer instead. A bound socket that does not listen refuses with a reset.
"""

import select
import socket
import sys
from collections.abc import Mapping, Sequence

from netlab.lab.service import Dialled, Seen, Service
from netlab.lab.sockets import Port, family_of

PROBE = 0.0 if sys.platform == "linux" else 0.05
"""Seconds in which a handshake that is not dropped is done. Linux does it within connect()."""


class Hole:
    """One port that swallows SYNs. Raises OSError where the system answers them all the same."""

    def __init__(self, family: socket.AddressFamily) -> None:
        self.port = Port(family)
        self.filler = socket.socket(family, socket.SOCK_STREAM)
        try:
            self.port.listen(backlog=0)
            self.filler.settimeout(1)
            self.filler.connect(self.port.dialled)
            if answers(self.port):
                raise OSError("this system answers SYNs that its accept queue has no room for")
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        self.filler.close()
        self.port.release()


def answers(port: Port) -> bool:
    """Whether one more connection to this port comes about, or is refused."""
    with socket.socket(port.family, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        probe.connect_ex(port.dialled)
        _, writable, failed = select.select([], [probe], [probe], PROBE)
        return bool(writable or failed)


class BlackHole(Service):
    """Addresses whose every SYN is swallowed.

    why: a sentence on why they are, where the catalogue does not say so. notes: that sentence, and
    what this system could not be made to do.
    """

    def __init__(self, id: str, seen: Sequence[Seen], why: str = "") -> None:
        self.id = id
        self.seen = seen
        self.why = why
        self.holes: list[Hole] = []
        self.notes: list[str] = []

    async def start(self) -> Mapping[Seen, Dialled]:
        found: dict[Seen, Dialled] = {}
        self.notes = [self.why] if self.why else []
        for transport, address, port in self.seen:
            try:
                hole = Hole(family_of(address))
            except OSError as error:
                self.notes.append(f"{address} is no black hole here but unreachable: {error}.")
                continue
            self.holes.append(hole)
            found[transport, address, port] = hole.port.dialled
        return found

    async def stop(self) -> None:
        """Its ports are free again: a black hole that is stopped leads nowhere at all."""
        while self.holes:
            self.holes.pop().close()


class Refusal(Service):
    """Addresses at which no program listens: the kernel answers each SYN with a reset."""

    def __init__(self, id: str, seen: Sequence[Seen]) -> None:
        self.id = id
        self.seen = seen
        self.ports: list[Port] = []

    async def start(self) -> Mapping[Seen, Dialled]:
        found: dict[Seen, Dialled] = {}
        for seen in self.seen:
            port = Port(family_of(seen[1]))
            port.hold()
            self.ports.append(port)
            found[seen] = port.dialled
        return found

    async def stop(self) -> None:
        while self.ports:
            self.ports.pop().release()
