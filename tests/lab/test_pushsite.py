"""The lab's server of news: its plans are bounded, and its ways agree."""

import asyncio
import json
from time import perf_counter

import pytest

from netlab.lab.pushsite import MOST_MESSAGES, answer, plan_of
from netlab.lab.webmessage import Request


def asked(target: str) -> Request:
    return Request("GET", "http", "push.example.com", target)


@pytest.mark.parametrize(
    "query",
    [
        "", "start=x", "start=nan", f"start={{now}}&count={MOST_MESSAGES + 1}",
        "start={now}&count=0", "start={now}&size=99999", "start={now}&every=60",
        "start={now}&n=-1", "start={now}&every=nan", "start=1e300",
    ],
)  # fmt: skip
def test_a_plan_beyond_all_bounds_is_refused(query: str) -> None:
    request = asked("/short?" + query.replace("{now}", str(perf_counter())))
    assert plan_of(request) is None
    assert asyncio.run(answer(request)).status == 400


def test_short_polls_bring_what_is_due_and_nothing_twice() -> None:
    start = perf_counter() - 1
    response = asyncio.run(answer(asked(f"/short?start={start}&count=5&size=64&every=0.3&n=1")))
    assert isinstance(response.body, bytes)
    news = json.loads(response.body)
    assert [one["n"] for one in news] == [1, 2, 3]
    assert all(len(json.dumps(one)) == 64 for one in news)


def test_a_long_poll_waits_for_the_next_one() -> None:
    start = perf_counter()
    response = asyncio.run(answer(asked(f"/long?start={start}&count=2&size=64&every=0.05&n=1")))
    assert perf_counter() - start >= 0.05
    assert isinstance(response.body, bytes)
    assert [one["n"] for one in json.loads(response.body)] == [1]
