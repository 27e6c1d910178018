"""Chromium opens the attacker's pages: does it do what the scripted visitor is said to do?"""

import json
import re
import subprocess
from pathlib import Path

import pytest

from netlab.experiments.websocket.origin import CASES, FOREIGN, OTHER_PORT, OWN, SIBLING, Case
from netlab.lab import Lab
from tests.witness import need

pytestmark = [pytest.mark.browser, pytest.mark.witness, pytest.mark.timeout(120)]

HOSTS = {
    ("app.example.com", 443): "203.0.113.61", ("app.example.com", 8443): "203.0.113.61",
    ("evil.app.example.com", 443): "203.0.113.62", ("evil.example.net", 443): "203.0.113.63",
}  # fmt: skip
PAGES = {SIBLING: f"{SIBLING}/", FOREIGN: f"{FOREIGN}/", OTHER_PORT: f"{OTHER_PORT}/own",
         OWN: f"{OWN}/own"}  # fmt: skip


def rules(lab: Lab) -> str:
    mapped = []
    # A rule holds for a name's subdomains as well, and the first that fits is taken.
    for (name, port), address in sorted(HOSTS.items(), key=lambda item: -len(item[0][0])):
        dialled = lab.directory.dialled("tcp", address, port)
        assert dialled is not None
        mapped.append(f"MAP {name}:{port} {dialled[0]}:{dialled[1]}")
    return ", ".join([*mapped, "MAP * ~NOTFOUND"])


def prepared(profile: Path, third_party: bool) -> None:
    """A profile whose person has chosen whether cookies go across sites."""
    (profile / "Default").mkdir(parents=True)
    wishes = {"profile": {
        "cookie_controls_mode": 0 if third_party else 1,
        "block_third_party_cookies": not third_party,
    }}  # fmt: skip
    (profile / "Default" / "Preferences").write_text(json.dumps(wishes))


def visited(lab: Lab, same_site: str, page: str, profile: Path) -> dict[str, str]:
    """What the page's script wrote down, after a login that leads there."""
    url = f"{OWN}/login?samesite={same_site.lower()}&then={page}"
    done = subprocess.run(
        [
            "chromium", "--headless=new", "--no-sandbox", "--disable-gpu",
            "--ignore-certificate-errors", f"--user-data-dir={profile}",
            f"--host-resolver-rules={rules(lab)}", "--virtual-time-budget=8000", "--dump-dom", url,
        ],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return dict(re.findall(r"^(?:.*>)?(lax|strict|api): ([^<\n]*)$", done.stdout, re.M))


@pytest.mark.parametrize("case", [case for case in CASES if case.browser], ids=lambda c: c.fact)
def test_the_scripted_visitor_is_as_chromium_is(case: Case, lab: Lab, tmp_path: Path) -> None:
    need("chromium")
    found: dict[str, str] = {}
    for attempt in range(3):  # the page may be printed before its script has heard all answers
        prepared(tmp_path / str(attempt), case.third_party)
        found = visited(lab, case.same_site, PAGES[case.origin], tmp_path / str(attempt))
        if len(found) == 3:
            break
    said = found.get(case.path.removeprefix("/"), "nothing was written down")
    outcome = {"refused": "refused", "Hello, whoever you are.": "stranger"}.get(said, said)
    assert ("read" if "coins" in outcome else outcome) == case.outcome
    if case.origin != OWN:
        assert found["api"] == "withheld"
