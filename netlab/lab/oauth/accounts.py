"""The resource owners, and how they prove who they are."""

import hashlib
import hmac
import secrets

from netlab.lab.oauth.records import Account

PASSWORD = "correct horse"
"""Of both accounts; it is printed wherever one could need it."""
LONGEST = 200
NOBODY = b"\0" * 16


def scrypt(password: str, salt: bytes) -> bytes:
    """A slow hash that takes 16 MiB (RFC 7914 §2): guessing costs the guesser as much each time."""
    return hashlib.scrypt(password.encode(), salt=salt, n=1 << 14, r=8, p=1, dklen=32)


class Accounts:
    """alice and bob."""

    def __init__(self, password: str = PASSWORD) -> None:
        made = (account("alice", "Liddell", password), account("bob", "Cratchit", password))
        self.by_name = {each.name: each for each in made}

    def who(self, name: str, password: str) -> Account | None:
        """The account whose name and password these are.

        A name that nobody has takes as long as a wrong password: time is not to tell which of
        the two was wrong.
        """
        known = self.by_name.get(name.strip().lower())
        digest = scrypt(password[:LONGEST], known.salt if known else NOBODY)
        right = hmac.compare_digest(digest, known.digest if known else NOBODY)
        return known if known is not None and right else None


def account(name: str, family: str, password: str) -> Account:
    salt = secrets.token_bytes(16)
    return Account(
        name, f"{name}-{hashlib.sha256(name.encode()).hexdigest()[:6]}", name.title(), family,
        f"{name}@example.com", salt, scrypt(password, salt),
    )  # fmt: skip
