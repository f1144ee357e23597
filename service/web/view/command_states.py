"""What became of a command, as its first result says."""

from collections.abc import Sequence

from schemas.line_event import LineEvent
from schemas.reasons import LineEventKind
from service.web.shapes import CommandState, CommandStatus

STATUS: dict[LineEventKind, CommandStatus] = {
    LineEventKind.COMMAND_DONE: "done",
    LineEventKind.COMMAND_REFUSED: "refused",
}


def state_of(row: Sequence[str | None]) -> CommandState:
    """The state of a command, from its id, its line and the body of its result, None while it is pending."""
    command_id, line, body = row
    told = {"command_id": command_id, "line": line}
    if body is None:
        return CommandState.model_validate({**told, "status": "pending"})
    event = LineEvent.from_bytes(body.encode())
    result = {
        "sentence": event.sentence,
        "epoch": event.epoch,
        "version": event.version,
        "gate": event.gate,
        "needs_second_person": event.needs_second_person,
    }
    return CommandState.model_validate({**told, "status": STATUS[event.kind], **result})
