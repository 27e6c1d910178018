"""Validators and content codings."""

import asyncio
import gzip

import pytest

from netlab.lab.sites import HOPS, PAGES, SITES, files
from netlab.lab.webcontent import Document, matches, present, takes_gzip
from netlab.lab.webmessage import Header, Request, Response, host_of

PAGE = Document(b"<!doctype html>" + b"words " * 100, "text/html; charset=utf-8", "no-cache")


def get(*headers: Header, method: str = "GET") -> Response:
    return present(Request(method, "https", "www.example.com", "/", headers), PAGE)


def field(response: Response, name: bytes) -> bytes:
    return dict(response.headers).get(name, b"")


@pytest.mark.parametrize(
    ("accepted", "zipped"),
    [
        ("", False), ("gzip", True), ("br, gzip;q=0.5", True), ("gzip;q=0", False),
        ("*", True), ("*;q=0", False), ("identity", False), ("GZIP", True), ("gzip;q=x", True),
        ("gzip;q=0, *", False),
    ],
)  # fmt: skip
def test_gzip_only_where_it_is_taken(accepted: str, zipped: bool) -> None:
    response = get((b"accept-encoding", accepted.encode()))
    assert takes_gzip(accepted) is zipped
    assert field(response, b"content-encoding") == (b"gzip" if zipped else b"")
    assert isinstance(response.body, bytes)
    assert (gzip.decompress(response.body) if zipped else response.body) == PAGE.body
    assert field(response, b"vary") == b"accept-encoding"


def test_each_coding_has_a_tag_of_its_own() -> None:
    plain, zipped = get(), get((b"accept-encoding", b"gzip"))
    assert field(plain, b"etag") != field(zipped, b"etag")


@pytest.mark.parametrize(
    ("listed", "same"),
    [('"a"', True), ('W/"a"', True), ('"b", "a"', True), ("*", True), ('"b"', False), ("", False)],
)
def test_if_none_match_compares_weakly(listed: str, same: bool) -> None:
    assert matches(listed, '"a"') is same


def test_what_the_client_has_is_not_sent_again() -> None:
    tag = field(get(), b"etag")
    again = get((b"if-none-match", tag))
    assert (again.status, again.body, field(again, b"etag")) == (304, b"", tag)
    assert field(again, b"cache-control") == b"no-cache"


def test_other_methods_are_named_what_is_allowed() -> None:
    response = get(method="DELETE")
    assert (response.status, field(response, b"allow")) == (405, b"GET, HEAD")


@pytest.mark.parametrize(
    ("authority", "host"),
    [("WWW.Example.com:8443", "www.example.com"), ("example.com.", "example.com"), ("", ""),
     ("[::1]:80", "[::1]:80")],
)  # fmt: skip
def test_host_of_an_authority(authority: str, host: str) -> None:
    assert host_of(authority) == host


def test_every_page_can_be_had_and_nothing_else() -> None:
    for folder in sorted(path.name for path in PAGES.iterdir()):
        site = SITES[folder]()
        for path in files(folder):
            request = Request("GET", "https", "www.example.com", path)
            assert asyncio.run(site.answer(request)).status == 200
        for path in ("/../search/index.html", "/..", "//etc/passwd", "/index.html/", ""):
            request = Request("GET", "https", "www.example.com", path)
            assert asyncio.run(site.answer(request)).status == 404


def test_the_hops_are_six_of_every_kind() -> None:
    statuses = [status for status, _ in HOPS.values()]
    places = [place for _, place in HOPS.values()]
    assert sorted(statuses) == [301, 302, 302, 303, 307, 308]
    assert {place[:2] for place in places} == {"ht", "//", "/f", ".."}
