"""A bank that is ready to be published, and all that is published with it."""

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.activation import Thresholds
from schemas.ids import sha256_hex
from service.banks.bank_file import LoadedBank, write_bank
from service.banks.golden import GoldenFrames
from service.banks.manifest import Manifest
from service.patchcore import MemoryBank
from service.training.features import PartFeatures
from service.training.thresholds import Rates, thresholds_of


@dataclass(frozen=True, eq=False, slots=True)
class BuiltBank:
    """``data`` is the bank file and ``version`` its sha256; ``features`` are those of the parts that this
    build taught, by sha256."""

    data: bytes
    version: str
    manifest: Manifest
    memory_bank: MemoryBank
    thresholds: Thresholds
    features: Mapping[str, PartFeatures]
    golden: GoldenFrames | None = None

    @property
    def loaded(self) -> LoadedBank:
        """As if it had been read back."""
        return LoadedBank(self.memory_bank, self.manifest, self.version, len(self.data), self.golden)

    @classmethod
    def of(
        cls,
        bank: MemoryBank,
        manifest: Manifest,
        features: Mapping[str, PartFeatures],
        rates: Rates,
        golden: GoldenFrames | None = None,
    ) -> "BuiltBank":
        """Write the file and state the thresholds. Raises ``BankRefused`` for what no reader would take."""
        data = write_bank(bank, manifest, golden)
        thresholds = thresholds_of(bank.calibration_scores, rates.alpha, rates.review_alpha)
        return cls(data, sha256_hex(data), manifest, bank, thresholds, features, golden)
