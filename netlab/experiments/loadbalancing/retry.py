"""`netlab lb demo retry`: what may be sent twice, on a counter that counts what was done.

One backend of four carries a request out and then hangs up without an answer: what the balancer
sees is the same as if nothing had been done.
"""

from collections import Counter
from collections.abc import Sequence

from netlab.errors import Exit
from netlab.experiments.bench import Bench
from netlab.experiments.loadbalancing import engines
from netlab.experiments.loadbalancing.arrivals import Arrival, Method
from netlab.experiments.loadbalancing.farm import Spec, Told
from netlab.experiments.loadbalancing.load import Load, Sent
from netlab.experiments.loadbalancing.options import Options
from netlab.experiments.loadbalancing.standing import standing
from netlab.experiments.loadbalancing.words import ENGINES
from netlab.recording.records import Value

METHODS: dict[Method, tuple[bool, bool]] = {
    "GET": (True, True),
    "PUT": (False, True),
    "DELETE": (False, True),
    "POST": (False, False),
    "PATCH": (False, False),
}
"""Safe and idempotent, by RFC 9110 §9.2.1 and §9.2.2; PATCH by RFC 5789 §2."""

EACH = 8
"""Requests of each method: two of them come to the backend that hangs up."""
ORDERS = 20
AGAIN = 3
"""How often the client sends one order at most."""


def specs() -> list[Spec]:
    first = Spec("b1", mean=0.0, steady=True, mode="cut")
    return [first, *(Spec(f"b{number}", mean=0.001, steady=True) for number in (2, 3, 4))]


async def run(bench: Bench, options: Options) -> Exit:
    recorder = bench.recorder
    recorder.actor("you", "you", "client")
    recorder.actor("balancer", "balancer", "load balancer")
    names: list[engines.Name] = ["netlab"]
    if options.engine not in (None, "netlab"):
        names.append(options.engine)
    step = bench.step("lb.retry", "Who may ask twice")
    recorder.fact(step, "lb.retry.each", EACH, origin="configured")
    rows: list[Value] = []
    for name in names:
        with recorder.phase(step, f"each method, through {ENGINES[name]}", "far end", "detail"):
            rows += await methods(name)
    recorder.fact(step, "lb.retry.methods", rows)
    recorder.question(
        step,
        "A backend carries a request out and hangs up without an answer. Which requests does a "
        "careful balancer send to another backend?",
        ("all of them", "those that change nothing the second time", "none"),
        1,
        "GET, PUT and DELETE leave the same state whether done once or twice (RFC 9110 §9.2.2). "
        "POST and PATCH promise nothing of the kind.",
    )
    for name in names:
        await orders(bench, name, names)
    return Exit.OK


async def methods(name: engines.Name) -> list[dict[str, Value]]:
    """Each method, and what the balancer made of an answer that never came."""
    async with standing(specs(), name) as stand:
        sent: list[Sent] = []
        for number, method in enumerate(METHODS):
            load = Load(stand.target)
            asked = [Arrival(EACH * number + each, each * 0.005, method) for each in range(EACH)]
            sent += await load.run(asked)
        await stand.account()
        told = stand.told()
    return [row(name, method, sent, told) for method in METHODS]


def row(
    name: engines.Name, method: Method, sent: Sequence[Sent], told: Sequence[Told]
) -> dict[str, Value]:
    own = [one for one in sent if one.arrival.method == method]
    got = Counter(one.more[0] for one in told if one.word == "got")
    statuses = Counter(one.status for one in own if one.outcome != "ok")
    safe, idempotent = METHODS[method]
    return {
        "engine": ENGINES[name], "method": method, "safe": safe, "idempotent": idempotent,
        "sent": len(own), "answered": sum(one.outcome == "ok" for one in own),
        "failed": sum(statuses.values()),
        "with": ", ".join(str(status or "a cut") for status in statuses),
        "doubled": sum(got[one.arrival.id] > 1 for one in own),
    }  # fmt: skip


async def orders(bench: Bench, name: engines.Name, names: Sequence[engines.Name]) -> None:
    """Orders, from a client that sends each again until somebody says yes."""
    topic = "lb.retry-client"
    step = topic if name == "netlab" else f"{topic}.{name}"
    title = "A client that asks again"
    bench.recorder.step(step, f"{title}, through {ENGINES[name]}" if len(names) > 1 else title,
                        topic)  # fmt: skip
    with bench.recorder.phase(step, "ordering", "far end", "detail"):
        async with standing(specs(), name) as stand:
            tries = [await ordered(stand.target, number) for number in range(ORDERS)]
            await stand.account()
            told = stand.told()
    counted = Counter(one.more[0] for one in told if one.word == "counted")
    fact = bench.recorder.fact
    fact(step, "lb.retry.engine", ENGINES[name], origin="configured")
    fact(step, "lb.retry.orders", ORDERS, origin="configured")
    fact(step, "lb.retry.tries", sum(tries), note="what the client sent")
    counter = sum(counted.values())
    known = fact(step, "lb.retry.counted", counter, note="the backends' counter, at the end")
    twice = sum(count > 1 for count in counted.values())
    fact(step, "lb.retry.twice", twice, note="orders that were placed more than once")
    if twice:
        bench.recorder.finding(
            step, "fault", f"{ORDERS} orders were meant, {counter} were placed: {twice} of them "
            "twice, by a client that took 502 for “not done”.",
            "give each order a key that the server remembers, or ask before ordering again",
            (known,), "lb.retry",
        )  # fmt: skip


async def ordered(target: tuple[str, int], number: int) -> int:
    """One order; answers how often it was sent."""
    for tries in range(1, AGAIN + 1):
        (one,) = await Load(target).run([Arrival(number, 0.0, "POST")])
        if one.outcome == "ok":
            return tries
    return AGAIN
