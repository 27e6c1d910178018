import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlab.views.bars import LEAST, Axis, nice


def test_bars_stand_where_their_time_was() -> None:
    axis = Axis(0.1, 40)
    assert axis.bar([(0.0, 0.025, "█")]) == "█" * 10
    assert axis.bar([(0.05, 0.1, "▒")]) == " " * 20 + "▒" * 20
    assert axis.bar([(0.0, 0.05, "█"), (0.05, 0.1, "░")], broken=True) == "█" * 20 + "░" * 19 + "×"


def test_what_took_no_time_is_seen_all_the_same() -> None:
    axis = Axis(1.0, 20)
    assert axis.bar([(0.5, 0.5, "█")]) == " " * 10 + "█"
    assert axis.bar([(1.0, 1.0, "█")]) == " " * 19 + "█"


@pytest.mark.parametrize(
    ("total", "figures"),
    [(0.1, "0         25        50        75       100 ms"), (0.0, "0"), (3.0, "0"), (5e-4, "0")],
)
def test_figures_begin_at_their_places(total: float, figures: str) -> None:
    assert Axis(total, 40).ticks().startswith(figures)


@pytest.mark.parametrize(("total", "unit"), [(5e-4, "µs"), (0.5, "ms"), (5.0, "s")])
def test_the_last_figure_has_the_unit(total: float, unit: str) -> None:
    assert Axis(total, 60).ticks().endswith(f" {unit}")


@settings(deadline=None)
@given(st.floats(0, 1e5), st.integers(LEAST, 200))
def test_figures_never_reach_beyond_the_room(total: float, room: int) -> None:
    axis = Axis.within(total, room)
    assert len(axis.ticks()) <= max(room, 20)


@settings(deadline=None)
@given(st.floats(1e-6, 1e6))
def test_steps_are_nice(step: float) -> None:
    assert step <= nice(step) * (1 + 1e-9) <= step * 2.6
