"""The lab's authorization server run alone, and what it says when it stands."""

import asyncio
import contextlib
import ipaddress
import sys
import tempfile
from pathlib import Path

from netlab.addresses import address_of, opened
from netlab.cli.parse import seconds
from netlab.errors import Exit, NetlabError
from netlab.lab.alone import Secured
from netlab.lab.alone import serve as answer_until_ended
from netlab.lab.oauth.settings import Settings, legacy
from netlab.lab.oauth.solo import Solo

WORDS = """\
{issuer}
This is its issuer; discovery is at /.well-known/openid-configuration.
Accounts: alice and bob, both with the password: correct horse
Clients:
  web-app       secret {web:24} code, refresh, client credentials{password}
  opaque-app    secret {opaque:24} the same, with opaque access tokens
  native-app    public{blank:24}  code with PKCE, refresh{implicit}
  tv            public{blank:24}  device code, refresh
  files-server  secret {files:24} introspection
Redirect URIs: {callbacks[0]}
  {callbacks[1]} and {callbacks[2]} with any port
Anyone may register another client at /register.
Photos: /api/photos verifies tokens by itself; /files/photos asks about each,
  and takes those that were asked for with resource={issuer}/files
{transport}
Ctrl-C ends it.
"""
PLAIN = (
    "OAuth demands https (RFC 6749 §3.1 and §3.2, RFC 8414 §2). This is http: an exemption for\n"
    "loopback, where nothing leaves the machine."
)
ENCRYPTED = "Its certificate is vouched for by {ca_file}"


def serve(listen: str, tls: bool, old: bool, device_interval: str) -> Exit:
    """Serve at HOST:PORT until told to end. Raises NetlabError when that cannot be."""
    settings = settled(old, device_interval)
    host, port = address_of(listen)
    with contextlib.ExitStack() as after:
        sock = after.enter_context(opened(host, port))
        bound, port = sock.getsockname()[:2]
        check(host, bound, tls)
        issuer = issuer_of(host, port, tls)
        secured = None
        if tls:
            home = after.enter_context(tempfile.TemporaryDirectory(prefix="netlab-oauth-"))
            secured = certified(host, Path(home))
        words = announcement(issuer, old, secured)

        def ready(_: str, __: int) -> None:
            sys.stdout.write(words)
            sys.stdout.flush()

        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(answer_until_ended(sock, Solo(issuer, settings), ready, secured))
    return Exit.OK


def settled(old: bool, device_interval: str) -> Settings:
    settings = legacy() if old else Settings()
    return settings.with_({"device_interval": seconds(device_interval, "--device-interval")})


def check(host: str, bound: str, tls: bool) -> None:
    """An issuer is one URL, and without encryption it is one of this machine."""
    address = ipaddress.ip_address(bound.partition("%")[0])
    if address.is_unspecified:
        raise NetlabError(
            f"{host} stands for every address of this machine, and an issuer is one URL.",
            advice="name the address or the host name by which clients are to reach it",
        )
    if not address.is_loopback and not tls:
        raise NetlabError(
            f"{host} can be reached from other machines, and http would show them every password "
            "and token on the way.",
            cause="OAuth demands https there (RFC 6749 §3.1 and §3.2)",
            advice="--tls serves https; --listen 127.0.0.1:0 stays on this machine",
        )


def issuer_of(host: str, port: int, tls: bool) -> str:
    name = f"[{host}]" if ":" in host else host.lower()
    return f"{'https' if tls else 'http'}://{name}:{port}"


def certified(host: str, home: Path) -> Secured:
    """A certificate of the lab's own authority, made for this run."""
    from netlab.lab.authority import Authority
    from netlab.lab.webtls import TlsEnd

    authority = Authority(home)
    return Secured(TlsEnd(authority, (host,), "", ("http/1.1",)).context(), str(authority.ca_file))


def announcement(issuer: str, old: bool, secured: Secured | None) -> str:
    from netlab.lab.oauth.clients import CALLBACKS, SECRETS

    return WORDS.format(
        issuer=issuer, web=SECRETS["web-app"], opaque=SECRETS["opaque-app"],
        files=SECRETS["files-server"], callbacks=CALLBACKS, blank="",
        password=", and password" if old else "", implicit=", and implicit" if old else "",
        transport=ENCRYPTED.format(ca_file=secured.ca_file) if secured else PLAIN,
    )  # fmt: skip
