import re

from netlab.views import mermaid
from netlab.views.mermaid import label
from tests.views import sample

LINE = re.compile(
    r"sequenceDiagram|    participant a\d+ as .*|    Note over a\d+(,a\d+)?: .*"
    r"|    a\d+(->>|--x)a\d+: .*"
)


def test_messages_become_arrows() -> None:
    text = mermaid.draw(sample.trace())
    assert "    participant a2 as resolver\n" in text
    assert "    a1->>a2: A www.google.com? (0 ms)\n" in text
    assert "    a2->>a1: 142.250.76.36 (12.4 ms)\n" in text
    assert "    Note over a1,a3: 5 TLS\n" in text


def test_what_never_arrived_is_crossed() -> None:
    book = sample.recorder()
    step = book.step("talk", "Talk")
    book.message(step, "you", "server", "dns", "A x?", at=0.0, arrived=False)
    assert "a1--xa2: A x? (0 ms)" in mermaid.draw(book.finish())


def test_no_text_becomes_syntax() -> None:
    for recording in (sample.hostile(), sample.twice(), sample.hangul()):
        for line in mermaid.draw(recording).splitlines():
            assert LINE.fullmatch(line), line
            assert line.isprintable()
            bare = re.sub(r"#\d+;", "", line)
            assert not set(bare) & set(';<&"`{}%\\$#'), bare


def test_words_that_are_orders_are_coded() -> None:
    assert label("the end") == "the #101;nd"
    assert label("wrap: x") == "#119;rap: x"
    assert label("bend wrapped") == "bend wrapped"
    assert label("한국 a#b") == "한국 a#35;b"


def test_without_messages_the_diagram_says_so() -> None:
    first, *others = mermaid.draw(sample.recorder().finish()).splitlines()
    assert first == "sequenceDiagram"
    assert others[-1] == "    Note over netlab: No message was sent in this run"
