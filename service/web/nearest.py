"""Where on its part a vector of a bank lies: found again in the part's stored features, and cut out of its
picture."""

import asyncio
from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

from schemas.verdict import Neighbour
from service.banks.bank_file import LoadedBank, read_bank
from service.banks.manifest import Manifest
from service.banks.refusal import BankRefused
from service.banks.source import BankSource, BankUnavailable
from service.images.header import ImageHeader
from service.images.probe import probe
from service.images.thumbnailer import Box
from service.inspection.on_frame import regions_on_frame
from service.inspection.patch_grid import PatchGrid
from service.patchcore.memory_bank import MemoryBank
from service.store.object_store import ObjectStore
from service.training.features import FeatureCache, PartFeatures
from service.web.problem import Problem
from service.web.shapes import VerdictItem
from service.web.view import View

REMEMBERED = 2_000
# Of the patch's own size: a person needs to see where it is.
AROUND = 5
LEAST = 64


class NearestPatches:
    """Keeps one bank's vectors in memory, that of the part asked for last, and the places it found."""

    def __init__(self, view: View, source: BankSource, store: ObjectStore) -> None:
        self._view, self._source, self._store = view, source, store
        self._bank: LoadedBank | None = None
        self._cells: OrderedDict[tuple[str, int], int | None] = OrderedDict()
        self._turn = asyncio.Lock()

    async def box(self, item: VerdictItem, neighbour: Neighbour, picture: bytes) -> Box | None:
        """The box around the neighbour's patch in its part's ``picture``, None for the whole picture where
        the place is not to be found. Raises ``Problem``: 404 when a bank that judged is not to be had."""
        async with self._turn:
            bank = await self._loaded(item)
            key = (bank.version, neighbour.vector)
            if key not in self._cells:
                self._cells[key] = await self._find(bank, neighbour)
                while len(self._cells) > REMEMBERED:
                    self._cells.popitem(last=False)
        cell = self._cells.get(key)
        return None if cell is None else _around(cell, bank.manifest, probe(picture))

    async def _loaded(self, item: VerdictItem) -> LoadedBank:
        if item.bank_version is None or item.model is None:
            raise Problem(404, f"no bank judged frame {item.frame_id}: there is no nearest patch")
        if self._bank is None or self._bank.version != item.bank_version:
            published = await self._view.published(item.line, item.bank_version)
            if published is None:
                raise Problem(404, f"bank {item.bank_version[:12]} was never published: look at another part")
            size = published.size_bytes
            try:
                path = await self._source.fetch(item.line, item.model, item.bank_version, size)
                self._bank = await asyncio.to_thread(read_bank, path, version=item.bank_version)
            except (BankUnavailable, BankRefused, OSError) as error:
                raise Problem(404, f"bank {item.bank_version[:12]} is not to be had: {error}") from error
        return self._bank

    async def _find(self, bank: LoadedBank, neighbour: Neighbour) -> int | None:
        features = await FeatureCache(self._store, bank.manifest).get(neighbour.part)
        memory = bank.memory_bank
        if features is None or neighbour.vector >= memory.size:
            return None

        def search() -> int:
            off = _whitened(features, memory) - memory.vectors[neighbour.vector].astype(np.float32)
            return _laid_out(int(np.einsum("ij,ij->i", off, off).argmin()), bank.manifest)

        return await asyncio.to_thread(search)


def _whitened(features: PartFeatures, memory: MemoryBank) -> NDArray[np.float32]:
    """Rows as the bank's vectors are, to within rounding: the patch that was selected is far nearer to its
    vector than any other. Without torch, which the page would load for nothing else."""
    rows = features.reshape(-1, features.shape[-1]).astype(np.float32)
    if memory.whitening is None:
        return rows
    return np.asarray((rows - memory.whitening.mean) @ memory.whitening.matrix, np.float32)


def _grid(manifest: Manifest) -> PatchGrid:
    stride, contract = manifest.recipe.grid_stride, manifest.contract
    rows, columns = contract.input_height // stride, contract.input_width // stride
    return PatchGrid(rows, columns, contract.cells(rows, columns))


def _laid_out(kept: int, manifest: Manifest) -> int:
    """The cell of the whole grid that is the ``kept``-th of those that count."""
    counted = _grid(manifest).counted
    return kept if counted is None else int(np.flatnonzero(counted)[kept])


def _around(cell: int, manifest: Manifest, header: ImageHeader) -> Box:
    grid = _grid(manifest)
    alone = np.zeros((grid.rows, grid.columns), np.float32)
    alone.ravel()[cell] = 1
    [patch] = regions_on_frame(alone, 0.5, manifest.contract, (header.height, header.width))
    return around((patch.x, patch.y, patch.width, patch.height), AROUND)


def around(box: Box, times: int) -> Box:
    """A square around a box's middle, so many times as large, and never too small to see anything."""
    x, y, width, height = box
    side = max(LEAST, times * max(width, height))
    return max(0, x + width // 2 - side // 2), max(0, y + height // 2 - side // 2), side, side
