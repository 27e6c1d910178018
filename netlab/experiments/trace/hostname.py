"""A host as a person types it: a name in any script, or an address in any spelling.

Browsers agree on the WHATWG URL standard here, not on RFC 3986: names go through UTS #46, and
numbers that classic C libraries took for addresses (`127.1`, `0x7f000001`) still are ones.
"""

import ipaddress
import re
import unicodedata
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote_to_bytes

from netlab.errors import NetlabError

NameWarning = Literal["mixed-script", "lookalike"]

FORBIDDEN = frozenset("\0\t\n\r #%/:<>?@[\\]^|\x7f!\"$&'()*+,;=`{}~")
"""What no name may hold. The WHATWG list, and the sub-delims of RFC 3986 §2.2 besides: some
browsers look names with those up, but no public name has any."""

DOTS = str.maketrans({"。": ".", "．": ".", "｡": "."})
"""UTS #46 §4: input methods type these where a dot is meant."""

LOOKALIKES = frozenset("асԁеһіјӏорԛѕԝхуъьҽпгѵѡ")
"""Cyrillic letters that a reader takes for Latin ones (after Chromium's list)."""

TOGETHER = (
    frozenset({"LATIN", "CJK", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "CJK", "HANGUL"}),
    frozenset({"LATIN", "CJK", "BOPOMOFO"}),
)
"""Scripts that are written together: UTS #39 §5.2, "highly restrictive"."""


TOO_LONG = "it is longer than the 253 octets that DNS allows"


@dataclass(frozen=True, slots=True)
class Hostname:
    """host: as it goes on the wire (ASCII; an IPv6 address without brackets).

    unicode: the other spelling, for an internationalized name only. literal: the address, when
    the host is one.
    """

    host: str
    unicode: str | None = None
    literal: str | None = None
    warnings: tuple[NameWarning, ...] = ()


def hostname(text: str) -> Hostname:
    """Read the host of a URL. Raises NetlabError (usage) when nothing can be looked up by it."""
    if text.startswith("["):
        return _bracketed(text)
    name = _unquoted(text).translate(DOTS)
    if name.isascii():
        return _plain(name.lower())
    return _international(name)


def _bracketed(text: str) -> Hostname:
    """RFC 3986 §3.2.2: an IPv6 address stands in brackets in a URL."""
    try:
        address = ipaddress.IPv6Address(text[1:-1]) if text.endswith("]") else None
    except ValueError:
        address = None
    if address is None or address.scope_id is not None:
        # RFC 9844 took zones (fe80::1%eth0) out of URLs again; browsers never had them.
        raise unusable(text, "what stands in the brackets is not an IPv6 address")
    return Hostname(address.compressed, literal=address.compressed)


def _plain(name: str) -> Hostname:
    if any(character in FORBIDDEN for character in name):
        raise unusable(name, "it holds a character that no host name may hold")
    address = ipv4(name)
    if address is not None:
        return Hostname(address, literal=address)
    _check_labels(name)
    return _with_unicode(name) if "xn--" in name else Hostname(name)


def _international(name: str) -> Hostname:
    import idna

    if len(name) > 253:
        raise unusable(name, TOO_LONG)
    try:
        mapped = idna.uts46_remap(name, std3_rules=False, transitional=False)
        labels = [_ascii_label(label) for label in mapped.split(".")]
    except (idna.IDNAError, UnicodeError) as error:
        raise unusable(name, _clip(str(error))) from None
    return _plain(".".join(labels))


def _ascii_label(label: str) -> str:
    """RFC 5891; symbols, which it forbids and browsers look up all the same, in Punycode."""
    import idna

    if label.isascii():
        return label
    if any(unicodedata.category(character) == "So" for character in label):
        return "xn--" + label.encode("punycode").decode("ascii")
    return idna.alabel(label).decode("ascii")


def _with_unicode(name: str) -> Hostname:
    """The readable spelling of a name that was typed as ASCII; itself where a label lies."""
    import idna

    labels = []
    for label in name.split("."):
        try:
            labels.append(idna.ulabel(label))
        except (idna.IDNAError, UnicodeError):
            labels.append(_symbols(label))
    return _judged(name, ".".join(labels))


def _symbols(label: str) -> str:
    try:
        decoded = label.removeprefix("xn--").encode("ascii").decode("punycode")
    except UnicodeError:
        return label
    return decoded if any(unicodedata.category(c) == "So" for c in decoded) else label


def _judged(host: str, unicode: str) -> Hostname:
    if unicode == host:
        return Hostname(host)
    found: list[NameWarning] = []
    if any(_mixes(label) for label in unicode.split(".")):
        found.append("mixed-script")
    if any(_pretends(label) for label in unicode.split(".")):
        found.append("lookalike")
    return Hostname(host, unicode, warnings=tuple(found))


def _mixes(label: str) -> bool:
    scripts = {script(c) for c in label if c.isalpha()}
    return len(scripts) > 1 and not any(scripts <= allowed for allowed in TOGETHER)


def _pretends(label: str) -> bool:
    letters = {c for c in label if c.isalpha()}
    return bool(letters) and not label.isascii() and letters <= LOOKALIKES


def script(character: str) -> str:
    """The script of a letter, by the first word of its name: Python carries no script table."""
    return unicodedata.name(character, "UNKNOWN").split("-")[0].split(" ")[0]


def ipv4(name: str) -> str | None:
    """An IPv4 address in any spelling a browser takes; None when the name is no number.

    WHATWG URL §3.5: a host whose last label is a number is an address, or an error.
    """
    parts = name.removesuffix(".").split(".")
    if not re.fullmatch(r"\d+|0[xX][0-9a-fA-F]*", parts[-1], re.ASCII):
        return None
    numbers = [_number(part) for part in parts]
    *heads, last = numbers
    limit = 256 ** (5 - len(numbers)) if len(numbers) <= 4 else 0
    if any(head > 255 for head in heads) or last >= limit:
        raise unusable(name, "it ends in a number, and is not an IPv4 address")
    value = last + sum(head << (24 - 8 * place) for place, head in enumerate(heads))
    return str(ipaddress.IPv4Address(value))


def _number(part: str) -> int:
    """Decimal, octal after a 0, hexadecimal after 0x; what is none of these is too large."""
    base = 16 if part[:2] in ("0x", "0X") else 8 if part.startswith("0") and len(part) > 1 else 10
    digits = part[2:] if base == 16 else part
    if len(digits) > 32 or not (digits or base == 16):
        return 1 << 64
    try:
        return int(digits or "0", base) if digits.isalnum() or not digits else 1 << 64
    except ValueError:
        return 1 << 64


def _check_labels(name: str) -> None:
    """RFC 1035 §2.3.4: labels of 1 to 63 octets, 253 in all (as text, without the last dot)."""
    stem = name.removesuffix(".")
    labels = stem.split(".")
    if not all(labels):
        raise unusable(name, "it has an empty label: two dots meet, or it begins with one")
    if any(len(label) > 63 for label in labels):
        raise unusable(name, "one of its labels is longer than the 63 octets that DNS allows")
    if len(stem) > 253:
        raise unusable(name, TOO_LONG)


def _unquoted(text: str) -> str:
    if "%" not in text:
        return text
    try:
        return unquote_to_bytes(text).decode("utf-8")
    except UnicodeError:
        raise unusable(text, "its percent-encoding is not UTF-8") from None


def _clip(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "..."


def unusable(host: str, why: str) -> NetlabError:
    """The error for a host that names nothing."""
    return NetlabError(
        f"{_clip(host)!r} cannot be a host: {why}.",
        where="Address bar",
        cause="Most likely a slip of the keyboard.",
        advice="Check the part between the scheme and the first slash.",
    )
