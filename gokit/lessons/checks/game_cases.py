"""Chapter 1's exercises on whole games: the end, superko, score, counting, ladders.

For each, the calls it is judged by and the words for what is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from gokit.lessons.checks import slow_rules as go
from gokit.lessons.checks.board_cases import KO, SURROUNDED, some_boards
from gokit.lessons.checks.slow_rules import BLACK, EMPTY, NAMES, WHITE, Board, Point
from gokit.lessons.exercise import Case, Failure

if TYPE_CHECKING:
    import numpy as np

DAME = go.read("""
. . X O .
X X X O O
. O O O .
X X X O O
. . X O .
""")
SENDING = go.read("""
. O . O .
X X O O .
. X X O O
. . X X X
. . . . .
""")
STAIRS = """
. . . . . . .
. . X . . . .
. X O X . . .
. X . . . . .
. . . . . . .
. . . . . . .
. . . . . . .
"""


def ending(moves: list, cap: int) -> str | None:
    if moves[-1:] == ["resign"]:
        return "resignation"
    if moves[-2:] == ["pass", "pass"]:
        return "two passes"
    return "move cap" if len(moves) == cap else None


def _ending_case(moves: list, cap: int, about: str) -> Case:
    board = [[EMPTY] * 5 for _ in range(5)]
    numbers = {}
    for number, move in enumerate(moves):
        if move not in ("pass", "resign"):
            board[move[0]][move[1]] = (BLACK, WHITE)[number % 2]
            numbers[move[0] * 5 + move[1]] = str(number + 1)
    return Case((moves, cap), f"{about}: {moves}, cap {cap}", board, numbers)


def ending_cases(rng: np.random.Generator) -> Iterable[Case]:
    # Points of one colour of a chessboard: no stone of these games is ever captured.
    chosen = rng.permutation([(r, c) for r in range(5) for c in range(5) if (r + c) % 2])
    a, b, c = (tuple(int(number) for number in point) for point in chosen[:3])
    yield _ending_case([], 10, "nobody has moved")
    yield _ending_case(["pass", "pass"], 10, "two passes")
    yield _ending_case([a, "pass", b, "pass"], 10, "each pass is answered by a stone")
    yield _ending_case([a, "pass", b, "pass", "pass"], 10, "the last two moves are passes")
    yield _ending_case([a, b, "resign"], 10, "a resignation")
    yield _ending_case([a, b, c], 3, "as many moves as the cap")
    yield _ending_case([a, b, "pass", "pass"], 4, "the second pass is also the last move")
    yield _ending_case([a, "pass", b], 9, "one pass")


def wrong_ending(case: Case, expected: Any, got: Any) -> Failure:
    moves, cap = case.args
    said = f"The answer is {expected!r}, yours is {got!r}."
    if got == "two passes" and moves.count("pass") == 2:
        said += " There are two passes, but a stone was played between them."
    elif got == "move cap" and expected == "two passes":
        said += f" The game ended by itself on move {cap}; the cap cut nothing off."
    elif expected == "move cap":
        said += f" After {cap} moves the cap ends the game, whatever stands on the board."
    return Failure(said)


def legal_points(boards: list[Board], color: int) -> set[Point]:
    """Positional superko, suicide of many stones allowed, passing left aside."""
    now = boards[-1]
    empty = [point for point in go.points(now) if go.at(now, point) == EMPTY]
    return {point for point in empty if go.after_move(now, point, color) not in boards}


def _superko_case(boards: list[Board], color: int, about: str) -> Case:
    return Case((boards, color), f"{NAMES[color]} to move, {about}", boards[-1])


def _boards_after(board: Board, moves: list[tuple[Point, int]]) -> list[Board]:
    boards = [board]
    for point, color in moves:
        boards.append(go.after_move(boards[-1], point, color))
    return boards


def superko_cases(rng: np.random.Generator) -> Iterable[Case]:
    """The rule's special positions, then random games on small boards, where boards recur."""
    yield _superko_case([KO], BLACK, "nothing has happened yet")
    yield _superko_case(_boards_after(KO, [((1, 2), BLACK)]), WHITE, "Black has just taken a ko")
    fight = [((1, 2), BLACK), ((4, 4), WHITE), ((4, 0), BLACK)]
    yield _superko_case(_boards_after(KO, fight), WHITE, "each side has played elsewhere")
    yield _superko_case([SURROUNDED], WHITE, "with two suicides on the board")
    sent = [((0, 0), WHITE), ((0, 2), BLACK)]
    yield _superko_case(_boards_after(SENDING, sent), WHITE, "Black has just taken two stones")
    for size, moves in ((2, 10), (2, 14), (3, 24), (3, 36), (4, 60)):
        line = go.random_boards(rng, size, moves)
        boards = [board for board, _, _ in line]
        _, _, color = line[-1]
        yield _superko_case(boards, color, f"{len(boards) - 1} moves into a random game")


def wrong_superko(case: Case, expected: Any, got: Any) -> Failure | None:
    """Take one point, and say what happens there."""
    boards, color = case.args
    now = boards[-1]
    if said := go.off_board(now, got):
        return Failure(said)
    if extra := set(got) - set(expected):
        point = min(extra)
        shown = go.marks(now, [point], "cross")
        where = go.name(now, point)
        if go.at(now, point) != EMPTY:
            return Failure(f"You allow {where}, where a stone stands.", marks=shown)
        after = go.after_move(now, point, color)
        if after == now:
            return Failure(
                f"You allow {where}: a lone stone that dies at once. The board stays as it is, "
                "and superko forbids that.",
                marks=shown,
            )
        number = boards.index(after)
        return Failure(
            f"You allow {where}, but that brings back the board after move {number}"
            f" (there have been {len(boards) - 1}).",
            marks=shown,
        )
    point = min(set(expected) - set(got))
    said = f"You forbid {go.name(now, point)}, which is legal."
    if own := go.suicide_size(now, point, color):
        said += f" It is a suicide of {own} stones: allowed here, and the board is a new one."
    elif taken := go.captured(now, point, color):
        said += f" It takes {go.names(now, taken)}, and the board is a new one."
    return Failure(said, marks=go.marks(now, [point], "square"))


def area_score(board: Board) -> tuple[int, int]:
    """Black's area and White's."""
    owners = [owner for row in go.owner_map(board) for owner in row]
    return owners.count(BLACK), owners.count(WHITE)


def score_cases(rng: np.random.Generator) -> Iterable[Case]:
    """Finished boards first, then unfinished ones, where much is nobody's."""
    walls = go.read(". . X O .\n" * 5)
    lone = go.with_stone(go.read(". . . . .\n" * 5), (2, 2), BLACK)
    return some_boards(
        rng,
        (walls, "two walls"),
        (DAME, "with one point that nobody owns"),
        (lone, "one stone, and nobody else on the board"),
        (go.read(". . . .\n" * 4), "an empty board"),
    )


def wrong_score(case: Case, expected: Any, got: Any) -> Failure | None:
    """Draw who owns what, and name the usual miscounts."""
    (board,) = case.args
    stones = [stone for row in board for stone in row]
    black, white = stones.count(BLACK), stones.count(WHITE)
    said = f"Black owns {expected[0]} points and White {expected[1]}; yours says {got}."
    empty = [point for point in go.points(board) if go.at(board, point) == EMPTY]
    owners = go.owner_map(board)
    nobody = [point for point in empty if go.at(owners, point) == EMPTY]
    letters = {EMPTY: "–", BLACK: "B", WHITE: "W"}
    shown = {}
    for point in empty:
        shown |= go.marks(board, [point], letters[go.at(owners, point)])
    if tuple(got) == (black, white):
        said += " You count the stones only; the empty points that meet one colour count too."
    elif tuple(got) == (expected[0] - black, expected[1] - white):
        said += " You count the empty points only; the stones count too."
    elif tuple(got) == (expected[1], expected[0]):
        said += " Black's number comes first."
    elif sum(got) > sum(expected) and nobody:
        said += f" {go.names(board, nobody[:3])} meets both colours or none, and counts for nobody."
    return Failure(said, marks=shown)


def count_cases(rng: np.random.Generator) -> Iterable[Case]:
    """Small boards in an order of their own, and last the one with 19,683 colourings."""
    small = [(1, 2), (2, 2), (1, 3), (3, 1), (1, 4), (2, 3), (3, 2), (4, 1), (1, 5), (5, 1), (1, 6)]
    yield Case((1, 1), "one point")
    yield Case((1, 2), "two points")
    for i in rng.permutation(len(small))[:6]:
        rows, columns = small[i]
        yield Case((rows, columns), f"{rows} rows of {columns}")
    yield Case((3, 3), "3 rows of 3")


def wrong_count(case: Case, expected: int, got: int) -> Failure | None:
    """Compare with what forgetting a part of the rule would give."""
    rows, columns = case.args
    said = f"{rows}×{columns} has {expected:,} legal positions, yours says {got:,}."
    if got == 3 ** (rows * columns):
        said += " That is every colouring: leave out those where a group has no liberty."
    elif got == 3 ** (rows * columns) - 2 ** (rows * columns):
        said += " You leave out the full boards only; any group without a liberty is illegal."
    elif got == expected - 1:
        said += " The empty board is legal too."
    elif got < expected:
        said += " You leave out legal ones: only a whole *group* needs a liberty, not each stone."
    return Failure(said)


def sequence_cases(rng: np.random.Generator) -> Iterable[Case]:
    """Depths at which captures and superko begin to tell."""
    yield Case((2, 2, 0), "no move at all: one way")
    yield Case((2, 2, 1), "one move on 2×2")
    yield Case((2, 2, 4), "four moves on 2×2")
    more = [(1, 3, 4), (1, 4, 5), (1, 5, 4), (2, 2, 6), (2, 2, 7), (2, 2, 8), (2, 3, 4), (2, 3, 5)]
    for i in rng.permutation(len(more))[:5]:
        rows, columns, depth = more[i]
        yield Case((rows, columns, depth), f"{depth} moves on {rows}×{columns}")
    yield Case((3, 3, 3), "three moves on 3×3")


def wrong_sequences(case: Case, expected: int, got: int) -> Failure | None:
    """Compare with what another rule would give."""
    rows, columns, depth = case.args
    said = f"There are {expected:,} sequences of {depth} moves, yours says {got:,}."
    falling = 1
    for number in range(depth):
        falling *= rows * columns - number
    if got == falling:
        said += (
            " That is one point less each move: captures give points back, suicides do not stay."
        )
    elif got == go.count_sequences(rows, columns, depth, superko=False):
        said += " You allow boards that have stood there before, the one before the move included."
    elif depth and got == sum(go.count_sequences(rows, columns, d) for d in range(depth + 1)):
        said += " You count the shorter sequences too."
    return Failure(said)


def ladder_works(board: Board, point: Point) -> bool:
    """Whether the group in atari at `point` is captured, its owner to move."""
    return go.ladder_line(board, point) is not None


def _turned(board: Board, point: Point, k: int) -> tuple[Board, Point]:
    """One of the eight symmetric images."""
    size = len(board)
    for _ in range(k % 4):
        board = [list(row) for row in zip(*board[::-1], strict=True)]
        point = (point[1], size - 1 - point[0])
    if k >= 4:
        board, point = [row[::-1] for row in board], (point[0], size - 1 - point[1])
    return board, point


def ladder_cases(rng: np.random.Generator) -> Iterable[Case]:
    """A plain ladder, one that leads into help, then ladders turned and disturbed at random."""
    stairs = go.read(STAIRS)
    yield _ladder_case(stairs, (2, 2), "with nothing in its way")
    yield _ladder_case(go.with_stone(stairs, (5, 5), WHITE), (2, 2), "with a friend in its way")
    yield _ladder_case(go.with_stone(stairs, (3, 3), BLACK), (2, 2), "in a net")
    free = [point for point in go.points(stairs) if min(point) >= 2 and sum(point) > 5]
    for i in range(10):
        board = stairs
        for j in rng.permutation(len(free))[: 1 + i % 3]:
            board = go.with_stone(board, free[j], int(rng.integers(1, 3)))
        if not go.dead(board, BLACK) and not go.dead(board, WHITE):
            board, point = _turned(board, (2, 2), int(rng.integers(8)))
            if len(go.liberties(board, go.region(board, point))) == 1:
                yield _ladder_case(board, point, "disturbed at random")


def _ladder_case(board: Board, point: Point, about: str) -> Case:
    return Case((board, point), f"a ladder {about}", board, go.marks(board, [point], "triangle"))


def wrong_ladder(case: Case, expected: bool, got: bool) -> Failure | None:
    """Show the capturing moves, or say that there are none."""
    board, point = case.args
    runner = go.name(board, point)
    if not expected:
        return Failure(
            f"You say that {runner} is captured, but it escapes: read on after each atari."
        )
    line = go.ladder_line(board, point) or []
    shown = {}
    for number, move in enumerate(line, start=1):
        if not set(go.marks(board, [move])) & set(shown):
            shown |= go.marks(board, [move], str(number))
    return Failure(
        f"You say that {runner} escapes, but it is captured in {len(line)} moves.",
        marks=case.marks | shown,
    )
