"""Networks: a trunk that reads the board, and the heads that answer."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from gokit.go.errors import GoError
from gokit.nn.config import NetworkConfig, Outputs
from gokit.nn.pooling import pool_full, pool_mean
from gokit.nn.trunks import ResidualTrunk, TransformerTrunk


class Network(nn.Module):
    """A policy and a value, in any of the shapes of `NetworkConfig`.

    A residual network or a transformer plays on any board size with the same weights. Boards of
    several sizes share a batch when each lies in the first corner of the largest and `mask` marks
    its points; the answers are those that each board would get alone. Built in chapter 5.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.trunk = _trunk(config)
        self.value_trunk = _trunk(config) if config.trunks == "separate" else None
        heads = BoardHeads if config.architecture == "mlp" else PointHeads
        self.heads = heads(config)

    def forward(self, planes: Tensor, mask: Tensor | None = None) -> Outputs:
        """Evaluate planes [B, C, N, N]; `mask` [B, 1, N, N] is 1 on the board, None for all."""
        for_policy = self.trunk(planes, mask).float()  # a trunk may compute in less than fp32
        for_value = for_policy
        if self.value_trunk is not None:
            for_value = self.value_trunk(planes, mask).float()
        elif self.config.trunks == "detached":
            for_value = for_policy.detach()
        return self.heads(for_policy, for_value, mask)

    def parameter_count(self) -> int:
        """Return how many numbers training may change."""
        return sum(parameter.numel() for parameter in self.parameters())


def flop_count(config: NetworkConfig, size: int) -> int:
    """Return the floating-point operations of one evaluation on a board of `size` lines.

    Those of matrix products, convolutions and attention, a multiplication and an addition each
    counted; norms, activations and sums are left out, as is usual.
    """
    from torch.utils.flop_counter import FlopCounterMode

    with torch.device("meta"):
        network = Network(config).eval()
        planes = torch.empty(1, config.planes, size, size)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(planes)
    return counter.get_total_flops()


class PointHeads(nn.Module):
    """Heads on features of each point [B, C, N, N]: any board size."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        width = config.channels
        pooled = width if config.head_pooling == "mean" else 3 * width
        self._pool = pool_mean if config.head_pooling == "mean" else pool_full
        self.policy_points = nn.Conv2d(width, 1, 1)
        self.policy_pass = nn.Linear(pooled, 1)
        self.value = ValueHead(config, pooled)
        self.ownership = nn.Conv2d(width, 1, 1) if config.ownership else None
        self.score = nn.Linear(pooled, 1) if config.score else None
        _know_nothing(self.policy_points, self.policy_pass, self.ownership, self.score)

    def forward(self, for_policy: Tensor, for_value: Tensor, mask: Tensor | None) -> Outputs:
        """Answer from the policy's and the value's features; without a mask all is board."""
        points = self.policy_points(for_policy)
        if mask is not None:
            points = points.masked_fill(mask == 0, float("-inf"))
        passing = self.policy_pass(self._pool(for_policy, mask))
        pooled = self._pool(for_value, mask)
        value, outcome_logits = self.value(pooled)
        ownership = score = None
        if self.ownership is not None:
            ownership = torch.tanh(self.ownership(for_value)).squeeze(1)
            ownership = ownership if mask is None else ownership * mask.squeeze(1)
        if self.score is not None:
            score = self.score(pooled).squeeze(1)
        logits = torch.cat([points.flatten(1), passing], dim=1)
        return Outputs(logits, value, ownership, outcome_logits, score)


class BoardHeads(nn.Module):
    """Heads on features of the whole board [B, C]: one board size."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        width, self.size = config.channels, config.size
        self.policy = nn.Linear(width, self.size**2 + 1)
        self.value = ValueHead(config, width)
        self.ownership = nn.Linear(width, self.size**2) if config.ownership else None
        self.score = nn.Linear(width, 1) if config.score else None
        _know_nothing(self.policy, self.ownership, self.score)

    def forward(self, for_policy: Tensor, for_value: Tensor, mask: Tensor | None) -> Outputs:
        """Answer from the policy's and the value's features."""
        value, outcome_logits = self.value(for_value)
        ownership = score = None
        if self.ownership is not None:
            ownership = torch.tanh(self.ownership(for_value)).unflatten(1, (self.size, self.size))
        if self.score is not None:
            score = self.score(for_value).squeeze(1)
        return Outputs(self.policy(for_policy), value, ownership, outcome_logits, score)


class ValueHead(nn.Module):
    """A hidden layer, then one number or the logits of win, draw and loss."""

    def __init__(self, config: NetworkConfig, inputs: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(inputs, config.value_hidden)
        self.last = nn.Linear(config.value_hidden, 1 if config.value_head == "scalar" else 3)
        _know_nothing(self.last)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return values [B] and, if they come from outcomes, their logits [B, 3]."""
        answers = self.last(functional.relu(self.hidden(features)))
        if answers.shape[1] == 1:
            return torch.tanh(answers).squeeze(1), None
        shares = torch.softmax(answers, dim=1)
        return shares[:, 0] - shares[:, 2], answers


class BoardTrunk(nn.Module):
    """Hidden layers over the whole board at once, for one board size: [B, C]."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.size = config.size
        widths = [config.planes * config.size**2] + [config.channels] * config.blocks
        self.layers = nn.ModuleList(
            nn.Linear(inputs, outputs) for inputs, outputs in pairwise(widths)
        )

    def forward(self, planes: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return features [B, channels]; GoError for another board."""
        if mask is not None or planes.shape[-2:] != (self.size, self.size):
            raise GoError(f"this network reads {self.size}×{self.size} boards only")
        x = planes.flatten(1)
        for layer in self.layers:
            x = functional.relu(layer(x))
        return x


def _trunk(config: NetworkConfig) -> nn.Module:
    kinds = {"resnet": ResidualTrunk, "transformer": TransformerTrunk, "mlp": BoardTrunk}
    return kinds[config.architecture](config)


def _know_nothing(*heads: nn.Module | None) -> None:
    """Begin even: a network that has learnt nothing should say so."""
    for head in heads:
        if head is not None:
            nn.init.normal_(head.weight, std=0.01)
            nn.init.zeros_(head.bias)
