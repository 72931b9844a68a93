"""One trunk for policy and value, one that only the policy teaches, or one each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gokit.nn.networks import Network, flop_count
from gokit.studies._networks import RESNET, held_out, learn, positions, rates, strength

QUESTION = "What does it cost, and bring, that policy and value share a trunk?"
TRUNKS = {
    "shared": RESNET,
    "detached": replace(RESNET, trunks="detached"),
    "separate": replace(RESNET, trunks="separate"),
    # As many operations as the shared one has.
    "separate, narrow": replace(RESNET, trunks="separate", channels=22),
}
CELLS = [
    {"trunks": trunks, "positions": count, "passes": passes, "seed": seed}
    for count, passes in ((3_000, 5_120), (100_000, 20_480))
    for seed in (1, 2)
    for trunks in TRUNKS
    if count > 3_000 or (seed == 1 and trunks == "detached")
]
SMALLEST = CELLS[0]
TOLERANCE = {"top1": 0.02, "value_sign": 0.04, "score": 0.1}


def run(cell: dict[str, Any]) -> dict[str, Any]:
    """Train one network; return its size and cost, its hold-out numbers and its strength."""
    config = TRUNKS[cell["trunks"]]
    train, held = positions()
    network, curve = learn(
        config,
        train,
        held_out(held, 9).tensors(),
        passes=cell["passes"],
        limit=cell["positions"],
        seed=cell["seed"],
    )
    return {
        "parameters": Network(config).parameter_count(),
        "megaflops": flop_count(config, 9) / 1e6,
        **rates(network, held_out(held).tensors()),
        **strength(network),
        "curve": curve,
    }
