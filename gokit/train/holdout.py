"""Self-play games that are never learnt from, to measure each head on, phase by phase."""

from __future__ import annotations

import hashlib
import math
from typing import Any

import numpy as np
import torch

from gokit.corpus.holdout import OPENING, is_held_out
from gokit.go import symmetry
from gokit.nn.config import Outputs
from gokit.nn.metrics import measure, measure_by_phase, predict, sign_accuracy
from gokit.nn.networks import Network
from gokit.nn.training import Batch, LossWeights, compute_losses
from gokit.played import INHERITED, PlayedGames, samples_of
from gokit.train.config import TrainConfig
from gokit.train.learning import to_batch

PHASES = 4
_KEPT = ("n", "policy_cross_entropy", "top1", "value_error", "value_sign", "ownership_error")


def held_out(games: PlayedGames, share: float) -> np.ndarray:
    """Return which games are held out, about that share of them: bool [G].

    The first 30 moves of a game decide, whichever way the board is turned: so a game played
    twice is never on both sides.
    """
    if not share:
        return np.zeros(len(games), np.bool_)
    turns = np.stack([symmetry.permutation(k, games.size) for k in range(symmetry.COUNT)])
    keys = []
    for moves in games.sequences():
        least = min(image.astype(">i2").tobytes() for image in turns[:, moves[:OPENING]])
        keys.append(hashlib.blake2b(least, digest_size=8).digest())
    return np.array([is_held_out(key, share) for key in keys], np.bool_)


class HoldOut:
    """The newest games held out that have `measured` positions between them.

    Built in chapter 7.
    """

    def __init__(self, config: TrainConfig) -> None:
        self.config = config
        self._games: list[PlayedGames] = []

    def __len__(self) -> int:
        return sum(games.positions for games in self._games)

    @property
    def is_full(self) -> bool:
        """Whether there are as many positions as are measured."""
        return len(self) >= self.config.measured

    def split(self, games: PlayedGames) -> tuple[PlayedGames, np.ndarray]:
        """Return the games, and which of their positions are to learn from, rising: int [K].

        Moves that an earlier game had made already are left out: they are in the window.
        """
        apart = held_out(games, self.config.holdout)
        learnt = ~np.repeat(apart, games.lengths) & (games.how != INHERITED)
        return games.select(np.flatnonzero(apart)), np.flatnonzero(learnt)

    def add(self, games: PlayedGames) -> None:
        """Add the newest games held out."""
        if len(games):
            self._games.append(games)
        while len(self._games) > 1 and len(self) - self._games[0].positions >= (
            self.config.measured
        ):
            del self._games[0]

    def add_before(self, games: PlayedGames) -> None:
        """Add games held out that are older than all others, unless there are enough."""
        if len(games) and not self.is_full:
            self._games.insert(0, games)

    def measure(self, network: Network) -> dict[str, Any] | None:
        """Return how a network does on the games, by head and phase; None without any.

        Besides what `nn.metrics.measure` gives: "majority", how often the side to move that
        usually wins is the one that does; "loss_value", of the kind that is trained; "games";
        "phases", rows from the first to the last quarter of the games.
        """
        if not self._games:
            return None
        config = self.config
        games = PlayedGames.join(self._games)
        chosen = np.flatnonzero(games.how != INHERITED)[-config.measured :]
        samples = samples_of(games, config.features, config.value, chosen=chosen)
        batch = to_batch(samples, config, torch.device("cpu"))
        phase = (games.plies / np.repeat(games.lengths, games.lengths))[chosen]
        outputs = predict(network, batch)
        rows = measure_by_phase(outputs, batch, phase, config.value, PHASES)
        return _plain(
            {
                **_row(measure(outputs, batch, config.value)),
                "loss_value": _value_loss(outputs, batch),
                "majority": _favourite(games, chosen, batch),
                "games": len(games),
                "phases": [{"phase": row["phase"], **_row(row)} for row in rows],
            }
        )


def _row(measured: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value._asdict() if hasattr(value, "_asdict") else value
        for name, value in measured.items()
        if name in _KEPT
    }


def _value_loss(outputs: Outputs, batch: Batch) -> float:
    return float(compute_losses(outputs, batch, LossWeights()).value)


def _favourite(games: PlayedGames, chosen: np.ndarray, batch: Batch) -> dict[str, Any]:
    """How often the side to move that wins more often here is the one that wins."""
    results = batch.value.numpy() * (batch.result_weight.numpy() > 0)
    black = np.where(games.plies[chosen] % 2 == 0, 1.0, -1.0)
    favourite = black * (np.sign((results * black).sum()) or 1.0)
    return sign_accuracy(favourite, results)._asdict()


def _plain(value: Any) -> Any:
    """Return a value as JSON can say it: what is not a number becomes None."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
