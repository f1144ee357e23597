"""Pictures to patch features, the same way for a bank's parts and for the frames that are held against it."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from service.backbones.base import Backbone, Batch
from service.backbones.finite import not_finite
from service.images.contract import InputContract
from service.images.picture import Picture, Pixels
from service.images.resize import to_batch
from service.images.view import view
from service.inspection.device_input import device_input
from service.inspection.patch_grid import PatchGrid
from service.patchcore.cropping import cropped, uncropped
from service.patchcore.embedding import embed
from service.patchcore.levels import Levels
from service.patchcore.recipe import Recipe
from service.patchcore.resident import Features, resident_uncropped


class PatchExtractor:
    """A backbone, a recipe and a contract that belong together. One owner thread, the backbone's.

    Raises ValueError when the backbone is not the one that the recipe names, or lacks its stages, and when
    the contract's mask leaves no patch to look at.
    """

    def __init__(self, backbone: Backbone, recipe: Recipe, contract: InputContract) -> None:
        networks = recipe.backbone.count("+") + 1
        if (backbone.name, backbone.strides) != (recipe.backbone, recipe.stages * networks):
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

    @property
    def levels(self) -> Levels:
        """The columns of each stage where the recipe fuses late, else empty."""
        return self.backbone.channels if self.recipe.fusion == "late" else ()

    @property
    def input_size(self) -> tuple[int, int]:
        """(height, width) of the network's input: extractors with equal backbone and size share a batch."""
        cut = 2 * self.recipe.crop_margin
        return self.contract.input_height - cut, self.contract.input_width - cut

    def prepare(self, pictures: Sequence[Picture]) -> Batch:
        """The network's input, [B, 3, height, width], on its device; 1 to 3 ms a picture of a megapixel."""
        return self._normalised([view(picture, self.contract) for picture in pictures])

    def features(self, stages: Sequence[torch.Tensor]) -> NDArray[np.float32]:
        """The backbone's stages embedded: [B, H, W, D] on the CPU, contiguous, over the whole region of
        interest; with a mask [B, 1, P, D], of the patches that count. Waits for the device. Raises
        NonFiniteFeatures."""
        embedded: NDArray[np.float32] = embed(stages, self.recipe).cpu().numpy()
        self.require_finite(embedded)
        return self.grid.kept(uncropped(embedded, self.recipe.crop_margin // self.recipe.grid_stride))

    def require_finite(self, values: NDArray[np.float32]) -> None:
        """Raises NonFiniteFeatures unless these, which came of what the network computed on a device, are
        numbers. On a CPU the network has looked."""
        if self.backbone.device != "cpu" and not np.isfinite(values.sum(dtype=np.float64)):
            raise not_finite(self.backbone)

    def resident_features(self, stages: Sequence[torch.Tensor]) -> Features:
        """``features`` where a search wants them: an array for a CPU, else a tensor on the device, without
        waiting for it."""
        if self.backbone.device == "cpu":
            return self.features(stages)
        embedded = embed(stages, self.recipe)
        cells = self.recipe.crop_margin // self.recipe.grid_stride
        return self.grid.kept_on_device(resident_uncropped(embedded, cells))

    def extract(self, pictures: Sequence[Picture]) -> NDArray[np.float32]:
        """float32 [B, H, W, D] of pictures that fit the contract (not checked here), as ``features`` shapes
        them. Blocks for the network.

        Raises ValueError when there are no pictures.
        """
        return self.features(self.backbone.stages(self.prepare(pictures)))

    def extract_views(self, views: Sequence[Pixels]) -> NDArray[np.float32]:
        """``extract`` of pictures that ``view`` has made already, or kept."""
        return self.features(self.backbone.stages(self._normalised(views)))

    def _normalised(self, views: Sequence[Pixels]) -> Batch:
        white, mean, std = self.contract.white, self.backbone.mean, self.backbone.std
        margin = self.recipe.crop_margin
        if self.backbone.device != "cpu":
            (height, width), device = self.input_size, self.backbone.device
            whole_view = device_input(views, device, white=white, mean=mean, std=std)
            return whole_view[:, :, margin : margin + height, margin : margin + width]
        size = (self.contract.input_height, self.contract.input_width)
        whole = to_batch(views, size, white=white, mean=mean, std=std)
        return cropped(whole, margin)
