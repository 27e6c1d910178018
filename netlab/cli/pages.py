"""Pages of content, printed."""

import sys

from netlab.errors import Exit, NetlabError
from netlab.explain.find import find
from netlab.explain.pages import page, topics
from netlab.views.page import draw_page


def print_topics() -> Exit:
    """Every topic with its title."""
    known = [made for topic in topics() if (made := page(topic)) is not None]
    width = max(len(made.topic) for made in known)
    for made in known:
        sys.stdout.write(f"{made.topic:<{width}}  {made.title}\n")
    return Exit.OK


def print_page(term: str, plain: bool) -> Exit:
    found = find(term)
    if found.page is None:
        near = ", ".join(found.suggestions)
        raise NetlabError(
            f"There is no page on '{term}'.",
            advice=f"perhaps you meant: {near}" if near else "see them all with: netlab explain",
        )
    draw_page(found.page, sys.stdout, plain=plain)
    return Exit.OK
