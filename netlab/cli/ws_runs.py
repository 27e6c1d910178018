"""What the `netlab ws` commands do."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from netlab.cli.networks import chosen, in_lab
from netlab.cli.options import Look
from netlab.cli.parse import header_fields, seconds
from netlab.cli.run import Experiment, perform
from netlab.errors import Exit, NetlabError
from netlab.experiments.websocket.options import Options
from netlab.experiments.websocket.target import LAB, LAB_SECURE, parse


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed, as it was typed. url None: the lab's own echo."""

    url: str | None
    network: Literal["auto", "internet", "lab"] = "lab"
    subprotocols: list[str] | None = None
    headers: list[str] | None = None
    origin: str | None = None
    no_compression: bool = False
    insecure: bool = False
    cacert: str | None = None
    resolver: str | None = None
    max_time: str = "30s"
    http2: bool = False

    def options(self) -> Options:
        target = parse(self.url or (LAB_SECURE if self.http2 else LAB))
        if self.http2 and not target.secure:
            raise NetlabError(
                f"{self.url} --http2: HTTP/2 is spoken inside TLS here.",
                cause="browsers settle on it by ALPN, in the TLS handshake; in the clear hardly "
                "anybody speaks it (RFC 9113 §3.1)",
                advice=f"wss{target.url.removeprefix('ws')}",
            )
        return Options(
            target=target,
            subprotocols=tuple(map(_token, self.subprotocols or ())),
            headers=header_fields(self.headers or ()),
            origin=None if self.origin is None else _origin(self.origin),
            deflate=not self.no_compression,
            http2=self.http2,
            insecure=self.insecure,
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


def on_network(name: str, asked: Asked, run: Callable[..., object], look: Look) -> Exit:
    """Pick the network as `trace` does; without a URL it is the lab."""
    options = asked.options()  # a mistake is told before anything is started
    wanted = "lab" if asked.url is None and asked.network == "auto" else asked.network
    host = options.target.typed.host
    network, _ = chosen(wanted, host, asked.resolver, asked.cacert, {}, warm, True)
    return perform(name, lambda bench: run(bench, options), network, look)  # type: ignore[return-value,arg-type]


def in_the_lab(name: str, run: Experiment, look: Look) -> Exit:
    return perform(name, run, in_lab(None, None, {}, warm, websocket=True), look)


def warm() -> None:
    """Import all that the experiment needs before any clock runs."""
    from netlab.experiments.websocket import handshake
    from netlab.views import journey as _view  # noqa: F401 - drawing must not be kept waiting

    handshake.warm()
