"""Go, slow and obvious, on lists of lists: what the exercises of chapter 1 are judged by.

A board is a list of rows of 0 (empty), 1 (Black), 2 (White), and need not be square. A point is
(row, column).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

Board = list[list[int]]
Point = tuple[int, int]
EMPTY, BLACK, WHITE = 0, 1, 2
NAMES = ("empty", "Black", "White")
COLUMNS = "ABCDEFGHJKLMNOPQRST"


def other(color: int) -> int:
    return {BLACK: WHITE, WHITE: BLACK}[color]


def read(text: str) -> Board:
    """Turn a diagram of ". X O" into a board."""
    return [[".XO".index(mark) for mark in line.split()] for line in text.strip().splitlines()]


def points(board: Board) -> list[Point]:
    return [(r, c) for r in range(len(board)) for c in range(len(board[0]))]


def near(board: Board, point: Point) -> list[Point]:
    """The neighbours of a point that are on the board."""
    row, column = point
    around = ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1))
    return [(r, c) for r, c in around if 0 <= r < len(board) and 0 <= c < len(board[0])]


def at(board: Board, point: Point) -> int:
    return board[point[0]][point[1]]


def region(board: Board, point: Point) -> frozenset[Point]:
    """Grow from a point by neighbours of its colour until nothing is added."""
    found, edge = {point}, {point}
    while edge:
        edge = {q for p in edge for q in near(board, p) if at(board, q) == at(board, point)}
        edge -= found
        found |= edge
    return frozenset(found)


def liberties(board: Board, stones: Iterable[Point]) -> set[Point]:
    return {q for p in stones for q in near(board, p) if at(board, q) == EMPTY}


def all_groups(board: Board) -> set[frozenset[Point]]:
    groups: dict[Point, frozenset[Point]] = {}
    for point in points(board):
        if at(board, point) != EMPTY and point not in groups:
            groups |= dict.fromkeys(found := region(board, point), found)
    return set(groups.values())


def without(board: Board, stones: Iterable[Point]) -> Board:
    gone = set(stones)
    return [
        [EMPTY if (r, c) in gone else color for c, color in enumerate(row)]
        for r, row in enumerate(board)
    ]


def with_stone(board: Board, point: Point, color: int) -> Board:
    """Colour a point, and capture nothing yet."""
    return [
        [color if (r, c) == point else stone for c, stone in enumerate(row)]
        for r, row in enumerate(board)
    ]


def dead(board: Board, color: int) -> set[Point]:
    """All stones of a colour whose group has no liberty."""
    groups = [group for group in all_groups(board) if at(board, next(iter(group))) == color]
    return {p for group in groups if not liberties(board, group) for p in group}


def captured(board: Board, point: Point, color: int) -> set[Point]:
    """The opponent's stones that a move takes."""
    return dead(with_stone(board, point, color), other(color))


def suicide_size(board: Board, point: Point, color: int) -> int:
    """How many of its own stones a move removes."""
    placed = with_stone(board, point, color)
    return len(dead(without(placed, captured(board, point, color)), color))


def after_move(board: Board, point: Point, color: int) -> Board:
    """The board after a move: theirs are cleared, then one's own."""
    cleared = without(with_stone(board, point, color), captured(board, point, color))
    return without(cleared, dead(cleared, color))


def owner_map(board: Board) -> Board:
    """The owner of each point: its stone, or the one colour that its empty area meets."""
    owners = without(board, ())
    for r, c in points(board):
        if board[r][c] == EMPTY:
            met = {at(board, q) for p in region(board, (r, c)) for q in near(board, p)} - {EMPTY}
            owners[r][c] = met.pop() if len(met) == 1 else EMPTY
    return owners


@cache
def count_legal(rows: int, columns: int) -> int:
    """Look at every colouring of a board, and count those in which each group has a liberty."""
    count = 0
    for colors in product((EMPTY, BLACK, WHITE), repeat=rows * columns):
        board = [list(colors[r * columns : (r + 1) * columns]) for r in range(rows)]
        count += not dead(board, BLACK) and not dead(board, WHITE)
    return count


@cache
def count_sequences(rows: int, columns: int, depth: int, superko: bool = True) -> int:
    """Count the sequences of `depth` stones from the empty board, colours alternating."""

    def walk(boards: list[Board], color: int, left: int) -> int:
        if left == 0:
            return 1
        total = 0
        for point in points(boards[-1]):
            if at(boards[-1], point) == EMPTY:
                after = after_move(boards[-1], point, color)
                if not (superko and after in boards):
                    total += walk([*boards, after], other(color), left - 1)
        return total

    return walk([[[EMPTY] * columns for _ in range(rows)]], BLACK, depth)


def ladder_line(board: Board, point: Point) -> list[Point] | None:
    """The moves that capture the group at `point`, its owner to move in atari; None if it escapes.

    The runner either extends at its last liberty, or takes a chasing group that is itself in
    atari; the chaser answers on one of the runner's two liberties. Ko is left aside.
    """
    color = at(board, point)
    stones = region(board, point)
    replies = [next(iter(liberties(board, stones)))]
    touching = {region(board, q) for p in stones for q in near(board, p) if at(board, q) != EMPTY}
    for group in sorted(touching - {stones}, key=sorted):
        if len(liberties(board, group)) == 1:
            replies.append(next(iter(liberties(board, group))))
    longest: list[Point] = []
    for reply in replies:
        line = _chased(board, point, color, reply)
        if line is None:
            return None
        longest = max(longest, line, key=len)
    return longest


def _chased(board: Board, point: Point, color: int, reply: Point) -> list[Point] | None:
    ran = after_move(board, reply, color)
    if at(ran, point) != color:
        return [reply]
    ways_out = sorted(liberties(ran, region(ran, point)))
    if len(ways_out) == 1:
        return [reply, ways_out[0]]
    if len(ways_out) > 2:
        return None
    for chase in ways_out:
        chased = after_move(ran, chase, other(color))
        if at(chased, chase) != EMPTY:
            line = ladder_line(chased, point)
            if line is not None:
                return [reply, chase, *line]
    return None


def random_boards(
    rng: np.random.Generator, size: int, moves: int
) -> list[tuple[Board, Point, int]]:
    """A random game without repetitions and suicides: (board, point, colour) of each move."""
    board: Board = [[EMPTY] * size for _ in range(size)]
    seen, color, line = [board], BLACK, []
    for _ in range(moves):
        empty = [p for p in points(board) if at(board, p) == EMPTY]
        for i in rng.permutation(len(empty)):
            after = after_move(board, empty[i], color)
            if after not in seen and at(after, empty[i]) == color:
                line.append((board, empty[i], color))
                board = after
                seen.append(after)
                break
        color = other(color)
    return line


def off_board(board: Board, some: Iterable[Point]) -> str:
    """A sentence about the first point that is not on the board, or nothing."""
    outside = set(some) - set(points(board))
    return f"There is no point {min(outside)} on this board." if outside else ""


def name(board: Board, point: Point) -> str:
    """A point as Go players write it."""
    return f"{COLUMNS[point[1]]}{len(board) - point[0]}"


def names(board: Board, some: Iterable[Point]) -> str:
    return ", ".join(name(board, point) for point in sorted(some))


def marks(board: Board, some: Iterable[Point], shape: str = "circle") -> dict[int, str]:
    """Marks for a picture: {row * columns + column: shape}."""
    return {r * len(board[0]) + c: shape for r, c in some}
