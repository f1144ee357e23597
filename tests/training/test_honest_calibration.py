"""What people approve is a biased sample: the false-alarm rate that a line promises must survive it."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from service.banks.bank_file import read_bank
from service.patchcore import Calibration, MemoryBank, Recipe, fit, learn, nearest_distances
from service.training.build import build_bank
from service.training.growth import grow_bank
from service.training.known_parts import KnownParts
from service.training.rebuilding import rebuild_bank
from service.training.thresholds import Rates
from tests.training.parts import QUICK, QuickNetwork, good_parts

Parts = NDArray[np.float16]
RECIPE = Recipe(coreset_share=0.05, min_vectors=20, projection_dim=8)
ALPHA = 0.05
TAUGHT, FLAGGED, FRESH = 99, 20, 1500


class Line:
    """A line of drawn features: parts differ in how rough they are, so that some good ones score high."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        trained = self.parts(TAUGHT)
        self.bank = fit(list(trained), RECIPE)
        self.known = KnownParts.of(self.bank, dict(enumerate(trained)))

    def parts(self, count: int) -> Parts:
        pattern = np.random.default_rng(99).standard_normal((5, 5, 8))
        roughness = 0.3 * np.exp(0.35 * self._rng.standard_normal((count, 1, 1, 1)))
        return (pattern + roughness * self._rng.standard_normal((count, 5, 5, 8))).astype(np.float16)

    def false_alarms(self) -> Parts:
        """Good parts that the line flags: what an operator is asked about."""
        threshold = self.bank.calibration().threshold(ALPHA)
        stream = self.parts(2500)
        return stream[scores(self.bank, stream) > threshold][:FLAGGED]

    def taught(self, parts: Sequence[NDArray[np.float16]], *, calibrating: bool) -> MemoryBank:
        """The bank after it learned the parts, calibrated anew."""
        grown = learn(self.bank, list(parts))
        joining = {TAUGHT + n: rows for n, rows in enumerate(parts)} if calibrating else {}
        return grown.calibrated(*self.known.after(self.bank, grown).joined(grown, joining).scores(grown))


def scores(bank: MemoryBank, parts: Parts) -> NDArray[np.float32]:
    flat = parts.reshape(-1, parts.shape[-1]).astype(np.float32)
    near = nearest_distances(flat, bank.vectors).reshape(parts.shape[:3])
    return np.asarray(near.max(axis=(1, 2)), np.float32)


def realised(line: Line, bank: MemoryBank) -> float:
    """The share of parts never seen that the bank flags."""
    threshold = bank.calibration().threshold(ALPHA)
    return float((scores(bank, line.parts(FRESH)) > threshold).mean())


def test_twenty_approved_false_alarms_beside_99_parts_keep_the_rate_inside_its_bound() -> None:
    bound = Calibration(np.arange(float(TAUGHT))).bound(ALPHA)
    lines = [Line(seed) for seed in range(6)]
    taught = [line.taught(list(line.false_alarms()), calibrating=False) for line in lines]
    assert [len(bank.calibration_scores) for bank in taught] == [TAUGHT] * 6
    rates = [realised(line, bank) for line, bank in zip(lines, taught, strict=True)]
    assert max(rates) <= bound
    assert np.mean(rates) <= ALPHA


def test_approvals_that_calibrated_would_raise_the_threshold_and_hide_defects() -> None:
    for seed in range(3):
        line = Line(seed)
        flagged = list(line.false_alarms())
        honest, naive = (line.taught(flagged, calibrating=calibrating) for calibrating in (False, True))
        assert naive.calibration().threshold(ALPHA) > 1.05 * honest.calibration().threshold(ALPHA)
        assert realised(line, naive) < ALPHA / 2


def test_parts_drawn_whatever_their_verdict_join_the_calibration_and_keep_the_rate() -> None:
    audits = 150
    bound = Calibration(np.arange(float(TAUGHT + audits))).bound(ALPHA)
    rates = []
    for seed in range(4):
        line = Line(seed)
        bank = line.taught(list(line.parts(audits)), calibrating=True)
        assert len(bank.calibration_scores) == TAUGHT + audits
        rates.append(realised(line, bank))
    assert max(rates) <= bound
    assert np.mean(rates) <= ALPHA


@pytest.mark.parametrize("recipe", [QUICK, QUICK.model_copy(update={"whiten": True})])
@pytest.mark.parametrize("origin", ["approved", "audited"])
def test_audited_parts_calibrate_and_approved_ones_do_not_in_growth_and_in_rebuilds(
    origin: str, recipe: Recipe
) -> None:
    built = build_bank("line1", "default", good_parts(8), recipe, QuickNetwork())
    more = build_bank("line1", "default", good_parts(10), recipe, QuickNetwork())
    entries = [entry.model_copy(update={"origin": origin}) for entry in more.manifest.parts[8:]]
    rows = [more.features[entry.sha256] for entry in entries]
    known = KnownParts.of(built.memory_bank, dict(enumerate(built.features.values())))
    grown = grow_bank(read_bank(built.data), known, rows, entries, Rates()).built
    pictures = {part.sha256: part.data for part in good_parts(10)}
    again = rebuild_bank(
        grown.manifest,
        grown.manifest.parts,
        more.features.__getitem__,
        lambda entry: pictures[entry.sha256],
        Rates(),
    )
    expected = list(range(10 if origin == "audited" else 8))
    assert grown.memory_bank.calibration_parts.tolist() == expected
    assert again.memory_bank.calibration_parts.tolist() == expected
    assert grown.thresholds.calibration_parts == len(expected)


def test_an_audited_part_is_held_out_of_its_own_vectors() -> None:
    line = Line(0)
    odd = line.parts(1)[0] + np.float16(3)
    bank = line.taught([odd], calibrating=True)
    assert bank.size > line.bank.size
    own = bank.calibration_scores[bank.calibration_parts.tolist().index(TAUGHT)]
    assert own == pytest.approx(scores(line.bank, odd[None])[0], rel=1e-6)
