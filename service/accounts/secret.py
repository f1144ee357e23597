"""Secrets that we make: 256 random bits, of which only the sha256 is kept.

A fast hash is right here: nobody can try 2^256 values, which is not so for what people choose.
"""

import hashlib
import secrets

BITS = 256


def new_secret() -> str:
    """A secret of 43 characters that needs no quoting anywhere."""
    return secrets.token_urlsafe(BITS // 8)


def digest(secret: str) -> bytes:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).digest()


def new_name() -> str:
    """A name that tells nothing, for what has a secret."""
    return secrets.token_hex(8)
