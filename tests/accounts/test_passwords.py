"""The password hash as it is used: argon2id, with at least OWASP's parameters."""

import argon2

from service.accounts import passwords

# As programs have it; the tests of this folder put a quicker one in its place.
REAL = passwords._HASHER


def test_passwords_are_hashed_with_argon2id_and_a_salt_of_their_own() -> None:
    assert REAL.type is argon2.Type.ID
    assert (REAL.memory_cost, REAL.time_cost) >= (19 * 1024, 2)
    one, other = (passwords.hashed("three blue lathes", "eva") for _ in range(2))
    assert one != other
    assert passwords.matches(one, "three blue lathes")
    assert not passwords.matches(one, "three blue lathe")
    assert not passwords.matches(None, "three blue lathes")


def test_a_hash_of_other_parameters_is_renewed_at_the_next_log_in() -> None:
    weak = argon2.PasswordHasher(time_cost=2, memory_cost=16, parallelism=1).hash("three blue lathes")
    assert passwords.outdated(weak)
    assert not passwords.outdated(passwords.again("three blue lathes"))
