"""A Socket.IO server's URL: what is its path, and what a mistake is answered with."""

import pytest

from netlab.errors import NetlabError
from netlab.experiments.socketio.place import arguments, parse


@pytest.mark.parametrize(
    ("url", "namespace", "path", "found"),
    [
        ("http://a.example", None, None, ("http://a.example/socket.io/", "/")),
        ("https://a.example/", None, None, ("https://a.example/socket.io/", "/")),
        ("http://a.example:3000/admin", None, None, ("http://a.example:3000/socket.io/", "/admin")),
        ("http://a.example", "admin", None, ("http://a.example/socket.io/", "/admin")),
        ("http://a.example", "/a/b", "/rt/", ("http://a.example/rt/", "/a/b")),
        ("http://a.example/socket.io/?EIO=4", None, None, ("http://a.example/socket.io/", "/")),
        ("http://a.example/x/socket.io/", "/b", None, ("http://a.example/x/socket.io/", "/b")),
        ("ws://a.example", None, None, ("http://a.example/socket.io/", "/")),
        ("wss://a.example/n", None, None, ("https://a.example/socket.io/", "/n")),
    ],
)
def test_the_path_of_a_url_is_a_namespace_unless_it_is_the_engines(
    url: str, namespace: str | None, path: str | None, found: tuple[str, str]
) -> None:
    place = parse(url, namespace, path)
    assert (place.url, place.namespace) == found


@pytest.mark.parametrize(
    ("url", "namespace", "says"),
    [
        ("wws://a.example", None, "there is no wws"),
        ("a.example:3000", None, "names its scheme"),
        ("ftp://a.example", None, "no scheme of Socket.IO"),
        ("http://a.example/admin", "/ops", "two namespaces"),
        ("http://a.example", "/a,b", "not a namespace"),
        ("http://a.example", "a b", "not a namespace"),
    ],
)
def test_mistakes_are_told_with_what_was_meant(url: str, namespace: str | None, says: str) -> None:
    with pytest.raises(NetlabError, match=says) as caught:
        parse(url, namespace)
    assert caught.value.advice


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ('["a", 1]', ("a", 1)),
        ('{"a": 1}', ({"a": 1},)),
        ('"a"', ("a",)),
        ("[[1, 2]]", ([1, 2],)),
        ("[]", ()),
        ("null", (None,)),
    ],
)
def test_a_json_array_is_all_of_an_events_arguments(text: str, given: tuple[object, ...]) -> None:
    assert arguments(text) == given


@pytest.mark.parametrize("text", ["hello", "", "{", "[" * 100_000])
def test_what_is_no_json_is_told(text: str) -> None:
    with pytest.raises(NetlabError, match="not JSON"):
        arguments(text)
