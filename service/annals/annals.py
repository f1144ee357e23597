"""The canaries, who approved what a gate found suspicious, and the maintenance of every line."""

from collections import defaultdict
from uuid import UUID

from schemas.command import FrameRef
from schemas.line_event import LineEvent
from schemas.reasons import CommandKind, LineEventKind
from service.annals.calendar import Calendar

RESULTS = frozenset({LineEventKind.COMMAND_DONE, LineEventKind.COMMAND_REFUSED})
_BUILDS = frozenset({CommandKind.APPROVE_GOOD, CommandKind.REBUILD, CommandKind.REMOVE_PART})


class Annals:
    """A pure fold over ``line-events``, given each event in the log's order: every reader of the log agrees,
    whatever it was doing when it was stopped. Events given again change nothing."""

    def __init__(self) -> None:
        self._counted: set[UUID] = set()
        self._canaries: defaultdict[str, dict[UUID, tuple[FrameRef, LineEvent]]] = defaultdict(dict)
        self._missed: defaultdict[tuple[str, str | None], set[UUID]] = defaultdict(set)
        self._approvers: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        self.calendar = Calendar()

    def tell(self, event: LineEvent) -> None:
        """Take the next event. Of a command's results, the first counts."""
        self.calendar.tell(event)
        if event.kind not in RESULTS or event.command_id is None or event.command_id in self._counted:
            return
        self._counted.add(event.command_id)
        for frame in event.frames or ():
            self._take(event, frame)
        if event.kind is LineEventKind.COMMAND_DONE:
            self._miss(event)

    def canaries(self, line: str, model: str) -> tuple[FrameRef, ...]:
        """The canaries of a model, each picture once, the oldest first."""
        frames = (frame for frame, _ in self._canaries[line].values() if frame.model == model)
        return tuple({frame.frame_sha256: frame for frame in frames}.values())

    def canary(self, line: str, frame_uid: UUID) -> FrameRef | None:
        """The canary that was made of a frame, None where there is none."""
        found = self._canaries[line].get(frame_uid)
        return None if found is None else found[0]

    def confirmations(self, line: str) -> tuple[tuple[FrameRef, LineEvent], ...]:
        """The canaries of all models of a line, each with the event that made it, the oldest first."""
        return tuple(self._canaries[line].values())

    def missed(self, line: str, model: str | None) -> frozenset[UUID]:
        """The canaries on which the newest bank that was built of the model does not alarm."""
        return frozenset(self._missed.get((line, model), ()))

    def approvers(self, line: str, sha256: str) -> frozenset[str]:
        """Who approved this picture and was told that a second person must."""
        return frozenset(self._approvers.get((line, sha256), ()))

    def _take(self, event: LineEvent, frame: FrameRef) -> None:
        done = event.kind is LineEventKind.COMMAND_DONE
        if done and event.command_kind is CommandKind.CONFIRM_DEFECT:
            self._canaries[event.line][frame.frame_uid] = (frame, event)
        elif done and event.command_kind is CommandKind.RETIRE_CANARY:
            self._canaries[event.line].pop(frame.frame_uid, None)
        elif event.needs_second_person and event.actor is not None:
            self._approvers[event.line, frame.frame_sha256].add(event.actor)

    def _miss(self, event: LineEvent) -> None:
        of_model = (event.line, event.model)
        if event.command_kind is CommandKind.CONFIRM_DEFECT:
            self._missed[of_model] |= set(event.known_misses or ())
        elif event.command_kind in _BUILDS and event.vectors is not None:
            self._missed[of_model] = set(event.known_misses or ())
