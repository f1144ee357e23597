"""Canaries in the object store, and how a bank judges one."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from schemas.activation import Thresholds
from schemas.canary import Canary
from schemas.reasons import VerdictKind
from schemas.verdict import Region
from service.banks.manifest import Manifest
from service.inspection.judgement import verdict_of
from service.inspection.on_frame import regions_on_frame
from service.inspection.patch_grid import PatchGrid
from service.patchcore import fused, patch_scores
from service.store import ObjectStore
from service.store.keys import canary_key, canary_record_key


async def keep_canary(store: ObjectStore, canary: Canary, data: bytes) -> None:
    """Write a canary's frame and its record; both again is safe. Raises ``StoreError``."""
    sha256 = canary.frame.frame_sha256
    await store.put(canary_key(canary.line, canary.model, sha256), data)
    await store.put(canary_record_key(canary.line, canary.model, sha256), canary.to_bytes())


async def read_canary(store: ObjectStore, line: str, model: str, sha256: str) -> Canary:
    """A canary's record. Raises ``StoreError``, and ``ValueError`` for bytes that are none."""
    return Canary.from_bytes(await store.get(canary_record_key(line, model, sha256)))


def regions_of(
    distances: NDArray[np.float32], manifest: Manifest, thresholds: Thresholds, size: tuple[int, int]
) -> Sequence[Region]:
    """Where a frame of ``size`` (height, width), by its patches' ``distances`` [L, H, W], passes the
    threshold of its verdict; none for an ok."""
    scores = patch_scores(fused(distances), manifest.recipe.score)
    verdict = verdict_of(float(scores.max()), thresholds)
    if verdict is VerdictKind.OK:
        return ()
    limit = thresholds.defect_score if verdict is VerdictKind.DEFECT else thresholds.review_score
    grid = _patch_grid(manifest)
    laid_out = grid.alarming(grid.laid_out(scores[None])[0])
    boxes = regions_on_frame(laid_out, limit, manifest.contract, size)
    return [Region(x=box.x, y=box.y, width=box.width, height=box.height, score=box.score) for box in boxes]


def _patch_grid(manifest: Manifest) -> PatchGrid:
    contract, stride = manifest.contract, manifest.recipe.grid_stride
    rows, columns = contract.input_height // stride, contract.input_width // stride
    return PatchGrid(rows, columns, contract.cells(rows, columns))
