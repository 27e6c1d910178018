"""What is typed as a WebSocket URL, and what is not one."""

import pytest

from netlab.errors import Exit, NetlabError
from netlab.experiments.websocket.target import parse


@pytest.mark.parametrize(
    ("text", "url", "port"),
    [
        ("ws://ws.example.com/echo", "ws://ws.example.com/echo", 80),
        ("wss://ws.example.com", "wss://ws.example.com/", 443),
        ("WSS://WS.Example.com:8443/a?b=c", "wss://ws.example.com:8443/a?b=c", 8443),
        ("ws://[::1]:9001/", "ws://[::1]:9001/", 9001),
        ("ws://accounts.google.com/", "wss://accounts.google.com/", 443),
    ],
)
def test_a_url_is_read_as_its_twin_is(text: str, url: str, port: int) -> None:
    target = parse(text)
    assert (target.url, target.typed.port) == (url, port)


@pytest.mark.parametrize(
    ("text", "said", "advice"),
    [
        ("wws://a.example/x", "no wws", "wss://a.example/x"),
        ("http://a.example/", "a page", "ws://a.example/"),
        ("https://a.example/", "a page", "wss://a.example/"),
        ("a.example", "names its scheme", "wss://a.example"),
        ("ftp://a.example", "no scheme", "wss://a.example"),
        ("ws://a.example/#x", "no fragment", "ws://a.example/"),
        ("ws://a.example:99999/", "not a port", "65535"),
    ],
)
def test_a_mistake_is_told_with_what_was_meant(text: str, said: str, advice: str) -> None:
    with pytest.raises(NetlabError) as error:
        parse(text)
    assert said in error.value.what
    assert advice in error.value.advice
    assert error.value.exit is Exit.USAGE
