"""Chapter 1's exercises on one board: groups, liberties, capture, suicide, ko.

For each, the calls it is judged by and the words for what is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from gokit.lessons.checks import slow_rules as go
from gokit.lessons.checks.slow_rules import BLACK, EMPTY, NAMES, WHITE, Board, Point
from gokit.lessons.exercise import Case, Failure
from gokit.lessons.plain import plain

if TYPE_CHECKING:
    import numpy as np

CORNERS = go.read("""
. . . . .
. X . X .
. . X X .
. . . . .
X . . O O
""")
TWO_TAKEN = go.read("""
. X O . .
X O . O .
. X O X .
. . X . .
. . . . .
""")
SURROUNDED = go.read("""
. O O X .
X X X X .
. . . . .
. X . . .
X . X . .
""")
SQUEEZE = go.read("""
. O X . .
O O X . .
X X . . .
. . . . .
. . . . .
""")
KO = go.read("""
. X O . .
X O . O .
. X O . .
. . . . .
. . . . .
""")
TAKES_TWO = go.read("""
. X X O .
X O O . O
. X X O .
. . . . .
. . . . .
""")
SNAPBACK = go.read("""
X X O . .
O . X O .
O X X O .
O O O . .
. . . . .
""")


def _board_case(board: Board, about: str) -> Case:
    return Case((board,), about, board)


def random_boards(rng: np.random.Generator) -> list[Board]:
    """Boards of three sizes from random games, emptier ones first."""
    found = []
    for size, wanted in ((4, (6, 12)), (5, (10, 22, 34)), (7, (40, 60))):
        line = go.random_boards(rng, size, wanted[-1] + 1)
        found += [line[min(number, len(line) - 1)][0] for number in wanted]
    return found


def some_boards(rng: np.random.Generator, *first: tuple[Board, str]) -> Iterable[Case]:
    for board, about in first:
        yield _board_case(board, about)
    for board in random_boards(rng):
        yield _board_case(board, f"from a random game on {len(board)}×{len(board)}")


def read_groups(answer: Any) -> Any:
    """Read a list or set of groups, each a list or set of points, as a tuple of frozensets."""
    groups = plain(answer)
    several = (tuple, frozenset)
    if isinstance(groups, several) and all(isinstance(group, several) for group in groups):
        return tuple(frozenset(group) for group in groups)
    return groups


def group_set(answer: Any) -> frozenset:
    return frozenset(frozenset(group) for group in answer)


def same_groups(expected: Any, got: Any) -> bool:
    return group_set(expected) == group_set(got) and len(got) == len(group_set(got))


def wrong_groups(case: Case, expected: Any, got: Any) -> Failure | None:
    (board,) = case.args
    right, yours = group_set(expected), group_set(got)
    if right == yours:
        return Failure("A group is listed more than once.")
    for group in sorted(yours - right, key=sorted):
        if said := go.off_board(board, group):
            return Failure(said)
        shown = go.marks(board, group)
        colors = {go.at(board, point) for point in group}
        if not group or EMPTY in colors:
            return Failure("One of your groups holds an empty point.", marks=shown)
        if len(colors) > 1:
            return Failure("One of your groups holds stones of both colours.", marks=shown)
        home = go.region(board, min(group))
        if group < home:
            return Failure(
                f"The marked stones, {go.names(board, group)}, are only a part of their group, "
                f"{go.names(board, home)}.",
                marks=shown,
            )
        return Failure(
            f"The marked stones, {go.names(board, group)}, are one group for you, but no path "
            "along the lines joins them.",
            "Diagonals do not connect: only neighbours along the lines do.",
            marks=shown,
        )
    missing = min(right - yours, key=sorted)
    return Failure(
        f"The group {go.names(board, missing)} is missing.", marks=go.marks(board, missing)
    )


def liberty_map(board: Board) -> Board:
    counts = [[0] * len(board[0]) for _ in board]
    for group in go.all_groups(board):
        for r, c in group:
            counts[r][c] = len(go.liberties(board, group))
    return counts


def wrong_liberties(case: Case, expected: Any, got: Any) -> Failure | None:
    (board,) = case.args
    rows = [len(row) if isinstance(row, tuple) else None for row in got]
    if rows != [len(row) for row in board]:
        return Failure("Your map has not the shape of the board: one number for each point.")
    point = next(p for p in go.points(board) if go.at(expected, p) != go.at(got, p))
    right, yours = go.at(expected, point), go.at(got, point)
    if go.at(board, point) == EMPTY:
        return Failure(
            f"{go.name(board, point)} is empty and has no liberties: write 0, not {yours}.",
            marks=go.marks(board, [point]),
        )
    group = go.region(board, point)
    own = [len(go.liberties(board, [stone])) for stone in sorted(group)]
    why = ""
    if yours == len(go.liberties(board, [point])):
        why = " You count only this stone's own neighbours; the stones of a group share theirs."
    elif yours == sum(own):
        why = " An empty point that touches two stones of a group is one liberty, not two."
    shown = go.marks(board, group) | go.marks(board, go.liberties(board, group), "square")
    return Failure(
        f"The group of {go.name(board, point)} has {right} liberties (squares), yours says "
        f"{yours}.{why}",
        marks=shown,
    )


def _interesting_moves(rng: np.random.Generator, judge: Any) -> list[tuple[Board, Point, int]]:
    """Empty points of random boards, for either colour: half where `judge` finds something."""
    some, none = [], []
    for size, moves in ((4, 24), (5, 50)):
        for board, _, _ in go.random_boards(rng, size, moves)[4::3]:
            for point in go.points(board):
                if go.at(board, point) == EMPTY:
                    for color in (BLACK, WHITE):
                        move = (board, point, color)
                        (some if judge(*move) else none).append(move)
    chosen = [pool[i] for pool in (some, none) for i in rng.permutation(len(pool))[:5]]
    return chosen


def _move_case(board: Board, point: Point, color: int, about: str) -> Case:
    where = f"{NAMES[color]} plays {go.name(board, point)}, {about}"
    return Case((board, point, color), where, board, go.marks(board, [point], "square"))


def _move_cases(rng: np.random.Generator, judge: Any, *first: tuple) -> Iterable[Case]:
    for move in first:
        yield _move_case(*move)
    for move in _interesting_moves(rng, judge):
        yield _move_case(*move, "from a random game")


def capture_cases(rng: np.random.Generator) -> Iterable[Case]:
    return _move_cases(
        rng,
        go.captured,
        (KO, (1, 2), BLACK, "filling the last liberty of one stone"),
        (CORNERS, (2, 1), WHITE, "far from any capture"),
        (TWO_TAKEN, (1, 2), BLACK, "with two groups in atari"),
        (SQUEEZE, (0, 0), BLACK, "where it has no liberty of its own"),
        (SURROUNDED, (0, 0), WHITE, "filling its own last liberty"),
    )


def wrong_capture(case: Case, expected: Any, got: Any) -> Failure | None:
    board, point, color = case.args
    square = go.marks(board, [point], "square")
    if said := go.off_board(board, got):
        return Failure(said)
    if wrong := set(got) - set(expected):
        stones = sorted(wrong)
        first = stones[0]
        shown = square | go.marks(board, wrong)
        if first == point or go.at(board, first) == color:
            said = "You take stones of the player who moves; asked are the opponent's."
            return Failure(said, marks=shown)
        if go.at(board, first) == EMPTY:
            return Failure(f"{go.name(board, first)} is empty.", marks=shown)
        free = go.liberties(board, go.region(board, first)) - {point}
        shown |= go.marks(board, free, "triangle")
        return Failure(
            f"The group of {go.name(board, first)} still has a liberty after the move, on "
            f"{go.names(board, free)} (triangles).",
            marks=shown,
        )
    missing = set(expected) - set(got)
    return Failure(
        f"{go.names(board, missing)} has no liberty left after the move and is taken too.",
        marks=square | go.marks(board, missing),
    )


def suicide_cases(rng: np.random.Generator) -> Iterable[Case]:
    return _move_cases(
        rng,
        go.suicide_size,
        (CORNERS, (2, 1), WHITE, "with air on all sides"),
        (SURROUNDED, (4, 1), WHITE, "a point with only black stones around"),
        (SURROUNDED, (0, 0), WHITE, "the last liberty of its group"),
        (SQUEEZE, (0, 0), BLACK, "which takes three white stones"),
        (SURROUNDED, (4, 1), BLACK, "joining its own stones"),
    )


def wrong_suicide(case: Case, expected: int, got: int) -> Failure | None:
    board, point, color = case.args
    placed = go.with_stone(board, point, color)
    own = go.region(placed, point)
    said = f"The move removes {expected} of its own stones, yours says {got}."
    if expected == 0 and (taken := go.captured(board, point, color)):
        said += f" It takes {go.names(board, taken)} first, and that gives it a liberty."
    elif expected == 0:
        free = go.liberties(placed, own)
        said += f" Its group still has a liberty, on {go.names(board, free)}."
    elif got == 1:
        said += " The whole group goes, not only the new stone."
    elif got == expected - 1:
        said += " The stone just played goes too."
    return Failure(said, marks=go.marks(board, own) | go.marks(board, [point], "square"))


def ko_point(before: Board, after: Board) -> Point | None:
    for point in go.points(after):
        for color in (BLACK, WHITE):
            takes_back = go.at(after, point) == EMPTY and go.at(before, point) == color
            if takes_back and go.after_move(after, point, color) == before:
                return point
    return None


def _ko_case(board: Board, point: Point, color: int, about: str) -> Case:
    after = go.after_move(board, point, color)
    where = f"{NAMES[color]} has just played {go.name(board, point)}, {about}"
    return Case((board, after), where, after, go.marks(after, [point], "square"))


def ko_cases(rng: np.random.Generator) -> Iterable[Case]:
    yield _ko_case(CORNERS, (0, 0), WHITE, "taking nothing")
    yield _ko_case(KO, (1, 2), BLACK, "taking one stone")
    yield _ko_case(TAKES_TWO, (1, 3), BLACK, "taking two stones")
    yield _ko_case(SNAPBACK, (1, 1), WHITE, "which takes several stones")
    turned = [row[::-1] for row in KO]
    yield _ko_case(turned, (1, 2), BLACK, "taking one stone")
    joined = go.with_stone(KO, (0, 2), BLACK)
    yield _ko_case(joined, (1, 2), BLACK, "taking one stone with a stone that has a neighbour")
    seen = {0: 0, 1: 0, 2: 0}
    for size, moves in ((4, 40), (5, 60), (5, 60), (6, 80)):
        for board, point, color in go.random_boards(rng, size, moves):
            after = go.after_move(board, point, color)
            kind = 0 if ko_point(board, after) else 1 if go.captured(board, point, color) else 2
            seen[kind] += 1
            if seen[kind] <= 4:
                yield _ko_case(board, point, color, "in a random game")


def wrong_ko(case: Case, expected: Any, got: Any) -> Failure | None:
    before, after = case.args
    if expected is not None:
        where = go.name(after, expected)
        said = f"A stone on {where} would bring back the board before: it is barred."
        said += " Yours bars nothing." if got is None else f" Yours bars {got}."
        return Failure(said, marks=case.marks | go.marks(after, [expected], "cross"))
    if said := go.off_board(after, [got]):
        return Failure(said)
    if go.at(after, got) != EMPTY:
        return Failure(f"{go.name(after, got)} is occupied, so nobody needs to bar it.")
    mover = next(
        go.at(after, p)
        for p in go.points(after)
        if go.at(before, p) == EMPTY and go.at(after, p) != EMPTY
    )
    back = go.after_move(after, got, go.other(mover))
    new = [p for p in go.points(after) if go.at(back, p) != go.at(before, p)]
    return Failure(
        f"You bar {go.name(after, got)}, but a stone there does not bring back the board before: "
        f"{go.names(after, new)} would differ.",
        marks=case.marks | go.marks(after, [got], "cross"),
    )
