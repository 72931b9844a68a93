"""Resigning lost games, and measuring how often a resigned game was not lost.

AlphaGo Zero (Silver et al. 2017) played a tenth of its games to the end whatever the value said,
and set the threshold so that fewer than 5 % of resignations were mistakes. Built in chapter 7.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gokit.go.errors import GoError
from gokit.go.geometry import TWO_PASSES
from gokit.go.rules import BLACK, WHITE
from gokit.intervals import wilson
from gokit.options import is_number
from gokit.played import PlayedGames

FALSE_LIMIT = 0.05
LEAST_GAMES = 100  # played out to their end, before a threshold is worth having
MOST_CANDIDATES = 200


class ResignCounters:
    """How many of its own turns in a row each side of each game has seen a hopeless value.

    A turn that was not searched counts neither way. The counters belong to a game: `reset` them
    when another takes its place.
    """

    def __init__(self, slots: int, turns: int, from_ply: int) -> None:
        self.turns = turns
        self.from_ply = from_ply
        self._low = np.zeros((slots, 2), np.int64)

    def reset(self, slots: np.ndarray) -> None:
        """Forget what was counted in the games of `slots`."""
        self._low[slots] = 0

    def update(
        self,
        slots: np.ndarray,
        to_move: np.ndarray,
        ply: np.ndarray,
        value: np.ndarray,
        below: float,
    ) -> np.ndarray:
        """Count a turn of each game and tell where its side to move should resign: bool [B].

        to_move: BLACK or WHITE [B]; ply: [B]; value: [B], side to move's view; below: the
        threshold.
        """
        side = np.where(to_move == BLACK, 0, 1)
        # Values are kept as float16, and whoever calibrates on them must see the same turns.
        low = (value.astype(np.float16) < below) & (ply >= self.from_ply)
        self._low[slots, side] = np.where(low, self._low[slots, side] + 1, 0)
        return self._low[slots, side] >= self.turns


@dataclass(frozen=True)
class ResignCheck:
    """What a threshold would have done in games that were played out.

    below: the threshold. games: played out and counted. resigned: those in which a side would
    have resigned; mistaken: those of them that this side did not lose in the end.
    """

    below: float
    games: int
    resigned: int
    mistaken: int

    @property
    def rate(self) -> float | None:
        """The share of resignations that were mistakes; None where there was none."""
        return self.mistaken / self.resigned if self.resigned else None

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the rate."""
        return wilson(self.rate or 0.0, self.resigned)

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as plain JSON types."""
        return {
            "below": self.below,
            "games": self.games,
            "resigned": self.resigned,
            "mistaken": self.mistaken,
            "rate": self.rate,
            "interval": list(self.interval),
        }


def check_threshold(
    games: Sequence[PlayedGames], below: float, turns: int, from_ply: int
) -> ResignCheck:
    """Return what resigning below that value would have done in the games marked `played_out`."""
    return _Trials(games, turns, from_ply).check(below)


def calibrate(
    games: Sequence[PlayedGames],
    turns: int,
    from_ply: int,
    limit: float = FALSE_LIMIT,
    least_games: int = LEAST_GAMES,
) -> ResignCheck | None:
    """Return the highest threshold below 0 whose share of mistakes is at most `limit` for sure.

    Judged by the games marked `played_out` that ended by two passes, with the upper end of
    Wilson's interval, so that few games give a low threshold or none. turns, from_ply: as in
    `ResignCounters`. None where fewer than `least_games` were played out, or no threshold will do.
    """
    if not (is_number(limit) and 0 < limit < 1):
        raise GoError(f"a limit of mistakes is between 0 and 1, not {limit!r}")
    trials = _Trials(games, turns, from_ply)
    if trials.games < least_games:
        return None
    for below in trials.candidates()[::-1].tolist():
        check = trials.check(below)
        if check.resigned and check.interval[1] <= limit:
            return check
    return None


class _Trials:
    """Played-out games as a table, one row a game and one column a ply.

    `standing` holds, at each turn, the highest value of that side's last `turns` turns: a side
    resigns at the first turn at which it is below the threshold. inf where it cannot.
    """

    def __init__(self, parts: Sequence[PlayedGames], turns: int, from_ply: int) -> None:
        tables = [_standing(part, turns, from_ply) for part in parts]
        self.winner = np.concatenate([np.zeros(0, np.int8), *(w for w, _ in tables)])
        longest = max((table.shape[1] for _, table in tables), default=1)
        self.standing = np.full((len(self.winner), longest), np.inf)
        row = 0
        for _, table in tables:
            self.standing[row : row + len(table), : table.shape[1]] = table
            row += len(table)

    @property
    def games(self) -> int:
        return len(self.winner)

    def candidates(self) -> np.ndarray:
        """Return thresholds that differ in what they do, rising, thinned to a workable number."""
        lowest = self.standing.min(1, initial=np.inf)
        values = np.unique(lowest[lowest < 0])
        if len(values) > MOST_CANDIDATES:
            values = values[np.linspace(0, len(values) - 1, MOST_CANDIDATES).astype(int)]
        return values

    def check(self, below: float) -> ResignCheck:
        low = self.standing < below
        resigned = low.any(1)
        side = np.where(low.argmax(1) % 2 == 0, BLACK, WHITE)
        lost = self.winner == np.where(side == BLACK, WHITE, BLACK)
        return ResignCheck(below, self.games, int(resigned.sum()), int((resigned & ~lost).sum()))


def _standing(games: PlayedGames, turns: int, from_ply: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the winners [G] of the games that count, and their part of the table [G, plies]."""
    usable = np.flatnonzero(games.played_out & (games.end == TWO_PASSES))
    standing = np.full((len(usable), int(games.lengths[usable].max(initial=1))), np.inf)
    for row, game in enumerate(usable.tolist()):
        start = games.starts[game]
        value = games.value[start : start + games.lengths[game]].astype(np.float64)
        known = ~np.isnan(value)
        known[:from_ply] = False
        for parity in (0, 1):
            own = parity + 2 * np.flatnonzero(known[parity::2])
            if len(own) >= turns:
                windows = np.lib.stride_tricks.sliding_window_view(value[own], turns)
                standing[row, own[turns - 1 :]] = windows.max(1)
    return games.winner[usable], standing
