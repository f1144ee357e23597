"""The commands topic as the page writes it: acknowledged, and known to the view at once."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from schemas.cloudevents import cloudevent_headers
from schemas.command import AnyCommand
from schemas.topics import TopicKind
from service.stream.base import DeliveryError, Producer
from service.web.problem import Problem
from service.web.shapes import Accepted
from service.web.view import View


class CommandLog:
    """The one place where the page writes commands."""

    def __init__(self, view: View, producer: Producer, topic: str) -> None:
        self._view, self._producer, self._topic = view, producer, topic

    def stamp(self, line: str, why: str, actor: str) -> dict[str, Any]:
        """The fields that every command has; ``actor`` is the name of the principal who asks."""
        return {
            "command_id": uuid4(),
            "line": line,
            "actor": actor,
            "why": why,
            "issued_at": datetime.now(UTC),
        }

    async def write(self, command: AnyCommand) -> Accepted:
        """Write a command and wait for its acknowledgement. Raises ``Problem`` 503 without one."""
        epoch = await self._view.epoch(command.line)
        await self._send(command)
        await self._view.ask([command])
        return Accepted(command_id=command.command_id, epoch_before=epoch)

    async def _send(self, command: AnyCommand) -> None:
        name = str(command.command_id)
        headers = cloudevent_headers(TopicKind.COMMANDS.value, name, command.line, command.issued_at)
        try:
            await self._producer.send(
                self._topic, key=command.line.encode(), value=command.to_bytes(), headers=headers
            )
        except DeliveryError as error:
            raise Problem(
                503,
                "the broker did not acknowledge the command in time, and may still carry it out: look at "
                f"/v1/commands/{name} before you send it again",
                command_id=name,
            ) from error
