"""What a model gets to see of a picture: cut to the region, resized, blanked where the mask says."""

from contextlib import suppress
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from service.images.contract import InputContract
from service.images.picture import Picture, Pixels
from service.images.region import WHOLE
from service.images.resize import fit
from service.images.unreadable import UnfitImage

_WHOLLY = 1 - 1e-5


def admit(picture: Picture, contract: InputContract) -> None:
    """Raises as ``contract.check``; of a picture that fits the view is kept, so that ``admit`` and
    ``view`` answer at once when they are asked again. Blocks for 1 to 3 ms a megapixel."""
    if contract not in picture.ahead:
        picture.ahead[contract] = _masked(contract.check(picture), picture, contract)


def look_ahead(picture: Picture, contract: InputContract) -> None:
    """``admit`` now, whoever asks later: nothing is kept of a picture that does not fit. Any thread, before
    the picture is handed on."""
    with suppress(UnfitImage):
        admit(picture, contract)


def view(picture: Picture, contract: InputContract) -> Pixels:
    """The picture at the network's input size, same channels and dtype, unscaled. The same for a bank's parts
    and for the frames that are held against it. What the mask leaves out is mid grey, so no pixel there
    changes a score, not even through a neighbouring patch. Blocks for 1 to 3 ms a megapixel."""
    if contract in picture.ahead:
        return picture.ahead[contract]
    return _masked(contract.resized(picture), picture, contract)


def _masked(pixels: Pixels, picture: Picture, contract: InputContract) -> Pixels:
    if contract.mask is None:
        return pixels
    blanked = pixels.copy()
    blanked[_blank(contract, picture.width, picture.height)] = contract.white // 2
    return blanked


@lru_cache(maxsize=32)
def _blank(contract: InputContract, width: int, height: int) -> NDArray[np.bool_]:
    """The input's pixels that a left-out pixel of the frame has a share in."""
    if contract.mask is None:
        raise ValueError("a contract without a mask blanks nothing")
    box = contract.box(width, height)
    seen = contract.mask.looked_at(contract.region or WHOLE, box.width, box.height)
    whole: NDArray[np.float32] = fit(seen.astype(np.float32), (contract.input_height, contract.input_width))
    return np.asarray(whole < _WHOLLY)
