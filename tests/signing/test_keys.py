"""Laws of key files and of what programs demand of them at their start."""

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from service.settings import SettingsError, SigningSettings
from service.signing.keys import KeyRefused, new_key, read_private_key, read_public_keys
from service.signing.signatures import UNSIGNED, open_signatures, open_trust
from tests.signing.keyring import BANKS, COMMANDS, Keyring


def test_a_new_private_key_is_for_its_owner_alone_and_is_never_overwritten(ring: Keyring) -> None:
    made = new_key(ring.folder, "plant", BANKS)
    assert stat.S_IMODE(ring.private("plant", BANKS).stat().st_mode) == 0o600
    assert [key.key_id for key in read_public_keys(ring.folder)] == [made.key_id]
    with pytest.raises(KeyRefused, match="exists already"):
        new_key(ring.folder, "plant", BANKS)
    with pytest.raises(KeyRefused, match="name"):
        new_key(ring.folder, "../plant", BANKS)


def test_a_private_key_that_everybody_can_read_is_refused(ring: Keyring) -> None:
    ring.new("plant", BANKS)
    ring.private("plant", BANKS).chmod(0o644)
    with pytest.raises(KeyRefused, match="chmod 600"):
        read_private_key(ring.private("plant", BANKS))


def test_files_that_are_no_keys_are_refused_by_name(ring: Keyring, tmp_path: Path) -> None:
    ring.new("plant", BANKS)
    other = generate_private_key(SECP256R1())
    private, public = tmp_path / "other.key", ring.folder / "other.banks.pub"
    private.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    private.chmod(0o600)
    with pytest.raises(KeyRefused, match="not of Ed25519"):
        read_private_key(private)
    public.write_bytes(other.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    with pytest.raises(KeyRefused, match=r"other\.banks\.pub is not of Ed25519"):
        read_public_keys(ring.folder)
    public.write_text("nothing")
    with pytest.raises(KeyRefused, match="no public key in PEM"):
        read_public_keys(ring.folder)
    public.rename(ring.folder / "other.pub")
    with pytest.raises(KeyRefused, match="does not say what it is for"):
        read_public_keys(ring.folder)
    private.write_text("nothing")
    with pytest.raises(KeyRefused, match="no private key in PEM"):
        read_private_key(private)
    with pytest.raises(KeyRefused, match="cannot be read"):
        read_private_key(tmp_path / "none.key")


def test_without_settings_nothing_is_signed() -> None:
    assert open_signatures(SigningSettings(), BANKS) is UNSIGNED


def test_keys_that_would_protect_nothing_or_lock_out_their_owner_are_refused_at_the_start(
    ring: Keyring, tmp_path: Path
) -> None:
    ring.new("plant", BANKS)
    private = ring.private("plant", BANKS)
    with pytest.raises(SettingsError, match=r"BANKS_KEY is set and PATCHLINE_SIGNING__PUBLIC_KEYS is not"):
        open_signatures(SigningSettings(banks_key=private), BANKS)
    with pytest.raises(SettingsError, match="COMMANDS_KEY is missing"):
        open_signatures(ring.settings("plant"), COMMANDS)
    wrong_use = SigningSettings(public_keys=ring.folder, commands_key=private)
    with pytest.raises(SettingsError, match="not among the public keys for commands"):
        open_signatures(wrong_use, COMMANDS)
    with pytest.raises(SettingsError, match="holds no public key"):
        open_trust(SigningSettings(public_keys=tmp_path / "empty"))
    with pytest.raises(SettingsError, match="BANKS_KEY is refused: the key"):
        open_signatures(SigningSettings(public_keys=ring.folder, banks_key=tmp_path / "none"), BANKS)
    signer = ring.signing("plant").signer
    assert signer is not None
    assert open_signatures(ring.settings("plant"), BANKS).trust.trusts(BANKS, signer.key_id)
