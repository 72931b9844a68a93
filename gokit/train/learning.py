"""One iteration's learning: positions drawn, turned, made into targets, and stepped on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from gokit.go import symmetry
from gokit.nn.features import plane_scales
from gokit.nn.training import Batch, LossWeights, Trainer
from gokit.played import Samples
from gokit.train.config import TrainConfig
from gokit.train.distributed import Team
from gokit.window import ReplayWindow


def learn(
    trainer: Trainer,
    window: ReplayWindow,
    config: TrainConfig,
    rng: np.random.Generator,
    team: Team,
    *,
    positions: int,
    learning_rate: float,
    on_step: Callable[[], None] = lambda: None,
) -> dict[str, float]:
    """Make `passes` passes' worth of steps for so many new positions; return the means.

    With several processes each brings its share of every batch, from its own window. buffer_age:
    how many positions have been played since those that were drawn.
    """
    steps = max(1, round(config.passes * positions / config.batch_size))
    size = team.share(config.batch_size)
    records, age = window.draw(rng, steps * size)
    parts = [records[step * size : (step + 1) * size] for step in range(steps)]
    scales = team.head_scales([_weights(part) for part in parts])
    base = trainer.weights
    sums: dict[str, float] = {}
    for part, scale in zip(parts, scales, strict=True):
        samples = window.unpack(part, rng.integers(symmetry.COUNT, size=size))
        if team.size > 1:
            trainer.weights = _scaled(base, scale)
        batch = to_batch(samples, config, trainer.device)
        for name, number in trainer.step(batch, learning_rate).items():
            sums[name] = sums.get(name, 0.0) + number
        on_step()
    trainer.weights = base
    means = {name: total / steps for name, total in sums.items()}
    return {
        "learning_rate": learning_rate,
        "steps": trainer.steps,
        "buffer_age": age * team.size,
        **means,
    }


def to_batch(samples: Samples, config: TrainConfig, device: torch.device) -> Batch:
    """Return samples as tensors, float32, on the device, with the targets that are asked for."""
    tensors = {
        name: torch.from_numpy(np.ascontiguousarray(array, np.float32)).to(device)
        for name, array in vars(samples).items()
    }
    batch = Batch(**tensors)
    scales = torch.from_numpy(plane_scales(config.features)).to(device)
    return batch._replace(
        planes=batch.planes * scales,
        policy=sharpen(batch.policy, config.target_temperature),
        # What each side owns, added up, is the margin.
        score=batch.ownership.mean((1, 2)) if config.score else None,
    )


def sharpen(policy: torch.Tensor, temperature: float) -> torch.Tensor:
    """Return policies [B, A] to the power of 1 / temperature; at 0, their first choice alone.

    Rows without a target stay zero. F-13: at 0.3 little is left of what a soft target says.
    """
    if temperature == 1:
        return policy
    if temperature == 0:
        first = torch.nn.functional.one_hot(policy.argmax(1), policy.shape[1])
        return first * (policy.sum(1, keepdim=True) > 0)
    peak = policy.amax(1, keepdim=True).clamp(min=1e-30)
    powers = (policy / peak) ** (1 / temperature)
    return powers / powers.sum(1, keepdim=True).clamp(min=1e-30)


def _weights(records: np.ndarray) -> list[float]:
    names = ("policy_weight", "result_weight", "ownership_weight")
    return [float(records[name].sum()) for name in names]


def _scaled(weights: LossWeights, scale: np.ndarray) -> LossWeights:
    policy, result, counted = map(float, scale)
    return replace(
        weights,
        policy=weights.policy * policy,
        value=weights.value * result,
        ownership=weights.ownership * counted,
        score=weights.score * counted,
    )
