"""The scenarios of `netlab lb demo`: who stands there, what happens, what is to be guessed."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace

from netlab.balance.settings import Check, Passive, Server
from netlab.experiments.loadbalancing.arrivals import bursts, favourites, poisson, users
from netlab.experiments.loadbalancing.farm import Spec
from netlab.experiments.loadbalancing.scenario import Prediction, Scenario, Stage, Variant

SLOW = 0.1
KEY = "header:X-Key"
QUICK_CHECK = Check(interval=0.1, timeout=0.5, rise=2, fall=2)


def names(count: int) -> list[str]:
    return [f"b{number + 1}" for number in range(count)]


def alike(count: int) -> Sequence[Spec]:
    return [Spec(name) for name in names(count)]


def last_slow(count: int) -> Sequence[Spec]:
    *others, last = names(count)
    return [*(Spec(name) for name in others), Spec(last, mean=SLOW)]


def roomy(count: int) -> Sequence[Spec]:
    """Slower, with more places: more is under way at any instant."""
    return [Spec(name, mean=0.05, places=16) for name in names(count)]


def last_alone(count: int) -> Sequence[Spec]:
    """The last one has a process of its own, which can be killed."""
    *others, last = roomy(count)
    return [*others, replace(last, alone=True)]


def last_fails(count: int) -> Sequence[Spec]:
    *others, last = names(count)
    return [*(Spec(name) for name in others), Spec(last, mode="fail")]


def one_more(count: int) -> Sequence[Spec]:
    return [Spec(name, mean=0.002, places=8) for name in names(count + 1)]


def gapped(rate: float, duration: float, chance: random.Random) -> list[float]:
    """Arrivals with a silence in them, in which nothing is under way."""
    silence = (IDLE - 0.1) * duration, IDLE * duration + 0.1
    return [at for at in poisson(rate, duration, chance) if not silence[0] < at < silence[1]]


IDLE, AGAIN, BUSY = 0.25, 0.5, 0.75
"""Shares of the load's time: killed while idle, started again, killed in the middle of its work."""


async def dies(stage: Stage) -> None:
    """Twice: once when nothing is under way to it, once when something is."""
    last = next(reversed(stage.farm.specs))
    await stage.until(IDLE)
    stage.mark("idle")
    stage.kill(last)
    await stage.until(AGAIN)
    await stage.revive(last)
    await stage.until(BUSY)
    stage.mark("busy")
    stage.kill(last)


FLAP = 0.4
"""Seconds for which it is there, and then is not."""


async def flaps(stage: Stage) -> None:
    last = next(reversed(stage.farm.specs))
    end = stage.duration - 2 * FLAP
    at = FLAP
    while at < end:
        await stage.until(at / stage.duration)
        stage.stop(last)
        await stage.until((at + FLAP) / stage.duration)
        stage.start(last)
        at += 2 * FLAP


DRAINED, AWAY = 0.1, 0.04
"""Shares of the load's time: for a backend to end what it has, and for it to start again."""


async def restarts(stage: Stage) -> None:
    """Each in turn: drained first, or simply stopped."""
    every = list(stage.farm.specs)
    for number, name in enumerate(every):
        await stage.until(0.1 + 0.8 * number / len(every))
        if stage.variant == "drained":
            await stage.drain(name)
            await asyncio.sleep(DRAINED * stage.duration)
        stage.stop(name)
        await asyncio.sleep(AWAY * stage.duration)
        stage.start(name)
        await asyncio.sleep(0.05)
        if stage.variant == "drained":
            await stage.restore(name)


async def grows(stage: Stage) -> None:
    """One backend more, in the middle of it all."""
    spec = next(reversed(stage.farm.specs.values()))
    await stage.until(0.5)
    stage.mark("grown")
    await stage.add(Server(spec.name, spec.host, spec.port, spec.weight))


SCENARIOS: dict[str, Scenario] = {
    made.name: made
    for made in (
        Scenario(
            "equal", "Backends that are alike",
            Prediction(
                "Four backends that are equally fast, half busy. Who has the better p99?",
                ("round robin, by far", "least connections, by far", "neither: about the same"),
                2,
                "The shares are the same, and half of the places are free, so hardly anybody "
                "waits. The slowest hundredth is long service times, which no choice shortens.",
            ),
            alike,
        ),
        Scenario(
            "one-slow", "One backend is slow",
            Prediction(
                "One backend of four takes 100 ms where the others take 20. Under round robin, "
                "how does the slowest hundredth of all requests fare?",
                ("five times as slow", "as slow as the slow backend", "ever slower, without end"),
                2,
                "The slow one gets its quarter whatever happens, more than it can do. Its queue "
                "grows for as long as the load lasts, until requests run out of time.",
            ),
            last_slow, duration=8.0,
        ),
        Scenario(
            "one-dies", "A backend dies",
            Prediction(
                "A backend's process is killed while it works. What becomes of the requests that "
                "it has?",
                ("all are sent to another one", "reads are, orders are not", "all are lost"),
                1,
                "Nobody can tell whether it carried them out. To ask twice for a page does no "
                "harm; to order twice does (RFC 9110 §9.2.2).",
            ),
            last_alone, posts=0.5, script=dies, instants=gapped,
            variants=(Variant("", "", QUICK_CHECK),),
        ),
        Scenario(
            "black-hole", "A backend that fails at once",
            Prediction(
                "One backend of four answers every request at once, with 500. Which share of the "
                "traffic does least connections send to it?",
                ("a quarter", "almost none: it is sick", "more than half"),
                2,
                "It is never busy, so it always has the fewest connections. Failing is the "
                "fastest way to be done.",
            ),
            last_fails, duration=3.0,
            variants=(
                Variant(),
                Variant("passive", "with passive checks", None, Passive(fails=3, rest=30.0)),
            ),
        ),
        Scenario(
            "flapping", "A backend that comes and goes",
            Prediction(
                "A backend is there for 0.4 s, then gone for 0.4 s, and so on. What does a health "
                "check that believes one good answer make of it?",
                ("it takes it out for good", "it follows every swing", "it notices nothing"),
                1,
                "Each return brings traffic, each departure breaks some. A threshold for coming "
                "back (rise) keeps it out until it is well for longer.",
            ),
            alike, posts=0.5, script=flaps,
            variants=(
                Variant("eager", "back after one good check",
                        Check(interval=0.05, timeout=0.5, rise=1, fall=1)),
                Variant("patient", "back after twenty good checks",
                        Check(interval=0.05, timeout=0.5, rise=20, fall=1)),
            ),
        ),
        Scenario(
            "rolling-restart", "Each backend is restarted in turn",
            Prediction(
                "Four backends are restarted one after the other, under load. What does draining "
                "first (nothing new, then wait) save?",
                ("nothing: the balancer repeats what broke", "the orders that were under way",
                 "time"),
                1,
                "What may be repeated is. An order that was under way when its backend stopped is "
                "answered 502, for nobody knows whether it was placed.",
            ),
            roomy, posts=0.5, script=restarts, duration=5.0,
            algorithms=("roundrobin",),
            variants=(Variant("stopped", "without a word"), Variant("drained", "drained first")),
        ),
        Scenario(
            "burst", "All at once, then nobody",
            Prediction(
                "As many requests as before, but each second's within a tenth of it. Which figure "
                "shows it least?",
                ("the mean number of requests per second", "p50", "p99"),
                0,
                "The rate is the same. Who arrives in a burst waits behind all who came with it: "
                "p50 is in the queue too, and p99 at its end.",
            ),
            alike, rate=300.0, instants=lambda rate, time, chance: bursts(rate, time, chance, 1.0),
        ),
        Scenario(
            "scale-out", "One backend more",
            Prediction(
                "A fifth backend joins four. Which share of the keys moves when a key's home is "
                "hash modulo the number of backends?",
                ("a fifth", "a quarter", "four fifths"),
                2,
                "A key stays only where its hash leaves the same remainder by four and by five: "
                "one of five. A ring and Maglev's table move about the fifth that must move.",
            ),
            one_more, extra=1, keys=users(100), key=KEY, script=grows,
            algorithms=("source", "consistent", "maglev"),
        ),
        Scenario(
            "hot-key", "One key is asked for all the time",
            Prediction(
                "Four requests of ten are for one key. What does hashing by key make of that?",
                ("it spreads them", "one backend has them all, unless its load is bounded",
                 "it refuses some"),
                1,
                "A key has one home. With a bound on its load (consistent) what is too much for "
                "it goes to the next on the ring; Maglev's table knows no bound.",
            ),
            alike, keys=favourites(200, 0.4), key=KEY,
            algorithms=("maglev", "consistent", "leastconn"),
        ),
    )
}  # fmt: skip
