"""One network for every board size: a residual trunk of convolutions, pooled heads."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from gokit.go.errors import GoError
from gokit.options import is_whole


class Outputs(NamedTuple):
    """What the network says of a batch of B positions, from the side to move's view.

    policy_logits: float32 [B, N*N+1], the pass last; points off the board are -inf.
    value: float32 [B] in [-1, 1].
    ownership: float32 [B, N, N] in [-1, 1], 1 where the side to move will own the point.
    """

    policy_logits: Tensor
    value: Tensor
    ownership: Tensor


@dataclass(frozen=True)
class NetworkConfig:
    """The shape of a `ResNet`; GoError for a number it cannot have.

    planes: input planes; blocks: residual blocks of two convolutions each; channels: width of
    the trunk; pooling_blocks: how many of the blocks, the last ones, also see the mean and the
    maximum over the whole board; value_hidden: width of the value head's hidden layer.
    """

    planes: int = 6
    blocks: int = 3
    channels: int = 32
    pooling_blocks: int = 0
    value_hidden: int = 32

    def __post_init__(self) -> None:
        for name, number in asdict(self).items():
            lowest = 0 if name in ("blocks", "pooling_blocks") else 1
            if not is_whole(number) or number < lowest:
                raise GoError(f"a network's {name} is a whole number from {lowest}, not {number!r}")
        if self.pooling_blocks > self.blocks:
            raise GoError("a network cannot have more pooling_blocks than blocks")

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain JSON types."""
        return asdict(self)

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> NetworkConfig:
        """Read what `to_dict` wrote; GoError for unknown or missing fields."""
        if not isinstance(fields, dict) or set(fields) != set(cls.__dataclass_fields__):
            raise GoError(f"a network is {', '.join(cls.__dataclass_fields__)}, not {fields!r}")
        return cls(**fields)


class ResNet(nn.Module):
    """A pre-activation residual network that plays on any board size with the same weights.

    Convolutions do not know the size of the board, and the heads pool over it. Boards of
    several sizes share a batch when each lies in a corner of the largest and `mask` marks its
    points; the answers are those that each board would get alone. Activations before
    convolutions: He et al. 2016; pooling over the board: Wu 2019. Built in chapter 5.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        width = config.channels
        self.stem = _convolution(config.planes, width, 3)
        first_pooling = config.blocks - config.pooling_blocks
        self.blocks = nn.ModuleList(
            _Block(width, pooling=index >= first_pooling) for index in range(config.blocks)
        )
        self.trunk_norm = _BoardNorm(width)
        self.policy_points = nn.Conv2d(width, 1, 1)
        self.policy_pass = nn.Linear(3 * width, 1)
        self.value_hidden = nn.Linear(3 * width, config.value_hidden)
        self.value = nn.Linear(config.value_hidden, 1)
        self.ownership = nn.Conv2d(width, 1, 1)
        # A network that knows nothing yet should say so: even value, near-even policy.
        for head in (self.policy_points, self.policy_pass, self.value, self.ownership):
            nn.init.normal_(head.weight, std=0.01)
            nn.init.zeros_(head.bias)

    def forward(self, planes: Tensor, mask: Tensor | None = None) -> Outputs:
        """Evaluate planes [B, C, N, N]; `mask` [B, 1, N, N] is 1 on the board, None for all."""
        trunk = self.stem(planes)
        trunk = trunk if mask is None else trunk * mask
        for block in self.blocks:
            trunk = block(trunk, mask)
        trunk = functional.relu(self.trunk_norm(trunk, mask))
        trunk = trunk if mask is None else trunk * mask

        pooled = _pool(trunk, mask)
        points = self.policy_points(trunk)
        ownership = torch.tanh(self.ownership(trunk))
        if mask is not None:
            points = points.masked_fill(mask == 0, float("-inf"))
            ownership = ownership * mask
        logits = torch.cat([points.flatten(1), self.policy_pass(pooled)], dim=1)
        value = torch.tanh(self.value(functional.relu(self.value_hidden(pooled))))
        return Outputs(logits, value.squeeze(1), ownership.squeeze(1))

    def parameter_count(self) -> int:
        """Return how many numbers training may change."""
        return sum(parameter.numel() for parameter in self.parameters())


class _BoardNorm(nn.BatchNorm2d):
    """Batch normalisation whose statistics count the points of the boards only."""

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        if mask is None or not self.training:
            return super().forward(x)
        count = mask.sum()
        mean = (x * mask).sum((0, 2, 3)) / count
        centred = (x - mean[:, None, None]) * mask
        variance = centred.square().sum((0, 2, 3)) / count
        with torch.no_grad():
            self.num_batches_tracked += 1
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * count / (count - 1).clamp(min=1), self.momentum)
        scale = self.weight * torch.rsqrt(variance + self.eps)
        return centred * scale[:, None, None] + self.bias[:, None, None]


class _Block(nn.Module):
    def __init__(self, width: int, *, pooling: bool) -> None:
        super().__init__()
        self.first_norm = _BoardNorm(width)
        self.first = _convolution(width, width, 3)
        self.second_norm = _BoardNorm(width)
        self.second = _convolution(width, width, 3)
        self.pooled_bias = nn.Linear(3 * width, width) if pooling else None

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        y = self._activate(self.first_norm, x, mask)
        y = self.first(y)
        if self.pooled_bias is not None:
            y = y if mask is None else y * mask
            y = y + self.pooled_bias(_pool(y, mask))[:, :, None, None]
        y = self.second(self._activate(self.second_norm, y, mask))
        return x + (y if mask is None else y * mask)

    @staticmethod
    def _activate(norm: _BoardNorm, x: Tensor, mask: Tensor | None) -> Tensor:
        activated = functional.relu(norm(x, mask))
        # A convolution must see the same zeros beyond a small board's edge as beyond a large one's.
        return activated if mask is None else activated * mask


def _convolution(inputs: int, outputs: int, size: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, size, padding=size // 2, bias=False)


def _pool(x: Tensor, mask: Tensor | None) -> Tensor:
    """Return mean, mean scaled by the board's width, and maximum of each channel: [B, 3*C]."""
    if mask is None:
        mean = x.mean((2, 3))
        width = float(x.shape[2] * x.shape[3]) ** 0.5
        maximum = x.amax((2, 3))
    else:
        area = mask.sum((2, 3))
        mean = (x * mask).sum((2, 3)) / area
        width = area.sqrt()
        maximum = x.masked_fill(mask == 0, float("-inf")).amax((2, 3))
    # The scaled mean lets a head tell sums from means: a margin grows with the board.
    return torch.cat([mean, mean * ((width - 9) / 10), maximum], dim=1)
