"""The arithmetic of a network: exact enough everywhere, and fast where the processor knows how."""

from typing import Literal

import torch

Precision = Literal["auto", "float32", "bfloat16"]

TORCH_TYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def chosen(precision: Precision, device: str) -> Literal["float32", "bfloat16"]:
    """``auto`` is bfloat16 on a CPU that multiplies it natively (AVX512-bf16 or AMX), where a network takes a
    third of the time; elsewhere, where it would be emulated, it is float32."""
    if precision != "auto":
        return precision
    native = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return "bfloat16" if device == "cpu" and native else "float32"
