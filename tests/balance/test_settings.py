"""Settings that make no sense are refused when they are made."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from netlab.balance.settings import (
    Check,
    Passive,
    Route,
    Server,
    Settings,
    Timeouts,
    from_json,
)  # fmt: skip
from netlab.errors import NetlabError

ONE = (Server("b1", "127.0.0.1", 9001),)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Settings(()), "1 to 256 backends"),
        (lambda: Settings(ONE * 2), "same name"),
        (lambda: Settings(ONE, algorithm="fastest"), "no algorithm"),
        (lambda: Settings(ONE, layer=5), "layer 5"),  # type: ignore[arg-type]
        (lambda: Settings(ONE, key="colour"), "hash by"),
        (lambda: Settings(ONE, key="header:"), "hash by"),
        (lambda: Settings(ONE, key="header:a b"), "hash by"),
        (lambda: Settings(ONE, tls_cert="a.pem"), "belong together"),
        (lambda: Settings(ONE, sticky="a=b"), "cookie's name"),
        (lambda: Settings(ONE, layer=4, key="path"), "needs layer 7"),
        (lambda: Settings(ONE, layer=4, sticky="id"), "needs layer 7"),
        (lambda: Settings(ONE, layer=4, tls_cert="a", tls_key="b"), "needs layer 7"),
        (lambda: Settings(ONE, layer=4, routes=(Route(("b1",)),)), "needs layer 7"),
        (lambda: Settings(ONE, proxy_protocol=True), "needs layer 4"),
        (lambda: Settings(ONE, routes=(Route(("b2",)),)), "a route goes to b2"),
        (lambda: Settings(ONE, routes=(Route(()),)), "no backend"),
        (lambda: Server("", "127.0.0.1", 1), "not a name"),
        (lambda: Server("b1", "127.0.0.1", 0), "not an address"),
        (lambda: Server("b1", "127.0.0.1", 1, 0), "from 1 to 256"),
        (lambda: Server("b1", "127.0.0.1", 1, 257), "from 1 to 256"),
        (lambda: Check("health"), "not a path"),
        (lambda: Check("/a\r\nX: y"), "not a path"),
        (lambda: Check(interval=0), "interval"),
        (lambda: Check(rise=0), "rise and fall"),
        (lambda: Passive(fails=0), "fails"),
        (lambda: Passive(statuses=(200,)), "from 400"),
        (lambda: Timeouts(connect=-1), "connect"),
        (lambda: Timeouts(idle=True), "idle"),
    ],
)
def test_nonsense_is_refused(make: Callable[[], object], says: str) -> None:
    with pytest.raises(NetlabError, match=says):
        make()


def test_settings_travel_as_json() -> None:
    full = Settings(
        (Server("b1", "::1", 9001, 3), Server("b2", "127.0.0.1", 9002)),
        ("127.0.0.1", 8080), "maglev", 7, "cookie:id", "a.pem", "b.pem", False, "sticky",
        Check("/health"), Passive(), Timeouts(connect=1), 7,
        (Route(("b1",), "a.example", "/api", ("X-Kind", "new"), ("beta", "1")), Route(("b2",))),
    )  # fmt: skip
    for settings in (full, Settings(ONE), Settings(ONE, layer=4, proxy_protocol=True)):
        assert from_json(json.loads(json.dumps(settings.to_json()))) == settings


@pytest.mark.parametrize(
    "data",
    [{}, {"backends": [{"name": "b1"}]}, {"backends": [], "extra": 1}, {"backends": 5}],
)
def test_what_is_no_settings_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises((NetlabError, KeyError, TypeError, ValueError)):
        from_json(data)
