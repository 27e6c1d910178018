"""What an authorization server knows: clients, accounts, and everything that it has issued."""

from dataclasses import dataclass, field
from typing import Literal

AUTHORIZATION_CODE = "authorization_code"
REFRESH_TOKEN = "refresh_token"
CLIENT_CREDENTIALS = "client_credentials"
PASSWORD = "password"
IMPLICIT = "implicit"
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"

OPENID = "openid"


@dataclass(frozen=True, slots=True)
class Client:
    """A registered client. secret_hash: empty for a public one. opaque: its access tokens' kind,
    None where the server's setting decides. resource: which resource server it is, if it is one.
    """

    id: str
    name: str
    secret_hash: str = ""
    auth_method: str = "none"
    redirect_uris: tuple[str, ...] = ()
    grants: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    opaque: bool | None = None
    resource: str = ""

    @property
    def public(self) -> bool:
        """Whether it cannot keep a secret (RFC 6749 §2.1)."""
        return not self.secret_hash


@dataclass(frozen=True, slots=True)
class Account:
    """A resource owner. sub: what clients know them by, which never changes."""

    name: str
    sub: str
    given: str
    family: str
    email: str
    salt: bytes = field(repr=False)
    digest: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """An authorization request that has passed every check (RFC 6749 §4.1.1).

    redirect_given: whether the request named the URI, which the token request must repeat then.
    """

    client: Client
    redirect_uri: str
    redirect_given: bool
    response_type: str
    scope: tuple[str, ...]
    resources: tuple[str, ...]
    state: str = ""
    challenge: str = ""
    nonce: str = ""
    prompt: frozenset[str] = frozenset()
    max_age: float | None = None
    login_hint: str = ""


@dataclass(slots=True, eq=False)
class Grant:
    """What a person (or a client for itself) has granted; all tokens that come of it are a family.

    revoked: the rule by which the whole family has ended; empty while it lives.
    """

    id: str
    client: Client
    scope: tuple[str, ...]
    resources: tuple[str, ...]
    account: Account | None = None
    auth_time: float | None = None
    nonce: str = ""
    revoked: str = ""

    @property
    def subject(self) -> str:
        """A client that acts for itself is its own subject (RFC 9068 §2.2)."""
        return self.account.sub if self.account else self.client.id


@dataclass(slots=True, eq=False)
class Code:
    grant: Grant
    redirect_uri: str
    redirect_given: bool
    challenge: str
    expires: float
    used: bool = False


@dataclass(slots=True, eq=False)
class Access:
    """An access token, known by the hash of its characters."""

    id: str
    grant: Grant
    scope: tuple[str, ...]
    audience: tuple[str, ...]
    issued: float
    expires: float
    shown: str
    revoked: bool = False


@dataclass(slots=True, eq=False)
class Refresh:
    grant: Grant
    issued: float
    expires: float
    shown: str
    used: bool = False
    revoked: bool = False


@dataclass(slots=True, eq=False)
class Device:
    """A device's wait for its person (RFC 8628). asked: when it asked last."""

    client: Client
    user_code: str
    scope: tuple[str, ...]
    resources: tuple[str, ...]
    expires: float
    interval: float
    asked: float | None = None
    decision: Literal["", "approved", "denied"] = ""
    grant: Grant | None = None


@dataclass(slots=True, eq=False)
class Session:
    """A browser, and who has logged in with it; key makes its forms' CSRF tokens."""

    id: str
    key: bytes = field(repr=False)
    account: Account | None = None
    auth_time: float = 0.0


@dataclass(slots=True, eq=False)
class Interaction:
    """What a person is in the middle of: a request, or a device that waits.

    browser: the id of the session that it began in. done: the login that it asked for.
    """

    id: str
    browser: str
    asked: Asked | None = None
    user_code: str = ""
    device: Device | None = None
    failures: int = 0
    logged_in: bool = False
