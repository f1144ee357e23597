"""Pictures to patch features, the same way for a bank's parts and for the frames that are held against it."""

from collections.abc import Hashable, Sequence
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from service.backbones.base import Backbone
from service.backbones.finite import not_finite
from service.images.contract import InputContract
from service.images.picture import Picture, Pixels
from service.images.resize import to_batch
from service.images.view import view
from service.inspection.device_extractor import DeviceExtractor
from service.inspection.in_threads import in_threads, pieces
from service.inspection.looks import looked_at
from service.inspection.patch_grid import PatchGrid
from service.patchcore.cropping import cropped, uncropped
from service.patchcore.embedding import embed
from service.patchcore.levels import Levels
from service.patchcore.recipe import Recipe
from service.patchcore.resident import Features, on_host


class PatchExtractor:
    """A backbone, a recipe and a contract that belong together. One owner thread, the backbone's.

    Raises ValueError when the backbone is not the one that the recipe names, or lacks its stages, and when
    the contract's mask leaves no patch to look at.
    """

    def __init__(self, backbone: Backbone, recipe: Recipe, contract: InputContract) -> None:
        if (backbone.name, backbone.strides) != (recipe.backbone, recipe.stages * recipe.networks):
            raise ValueError(
                f"The recipe wants {recipe.backbone} at strides {recipe.stages} and got {backbone.name} at "
                f"{backbone.strides}: load the backbone that the recipe names."
            )
        self.backbone = backbone
        self.recipe = recipe
        self.contract = contract
        rows = contract.input_height // recipe.grid_stride
        columns = contract.input_width // recipe.grid_stride
        self.grid = PatchGrid(rows, columns, contract.cells(rows, columns))
        self.on_device = (
            DeviceExtractor(backbone, recipe, contract, self.companions) if backbone.device != "cpu" else None
        )

    @property
    def levels(self) -> Levels:
        """The columns of each stage of each look where the recipe fuses late, else empty."""
        return self.backbone.channels * self.looks if self.recipe.fusion == "late" else ()

    @property
    def looks(self) -> int:
        """How often a picture is looked at."""
        return self.contract.looks(self.recipe)

    @property
    def input_size(self) -> tuple[int, int]:
        """(height, width) of the network's input."""
        cut = 2 * self.recipe.crop_margin
        return self.contract.input_height - cut, self.contract.input_width - cut

    @property
    def companions(self) -> Hashable:
        """Extractors with equal ones make the same of a view: their pictures share a batch."""
        recipe, contract = self.recipe, self.contract
        embedding = (recipe.stages, recipe.patch_means, recipe.pooling, recipe.grid_stride, self.looks)
        size = (contract.input_height, contract.input_width, recipe.crop_margin)
        return id(self.backbone), embedding, size, (contract.channels, contract.depth, contract.white)

    def embedded(self, views: Sequence[Pixels]) -> Features:
        """What ``view`` made of pictures, embedded: [B, H, W, D] over the whole region of interest. An array,
        after the network's time; on a device a tensor, without waiting for it. Raises ValueError when there
        are none, and NonFiniteFeatures on a CPU."""
        if self.on_device is not None:
            return self.on_device.embedded(views)
        white, mean, std = self.contract.white, self.backbone.mean, self.backbone.std
        size, margin = (self.contract.input_height, self.contract.input_width), self.recipe.crop_margin
        batch = cropped(to_batch(views, size, white=white, mean=mean, std=std), margin)
        stages = looked_at(self.backbone, batch, self.looks)
        some = [[stage[piece] for stage in stages] for piece in pieces(len(views))]
        patches = in_threads(lambda stages: embed(stages, self.recipe).numpy(), some)
        whole = np.concatenate(patches) if len(patches) > 1 else patches[0]
        return uncropped(whole, margin // self.recipe.grid_stride)

    def counted(self, embedded: Features) -> Features:
        """The patches that count of what was ``embedded``, where that lies: [B, H, W, D], contiguous, or with
        a mask [B, 1, P, D]."""
        if isinstance(embedded, np.ndarray):
            return self.grid.kept(embedded)
        if self._cells is None:
            return embedded
        return embedded.flatten(1, 2).index_select(1, self._cells)[:, None]

    @cached_property
    def _cells(self) -> torch.Tensor | None:
        """The cells that count, on the device: to send them with each batch would wait for it."""
        if self.grid.counted is None:
            return None
        return torch.from_numpy(np.flatnonzero(self.grid.counted)).to(self.backbone.device)

    def require_finite(self, values: NDArray[np.float32]) -> None:
        """Raises NonFiniteFeatures unless these, which came of what the network computed on a device, are
        numbers. On a CPU the network has looked."""
        if self.backbone.device != "cpu" and not np.isfinite(values.sum(dtype=np.float64)):
            raise not_finite(self.backbone)

    def extract(self, pictures: Sequence[Picture]) -> NDArray[np.float32]:
        """float32 [B, H, W, D] of pictures that fit the contract (not checked here), as ``counted`` shapes
        them. Blocks for the network and 1 to 3 ms a picture of a megapixel.

        Raises ValueError when there are no pictures, and NonFiniteFeatures.
        """
        return self.extract_views([view(picture, self.contract) for picture in pictures])

    def extract_views(self, views: Sequence[Pixels]) -> NDArray[np.float32]:
        """``extract`` of pictures that ``view`` has made already, or kept."""
        features = on_host(self.counted(self.embedded(views)))
        self.require_finite(features)
        return features
