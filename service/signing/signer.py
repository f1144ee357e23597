"""Who signs: one private key, for one use."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schemas.frame import Headers
from service.signing.keys import key_id_of
from service.signing.signature import SIGNATURE_HEADER, Signature
from service.signing.statement import KeyUse, bank_statement, event_statement, record_statement


class Signer:
    """Signs records of its use and, with a key for banks, bank files. Deterministic: equal bytes have equal
    signatures."""

    def __init__(self, key: Ed25519PrivateKey, use: KeyUse) -> None:
        self._key, self.use = key, use
        self.key_id = key_id_of(key.public_key())

    def record(self, line: str, value: bytes) -> Headers:
        """The header that goes with a record of a line."""
        text = self._sign(record_statement(self.use, line, value))
        return ((SIGNATURE_HEADER, text.encode()),)

    def event(self, line: str, value: bytes) -> Headers:
        """The header that goes with a line event; it counts for events that a key of this use may tell."""
        return ((SIGNATURE_HEADER, self._sign(event_statement(line, value)).encode()),)

    def bank(self, line: str, model: str, version: str) -> str:
        """The signature of a bank file, as text. Raises ``ValueError`` for a key of another use."""
        if self.use is not KeyUse.BANKS:
            raise ValueError(f"a key for {self.use} cannot sign banks: use one for banks")
        return self._sign(bank_statement(line, model, version))

    def _sign(self, statement: bytes) -> str:
        return Signature(self.key_id, self._key.sign(statement)).to_text()
