"""The authorization server by itself: what it prints, where it listens, and that it is whole."""

import ssl
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from netlab.cli.oauth_serving import announcement, check, issuer_of
from netlab.errors import NetlabError
from netlab.lab.oauth.clients import SECRETS, ready_made
from netlab.lab.oauth.pkce import challenge_of
from tests.journeys.command import netlab
from tests.lab.oauth.alone import person, serving

VERIFIER = "v" * 43
CALLBACK = "http://127.0.0.1:7/callback"
WEB = ("web-app", SECRETS["web-app"])


def test_its_first_line_is_its_issuer_and_the_others_name_all_that_one_needs() -> None:
    with serving() as served:
        metadata = httpx.get(
            f"{served.issuer}/.well-known/openid-configuration", trust_env=False
        ).json()  # fmt: skip
        assert metadata["issuer"] == served.issuer
        assert "password" not in metadata["grant_types_supported"]
    assert served.issuer.startswith("http://127.0.0.1:")
    assert "correct horse" in served.words
    assert "exemption" in served.words
    for name, secret in SECRETS.items():
        assert name == "api-server" or (name in served.words and secret in served.words)


def test_every_client_that_is_printed_exists() -> None:
    known = {client.id for client in ready_made(["https://a", "https://b"])}
    words = announcement("http://127.0.0.1:1", False, None)
    printed = {line.split()[0] for line in words.splitlines()[4:9]}
    assert printed == known - {"api-server"}


def test_the_whole_way_over_tls() -> None:
    with serving("--tls", "--listen", "localhost:0", "--legacy") as served:
        assert served.issuer.startswith("https://localhost:")
        ca_file = next(word for word in served.words.split() if word.endswith(".pem"))
        trust = ssl.create_default_context(cafile=ca_file)
        url = (
            f"{served.issuer}/authorize?response_type=code&client_id=web-app&redirect_uri="
            f"{CALLBACK}&scope=photos.read&code_challenge={challenge_of(VERIFIER)}"
            f"&code_challenge_method=S256&resource={served.issuer}/files"
        )
        location = person(url, verify=trust).headers["location"]
        code = dict(parse_qsl(urlsplit(location).query))["code"]
        with httpx.Client(verify=trust, trust_env=False) as client:
            tokens = client.post(f"{served.issuer}/token", auth=WEB, data={
                "grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK,
                "code_verifier": VERIFIER,
            }).json()  # fmt: skip
            bearer = {"authorization": f"Bearer {tokens['access_token']}"}
            # The resource server asks the authorization server, itself, over TLS as well.
            photos = client.get(f"{served.issuer}/files/photos", headers=bearer)
            assert photos.status_code == 200
            metadata = client.get(
                f"{served.issuer}/.well-known/oauth-protected-resource/files"
            ).json()  # fmt: skip
            assert metadata["resource"] == f"{served.issuer}/files"
            other = client.get(f"{served.issuer}/api/photos", headers=bearer)
            assert (other.status_code, other.json()["error"]) == (401, "invalid_token")
            password = client.post(f"{served.issuer}/token", auth=WEB, data={
                "grant_type": "password", "username": "bob", "password": "correct horse",
            })  # fmt: skip
            bearer = {"authorization": f"Bearer {password.json()['access_token']}"}
            photos = client.get(f"{served.issuer}/api/photos", headers=bearer)
            assert photos.status_code == 200


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--listen", "0.0.0.0:0"), "an issuer is one URL"),
        (("--listen", "0.0.0.0:0", "--tls"), "an issuer is one URL"),
        (("--listen", "127.0.0.1"), "not an address"),
        (("--device-interval", "0"), "not a length of time"),
        (("--device-interval", "nan"), "not a length of time"),
    ],
)
def test_what_cannot_be_is_told_in_plain_words(words: tuple[str, ...], said: str) -> None:
    ran = netlab("oauth", "serve", *words)
    assert (ran.code, ran.out) == (2, "")
    assert said in " ".join(ran.err.split())
    assert "Traceback" not in ran.err


def test_a_port_that_is_taken() -> None:
    with serving() as served:
        ran = netlab("oauth", "serve", "--listen", served.issuer.partition("://")[2])
    assert ran.code == 4
    assert "Nobody can listen" in ran.err


def test_beyond_loopback_it_is_https_or_nothing() -> None:
    with pytest.raises(NetlabError, match="http would show them every password"):
        check("192.0.2.7", "192.0.2.7", tls=False)
    check("192.0.2.7", "192.0.2.7", tls=True)
    check("localhost", "127.0.0.1", tls=False)
    check("localhost", "::1", tls=False)


@pytest.mark.parametrize(
    ("host", "tls", "issuer"),
    [
        ("127.0.0.1", False, "http://127.0.0.1:9"), ("::1", True, "https://[::1]:9"),
        ("LocalHost", False, "http://localhost:9"),
    ],
)  # fmt: skip
def test_the_issuer_is_the_address(host: str, tls: bool, issuer: str) -> None:
    assert issuer_of(host, 9, tls) == issuer


def test_the_group_helps_itself() -> None:
    ran = netlab("oauth")
    assert "serve" in ran.out + ran.err
