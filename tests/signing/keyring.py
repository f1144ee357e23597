"""Keys for tests: a folder of files, as an installation has it."""

from pathlib import Path

from service.settings import Settings, SigningSettings
from service.signing.keys import new_key, read_private_key
from service.signing.signatures import Signatures, open_signatures, open_trust
from service.signing.signer import Signer
from service.signing.statement import KeyUse
from service.signing.trust import Trust

BANKS, COMMANDS, RETENTION = KeyUse


class Keyring:
    """Keys of one installation; ``new`` adds one, ``forget`` ends the trust in one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def new(self, name: str, use: KeyUse) -> Signer:
        new_key(self.folder, name, use)
        return Signer(read_private_key(self.private(name, use)), use)

    def forget(self, name: str, use: KeyUse) -> None:
        (self.folder / f"{name}.{use}.pub").unlink()

    def private(self, name: str, use: KeyUse) -> Path:
        return self.folder / f"{name}.{use}.key"

    def settings(self, banks: str | None = None, commands: str | None = None) -> SigningSettings:
        """Public keys for all, and the named private ones."""
        return SigningSettings(
            public_keys=self.folder,
            banks_key=self.private(banks, BANKS) if banks else None,
            commands_key=self.private(commands, COMMANDS) if commands else None,
        )

    def trust(self) -> Trust:
        return open_trust(self.settings())

    def signing(self, name: str, use: KeyUse = BANKS) -> Signatures:
        chosen = {"banks": name} if use is BANKS else {"commands": name}
        return open_signatures(self.settings(**chosen), use)


def with_keys(settings: Settings, ring: Keyring) -> Settings:
    """The settings of a program that has the keys ``plant``."""
    return settings.model_copy(update={"signing": ring.settings("plant", "page")})
