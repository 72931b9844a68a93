"""What the studies of chapter 5 share: the games, the learning curve, the strength of a network.

All of them learn from games of GNU Go, level 1, in 32-bit numbers on one thread, so that a cell
gives the same numbers each time on one machine, and nearly the same on another.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gokit.arena import MatchResult, play_match
from gokit.corpus.labelling import write_positions
from gokit.corpus.positions import PositionBatch, Positions
from gokit.corpus.sources import read_source
from gokit.go.rules import NO_SUICIDE
from gokit.nn.checkpoint import Card, load_checkpoint, save_checkpoint
from gokit.nn.config import NetworkConfig
from gokit.nn.inference import NetworkEvaluator
from gokit.nn.metrics import measure, predict
from gokit.nn.networks import Network
from gokit.nn.training import Batch
from gokit.players import PolicyPlayer, RandomPlayer
from gokit.supervised import fit

DATA = Path(__file__).parents[2] / "data"
REFERENCE = DATA / "studies" / "reference.safetensors"
FILES = {5: 1, 7: 1, 9: 3}  # of a thousand games each; the corpora go on, these do not change
HOLDOUT_EVERY = 3  # of the positions held out, for the final numbers; neighbours are alike
CURVE_EVERY = 9
GAMES = 300
OPENING = 9  # plies in which nobody should pass

RESNET = NetworkConfig()
TRANSFORMER = NetworkConfig(architecture="transformer", channels=44, attention_heads=2)
MLP = NetworkConfig(architecture="mlp", blocks=2, channels=80, size=9)


@cache
def positions(size: int = 9) -> tuple[Positions, Positions]:
    """Return what to learn from and what is held out, by whole games."""
    corpus = DATA / "games" / f"gnugo-{size}x{size}-level1"
    firsts = range(0, 1000 * FILES[size], 1000)
    games = (read_source(corpus / f"games-{n:06d}-{n + 999:06d}.zip") for n in firsts)
    folder = Path(tempfile.mkdtemp(prefix="gokit-study-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    write_positions(chain.from_iterable(games), folder, features="basic", size=size)
    return Positions(folder, verify=False), Positions(folder, "holdout", verify=False)


def held_out(held: Positions, every: int = HOLDOUT_EVERY) -> PositionBatch:
    """Return every so manieth of the positions held out."""
    return held.take(np.arange(0, len(held), every))


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch compute on one thread: sums come in the same order each time."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def learn(
    network: NetworkConfig | Network,
    train: Positions,
    batch: Batch,
    *,
    passes: int,
    first: int = 1280,
    **options: Any,
) -> tuple[Network, list[dict[str, float]]]:
    """Train a network, and return it with its curve: hold-out numbers after ever more passes.

    The points of the curve are `first` passes, twice as many, and so on, and the end.
    """
    curve: list[dict[str, float]] = []
    next_point = first

    def look(trainer: Any, metrics: dict[str, float]) -> None:
        nonlocal next_point
        if metrics["passes"] >= min(next_point, passes):
            curve.append(
                {
                    "passes": metrics["passes"],
                    "seconds": round(metrics["seconds"], 2),
                    "train_cross_entropy": metrics["loss_policy"],
                    **rates(trainer.average, batch),
                }
            )
            next_point = 2 * metrics["passes"]

    with one_thread():
        trainer = fit(
            network, train, passes=passes, clock=time.process_time, on_step=look, **options
        )
    return trainer.average, curve


def rates(network: Network, batch: Batch) -> dict[str, float]:
    """Return top1, cross_entropy (nats), value_sign and value_error on a batch."""
    with one_thread():
        found = measure(predict(network, batch), batch)
    return {
        "top1": found["top1"].rate,
        "cross_entropy": found["policy_cross_entropy"],
        "value_sign": found["value_sign"].rate,
        "value_error": found["value_error"],
    }


def player(network: Network, name: str = "network") -> PolicyPlayer:
    """Return the network's policy alone as a player: its first choice, no search."""
    evaluator = NetworkEvaluator(network, features="basic", value="win", precision="fp32")
    return PolicyPlayer(evaluator, name=name)


def reference() -> PolicyPlayer:
    """Return the opponent by which all networks are measured; `make_reference` made it."""
    network, _ = load_checkpoint(REFERENCE)
    return player(network, "the reference")


def make_reference(path: str | Path = REFERENCE) -> None:
    """Train the reference, 20,480 passes over the games that everybody learns from."""
    train, held = positions()
    options = {"passes": 20_480, "limit": 100_000, "seed": 99}
    network, curve = learn(RESNET, train, held_out(held, 9).tensors(), **options)
    card = Card(NO_SUICIDE, (9,), "basic", RESNET, "win", run={**options, **curve[-1]})
    save_checkpoint(path, network, card)


def strength(network: Network, games: int = GAMES) -> dict[str, Any]:
    """Return how a network's raw policy plays, in games over random openings with both colours.

    score: its share of the points against the reference; random_score: against random play that
    fills no own eye; a game without an end counts as lost. early_passes, random_early_passes: the
    share of passes among its own moves in the first plies of these games.
    """
    rows = {"": reference(), "random_": RandomPlayer(np.random.default_rng(1))}
    results: dict[str, Any] = {"games": games}
    for prefix, opponent in rows.items():
        with one_thread():
            match = play_match(
                player(network),
                opponent,
                games=games,
                rules=NO_SUICIDE,
                rng=np.random.default_rng(1),
            )
        results[f"{prefix}score"] = (match.wins + match.draws / 2) / games
        results[f"{prefix}unfinished"] = match.unfinished
        results[f"{prefix}distinct_games"] = match.distinct_games
        results[f"{prefix}early_passes"] = early_passes(match)
    return results


def early_passes(match: MatchResult) -> float:
    """Return the share of passes among player A's own moves in the first plies of its games."""
    own = [
        move
        for game in match.played
        for ply, move in enumerate(game.moves[:OPENING])
        # Black, colour 1, moves on even plies.
        if ply >= game.opening and (ply % 2 == 0) == (game.a_color == 1)
    ]
    return float(np.mean([move == match.size**2 for move in own])) if own else 0.0


class Relabelled:
    """Positions whose batches are changed before they are learnt from."""

    def __init__(
        self, positions: Positions, change: Callable[[PositionBatch], PositionBatch]
    ) -> None:
        self.positions, self.change = positions, change

    def batches(self, *args: Any, **options: Any) -> Iterator[PositionBatch]:
        """As `Positions.batches`, changed."""
        return map(self.change, self.positions.batches(*args, **options))


def weigh_losers(batch: PositionBatch, weight: float) -> PositionBatch:
    """Return the batch with the moves of those who did not win counting `weight`."""
    weights = batch.policy_weight * np.where(batch.won > 0, 1.0, weight)
    return replace(batch, policy_weight=weights.astype(np.float32))


def only_phase(batch: PositionBatch, begin: float, end: float) -> PositionBatch:
    """Return the batch with policy targets only from one part of each game, 0 to 1."""
    phase = batch.ply / batch.length
    inside = (phase >= begin) & (phase < end)
    return replace(batch, policy_weight=(batch.policy_weight * inside).astype(np.float32))


def random_as_pass(batch: PositionBatch) -> PositionBatch:
    """Return the batch as a bug makes it: move -1, "no target", read as the last one, the pass."""
    policy = batch.policy.copy()
    policy[batch.policy_weight == 0, -1] = 1
    return replace(batch, policy=policy, policy_weight=np.ones_like(batch.policy_weight))
