"""Backends in processes of their own."""

import asyncio
import json
import subprocess
from dataclasses import asdict
from time import monotonic, sleep

from netlab.experiments.loadbalancing.arrivals import Arrival
from netlab.experiments.loadbalancing.farm import MODULE, Farm, Spec, Told
from netlab.experiments.loadbalancing.load import Load, Sent
from netlab.processes import command_line


def ask(farm: Farm, name: str, *arrivals: Arrival) -> list[Sent]:
    return asyncio.run(Load(("127.0.0.1", farm.specs[name].port), 5).run(arrivals))


def words(farm: Farm, name: str, *wanted: str) -> list[Told]:
    """Its journal, once a line with the last of these has come."""
    until = monotonic() + 5
    while monotonic() < until:
        found = [one for one in farm.journal() if one.backend == name and one.word in wanted]
        if found and found[-1].word == wanted[-1]:
            return found
        sleep(0.005)
    raise AssertionError(farm.journal())


def test_backends_serve_queue_fail_count_and_stop() -> None:
    specs = [
        Spec("b1", mean=0.03, places=1, steady=True), Spec("b2", mode="fail"),
        Spec("b3", mean=0.0, mode="cut"),
    ]  # fmt: skip
    with Farm.start(specs) as farm:
        # One place: the second waits for the first, the third for both.
        sent = ask(farm, "b1", *(Arrival(number, 0.0) for number in range(3)))
        ends = sorted(one.ended for one in sent)
        assert ends[1] - ends[0] > 0.02
        assert ends[2] - ends[0] > 0.05
        (failed,) = ask(farm, "b2", Arrival(4, 0.0))
        assert (failed.status, failed.backend) == (500, "b2")
        (cut,) = ask(farm, "b3", Arrival(5, 0.0, "POST"))
        assert cut.outcome == "broken"
        (order,) = ask(farm, "b1", Arrival(6, 0.0, "POST"))
        assert order.count == 2  # one counter behind all: the order that was cut off is in it
        got = [one.more[0] for one in words(farm, "b1", "got", "done") if one.word == "got"]
        assert sorted(got) == [0, 1, 2, 6]
        farm.tell("b1", do="stop")
        words(farm, "b1", "stopped")
        assert ask(farm, "b1", Arrival(7, 0.0))[0].outcome == "refused"
        farm.tell("b1", do="start")
        words(farm, "b1", "started")
        assert ask(farm, "b1", Arrival(8, 0.0))[0].outcome == "ok"


def test_one_that_is_killed_says_all_it_got_and_comes_back_at_its_port() -> None:
    with Farm.start([Spec("b1"), Spec("b2", mean=30.0, steady=True, alone=True)]) as farm:
        port = farm.specs["b2"].port

        async def killed() -> Sent:
            load = Load(("127.0.0.1", port), 5)
            running = asyncio.create_task(load.run([Arrival(1, 0.0)]))
            await asyncio.to_thread(words, farm, "b2", "got")
            farm.kill("b2")
            return (await running)[0]

        assert asyncio.run(killed()).outcome == "broken"
        assert ask(farm, "b2", Arrival(2, 0.0))[0].outcome == "refused"
        assert ask(farm, "b1", Arrival(3, 0.0))[0].outcome == "ok"
        farm.revive("b2")
        assert farm.specs["b2"].port == port
        assert [one.more[0] for one in words(farm, "b2", "got")] == [1]


def test_the_processes_end_with_the_farm() -> None:
    with Farm.start([Spec("b1"), Spec("b2", alone=True)]) as farm:
        children = {child.process for child in farm.children.values()}
        assert len(children) == 2
    assert {process.returncode for process in children} == {0}


def test_a_backend_that_hears_no_more_of_its_parent_goes() -> None:
    with Farm.start([Spec("b1")]) as farm:
        (child,) = farm.children.values()
        child.commands.close()  # as the kernel does it, whatever became of the parent
        assert child.process.wait(5) == 0


def test_one_whom_nobody_reads_any_more_goes_without_a_word() -> None:
    settings = json.dumps({"backends": [asdict(Spec("b1"))]})
    with subprocess.Popen(
        command_line(MODULE, settings),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as child:  # fmt: skip
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.close()  # before it has said that it is ready
        assert child.wait(10) == 0
        assert child.stderr.read() == b""
