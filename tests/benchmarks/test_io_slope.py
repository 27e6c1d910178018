"""The slope that `netlab io scale` is about: poll's against epoll's, in one run."""

import pytest

from netlab.errors import Exit
from tests.journeys.command import netlab

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(120)]


def test_poll_climbs_and_epoll_does_not() -> None:
    ran = netlab("io", "scale", "--connections", "100,10000", "--models", "poll,epoll", "--json",
                 timeout=100)  # fmt: skip
    assert ran.code == Exit.OK, ran.err
    grown = {row["model"]: row["growth"] for row in ran.facts()["io.scale.growth"]}
    print(f"\nCPU per request from 100 to 10000 connections: {grown}")
    assert grown["poll"] >= 10
    assert grown["epoll"] <= 2
