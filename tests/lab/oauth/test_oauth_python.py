"""Authlib's and requests-oauthlib's clients get through the lone server, over TLS."""

import ssl
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import requests
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session as Authlib
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet
from oauthlib.oauth2 import BackendApplicationClient, DeviceClient, OAuth2Error
from requests_oauthlib import OAuth2Session

from netlab.lab.oauth.clients import SECRETS
from tests.lab.oauth.alone import person, serving

pytestmark = pytest.mark.witness

CALLBACK = "http://127.0.0.1:7/callback"
SCOPE = "openid profile photos.read offline_access"
WEB = ("web-app", SECRETS["web-app"])
SERVER = ("files-server", SECRETS["files-server"])
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


class World:
    """The server's metadata, and whom it is to be trusted by."""

    def __init__(self, issuer: str, ca_file: str) -> None:
        self.issuer = issuer
        self.ca_file = ca_file
        self.metadata = self.get("/.well-known/openid-configuration")
        self.keys = KeySet.import_key_set(self.get("/jwks"))

    def get(self, path: str) -> Any:
        session = requests.Session()
        session.trust_env = False
        return session.get(f"{self.issuer}{path}", verify=self.ca_file, timeout=20).json()

    def person(self, url: str, **more: Any) -> httpx.Response:
        return person(url, verify=self.ca_file_context(), **more)

    def ca_file_context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.ca_file)

    def callback(self, url: str) -> str:
        """Where the browser ends up; https in name alone, as the libraries refuse http."""
        location = self.person(url).headers["location"]
        assert location.startswith(CALLBACK)
        return f"https://{location.partition('://')[2]}"


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with serving("--tls", "--device-interval", "0.1") as served:
        ca_file = next(word for word in served.words.split() if word.endswith(".pem"))
        yield World(served.issuer, ca_file)


def authlib(world: World, client: tuple[str, str | None] = WEB, **more: Any) -> Any:
    session = Authlib(
        *client, redirect_uri=CALLBACK, scope=SCOPE, code_challenge_method="S256",
        token_endpoint=world.metadata["token_endpoint"], **more,
    )  # fmt: skip
    session.verify, session.trust_env = world.ca_file, False
    return session


def plain(world: World, client_id: str = WEB[0], **more: Any) -> Any:
    given = {"redirect_uri": CALLBACK, "scope": SCOPE.split(), "pkce": "S256", **more}
    session = OAuth2Session(client_id, **given)
    session.verify, session.trust_env = world.ca_file, False
    return session


VERIFIER = "w" * 50


def through_authlib(world: World, session: Any) -> Any:
    url, state = session.create_authorization_url(
        world.metadata["authorization_endpoint"], code_verifier=VERIFIER, nonce="n-42"
    )
    answer = world.callback(url)
    return session.fetch_token(authorization_response=answer, code_verifier=VERIFIER, state=state)


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_authlib_code_id_token_userinfo_and_api(world: World, method: str) -> None:
    session = authlib(world, token_endpoint_auth_method=method)
    token = through_authlib(world, session)
    opened = jwt.decode(token["id_token"], world.keys, algorithms=["RS256"])
    claims = CodeIDToken(
        opened.claims, opened.header, {"iss": {"values": [world.issuer]}},
        {"nonce": "n-42", "client_id": WEB[0], "access_token": token["access_token"]},
    )  # fmt: skip
    claims.validate()
    userinfo = session.get(world.metadata["userinfo_endpoint"]).json()
    assert (userinfo["sub"], userinfo["name"]) == (claims["sub"], "Alice Liddell")
    assert session.get(f"{world.issuer}/api/photos").json()["owner"] == claims["sub"]


def test_authlib_public_client(world: World) -> None:
    session = authlib(world, ("native-app", None), token_endpoint_auth_method="none")
    assert through_authlib(world, session)["token_type"] == "Bearer"


def test_authlib_refresh_with_rotation(world: World) -> None:
    session = authlib(world)
    first = dict(through_authlib(world, session))
    second = dict(session.refresh_token(world.metadata["token_endpoint"]))
    assert second["refresh_token"] != first["refresh_token"]
    with pytest.raises(OAuthError, match="invalid_grant"):
        session.refresh_token(
            world.metadata["token_endpoint"], refresh_token=first["refresh_token"]
        )
    with pytest.raises(OAuthError, match="invalid_grant"):
        session.refresh_token(
            world.metadata["token_endpoint"], refresh_token=second["refresh_token"]
        )


def test_authlib_introspection_and_revocation(world: World) -> None:
    session = authlib(world)
    token = dict(through_authlib(world, session))
    asking = authlib(world, SERVER)
    endpoint = world.metadata["introspection_endpoint"]
    told = asking.introspect_token(endpoint, token=token["access_token"]).json()
    assert (told["active"], told["username"]) == (True, "alice")
    revoked = session.revoke_token(
        world.metadata["revocation_endpoint"], token=token["refresh_token"]
    )
    assert revoked.status_code == 200
    assert asking.introspect_token(endpoint, token=token["access_token"]).json() == {
        "active": False
    }


def test_authlib_client_credentials(world: World) -> None:
    session = authlib(world)
    session.scope = "photos.read"
    token = session.fetch_token(grant_type="client_credentials")
    assert "refresh_token" not in token
    assert session.get(f"{world.issuer}/api/photos").json()["owner"] == "web-app"


def started(world: World) -> Any:
    session = requests.Session()
    session.trust_env = False
    return session.post(
        world.metadata["device_authorization_endpoint"], data={"client_id": "tv"},
        verify=world.ca_file, timeout=20,
    ).json()  # fmt: skip


def test_authlib_device(world: World) -> None:
    told = started(world)
    session = authlib(world, ("tv", None), token_endpoint_auth_method="none")
    given = {"grant_type": DEVICE, "device_code": told["device_code"]}
    with pytest.raises(OAuthError, match="authorization_pending"):
        session.fetch_token(**given)
    page = world.person(told["verification_uri_complete"])
    assert "may go on" in page.text
    assert session.fetch_token(**given)["scope"] == "photos.read"


def through_plain(world: World, session: Any, **more: Any) -> Any:
    url, state = session.authorization_url(world.metadata["authorization_endpoint"])
    answer = world.callback(url)
    assert f"state={state}" in urlsplit(answer).query
    return session.fetch_token(
        world.metadata["token_endpoint"], authorization_response=answer, **more
    )


def test_requests_oauthlib_code_and_refresh(world: World) -> None:
    session = plain(world)
    first = dict(through_plain(world, session, client_secret=WEB[1]))
    userinfo = session.get(world.metadata["userinfo_endpoint"]).json()
    assert userinfo["preferred_username"] == "alice"
    second = session.refresh_token(world.metadata["token_endpoint"], auth=WEB)
    assert second["refresh_token"] != first["refresh_token"]
    with pytest.raises(OAuth2Error, match="used"):
        session.refresh_token(
            world.metadata["token_endpoint"], refresh_token=first["refresh_token"], auth=WEB
        )


def test_requests_oauthlib_public_client(world: World) -> None:
    session = plain(world, "native-app")
    assert through_plain(world, session, include_client_id=True)["token_type"] == "Bearer"


def test_requests_oauthlib_client_credentials(world: World) -> None:
    client = BackendApplicationClient(WEB[0], scope=["photos.read"])
    session = plain(world, client=client, pkce=None, scope=["photos.read"])
    token = session.fetch_token(world.metadata["token_endpoint"], auth=WEB)
    assert token["scope"] == ["photos.read"]
    assert session.get(f"{world.issuer}/api/photos").status_code == 200


def test_requests_oauthlib_device(world: World) -> None:
    told = started(world)
    session = plain(world, client=DeviceClient("tv"), pkce=None, scope=None)
    given: dict[str, Any] = {"device_code": told["device_code"], "include_client_id": True}
    with pytest.raises(OAuth2Error, match="authorization_pending"):
        session.fetch_token(world.metadata["token_endpoint"], **given)
    denied = world.person(told["verification_uri_complete"], decision="deny")
    assert "gets nothing" in denied.text
    with pytest.raises(OAuth2Error, match="access_denied"):
        session.fetch_token(world.metadata["token_endpoint"], **given)


def test_requests_oauthlib_revocation(world: World) -> None:
    session = plain(world)
    token = through_plain(world, session, client_secret=WEB[1])["access_token"]
    url, headers, body = session._client.prepare_token_revocation_request(
        world.metadata["revocation_endpoint"], token
    )
    revoked = requests.Session()
    revoked.trust_env = False
    answer = revoked.post(
        url, headers=headers, data=body, auth=WEB, verify=world.ca_file, timeout=20
    )  # fmt: skip
    assert answer.status_code == 200
    assert session.get(world.metadata["userinfo_endpoint"]).status_code == 401
