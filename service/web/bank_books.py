"""Banks as the page tells of them: their parts, and how held-out parts score. Read once, then remembered."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from service.banks.bank_file import LoadedBank, read_bank
from service.banks.manifest import Manifest
from service.banks.refusal import BankRefused
from service.banks.source import BankSource, BankUnavailable
from service.web.problem import Problem

REMEMBERED = 32


@dataclass(frozen=True, slots=True)
class BankBook:
    """What a bank file says, without its vectors: ``part_vectors`` in the manifest's order, and
    ``scores`` ascending, of the held-out parts."""

    version: str
    size_bytes: int
    vectors: int
    manifest: Manifest
    part_vectors: tuple[int, ...]
    scores: tuple[float, ...]

    @classmethod
    def of(cls, loaded: LoadedBank) -> "BankBook":
        """Nothing of the bank's arrays is kept."""
        bank, manifest = loaded.memory_bank, loaded.manifest
        counts = np.bincount(bank.vector_part, minlength=len(manifest.parts))
        scores = np.sort(bank.calibration_scores.astype(np.float64))
        return cls(
            loaded.version,
            loaded.size_bytes,
            bank.size,
            manifest,
            tuple(int(count) for count in counts),
            tuple(float(score) for score in scores),
        )


class BankBooks:
    """The books asked for last. A version's book never changes."""

    def __init__(self, source: BankSource) -> None:
        self._source = source
        self._books: OrderedDict[str, BankBook] = OrderedDict()
        self._turn = asyncio.Lock()

    async def of(self, line: str, model: str, version: str, size_bytes: int) -> BankBook:
        """Waits for disk and store. Raises ``Problem``: 503 for a bank that cannot be had now, 409 for one
        that is spoilt or that nobody who is trusted signed."""
        async with self._turn:
            if version not in self._books:
                self._books[version] = await self._read(line, model, version, size_bytes)
                while len(self._books) > REMEMBERED:
                    self._books.popitem(last=False)
            self._books.move_to_end(version)
            return self._books[version]

    async def _read(self, line: str, model: str, version: str, size_bytes: int) -> BankBook:
        try:
            path = await self._source.fetch(line, model, version, size_bytes)
            return BankBook.of(await asyncio.to_thread(read_bank, path, version=version))
        except BankUnavailable as error:
            raise Problem(503, f"{error}") from error
        except BankRefused as refused:
            raise Problem(409, f"bank {version[:12]} cannot be used: {refused}") from refused
