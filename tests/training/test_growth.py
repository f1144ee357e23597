import numpy as np
import pytest

from service.banks.bank_file import LoadedBank, read_bank
from service.patchcore import grow
from service.training.build import build_bank
from service.training.features import PartFeatures
from service.training.growth import GrownBank, grow_bank
from service.training.known_parts import KnownParts
from service.training.thresholds import Rates
from tests.training.parts import QUICK, QuickNetwork, good_parts

WHITE = QUICK.model_copy(update={"whiten": True})
RATES = Rates(0.02, 0.2)


class Taught:
    """A bank of eight parts, and four parts that it has not seen."""

    def __init__(self, whiten: bool = False) -> None:
        recipe = WHITE if whiten else QUICK
        built = build_bank("line1", "default", good_parts(8), recipe, QuickNetwork())
        more = build_bank("line1", "default", good_parts(12), recipe, QuickNetwork())
        self.loaded: LoadedBank = read_bank(built.data)
        self.old: dict[int, PartFeatures] = dict(enumerate(built.features.values()))
        self.new = list(more.features.values())[8:]
        self.entries = [e.model_copy(update={"origin": "approved"}) for e in more.manifest.parts[8:]]

    def grown(self) -> GrownBank:
        known = KnownParts.of(self.loaded.memory_bank, self.old)
        return grow_bank(self.loaded, known, self.new, self.entries, RATES)


@pytest.mark.parametrize("whiten", [False, True])
def test_a_grown_bank_is_the_one_that_greedy_would_have_gone_on_to_choose(whiten: bool) -> None:
    taught = Taught(whiten)
    plain = grow(taught.loaded.memory_bank, taught.new, taught.old)
    bank = taught.grown().built.memory_bank
    assert np.array_equal(bank.vectors, plain.vectors)
    assert np.array_equal(bank.vector_part, plain.vector_part)
    assert bank.calibration_parts.tolist() == plain.calibration_parts.tolist()
    assert bank.calibration_scores == pytest.approx(plain.calibration_scores, rel=1e-6)


@pytest.mark.parametrize("whiten", [False, True])
def test_growing_one_by_one_knows_what_growing_from_the_file_knows(whiten: bool) -> None:
    taught = Taught(whiten)
    known = KnownParts.of(taught.loaded.memory_bank, taught.old)
    first = grow_bank(taught.loaded, known, taught.new[:2], taught.entries[:2], RATES)
    second = grow_bank(first.loaded, first.known, taught.new[2:], taught.entries[2:], RATES)
    again = KnownParts.of(first.built.memory_bank, taught.old)
    afresh = grow_bank(read_bank(first.built.data), again, taught.new[2:], taught.entries[2:], RATES)
    assert second.built.data == afresh.built.data


def test_new_parts_are_listed_after_the_old_ones_and_stay_out_of_the_calibration() -> None:
    built = Taught().grown().built
    assert [entry.origin for entry in built.manifest.parts] == ["trained"] * 8 + ["approved"] * 4
    assert built.thresholds.calibration_parts == 8
    assert built.thresholds.wished_alpha == 0.02
    assert set(built.features) == {entry.sha256 for entry in built.manifest.parts[8:]}
    assert read_bank(built.data, version=built.version).manifest == built.manifest


def test_a_part_that_the_bank_knows_cannot_be_taught_again() -> None:
    taught = Taught()
    taught.entries[0] = taught.loaded.manifest.parts[0]
    with pytest.raises(ValueError, match="a part is listed twice"):
        taught.grown()


def test_calibration_parts_without_features_are_named() -> None:
    taught = Taught()
    del taught.old[3]
    with pytest.raises(ValueError, match=r"calibration parts \[3\] are missing"):
        taught.grown()
