"""The engine `none`: what the stream costs by itself is measured with it."""

from schemas.reasons import FaultReason
from workers.extraction import protocol
from workers.extraction.engine import Engine


class NoEngine(Engine):
    """Looks at no frame: each is the same fault, so that none is ever taken for good. A bank cannot be put in
    force with it, for there is no network; frames of a line that has one wait."""

    def expect(self, frames: list[protocol.FrameIn]) -> None:
        """Nothing is decoded."""

    def score(self, frames: list[protocol.FrameIn]) -> list[protocol.Outcome]:
        """A constant for each."""
        return [protocol.Unfit(FaultReason.NO_ENGINE.value, 0, 0) for _ in frames]

    def probe(self) -> None:
        """There is no device that could be at fault."""
