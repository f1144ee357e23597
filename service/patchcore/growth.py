"""Growth: a bank learns new good parts without being built again."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from service.patchcore.coreset import Progress, Selection, greedy_coreset
from service.patchcore.coverage import covered_by
from service.patchcore.fit import Parts, calibrate, check_parts, stored
from service.patchcore.memory_bank import MemoryBank
from service.patchcore.projection import project
from service.patchcore.side_by_side import in_pieces, side_by_side


def grow(
    bank: MemoryBank,
    new_parts: Parts,
    known_parts: Mapping[int, NDArray[np.floating]],
    *,
    progress: Progress | None = None,
) -> MemoryBank:
    """The bank after it was taught `new_parts` (embedded features, shaped as the bank's own), as `learn` has
    it, and calibrated anew.

    The calibration parts, whose features `known_parts` gives by index, are scored again, held out; new parts
    never join them: approved parts are a biased sample. Blocks for a
    selection over the new patches and one scoring of the known parts. Raises ValueError for parts of another
    shape and for a calibration part that is missing.
    """
    held = [int(i) for i in bank.calibration_parts]
    missing = [i for i in held if i not in known_parts]
    if missing:
        raise ValueError(f"the features of calibration parts {missing} are missing: give all of known_parts")
    grown = learn(bank, new_parts, progress=progress)
    again = {i: known_parts[i] for i in held}
    return grown.calibrated(
        *calibrate(again, grown.vectors, grown.vector_part, grown.recipe, grown.whitening, grown.levels)
    )


def learn(bank: MemoryBank, new_parts: Parts, *, progress: Progress | None = None) -> MemoryBank:
    """The bank with the vectors that `new_parts` add, and the calibration that it had: calibrate it anew.

    Greedy goes on, seeded with the old vectors, over the new patches down to the bank's selection radius.
    Every old patch lies within that radius already, so this is what greedy would have gone on to choose on
    the union. Old vectors stay first and unchanged; new parts are numbered from `bank.next_part`. `progress`
    gets (chosen, at most). Blocks for a selection over the new patches. Raises ValueError for parts of
    another shape.
    """
    _check(bank, new_parts)
    parts = side_by_side(lambda part: stored(part, bank.whitening), new_parts)
    patches = np.concatenate(parts)
    chosen = _chosen(bank, patches, progress)
    first = bank.next_part
    names = np.repeat(np.arange(first, first + len(parts), dtype=np.int32), len(parts[0]))
    vectors = np.concatenate([bank.vectors, patches[chosen.indices]])
    return replace(
        bank,
        vectors=vectors,
        vector_part=np.concatenate([bank.vector_part, names[chosen.indices]]),
        coverage_radius=_covered(bank, vectors, patches),
        part_count=first + len(new_parts),
    )


def _chosen(bank: MemoryBank, patches: NDArray[np.float16], progress: Progress | None) -> Selection:
    recipe = bank.recipe
    return greedy_coreset(
        project(patches, recipe.projection_dim, recipe.seed),
        until_radius=bank.selection_radius,
        seen=project(bank.vectors, recipe.projection_dim, recipe.seed),
        progress=progress,
    )


def _covered(bank: MemoryBank, vectors: NDArray[np.float16], patches: NDArray[np.float16]) -> float:
    return covered_by(vectors, bank.levels, in_pieces(patches), lambda piece: piece, bank.coverage_radius)


def _check(bank: MemoryBank, new_parts: Parts) -> None:
    grid = check_parts(new_parts)
    if grid != bank.grid or new_parts[0].shape[-1] != bank.dim:
        raise ValueError(
            f"the new parts are {grid} patches of {new_parts[0].shape[-1]} dimensions, the bank's "
            f"{bank.grid} of {bank.dim}: teach them to a model of their own"
        )
