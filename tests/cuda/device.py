"""Tests that need a CUDA device; everywhere else they are skipped by name."""

import pytest
import torch

DEVICE = "cuda"
on_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
