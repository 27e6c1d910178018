"""`netlab lab`: the embedded Internet."""

from netlab.cli import options
from netlab.cli.grammar import examples, group
from netlab.cli.guard import guarded
from netlab.errors import Exit

app = group("netlab lab hosts", "netlab lab up")


@app.callback()
def lab() -> None:
    """The embedded lab: its hosts, and keeping it running."""


@app.command(epilog=examples("netlab lab hosts"))
@guarded
def hosts() -> Exit:
    """List the lab's hosts, with one line on what each shows."""
    from netlab.cli.labs import print_hosts

    return print_hosts()


@app.command(epilog=examples("netlab lab up", "netlab lab up --distance resolver=20ms"))
@guarded
def up(distance: options.Distance = None) -> Exit:
    """Keep the lab running, and print how to reach every server with dig, curl and a browser."""
    from netlab.cli.labs import keep_up
    from netlab.cli.parse import distances

    return keep_up(distances(distance or []))
