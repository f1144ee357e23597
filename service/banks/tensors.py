"""Named arrays and one text in a safetensors file: parsed within bounds, nothing executed."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from service.banks.refusal import BankRefused, Refusal

# The manifest of ten thousand parts takes some 3 MB; a header beyond this is an attack or an accident.
MAX_HEADER_BYTES = 16 * 2**20
LENGTH_BYTES = 8
TEXT_KEY = "manifest"
Arrays = Mapping[str, NDArray[Any]]


def pack(arrays: Arrays, text: str) -> bytes:
    """The file. Equal arrays and text give equal bytes; arrays in any memory order are written right."""
    # safetensors copies raw memory: an array that is not C-contiguous would be scrambled in silence.
    dense = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    return save(dense, metadata={TEXT_KEY: text})


def unpack(data: bytes, types: Mapping[str, np.dtype[Any]]) -> tuple[dict[str, NDArray[Any]], str]:
    """The arrays and the text. ``types`` names every array that may be there. Raises ``BankRefused``
    for anything else, before it allocates more than the file's own size."""
    header = _header(data)
    text = _text(header)
    _refuse_types(header, types)
    try:
        return load(data), text
    except (SafetensorError, KeyError, ValueError) as error:
        raise BankRefused(Refusal.UNREADABLE, f"Its arrays cannot be read: {error}.") from error


def _header(data: bytes) -> dict[str, Any]:
    length = int.from_bytes(data[:LENGTH_BYTES], "little")
    if length > min(MAX_HEADER_BYTES, len(data) - LENGTH_BYTES):
        raise BankRefused(
            Refusal.UNREADABLE, f"It states a header of {length} bytes in a file of {len(data)}."
        )
    try:
        header = json.loads(data[LENGTH_BYTES : LENGTH_BYTES + length], object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise BankRefused(Refusal.UNREADABLE, f"Its header is no JSON: {error}.") from error
    if not isinstance(header, dict):
        raise BankRefused(Refusal.UNREADABLE, "Its header is no JSON object.")
    return header


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # safetensors takes the last of two equal names: readers must not differ in what they see.
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a name stands twice")
    return dict(pairs)


def _text(header: dict[str, Any]) -> str:
    metadata = header.pop("__metadata__", None)
    text = metadata.get(TEXT_KEY) if isinstance(metadata, dict) and len(metadata) == 1 else None
    if not isinstance(text, str):
        raise BankRefused(Refusal.UNREADABLE, "Its header carries no manifest, or more than that.")
    return text


def _refuse_types(header: dict[str, Any], types: Mapping[str, np.dtype[Any]]) -> None:
    for name, entry in header.items():
        if name not in types:
            raise BankRefused(Refusal.WRONG_SHAPE, f"It holds an array {name[:64]!r} that no bank has.")
        stated = entry.get("dtype") if isinstance(entry, dict) else None
        if stated != _CODES[types[name]]:
            raise BankRefused(Refusal.WRONG_SHAPE, f"Its {name} are {str(stated)[:16]}, not {types[name]}.")


_CODES = {
    np.dtype(np.float16): "F16",
    np.dtype(np.float32): "F32",
    np.dtype(np.int32): "I32",
    np.dtype(np.uint8): "U8",
}
