"""Frames that commands name, fetched from where the inspector stored them."""

from schemas.command import FrameRef
from schemas.ids import sha256_hex
from service.store import MissingObject, ObjectStore, ObjectTooLarge
from service.store.keys import frame_key
from workers.rebuilder.job import CommandRefused


class Frames:
    """Frames of at most ``max_bytes``."""

    def __init__(self, store: ObjectStore, max_bytes: int) -> None:
        self._store, self._max_bytes = store, max_bytes

    async def fetch(self, line: str, ref: FrameRef) -> bytes:
        """The bytes that the command names. Raises ``CommandRefused`` naming the frame that cannot be had,
        and ``StoreError``."""
        try:
            data = await self._store.get(frame_key(line, ref.frame_uid), max_bytes=self._max_bytes)
        except MissingObject as error:
            raise CommandRefused(
                f"frame {ref.frame_id} is no longer stored: take a newer frame of such a part"
            ) from error
        except ObjectTooLarge as error:
            raise CommandRefused(f"frame {ref.frame_id} is too large to be kept: {error}") from error
        if sha256_hex(data) != ref.frame_sha256:
            raise CommandRefused(
                f"frame {ref.frame_id} has other bytes in the store than the command names: take its name "
                "from a newer verdict"
            )
        return data
