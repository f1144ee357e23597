"""What was measured: of one seed, of one category over its seeds, and of all."""

from collections.abc import Sequence
from statistics import fmean, stdev
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from service.evaluation.intervals import Interval
from service.patchcore.recipe import Recipe

AVERAGED = (
    "image_auroc",
    "average_precision",
    "pixel_auroc",
    "aupro",
    "false_alarm_rate",
    "recall",
    "bank_vectors",
    "fit_seconds",
    "score_ms_per_image",
)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Figures(_Frozen):
    """Quality and cost. None is "not defined": a class, or every mask, is missing. ``pixel_auroc`` and
    ``aupro`` (up to a false-positive rate of 0.3) are of maps whose longest side is at most 256 pixels; the
    rates are at the automatic threshold; milliseconds are from decoding to the drawn map, in batches of 8."""

    image_auroc: float | None
    average_precision: float | None
    pixel_auroc: float | None
    aupro: float | None
    false_alarm_rate: float | None
    recall: float | None
    bank_vectors: float
    fit_seconds: float
    score_ms_per_image: float


class SeedResult(Figures):
    """One draw of good parts and one bank. The intervals are Clopper and Pearson's at 95 %; ``alpha`` is the
    false-alarm rate that the bank promises; ``peak_memory_mb`` is the process's highest so far."""

    seed: int
    train_images: int
    input_size: tuple[int, int]
    bank_vectors: int
    alpha: float
    false_alarm_interval: Interval | None
    recall_interval: Interval | None
    peak_memory_mb: float


class CurvePoint(_Frozen):
    """The learning curve at ``train_images`` good parts, as means over the seeds; ``spread`` is the standard
    deviation of the AUROC over them, None for one seed."""

    train_images: int
    image_auroc: float | None
    spread: float | None
    average_precision: float | None
    false_alarm_rate: float | None
    recall: float | None


class FalseAlarms(_Frozen):
    """Over random splits of the good pictures. ``alpha`` is the rate that so many parts can promise for the
    ``wished`` one; a single bank's rate stays below ``bound`` with 95 % confidence (Beta, Vovk 2012);
    ``rates`` are what the splits' judged pictures came to, ``mean`` and ``spread`` theirs."""

    splits: int
    train_images: int
    judged: int
    wished: float
    alpha: float
    bound: float
    mean: float
    spread: float | None
    within_bound: bool
    rates: tuple[float, ...]


class Contamination(_Frozen):
    """Image AUROC, as means over the seeds, of banks of good parts alone, of banks in which ``defects`` of
    ``train_images`` parts are defects (``share`` of them), and of what the screen leaves of the latter;
    ``excluded`` parts it leaves out, ``excluded_defects`` of them rightly."""

    share: float
    train_images: int
    defects: int
    clean: float
    contaminated: float
    screened: float
    excluded: float
    excluded_defects: float


class CategoryResult(Figures):
    """Means over the seeds. ``spread`` is each figure's standard deviation over the seeds, None for one seed;
    an interval reaches over those of all seeds; ``input_size`` and ``map_size`` are (height, width). The last
    three are None unless they were asked for."""

    name: str
    train_images: int
    test_good: int
    test_defect: int
    input_size: tuple[int, int]
    bank_vectors: int
    map_size: tuple[int, int]
    false_alarm_interval: Interval | None
    recall_interval: Interval | None
    peak_memory_mb: float
    spread: dict[str, float | None]
    seeds: tuple[SeedResult, ...]
    curve: tuple[CurvePoint, ...] | None = None
    false_alarms: FalseAlarms | None = None
    contamination: Contamination | None = None

    @classmethod
    def over(cls, seeds: Sequence[SeedResult], **known: Any) -> Self:
        """The category of these seeds; ``known`` are the fields that no seed changes."""
        return cls(
            **{**means(seeds), "bank_vectors": round(fmean(seed.bank_vectors for seed in seeds))},
            **known,
            train_images=seeds[0].train_images,
            input_size=seeds[0].input_size,
            false_alarm_interval=_hull([seed.false_alarm_interval for seed in seeds]),
            recall_interval=_hull([seed.recall_interval for seed in seeds]),
            peak_memory_mb=max(seed.peak_memory_mb for seed in seeds),
            spread={name: _spread(_defined(seeds, name)) for name in AVERAGED},
            seeds=tuple(seeds),
        )


class Evaluation(_Frozen):
    """All categories under one recipe; ``mean`` of each figure over the categories that define it."""

    categories: tuple[CategoryResult, ...]
    mean: dict[str, float | None]
    recipe: Recipe
    backbone: str
    weights_sha256: str
    version: str


def means(results: Sequence[Figures]) -> dict[str, float | None]:
    """Each figure's mean over the results that define it, None where none does."""
    return {name: _mean(_defined(results, name)) for name in AVERAGED}


def _defined(results: Sequence[Figures], name: str) -> list[float]:
    values = [getattr(result, name) for result in results]
    return [value for value in values if value is not None]


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None


def _spread(values: Sequence[float]) -> float | None:
    return stdev(values) if len(values) > 1 else None


def _hull(intervals: Sequence[Interval | None]) -> Interval | None:
    """The seeds judge the same pictures, so their counts must not be added up as if they were more."""
    known = [interval for interval in intervals if interval is not None]
    if not known:
        return None
    return min(low for low, _ in known), max(high for _, high in known)
