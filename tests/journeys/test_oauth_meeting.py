"""`netlab oauth walkthrough` with a person: at the lab's pages, and at other people's provider."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from html import unescape
from pathlib import Path
from re import findall
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest

from netlab.errors import Exit
from tests.journeys.command import Ran, netlab
from tests.witness import give_up, need

PROGRAM = Path(__file__).parents[1] / "node" / "oidc_provider.mjs"
SECRET = "a +secret/"
WORDS = {"username": "alice", "password": "correct horse", "login": "alice"}


def person(url: str) -> str:
    """Log in and approve, page after page; answers the callback that it ends at."""
    transport = httpx.HTTPTransport()
    with httpx.Client(transport=transport, trust_env=False, timeout=10) as browser:
        answer = visit(browser, "GET", url)
        for _ in range(12):
            where = answer.headers.get("location")
            if where is not None:
                where = str(urljoin(str(answer.request.extensions["shown"]), where))
                if "/callback?" in where:
                    return where
                answer = visit(browser, "GET", where)
                continue
            answer = send(browser, answer)
    raise AssertionError(answer.text)


def visit(browser: httpx.Client, method: str, url: str, **more: Any) -> httpx.Response:
    """Names under localhost are this machine's; the client's own resolver need not know them."""
    shown = httpx.URL(url)
    real = shown.copy_with(host="127.0.0.1")
    headers = {"Host": shown.netloc.decode(), "Origin": f"{shown.scheme}://{shown.netloc.decode()}"}
    return browser.request(method, real, headers=headers, extensions={"shown": url}, **more)


def send(browser: httpx.Client, page: httpx.Response, **more: str) -> httpx.Response:
    """The page's first form, with its own values and ours."""
    action = findall(r'<form[^>]* action="([^"]*)"', page.text)[0]
    hidden = findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', page.text)
    boxes = findall(r'type="checkbox" name="scope" value="([^"]*)"', page.text)
    words = {k: v for k, v in WORDS.items() if f'name="{k}"' in page.text}
    values: dict[str, Any] = {name: unescape(value) for name, value in hidden} | words
    values |= {name: value for name, value in more.items() if f'name="{name}"' in page.text}
    if boxes:
        values |= {"scope": boxes, "decision": "approve"}
    shown = str(page.request.extensions["shown"])
    return visit(browser, "POST", urljoin(shown, unescape(action)), data=values)


def met(*words: str, pasted: bool = True, env: Mapping[str, str] | None = None) -> Ran:
    """One run with a person in it, who pastes the callback or whose browser opens it."""
    line = [sys.executable, "-m", "netlab", "oauth", "walkthrough", "--no-browser", *words]
    with subprocess.Popen(
        line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "COLUMNS": "80", **(env or {})},
    ) as process:  # fmt: skip
        assert process.stderr is not None
        url = next((line for line in process.stderr if line.startswith("http")), "").strip()
        typed = ""
        if url and pasted:
            typed = f"{person(url)}\n"
        elif url:
            httpx.get(person(url), trust_env=False)
        out, err = process.communicate(typed if pasted else None, timeout=30)
        return Ran(process.returncode, out, err)


@pytest.mark.parametrize("pasted", [True, False])
def test_a_person_at_the_labs_own_pages(pasted: bool) -> None:
    ran = met("--json", pasted=pasted)
    assert ran.code == Exit.OK, ran.err
    found = ran.facts()
    assert "Han river at dusk" in found["oauth.photos"]
    assert (found["jwt.verified"], found["oidc.same_sub"]) == (True, True)
    # The message that sends the browser off is none of netlab's: no other one stands for it.
    told = [f for f in ran.records("fact") if f["step"] == "oauth.redirect"]
    assert {f["name"]: f["value"] for f in told}["oauth.exactly"] == []


@pytest.fixture(scope="module")
def provider() -> Iterator[int]:
    """oidc-provider, which is certified, with endpoints at other paths than the lab's."""
    need("node")
    folder = os.environ.get("NETLAB_NODE_MODULES") or str(PROGRAM.parent / "node_modules")
    if not (Path(folder) / "oidc-provider").is_dir():
        give_up("oidc-provider is not installed; NETLAB_NODE_MODULES names its folder")
    with subprocess.Popen(
        ["node", str(PROGRAM)], env={**os.environ, "NODE_PATH": folder}, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.kill()


@pytest.mark.witness
@pytest.mark.parametrize(
    ("client", "words"),
    [
        ("public", ()),
        ("basic", ("--client-secret",)),
        ("post", ("--client-secret", "--auth-method", "client_secret_post")),
    ],
)
def test_a_certified_provider_is_gone_through(
    provider: int, client: str, words: tuple[str, ...], tmp_path: Path
) -> None:
    kept = tmp_path / "kept.json"
    ran = met("--issuer", f"http://127.0.0.1:{provider}", "--client-id", client, *words,
              "--scope", "openid", "--json", "--save", str(kept),
              env={"NETLAB_CLIENT_SECRET": SECRET})  # fmt: skip
    assert ran.code == Exit.OK, ran.err
    found = ran.facts()
    assert (found["jwt.alg"], found["jwt.verified"]) == ("RS256", True)
    assert (found["oidc.nonce_matches"], found["oidc.same_sub"]) == (True, True)
    assert found["oidc.sub"] == "alice"
    for text in (ran.out, kept.read_text(encoding="utf-8")):
        assert "secret/" not in text
        assert "eyJ" not in text  # no token of theirs, whole or in part


@pytest.mark.witness
def test_a_wrong_secret_is_told_as_such(provider: int) -> None:
    ran = met("--issuer", f"http://127.0.0.1:{provider}", "--client-id", "basic", "--client-secret",
              "--scope", "openid", "--json",
              env={"NETLAB_CLIENT_SECRET": "wrong-secret"})  # fmt: skip
    assert (ran.code, ran.facts()["oauth.error"]) == (Exit.HTTP, "invalid_client")
    assert "wrong-secret" not in ran.out + ran.err


@pytest.mark.witness
def test_a_certified_provider_serves_an_application_for_itself(provider: int) -> None:
    ran = netlab("oauth", "walkthrough", "--grant", "client-credentials", "--issuer",
                 f"http://127.0.0.1:{provider}", "--client-id", "service", "--client-secret",
                 "--json", env={"NETLAB_CLIENT_SECRET": SECRET})  # fmt: skip
    assert ran.code == Exit.OK, ran.out
    found = ran.facts()
    assert (found["oauth.grant"], found["oauth.expires_in"]) == ("client_credentials", 600)
    assert "secret/" not in ran.out


@pytest.mark.witness
def test_a_certified_provider_refreshes(provider: int) -> None:
    ran = met("--grant", "refresh", "--issuer", f"http://127.0.0.1:{provider}", "--client-id",
              "public", "--json")  # fmt: skip
    assert ran.code == Exit.OK, ran.out
    found = ran.facts()
    assert (found["oauth.new_token"], found["oauth.rotated"]) == (True, True)
    assert found["oauth.scope"] == "openid offline_access"  # it knows no profile


@pytest.mark.slow
@pytest.mark.witness
@pytest.mark.parametrize("allow", [True, False])
def test_a_certified_provider_lets_a_device_in(provider: int, allow: bool) -> None:
    """Its interval is five seconds, and they are waited."""
    ran = by_device(
        "--issuer", f"http://127.0.0.1:{provider}", "--client-id", "tv", "--scope", "openid",
        allow=allow,
    )  # fmt: skip
    found = ran.facts()
    if not allow:
        assert (ran.code, found["oauth.error"]) == (Exit.HTTP, "access_denied"), ran.err
        return
    assert ran.code == Exit.OK, ran.err
    assert (found["oidc.sub"], found["jwt.verified"]) == ("alice", True)
    assert found["oauth.interval_now"] == 5


@pytest.mark.slow
def test_a_device_and_a_person_at_the_labs_own_pages() -> None:
    ran = by_device("--no-browser")
    assert ran.code == Exit.OK, ran.err
    assert "Han river at dusk" in ran.facts()["oauth.photos"]


def by_device(*words: str, allow: bool = True) -> Ran:
    """One run of the device grant, with a person who types its code."""
    line = [sys.executable, "-m", "netlab", "oauth", "walkthrough", "--grant", "device", "--json"]
    with subprocess.Popen(
        [*line, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        code = next(line for line in process.stderr if "the code" in line).split()[-1].strip(":")
        url = next(line for line in process.stderr if line.startswith("http")).strip()
        type_code(url, code, allow)
        out, err = process.communicate(timeout=60)
        return Ran(process.returncode, out, err)


def type_code(url: str, code: str, allow: bool) -> None:
    """Page after page, until one has no form any more."""
    with httpx.Client(trust_env=False, timeout=10) as browser:
        answer = visit(browser, "GET", url)
        for _ in range(12):
            where = answer.headers.get("location")
            if where is not None:
                shown = str(answer.request.extensions["shown"])
                answer = visit(browser, "GET", str(urljoin(shown, where)))
            elif "<form" in answer.text and (allow or "abort" not in answer.text):
                answer = send(browser, answer, user_code=code)
            elif not allow and "abort" in answer.text:
                answer = send(browser, answer, abort="yes")
                return
            else:
                return


@contextlib.contextmanager
def saying(body: str, kind: str = "application/json", status: str = "200 OK") -> Iterator[int]:
    """A server that says the same to everybody. $ is its own origin."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        text = body.replace("$", f"http://127.0.0.1:{port}").encode()
        head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(text)}\r\n"

        def serve() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                with client, contextlib.suppress(OSError):
                    client.settimeout(5)
                    client.recv(65536)
                    client.sendall(f"{head}Connection: close\r\n\r\n".encode() + text)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield port
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


METADATA = json.dumps({
    "issuer": "$", "authorization_endpoint": "$/a", "token_endpoint": "$/t", "jwks_uri": "$/k",
})  # fmt: skip


@pytest.mark.parametrize(
    ("body", "kind", "status", "words"),
    [
        ("<h1>hello</h1>", "text/html", "200 OK", "no description"),
        ("no", "text/plain", "404 Not Found", "404 at /.well-known"),
        ('{"issuer": "https://evil.example"}', "application/json", "200 OK", "RFC 8414"),
        ("[" * 100_000, "application/json", "200 OK", "no description"),
        ('{"issuer": "$"}', "application/json", "200 OK", "authorization_endpoint"),
        (
            '{"issuer": "$", "authorization_endpoint": "file:///etc/passwd"}',
            "application/json",
            "200 OK",
            "no https URL",
        ),
        (
            '{"issuer": "$", "authorization_endpoint": "http://a.example/go"}',
            "application/json",
            "200 OK",
            "no https URL",
        ),
    ],
    ids=["page", "404", "another", "malformed", "empty", "file", "plain"],
)
def test_a_provider_that_is_none(body: str, kind: str, status: str, words: str) -> None:
    with saying(body, kind, status) as port:
        ran = netlab("oauth", "walkthrough", "--no-browser", "--client-id", "x", "--issuer",
                     f"http://127.0.0.1:{port}", "--json")  # fmt: skip
    (finding,) = [one for one in ran.records("finding") if one["severity"] == "fault"]
    assert (ran.code, words in finding["title"]) == (Exit.HTTP, True), finding


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("http://127.0.0.1/callback?error=access_denied&state={state}", "access_denied"),
        ("http://127.0.0.1/callback?code=x&state=another", "refused"),
        ("what?", "refused"),
        ("", "refused"),
    ],
)
def test_what_is_pasted_is_judged(typed: str, error: str) -> None:
    line = [sys.executable, "-m", "netlab", "oauth", "walkthrough", "--no-browser", "--client-id",
            "x", "--json"]  # fmt: skip
    with saying(METADATA) as port, subprocess.Popen(
        [*line, "--issuer", f"http://127.0.0.1:{port}"], stdin=subprocess.PIPE, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        url = next(line for line in process.stderr if line.startswith("http")).strip()
        state = httpx.URL(url).params["state"]
        out, err = process.communicate(f"{typed.format(state=state)}\n", timeout=30)
        ran = Ran(process.returncode, out, err)
    assert (ran.code, ran.facts()["oauth.error"]) == (Exit.HTTP, error)
    assert "Traceback" not in err


def test_a_port_that_is_taken_and_one_where_nobody_is() -> None:
    with saying(METADATA) as port:
        issuer = f"http://127.0.0.1:{port}"
        ran = netlab("oauth", "walkthrough", "--no-browser", "--client-id", "x", "--issuer", issuer,
                     "--port", str(port))  # fmt: skip
    assert ran.code != Exit.OK
    assert "in use" in ran.out + ran.err
    ran = netlab("oauth", "walkthrough", "--no-browser", "--client-id", "x", "--issuer", issuer)
    assert (ran.code, "cannot be reached" in " ".join(ran.out.split())) == (Exit.CONNECT, True)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--issuer", "http://login.example.org"), "http is for this machine alone"),
        (("--issuer", "login.example.org"), "not an issuer"),
        (("--issuer", "https://[::1"), "not an issuer"),
        (("--issuer", "https://a.example:port"), "not an https URL"),
        (("--issuer", "github"), "--client-id is missing"),
        (("--issuer", "https://a.example", "--api", "http://a.example/me"), "this machine alone"),
        (("--issuer", "https://a.example", "--grant", "implicit"), "not offered with --issuer"),
        (("--issuer", "https://a.example", "--deny"), "--deny does not go with"),
        (("--issuer", "https://a.example", "--client-secret"), "nobody can be asked here"),
        (("--issuer", "https://a.example", "--auth-method", "magic"), "not a way of proving"),
    ],
)
def test_mistakes_are_told_before_anything_is_sent(words: tuple[str, ...], says: str) -> None:
    ran = netlab("oauth", "walkthrough", *words, env={"NETLAB_CLIENT_SECRET": ""})
    assert (ran.code, says in ran.err) == (Exit.USAGE, True), ran.err
