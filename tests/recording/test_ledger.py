from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlab.recording.ledger import OWNERS, leaves_of, ledger, prefix_of, visit_of
from netlab.recording.records import Owner, Path, Phase
from tests.views import sample


def phase(
    start: float,
    end: float,
    owner: Owner = "network",
    path: Path = "journey",
    id: str = "",
    parent: str | None = None,
    step: str = "s",
) -> Phase:
    id = id or f"{path}{start}-{end}"
    return Phase(id, step, "x", start, end, "done", owner, path, parent=parent)


def test_leaves_count_and_the_rest_remains() -> None:
    book = ledger([
        phase(1, 5, id="all"),
        phase(1, 2, "resolver", parent="all"),
        phase(2.5, 5, "far end", parent="all"),
        phase(2.5, 4, "network", "detail", parent="all"),
    ])  # fmt: skip
    assert book.total == 4
    assert book.by_owner["resolver"] == 1
    assert book.by_owner["far end"] == 2.5
    assert book.by_owner["network"] == 0
    assert book.remainder == 0.5
    assert book.asides == 0


def test_the_clock_stands_still_for_asides() -> None:
    book = ledger([
        phase(1, 2), phase(5, 6, "netlab"),
        phase(2.5, 4.5, path="aside"), phase(3, 4, path="aside"),
        phase(0, 0.5, path="aside"), phase(7, 9, path="aside"),
    ])  # fmt: skip
    assert book.total == 3
    assert book.remainder == 1
    assert book.asides == 4.5
    assert book.cuts == ((2.5, 4.5),)
    assert [book.position(t) for t in (0, 1, 2, 2.5, 3, 4.5, 5, 6, 9)] == [
        0, 0, 1, 1.5, 1.5, 1.5, 2, 3, 3,
    ]  # fmt: skip


def test_an_aside_never_eats_a_timed_phase() -> None:
    book = ledger([phase(0, 4), phase(1, 5, path="aside"), phase(6, 7)])
    assert book.total == 6
    assert book.cuts == ((4, 5),)


def test_visits_have_ledgers_of_their_own() -> None:
    phases = [phase(0, 1), phase(1, 2, step="2/s"), phase(5, 8, step="again/1/s")]
    assert ledger(phases).total == 2
    assert ledger(phases, "again/1/").total == 3
    assert ledger(phases, "again/2/").total == 0
    assert visit_of("again/1/2/tcp") == "again/1/"
    assert (visit_of("2/tcp"), prefix_of("2/tcp"), prefix_of("tcp")) == ("", "2/", "")


def test_the_sample_adds_up() -> None:
    book = ledger(sample.trace().records)
    assert book.total == pytest.approx(0.0963)
    assert book.asides == pytest.approx(0.04)
    assert book.by_owner["resolver"] == pytest.approx(0.0124)


PATHS: tuple[Path, ...] = ("journey", "journey", "aside")


@st.composite
def runs(draw: st.DrawFn) -> list[Phase]:
    """Phases one after the other, with gaps; asides in some of the gaps."""
    made: list[Phase] = []
    at = draw(st.integers(0, 100))
    for number in range(draw(st.integers(1, 12))):
        until = at + draw(st.integers(0, 50))
        path: Path = draw(st.sampled_from(PATHS))
        made.append(
            Phase(f"p{number}", "s", "x", float(at), float(until), "done",
                  draw(st.sampled_from(OWNERS)), path)
        )  # fmt: skip
        at = until + draw(st.integers(0, 5))
    return made


@settings(deadline=None)
@given(runs())
def test_every_instant_has_one_owner(phases: list[Phase]) -> None:
    book = ledger(phases)
    assert book.total == pytest.approx(sum(book.by_owner.values()) + book.remainder)
    assert book.remainder >= 0
    journey = [p for p in phases if p.path == "journey"]
    assert sum(book.by_owner.values()) == sum(p.end - p.start for p in journey)
    assert book.asides == sum(p.end - p.start for p in phases if p.path == "aside")
    gaps = [b.start - a.end for a, b in pairwise(phases)]
    assert book.remainder <= sum(gaps)


@settings(deadline=None)
@given(runs(), st.floats(0, 1000), st.floats(0, 1000))
def test_the_axis_never_runs_back(phases: list[Phase], one: float, other: float) -> None:
    book = ledger(phases)
    early, late = sorted((one, other))
    assert 0 <= book.position(early) <= book.position(late) <= book.total
    for leaf in book.leaves:
        length = book.position(leaf.end) - book.position(leaf.start)
        assert length == pytest.approx(leaf.end - leaf.start)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50), st.sampled_from(
    ("journey", "detail", "aside")))))  # fmt: skip
def test_whatever_a_file_says_nothing_breaks(spans: list[tuple[int, int, Path]]) -> None:
    phases = [
        phase(min(a, b), max(a, b), path=path, id=f"p{n}", parent=f"p{n + 1}" if n % 3 else None)
        for n, (a, b, path) in enumerate(spans)
    ]
    book = ledger(phases)
    assert book.total == pytest.approx(sum(book.by_owner.values()) + book.remainder)
    assert 0 <= book.position(25) <= book.total
    assert len(book.leaves) == len(leaves_of(phases))
