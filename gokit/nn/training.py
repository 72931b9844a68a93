"""Losses, one step of gradient descent, and the running average of the weights."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from gokit.nn.config import Outputs
from gokit.nn.networks import Network


class Batch(NamedTuple):
    """B training positions, all from the view of the side to move.

    planes: [B, C, N, N]. policy: [B, N*N+1], rows that sum to 1. value: [B] in [-1, 1].
    ownership: [B, N, N] in [-1, 1]. policy_weight, result_weight: [B], 0 where a position has no
    policy target (a move that was not searched), or no result (a game cut off at its move cap).
    """

    planes: Tensor
    policy: Tensor
    value: Tensor
    ownership: Tensor
    policy_weight: Tensor
    result_weight: Tensor


@dataclass(frozen=True)
class LossWeights:
    """How much each head counts in the total loss; the policy counts 1."""

    value: float = 2.0
    ownership: float = 0.3


class Losses(NamedTuple):
    """The total loss, differentiable, and its parts before weighting.

    policy: cross-entropy in nats. value, ownership: mean squared error.
    """

    total: Tensor
    policy: Tensor
    value: Tensor
    ownership: Tensor


def compute_losses(outputs: Outputs, batch: Batch, weights: LossWeights) -> Losses:
    """Return the losses of a batch; a target of weight 0 changes none of them.

    Built in chapter 5.
    """
    log_policy = functional.log_softmax(outputs.policy_logits, dim=1)
    # 0 · -inf is not 0: points off the board, with no share of the target, must add nothing.
    cross_entropy = -(batch.policy * log_policy.clamp(min=-1e4)).sum(1)
    policy = _weighted_mean(cross_entropy, batch.policy_weight)
    value = _weighted_mean((outputs.value - batch.value).square(), batch.result_weight)
    ownership_error = (outputs.ownership - batch.ownership).square().mean((1, 2))
    ownership = _weighted_mean(ownership_error, batch.result_weight)
    total = policy + weights.value * value + weights.ownership * ownership
    return Losses(total, policy, value, ownership)


def transform_batch(batch: Batch, k: int) -> Batch:
    """Return symmetry k, 0 to 7, of every position with its policy and ownership.

    The numbering is `gokit.go.symmetry`'s.
    """
    size = batch.planes.shape[-1]
    points = batch.policy[:, :-1].unflatten(1, (size, size))
    turned = _transform(points, k).flatten(1)
    return batch._replace(
        planes=_transform(batch.planes, k),
        policy=torch.cat([turned, batch.policy[:, -1:]], dim=1),
        ownership=_transform(batch.ownership, k),
    )


class Trainer:
    """A network in training: its optimiser (AdamW) and the moving average of its weights.

    `average` is the network to play with; early on it follows the trained one closely.
    """

    def __init__(
        self,
        network: Network,
        *,
        weights: LossWeights | None = None,
        weight_decay: float = 1e-4,
        average_decay: float = 0.99,
        clip: float = 5.0,
    ) -> None:
        self.network = network
        self.average = copy.deepcopy(network).eval().requires_grad_(False)
        self.weights = weights or LossWeights()
        self.average_decay = average_decay
        self.clip = clip
        self.steps = 0
        self.optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=weight_decay)

    def step(self, batch: Batch, learning_rate: float) -> dict[str, float]:
        """Make one step and return each head's loss and accuracies, as plain numbers.

        policy_accuracy: how often the network's first choice is the target's; policy_entropy: of
        the target, in nats, which the policy's loss cannot go below; value_sign: how often the
        value's sign is the target's, draws aside.
        """
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate
        self.network.train()
        outputs = self.network(batch.planes)
        losses = compute_losses(outputs, batch, self.weights)
        self.optimizer.zero_grad(set_to_none=True)
        losses.total.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.clip)
        self.optimizer.step()
        self.steps += 1
        self._follow()
        return {
            **{f"loss_{name}": float(loss.detach()) for name, loss in losses._asdict().items()},
            "gradient_norm": float(norm),
            **_accuracies(outputs, batch),
        }

    @torch.no_grad()
    def _follow(self) -> None:
        decay = min(self.average_decay, (1 + self.steps) / (10 + self.steps))
        mine, theirs = self.average.state_dict(), self.network.state_dict()
        for name, tensor in mine.items():
            if tensor.is_floating_point():
                tensor.lerp_(theirs[name], 1 - decay)
            else:
                tensor.copy_(theirs[name])

    def state_tensors(self) -> dict[str, Tensor]:
        """Return everything a resumed run needs, as named tensors."""
        tensors = {f"network.{k}": v for k, v in self.network.state_dict().items()}
        tensors |= {f"average.{k}": v for k, v in self.average.state_dict().items()}
        for index, moments in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{index}.{k}": v for k, v in moments.items()}
        return tensors

    def load_state_tensors(self, tensors: dict[str, Tensor], steps: int) -> None:
        """Take up where `state_tensors` left off after `steps` steps."""
        parts: dict[str, dict[str, Tensor]] = {"network": {}, "average": {}, "optimizer": {}}
        for name, tensor in tensors.items():
            part, _, rest = name.partition(".")
            parts[part][rest] = tensor
        self.network.load_state_dict(parts["network"])
        self.average.load_state_dict(parts["average"])
        moments: dict[int, dict[str, Tensor]] = {}
        for name, tensor in parts["optimizer"].items():
            index, _, key = name.partition(".")
            moments.setdefault(int(index), {})[key] = tensor
        state = self.optimizer.state_dict()
        self.optimizer.load_state_dict({**state, "state": moments})
        self.steps = steps


def _weighted_mean(values: Tensor, weights: Tensor) -> Tensor:
    return (values * weights).sum() / weights.sum().clamp(min=1e-6)


def _transform(planes: Tensor, k: int) -> Tensor:
    mirrored = planes.flip(-1) if k >= 4 else planes
    return torch.rot90(mirrored, k % 4, dims=(-2, -1))


@torch.no_grad()
def _accuracies(outputs: Outputs, batch: Batch) -> dict[str, float]:
    first = outputs.policy_logits.argmax(1) == batch.policy.argmax(1)
    entropy = torch.special.entr(batch.policy).sum(1)
    decided = batch.result_weight * (batch.value != 0)
    same_sign = (outputs.value > 0) == (batch.value > 0)
    return {
        "policy_accuracy": float(_weighted_mean(first.float(), batch.policy_weight)),
        "policy_entropy": float(_weighted_mean(entropy, batch.policy_weight)),
        "value_sign": float(_weighted_mean(same_sign.float(), decided)),
    }
