import pytest

from netlab.explain.pages import page, parse, topics
from netlab.views.page import draw_page, inline, page_lines
from netlab.views.sheet import Sheet
from netlab.views.style import plain
from netlab.views.text import cells
from tests.views.drawn import Stream, words

PAGE = """+++
topic = "x"
title = "제목 Title"
layer = "names"
sources = ["RFC 1 §2"]
shown_by = ["netlab trace x"]
related = ["a", "b"]
+++

First **bold** and *soft* with `code` and [a link](https://example.org/).

## Section

- one that is long enough to be folded on a narrow page, with its second line set in
- two
  goes on

1. first

| Head | 머리 |
| --- | --- |
| a cell | 칸 |

```
  kept   as it is
```
"""


def lines(width: int) -> list[str]:
    return [plain(line) for line in page_lines(parse(PAGE), Sheet(width, "deep"))]


def test_markdown_is_laid_out() -> None:
    text = "\n".join(lines(80))
    assert " First bold and soft with `code` and a link (https://example.org/).\n" in text
    assert "\n Section\n" in text
    assert "   • two goes on" in text
    assert "   1. first" in text
    assert "Head    머리" in text
    assert "a cell  칸" in text
    assert "      kept   as it is" in text
    assert "Written in  RFC 1 §2" in text
    assert "Near it     a, b" in text


@pytest.mark.parametrize("topic", topics())
def test_every_page_fits_and_loses_nothing(topic: str) -> None:
    found = page(topic)
    assert found is not None
    texts = {}
    for width in (60, 80, 200):
        out = Stream()
        draw_page(found, out, width=width)
        texts[width] = out.getvalue()
        assert all(cells(line) <= width for line in out.getvalue().splitlines())
    wide = words(texts[200])
    assert sorted(words(texts[80])) == sorted(wide)


def test_marks_inside_words_stay() -> None:
    assert inline("2 * 3 * 4 and __init__ and a*b*c") == "2 * 3 * 4 and __init__ and a*b*c"
