"""Which protections stand. Each can be left out, to see the attack work that it stops."""

from collections.abc import Mapping
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Protections:
    """What a server insists on; all of it, unless an experiment says otherwise.

    The first nine are an authorization server's, the last two a resource server's; scope is both.

    pkce: the verifier must fit the code's challenge. require_pkce: public clients must send one.
    exact_redirect: redirect URIs are compared whole, not by how they begin. single_use_code: a
    code serves once, and used again it takes the tokens back that it gave. rotation: so does a
    refresh token. iss: the authorization response says who sends it.
    refuse_verifier_without_challenge: where no challenge came, a verifier means it was stripped.
    no_implicit, no_password: the grants that should not be used any more are not offered.
    scope: no token is made wider than what was granted, nor used beyond it. audience: a token is
    for one resource server. algorithms: a token's signature is of a kind that is on a list.
    """

    pkce: bool = True
    require_pkce: bool = True
    exact_redirect: bool = True
    single_use_code: bool = True
    rotation: bool = True
    iss: bool = True
    refuse_verifier_without_challenge: bool = True
    no_implicit: bool = True
    no_password: bool = True
    scope: bool = True
    audience: bool = True
    algorithms: bool = True


RULES: Mapping[str, str] = {
    "pkce": "RFC 7636 §4.6",
    "require_pkce": "RFC 9700 §2.1.1",
    "exact_redirect": "RFC 9700 §4.1.3",
    "single_use_code": "RFC 6749 §4.1.2",
    "rotation": "RFC 9700 §4.14.2",
    "iss": "RFC 9207 §2",
    "refuse_verifier_without_challenge": "RFC 9700 §4.8.2",
    "no_implicit": "RFC 9700 §2.1.2",
    "no_password": "RFC 9700 §2.4",
    "scope": "RFC 6749 §6",
    "audience": "RFC 9068 §4",
    "algorithms": "RFC 9068 §4",
}
"""Where each protection is written down."""

NAMES = tuple(field.name for field in fields(Protections))
