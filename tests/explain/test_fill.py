"""Sentences, commands and tables from a run's facts."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.explain.fill import commands, facts_at, happened, tables
from netlab.explain.pages import Page, page, parse
from netlab.explain.template import Lookup
from netlab.recording.records import Fact, Step, Value


def known(*seconds: str, **facts: Value) -> Lookup:
    """Facts by name, where a double underscore stands for the dot; seconds: which are times."""
    units = dict.fromkeys(seconds, "s")
    made = {
        name.replace("__", "."): Fact("f", "s", name.replace("__", "."), value, units.get(name))
        for name, value in facts.items()
    }
    return made.get


def written(front: str) -> Page:
    return parse(f'+++\ntopic = "x"\ntitle = "X"\nlayer = "none"\n{front}\n+++\n\nWhy.\n')


CHOICE = """
[[happened]]
group = "g"
when = ["a.error"]
say = "Failed: {a.error}."
brief = true
[[happened]]
group = "g"
say = "Took {a.time}."
brief = true
[[happened]]
say = "There are {a.rows:count}: {a.rows:name}; flag {a.flag}."
"""


def texts(made: Page, find: Lookup) -> list[str]:
    return [line.text for line in happened(made, find)]


def test_of_a_group_the_first_that_can_be_said() -> None:
    made = written(CHOICE)
    assert texts(made, known(a__error="timeout", a__time=0.5)) == ["Failed: timeout."]
    assert texts(made, known("a__time", a__time=0.5)) == ["Took 500 ms."]
    assert texts(made, known()) == []
    assert [line.brief for line in happened(made, known(a__time=1))] == [True]


def test_rows_are_counted_and_a_no_is_said() -> None:
    find = known(a__rows=[{"name": "x"}, {"name": "y"}], a__flag=False)
    assert texts(written(CHOICE), find) == ["There are 2: x, y; flag no."]


def test_a_sentence_may_be_for_the_curious_alone() -> None:
    made = written('[[happened]]\nsay = "x"\ndeep = true\n[[happened]]\nsay = "y"')
    assert [line.deep for line in happened(made, known())] == [True, False]


def test_two_groups_side_by_side_do_not_hide_each_other() -> None:
    front = "".join(f'[[happened]]\ngroup = "{g}"\nsay = "{g}"\n' for g in ("g", "h", "h"))
    assert texts(written(front), known()) == ["g", "h"]


DIG = '[[see]]\nsay = "dig {url.host} A @{dns.host} -p {dns.port} </dev/null"\nnote = "n"\n'


def test_a_command_is_filled() -> None:
    (made,) = commands(written(DIG), known(url__host="a.example", dns__host="::1", dns__port=53))
    assert made.line == "dig a.example A @::1 -p 53 </dev/null"
    assert made.note == "n"


def dig(host: Value) -> list[str]:
    made = commands(written(DIG), known(url__host=host, dns__host="192.0.2.1", dns__port=53))
    return [command.line for command in made]


@pytest.mark.parametrize(
    "host",
    [
        "x;reboot", "$(reboot)", "`reboot`", "a b", "a'b", 'a"b', "a&&b", "a|b", "a>b", "*", "!x",
        "a\\", "#x", "{a,b}", "a$IFS", "ｘ",
    ],
)  # fmt: skip
def test_a_hostile_name_stays_one_argument(host: str) -> None:
    (line,) = dig(host)
    assert shlex.split(line)[:3] == ["dig", host, "A"]


@pytest.mark.parametrize(
    "host",
    [
        "-f/etc/passwd", "+trace", "@198.51.100.1", "a\nreboot", "a\x1b[31m", "a\x00", "a\x7f",
        "a\u202eb", "a\u2028b", "\udc80", "", None, True, ["a"], {"a": "b"}, "x" * 3000,
    ],
)  # fmt: skip
def test_what_could_be_taken_for_something_else_is_left_out(host: Value) -> None:
    assert dig(host) == []


@given(st.text(max_size=40))
def test_no_text_ever_becomes_a_second_word(host: str) -> None:
    for line in dig(host):
        assert shlex.split(line) == ["dig", host, "A", "@192.0.2.1", "-p", "53", "</dev/null"]


def test_a_table_drops_columns_that_are_empty() -> None:
    front = (
        '[[table]]\nfact = "a.rows"\ntitle = "T"\ndepth = "deep"\n'
        'columns = [["zone", "Zone"], ["rtt", "Time", "s"], ["error", "Error"]]\n'
    )
    rows: Value = [{"zone": ".", "rtt": 0.001, "error": None}, {"zone": "com", "rtt": 0.0205}]
    (table,) = tables(written(front), known(a__rows=rows))
    assert (table.title, table.depth) == ("T", "deep")
    assert table.headings == ("Zone", "Time")
    assert table.rows == ((".", "1.00 ms"), ("com", "20.5 ms"))
    assert tables(written(front), known(a__rows=[])) == ()
    assert tables(written(front), known(a__rows="no table")) == ()


def test_tables_of_pairs_and_of_counts() -> None:
    front = (
        '[[table]]\nfact = "a.pairs"\ncolumns = [["0", "Field"], ["1", "Value"]]\n'
        '[[table]]\nfact = "a.counts"\ncolumns = [["key", "Kind"], ["value", "Number"]]\n'
    )
    pairs, counts = tables(
        written(front), known(a__pairs=[["etag", "x"], ["age"]], a__counts={"script": 3})
    )
    assert pairs.rows == (("etag", "x"), ("age", ""))
    assert counts.rows == (("script", "3"),)


STEPS = [
    Step("url", "url", ""),
    Step("tls", "tls", ""),
    Step("tls.certificate", "tls.certificate", "", "tls"),
    Step("http", "http", ""),
    Step("2/url", "url", ""),
    Step("2/http", "http", ""),
]


def fact(step: str, name: str, value: Value) -> Fact:
    return Fact("f", step, name, value)


def value_at(step: str, name: str, *facts: Fact) -> Value:
    found = facts_at(step, STEPS, facts)(name)
    return None if found is None else found.value


def test_a_steps_own_facts_come_first_and_the_last_of_them_counts() -> None:
    facts = (fact("tls", "a", 1), fact("tls", "a", 2), fact("url", "a", 3))
    assert value_at("tls", "a", *facts) == 2
    assert value_at("tls", "a", *reversed(facts)) == 1


def test_then_its_parts_then_earlier_steps_never_later_ones() -> None:
    facts = (fact("url", "a", 1), fact("tls.certificate", "a", 2), fact("http", "a", 3))
    assert value_at("tls", "a", *facts) == 2
    assert value_at("tls.certificate", "a", *facts[:1]) == 1
    assert value_at("url", "a", *facts[1:]) is None


def test_a_later_journey_knows_the_first_but_for_chapters_of_its_own() -> None:
    facts = (fact("tls", "tls.version", "1.3"), fact("http", "http.location", "/elsewhere"))
    assert value_at("2/http", "tls.version", *facts) == "1.3"
    assert value_at("2/http", "http.location", *facts) is None
    assert value_at("http", "url.host", fact("2/url", "url.host", "x")) is None


def test_steps_that_are_each_others_parents_end() -> None:
    loop = [Step("a", "a", "", "b"), Step("b", "b", "", "a"), Step("c", "c", "")]
    assert facts_at("c", loop, [fact("b", "x", 1)])("x") is not None


def test_the_network_is_known_everywhere() -> None:
    found = facts_at("tls", STEPS, [], network="lab")("run.network")
    assert found is not None
    assert found.value == "lab"
    assert facts_at("tls", STEPS, [])("run.network") is None


def test_the_labs_dig_names_the_labs_own_port() -> None:
    chapter = page("dns.lookup")
    assert chapter is not None
    facts: dict[str, Value] = {
        "run__network": "lab",
        "url__host": "www.google.com",
        "dns__resolver_dialled": "127.0.0.1:5353",
        "dns__resolver_host": "127.0.0.1",
        "dns__resolver_port": 5353,
    }
    lines = [made.line for made in commands(chapter, known(**facts))]
    assert lines == ["dig www.google.com A @127.0.0.1 -p 5353"]
