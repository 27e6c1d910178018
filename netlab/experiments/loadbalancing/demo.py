"""`netlab lb demo SCENARIO`: one load through several algorithms, or several balancers, in turn."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
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
from netlab.experiments.loadbalancing.scenario import USUAL, Plan
from netlab.experiments.loadbalancing.scenarios import SCENARIOS
from netlab.experiments.loadbalancing.words import ENGINES, title

LACKS = {"netlab": {}, "haproxy": HAPROXY_LACKS, "nginx": NGINX_LACKS}
EVERY = 0.1


async def run(bench: Bench, name: str, options: Options) -> Exit:
    """Raises NetlabError when a program is missing or does not start."""
    plan = SCENARIOS[name].of(options)
    runs = planned(bench, plan)
    asked = running.drawn(plan)
    recorder = bench.recorder
    recorder.actor("you", "you", "client")
    recorder.actor("balancer", "balancer", "load balancer")
    step = bench.step(f"lb.{name}", plan.scenario.title)
    told.settings(bench, step, plan, len(asked))
    chapters = []
    for one in runs:
        async with watched(bench, step, title(one)) as (count, samples):
            result = await running.perform(plan, one, asked, count, samples.take)
        chapters.append(told.Chapter(bench, one, result, len(runs) == 1))
    if plan.scenario.extra:
        moving.computed(bench, step, plan)
    answers = step
    if len(chapters) > 1:
        topic = (
            "lb.compare" if {*USUAL} <= {*plan.algorithms} and steady(plan) else "lb.compare-runs"
        )
        answers = bench.step(topic, "Side by side")
        told.compared(bench, answers, chapters)
    for chapter in chapters:
        told.run_told(chapter)
        if plan.scenario.extra:
            moving.measured(chapter)
    question = plan.scenario.question
    asks = chapters[0].total if len(chapters) == 1 else answers
    recorder.question(asks, question.prompt, question.choices, question.answer, question.why)
    findings.judge(bench, plan, chapters)
    return Exit.OK


def steady(plan: Plan) -> bool:
    """Whether the algorithms alone make the difference."""
    return plan.scenario.script is None and len(plan.scenario.variants) == 1


def planned(bench: Bench, plan: Plan) -> list[Run]:
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
            bench.recorder.fact(bench.step(f"lb.{plan.scenario.name}", plan.scenario.title),
                                "run.note", note, origin="configured")  # fmt: skip
            continue
        runs.append(Run(algorithm, name, variant))
    if not runs:
        raise NetlabError("nothing is left to run.")
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
                recorder.reading(step, "open", {lane: opened.get(lane, 0) for lane in lanes})

    with recorder.phase(step, name, "far end", path="detail"):
        telling = asyncio.create_task(tell())
        try:
            yield hear, samples
        finally:
            telling.cancel()
