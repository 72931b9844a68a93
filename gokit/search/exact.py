"""The exact value of small boards, superko and all: a search that proves what it returns.

Positional superko makes the value of a position depend on how the game came there, so that a
table of values by position is wrong. What is kept with each proof in `proofs` is therefore what it
leans on. This is the graph-history interaction problem (Kishimoto and Müller, "A general solution
to the graph history interaction problem", AAAI 2004).

The board of at most nine points is an index into a table of all legal boards and their
successors, made by the rules of `gokit.go.kernels`. Values: John Tromp's page on Go; E. van der
Werf, "Solving Go on small boards" (2003). Used in chapters 3 and 8.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from gokit.go.compiled import kernel, lean
from gokit.go.errors import GoError
from gokit.go.games import Games
from gokit.go.geometry import (
    ENDED,
    HASH,
    PASSES,
    RUNNING,
    TO_MOVE,
    TWO_PASSES,
    geometry,
)
from gokit.go.kernels import LEGAL, area, legality, place, set_up
from gokit.go.position import Position
from gokit.go.rows import empty_row
from gokit.go.rules import BLACK, EMPTY, TROMP_TAYLOR, WHITE, Rules, opponent
from gokit.search.proofs import (
    LIMIT,
    NODES,
    PROVED,
    REFUTED,
    REPEATED,
    UNKNOWN,
    new_memory,
    prove,
)

MAX_POINTS = 9
NODE_LIMIT = 200_000_000


class Solution(NamedTuple):
    """What best play gives. value: Black's final area minus White's, without komi.

    best_moves: all actions that keep the value, in order, the pass (rows * columns) among them;
    none where the game is over. nodes: states that the search expanded or settled.
    """

    value: int
    best_moves: tuple[int, ...]
    nodes: int


class Boards(NamedTuple):
    """All legal boards of one shape, by index; a plain tuple for numba.

    after: int32 [n, 2, points], the board after Black (0) or White (1) plays a point, -1 where
    the point is taken or the rules forbid the suicide. order: int8 of the same shape, the points
    most promising first. margin: int8 [n], Black's area minus White's. low, high: int8 [n], the
    margin Black is sure of by passing for ever, and the one White can hold him to so.
    """

    after: np.ndarray
    order: np.ndarray
    margin: np.ndarray
    low: np.ndarray
    high: np.ndarray


def solve(
    start: Position | Games | tuple[int, int],
    rules: Rules = TROMP_TAYLOR,
    node_limit: int = NODE_LIMIT,
) -> Solution:
    """Return the value of a position under best play, and the moves that reach it.

    start: a Position, a Games of one game (rectangles), or (rows, columns) of an empty board with
    Black to move. rules: for the last only; positions bring their own. Passes are allowed, two
    end the game, area scoring, positional superko with the whole history of `start`.

    Raises GoError for boards of more than nine points, other kinds of superko, a resigned game,
    and where the search would take more than `node_limit` nodes: never a wrong value.
    Built in chapter 3.
    """
    solver = _Solver(start, rules, node_limit)
    if solver.over:
        return Solution(solver.margin, (), 0)
    value = solver.value()
    keeps = value if solver.to_move == BLACK else value + 1
    wanted = PROVED if solver.to_move == BLACK else REFUTED
    best = [move for move in solver.moves() if solver.after(move).settle(keeps) == wanted]
    return Solution(value, tuple(best), solver.nodes)


def move_values(
    start: Position | Games | tuple[int, int],
    rules: Rules = TROMP_TAYLOR,
    node_limit: int = NODE_LIMIT,
) -> dict[int, int]:
    """Return the value after each legal action, Black's margin without komi, pass last.

    Arguments, errors and chapter as for `solve`; the best of the values is the value.
    """
    solver = _Solver(start, rules, node_limit)
    return {move: solver.after(move).value() for move in solver.moves()}


class _Solver:
    """A position among the boards of its shape, and the search's memory."""

    def __init__(self, start, rules: Rules, node_limit: int) -> None:
        if isinstance(start, Position):
            rules, row, shape = start.rules, start.row, (start.size, start.size)
        elif isinstance(start, Games):
            if len(start) != 1:
                raise GoError(f"one game is solved at a time, not {len(start)}")
            rules, row = start.rules, start.words[0]
            shape = (start.geometry.rows, start.geometry.columns)
        else:
            shape = tuple(start)
            row = empty_row(geometry(*shape), rules, 1, 1)
        if rules.superko != "positional":
            raise GoError(f"the solver plays positional superko, not {rules.superko}")
        if row[ENDED] not in (RUNNING, TWO_PASSES):
            raise GoError("a game that was resigned or cut off has no value under best play")
        self.boards, self.index_of = _boards(*shape, rules.suicide)
        self.board = self.index_of[int(row[HASH])]
        self.to_move, self.passes = int(row[TO_MOVE]), int(row[PASSES])
        self.memory = new_memory(len(self.boards.margin), node_limit)
        for key in row[geometry(*shape).history :]:
            if key != 0:
                self.memory.visited[self.index_of[int(key)]] = True

    @property
    def over(self) -> bool:
        return self.passes == 2

    @property
    def margin(self) -> int:
        return int(self.boards.margin[self.board])

    @property
    def nodes(self) -> int:
        return int(self.memory.counters[NODES])

    def moves(self) -> list[int]:
        """The legal actions, pass last; none when the game is over."""
        if self.over:
            return []
        after = self.boards.after[self.board, self.to_move - 1]
        playable = [a for a, b in enumerate(after) if b >= 0 and not self.memory.visited[b]]
        return [*playable, len(after)]

    def after(self, move: int) -> _Solver:
        """The position after a legal action; it shares proofs and the count of nodes."""
        child = _Solver.__new__(_Solver)
        child.boards, child.memory = self.boards, self.memory
        child.to_move = opponent(self.to_move)
        if move == self.boards.after.shape[2]:
            child.board, child.passes = self.board, self.passes + 1
        else:
            child.board, child.passes = (
                int(self.boards.after[self.board, self.to_move - 1, move]),
                0,
            )
            visited = self.memory.visited.copy()
            visited[child.board] = True
            child.memory = self.memory._replace(visited=visited)
        return child

    def value(self) -> int:
        """Black's margin under best play: the largest threshold that he reaches."""
        if self.over:
            return self.margin
        low, high = int(self.boards.low[self.board]), int(self.boards.high[self.board])
        while low < high:
            threshold = (low + high + 1) // 2
            if self.settle(threshold) == PROVED:
                low = threshold
            else:
                high = threshold - 1
        return low

    def settle(self, threshold: int) -> int:
        """PROVED or REFUTED: Black's margin under best play is at least `threshold`."""
        if self.over:
            return PROVED if self.margin >= threshold else REFUTED
        counters = self.memory.counters
        for depth in range(1, len(self.memory.line)):
            result = prove(
                self.boards, self.memory, self.board, self.to_move, self.passes, threshold, depth
            )
            if counters[REPEATED]:
                break
            if result != UNKNOWN:
                return result
            if counters[NODES] >= counters[LIMIT]:
                raise GoError(f"not solved within {counters[LIMIT]:,} nodes")
        raise GoError("a line of play came to a board twice, which superko forbids")


@lru_cache(maxsize=16)
def _boards(rows: int, columns: int, suicide: bool) -> tuple[Boards, dict[int, int]]:
    """All legal boards of a shape, and the index of each by its Zobrist hash."""
    g = geometry(rows, columns)
    if g.n_points > MAX_POINTS:
        raise GoError(f"the solver takes boards of at most {MAX_POINTS} points, not {g.n_points}")
    row = empty_row(g, Rules(superko="simple", suicide=suicide), 1, 1)
    count = 3**g.n_points
    codes = np.full((count, 2, g.n_points), -1, np.int32)
    hashes = np.empty(count, np.int64)
    margins = np.empty(count, np.int8)
    legal = np.zeros(count, np.bool_)
    _enumerate(g, row, codes, hashes, margins, legal)
    new = np.full(count + 1, -1, np.int32)  # code -> index; the last, for -1, stays -1
    new[np.flatnonzero(legal)] = np.arange(legal.sum())
    after, margin = new[codes[legal]], margins[legal]
    low = _passing_bound(margin, after[:, WHITE - 1], np.minimum)
    high = _passing_bound(margin, after[:, BLACK - 1], np.maximum)
    promise = 32 * low.astype(np.int64) + high
    promise = np.append(promise, 0)[after]  # [n, 2, points]
    promise[:, BLACK - 1] *= -1
    order = np.argsort(promise, axis=2, kind="stable").astype(np.int8)
    boards = Boards(np.ascontiguousarray(after), order, margin, low, high)
    return boards, {int(key): i for i, key in enumerate(hashes[legal])}


def _passing_bound(margin: np.ndarray, after: np.ndarray, worst: np.ufunc) -> np.ndarray:
    """The margin a side is sure of by passing for ever while the other plays on, int8 [n].

    after: int32 [n, points], the other side's moves. The other can end the game by a pass at any
    board it reaches, and superko only takes boards away from it. Stones that are alive by Benson
    count in full; eye space too large to be left alone counts for less than his area.
    """
    bound = margin
    while True:
        reached = np.where(after >= 0, bound[after], bound[:, None])
        tighter = worst(bound, worst.reduce(reached, axis=1))
        if (tighter == bound).all():
            return bound
        bound = tighter


@kernel
def _enumerate(g, row, codes, hashes, margins, legal):
    """Fill the tables of all 3^points boards; a board's code has its points as digits to base 3."""
    board = np.empty(g.n_points, np.int8)
    owner = np.empty(g.n_points, np.int8)
    fresh = row.copy()
    before = row.copy()
    cells = row.view(np.int16)
    for code in range(len(legal)):
        rest = code
        for i in range(g.n_points):
            board[i] = rest % 3
            rest //= 3
        row[:] = fresh
        legal[code] = set_up(g, row, cells, board, BLACK)
        if not legal[code]:
            continue
        hashes[code] = row[HASH]
        margins[code] = area(g, cells, owner)
        before[:] = row
        for color in (BLACK, WHITE):
            for i in range(g.n_points):
                row[TO_MOVE] = color
                if board[i] == EMPTY and legality(g, row, cells, g.points[i]) == LEGAL:
                    place(g, row, cells, g.points[i])
                    codes[code, color - 1, i] = _code(g, cells)
                    row[:] = before


@lean
def _code(g, cells):
    code, weight = 0, 1
    for i in range(g.n_points):
        code += weight * cells[g.color + g.points[i]]
        weight *= 3
    return code
