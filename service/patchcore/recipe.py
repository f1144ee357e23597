"""The recipe: every choice of the method that changes a score, in one frozen value."""

import math
from itertools import pairwise, product
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

ScoreMode = Literal["max", "max-minus-half-median", "max-minus-half-quartile"]
Pooling = Literal["mean", "paper"]
Fusion = Literal["early", "late"]

SIDE_STEP = 32
MIN_SIDE = 64
STRIDES = (2, 4, 8, 16, 32)


class Recipe(BaseModel):
    """What turns pictures into scores. Two banks with equal recipes give comparable scores.

    The fields' meaning: `backbone` may be several networks joined by "+", which see the same picture;
    `stages` are the strides of the backbone's feature stages, finest first; `patch_mean` is the side of the
    locally aware mean, in cells of each stage, one for all or one for each; `pooling` "paper" pools as the
    authors' code does instead (WideResNet50 only); `fusion` "early" joins the stages to one vector, as
    published, "late" finds each stage's nearest vector apart and adds the distances (see levels);
    `grid_stride` is the patch grid, in pixels of the network's input; `input_pixels` is the input's area;
    `looks` is how often a picture is looked at, turned and mirrored, where that area has room for it (see
    looks_at);
    `crop_margin`, in pixels of the input, is cut off at every side before the network; `smooth_sigma` is for
    drawing only, in pixels of a picture of 65,536 pixels. Raises pydantic's ValidationError on a value that
    cannot work; blocks never.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(default="plain", min_length=1, max_length=64)
    backbone: str = Field(default="tf_efficientnet_lite0", min_length=1, max_length=128)
    stages: tuple[int, ...] = (8, 16)
    patch_mean: int | tuple[int, ...] = 3
    pooling: Pooling = "mean"
    fusion: Fusion = "early"
    grid_stride: int = 8
    input_pixels: int = 65536
    looks: Literal[1, 2, 4] = 1
    keep_aspect: bool = True
    crop_margin: int = Field(default=0, ge=0)
    coreset_share: float = 0.02
    min_vectors: int = Field(default=100, ge=1)
    max_vectors: int = Field(default=20_000, ge=1)
    projection_dim: int = Field(default=128, ge=1)
    whiten: bool = False
    whiten_ridge: float = 1e-3
    score: ScoreMode = "max"
    smooth_sigma: float = Field(default=4.0, ge=0, le=256)
    seed: int = Field(default=0, ge=0, lt=2**63)

    @field_validator("stages")
    @classmethod
    def _stages_are_strides(cls, stages: tuple[int, ...]) -> tuple[int, ...]:
        rising = all(a < b for a, b in pairwise(stages))
        if not stages or not rising or any(s not in STRIDES for s in stages):
            raise ValueError(f"stages {stages} are not strides of a backbone: give some of {STRIDES}, rising")
        return stages

    @field_validator("patch_mean")
    @classmethod
    def _patch_mean_is_odd(cls, means: int | tuple[int, ...]) -> int | tuple[int, ...]:
        for side in (means,) if isinstance(means, int) else means:
            if side < 1 or side % 2 == 0:
                raise ValueError(f"patch_mean {side} has no centre cell: give an odd number, 1 for no mean")
        return means

    @field_validator("grid_stride")
    @classmethod
    def _grid_stride_is_a_stride(cls, stride: int) -> int:
        if stride not in STRIDES:
            raise ValueError(f"grid_stride {stride} does not divide every input size: give one of {STRIDES}")
        return stride

    @field_validator("input_pixels")
    @classmethod
    def _input_holds_a_grid(cls, pixels: int) -> int:
        if not MIN_SIDE**2 <= pixels <= 2**24:
            raise ValueError(
                f"input_pixels {pixels} is no workable input area: give {MIN_SIDE**2} to {2**24}"
            )
        return pixels

    @field_validator("coreset_share")
    @classmethod
    def _share_is_a_share(cls, share: float) -> float:
        if not 0 < share <= 1:
            raise ValueError(f"coreset_share {share} is no share of the patches: give more than 0, at most 1")
        return share

    @field_validator("whiten_ridge")
    @classmethod
    def _ridge_keeps_whitening_finite(cls, ridge: float) -> float:
        if not 1e-9 <= ridge <= 1e3:
            raise ValueError(
                f"whiten_ridge {ridge} leaves whitening unstable: give 1e-9 to 1000, such as 1e-3"
            )
        return ridge

    @model_validator(mode="after")
    def _each_stage_has_its_mean(self) -> Self:
        if len(self.patch_means) != len(self.stages):
            raise ValueError(
                f"patch_mean {self.patch_mean} does not fit {len(self.stages)} stages: give one for each"
            )
        return self

    @model_validator(mode="after")
    def _looks_are_pooled_as_means(self) -> Self:
        if self.looks > 1 and self.pooling == "paper":
            raise ValueError(
                f"pooling paper joins the two stages of one look: set looks to 1, not {self.looks}"
            )
        return self

    @model_validator(mode="after")
    def _crop_cuts_whole_cells(self) -> Self:
        if self.crop_margin % math.lcm(self.grid_stride, SIDE_STEP // 2):
            raise ValueError(
                f"crop_margin {self.crop_margin} cuts through cells: give a multiple of grid_stride and 16"
            )
        return self

    @model_validator(mode="after")
    def _bounds_are_ordered(self) -> Self:
        if self.min_vectors > self.max_vectors:
            raise ValueError(
                f"min_vectors {self.min_vectors} is above max_vectors {self.max_vectors}: lower the first"
            )
        return self

    @property
    def patch_means(self) -> tuple[int, ...]:
        """The side of the mean of each stage."""
        return (self.patch_mean,) * len(self.stages) if isinstance(self.patch_mean, int) else self.patch_mean

    @property
    def networks(self) -> int:
        """How many networks the backbone joins."""
        return self.backbone.count("+") + 1

    @property
    def equalises(self) -> bool:
        """Whether a bank turns features before it stores or searches them: late fusion adds distances of
        stages whose values differ in size, so without whitening it scales them at least."""
        return self.whiten or self.fusion == "late"

    def keep(self, patches: int) -> int:
        """How many of `patches` patches a bank of this recipe keeps."""
        share = math.ceil(self.coreset_share * patches)
        return min(patches, max(self.min_vectors, min(share, self.max_vectors)))


def input_size(recipe: Recipe, width: int, height: int) -> tuple[int, int]:
    """The network input (height, width) in pixels for a picture of `width` x `height` pixels.

    Sides are multiples of 32, at least 64; the area is about `recipe.input_pixels`, and never above the
    picture's own (enlarging loses accuracy) unless a side of 64 forces it. The aspect is kept within a
    multiple of 32, except for strips so long that the short side would fall below 64: there the area is kept
    instead. Raises ValueError for an empty picture.
    """
    if width < 1 or height < 1:
        raise ValueError(f"a picture of {width} x {height} pixels is empty: send one with both sides above 0")
    area = min(recipe.input_pixels, width * height)
    aspect = width / height if recipe.keep_aspect else 1.0
    ideal_height, ideal_width = _ideal(area, aspect)
    sizes = list(product(_multiples(ideal_height), _multiples(ideal_width)))
    fitting = [s for s in sizes if s[0] * s[1] <= width * height] or [min(sizes)]
    return min(fitting, key=lambda s: _distortion(s, ideal_height, ideal_width))


def looks_at(recipe: Recipe, height: int, width: int) -> int:
    """How often an input of that size is looked at: `recipe.looks` times, or as many of 4, 2 and 1 as fit
    into `recipe.input_pixels`. What a small picture leaves of a large one's time is so spent on it."""
    fitting = (
        looks for looks in (4, 2) if looks <= recipe.looks and looks * height * width <= recipe.input_pixels
    )
    return next(fitting, 1)


def _ideal(area: int, aspect: float) -> tuple[float, float]:
    height = math.sqrt(area / aspect)
    width = math.sqrt(area * aspect)
    if height < MIN_SIDE:
        return float(MIN_SIDE), max(area / MIN_SIDE, MIN_SIDE)
    if width < MIN_SIDE:
        return max(area / MIN_SIDE, MIN_SIDE), float(MIN_SIDE)
    return height, width


def _multiples(side: float) -> tuple[int, int]:
    below = max(MIN_SIDE, int(side // SIDE_STEP) * SIDE_STEP)
    return below, max(below, math.ceil(side / SIDE_STEP) * SIDE_STEP)


def _distortion(size: tuple[int, int], height: float, width: float) -> tuple[float, int]:
    off = math.log(size[0] / height) ** 2 + math.log(size[1] / width) ** 2
    return off, size[0] * size[1]
