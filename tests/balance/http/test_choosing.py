"""Which backend a request goes to: routes, keys, a cookie that binds."""

import re

import pytest

from netlab.balance.events import Picked
from netlab.balance.http.head import RequestHead, parse_request
from netlab.balance.http.routing import Router, plain_path
from netlab.balance.settings import Route
from tests.balance.http.place import Answer, Place


def asked(place: Place, path: str = "/", host: str = "a.example", *fields: str) -> str:
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "Connection: close", *fields, "", ""]
    answer = Answer.of(place.ask("\r\n".join(lines).encode()))
    return answer.body.decode() if answer.status == 200 else str(answer.status)


def test_routes_go_by_host_path_header_and_cookie_in_their_order() -> None:
    routes = (
        Route(("b1",), host="one.example"),
        Route(("b2",), path="/two/"),
        Route(("b3",), header=("X-Lane", "three")),
        Route(("b4",), cookie=("lane", "four")),
        Route(("b1", "b2"), host="two.example", path="/both"),
    )
    with Place(None, None, None, None, routes=routes) as place:
        assert asked(place, host="ONE.example:8080") == "b1"
        assert asked(place, "/two/a?b") == "b2"
        assert asked(place, "/a/../%74wo/a") == "b2"
        assert asked(place, "/two") == "404"
        assert asked(place, "/", "a.example", "X-Lane: three") == "b3"
        assert asked(place, "/", "a.example", "x-lane: four") == "404"
        assert asked(place, "/", "a.example", "Cookie: a=b; lane=four") == "b4"
        assert [asked(place, "/both", "two.example") for _ in range(4)] == ["b1", "b2", "b1", "b2"]
        assert asked(place, "/", "one.example", "X-Lane: three") == "b1"


@pytest.mark.parametrize(
    ("path", "plain"),
    [
        (b"/", b"/"), (b"/a/b", b"/a/b"), (b"/a/./b", b"/a/b"), (b"/a/../b", b"/b"),
        (b"/../../b", b"/b"), (b"/a/..", b"/"), (b"/a/.", b"/a/"), (b"/%61/%2E%2e/b", b"/b"),
        (b"/a%2fb", b"/a%2Fb"), (b"//a", b"//a"), (b"/.a/..b", b"/.a/..b"),
    ],
)  # fmt: skip
def test_a_resource_has_one_path(path: bytes, plain: bytes) -> None:
    assert plain_path(path) == plain


@pytest.mark.parametrize(
    ("key", "same", "other"),
    [
        ("path", ("/a?b", ()), ("/b", ())),
        ("header:X-User", ("/", ("X-User: ann",)), ("/", ("X-User: bob",))),
        ("cookie:user", ("/", ("Cookie: user=ann",)), ("/", ("Cookie: user=bob",))),
    ],
)
def test_hashing_goes_by_what_the_settings_say(
    key: str, same: tuple[str, tuple[str, ...]], other: tuple[str, tuple[str, ...]]
) -> None:
    router = Router((), key)
    keys = [router.key(request(path, *fields), "192.0.2.1") for path, fields in (same, other, same)]
    assert keys[0] == keys[2] != keys[1]
    assert b"" not in keys
    assert Router((), "source").key(request("/"), "192.0.2.1") == b"192.0.2.1"


def request(path: str, *fields: str) -> RequestHead:
    lines = [f"GET {path} HTTP/1.1", "Host: a.example", *fields]
    return parse_request("\r\n".join(lines).encode())


def test_one_key_goes_to_one_backend() -> None:
    with Place(None, None, None, algorithm="source", key="path") as place:
        for path in ("/a", "/b", "/c", "/d"):
            assert len({asked(place, path + query) for query in ("", "?x", "?y")}) == 1
        assert len({asked(place, f"/{n}") for n in range(20)}) > 1


class TestSticky:
    def test_a_client_comes_back_to_its_backend(self) -> None:
        with Place(None, None, None, sticky="place") as place:
            first = place.get()
            line = first.first("set-cookie")
            assert line is not None
            match = re.fullmatch(r"(place=[0-9a-f]{32}); Path=/; HttpOnly; SameSite=Lax", line)
            assert match
            for _ in range(4):
                again = place.get("/", f"Cookie: {match[1]}")
                assert again.body == first.body
                assert again.first("set-cookie") is None
            assert len(place.of(Picked)) == 5

    def test_the_cookie_says_nothing_and_stays_between_client_and_balancer(self) -> None:
        with Place(None, sticky="place") as place, Place(None, sticky="place") as other:
            pair = str(place.get().first("set-cookie")).partition(";")[0]
            assert pair != str(other.get().first("set-cookie")).partition(";")[0]
            place.get("/", f"Cookie: a=b; {pair}; c=d")
            place.get("/", f"Cookie: {pair}")
            cookies = [request.first(b"cookie") for request in place.backend.requests]
            assert cookies == [None, b"a=b; c=d", None]

    def test_it_is_bound_anew_when_its_backend_is_gone(self) -> None:
        with Place(None, None, sticky="place") as place:
            first = place.get()
            pair = str(first.first("set-cookie")).partition(";")[0]
            gone = next(each for each in place.backends if each.name == first.body.decode())
            place.do(gone.stop())
            again = place.get("/", f"Cookie: {pair}")
            assert (again.status, again.body != first.body) == (200, True)
            assert again.first("set-cookie") not in (None, first.first("set-cookie"))

    def test_whoever_is_bound_may_stay_while_it_drains_and_nobody_new_comes(self) -> None:
        with Place(None, None, sticky="place") as place:
            first = place.get()
            pair = str(first.first("set-cookie")).partition(";")[0]
            home = place.pool.named(first.body.decode())
            assert home is not None
            place.pool.mark(home, "draining", "a restart")
            assert place.get("/", f"Cookie: {pair}").body == first.body
            assert {place.get().body for _ in range(3)} == {b"b1", b"b2"} - {first.body}
            place.pool.mark(home, "down", "the restart")
            assert place.get("/", f"Cookie: {pair}").body != first.body

    def test_nobody_makes_one_up(self) -> None:
        with Place(None, None, sticky="place") as place:
            bodies = {place.get("/", "Cookie: place=b1").body for _ in range(2)}
            assert bodies == {b"b1", b"b2"}

    def test_a_route_is_stronger(self) -> None:
        routes = (Route(("b1",), path="/one"), Route(("b2",)))
        with Place(None, None, sticky="place", routes=routes) as place:
            pair = str(place.get("/one").first("set-cookie")).partition(";")[0]
            assert place.get("/", f"Cookie: {pair}").body == b"b2"
