"""The client at providers whose quirks no RFC knows, from the first request to the profile."""

import asyncio
import json
import ssl
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from netlab.errors import Exit
from netlab.experiments.bench import Bench
from netlab.experiments.oauth import meeting
from netlab.experiments.oauth.grants.polling import Pace
from netlab.experiments.oauth.met import Options
from netlab.experiments.oauth.presets import PRESETS
from netlab.recording.jsonform import to_json
from netlab.recording.recorder import Recorder
from netlab.recording.records import Fact, Finding, Header, Recording
from netlab.recording.redaction import redact
from tests.journeys import providers
from tests.journeys.providers import ACCESS, CLIENT, CODE, DEVICE, NEXT, REFRESH, SECRET, USER

Tls = tuple[ssl.SSLContext, str]
THEIRS = (ACCESS, NEXT, REFRESH, CODE, DEVICE, USER, SECRET)


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    return providers.certified(tmp_path_factory.mktemp("authority"))


class Ran:
    def __init__(self, code: Exit, recording: Recording, shown: list[str]) -> None:
        self.code, self.recording, self.shown = code, recording, shown
        facts = [one for one in recording.records if isinstance(one, Fact)]
        self.facts: dict[str, Any] = {one.name: one.value for one in facts}
        self.findings = [one for one in recording.records if isinstance(one, Finding)]

    def saved(self) -> str:
        """As it would be written to a file."""
        return json.dumps(to_json(redact(self.recording)), ensure_ascii=False)


def run(tls: Tls, provider: providers.Provider, name: str, **more: Any) -> Ran:
    """One whole run; the person agrees at once, in a browser that trusts the same authority."""
    shown: list[str] = []

    async def play() -> tuple[Exit, Recorder]:
        async with providers.away(provider, *tls) as network:
            recorder = Recorder(
                Header("2026-11-27T00:00:00.000+00:00", ("netlab",), "t", "internet", {})
            )

            async def show(url: str) -> None:
                waiting.append(asyncio.create_task(browse(url, network.port, tls[1])))

            async def show_code(*what: str) -> None:
                shown.extend(what)

            waiting: list[asyncio.Task[None]] = []
            preset = PRESETS[name]
            given = {"client_id": CLIENT, "secret": SECRET, "api": preset.api, **more}
            options = Options(preset.issuer, show, show_code, preset=preset, **given)
            code = await meeting.run(Bench(recorder, network), options)
            await asyncio.gather(*waiting)
            return code, recorder

    code, recorder = asyncio.run(play())
    return Ran(code, recorder.finish(code), shown)


async def browse(url: str, port: int, cafile: str) -> None:
    """To the provider's page, and back to where it leads."""
    verify = ssl.create_default_context(cafile=cafile)
    async with httpx.AsyncClient(verify=verify, trust_env=False) as browser:
        shown = httpx.URL(url)
        here = shown.copy_with(host="127.0.0.1", port=port)
        headers = {"Host": shown.host}
        more = {"sni_hostname": shown.host}
        answer = await browser.get(here, headers=headers, extensions=more)
        await browser.get(answer.headers["location"])


def test_github_forms_for_answers(tls: Tls) -> None:
    github = providers.GitHub()
    ran = run(tls, github, "github")
    assert ran.code is Exit.OK, ran.findings
    assert ran.facts["oauth.profile"][0] == {"name": "login", "value": "octocat"}
    assert {"name": "plan.name", "value": "free"} in ran.facts["oauth.profile"]
    assert ran.facts["oauth.scope"] == ""
    assert ran.facts["oauth.expires_in"] is None
    assert not [one for one in github.asked if "well-known" in one.path]
    secrets = [one.given.get("client_secret") for one in github.asked if one.method == "POST"]
    assert secrets == [SECRET]


def test_github_errors_with_200(tls: Tls) -> None:
    ran = run(tls, providers.GitHub(), "github", secret="another secret")
    assert (ran.code, ran.facts["oauth.error"]) == (Exit.HTTP, "incorrect_client_credentials")
    assert "another secret" not in ran.saved()


def test_naver_text_for_numbers_and_a_profile_one_deeper(tls: Tls) -> None:
    naver = providers.Naver()
    ran = run(tls, naver, "naver")
    assert ran.code is Exit.OK, ran.findings
    assert ran.facts["oauth.expires_in"] == 3600
    assert {"name": "response.name", "value": "오픈 API"} in ran.facts["oauth.profile"]
    (asked,) = [one for one in naver.asked if one.path.endswith("authorize")]
    assert "scope" not in asked.given
    ran = run(tls, providers.Naver(), "naver", secret="another secret")
    assert (ran.code, ran.facts["oauth.error"]) == (Exit.HTTP, "invalid_client")


def test_kakao_wants_its_secret_in_the_form(tls: Tls) -> None:
    ran = run(tls, providers.kakao(), "kakao")
    assert ran.code is Exit.OK, ran.findings
    assert (ran.facts["jwt.alg"], ran.facts["jwt.verified"]) == ("RS256", True)
    assert (ran.facts["oidc.sub"], ran.facts["oidc.same_sub"]) == ("4242", True)
    ran = run(tls, providers.kakao(), "kakao", secret="another secret")
    assert (ran.code, ran.facts["oauth.error"]) == (Exit.HTTP, "invalid_client")
    assert "Bad client credentials" in ran.findings[-1].title


def test_google_has_its_endpoints_at_other_hosts(tls: Tls) -> None:
    google = providers.google()
    ran = run(tls, google, "google")
    assert ran.code is Exit.OK, ran.findings
    assert ran.facts["oidc.nonce_matches"] is True
    assert len({one.host for one in google.asked}) == 4


def test_another_ones_nonce_is_not_believed(tls: Tls) -> None:
    google = providers.google()
    google.nonce = "an old one"
    ran = run(tls, google, "google")
    assert (ran.code, ran.facts["oauth.stopped_at"]) == (Exit.HTTP, "id_token")
    assert "nonce" in ran.findings[-1].title


def test_google_gives_a_refresh_token_to_those_who_ask_its_way(tls: Tls) -> None:
    ran = run(tls, providers.google(), "google", grant="refresh")
    assert ran.code is Exit.OK, ran.findings
    assert (ran.facts["oauth.new_token"], ran.facts["oauth.rotated"]) == (True, False)


def test_a_provider_that_gives_none_is_told_of(tls: Tls) -> None:
    ran = run(tls, providers.GitHub(), "github", grant="refresh")
    assert (ran.code, ran.facts["oauth.refreshable"]) == (Exit.HTTP, False)
    assert "no refresh token" in ran.findings[-1].title


class Wrist:
    """A watch that runs only while somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    def pace(self) -> Pace:
        return Pace(self.sleep, lambda: self.now)


PENDING, SLOWER = "authorization_pending", "slow_down"


def by_device(tls: Tls, provider: providers.Provider, name: str, *polls: str) -> tuple[Ran, Wrist]:
    provider.polls = [*polls]
    watch = Wrist()
    return run(tls, provider, name, grant="device", pace=watch.pace()), watch


@pytest.mark.parametrize(
    ("make", "name"), [(providers.GitHub, "github"), (providers.google, "google")]
)
def test_a_device_waits_longer_for_good_with_each_slow_down(
    tls: Tls, make: Callable[[], providers.Provider], name: str
) -> None:
    polls = (PENDING, PENDING, SLOWER, PENDING, SLOWER, PENDING, "")
    ran, watch = by_device(tls, make(), name, *polls)
    assert ran.code is Exit.OK, ran.findings
    assert watch.waits == [5, 5, 5, 10, 10, 15, 15]  # RFC 8628 §3.5
    assert ran.facts["oauth.interval_now"] == 15
    rows = [(row["after"], row["answer"], row["times"]) for row in ran.facts["oauth.polls"]]
    assert rows[:3] == [(5, PENDING, 2), (5, SLOWER, 1), (10, PENDING, 1)]
    assert rows[-1] == (15, "a token", 1)
    assert ran.facts["oauth.grant"] == "device_code"
    assert ran.shown[:2] == [USER, {"github": "https://github.com/login/device",
                                    "google": "https://www.google.com/device"}[name]]  # fmt: skip


@pytest.mark.parametrize("error", ["access_denied", "expired_token", "invalid_grant"])
def test_a_device_stops_when_it_is_told_to(tls: Tls, error: str) -> None:
    ran, watch = by_device(tls, providers.GitHub(), "github", PENDING, error, "")
    assert (ran.code, ran.facts["oauth.error"], len(watch.waits)) == (Exit.HTTP, error, 2)
    severity = "note" if error == "access_denied" else "fault"
    assert [one.severity for one in ran.findings] == [severity]


def test_a_device_stops_when_its_code_has_expired(tls: Tls) -> None:
    ran, watch = by_device(tls, providers.GitHub(), "github", *[PENDING] * 400)
    assert (ran.code, ran.facts["oauth.error"]) == (Exit.HTTP, "expired_token")
    assert sum(watch.waits) == 900


def test_a_provider_without_the_device_grant_says_so(tls: Tls) -> None:
    ran, _ = by_device(tls, providers.kakao(), "kakao")
    assert (ran.code, ran.facts["oauth.stopped_at"]) == (Exit.HTTP, "discovery")
    assert "device_authorization_endpoint" in ran.findings[-1].title


@pytest.mark.parametrize(
    "uri", ["javascript:alert(1)", "file:///etc/passwd", "http://a.example/", ""]
)
def test_a_device_sends_nobody_anywhere_else(tls: Tls, uri: str) -> None:
    class Hostile(providers.GitHub):
        def device(self, asked: providers.Asked) -> providers.Answer:
            return providers.told(
                {"device_code": DEVICE, "user_code": USER, "verification_uri": uri}
            )

    ran, watch = by_device(tls, Hostile(), "github")
    assert (ran.code, ran.facts["oauth.stopped_at"]) == (Exit.HTTP, "device authorization endpoint")
    assert (ran.shown, watch.waits) == ([], [])


def test_no_secret_goes_to_an_endpoint_that_is_not_encrypted(tls: Tls) -> None:
    kakao = providers.kakao()
    kakao.metadata = {**kakao.metadata, "token_endpoint": "http://kauth.kakao.com/oauth/token"}
    ran = run(tls, kakao, "kakao")
    assert (ran.code, ran.facts["oauth.stopped_at"]) == (Exit.HTTP, "discovery")
    assert not [one for one in kakao.asked if one.method == "POST"]


@pytest.mark.parametrize(
    ("interval", "first"),
    [(0, 1), ("7", 7), (None, 5), (-3, 5), (1e9, 60), ([], 5), (True, 5), ("nan", 5)],
)
def test_the_interval_is_a_strangers(tls: Tls, interval: object, first: float) -> None:
    class Odd(providers.GitHub):
        def device(self, asked: providers.Asked) -> providers.Answer:
            return providers.told({
                "device_code": DEVICE, "user_code": USER, "expires_in": 900, "interval": interval,
                "verification_uri": "https://github.com/login/device",
            })  # fmt: skip

    ran, watch = by_device(tls, Odd(), "github", "")
    assert (ran.code, watch.waits) == (Exit.OK, [first])


@pytest.mark.parametrize("kind", ["code", "device", "refresh"])
def test_nothing_of_theirs_is_written_down(tls: Tls, kind: str) -> None:
    google = providers.google()
    google.polls = [PENDING, ""]
    ran = run(tls, google, "google", grant=kind, pace=Wrist().pace())
    assert ran.code is Exit.OK, ran.findings
    for text in (ran.saved(), repr(ran.recording.records)):
        for secret in THEIRS:
            assert secret not in text, (kind, secret)
        assert "eyJ" not in text
    kept = run(tls, providers.google(), "google", keep_secrets=True)
    assert ACCESS in repr(kept.recording.records)  # it is written down where that is wanted
