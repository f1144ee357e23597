"""The largest input and bank whose frames take no longer than a budget, measured on this machine."""

import statistics
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from service.backbones.base import Backbone
from service.evaluation.judging import BATCH, judge
from service.evaluation.refusal import EvaluationRefused
from service.images.contract import InputContract
from service.images.decode import decode
from service.images.picture import PictureForm
from service.inspection.extractor import PatchExtractor
from service.inspection.line_model import LineModel
from service.patchcore.memory_bank import MemoryBank, prepared, rounded
from service.patchcore.moments import Moments
from service.patchcore.recipe import Recipe
from service.patchcore.recipe_options import renamed
from service.patchcore.whitening import Whitening
from service.training.part import LIMITS
from service.training.thresholds import thresholds_of

import cv2  # isort: skip - after service.images, which sets what OpenCV reads while it loads

SIDES = (768, 704, 640, 576, 512, 448, 384, 320, 256, 224, 192, 160, 128)
"""Squared, the areas that are tried. Above 768 no gain was measured, so no budget buys it."""

BANK_SHARES = (1.0, 0.5, 0.25)
"""Of the recipe's own bank. A finer look is worth more than the last vectors, but not more than most."""

Look = tuple[NDArray[np.float32], float]
"""A batch's features, and the milliseconds a frame of a second look: the first sets the network up."""

_RUNS = 3
_FEWEST = 5


@dataclass(frozen=True, slots=True)
class Sight:
    """What a line will see: pictures like ``form``, and a bank of ``parts`` good parts."""

    form: PictureForm
    parts: int

    @classmethod
    def of(cls, forms: Sequence[PictureForm]) -> "Sight":
        """The median size, and the kind of the first: training refuses mixed kinds. Raises ValueError when
        there are none."""
        if not forms:
            raise ValueError("there are no pictures to measure with: give at least one good part")
        width, height = (statistics.median_low(sizes) for sizes in _sizes(forms))
        first = forms[0]
        return cls(PictureForm(width, height, first.channels, first.depth, first.peak), len(forms))


@dataclass(frozen=True, slots=True)
class Fitted:
    """``recipe`` within the budget; ``ms`` a frame from decoding to the drawn map, in batches of 8."""

    recipe: Recipe
    input_size: tuple[int, int]
    looks: int
    bank_vectors: int
    ms: float

    @property
    def sentence(self) -> str:
        """What was chosen."""
        height, width = self.input_size
        often = "" if self.looks == 1 else f", looked at {self.looks} times,"
        return (
            f"{self.recipe.name}: {width} x {height} pixels{often} and {self.bank_vectors} vectors take "
            f"{self.ms:.1f} ms a frame on this machine."
        )


def fit_budget(recipe: Recipe, backbone: Backbone, sight: Sight, budget_ms: float) -> Fitted:
    """The recipe with the largest input, and the most looks at a small one, for which at least a quarter of
    its bank fits into ``budget_ms``, and then with as much of its bank as fits. A recipe that crops keeps its
    input: only its bank may shrink.

    Measured with drawn noise of the sight's kind and size, as frames are judged: decoding, network, search
    and map. Blocks for up to a minute. Raises ``EvaluationRefused`` when nothing fits.
    """
    machine = _Machine(recipe, backbone, sight, budget_ms)
    last, smallest = len(machine.extractors) - 1, BANK_SHARES[-1]
    least = machine.trial(last, smallest)
    if least.ms > budget_ms:
        raise EvaluationRefused(
            f"nothing fits {budget_ms:g} ms a frame: the least that {recipe.name} takes on this machine is "
            f"{least.ms:.1f} ms, so raise --budget-ms or take a recipe with a smaller network"
        )
    # A larger input costs more, so halving finds the largest that fits in four trials instead of thirteen.
    place = bisect_left(range(last), True, key=lambda each: machine.trial(each, smallest).ms <= budget_ms)
    best = next(trial for share in BANK_SHARES if (trial := machine.trial(place, share)).ms <= budget_ms)
    return replace(best, recipe=renamed(best.recipe, recipe))


class _Machine:
    """What was measured here, each thing once: sizes of input, largest first, and shares of the bank."""

    def __init__(self, recipe: Recipe, backbone: Backbone, sight: Sight, budget_ms: float) -> None:
        self.extractors = list(_extractors(recipe, backbone, sight))
        self._parts, self._budget_ms = sight.parts, budget_ms
        self._frames = [_noise(sight.form, seed) for seed in range(BATCH)]
        self._looks: dict[int, Look] = {}
        self._trials: dict[tuple[int, float], Fitted] = {}

    def trial(self, place: int, share: float) -> Fitted:
        """The input at ``place`` with that share of its bank; none when the network alone is slow."""
        if place not in self._looks:
            self._looks[place] = _look(self.extractors[place], self._frames)
        if (place, share) not in self._trials:
            self._trials[place, share] = self._tried(self.extractors[place], *self._looks[place], share)
        return self._trials[place, share]

    def _tried(
        self, extractor: PatchExtractor, features: NDArray[np.float32], alone: float, share: float
    ) -> Fitted:
        recipe = extractor.recipe
        if alone > self._budget_ms:
            return Fitted(recipe, extractor.input_size, extractor.looks, 0, alone)
        whole = recipe.keep(self._parts * features[..., 0].size // BATCH)
        vectors = max(1, round(share * whole))
        ms = _judged(extractor, features, vectors, self._frames)
        taken = _with_bank(recipe, vectors, whole)
        return Fitted(taken, extractor.input_size, extractor.looks, vectors, ms)


def _extractors(recipe: Recipe, backbone: Backbone, sight: Sight) -> Iterator[PatchExtractor]:
    """The largest input first, each size and number of looks once: a small picture is never enlarged."""
    areas = {recipe.input_pixels} if recipe.crop_margin else {recipe.input_pixels, *(s * s for s in SIDES)}
    seen: set[tuple[tuple[int, int], int]] = set()
    for area in sorted(areas, reverse=True):
        sized = recipe.model_copy(update={"input_pixels": area})
        extractor = PatchExtractor(backbone, sized, InputContract.learn([sight.form], sized))
        kind = extractor.input_size, extractor.looks
        if kind not in seen:
            seen.add(kind)
            yield extractor


def _look(extractor: PatchExtractor, frames: list[bytes]) -> Look:
    features = extractor.extract([decode(frame, LIMITS) for frame in frames])
    ms = _timed(lambda: extractor.extract([decode(frame, LIMITS) for frame in frames]))
    return features, ms


def _judged(
    extractor: PatchExtractor, features: NDArray[np.float32], vectors: int, frames: list[bytes]
) -> float:
    """Milliseconds a frame against a bank of that many vectors: the median of three batches."""
    bank = _bank(extractor, features, vectors)
    model = LineModel(bank, thresholds_of(bank.calibration_scores), extractor)
    height, width = extractor.input_size
    named = [("noise", frame) for frame in frames]
    try:
        return statistics.median(_timed(lambda: judge(model, named, (height, width))) for _ in range(_RUNS))
    finally:
        model.close()


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began) / BATCH


def _bank(extractor: PatchExtractor, features: NDArray[np.float32], vectors: int) -> MemoryBank:
    """A bank that costs what a real one does: of the features' own patches, again and again."""
    recipe, levels = extractor.recipe, extractor.levels
    patches = features.reshape(-1, features.shape[-1])
    whitening = Whitening.of(Moments.of([patches]), recipe, levels) if recipe.equalises else None
    stored = np.resize(rounded(prepared(patches, whitening)), (vectors, patches.shape[1]))
    owner = np.zeros(vectors, np.int32)
    scores, names = np.ones(_FEWEST, np.float32), np.arange(_FEWEST, dtype=np.int32)
    grid = features.shape[1:3]
    return MemoryBank(stored, owner, scores, names, 0.0, 0.0, grid, recipe, whitening, _FEWEST, levels)


def _with_bank(recipe: Recipe, vectors: int, whole: int) -> Recipe:
    if vectors == whole:
        return recipe
    return recipe.model_copy(update={"max_vectors": vectors, "min_vectors": min(recipe.min_vectors, vectors)})


def _noise(form: PictureForm, seed: int) -> bytes:
    """A picture that takes a camera's time to decode: JPEG, or PNG for 16 bits."""
    rng = np.random.default_rng(seed)
    shape = (form.height, form.width) if form.channels == "grey" else (form.height, form.width, 3)
    coarse = rng.integers(0, 256, (max(1, form.height // 4), max(1, form.width // 4), *shape[2:]), np.uint8)
    pixels = cv2.resize(coarse, (form.width, form.height), interpolation=cv2.INTER_LINEAR)
    if form.depth == 8:
        return bytes(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 92])[1])
    deep = pixels.astype(np.uint16) * (max(form.peak, 256) // 256)
    return bytes(cv2.imencode(".png", deep)[1])


def _sizes(forms: Sequence[PictureForm]) -> tuple[list[int], list[int]]:
    return [form.width for form in forms], [form.height for form in forms]
