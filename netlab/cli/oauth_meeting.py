"""`netlab oauth walkthrough` with a person of flesh and blood, at the lab or at a provider."""

import asyncio
import os
import sys
import threading
import webbrowser
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from netlab.cli.networks import chosen, in_lab
from netlab.cli.oauth_runs import wake, warm
from netlab.cli.options import Look
from netlab.cli.run import perform
from netlab.errors import Exit, NetlabError
from netlab.network.base import Network

if TYPE_CHECKING:
    from netlab.experiments.oauth.met import Options
    from netlab.experiments.oauth.presets import Preset

SECRET = "NETLAB_CLIENT_SECRET"
METHODS = ("", "client_secret_basic", "client_secret_post", "none")
AUTH, API = ("auth.example.com", "203.0.113.70"), ("api.example.com", "203.0.113.72")


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed, as it was typed. issuer None: the lab's. browser None: as it can be."""

    issuer: str | None
    browser: bool | None
    client_id: str
    client_secret: bool
    auth_method: str
    api: str
    port: int
    insecure: bool
    cacert: str | None
    scope: str
    oidc: bool
    pkce: bool
    keep_secrets: bool
    grant: str = "code"


def meet(asked: Asked, look: Look) -> Exit:
    if asked.auth_method not in METHODS:
        raise NetlabError(
            f"--auth-method {asked.auth_method}: not a way of proving who a client is",
            advice=", ".join(METHODS[1:]),
        )
    if asked.api:
        _protected("--api", asked.api)
    if asked.issuer is None:
        return _at_the_lab(asked, look)
    preset, issuer = _issuer(asked.issuer)
    if not asked.client_id and (preset is not None or asked.grant == "client-credentials"):
        raise NetlabError(
            f"--issuer {asked.issuer}: --client-id is missing.",
            cause="it registers nobody over HTTP: you get one in its developer console"
            if preset else "nobody who registers over HTTP may act for himself",
            advice=preset.note if preset else "register the application at the provider",
        )  # fmt: skip
    secret = _secret() if asked.client_secret else ""
    network, _ = chosen("internet", urlsplit(issuer).hostname or "", None, asked.cacert, {}, warm)
    options = _options(asked, issuer, secret, preset)
    return _perform(options, network, look)


def _perform(options: "Options", network: Network, look: Look) -> Exit:
    from netlab.experiments.oauth import meeting

    return perform(
        "oauth walkthrough", lambda bench: meeting.run(bench, options), network, look
    )  # fmt: skip


def _at_the_lab(asked: Asked, look: Look) -> Exit:
    """The lab's servers under names of localhost, which every browser finds by itself."""
    network = in_lab(None, None, {}, warm, oauth=True)
    try:
        wake(network)
        _, port = network.dialled(AUTH[1], 80, "tcp")
        _, api_port = network.dialled(API[1], 80, "tcp")
        issuer = f"http://{AUTH[0]}.localhost:{port}"
        options = _options(asked, issuer, "", None, f"http://{API[0]}.localhost:{api_port}")
    except BaseException:
        network.close()
        raise
    sys.stderr.write("Log in as alice or bob; the password is “correct horse”.\n")
    return _perform(options, network, look)


def _options(
    asked: Asked, issuer: str, secret: str, preset: "Preset | None", lab_api: str = ""
) -> "Options":
    from netlab.experiments.oauth.met import Options

    opens = sys.stdin.isatty() if asked.browser is None else asked.browser
    return Options(
        issuer, _show if opens else _print, _show_code if opens else _print_code, asked.grant,
        None if opens else _line, client_id=asked.client_id, secret=secret,
        scope=_scope(asked, preset, lab_api),
        auth_method=asked.auth_method, api=asked.api or lab_api or (preset.api if preset else ""),
        resource=lab_api, port=asked.port, pkce=asked.pkce, insecure=asked.insecure,
        keep_secrets=asked.keep_secrets or bool(lab_api), preset=preset,
    )  # fmt: skip


def _scope(asked: Asked, preset: "Preset | None", lab_api: str) -> str | None:
    """None where the grant's usual one will do; --oidc adds to whatever it is."""
    usual = preset.scope if preset else "openid profile photos.read" if lab_api else ""
    scope = asked.scope or (usual if lab_api or asked.oidc else "")
    if lab_api and asked.grant == "refresh" and not asked.scope:
        scope += " offline_access"
    if asked.oidc and "openid" not in scope.split():
        scope = f"openid {scope}".strip()
    return scope or None


def _issuer(text: str) -> "tuple[Preset | None, str]":
    from netlab.experiments.oauth.presets import PRESETS

    if text in PRESETS:
        return PRESETS[text], PRESETS[text].issuer
    if not _names_a_server(text):
        raise NetlabError(
            f"--issuer {text}: not an issuer.",
            cause="it is a URL without query or fragment (RFC 8414 §2)",
            advice=f"https://accounts.example.com, or one of {', '.join(PRESETS)}",
        )
    _protected("--issuer", text)
    return None, text


def _names_a_server(text: str) -> bool:
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        return False
    known = parts.scheme in ("http", "https") and bool(host)
    return known and not parts.query and not parts.fragment


def _protected(option: str, url: str) -> None:
    """Raises NetlabError for an address where anybody on the way could listen."""
    from netlab.experiments.oauth.world import protected

    if protected(url):
        return
    if not url.startswith("http://"):
        raise NetlabError(f"{option} {url}: not an https URL.")
    raise NetlabError(
        f"{option} {url}: http is for this machine alone.",
        cause="codes, tokens and secrets travel to it (RFC 6749 §3.1, §3.2)",
        advice=url.replace("http", "https", 1),
    )


def _secret() -> str:
    """From the environment, or from a prompt that shows nothing; never from the command line."""
    if secret := os.environ.get(SECRET):
        return secret
    if not sys.stdin.isatty():
        raise NetlabError(
            "--client-secret: there is none.", cause=f"nobody can be asked here, and {SECRET} "
            "is not set", advice=f"put it into the environment as {SECRET}",
        )  # fmt: skip
    from getpass import getpass

    return getpass("client secret (not shown): ")


async def _show(url: str) -> None:
    await _print(url)
    await asyncio.to_thread(webbrowser.open, url)


async def _show_code(code: str, where: str, complete: str) -> None:
    await _print_code(code, where, complete)
    await asyncio.to_thread(webbrowser.open, complete or where)


async def _print_code(code: str, where: str, _: str) -> None:
    from netlab.views.text import escape

    sys.stderr.write(
        f"Open this address, on whatever you like, and type the code {escape(code)}:\n\n"
        f"{escape(where)}\n\nnetlab asks until you have decided; Ctrl-C ends it.\n"
    )
    sys.stderr.flush()


async def _print(url: str) -> None:
    from netlab.views.text import escape

    sys.stderr.write(f"Open this address, and come back with what it ends at:\n\n{escape(url)}\n\n")
    sys.stderr.flush()


async def _line() -> str:
    """What is pasted, a line of it; the thread that waits for it holds nobody up."""
    if sys.stdin.isatty():
        sys.stderr.write("Paste the address that the browser ends at: ")
        sys.stderr.flush()
    loop = asyncio.get_running_loop()
    told: asyncio.Future[str] = loop.create_future()

    def tell(text: str) -> None:
        if not told.done():
            told.set_result(text)

    def read() -> None:
        text = sys.stdin.readline()
        try:
            loop.call_soon_threadsafe(tell, text)
        except RuntimeError:  # the flow ended first, and its loop with it
            return

    threading.Thread(target=read, name="pasted", daemon=True).start()
    return await told
