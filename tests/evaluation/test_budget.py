import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from service.evaluation import budget
from service.evaluation.budget import SIDES, Sight, fit_budget
from service.evaluation.refusal import EvaluationRefused
from service.images.picture import PictureForm
from service.inspection.extractor import PatchExtractor
from service.patchcore.recipe import Recipe, input_size
from tests.training.parts import QUICK, QuickNetwork

FORM = PictureForm(640, 480, "colour", 8, 255)


@pytest.fixture
def costs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that takes a millisecond for each 10,000 pixels and each 1,000 vectors: a real one differs
    from run to run, and from engineer to engineer."""
    monkeypatch.setattr(budget, "_look", lambda extractor, frames: (features(extractor.input_size), 0.0))

    def judged(extractor: PatchExtractor, _: object, vectors: int, frames: list[bytes]) -> float:
        return math.prod(extractor.input_size) / 10_000 + vectors / 1_000

    monkeypatch.setattr(budget, "_judged", judged)


def features(size: tuple[int, int]) -> NDArray[np.float32]:
    return np.zeros((8, size[0] // 8, size[1] // 8, 1), np.float32)


def fitted(ms: float, recipe: Recipe = QUICK, form: PictureForm = FORM, parts: int = 50) -> budget.Fitted:
    return fit_budget(recipe, QuickNetwork(), Sight(form, parts), ms)


@pytest.mark.usefixtures("costs")
@pytest.mark.parametrize("ms", [3.0, 5.0, 9.0, 17.0, 40.0])
def test_no_larger_input_would_have_fitted(ms: float) -> None:
    recipe = QUICK.model_copy(update={"coreset_share": 1.0, "max_vectors": 2_000})
    found = fitted(ms, recipe)
    assert found.ms <= ms
    sizes = {input_size(recipe.model_copy(update={"input_pixels": side**2}), 640, 480) for side in SIDES}
    area = found.input_size[0] * found.input_size[1]
    assert not [size for size in sizes if area < size[0] * size[1] <= (ms - 0.5) * 10_000]


@pytest.mark.usefixtures("costs")
def test_the_bank_is_the_largest_that_fits_beside_the_input() -> None:
    recipe = QUICK.model_copy(update={"coreset_share": 1.0, "max_vectors": 8_000})
    assert {fitted(ms, recipe).bank_vectors for ms in np.arange(4.0, 60.0, 0.5)} == {2_000, 4_000, 8_000}


@pytest.mark.usefixtures("costs")
def test_what_was_chosen_are_ordinary_values_of_the_recipe() -> None:
    found = fitted(9.0)
    assert found.recipe.name == "quick*"
    assert input_size(found.recipe, 640, 480) == found.input_size
    changed = found.recipe.model_dump(exclude={"name", "input_pixels", "max_vectors", "min_vectors"})
    assert changed.items() <= QUICK.model_dump().items()
    assert "ms a frame on this machine" in found.sentence


@pytest.mark.usefixtures("costs")
def test_a_recipe_that_crops_keeps_its_input() -> None:
    cropped = QUICK.model_copy(update={"crop_margin": 16})
    assert fitted(1_000.0, cropped).recipe == cropped


@pytest.mark.usefixtures("costs")
def test_a_picture_is_never_enlarged() -> None:
    found = fitted(1_000.0, form=replace(FORM, width=200, height=150))
    assert found.input_size[0] * found.input_size[1] <= 200 * 150


@pytest.mark.usefixtures("costs")
def test_a_budget_below_the_least_is_refused_with_what_it_takes() -> None:
    with pytest.raises(EvaluationRefused, match=r"nothing fits 0.5 ms a frame: .* takes .* ms, so raise"):
        fitted(0.5)


@pytest.mark.parametrize(("channels", "depth"), [("grey", 8), ("colour", 8), ("grey", 16), ("colour", 16)])
def test_every_kind_of_picture_is_measured(channels: str, depth: int) -> None:
    form = PictureForm(96, 64, channels, depth, 4095 if depth == 16 else 255)  # type: ignore[arg-type]
    found = fitted(10_000.0, form=form)
    assert found.ms > 0
    assert found.input_size == (64, 96)


def test_a_network_that_is_too_slow_is_not_searched_after() -> None:
    machine = budget._Machine(QUICK, QuickNetwork(), Sight(FORM, 5), budget_ms=1e-6)
    assert machine.trial(0, 1.0).bank_vectors == 0


def test_the_median_size_is_measured() -> None:
    forms = [replace(FORM, width=width) for width in (100, 300, 200)]
    assert Sight.of(forms) == Sight(replace(FORM, width=200), 3)
    with pytest.raises(ValueError, match="no pictures"):
        Sight.of([])
