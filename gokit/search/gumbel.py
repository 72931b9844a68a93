"""The root of a Gumbel search: sampling without replacement, and sequential halving.

Danihelka, Guez, Schrittwieser and Silver, "Policy improvement by planning with Gumbel", ICLR
2022. The compiled half, completed Q-values and selection, is in `select`. Built in chapter 6.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from gokit.go.errors import GoError


def gumbel_noise(
    rng: np.random.Generator | None, shape: tuple[int, ...], scale: float
) -> np.ndarray:
    """Return float32 Gumbel(0, 1) samples times `scale`, zeros where the scale is 0.

    The argmax of logits + noise at scale 1 is a sample from their softmax; the m largest are m
    samples without replacement. Raises GoError where a generator is needed and missing.
    """
    if scale == 0:
        return np.zeros(shape, np.float32)
    if rng is None:
        raise GoError("Gumbel samples need a random generator")
    return (scale * rng.gumbel(size=shape)).astype(np.float32)


@lru_cache(maxsize=64)
def visit_schedule(considered: int, simulations: int) -> np.ndarray:
    """Return how sequential halving spends its simulations, int32 [considered + 1, simulations].

    Row m is for a root of m actions. Entry s is the visit count that the action taken by
    simulation s has so far: the best-scored action with that count is visited next.
    """
    table = np.zeros((considered + 1, simulations), np.int32)
    for m in range(considered + 1):
        table[m] = _halving(m, simulations)
    table.setflags(write=False)
    return table


def _halving(m: int, simulations: int) -> list[int]:
    if m <= 1:
        return list(range(simulations))
    phases = math.ceil(math.log2(m))
    visits = [0] * m
    sequence: list[int] = []
    while len(sequence) < simulations:
        for _ in range(max(1, simulations // (phases * m))):
            sequence += visits[:m]
            visits[:m] = [count + 1 for count in visits[:m]]
        m = max(2, m // 2)
    return sequence[:simulations]
