"""What an authorization server says about itself (RFC 8414 §2, OpenID Connect Discovery §3)."""

from typing import Any

from netlab.lab.oauth.keys import ALGORITHM
from netlab.lab.oauth.records import (
    AUTHORIZATION_CODE,
    CLIENT_CREDENTIALS,
    DEVICE_CODE,
    IMPLICIT,
    PASSWORD,
    REFRESH_TOKEN,
)  # fmt: skip
from netlab.lab.oauth.scopes import MEANING
from netlab.lab.oauth.server import AuthorizationServer

SECRET = ["client_secret_basic", "client_secret_post"]
PATHS = {
    "authorization_endpoint": "/authorize",
    "token_endpoint": "/token",
    "userinfo_endpoint": "/userinfo",
    "jwks_uri": "/jwks",
    "registration_endpoint": "/register",
    "introspection_endpoint": "/introspect",
    "revocation_endpoint": "/revoke",
    "device_authorization_endpoint": "/device_authorization",
    "pushed_authorization_request_endpoint": "/par",
}


def metadata(server: AuthorizationServer) -> dict[str, Any]:
    """The document, of what stands now: a protection that is off is not promised."""
    protections = server.settings.protections
    grants = [AUTHORIZATION_CODE, REFRESH_TOKEN, CLIENT_CREDENTIALS, DEVICE_CODE]
    types, modes = ["code"], ["query"]
    if not protections.no_implicit:
        grants, types, modes = [*grants, IMPLICIT], [*types, "token"], [*modes, "fragment"]
    if not protections.no_password:
        grants = [*grants, PASSWORD]
    return {
        "issuer": server.issuer,
        **{name: server.issuer + path for name, path in PATHS.items()},
        "scopes_supported": list(MEANING),
        "response_types_supported": types,
        "response_modes_supported": modes,
        "grant_types_supported": grants,
        "token_endpoint_auth_methods_supported": [*SECRET, "none"],
        "introspection_endpoint_auth_methods_supported": SECRET,
        "revocation_endpoint_auth_methods_supported": [*SECRET, "none"],
        **({"code_challenge_methods_supported": ["S256"]} if protections.pkce else {}),
        "authorization_response_iss_parameter_supported": protections.iss,
        "require_pushed_authorization_requests": False,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "claims_supported": [
            "iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "name",
            "given_name", "family_name", "preferred_username", "email", "email_verified",
        ],
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "ui_locales_supported": ["en"],
        "protected_resources": list(server.resources),
    }  # fmt: skip
