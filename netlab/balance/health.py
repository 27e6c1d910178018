"""Passive health: what real traffic tells of a backend. No clock and no timer of its own."""

from netlab.balance.backend import Backend
from netlab.balance.settings import Passive


class Watch:
    """What one backend has done lately.

    It rests from the moment its failures are too many; when the rest is over, one trial is
    granted, and another after as long again unless the first has told how it is.
    """

    def __init__(self, rules: Passive) -> None:
        self.rules = rules
        self.failures = 0
        self.since = 0.0
        self.rests_until: float | None = None

    def succeeded(self) -> bool:
        """Whether this ends its rest."""
        self.failures = 0
        rested = self.rests_until is not None
        self.rests_until = None
        return rested

    def failed(self, now: float) -> bool:
        """Whether this begins a rest."""
        if self.rests_until is not None:
            self.rests_until = now + self.rules.rest
            return False
        if not self.failures or now - self.since > self.rules.window:
            self.failures, self.since = 0, now
        self.failures += 1
        if self.failures < self.rules.fails:
            return False
        self.rests_until = now + self.rules.rest
        return True

    def grants_trial(self, now: float) -> bool:
        """Whether it may be tried now; that also puts off the next trial."""
        if self.rests_until is None or now < self.rests_until:
            return False
        self.rests_until = now + self.rules.rest
        return True


class Watches:
    """The watches of all backends."""

    def __init__(self, rules: Passive) -> None:
        self.rules = rules
        self.of: dict[Backend, Watch] = {}

    def __getitem__(self, backend: Backend) -> Watch:
        return self.of.setdefault(backend, Watch(self.rules))

    def forget(self, backend: Backend) -> None:
        self.of.pop(backend, None)
