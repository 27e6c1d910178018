"""HTTP Archive 1.2: one entry for each journey of a recording.

`connect` includes `ssl`, as the format says, so the phases without `ssl` sum to `time`; what was
not done is -1, and not 0. What belongs to none of them stands in `blocked`.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from netlab.recording.ledger import Ledger, ledger, prefix_of, visit_of
from netlab.recording.records import Field, Message, Phase, Recording, Value
from netlab.views.story import Journey, Story

GROUPS = {"dns.lookup": "dns", "tcp": "tcp", "tls": "ssl", "http": "http"}
"""Which of HAR's phases a chapter's time belongs to; that of any other is `blocked`."""

VERSIONS = {"1.1": "HTTP/1.1", "2": "HTTP/2.0"}

Known = dict[str, Value]


def draw(recording: Recording) -> str:
    """The archive's text. ASCII only: nothing in it acts on a terminal."""
    return json.dumps({"log": log(recording)}, indent=1, allow_nan=False) + "\n"


def log(recording: Recording) -> dict[str, Any]:
    story = Story(recording)
    books = {visit: ledger(recording.records, visit) for visit in story.visits}
    pages = [_page(visit, book, recording) for visit, book in books.items() if book.leaves]
    entries = [
        made
        for journey in story.journeys
        if (made := _entry(journey, story, books[visit_of(journey.prefix)])) is not None
    ]
    version = recording.header.versions.get("netlab", "")
    return {
        "version": "1.2",
        "creator": {"name": "netlab", "version": version},
        "pages": pages,
        "entries": entries,
    }


def _page(visit: str, book: Ledger, recording: Recording) -> dict[str, Any]:
    return {
        "startedDateTime": _wall_clock(recording, book.start),
        "id": _page_id(visit),
        "title": " ".join(recording.header.command),
        "pageTimings": {"onContentLoad": -1, "onLoad": -1},
    }


def _page_id(visit: str) -> str:
    return f"page_{visit.replace('/', '_')}".rstrip("_") if visit else "page"


def _wall_clock(recording: Recording, seconds: float) -> str:
    try:
        began = datetime.fromisoformat(recording.header.started)
        return (began + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError):
        return recording.header.started


def _entry(journey: Journey, story: Story, book: Ledger) -> dict[str, Any] | None:
    known: Known = {f.name: f.value for f in story.facts if prefix_of(f.step) == journey.prefix}
    url = known.get("http.url") or known.get("url.url")
    leaves = [p for p in book.leaves if prefix_of(p.step) == journey.prefix]
    if not isinstance(url, str) or not leaves:
        return None
    phases = timings(leaves, story, known)
    made: dict[str, Any] = {
        "pageref": _page_id(visit_of(journey.prefix)),
        "startedDateTime": _wall_clock(story.recording, leaves[0].start),
        "time": _total(phases),
        "request": _request(journey, url, known),
        "response": _response(known),
        "cache": {},
        "timings": phases,
    }
    if isinstance(known.get("tcp.remote_address"), str):
        made["serverIPAddress"] = known["tcp.remote_address"]
    if isinstance(known.get("tcp.local_port"), int):
        made["connection"] = str(known["tcp.local_port"])
    return made


def timings(leaves: list[Phase], story: Story, known: Known) -> dict[str, float]:
    """HAR's phases in milliseconds, from the leaves of the ledger."""
    spent: defaultdict[str, float] = defaultdict(float)
    for phase in leaves:
        chapter = story.chapter_of(phase.step)
        group = GROUPS.get(chapter.step.topic, "blocked") if chapter else "blocked"
        spent[group] += (phase.end - phase.start) * 1e3
    http = spent.get("http", 0.0)
    wait = min(_milliseconds(known.get("http.ttfb")) or 0.0, http)
    receive = min(_milliseconds(known.get("http.transfer_time")) or 0.0, http - wait)
    if "http.ttfb" not in known:
        wait = http  # no answer came: all of it was waiting
    connected = "tcp" in spent or "ssl" in spent
    return {
        "blocked": spent.get("blocked", -1),
        "dns": spent.get("dns", -1),
        "connect": spent.get("tcp", 0.0) + spent.get("ssl", 0.0) if connected else -1,
        "ssl": spent.get("ssl", -1),
        "send": http - wait - receive,
        "wait": wait,
        "receive": receive,
    }


def _total(phases: dict[str, float]) -> float:
    return sum(value for name, value in phases.items() if name != "ssl" and value > 0)


def _milliseconds(value: Value) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return max(0.0, value * 1e3)


def _request(journey: Journey, url: str, known: Known) -> dict[str, Any]:
    headers = next(_request_headers(journey), [])
    return {
        "method": str(known.get("http.method") or "GET"),
        "url": url,
        "httpVersion": _version(known),
        "cookies": [
            {"name": name, "value": value}
            for header, text in headers
            if header.lower() == "cookie"
            for name, _, value in (part.strip().partition("=") for part in text.split(";"))
        ],
        "headers": [{"name": name, "value": value} for name, value in headers],
        "queryString": [],
        "headersSize": -1,
        "bodySize": 0,
    }


def _response(known: Known) -> dict[str, Any]:
    headers = _pairs(known.get("http.headers"))
    status = known.get("http.status")
    body, wire = known.get("http.body_size"), known.get("http.wire_size")
    return {
        "status": status if isinstance(status, int) else 0,
        "statusText": str(known.get("http.reason") or ""),
        "httpVersion": _version(known),
        "cookies": [_set_cookie(value) for name, value in headers if name.lower() == "set-cookie"],
        "headers": [{"name": name, "value": value} for name, value in headers],
        "content": {
            "size": body if isinstance(body, int) else 0,
            "mimeType": str(known.get("http.content_type") or ""),
        },
        "redirectURL": str(known.get("http.location") or ""),
        "headersSize": -1,
        "bodySize": wire if isinstance(wire, int) else -1,
    }


def _version(known: Known) -> str:
    return VERSIONS.get(str(known.get("http.version")), "")


def _pairs(value: Value) -> list[tuple[str, str]]:
    rows = value if isinstance(value, list) else []
    return [(str(row[0]), str(row[1])) for row in rows if isinstance(row, list) and len(row) == 2]


def _set_cookie(text: str) -> dict[str, str]:
    name, _, value = text.partition(";")[0].partition("=")
    return {"name": name.strip(), "value": value.strip()}


def _request_headers(journey: Journey) -> Iterator[list[tuple[str, str]]]:
    """Of each message that the client sent and that has any: field lines or HPACK's fields."""
    for chapter in journey.chapters:
        for message in chapter.all(Message):
            if message.sender == "you" and message.protocol.startswith("http"):
                headers = list(_headers(message.fields))
                if headers:
                    yield headers


def _headers(fields: tuple[Field, ...]) -> Iterator[tuple[str, str]]:
    for field in fields:
        inside = {child.name for child in field.children}
        if field.name == "header field" and isinstance(field.value, str):
            name, _, value = field.value[1:].partition(": ")
            yield field.value[:1] + name, value  # a pseudo-header begins with a colon
        elif "field-value" in inside:
            yield field.name, str(field.value)
        else:
            yield from _headers(field.children)
