"""What `netlab lb run` does: settings from what was typed, then balancing until told to end."""

import asyncio
import contextlib
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from netlab.addresses import address_of, endpoint, parted
from netlab.balance.pool import Pool
from netlab.balance.serve import descriptors, loops, serve
from netlab.balance.settings import Check, Passive, Server, Settings, Timeouts
from netlab.cli.lb_options import Balancing, Running
from netlab.cli.options import Look
from netlab.cli.parse import seconds
from netlab.cli.run import header
from netlab.cli.show import check_target, show
from netlab.errors import Exit, NetlabError
from netlab.experiments.loadbalancing.alone import Account, write
from netlab.recording.recorder import Recorder
from netlab.views.text import escape

DRAINING = "draining: nothing new is taken, what is open may end; again ends it now"
A_SECOND = 20
"""Lines about single requests."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed, as it was typed."""

    listen: str
    backends: list[str]
    how: Balancing
    more: Running

    def settings(self) -> Settings:
        """Raises NetlabError for what makes no sense."""
        how, more = self.how, self.more
        return Settings(
            tuple(server(text, number) for number, text in enumerate(self.backends, start=1)),
            address_of(self.listen),
            how.algorithm.value,
            how.number,
            how.key,
            more.tls_cert,
            more.tls_key,
            more.proxy_protocol,
            how.sticky,
            self.checks(),
            Passive(how.passive, rest=seconds(more.rest, "--rest")) if how.passive else None,
            self.timeouts(),
            more.seed,
        )

    def checks(self) -> Check | None:
        if self.how.check is None:
            return None
        every = seconds(self.more.check_every, "--check-every")
        return Check(self.how.path, every, min(1.0, every), self.more.rise, self.more.fall)

    def timeouts(self) -> Timeouts:
        return Timeouts(
            connect=seconds(self.more.connect_timeout, "--connect-timeout"),
            idle=seconds(self.more.idle_timeout, "--idle-timeout"),
            response=seconds(self.more.response_timeout, "--response-timeout"),
            drain=seconds(self.more.drain_timeout, "--drain-timeout"),
        )


def server(text: str, number: int) -> Server:
    """`HOST:PORT[=WEIGHT]`; a name is looked up now, and not again. Raises NetlabError."""
    where, equals, weight = text.partition("=")
    address = parted(where)
    if address is None or address[1] == 0 or (equals and not _digits(weight)):
        raise NetlabError(
            f"--backend {text}: not a server",
            advice="write HOST:PORT, with its weight if it has one: 127.0.0.1:9001=3, [::1]:9001",
        )
    host, port = address
    return Server(f"b{number}", looked_up(host, text), port, int(weight or 1))


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def looked_up(host: str, text: str) -> str:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NetlabError(
            f"--backend {text}: {host} has no address ({getattr(error, 'strerror', error)}).",
            cause="the name is wrong, or the resolver cannot be reached",
            advice="write the server's address: 127.0.0.1:9001",
            exit=Exit.NAME,
        ) from None
    return str(found[0][4][0])


def balance(asked: Asked, look: Look) -> Exit:
    """Balance in the foreground. SIGINT and SIGTERM drain it; a second one ends it at once."""
    check_target(look)
    settings = asked.settings()
    descriptors()
    recorder = Recorder(header("lb run", "internet"))
    words = Words(settings, aside=look.json)
    account = Account(settings, words.told)
    with asyncio.Runner(loop_factory=loops()) as runner, contextlib.suppress(KeyboardInterrupt):
        runner.run(until_told(settings, account, words))
    write(account, recorder, words.listen)
    show(recorder.finish(Exit.OK), look)
    return Exit.OK


async def until_told(settings: Settings, account: Account, words: "Words") -> None:
    stop = asyncio.Event()
    serving = asyncio.ensure_future(
        serve(settings, Pool.of(settings, account.hear), words.ready, stop)
    )

    def end() -> None:
        if stop.is_set():
            serving.cancel()
        else:
            words.told(DRAINING, True)
            stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C ends the runner there
            asyncio.get_running_loop().add_signal_handler(number, end)
    with contextlib.suppress(asyncio.CancelledError):
        await serving


class Words:
    """What a person reads while it runs. aside: stdout is kept for the recording.

    Nobody reads a thousand lines a second, and to write them would keep clients waiting: of what
    may be left out only the first few of each second are said.
    """

    def __init__(
        self, settings: Settings, aside: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.settings = settings
        self.out = sys.stderr if aside else sys.stdout
        self.clock = clock
        self.listen = ""
        self.second = 0
        self.said = 0
        self.unsaid = 0

    def ready(self, host: str, port: int) -> None:
        settings = self.settings
        self.listen = endpoint(host, port)
        scheme = "tcp" if settings.layer == 4 else "https" if settings.tls_cert else "http"
        lines = [
            f"{scheme}://{self.listen}",
            f"Balances {'connections' if settings.layer == 4 else 'requests'} "
            f"by {settings.algorithm} (layer {settings.layer}) among:",
            *(
                f"  {each.name}  {each.backend().address}  weight {each.weight}"
                for each in settings.backends
            ),
            "Ctrl-C ends it.",
        ]
        self.out.write("\n".join(lines) + "\n")
        self.out.flush()

    def told(self, line: str, must: bool) -> None:
        """What comes from clients may hold anything."""
        if int(self.clock()) != self.second:
            self.second, self.said = int(self.clock()), 0
        if not must and self.said >= A_SECOND:
            self.unsaid += 1
            return
        self.said += not must
        more = f"({self.unsaid} more such lines were left out)\n" if self.unsaid else ""
        self.unsaid = 0
        sys.stderr.write(f"{more}{escape(line)}\n")
        sys.stderr.flush()
