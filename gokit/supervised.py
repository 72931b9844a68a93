"""Learning from games that others played: positions in, a trained network out."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch

from gokit.corpus.positions import Positions
from gokit.go.errors import GoError
from gokit.nn.config import NetworkConfig
from gokit.nn.networks import Network
from gokit.nn.training import LossWeights, Trainer, schedule

# A network that knows only results, not margins: the value head gets less to learn from.
WEIGHTS = LossWeights(value=1.0, ownership=0.3)


def fit(
    network: NetworkConfig | Network,
    positions: Positions,
    *,
    passes: int | None = None,
    seconds: float | None = None,
    seed: int = 1,
    batch_size: int = 256,
    learning_rate: float = 3e-3,
    weights: LossWeights = WEIGHTS,
    limit: int | None = None,
    value: str = "win",
    winners_only: bool = False,
    symmetries: bool = True,
    precision: str = "fp32",
    clock: Callable[[], float] = time.perf_counter,
    on_step: Callable[[Trainer, dict[str, Any]], None] = lambda trainer, metrics: None,
) -> Trainer:
    """Train a network on positions, and return its trainer; `trainer.average` is to play with.

    network: its shape, for fresh weights drawn from `seed`, or a network to go on with. The run
    ends after `passes` positions, each counted every time it is seen, or after `seconds` of
    `clock`; the learning rate falls towards whichever is given. limit: learn from so many of the
    positions only, the same ones for every seed, and among those of any larger limit. value,
    winners_only, symmetries: as in `Positions.batches`. on_step: called after every step with the
    trainer and the step's metrics, "passes" and "seconds" among them; its own time does not count.

    In fp32 the same seed, passes and number of threads train the same network. GoError where
    neither or both of `passes` and `seconds` are given. Built in chapter 5.
    """
    if (passes is None) == (seconds is None):
        raise GoError("give either passes or seconds")
    if isinstance(network, NetworkConfig):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = Network(network)
    trainer = Trainer(network, weights=weights, precision=precision)
    batches = positions.batches(
        batch_size,
        seed,
        limit=limit,
        symmetries=symmetries,
        value=value,
        winners_only=winners_only,
    )
    seen, spent, begun = 0, 0.0, clock()
    for batch in batches:
        done = spent / seconds if passes is None else seen / passes
        if done >= 1:
            break
        metrics = trainer.step(batch.tensors(), learning_rate * schedule(done, warm_up=0.02))
        seen += batch_size
        spent += clock() - begun
        on_step(trainer, {**metrics, "passes": seen, "seconds": spent})
        begun = clock()
    return trainer
