"""What the `netlab lab` commands do."""

import sys
from collections.abc import Mapping

from netlab.errors import Exit
from netlab.lab import Lab
from netlab.lab.announce import up
from netlab.lab.catalogue import HOSTS
from netlab.lab.reach import reach
from netlab.views.paint import width_of
from netlab.views.text import fold


def print_hosts() -> Exit:
    """Names and sentences, side by side where there is room, else one under the other."""
    width = min(width_of(sys.stdout), 100)
    longest = max(len(host.name) for host in HOSTS)
    room = width - longest - 2
    for host in HOSTS:
        if room >= max(len(each.shows) for each in HOSTS):
            sys.stdout.write(f"{host.name:<{longest}}  {host.shows}\n")
        else:
            lines = fold(host.shows, width - 4)
            sys.stdout.write(f"{host.name}\n" + "".join(f"    {line}\n" for line in lines))
    sys.stdout.write("\nTry one:  netlab trace www.google.com --network lab\n")
    return Exit.OK


def keep_up(distance: Mapping[str, float]) -> Exit:
    up(announce, distance)
    return Exit.OK


def announce(lab: Lab) -> None:
    sys.stdout.write("The lab stands. While it does, `netlab trace NAME --network lab` uses it.\n")
    for way in reach(lab.directory):
        lines = "".join(f"    {command}\n" for command in way.commands)
        sys.stdout.write(f"\n{way.what}\n{lines}")
    for note in lab.directory.notes:
        sys.stdout.write(f"\nnote: {note}\n")
    sys.stdout.write("\nCtrl-C ends it.\n")
    sys.stdout.flush()
