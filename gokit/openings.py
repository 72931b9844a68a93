"""How games get going: random and sampled first moves, forks of earlier games, no early pass."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from gokit.go.games import Games
from gokit.go.geometry import EMPTIES, PASSES
from gokit.go.life import pass_alive
from gokit.go.rules import BLACK

if TYPE_CHECKING:
    from gokit.selfplay import SelfPlayConfig

LIBRARY = 512  # earlier games that forks start from, the newest of a group


class Openings:
    """Decides, game by game, how the first moves are chosen.

    Three ways, in this order: a share of the games forks off an earlier one; a share draws its
    first plies from the raw policy at a temperature; in the others, each of the first plies is
    random at a rate. Built in chapter 7.
    """

    def __init__(self, config: SelfPlayConfig, slots: int, rng: np.random.Generator) -> None:
        self.config = config
        self.rng = rng
        self._sampled_until = np.zeros(slots, np.int64)
        self._random_until = np.zeros(slots, np.int64)
        self._library: deque[np.ndarray] = deque(maxlen=LIBRARY)

    def begin(self, slots: np.ndarray) -> None:
        """Decide how the games that begin in `slots` open."""
        config, rng = self.config, self.rng
        drawn = rng.random(len(slots)) < config.policy_rate
        plies = rng.integers(1, config.policy_plies + 1, len(slots)) if config.policy_plies else 0
        self._sampled_until[slots] = np.where(drawn, plies, 0)
        self._random_until[slots] = np.where(self._sampled_until[slots] > 0, 0, config.random_plies)

    def random(self, ply: np.ndarray) -> np.ndarray:
        """Tell which games now make a random move: bool [slots]."""
        chance = self.rng.random(len(ply)) < self.config.random_rate
        return (ply < self._random_until) & chance

    def sampled(self, ply: np.ndarray) -> np.ndarray:
        """Tell which games now draw their move from the raw policy: bool [slots]."""
        return ply < self._sampled_until

    def remember(self, sequences: list[np.ndarray]) -> None:
        """Keep finished games for forks; the oldest make room."""
        if self.config.fork_rate > 0:
            self._library.extend(moves.copy() for moves in sequences if len(moves) > 1)

    def fork(self, games: Games, slots: np.ndarray) -> dict[int, np.ndarray]:
        """Start a share of the new games in `slots` in the middle of an earlier one.

        Each plays the moves of a random earlier game up to a random place, and there a random
        stone instead. Returns the moves now played, slot by slot, the random one last.
        """
        if not self._library or self.config.fork_rate == 0:
            return {}
        rng = self.rng
        chosen = slots[rng.random(len(slots)) < self.config.fork_rate]
        lines = {}
        for slot in chosen.tolist():
            parent = self._library[int(rng.integers(len(self._library)))]
            latest = min(len(parent) - 1, self.config.max_moves - 2)
            if latest >= 1:
                lines[slot] = parent[: int(rng.integers(1, latest + 1))]
        _play_lines(games, lines)
        forked = np.array(sorted(lines), np.int64)
        stones = games.legal_mask()[forked]
        stones[:, -1] = False
        full = ~stones.any(1)
        games.reset(forked[full])
        forked, stones = forked[~full], stones[~full]
        moves = random_moves(stones, rng)
        actions = np.full(len(games), -1, np.int64)
        actions[forked] = moves
        games.play(actions)
        self._sampled_until[forked] = self._random_until[forked] = 0
        return {
            slot: np.append(lines[slot], move).astype(np.int16)
            for slot, move in zip(forked.tolist(), moves.tolist(), strict=True)
        }


def _play_lines(games: Games, lines: dict[int, np.ndarray]) -> None:
    for ply in range(max((len(line) for line in lines.values()), default=0)):
        actions = np.full(len(games), -1, np.int64)
        for slot, line in lines.items():
            if ply < len(line):
                actions[slot] = line[ply]
        games.play(actions)


def random_moves(allowed: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return one of each row's allowed actions, bool [B, A], at random: int64 [B]."""
    return np.where(allowed, rng.random(allowed.shape), -1.0).argmax(1)


def passing_barred(games: Games, before_ply: int, unless_safe: bool) -> np.ndarray:
    """Tell in which games a pass comes too early: bool [n].

    before_ply: passing is barred in the plies before it, so that a network that knows nothing
    cannot learn to end games at once. unless_safe: but for two cases in which a pass costs
    nothing: every point has its owner for certain (Benson), or the opponent has just passed and
    the side to move wins by the area as it stands.
    """
    early = games.move_number < before_ply
    if not unless_safe or not early.any():
        return early
    margin, black = games.score(), games.to_move == BLACK
    safe = (games.words[:, PASSES] > 0) & np.where(black, margin > 0, margin < 0)
    points = games.geometry.n_points
    empty = games.words[:, EMPTIES]
    # A settled point is a stone or next to one, so sparse boards need no closer look.
    dense = 4 * (points - empty) >= empty
    unclear = np.flatnonzero(early & ~safe & dense)
    boards = games.boards()
    for index in unclear:
        safe[index] = pass_alive(boards[index], games.rules.suicide).all()
    return early & ~safe
