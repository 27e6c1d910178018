"""Who is picked and who is up, on a clock of the test's own."""

from dataclasses import dataclass, field

import pytest

from netlab.balance.backend import Backend
from netlab.balance.events import (
    KINDS,
    Changed,
    Event,
    Failed,
    Picked,
    Weighed,
    decode,
    encode,
)  # fmt: skip
from netlab.balance.pool import Pool
from netlab.balance.settings import Passive
from netlab.errors import NetlabError
from tests.balance.backends import some


@dataclass
class Told:
    """A pool, what it told, and its clock."""

    passive: Passive | None = None
    weights: tuple[int, ...] = (1, 1, 1)
    now: float = 100.0
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.backends = some(*self.weights)
        self.pool = Pool(
            self.backends, "roundrobin", self.events.append, self.passive, clock=lambda: self.now
        )

    def picks(self, count: int, **how: object) -> str:
        picked = [self.pool.pick(**how) for _ in range(count)]  # type: ignore[arg-type]
        return "".join(each.name if each else "-" for each in picked)

    def changes(self) -> list[tuple[str, str, str]]:
        return [(one.backend, one.after, one.by) for one in self.events if isinstance(one, Changed)]

    def fail(self, backend: Backend, times: int) -> None:
        for _ in range(times):
            self.pool.failed(backend, "refused the connection")


def test_every_pick_is_told_with_what_was_open_before() -> None:
    told = Told()
    with told.pool.use(told.backends[0]):
        assert told.picks(1) == "a"
    assert told.backends[0].active == 0
    assert told.events == [Picked(100.0, "a", 1)]


def test_what_is_open_is_given_back_after_a_fault() -> None:
    told = Told()
    with pytest.raises(OSError, match="broke"), told.pool.use(told.backends[0]):
        raise OSError("broke")
    assert told.backends[0].active == 0


def test_a_hand_drains_downs_and_brings_back() -> None:
    told = Told()
    told.pool.mark(told.backends[1], "draining", "a restart")
    assert told.picks(4) == "acac"
    told.pool.mark(told.backends[1], "up", "back")
    told.pool.mark(told.backends[1], "up", "back")  # nothing new: not told
    assert set(told.picks(3)) == set("abc")
    assert told.changes() == [("b", "draining", "hand"), ("b", "up", "hand")]


def test_each_takes_back_only_its_own_word() -> None:
    told = Told()
    backend, states = told.backends[0], []
    for state, by in (
        ("down", "check"), ("draining", "hand"), ("up", "check"), ("down", "check"), ("up", "hand"),
    ):  # fmt: skip
        told.pool.mark(backend, state, "so", by)  # type: ignore[arg-type]
        states.append(backend.state)
    assert states == ["down", "down", "draining", "down", "up"]


def test_passive_failures_in_a_row_bring_a_rest_and_then_one_trial() -> None:
    told = Told(Passive(fails=3, window=10, rest=5))
    a = told.backends[0]
    told.fail(a, 2)
    told.pool.succeeded(a, 0.01)  # the row is broken
    told.fail(a, 2)
    assert a.usable
    told.fail(a, 1)
    assert told.changes() == [("a", "down", "passive")]
    assert told.picks(4) == "bcbc"
    told.now += 5
    assert told.picks(4) == "abcb"  # one trial, no more
    assert [one.trial for one in told.events if isinstance(one, Picked)][-4:] == [
        True, False, False, False,
    ]  # fmt: skip
    told.pool.succeeded(a, 0.01)
    assert told.changes()[-1] == ("a", "up", "passive")


def test_a_trial_that_fails_means_another_rest() -> None:
    told = Told(Passive(fails=1, rest=5))
    told.fail(told.backends[0], 1)
    told.now += 5
    assert told.picks(1) == "a"
    told.fail(told.backends[0], 1)
    assert "a" not in told.picks(6)
    told.now += 4.9
    assert "a" not in told.picks(6)
    told.now += 0.1
    assert told.picks(1) == "a"
    assert len(told.changes()) == 1


def test_a_trial_that_tells_nothing_is_followed_by_another() -> None:
    told = Told(Passive(fails=1, rest=5))
    told.fail(told.backends[0], 1)
    told.now += 5
    assert told.picks(2)[0] == "a"
    told.now += 5
    assert told.picks(1) == "a"


def test_a_trial_goes_only_where_the_request_may_go() -> None:
    told = Told(Passive(fails=1, rest=5))
    told.fail(told.backends[0], 1)
    told.now += 5
    assert told.picks(1, without=[told.backends[0]]) in ("b", "c")
    assert told.picks(1, among=("b", "c")) in ("b", "c")
    assert told.picks(1, among=("a",)) == "a"


def test_what_a_hand_or_a_check_has_downed_gets_no_trial() -> None:
    told = Told(Passive(fails=1, rest=5))
    told.fail(told.backends[0], 1)
    told.pool.mark(told.backends[0], "down", "bad checks", "check")
    told.now += 50
    assert "a" not in told.picks(6)


def test_failures_that_lie_far_apart_are_not_a_row() -> None:
    told = Told(Passive(fails=2, window=10, rest=5))
    told.fail(told.backends[0], 1)
    told.now += 11
    told.fail(told.backends[0], 1)
    assert told.backends[0].usable
    told.now += 10
    told.fail(told.backends[0], 1)
    assert not told.backends[0].usable


def test_without_passive_checks_failures_are_only_told() -> None:
    told = Told()
    told.fail(told.backends[0], 50)
    assert told.backends[0].usable
    assert all(isinstance(one, Failed) for one in told.events)


def test_nobody_is_picked_when_nobody_is_up() -> None:
    told = Told()
    for each in told.backends:
        told.pool.mark(each, "down", "so", "hand")
    assert told.picks(1) == "-"
    assert not any(isinstance(one, Picked) for one in told.events)


def test_a_client_that_is_bound_to_a_backend_stays_until_it_is_down() -> None:
    told = Told()
    assert told.pool.stick(told.backends[2])
    told.pool.mark(told.backends[2], "draining", "a restart")
    assert told.pool.stick(told.backends[2])
    assert "c" not in told.picks(9)
    told.pool.mark(told.backends[2], "down", "the restart")
    assert not told.pool.stick(told.backends[2])


def test_backends_come_go_and_change_their_weight() -> None:
    told = Told(weights=(1, 1))
    assert set(told.picks(2, among=("a", "c"))) == {"a"}
    told.pool.add(Backend("c", "127.0.0.1", 9003))
    with pytest.raises(ValueError, match="already"):
        told.pool.add(Backend("c", "127.0.0.1", 9004))
    assert set(told.picks(3)) == set("abc")
    assert set(told.picks(2, among=("a", "c"))) == {"a", "c"}
    told.pool.remove(told.backends[0])
    told.pool.weigh(told.backends[1], 3)
    assert sorted(told.picks(4)) == ["b", "b", "b", "c"]
    assert [one.weight for one in told.events if isinstance(one, Weighed)] == [1, 0, 3]
    with pytest.raises(NetlabError, match="weight"):
        told.pool.weigh(told.backends[1], 0)


def test_what_is_learnt_reaches_every_algorithm_of_the_pool() -> None:
    backends = some(1, 1)
    pool = Pool(backends, "ewma", lambda event: None)
    assert pool.pick(among=("a", "b")) is backends[0]
    pool.succeeded(backends[0], 9.0)
    pool.succeeded(backends[1], 0.001)
    assert [pool.pick(among=("a", "b")) for _ in range(3)] == [backends[1]] * 3
    assert pool.pick() is backends[1]


def test_an_event_survives_the_journal() -> None:
    for kind in KINDS.values():
        values = dict.fromkeys(kind.__dataclass_fields__, 1.5)
        made = kind(**values)  # type: ignore[arg-type]
        assert decode(encode(made)) == made
    with pytest.raises(KeyError):
        decode({"event": "nothing"})
