"""Golden frames: good parts that a bank keeps, with the scores that they had when it was made."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.banks.refusal import BankRefused, Refusal

MOST = 16
"""No more are read than a load can score again in about a second."""

TYPES: Mapping[str, np.dtype[Any]] = {
    "golden_parts": np.dtype(np.int32),
    "golden_scores": np.dtype(np.float32),
    "golden_features": np.dtype(np.float16),
    "golden_pictures": np.dtype(np.uint8),
    "golden_sizes": np.dtype(np.int32),
}


@dataclass(frozen=True, eq=False, slots=True)
class GoldenFrames:
    """Of each: the part's number in the bank (``parts`` int32 [K]), the image score of its features under
    this bank (``scores`` float32 [K]), the features as the bank's parts have them, before any whitening
    (``features`` float16 [K, H, W, D]), and an encoded picture: the part's own bytes, or, where these are
    large, the network's view of it as a lossless PNG. Which of the two the sha256 tells."""

    parts: NDArray[np.int32]
    scores: NDArray[np.float32]
    features: NDArray[np.float16]
    pictures: tuple[bytes, ...]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """As a bank file holds them."""
        return {
            "golden_parts": self.parts,
            "golden_scores": self.scores,
            "golden_features": self.features,
            "golden_pictures": np.frombuffer(b"".join(self.pictures), np.uint8),
            "golden_sizes": np.array([len(picture) for picture in self.pictures], np.int32),
        }

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]]) -> "GoldenFrames":
        """From arrays that ``refuse_unsound`` has passed."""
        ends = np.cumsum(arrays["golden_sizes"], dtype=np.int64)
        data = arrays["golden_pictures"].tobytes()
        starts = ends - arrays["golden_sizes"]
        pictures = tuple(data[start:end] for start, end in zip(starts, ends, strict=True))
        features = arrays["golden_features"]
        return cls(arrays["golden_parts"], arrays["golden_scores"], features, pictures)


def refuse_unsound(arrays: Mapping[str, NDArray[Any]], grid: tuple[int, int], dim: int, parts: int) -> None:
    """Raises ``BankRefused`` for arrays of golden frames that do not agree with each other or with the bank.
    Whether floats are finite is not looked at here."""
    numbers, sizes = arrays["golden_parts"], arrays["golden_sizes"]
    count = len(numbers) if numbers.ndim == 1 else 0
    agreeing = (
        0 < count <= MOST
        and arrays["golden_scores"].shape == sizes.shape == (count,)
        and arrays["golden_features"].shape == (count, *grid, dim)
        and arrays["golden_pictures"].ndim == 1
        and int(sizes.min()) > 0
        and int(sizes.sum(dtype=np.int64)) == arrays["golden_pictures"].size
        and int(numbers.min()) >= 0
        and int(numbers.max()) < parts
    )
    if not agreeing:
        shapes = ", ".join(f"{name} {arrays[name].shape}" for name in sorted(TYPES))
        raise BankRefused(Refusal.WRONG_SHAPE, f"Its golden frames do not fit it: {shapes}.")
