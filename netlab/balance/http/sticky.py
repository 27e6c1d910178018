"""A cookie that brings a client back to the backend that it had before (RFC 6265).

Its value is a keyed hash of the backend's name under a secret of this run: it says nothing of
names, addresses or how many there are, and nobody can make one up for a backend of their choice.
"""

import hashlib
import hmac
import secrets

from netlab.balance.backend import Backend
from netlab.balance.http.cookies import cookie
from netlab.balance.http.fields import Fields
from netlab.balance.pool import Pool


class Sticky:
    """Knows each backend by an opaque value. secret: random, unless given."""

    def __init__(self, name: str, pool: Pool, secure: bool, secret: bytes = b"") -> None:
        self.name = name.encode()
        self.pool = pool
        self.attributes = b"; Path=/; HttpOnly; SameSite=Lax" + (b"; Secure" if secure else b"")
        self.secret = secret or secrets.token_bytes(32)
        self.values: dict[str, bytes] = {}

    def value(self, backend: Backend) -> bytes:
        if backend.name not in self.values:
            digest = hmac.new(self.secret, backend.name.encode(), hashlib.sha256).hexdigest()
            self.values[backend.name] = digest[:32].encode()
        return self.values[backend.name]

    def backend(self, fields: Fields) -> Backend | None:
        """The one that the client's cookie names, usable or not."""
        given = cookie(fields, self.name)
        if given is None:
            return None
        for each in self.pool.backends:
            if hmac.compare_digest(self.value(each), given):
                return each
        return None

    def set_cookie(self, backend: Backend) -> tuple[bytes, bytes]:
        return b"set-cookie", b"%s=%s%s" % (self.name, self.value(backend), self.attributes)
