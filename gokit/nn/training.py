"""Targets, losses, one step of gradient descent, and the running average of the weights."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from gokit.go.errors import GoError
from gokit.nn.backends import PRECISIONS
from gokit.nn.config import Outputs
from gokit.nn.inference import choose_precision
from gokit.nn.networks import Network

HUBER_DELTA = 0.1  # in margins / N²: eight points on 9×9; larger errors count linearly


class Batch(NamedTuple):
    """B training positions, all from the view of the side to move.

    planes: [B, C, N, N]. policy: [B, N*N+1], rows that sum to 1. value: [B] in [-1, 1].
    ownership: [B, N, N] in [-1, 1]. policy_weight, result_weight: [B], 0 where a position has no
    policy target (a move that was not searched), or no result (a game cut off at its move cap).
    score: [B], the final area margin without komi divided by N*N. mask: [B, 1, N, N], 1 on the
    board, where boards of several sizes lie in the first corners of the largest.
    ownership_weight: [B], of ownership and score, 0 where a game was not played to an end that
    can be counted: after a resignation the winner is known, and who owns which point is not.

    None: no targets for that head, no mask, as boards all have the same size, or, of
    ownership_weight, the same as result_weight.
    """

    planes: Tensor
    policy: Tensor
    value: Tensor
    ownership: Tensor | None
    policy_weight: Tensor
    result_weight: Tensor
    score: Tensor | None = None
    mask: Tensor | None = None
    ownership_weight: Tensor | None = None

    @property
    def counted_weight(self) -> Tensor:
        """The weight [B] of what the counted board tells: ownership and score."""
        return self.result_weight if self.ownership_weight is None else self.ownership_weight


@dataclass(frozen=True)
class LossWeights:
    """How much each head counts in the total loss."""

    value: float = 2.0
    ownership: float = 0.3
    score: float = 0.5
    policy: float = 1.0


class Losses(NamedTuple):
    """The total loss, differentiable, and its parts before weighting; None: not there to train.

    policy: cross-entropy in nats. value: mean squared error or, where the network answers with
    outcomes, cross-entropy in nats. ownership: mean squared error. score: Huber's.
    """

    total: Tensor
    policy: Tensor
    value: Tensor
    ownership: Tensor | None = None
    score: Tensor | None = None


def one_hot_policy(moves: Tensor, size: int, sizes: Tensor | None = None) -> Tensor:
    """Return policy targets that are certain of one move each: float32 [B, size*size+1].

    moves: whole numbers [B], row * N + column, N * N for a pass. sizes: [B], each board's own N
    where smaller boards lie in the first corners of boards of `size`. GoError for a move that is
    on no board. Built in chapter 5.
    """
    own = torch.full_like(moves, size) if sizes is None else sizes
    if bool(((moves < 0) | (moves > own * own) | (own > size)).any()):
        raise GoError(f"a move is from 0 to its board's points, on boards of at most {size} lines")
    spread = torch.div(moves, own, rounding_mode="floor") * size + moves % own
    actions = torch.where(moves == own * own, size * size, spread)
    return functional.one_hot(actions, size * size + 1).float()


def outcome_shares(values: Tensor) -> Tensor:
    """Return shares of win, draw and loss [B, 3] whose mean is the value, -1 to 1.

    A draw is a draw, not half a win and half a loss; between, what is not decided is drawn.
    """
    return torch.stack([values.clamp(min=0), 1 - values.abs(), (-values).clamp(min=0)], dim=1)


def winners_only(batch: Batch) -> Batch:
    """Return the batch without the policy targets of those who did not go on to win.

    Half of the data are lost: chapter 5 measures what that costs.
    """
    return batch._replace(policy_weight=batch.policy_weight * (batch.value > 0))


def compute_losses(outputs: Outputs, batch: Batch, weights: LossWeights) -> Losses:
    """Return the losses of a batch; a target of weight 0 changes none of them.

    Built in chapter 5.
    """
    log_policy = functional.log_softmax(outputs.policy_logits, dim=1)
    # 0 · -inf is not 0: points off the board, with no share of the target, must add nothing.
    cross_entropy = -(batch.policy * log_policy.clamp(min=-1e4)).sum(1)
    policy = _weighted_mean(cross_entropy, batch.policy_weight)
    value = _weighted_mean(_value_error(outputs, batch), batch.result_weight)
    ownership = score = None
    if outputs.ownership is not None and batch.ownership is not None:
        error = _mean_over_board((outputs.ownership - batch.ownership).square(), batch.mask)
        ownership = _weighted_mean(error, batch.counted_weight)
    if outputs.score is not None and batch.score is not None:
        error = functional.huber_loss(
            outputs.score, batch.score, reduction="none", delta=HUBER_DELTA
        )
        score = _weighted_mean(error, batch.counted_weight)
    parts = {"policy": policy, "value": value, "ownership": ownership, "score": score}
    total = sum(getattr(weights, head) * part for head, part in parts.items() if part is not None)
    return Losses(total, **parts)


def transform_batch(batch: Batch, k: int) -> Batch:
    """Return symmetry k, 0 to 7, of every position with its policy and ownership.

    The numbering is `gokit.go.symmetry`'s. A masked board turns in its own corner.
    """
    size = batch.planes.shape[-1]
    widths = None if batch.mask is None else batch.mask[:, 0, 0].sum(1).long()
    points = batch.policy[:, :-1].unflatten(1, (size, size))
    turned = _transform(points, k, widths).flatten(1)
    owned = None if batch.ownership is None else _transform(batch.ownership, k, widths)
    return batch._replace(
        planes=_transform(batch.planes, k, widths),
        policy=torch.cat([turned, batch.policy[:, -1:]], dim=1),
        ownership=owned,
    )


def schedule(
    fraction: float, *, warm_up: float = 0.0, flat_until: float = 0.5, last: float = 0.05
) -> float:
    """Return the learning rate as a share of its peak, at `fraction`, 0 to 1, of a run.

    It rises from `last` to 1 in a straight line until `warm_up`, stays there until `flat_until`,
    and then falls by a cosine to `last`.
    """
    if fraction < warm_up:
        return last + (1 - last) * fraction / warm_up
    if fraction <= flat_until:
        return 1.0
    done = (min(fraction, 1.0) - flat_until) / (1 - flat_until)
    return last + (1 - last) * (1 + math.cos(math.pi * done)) / 2


class Trainer:
    """A network of any kind in training: its optimiser (AdamW) and the average of its weights.

    `average` is the network to play with; early on it follows the trained one closely.
    precision: "fp32"; "bf16" or "fp16", the latter with losses scaled so that small gradients
    survive; "auto", fp32 on a CPU, and on a GPU what that computes natively. In fp32 on a CPU the
    same seed and number of threads train the same network. There "bf16" pays where the processor
    multiplies such numbers itself (`inference.cpu_has_bf16`): about 1.6 times as fast, for results
    that no other machine repeats; elsewhere it is slower than fp32.

    share: called with the network after every backward pass; where several processes train one
    network, it averages the gradients that they found.
    """

    def __init__(
        self,
        network: Network,
        *,
        weights: LossWeights | None = None,
        weight_decay: float = 1e-4,
        average_decay: float = 0.99,
        clip: float = 5.0,
        precision: str = "auto",
        share: Callable[[Network], None] = lambda network: None,
    ) -> None:
        self.network = network
        self._share = share
        self.average = copy.deepcopy(network).eval().requires_grad_(False)
        self.weights = weights or LossWeights()
        self.average_decay = average_decay
        self.clip = clip
        self.steps = 0
        self.optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=weight_decay)
        self.device = next(network.parameters()).device
        if precision == "auto" and self.device.type == "cpu":
            precision = "fp32"
        self.precision = choose_precision(precision, self.device)
        # On a CPU narrow convolutions train a tenth sooner so, and wide ones no later; the weights
        # and what is saved of them keep their layout.
        last = self.device.type == "cpu" and network.config.architecture == "resnet"
        self._layout = torch.channels_last if last else torch.preserve_format
        self._scaler = torch.amp.GradScaler(self.device.type, enabled=self.precision == "fp16")

    def step(self, batch: Batch, learning_rate: float) -> dict[str, float]:
        """Make one step and return each head's loss and accuracies, as plain numbers.

        policy_accuracy: how often the network's first choice is the target's; policy_entropy: of
        the target, in nats, which the policy's loss cannot go below; value_sign: how often the
        value's sign is the target's, draws aside.
        """
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate
        self.network.train()
        dtype = PRECISIONS[self.precision]
        with torch.autocast(self.device.type, dtype, enabled=dtype != torch.float32):
            outputs = self.network(batch.planes.to(memory_format=self._layout), batch.mask)
        outputs = Outputs(*(None if answer is None else answer.float() for answer in outputs))
        losses = compute_losses(outputs, batch, self.weights)
        self.optimizer.zero_grad(set_to_none=True)
        self._scaler.scale(losses.total).backward()
        # Before anything looks at the gradients, or one process's overflow would be its own.
        self._share(self.network)
        self._scaler.unscale_(self.optimizer)
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.clip)
        self._scaler.step(self.optimizer)
        self._scaler.update()
        self.steps += 1
        self._follow()
        parts = {name: part for name, part in losses._asdict().items() if part is not None}
        return {
            **{f"loss_{name}": float(part.detach()) for name, part in parts.items()},
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
        scaling = self._scaler.state_dict()
        return tensors | {f"scaler.{k}": torch.tensor(v) for k, v in scaling.items()}

    def load_state_tensors(self, tensors: dict[str, Tensor], steps: int) -> None:
        """Take up where `state_tensors` left off after `steps` steps."""
        parts: dict[str, dict[str, Tensor]] = {
            part: {} for part in ("network", "average", "optimizer", "scaler")
        }
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
        if self._scaler.is_enabled() and parts["scaler"]:
            self._scaler.load_state_dict({k: v.item() for k, v in parts["scaler"].items()})
        self.steps = steps


def _weighted_mean(values: Tensor, weights: Tensor) -> Tensor:
    return (values * weights).sum() / weights.sum().clamp(min=1e-6)


def _value_error(outputs: Outputs, batch: Batch) -> Tensor:
    if outputs.outcome_logits is None:
        return (outputs.value - batch.value).square()
    log_shares = functional.log_softmax(outputs.outcome_logits, dim=1)
    return -(outcome_shares(batch.value) * log_shares).sum(1)


def _mean_over_board(points: Tensor, mask: Tensor | None) -> Tensor:
    if mask is None:
        return points.mean((1, 2))
    on_board = mask.squeeze(1)
    return (points * on_board).sum((1, 2)) / on_board.sum((1, 2))


def _transform(planes: Tensor, k: int, widths: Tensor | None) -> Tensor:
    """Turn boards [B, ..., N, N]; of board i only the first widths[i] rows and columns."""
    if widths is None:
        mirrored = planes.flip(-1) if k >= 4 else planes
        return torch.rot90(mirrored, k % 4, dims=(-2, -1))
    turned = planes.clone()
    for width in widths.unique().tolist():
        these = widths == width
        turned[these, ..., :width, :width] = _transform(planes[these][..., :width, :width], k, None)
    return turned


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
