"""The pictures of docs/method.md, from drawn parts: ``python -m tests.docs.method docs/images``."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.inspection.picture_embedding import PictureEmbedding
from service.patchcore import PatchCore
from service.patchcore.memory_bank import prepared, rounded
from service.patchcore.recipes import FAST
from tests.parts import DEFECTS, Image, draw_part

TAUGHT, UNSEEN, RATE = 60, 30, 0.05
TRAYS, TRAYS_UNSEEN = 40, 5
_BRASS, _DARK, _ROOM = np.array([1.0, 0.8, 0.45]), 70, 32
# The drawn parts are small pictures: the small network looks at each eighth pixel of them.
_LOOK = {"backbone": "efficientnet_lite0", "patch_mean": (1, 3), "grid_stride": 8, "max_vectors": 1_000}
_RECIPE, _PIXELS = FAST.model_copy(update=_LOOK), 256 * 256


def taught(pictures: Sequence[Image], pixels: int = _PIXELS) -> PatchCore:
    """A bank of the pictures, seen at ``pixels``. Blocks for half a minute, most of it the network."""
    recipe = _RECIPE.model_copy(update={"input_pixels": pixels})
    embed = PictureEmbedding(recipe)
    return PatchCore(recipe, embed=embed, levels=embed.levels, false_alarm_rate=RATE).fit(pictures)


def tray(seed: int, *, exchanged: bool = False, scratched: bool = False) -> Image:
    """Two compartments with room around: a flange of steel on the left, one of brass on the right."""
    steel = draw_part(seed, "scratch" if scratched else None, (192, 192))
    brass = draw_part(seed + 5000, size=(192, 192))
    metal = brass.mean(axis=2, keepdims=True) > _DARK
    brass = np.where(metal, brass * _BRASS, brass).astype(np.uint8)
    pair = [brass, steel] if exchanged else [steel, brass]
    return np.concatenate([_roomy(part) for part in pair], axis=1)


def _roomy(part: Image) -> Image:
    """The part with a plain margin of the conveyor's shade."""
    height, width = part.shape[:2]
    roomy = np.full((height + 2 * _ROOM, width + 2 * _ROOM, 3), part[:8, :8].mean(axis=(0, 1)), np.uint8)
    roomy[_ROOM:-_ROOM, _ROOM:-_ROOM] = part
    return roomy


def chosen_cells(model: PatchCore, features: NDArray[np.floating], part: int) -> NDArray[np.int64]:
    """(K, 2) rows and columns of the patches of one taught part that the bank keeps."""
    bank = model.bank_
    own = bank.vectors[bank.vector_part == part]
    patches = rounded(prepared(features.reshape(-1, features.shape[-1]), bank.whitening))
    places = [int(np.flatnonzero((patches == vector).all(axis=1))[0]) for vector in own]
    return np.stack(np.divmod(np.array(places, dtype=np.int64), features.shape[1]), axis=1)


def draw_all(folder: Path) -> dict[str, Any]:
    """Write the three pictures; return what they show. Blocks for two minutes."""
    import matplotlib as mpl

    mpl.use("Agg")
    good = [draw_part(seed) for seed in range(TAUGHT)]
    model = taught(good)
    _draw_bank(model, good[:4], folder / "method-bank.png")
    scores = _scores(model)
    _draw_threshold(model, scores, folder / "method-threshold.png")
    return {"model": model, "scores": scores, "trays": _draw_logical(folder / "method-logical.png")}


def _scores(model: PatchCore) -> dict[str, NDArray[np.float64]]:
    kinds: dict[str, list[Image]] = {"unseen good parts": [draw_part(1000 + n) for n in range(UNSEEN)]}
    kinds |= {kind: [draw_part(2000 + n, kind) for n in range(8)] for kind in DEFECTS}
    return {kind: -model.score_samples(pictures) for kind, pictures in kinds.items()}


def _draw_bank(model: PatchCore, pictures: Sequence[Image], path: Path) -> None:
    import matplotlib.pyplot as plt

    assert model.embed is not None
    features = model.embed(pictures)
    figure, axes = plt.subplots(1, len(pictures), figsize=(3 * len(pictures), 3), layout="constrained")
    for part, (axis, picture) in enumerate(zip(axes, pictures, strict=True)):
        cells = chosen_cells(model, features[part], part)
        height, width = picture.shape[0] / features.shape[1], picture.shape[1] / features.shape[2]
        axis.imshow(picture)
        axis.scatter((cells[:, 1] + 0.5) * width, (cells[:, 0] + 0.5) * height, 14, "#ff8c00", marker="s")
        axis.set_title(f"{len(cells)} of {features[part, ..., 0].size} patches kept", fontsize=10)
        axis.set_axis_off()
    figure.savefig(path, dpi=60)
    plt.close(figure)


def _draw_threshold(model: PatchCore, scores: dict[str, NDArray[np.float64]], path: Path) -> None:
    import matplotlib.pyplot as plt

    rows = {"good parts, each held out": model.bank_.calibration_scores.astype(np.float64), **scores}
    figure, axis = plt.subplots(figsize=(9, 3), layout="constrained")
    for place, (name, values) in enumerate(rows.items()):
        axis.plot(values, np.full(len(values), -place), "|", ms=14, label=name)
    axis.set_yticks([-place for place in range(len(rows))], list(rows))
    axis.axvline(-model.offset_, color="black", lw=1)
    axis.set_xlabel(f"score; the line is the threshold for a false-alarm rate of {RATE:.0%}")
    figure.savefig(path, dpi=70)
    plt.close(figure)


def _draw_logical(path: Path) -> dict[str, float]:
    """Of good trays, trays with a scratch and trays whose parts are exchanged, the one with the median score;
    its p-value."""
    import matplotlib.pyplot as plt

    model = taught([tray(seed) for seed in range(TRAYS)], 2 * _PIXELS)
    seeds = range(900, 900 + TRAYS_UNSEEN)
    shown = {
        "good": _typical(model, [tray(seed) for seed in seeds]),
        "a scratch on the left part": _typical(model, [tray(seed, scratched=True) for seed in seeds]),
        "the two parts exchanged": _typical(model, [tray(seed, exchanged=True) for seed in seeds]),
    }
    values = model.p_values(list(shown.values()))
    maps = model.anomaly_maps(list(shown.values()))
    figure, axes = plt.subplots(2, len(shown), figsize=(4 * len(shown), 4), layout="constrained")
    for column, (name, picture) in enumerate(shown.items()):
        axes[0, column].imshow(picture)
        axes[0, column].set_title(f"{name}: p = {values[column]:.3f}", fontsize=10)
        axes[1, column].imshow(maps[column], vmin=0, vmax=-2 * model.offset_, cmap="inferno")
    for axis in axes.flat:
        axis.set_axis_off()
    figure.savefig(path, dpi=60)
    plt.close(figure)
    return dict(zip(shown, values.tolist(), strict=True))


def _typical(model: PatchCore, pictures: Sequence[Image]) -> Image:
    return pictures[int(np.argsort(model.score_samples(pictures))[len(pictures) // 2])]


if __name__ == "__main__":
    draw_all(Path(sys.argv[1]))
