"""What a search asks at a leaf: a policy over the moves and a value of the position."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from gokit.go.compiled import kernel, lean
from gokit.go.errors import GoError
from gokit.go.games import Games
from gokit.go.geometry import PASSES, TO_MOVE
from gokit.go.playouts import final_margin, light_playout, next_random, random_states
from gokit.go.rules import BLACK
from gokit.options import is_number


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

    Each index has a random stream of its own, so that a game's answers do not depend on which
    others are evaluated beside it. The logits are even but for less than a thousandth, which
    lets chance rather than the order of the points decide between equals.
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
        self._states = np.empty(0, np.uint64)

    def streams(self, n: int) -> np.ndarray:
        """Return the random states of the first `n` indices, to be advanced in place."""
        missing = n - self._states.size
        if missing > 0:
            self._states = np.concatenate([self._states, random_states(self.rng, missing)])
        return self._states

    def evaluate(self, games: Games, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return even logits and the mean result of the playouts."""
        indices = np.ascontiguousarray(indices, np.int64)
        logits = np.empty((len(indices), games.n_actions), np.float32)
        values = np.empty(len(indices), np.float32)
        _roll_out(
            games.geometry,
            games.words,
            indices,
            self.playouts,
            self.streams(int(indices.max(initial=-1)) + 1),
            float(games.rules.komi),
            self.value_kind == "margin",
            logits,
            values,
        )
        return logits, values


class MixedEvaluator:
    """AlphaGo's leaf: (1 - mix) of one evaluator's value and `mix` of another's.

    The policy is the first's. mix: the lambda of Silver et al. 2016, from 0 to 1, where 0.5 was
    best. Raises GoError where the two values mean different things. Built in chapter 3.
    """

    def __init__(self, first: Evaluator, second: Evaluator, mix: float = 0.5) -> None:
        if not (is_number(mix) and 0 <= mix <= 1):
            raise GoError(f"mix is a number from 0 to 1, not {mix!r}")
        kinds = {getattr(e, "value_kind", None) for e in (first, second)} - {None}
        if len(kinds) > 1:
            raise GoError("a win and a margin cannot be mixed: give both evaluators one value kind")
        self.first, self.second, self.mix = first, second, mix
        self.value_kind = kinds.pop() if kinds else None

    def evaluate(self, games: Games, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the first evaluator's logits and the mixed values."""
        logits, values = self.first.evaluate(games, indices)
        if self.mix > 0:
            _, others = self.second.evaluate(games, indices)
            values = ((1 - self.mix) * values + self.mix * others).astype(np.float32)
        return logits, values


@kernel
def _roll_out(g, rows, indices, playouts, states, komi, by_margin, logits, values):
    spare = np.empty(g.history, np.int64)
    cells = spare.view(np.int16)
    owner = np.empty(g.n_points, np.int8)
    for i in range(indices.size):
        stream = indices[i]
        values[i] = play_out(
            g, rows[stream], playouts, states, stream, komi, by_margin, spare, cells, owner
        )
        untie(states, stream, logits[i])


@kernel
def play_out(g, source, playouts, states, stream, komi, by_margin, row, cells, owner):
    """The mean result of light playouts from the row `source`, in its side to move's view."""
    total = 0.0
    for _ in range(playouts):
        for word in range(row.size):
            row[word] = source[word]
        light_playout(g, row, cells, states, stream, 3 * g.n_points + 20)
        if row[PASSES] == 2:  # else it has no result, and counts as even
            margin = final_margin(g, row, cells, owner)
            total += margin / g.n_points if by_margin else np.sign(margin - komi)
    mean = total / playouts
    return np.float32(mean if source[TO_MOVE] == BLACK else -mean)


@lean
def untie(states, stream, logits):
    """Fill `logits` with numbers from 0 to a thousandth, which decide between equals."""
    for action in range(logits.size):
        bits = next_random(states, stream) >> np.uint64(40)
        logits[action] = np.float32(bits) * np.float32(1e-3 / (1 << 24))
