"""nginx's configuration for a balancer's settings, as `haproxyconf` writes HAProxy's."""

from dataclasses import dataclass

from netlab.addresses import endpoint
from netlab.balance.settings import Server, Settings
from netlab.errors import NetlabError
from netlab.experiments.loadbalancing.haproxyconf import plain, refuse

LACKS = {
    "maglev": ("Maglev's table", "consistent, which is a ring there too"),
    "ewma": (
        "a choice by response time",
        "leastconn (least_time is in its commercial edition, and free from version 1.31 on)",
    ),
}
TURNS = (
    "# Who asks for a WebSocket gets one; all others share connections that are kept.",
    "map $http_upgrade $turn {",
    '    default "";',
    "    ~*^websocket$ upgrade;",
    "}",
    "map $http_upgrade $into {",
    '    default "";',
    "    ~*^websocket$ websocket;",
    "}",
)
"""RFC 9110 §7.8, and WebSocket alone, as our layer 7 has it: by h2c requests would get past it."""
LOG = '$status "$upstream_addr" "$upstream_connect_time"'


@dataclass(frozen=True, slots=True)
class Extra:
    """What a run in a temporary folder needs. home: that folder. user: whom a root runs it as.

    down: servers that get nothing, for now.
    """

    home: str
    user: str = ""
    down: tuple[str, ...] = ()


def text(settings: Settings, extra: Extra | None = None) -> str:
    """Raises NetlabError for what nginx lacks."""
    refuse("nginx", settings.algorithm, LACKS)
    plain(settings)
    if settings.check is not None and extra is None:
        raise NetlabError(
            "nginx has no active checks: it learns of a sick server from real requests only.",
            advice="leave out --check (health_check is in its commercial edition)",
        )
    if settings.sticky is not None:
        raise NetlabError(
            "nginx sets no cookie of its own to keep a client at its server before version 1.29.6, "
            "which few systems have.",
            advice="hash by one that your application sets: --algorithm consistent "
            f"--key cookie:{settings.sticky}; or take haproxy",
        )
    if settings.proxy_protocol:
        raise NetlabError(
            "nginx speaks the PROXY protocol's first version to servers, not the second.",
            advice="leave out --proxy-protocol, or take haproxy",
        )
    made = [*_main(extra), "events {", "    worker_connections 8192;", "}"]
    body = _http(settings, extra) if settings.layer == 7 else _stream(settings, extra)
    return "\n".join([*made, *body]) + "\n"


def _main(extra: Extra | None) -> list[str]:
    if extra is None:
        return ["worker_processes auto;"]
    user = [f"user {extra.user};"] if extra.user else []
    return [
        *user, "worker_processes 1;", "worker_rlimit_nofile 20000;", "daemon off;",
        f"pid {extra.home}/pid;", f"error_log {extra.home}/error.log warn;",
    ]  # fmt: skip


def _http(settings: Settings, extra: Extra | None) -> list[str]:
    inner = [*_places(extra), *TURNS, *_upstream(settings, extra), *_server(settings)]
    return ["http {", *(f"    {line}" for line in inner), "}"]


def _places(extra: Extra | None) -> list[str]:
    """Nothing is written to the folders that the package was built with."""
    if extra is None:
        return []
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temp = [f"{kind}_temp_path {extra.home}/{kind};" for kind in kinds]
    return [*temp, f"log_format seen '{LOG}';", f"access_log {extra.home}/access.log seen;"]


def _upstream(settings: Settings, extra: Extra | None) -> list[str]:
    down = extra.down if extra else ()
    servers = [_one(server, settings, server.name in down) for server in settings.backends]
    kept = ["keepalive 256;"] if settings.layer == 7 else []
    inner = [*_balance(settings), *servers, *kept]
    return ["upstream servers {", *(f"    {line}" for line in inner), "}"]


def _balance(settings: Settings) -> list[str]:
    key = _key(settings)
    match settings.algorithm:
        case "leastconn":
            return ["least_conn;"]
        case "random":
            return ["random;"]
        case "random2":
            return ["random two least_conn;"]
        case "source":
            # ip_hash would look at three octets of four: a network behind it is one client.
            return [f"hash {key};"]
        case "consistent":
            return [f"hash {key} consistent;"]
        case _:
            return []


def _key(settings: Settings) -> str:
    kind, _, name = settings.key.partition(":")
    match kind:
        case "header":
            return f"$http_{name.lower().replace('-', '_')}"
        case "cookie":
            return f"$cookie_{name}"
        case "path":
            return "$uri"
        case _:
            return "$remote_addr"


def _one(server: Server, settings: Settings, down: bool) -> str:
    made = f"server {endpoint(server.host, server.port)} weight={server.weight}"
    passive = settings.passive
    if passive is None:
        made += " max_fails=0"
    else:
        made += f" max_fails={passive.fails} fail_timeout={max(1, round(passive.rest))}s"
    return f"{made}{' down' if down else ''};"


def _server(settings: Settings) -> list[str]:
    times = settings.timeouts
    host, port = settings.listen
    secure = settings.tls_cert is not None
    inner = [f"listen {endpoint(host, port)}{' ssl' if secure else ''};"]
    if secure:
        inner += [f"ssl_certificate {settings.tls_cert};"]
        inner += [f"ssl_certificate_key {settings.tls_key};"]
    statuses = " http_500 http_502 http_503 http_504" if settings.passive else ""
    inner += [
        f"keepalive_timeout {round(times.idle)}s;",
        "keepalive_requests 1000000;",
        "location / {",
        "    proxy_pass http://servers;",
        "    proxy_http_version 1.1;",
        "    proxy_set_header Connection $turn;",
        "    proxy_set_header Upgrade $into;",
        "    proxy_set_header Host $http_host;",
        "    proxy_set_header X-Forwarded-For $remote_addr;",
        f"    proxy_connect_timeout {_ms(times.connect)};",
        f"    proxy_read_timeout {_ms(times.response)};",
        "    # What broke off is sent to the next server, even if the first may have carried it",
        "    # out; of requests that are not idempotent only those that were not sent yet.",
        f"    proxy_next_upstream error timeout{statuses};",
        "}",
    ]
    return ["server {", *(f"    {line}" for line in inner), "}"]


def _stream(settings: Settings, extra: Extra | None) -> list[str]:
    times = settings.timeouts
    inner = [
        *_upstream(settings, extra), "server {", f"    listen {endpoint(*settings.listen)};",
        "    proxy_pass servers;", f"    proxy_connect_timeout {_ms(times.connect)};",
        f"    proxy_timeout {_ms(times.idle)};", "}",
    ]  # fmt: skip
    return ["stream {", *(f"    {line}" for line in inner), "}"]


def _ms(seconds: float) -> str:
    return f"{round(seconds * 1000)}ms"
