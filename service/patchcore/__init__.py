"""PatchCore, the method: arrays in, arrays out, with no I/O and nothing of ours beneath it."""

from service.patchcore.anomaly_map import draw_grid
from service.patchcore.calibration import Calibration, effective_alpha
from service.patchcore.coreset import Progress, Selection, greedy_coreset
from service.patchcore.embedding import embed
from service.patchcore.estimator import PatchCore
from service.patchcore.exact_index import ExactIndex
from service.patchcore.fit import fit
from service.patchcore.growth import grow
from service.patchcore.held_out import fused_score, held_out_distances, held_out_scores
from service.patchcore.levels import Levels, coverage_radius, fused, level_distances
from service.patchcore.memory_bank import MemoryBank
from service.patchcore.metrics import aupro, auroc, average_precision
from service.patchcore.nearest import nearest_distances
from service.patchcore.projection import project
from service.patchcore.recipe import Recipe, ScoreMode, input_size
from service.patchcore.regions import Region, find_regions
from service.patchcore.scoring import image_score, patch_scores
from service.patchcore.search import SEARCHES, PatchIndex, Search, index_of
from service.patchcore.whitening import Whitening

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
    "level_distances",
    "nearest_distances",
    "patch_scores",
    "project",
]
