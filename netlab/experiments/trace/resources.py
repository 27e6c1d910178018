"""Which files an HTML document makes a browser fetch, read off its markup alone.

Only the markup: what style sheets and scripts would fetch in their turn cannot be known without
running them. Rules are those of the HTML standard (WHATWG), for a browser with scripts enabled.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Literal
from urllib.parse import urldefrag, urljoin, urlsplit

Kind = Literal[
    "stylesheet", "script", "image", "font", "frame", "media", "manifest", "icon", "object",
    "preload",
]  # fmt: skip

INSPECTED = 1 << 20
"""Characters that are looked at. Few documents are longer, and a browser's own start is not."""

PORTION = 1 << 16

IN_HEAD = frozenset(
    {"html", "head", "title", "base", "link", "meta", "script", "style", "noscript", "template"}
)
INERT = frozenset({"noscript", "template"})
"""What stands in these is not fetched (noscript: because scripts are enabled)."""

JAVASCRIPT = re.compile(r"|(text|application)/(x-)?(java|ecma)script", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Resource:
    """A file to fetch. blocks: nothing is painted before it is there. how: a script's kind."""

    kind: Kind
    url: str
    blocks: bool = False
    lazy: bool = False
    how: Literal["", "blocking", "defer", "async", "module"] = ""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a document holds. whole: whether all of it was read."""

    title: str
    resources: tuple[Resource, ...]
    inline_scripts: int
    inline_styles: int
    whole: bool


def contents(document: str, url: str, in_time: Callable[[], bool] = lambda: True) -> Contents:
    """Read a document that came from url. in_time is asked now and then whether to go on."""
    reader = _Reader()
    start = 0
    while start < min(len(document), INSPECTED) and in_time():
        reader.feed(document[start : start + PORTION])
        start += PORTION
    # No close(): it would take what is unfinished for text, in quadratic time at worst.
    return Contents(
        " ".join("".join(reader.title).split())[:300],
        reader.resolved(url),
        reader.inline_scripts,
        reader.inline_styles,
        start >= len(document),
    )


Attributes = dict[str, str]


@dataclass
class _Reader(HTMLParser):
    base: str | None = None
    title: list[str] = field(default_factory=list)
    found: list[Resource] = field(default_factory=list)
    inline_scripts: int = 0
    inline_styles: int = 0
    in_head: bool = True
    in_title: bool = False
    in_media: bool = False
    inert: int = 0

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        """`<![`: a comment that ends at the next `>` (HTML §13.2.5.42); the library gives up."""
        end = self.rawdata.find(">", i)
        return end + 1 if end >= 0 else -1

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in INERT:
            self.inert += 1
        if self.inert:
            return
        if tag not in IN_HEAD:
            self.in_head = False
        if tag == "title":
            self.in_title = self.in_head and not self.title
        handle = _TAGS.get(tag)
        if handle is not None:
            # The first of two attributes of one name counts.
            handle(self, {name: value or "" for name, value in reversed(attrs)})

    def handle_endtag(self, tag: str) -> None:
        if tag in INERT:
            self.inert = max(0, self.inert - 1)
        elif tag == "title":
            self.in_title = False
        elif tag == "head":
            self.in_head = False
        elif tag in ("video", "audio"):
            self.in_media = False

    def handle_data(self, data: str) -> None:
        if self.in_title:
            self.title.append(data)

    def add(self, kind: Kind, url: str, **more: object) -> None:
        if url.strip():
            self.found.append(Resource(kind, url, **more))  # type: ignore[arg-type]

    def resolved(self, document: str) -> tuple[Resource, ...]:
        """Each file once: a browser does not fetch it twice, and a preload is the same fetch."""
        base = absolute(document, self.base or "") or document
        once: dict[str, Resource] = {}
        for resource in sorted(self.found, key=lambda found: found.kind == "preload"):
            url = absolute(base, resource.url)
            if url is None:
                continue
            known = once.get(url, resource)
            once[url] = Resource(
                known.kind, url, known.blocks or resource.blocks, known.lazy and resource.lazy,
                known.how,
            )  # fmt: skip
        return tuple(once.values())


def absolute(base: str, url: str) -> str | None:
    """The web address meant, without its fragment; None for `data:` and the like."""
    try:
        joined = urldefrag(urljoin(base, re.sub(r"[\t\r\n]", "", url.strip()))).url
        parts = urlsplit(joined)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return None
    return joined if usable else None


def _base(reader: _Reader, a: Attributes) -> None:
    if reader.base is None and "href" in a:
        reader.base = a["href"]


def _link(reader: _Reader, a: Attributes) -> None:
    rel = set(a.get("rel", "").lower().split())
    url = a.get("href", "")
    if "stylesheet" in rel and "disabled" not in a:
        printed = a.get("media", "").strip().lower() == "print"
        blocks = reader.in_head and not printed and "alternate" not in rel
        reader.add("stylesheet", url, blocks=blocks)
    elif "icon" in rel:
        reader.add("icon", url)
    elif "manifest" in rel:
        reader.add("manifest", url)
    elif "modulepreload" in rel:
        reader.add("script", url, how="module")
    elif "preload" in rel:
        font = a.get("as", "").strip().lower() == "font"
        reader.add("font" if font else "preload", url)


def _script(reader: _Reader, a: Attributes) -> None:
    type = a.get("type", "").strip().lower()
    module = type == "module"
    if not module and (not JAVASCRIPT.fullmatch(type) or "nomodule" in a):
        return  # a data block, or for browsers of before 2018
    if "src" not in a:
        reader.inline_scripts += 1
        return
    how = "module" if module else "async" if "async" in a else "defer" if "defer" in a else ""
    asked = "render" in a.get("blocking", "").lower().split()
    blocks = reader.in_head and (not how or asked)
    reader.add("script", a["src"], how=how or "blocking", blocks=blocks)


def _style(reader: _Reader, a: Attributes) -> None:
    reader.inline_styles += 1


def _image(reader: _Reader, a: Attributes) -> None:
    # Of all candidates in srcset and in the <source>s of a <picture> a browser fetches one.
    first = a.get("srcset", "").strip().split(" ")[0].split("\n")[0].rstrip(",")
    reader.add("image", a.get("src", "") or first, lazy=_lazy(a))


def _input(reader: _Reader, a: Attributes) -> None:
    if a.get("type", "").strip().lower() == "image":
        reader.add("image", a.get("src", ""))


def _frame(reader: _Reader, a: Attributes) -> None:
    if "srcdoc" not in a:
        reader.add("frame", a.get("src", ""), lazy=_lazy(a))


def _media(reader: _Reader, a: Attributes) -> None:
    reader.add("image", a.get("poster", ""))
    fetched = a.get("preload", "").strip().lower() != "none"
    if fetched and a.get("src", "").strip():
        reader.add("media", a["src"])
    else:
        reader.in_media = fetched


def _source(reader: _Reader, a: Attributes) -> None:
    if reader.in_media and a.get("src", "").strip():
        reader.in_media = False  # the first that can be played; we take the first
        reader.add("media", a["src"])


def _embedded(reader: _Reader, a: Attributes) -> None:
    reader.add("object", a.get("data", "") or a.get("src", ""))


def _lazy(a: Attributes) -> bool:
    return a.get("loading", "").strip().lower() == "lazy"


_TAGS: dict[str, Callable[[_Reader, Attributes], None]] = {
    "base": _base,
    "link": _link,
    "script": _script,
    "style": _style,
    "img": _image,
    "input": _input,
    "iframe": _frame,
    "frame": _frame,
    "video": _media,
    "audio": _media,
    "source": _source,
    "embed": _embedded,
    "object": _embedded,
}
