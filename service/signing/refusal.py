"""Why a signature is refused: a closed set."""

from schemas.reasons import Worded


class SignatureFault(Worded):
    """Why bytes are not trusted. None of them is looked into before."""

    MISSING = "missing", "It carries no signature, and this installation demands one."
    MALFORMED = "malformed", "Its signature is not ed25519:KEY:BASE64."
    UNKNOWN_KEY = "unknown-key", "It is signed with a key that this installation does not trust for this."
    MOVED = "moved", "It is a signed record of another epoch or line, written again where it does not belong."
    WRONG = "wrong", "Its signature does not fit its bytes: one of the two was changed, or belongs elsewhere."


class SignatureRefused(Exception):
    """The bytes are not trusted. ``fault`` is for machines and counts, ``sentence`` for people."""

    def __init__(self, fault: SignatureFault, what: str, remedy: str) -> None:
        self.fault = fault
        self.sentence = f"{what} is refused. {fault.sentence} {remedy}"
        super().__init__(self.sentence)
