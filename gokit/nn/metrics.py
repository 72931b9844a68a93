"""What a network gets right on games it never saw: by head, by phase of the game, calibrated."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from gokit.go.errors import GoError
from gokit.intervals import wilson
from gokit.nn.config import Outputs
from gokit.nn.networks import Network
from gokit.nn.training import Batch, LossWeights, compute_losses


class Rate(NamedTuple):
    """A share of n cases, with Wilson's 95 % interval.

    Positions of one game are alike, so where n counts positions the interval is too narrow.
    """

    rate: float
    n: int
    low: float
    high: float

    @classmethod
    def of(cls, hits: np.ndarray) -> Rate:
        """Return the rate of hits, each from 0 to 1."""
        n = len(hits)
        rate = float(np.mean(hits)) if n else float("nan")
        return cls(rate, n, *wilson(rate if n else 0.0, n))


@torch.inference_mode()
def predict(network: Network, batch: Batch, chunk: int = 256) -> Outputs:
    """Return what the network says of all positions of a batch, `chunk` at a time, on the CPU."""
    was_training = network.training
    network.eval()
    device = next(network.parameters()).device
    parts = []
    for start in range(0, len(batch.planes), chunk):
        these = slice(start, start + chunk)
        mask = None if batch.mask is None else batch.mask[these].to(device)
        parts.append(network(batch.planes[these].to(device), mask))
    network.train(was_training)
    return Outputs(
        *(
            None if answers[0] is None else torch.cat(answers).cpu()
            for answers in zip(*parts, strict=True)
        )
    )


def measure(outputs: Outputs, batch: Batch, value_kind: str = "win") -> dict[str, Any]:
    """Return each head's errors over the positions of a hold-out batch, as plain numbers.

    policy_cross_entropy: nats; top1, top5: `Rate` of the target's first choice being the
    network's first, or among its first five. value_error: mean square; value_sign: `Rate` of
    the right winner among the decided. brier: mean square of p(win) against 1, 0, and ½ for a
    draw; None where `value_kind` is "margin", which is no probability. ownership_error: mean
    square; score_error: mean difference, in margins / N². None: no such head or no such targets.
    Targets of weight 0 are left out. GoError for an unknown `value_kind`.
    """
    if value_kind not in ("win", "margin"):
        raise GoError(f"a value is win or margin, not {value_kind!r}")
    losses = compute_losses(outputs, batch, LossWeights())
    searched, finished = batch.policy_weight > 0, batch.result_weight > 0
    first = batch.policy.argmax(1, keepdim=True)
    best = outputs.policy_logits.topk(min(5, outputs.policy_logits.shape[1]), dim=1).indices
    found = (best == first)[searched]
    results, values = batch.value[finished], outputs.value[finished]
    brier = score_error = None
    if value_kind == "win":
        brier = _mean(((values + 1) / 2 - (results.sign() + 1) / 2).square())
    if outputs.score is not None and batch.score is not None:
        score_error = _mean((outputs.score - batch.score)[batch.counted_weight > 0].abs())
    return {
        "n": len(batch.value),
        "policy_cross_entropy": float(losses.policy) if searched.any() else float("nan"),
        "top1": Rate.of(found[:, 0].numpy()),
        "top5": Rate.of(found.any(1).numpy()),
        "value_error": _mean((values - results).square()),
        "value_sign": sign_accuracy(values.numpy(), results.numpy()),
        "brier": brier,
        "ownership_error": None if losses.ownership is None else float(losses.ownership),
        "score_error": score_error,
    }


def measure_by_phase(
    outputs: Outputs, batch: Batch, phase: np.ndarray, value_kind: str = "win", parts: int = 10
) -> list[dict[str, Any]]:
    """Return `measure` for each part of the game that has positions, earliest first.

    phase: [B], how much of its game lay behind each position, 0 to 1. Each row also says
    "phase": (from, to). GoError for a phase outside 0 to 1.
    """
    if len(phase) != len(batch.value):
        raise GoError("a phase is a number from 0 to 1 for each position")
    part_of = phase_parts(phase, parts)
    rows = []
    for part in np.unique(part_of):
        these = torch.from_numpy(np.flatnonzero(part_of == part))
        row = measure(Outputs(*_rows(outputs, these)), Batch(*_rows(batch, these)), value_kind)
        rows.append({"phase": (part / parts, (part + 1) / parts), **row})
    return rows


def phase_parts(phase: np.ndarray, parts: int = 10) -> np.ndarray:
    """Return which part of its game each position is in, from 0; GoError outside 0 to 1."""
    phase = np.asarray(phase)
    if not ((phase >= 0) & (phase <= 1)).all():
        raise GoError("a phase is a number from 0 to 1 for each position")
    return np.minimum((phase * parts).astype(int), parts - 1)


def calibration(
    win_probability: np.ndarray, won: np.ndarray, bins: int = 10
) -> list[dict[str, Any]]:
    """Return, for each bin of predicted p(win) that is not empty, what came of it.

    won: 1, 0, or ½ for a draw. Each row: "low" and "high", the bin's bounds; "predicted" and
    "observed", means; "n"; "interval", Wilson's of the observed rate. GoError outside 0 to 1.
    """
    predicted, won = np.asarray(win_probability, float), np.asarray(won, float)
    for numbers in (predicted, won):
        if not ((numbers >= 0) & (numbers <= 1)).all():
            raise GoError("probabilities and results are from 0 to 1")
    bin_of = np.minimum((predicted * bins).astype(int), bins - 1)
    rows = []
    for index in np.unique(bin_of):
        these = bin_of == index
        observed = Rate.of(won[these])
        rows.append(
            {
                "low": index / bins,
                "high": (index + 1) / bins,
                "predicted": float(predicted[these].mean()),
                "observed": observed.rate,
                "n": observed.n,
                "interval": (observed.low, observed.high),
            }
        )
    return rows


def sign_accuracy(predicted: np.ndarray, results: np.ndarray) -> Rate:
    """Return how often a prediction has the sign of the result, among decided games.

    A prediction of exactly 0 says nothing, and counts ½.
    """
    decided = results != 0
    signs = np.sign(predicted[decided]) * np.sign(results[decided])
    return Rate.of((signs + 1) / 2)


def majority_baseline(train_labels: np.ndarray, labels: np.ndarray) -> Rate:
    """Return how often the commonest of the training labels is right: winners, or moves."""
    names, counts = np.unique(train_labels, return_counts=True)
    return Rate.of(labels == names[counts.argmax()])


def stone_count_baseline(
    own: np.ndarray, opponents: np.ndarray, results: np.ndarray, komi: np.ndarray | float = 0.0
) -> Rate:
    """Return how often more stones on the board, with komi, mean the win, among decided games.

    own, opponents: stones [B] of the side to move and of the other; komi: what the side to move
    gets, so negative for Black.
    """
    return sign_accuracy(np.asarray(own, float) - opponents + komi, results)


def _mean(numbers: Tensor) -> float:
    return float(numbers.mean())


def _rows(fields: Outputs | Batch, chosen: Tensor) -> list[Tensor | None]:
    return [None if tensor is None else tensor[chosen] for tensor in fields]
