"""What a browser would fetch, by kind, rule by rule of the HTML standard."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.experiments.trace.resources import INSPECTED, Resource, absolute, contents

URL = "https://a.example/dir/page"


def fetched(html: str) -> tuple[Resource, ...]:
    return contents(html, URL).resources


def kinds(html: str) -> list[str]:
    return [resource.kind for resource in fetched(html)]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<link rel=stylesheet href=a.css>', ["stylesheet"]),
        ('<link rel="STYLESHEET alternate" href=a.css>', ["stylesheet"]),
        ('<link rel=stylesheet href=a.css disabled>', []),
        ('<link rel=icon href=i><link rel="shortcut icon" href=j>', ["icon", "icon"]),
        ('<link rel=manifest href=m>', ["manifest"]),
        ('<link rel=preload as=font href=f.woff2>', ["font"]),
        ('<link rel=preload as=image href=x>', ["preload"]),
        ('<link rel=preload as=script href=x.js><script src=x.js></script>', ["script"]),
        ('<link rel=modulepreload href=x.js>', ["script"]),
        ('<link rel=canonical href=/>', []),
        ('<script src=x.js></script><script src=x.js></script>', ["script"]),
        ('<script type=application/json src=x></script>', []),
        ('<script type=importmap>{}</script>', []),
        ('<script nomodule src=x></script>', []),
        ('<script>var s = "<img src=x>"</script>', []),
        ('<style>a { background: url(x) }</style>', []),
        ('<img src=x><img srcset="y 1x, z 2x"><img>', ["image", "image"]),
        ('<picture><source srcset=a><source srcset=b><img src=c></picture>', ["image"]),
        ('<img src="data:image/png;base64,AAAA">', []),
        ('<input type=image src=x><input type=text src=y>', ["image"]),
        ('<iframe src=x></iframe><iframe srcdoc="<p>" src=y></iframe>', ["frame"]),
        ('<iframe src="about:blank"></iframe><iframe src="javascript:1"></iframe>', []),
        ('<video src=v poster=p></video>', ["image", "media"]),
        ('<audio><source src=a><source src=b></audio>', ["media"]),
        ('<audio preload=none src=a></audio>', []),
        ('<object data=o></object><embed src=e>', ["object", "object"]),
        ('<!-- <img src=x> -->', []),
        ('<noscript><img src=x></noscript><img src=y>', ["image"]),
        ('<template><img src=x></template>', []),
        ('<![if IE]><img src=x><![endif]>', ["image"]),
        ('<![CDATA[<img src=x>]]>', []),
        ('<img src=x', []),
    ],
)  # fmt: skip
def test_each_kind_is_counted_as_a_browser_fetches_it(html: str, expected: list[str]) -> None:
    assert kinds(html) == expected


@pytest.mark.parametrize(
    ("html", "blocks"),
    [
        ('<head><link rel=stylesheet href=a>', True),
        ('<head><link rel=stylesheet href=a media=print>', False),
        ('<head><link rel="alternate stylesheet" href=a>', False),
        ('<body><link rel=stylesheet href=a>', False),
        ('<head><script src=a></script>', True),
        ('<head><script src=a defer></script>', False),
        ('<head><script src=a async></script>', False),
        ('<head><script src=a type=module></script>', False),
        ('<head><script src=a async blocking=render></script>', True),
        ('<p><script src=a></script>', False),
        ('</head><script src=a></script>', False),
    ],
)  # fmt: skip
def test_what_stands_in_the_way_of_the_first_paint(html: str, blocks: bool) -> None:
    (resource,) = fetched(html)
    assert resource.blocks is blocks


@pytest.mark.parametrize(
    ("attributes", "how"),
    [("", "blocking"), ("defer", "defer"), ("async", "async"), ("async defer", "async"),
     ("type=module", "module"), ('type="text/javascript"', "blocking")],
)  # fmt: skip
def test_how_a_script_is_loaded(attributes: str, how: str) -> None:
    (resource,) = fetched(f"<script src=x {attributes}></script>")
    assert resource.how == how


def test_lazy_is_told() -> None:
    assert [r.lazy for r in fetched("<img src=a loading=lazy><img src=b>")] == [True, False]


def test_addresses_are_read_against_the_first_base() -> None:
    html = "<img src=x><base href=/other/><base href=/no/><img src='y#z'>"
    urls = [resource.url for resource in fetched(html)]
    assert urls == ["https://a.example/other/x", "https://a.example/other/y"]


def test_what_is_inline_is_counted_apart() -> None:
    found = contents("<style></style><script>1</script><script type=module>2</script>", URL)
    assert (found.inline_styles, found.inline_scripts, found.resources) == (1, 2, ())


def test_the_first_title_in_the_head_is_the_title() -> None:
    found = contents("<title> A &amp;\n b </title><body><svg><title>no</title></svg>", URL)
    assert found.title == "A & b"


@pytest.mark.parametrize(
    ("url", "meant"),
    [("x", "https://a.example/dir/x"), ("//b.example/x", "https://b.example/x"),
     ("\n/x\ty ", "https://a.example/xy"), ("data:,x", None), ("http://[", None), ("http://", None),
     ("#", "https://a.example/dir/page")],
)  # fmt: skip
def test_an_address_that_is_none_is_passed_over(url: str, meant: str | None) -> None:
    assert absolute(URL, url) == meant


@given(st.text(alphabet="<>/!-['\"= \nabcdimgsrctlhenop&;\x00\ud800", max_size=200))
def test_no_markup_makes_it_fall_over(html: str) -> None:
    assert contents(html, URL).whole


@pytest.mark.parametrize(
    "piece",
    [
        "<!--",
        "<a ",
        "</",
        "<",
        "<script>",
        "</a x",
        "<![",
        "<img src='",
        "&",
        "<a b='>",
        "<?",
        "<!a",
    ],
)
def test_hostile_markup_takes_time_in_proportion(piece: str) -> None:
    """Half a mebibyte of any opening that never closes: with bounds, not minutes."""
    start = time.perf_counter()
    contents(piece * (INSPECTED // 2 // len(piece)) + ">", URL)
    assert time.perf_counter() - start < 10


def test_reading_stops_at_its_bounds_and_says_so() -> None:
    long = "<img src=a>" + " " * INSPECTED + "<img src=b>"
    found = contents(long, URL)
    assert ([r.kind for r in found.resources], found.whole) == (["image"], False)
    assert not contents("<p>", URL, lambda: False).whole
