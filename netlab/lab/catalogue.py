"""Which hosts the lab has, where they live, and what each shows.

Addresses under real names are of the blocks that RFC 5737 and RFC 3849 keep for documentation:
a lab's www.google.com must never be taken for the real one's address. The name servers' zones
and the web servers' sites are both made from this table.
"""

from dataclasses import dataclass
from typing import Literal

DnsFault = Literal[
    "", "nxdomain", "nodata", "servfail", "refused", "silent", "lame", "delegation-loop",
    "cname-loop", "truncated",
]  # fmt: skip
TcpFault = Literal["", "refused", "black-hole", "unreachable"]
TlsKind = Literal[
    "", "expired", "not-yet-valid", "wrong-name", "untrusted-root", "self-signed",
    "missing-intermediate", "handshake-failure", "plain-http", "tls12", "silent",
]  # fmt: skip
Site = Literal[
    "search", "portal", "cdn", "plain", "redirects", "redirect-loop", "endless", "oversized",
    "slow-drip", "garbage", "control-characters", "markup", "silent", "cut", "bomb", "error",
    "hugeheaders", "socketio", "websocket", "unruly", "push", "app", "evil", "authorization",
    "resource", "resource-asking",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Host:
    """One name of the lab. v4, v6: its addresses; cname: the name it is an alias of, instead.

    dns, tcp, tls and site say what its servers do; empty is in good order. tcp6 is the fault of
    its IPv6 address alone. shows: the line of `netlab lab hosts`.
    """

    name: str
    shows: str
    v4: tuple[str, ...] = ()
    v6: tuple[str, ...] = ()
    cname: str = ""
    dns: DnsFault = ""
    tcp: TcpFault = ""
    tcp6: TcpFault = ""
    tls: TlsKind = ""
    site: Site = "plain"
    https_record: bool = False
    ttl: int = 300
    redirects_to: str = ""
    sans: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()


def broken(name: str, shows: str, last: int, **kind: object) -> Host:
    """A host of broken.example.org, at 198.51.100.`last`."""
    return Host(
        f"{name}.broken.example.org", shows, v4=(f"198.51.100.{last}",), **kind  # type: ignore[arg-type]
    )  # fmt: skip


HOSTS: tuple[Host, ...] = (
    Host("google.com", "the bare name: redirects to www", ("203.0.113.9",), ("2001:db8:6::9",),
         site="search", redirects_to="www.google.com"),
    Host("www.google.com", "a search page over HTTP/2, with an HTTPS record",
         ("203.0.113.10",), ("2001:db8:6::10",), site="search", https_record=True),
    Host("accounts.google.com", "a name of the HSTS preload list: http:// typed is https spoken",
         ("203.0.113.11",)),
    Host("naver.com", "the bare name: redirects to www", ("203.0.113.19",), site="portal",
         redirects_to="www.naver.com"),
    Host("www.naver.com", "a portal page behind a CNAME", cname="www.naver.com.nheos.com",
         ttl=600, site="portal"),
    Host("www.naver.com.nheos.com", "where www.naver.com points", ("203.0.113.20", "203.0.113.21"),
         ttl=30, site="portal"),
    Host("www.example.com", "one small page", ("203.0.113.30",), ("2001:db8:6::30",)),
    Host("example.com", "one small page", ("203.0.113.30",), ("2001:db8:6::30",)),
    Host("xn--3e0b707e.example.com", "한국.example.com, a name in Hangul: both its spellings",
         ("203.0.113.31",)),
    Host("cdn.example.net", "a chain of two CNAMEs to an edge server",
         cname="cdn.example.net.edge.example.com", ttl=300, site="cdn"),
    Host("cdn.example.net.edge.example.com", "the middle of that chain",
         cname="e7.edge.example.com", ttl=60, site="cdn"),
    Host("e7.edge.example.com", "the edge server at its end", ("203.0.113.40",),
         ("2001:db8:6::40",), ttl=20, site="cdn", sans=("*.example.net",)),
    Host("redirects.example.org", "a long redirect chain, six hops to the page",
         ("203.0.113.50",), site="redirects", ports=(8443,)),
    Host("tls12.example.org", "a server that speaks TLS 1.2 at most", ("203.0.113.51",),
         tls="tls12"),
    Host("ws.example.com", "echoes WebSocket messages, on the ports of HTTP and HTTPS",
         ("203.0.113.55",), site="websocket"),
    Host("chat.example.com", "a Socket.IO server with rooms, on the ports of HTTP and HTTPS",
         ("203.0.113.56",), site="socketio"),
    Host("unruly.example.com", "breaks one of WebSocket's rules, by path", ("203.0.113.57",),
         site="unruly"),
    Host("push.example.com", "sends the same news in five ways, to compare what each costs",
         ("203.0.113.58",), site="push"),
    Host("app.example.com", "a site with a login, and a WebSocket that greets its visitors",
         ("203.0.113.61",), site="app", ports=(8443,)),
    Host("evil.app.example.com", "a sibling's page, which opens that WebSocket in your name",
         ("203.0.113.62",), site="evil"),
    Host("evil.example.net", "a foreign page, which tries the same", ("203.0.113.63",),
         site="evil"),
    Host("auth.example.com", "an OAuth authorization server, with a login and a consent page",
         ("203.0.113.70",), site="authorization"),
    Host("auth.example.net", "another one, which has nothing to do with the first",
         ("203.0.113.71",), site="authorization"),
    Host("api.example.com", "a resource server: photos, for tokens that it verifies by itself",
         ("203.0.113.72",), site="resource"),
    Host("files.example.com", "a resource server which asks the authorization server about tokens",
         ("203.0.113.73",), site="resource-asking"),
    Host("dead-ipv6.example.org", "its IPv6 address is a black hole: IPv4 wins the race",
         ("203.0.113.52",), ("2001:db8:dead::52",), tcp6="black-hole"),
    Host("www.example.co.kr", "four zones deep: kr, co.kr and example.co.kr lead to it",
         ("203.0.113.60",), ttl=3600),
    broken("nxdomain", "the name does not exist", 1, dns="nxdomain"),
    broken("nodata", "the name exists and has no address", 2, dns="nodata"),
    broken("servfail", "its name server fails", 3, dns="servfail"),
    broken("refused-dns", "its name server refuses to answer", 4, dns="refused"),
    broken("silent-dns", "its name server never answers", 5, dns="silent"),
    broken("lame", "delegated to a server that does not serve it", 6, dns="lame"),
    broken("delegation-loop", "two zones that are each other's only name servers", 7,
           dns="delegation-loop"),
    broken("cname-loop", "an alias that leads back to itself", 8, dns="cname-loop"),
    broken("truncated", "an answer too large for UDP: asked again over TCP", 9, dns="truncated"),
    broken("refused", "nothing listens on its ports", 11, tcp="refused"),
    broken("unreachable", "no route leads to its address", 12, tcp="unreachable"),
    broken("black-hole", "its address swallows every SYN", 13, tcp="black-hole"),
    broken("expired", "a certificate that has expired", 21, tls="expired"),
    broken("not-yet-valid", "a certificate of the future", 22, tls="not-yet-valid"),
    broken("wrong-name", "a certificate for another name", 23, tls="wrong-name"),
    broken("untrusted-root", "a chain to a root that nobody trusts", 24, tls="untrusted-root"),
    broken("self-signed", "a certificate that signs itself", 25, tls="self-signed"),
    broken("missing-intermediate", "a chain with its middle left out", 26,
           tls="missing-intermediate"),
    broken("handshake-failure", "a server that refuses every handshake", 27,
           tls="handshake-failure"),
    broken("plain-http", "plain HTTP on port 443", 28, tls="plain-http"),
    broken("silent-tls", "accepts, and never says a word", 29, tls="silent"),
    broken("redirect-loop", "redirects to itself for ever", 41, site="redirect-loop"),
    broken("endless", "a body that never ends", 42, site="endless"),
    broken("oversized", "a body of announced 8 GiB", 43, site="oversized"),
    broken("slow-drip", "one octet of the body a second", 44, site="slow-drip"),
    broken("garbage", "answers with something that is not HTTP", 45, site="garbage"),
    broken("control-characters", "escape codes in every text it sends", 46,
           site="control-characters"),
    broken("markup", "terminal markup in every text it sends", 47, site="markup"),
    broken("silent-http", "takes the request and never answers", 48, site="silent"),
    broken("cut", "closes in the middle of the body", 49, site="cut"),
    broken("bomb", "a small body that inflates without end", 50, site="bomb"),
    broken("error", "answers every request with status 500", 51, site="error"),
    broken("huge-headers", "header fields beyond every limit", 52, site="hugeheaders"),
)  # fmt: skip
