"""Intervals of measured rates."""

from __future__ import annotations

import math

from gokit.go.errors import GoError


def wilson(score: float, n: int, z: float = 1.959964) -> tuple[float, float]:
    """Return Wilson's interval of a rate `score`, 0 to 1, measured over n trials; (0, 1) at n = 0.

    z = 1.96 gives 95 %. A match's score, draws as ½, is treated as a rate, which errs on the
    wide side. Wilson 1927. Built in chapter 6.
    """
    if n == 0:
        return 0.0, 1.0
    if not 0 <= score <= 1 or n < 0:
        raise GoError(f"a rate is from 0 to 1 over n ≥ 0 trials, not {score!r} over {n!r}")
    spread = z * math.sqrt(score * (1 - score) / n + z * z / (4 * n * n))
    middle = score + z * z / (2 * n)
    scale = 1 + z * z / n
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)
