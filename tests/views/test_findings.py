"""Findings of several journeys, each said once."""

from netlab.recording.records import Finding
from netlab.views.findings import unlike


def finding(number: int, title: str, advice: str = "") -> Finding:
    return Finding(f"{number}/tls", "good", title, advice, (f"f{number}",), "tls")


def test_what_two_journeys_say_alike_is_said_once() -> None:
    first, again, other = finding(1, "TLS 1.3"), finding(2, "TLS 1.3"), finding(3, "TLS 1.3", "x")
    assert list(unlike([first, again, other])) == [first, other]
