"""Providers that lie, and strangers at the callback: nothing breaks, hangs or is given away."""

import asyncio
import contextlib
import json
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from joserfc import jwk, jwt

from netlab.errors import Exit
from netlab.experiments.bench import Bench
from netlab.experiments.oauth import meeting
from netlab.experiments.oauth.listening import MOST_BODY, MOST_HEAD, Listener, Page, Visit
from netlab.experiments.oauth.met import Options
from netlab.experiments.oauth.speaking import query_of
from netlab.experiments.oauth.world import MOST_SPOKEN, World, origin_of, protected
from netlab.network import jose
from netlab.network.internet import Internet
from netlab.network.jose import Wanted
from netlab.recording.jsonform import to_json
from netlab.recording.recorder import Recorder
from netlab.recording.records import Fact, Finding, Header, Recording
from netlab.recording.redaction import redact

ACCESS, REFRESH, CODE = "at/secret+of-theirs", "rt/secret~of-theirs", "a-code-of-theirs"
SECRET, COOKIE = "ours/secret+1", "abcdefgh"
TOKENS = {"access_token": ACCESS, "refresh_token": REFRESH, "token_type": "Bearer"}


def header() -> Header:
    return Header("2026-11-27T00:00:00.000+00:00", ("netlab",), "t", "internet", {})


def whole(body: bytes, status: int = 200) -> bytes:
    fields = f"Set-Cookie: sess={COOKIE}; Path=/\r\nContent-Length: {len(body)}\r\n"
    return head(status, fields) + body


def head(status: int, fields: str) -> bytes:
    return f"HTTP/1.1 {status} OK\r\nContent-Type: application/json\r\n{fields}\r\n".encode()


def chunks(body: bytes, size: int = 7) -> bytes:
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    joined = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
    return head(200, "Transfer-Encoding: chunked\r\n") + joined + b"0\r\n\r\n"


class Ran:
    def __init__(self, code: Exit, recording: Recording) -> None:
        self.code = code
        self.saved = json.dumps(to_json(redact(recording)), ensure_ascii=False)
        self.facts = {one.name: one.value for one in recording.records if isinstance(one, Fact)}
        self.titles = [one.title for one in recording.records if isinstance(one, Finding)]


def meet(
    token: bytes, keys: object = None, visits: Callable[[str], list[bytes]] | None = None,
    **metadata: object,
) -> Ran:  # fmt: skip
    """One run at a provider on loopback that answers so at its token endpoint."""

    async def play() -> Ran:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                while line := await reader.readline():
                    fields = await reader.readuntil(b"\r\n\r\n")
                    length = re.search(rb"(?i)content-length: ([0-9]+)", fields)
                    await reader.readexactly(int(length[1]) if length else 0)
                    path = line.split()[1].decode()
                    writer.write(answers.get(path.partition("?")[0], token))
            except (OSError, asyncio.IncompleteReadError):
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        about: Mapping[str, object] = {
            "issuer": base, "authorization_endpoint": f"{base}/authorize",
            "token_endpoint": f"{base}/token", "jwks_uri": f"{base}/jwks", **metadata,
        }  # fmt: skip
        answers = {
            "/.well-known/oauth-authorization-server": whole(json.dumps(about).encode()),
            "/jwks": whole(json.dumps(keys).encode()),
        }
        come: list[asyncio.Task[None]] = []

        async def show(url: str) -> None:
            come.append(asyncio.create_task(browse(url)))

        async def browse(url: str) -> None:
            given = query_of(url)
            port = origin_of(given["redirect_uri"]).port
            target = f"/callback?code={CODE}&state={given['state']}"
            true = f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: other={COOKIE}\r\n"
            for octets in [*(visits(target) if visits else []), f"{true}\r\n".encode()]:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(octets)
                seen.append((await reader.read()).partition(b"\r\n")[0])
                writer.close()

        async def show_code(*_: str) -> None:
            raise AssertionError

        recorder = Recorder(header())
        options = Options(base, show, show_code, client_id="c", secret=SECRET, scope="a",
                          patience=20.0)  # fmt: skip
        async with asyncio.timeout(30):
            code = await meeting.run(Bench(recorder, Internet()), options)
            await asyncio.gather(*come)
        server.close()
        return Ran(code, recorder.finish(code))

    seen: list[bytes] = []
    ran = asyncio.run(play())
    ran.facts["seen"] = [line.decode() for line in seen]
    return ran


PLAIN = json.dumps(TOKENS).encode()


@pytest.mark.parametrize(
    "answer",
    [
        whole(PLAIN),
        whole(PLAIN.replace(b"/", b"\\/")),
        whole(PLAIN.replace(b"at", b"\\u0061t").replace(b"rt", b"\\u0072t")),
        whole(PLAIN.replace(b"access_token", b"acces\\u0073_token").replace(b"/", b"\\u002f")),
        chunks(PLAIN),
        chunks(PLAIN, 1),
    ],
    ids=["plain", "as PHP writes it", "letters spelt", "names spelt", "chunks", "small chunks"],
)
def test_no_secret_is_kept_however_it_was_written(answer: bytes) -> None:
    ran = meet(answer)
    assert ran.code is Exit.OK, ran.titles
    for secret in (ACCESS, REFRESH, CODE, SECRET, COOKIE, "secret+of", "secret~of", "of-theirs"):
        assert secret not in ran.saved
    assert "token_type" in ran.saved


@pytest.mark.parametrize(
    "where", ["/a b", "/a\r\nX: y", "/ä", "/\x1b[31m"], ids=["space", "lines", "letter", "escape"]
)
def test_an_endpoint_that_is_no_url_is_not_asked(where: str) -> None:
    ran = meet(whole(PLAIN), token_endpoint=f"http://127.0.0.1:1{where}")
    assert ran.code is Exit.HTTP
    assert "its token_endpoint is no https URL" in ran.titles[0]


@pytest.mark.parametrize("text", ["\ud800", "\x1b[31m", "a\r\nX: y"], ids=["alone", "esc", "lines"])
def test_whatever_a_token_is_the_flow_ends(text: str) -> None:
    ran = meet(whole(json.dumps({**TOKENS, "access_token": text, "scope": text}).encode()))
    assert ran.code is Exit.OK, ran.titles


def test_a_key_set_that_is_none() -> None:
    token, _ = signed({"iss": "x"})
    wrong: list[object] = [{"keys": 5}, {"keys": [{"kty": "OKP", "crv": "X", "x": ""}]}, [], None]
    for keys in wrong:
        ran = meet(whole(json.dumps({"access_token": token}).encode()), keys)
        assert ran.code is Exit.OK, ran.titles
        assert ran.facts["jwt.verified"] is False


def test_strangers_at_the_callback() -> None:
    def strangers(target: str) -> list[bytes]:
        return [
            f"GET {target} HTTP/1.1\r\nHost: rebound.example\r\n\r\n".encode(),
            b"GET /callback HTTP/9.9\r\n\x00\r\n\r\n",
        ]

    ran = meet(whole(PLAIN), visits=strangers)
    assert ran.code is Exit.OK, ran.titles
    assert ran.facts["seen"] == ["HTTP/1.1 421 ", "", "HTTP/1.1 200 "]


def test_a_body_with_more_around_it_than_in_it_is_not_kept() -> None:
    asyncio.run(_much_around_little())


async def _much_around_little() -> None:
    visits: list[Visit] = []

    async def handle(visit: Visit) -> Page:
        visits.append(visit)
        return Page(200)

    async with Listener(handle) as listener:
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        one = b"1;" + b"e" * 1000 + b"\r\nx\r\n"
        writer.write(one * ((MOST_HEAD + MOST_BODY) // len(one) + 2) + b"0\r\n\r\n")
        async with asyncio.timeout(10):
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
        writer.close()
    assert visits == []


def signed(claims: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    key = jwk.ECKey.generate_key("P-256")
    return jwt.encode({"alg": "ES256"}, dict(claims), key), {"keys": [key.as_dict(private=False)]}


@pytest.mark.parametrize(
    ("name", "value", "holds"),
    [
        ("exp", 10**400, True),
        ("exp", -(10**400), False),
        ("exp", float("nan"), False),
        ("exp", True, False),
        ("nbf", 10**400, False),
        ("nbf", float("nan"), False),
        ("nbf", float("-inf"), True),
    ],
)
def test_dates_that_no_float_holds(name: str, value: float, holds: bool) -> None:
    now = time.time()
    token, keys = signed({"iss": "i", "aud": "a", "exp": now + 60, name: value})
    assert jose.verify(token, keys, Wanted("i", "a", now)).verified is holds


def test_a_server_elsewhere_names_nothing_on_this_machine() -> None:
    here = "http://127.0.0.1:631/admin"
    assert protected(here)
    assert protected(here, "http://localhost:8080")
    assert not protected(here, "https://provider.example")
    assert protected("https://api.provider.example/token", "https://provider.example")


def test_what_is_kept_of_a_chapter_is_bounded() -> None:
    world = World(Bench(Recorder(header()), Internet()), masks=True)
    for number in range(MOST_SPOKEN + 50):
        world.message(b"%d" % number)
    assert len(world.spoken) == MOST_SPOKEN
    assert (world.spoken[0], world.spoken[-1]) == (b"0", b"%d" % (MOST_SPOKEN + 49))
