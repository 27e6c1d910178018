"""HAProxy's configuration for a balancer's settings.

What it has is written as it calls it; what it lacks is refused in words, not silently replaced.
"""

import re
from dataclasses import dataclass

from netlab.addresses import endpoint
from netlab.balance.settings import Check, Server, Settings
from netlab.errors import NetlabError

LACKS = {
    "maglev": ("Maglev's table", "consistent, which is a ring there too"),
    "ewma": ("a choice by response time", "leastconn: a slow server keeps its requests longer"),
}
FINE = 100
"""A ring of HAProxy's has 16 points a unit of weight: at weight 1 its parts are very unequal."""
HEAVIEST = 256


@dataclass(frozen=True, slots=True)
class Extra:
    """What a run in a temporary folder needs, and a deployment does not.

    socket: where it answers questions. threads: so many. spare: servers that are to come later.
    """

    socket: str = ""
    threads: int = 0
    spare: tuple[Server, ...] = ()


def refuse(engine: str, algorithm: str, lacks: dict[str, tuple[str, str]]) -> None:
    if algorithm in lacks:
        what, near = lacks[algorithm]
        raise NetlabError(
            f"{engine} has no {algorithm}: it lacks {what}.", advice=f"the nearest is {near}"
        )


def plain(settings: Settings) -> None:
    """A configuration is a language of its own: nothing that it would read otherwise gets in."""
    _, _, name = settings.key.partition(":")
    path = settings.check.path if settings.check else None
    for what, value, form in (
        ("--key", name, r"[A-Za-z0-9_-]*"),
        ("--sticky", settings.sticky or "", r"[A-Za-z0-9_-]*"),
        ("--check", path or "", r"[A-Za-z0-9/_.~%?=&+-]*"),
    ):
        if not re.fullmatch(form, value):
            raise NetlabError(
                f"{what} {value}: cannot stand in a configuration as it is",
                advice="letters, digits and a few signs",
            )


def text(settings: Settings, extra: Extra | None = None) -> str:
    """Raises NetlabError for what HAProxy lacks."""
    extra = extra or Extra()
    refuse("HAProxy", settings.algorithm, LACKS)
    plain(settings)
    parts = (_global(extra), _defaults(settings), _frontend(settings), _backend(settings, extra))
    return "\n".join("\n".join(part) + "\n" for part in parts)


def _global(extra: Extra) -> list[str]:
    made = [
        "global",
        "    # maxconn is left out: it follows from how many descriptors there may be.",
    ]
    if extra.threads:
        made.append(f"    nbthread {extra.threads}")
    if extra.socket:
        made.append(f"    stats socket {extra.socket} mode 600 level admin")
    return made


def _defaults(settings: Settings) -> list[str]:
    times = settings.timeouts
    made = [
        "defaults",
        f"    mode {'tcp' if settings.layer == 4 else 'http'}",
        f"    timeout connect {_ms(times.connect)}",
        f"    timeout client {_ms(times.idle)}",
        f"    timeout server {_ms(times.response if settings.layer == 7 else times.idle)}",
        "    # A connection that could not be opened is tried elsewhere. A request that was sent",
        "    # is not sent again (`retry-on` would do that): it may have been carried out.",
        "    retries 3",
        "    option redispatch 1",
    ]
    if settings.layer == 7:
        made += [
            f"    timeout http-request {_ms(times.head)}",
            f"    timeout http-keep-alive {_ms(times.idle)}",
            f"    timeout tunnel {_ms(times.idle)}",  # a WebSocket's silence, once it is one
            "    option forwardfor",
        ]
    return made


def _frontend(settings: Settings) -> list[str]:
    host, port = settings.listen
    bind = f"    bind {endpoint(host, port)}"
    if settings.tls_cert is not None:
        # One file with the certificate and its key is what HAProxy wants; a key beside it, in
        # FILE.key, is found too.
        bind += f" ssl crt {settings.tls_cert}"
    return ["frontend entry", bind, "    default_backend servers"]


def _backend(settings: Settings, extra: Extra) -> list[str]:
    made = ["backend servers", *(f"    {line}" for line in _balance(settings))]
    check = settings.check
    if settings.sticky is not None:
        made.append(f"    cookie {settings.sticky} insert indirect nocache httponly")
    if check is not None and check.path is not None:
        made += ["    option httpchk", f"    http-check send meth GET uri {check.path}"]
        made.append("    http-check expect rstatus ^[23]")
    made += [f"    {_server(server, settings)}" for server in settings.backends]
    made += [f"    {_server(server, settings)} disabled" for server in extra.spare]
    return made


def _balance(settings: Settings) -> list[str]:
    match settings.algorithm:
        case "roundrobin" | "leastconn" as name:
            return [f"balance {name}"]
        case "random":
            return ["balance random(1)"]
        case "random2":
            return ["balance random(2)"]
        case "source":
            return [f"balance {_hashed(settings)}", "hash-type map-based"]
        case _:
            return [
                f"balance {_hashed(settings)}", "hash-type consistent", "hash-balance-factor 125"
            ]  # fmt: skip


def _hashed(settings: Settings) -> str:
    kind, _, name = settings.key.partition(":")
    match kind:
        case "header":
            return f"hdr({name})"
        case "cookie":
            return f"hash req.cook({name})"
        case "path":
            return "uri"
        case _:
            return "source"


def _server(server: Server, settings: Settings) -> str:
    made = f"server {server.name} {endpoint(server.host, server.port)}"
    made += f" weight {server.weight * finer(settings)}"
    if settings.sticky is not None:
        made += f" cookie {server.name}"
    if settings.proxy_protocol:
        made += " send-proxy-v2"
    passive = settings.passive
    if settings.check is not None or passive is not None:
        check = settings.check or Check()
        made += f" check inter {_ms(check.interval)} fall {check.fall} rise {check.rise}"
    if passive is not None:
        layer = "layer7" if settings.layer == 7 else "layer4"
        made += f" observe {layer} error-limit {passive.fails} on-error mark-down"
    return made


def finer(settings: Settings) -> int:
    """What weights are multiplied by, so that chance and ring divide as finely as they should."""
    if settings.algorithm not in ("random", "random2", "consistent"):
        return 1
    return max(1, min(FINE, HEAVIEST // max(server.weight for server in settings.backends)))


def _ms(seconds: float) -> str:
    return f"{round(seconds * 1000)}ms"
