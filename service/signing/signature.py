"""A signature as text, in a header or a file: which key, and its 64 bytes."""

import base64
import re
from dataclasses import dataclass

SIGNATURE_HEADER = "signature"
_TEXT = re.compile(rb"ed25519:(?P<key>[0-9a-f]{16}):(?P<bytes>[A-Za-z0-9+/]{86}==)")


@dataclass(frozen=True, slots=True)
class Signature:
    """Made by the key with this id."""

    key_id: str
    value: bytes

    def to_text(self) -> str:
        """The signature as ``ed25519:KEY:BASE64``."""
        return f"ed25519:{self.key_id}:{base64.b64encode(self.value).decode()}"

    @classmethod
    def parse(cls, text: bytes) -> "Signature | None":
        """The signature, or None for text that is none."""
        found = _TEXT.fullmatch(text)
        return None if found is None else cls(found["key"].decode(), base64.b64decode(found["bytes"]))
