"""A ws: or wss: URL (RFC 6455 §3), read as an address bar reads its http: or https: twin."""

import re
from dataclasses import dataclass

from netlab.errors import NetlabError
from netlab.experiments.trace import typed as address_bar
from netlab.experiments.trace.typed import Typed

TWINS = {"ws": "http", "wss": "https"}
SCHEMES = {twin: scheme for scheme, twin in TWINS.items()}
LAB = "ws://ws.example.com/echo"
LAB_SECURE = "wss://ws.example.com/echo"
SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.-]*)://", re.ASCII)


@dataclass(frozen=True, slots=True)
class Target:
    """typed: the twin, with host, port and path as they are sent. preloaded hosts become wss."""

    typed: Typed

    @property
    def scheme(self) -> str:
        return SCHEMES[self.typed.scheme]

    @property
    def secure(self) -> bool:
        return self.scheme == "wss"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.typed.authority}{self.typed.request_target}"


def parse(text: str) -> Target:
    """Raises NetlabError for all that is no WebSocket URL, with what was most likely meant."""
    match = SCHEME.match(text)
    scheme = match[1].lower() if match else ""
    rest = text[match.end() :] if match else text
    if scheme not in TWINS:
        raise _mistaken(scheme, text, rest)
    if "#" in rest:
        raise NetlabError(
            f"{text}: a WebSocket URL has no fragment.",
            cause="what follows # stays in a browser and names a place on a page (RFC 6455 §3)",
            advice=f"leave it out: {scheme}://{rest.partition('#')[0]}",
        )
    return Target(address_bar.parse(f"{TWINS[scheme]}://{rest}"))


def _mistaken(scheme: str, text: str, rest: str) -> NetlabError:
    match scheme:
        case "wws":
            return NetlabError(
                f"{text}: there is no wws.",
                cause="some notes teach it; the secure scheme is wss: ws inside TLS, as https is "
                "http inside TLS (RFC 6455 §3)",
                advice=f"wss://{rest}",
            )
        case "http" | "https":
            meant = SCHEMES[scheme]
            return NetlabError(
                f"{text}: this asks for a page, not for a WebSocket.",
                cause=f"the opening travels as HTTP, the URL says {meant}: {meant}:// has the port "
                f"of {scheme}://",
                advice=f"{meant}://{rest}",
            )
        case "":
            return NetlabError(
                f"{text}: a WebSocket URL names its scheme.",
                cause="ws is in the clear, on port 80; wss is inside TLS, on port 443",
                advice=f"wss://{rest.strip()} or ws://{rest.strip()}",
            )
    return NetlabError(
        f"{text}: {scheme}: is no scheme of WebSocket's.",
        cause="there are two: ws and wss (RFC 6455 §3)",
        advice=f"wss://{rest}",
    )
