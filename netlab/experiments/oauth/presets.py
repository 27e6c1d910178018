"""Providers that many people have an account with, as their documentation described them.

Each is asked for its description where it has one; where it has none, what stands here is used.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

DATED = "2026-11"
"""When this was last read up."""


@dataclass(frozen=True, slots=True)
class Preset:
    """metadata: in place of a description, for a provider without one. note: what is special.

    offline: parameters by which a refresh token is asked for, where there is none without.
    state_again: the token endpoint wants to see state once more.
    """

    name: str
    issuer: str
    scope: str
    note: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    api: str = ""
    offline: Mapping[str, str] = field(default_factory=dict)
    state_again: bool = False


PRESETS = {
    preset.name: preset
    for preset in (
        Preset(
            "google", "https://accounts.google.com", "openid profile",
            "Register an application of the kind “Desktop app” in Google's console: it may use any "
            "loopback port. Its secret is no secret, and is wanted all the same. A device is an "
            "application of the kind “TVs and Limited Input devices”.",
            offline={"access_type": "offline", "prompt": "consent"},
        ),
        Preset(
            "kakao", "https://kauth.kakao.com", "openid",
            "Register the redirect URI with its port in Kakao's console (--port), and switch on "
            "Kakao Login and OpenID Connect there. It wants its secret in the form.",
        ),
        Preset(
            "github", "https://github.com", "read:user",
            "GitHub has no description of itself and no OpenID Connect for this. Its token "
            "endpoint answers an error with status 200. The device grant is switched on in the "
            "application's settings.",
            {
                "issuer": "https://github.com",
                "authorization_endpoint": "https://github.com/login/oauth/authorize",
                "token_endpoint": "https://github.com/login/oauth/access_token",
                "device_authorization_endpoint": "https://github.com/login/device/code",
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
            },
            "https://api.github.com/user",
        ),
        Preset(
            "naver", "https://nid.naver.com", "",
            "Register the callback URL with its port at Naver's developer centre (--port). There "
            "is no scope parameter, expires_in is text, the token endpoint wants to see state "
            "again, and a profile stands under “response”.",
            {
                "issuer": "https://nid.naver.com",
                "authorization_endpoint": "https://nid.naver.com/oauth2.0/authorize",
                "token_endpoint": "https://nid.naver.com/oauth2.0/token",
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
            },
            "https://openapi.naver.com/v1/nid/me",
            state_again=True,
        ),
    )
}  # fmt: skip
