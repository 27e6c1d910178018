"""Pages of content, printed."""

import sys

from netlab.errors import Exit, NetlabError
from netlab.explain.find import Found, find
from netlab.explain.groups import groups
from netlab.views.page import draw_page
from netlab.views.topics import draw_groups


def print_topics(titles: bool = False, plain: bool = False) -> Exit:
    """Every topic, under what it is about."""
    draw_groups(groups(), sys.stdout, titles, plain)
    return Exit.OK


def print_page(term: str, plain: bool) -> Exit:
    found = find(term)
    if found.page is None:
        raise unknown(term, found)
    draw_page(found.page, sys.stdout, plain=plain)
    return Exit.OK


def unknown(term: str, found: Found) -> NetlabError:
    near = ", ".join(found.suggestions)
    return NetlabError(
        f"There is no page on '{term}'.",
        advice=f"did you mean: {near}" if near else "see them all with: netlab explain",
    )
