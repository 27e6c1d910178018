"""What `netlab lb demo` and `netlab lb config` do."""

import math
import re
import signal
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from netlab.balance.settings import Check, Passive, Server, Settings
from netlab.cli.keys import leave
from netlab.cli.lb_options import Balancing
from netlab.cli.options import Look
from netlab.cli.parse import seconds
from netlab.cli.run import perform
from netlab.errors import Exit, NetlabError
from netlab.experiments.loadbalancing.options import Options

if TYPE_CHECKING:
    from netlab.experiments.bench import Bench

Engine = Literal["haproxy", "nginx"]
FIXED = ("retry", "layers")
"""Scenarios that send what they send, whatever the rate."""
MOST_REQUESTS = 200_000
HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\[[0-9a-fA-F:.]+\]")
SAMPLE = tuple(f"127.0.0.1:{port}" for port in (9001, 9002, 9003, 9004))


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed after `netlab lb demo`, as it was typed."""

    scenario: str
    algorithms: str | None
    engine: Engine | None
    closed: bool
    rate: float | None
    duration: str | None
    backends: int | None
    seed: int

    def options(self) -> Options:
        duration = None if self.duration is None else seconds(self.duration, "--duration")
        if self.rate is not None and math.isnan(self.rate):
            raise NetlabError("--rate nan: not a number", advice="--rate 400")
        if (self.rate or 400.0) * (duration or 1.0) > MOST_REQUESTS:
            raise NetlabError(
                f"--rate {self.rate} for {self.duration} is more than {MOST_REQUESTS:,} requests.",
                advice="a few thousand show all there is to see",
            )
        return Options(
            None if self.algorithms is None else algorithms(self.algorithms), self.engine,
            self.closed, self.rate, duration, self.backends, self.seed,
        )  # fmt: skip

    def fixed(self) -> None:
        """Raises NetlabError where a setting would do nothing."""
        given = {
            "--algorithms": self.algorithms, "--closed": self.closed or None, "--rate": self.rate,
            "--duration": self.duration, "--backends": self.backends,
            "--engine": self.engine if self.scenario == "layers" else None,
        }  # fmt: skip
        for name, value in given.items():
            if value is not None:
                raise NetlabError(
                    f"{name} has no meaning in {self.scenario}: what it sends is fixed.",
                    advice=f"netlab lb demo {self.scenario}",
                )


def algorithms(text: str) -> tuple[str, ...]:
    """`roundrobin,leastconn`. Raises NetlabError for a name that there is not."""
    from netlab.balance.algorithms import NAMES

    found = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    for name in found:
        if name not in NAMES:
            raise NetlabError(
                f"--algorithms {text}: there is no {name!r}", advice=f"any of {', '.join(NAMES)}"
            )
    return found


def play(asked: Asked, look: Look) -> Exit:
    from netlab.experiments.loadbalancing import engines
    from netlab.network.loopback import Loopback
    from netlab.views import journey as _view  # noqa: F401 - drawing must not be kept waiting

    options = asked.options()
    if asked.scenario in FIXED:
        asked.fixed()
    if asked.engine is not None:
        engines.need(asked.engine)
    run = experiment(asked.scenario)
    # SIGTERM by way of every `finally`: a folder with keys must not stay.
    before = signal.signal(signal.SIGTERM, leave)
    try:
        name = f"lb demo {asked.scenario}"
        return perform(name, lambda bench: run(bench, options), Loopback(), look)
    finally:
        signal.signal(signal.SIGTERM, before)


def experiment(name: str) -> "Callable[[Bench, Options], Coroutine[Any, Any, Exit]]":
    if name == "retry":
        from netlab.experiments.loadbalancing import retry

        return retry.run
    if name == "layers":
        from netlab.experiments.loadbalancing import layers

        return layers.run
    from netlab.experiments.loadbalancing import demo

    return lambda bench, options: demo.run(bench, name, options)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was typed after `netlab lb config`, as it was typed."""

    engine: Engine
    backends: list[str]
    listen: str
    how: Balancing

    def settings(self) -> Settings:
        how = self.how
        servers = tuple(
            server(text, number) for number, text in enumerate(self.backends or SAMPLE, start=1)
        )
        return Settings(
            servers, place("--listen", self.listen), how.algorithm.value, how.number, how.key,
            sticky=how.sticky, check=None if how.check is None else Check(how.path),
            passive=Passive(how.passive) if how.passive else None,
        )  # fmt: skip


def place(option: str, text: str) -> tuple[str, int]:
    """HOST:PORT; a name stays one, for it is to be looked up where the configuration is used."""
    host, _, port = text.rpartition(":")
    if not HOST.fullmatch(host) or not re.fullmatch(r"[0-9]{1,5}", port):
        raise NetlabError(
            f"{option} {text}: not an address", advice="write HOST:PORT, as 10.0.0.7:8080"
        )
    if not 0 < int(port) < 65536:
        raise NetlabError(f"{option} {text}: there is no port {port}", advice="1 to 65535")
    return host.strip("[]"), int(port)


def server(text: str, number: int) -> Server:
    where, equals, weight = text.partition("=")
    host, port = place("--backend", where)
    if equals and not re.fullmatch(r"[0-9]{1,3}", weight):
        raise NetlabError(f"--backend {text}: not a weight", advice="HOST:PORT=3, from 1 to 256")
    return Server(f"b{number}", host, port, int(weight or 1))


def configure(wanted: Wanted) -> Exit:
    from netlab.experiments.loadbalancing import haproxyconf, nginxconf

    settings = wanted.settings()
    made = (haproxyconf if wanted.engine == "haproxy" else nginxconf).text(settings)
    sys.stdout.write("\n".join([*heading(wanted), "", made]))
    return Exit.OK


def heading(wanted: Wanted) -> list[str]:
    """How it is tried and used; without servers of the person's own, which ones stand in it."""
    file = "haproxy.cfg" if wanted.engine == "haproxy" else "nginx.conf"
    test = f"haproxy -c -f {file}" if wanted.engine == "haproxy" else f"nginx -t -c $PWD/{file}"
    made = [f"# Written by netlab lb config {wanted.engine}. Test it:  {test}"]
    if not wanted.backends:
        made.append("# The servers are the first four ports from 9001: --backend names your own.")
    if wanted.engine == "nginx" and wanted.how.number == 4:
        made += [
            '# Where nginx knows no directive "stream", that is a module apart: install it',
            "# (Debian: apt install libnginx-mod-stream), and begin this file with",
            "# load_module modules/ngx_stream_module.so;",
        ]
    return made
