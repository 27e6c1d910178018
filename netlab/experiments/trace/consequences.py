"""Chapter 8, second half: what the answer's header fields make a browser do.

Pure: it reads an answer that has come, and writes facts and findings.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from netlab.experiments.bench import Bench
from netlab.experiments.trace.caching import caching, delta_seconds, directives
from netlab.experiments.trace.cookies import Cookie, cookies, timestamp
from netlab.experiments.trace.typed import Typed
from netlab.network.http import Answer
from netlab.recording.records import Severity, Value

SKEW = 60.0
"""Seconds by which two clocks may differ before it is worth a word; Date has whole seconds."""

WORTH_PACKING = 1400
"""Octets: less fits into one packet, packed or not."""

TEXTUAL = re.compile(r"text/|application/(\S+\+)?(json|xml|javascript)|image/svg", re.IGNORECASE)
ALTERNATIVE = re.compile(r'([!#$%&\'*+.^_`|~\w-]+)="([^"]{0,200})"(?:\s*;\s*ma=(\d{1,9}))?', re.A)

REDIRECTS: dict[int, tuple[str, bool]] = {
    301: ("permanent", False),
    302: ("temporary", False),
    303: ("see-other", False),
    307: ("temporary", True),
    308: ("permanent", True),
}
"""RFC 9110 §15.4: what it says of the address, and whether a POST must stay a POST."""

STATUS_SAYS = {
    400: "it did not understand the request",
    401: "it wants to know who is asking",
    403: "it refuses to serve this",
    404: "it has nothing under this address",
    405: "it does not take this method here",
    421: "this name is not served on this connection",
    429: "it has been asked too often",
    500: "it failed inside",
    502: "a server behind it gave no sense",
    503: "it cannot serve anyone now",
    504: "a server behind it did not answer in time",
}


@dataclass
class Notes:
    """Where the analysis writes. secure: https whose certificate was verified."""

    bench: Bench
    step: str
    typed: Typed
    answer: Answer
    secure: bool
    wall: float
    ids: dict[str, str] = field(default_factory=dict)

    def fact(self, name: str, value: Value, unit: str | None = None, captured: bool = True) -> None:
        """Note what an answer said, or what follows from it. None is not said."""
        if value is not None:
            self.ids[name] = self.bench.recorder.fact(
                self.step, f"http.{name}", value, unit, "captured" if captured else "computed"
            )

    def finding(
        self, severity: Severity, title: str, advice: str, facts: tuple[str, ...], explain: str
    ) -> None:
        rests = tuple(self.ids[name] for name in facts if name in self.ids)
        self.bench.recorder.finding(self.step, severity, title, advice, rests, explain)


def run(
    bench: Bench,
    step: str,
    typed: Typed,
    answer: Answer,
    facts: dict[str, str],
    wall: float,
    verified: bool = True,
) -> None:
    """Write what follows from this answer. facts: ids of what is written already (`status`)."""
    secure = typed.scheme == "https" and verified
    notes = Notes(bench, step, typed, answer, secure, wall, dict(facts))
    for tell in TOLD:
        tell(notes)


def _status(notes: Notes) -> None:
    """The server's answer, whatever it is, is no fault of the network's."""
    status = notes.answer.status
    if status < 400:
        return
    says = STATUS_SAYS.get(status, "it failed" if status >= 500 else "it will not serve this")
    advice = (
        "The network did its work. Ask again later, or look at the server's own logs."
        if status >= 500
        else "The network did its work. Check the address, and what the server wants with it."
    )
    notes.finding("note", f"The server answers {status}: {says}.", advice, ("status",), "http")


def _redirect(notes: Notes) -> None:
    status, location = notes.answer.status, notes.answer.header("location")
    if status not in REDIRECTS:
        return
    kind, kept = REDIRECTS[status]
    notes.fact("redirect_kind", kind, captured=False)
    notes.fact("method_kept", kept, captured=False)
    if location is None:
        notes.finding(
            "warning", f"The status {status} sends elsewhere, and no Location says where.",
            "The server has to name it (RFC 9110 §15.4).", ("status",), "redirects",
        )  # fmt: skip
    elif notes.typed.scheme == "http" and location.lower().startswith("https:"):
        notes.finding(
            "good", "Plain HTTP is sent on to https at once.",
            "This first answer could still be forged on the way: HSTS is what prevents that.",
            ("location",), "hsts",
        )  # fmt: skip
    elif notes.typed.scheme == "https" and location.lower().startswith("http:"):
        notes.finding(
            "warning", "The redirect leads from https back to plain HTTP.",
            "Anyone on the way can read and change what follows: redirect to https.",
            ("location",), "redirects",
        )  # fmt: skip


def _cookies(notes: Notes) -> None:
    found = cookies(notes.answer.headers, notes.typed.host, notes.typed.scheme, notes.wall)
    if not found:
        return
    notes.fact("cookies", [cookie.value() for cookie in found])
    for cookie in found:
        if cookie.refused:
            notes.finding(
                "warning", f"Browsers refuse the cookie {cookie.name}: {cookie.refused}.",
                "Whatever relies on it will not work.", ("cookies",), "cookies",
            )  # fmt: skip
    for lacks, severity, attribute, advice in COOKIE_RULES:
        names = [cookie.name for cookie in found if not cookie.refused and lacks(notes, cookie)]
        if names:
            title = f"{_count(len(names), 'cookie')} without {attribute}: {_some(names)}."
            notes.finding(severity, title, advice, ("cookies",), "cookies")


COOKIE_RULES: tuple[tuple[Callable[[Notes, Cookie], bool], Severity, str, str], ...] = (
    (lambda notes, cookie: not cookie.secure and notes.typed.scheme == "https", "warning", "Secure",
     "It would travel over plain HTTP too, for all to read: set Secure."),
    (lambda notes, cookie: not cookie.http_only, "note", "HttpOnly",
     "Every script of the page can read it: set HttpOnly unless one has to."),
    (lambda notes, cookie: cookie.same_site is None, "note", "SameSite",
     "Browsers differ in what they assume then (most take Lax): say which one is meant."),
)  # fmt: skip


def _caching(notes: Notes) -> None:
    if not 200 <= notes.answer.status < 600:
        return
    found = caching(notes.answer)
    notes.fact("caching", found.verdict, captured=False)
    notes.fact("caching_why", found.why or None, captured=False)
    notes.fact("max_age", found.max_age, "s")
    age = delta_seconds(notes.answer.header("age") or "")
    notes.fact("age", age, "s")
    notes.fact("etag", notes.answer.header("etag"))
    notes.fact("last_modified", notes.answer.header("last-modified"))
    notes.fact("vary", notes.answer.header("vary"))


def _hsts(notes: Notes) -> None:
    """RFC 6797. Over plain HTTP, on an address, or with a doubtful certificate: nothing."""
    line = next(
        (value for name, value in notes.answer.headers
         if name.lower() == "strict-transport-security"), None,
    )  # fmt: skip
    if line is None:
        return
    said = directives(line)
    seconds = delta_seconds(said.get("max-age", ""))
    if seconds is None or not notes.secure or notes.typed.literal is not None:
        notes.fact("hsts_ignored", True, captured=False)
        notes.finding(
            "note", "Strict-Transport-Security has no effect here.",
            "It needs a max-age, and counts only over https, for a name, with a valid "
            "certificate (RFC 6797 §8.1).", ("hsts_ignored",), "hsts",
        )  # fmt: skip
        return
    notes.fact("hsts_max_age", seconds, "s")
    notes.fact("hsts_subdomains", "includesubdomains" in said)
    notes.fact("hsts_preload", "preload" in said)
    if seconds:
        notes.finding(
            "good", "From now on a browser will use nothing but https here (HSTS).",
            "The very first visit is protected by the preload list alone.",
            ("hsts_max_age", "hsts_subdomains"), "hsts",
        )  # fmt: skip


def _no_hsts(notes: Notes) -> None:
    html = (notes.answer.header("content-type") or "").lower().startswith("text/html")
    if not (notes.secure and html and 200 <= notes.answer.status < 300):
        return
    if notes.typed.literal or notes.typed.preloaded or notes.typed.host == "localhost":
        return
    if notes.answer.header("strict-transport-security") is None:
        notes.finding(
            "note", "The server does not ask for https next time (no HSTS).",
            "Until it does, whoever types http:// may be met by someone else on the way.",
            ("status",), "hsts",
        )  # fmt: skip


def _compression(notes: Notes) -> None:
    answer = notes.answer
    if answer.encoding not in ("", "identity"):
        if answer.complete and answer.body and answer.encoding in ("gzip", "x-gzip", "deflate"):
            notes.fact("packed_to", round(answer.raw_size / len(answer.body), 3), captured=False)
        return
    textual = TEXTUAL.match(answer.header("content-type") or "")
    if textual and answer.complete and answer.raw_size > WORTH_PACKING:
        notes.finding(
            "note", f"{answer.raw_size} octets of text came unpacked.",
            "gzip makes text three to five times smaller; netlab had said that it takes it.",
            ("wire_size", "content_type"), "compression",
        )  # fmt: skip


def _content_type(notes: Notes) -> None:
    sniffing = (notes.answer.header("x-content-type-options") or "").strip().lower() != "nosniff"
    notes.fact("nosniff", not sniffing)
    if notes.answer.body and notes.answer.header("content-type") is None:
        notes.finding(
            "note", "The server does not say what it sent (no Content-Type).",
            "A browser guesses from the octets, and guesses can be led astray: name the type.",
            ("status",), "http",
        )  # fmt: skip


def _server(notes: Notes) -> None:
    notes.fact("server", notes.answer.header("server"))
    date = notes.answer.header("date")
    at = None if date is None else timestamp(date)
    if at is None:
        return
    age = delta_seconds(notes.answer.header("age") or "") or 0
    skew = round(at + age - notes.wall, 1)
    notes.fact("clock_skew", skew, "s", captured=False)
    if abs(skew) > SKEW:
        way = "ahead of" if skew > 0 else "behind"
        notes.finding(
            "note", f"The server's clock is {abs(round(skew))} seconds {way} yours.",
            "One of the two is wrong. Certificates, cookies and caches all go by the clock.",
            ("clock_skew",), "caching",
        )  # fmt: skip


def _alternatives(notes: Notes) -> None:
    """RFC 7838: where else the same is served; it is how browsers learn of HTTP/3."""
    line = notes.answer.header("alt-svc")
    if line is None:
        return
    offers: list[Value] = [
        {"protocol": match[1], "authority": match[2], "lifetime": int(match[3] or 86400)}
        for match in ALTERNATIVE.finditer(line[:2000])
    ]
    notes.fact("alt_svc", offers)
    if any(isinstance(offer, dict) and offer["protocol"] == "h3" for offer in offers):
        notes.finding(
            "note", "The server offers HTTP/3; a browser's next visit may go over QUIC.",
            "netlab speaks 1.1 and 2 only: what you see here is not that path.",
            ("alt_svc",), "http2",
        )  # fmt: skip


TOLD: tuple[Callable[[Notes], None], ...] = (
    _status, _redirect, _cookies, _caching, _hsts, _no_hsts, _compression, _content_type, _server,
    _alternatives,
)  # fmt: skip


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
