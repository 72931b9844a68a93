"""From 5×5 to 7×7 to 9×9: what a network that learnt on a small board knows on a larger one."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from gokit.corpus.positions import PositionBatch, Positions
from gokit.nn.metrics import majority_baseline, stone_count_baseline
from gokit.nn.networks import Network
from gokit.studies._networks import RESNET, held_out, learn, positions, rates, strength

QUESTION = "What does a network that learnt on 5×5 know on 7×7 and 9×9?"
SIZES = (5, 7, 9)
# Lines of the boards learnt from, one after the other.
WAYS = ("5", "7", "9", "5 7", "5 9", "5 7 9")
CELLS = [
    {"way": way, "passes": passes, "seed": seed}
    for passes, seeds in ((5_120, (1,)), (20_480, (1, 2)))
    for seed in seeds
    for way in WAYS
    if passes > 5_120 or way == "5"
]
SMALLEST = CELLS[0]
TOLERANCE = {"top1_5": 0.03, "value_sign_5": 0.05, "top1_9": 0.04, "value_sign_9": 0.08}


def run(cell: dict[str, Any]) -> dict[str, Any]:
    """Train one network, board after board; return its numbers on all boards and its curves.

    curves: one for each board learnt from, and at its head the numbers before the first pass.
    top1_N, value_sign_N: on N×N at the end. fresh_..., baseline_...: of weights that have learnt
    nothing, of a uniform choice among legal moves, and of the better of two simple guesses at the
    winner: the commonest one, and who has more stones (with komi).
    """
    boards = {size: positions(size) for size in SIZES}
    tests = {size: held_out(boards[size][1]) for size in SIZES}
    network: Any = RESNET
    curves = []
    for stage in map(int, cell["way"].split()):
        before = _fresh(cell["seed"]) if network is RESNET else copy.deepcopy(network)
        batch = held_out(boards[stage][1], 9 if stage == 9 else 3).tensors()
        network, curve = learn(
            # The average is what is played with, and what learns on.
            network if network is RESNET else network.requires_grad_(True).train(),
            boards[stage][0],
            batch,
            passes=cell["passes"],
            seed=cell["seed"],
            first=640,
        )
        start = {"passes": 0, "seconds": 0.0, **rates(before.eval(), batch)}
        curves.append({"size": stage, "points": [start, *curve]})
    results: dict[str, Any] = {"n": {str(size): len(tests[size]) for size in SIZES}}
    for size in SIZES:
        results |= _on(size, network, tests[size], boards[size][0], cell["seed"])
    return {**results, **strength(network), "curves": curves}


def _fresh(seed: int) -> Network:
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Network(RESNET)


def _on(
    size: int, network: Network, batch: PositionBatch, train: Positions, seed: int
) -> dict[str, float]:
    found = {"": rates(network, batch.tensors()), "fresh_": rates(_fresh(seed), batch.tensors())}
    row = {
        f"{who}{key}_{size}": numbers[key]
        for who, numbers in found.items()
        for key in ("top1", "value_sign")
    }
    own, other, legal, _, _, black = batch.planes.transpose(1, 0, 2, 3)
    choices = legal.sum((1, 2)) + 1
    is_target = batch.policy_weight > 0
    row[f"baseline_top1_{size}"] = float((1 / choices)[is_target].mean())
    black_to_move = np.where(black[:, 0, 0] > 0, 1, -1)
    labels = batch.won * black_to_move
    sample = held_out(train, 50)
    sample_labels = sample.won * np.where(sample.planes[:, 5, 0, 0] > 0, 1, -1)
    stones = stone_count_baseline(
        own.sum((1, 2)), other.sum((1, 2)), batch.won, -7.5 * black_to_move
    )
    majority = majority_baseline(sample_labels, labels)
    row[f"baseline_value_sign_{size}"] = max(stones.rate, majority.rate)
    return row
