"""A network made ready for play: normalisations folded away, arithmetic in fewer bits."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from gokit.nn.networks import Network
from gokit.nn.trunks import BoardNorm, ResidualBlock


class Through(nn.Module):
    """What is left where a normalisation went into the convolution before it."""

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return x."""
        return x


@torch.no_grad()
def fold(network: Network) -> Network:
    """Return a copy that answers as the network does in evaluation mode, with less work.

    In each residual block without pooling the second normalisation goes into the convolution
    before it. The others stay: what they read is also added on further down. The copy cannot be
    trained.
    """
    folded = copy.deepcopy(network).eval().requires_grad_(False)
    for module in folded.modules():
        if isinstance(module, ResidualBlock) and module.pooled_bias is None:
            module.first = _scaled(module.first, *_scale_and_shift(module.second_norm))
            module.second_norm = Through()
    return folded


def lower(network: Network, dtype: torch.dtype) -> Network:
    """Let the trunks of a network compute in `dtype`, channels last, in place; and return it.

    Heads and batch normalisations keep fp32: they are cheap, and read sums of many numbers.
    """
    for trunk in (network.trunk, network.value_trunk):
        for module in () if trunk is None else trunk.modules():
            if not isinstance(module, BoardNorm) and not any(module.children()):
                module.to(dtype=dtype, memory_format=torch.channels_last)
    return network


def _scale_and_shift(norm: BoardNorm) -> tuple[Tensor, Tensor]:
    """Return what batch normalisation is once its statistics stand still."""
    scale = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
    return scale, norm.bias - norm.running_mean * scale


def _scaled(convolution: nn.Conv2d, scale: Tensor, shift: Tensor) -> nn.Conv2d:
    """Return the convolution followed by a scale and a shift, as one convolution."""
    folded = copy.deepcopy(convolution)
    folded.weight.mul_(scale[:, None, None, None])
    folded.bias = nn.Parameter(shift.clone(), requires_grad=False)
    return folded
