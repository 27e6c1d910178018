"""A wait and the configured delays in it."""

import pytest

from netlab.experiments.delays import Span, split_delays, waits
from netlab.network.base import JournalEntry
from netlab.recording.recorder import Recorder
from netlab.recording.records import Phase
from tests.dnsworld import header


def split(*delays: Span, outcome: str = "done") -> list[tuple[float, float, str, str]]:
    recorder = Recorder(header())
    recorder.step("dns.lookup", "DNS")
    split_delays(
        recorder, "dns.lookup", "answer", 1.0, 2.0, "resolver", delays,
        outcome=outcome,  # type: ignore[arg-type]
    )  # fmt: skip
    phases = [one for one in recorder.finish().records if isinstance(one, Phase)]
    assert all((one.owner == "resolver") == (one.name == "answer") for one in phases)
    return [(one.start, one.end, one.owner, one.outcome) for one in phases]


RESOLVER, DELAY = "resolver", "configured delay"


@pytest.mark.parametrize(
    ("delays", "expected"),
    [
        ([], [(1.0, 2.0, RESOLVER)]),
        ([(1.25, 1.5)], [(1.0, 1.25, RESOLVER), (1.25, 1.5, DELAY), (1.5, 2.0, RESOLVER)]),
        ([(0.5, 1.5)], [(1.0, 1.5, DELAY), (1.5, 2.0, RESOLVER)]),
        ([(1.5, 9.0)], [(1.0, 1.5, RESOLVER), (1.5, 2.0, DELAY)]),
        ([(0.0, 9.0)], [(1.0, 2.0, DELAY)]),
        ([(0.0, 1.0), (2.0, 3.0), (4.0, 5.0)], [(1.0, 2.0, RESOLVER)]),
        (
            [(1.5, 1.75), (1.25, 1.6), (1.3, 1.4)],
            [(1.0, 1.25, RESOLVER), (1.25, 1.75, DELAY), (1.75, 2.0, RESOLVER)],
        ),
        ([(0.5, 1.2), (1.2, 2.5)], [(1.0, 2.0, DELAY)]),
    ],
)
def test_pieces_lie_side_by_side(
    delays: list[Span], expected: list[tuple[float, float, str]]
) -> None:
    assert [piece[:3] for piece in split(*delays)] == expected


def test_the_outcome_is_that_of_the_last_piece() -> None:
    assert [piece[3] for piece in split((1.2, 1.4), outcome="failed")] == ["done", "done", "failed"]


def test_a_wait_of_no_length_is_still_told() -> None:
    recorder = Recorder(header())
    split_delays(recorder, "s", "answer", 1.0, 1.0, "resolver", [(0.0, 2.0)])
    assert len(recorder.finish().records) == 1


def test_delays_are_found_by_the_clients_port() -> None:
    recorder = Recorder(header(), clock=lambda: 100.0)
    entries = [
        JournalEntry(101.0, "resolver", "delay", 4000, until=101.5),
        JournalEntry(102.0, "resolver", "delay", 4001, until=102.5),
        JournalEntry(103.0, "resolver", "query", 4000),
        JournalEntry(104.0, "web", "delay", None, until=104.5),
    ]
    assert waits(recorder, entries, [4000, None]) == [(1.0, 1.5)]
    assert waits(recorder, entries, []) == []
