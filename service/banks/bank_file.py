"""One bank, one file: the arrays and the manifest. Its sha256 is the bank's version."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from schemas.ids import sha256_hex
from service.banks import golden as golden_arrays
from service.banks.golden import GoldenFrames
from service.banks.manifest import FORMAT, Manifest
from service.banks.refusal import BankRefused, Refusal
from service.banks.tensors import pack, unpack
from service.patchcore.memory_bank import MemoryBank
from service.patchcore.whitening import Whitening

TYPES: Mapping[str, np.dtype[Any]] = MappingProxyType(
    {
        "vectors": np.dtype(np.float16),
        "vector_part": np.dtype(np.int32),
        "calibration_scores": np.dtype(np.float32),
        "calibration_parts": np.dtype(np.int32),
        "calibration_shifts": np.dtype(np.float32),
        "whitening_mean": np.dtype(np.float32),
        "whitening_matrix": np.dtype(np.float32),
        **golden_arrays.TYPES,
    }
)
REQUIRED = frozenset({"vectors", "vector_part", "calibration_scores", "calibration_parts"})
WHITENING = frozenset({"whitening_mean", "whitening_matrix"})
SHIFTS = frozenset({"calibration_shifts"})
"""Only of whitened banks of few parts, and of none that was made before parts were held out of whitening."""
GOLDEN = frozenset(golden_arrays.TYPES)


@dataclass(frozen=True, eq=False, slots=True)
class LoadedBank:
    """A bank that was read and found sound, and the version that its bytes have. Banks of before there were
    golden frames have none."""

    memory_bank: MemoryBank
    manifest: Manifest
    version: str
    size_bytes: int
    golden: GoldenFrames | None = None


def write_bank(bank: MemoryBank, manifest: Manifest, golden: GoldenFrames | None = None) -> bytes:
    """The bank's file, deterministic to the byte. Blocks for as long as a copy of the vectors takes.
    Raises ``BankRefused`` for whatever ``read_bank`` would refuse, and ``ValueError`` when the manifest
    speaks of another bank."""
    _refuse_other_bank(bank, manifest)
    arrays = {name: getattr(bank, name) for name in REQUIRED}
    if bank.whitening is not None:
        arrays |= {"whitening_mean": bank.whitening.mean, "whitening_matrix": bank.whitening.matrix}
    if bank.calibration_shifts is not None:
        arrays |= {"calibration_shifts": bank.calibration_shifts}
    if golden is not None:
        arrays |= golden.arrays()
    _refuse_unsound(arrays, manifest)
    return pack(arrays, manifest.canonical())


def read_bank(source: bytes | Path, *, version: str | None = None) -> LoadedBank:
    """The bank in the bytes or the file, checked: hash (when ``version`` is given), types, shapes, finite
    values, part numbers. Blocks: reads, hashes and copies all. Raises ``BankRefused``; ``OSError`` when
    the file cannot be read."""
    data = source if isinstance(source, bytes) else source.read_bytes()
    found = sha256_hex(data)
    if version is not None and found != version:
        raise BankRefused(Refusal.WRONG_HASH, f"They have {found[:12]}, not {version[:12]}.")
    arrays, text = unpack(data, TYPES)
    manifest = _manifest(text)
    _refuse_unsound(arrays, manifest)
    golden = GoldenFrames.of(arrays) if arrays.keys() >= GOLDEN else None
    return LoadedBank(_memory_bank(arrays, manifest), manifest, found, len(data), golden)


def check_fits(loaded: LoadedBank, *, line: str, model: str, backbone: str, weights_sha256: str) -> None:
    """Raises ``BankRefused`` when a sound bank is not the one that this line may be judged by."""
    manifest = loaded.manifest
    if manifest.line != line:
        raise BankRefused(Refusal.OTHER_LINE, f"It is {manifest.line}'s, not {line}'s.")
    if manifest.model != model:
        raise BankRefused(Refusal.OTHER_MODEL, f"It is {manifest.model}'s, not {model}'s.")
    if (manifest.backbone, manifest.weights_sha256) != (backbone, weights_sha256):
        theirs, ours = manifest.weights_sha256[:12], weights_sha256[:12]
        raise BankRefused(
            Refusal.OTHER_BACKBONE,
            f"It needs {manifest.backbone} with weights {theirs}; this worker has {backbone} with {ours}.",
        )


def _refuse_other_bank(bank: MemoryBank, manifest: Manifest) -> None:
    for name in ("recipe", "levels", "grid", "selection_radius", "coverage_radius"):
        if getattr(bank, name) != getattr(manifest, name):
            raise ValueError(f"the manifest's {name} is not the bank's: make the manifest from this bank")
    if bank.next_part > len(manifest.parts):
        raise ValueError(
            f"the bank was taught {bank.next_part} parts and the manifest lists {len(manifest.parts)}: "
            "list every part"
        )


def _manifest(text: str) -> Manifest:
    try:
        values = json.loads(text)
        if isinstance(values, dict) and values.get("format") != FORMAT:
            stated = str(values.get("format"))[:16]
            raise BankRefused(Refusal.UNKNOWN_FORMAT, f"It has format {stated}, this program {FORMAT}.")
        return Manifest.model_validate_json(text)
    except (ValidationError, ValueError, RecursionError) as error:
        raise BankRefused(Refusal.UNREADABLE, f"Its manifest breaks its rules: {_first(error)}.") from error


def _first(error: Exception) -> str:
    if isinstance(error, ValidationError):
        entry = error.errors(include_input=False, include_url=False)[0]
        return f"{'.'.join(map(str, entry['loc']))}: {entry['msg']}"
    return str(error)


def _memory_bank(arrays: Mapping[str, NDArray[Any]], manifest: Manifest) -> MemoryBank:
    whitening = None
    if "whitening_mean" in arrays:
        whitening = Whitening(arrays["whitening_mean"], arrays["whitening_matrix"], manifest.levels)
    return MemoryBank(
        **{name: arrays[name] for name in REQUIRED},
        selection_radius=manifest.selection_radius,
        coverage_radius=manifest.coverage_radius,
        grid=manifest.grid,
        recipe=manifest.recipe,
        levels=manifest.levels,
        whitening=whitening,
        part_count=len(manifest.parts),
        calibration_shifts=arrays.get("calibration_shifts"),
    )


def _refuse_unsound(arrays: Mapping[str, NDArray[Any]], manifest: Manifest) -> None:
    sound = (REQUIRED, REQUIRED | WHITENING, REQUIRED | WHITENING | SHIFTS)
    if set(arrays) - GOLDEN not in sound or set(arrays) & GOLDEN not in (set(), GOLDEN):
        raise BankRefused(Refusal.WRONG_SHAPE, f"It has the arrays {', '.join(sorted(arrays))}.")
    _refuse_empty(arrays, manifest)
    _refuse_shapes(arrays, manifest)
    _refuse_part_numbers(arrays, len(manifest.parts))
    if arrays.keys() >= GOLDEN:
        golden_arrays.refuse_unsound(arrays, manifest.grid, arrays["vectors"].shape[1], len(manifest.parts))
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise BankRefused(Refusal.NOT_FINITE, f"Look at its {name}.")


def _refuse_empty(arrays: Mapping[str, NDArray[Any]], manifest: Manifest) -> None:
    if not arrays["vectors"].size or not arrays["calibration_scores"].size or not manifest.parts:
        raise BankRefused(Refusal.EMPTY, "Train it from good parts.")


def _refuse_shapes(arrays: Mapping[str, NDArray[Any]], manifest: Manifest) -> None:
    vectors, scores = arrays["vectors"], arrays["calibration_scores"]
    agreeing = (
        vectors.ndim == 2
        and arrays["vector_part"].shape == vectors.shape[:1]
        and scores.ndim == 1
        and arrays["calibration_parts"].shape == scores.shape
        and arrays.get("calibration_shifts", scores).shape == scores.shape
        and all(side > 0 for side in manifest.grid)
        and ("whitening_mean" in arrays) == manifest.recipe.equalises
        and manifest.recipe.backbone == manifest.backbone
        and _levels_fit(manifest, vectors.shape[1])
    )
    if agreeing and "whitening_mean" in arrays:
        dim = vectors.shape[1]
        agreeing = (arrays["whitening_mean"].shape, arrays["whitening_matrix"].shape) == ((dim,), (dim, dim))
    if not agreeing:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in sorted(arrays.items()))
        raise BankRefused(Refusal.WRONG_SHAPE, f"It has {shapes}, grid {manifest.grid}.")


def _levels_fit(manifest: Manifest, dim: int) -> bool:
    widths, recipe = manifest.levels, manifest.recipe
    if not widths:
        return recipe.fusion == "early"
    stages = len(recipe.stages) * recipe.networks * manifest.contract.looks(recipe)
    return recipe.fusion == "late" and len(widths) == stages and min(widths) > 0 and sum(widths) == dim


def _refuse_part_numbers(arrays: Mapping[str, NDArray[Any]], parts: int) -> None:
    for name in ("vector_part", "calibration_parts"):
        numbers = arrays[name]
        if int(numbers.min()) < 0 or int(numbers.max()) >= parts:
            raise BankRefused(Refusal.WRONG_SHAPE, f"Its {name} name parts beyond the {parts} listed.")
