"""Laws of signatures: each is good for its bytes, line and use, and for nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.frame import Headers
from service.signing.refusal import SignatureFault, SignatureRefused
from service.signing.signature import SIGNATURE_HEADER, Signature
from service.signing.statement import KeyUse, bank_statement, record_statement
from service.signing.trust import UNCHECKED, Trust
from tests.signing.keyring import BANKS, COMMANDS, Keyring

VERSION = "ab" * 32
ids = st.from_regex(r"[a-z0-9][a-z0-9-]{0,20}", fullmatch=True)


def fault(trust: Trust, use: KeyUse, line: str, value: bytes, headers: Headers) -> SignatureFault:
    with pytest.raises(SignatureRefused) as caught:
        trust.check_record(use, line, value, headers)
    assert caught.value.fault.sentence in caught.value.sentence
    return caught.value.fault


def test_what_is_signed_is_trusted_and_what_is_changed_is_not(ring: Keyring) -> None:
    signer = ring.new("plant", BANKS)
    headers = signer.record("line1", b"value")
    trust = ring.trust()
    trust.check_record(BANKS, "line1", b"value", (("kind", b"activated"), *headers))
    assert fault(trust, BANKS, "line1", b"valuf", headers) is SignatureFault.WRONG
    assert fault(trust, BANKS, "line2", b"value", headers) is SignatureFault.WRONG
    assert fault(trust, COMMANDS, "line1", b"value", headers) is SignatureFault.UNKNOWN_KEY
    assert fault(trust, BANKS, "line1", b"value", ()) is SignatureFault.MISSING


def test_a_key_of_one_use_is_not_trusted_for_another(ring: Keyring) -> None:
    page, plant = ring.new("page", COMMANDS), ring.new("plant", BANKS)
    trust = ring.trust()
    assert fault(trust, BANKS, "line1", b"v", page.record("line1", b"v")) is SignatureFault.UNKNOWN_KEY
    assert fault(trust, COMMANDS, "line1", b"v", plant.record("line1", b"v")) is SignatureFault.UNKNOWN_KEY
    with pytest.raises(ValueError, match="cannot sign banks"):
        page.bank("line1", "default", VERSION)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"ed25519",
        b"rsa:0123456789abcdef:" + b"A" * 86 + b"==",
        b"ed25519:0123456789abcdef:AA==",
        b"\xff",
    ],
)
def test_text_that_is_no_signature_is_refused_as_such(ring: Keyring, text: bytes) -> None:
    ring.new("plant", BANKS)
    refused = fault(ring.trust(), BANKS, "line1", b"v", ((SIGNATURE_HEADER, text),))
    assert refused is SignatureFault.MALFORMED


def test_a_bank_is_trusted_for_its_line_and_model_alone(ring: Keyring) -> None:
    text = ring.new("plant", BANKS).bank("line1", "default", VERSION).encode()
    trust = ring.trust()
    trust.check_bank("line1", "default", VERSION, text)
    for other in (
        ("line2", "default", VERSION),
        ("line1", "other", VERSION),
        ("line1", "default", "cd" * 32),
    ):
        with pytest.raises(SignatureRefused) as caught:
            trust.check_bank(*other, text)
        assert caught.value.fault is SignatureFault.WRONG


def test_several_keys_are_trusted_until_they_are_taken_out(ring: Keyring) -> None:
    old, new = ring.new("old", BANKS), ring.new("new", BANKS)
    both = ring.trust()
    for signer in (old, new):
        both.check_record(BANKS, "line1", b"v", signer.record("line1", b"v"))
    ring.forget("old", BANKS)
    ring.trust().check_record(BANKS, "line1", b"v", new.record("line1", b"v"))
    refused = fault(ring.trust(), BANKS, "line1", b"v", old.record("line1", b"v"))
    assert refused is SignatureFault.UNKNOWN_KEY


def test_one_key_for_banks_makes_unsigned_commands_refused_too(ring: Keyring) -> None:
    ring.new("plant", BANKS)
    assert fault(ring.trust(), COMMANDS, "line1", b"v", ()) is SignatureFault.MISSING


def test_without_keys_nothing_is_checked() -> None:
    UNCHECKED.check_record(BANKS, "line1", b"v", ())
    UNCHECKED.check_bank("line1", "default", VERSION, None)
    assert not UNCHECKED.required


@given(st.tuples(ids, ids, ids), st.tuples(ids, ids, ids), st.binary(), st.binary())
def test_no_two_statements_are_the_same_bytes(
    one: tuple[str, str, str], other: tuple[str, str, str], value: bytes, more: bytes
) -> None:
    said = [
        bank_statement(*one),
        record_statement(BANKS, one[0], value),
        record_statement(COMMANDS, one[0], value),
    ]
    assert len(set(said)) == 3
    assert (bank_statement(*other) == said[0]) == (other == one)
    assert (record_statement(BANKS, other[0], more) == said[1]) == ((other[0], more) == (one[0], value))


@given(st.binary(min_size=64, max_size=64))
def test_a_signature_reads_back_as_it_was_written(value: bytes) -> None:
    signature = Signature("0123456789abcdef", value)
    assert Signature.parse(signature.to_text().encode()) == signature
