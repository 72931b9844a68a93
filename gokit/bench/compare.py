"""Entrants take turns; medians and ratios of what they did."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib.metadata import version
from statistics import median
from typing import Any, NamedTuple

from gokit import __version__
from gokit.bench.entrants import Entrant, Peer, Sample

ROUNDS = 5


class Rival(NamedTuple):
    """A peer to start: script with options, and which of gokit's entrants it is held against."""

    name: str
    script: str
    against: int = 0


class Contest(NamedTuple):
    """What came of one: the samples of gokit's entrants, and of the peers what the JSON says."""

    samples: list[list[Sample]]
    peers: list[dict[str, Any]]
    not_installed: list[str]


def contest(
    ours: Sequence[Entrant], rivals: Sequence[Rival], arguments: argparse.Namespace
) -> Contest:
    """Let gokit and those of its rivals that are installed take turns.

    arguments: size, seconds, peer_python, no_peers. Raises GoError where a peer fails.
    """
    from tqdm.auto import tqdm

    peers: list[tuple[Peer, int]] = []
    missing = []
    invited = () if arguments.no_peers else rivals
    try:
        for rival in tqdm(invited, desc="starting the others", leave=False, disable=None):
            peer = Peer(rival.name, rival.script, arguments.size, arguments.peer_python)
            if peer.missing:
                missing.append(rival.name)
                peer.close()
            else:
                peers.append((peer, rival.against))
        samples = take_turns([*ours, *(peer for peer, _ in peers)], arguments.seconds)
    finally:
        for peer, _ in peers:
            peer.close()
    rows = [
        {"name": peer.name, **summary(peer, its), **ratio_to(samples[against], its)}
        for (peer, against), its in zip(peers, samples[len(ours) :], strict=True)
    ]
    return Contest(samples[: len(ours)], rows, missing)


def our_versions(*more: str) -> dict[str, str]:
    """Return the versions of gokit and of what it stands on."""
    return {"gokit": __version__, **{name: version(name) for name in ("numba", "numpy", *more)}}


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


def beside_one_thread(threads: int, samples: Sequence[Sequence[Sample]]) -> dict[str, Any]:
    """Return what `threads` threads (the second samples) do beside one (the first)."""
    one, many = (median(s.units / s.seconds for s in its) for its in samples)
    cpu = median(s.units / max(s.cpu_seconds, 1e-9) for s in samples[1])
    return {
        "threads": threads,
        "value": round(many, 1),
        "speedup": round(many / one, 2),
        "per_cpu_s": round(cpu, 1),
    }


def shares(samples: Sequence[Sample]) -> dict[str, Any]:
    """Return where a search's time went.

    tree_us: microseconds a simulation outside the evaluator; tree_cpu_us: of processor time, so
    that other processes count less. network_share: the evaluator's share of the time. Medians
    over the turns.
    """
    tree = median((s.seconds - s.evaluator_seconds) / s.units for s in samples)
    tree_cpu = median(s.tree_cpu_seconds / s.units for s in samples)
    share = median(s.evaluator_seconds / s.seconds for s in samples)
    return {
        "tree_us": round(1e6 * tree, 2),
        "tree_cpu_us": round(1e6 * tree_cpu, 2),
        "network_share": round(share, 4),
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
