"""What is typed for `netlab io scale`, and what comes of it."""

import pytest

from netlab.cli.io_scale import counts_of, models_of
from netlab.errors import NetlabError
from netlab.experiments.io.services import SERVICES, missing


@pytest.mark.parametrize(
    ("text", "counts"),
    [("10", (10,)), ("1000,10, 100", (10, 100, 1000)), ("10,10", (10,)), ("10_000", (10_000,))],
)
def test_counts_in_rising_order(text: str, counts: tuple[int, ...]) -> None:
    assert counts_of(text) == counts


@pytest.mark.parametrize(
    "text",
    [
        "",
        ",",
        "0",
        "x",
        "-1",
        "1.5",
        "50001",
        "٣",
        ",".join(["9"] * 9 + [str(n) for n in range(1, 14)]),
    ],
)
def test_what_is_no_count(text: str) -> None:
    with pytest.raises(NetlabError, match="not numbers of connections"):
        counts_of(text)


def test_models_in_the_order_that_was_typed() -> None:
    assert models_of("SELECT, blocking,select") == ("select", "blocking")
    assert set(models_of("all")) == {name for name in SERVICES if missing(name) is None}
    assert "threads" in models_of(None)
    assert "blocking" not in models_of(None)


def test_names_that_are_none() -> None:
    with pytest.raises(NetlabError, match="there is no model 'selct'") as raised:
        models_of("selct")
    assert raised.value.advice == "did you mean select?"
    with pytest.raises(NetlabError, match="names none"):
        models_of(",")
