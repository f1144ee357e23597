"""Growth: a bank learns new good parts without being built again."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from service.patchcore.coreset import Progress, Selection, greedy_coreset
from service.patchcore.fit import Parts, calibrate, check_parts, flattened
from service.patchcore.levels import coverage_radius
from service.patchcore.memory_bank import MemoryBank, prepared, rounded
from service.patchcore.projection import project


def grow(
    bank: MemoryBank,
    new_parts: Parts,
    known_parts: Mapping[int, NDArray[np.floating]],
    *,
    progress: Progress | None = None,
) -> MemoryBank:
    """The bank after it was taught `new_parts` (embedded features, shaped as the bank's own).

    Greedy goes on, seeded with the old vectors, over the new patches down to the bank's selection radius.
    Every old patch lies within that radius already, so this is what greedy would have gone on to choose on
    the union. Old vectors stay first and unchanged; new parts are numbered from `bank.next_part`. The
    calibration parts, whose features `known_parts` gives by index, are scored again, held out; new parts
    never join them: approved parts are a biased sample. `progress` gets (chosen, at most). Blocks for a
    selection over the new patches and one scoring of the known parts. Raises ValueError for parts of another
    shape and for a calibration part that is missing.
    """
    _check(bank, new_parts, known_parts)
    stored = rounded(prepared(flattened(new_parts), bank.whitening))
    chosen = _chosen(bank, stored, progress)
    first = bank.next_part
    names = np.repeat(np.arange(first, first + len(new_parts), dtype=np.int32), len(stored) // len(new_parts))
    vectors = np.concatenate([bank.vectors, stored[chosen.indices]])
    owner = np.concatenate([bank.vector_part, names[chosen.indices]])
    held = [int(i) for i in bank.calibration_parts]
    scores, kept = calibrate(
        {i: known_parts[i] for i in held}, vectors, owner, bank.recipe, bank.whitening, bank.levels
    )
    return replace(
        bank,
        vectors=vectors,
        vector_part=owner,
        calibration_scores=scores,
        calibration_parts=kept,
        coverage_radius=coverage_radius(stored, vectors, bank.levels, bank.coverage_radius),
        part_count=first + len(new_parts),
    )


def _chosen(bank: MemoryBank, stored: NDArray[np.float16], progress: Progress | None) -> Selection:
    recipe = bank.recipe
    return greedy_coreset(
        project(stored, recipe.projection_dim, recipe.seed),
        until_radius=bank.selection_radius,
        seen=project(bank.vectors, recipe.projection_dim, recipe.seed),
        progress=progress,
    )


def _check(bank: MemoryBank, new_parts: Parts, known_parts: Mapping[int, NDArray[np.floating]]) -> None:
    grid = check_parts(new_parts)
    if grid != bank.grid or new_parts[0].shape[-1] != bank.dim:
        raise ValueError(
            f"the new parts are {grid} patches of {new_parts[0].shape[-1]} dimensions, the bank's "
            f"{bank.grid} of {bank.dim}: teach them to a model of their own"
        )
    missing = [int(i) for i in bank.calibration_parts if int(i) not in known_parts]
    if missing:
        raise ValueError(f"the features of calibration parts {missing} are missing: give all of known_parts")
