"""What a network reads of a whole board: means and maxima over its points."""

from __future__ import annotations

import torch
from torch import Tensor


def pool_mean(x: Tensor, mask: Tensor | None) -> Tensor:
    """Return the mean of each channel over the board: [B, C] of [B, C, N, N]."""
    if mask is None:
        return x.mean((2, 3))
    return (x * mask).sum((2, 3)) / mask.sum((2, 3))


def pool_full(x: Tensor, mask: Tensor | None) -> Tensor:
    """Return mean, mean scaled by the board's width, and maximum of each channel: [B, 3*C].

    The scaled mean lets a head tell sums from means: a margin grows with the board (Wu 2019).
    """
    mean = pool_mean(x, mask)
    if mask is None:
        width = float(x.shape[2] * x.shape[3]) ** 0.5
        maximum = x.amax((2, 3))
    else:
        width = mask.sum((2, 3)).sqrt()
        maximum = x.masked_fill(mask == 0, float("-inf")).amax((2, 3))
    return torch.cat([mean, mean * ((width - 9) / 10), maximum], dim=1)
