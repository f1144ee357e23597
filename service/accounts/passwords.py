"""Passwords: argon2id (RFC 9106's second choice of parameters, which is argon2-cffi's own), and the rule
for new ones."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from service.accounts.refusal import AccountRefused

SHORTEST, LONGEST = 10, 256
_HASHER = PasswordHasher()


def hashed(password: str, name: str) -> str:
    """The hash to keep; takes a twentieth of a second and 64 MiB. Raises ``AccountRefused`` for a password
    that is too short, too long, or the name."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise AccountRefused(
            f"a password has {SHORTEST} to {LONGEST} characters: choose another, such as a sentence"
        )
    if name in password.lower() and len(password) < len(name) + SHORTEST:
        raise AccountRefused("the password is little more than the user's name: choose another")
    return _HASHER.hash(password)


def matches(kept: str | None, password: str) -> bool:
    """Whether it is the password; takes equally long where there is none, so that time tells nothing."""
    try:
        right = _HASHER.verify(kept or _nobodys(), password)
    except (VerificationError, InvalidHashError):
        return False
    return right and kept is not None


def outdated(kept: str) -> bool:
    """Whether the hash was made with other parameters than new ones are."""
    return _HASHER.check_needs_rehash(kept)


def again(password: str) -> str:
    """A password that just matched, hashed with the parameters of today."""
    return _HASHER.hash(password)


@cache
def _nobodys() -> str:
    return _HASHER.hash("the password of nobody")
