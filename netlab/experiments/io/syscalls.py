"""`netlab io calls`: the system calls behind all models, each really made, and what it answered."""

from netlab.errors import Exit
from netlab.experiments.bench import Bench
from netlab.experiments.io.probes import herd, readiness, streams


async def run(bench: Bench) -> Exit:
    """Every call is over in microseconds, or waits for at most a moment: no loop is needed."""
    streams.nothing_there(bench)
    streams.under_way(bench)
    streams.short_send(bench)
    streams.the_end(bench)
    readiness.regular_file(bench)
    readiness.beyond_select(bench)
    readiness.level_and_edge(bench)
    herd.run(bench)
    return Exit.OK
