"""Names as a person reads them."""

from netlab.experiments.loadbalancing.running import Run

ALGORITHMS = {
    "roundrobin": "Round robin",
    "leastconn": "Least connections",
    "random": "Random",
    "random2": "Power of two choices",
    "source": "Hash modulo",
    "consistent": "Consistent hashing",
    "maglev": "Maglev",
    "ewma": "Least response time",
}
ENGINES = {"netlab": "netlab", "haproxy": "HAProxy", "nginx": "nginx"}


def title(run: Run) -> str:
    """`Least connections through HAProxy (with passive checks)`."""
    made = ALGORITHMS[run.algorithm]
    if run.engine != "netlab":
        made += f" through {ENGINES[run.engine]}"
    return f"{made} ({run.variant.title})" if run.variant.title else made
