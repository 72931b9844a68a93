"""Tests that need an NVIDIA GPU; where there is none they say so and are skipped."""

from __future__ import annotations

import pytest
import torch


@pytest.fixture
def cuda() -> torch.device:
    if not torch.cuda.is_available():
        pytest.skip("there is no CUDA GPU here")
    return torch.device("cuda")
