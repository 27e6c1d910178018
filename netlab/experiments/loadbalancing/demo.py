"""`netlab lb demo SCENARIO`: one load through several algorithms, or several balancers, in turn."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import product

from netlab.errors import Exit, NetlabError
from netlab.experiments.bench import Bench
from netlab.experiments.loadbalancing import engines, findings, moving, running, told
from netlab.experiments.loadbalancing.haproxyconf import LACKS as HAPROXY_LACKS
from netlab.experiments.loadbalancing.live import Samples
from netlab.experiments.loadbalancing.load import Sent
from netlab.experiments.loadbalancing.nginxconf import LACKS as NGINX_LACKS
from netlab.experiments.loadbalancing.options import Options
from netlab.experiments.loadbalancing.running import Run
from netlab.experiments.loadbalancing.scenario import USUAL, Plan, Prediction
from netlab.experiments.loadbalancing.scenarios import SCENARIOS
from netlab.experiments.loadbalancing.told import Chapter
from netlab.experiments.loadbalancing.words import ENGINES, title

LACKS = {"netlab": {}, "haproxy": HAPROXY_LACKS, "nginx": NGINX_LACKS}
EVERY = 0.1


async def run(bench: Bench, name: str, options: Options) -> Exit:
    """Raises NetlabError when a program is missing or does not start."""
    plan = SCENARIOS[name].of(options)
    step = bench.step(f"lb.{name}", plan.scenario.title)
    runs = planned(bench, step, plan)
    asked = running.drawn(plan)
    bench.recorder.actor("you", "you", "client")
    bench.recorder.actor("balancer", "balancer", "load balancer")
    told.settings(bench, step, plan, len(asked))
    if plan.scenario.extra:
        moving.computed(bench, step, plan)
    chapters = []
    for one in runs:
        async with watched(bench, step, title(one)) as (count, samples):
            result = await running.perform(plan, one, asked, count, samples.take)
        chapters.append(Chapter(bench, one, result, len(runs) == 1))
    write(bench, plan, chapters)
    return Exit.OK


def write(bench: Bench, plan: Plan, chapters: Sequence[Chapter]) -> None:
    """All runs side by side first, where there are several; then each."""
    answers = chapters[0].total
    if len(chapters) > 1:
        both = {*USUAL} <= {*plan.algorithms}
        topic = "lb.compare" if both and steady(plan) else "lb.compare-runs"
        answers = bench.step(topic, "Side by side")
        told.compared(bench, answers, chapters)
    for chapter in chapters:
        told.run_told(chapter)
        if plan.scenario.extra:
            moving.measured(chapter)
    if plan.usual:
        ask(bench, answers, plan.scenario.question)
    findings.judge(bench, plan, chapters)


def ask(bench: Bench, step: str, question: Prediction) -> None:
    bench.recorder.question(step, question.prompt, question.choices, question.answer, question.why)


def steady(plan: Plan) -> bool:
    """Whether the algorithms alone make the difference."""
    return plan.scenario.script is None and len(plan.scenario.variants) == 1


def planned(bench: Bench, step: str, plan: Plan) -> list[Run]:
    """Which runs there are; what the second engine lacks is left out, and said."""
    names: list[engines.Name] = ["netlab"]
    if plan.options.engine not in (None, "netlab"):
        engines.need(plan.options.engine)
        names.append(plan.options.engine)
    runs = []
    for algorithm, variant, name in product(plan.algorithms, plan.scenario.variants, names):
        if algorithm in LACKS[name]:
            what = LACKS[name][algorithm][0]
            note = f"{ENGINES[name]} has no {algorithm}: it lacks {what}."
            bench.recorder.fact(step, "run.note", note, origin="configured")
            continue
        runs.append(Run(algorithm, name, variant))
    if not runs:
        raise NetlabError("nothing is left to run.")
    if {*running.HASHES} & {*plan.algorithms} and not running.has_addresses():
        note = "This system has one loopback address: to a hash of addresses all clients are one."
        bench.recorder.fact(step, "run.note", note, origin="configured")
    return runs


@asynccontextmanager
async def watched(
    bench: Bench, step: str, name: str
) -> "AsyncIterator[tuple[running.Hear, Samples]]":
    """Say while it runs who has answered how many, and what is open where."""
    samples, answered = Samples(), Counter[str]()
    recorder = bench.recorder

    def hear(sent: Sent) -> None:
        if sent.backend:
            answered[sent.backend] += 1

    async def tell() -> None:
        while True:
            await asyncio.sleep(EVERY)
            opened = samples.now()
            lanes = sorted({*opened, *answered})
            if lanes:
                recorder.reading(step, "answered", {lane: answered[lane] for lane in lanes})
                for place, what in enumerate(("under way", "connections")):
                    now = {lane: opened.get(lane, (0, 0))[place] for lane in lanes}
                    recorder.reading(step, what, now)

    with recorder.phase(step, name, "far end", path="detail"):
        telling = asyncio.create_task(tell())
        try:
            yield hear, samples
        finally:
            telling.cancel()
