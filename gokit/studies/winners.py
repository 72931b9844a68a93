"""Whose moves should a policy learn: the winner's, everybody's, the winner's above all?"""

from __future__ import annotations

from typing import Any

from gokit.studies._networks import (
    RESNET,
    Relabelled,
    held_out,
    learn,
    positions,
    rates,
    strength,
    weigh_losers,
)

QUESTION = "Should the policy learn from the winner's moves only?"
LOSERS = {"winners": 0.0, "weighted": 0.5, "all": 1.0}  # what a move of the loser counts
CELLS = [
    {"moves": moves, "positions": count, "passes": passes, "seed": seed}
    for count, passes, seeds in ((3_000, 5_120, (1,)), (30_000, 40_960, (1, 2)))
    for seed in seeds
    for moves in LOSERS
]
SMALLEST = CELLS[0]
TOLERANCE = {"top1": 0.02, "winners_top1": 0.02, "value_sign": 0.04, "score": 0.1}


def run(cell: dict[str, Any]) -> dict[str, Any]:
    """Train one network; return its hold-out numbers on all moves and on winners', and strength."""
    train, held = positions()
    batch = held_out(held)
    network, curve = learn(
        RESNET,
        Relabelled(train, lambda drawn: weigh_losers(drawn, LOSERS[cell["moves"]])),
        held_out(held, 9).tensors(),
        passes=cell["passes"],
        limit=cell["positions"],
        seed=cell["seed"],
    )
    winners = rates(network, weigh_losers(batch, 0).tensors())
    return {
        "n": len(batch),
        **rates(network, batch.tensors()),
        "winners_top1": winners["top1"],
        "winners_cross_entropy": winners["cross_entropy"],
        **strength(network),
        "curve": curve,
    }
