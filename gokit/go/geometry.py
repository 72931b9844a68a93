"""The shape of a board and where each field lies in the flat row that holds one game.

A row is one array of int64, seen as int16 for the small fields. From its start:

    header        HEADER words, the names below
    liberties     one word a cell: pseudo-liberties of the chain whose head is that cell
    chain_hash    one word a cell: XOR of the keys of that chain's stones
    cells         int16 fields, one a cell each: color, head, next, size, slot, stood;
                  then the list of empty points
    history       open-addressed hash set of the positions so far, to the row's end

Cells include a border one cell wide, so that a neighbour is always `p ± 1` or `p ± stride`. The
right border of a row of points is the left border of the next.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from gokit.go.errors import GoError

MAX_SIZE = 19
BORDER = 3

(
    HASH,  # Zobrist hash of the stones
    TO_MOVE,  # BLACK or WHITE
    PASSES,  # consecutive passes just made
    KO,  # cell where a single stone may not be retaken at once, or 0
    ENDED,  # RUNNING, TWO_PASSES, RESIGNED or MOVE_CAP
    LAST_MOVE,  # the last action, or -1
    MOVES,  # actions so far, passes included
    MAX_MOVES,  # the move cap
    EMPTIES,  # length of the list of empty points
    HISTORY_USED,  # entries in the history
    SUPERKO,  # SIMPLE, POSITIONAL or SITUATIONAL
    SUICIDE,  # 1 where a move may remove its own group
    CAPTURED,  # CAPTURED + color - 1: stones captured by that colour
) = range(13)
HEADER = 16

RUNNING, TWO_PASSES, RESIGNED, MOVE_CAP = range(4)
SIMPLE, POSITIONAL, SITUATIONAL = range(3)

EMPTY_BOARD_HASH = 0x5DEECE66D1234567  # not 0, which marks a free slot of the history
SIDE_KEY = 0x2545F4914F6CDD1D  # XORed in where White is to move, under situational superko
ZOBRIST_SEED = 20160309


class Geometry(NamedTuple):
    """Sizes, offsets into a row, and tables, for one board shape; a plain tuple for numba.

    `color` … `empty` are offsets into the int16 view of a row, `liberties`, `chain_hash` and
    `history` into its int64 words. keys: int64 [3 * n_cells], keys[color * n_cells + cell].
    points: int64 [rows * columns], action -> cell. actions: int64 [n_cells], cell -> action.
    """

    rows: int
    columns: int
    stride: int
    n_cells: int
    n_points: int
    liberties: int
    chain_hash: int
    color: int
    head: int
    next: int
    size: int
    slot: int
    stood: int
    empty: int
    history: int
    keys: np.ndarray
    points: np.ndarray
    actions: np.ndarray


@cache
def geometry(rows: int, columns: int | None = None) -> Geometry:
    """Return the geometry of a board of `rows` × `columns` points (square when only rows).

    Raises GoError outside 1 to 19.
    """
    columns = rows if columns is None else columns
    if not (1 <= rows <= MAX_SIZE and 1 <= columns <= MAX_SIZE):
        raise GoError(f"a board has 1 to {MAX_SIZE} lines, not {rows} × {columns}")
    stride = columns + 1
    n_cells = (rows + 2) * stride + 1
    n_points = rows * columns
    chain_hash = HEADER + n_cells
    cells_start = 4 * (chain_hash + n_cells)
    fields = [cells_start + i * n_cells for i in range(7)]
    history = -(-(fields[6] + n_points) // 4)
    points = np.array([(r + 1) * stride + c + 1 for r in range(rows) for c in range(columns)])
    actions = np.full(n_cells, -1, np.int64)
    actions[points] = np.arange(n_points)
    keys = np.random.PCG64(ZOBRIST_SEED).random_raw(3 * n_cells).astype(np.int64)
    for table in (points, actions, keys):
        table.setflags(write=False)
    return Geometry(
        rows, columns, stride, n_cells, n_points, HEADER, chain_hash, *fields, history,
        keys, points.astype(np.int64), actions,
    )  # fmt: skip


def row_words(g: Geometry, max_moves: int) -> int:
    """Return the length in int64 words of a row that can hold games of `max_moves` moves.

    The history is at most three quarters full then, and so never loops for ever.
    """
    return g.history + history_capacity(max_moves + 1)


def history_capacity(entries: int) -> int:
    """Return the smallest power of two that `entries` fill to at most three quarters."""
    return max(8, 1 << (-(-4 * entries // 3) - 1).bit_length())
