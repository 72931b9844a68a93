"""Positions as planes of numbers, written by compiled functions straight into the batch."""

from __future__ import annotations

import numpy as np

from gokit.go.compiled import inline, kernel, lean
from gokit.go.errors import GoError
from gokit.go.games import Games
from gokit.go.geometry import LAST_MOVE, PASSES, TO_MOVE
from gokit.go.kernels import (
    KO_RETAKE,
    LEGAL,
    REPEATS,
    at,
    color_at,
    head_of,
    in_atari,
    legality,
    liberties_at,
)
from gokit.go.rules import BLACK, EMPTY, WHITE

KOMI = "komi for the side to move"

# Each named set lists its planes in order; a checkpoint's card repeats the list.
FEATURE_SETS: dict[str, tuple[str, ...]] = {
    # One plane of 0, 1 and 2, and the lecture's three: who is to move is left out of both.
    "scalar": ("stones as 0, 1, 2",),
    "lecture": ("Black's stones", "White's stones", "empty points"),
    "basic": (
        "own stones",
        "opponent's stones",
        "legal points",
        "board",
        "opponent just passed",
        "Black to move",
    ),
    "full": (
        "own stones",
        "opponent's stones",
        "legal points",
        "board",
        "own chains with 1 liberty",
        "own chains with 2 liberties",
        "own chains with 3 or more liberties",
        "opponent's chains with 1 liberty",
        "opponent's chains with 2 liberties",
        "opponent's chains with 3 or more liberties",
        "points barred by ko or superko",
        "last move",
        "opponent just passed",
        "Black to move",
        KOMI,
    ),
}
KOMI_SCALE = 1 / 30  # planes hold half-points of komi; 15 points become 1
_CODES = {name: code for code, name in enumerate(FEATURE_SETS)}
_SCALAR, _LECTURE, _BASIC, _FULL = range(4)


def write_planes(games: Games, indices: np.ndarray, features: str, planes: np.ndarray) -> None:
    """Fill `planes`, int8 [B, C, N, N], with the features of positions `indices`.

    Numbers are 0 and 1, in "scalar" also 2, and half-points of komi, positive where the side to
    move gets it; multiply by `plane_scales` before a network reads them. "own" is the side to
    move. Raises GoError for an unknown set, another shape or type, and for a komi that the set
    cannot say. Built in chapter 5.
    """
    names = feature_names(features)
    g = games.geometry
    expected = (len(indices), len(names), g.rows, g.columns)
    if planes.shape != expected or planes.dtype != np.int8:
        raise GoError(f"planes are int8 {expected}, not {planes.dtype} {planes.shape}")
    half_points = 2 * games.rules.komi
    if KOMI in names and abs(half_points) > 127:
        raise GoError(f"the features {features!r} cannot say a komi of {games.rules.komi:g}")
    _write(
        g,
        games.words,
        games.cells,
        np.ascontiguousarray(indices, np.int64),
        planes.reshape(expected[0], expected[1], g.n_points),
        _CODES[features],
        int(half_points),
    )


def plane_scales(features: str) -> np.ndarray:
    """Return what each plane is multiplied by before a network reads it: float32 [C, 1, 1]."""
    scales = [KOMI_SCALE if name == KOMI else 1.0 for name in feature_names(features)]
    return np.array(scales, np.float32)[:, None, None]


def feature_names(features: str) -> tuple[str, ...]:
    """Return the planes of a feature set; GoError for an unknown one."""
    if features not in FEATURE_SETS:
        raise GoError(f"features are one of {', '.join(FEATURE_SETS)}, not {features!r}")
    return FEATURE_SETS[features]


@kernel
def _write(g, rows, all_cells, indices, planes, code, half_points):
    for i in range(indices.size):
        row, cells = rows[indices[i]], all_cells[indices[i]]
        if code == _SCALAR:
            for point in range(g.n_points):
                planes[i, 0, point] = color_at(g, cells, g.points[at(point)])
        elif code == _LECTURE:
            for point in range(g.n_points):
                color = color_at(g, cells, g.points[at(point)])
                planes[i, 0, point] = color == BLACK
                planes[i, 1, point] = color == WHITE
                planes[i, 2, point] = color == EMPTY
        elif code == _BASIC:
            _write_basic(g, row, cells, planes[i])
        else:
            _write_full(g, row, cells, planes[i], half_points)


@lean
def _write_basic(g, row, cells, planes):
    mover = row[TO_MOVE]
    passed, black = row[PASSES] > 0, mover == BLACK
    for point in range(g.n_points):
        p = g.points[at(point)]
        color = color_at(g, cells, p)
        planes[0, point] = color == mover
        planes[1, point] = color != mover and color != EMPTY
        planes[2, point] = color == EMPTY and legality(g, row, cells, p) == LEGAL
        planes[3, point] = 1
        planes[4, point] = passed
        planes[5, point] = black


@lean
def _write_full(g, row, cells, planes, half_points):
    mover = row[TO_MOVE]
    passed, black = row[PASSES] > 0, mover == BLACK
    komi = half_points if mover == WHITE else -half_points
    for point in range(g.n_points):
        p = g.points[at(point)]
        color = color_at(g, cells, p)
        own, other = color == mover, color != mover and color != EMPTY
        why = legality(g, row, cells, p) if color == EMPTY else np.int64(-1)
        liberties = _liberties_to_three(g, row, cells, p) if color != EMPTY else 0
        planes[0, point] = own
        planes[1, point] = other
        planes[2, point] = why == LEGAL
        planes[3, point] = 1
        for count in range(1, 4):
            planes[3 + count, point] = own and liberties == count
            planes[6 + count, point] = other and liberties == count
        planes[10, point] = why == KO_RETAKE or why == REPEATS
        planes[11, point] = row[LAST_MOVE] == point
        planes[12, point] = passed
        planes[13, point] = black
        planes[14, point] = komi


@inline
def _liberties_to_three(g, row, cells, p):
    """The liberties of the chain at `p`, counted no further than three."""
    if in_atari(liberties_at(g, row, cells, p)):
        return 1
    first, second = np.int64(-1), np.int64(-1)
    start = head_of(g, cells, p)
    stone = start
    while True:
        for q in (stone - g.stride, stone - 1, stone + 1, stone + g.stride):
            if color_at(g, cells, q) == EMPTY and q != first and q != second:
                if first < 0:
                    first = q
                elif second < 0:
                    second = q
                else:
                    return 3
        stone = np.int64(cells[at(g.next + stone)])
        if stone == start:
            return 2
