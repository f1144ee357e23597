"""What is in force on a line, ready to judge: a bank with its index, its thresholds and its extractor."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from schemas.activation import Thresholds
from schemas.reasons import VerdictKind
from service.images.heatmap import draw_heatmap
from service.images.picture import Picture
from service.images.view import admit
from service.inspection.extractor import PatchExtractor
from service.inspection.in_threads import in_threads, pieces
from service.inspection.judgement import Draw, Judgement, verdict_of, wants_heatmap
from service.inspection.laps import Laps
from service.inspection.neighbours import Near, nearest_parts
from service.inspection.on_frame import anomaly_on_frame, regions_on_frame
from service.patchcore.memory_bank import MemoryBank
from service.patchcore.regions import Region
from service.patchcore.resident import Features, on_host, resident_queries
from service.patchcore.scoring import patch_scores
from service.patchcore.search import PatchIndex, Search, index_of

_LEAST_THRESHOLD = 1e-6


class LineModel:
    """Judges pictures against one version of a model's bank. One owner thread; ``close`` frees the index.

    The index is built here, as `search` says (blocks for about a second for a large bank), unless one is
    given. Raises
    ValueError when bank, index and extractor do not belong together.
    """

    def __init__(
        self,
        bank: MemoryBank,
        thresholds: Thresholds,
        extractor: PatchExtractor,
        index: PatchIndex | None = None,
        search: Search = "certified",
    ) -> None:
        if bank.recipe != extractor.recipe:
            raise ValueError(
                f"The bank was built with the recipe {bank.recipe.name} and the extractor runs "
                f"{extractor.recipe.name}: make the extractor from the bank's recipe."
            )
        self.bank = bank
        self.thresholds = thresholds
        self.extractor = extractor
        self.index = index or index_of(
            bank.vectors,
            bank.levels,
            search=search,
            score=bank.recipe.score,
            device=extractor.backbone.device,
        )
        if (self.index.dim, self.index.size) != (bank.dim, bank.size):
            raise ValueError("The index does not hold the bank's vectors: build it from this bank.")
        self._calibration = bank.calibration()

    def check(self, picture: Picture) -> None:
        """Raises UnfitImage where the picture shows no part or is of a kind that the model never saw."""
        admit(picture, self.extractor.contract)

    def judge(self, picture: Picture, *, draw: Draw = "flagged") -> Judgement:
        """One picture's judgement. Raises UnfitImage. Blocks for network and search."""
        self.check(picture)
        features = self.extractor.extract([picture])
        return self.judge_features([picture], features, draw=draw)[0]

    def judge_features(
        self,
        pictures: Sequence[Picture],
        features: Features,
        *,
        draw: Draw = "flagged",
        laps: Laps | None = None,
    ) -> list[Judgement]:
        """The judgements of pictures whose features [B, H, W, D] are known, here or on the device. Blocks for
        search and drawing, whose seconds ``laps`` is told, and for a device's network, which the search waits
        for. Raises NonFiniteFeatures."""
        laps = laps or Laps()
        with laps.of("search"):
            grids = self.score_features(features)
        with laps.of("draw"):
            each = zip(pictures, features, grids, strict=True)
            return in_threads(lambda one: self._judge(*one, draw), each)

    def score_features(self, features: Features) -> NDArray[np.float32]:
        """Patch scores [B, H, W] of the extractor's features, on the score's scale, over the whole grid: what
        a mask leaves out is never the highest. Blocks for the search. Raises NonFiniteFeatures."""
        distances = self._distances(features)
        self.extractor.require_finite(distances)
        scores = patch_scores(distances.reshape(features.shape[:3]), self.bank.recipe.score)
        return self.extractor.grid.laid_out(scores)

    def _distances(self, features: Features) -> NDArray[np.float32]:
        if self.extractor.backbone.device != "cpu":
            # One search: a device does not do two at once.
            return self.index.nearest(self._queries(features), len(features))
        some = [features[piece] for piece in pieces(len(features))]
        found = in_threads(lambda few: self.index.nearest(self._queries(few), len(few)), some)
        return np.concatenate(found)

    def _queries(self, features: Features) -> Features:
        if isinstance(features, np.ndarray):
            return self.bank.queries(features)
        return resident_queries(features, self.bank.whitening)

    def close(self) -> None:
        """Free the index now: a later judgement raises RuntimeError."""
        self.index.close()

    def _judge(self, picture: Picture, patches: Features, grid: NDArray[np.float32], draw: Draw) -> Judgement:
        score = float(grid.max())
        verdict = verdict_of(score, self.thresholds)
        return Judgement(
            score=score,
            p_value=self._calibration.p_value(score),
            verdict=verdict,
            regions=self._regions(picture, grid, verdict),
            patch_scores=grid,
            heatmap=self._draw(picture, grid) if wants_heatmap(verdict, draw) else None,
            nearest=self._nearest(patches, grid) if verdict is not VerdictKind.OK else (),
        )

    def _regions(
        self, picture: Picture, grid: NDArray[np.float32], verdict: VerdictKind
    ) -> tuple[Region, ...]:
        limits = {
            VerdictKind.DEFECT: self.thresholds.defect_score,
            VerdictKind.REVIEW: self.thresholds.review_score,
        }
        if verdict not in limits:
            return ()
        alarming, size = self.extractor.grid.alarming(grid), (picture.height, picture.width)
        return regions_on_frame(alarming, limits[verdict], self.extractor.contract, size)

    def _nearest(self, patches: Features, grid: NDArray[np.float32]) -> tuple[Near, ...]:
        worst = self.extractor.grid.kept_index(int(grid.argmax()))
        return nearest_parts(self.bank, on_host(patches.reshape(-1, patches.shape[-1])[worst]))

    def _draw(self, picture: Picture, grid: NDArray[np.float32]) -> bytes:
        contract, size = self.extractor.contract, (picture.height, picture.width)
        anomaly = anomaly_on_frame(grid, size, contract, self.bank.recipe.smooth_sigma)
        return draw_heatmap(picture.pixels, anomaly, self._anchor(), white=contract.white)

    def _anchor(self) -> float:
        """The colours' threshold. A bank of identical parts has a defect score of 0, or minus infinity."""
        return max(self.thresholds.defect_score, _LEAST_THRESHOLD)
