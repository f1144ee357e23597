"""Answering: what a person says of parts becomes commands, and what was said can be taken back."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from uuid import UUID

from schemas.command import (
    AnyCommand,
    ApproveGood,
    ConfirmDefect,
    FrameRef,
    MarkUnsure,
    RemovePart,
    RetireCanary,
    Rollback,
)
from service.accounts.principal import Principal
from service.accounts.roles import Role
from service.web.command_log import CommandLog
from service.web.frame_names import FrameNames
from service.web.problem import Problem
from service.web.shapes import Accepted, AcceptedAnswer, Answer, AnswerKind, VerdictItem
from service.web.view import View

NOBODY: Mapping[UUID, str] = {}


class Answering:
    """Writes one command a part, so that each answer can be taken back by itself; the rebuilder joins
    approvals that wait together into one build."""

    def __init__(self, view: View, names: FrameNames, log: CommandLog) -> None:
        self._view, self._names, self._log = view, names, log
        self._saying: dict[UUID, str] = {}

    async def answer(
        self,
        line: str,
        names: Sequence[str],
        kind: AnswerKind,
        why: str,
        actor: str,
        taken: Mapping[UUID, str] = NOBODY,
    ) -> list[AcceptedAnswer]:
        """Say it of these parts. All can be answered, or nothing is written. ``taken`` names who is answering
        a part meanwhile. Raises ``Problem``: as ``FrameNames.usable``, 409 for a part that is taken or has
        an answer, 503 when the broker does not acknowledge."""
        named = self._names.known if kind == "unsure" else self._names.usable
        frames = await named(line, names)
        # What somebody says at this very moment is in no view yet.
        _require_untaken(frames, {**taken, **self._saying})
        with self._said_by(actor, frames):
            await self._require_open(line, frames)
            return [await self._say(self._command(line, frame, kind, why, actor), frame) for frame in frames]

    async def undo(self, line: str, frame_uid: UUID, asker: Principal) -> Accepted:
        """Take back the answer to a part. Raises ``Problem``: 404 for a part that is not known, 409 where
        nothing can be taken back, 403 for the answer of another, which an engineer may take back."""
        items = (await self._view.find(line, [str(frame_uid)]))[str(frame_uid)]
        if not items:
            raise Problem(404, f"line {line} has no frame {frame_uid} among those the page remembers")
        item, answer = items[0], items[0].answer
        if answer is None or not answer.standing:
            raise Problem(409, f"frame {item.frame_id} has no answer to take back: it waits for one")
        if answer.actor != asker.name and not asker.may_act_as(Role.ENGINEER):
            raise Problem(403, f"{answer.actor} answered frame {item.frame_id}: ask them, or an engineer")
        return await self._log.write(await self._opposite(item, answer, asker.name))

    @contextmanager
    def _said_by(self, actor: str, frames: Sequence[FrameRef]) -> Iterator[None]:
        uids = [frame.frame_uid for frame in frames]
        self._saying.update(dict.fromkeys(uids, actor))
        try:
            yield
        finally:
            for uid in uids:
                self._saying.pop(uid, None)

    async def _require_open(self, line: str, frames: Sequence[FrameRef]) -> None:
        found = await self._view.find(line, [str(frame.frame_uid) for frame in frames])
        for items in found.values():
            answer = items[0].answer if items else None
            if answer is not None and answer.standing:
                raise Problem(
                    409,
                    f"{answer.actor} said {answer.kind} of frame {items[0].frame_id} already: take that back "
                    "first",
                    frames=[items[0].frame_id],
                )

    async def _say(self, command: AnyCommand, frame: FrameRef) -> AcceptedAnswer:
        accepted = await self._log.write(command)
        return AcceptedAnswer(frame_uid=frame.frame_uid, **accepted.model_dump())

    def _command(self, line: str, frame: FrameRef, kind: AnswerKind, why: str, actor: str) -> AnyCommand:
        stamp = self._log.stamp(line, why, actor)
        if kind == "good":
            return ApproveGood(frames=(frame,), **stamp)
        return ConfirmDefect(frame=frame, **stamp) if kind == "defect" else MarkUnsure(frame=frame, **stamp)

    async def _opposite(self, item: VerdictItem, answer: Answer, actor: str) -> AnyCommand:
        why = f"takes back: {answer.kind}"
        stamp = {**self._log.stamp(item.line, why, actor), "undoes": answer.command.command_id}
        if answer.kind == "defect":
            return RetireCanary(frame_uid=item.frame_uid, **stamp)
        if answer.kind == "unsure":
            return MarkUnsure(frame=FrameRef.model_validate(item.model_dump()), withdrawn=True, **stamp)
        epoch = answer.command.epoch
        if epoch is not None and epoch > 1 and await self._view.is_last_and_only(item.line, epoch):
            return Rollback(to_epoch=epoch - 1, based_on_epoch=epoch, **stamp)
        if item.model is None:
            raise Problem(409, f"no model judged frame {item.frame_id}: remove it on the bank's page")
        return RemovePart(model=item.model, part=item.frame_sha256, **stamp)


def _require_untaken(frames: Sequence[FrameRef], taken: Mapping[UUID, str]) -> None:
    for frame in frames:
        name = taken.get(frame.frame_uid)
        if name is not None:
            uid = str(frame.frame_uid)
            raise Problem(409, f"{name} is answering frame {frame.frame_id}: take another", frames=[uid])
