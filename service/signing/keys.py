"""Keys, and the files that hold them: NAME.USE.key is private, NAME.USE.pub public, both PEM."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from schemas.ids import sha256_hex
from service.signing.statement import KeyUse

PUBLIC, PRIVATE = "pub", "key"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_FILE = re.compile(rf"(?P<name>{_NAME.pattern})\.(?P<use>{'|'.join(KeyUse)})\.{PUBLIC}")
_EVERYBODY = 0o007


class KeyRefused(ValueError):
    """A key or its file cannot be used; the sentence names it and the remedy."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """Whom to trust for what. ``key_id`` is the beginning of the sha256 of the key's 32 bytes."""

    name: str
    use: KeyUse
    key_id: str
    key: Ed25519PublicKey


def key_id_of(key: Ed25519PublicKey) -> str:
    """The 16 hexadecimal digits that signatures name a key by."""
    return sha256_hex(key.public_bytes(Encoding.Raw, PublicFormat.Raw))[:16]


def new_key(folder: Path, name: str, use: KeyUse) -> PublicKey:
    """Make a pair and write both files, the private one for its owner's eyes alone. Raises ``KeyRefused`` for
    a bad name and for files that exist, ``OSError`` for a folder that cannot be written."""
    if not _NAME.fullmatch(name):
        raise KeyRefused(f"the key's name {name!r} is refused: a name is {_NAME.pattern}")
    private = Ed25519PrivateKey.generate()
    public = private.public_key()
    secret = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    open_text = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    folder.mkdir(parents=True, exist_ok=True)
    _write_new(folder / f"{name}.{use}.{PRIVATE}", secret, 0o600)
    _write_new(folder / f"{name}.{use}.{PUBLIC}", open_text, 0o644)
    return PublicKey(name, use, key_id_of(public), public)


def read_public_keys(folder: Path) -> list[PublicKey]:
    """The public keys of a folder, by name; other files are left alone, but a .pub that is none of ours is
    refused, for a key that is silently passed over would lock out whom it is for. Raises ``KeyRefused``."""
    try:
        paths = sorted(folder.glob(f"*.{PUBLIC}")) if folder.is_dir() else None
    except OSError as error:
        raise KeyRefused(
            f"the keys in {folder} cannot be read ({error.strerror}): mend the folder"
        ) from error
    if not paths:
        raise KeyRefused(f"{folder} holds no public key: make one with `patchline keys new`")
    return [_read_public(path) for path in paths]


def read_private_key(path: Path) -> Ed25519PrivateKey:
    """The private key in a file that not everybody can read. Raises ``KeyRefused``."""
    data = _read(path)
    if path.stat().st_mode & _EVERYBODY:
        raise KeyRefused(f"the private key {path} can be read by everybody: chmod 600 it")
    try:
        key = load_pem_private_key(data, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyRefused(f"{path} is no private key in PEM without a password: name a .key file") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyRefused(f"the private key {path} is not of Ed25519: make one with `patchline keys new`")
    return key


def _read_public(path: Path) -> PublicKey:
    named = _FILE.fullmatch(path.name)
    if named is None:
        raise KeyRefused(f"{path} does not say what it is for: name it NAME.banks.pub or NAME.commands.pub")
    try:
        key = load_pem_public_key(_read(path))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyRefused(f"{path} is no public key in PEM: copy it again or remove it") from error
    if not isinstance(key, Ed25519PublicKey):
        raise KeyRefused(f"the public key {path} is not of Ed25519: make one with `patchline keys new`")
    return PublicKey(named["name"], KeyUse(named["use"]), key_id_of(key), key)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise KeyRefused(f"the key {path} cannot be read ({error.strerror}): correct its path") from error


def _write_new(path: Path, data: bytes, mode: int) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError as error:
        raise KeyRefused(f"{path} exists already: choose another name, a key is never overwritten") from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
