"""The crop that the authors' code makes, and a patch grid that covers the frame all the same."""

import numpy as np
from numpy.typing import NDArray


def cropped(batch: NDArray[np.float32], margin: int) -> NDArray[np.float32]:
    """(B, C, H, W) without `margin` pixels at every side. Raises ValueError when nothing would be left."""
    if 2 * margin >= min(batch.shape[2:]):
        raise ValueError(f"crop_margin {margin} leaves nothing of an input of {batch.shape[2:]}: lower it")
    if not margin:
        return batch
    return np.ascontiguousarray(batch[:, :, margin:-margin, margin:-margin])


def uncropped(features: NDArray[np.float32], cells: int) -> NDArray[np.float32]:
    """(B, H, W, D) with `cells` more at every side, each a copy of the nearest cell within.

    Maps and boxes then lie where they should on the frame. A copy adds nothing to a bank, whose selection
    never takes a vector twice before all others, and nothing to a score, which is a maximum.
    """
    if not cells:
        return features
    return np.pad(features, ((0, 0), (cells, cells), (cells, cells), (0, 0)), mode="edge")
