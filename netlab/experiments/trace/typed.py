"""What a browser's address bar makes of what was typed.

Two questions, each with a rule that decides it: is this a search or a URL, and if a URL, over
which scheme. Parsing is that of the WHATWG URL standard, which browsers follow; where RFC 3986
would say otherwise the comment names it.
"""

import ipaddress
import re
import warnings
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Literal
from urllib.parse import quote, urljoin

# Loaded here, before any clock: its tables take 20 ms, and every trace needs them.
import hstspreload

from netlab.errors import Exit, NetlabError
from netlab.experiments.trace.hostname import DOTS, Hostname, NameWarning, hostname

Kind = Literal["url", "search"]
Source = Literal[
    "typed", "https-first", "hsts-preload", "plain-by-rule", "fallback", "redirect"
]  # fmt: skip

LIMIT = 8000
"""Characters that are looked at: what RFC 9112 §3 wants every server to take in a request line."""

PORTS = {"http": 80, "https": 443}

SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):")
MAIL_LIKE = {"mailto", "sip", "sips", "xmpp"}
HOST_AND_PORT = re.compile(r"[^/?#\\@]*:\d+(?=[/?#\\]|$)", re.ASCII)

# What WHATWG URL §1.3 leaves as it is in a path and in a query; `%` too, so that what was
# encoded by whoever typed it is not encoded twice.
PATH_SAFE = "%/:@!$&'()*+,;=~-._|[]"
QUERY_SAFE = PATH_SAFE + "?^`{}\\"
FRAGMENT_SAFE = "%/:@!$&'()*+,;=~-._|[]?#^{}\\"


@dataclass(frozen=True, slots=True)
class Typed:
    """What the address bar understood.

    path and query are as they are sent (percent-encoded; query without its question mark, None
    when there is none). fragment stays in the browser. literal: the address, when the host is
    one. may_fall_back: whether plain HTTP may be tried when https cannot be reached.
    """

    text: str
    kind: Kind
    rule: str
    scheme: str = ""
    scheme_source: Source = "typed"
    host: str = ""
    host_unicode: str | None = None
    port: int = 0
    port_typed: bool = False
    path: str = "/"
    query: str | None = None
    fragment: str | None = None
    literal: str | None = None
    preloaded: bool = False
    userinfo: bool = False
    name_warnings: tuple[NameWarning, ...] = ()
    defaulted: tuple[str, ...] = ()

    @property
    def may_fall_back(self) -> bool:
        return self.scheme_source == "https-first" and not self.port_typed

    @property
    def authority(self) -> str:
        """Host, and port where it is not the scheme's own: what `Host` and `:authority` say."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS.get(self.scheme) else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.authority}"

    @property
    def request_target(self) -> str:
        """Path and query: what the request line says (RFC 9112 §3.2.1). No fragment, ever."""
        return self.path if self.query is None else f"{self.path}?{self.query}"

    @property
    def url(self) -> str:
        end = "" if self.fragment is None else f"#{self.fragment}"
        return self.origin + self.request_target + end


def parse(text: str) -> Typed:
    """Understand what was typed. Raises NetlabError (usage) when nothing can be made of it."""
    cleaned = _clean(text)
    if _bare_ipv6(cleaned):
        return _url(cleaned, "ip-literal", "", f"[{cleaned}]")
    scheme, rest = _scheme(cleaned)
    rule = "scheme-typed" if scheme else _rule(cleaned)
    if rule in SEARCHES:
        return Typed(cleaned, "search", rule)
    return _url(cleaned, rule, scheme, rest)


SEARCHES = {"has-space", "single-word", "question-mark", "mail-address", "number", "not-a-host"}


def _clean(text: str) -> str:
    text = text.strip(" \t\r\n\f")
    if not text:
        raise _unusable("Nothing was typed.", "Type an address, such as www.google.com.")
    if len(text) > LIMIT:
        raise _unusable(
            f"This is {len(text)} characters long; netlab reads {LIMIT} at most.",
            "Servers need not take longer ones either (RFC 9112 §3).",
        )
    if any(ord(c) < 32 or 127 <= ord(c) < 160 or 0xD800 <= ord(c) < 0xE000 for c in text):
        raise _unusable(
            "This holds a control character, or octets that are no text.",
            "Type it again by hand: such characters come from copying.",
        )
    return text


def _bare_ipv6(text: str) -> bool:
    """A browser wants brackets around it; whoever types one here means the host."""
    try:
        return ipaddress.IPv6Address(text).scope_id is None
    except ValueError:
        return False


def _scheme(text: str) -> tuple[str, str]:
    """(scheme, what follows its slashes), or ("", text) when none was typed."""
    match = SCHEME.match(text)
    if match is None:
        return "", text
    scheme, rest = match[1].lower(), text[match.end() :]
    if scheme in PORTS:
        # Browsers take any number of slashes, either way round, for the two of RFC 3986.
        return scheme, rest.lstrip("/\\")
    # Without two slashes this may be `localhost:3000`, or words with a colon in them.
    if not rest.startswith("//") and (HOST_AND_PORT.match(text) or " " in text):
        return "", text
    if "@" in text and not rest.startswith("//") and scheme not in MAIL_LIKE:
        return "", text  # user:password@host
    raise _unusable(
        f"netlab traces http and https; {scheme!r} is another scheme.",
        "Begin with https:// for a web page; to search for the words, put a space between them.",
    )


def _rule(text: str) -> str:
    """Which rule says whether this is a search or a URL; the first that fits decides."""
    authority = re.split(r"[/?#\\]", text, maxsplit=1)[0].translate(DOTS)
    after = text[len(authority) :]
    host = authority.rpartition("@")[2]
    port = re.fullmatch(r".*[^:]:\d+", host, re.ASCII) is not None and "[" not in host
    port = port or re.fullmatch(r"\[[^\]]*\]:\d+", host, re.ASCII) is not None
    name = host.rpartition(":")[0] if port else host
    slash = after[:1] in ("/", "\\")
    local = name.lower().removesuffix(".") == "localhost"
    if text.startswith("?"):
        return "question-mark"
    if " " in authority or (" " in text and not (local or "." in name or port or "[" in name)):
        return "has-space"
    if "@" in authority and not slash and not port and ":" not in authority:
        return "mail-address"
    if name.startswith("["):
        return "ip-literal"
    if re.fullmatch(r"[0-9.]*[0-9][0-9.]*", name):
        dotted = re.fullmatch(r"(\d+\.){3}\d+\.?", name) is not None
        return "ip-literal" if dotted or port or slash else "number"
    return _name_rule(name, after, local, port, slash)


def _name_rule(name: str, after: str, local: bool, port: bool, slash: bool) -> str:
    if local:
        return "localhost"
    if re.search(r"[\"'!$&()*+,;=<>^`{}|]", name):
        return "not-a-host"
    if port:
        return "port-typed"
    if "." in name:
        return "dotted-name"
    return "path-typed" if slash and name else "single-word"


def _url(text: str, rule: str, scheme: str, rest: str) -> Typed:
    authority, path, query, fragment = _split(rest)
    userinfo, _, host_and_port = authority.rpartition("@")
    name, port = _port(host_and_port)
    if not name:
        raise _unusable("There is no host in this.", "Write one: https://www.example.com/")
    if re.search(r"\s", name):
        raise _unusable(f"There is a space in the host {_short(name)!r}.", "Take it out.")
    host = hostname(name)
    typed = Typed(
        text, "url", rule, scheme, "typed", host.host, host.unicode,
        path=_encoded_path(path),
        query=None if query is None else quote(query, QUERY_SAFE.replace("'", "")),
        fragment=None if fragment is None else quote(fragment, FRAGMENT_SAFE),
        literal=host.literal,
        preloaded=host.literal is None and preloaded(host.host),
        userinfo=bool(userinfo),
        name_warnings=host.warnings,
    )  # fmt: skip
    return _decided(typed, host, port, bool(path))


def _decided(typed: Typed, host: Hostname, port: int | None, path_typed: bool) -> Typed:
    """Settle scheme and port, and list what nobody had typed."""
    scheme, source = _scheme_for(typed, port)
    if port == 80 and source == "hsts-preload" and scheme == "https":
        port = None  # RFC 6797 §8.3: port 80 becomes 443, any other stays
    defaulted = [
        part
        for part, missing in (
            ("scheme", not typed.scheme),
            ("port", port is None),
            ("path", not path_typed),
        )
        if missing
    ]
    return replace(
        typed,
        scheme=scheme,
        scheme_source=source,
        port=PORTS[scheme] if port is None else port,
        port_typed=port is not None,
        defaulted=tuple(defaulted),
    )


def _scheme_for(typed: Typed, port: int | None) -> tuple[str, Source]:
    """https first, as browsers do since 2021, with their exceptions."""
    if typed.scheme == "https":
        return "https", "typed"
    if typed.preloaded:
        return "https", "hsts-preload"
    if typed.scheme:
        return typed.scheme, "typed"
    name = typed.host.removesuffix(".")
    local = "." not in name or name.endswith(".localhost")
    if typed.literal is not None or local or port not in (None, 443):
        return "http", "plain-by-rule"
    return "https", "https-first"


def _split(rest: str) -> tuple[str, str, str | None, str | None]:
    """Authority, path, query and fragment (RFC 3986 §3); a backslash is a slash in browsers."""
    before, sharp, fragment = rest.partition("#")
    before, mark, query = before.partition("?")
    authority, slash, path = before.replace("\\", "/").partition("/")
    return authority, slash + path, query if mark else None, fragment if sharp else None


def _port(text: str) -> tuple[str, int | None]:
    if text.startswith("["):
        name, bracket, after = text.partition("]")
        name, colon, digits = name + bracket, after[:1], after[1:]
    else:
        name, colon, digits = text.partition(":")
    if not colon:
        return name, None
    if colon == ":" and not digits:
        return name, None
    if colon != ":" or not re.fullmatch(r"0*\d{1,5}", digits, re.ASCII) or int(digits) > 65535:
        raise _unusable(f"{_short(digits)!r} is not a port.", "A port is a number from 1 to 65535.")
    if int(digits) == 0:
        raise _unusable("Nothing can listen on port 0.", "Take a port from 1 to 65535.")
    return name, int(digits)


def _encoded_path(path: str) -> str:
    """As it is sent: encoded, dot segments taken out (RFC 3986 §5.2.4), never empty."""
    kept: list[str] = []
    segments = quote(path, PATH_SAFE).split("/")[1:] or [""]
    for place, segment in enumerate(segments):
        dots = segment.lower().replace("%2e", ".")
        if dots == "..":
            del kept[-1:]
        if dots not in (".", ".."):
            kept.append(segment)
        elif place == len(segments) - 1:
            kept.append("")
    return "/" + "/".join(kept)


def preloaded(host: str) -> bool:
    """Whether the shipped list makes browsers use https for this host before the first visit."""
    with warnings.catch_warnings():
        # The library opens its file by a function that Python 3.11 and 3.12 warn about.
        warnings.simplefilter("ignore", DeprecationWarning)
        return bool(hstspreload.in_hsts_preload(host.removesuffix(".")))


@cache
def list_date() -> str:
    """The month of the shipped preload list, `2025-01`: the package's version is its date."""
    try:
        year, month = version("hstspreload").split(".")[:2]
    except (PackageNotFoundError, ValueError):
        return "unknown"
    return f"{year}-{int(month):02}" if month.isdigit() else "unknown"


def fallen_back(typed: Typed) -> Typed:
    """The same address over plain HTTP, once https could not be reached over TCP."""
    return replace(typed, scheme="http", scheme_source="fallback", port=PORTS["http"])


def redirected(base: Typed, location: str) -> Typed:
    """Where a `Location` leads from here: RFC 3986 §5.2, fragment kept as RFC 9110 §10.2.2 says.

    Raises NetlabError (HTTP) when it leads nowhere that can be traced.
    """
    try:
        cleaned = _clean(location or "#")
        target = _url_of(urljoin(base.url, cleaned.replace("\\", "/")))
    except (NetlabError, ValueError) as error:
        raise NetlabError(
            f"The redirect leads to {_short(location)!r}, which cannot be followed.",
            where="HTTP",
            cause=str(error),
            advice="The server's Location field is at fault; its owner has to mend it.",
            exit=Exit.HTTP,
        ) from None
    fragment = base.fragment if target.fragment is None else target.fragment
    source: Source = "hsts-preload" if target.scheme_source == "hsts-preload" else "redirect"
    return replace(target, fragment=fragment, rule="redirect", scheme_source=source)


def _url_of(text: str) -> Typed:
    """An absolute URL, with no guessing."""
    match = SCHEME.match(text)
    if match is None or match[1].lower() not in PORTS:
        raise _unusable("It is neither http nor https.", "")
    return _url(text, "redirect", match[1].lower(), text[match.end() :].lstrip("/"))


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "..."


def _unusable(what: str, advice: str) -> NetlabError:
    return NetlabError(what, where="Address bar", advice=advice)
