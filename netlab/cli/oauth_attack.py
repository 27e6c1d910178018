"""What `netlab oauth attack` does."""

import sys

from netlab.cli.oauth_runs import in_the_lab
from netlab.cli.options import Look
from netlab.errors import Exit, NetlabError, nearest


def listed(plain: bool) -> Exit:
    """A name and a sentence each; plain has nothing else, and a line for each."""
    from netlab.experiments.oauth.attacks.running import ATTACKS
    from netlab.views.journey import sheet_for
    from netlab.views.paint import paint, wants_colour
    from netlab.views.style import EMPTY, line

    widest = max(map(len, ATTACKS))
    if plain:
        for attack in ATTACKS.values():
            sys.stdout.write(f"{attack.name:{widest}}  {attack.sentence}\n")
        return Exit.OK
    sheet = sheet_for(sys.stdout)
    lines = [*sheet.paragraph("Attacks on OAuth, each really run in the lab:", 1, "heading"), EMPTY]
    for attack in ATTACKS.values():
        lines += sheet.paragraph(attack.sentence, 1, first=f"{attack.name:{widest}}  ")
    lines += [EMPTY, line(" Next   netlab oauth attack code-interception", "heading")]
    paint(lines, sys.stdout, wants_colour(sys.stdout))
    return Exit.OK


def attacked(name: str | None, undefended: bool, defended: bool, look: Look) -> Exit:
    from netlab.experiments.oauth.attacks import running

    if name not in running.ATTACKS:
        raise NetlabError(
            f"netlab oauth attack {name}: there is no such attack." if name
            else "netlab oauth attack: which one?",
            advice=nearest(name or "", running.ATTACKS, ", ".join(running.ATTACKS)),
        )  # fmt: skip
    if undefended and defended:
        raise NetlabError(
            "--undefended and --defended exclude each other", advice="leave out both to see both"
        )
    both = not (undefended or defended)
    return in_the_lab(
        "oauth attack",
        lambda bench: running.run(bench, name, both or undefended, both or defended),
        look,
    )
