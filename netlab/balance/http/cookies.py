"""Cookies in a request: finding one, and taking one off (RFC 6265 §4.2)."""

from netlab.balance.http.fields import Fields


def cookie(fields: Fields, name: bytes) -> bytes | None:
    """The value of the first cookie of this name."""
    for line in fields.all(b"cookie"):
        for pair in line.split(b";"):
            key, equals, value = pair.strip(b" \t").partition(b"=")
            if equals and key == name:
                return value.strip(b" \t")
    return None


def without_cookie(line: bytes, name: bytes) -> bytes:
    """A Cookie field's value less this one; empty when it held no other."""
    pairs = (pair.strip(b" \t") for pair in line.split(b";"))
    return b"; ".join(pair for pair in pairs if pair.partition(b"=")[0] != name)
