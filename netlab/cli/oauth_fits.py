"""Which options of `netlab oauth walkthrough` go with which grant: none is silently ignored."""

from collections.abc import Mapping

from netlab.errors import NetlabError

OWNER = frozenset({"--user", "--deny", "--allow"})
CLIENT = frozenset({"--client-id", "--api"})
PROVING = frozenset({"--client-secret", "--auth-method", "--insecure", "--cacert"})
SCRIPTED: Mapping[str, frozenset[str]] = {
    "code": OWNER | {"--no-pkce", "--oidc", "--scope"},
    "device": frozenset({"--scope", "--deny"}),
    "implicit": frozenset({"--scope"}),
    "password": frozenset({"--scope"}),
    "client-credentials": frozenset({"--scope"}),
    "refresh": frozenset(),
}
"""In the lab, with a scripted owner."""
CODE = CLIENT | {"--no-pkce", "--oidc", "--scope", "--port"}
MET: Mapping[str, frozenset[str]] = {
    "code": CODE,
    "refresh": CODE,
    "device": CLIENT | {"--oidc", "--scope"},
    "client-credentials": CLIENT | {"--scope"},
}
"""With a person, at the lab's pages or at a provider's."""
WHY = {
    "--no-pkce": "PKCE belongs to a code",
    "--oidc": "who it is, is told with a code (OpenID Connect Core §3.1)",
    "--port": "there is no redirect in it",
    "--user": "here nobody plays the owner",
    "--deny": "here nobody plays the owner",
    "--allow": "here nobody plays the owner",
}
AGAINST = {
    "implicit": "it SHOULD NOT be used (RFC 9700 §2.1.2)",
    "password": "it MUST NOT be used (RFC 9700 §2.4)",
}


def check(grant: str, issuer: str | None, browser: bool | None, given: Mapping[str, bool]) -> None:
    """given: whether each option was used. Raises NetlabError for one that would say nothing."""
    person = issuer is not None or browser is not None
    if not person:
        refuse(grant, "in the lab", SCRIPTED[grant], given)
        return
    how = "--issuer" if issuer is not None else "--browser" if browser else "--no-browser"
    if grant not in MET or (grant == "client-credentials" and issuer is None):
        raise NetlabError(
            f"--grant {grant} is not offered with {how}.",
            cause=AGAINST.get(grant, "there is no person in it"),
            advice=f"netlab oauth walkthrough --grant {grant} runs it in the lab",
        )
    if grant == "client-credentials" and browser is not None:
        raise NetlabError(
            "--browser and --no-browser do not go with --grant client-credentials.",
            cause="there is no person in it",
        )
    refuse(grant, f"with {how}", MET[grant] | (PROVING if issuer else frozenset()), given)


def refuse(grant: str, where: str, fits: frozenset[str], given: Mapping[str, bool]) -> None:
    for name, used in given.items():
        if used and name not in fits:
            raise NetlabError(
                f"{name} does not go with --grant {grant} {where}.",
                cause=cause(name), advice=f"what does: {', '.join(sorted(fits)) or 'nothing'}",
            )  # fmt: skip


def cause(name: str) -> str:
    return "it is for --issuer" if name in CLIENT | PROVING else WHY.get(name, "")
