"""PatchCore as a library: fit on arrays of good parts, score arrays, with scikit-learn's habits."""

from collections.abc import Callable
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from service.patchcore.calibration import Calibration, effective_alpha
from service.patchcore.fit import fit
from service.patchcore.growth import grow
from service.patchcore.held_out import fused_score
from service.patchcore.levels import Levels, fused
from service.patchcore.memory_bank import MemoryBank
from service.patchcore.recipe import Recipe
from service.patchcore.scoring import patch_scores

Embedding = Callable[[Any], NDArray[np.floating]]
INLIER, OUTLIER = 1, -1


class PatchCore:
    """A memory bank of good parts that scores others (Roth et al., CVPR 2022), for whoever has arrays.

    Parts are patch features, (N, H, W, D) for N parts of H x W patches; with `embed`, whatever `embed` turns
    into such an array. `levels` are the stages' widths for a recipe that fuses late. Signs are those of
    scikit-learn's outlier detectors: `score_samples` is higher for more normal parts, `predict` is 1 for
    normal and -1 for anomalous ones, and `decision_function` is negative exactly for the latter.

    After `fit`: `bank_`, what was learned; `alpha_`, the false-alarm rate that so many parts can state,
    max(wished, 1 / (n + 1)); `offset_`, the threshold with its sign turned. Every call blocks for its
    arithmetic, and all but `fit` raise ValueError before it.

    >>> rng = np.random.default_rng(0)
    >>> good = rng.normal(size=(40, 8, 8, 16))
    >>> model = PatchCore(false_alarm_rate=0.05).fit(good)
    >>> bad = rng.normal(size=(1, 8, 8, 16))
    >>> bad[0, 2, 5] += 4
    >>> model.predict(bad)
    array([-1])
    >>> patches = model.anomaly_maps(bad)[0]
    >>> [int(i) for i in np.unravel_index(patches.argmax(), patches.shape)]
    [2, 5]
    """

    def __init__(
        self,
        recipe: Recipe | None = None,
        *,
        embed: Embedding | None = None,
        levels: Levels = (),
        false_alarm_rate: float = 0.01,
    ) -> None:
        self.recipe = recipe or Recipe()
        self.embed = embed
        self.levels = levels
        self.false_alarm_rate = false_alarm_rate
        self._bank: MemoryBank | None = None
        self._known: dict[int, NDArray[np.floating]] = {}

    def fit(self, X: Any, y: None = None) -> Self:  # noqa: N803 - scikit-learn's name
        """Learn good parts; `y` is not looked at. Raises ValueError as `service.patchcore.fit.fit` does, and
        for a rate outside (0, 1)."""
        effective_alpha(self.false_alarm_rate, 1)
        features = self._features(X)
        self._bank = fit(list(features), self.recipe, levels=self.levels)
        self._known = dict(enumerate(features))
        return self

    def partial_fit(self, X: Any, y: None = None) -> Self:  # noqa: N803
        """Learn more good parts: the bank is what greedy selection would have gone on to choose, see `grow`.
        The rate is still promised by the parts that `fit` had, whose features are kept for this: parts that
        are taught later are rarely a fair sample. A model that knows nothing yet is fitted."""
        if self._bank is None:
            return self.fit(X)
        self._bank = grow(self._bank, list(self._features(X)), self._known)
        return self

    def score_samples(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """(N,), higher is more normal: the anomaly score with its sign turned."""
        distances = self._distances(X)
        return np.array([-fused_score(part, self.recipe) for part in distances], dtype=np.float64)

    def decision_function(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """(N,), `score_samples` less `offset_`."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: Any) -> NDArray[np.int64]:  # noqa: N803
        """(N,), 1 for normal parts, -1 for those whose p-value is at most `alpha_`."""
        return np.where(self.decision_function(X) < 0, OUTLIER, INLIER)

    def fit_predict(self, X: Any, y: None = None) -> NDArray[np.int64]:  # noqa: N803
        """(N,), of the very parts that are learned, each held out: -1 for the share `alpha_` that is least
        like the others (and for one that owns the whole bank), else 1."""
        scores = self.fit(X).bank_.calibration_scores
        at_least = len(scores) - np.searchsorted(np.sort(scores), scores)
        answers = np.full(self.bank_.part_count, OUTLIER)
        answers[self.bank_.calibration_parts] = np.where(
            at_least <= self.alpha_ * len(scores), OUTLIER, INLIER
        )
        return answers

    def p_values(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """(N,), the conformal p-value of each part among the held-out good ones."""
        calibration = self._calibration
        return np.array([calibration.p_value(-score) for score in self.score_samples(X)])

    def anomaly_maps(self, X: Any) -> NDArray[np.float32]:  # noqa: N803
        """(N, H, W), each patch's score on the anomaly score's own scale; `draw_grid` enlarges one."""
        return np.stack([patch_scores(fused(part), self.recipe.score) for part in self._distances(X)])

    @property
    def bank_(self) -> MemoryBank:
        if self._bank is None:
            raise ValueError("this PatchCore has learned nothing yet: call fit with good parts first")
        return self._bank

    @property
    def alpha_(self) -> float:
        return effective_alpha(self.false_alarm_rate, self._calibration.n)

    @property
    def offset_(self) -> float:
        return -self._calibration.threshold(self.alpha_)

    @property
    def _calibration(self) -> Calibration:
        return self.bank_.calibration()

    def _distances(self, parts: Any) -> list[NDArray[np.float32]]:
        bank = self.bank_
        return [bank.distances(part) for part in self._features(parts)]

    def _features(self, parts: Any) -> NDArray[np.floating]:
        features = np.asarray(parts if self.embed is None else self.embed(parts))
        if features.ndim != 4 or not np.issubdtype(features.dtype, np.floating):
            raise ValueError(
                f"parts of shape {features.shape} and type {features.dtype} are no patch features: give "
                "floats (N, H, W, D), or an embed that makes them"
            )
        return features
