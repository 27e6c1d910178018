"""Each algorithm against sequences worked by hand, and against what is proven of it."""

import math
import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlab.balance.algorithms import NAMES, maglev, make
from netlab.balance.algorithms.consistent import cap
from netlab.balance.algorithms.maglev import fill, order
from netlab.balance.backend import Backend
from tests.balance.backends import algorithm, moved, owners, picks, shares, some

HASHING = ("source", "consistent", "maglev")


@pytest.mark.parametrize(
    ("weights", "sequence"),
    [
        ((1, 1, 1), "abcabcabc"),
        ((5, 1, 1), "aabacaaaabacaa"),  # as nginx has it
        ((3, 2), "ababaababa"),
        ((1, 2), "babbab"),
        ((4,), "aaaa"),
    ],
)
def test_round_robin_is_smooth(weights: tuple[int, ...], sequence: str) -> None:
    assert picks(algorithm("roundrobin", some(*weights)), len(sequence)) == sequence


def test_round_robin_leaves_out_who_is_down_and_goes_on_with_it_later() -> None:
    backends = some(1, 1, 1)
    made = algorithm("roundrobin", backends)
    assert picks(made, 3) == "abc"
    backends[1].state = "down"
    made.changed()
    assert picks(made, 4) == "acac"
    backends[1].state = "up"
    made.changed()
    assert Counter(picks(made, 300)) == {"a": 100, "b": 100, "c": 100}


@given(st.lists(st.integers(1, 20), min_size=1, max_size=8))
def test_round_robin_gives_each_exactly_its_weight(weights: list[int]) -> None:
    backends = some(*weights)
    found = Counter(picks(algorithm("roundrobin", backends), 3 * sum(weights)))
    assert found == {each.name: 3 * each.weight for each in backends}


def test_least_connections_by_hand() -> None:
    backends = some(1, 1, 2)
    made = algorithm("leastconn", backends)
    for each, active in zip(backends, (2, 1, 4), strict=True):
        each.active = active
    assert picks(made, 1) == "b"  # with one more: 3, 2 and 2.5 for each unit of weight
    backends[1].active = 2
    assert picks(made, 1) == "c"  # 3, 3 and 2.5
    backends[2].active = 5
    assert Counter(picks(made, 8)) == {"a": 2, "b": 2, "c": 4}  # all tie: turns by weight


def test_least_connections_drowns_who_fails_at_once() -> None:
    """The trap: whoever is never busy is always the least busy."""
    backends = some(1, 1, 1, 1)
    made = algorithm("leastconn", backends)
    for each in backends[1:]:
        each.active = 1
    assert picks(made, 50) == "a" * 50


def test_random_spreads_as_chance_does() -> None:
    found = Counter(picks(algorithm("random", some(1, 1, 2)), 10_000))
    for name, part in (("a", 0.25), ("b", 0.25), ("c", 0.5)):
        spread = math.sqrt(10_000 * part * (1 - part))
        assert abs(found[name] - 10_000 * part) < 4 * spread
    assert picks(algorithm("random", some(1, 1, 2), seed=7), 20) == picks(
        algorithm("random", some(1, 1, 2), seed=7), 20
    )


def fullest(name: str, bins: int, seed: int) -> int:
    """Throw as many balls as there are bins; how many are in the fullest."""
    backends = [Backend(str(number), "h", 1) for number in range(bins)]
    made = make(name, backends, random.Random(seed))
    for _ in range(bins):
        picked = made.pick()
        assert picked is not None
        picked.active += 1
    return max(each.active for each in backends)


def test_two_choices_fill_no_bin_far_above_the_others() -> None:
    """ln n / ln ln n against ln ln n / ln 2: 3.3 and 2.5 for n = 300, and a constant each."""
    one = [fullest("random", 300, seed) for seed in range(5)]
    two = [fullest("random2", 300, seed) for seed in range(5)]
    assert max(two) <= 3
    assert min(one) >= 4


def test_two_choices_never_take_the_busiest() -> None:
    backends = some(1, 1, 1)
    made = algorithm("random2", backends)
    backends[0].active = 9
    assert "a" not in picks(made, 200)


@pytest.mark.parametrize("name", HASHING)
def test_a_key_always_meets_the_same_backend(name: str) -> None:
    first, second = algorithm(name, some(1, 1, 1)), algorithm(name, some(1, 1, 1), seed=2)
    assert owners(first, 200) == owners(second, 200)
    assert len(set(owners(first, 200).values())) == 3


@pytest.mark.parametrize(("name", "within"), [("source", 0.05), ("consistent", 0.2),
                                              ("maglev", 0.05)])  # fmt: skip
def test_keys_spread_by_weight(name: str, within: float) -> None:
    found = shares(algorithm(name, some(1, 2, 1)), 8000)
    for letter, fair in (("a", 2000), ("b", 4000), ("c", 2000)):
        assert abs(found[letter] - fair) < fair * within


def test_how_many_keys_move_when_a_backend_comes() -> None:
    """Ideal is 1 of n + 1. A modulus keeps 1 of n + 1; a ring is ideal; Maglev is close to it."""
    part = {}
    for name in HASHING:
        before = owners(algorithm(name, some(1, 1, 1, 1)), 2000)
        part[name] = moved(before, owners(algorithm(name, some(1, 1, 1, 1, 1)), 2000))
    assert 0.75 < part["source"] < 0.85
    assert 0.15 < part["consistent"] < 0.25
    assert 0.17 < part["maglev"] < 0.30


@pytest.mark.parametrize("name", ["consistent", "maglev"])
def test_what_belongs_to_others_stays_when_one_goes(name: str) -> None:
    backends = some(1, 1, 1, 1, 1)
    made = algorithm(name, backends)
    before = owners(made, 2000)
    backends[2].state = "down"
    made.changed()
    after = owners(made, 2000)
    stayed = [key for key, owner in before.items() if owner != "c"]
    wandered = sum(before[key] != after[key] for key in stayed) / len(stayed)
    assert "c" not in after.values()
    assert wandered == 0 if name == "consistent" else wandered < 0.1
    backends[2].state = "up"
    made.changed()
    assert owners(made, 2000) == before


def test_on_the_ring_the_new_one_alone_gains() -> None:
    before = owners(algorithm("consistent", some(1, 1, 1)), 2000)
    after = owners(algorithm("consistent", some(1, 1, 1, 1)), 2000)
    assert {after[key] for key in before if before[key] != after[key]} == {"d"}


@given(st.integers(0, 400), st.lists(st.integers(1, 9), min_size=1, max_size=6))
@settings(max_examples=30)
def test_the_ring_never_loads_anyone_above_its_cap(hot: int, weights: list[int]) -> None:
    """One key, asked for again and again, and nothing ever ends."""
    backends = some(*weights)
    made = algorithm("consistent", backends)
    for together in range(1, 30):
        picked = made.pick(str(hot).encode())
        assert picked is not None
        picked.active += 1
        assert picked.active <= cap(together, picked.weight, sum(weights))
    assert cap(30, 1, 3) == 13  # 1.25 of 10, rounded up


def test_a_hot_key_goes_on_to_its_neighbours_in_order() -> None:
    backends = some(1, 1, 1)
    made = algorithm("consistent", backends)
    owner = made.pick(b"hot")
    assert owner is not None
    owner.active = 2
    others = [each for each in backends if each is not owner]
    others[0].active = others[1].active = 1
    second = made.pick(b"hot")  # 5 together: no more than ceil(1.25 × 5 / 3) = 3
    assert second is owner
    owner.active = 3
    second = made.pick(b"hot")
    assert second in others


def test_maglev_is_as_even_as_can_be() -> None:
    """Equal weights: the numbers of places differ by one at most (§3.4)."""
    table = fill(some(1, 1, 1, 1, 1, 1, 1), 5003)
    counted = Counter(each.name for each in table)
    assert len(table) == 5003
    assert max(counted.values()) - min(counted.values()) <= 1


def test_maglev_by_the_papers_own_example(monkeypatch: pytest.MonkeyPatch) -> None:
    """Table 2 of §3.4: seven places, three orders, and the table before and after one goes."""
    orders = {"a": [3, 0, 4, 1, 5, 2, 6], "b": [0, 2, 4, 6, 1, 3, 5], "c": [3, 4, 5, 6, 0, 1, 2]}
    monkeypatch.setattr(maglev, "order", lambda backend, size: iter(orders[backend.name]))
    backends = some(1, 1, 1)
    assert "".join(each.name for each in fill(backends, 7)) == "babacca"
    assert "".join(each.name for each in fill([backends[0], backends[2]], 7)) == "aaaaccc"


@given(st.text(min_size=1, max_size=12))
@settings(max_examples=20)
def test_an_order_names_every_place_once(name: str) -> None:
    assert sorted(order(Backend(name, "h", 1), 101)) == list(range(101))


def test_least_response_time_prefers_who_answers_sooner() -> None:
    backends = some(1, 1)
    made = algorithm("ewma", backends)
    made.done(backends[0], 0.1)
    made.done(backends[1], 0.02)
    assert picks(made, 20) == "b" * 20
    backends[1].active = 5  # 6 × 0.02 is more than what is left of 0.1
    assert picks(made, 1) == "a"


def test_least_response_time_minds_a_slow_answer_at_once_and_forgives_slowly() -> None:
    backends = some(1, 1)
    made = algorithm("ewma", backends)
    for each in backends:
        made.done(each, 0.01)
    made.done(backends[0], 1.0)
    assert picks(made, 100) == "b" * 100
    made.done(backends[0], 0.01)
    assert picks(made, 1) == "b"  # one good answer takes away a fifth
    assert "a" in picks(made, 3000)  # but nobody is passed over for ever


def test_of_whom_nothing_is_known_the_best_is_expected() -> None:
    backends = some(1, 1, 1)
    made = algorithm("ewma", backends)
    assert picks(made, 6) == "abcabc"
    made.done(backends[0], 0.5)
    made.done(backends[1], 0.1)
    assert set(picks(made, 2)) == {"b", "c"}


@given(
    st.sampled_from(sorted(NAMES)),
    st.lists(
        st.tuples(
            st.integers(1, 9), st.sampled_from(["up", "down", "draining"]), st.integers(0, 9)
        ),
        min_size=1, max_size=6,
    ),
    st.binary(max_size=8),
    st.sets(st.integers(0, 5)),
)  # fmt: skip
@settings(max_examples=150)
def test_whatever_the_algorithm_only_who_may_be_picked_is(
    name: str, kinds: list[tuple[int, str, int]], key: bytes, left_out: set[int]
) -> None:
    backends = some(*(weight for weight, _, _ in kinds))
    for each, (_, state, active) in zip(backends, kinds, strict=True):
        each.state = state  # type: ignore[assignment]
        each.active = active
    made = algorithm(name, backends)
    without = [each for place, each in enumerate(backends) if place in left_out]
    may = [each for each in backends if each.usable and each not in without]
    picked = made.pick(key, without)
    assert picked in may if may else picked is None


def test_each_has_its_own_file_and_says_what_it_is() -> None:
    for name, kind in NAMES.items():
        made = algorithm(name, some(1))
        assert type(made).__name__ == kind
        assert type(made).__module__ == f"netlab.balance.algorithms.{name}"
        assert made.__doc__
