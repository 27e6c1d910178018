"""What the `netlab oauth` commands do."""

import asyncio
import contextlib
import socket
import ssl
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from netlab.cli.networks import in_lab
from netlab.cli.options import Look
from netlab.cli.run import Experiment, perform
from netlab.errors import Exit
from netlab.network.base import Network
from netlab.views.text import escape

if TYPE_CHECKING:
    from netlab.experiments.oauth.walkthrough import Choose

HOSTS = ("auth.example.com", "api.example.com")
PATIENCE = 10.0


def in_the_lab(name: str, run: Experiment, look: Look) -> Exit:
    return perform(name, run, in_lab(None, None, {}, warm, oauth=True, wake=wake), look)


def chooser() -> "Choose | None":
    """The person at the terminal decides for Alice; in a pipe nobody is asked."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None

    async def choose(boxes: Sequence[str]) -> tuple[bool, tuple[str, ...] | None]:
        sys.stderr.write(
            f"The application asks for: {escape(', '.join(boxes))}\n"
            "Approve for Alice? Return for all of it, n for nothing, or the scopes to allow: "
        )
        sys.stderr.flush()
        answer = (await asyncio.to_thread(sys.stdin.readline)).strip()
        if answer.lower() in ("n", "no"):
            return False, None
        if answer.lower() in ("", "y", "yes"):
            return True, None
        return True, tuple(answer.replace(",", " ").split())

    return choose


def other(grant: str, scope: str, deny: bool, look: Look) -> Exit:
    """A grant other than the code grant, of which the walkthrough is."""
    from netlab.experiments.oauth.grants import device, life, older
    from netlab.experiments.oauth.walkthrough import READ

    runs: dict[str, Experiment] = {
        "implicit": lambda bench: older.implicit(bench, scope or READ),
        "password": lambda bench: older.password(bench, scope or READ),
        "client-credentials": lambda bench: older.credentials(bench, scope or READ),
        "device": lambda bench: device.device(bench, scope or READ, not deny),
        "refresh": life.refresh,
    }
    return in_the_lab(f"oauth walkthrough --grant {grant}", runs[grant], look)


def wake(network: Network) -> None:
    """Ask each of the lab's servers once: it makes its keys when it is first needed."""
    context = ssl.create_default_context(cafile=network.cafile)
    for host in HOSTS:
        with contextlib.suppress(OSError):
            address = asyncio.run(network.addresses(host))[0]
            plain = socket.create_connection(network.dialled(address, 443, "tcp"), PATIENCE)
            with plain, context.wrap_socket(plain, server_hostname=host) as secure:
                path = "/.well-known/oauth-authorization-server"
                secure.sendall(f"GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
                while secure.recv(65536):
                    pass


def warm() -> None:
    """Import all that the experiment needs before any clock runs."""
    import joserfc.jws

    from netlab.experiments.oauth import walkthrough  # noqa: F401
    from netlab.views import journey as _view  # noqa: F401 - drawing must not be kept waiting

    del joserfc
