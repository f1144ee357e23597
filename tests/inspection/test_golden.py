"""Golden frames: a bank that scores otherwise here than where it was made is refused."""

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import pytest

from schemas.ids import sha256_hex
from service.banks.bank_file import LoadedBank, read_bank
from service.banks.golden import GoldenFrames
from service.banks.manifest import PartEntry
from service.banks.refusal import BankRefused, Refusal
from service.images.decode import decode
from service.inspection.extractor import PatchExtractor
from service.inspection.golden import check_features, check_golden, check_pictures, extraction_digest
from service.inspection.line_model import LineModel
from service.training.build import build_bank
from service.training.built import BuiltBank
from service.training.golden import golden_numbers
from service.training.growth import grow_bank
from service.training.known_parts import KnownParts
from service.training.part import GoodPart
from service.training.thresholds import Rates
from tests.training.parts import QUICK, QuickNetwork, good_parts


@lru_cache(maxsize=4)
def quick_bank(parts: int = 8) -> BuiltBank:
    return build_bank("line1", "default", good_parts(parts), QUICK, QuickNetwork())


def model_of(built: BuiltBank, backbone: QuickNetwork | None = None) -> tuple[LineModel, LoadedBank]:
    loaded = read_bank(built.data)
    extractor = PatchExtractor(backbone or QuickNetwork(), QUICK, loaded.manifest.contract)
    return LineModel(loaded.memory_bank, built.thresholds, extractor), loaded


def golden_of(loaded: LoadedBank) -> GoldenFrames:
    assert loaded.golden is not None
    return loaded.golden


def test_the_frames_are_the_lowest_the_median_and_the_highest_of_the_calibration() -> None:
    bank = quick_bank(9).memory_bank
    scores = dict(zip(bank.calibration_parts.tolist(), bank.calibration_scores.tolist(), strict=True))
    ranked = [scores[number] for number in golden_numbers(bank)]
    assert ranked == [min(scores.values()), np.median(list(scores.values())), max(scores.values())]


def test_a_sound_bank_passes_and_its_pictures_are_the_parts_own_bytes() -> None:
    model, loaded = model_of(quick_bank())
    check_golden(model, loaded)
    golden = golden_of(loaded)
    assert [sha256_hex(data) for data in golden.pictures] == [
        loaded.manifest.parts[number].sha256 for number in golden.parts
    ]


class Shifted(QuickNetwork):
    """As if a library had changed: all features a hundredth larger."""

    def stages(self, batch: Any) -> list[Any]:
        return [stage * 1.01 for stage in super().stages(batch)]


def test_an_engine_that_scores_otherwise_is_refused_with_frame_and_both_scores() -> None:
    model, loaded = model_of(quick_bank(), Shifted())
    check_features(model, loaded)
    with pytest.raises(BankRefused) as refused:
        check_pictures(model, loaded)
    assert refused.value.reason is Refusal.GOLDEN_DIFFERS
    golden, said = golden_of(loaded), refused.value.sentence
    assert loaded.manifest.parts[int(golden.parts[0])].name in said
    assert f"scored {golden.scores[0]:.6g} and its picture scores" in said
    assert "\n" not in said


def test_half_precision_may_lie_further_off_and_is_named_in_the_remedy() -> None:
    class Half(Shifted):
        precision = "bfloat16"

        def stages(self, batch: Any) -> list[Any]:
            return [stage * self.by for stage in QuickNetwork.stages(self, batch)]

        by = 1.0001

    near, far = Half(), Half()
    far.by = 1.5
    model, loaded = model_of(quick_bank(), near)
    check_pictures(model, loaded)
    model, loaded = model_of(quick_bank(), far)
    with pytest.raises(BankRefused, match="compute in float32 as it was made"):
        check_pictures(model, loaded)


def test_stored_features_that_score_otherwise_through_the_index_are_refused() -> None:
    model, loaded = model_of(quick_bank())
    golden = golden_of(loaded)
    other = GoldenFrames(golden.parts, golden.scores * np.float32(1.5), golden.features, golden.pictures)
    with pytest.raises(BankRefused, match="its stored features score"):
        check_features(model, replace(loaded, golden=other))


def test_a_bank_from_before_golden_frames_passes() -> None:
    model, loaded = model_of(quick_bank())
    check_golden(model, replace(loaded, golden=None))


def test_a_picture_that_is_neither_the_parts_nor_its_view_is_refused() -> None:
    model, loaded = model_of(quick_bank())
    golden = golden_of(loaded)
    for foreign in (b"no image", good_parts(1, 50)[0].data):
        other = GoldenFrames(golden.parts, golden.scores, golden.features, (foreign,) * len(golden.parts))
        with pytest.raises(BankRefused) as refused:
            check_pictures(model, replace(loaded, golden=other))
        assert refused.value.reason is Refusal.GOLDEN_DIFFERS


def test_a_large_picture_is_kept_as_the_network_sees_it_and_scores_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("service.training.golden.MOST_BYTES", 1000)
    built = build_bank("line1", "default", good_parts(6), QUICK, QuickNetwork())
    model, loaded = model_of(built)
    check_golden(model, loaded)
    contract = loaded.manifest.contract
    for data in golden_of(loaded).pictures:
        shown = decode(data)
        assert (shown.height, shown.width) == (contract.input_height, contract.input_width)


def test_a_grown_bank_keeps_its_golden_frames_and_scores_them_anew() -> None:
    built = quick_bank()
    loaded = read_bank(built.data)
    numbers = {number: built.features[entry.sha256] for number, entry in enumerate(loaded.manifest.parts)}
    more = good_parts(12)[8:]
    taught = build_bank("line1", "default", [*good_parts(8), *more], QUICK, QuickNetwork())
    features = [taught.features[part.sha256] for part in more]
    entries = [PartEntry(sha256=part.sha256, name=part.name, origin="approved") for part in more]
    grown = grow_bank(loaded, KnownParts.of(loaded.memory_bank, numbers), features, entries, Rates()).built
    model, again = model_of(grown)
    check_golden(model, again)
    before, after = golden_of(loaded), golden_of(again)
    assert before.pictures == after.pictures
    assert (after.scores <= before.scores + 1e-5).all()
    assert extraction_digest(before, model.extractor) == extraction_digest(after, model.extractor)


def test_the_same_parts_give_the_same_golden_frames_to_the_byte() -> None:
    again = build_bank("line1", "default", good_parts(8)[::-1], QUICK, QuickNetwork())
    assert again.data == quick_bank().data
    assert GoodPart.of("x", golden_of(read_bank(again.data)).pictures[0]).form.width == 160
