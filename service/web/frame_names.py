"""Names of frames, as people give them, become frames that a command can speak of."""

import asyncio
from collections.abc import Sequence

from schemas.command import FrameRef
from schemas.ids import is_frame_id
from schemas.reasons import VerdictKind
from service.store.keys import frame_key
from service.store.object_store import ObjectStore
from service.web.problem import Problem
from service.web.shapes import VerdictItem
from service.web.view import View

CHECKS_AT_ONCE = 16


class FrameNames:
    """Resolves names by the page's view, and looks whether the pictures are still stored."""

    def __init__(self, view: View, store: ObjectStore) -> None:
        self._view, self._store = view, store

    async def usable(self, line: str, names: Sequence[str]) -> tuple[FrameRef, ...]:
        """The frames of a line that these names (frame ids or frame_uids) mean, each once. All can become
        parts or canaries, or ``Problem`` is raised: 404 for frames that are not known, 409 for those whose
        name or picture is not to be had, 422 for what is no name."""
        items = await self._resolve(line, list(dict.fromkeys(names)))
        await self._require_stored(items)
        return tuple(_reference(item) for item in items)

    async def known(self, line: str, names: Sequence[str]) -> tuple[FrameRef, ...]:
        """As ``usable``, whether or not their pictures are still stored."""
        return tuple(_reference(item) for item in await self._resolve(line, list(dict.fromkeys(names))))

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
                "take names from `patchline watch` or /v1/verdicts",
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

    async def _require_stored(self, items: Sequence[VerdictItem]) -> None:
        dropped = [item.frame_id for item in items if item.verdict is VerdictKind.DROPPED]
        if dropped:
            raise Problem(
                409, f"frame {dropped[0]!r} was shed unseen: name a frame that was judged", frames=dropped
            )
        gate = asyncio.Semaphore(CHECKS_AT_ONCE)
        there = await asyncio.gather(*(self._exists(item, gate) for item in items))
        missing = [item.frame_id for item, exists in zip(items, there, strict=True) if not exists]
        if missing:
            raise Problem(
                409,
                f"the picture of frame {missing[0]!r} is no longer stored: name a newer frame",
                frames=missing,
            )

    async def _exists(self, item: VerdictItem, gate: asyncio.Semaphore) -> bool:
        async with gate:
            return await self._store.exists(frame_key(item.line, item.frame_uid))


def _reference(item: VerdictItem) -> FrameRef:
    return FrameRef(
        frame_uid=item.frame_uid,
        frame_id=item.frame_id,
        frame_sha256=item.frame_sha256,
        model=item.model,
        part_id=item.part_id,
    )
