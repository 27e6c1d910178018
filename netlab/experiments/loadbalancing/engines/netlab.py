"""Our own balancer, in a process of its own; its events are the account."""

import json
from subprocess import TimeoutExpired

from netlab.balance.events import Changed, Event, Lost, Retried, decode
from netlab.balance.settings import Server, Settings
from netlab.experiments.loadbalancing.child import Child
from netlab.experiments.loadbalancing.engines.base import Account, Change, Engine, Repeat

MODULE = "netlab.balance.process"
FAREWELL = 5.0


class Ours(Engine):
    name = "netlab"

    def __init__(self) -> None:
        self.child: Child | None = None

    def start(self, settings: Settings) -> tuple[str, int]:
        self.child = Child(MODULE, json.dumps(settings.to_json()))
        ready = self.child.ready()
        return ready["host"], ready["port"]

    def _tell(self, **command: object) -> None:
        assert self.child is not None
        self.child.tell(command)

    def drain(self, backend: str) -> None:
        self._tell(do="mark", backend=backend, state="draining", why="a restart is planned")

    def restore(self, backend: str) -> None:
        self._tell(do="mark", backend=backend, state="up", why="the restart is over")

    def add(self, server: Server) -> None:
        self._tell(
            do="add", backend=server.name, host=server.host, port=server.port, weight=server.weight
        )

    def account(self) -> Account:
        events = self.events()
        changes = [
            Change(one.at, one.backend, one.after, f"{one.why} ({one.by})")
            for one in events
            if isinstance(one, Changed)
        ]
        repeats = [
            Repeat(one.first, one.second, one.doubled) for one in events if isinstance(one, Retried)
        ]
        lost = [one for one in events if isinstance(one, Lost)]
        note = f"{len(lost)} answered 502, and not asked for again" if lost else ""
        return Account(changes, repeats, [], note)

    def events(self) -> list[Event]:
        """All that it told. It drains first: then every line has been written."""
        assert self.child is not None
        self._tell(do="drain")
        try:
            self.child.process.wait(FAREWELL)
        except TimeoutExpired:
            self.child.kill()
        self.child.close()
        return [decode(line) for line in self.child.lines() if "event" in line]

    def close(self) -> None:
        if self.child is not None:
            self.child.close()
