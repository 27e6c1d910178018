"""Chapter 1: search or URL, and which rule decided; what was typed, and what was filled in."""

import re

from netlab.experiments.bench import Bench
from netlab.experiments.trace.typed import Typed, fallen_back, list_date, parse, redirected
from netlab.recording.records import Origin, Value

__all__ = ["Typed", "fallen_back", "parse", "redirected", "run"]


def run(bench: Bench, text: str, typed: Typed | None = None) -> Typed:
    """Write chapter 1: what was understood, and why. typed: when it is known already."""
    typed = parse(text) if typed is None else typed
    step = bench.step("url", "Address bar")
    facts = {
        name: bench.recorder.fact(step, f"url.{name}", value, origin=origin)
        for name, value, origin in _facts(typed)
        if value is not None
    }
    if typed.kind == "search":
        _judge_search(bench, step, typed, facts)
    else:
        _judge_url(bench, step, typed, facts)
    return typed


def _facts(typed: Typed) -> list[tuple[str, Value, Origin]]:
    given: list[tuple[str, Value, Origin]] = [
        ("input", typed.text, "configured"),
        ("kind", typed.kind, "computed"),
        ("rule", typed.rule, "computed"),
    ]
    if typed.kind == "search":
        return given
    default: Origin = "computed" if typed.port_typed else "standard"
    return [
        *given,
        ("scheme", typed.scheme, "computed"),
        ("scheme_source", typed.scheme_source, "computed"),
        ("host", typed.host, "computed"),
        ("host_unicode", typed.host_unicode, "computed"),
        ("host_warnings", list(typed.name_warnings) or None, "computed"),
        ("literal", typed.literal, "computed"),
        ("port", typed.port, default),
        ("port_source", "typed" if typed.port_typed else "default", "computed"),
        ("path", typed.path, "computed"),
        ("query", typed.query, "computed"),
        ("fragment", typed.fragment, "computed"),
        ("userinfo", typed.userinfo or None, "computed"),
        ("url", typed.url, "computed"),
        ("hsts_preloaded", typed.preloaded, "computed"),
        ("hsts_list_date", list_date(), "computed"),
        ("defaulted", list(typed.defaulted), "computed"),
    ]


def _judge_search(bench: Bench, step: str, typed: Typed, facts: dict[str, str]) -> None:
    word = typed.rule in ("single-word", "number") and re.fullmatch(r"[\w.\-]+", typed.text)
    advice = (
        f"To go to a host of that name, type {typed.text}/ or http://{typed.text}"
        if word
        else "To go to a web page, type its address, such as www.google.com"
    )
    bench.recorder.finding(
        step, "note", "A browser searches for this: no host is looked up by that name.", advice,
        (facts["kind"], facts["rule"]), "search-or-url",
    )  # fmt: skip


def _judge_url(bench: Bench, step: str, typed: Typed, facts: dict[str, str]) -> None:
    if typed.scheme_source == "hsts-preload":
        bench.recorder.finding(
            step, "good", f"{typed.host} is preloaded for HSTS: browsers never ask it in plain.",
            "The list is dated; your browser carries its own, newer one.",
            (facts["hsts_preloaded"], facts["hsts_list_date"], facts["scheme"]), "hsts",
        )  # fmt: skip
    if typed.userinfo:
        bench.recorder.finding(
            step, "warning", "There is a user name in this address, before the @.",
            f"The host is {typed.host}, whatever stands before the @: a trick as old as phishing. "
            "netlab does not send it.",
            (facts["userinfo"], facts["host"]), "url",
        )  # fmt: skip
    if typed.name_warnings:
        bench.recorder.finding(
            step, "warning", _looks(typed), f"Compare it with its ASCII spelling, {typed.host}.",
            (facts["host"], facts["host_unicode"], facts["host_warnings"]), "idn",
        )  # fmt: skip


def _looks(typed: Typed) -> str:
    if "lookalike" in typed.name_warnings:
        return "Every letter of a part of this name can be taken for a Latin one, and none is."
    return "A part of this name mixes letters of several scripts that do not belong together."
