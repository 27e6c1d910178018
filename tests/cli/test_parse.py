"""What is typed becomes values, or a usage error in plain words."""

import pytest

from netlab.cli import parse
from netlab.errors import Exit, NetlabError


@pytest.mark.parametrize(
    ("text", "value"), [("3", 3), ("1.5s", 1.5), ("200ms", 0.2), ("1m", 60), (" 2 ", 2)]
)
def test_lengths_of_time(text: str, value: float) -> None:
    assert parse.seconds(text, "--max-time") == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "0", "-1", "soon", "1h", "1e3", "nan", "99999", "1.s"])
def test_what_is_no_length_of_time(text: str) -> None:
    with pytest.raises(NetlabError, match="not a length of time") as caught:
        parse.seconds(text, "--max-time")
    assert caught.value.exit is Exit.USAGE


def test_header_fields() -> None:
    assert parse.header_fields(["Accept: text/html", "X-Empty:"]) == (
        ("Accept", "text/html"),
        ("X-Empty", ""),
    )


@pytest.mark.parametrize("line", ["Accept", ": x", "A b: c", "A: b\r\nC: d", "A: \x1b[2J"])
def test_what_is_no_header_field(line: str) -> None:
    with pytest.raises(NetlabError, match="not a header field"):
        parse.header_fields([line])


def test_choices_that_exclude_each_other() -> None:
    with pytest.raises(NetlabError):
        parse.family(True, True)
    with pytest.raises(NetlabError):
        parse.http_version(True, True)
    assert parse.family(False, True) == 6
    assert parse.http_version(True, False) == "1.1"


def test_distances() -> None:
    assert parse.distances(["resolver=20ms", "web:x=1"]) == {"resolver": 0.02, "web:x": 1.0}
    with pytest.raises(NetlabError):
        parse.distances(["resolver"])
