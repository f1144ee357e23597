"""Features on a disk: those of a thousand parts would fill the memory."""

import os
import tempfile
import weakref
from collections.abc import Iterator, Mapping, Sequence
from typing import overload

import numpy as np

from service.training.features import PartFeatures


class FeatureSpool(Sequence[PartFeatures]):
    """Arrays of one shape in a temporary file without a name, gone with the process or the last reference.

    Each look at one reads it anew, so that memory is what the caller keeps. It lies where ``TMPDIR`` says; a
    disk that is full raises OSError from ``append``. Several threads may read at once.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the last reference
        self._shape: tuple[int, ...] = ()
        self._count = 0
        weakref.finalize(self, self._file.close)

    def append(self, features: PartFeatures) -> None:
        """Add one part's. Raises ValueError for another shape than the first's."""
        self._shape = self._shape or features.shape
        if features.shape != self._shape or features.dtype != np.float16:
            raise ValueError(f"{features.dtype} {features.shape} among float16 {self._shape}: extract again")
        self._file.write(np.ascontiguousarray(features).tobytes())
        self._count += 1

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, number: int) -> PartFeatures: ...
    @overload
    def __getitem__(self, number: slice) -> list[PartFeatures]: ...
    def __getitem__(self, number: int | slice) -> PartFeatures | list[PartFeatures]:
        if isinstance(number, slice):
            return [self[each] for each in range(*number.indices(self._count))]
        if not -self._count <= number < self._count:
            raise IndexError(f"part {number} of {self._count}")
        self._file.flush()
        size = 2 * int(np.prod(self._shape))
        data = os.pread(self._file.fileno(), size, size * (number % self._count))
        return np.frombuffer(data, dtype=np.float16).reshape(self._shape)


class Picked(Sequence[PartFeatures]):
    """Some of a sequence's features, read when they are looked at."""

    def __init__(self, features: Sequence[PartFeatures], numbers: Sequence[int]) -> None:
        self._features, self._numbers = features, list(numbers)

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, number: int) -> PartFeatures: ...
    @overload
    def __getitem__(self, number: slice) -> list[PartFeatures]: ...
    def __getitem__(self, number: int | slice) -> PartFeatures | list[PartFeatures]:
        if isinstance(number, slice):
            return [self._features[each] for each in self._numbers[number]]
        return self._features[self._numbers[number]]


class ByName(Mapping[str, PartFeatures]):
    """Features by their part's sha256, read when they are looked at."""

    def __init__(self, names: Sequence[str], features: Sequence[PartFeatures]) -> None:
        self._numbers = {name: number for number, name in enumerate(names)}
        self._features = features

    def __getitem__(self, name: str) -> PartFeatures:
        return self._features[self._numbers[name]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)
