"""A network made ready for play: batch normalisation folded into what stands beside it."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from gokit.nn.networks import Network
from gokit.nn.trunks import BoardNorm, ResidualBlock


class Affine(nn.Module):
    """What batch normalisation is once its statistics stand still: a scale and a shift."""

    def __init__(self, scale: Tensor, shift: Tensor) -> None:
        super().__init__()
        self.register_buffer("scale", scale[:, None, None].clone())
        self.register_buffer("shift", shift[:, None, None].clone())

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Scale and shift each channel of [B, C, N, N]."""
        return torch.addcmul(self.shift, x, self.scale)


class Through(nn.Module):
    """What is left where a normalisation went into the convolution before it."""

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return x."""
        return x


@torch.no_grad()
def fold(network: Network) -> Network:
    """Return a copy that answers as the network does in evaluation mode, with less work.

    In each residual block without pooling the second normalisation goes into the convolution
    before it; every other one becomes a scale and a shift. The copy cannot be trained.
    """
    folded = copy.deepcopy(network).eval().requires_grad_(False)
    for module in list(folded.modules()):
        if isinstance(module, ResidualBlock) and module.pooled_bias is None:
            scale, shift = _scale_and_shift(module.second_norm)
            module.first = _scaled(module.first, scale, shift)
            module.second_norm = Through()
    for module in list(folded.modules()):
        for name, child in module.named_children():
            if isinstance(child, BoardNorm):
                setattr(module, name, Affine(*_scale_and_shift(child)))
    return folded


def _scale_and_shift(norm: BoardNorm) -> tuple[Tensor, Tensor]:
    scale = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
    return scale, norm.bias - norm.running_mean * scale


def _scaled(convolution: nn.Conv2d, scale: Tensor, shift: Tensor) -> nn.Conv2d:
    """Return the convolution followed by a scale and a shift, as one convolution."""
    folded = copy.deepcopy(convolution)
    folded.weight.mul_(scale[:, None, None, None])
    folded.bias = nn.Parameter(shift.clone(), requires_grad=False)
    return folded
