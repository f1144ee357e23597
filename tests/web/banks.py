"""A line whose bank is a real file: small, of made-up numbers, and signed by nobody."""

from typing import Any

import numpy as np

from schemas.activation import Activated
from schemas.ids import sha256_hex
from service.banks.bank_file import write_bank
from service.banks.manifest import PartEntry
from service.store.keys import bank_key, part_key
from service.training.thresholds import thresholds_of
from tests.banks.conftest import manifest_of, small_bank
from tests.web.plant import PNG, Plant


def small_file(line: str, *, parts: int = 9) -> tuple[bytes, str]:
    """A bank file of so many parts, and its version."""
    bank = small_bank(seed=0, vectors=4 * parts, parts=parts)
    manifest = manifest_of(bank, line=line).model_copy(update={"parts": entries_of(parts)})
    data = write_bank(bank, manifest)
    return data, sha256_hex(data)


def entries_of(parts: int) -> tuple[PartEntry, ...]:
    """Parts by number."""
    return tuple(PartEntry(sha256=sha256_hex(PNG + bytes([n])), name=f"part {n}.jpg") for n in range(parts))


async def put_in_force(plant: Plant, line: str, epoch: int, *, parts: int = 9, **facts: Any) -> Activated:
    """Store a bank of so many parts with their pictures, publish it, and put it in force."""
    data, version = small_file(line, parts=parts)
    await plant.store.put(bank_key(line, "default", version), data)
    for n, entry in enumerate(entries_of(parts)):
        await plant.store.put(part_key(line, "default", entry.sha256), PNG + bytes([n]))
    scores = small_bank(seed=0, vectors=4 * parts, parts=parts).calibration_scores
    thresholds = thresholds_of(np.asarray(scores), 0.2, 0.4)
    return await plant.activate(
        line,
        epoch,
        version=version,
        size_bytes=len(data),
        thresholds=thresholds,
        **facts,
    )
