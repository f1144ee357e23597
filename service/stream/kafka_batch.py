"""One record batch in Kafka's wire format, read with patience: header names that are no UTF-8 are mended."""

import struct
from collections.abc import Sequence
from typing import Any, SupportsIndex

from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import _DefaultRecordBatchPy

LENGTH = struct.Struct(">qi")


class _Mending(bytearray):
    """Bytes whose slices decode with replacement characters where they are no UTF-8."""

    def __getitem__(self, index: SupportsIndex | slice) -> Any:
        found = super().__getitem__(index)
        return found if isinstance(found, int) else _Mending(found)

    def decode(self, encoding: str = "utf-8", errors: str = "replace") -> str:
        return super().decode(encoding, "replace")


def first_batch(data: bytes) -> Any:
    """The first batch of a fetched set, its checksum verified. Raises ``CorruptRecordException``."""
    if len(data) < LENGTH.size:
        raise CorruptRecordException("a batch without a header")
    _, length = LENGTH.unpack_from(data)
    batch = _DefaultRecordBatchPy(data[: LENGTH.size + length])
    if not batch.validate_crc():
        raise CorruptRecordException("a batch whose checksum is wrong")
    return batch


def mended_records(batch: Any) -> Sequence[Any]:
    """All records of a batch. Raises ``CorruptRecordException``."""
    batch._maybe_uncompress()
    batch._buffer = _Mending(batch._buffer)
    return list(batch)
