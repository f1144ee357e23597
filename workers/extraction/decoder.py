"""Pictures decoded, checked and resized ahead: those of the next batches while one is scored."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from service.images.contract import InputContract
from service.images.decode import ImageLimits, decode
from service.images.picture import Picture
from service.images.unreadable import UnreadableImage
from service.images.view import look_ahead
from service.inspection.in_threads import in_threads
from workers.extraction.protocol import FrameIn

Decoded = Picture | UnreadableImage


class Decoder:
    """``begin`` is for the thread that reads requests, ``pictures`` for the one that owns the device;
    0 threads decode nothing ahead. ``contracts`` has, by line, the one that its frames will be held against,
    as far as is known: by another they are looked at again."""

    def __init__(
        self, limits: ImageLimits, threads: int, contracts: Mapping[str, InputContract] | None = None
    ) -> None:
        self._limits = limits
        self._contracts = {} if contracts is None else contracts
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="decoder") if threads else None
        # With the frame, so that no other can have its identity while it is here.
        self._begun: dict[int, tuple[FrameIn, Future[Decoded]]] = {}

    def begin(self, frames: Sequence[FrameIn]) -> None:
        """Decode these frames, which ``pictures`` will be asked for. Does not block."""
        if self._pool is None:
            return
        for frame in frames:
            self._begun[id(frame)] = frame, self._pool.submit(self._decoded, frame)

    def pictures(self, frames: Sequence[FrameIn]) -> list[Decoded]:
        """The frames' pictures in order, or why a frame is none. Blocks until all are decoded; what nobody
        has begun is shared out among the threads that are to judge it."""
        ahead = {at: begun for at, frame in enumerate(frames) if (begun := self._ahead(frame)) is not None}
        late = [at for at in range(len(frames)) if at not in ahead]
        decoded = dict(zip(late, in_threads(self._decoded, [frames[at] for at in late]), strict=True))
        return [ahead[at].result() if at in ahead else decoded[at] for at in range(len(frames))]

    def _ahead(self, frame: FrameIn) -> Future[Decoded] | None:
        _, begun = self._begun.pop(id(frame), (frame, None))
        # A thread alone is relieved of what it has not come to: those that wait for it are more.
        return None if begun is None or (self._threads == 1 and begun.cancel()) else begun

    def _decoded(self, frame: FrameIn) -> Decoded:
        try:
            picture = decode(frame.data, self._limits)
        except UnreadableImage as unreadable:
            return unreadable
        if (contract := self._contracts.get(frame.line)) is not None:
            look_ahead(picture, contract)
        return picture
