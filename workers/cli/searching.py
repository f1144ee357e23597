"""Two searches of the same banks for the same pictures, timed in turn and compared."""

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from service.patchcore import Recipe, Search
    from workers.demo.cells import Cell

_TAUGHT = 100
_BATCH = 8
_EQUAL = 1e-6
_KIND = "mono"


@dataclass(frozen=True, slots=True)
class Compared:
    """Milliseconds a picture, medians; shares that are equal to 1e-6."""

    patches: int
    vectors: int
    dim: int
    index: str
    build_seconds: float
    exact_ms: float
    ms: float
    batch_exact_ms: float
    batch_ms: float
    image_scores_equal_share: float
    patches_equal_share: float
    image_auroc: float
    image_auroc_delta: float

    def figures(self) -> dict[str, Any]:
        """As one JSON object."""
        rounded = {name: getattr(self, name) for name in self.__slots__}
        for name, value in rounded.items():
            if isinstance(value, float):
                rounded[name] = round(value, 6 if "share" in name or "auroc" in name else 3)
        speedups = {
            "speedup": round(self.exact_ms / self.ms, 2),
            "batch_speedup": round(self.batch_exact_ms / self.batch_ms, 2),
        }
        return rounded | speedups


class Searching:
    """Cells that were never taught, good and defective, and banks of good ones. Blocks."""

    def __init__(self, judged: int, rounds: int, search: "Search") -> None:
        from workers.cli.bench_cells import cells
        from workers.demo.cells import DEFECTIVE, GOOD

        good = cells(_KIND, GOOD)
        self._taught: Sequence[Cell] = good[:_TAUGHT]
        self._judged: Sequence[Cell] = [*good[_TAUGHT:][:judged], *cells(_KIND, DEFECTIVE)[:judged]]
        self._bad = [cell.probability == DEFECTIVE for cell in self._judged]
        self._rounds, self._search = rounds, search

    def plain(self, vectors: int) -> Compared:
        """A greedy bank of the recipe ``plain``: one vector of 152 numbers a patch, the largest distance."""
        from service.patchcore import greedy_coreset, project
        from service.patchcore.recipes import PLAIN

        known, queries = self._features(PLAIN)
        order = greedy_coreset(project(known, PLAIN.projection_dim, PLAIN.seed), keep=vectors).indices
        return self._compared(PLAIN, known[order], queries, ())

    def whole(self, vectors: int) -> Compared:
        """As many patches as asked for, drawn without a selection."""
        import numpy as np

        from service.patchcore.recipes import PLAIN

        known, queries = self._features(PLAIN)
        drawn = np.random.default_rng(0).choice(len(known), min(vectors, len(known)), replace=False)
        return self._compared(PLAIN, known[drawn], queries, ())

    def balanced(self) -> Compared:
        """The default recipe's bank: levels, and a quantile of all distances in the score."""
        from service.patchcore.recipes import BALANCED
        from workers.cli.bench_cells import CellLine

        line = CellLine(self._taught, BALANCED)
        bank, rows = line.model.bank, line.features(self._judged)
        queries = [bank.queries(rows[cell.name]) for cell in self._judged]
        return self._compared(BALANCED, bank.vectors, queries, bank.levels)

    def _features(self, recipe: "Recipe") -> "tuple[NDArray[np.float16], list[NDArray[np.float32]]]":
        import numpy as np

        from service.images.contract import InputContract
        from service.images.decode import decode
        from service.inspection.extractor import PatchExtractor
        from workers.cli.device import ready_backbone
        from workers.cli.installation import command_settings

        pictures = [decode(cell.path.read_bytes()) for cell in [*self._taught, *self._judged]]
        contract = InputContract.learn([picture.form() for picture in pictures[:_TAUGHT]], recipe)
        extractor = PatchExtractor(ready_backbone(command_settings(), recipe), recipe, contract)
        batches = [pictures[at : at + _BATCH] for at in range(0, len(pictures), _BATCH)]
        rows = np.concatenate([extractor.extract(batch) for batch in batches])
        rows = rows.reshape(len(pictures), -1, rows.shape[-1])
        return np.concatenate(rows[:_TAUGHT]).astype(np.float16), list(rows[_TAUGHT:])

    def _compared(
        self,
        recipe: "Recipe",
        vectors: "NDArray[np.float16]",
        queries: "list[NDArray[np.float32]]",
        levels: tuple[int, ...],
    ) -> Compared:
        import numpy as np

        from service.patchcore import image_score, index_of

        flat = index_of(vectors, levels)
        began = time.perf_counter()
        fast = index_of(vectors, levels, search=self._search, score=recipe.score)
        built = time.perf_counter() - began
        exact = np.stack([flat.nearest(rows) for rows in queries])
        found = np.stack([fast.nearest(rows) for rows in queries])
        exact_scores, scores = (image_score(d[:, None], recipe.score) for d in (exact, found))
        few = min(_BATCH, len(queries))
        batches = [np.concatenate(queries[at : at + few]) for at in range(0, len(queries) - few + 1, few)]
        exact_ms, ms = self._timed(queries, flat.nearest, fast.nearest)
        batch_exact_ms, batch_ms = self._timed(
            batches, lambda rows: flat.nearest(rows, few), lambda rows: fast.nearest(rows, few)
        )
        ranked = self._auroc(scores)
        return Compared(
            len(queries[0]),
            len(vectors),
            vectors.shape[1],
            fast.name,
            built,
            exact_ms,
            ms,
            batch_exact_ms / few,
            batch_ms / few,
            float(np.isclose(scores, exact_scores, rtol=_EQUAL, atol=0).mean()),
            float(np.isclose(found, exact, rtol=_EQUAL, atol=_EQUAL * float(exact.mean())).mean()),
            ranked,
            ranked - self._auroc(exact_scores),
        )

    def _auroc(self, scores: "NDArray[np.floating]") -> float:
        import numpy as np

        from service.patchcore import auroc

        found = auroc(np.array(self._bad), scores)
        return math.nan if found is None else found

    def _timed(
        self, given: "Sequence[NDArray[np.float32]]", *searches: "Callable[[NDArray[np.float32]], object]"
    ) -> list[float]:
        """Median milliseconds of each search, in turn on the same pictures or batches, spread over all that
        are given: what else the machine does meets all alike."""
        spent: list[list[float]] = [[] for _ in searches]
        apart = max(1, len(given) // self._rounds)
        for number in range(self._rounds):
            rows = given[number * apart % len(given)]
            for search, times in zip(searches, spent, strict=True):
                began = time.perf_counter()
                search(rows)
                times.append(1000 * (time.perf_counter() - began))
        return [statistics.median(times) for times in spent]
