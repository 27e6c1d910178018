"""Chapter 1 as it is written down: facts, and what is odd about an address."""

import pytest

from netlab.experiments.bench import Bench
from netlab.experiments.trace.typed import list_date
from netlab.experiments.trace.url import run
from netlab.network.base import Network, SocketAddress, Transport
from netlab.recording.recorder import Recorder
from netlab.recording.records import Fact, Finding, Header, Step


class Nowhere(Network):
    name = "nowhere"
    resolvers = ()
    roots = ()

    def dialled(self, address: str, port: int, transport: Transport) -> SocketAddress:
        raise AssertionError("chapter 1 goes nowhere")


def bench() -> Bench:
    return Bench(Recorder(Header("", (), "trace", "nowhere", {})), Nowhere())


def told(bench: Bench) -> dict[str, object]:
    records = bench.recorder.finish().records
    return {record.name: record.value for record in records if isinstance(record, Fact)}


def test_the_chapter_writes_its_facts() -> None:
    with_facts = bench()
    run(with_facts, "www.google.com")
    assert told(with_facts) == {
        "url.input": "www.google.com",
        "url.kind": "url",
        "url.rule": "dotted-name",
        "url.scheme": "https",
        "url.scheme_source": "https-first",
        "url.host": "www.google.com",
        "url.port": 443,
        "url.port_source": "default",
        "url.path": "/",
        "url.url": "https://www.google.com/",
        "url.hsts_preloaded": False,
        "url.hsts_list_date": list_date(),
        "url.defaulted": ["scheme", "port", "path"],
    }


def test_a_repeated_journey_has_chapters_of_its_own() -> None:
    again = bench().under("2/")
    run(again, "www.google.com")
    steps = [r for r in again.recorder.finish().records if isinstance(r, Step)]
    assert [(s.id, s.topic) for s in steps] == [("2/url", "url")]


@pytest.mark.parametrize(
    ("text", "severity", "words"),
    [
        ("weather", "note", "searches"),
        ("http://paypal.com", "good", "preloaded"),
        ("https://bank.example@evil.example/", "warning", "user name"),
        ("gооgle.com", "warning", "several scripts"),
        ("аррӏе.com", "warning", "Latin"),
    ],
)
def test_what_is_odd_is_judged_and_rests_on_facts(text: str, severity: str, words: str) -> None:
    judged = bench()
    run(judged, text)
    records = judged.recorder.finish().records
    (finding,) = [record for record in records if isinstance(record, Finding)]
    assert finding.severity == severity
    assert words in finding.title
    facts = {record.id for record in records if isinstance(record, Fact)}
    assert finding.facts
    assert set(finding.facts) <= facts
