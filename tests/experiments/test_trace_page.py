"""Chapter 9 as it is written down."""

import pytest

from netlab.experiments.bench import Bench
from netlab.experiments.trace.page import kind_of, origin_of, run, text_of
from netlab.network.base import Network, SocketAddress, Transport
from netlab.recording.recorder import Recorder
from netlab.recording.records import Fact, Finding, Header, Phase, Recording

URL = "https://a.example/"
HTML = "text/html; charset=utf-8"


class Nowhere(Network):
    name = "nowhere"
    resolvers = ()
    roots = ()

    def dialled(self, address: str, port: int, transport: Transport) -> SocketAddress:
        raise AssertionError("chapter 9 fetches nothing")


def chapter(
    body: bytes, content_type: str | None = HTML, complete: bool = True, ticks: float = 0.0
) -> Recording:
    """The chapter on a clock that goes on by `ticks` whenever it is looked at."""
    instant = 0.0

    def clock() -> float:
        nonlocal instant
        instant += ticks
        return instant

    recorder = Recorder(Header("", (), "trace", "nowhere", {}), clock)
    run(Bench(recorder, Nowhere()), body, content_type, URL, complete)
    return recorder.finish()


def facts(recording: Recording) -> dict[str, object]:
    return {record.name: record.value for record in recording.records if isinstance(record, Fact)}


def test_the_page_is_counted() -> None:
    told = facts(
        chapter(
            b"<title>T</title><link rel=stylesheet href=/a.css><script src=/b.js></script>"
            b"<script src=//cdn.example/c.js defer></script>"
            b"<img src=http://b.example/i loading=lazy>"
        )
    )
    assert told["page.kind"] == "html"
    assert told["page.title"] == "T"
    assert told["page.resources"] == {"script": 2, "stylesheet": 1, "image": 1}
    assert told["page.scripts"] == {"blocking": 1, "defer": 1}
    assert told["page.total"] == 4
    assert told["page.render_blocking"] == 2
    assert told["page.origins"] == [
        "https://a.example", "https://cdn.example", "http://b.example",
    ]  # fmt: skip
    assert told["page.other_origins"] == 2
    assert (told["page.lazy"], told["page.complete"]) == (1, True)
    assert told["page.mixed"] == ["http://b.example/i"]


def test_the_count_stands_aside_of_the_journey() -> None:
    (phase,) = [record for record in chapter(b"<p>").records if isinstance(record, Phase)]
    assert (phase.name, phase.path, phase.owner) == ("page count", "aside", "netlab")


def test_a_document_that_was_cut_gives_a_count_that_says_so() -> None:
    recording = chapter(b"<img src=a>", complete=False)
    assert facts(recording)["page.complete"] is False
    assert any("part" in r.title for r in recording.records if isinstance(r, Finding))


def test_a_document_that_takes_too_long_is_left_in_the_middle() -> None:
    recording = chapter(b"<img src=a>" * 40_000, ticks=0.2)
    assert facts(recording)["page.complete"] is False
    assert facts(recording)["page.total"] == 1


@pytest.mark.parametrize(
    ("body", "content_type", "kind"),
    [
        (b"", HTML, "empty"),
        (b"<p>", HTML, "html"),
        (b"<p>", "TEXT/HTML", "html"),
        (b"<p>", "application/xhtml+xml", "html"),
        (b"{}", "application/json", "other"),
        (b"<!DOCTYPE html>", None, "html"),
        (b"<!DOCTYPE html>", "text/plain", "other"),
        (b"hello", None, "other"),
    ],
)
def test_only_html_is_counted(body: bytes, content_type: str | None, kind: str) -> None:
    assert kind_of(body, content_type) == kind
    assert facts(chapter(body, content_type))["page.kind"] == kind


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("가".encode("euc-kr"), "text/html; charset=EUC-KR"),
        (b'<meta charset="euc-kr">' + "가".encode("euc-kr"), "text/html"),
        ("\ufeff가".encode(), "text/html; charset=euc-kr"),
        ("\ufeff가".encode("utf-16-le"), None),
        ("가".encode(), "text/html; charset=unicode_escape"),
        ("가".encode(), "text/html; charset=iso-8859-99"),
        ("가".encode(), None),
    ],
)
def test_text_is_decoded_as_browsers_do(body: bytes, content_type: str | None) -> None:
    assert text_of(body, content_type).endswith("가")


def test_an_origin_holds_no_user_name() -> None:
    assert origin_of("https://u:p@a.example:8443/x") == "https://a.example:8443"


def test_findings_rest_on_facts() -> None:
    recording = chapter(b"<head><script src=http://b.example/x></script>", complete=False)
    ids = {record.id for record in recording.records if isinstance(record, Fact)}
    findings = [record for record in recording.records if isinstance(record, Finding)]
    assert [finding.severity for finding in findings] == ["note", "warning", "note"]
    for finding in findings:
        assert finding.facts
        assert set(finding.facts) <= ids
