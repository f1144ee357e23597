"""What the object store keeps of the banks log: each activation's record, and its signature beside it."""

import re
from collections import defaultdict
from dataclasses import dataclass

from schemas.ids import is_line_id
from service.store import MissingObject, ObjectStore
from service.store.keys import activation_key, activation_signature_key

FOLDER = "activations"
_MAX_BYTES = 2**20
_KEY = re.compile(rf"{FOLDER}/(?P<line>[^/]+)/(?P<epoch>[1-9][0-9]{{0,17}})\.json")


@dataclass(frozen=True, slots=True)
class Archived:
    """An activation's record as it was in the log; ``value`` is None when the store lacks it."""

    value: bytes | None
    signature: bytes | None = None


class Archive:
    """Reads the files. Each method waits for the store and raises ``StoreError``."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def epochs(self) -> dict[str, frozenset[int]]:
        """The epochs of every line that have a file."""
        found: defaultdict[str, set[int]] = defaultdict(set)
        async for listed in self._store.list(FOLDER):
            named = _KEY.fullmatch(listed.key)
            if named is not None and is_line_id(named["line"]):
                found[named["line"]].add(int(named["epoch"]))
        return {line: frozenset(epochs) for line, epochs in found.items()}

    async def read(self, line: str, epoch: int) -> Archived:
        """One epoch's record."""
        value = await self._get(activation_key(line, epoch))
        return Archived(value, value and await self._get(activation_signature_key(line, epoch)))

    async def _get(self, key: str) -> bytes | None:
        try:
            return await self._store.get(key, max_bytes=_MAX_BYTES)
        except MissingObject:
            return None
