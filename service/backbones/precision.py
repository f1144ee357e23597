"""The arithmetic of a network: exact enough everywhere, and fast where the processor knows how."""

from collections.abc import Mapping
from typing import Literal

import torch

Arithmetic = Literal["float32", "bfloat16", "float16"]
Precision = Literal["auto"] | Arithmetic

TORCH_TYPES: Mapping[Arithmetic, torch.dtype] = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}


def chosen(precision: Precision, device: str) -> Arithmetic:
    """``auto`` is bfloat16 on a CPU that multiplies it natively (AVX512-bf16 or AMX), where a network takes a
    third of the time; float16 on a GPU, as fast there as bfloat16 and eight times as exact; elsewhere, where
    either would be emulated, float32. Beyond 65,504 float16 holds no number, which the network says."""
    if precision != "auto":
        return precision
    if device.startswith("cuda"):
        return "float16"
    native = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return "bfloat16" if device == "cpu" and native else "float32"
