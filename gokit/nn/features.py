"""Positions as planes of numbers, written by a compiled function straight into the batch."""

from __future__ import annotations

import numpy as np

from gokit.go.compiled import kernel
from gokit.go.errors import GoError
from gokit.go.games import Games
from gokit.go.geometry import PASSES, TO_MOVE
from gokit.go.kernels import color_at, legal_mask
from gokit.go.rules import BLACK, EMPTY

# Each named set lists its planes in order; a checkpoint's card repeats the list.
FEATURE_SETS: dict[str, tuple[str, ...]] = {
    "basic": (
        "own stones",
        "opponent's stones",
        "legal points",
        "board",
        "opponent just passed",
        "Black to move",
    ),
}


def write_planes(games: Games, indices: np.ndarray, features: str, planes: np.ndarray) -> None:
    """Fill `planes`, uint8 or float32 [B, C, N, N], with the features of positions `indices`.

    Stones are from the view of the side to move. Raises GoError for an unknown feature set or a
    batch of another shape. Built in chapter 5.
    """
    if features not in FEATURE_SETS:
        raise GoError(f"features are one of {', '.join(FEATURE_SETS)}, not {features!r}")
    g = games.geometry
    expected = (len(indices), len(FEATURE_SETS[features]), g.rows, g.columns)
    if planes.shape != expected:
        raise GoError(f"these planes have the shape {expected}, not {planes.shape}")
    flat = planes.reshape(expected[0], expected[1], g.n_points)
    _write_basic(g, games.words, games.cells, np.ascontiguousarray(indices, np.int64), flat)


@kernel
def _write_basic(g, rows, all_cells, indices, planes):
    legal = np.empty(g.n_points + 1, np.bool_)
    for i in range(indices.size):
        row, cells = rows[indices[i]], all_cells[indices[i]]
        mover = row[TO_MOVE]
        legal_mask(g, row, cells, legal)
        passed = row[PASSES] > 0
        black = mover == BLACK
        for point in range(g.n_points):
            color = color_at(g, cells, g.points[point])
            planes[i, 0, point] = color == mover
            planes[i, 1, point] = color != mover and color != EMPTY
            planes[i, 2, point] = legal[point]
            planes[i, 3, point] = 1
            planes[i, 4, point] = passed
            planes[i, 5, point] = black
