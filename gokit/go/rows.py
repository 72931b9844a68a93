"""Making rows: the flat memory of one game, empty or with more room for its history."""

from __future__ import annotations

import numpy as np

from gokit.go.geometry import (
    HISTORY_USED,
    POSITIONAL,
    SIMPLE,
    SITUATIONAL,
    Geometry,
    history_capacity,
    row_words,
)
from gokit.go.kernels import clear, move_history
from gokit.go.rules import Rules

SUPERKO_CODES = {"simple": SIMPLE, "positional": POSITIONAL, "situational": SITUATIONAL}
REASONS = (None, "occupied", "suicide", "ko", "superko", "game over")


def empty_row(g: Geometry, rules: Rules, max_moves: int, room: int) -> np.ndarray:
    """Return an empty board, int64 [W], with that move cap and a history for `room` moves."""
    row = np.empty(row_words(g, room), np.int64)
    clear(g, row, row.view(np.int16), SUPERKO_CODES[rules.superko], rules.suicide, max_moves)
    return row


def copy_with_room(g: Geometry, row: np.ndarray) -> np.ndarray:
    """Return a copy of `row` with room for one more entry, its history doubled if need be."""
    entries = int(row[HISTORY_USED]) + 1
    if history_capacity(entries) <= row.size - g.history:
        return row.copy()
    grown = np.empty(g.history + history_capacity(2 * entries), np.int64)
    write_row(g, row, grown)
    return grown


def write_row(g: Geometry, source: np.ndarray, target: np.ndarray) -> None:
    """Copy a game between rows whose histories may differ in size; the target's must be ample."""
    target[: g.history] = source[: g.history]
    move_history(g, source, target)
