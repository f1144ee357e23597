"""Pictures decoded, checked and resized ahead: those of the next batches while one is scored."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from service.images.contract import InputContract
from service.images.decode import ImageLimits, decode
from service.images.picture import Picture
from service.images.view import look_ahead
from workers.extraction.protocol import FrameIn


class Decoder:
    """``begin`` may be called by the thread that reads requests, ``picture`` by the one that owns the device;
    0 threads decode nothing ahead. ``contracts`` has, by line, the one that its frames will be held against,
    as far as is known: by another they are looked at again."""

    def __init__(
        self, limits: ImageLimits, threads: int, contracts: Mapping[str, InputContract] | None = None
    ) -> None:
        self._limits = limits
        self._contracts = {} if contracts is None else contracts
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="decoder") if threads else None
        # With the frame, so that no other can have its identity while it is here.
        self._begun: dict[int, tuple[FrameIn, Future[Picture]]] = {}

    def begin(self, frames: Sequence[FrameIn]) -> None:
        """Decode these frames, which ``picture`` will be asked for. Does not block."""
        if self._pool is None:
            return
        for frame in frames:
            self._begun[id(frame)] = frame, self._pool.submit(self._looked_at, frame)

    def picture(self, frame: FrameIn) -> Picture:
        """The frame's picture. Raises ``UnreadableImage``. Blocks until it is decoded."""
        begun = self._begun.pop(id(frame), None)
        return decode(frame.data, self._limits) if begun is None else begun[1].result()

    def _looked_at(self, frame: FrameIn) -> Picture:
        picture, contract = decode(frame.data, self._limits), self._contracts.get(frame.line)
        if contract is not None:
            look_ahead(picture, contract)
        return picture
