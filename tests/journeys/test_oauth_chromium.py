"""A real browser is the owner's: Chromium at the lab's login and consent pages."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from netlab.errors import Exit
from tests.journeys.command import Ran
from tests.witness import need

pytestmark = [pytest.mark.browser, pytest.mark.witness, pytest.mark.timeout(120)]

PATIENCE = 30.0


class Tab:
    """One page of Chromium's, by its DevTools protocol."""

    def __init__(self, line: aiohttp.ClientWebSocketResponse) -> None:
        self.line, self.number = line, 0

    async def ask(self, method: str, **parameters: Any) -> Any:
        self.number += 1
        number = self.number
        await self.line.send_json({"id": number, "method": method, "params": parameters})
        while True:
            message = json.loads((await self.line.receive(PATIENCE)).data)
            if message.get("id") == number:
                return message.get("result", message)

    async def run(self, script: str) -> Any:
        found = await self.ask("Runtime.evaluate", expression=script, returnByValue=True)
        return found.get("result", {}).get("value")

    async def until(self, script: str) -> Any:
        """Until this is true on whatever page is there by then."""
        async with asyncio.timeout(PATIENCE):
            while not (found := await self.run(script)):  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.05)
            return found

    async def log_in(self, password: str) -> None:
        await self.until("document.readyState == 'complete' && !!document.forms[0].username")
        await self.run(f"""(() => {{
            const form = document.forms[0];
            form.username.value = "alice";
            form.password.value = {json.dumps(password)};
            form.querySelector("button").click();
        }})()""")

    async def decide(self, answer: str) -> None:
        await self.until(f"!!document.querySelector('button[value={answer}]')")
        await self.run(f"document.querySelector('button[value={answer}]').click()")

    async def heading(self, words: str) -> None:
        await self.until(f"document.body.innerText.includes({json.dumps(words)})")


@contextlib.asynccontextmanager
async def chromium(profile: Path) -> AsyncIterator[Tab]:
    process = await asyncio.create_subprocess_exec(
        "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0",
        "--remote-allow-origins=*", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE *.localhost, "
        "EXCLUDE 127.0.0.1", f"--user-data-dir={profile}", "about:blank",
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        told = profile / "DevToolsActivePort"
        async with asyncio.timeout(PATIENCE):
            while not told.exists() or "\n" not in told.read_text():  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        port = told.read_text().split("\n")[0]
        async with aiohttp.ClientSession(trust_env=False) as session:
            async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                pages = [one for one in await answer.json() if one["type"] == "page"]
            async with session.ws_connect(pages[0]["webSocketDebuggerUrl"]) as line:
                yield Tab(line)
    finally:
        process.kill()
        await process.wait()


async def flow(profile: Path, password: str, answer: str) -> tuple[Ran, list[str]]:
    """netlab with a person at Chromium; answers how it ended, and which pages were seen."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "netlab", "oauth", "walkthrough", "--no-browser", "--json",
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ},
    )  # fmt: skip
    seen = []
    assert process.stderr is not None
    async with asyncio.timeout(PATIENCE):
        while not (url := (await process.stderr.readline()).decode()).startswith("http"):
            assert url
    async with chromium(profile) as tab:
        await tab.ask("Page.enable")
        await tab.ask("Page.navigate", url=url.strip())
        if password != "correct horse":
            await tab.log_in(password)
            await tab.heading("The name or the password is wrong.")
            seen.append("wrong")
        await tab.log_in("correct horse")
        await tab.heading("May it?")
        await tab.decide(answer)
        await tab.heading("Your photos" if answer == "approve" else "That did not work")
        seen.append(str(await tab.run("document.body.innerText")))
    out, err = await process.communicate()
    assert process.returncode is not None
    return Ran(process.returncode, out.decode(), err.decode()), seen


def test_login_and_consent(tmp_path: Path) -> None:
    need("chromium")
    ran, seen = asyncio.run(flow(tmp_path, "correct horse", "approve"))
    assert ran.code == Exit.OK, ran.err
    assert "Han river at dusk" in seen[-1]
    assert ran.facts()["oidc.same_sub"] is True


def test_a_wrong_password_can_be_mended(tmp_path: Path) -> None:
    need("chromium")
    ran, seen = asyncio.run(flow(tmp_path, "wrong horse", "approve"))
    assert (ran.code, seen[0]) == (Exit.OK, "wrong")


def test_an_owner_who_says_no(tmp_path: Path) -> None:
    need("chromium")
    ran, _ = asyncio.run(flow(tmp_path, "correct horse", "deny"))
    assert (ran.code, ran.facts()["oauth.error"]) == (Exit.HTTP, "access_denied")
