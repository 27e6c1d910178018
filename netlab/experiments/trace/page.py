"""Chapter 9: what a browser would fetch next, counted from the document that really came.

netlab fetches none of it. Reading the document stands aside of the journey's time.
"""

import re
from collections import Counter
from urllib.parse import urlsplit

from netlab.experiments.bench import Bench
from netlab.experiments.trace.resources import Contents, contents
from netlab.recording.records import Value

SECONDS = 0.5
"""How long reading may take, whatever the document is made of."""

NAMED = 20
"""Addresses of one kind that are listed; a document may hold any number."""

CHARSETS = re.compile(
    r"utf-?8|utf-16(le|be)?|us-ascii|iso-8859-\d{1,2}|windows-\d{3,4}|koi8-[ru]|euc-(kr|jp)"
    r"|ks_c_5601-1987|cp949|shift_jis|iso-2022-(jp|kr)|gb2312|gbk|gb18030|big5",
    re.IGNORECASE,
)
"""Charsets that are believed: Python knows stranger ones, some of them slow on purpose."""

DECLARED = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE)


def run(bench: Bench, body: bytes, content_type: str | None, url: str, complete: bool) -> None:
    """Write chapter 9. body: decoded; complete: False when it was cut (then so is the count)."""
    step = bench.step("page", "The page")
    kind = kind_of(body, content_type)
    told = bench.recorder.fact
    told(step, "page.kind", kind, origin="captured")
    if kind != "html":
        told(step, "page.total", 0, origin="computed")
        told(step, "page.complete", complete)
        return
    stop = bench.recorder.now() + SECONDS
    with bench.recorder.phase(step, "page count", "netlab", path="aside"):
        found = contents(text_of(body, content_type), url, lambda: bench.recorder.now() < stop)
    facts = {
        name: told(step, f"page.{name}", value, unit, "computed")
        for name, value, unit in _facts(found, body, url, complete)
        if value is not None
    }
    _judge(bench, step, found, facts, url, complete and found.whole)


def kind_of(body: bytes, content_type: str | None) -> str:
    """html, other or empty. Without a type a browser sniffs; so do we, a little."""
    if not body:
        return "empty"
    essence = (content_type or "").partition(";")[0].strip().lower()
    if essence in ("text/html", "application/xhtml+xml"):
        return "html"
    sniffed = not essence and re.match(
        rb"\s*<(!doctype html|html|head|body|script|!--)", body, re.I
    )
    return "html" if sniffed else "other"


def text_of(body: bytes, content_type: str | None) -> str:
    """Decode as a browser does: byte order mark, then the header, then the document's <meta>."""
    for mark, charset in ((b"\xef\xbb\xbf", "utf-8"), (b"\xfe\xff", "utf-16-be"),
                          (b"\xff\xfe", "utf-16-le")):  # fmt: skip
        if body.startswith(mark):
            return body[len(mark) :].decode(charset, "replace")
    header = re.search(r"charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", content_type or "", re.I)
    meta = DECLARED.search(body[:1024])
    named = header[1] if header else meta[1].decode("ascii", "replace") if meta else "utf-8"
    charset = named if CHARSETS.fullmatch(named) else "utf-8"
    try:
        return body.decode(charset, "replace")
    except LookupError:  # iso-8859-99
        return body.decode("utf-8", "replace")


def origin_of(url: str) -> str:
    """Scheme and authority: what a connection, and the browser's same-origin rule, go by."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _facts(
    found: Contents, body: bytes, url: str, complete: bool
) -> list[tuple[str, Value, str | None]]:
    counts = Counter(resource.kind for resource in found.resources)
    scripts = Counter(r.how for r in found.resources if r.kind == "script")
    origins = dict.fromkeys(origin_of(resource.url) for resource in found.resources)
    resources: dict[str, Value] = dict(counts.most_common())
    ways: dict[str, Value] = {str(way): number for way, number in scripts.most_common()}
    return [
        ("title", found.title or None, None),
        ("resources", resources, None),
        ("total", len(found.resources), None),
        ("render_blocking", sum(r.blocks for r in found.resources), None),
        ("scripts", ways or None, None),
        ("lazy", sum(r.lazy for r in found.resources), None),
        ("inline_scripts", found.inline_scripts, None),
        ("inline_styles", found.inline_styles, None),
        ("origins", list(origins), None),
        ("other_origins", sum(origin != origin_of(url) for origin in origins), None),
        ("mixed", list(_mixed(found, url)[:NAMED]) or None, None),
        ("inspected", len(body), "B"),
        ("complete", complete and found.whole, None),
    ]


def _mixed(found: Contents, url: str) -> list[str]:
    """What an https page would have fetched in plain (W3C Mixed Content)."""
    if not url.startswith("https:"):
        return []
    return [r.url for r in found.resources if r.url.startswith("http:")]


def _judge(
    bench: Bench, step: str, found: Contents, facts: dict[str, str], url: str, complete: bool
) -> None:
    finding = bench.recorder.finding
    blocking = sum(r.blocks for r in found.resources)
    if blocking:
        finding(
            step, "note", f"Nothing is painted before {_files(blocking)} more arrived.",
            "Scripts can be deferred (`defer`), style sheets for print marked as such.",
            (facts["render_blocking"],), "render-blocking",
        )  # fmt: skip
    if "mixed" in facts:
        finding(
            step, "warning", f"This https page wants {_files(len(_mixed(found, url)))} in plain.",
            "Browsers upgrade images and block the rest: write https in those addresses.",
            (facts["mixed"],), "page",
        )  # fmt: skip
    if not complete:
        finding(
            step, "note", "The count is of the part of the document that was read.",
            "What follows it may ask for more.", (facts["complete"], facts["inspected"]), "page",
        )  # fmt: skip


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"
