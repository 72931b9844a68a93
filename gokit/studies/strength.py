"""Networks of many kinds: does the one that predicts better also play better?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from gokit.corpus.positions import PositionBatch
from gokit.nn.config import NetworkConfig
from gokit.nn.training import LossWeights
from gokit.studies._networks import (
    RESNET,
    Relabelled,
    held_out,
    learn,
    only_phase,
    positions,
    random_as_pass,
    rates,
    strength,
)
from gokit.supervised import WEIGHTS

QUESTION = "Is the network that predicts better also the one that plays better?"
Change = Callable[[PositionBatch], PositionBatch]
# What is done to the targets before they are learnt.
TARGETS: dict[str, Change] = {
    "all": lambda batch: batch,
    "opening": lambda batch: only_phase(batch, 0.0, 0.4),
    "middle": lambda batch: only_phase(batch, 0.2, 0.8),
    "ending": lambda batch: only_phase(batch, 0.6, 1.1),
    "random moves as passes": random_as_pass,
}
SMALL = replace(RESNET, blocks=1, channels=16)
NETWORKS = {"3x32": RESNET, "1x16": SMALL, "3x32 without value": RESNET}
WEIGHTS_OF = {"3x32 without value": LossWeights(value=0.0, ownership=0.0)}


def _cell(network: str, targets: str, passes: int, count: int = 100_000) -> dict[str, Any]:
    return {
        "network": network,
        "targets": targets,
        "positions": count,
        "passes": passes,
        "seed": 1,
    }


CELLS = [
    _cell("3x32", "all", 2_560),
    _cell("3x32", "all", 5_120),
    _cell("3x32", "all", 10_240),
    _cell("3x32", "all", 20_480),
    _cell("3x32", "all", 40_960),
    _cell("3x32", "all", 81_920),
    _cell("3x32", "all", 40_960, 2_000),
    _cell("1x16", "all", 20_480),
    _cell("1x16", "all", 163_840),
    _cell("3x32 without value", "all", 40_960),
    *(_cell("3x32", targets, 40_960) for targets in list(TARGETS)[1:]),
]
SMALLEST = CELLS[0]
TOLERANCE = {"top1": 0.03, "value_sign": 0.05, "score": 0.1}


def run(cell: dict[str, Any]) -> dict[str, Any]:
    """Train one network; return what it predicts and how it plays.

    top1, value_sign, ...: on all held-out positions; own_top1: on those whose targets are like the
    ones it learnt from.
    """
    config: NetworkConfig = NETWORKS[cell["network"]]
    change = TARGETS[cell["targets"]]
    train, held = positions()
    batch = held_out(held)
    network, curve = learn(
        config,
        Relabelled(train, change),
        held_out(held, 9).tensors(),
        passes=cell["passes"],
        limit=cell["positions"],
        seed=cell["seed"],
        weights=WEIGHTS_OF.get(cell["network"], WEIGHTS),
    )
    own = rates(network, change(batch).tensors())
    return {
        "n": len(batch),
        **rates(network, batch.tensors()),
        "own_top1": own["top1"],
        **strength(network),
        "curve": curve,
    }
