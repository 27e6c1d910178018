"""The other grants and a token's life, in the lab; and all grants beside each other."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from netlab.errors import Exit
from netlab.experiments.bench import Bench
from netlab.experiments.oauth import beside
from netlab.experiments.oauth.grants import device, life, older
from netlab.lab import Lab
from netlab.network.lab import LabNetwork
from netlab.recording.recorder import Recorder
from netlab.recording.records import Fact, Finding
from tests.dnsworld import header
from tests.journeys.command import netlab

Found = dict[tuple[str, str], Any]


@pytest.fixture(scope="module")
def own() -> Iterator[Lab]:
    """A lab of these tests' own, as they set its servers."""
    with Lab.start() as lab:
        yield lab


def run(lab: Lab, what: Callable[[Bench], Awaitable[Exit]]) -> tuple[Found, list[Finding]]:
    recorder = Recorder(header())

    async def play() -> Exit:
        return await what(Bench(recorder, LabNetwork(lab)))

    code = asyncio.run(play())
    records = recorder.finish().records
    findings = [one for one in records if isinstance(one, Finding)]
    assert code is Exit.OK, findings
    return {(r.step, r.name): r.value for r in records if isinstance(r, Fact)}, findings


def off(lab: Lab) -> Any:
    return lab.command("oauth", service="web:auth.example.com")["settings"]["off"]


def test_implicit_leaves_the_token_in_the_history(own: Lab) -> None:
    found, (finding,) = run(own, older.implicit)
    assert found["grant.implicit", "oauth.in_history"] is True
    assert found["grant.implicit", "oauth.api_status"] == 200
    assert "RFC 9700 §2.1.2" in finding.title
    assert off(own) == ""


def test_password_goes_through_the_application(own: Lab) -> None:
    found, (finding,) = run(own, older.password)
    sent = "".join(row["line"] for row in found["grant.password", "oauth.exactly"])
    assert "password=correct+horse" in sent
    assert found["grant.password", "oauth.owner"].startswith("alice-")
    assert "RFC 9700 §2.4" in finding.title
    assert off(own) == ""


def test_client_credentials_are_nobodys(own: Lab) -> None:
    found, _ = run(own, older.credentials)
    assert found["grant.credentials", "oauth.owner"] == "web-app"
    assert found["grant.credentials", "oauth.refreshable"] is False


def test_a_device_is_told_to_wait_and_to_slow_down(
    own: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []

    async def at_once(seconds: float) -> None:
        """The server's clock goes on as it does; only what is polled too soon is told so."""
        waited.append(seconds)
        if len(waited) == 1:
            await real(seconds)

    real = asyncio.sleep
    monkeypatch.setattr(asyncio, "sleep", at_once)
    recorder = Recorder(header())
    code = asyncio.run(device.device(Bench(recorder, LabNetwork(own))))
    found = {(r.step, r.name): r.value for r in recorder.finish().records if isinstance(r, Fact)}
    polls: Any = found["grant.device", "oauth.polls"]
    assert [row["answer"] for row in polls] == ["authorization_pending", "slow_down"]
    assert waited == [1.0, 6.0]
    assert found["grant.device", "oauth.interval_now"] == 6.0
    assert (code, found["grant.device.token", "oauth.grant"]) == (Exit.OK, "device_code")
    assert str(found["grant.device.token", "oauth.owner"]).startswith("alice-")


def test_a_device_learns_that_its_person_says_no(own: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    async def at_once(_: float) -> None:
        """Polled too soon each time, which changes nothing once it is decided."""

    monkeypatch.setattr(asyncio, "sleep", at_once)
    recorder = Recorder(header())
    bench = Bench(recorder, LabNetwork(own))
    code = asyncio.run(device.device(bench, approve=False))
    found = {(r.step, r.name): r.value for r in recorder.finish().records if isinstance(r, Fact)}
    assert (code, found["grant.device.token", "oauth.error"]) == (Exit.HTTP, "access_denied")


@pytest.fixture(scope="module")
def lived(own: Lab) -> tuple[Found, list[Finding]]:
    return run(own, life.refresh)


def test_a_changed_token_decodes_and_does_not_verify(lived: tuple[Found, list[Finding]]) -> None:
    found, _ = lived
    assert found["grant.obtained", "jwt.verified"] is True
    assert found["grant.obtained", "jwt.forged_sub"] == "mallory"
    assert found["grant.obtained", "jwt.forged_verified"] is False


def test_scope_and_lifetime_are_enforced(lived: tuple[Found, list[Finding]]) -> None:
    found, _ = lived
    assert found["grant.scope", "oauth.api_status"] == 403
    assert found["grant.scope", "oauth.error"] == "insufficient_scope"
    before, after = (found["grant.expiry", f"oauth.status_{when}"] for when in ("before", "after"))
    assert (before, after) == (200, 401)
    assert 'error="invalid_token"' in found["grant.expiry", "oauth.challenge"]


def test_a_refresh_token_that_comes_twice_ends_the_family(
    lived: tuple[Found, list[Finding]],
) -> None:
    found, _ = lived
    assert found["grant.rotation", "oauth.rotated"] is True
    assert found["grant.rotation", "oauth.family_revoked"] is True


def test_an_opaque_token_is_asked_about(lived: tuple[Found, list[Finding]]) -> None:
    found, _ = lived
    assert "." not in found["grant.opaque", "oauth.token"]
    said = {row["name"]: row["value"] for row in found["grant.opaque", "oauth.introspection"]}
    assert (said["active"], said["scope"]) == ("True", "photos.read offline_access")


def test_a_revoked_token_lives_on_where_nobody_asks(lived: tuple[Found, list[Finding]]) -> None:
    found, findings = lived
    rows = [(row["server"], row["before"], row["after"])
            for row in found["grant.revocation", "oauth.revocation"]]  # fmt: skip
    assert rows == [("files.example.com", 200, 401), ("api.example.com", 200, 200)]
    assert any("where nobody asks" in one.title for one in findings)


def test_who_sees_what_is_counted_from_the_messages(own: Lab) -> None:
    found, _ = run(own, beside.run)
    rows = {row["grant"]: row for row in found["oauth.compare", "oauth.compare"]}
    assert len(rows) == 6
    code, implicit = rows["authorization code, PKCE"], rows["implicit"]
    assert code["in_history"] == "a code, which is spent"
    assert implicit["in_history"] == "the token"
    assert rows["refresh token"]["in_history"] == "nothing"
    assert (rows["refresh token"]["password"], rows["refresh token"]["requests"]) == ("nobody", 2)
    for name in ("implicit", "password"):
        assert "OAuth 2.1, a draft" in rows[name]["today"]
    assert "browser" not in code["token"]
    assert "browser" in implicit["token"]
    assert [name for name, row in rows.items() if "application" in row["password"]] == ["password"]
    assert rows["client credentials"]["password"] == "nobody"
    assert off(own) == ""


def test_whole_commands() -> None:
    ran = netlab("oauth", "walkthrough", "--grant", "client-credentials", "--scope",
                 "photos.read photos.write", "--json")  # fmt: skip
    assert (ran.code, ran.facts()["oauth.grant"]) == (Exit.OK, "client_credentials")
    assert ran.facts()["oauth.scope"] == "photos.read photos.write"
    ran = netlab("oauth", "compare")
    assert ran.code == Exit.OK, ran.err
    assert "MUST NOT" in ran.out
