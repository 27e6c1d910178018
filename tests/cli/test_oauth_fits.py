"""No option of the OAuth walkthrough is passed over in silence."""

import inspect

import pytest

from netlab.cli import oauth
from netlab.cli.oauth_fits import CLIENT, MET, PROVING, SCRIPTED, check
from netlab.errors import Exit, NetlabError

HERE = {"issuer": None, "browser": None}
AWAY = {"issuer": "https://a.example", "browser": None}
PERSON = {"issuer": None, "browser": True}


@pytest.mark.parametrize(
    ("grant", "where", "used"),
    [
        ("code", HERE, "--client-secret"),
        ("code", AWAY, "--deny"),
        ("code", PERSON, "--insecure"),
        ("device", HERE, "--no-pkce"),
        ("device", AWAY, "--port"),
        ("refresh", HERE, "--scope"),
        ("client-credentials", AWAY, "--oidc"),
        ("password", HERE, "--user"),
    ],
)
def test_what_would_say_nothing_is_refused(grant: str, where: dict[str, object], used: str) -> None:
    with pytest.raises(NetlabError, match=f"{used} does not go with --grant {grant}") as caught:
        check(grant, given={"--scope": used == "--scope", used: True}, **where)  # type: ignore[arg-type]
    assert caught.value.exit is Exit.USAGE


@pytest.mark.parametrize(
    ("grant", "where", "says"),
    [
        ("implicit", AWAY, "SHOULD NOT"),
        ("password", PERSON, "MUST NOT"),
        ("client-credentials", PERSON, "no person"),
        ("client-credentials", {**AWAY, "browser": False}, "no person"),
    ],
)
def test_what_is_not_offered_says_why(grant: str, where: dict[str, object], says: str) -> None:
    with pytest.raises(NetlabError) as caught:
        check(grant, given={}, **where)  # type: ignore[arg-type]
    assert says in caught.value.cause


@pytest.mark.parametrize("grant", [*oauth.Grants])
def test_what_fits_passes(grant: oauth.Grants) -> None:
    check(grant, None, None, dict.fromkeys(SCRIPTED[grant], True))
    if grant in MET:
        check(grant, "https://a.example", None, dict.fromkeys(MET[grant] | PROVING, True))


def test_each_option_is_known_somewhere() -> None:
    """Those that are not about how it looks, and not the three that choose."""
    looks = {"brief", "deep", "step", "plain", "json", "mermaid", "save", "force", "keep_secrets"}
    names = set(inspect.signature(oauth.walkthrough).parameters) - looks
    known = frozenset().union(*SCRIPTED.values(), *MET.values(), CLIENT, PROVING)
    options = {f"--{name.replace('_', '-')}" for name in names - {"grant", "issuer", "browser"}}
    assert options == known
