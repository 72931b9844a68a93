"""What a search asks at a leaf: a policy over the moves and a value of the position."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from gokit.go.compiled import kernel
from gokit.go.errors import GoError
from gokit.go.games import Games
from gokit.go.geometry import TO_MOVE
from gokit.go.playouts import UNFINISHED, playouts_from, random_states
from gokit.go.rules import BLACK


class Evaluator(Protocol):
    """Anything that can evaluate a batch of positions.

    `value_kind` is "win", "margin", or None where the values mean neither in particular (all 0,
    say). An evaluator without the attribute counts as None.
    """

    value_kind: str | None

    def evaluate(self, games: Games, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Evaluate the positions `indices`, int [B], of `games`.

        Returns policy logits float32 [B, N*N+1], pass last, illegal moves included, and values
        float32 [B] in [-1, 1] from the view of the side to move; both C-contiguous.
        """
        ...


class UniformEvaluator:
    """Knows nothing: all moves alike, every position even. Built in chapter 3."""

    value_kind = None

    def evaluate(self, games: Games, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return zeros."""
        batch = len(indices)
        return np.zeros((batch, games.n_actions), np.float32), np.zeros(batch, np.float32)


class RolloutEvaluator:
    """Values a position by random games to the end; all moves alike. Built in chapter 3.

    playouts: random games a position. value_kind: "win" averages +1, 0 and -1 with komi,
    "margin" the area margin / N*N. rng: where the playouts' random numbers come from.
    """

    def __init__(
        self, rng: np.random.Generator, playouts: int = 1, value_kind: str = "win"
    ) -> None:
        if playouts < 1:
            raise GoError(f"a rollout evaluator needs at least one playout, not {playouts}")
        if value_kind not in ("win", "margin"):
            raise GoError(f"a value is win or margin, not {value_kind!r}")
        self.rng = rng
        self.playouts = playouts
        self.value_kind = value_kind

    def evaluate(self, games: Games, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return even logits and the mean result of the playouts."""
        batch = len(indices)
        values = np.empty(batch, np.float32)
        _roll_out(
            games.geometry,
            games.words,
            np.ascontiguousarray(indices, np.int64),
            self.playouts,
            3 * games.geometry.n_points + 20,
            random_states(self.rng, batch * self.playouts),
            float(games.rules.komi),
            self.value_kind == "margin",
            values,
        )
        return np.zeros((batch, games.n_actions), np.float32), values


@kernel
def _roll_out(g, rows, indices, playouts, max_moves, states, komi, by_margin, values):
    margins = np.empty(playouts, np.int64)
    for i in range(indices.size):
        row = rows[indices[i]]
        own_states = states[i * playouts : (i + 1) * playouts]
        playouts_from(g, row, playouts, max_moves, own_states, margins)
        total = 0.0
        for margin in margins:
            if margin == UNFINISHED:
                continue  # no result: counts as even
            total += margin / g.n_points if by_margin else np.sign(margin - komi)
        mean = total / playouts
        values[i] = mean if row[TO_MOVE] == BLACK else -mean
