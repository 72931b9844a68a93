"""Entrants take turns; medians and ratios of what they did."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

from gokit.bench.entrants import Entrant, Peer, Sample

ROUNDS = 5


def take_turns(
    entrants: Sequence[Entrant | Peer], seconds: float, rounds: int = ROUNDS
) -> list[list[Sample]]:
    """Return each entrant's samples: A B C A B C …, `seconds` for each in all.

    Whatever else the machine does meanwhile then slows all of them alike.
    """
    from tqdm.auto import tqdm

    samples: list[list[Sample]] = [[] for _ in entrants]
    turns = [i for _ in range(rounds) for i in range(len(entrants))]
    for i in tqdm(turns, desc="taking turns", leave=False, disable=None):
        samples[i].append(entrants[i].measure(seconds / rounds))
    return samples


def summary(entrant: Entrant | Peer, samples: Sequence[Sample]) -> dict[str, Any]:
    """Return the median rate, units a second, and the rate a second of processor time."""
    return {
        "value": round(median(s.units / s.seconds for s in samples), 1),
        "per_cpu_s": round(median(s.units / max(s.cpu_seconds, 1e-9) for s in samples), 1),
        "versions": entrant.versions,
    }


def ratio_to(ours: Sequence[Sample], theirs: Sequence[Sample]) -> dict[str, Any]:
    """Return how many times faster ours are.

    ratio: median rate over median rate. ratio_range: lowest and highest ratio of one round, both
    measured one after the other. ratio_per_cpu_s: as ratio, a second of processor time.
    """

    def rates(samples: Sequence[Sample]) -> list[float]:
        return [s.units / s.seconds for s in samples]

    by_round = [a / b for a, b in zip(rates(ours), rates(theirs), strict=True)]
    cpu = [median(s.units / max(s.cpu_seconds, 1e-9) for s in side) for side in (ours, theirs)]
    return {
        "ratio": round(median(rates(ours)) / median(rates(theirs)), 2),
        "ratio_range": [round(min(by_round), 2), round(max(by_round), 2)],
        "ratio_per_cpu_s": round(cpu[0] / cpu[1], 2),
    }
