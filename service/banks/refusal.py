"""Why a bank is refused: a closed set."""

from schemas.reasons import Worded


class Refusal(Worded):
    """Why the bytes are no bank that this line may be judged by."""

    WRONG_HASH = "wrong-hash", "The bytes are not those that the version names."
    UNTRUSTED = "untrusted", "Nobody whom this installation trusts has signed it."
    UNREADABLE = "unreadable", "The bytes are no bank file, or one that was cut short."
    UNKNOWN_FORMAT = "unknown-format", "The file's format is newer or older than this program reads."
    EMPTY = "empty", "The bank has no vectors, no calibration or no parts."
    WRONG_SHAPE = "wrong-shape", "The arrays' types, shapes or part numbers do not agree."
    NOT_FINITE = "not-finite", "The bank holds values that are not finite numbers."
    OTHER_LINE = "other-line", "The bank was made for another line."
    OTHER_MODEL = "other-model", "The bank was made for another model."
    OTHER_BACKBONE = "other-backbone", "The bank was made with another backbone or other weights."
    GOLDEN_DIFFERS = "golden-differs", "A golden frame does not score here as it did when the bank was made."


class BankRefused(Exception):
    """The bank will not be used, now or later: the bytes are at fault. ``reason`` is for machines and
    counts, ``sentence`` for people."""

    def __init__(self, reason: Refusal, detail: str) -> None:
        # A refusal that came from another process arrives as its whole sentence: say it once.
        self.detail = detail.removeprefix(reason.sentence).strip()
        self.reason = reason
        self.sentence = f"{reason.sentence} {self.detail}".strip()
        super().__init__(self.sentence)

    def __reduce__(self) -> tuple[object, ...]:
        # The default would call us with one argument when a refusal crosses a process boundary.
        return type(self), (self.reason, self.detail)
