"""The OAuth roles in the lab's own process: real HTTPS between them, switched by command."""

import contextlib
import re
import ssl
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import pytest

from netlab.errors import NetlabError
from netlab.lab import Lab
from netlab.lab.service import Entry
from tests.lab.oauth.party import API, CALLBACK, FILES, ISSUER, PKCE, VERIFIER, WEB, hidden, query
from tests.lab.oauth.test_verifying import GOOD, by_hand

OTHER = "https://auth.example.net"
ADDRESSES = {
    "auth.example.com": "203.0.113.70", "auth.example.net": "203.0.113.71",
    "api.example.com": "203.0.113.72", "files.example.com": "203.0.113.73",
}  # fmt: skip


class Visitor:
    """Reaches the lab's servers by their names, and trusts the lab's authority."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        verify = ssl.create_default_context(cafile=lab.directory.ca_file)
        self.client = httpx.Client(verify=verify, trust_env=False, timeout=20)

    def ask(self, method: str, url: str, **more: Any) -> httpx.Response:
        parts = urlsplit(url)
        dialled = self.lab.directory.dialled("tcp", ADDRESSES[parts.netloc], 443)
        assert dialled is not None
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        headers = {"Host": parts.netloc, **more.pop("headers", {})}
        return self.client.request(
            method, f"https://{dialled[0]}:{dialled[1]}{target}", headers=headers,
            extensions={"sni_hostname": parts.netloc}, **more,
        )  # fmt: skip

    def tokens(self, issuer: str = ISSUER, **more: str) -> dict[str, Any]:
        given = {"response_type": "code", "client_id": WEB[0], "redirect_uri": CALLBACK,
                 "scope": "photos.read", **PKCE, **more}  # fmt: skip
        page = self.ask("GET", f"{issuer}/authorize?{urlencode(given)}")
        if 'action="/login"' in page.text:
            words = {"username": "alice", "password": "correct horse"}
            answer = self.ask("POST", f"{issuer}/login", data=hidden(page) | words)
            page = self.ask("GET", answer.headers["location"])
        if not page.is_redirect:
            scope = re.findall(r'name="scope" value="([^"]*)"', page.text)
            data = hidden(page) | {"decision": "approve", "scope": scope}
            page = self.ask("POST", f"{issuer}/consent", data=data)
        answer = self.ask("POST", f"{issuer}/token", auth=WEB, data={
            "grant_type": "authorization_code", "code": query(page)["code"],
            "redirect_uri": CALLBACK, "code_verifier": VERIFIER,
        })  # fmt: skip
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def photos(self, server: str, token: str, method: str = "GET", **more: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return self.ask(method, f"{server}/photos", headers=headers, **more)


@pytest.fixture(scope="module")
def own() -> Iterator[Lab]:
    """A lab of these tests' own, as they set its servers."""
    with Lab.start() as lab:
        yield lab


@pytest.fixture
def visitor(own: Lab) -> Iterator[Visitor]:
    made = Visitor(own)
    with contextlib.closing(made.client):
        yield made


@contextlib.contextmanager
def set_to(lab: Lab, host: str, **wanted: Any) -> Iterator[None]:
    service = f"web:{host}"
    before = lab.command("oauth", service=service)["settings"]
    lab.command("oauth", service=service, **wanted)
    yield
    again = {key: before[key] for key in wanted if key != "protections"}
    lab.command("oauth", service=service, protections={}, **again)


def told(lab: Lab, host: str, event: str) -> list[Entry]:
    lab.sync()
    found = [each for each in lab.entries() if each.service == f"web:{host}"]
    return [each for each in found if each.event == event]


def test_both_kinds_of_resource_server_take_a_token(own: Lab, visitor: Visitor) -> None:
    for server in (API, FILES):
        token = visitor.tokens(resource=server)["access_token"]
        answer = visitor.photos(server, token)
        assert answer.status_code == 200
        assert "Han river at dusk" in answer.json()["photos"]
        assert answer.headers["cache-control"] == "no-store"
    (keys,) = told(own, "api.example.com", "oauth.keys")
    assert keys.detail["url"] == f"{ISSUER}/jwks"
    assert told(own, "files.example.com", "oauth.introspected")[-1].detail["active"] is True
    assert told(own, "auth.example.com", "oauth.introspection")[-1].detail["client_id"] == (
        "files-server"
    )  # fmt: skip
    accepted = told(own, "api.example.com", "oauth.accepted")[-1].detail
    assert (accepted["mode"], accepted["client_id"]) == ("jwt", "web-app")


def test_a_photo_is_added_to_one_s_own(visitor: Visitor) -> None:
    token = visitor.tokens(scope="photos.read photos.write")["access_token"]
    added = visitor.photos(API, token, "POST", json={"title": "A heron"})
    assert (added.status_code, added.json()["photos"][-1]) == (201, "A heron")
    assert visitor.photos(API, token).json()["photos"][-1] == "A heron"
    cases: list[Any] = [{}, {"title": ""}, {"title": 7}, [], {"title": "x" * 201}]
    for wrong in cases:
        answer = visitor.photos(API, token, "POST", json=wrong)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("server", [API, FILES])
def test_refusals_say_what_is_missing(own: Lab, visitor: Visitor, server: str) -> None:
    bare = visitor.photos(server, "")
    assert bare.status_code == 401
    challenge = bare.headers["www-authenticate"]
    assert "error" not in challenge
    assert 'scope="photos.read"' in challenge
    document = re.findall(r'resource_metadata="([^"]*)"', challenge)[0]
    metadata = visitor.ask("GET", document).json()
    assert (metadata["resource"], metadata["authorization_servers"]) == (server, [ISSUER])
    wrong = visitor.photos(server, "guessed")
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_token")
    assert 'error="invalid_token"' in wrong.headers["www-authenticate"]
    token = visitor.tokens(resource=server)["access_token"]
    narrow = visitor.photos(server, token, "POST", json={"title": "x"})
    assert (narrow.status_code, narrow.json()["error"]) == (403, "insufficient_scope")
    assert 'scope="photos.write"' in narrow.headers["www-authenticate"]
    host = server.partition("://")[2]
    assert told(own, host, "oauth.refused")[-1].detail["rule"] == "RFC 6750 §3.1"
    in_query = visitor.ask("GET", f"{server}/photos?access_token={token}")
    assert in_query.status_code == 401


def test_two_authorization_fields_are_one_too_many(visitor: Visitor) -> None:
    dialled = visitor.lab.directory.dialled("tcp", ADDRESSES["api.example.com"], 443)
    assert dialled is not None
    fields = [("Host", "api.example.com"), ("Authorization", "Bearer a"),
              ("Authorization", "Bearer b")]  # fmt: skip
    answer = visitor.client.get(
        f"https://{dialled[0]}:{dialled[1]}/photos", headers=fields,
        extensions={"sni_hostname": "api.example.com"},
    )  # fmt: skip
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("server", [API, FILES])
def test_a_token_for_the_other_one(own: Lab, visitor: Visitor, server: str) -> None:
    token = visitor.tokens(resource=FILES if server == API else API)["access_token"]
    refused = visitor.photos(server, token)
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_token")
    host = server.partition("://")[2]
    assert told(own, host, "oauth.refused")[-1].detail["rule"] == "RFC 9068 §4"
    with set_to(own, host, protections={"audience": False}):
        assert visitor.photos(server, token).status_code == 200


def test_the_other_issuer_is_another(visitor: Visitor) -> None:
    token = visitor.tokens(OTHER)["access_token"]
    assert visitor.photos(API, token).status_code == 401
    assert visitor.photos(FILES, token).status_code == 401


def test_a_revoked_token_lives_on_where_nobody_asks(visitor: Visitor) -> None:
    for server, status in ((API, 200), (FILES, 401)):
        token = visitor.tokens(resource=server)["access_token"]
        assert visitor.photos(server, token).status_code == 200
        revoked = visitor.ask("POST", f"{ISSUER}/revoke", data={"token": token}, auth=WEB)
        assert revoked.status_code == 200
        assert visitor.photos(server, token).status_code == status


def test_a_forged_token_and_the_lax_verifier(own: Lab, visitor: Visitor) -> None:
    token = by_hand({"alg": "none", "typ": "at+jwt"}, {**GOOD, "exp": 9e9}, None)
    assert visitor.photos(API, token).status_code == 401
    with set_to(own, "api.example.com", protections={"algorithms": False}):
        assert visitor.photos(API, token).json()["owner"] == "alice"
    assert visitor.photos(API, token).status_code == 401


def test_a_resource_server_may_be_set_to_ask(own: Lab, visitor: Visitor) -> None:
    with set_to(own, "auth.example.com", access_tokens="opaque"):
        token = visitor.tokens()["access_token"]
        assert visitor.photos(API, token).status_code == 401
        with set_to(own, "api.example.com", mode="introspect"):
            assert visitor.photos(API, token).status_code == 200


def test_without_the_authorization_server_no_question_is_answered(
    own: Lab, visitor: Visitor
) -> None:
    token = visitor.tokens(resource=FILES)["access_token"]
    own.command("stop", service="web:auth.example.com")
    try:
        answer = visitor.photos(FILES, token)
        assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")
        assert "www-authenticate" not in answer.headers
    finally:
        own.command("start", service="web:auth.example.com")
    assert visitor.photos(FILES, token).status_code == 401  # it has forgotten all


def test_the_command_refuses_what_it_does_not_know(own: Lab) -> None:
    for service, wanted in [
        ("web:www.example.com", {}),
        ("web:auth.example.com", {"protections": {"magic": False}}),
        ("web:nobody", {}),
    ]:
        with pytest.raises(NetlabError, match="refuses the command 'oauth'"):
            own.command("oauth", service=service, **wanted)
    reply = own.command("oauth", service="web:auth.example.com", protections={"iss": False})
    assert reply["settings"]["off"] == "iss"
    assert told(own, "auth.example.com", "oauth.configured")[-1].detail["off"] == "iss"
    own.command("oauth", service="web:auth.example.com", protections={})


def test_a_browser_comes_by_a_name_under_localhost(own: Lab) -> None:
    ports = {}
    for host, address in ADDRESSES.items():
        dialled = own.directory.dialled("tcp", address, 80)
        assert dialled is not None
        ports[host] = dialled[1]

    def get(host: str, path: str, **more: Any) -> httpx.Response:
        headers = {"Host": f"{host}.localhost:{ports[host]}", **more.pop("headers", {})}
        return httpx.request(
            more.pop("method", "GET"), f"http://127.0.0.1:{ports[host]}{path}", headers=headers,
            trust_env=False, timeout=20, **more,
        )  # fmt: skip

    issuer = f"http://auth.example.com.localhost:{ports['auth.example.com']}"
    metadata = get("auth.example.com", "/.well-known/oauth-authorization-server").json()
    assert metadata["issuer"] == issuer
    api = f"http://api.example.com.localhost:{ports['api.example.com']}"
    assert metadata["protected_resources"][0] == api
    tokens = get("auth.example.com", "/token", method="POST", auth=WEB,
                 data={"grant_type": "client_credentials"}).json()  # fmt: skip
    photos = get("api.example.com", "/photos",
                 headers={"authorization": f"Bearer {tokens['access_token']}"})  # fmt: skip
    assert photos.status_code == 200
    page = get("auth.example.com", "/device")
    assert page.headers["set-cookie"].startswith(f"session-{ports['auth.example.com']}=")
    assert "secure" not in page.headers["set-cookie"].lower()
    www = own.directory.dialled("tcp", "203.0.113.30", 80)
    assert www is not None
    other = httpx.get(f"http://{www[0]}:{www[1]}/", headers={"Host": "www.example.com.localhost"},
                      trust_env=False)  # fmt: skip
    assert other.status_code == 421


@pytest.mark.parametrize("iss", [True, False])
def test_a_mix_up_works_unless_the_client_looks_who_answers(
    own: Lab, visitor: Visitor, iss: bool
) -> None:
    """The client of this test looks at nothing; what it could have seen is asserted instead."""
    app = {"client_id": "native-app"}
    with (
        set_to(own, "auth.example.com", protections={"iss": iss}),
        set_to(own, "auth.example.net", forwards_to=ISSUER),
    ):
        given = {"response_type": "code", "redirect_uri": CALLBACK, "scope": "photos.read",
                 **app, **PKCE}  # fmt: skip
        passed = visitor.ask("GET", f"{OTHER}/authorize?{urlencode(given)}")
        assert passed.headers["location"].startswith(f"{ISSUER}/authorize?")
        page = visitor.ask("GET", passed.headers["location"])
        words = {"username": "alice", "password": "correct horse"}
        answer = visitor.ask("POST", f"{ISSUER}/login", data=hidden(page) | words)
        page = visitor.ask("GET", answer.headers["location"])
        data = hidden(page) | {"decision": "approve", "scope": "photos.read"}
        answered = query(visitor.ask("POST", f"{ISSUER}/consent", data=data))
        assert answered.get("iss") == (ISSUER if iss else None)  # and not OTHER: here it ends
        brought = visitor.ask("POST", f"{OTHER}/token", data={
            "grant_type": "authorization_code", "code": answered["code"],
            "redirect_uri": CALLBACK, "code_verifier": VERIFIER, **app,
        })  # fmt: skip
        assert brought.json()["error"] == "server_error"
    assert told(own, "auth.example.net", "oauth.stole")[-1].detail["status"] == 200
    looted = told(own, "auth.example.net", "oauth.looted")[-1].detail
    assert str(looted["owner"]).startswith("alice")
    assert "Han river at dusk" in str(looted["photos"])


def test_a_server_is_reset_as_a_whole(own: Lab) -> None:
    service = "web:files.example.com"
    own.command("oauth", service=service, mode="jwt", protections={"scope": False})
    settings = own.command("oauth", service=service, reset=True)["settings"]
    assert (settings["mode"], settings["off"]) == ("introspect", "")
