"""Four providers as their documentation describes them, quirks and all, under their own names.

They are on loopback, behind one port of TLS: what netlab asks of `https://github.com/…` comes here
by its name, and its certificate is of the test's own authority.
"""

import asyncio
import base64
import contextlib
import hashlib
import json
import ssl
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from joserfc import jwk, jwt

from netlab.lab.authority import Authority
from netlab.network.base import Network, SocketAddress, Transport

CLIENT, SECRET = "the-client", "the client's +secret/"
CODE = "a-code-that-serves-once"
ACCESS, REFRESH, NEXT = "gho-access-token-of-theirs", "refresh-token-of-theirs", "another-token"
DEVICE, USER = "a-device-code-of-theirs", "WDJB-MJHT"
FORM = "application/x-www-form-urlencoded; charset=utf-8"
JSON = "application/json;charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Asked:
    method: str
    host: str
    path: str
    given: Mapping[str, str]
    headers: Mapping[str, str]

    @property
    def bearer(self) -> str:
        return self.headers.get("authorization", "").removeprefix("Bearer ")


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: str = ""
    kind: str = JSON
    location: str = ""


def told(members: object, status: int = 200) -> Answer:
    return Answer(status, json.dumps(members))


def as_form(**members: object) -> Answer:
    """As GitHub answers: a form, and 200 whatever it says."""
    return Answer(200, urlencode(members), FORM)


@dataclass
class Provider:
    """hosts: the names that it answers to. asked: all that came. polls: answers to a device."""

    hosts: tuple[str, ...] = ()
    polls: list[str] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    request: Mapping[str, str] = field(default_factory=dict)

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        handle = self.paths().get(f"{asked.method} {asked.host}{asked.path}")
        return Answer(404, "<h1>Not Found</h1>", "text/html") if handle is None else handle(asked)

    def paths(self) -> dict[str, Callable[[Asked], Answer]]:
        raise NotImplementedError

    def authorize(self, asked: Asked) -> Answer:
        """The person has agreed already."""
        self.request = asked.given
        back = {"code": CODE, "state": asked.given["state"]}
        return Answer(302, location=f"{asked.given['redirect_uri']}?{urlencode(back)}")

    def fault(self, asked: Asked) -> str:
        """What is wrong with a code that is brought."""
        given, request = asked.given, self.request
        if given.get("client_secret") != SECRET or given.get("client_id") != CLIENT:
            return "invalid_client"
        if given.get("code") != CODE or given.get("redirect_uri") != request["redirect_uri"]:
            return "invalid_grant"
        digest = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return "" if challenge == request["code_challenge"] else "invalid_grant"


class GitHub(Provider):
    """No description, forms for answers, errors with 200, and a slow_down with its interval."""

    def paths(self) -> dict[str, Callable[[Asked], Answer]]:
        return {
            "GET github.com/login/oauth/authorize": self.authorize,
            "POST github.com/login/oauth/access_token": self.token,
            "POST github.com/login/device/code": self.device,
            "GET api.github.com/user": self.user,
        }

    def token(self, asked: Asked) -> Answer:
        if asked.given.get("device_code") == DEVICE:
            error = self.polls.pop(0)
            if error:
                more = {"interval": 10} if error == "slow_down" else {}
                return as_form(error=error, error_description="in their words", **more)
        elif error := self.fault(asked):
            error = "incorrect_client_credentials" if "client" in error else "bad_verification_code"
            return as_form(error=error, error_description="in their words")
        return as_form(access_token=ACCESS, scope="", token_type="bearer")

    def device(self, asked: Asked) -> Answer:
        assert asked.given["client_id"] == CLIENT
        return as_form(device_code=DEVICE, user_code=USER, expires_in=900, interval=5,
                       verification_uri="https://github.com/login/device")  # fmt: skip

    def user(self, asked: Asked) -> Answer:
        if asked.bearer != ACCESS or not asked.headers.get("user-agent"):
            return told({"message": "Bad credentials"}, 401)
        return told({"login": "octocat", "id": 1, "plan": {"name": "free"}})


class Naver(Provider):
    """state again at the token endpoint, numbers as text, and a profile one object deeper."""

    def paths(self) -> dict[str, Callable[[Asked], Answer]]:
        return {
            "GET nid.naver.com/oauth2.0/authorize": self.authorize,
            "POST nid.naver.com/oauth2.0/token": self.token,
            "GET openapi.naver.com/v1/nid/me": self.me,
        }

    def token(self, asked: Asked) -> Answer:
        error = self.fault(asked)
        if not error and asked.given.get("state") != self.request["state"]:
            error = "invalid_request"
        if error:
            return told({"error": error, "error_description": "잘못된 요청"})
        return told({"access_token": ACCESS, "refresh_token": REFRESH, "token_type": "bearer",
                     "expires_in": "3600"})  # fmt: skip

    def me(self, asked: Asked) -> Answer:
        if asked.bearer != ACCESS:
            return told({"resultcode": "024", "message": "Authentication failed"}, 401)
        return told({"resultcode": "00", "message": "success",
                     "response": {"id": "32742776", "name": "오픈 API"}})  # fmt: skip


KEY = jwk.RSAKey.generate_key(2048, {"kid": "theirs", "use": "sig", "alg": "RS256"})


@dataclass
class Connect(Provider):
    """A provider with OpenID Connect, which describes itself at the second of the two places."""

    issuer: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    nonce: str | None = None

    def describe(self, _: Asked) -> Answer:
        return told({"issuer": self.issuer, **self.metadata})

    def keys(self, _: Asked) -> Answer:
        return told({"keys": [KEY.as_dict(private=False)]})

    def id_token(self) -> str:
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "sub": "4242", "iat": now, "exp": now + 600,
                  "nonce": self.nonce or self.request.get("nonce")}  # fmt: skip
        return jwt.encode({"alg": "RS256", "kid": "theirs"}, claims, KEY)

    def who(self, asked: Asked) -> Answer:
        return told({"sub": "4242"}) if asked.bearer in (ACCESS, NEXT) else told({}, 401)


def kakao() -> "Kakao":
    base, api = "https://kauth.kakao.com", "https://kapi.kakao.com"
    return Kakao(issuer=base, metadata={
        "authorization_endpoint": f"{base}/oauth/authorize",
        "token_endpoint": f"{base}/oauth/token", "jwks_uri": f"{base}/.well-known/jwks.json",
        "userinfo_endpoint": f"{api}/v1/oidc/userinfo",
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
    })  # fmt: skip


class Kakao(Connect):
    """Its secret in the form alone, and an error code of its own beside OAuth's."""

    def paths(self) -> dict[str, Callable[[Asked], Answer]]:
        return {
            "GET kauth.kakao.com/.well-known/openid-configuration": self.describe,
            "GET kauth.kakao.com/.well-known/jwks.json": self.keys,
            "GET kauth.kakao.com/oauth/authorize": self.authorize,
            "POST kauth.kakao.com/oauth/token": self.token,
            "GET kapi.kakao.com/v1/oidc/userinfo": self.who,
        }

    def token(self, asked: Asked) -> Answer:
        if error := self.fault(asked):
            members = {"error": error, "error_description": "Bad client credentials",
                       "error_code": "KOE010"}  # fmt: skip
            return told(members, 401)
        return told({"access_token": ACCESS, "refresh_token": REFRESH, "token_type": "bearer",
                     "expires_in": 21599, "refresh_token_expires_in": 5183999,
                     "id_token": self.id_token(), "scope": "openid"})  # fmt: skip


def google() -> "Google":
    base = "https://oauth2.googleapis.com"
    return Google(issuer="https://accounts.google.com", metadata={
        "authorization_endpoint": "https://accounts.google.com/o/oauth2/v2/auth",
        "device_authorization_endpoint": f"{base}/device/code", "token_endpoint": f"{base}/token",
        "userinfo_endpoint": "https://openidconnect.googleapis.com/v1/userinfo",
        "jwks_uri": "https://www.googleapis.com/oauth2/v3/certs",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
    })  # fmt: skip


class Google(Connect):
    """Endpoints at other hosts, a refresh token only when asked for by a parameter of its own, and
    a device grant older than its RFC: verification_url, 428 and 403.
    """

    STATUS: Mapping[str, int] = {"authorization_pending": 428, "slow_down": 403}

    def paths(self) -> dict[str, Callable[[Asked], Answer]]:
        return {
            "GET accounts.google.com/.well-known/openid-configuration": self.describe,
            "GET www.googleapis.com/oauth2/v3/certs": self.keys,
            "GET accounts.google.com/o/oauth2/v2/auth": self.authorize,
            "POST oauth2.googleapis.com/device/code": self.device,
            "POST oauth2.googleapis.com/token": self.token,
            "GET openidconnect.googleapis.com/v1/userinfo": self.who,
        }

    def device(self, asked: Asked) -> Answer:
        assert asked.given["client_id"] == CLIENT
        return told({"device_code": DEVICE, "user_code": USER, "expires_in": 1800, "interval": 5,
                     "verification_url": "https://www.google.com/device"})  # fmt: skip

    def token(self, asked: Asked) -> Answer:
        if not proven(asked):
            return told({"error": "invalid_client"}, 401)
        if asked.given.get("refresh_token") == REFRESH:
            return told({"access_token": NEXT, "expires_in": 3599, "token_type": "Bearer"})
        if asked.given.get("device_code") == DEVICE and (error := self.polls.pop(0)):
            return told({"error": error}, self.STATUS.get(error, 400))
        offline = self.request.get("access_type") == "offline"
        more = {"refresh_token": REFRESH} if offline else {}
        return told({"access_token": ACCESS, "expires_in": 3599, "token_type": "Bearer",
                     "scope": "openid profile", "id_token": self.id_token(), **more})  # fmt: skip


def proven(asked: Asked) -> bool:
    """By Basic, each half of it form-encoded (RFC 6749 §2.3.1)."""
    pair = urlencode({CLIENT: SECRET}).replace("=", ":", 1)
    return asked.headers.get("authorization") == f"Basic {base64.b64encode(pair.encode()).decode()}"


class Away(Network):
    """Every name leads to the one port where the providers are."""

    name = "internet"
    resolvers = ()
    roots = ()

    def __init__(self, port: int, cafile: str) -> None:
        self.port = port
        self.cafile = cafile

    async def addresses(self, host: str) -> tuple[str, ...]:
        return ("203.0.113.99",)

    def dialled(self, address: str, port: int, transport: Transport) -> SocketAddress:
        return "127.0.0.1", self.port


NAMES = (
    "github.com", "api.github.com", "nid.naver.com", "openapi.naver.com", "kauth.kakao.com",
    "kapi.kakao.com", "accounts.google.com", "oauth2.googleapis.com", "www.googleapis.com",
    "openidconnect.googleapis.com",
)  # fmt: skip


def certified(folder: Path) -> tuple[ssl.SSLContext, str]:
    """A certificate for all of them, and the file of who vouches for it."""
    authority = Authority(folder)
    issued = authority.issue(NAMES)
    (folder / "chain.pem").write_bytes(b"".join(one.pem for one in (issued.leaf, *issued.chain)))
    (folder / "key.pem").write_bytes(issued.leaf.key_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "chain.pem", folder / "key.pem")
    return context, str(authority.ca_file)


@contextlib.asynccontextmanager
async def away(provider: Provider, context: ssl.SSLContext, cafile: str) -> AsyncIterator[Away]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            line, *fields = head.strip().split("\r\n")
            headers = {k.lower(): v.strip() for k, v in (f.split(":", 1) for f in fields)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            method, target, _ = line.split()
            parts = urlsplit(target)
            given = dict(parse_qsl(parts.query) + parse_qsl(body.decode()))
            answer = provider.answer(Asked(method, headers["host"], parts.path, given, headers))
            writer.write(octets(answer))
            await writer.drain()
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield Away(server.sockets[0].getsockname()[1], cafile)
    finally:
        server.close()


def octets(answer: Answer) -> bytes:
    body = answer.body.encode()
    head = [
        f"HTTP/1.1 {answer.status} As Is", f"Content-Type: {answer.kind}",
        f"Content-Length: {len(body)}", "Connection: close",
        *([f"Location: {answer.location}"] if answer.location else []),
    ]  # fmt: skip
    return "\r\n".join([*head, "", ""]).encode() + body
