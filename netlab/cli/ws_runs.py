"""What the `netlab ws` commands do."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netlab.cli.networks import chosen, in_lab
from netlab.cli.options import Look, Networks
from netlab.cli.parse import header_fields, seconds
from netlab.cli.run import Experiment, perform
from netlab.cli.ws_options import Opening
from netlab.errors import Exit, NetlabError
from netlab.experiments.websocket.options import Options
from netlab.experiments.websocket.target import LAB, LAB_SECURE, parse

if TYPE_CHECKING:
    from netlab.experiments.bench import Bench

Run = Callable[["Bench", Options], Awaitable[Exit]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed, as it was typed. url None: the lab's own echo."""

    url: str | None
    opening: Opening
    compression: bool
    max_time: str = "30s"

    def options(self) -> Options:
        how = self.opening
        target = parse(self.url or (LAB_SECURE if how.http2 else LAB))
        if how.http2 and not target.secure:
            raise NetlabError(
                f"{self.url} --http2: HTTP/2 is spoken inside TLS here.",
                cause="browsers settle on it by ALPN, in the TLS handshake; in the clear hardly "
                "anybody speaks it (RFC 9113 §3.1)",
                advice=f"wss{target.url.removeprefix('ws')}",
            )
        return Options(
            target=target,
            subprotocols=tuple(map(_token, how.subprotocol or ())),
            headers=header_fields(how.header or ()),
            origin=None if how.origin is None else _origin(how.origin),
            deflate=self.compression,
            http2=how.http2,
            insecure=how.insecure,
            max_time=seconds(self.max_time, "--max-time"),
        )


def _token(name: str) -> str:
    from netlab.cli.parse import TOKEN

    if not TOKEN.fullmatch(name):
        raise NetlabError(
            f"--subprotocol {name}: not a name that may be offered",
            advice="letters, digits and !#$%&'*+.^_`|~- (RFC 6455 §4.1)",
        )
    return name


def _origin(text: str) -> str:
    if not text.isascii() or not text.isprintable() or " " in text:
        raise NetlabError(
            f"--origin {text}: not an origin", advice="write https://HOST, or null (RFC 6454 §6)"
        )
    return text


def shake(asked: Asked, look: Look) -> Exit:
    from netlab.experiments.websocket import handshake

    return on_network("ws handshake", asked, handshake.run, look)


def deliver(asked: Asked, messages: tuple[str, ...], look: Look) -> Exit:
    from netlab.experiments.websocket import sending

    return on_network(
        "ws send", asked, lambda bench, options: sending.run(bench, options, messages), look
    )


def on_network(name: str, asked: Asked, run: Run, look: Look) -> Exit:
    """Pick the network as `trace` does; without a URL it is the lab."""
    options = asked.options()  # a mistake is told before anything is started
    how = asked.opening
    no_wish = asked.url is None and how.network is Networks.auto
    wanted = Networks.lab if no_wish else how.network
    host = options.target.typed.host
    network, _ = chosen(wanted.value, host, how.resolver, how.cacert, {}, warm, True)
    return perform(name, lambda bench: run(bench, options), network, look)


def in_the_lab(name: str, run: Experiment, look: Look) -> Exit:
    return perform(name, run, in_lab(None, None, {}, warm, websocket=True), look)


def warm() -> None:
    """Import all that the experiment needs before any clock runs."""
    from netlab.experiments.websocket import handshake
    from netlab.views import journey as _view  # noqa: F401 - drawing must not be kept waiting

    handshake.warm()
