"""The hash that all hashing algorithms use: the same on every machine and in every run.

Python's own is salted anew for each process, so that two balancers would disagree.
"""

from hashlib import blake2b


def hashed(data: bytes, use: bytes = b"") -> int:
    """64 bits. use: which of several independent hashes."""
    return int.from_bytes(blake2b(data, digest_size=8, person=use).digest(), "big")
