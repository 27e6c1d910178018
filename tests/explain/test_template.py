"""The small language of the front matter."""

import pytest

from netlab.explain.template import Slot, read_condition, read_template
from netlab.recording.records import Fact, Value


def holds(condition: str, value: Value, name: str = "a.b") -> bool:
    fact = Fact("f1", "s", name, value)
    return read_condition(condition).holds(lambda wanted: fact if wanted == name else None)


def test_slots_keys_and_braces() -> None:
    assert read_template("{url.host}:{a.b:count} %{{x}}") == (
        Slot("url.host"), ":", Slot("a.b", "count"), " %", "{", "x", "}",
    )  # fmt: skip


@pytest.mark.parametrize("text", ["{", "a}", "{Upper}", "{ spaced }", "{}", "{a..b}", "{a:b:c}"])
def test_a_stray_brace_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_template(text)


@pytest.mark.parametrize("text", ["", "!", "a=", "!a=b", "a>much", "A", "a b", "a>"])
def test_a_malformed_condition_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_condition(text)


@pytest.mark.parametrize(
    ("condition", "value"),
    [
        ("a.b", "x"), ("a.b", 0), ("a.b", 0.0), ("a.b", [None]), ("!a.b", None), ("!a.b", ""),
        ("!a.b", []), ("!a.b", False), ("a.b=true", True), ("a.b=false", False), ("a.b=x", "x"),
        ("a.b=304", 304), ("a.b=expired", ["wrong-name", "expired"]), ("a.b!=x", "y"),
        ("a.b!=x", ["y"]), ("a.b>0", 0.1), ("a.b>1", ["x", "y"]), ("a.b<1", 0),
    ],
)  # fmt: skip
def test_what_holds(condition: str, value: Value) -> None:
    assert holds(condition, value)


@pytest.mark.parametrize(
    ("condition", "value"),
    [
        ("a.b", None), ("a.b", ""), ("a.b", []), ("a.b", {}), ("a.b", False), ("!a.b", 0),
        ("a.b=true", "yes"), ("a.b=x", None), ("a.b!=x", None), ("a.b!=x", ["y", "x"]),
        ("a.b>0", 0), ("a.b>0", "9"), ("a.b>0", True), ("a.b>2", ["x", "y"]), ("a.b<1", None),
    ],
)  # fmt: skip
def test_what_does_not(condition: str, value: Value) -> None:
    assert not holds(condition, value)


def test_an_unknown_fact_is_neither_equal_nor_different() -> None:
    assert not holds("other=x", "x")
    assert not holds("other!=x", "x")
    assert holds("!other", "x")
