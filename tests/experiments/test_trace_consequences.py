"""What header fields make a browser do: tables of answers and what follows from them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.experiments.bench import Bench
from netlab.experiments.trace.caching import caching, directives
from netlab.experiments.trace.consequences import run
from netlab.experiments.trace.cookies import cookie, cookies, timestamp
from netlab.experiments.trace.typed import parse
from netlab.network.base import Network, SocketAddress, Transport
from netlab.network.http import Answer
from netlab.recording.recorder import Recorder
from netlab.recording.records import Fact, Finding, Header, Recording

DATE = "Tue, 15 Nov 1994 08:12:31 GMT"
WALL = 784887151.0
"""The wall clock at DATE."""


class Nowhere(Network):
    name = "nowhere"
    resolvers = ()
    roots = ()

    def dialled(self, address: str, port: int, transport: Transport) -> SocketAddress:
        raise AssertionError("this is pure")


def answer(*headers: tuple[str, str], status: int = 200, body: bytes = b"x") -> Answer:
    return Answer("1.1", status, "", headers, body, len(body), complete=True)


def told(
    given: Answer, url: str = "https://a.example", verified: bool = True
) -> tuple[dict[str, object], list[Finding], Recording]:
    recorder = Recorder(Header("", (), "trace", "nowhere", {}))
    bench = Bench(recorder, Nowhere())
    step = bench.step("http", "HTTP")
    written = {  # what the exchange has written by then
        name: recorder.fact(step, f"http.{name}", "as the exchange says")
        for name in ("status", "location", "content_type", "wire_size")
    }
    run(bench, step, parse(url), given, written, WALL, verified)
    recording = recorder.finish()
    facts: dict[str, object] = {r.name: r.value for r in recording.records if isinstance(r, Fact)}
    return facts, [r for r in recording.records if isinstance(r, Finding)], recording


@pytest.mark.parametrize(
    ("headers", "verdict", "max_age"),
    [
        ([("Cache-Control", "max-age=600")], "stored", 600),
        ([("Cache-Control", 'MAX-AGE="600"')], "stored", 600),
        ([("Cache-Control", "public"), ("cache-control", "max-age=5")], "stored", 5),
        ([("Cache-Control", "max-age=0")], "revalidate", 0),
        ([("Cache-Control", "max-age=soon")], "revalidate", 0),
        ([("Cache-Control", "max-age=99999999999999")], "stored", 1 << 31),
        ([("Cache-Control", "max-age=1, max-age=9")], "stored", 1),
        ([("Cache-Control", "s-maxage=9")], "unsaid", None),
        ([("Cache-Control", "no-store, max-age=9")], "not-stored", None),
        ([("Cache-Control", "no-cache, max-age=9")], "revalidate", None),
        ([("Expires", "Tue, 15 Nov 1994 08:13:31 GMT"), ("Date", DATE)], "stored", 60),
        ([("Expires", "Mon, 14 Nov 1994 08:12:31 GMT"), ("Date", DATE)], "revalidate", 0),
        ([("Expires", "0"), ("Date", DATE)], "revalidate", 0),
        ([("Cache-Control", "max-age=7"), ("Expires", "0")], "stored", 7),
        ([("Pragma", "no-cache")], "revalidate", None),
        ([("Last-Modified", DATE)], "unsaid", None),
        ([], "unsaid", None),
    ],
)  # fmt: skip
def test_caching(headers: list[tuple[str, str]], verdict: str, max_age: int | None) -> None:
    found = caching(answer(*headers))
    assert (found.verdict, found.max_age) == (verdict, max_age)
    facts, _, _ = told(answer(*headers))
    assert facts["http.caching"] == verdict
    assert facts.get("http.max_age") == max_age


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("sid=secret; Secure; HttpOnly; SameSite=Lax; Path=/",
         {"name": "sid", "secure": True, "http_only": True, "same_site": "Lax", "domain": None,
          "path": "/", "lifetime": None}),
        ("a=1; max-age=60; EXPIRES=Tue, 15 Nov 1994 08:12:41 GMT; samesite=strict",
         {"name": "a", "secure": False, "http_only": False, "same_site": "Strict", "domain": None,
          "path": None, "lifetime": 60.0}),
        ("a=1; Expires=Tue, 15 Nov 1994 08:12:41 GMT; Path=x; Domain=.A.Example",
         {"name": "a", "secure": False, "http_only": False, "same_site": None,
          "domain": "a.example", "path": None, "lifetime": 10.0}),
        ("a=1; Max-Age=-5; SameSite=Sometimes",
         {"name": "a", "secure": False, "http_only": False, "same_site": None, "domain": None,
          "path": None, "lifetime": 0.0}),
    ],
)  # fmt: skip
def test_a_cookies_attributes(line: str, expected: dict[str, object]) -> None:
    assert cookie(line, "www.a.example", "https", WALL).value() == expected


@pytest.mark.parametrize(
    ("line", "scheme", "refused"),
    [
        ("a=1; Domain=b.example", "https", "b.example"),
        ("a=1; Domain=example", "https", ""),  # a public suffix, but that takes their list
        ("a=1; Domain=ww.a.example", "https", "ww.a.example"),
        ("a=1; Secure", "http", "Secure"),
        ("a=1; SameSite=None", "https", "SameSite=None"),
        ("a=1; SameSite=None; Secure", "https", ""),
        ("__Secure-a=1", "https", "Secure"),
        ("__Host-a=1; Secure; Path=/", "https", ""),
        ("__Host-a=1; Secure", "https", "Path=/"),
        ("__Host-a=1; Secure; Path=/; Domain=a.example", "https", "no Domain"),
    ],
)
def test_cookies_that_browsers_refuse(line: str, scheme: str, refused: str) -> None:
    found = cookie(line, "www.a.example", scheme, WALL)
    assert refused in found.refused
    assert bool(found.refused) == bool(refused)


def test_no_cookies_value_is_written_down() -> None:
    secret = "hunter2"
    _, _, recording = told(answer(("Set-Cookie", f"sid={secret}; Domain=other.example")))
    assert secret not in repr(recording.records)


def test_cookies_are_judged_together_by_what_they_lack() -> None:
    facts, findings, _ = told(
        answer(("Set-Cookie", "a=1; Secure; HttpOnly; SameSite=Lax"), ("set-cookie", "b=2"),
               ("Set-Cookie", "c=3"))
    )  # fmt: skip
    assert len(facts["http.cookies"]) == 3  # type: ignore[arg-type]
    lacking = [f.title for f in findings if "cookie" in f.title]
    assert lacking == [
        "2 cookies without Secure: b, c.",
        "2 cookies without HttpOnly: b, c.",
        "2 cookies without SameSite: b, c.",
    ]


def test_only_so_many_cookies_are_looked_at() -> None:
    lines = [("Set-Cookie", f"c{number}=1") for number in range(500)]
    assert len(cookies(lines, "a.example", "https", WALL)) == 50


@pytest.mark.parametrize(
    ("line", "url", "verified", "seconds"),
    [
        ("max-age=31536000; includeSubDomains", "https://a.example", True, 31536000),
        ('max-age="10"', "https://a.example", True, 10),
        ("max-age=0", "https://a.example", True, 0),
        ("includeSubDomains", "https://a.example", True, None),
        ("max-age=10", "http://a.example", True, None),
        ("max-age=10", "https://127.0.0.1", True, None),
        ("max-age=10", "https://a.example", False, None),
    ],
)
def test_hsts_counts_only_where_it_may(
    line: str, url: str, verified: bool, seconds: int | None
) -> None:
    facts, findings, _ = told(answer(("Strict-Transport-Security", line)), url, verified)
    assert facts.get("http.hsts_max_age") == seconds
    assert ("http.hsts_ignored" in facts) == (seconds is None)
    assert any(f.severity == "good" for f in findings) == bool(seconds)


HTML = ("Content-Type", "text/html")


@pytest.mark.parametrize(
    ("given", "url", "severity", "words"),
    [
        (answer(HTML), "https://a.example", "note", "no HSTS"),
        (answer(HTML, body=b"x" * 5000), "http://a.example", "note", "unpacked"),
        (answer(), "http://a.example", "note", "Content-Type"),
        (answer(HTML, ("Date", "Tue, 15 Nov 1994 09:12:31 GMT")), "http://a.example", "note",
         "3600 seconds ahead"),
        (answer(HTML, ("Date", "Tue, 15 Nov 1994 07:12:31 GMT")), "http://a.example", "note",
         "3600 seconds behind"),
        (answer(HTML, ("Alt-Svc", 'h3=":443"; ma=2592000, h3-29=":443"')), "http://a.example",
         "note", "HTTP/3"),
        (answer(HTML, status=404), "http://a.example", "note", "nothing under this address"),
        (answer(HTML, status=503), "http://a.example", "note", "cannot serve"),
        (answer(HTML, status=499), "http://a.example", "note", "will not serve"),
        (answer(HTML, status=302), "http://a.example", "warning", "no Location"),
        (answer(HTML, ("Location", "https://a.example/"), status=301), "http://a.example", "good",
         "on to https"),
        (answer(HTML, ("Location", "http://a.example/"), status=301), "https://a.example",
         "warning", "back to plain HTTP"),
        (answer(HTML, ("Set-Cookie", "a=1; Domain=b.example")), "http://a.example", "warning",
         "refuse"),
    ],
)  # fmt: skip
def test_what_is_worth_a_word(given: Answer, url: str, severity: str, words: str) -> None:
    _, findings, recording = told(given, url)
    found = [finding for finding in findings if words in finding.title]
    assert [finding.severity for finding in found] == [severity]
    ids = {record.id for record in recording.records if isinstance(record, Fact)}
    for finding in findings:
        assert finding.facts
        assert set(finding.facts) <= ids


def test_an_error_status_is_an_answer_and_no_fault() -> None:
    for status in range(400, 600):
        _, findings, _ = told(answer(status=status))
        assert {finding.severity for finding in findings} <= {"note"}


@pytest.mark.parametrize(
    ("status", "kind", "kept"),
    [(301, "permanent", False), (302, "temporary", False), (303, "see-other", False),
     (307, "temporary", True), (308, "permanent", True)],
)  # fmt: skip
def test_what_each_redirect_means(status: int, kind: str, kept: bool) -> None:
    facts, _, _ = told(answer(("Location", "/x"), status=status))
    assert (facts["http.redirect_kind"], facts["http.method_kept"]) == (kind, kept)


def test_a_good_answer_draws_no_complaint() -> None:
    _, findings, _ = told(
        answer(
            HTML, ("Strict-Transport-Security", "max-age=31536000"), ("Date", DATE),
            ("X-Content-Type-Options", "nosniff"), ("Cache-Control", "max-age=60"),
            ("Set-Cookie", "__Host-a=1; Secure; HttpOnly; SameSite=Lax; Path=/"),
        )
    )  # fmt: skip
    assert [finding.severity for finding in findings] == ["good"]


def test_alternatives_are_listed() -> None:
    facts, _, _ = told(answer(("Alt-Svc", 'h3=":8443"; ma=60, h2="b.example:443"')))
    assert facts["http.alt_svc"] == [
        {"protocol": "h3", "authority": ":8443", "lifetime": 60},
        {"protocol": "h2", "authority": "b.example:443", "lifetime": 86400},
    ]


def test_the_age_that_a_cache_adds_is_no_skew() -> None:
    facts, _, _ = told(answer(("Date", "Tue, 15 Nov 1994 08:02:31 GMT"), ("Age", "600")))
    assert facts["http.clock_skew"] == 0.0


@given(st.text(max_size=80), st.integers(200, 599))
def test_no_header_makes_it_fall_over(value: str, status: int) -> None:
    names = ["Set-Cookie", "Cache-Control", "Expires", "Date", "Age", "Strict-Transport-Security",
             "Alt-Svc", "Location", "Content-Type", "Server", "Connection", "Pragma"]  # fmt: skip
    told(answer(*((name, value) for name in names), status=status))


@pytest.mark.parametrize("date", ["", "0", "99999999999", "Tue, 99 Nov 1994", "Tue, 15 Nov 0000",
                                  "Fri, 31 Dec 9999 23:59:59 -2359", "\x00"])  # fmt: skip
def test_what_is_no_date_is_none(date: str) -> None:
    assert timestamp(date) is None or isinstance(timestamp(date), float)


def test_directives() -> None:
    assert directives('a, B = 2 ,c="x, y";d') == {"a": "", "b": "2", "c": "x, y", "d": ""}
