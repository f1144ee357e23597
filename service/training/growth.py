"""From a bank to one that learned more good parts."""

from collections.abc import Sequence
from dataclasses import dataclass

from service.banks.bank_file import LoadedBank
from service.banks.manifest import Manifest, PartEntry
from service.inspection.golden import rescored
from service.patchcore import MemoryBank, Progress, learn
from service.training.built import BuiltBank
from service.training.features import PartFeatures
from service.training.known_parts import KnownParts
from service.training.part_ids import siblings_of
from service.training.thresholds import Rates


@dataclass(frozen=True, eq=False, slots=True)
class GrownBank:
    """The bank, and what the next growth must know of it."""

    built: BuiltBank
    known: KnownParts

    @property
    def loaded(self) -> LoadedBank:
        """As if it had been read back."""
        return self.built.loaded


def grow_bank(
    loaded: LoadedBank,
    known: KnownParts,
    features: Sequence[PartFeatures],
    entries: Sequence[PartEntry],
    rates: Rates,
    progress: Progress | None = None,
) -> GrownBank:
    """The bank after it learned these parts, by ``patchcore.learn``: old vectors stay first and unchanged. Of
    the new parts only those join the calibration whose entry says so, each held out of its own vectors.
    Blocks for a selection over the new patches. Raises ``ValueError`` for parts of another shape or known
    already, and for features that are no numbers."""
    before = loaded.memory_bank
    grown = learn(before, features, progress=progress)
    first = len(loaded.manifest.parts)
    joining = {first + n: rows for n, rows in enumerate(features) if entries[n].calibrates}
    kin = siblings_of([entry.part_id for entry in (*loaded.manifest.parts, *entries)])
    after = known.after(before, grown).joined(grown, joining, kin)
    bank = grown.calibrated(*after.scores(grown))
    taught = {entry.sha256: rows for entry, rows in zip(entries, features, strict=True)}
    golden = None if loaded.golden is None else rescored(loaded.golden, bank)
    built = BuiltBank.of(bank, _manifest(loaded.manifest, bank, entries), taught, rates, golden)
    return GrownBank(built, after)


def _manifest(manifest: Manifest, bank: MemoryBank, entries: Sequence[PartEntry]) -> Manifest:
    parts = (*manifest.parts, *entries)
    return Manifest.model_validate(dict(manifest) | {"parts": parts, "coverage_radius": bank.coverage_radius})
