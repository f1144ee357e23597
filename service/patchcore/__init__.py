"""PatchCore, the method: arrays in, arrays out, with no I/O and nothing of ours beneath it.

A name is imported when it is first asked for: the page reads banks and needs no network's library for that.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

# Not lazily: a module of that name would take the function's place.
from service.patchcore.fit import fit

if TYPE_CHECKING:
    from service.patchcore.anomaly_map import draw_grid
    from service.patchcore.calibration import Calibration, effective_alpha
    from service.patchcore.coreset import Progress, Selection, greedy_coreset
    from service.patchcore.coverage import coverage_radius
    from service.patchcore.embedding import embed
    from service.patchcore.estimator import PatchCore
    from service.patchcore.exact_index import ExactIndex
    from service.patchcore.growth import grow, learn
    from service.patchcore.held_out import fused_score, held_out_distances, held_out_scores
    from service.patchcore.levels import Levels, fused, level_distances
    from service.patchcore.memory_bank import MemoryBank
    from service.patchcore.metrics import aupro, auroc, average_precision
    from service.patchcore.nearest import nearest_distances
    from service.patchcore.projection import project
    from service.patchcore.recipe import Recipe, ScoreMode, input_size
    from service.patchcore.regions import Region, find_regions
    from service.patchcore.scoring import image_score, patch_scores
    from service.patchcore.search import SEARCHES, PatchIndex, Search, index_of
    from service.patchcore.whitening import Whitening

_HOMES = {
    "draw_grid": "anomaly_map",
    "Calibration": "calibration",
    "effective_alpha": "calibration",
    "Progress": "coreset",
    "Selection": "coreset",
    "greedy_coreset": "coreset",
    "embed": "embedding",
    "PatchCore": "estimator",
    "ExactIndex": "exact_index",
    "grow": "growth",
    "learn": "growth",
    "fused_score": "held_out",
    "held_out_distances": "held_out",
    "held_out_scores": "held_out",
    "Levels": "levels",
    "coverage_radius": "coverage",
    "fused": "levels",
    "level_distances": "levels",
    "MemoryBank": "memory_bank",
    "aupro": "metrics",
    "auroc": "metrics",
    "average_precision": "metrics",
    "nearest_distances": "nearest",
    "project": "projection",
    "Recipe": "recipe",
    "ScoreMode": "recipe",
    "input_size": "recipe",
    "Region": "regions",
    "find_regions": "regions",
    "image_score": "scoring",
    "patch_scores": "scoring",
    "SEARCHES": "search",
    "PatchIndex": "search",
    "Search": "search",
    "index_of": "search",
    "Whitening": "whitening",
}

__all__ = [
    "SEARCHES",
    "Calibration",
    "ExactIndex",
    "Levels",
    "MemoryBank",
    "PatchCore",
    "PatchIndex",
    "Progress",
    "Recipe",
    "Region",
    "ScoreMode",
    "Search",
    "Selection",
    "Whitening",
    "aupro",
    "auroc",
    "average_precision",
    "coverage_radius",
    "draw_grid",
    "effective_alpha",
    "embed",
    "find_regions",
    "fit",
    "fused",
    "fused_score",
    "greedy_coreset",
    "grow",
    "held_out_distances",
    "held_out_scores",
    "image_score",
    "index_of",
    "input_size",
    "learn",
    "level_distances",
    "nearest_distances",
    "patch_scores",
    "project",
]


def __getattr__(name: str) -> Any:
    """The name from the module that has it. Raises ``AttributeError`` for one that there is none of."""
    if name not in _HOMES:
        raise AttributeError(f"service.patchcore has no {name!r}")
    return getattr(import_module(f"service.patchcore.{_HOMES[name]}"), name)
