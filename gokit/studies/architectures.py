"""Residual network, transformer, MLP: three networks of 60,000 parameters, and ever more data."""

from __future__ import annotations

from typing import Any

from gokit.nn.networks import Network, flop_count
from gokit.studies._networks import MLP, RESNET, TRANSFORMER, held_out, learn, positions, strength

QUESTION = "Does the architecture matter, at equal passes and at equal time?"
NETWORKS = {"resnet": RESNET, "transformer": TRANSFORMER, "mlp": MLP}
SIZES = (1_000, 10_000, 100_000)
# The second number is as many passes as take about the processor time of the transformer's run.
PASSES = {"transformer": (61_440,), "resnet": (61_440, 286_720), "mlp": (61_440, 2_867_200)}
SMALLEST = {"architecture": "mlp", "positions": 1_000, "passes": 61_440, "seed": 1}
TOLERANCE = {"top1": 0.02, "best_top1": 0.02, "value_sign": 0.04, "score": 0.1}


CELLS = [
    {"architecture": kind, "positions": count, "passes": passes, "seed": seed}
    for seed in (1, 2)
    for count in SIZES
    for kind in NETWORKS
    for passes in PASSES[kind]
]


def run(cell: dict[str, Any]) -> dict[str, Any]:
    """Train one network; return the curve, its best and its last point, and the strength."""
    config = NETWORKS[cell["architecture"]]
    train, held = positions()
    network, curve = learn(
        config,
        train,
        held_out(held, 9).tensors(),
        passes=cell["passes"],
        limit=cell["positions"],
        seed=cell["seed"],
    )
    last = curve[-1]
    return {
        "parameters": Network(config).parameter_count(),
        "megaflops": flop_count(config, 9) / 1e6,
        "top1": last["top1"],
        "value_sign": last["value_sign"],
        "cross_entropy": last["cross_entropy"],
        "best_top1": max(point["top1"] for point in curve),
        "best_value_sign": max(point["value_sign"] for point in curve),
        "best_cross_entropy": min(point["cross_entropy"] for point in curve),
        **strength(network),
        "curve": curve,
    }
