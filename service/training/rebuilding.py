"""A bank selected again from all its parts: one was removed, it grew too large, or somebody asked."""

from collections.abc import Callable, Sequence

import numpy as np

from service.banks.manifest import Manifest, PartEntry
from service.patchcore import MemoryBank, Progress, fit
from service.training.built import BuiltBank
from service.training.features import PartFeatures
from service.training.golden import golden_frames
from service.training.part_ids import siblings_of
from service.training.thresholds import Rates


def rebuild_bank(
    manifest: Manifest,
    entries: Sequence[PartEntry],
    features: Callable[[str], PartFeatures],
    picture: Callable[[PartEntry], bytes],
    rates: Rates,
    progress: Progress | None = None,
) -> BuiltBank:
    """The bank of these parts and no others, under the manifest's recipe and contract: to the byte what a
    build gives that never had any other. ``features`` gives those of a part by its sha256, ``picture`` the
    bytes of the few that become golden frames. Parts that were approved teach, and do not calibrate. Blocks
    for a whole selection: seconds to minutes. Raises ``ValueError`` for too few parts."""
    rows = [features(entry.sha256) for entry in entries]
    kin = siblings_of([entry.part_id for entry in entries])
    whole = fit(rows, manifest.recipe, levels=manifest.levels, siblings=kin, progress=progress)
    bank = _calibrated(whole, entries)
    changed = {
        "grid": bank.grid,
        "selection_radius": bank.selection_radius,
        "coverage_radius": bank.coverage_radius,
        "parts": tuple(entries),
    }
    golden = golden_frames(bank, manifest.contract, rows.__getitem__, lambda number: picture(entries[number]))
    again = Manifest.model_validate(dict(manifest) | changed)
    taught = {entry.sha256: part for entry, part in zip(entries, rows, strict=True)}
    return BuiltBank.of(bank, again, taught, rates, golden)


def _calibrated(bank: MemoryBank, entries: Sequence[PartEntry]) -> MemoryBank:
    kept = np.array([entries[int(part)].calibrates for part in bank.calibration_parts], dtype=bool)
    if kept.all():
        return bank
    if not kept.any():
        raise ValueError("no part is left that calibrates, for approved parts do not: audit some")
    return bank.calibrated_by(kept)
