"""Whom an installation trusts: public keys by use. Without any, nothing is checked."""

from collections.abc import Iterable

from cryptography.exceptions import InvalidSignature

from schemas.frame import Headers
from service.signing.keys import PublicKey
from service.signing.refusal import SignatureFault, SignatureRefused
from service.signing.signature import SIGNATURE_HEADER, Signature
from service.signing.statement import KeyUse, bank_statement, event_statement, record_statement


class Trust:
    """Checks signatures; any trusted key of the right use will do, so that keys can be replaced one by one.
    No method waits; a check takes a tenth of a millisecond."""

    def __init__(self, keys: Iterable[PublicKey] = ()) -> None:
        self._keys = {(key.use, key.key_id): key.key for key in keys}

    @property
    def required(self) -> bool:
        """Whether signatures are demanded: once there is any key, for everything that can be signed."""
        return bool(self._keys)

    def trusts(self, use: KeyUse, key_id: str) -> bool:
        """Whether what this key signs for this use is taken."""
        return not self.required or (use, key_id) in self._keys

    def check_record(self, use: KeyUse, line: str, value: bytes, headers: Headers) -> None:
        """Raises ``SignatureRefused`` for a record that nobody who is trusted wrote for this line and topic.
        The value is not parsed."""
        if self.required:
            text = dict(headers).get(SIGNATURE_HEADER)
            self._check(use, text, record_statement(use, line, value), f"A record of {use} for line {line}")

    def check_event(self, use: KeyUse, line: str, value: bytes, headers: Headers) -> None:
        """Raises ``SignatureRefused`` for a line event that nobody with a trusted key of this use wrote."""
        if self.required:
            text = dict(headers).get(SIGNATURE_HEADER)
            self._check(use, text, event_statement(line, value), f"An event of line {line}")

    def check_bank(self, line: str, model: str, version: str, text: bytes | None) -> None:
        """Raises ``SignatureRefused`` for a bank file that nobody who is trusted made for this line."""
        if self.required:
            statement = bank_statement(line, model, version)
            self._check(KeyUse.BANKS, text, statement, f"Bank {version[:12]} of line {line}")

    def _check(self, use: KeyUse, text: bytes | None, statement: bytes, what: str) -> None:
        if text is None:
            raise SignatureRefused(SignatureFault.MISSING, what, _SIGN[use])
        signature = Signature.parse(text)
        if signature is None:
            raise SignatureRefused(SignatureFault.MALFORMED, what, _SIGN[use])
        key = self._keys.get((use, signature.key_id))
        if key is None:
            remedy = f"If key {signature.key_id} is yours, put its .{use}.pub into the public keys."
            raise SignatureRefused(SignatureFault.UNKNOWN_KEY, what, remedy)
        try:
            key.verify(signature.value, statement)
        except InvalidSignature:
            raise SignatureRefused(SignatureFault.WRONG, what, _LOOK) from None


UNCHECKED = Trust()
_SIGN = {
    KeyUse.BANKS: "Give its writer PATCHLINE_SIGNING__BANKS_KEY.",
    KeyUse.RETENTION: "Give the retention worker PATCHLINE_SIGNING__RETENTION_KEY.",
    KeyUse.COMMANDS: "Send commands through the page, and give it PATCHLINE_SIGNING__COMMANDS_KEY.",
}
_LOOK = "Find out who can write to the broker and the object store."
