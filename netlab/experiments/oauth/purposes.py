"""What each parameter of OAuth's messages is for, and what goes wrong without it."""

from collections.abc import Mapping

from netlab.recording.records import Value

PURPOSES: Mapping[str, tuple[str, str]] = {
    "response_type": (
        "asks for a code, to be redeemed elsewhere",
        "with token instead, the token itself would pass through the browser",
    ),
    "client_id": ("says which application asks", "the server could not name it to the owner"),
    "redirect_uri": (
        "says where the answer goes; the server compares it with those registered",
        "unchecked, the code goes to whoever names a place of his own",
    ),
    "scope": ("says how much is asked for", "the server chooses, or refuses"),
    "state": (
        "ties the answer to this browser's own request",
        "somebody can slip you his answer, and you print his photos",
    ),
    "code_challenge": (
        "the hash of a secret that the application keeps (PKCE)",
        "whoever catches the code can redeem it",
    ),
    "code_challenge_method": ("says that it is a SHA-256", "plain, which shows the secret"),
    "nonce": ("comes back inside the id_token", "an old id_token could be passed off as yours"),
    "resource": (
        "says for which server the token is to be", "it may serve at servers that never asked"
    ),
    "code": (
        "stands for what the owner has granted, once and briefly", "there is nothing to redeem"
    ),
    "iss": (
        "says which server answers",
        "with two servers, one can be handed the other's code (mix-up)",
    ),
    "error": ("says that nothing was granted, and why", "the application would wait for ever"),
    "error_description": ("says it in words, for developers", "the code of the error must do"),
    "grant_type": ("says what is being redeemed", "the server would have to guess"),
    "code_verifier": (
        "the secret itself: its hash must be the challenge",
        "a code of a request with a challenge is worth nothing",
    ),
    "access_token": ("what the resource server wants to see", "no access"),
    "token_type": ("Bearer: whoever holds it may use it", "nobody knew how to send it"),
    "expires_in": ("seconds that it lives", "one learns it from the first 401"),
    "refresh_token": (
        "gets a new access token without the owner", "the owner logs in again each time"
    ),
    "id_token": (
        "says who logged in, to the application", "OAuth by itself does not say who it is"
    ),
}  # fmt: skip


ANSWERED: Mapping[str, tuple[str, str]] = {
    "scope": (
        "says how much was granted, which may be less",
        "it is what was asked for (RFC 6749 §5.1)",
    ),
}
"""Those that mean something else in an answer."""


def table(given: Mapping[str, object], answer: bool = False) -> list[Value]:
    """A row for each parameter, in the order in which it was sent."""
    known = {**PURPOSES, **ANSWERED} if answer else PURPOSES
    rows: list[Value] = []
    for name, value in given.items():
        purpose, without = known.get(name, ("", ""))
        rows.append({
            "name": name[:80], "value": str(value)[:400], "purpose": purpose, "without": without,
        })  # fmt: skip
    return rows
