"""nginx: its configuration, pid and logs in a temporary folder; it tells by its access log."""

import os
import re
import signal
from collections import Counter
from dataclasses import replace
from itertools import pairwise

from netlab.balance.settings import Server, Settings
from netlab.experiments.loadbalancing.engines import need
from netlab.experiments.loadbalancing.engines.base import Account, Program, Repeat, free_port
from netlab.experiments.loadbalancing.nginxconf import Extra, text
from netlab.recording.records import Value

SEEN = re.compile(r'\d+ "([^"]*)" "([^"]*)"')
NOTE = (
    "it does not tell when it takes a server out or back, and has no active checks, so its changes "
    "of state are not in the timeline"
)


class Nginx(Program):
    """One worker, so that its turns are one sequence; in the foreground, as whoever runs this."""

    name = "nginx"

    def start(self, settings: Settings) -> tuple[str, int]:
        self.settings = replace(settings, listen=("127.0.0.1", free_port()))
        self.down: tuple[str, ...] = ()
        self._write()
        home = str(self.folder())
        self.spawn(
            [need("nginx"), "-p", home, "-c", f"{home}/nginx.conf", "-e", f"{home}/error.log"],
            self.settings.listen,
        )
        return self.settings.listen

    def _write(self) -> None:
        home = self.folder()
        extra = Extra(str(home), own_name(), self.down)
        (home / "nginx.conf").write_text(text(self.settings, extra))

    def _reload(self) -> None:
        """What is open goes on in the old worker; the new one has the new configuration."""
        self._write()
        os.kill(self.pid, signal.SIGHUP)

    def drain(self, backend: str) -> None:
        self.down = (*self.down, backend)
        self._reload()

    def restore(self, backend: str) -> None:
        self.down = tuple(name for name in self.down if name != backend)
        self._reload()

    def add(self, server: Server) -> None:
        self.settings = replace(self.settings, backends=(*self.settings.backends, server))
        self._reload()

    def account(self) -> Account:
        self.close_gently()
        log = self.folder() / "access.log"
        asked = [
            list(zip(match[1].split(", "), match[2].split(", "), strict=True))
            for line in log.read_text(errors="backslashreplace").splitlines()
            if (match := SEEN.fullmatch(line))
        ]
        names = {f"{each.host}:{each.port}": each.name for each in self.settings.backends}
        repeats = [
            Repeat(names[first], names[second], doubled=connected != "-")
            for row in asked
            for (first, connected), (second, _) in pairwise(row)
            if first in names and second in names
        ]
        counts = Counter(names[one] for row in asked for one, _ in row if one in names)
        own: list[dict[str, Value]] = [
            {"backend": name, "tried": counts[name]} for name in names.values()
        ]
        return Account([], repeats, own, NOTE)

    def close_gently(self) -> None:
        """Its log is buffered by nobody, but a worker may be about to write its last line."""
        assert self.leash is not None
        os.kill(self.pid, signal.SIGQUIT)
        self.leash.process.wait(10)


def own_name() -> str:
    """Whom a root would run it as: itself, since the folder is nobody else's."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return ""
    import pwd

    return pwd.getpwuid(0).pw_name
