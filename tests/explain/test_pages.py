"""The content itself: every page loads, is complete, and says only what it may."""

import ast
import re
from importlib.resources import files
from pathlib import Path
from typing import get_args

import pytest

from netlab.explain.fill import commands, happened, tables
from netlab.explain.find import plain
from netlab.explain.pages import Page, page, parse, read_page, topics
from netlab.explain.template import Condition, Lookup, Slot
from netlab.lab.catalogue import HOSTS
from netlab.recording.records import Fact, Value

CHAPTERS = (
    "url", "places", "dns.lookup", "dns.delegation", "route", "tcp", "tls", "tls.certificate",
    "http", "page", "after", "journey",
)  # fmt: skip

SECTIONS = ["What it is", "Why it exists", "What goes wrong", "Often said, and more precisely"]

SOURCE = re.compile(
    r"RFC \d{3,4} §[A-Z\d]+(\.\d+)*"
    r"|(WHATWG|W3C) [A-Z][A-Za-z ]+( §\d+(\.\d+)*)?"
    r"|(Engine|Socket)\.IO protocol \d"
    r"|OpenID Connect (Core|Discovery) §\d+(\.\d+)*"
    r"|draft-[a-z\d-]+|FIPS \d+|UTS #\d+"
    r"|CA/Browser Forum [A-Z][A-Za-z ]+ §\d+(\.\d+)*"
    r"|[a-z_.]+\([2357]\)|POSIX\.1-2024 [a-z_]+|PEP \d+"
    r"|PROXY protocol §\d+(\.\d+)*"
    r"|[A-Z][a-z]+ (19|20)\d\d( §\d+(\.\d+)*)?"  # a paper, by its first author
)

FORMS = {
    "url.kind": "url search",
    "url.rule": "scheme-typed dotted-name single-word has-space ip-literal localhost port-typed"
    " path-typed question-mark mail-address number not-a-host",
    "url.scheme_source": "typed https-first hsts-preload plain-by-rule fallback redirect",
    "url.port_source": "typed default",
    "places.special": "localhost address",
    "dns.error": "nxdomain servfail refused timeout nodata malformed cname-loop unreachable",
    "dns.https_effect": "none alpn port target ech",
    "dns.difference": "none other-addresses",
    "dns.walk_error": "blocked lame loop",
    "route.kind": "loopback direct gateway",
    "route.nat": "none likely not-needed",
    "tcp.error": "refused unreachable timeout reset cut",
    "tls.error": "expired not-yet-valid wrong-name untrusted-root self-signed missing-intermediate"
    " plain-http not-tls handshake-failure protocol-version alert timeout closed reset",
    "tls.faults": "expired not-yet-valid wrong-name untrusted-root self-signed"
    " missing-intermediate",
    "http.error": "timeout garbage closed reset cut-body endless-body too-large-headers"
    " bad-encoding slow redirect-loop",
    "http.caching": "stored revalidate not-stored unsaid",
    "page.kind": "html other empty",
    "after.closed_by": "server netlab error",
    "again.dns": "cached asked",
    "again.connection": "reused resumed full",
}
"""Every code that a fact of the trace may have."""

CODES = [(fact, code) for fact, text in FORMS.items() for code in text.split()]

BESIDE: dict[str, Value] = {
    "url.url": "https://a.example/", "url.input": "a.example", "url.host": "a.example",
    "url.scheme": "http", "url.port": 80, "url.hsts_list_date": "2026-01-01",
    "dns.answers": ["192.0.2.1"], "dns.resolver": "192.0.2.53:53", "dns.delegation": [{}],
    "route.destination": "192.0.2.1", "route.source": "198.51.100.1", "route.interface": "eth0",
    "route.gateway": "198.51.100.254", "tls.sni": "a.example", "tls.not_after": "2026-01-01",
    "tls.not_before": "2025-01-01", "tls.verified": False, "tls.alert": "x",
    "tls.verify_error": "x", "page.total": 3, "page.resources": {"script": 3},
    "page.render_blocking": 1, "http.content_type": "text/plain",
}  # fmt: skip
"""What is known besides, so that a sentence on the code can be said."""


def every() -> list[Page]:
    return [read_page(topic, "en") for topic in topics()]


def chapter_of(fact: str) -> Page:
    room = fact.partition(".")[0]
    parts = {"dns": "dns.lookup", "again": "after"}
    special = {"dns.walk_error": "dns.delegation", "dns.difference": "dns.delegation",
               "tls.faults": "tls.certificate"}  # fmt: skip
    return read_page(special.get(fact, parts.get(room, room)), "en")


def look_up(values: dict[str, Value]) -> Lookup:
    return lambda name: Fact("f", "s", name, values[name]) if name in values else None


def names_in(made: Page) -> set[str]:
    templates = [entry.say for entry in made.happened] + [entry.say for entry in made.see]
    whens = [e.when for e in made.happened] + [e.when for e in made.see]
    conditions = [c for when in whens + [t.when for t in made.tables] for c in when]
    return (
        {part.fact for say in templates for part in say if isinstance(part, Slot)}
        | {condition.fact for condition in conditions}
        | {table.fact for table in made.tables}
    )


@pytest.mark.parametrize("topic", topics())
def test_a_page_is_whole(topic: str) -> None:
    made = read_page(topic, "en")
    titles = [section.title for section in made.sections]
    assert [title for title in titles if title in SECTIONS] == SECTIONS
    assert all(section.text for section in made.sections)
    assert 15 <= len(made.why.split()) <= 75
    assert made.sources
    assert made.related
    assert made.shown_by
    assert re.search("[가-힣]", " ".join(made.aliases)), "a word that a Korean learner types"


@pytest.mark.parametrize("topic", topics())
def test_a_page_speaks_as_we_do(topic: str) -> None:
    text = (files("netlab.content") / "en" / f"{topic}.md").read_text(encoding="utf-8")
    prose = re.sub(r"`[^`]*`|^say = .*curl.*$", "", text.partition("+++\n\n")[2], flags=re.M)
    assert "!" not in prose
    assert "successfully" not in text
    assert "…" not in "".join(str(entry.say) for entry in read_page(topic, "en").happened)


@pytest.mark.parametrize("topic", topics())
def test_sources_are_written_as_we_write_them(topic: str) -> None:
    for source in read_page(topic, "en").sources:
        assert SOURCE.fullmatch(source), source


@pytest.mark.parametrize("topic", topics())
def test_what_a_page_points_to_exists(topic: str) -> None:
    made = read_page(topic, "en")
    assert topic not in made.related
    assert set(made.related) <= set(topics())
    for word in re.findall(r"\(see ([a-z][a-z.-]+[a-z])", made.body):
        assert word in topics(), word


@pytest.mark.parametrize("topic", topics())
def test_hosts_of_the_lab_that_a_page_names_exist(topic: str) -> None:
    made = read_page(topic, "en")
    hosts = {host.name for host in HOSTS}
    named = re.findall(r"`([a-z0-9-]+\.broken\.example\.org)`", made.body)
    shown = [line for line in made.shown_by if line.endswith("--network lab")]
    named += [line.split()[2] for line in shown if line.startswith("netlab trace")]
    named += re.findall(r"wss?://([^/ ]+)", " ".join(made.shown_by))
    assert {name for name in named if name.isascii()} <= hosts


def test_every_host_that_is_broken_is_named_by_some_page() -> None:
    said = " ".join(made.body + " ".join(made.shown_by) for made in every())
    missing = [
        h.name for h in HOSTS if h.name not in said and f"`{h.name.split('.')[0]}`" not in said
    ]
    assert set(missing) <= {
        "control-characters.broken.example.org", "markup.broken.example.org",
        "naver.com", "google.com", "www.naver.com.nheos.com", "www.example.com", "example.com",
        "cdn.example.net.edge.example.com", "e7.edge.example.com",
        "auth.example.com", "auth.example.net", "api.example.com", "files.example.com",
    }  # fmt: skip


def test_every_chapter_has_its_page() -> None:
    assert set(CHAPTERS) <= set(topics())
    for topic in CHAPTERS:
        made = read_page(topic, "en")
        assert made.happened
        assert made.see
        assert any(entry.brief for entry in made.happened)


def test_no_two_pages_answer_to_one_name() -> None:
    seen: dict[str, str] = {}
    for made in every():
        for name in {plain(name) for name in (made.topic, made.title, *made.aliases)}:
            assert seen.setdefault(name, made.topic) == made.topic, name


@pytest.mark.parametrize(("fact", "code"), CODES)
def test_every_code_has_its_own_sentence(fact: str, code: str) -> None:
    made = chapter_of(fact)
    wanted = Condition(fact, "=", code)
    own = [entry for entry in made.happened if wanted in entry.when]
    assert own, f"nothing is said of {fact}={code}"
    if fact in ("tcp.error", "tls.error", "http.error", "dns.error", "dns.walk_error"):
        value: Value = code
        line = next(line for line in happened(made, look_up({**BESIDE, fact: value})) if line.brief)
        assert any(_says(entry.say, line.text) for entry in own), line.text


def _says(template: tuple[str | Slot, ...], text: str) -> bool:
    fixed = [part for part in template if isinstance(part, str)]
    return all(part in text for part in fixed)


def test_what_breaks_a_race_a_handshake_and_an_exchange_has_its_sentence() -> None:
    """Against the codes in the network's own code, so that a new one is not left without words."""
    from netlab.network.http import Code
    from netlab.network.race import Fate
    from netlab.network.tls_faults import ErrorCode
    from netlab.network.tls_verify import FaultCode

    def said(topic: str, fact: str) -> set[str]:
        conditions = (c for e in read_page(topic, "en").happened for c in e.when)
        return {c.value for c in conditions if c.fact == fact and c.test == "="}

    errors = {code for part in get_args(ErrorCode) for code in get_args(part)}
    assert set(get_args(Fate)) - {"won"} <= said("tcp", "tcp.error")
    assert set(get_args(Code)) <= said("http", "http.error")
    assert errors <= said("tls", "tls.error")
    assert set(get_args(FaultCode)) - {"certificate"} <= said("tls.certificate", "tls.faults")


def test_the_brief_line_is_never_for_the_curious_alone() -> None:
    assert not [entry for made in every() for entry in made.happened if entry.brief and entry.deep]


def test_one_line_a_chapter_for_brief() -> None:
    for topic in CHAPTERS:
        groups = {entry.group for entry in read_page(topic, "en").happened if entry.brief}
        assert len(groups) == 1, topic


@pytest.mark.parametrize("topic", CHAPTERS)
def test_a_chapter_that_knows_nothing_claims_nothing(topic: str) -> None:
    made = read_page(topic, "en")
    assert len(happened(made, look_up({}))) <= 1
    assert tables(made, look_up({})) == ()
    assert all("{" not in made.line for made in commands(made, look_up({})))


def fact_names() -> tuple[set[str], list[re.Pattern[str]]]:
    """The texts of the experiments' code, whole ones and those with a gap (`dns.rtt.{kind}`)."""
    whole: set[str] = set()
    gaps: list[re.Pattern[str]] = []
    for path in (Path(__file__).parents[2] / "netlab" / "experiments").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                whole.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                parts = [
                    re.escape(str(part.value)) if isinstance(part, ast.Constant) else "[a-z0-9_]+"
                    for part in node.values
                ]
                if re.match(r"[a-z0-9]+\\\.", parts[0]):
                    gaps.append(re.compile("".join(parts)))
    return whole, gaps


def test_every_fact_that_a_page_speaks_of_is_written_by_an_experiment() -> None:
    whole, gaps = fact_names()
    names = set().union(*map(names_in, every())) - whole - {"run.network"}
    assert [name for name in sorted(names) if not any(gap.fullmatch(name) for gap in gaps)] == []


def test_the_hard_truths_are_told() -> None:
    for topic, words in {
        "tcp": ["not visible", "capture rights", "SYN-ACK", "accept()"],
        "tls": ["RFC 9846", "RFC 8446", "ECH"],
        "http": ["last byte of the request", "first byte of the final response"],
        "journey": ["renders nothing", "JavaScript", "QUIC", "ECH", "OpenSSL's"],
        "route": ["NAT", "TTL 64", "65536"],
        "cookies": ["successor", "draft-ietf-httpbis-rfc6265bis"],
    }.items():
        text = " ".join(read_page(topic, "en").body.split())
        assert all(word in text for word in words), topic


GOOD = '+++\ntopic = "x"\ntitle = "X"\nlayer = "none"\n{}\n+++\n\nWhy.\n'


@pytest.mark.parametrize(
    "text",
    [
        "no front matter",
        "+++\ntopic = 'x'\n+++\n",
        GOOD.format('colour = "red"'),
        GOOD.format("aliases = 'x'"),
        GOOD.format("aliases = [1]"),
        GOOD.format('[[happened]]\nsay = ""'),
        GOOD.format('[[happened]]\nsay = "x"\nwhen = "a.b"'),
        GOOD.format('[[happened]]\nsay = "x"\nwhy = "y"'),
        GOOD.format('[[happened]]\nsay = "x"\nbrief = "yes"'),
        GOOD.format('[[happened]]\nsay = "{x"'),
        GOOD.format('[[see]]\nsay = "x"\nbrief = true'),
        GOOD.format('[[table]]\nfact = "a.b"'),
        GOOD.format('[[table]]\nfact = "a.b"\ncolumns = [["x"]]'),
        GOOD.format('[[table]]\nfact = "a.b"\ncolumns = ["xy"]'),
        GOOD.format('[[table]]\nfact = "a.b"\ncolumns = [["x", "X"]]\ndepth = "no"'),
        GOOD.replace("none", "red").format(""),
        GOOD.replace('"x"', '"X y"').format(""),
        GOOD.replace('"X"', "1").format(""),
    ],
)
def test_a_malformed_page_is_refused(text: str) -> None:
    with pytest.raises((ValueError, TypeError)):
        parse(text)


def test_a_good_page_is_read() -> None:
    made = parse(GOOD.format("") + "\n## What it is\n\nThis.\n\n## Why it exists\n\nThat.\n")
    assert made.why == "Why."
    assert [(part.title, part.text) for part in made.sections] == [
        ("What it is", "This."),
        ("Why it exists", "That."),
    ]


@pytest.mark.parametrize("topic", ["", "nothing", "../pages", "tcp.md"])
def test_what_is_no_topic_has_no_page(topic: str) -> None:
    assert page(topic) is None
