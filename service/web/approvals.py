"""Approvals: names of frames become a command that the rebuilder can carry out without the page."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

from schemas.cloudevents import cloudevent_headers
from schemas.command import ApproveGood, FrameRef
from schemas.ids import is_frame_id
from schemas.reasons import VerdictKind
from schemas.topics import TopicKind
from service.store.keys import frame_key
from service.store.object_store import ObjectStore
from service.stream.base import DeliveryError, Producer
from service.web.problem import Problem
from service.web.shapes import Accepted, VerdictItem
from service.web.view import View

# Until accounts exist, whoever reaches the page acts as this one.
ACTOR = "operator"
CHECKS_AT_ONCE = 16


class Approvals:
    """Writes ``ApproveGood`` commands. All frames of a request are good for it, or nothing is written."""

    def __init__(self, view: View, store: ObjectStore, producer: Producer, topic: str) -> None:
        self._view = view
        self._store = store
        self._producer = producer
        self._topic = topic

    async def approve(self, line: str, names: Sequence[str], why: str) -> Accepted:
        """Ask that these frames join the line's bank. Raises ``Problem``: 404 for frames that are not
        known, 409 for those that cannot become parts, 503 when the broker does not acknowledge."""
        items = await self._resolve(line, list(dict.fromkeys(names)))
        await self._require_usable(items)
        command = ApproveGood(
            command_id=uuid4(),
            line=line,
            actor=ACTOR,
            why=why,
            issued_at=datetime.now(UTC),
            frames=tuple(_reference(item) for item in items),
        )
        epoch = await self._view.epoch(line)
        await self._write(command)
        await self._view.ask([command])
        return Accepted(command_id=command.command_id, epoch_before=epoch)

    async def _resolve(self, line: str, names: Sequence[str]) -> Sequence[VerdictItem]:
        malformed = [name[:128] for name in names if not is_frame_id(name)]
        if malformed:
            raise Problem(422, "some names are no frame id and no frame_uid: correct them", frames=malformed)
        found = await self._view.find(line, names)
        unknown = [name for name in names if not found[name]]
        if unknown:
            raise Problem(
                404,
                f"line {line} has no frame {unknown[0]!r} among those the page remembers: "
                "take names from /v1/verdicts",
                frames=unknown,
            )
        ambiguous = [name for name in names if len(found[name]) > 1]
        if ambiguous:
            raise Problem(
                409,
                f"frame id {ambiguous[0]!r} was used for different pictures: name the one you mean by its "
                "frame_uid",
                frames=ambiguous,
            )
        return list({item.frame_uid: item for name in names for item in found[name]}.values())

    async def _require_usable(self, items: Sequence[VerdictItem]) -> None:
        dropped = [item.frame_id for item in items if item.verdict is VerdictKind.DROPPED]
        if dropped:
            raise Problem(
                409, f"frame {dropped[0]!r} was shed unseen: approve a frame that was judged", frames=dropped
            )
        gate = asyncio.Semaphore(CHECKS_AT_ONCE)
        there = await asyncio.gather(*(self._exists(item, gate) for item in items))
        missing = [item.frame_id for item, exists in zip(items, there, strict=True) if not exists]
        if missing:
            raise Problem(
                409,
                f"the picture of frame {missing[0]!r} is no longer stored: approve a newer frame",
                frames=missing,
            )

    async def _exists(self, item: VerdictItem, gate: asyncio.Semaphore) -> bool:
        async with gate:
            return await self._store.exists(frame_key(item.line, item.frame_uid))

    async def _write(self, command: ApproveGood) -> None:
        name = str(command.command_id)
        headers = cloudevent_headers(TopicKind.COMMANDS.value, name, command.line, command.issued_at)
        try:
            await self._producer.send(
                self._topic, key=command.line.encode(), value=command.to_bytes(), headers=headers
            )
        except DeliveryError as error:
            raise Problem(
                503,
                "the broker did not acknowledge the approval in time, and may still carry it out: look at "
                f"/v1/commands/{name} before you send it again",
                command_id=name,
            ) from error


def _reference(item: VerdictItem) -> FrameRef:
    return FrameRef(
        frame_uid=item.frame_uid,
        frame_id=item.frame_id,
        frame_sha256=item.frame_sha256,
        model=item.model,
        part_id=item.part_id,
    )
