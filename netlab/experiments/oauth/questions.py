"""What a reader may predict before a chapter is shown: data, one question for each chapter.

Each answer holds in every run that comes to its chapter, or is chosen by what that run has done.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from netlab.recording.recorder import Recorder


@dataclass(frozen=True, slots=True)
class Ask:
    """answer: the place of the right one among the choices, from 0."""

    prompt: str
    choices: tuple[str, ...]
    answer: int
    why: str

    def write(self, recorder: Recorder, step: str, answer: int | None = None) -> None:
        place = self.answer if answer is None else answer
        recorder.question(step, self.prompt, self.choices, place, self.why)


BACK = "What does the browser bring back to the application?"
WHAT_COMES = ("the access token", "a code, good once and briefly", "an error, and nothing else")

ASKS: Mapping[str, Ask] = {
    "oauth.register": Ask(
        "What must the server know of an application before it sends anybody back to it?",
        ("its source", "its name, and where answers may go", "the owner's password"), 1,
        "A client_id and its redirect URIs: a code must go nowhere else (RFC 6749 §3.1.2.2).",
    ),
    "oauth.ask": Ask(
        "What does the application need of the owner, to print her photos?",
        ("her wish: access is asked for elsewhere", "her password for the photos", "the files"), 0,
        "It never asks for her password; that OAuth is there for (RFC 6749 §1).",
    ),
    "oauth.redirect": Ask(
        "How does the application ask the server for access?",
        ("it calls the server", "it waits to be called", "it sends the browser there"), 2,
        "It sends the browser, and all that it asks for stands in the URL (RFC 6749 §4.1.1).",
    ),
    "oauth.login": Ask(
        "Who asks the owner for her password?",
        ("the application", "the authorization server", "the resource server"), 1,
        "The authorization server, and nobody else (RFC 6749 §3.1).",
    ),
    "oauth.consent": Ask(
        "May the owner allow less than the application asks for?",
        ("yes", "no, all or nothing", "only with another password"), 0,
        "The scope that is granted may be narrower than the one asked for (RFC 6749 §3.3).",
    ),
    "oauth.code": Ask(
        BACK, WHAT_COMES, 1,
        "What passes through a browser may be seen: it is worth nothing alone (RFC 6749 §4.1.2).",
    ),
    "oauth.code.error": Ask(
        BACK, WHAT_COMES, 2, "It comes by the same way as the code would (RFC 6749 §4.1.2.1).",
    ),
    "oauth.token": Ask(
        "Somebody has read that code. What else would be needed to redeem it here?",
        ("nothing", "the code_verifier", "the application's secret",
         "the code_verifier and the secret"), 3,
        "The secret is asked of an application that has one (RFC 6749 §3.2.1), the verifier where "
        "a challenge was sent (RFC 7636 §4.6).",
    ),
    "oauth.obtained": Ask(
        "Does the application know from its access token who the owner is?",
        ("yes, it is her identifier", "no, it is for another server to read"), 1,
        "It shows that something was permitted. Who it is says OpenID Connect's id_token.",
    ),
    "oidc.identity": Ask(
        "For whom is the id_token?",
        ("the application", "the resource server", "the browser"), 0,
        "Its audience is the client_id: it is no key to any API (OpenID Connect Core §2).",
    ),
    "oauth.use": Ask(
        "Who shows the access token, and to whom?",
        ("the owner, to the application", "the browser, to the authorization server",
         "the application, to the resource server"), 2,
        "The resource server holds the data, and takes or refuses the token (RFC 6749 §7).",
    ),
    "grant.implicit": Ask(
        "By which way does the token come?",
        ("through the address of a page", "straight from server to application"), 0,
        "It stands in the fragment of the redirect, where the browser keeps it (RFC 6749 §4.2.2).",
    ),
    "grant.password": Ask(
        "Who learns the owner's password?",
        ("the authorization server alone", "nobody", "the application as well"), 2,
        "She types it into the application, which hands it on (RFC 6749 §4.3).",
    ),
    "grant.credentials": Ask(
        "Whose data does such a token open?",
        ("Alice's", "everybody's", "the application's own"), 2,
        "No owner was asked, so it is the client's own, or agreed beforehand (RFC 6749 §4.4).",
    ),
    "grant.device": Ask(
        "A device asks for its token sooner than it was told to. What does it hear?",
        ("slow_down: five seconds more, for good", "its token, if it is ready", "nothing"), 0,
        "Each slow_down adds five seconds to the interval (RFC 8628 §3.5).",
    ),
    "grant.device.approved": Ask(
        "Where is the password typed?",
        ("on the device", "in a browser elsewhere", "nowhere"), 1,
        "On whatever the person has with a keyboard; the device shows a code (RFC 8628 §3.3).",
    ),
    "grant.device.denied": Ask(
        "The person says no, elsewhere. How does the device learn of it?",
        ("by the answer to its next question", "the server calls it", "never"), 0,
        "access_denied is an answer like any other, and the last one (RFC 8628 §3.5).",
    ),
    "grant.device.token": Ask(
        "How does the device learn that it may go on?",
        ("the server calls it", "from the browser", "by the answer to its next question"), 2,
        "It has no address to be called at, so it asks until it is told (RFC 8628 §3.4).",
    ),
    "grant.device.waiting": Ask(
        "Nobody has decided yet. What does the device hear when it asks?",
        ("nothing, until somebody has", "200 and no token", "an error that means: ask again"), 2,
        "authorization_pending is such an error (RFC 8628 §3.5).",
    ),
    "grant.obtained": Ask(
        "Somebody changes a claim of a JWT. Does it still decode?",
        ("no", "yes, and it verifies", "yes, but it does not verify"), 2,
        "Decoding is base64url and JSON; the signature is over what stood there before.",
    ),
    "grant.scope": Ask(
        "A token for reading is used to write. What does the API answer?",
        ("401", "403", "404"), 1,
        "The token is good, but not for this: insufficient_scope (RFC 6750 §3.1).",
    ),
    "grant.expiry": Ask(
        "And a moment after the token's end?",
        ("200", "401", "403"), 1,
        "invalid_token: another one will do, where for 403 it would not (RFC 6750 §3.1).",
    ),
    "grant.rotation": Ask(
        "A refresh token comes a second time. What becomes of the one that followed it?",
        ("it dies too", "it lives on"), 0,
        "Who of the two is the thief cannot be told, so the family ends (RFC 9700 §4.14.2).",
    ),
    "grant.opaque": Ask(
        "This token is random letters. How does an API learn what it may do?",
        ("it decodes it", "it cannot", "it asks the authorization server"), 2,
        "By introspection, in its own name (RFC 7662 §2).",
    ),
    "grant.revocation": Ask(
        "A JWT is revoked. When does an API that verifies it by itself refuse it?",
        ("at once", "when it expires"), 1,
        "Nobody tells it. One that introspects hears of it with the next question.",
    ),
    "grant.refreshed": Ask(
        "Who has to be there for a new access token to be got?",
        ("the application alone", "the owner, to log in"), 0,
        "The refresh token stands for what the owner granted once (RFC 6749 §6).",
    ),
}  # fmt: skip

COUNTS = Ask(
    "In how many of these grants does the application see the owner's password?",
    ("none", "one", "two", "more"), 1,
    "Counted from what was said in this run, as the table has it.",
)  # fmt: skip

PLACES = (
    "authorization endpoint", "browser", "callback", "client", "token endpoint", "resource server",
)  # fmt: skip
"""Where an attack may be stopped, as `attack.stopped_at` has it."""

IN_WORDS: Mapping[str, str] = {
    "pkce": "PKCE: the code needs its verifier",
    "state": "state: an answer must fit the browser's own request",
    "exact_redirect": "redirect URIs compared whole",
    "single_use_code": "codes that serve once",
    "rotation": "refresh tokens that serve once",
    "iss": "iss: an answer says which server sends it",
    "refuse_verifier_without_challenge": "no verifier is taken where no challenge came",
    "no_implicit": "no implicit grant",
    "no_redirector": "no page of the application's that sends browsers anywhere",
    "scope": "no token is wider than what was granted",
    "audience": "a token is for one resource server",
    "algorithms": "a list of the algorithms that a signature may have",
}
"""The protections by which attacks are defended."""


def stops(name: str, stoppers: Sequence[str], needs: str) -> Ask:
    """Which protection stops an attack: the one it is named for, among two that do not."""
    others = [other for other in IN_WORDS if other not in stoppers]
    start = sum(map(ord, name)) % len(others)
    picked = sorted({name, others[start], others[(start + 3) % len(others)]})
    return Ask(
        "It is about to be run with nothing to stop it. What would stop it?",
        tuple(IN_WORDS[one] for one in picked), picked.index(name), f"It needs {needs}.",
    )  # fmt: skip


def place(at: str, by: str) -> Ask | None:
    """Where the defended attack ends; nothing to ask where it was not stopped."""
    if at not in PLACES:
        return None
    return Ask(
        "One protection is on now. Where will the attack be stopped?",
        PLACES, PLACES.index(at), f"{by}.",
    )  # fmt: skip
