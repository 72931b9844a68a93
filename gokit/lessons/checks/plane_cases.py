"""Chapter 5's exercises on what a network reads: planes, liberties, indices, symmetries.

For each, the slow reference, the calls it is judged by and the words for what is wrong. A board is
an array [N, N] of 0 (empty), 1 (Black), 2 (White); a policy has N² + 1 shares, the pass last.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from gokit.lessons.checks import slow_rules as go
from gokit.lessons.checks.slow_rules import BLACK, EMPTY, NAMES, WHITE, other
from gokit.lessons.exercise import Case, Failure
from gokit.lessons.plain import plain

Planes = list[list[list[float]]]


def numbers(answer: Any) -> Any:
    """Read an answer as plain data in which True is 1.0 and whole numbers are floats."""
    return _floats(plain(answer))


def _floats(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_floats, value))
    return float(value) if isinstance(value, bool | int) else value


def array_of(answer: Any) -> np.ndarray | None:
    """An answer as an array of numbers, or None where its rows are of unequal length."""
    try:
        return np.array(answer, float)
    except (TypeError, ValueError):
        return None


def shape_name(answer: Any) -> str:
    found = array_of(answer)
    return "no regular shape" if found is None else f"the shape {found.shape}"


def alike(a: Any, b: Any) -> bool:
    left, right = array_of(a), array_of(b)
    if left is None or right is None or left.shape != right.shape:
        return False
    return bool(np.allclose(left, right, rtol=1e-6, atol=1e-6, equal_nan=True))


def where(action: int, size: int) -> str:
    """An action as Go players write it."""
    if action == size * size:
        return "the pass"
    return f"{go.COLUMNS[action % size]}{size - action // size}"


def per_cent(policy: Sequence[float]) -> dict[int, str]:
    """Marks for the points that have a share of a policy."""
    return {a: f"{100 * p:.0f}" for a, p in enumerate(policy[:-1]) if p > 0}


def some_boards(rng: np.random.Generator) -> Iterator[tuple[np.ndarray, int]]:
    """Boards from random games, with who is to move."""
    for size, moves in ((4, 7), (4, 12), (5, 15), (5, 26), (7, 40), (7, 55)):
        board, _, color = go.random_boards(rng, size, moves)[-1]
        yield np.array(board), color


# Own, opponent's, empty.

PLANES = ("own stones", "opponent's stones", "empty points")


def planes(board: np.ndarray, to_move: int) -> Planes:
    size = len(board)
    return [
        [[float(board[r][c] == content) for c in range(size)] for r in range(size)]
        for content in (to_move, other(to_move), EMPTY)
    ]


def plane_cases(rng: np.random.Generator) -> Iterator[Case]:
    one = np.array(go.read(". . . .\n. X . .\n. . . .\n. . . ."))
    two = np.array(go.read(". . . O\n. X . .\n. X . .\n. . . ."))
    yield Case((one, BLACK), "one black stone, Black to move", one)
    yield Case((one, WHITE), "the same stone, White to move", one)
    yield Case((two, WHITE), "three stones, White to move", two)
    yield Case((two, BLACK), "three stones, Black to move", two)
    for board, color in some_boards(rng):
        yield Case((board, color), f"{NAMES[color]} to move on {len(board)}×{len(board)}", board)


def wrong_planes(case: Case, expected: Any, got: Any) -> Failure:
    board, to_move = case.args
    size = len(board)
    if np.shape(expected) != np.shape(array_of(got)):
        said = f"Three planes of {size}×{size}: the shape (3, {size}, {size})."
        said += f" Yours has {shape_name(got)}."
        if alike(np.moveaxis(np.array(expected), 0, -1), got):
            said += " The planes come first, then row and column: that is how torch reads them."
        return Failure(said)
    side = NAMES[to_move]
    if alike(got, planes(board, other(to_move))):
        return Failure(
            f"Your first plane holds {NAMES[other(to_move)]}'s stones, and {side} is to move."
        )
    right, yours = np.array(expected), np.array(got)
    number = next(k for k in range(3) if not alike(right[k], yours[k]))
    said = f"{side} is to move. Plane {number}, {PLANES[number]}, is wrong at the marked points."
    same = [k for k in range(3) if k != number and alike(right[k], yours[number])]
    if same:
        said = f"{side} is to move. Plane {number} is for {PLANES[number]}; yours holds "
        said += f"{PLANES[same[0]]}."
    wrong = np.flatnonzero(~np.isclose(right[number], yours[number]))
    return Failure(said, marks=dict.fromkeys(wrong.tolist(), "circle"))


# A policy target on a larger board.


def moved_over(target: Sequence[float], size: int, padded: int) -> list[float]:
    shares = {(a // size, a % size): p for a, p in enumerate(target[:-1])}
    points = [shares.get((row, column), 0.0) for row in range(padded) for column in range(padded)]
    return [*points, target[-1]]


def _exchanged(target: Sequence[float], size: int) -> list[float]:
    return [target[column * size + row] for row in range(size) for column in range(size)]


def index_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(target: Sequence[float], size: int, padded: int, about: str) -> Case:
        board = np.zeros((padded, padded), int)
        marks = per_cent(moved_over(target, size, padded))
        return Case((list(target), size, padded), about, board, marks)

    def certain(action: int, size: int) -> list[float]:
        return [float(a == action) for a in range(size * size + 1)]

    yield case(certain(4, 3), 3, 3, "the middle of 3×3, and nothing larger")
    yield case(certain(1, 3), 3, 5, "B3 of a 3×3 board, padded to 5×5")
    yield case(certain(4, 3), 3, 5, "B2 of a 3×3 board, padded to 5×5")
    yield case(certain(9, 3), 3, 5, "the pass of a 3×3 board, padded to 5×5")
    for _ in range(7):
        size = int(rng.integers(2, 6))
        padded = size + int(rng.integers(0, 4))
        target = np.zeros(size * size + 1)
        some = rng.choice(size * size + 1, 3, replace=False)
        target[some] = rng.dirichlet(np.ones(3)).round(2)
        about = f"three moves of a {size}×{size} board, padded to {padded}×{padded}"
        yield case(target.tolist(), size, padded, about)


def wrong_index(case: Case, expected: Any, got: Any) -> Failure:
    target, size, padded = case.args
    length = padded * padded + 1
    if array_of(got) is None or array_of(got).shape != (length,):
        said = f"A board of {padded} lines has {length} actions: {padded}² points and the pass."
        return Failure(f"{said} Yours has {shape_name(got)}.")
    bad = next(a for a in range(length) if abs(expected[a] - got[a]) > 1e-6)
    marks = case.marks | {
        a: "cross" for a in range(length - 1) if got[a] > 1e-6 and expected[a] <= 1e-6
    }
    last = size * size
    if abs(got[-1] - target[last]) > 1e-6:
        said = f"The pass has {target[last]:.2f} of the target and is the last of all {length}"
        said += f" actions, index {length - 1}; yours has {got[-1]:.2f} there."
        if target[last] and abs(got[last] - target[last]) < 1e-6:
            said += f" Index {last} is the pass of a {size}×{size} board only: here it is the "
            said += f"point {where(last, padded)}."
        elif target[last] and padded > size and abs(got[size * padded] - target[last]) < 1e-6:
            said += f" You have made a point of it, {where(size * padded, padded)}, which lies "
            said += "outside the small board."
        return Failure(said, marks=marks)
    said = f"{where(bad, padded)}, index {bad} here, should have {expected[bad]:.2f}; yours has "
    said += f"{got[bad]:.2f}."
    if alike(got[:last], target[:last]):
        said += f" A point keeps its row and column, not its index: with {padded} lines (row, "
        said += f"column) is row · {padded} + column."
    elif alike(got, moved_over([*_exchanged(target, size), target[-1]], size, padded)):
        said += " You have exchanged rows and columns: the rows come one after the other."
    return Failure(said + " The board shows the right shares in per cent.", marks=marks)


# Chains by their liberties.

LIBERTIES = ("1 liberty", "2 liberties", "3 or more liberties")


def liberty_planes(board: np.ndarray, to_move: int) -> Planes:
    rows = board.tolist()
    found = np.zeros((6, *board.shape))
    for group in go.all_groups(rows):
        count = min(len(go.liberties(rows, group)), 3)
        mine = go.at(rows, next(iter(group))) == to_move
        for point in group:
            found[(0 if mine else 3) + count - 1][point] = 1
    return found.tolist()


def liberty_cases(rng: np.random.Generator) -> Iterator[Case]:
    from gokit.go.position import Position

    corner = np.array(go.read("X O . .\n. . . .\n. . . .\n. . . ."))
    # On a fresh machine this compiles for a while, which is not the learner's time.
    Position.from_array(corner).groups()
    pair = np.array(go.read(". . . .\n. X X .\n. . . .\nO . . ."))
    shared = np.array(go.read(". X O .\nX X O .\nO O . .\n. . . ."))
    yield Case((corner, BLACK), "a stone in the corner, Black to move", corner)
    yield Case((corner, WHITE), "the same, White to move", corner)
    yield Case((pair, BLACK), "a pair with six liberties", pair)
    yield Case((shared, WHITE), "a chain whose stones share a liberty", shared)
    for board, color in some_boards(rng):
        yield Case((board, color), f"{NAMES[color]} to move on {len(board)}×{len(board)}", board)


def wrong_liberties(case: Case, expected: Any, got: Any) -> Failure:
    board, to_move = case.args
    rows, size = board.tolist(), len(board)
    if np.shape(expected) != np.shape(array_of(got)):
        said = "Six planes: own chains with 1, 2, 3 or more liberties, then the opponent's three."
        return Failure(f"{said} That is (6, {size}, {size}); yours has {shape_name(got)}.")
    if alike(got, liberty_planes(board, other(to_move))):
        return Failure(
            f"The first three planes are for the side to move, {NAMES[to_move]}; yours hold "
            f"{NAMES[other(to_move)]}'s chains."
        )
    right, yours = np.array(expected), np.array(got)
    row, column = np.argwhere(~np.isclose(right, yours).all(axis=0))[0].tolist()
    if board[row][column] == EMPTY:
        said = f"{go.name(rows, (row, column))} is empty: it has 0 in all six planes."
        return Failure(said, marks={row * size + column: "circle"})
    group = go.region(rows, (row, column))
    free = go.liberties(rows, group)
    plane = int(right[:, row, column].argmax())
    whose = "own chains" if plane < 3 else "opponent's chains"
    said = f"The marked chain at {go.names(rows, group)} has {len(free)} "
    said += f"libert{'y' if len(free) == 1 else 'ies'} (circles), so it belongs in plane {plane}, "
    said += f"{whose} with {LIBERTIES[plane % 3]}."
    given = np.flatnonzero(yours[:, row, column]).tolist()
    alone = len(go.liberties(rows, [(row, column)]))
    double = sum(len(go.liberties(rows, [stone])) for stone in group)
    if not given:
        said += " Yours has it in none."
        if len(free) > 3:
            said += " The last plane is for three *or more*."
    else:
        said += f" Yours has {go.name(rows, (row, column))} in plane {given[0]}."
        if len(group) > 1 and given == [plane // 3 * 3 + min(alone, 3) - 1]:
            said += " Liberties belong to the whole chain, not to one stone."
        elif given == [plane // 3 * 3 + min(double, 3) - 1]:
            said += " A liberty that two stones share counts once."
    return Failure(said, marks=go.marks(rows, group, "square") | go.marks(rows, free))


# One symmetry for planes and policy.


def turned_plane(plane: Any, k: int) -> list[list[float]]:
    last = len(plane) - 1
    rows = [list(row) for row in plane]
    if k >= 4:
        rows = [[rows[r][last - c] for c in range(last + 1)] for r in range(last + 1)]
    for _ in range(k % 4):
        rows = [[rows[c][last - r] for c in range(last + 1)] for r in range(last + 1)]
    return rows


def turned(planes_: np.ndarray, policy: np.ndarray, k: int) -> tuple[Planes, list[float]]:
    size = len(planes_[0])
    points = [list(policy[row * size : (row + 1) * size]) for row in range(size)]
    flat = [share for row in turned_plane(points, k) for share in row]
    return [turned_plane(plane, k) for plane in planes_], [*flat, policy[-1]]


def turn_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(board: np.ndarray, color: int, shares: dict[int, float], k: int, about: str) -> Case:
        policy = np.zeros(board.size + 1)
        for action, share in shares.items():
            policy[action] = share
        both = np.array(planes(board, color))[:2]
        return Case((both, policy, k), f"{about}, k = {k}", board, per_cent(policy))

    corner = np.array(go.read("X . .\n. O .\n. . ."))
    yield case(corner, BLACK, {1: 1.0}, 1, "a quarter turn")
    yield case(corner, BLACK, {9: 1.0}, 1, "the target is a pass")
    yield case(corner, BLACK, {1: 0.75, 9: 0.25}, 4, "a mirror image")
    order = rng.permutation(8).tolist()
    for k, (board, color) in zip(order, some_boards(rng), strict=False):
        some = rng.choice(board.size + 1, 2, replace=False).tolist()
        yield case(board, color, {some[0]: 0.75, some[1]: 0.25}, k, "a random game")
    for k in (5, 7):
        board, color = next(some_boards(rng))
        yield case(board, color, {int(rng.integers(board.size)): 1.0}, k, "mirrored and turned")


def wrong_turn(case: Case, expected: Any, got: Any) -> Failure:
    given, policy, k = case.args
    size = given.shape[-1]
    if len(got) != 2:
        return Failure(f"Two things come back, planes and policy; yours are {len(got)}.")
    if np.shape(array_of(got[0])) != given.shape:
        return Failure(f"The planes keep the shape {given.shape}; yours: {shape_name(got[0])}.")
    if np.shape(array_of(got[1])) != policy.shape:
        return Failure(f"The policy keeps its {len(policy)} shares; yours: {shape_name(got[1])}.")
    made = [turned(given, policy, j) for j in range(8)]
    same_planes = [j for j in range(8) if alike(made[j][0], got[0])]
    same_policy = [j for j in range(8) if alike(made[j][1], got[1])]
    own, opponents = np.array(expected[0])
    to_move = BLACK if alike(given[0], case.board == BLACK) else WHITE
    board = (own * to_move + opponents * other(to_move)).astype(int)
    marks = per_cent(expected[1])
    crosses = [a for a, p in enumerate(got[1][:-1]) if p > 1e-6 and expected[1][a] < 1e-6]
    marks |= dict.fromkeys(crosses, "cross")
    if k in same_planes and not alike(got[1][-1], policy[-1]):
        said = f"The pass is no point and stays the last: {policy[-1]:.2f}; yours ends with "
        said += f"{got[1][-1]:.2f}. Turn the first {size * size} shares only."
    elif k in same_planes and 0 in same_policy:
        best = int(np.argmax(policy[:-1]))
        there = int(np.argmax(expected[1][:-1]))
        said = f"You turned the planes and left the policy. The move at {where(best, size)} is at "
        said += f"{where(there, size)} now; so the network would learn a wrong move."
    elif k in same_policy and 0 in same_planes:
        said = "You turned the policy and left the planes: the move belongs to another board."
    elif common := sorted(set(same_planes) & set(same_policy)):
        said = f"Planes and policy agree, but that is symmetry {common[0]}; asked for is {k}."
    elif k in same_planes:
        said = "The planes are right, the policy is not turned in the same way."
        said += f" It looks like symmetry {same_policy[0]}." if same_policy else ""
    elif k in same_policy:
        said = "The policy is right, the planes are not turned in the same way."
    else:
        said = f"Neither planes nor policy are those of symmetry {k}."
    return Failure(
        f"{said} The board shows the turned position, the right shares in per cent, yours that "
        "are wrong as crosses.",
        board=board,
        marks=marks,
    )
