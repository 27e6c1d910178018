import random
from itertools import pairwise

from netlab.experiments.loadbalancing.arrivals import (
    address,
    arrivals,
    bursts,
    even,
    favourites,
    poisson,
    users,
)
from netlab.experiments.loadbalancing.scenarios import gapped


def test_an_open_loop_is_drawn_from_its_seed() -> None:
    first, again = (poisson(400, 10, random.Random(7)) for _ in range(2))
    assert first == again
    assert poisson(400, 10, random.Random(8)) != first
    assert 3800 < len(first) < 4200  # three standard deviations about 4,000
    assert first == sorted(first)
    assert 0 < first[0] < first[-1] < 10


def test_gaps_of_a_poisson_load_vary_as_they_should() -> None:
    instants = poisson(100, 100, random.Random(1))
    gaps = [b - a for a, b in pairwise(instants)]
    mean = sum(gaps) / len(gaps)
    deviation = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
    assert 0.9 < deviation / mean < 1.1  # of an exponential distribution they are equal


def test_a_burst_has_all_of_a_second_in_its_first_tenth() -> None:
    instants = bursts(300, 3, random.Random(1), 1.0)
    assert 750 < len(instants) < 1050
    assert all(at % 1.0 < 0.1 for at in instants)


def test_a_silence_is_really_silent() -> None:
    assert not [at for at in gapped(400, 4, random.Random(1)) if 0.95 < at < 1.05]


def test_what_is_asked_is_drawn_too() -> None:
    made = arrivals(even(2000, 100), random.Random(1), users(10), clients=50, posts=0.25)
    assert [one.id for one in made] == list(range(2000))
    assert {one.key for one in made} == {f"user-{number}" for number in range(10)}
    assert 400 < sum(one.method == "POST" for one in made) < 600
    assert len({one.source for one in made}) == 50


def test_clients_differ_in_every_octet() -> None:
    octets = [address(number).split(".") for number in range(500)]
    assert {one[0] for one in octets} == {"127"}
    for place in (1, 2, 3):
        assert len({one[place] for one in octets}) > 100
    assert len({".".join(one) for one in octets}) == 500
    assert not {"0", "255"} & {one[3] for one in octets}


def test_a_favourite_has_its_share() -> None:
    chance, keys = random.Random(1), favourites(100, 0.4)
    drawn = [keys(chance) for _ in range(10_000)]
    assert 0.38 < drawn.count("user-0") / 10_000 < 0.42
    assert len(set(drawn)) == 100
