"""The two ways in which a frame is refused: its bytes are no readable image, or its picture is unfit."""

from schemas.reasons import DeadLetterReason, FaultReason


class UnreadableImage(Exception):
    """The bytes are no readable image of an allowed kind; ``reason`` goes with the dead letter."""

    def __init__(self, reason: DeadLetterReason, sentence: str | None = None) -> None:
        self.reason = reason
        super().__init__(sentence or reason.sentence)


class UnfitImage(Exception):
    """The picture is readable and cannot be judged; ``reason`` goes with the fault verdict."""

    def __init__(self, reason: FaultReason, sentence: str | None = None) -> None:
        self.reason = reason
        super().__init__(sentence or reason.sentence)
