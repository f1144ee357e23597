"""Which good parts a bank keeps as golden frames, and how."""

from collections.abc import Callable

import cv2
import numpy as np

from service.banks.golden import GoldenFrames
from service.images.contract import InputContract
from service.images.decode import decode
from service.images.picture import Pixels
from service.images.view import view
from service.inspection.golden import rescored
from service.patchcore import MemoryBank
from service.training.features import PartFeatures
from service.training.part import LIMITS

MOST_BYTES = 2**20
"""A larger picture is kept as the network sees it, a PNG of about three bytes for each pixel of the input."""


def golden_numbers(bank: MemoryBank) -> list[int]:
    """The calibration parts with the lowest, the median and the highest held-out score, by number."""
    ranked = bank.calibration_parts[np.argsort(bank.calibration_scores, kind="stable")]
    places = sorted({0, len(ranked) // 2, len(ranked) - 1})
    return [int(ranked[place]) for place in places]


def golden_frames(
    bank: MemoryBank,
    contract: InputContract,
    features: Callable[[int], PartFeatures],
    picture: Callable[[int], bytes],
) -> GoldenFrames:
    """The golden frames of a new bank; ``features`` and ``picture`` give a part's by its number. The same
    bank gives the same bytes. Blocks for decoding a large picture, and for an index."""
    numbers = golden_numbers(bank)
    kept = tuple(_kept(picture(number), contract) for number in numbers)
    rows = np.stack([features(number) for number in numbers])
    rows = rows.reshape(len(numbers), *bank.grid, bank.dim)
    unscored = GoldenFrames(np.array(numbers, np.int32), np.zeros(len(numbers), np.float32), rows, kept)
    return rescored(unscored, bank)


def _kept(data: bytes, contract: InputContract) -> bytes:
    return data if len(data) <= MOST_BYTES else _png(view(decode(data, LIMITS), contract))


def _png(pixels: Pixels) -> bytes:
    stored = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    return bytes(cv2.imencode(".png", stored)[1])
