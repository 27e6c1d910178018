import json
from typing import Any

import pytest

from netlab.recording.records import Recording
from netlab.views import har
from tests.views import sample

RECORDINGS = (sample.trace(), sample.twice(), sample.hostile(), sample.generic())


def entries(recording: Recording) -> list[dict[str, Any]]:
    made = json.loads(har.draw(recording))["log"]["entries"]
    assert isinstance(made, list)
    return made


@pytest.mark.parametrize("recording", RECORDINGS)
def test_phases_without_ssl_sum_to_time(recording: Recording) -> None:
    for entry in entries(recording):
        timings = entry["timings"]
        done = [value for name, value in timings.items() if name != "ssl" and value != -1]
        assert sum(done) == pytest.approx(entry["time"])
        assert all(value >= 0 for value in done)
        assert timings["ssl"] <= timings["connect"]


def test_one_navigation() -> None:
    (entry,) = entries(sample.trace())
    assert entry["timings"] == pytest.approx(
        {"blocked": -1, "dns": 12.4, "connect": 52.7, "ssl": 31.7, "send": 1, "wait": 19,
         "receive": 11}
    )  # fmt: skip
    assert entry["request"]["url"] == sample.URL
    assert entry["response"]["status"] == 200
    assert entry["response"]["content"] == {"size": 18_432, "mimeType": "text/html"}
    assert entry["response"]["bodySize"] == 6_144
    assert entry["serverIPAddress"] == "142.250.76.36"
    assert entry["startedDateTime"] == "2026-11-23T22:00:00.000+00:00"


def test_what_was_not_done_is_minus_one() -> None:
    again = entries(sample.twice())[-1]
    assert again["timings"]["dns"] == again["timings"]["ssl"] == -1
    assert again["timings"]["connect"] == pytest.approx(21)
    assert again["pageref"] == "page_again_1"


def test_a_journey_that_broke_has_waited() -> None:
    book = sample.recorder()
    step = book.step("http", "HTTP")
    sample.facts(book, step, http_url=sample.URL, http_error="timeout")
    book.span(step, "waited", 0.0, 0.5, "far end", outcome="failed")
    (entry,) = entries(book.finish(7))
    assert entry["response"]["status"] == 0
    assert entry["timings"] == {
        "blocked": -1, "dns": -1, "connect": -1, "ssl": -1, "send": 0, "wait": 500, "receive": 0,
    }  # fmt: skip


def test_what_the_format_demands_is_there() -> None:
    archive = json.loads(har.draw(sample.twice()))["log"]
    assert archive["version"] == "1.2"
    assert archive["creator"] == {"name": "netlab", "version": "0.1"}
    assert {page["id"] for page in archive["pages"]} == {e["pageref"] for e in archive["entries"]}
    for entry in archive["entries"]:
        assert entry.keys() >= {
            "startedDateTime", "time", "request", "response", "cache", "timings",
        }  # fmt: skip
        assert entry["request"].keys() == {
            "method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize",
            "bodySize",
        }  # fmt: skip
        assert entry["response"].keys() == {
            "status", "statusText", "httpVersion", "cookies", "headers", "content",
            "redirectURL", "headersSize", "bodySize",
        }  # fmt: skip


def test_nothing_raw_stands_in_it() -> None:
    text = har.draw(sample.hostile())
    assert text.isascii()
    assert not [char for char in text if char != "\n" and not char.isprintable()]
