"""What the events of the lines add up to: the canaries, and who approved what a gate found suspicious."""

from collections import defaultdict
from uuid import UUID

from schemas.command import FrameRef
from schemas.line_event import LineEvent
from schemas.reasons import CommandKind, LineEventKind

RESULTS = frozenset({LineEventKind.COMMAND_DONE, LineEventKind.COMMAND_REFUSED})
Line = tuple[str, str]
"""A line and a model of it."""


class Annals:
    """A pure fold over ``line-events``, given each event in the log's order: every reader of the log agrees,
    whatever it was doing when it was stopped. Events given again change nothing."""

    def __init__(self) -> None:
        self._counted: set[UUID] = set()
        self._canaries: defaultdict[str, dict[UUID, FrameRef]] = defaultdict(dict)
        self._approvers: defaultdict[tuple[str, str], set[str]] = defaultdict(set)

    def tell(self, event: LineEvent) -> None:
        """Take the next event. Of a command's results, the first counts."""
        if event.kind not in RESULTS or event.command_id is None or event.command_id in self._counted:
            return
        self._counted.add(event.command_id)
        for frame in event.frames or ():
            self._take(event, frame)

    def canaries(self, line: str, model: str) -> tuple[FrameRef, ...]:
        """The canaries of a model, each picture once, the oldest first."""
        frames = (frame for frame in self._canaries[line].values() if frame.model == model)
        return tuple({frame.frame_sha256: frame for frame in frames}.values())

    def canary(self, line: str, frame_uid: UUID) -> FrameRef | None:
        """The canary that was made of a frame, None where there is none."""
        return self._canaries[line].get(frame_uid)

    def approvers(self, line: str, sha256: str) -> frozenset[str]:
        """Who approved this picture and was told that a second person must."""
        return frozenset(self._approvers.get((line, sha256), ()))

    def _take(self, event: LineEvent, frame: FrameRef) -> None:
        done = event.kind is LineEventKind.COMMAND_DONE
        if done and event.command_kind is CommandKind.CONFIRM_DEFECT:
            self._canaries[event.line][frame.frame_uid] = frame
        elif done and event.command_kind is CommandKind.RETIRE_CANARY:
            self._canaries[event.line].pop(frame.frame_uid, None)
        elif event.needs_second_person and event.actor is not None:
            self._approvers[event.line, frame.frame_sha256].add(event.actor)
