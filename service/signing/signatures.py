"""What a program does about signatures, made once from the settings and passed down."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from service.settings import SettingsError, SigningSettings
from service.signing.keys import KeyRefused, read_private_key, read_public_keys
from service.signing.producer import SignedProducer
from service.signing.signer import Signer
from service.signing.statement import KeyUse
from service.signing.trust import UNCHECKED, Trust
from service.stream.base import Producer


@dataclass(frozen=True, slots=True)
class Signatures:
    """Whom to trust, and what to sign with: None where nothing is signed."""

    trust: Trust = UNCHECKED
    signer: Signer | None = None

    def producer(self, producer: Producer) -> Producer:
        """The producer, signing what it writes if anything is signed."""
        return producer if self.signer is None else SignedProducer(producer, self.signer)


UNSIGNED = Signatures()


def open_trust(settings: SigningSettings) -> Trust:
    """Whom a program that only reads trusts. Reads files; raises ``SettingsError``."""
    if settings.public_keys is None:
        return UNCHECKED
    try:
        return Trust(read_public_keys(settings.public_keys))
    except KeyRefused as refused:
        raise SettingsError(f"PATCHLINE_SIGNING__PUBLIC_KEYS is refused: {refused}") from refused


def private_keys(settings: SigningSettings) -> Mapping[KeyUse, Path | None]:
    """The files of private keys that this environment names, by use."""
    return {
        KeyUse.BANKS: settings.banks_key,
        KeyUse.COMMANDS: settings.commands_key,
        KeyUse.RETENTION: settings.retention_key,
    }


def open_signatures(settings: SigningSettings, use: KeyUse) -> Signatures:
    """What a program that writes for ``use`` needs. Reads files. Raises ``SettingsError``: where signatures
    are demanded, a writer without a key that all readers trust would be refused by every one of them."""
    path = private_keys(settings)[use]
    variable = f"PATCHLINE_SIGNING__{use.upper()}_KEY"
    trust = open_trust(settings)
    if not trust.required and path is None:
        return UNSIGNED
    if not trust.required:
        raise SettingsError(
            f"{variable} is set and PATCHLINE_SIGNING__PUBLIC_KEYS is not: name the folder too, "
            "or nobody would check what is signed"
        )
    if path is None:
        raise SettingsError(
            f"{variable} is missing: this program signs for {use}, and "
            "PATCHLINE_SIGNING__PUBLIC_KEYS demands signatures; name its private key"
        )
    return Signatures(trust, _signer(path, use, trust, variable))


def _signer(path: Path, use: KeyUse, trust: Trust, variable: str) -> Signer:
    try:
        signer = Signer(read_private_key(path), use)
    except KeyRefused as refused:
        raise SettingsError(f"{variable} is refused: {refused}") from refused
    if not trust.trusts(use, signer.key_id):
        raise SettingsError(
            f"{variable} is key {signer.key_id}, which is not among the public keys for {use}: put its "
            f".{use}.pub into PATCHLINE_SIGNING__PUBLIC_KEYS, here and for every reader"
        )
    return signer
