"""The closing step: whose time the journey took, for each visit."""

from netlab.experiments.bench import Bench
from netlab.recording.ledger import Ledger, ledger, visit_of
from netlab.recording.records import Owner, Step

NAMES: dict[Owner, str] = {
    "network": "network",
    "far end": "far_end",
    "resolver": "resolver",
    "configured delay": "configured",
    "netlab": "netlab",
}


def run(bench: Bench) -> None:
    """Draw up the ledger of every visit that was made."""
    records = bench.recorder.finish().records
    steps = [record.id for record in records if isinstance(record, Step)]
    for visit in dict.fromkeys(visit_of(step) for step in steps):
        book = ledger(records, visit)
        if book.leaves:
            _tell(bench.under(visit), book)


def _tell(bench: Bench, book: Ledger) -> None:
    step = bench.step("journey", "Where the time went")
    told = bench.recorder.fact
    told(step, "journey.total", book.total, "s", "computed")
    for owner, name in NAMES.items():
        told(step, f"journey.{name}", book.by_owner[owner], "s", "computed")
    told(step, "journey.remainder", book.remainder, "s", "computed")
    told(step, "journey.asides", book.asides, "s", "computed")
