"""Chapter 3's exercises on values: minimax, regret, stopping early, the mixture with a rollout."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from gokit.lessons.checks.slow_rules import BLACK, NAMES, WHITE, name, other
from gokit.lessons.checks.tree_cases import close
from gokit.lessons.checks.tree_text import RIGHT, YOURS, TreeText
from gokit.lessons.exercise import Case, Failure

# Minimax on a tree of lists.


def minimax(tree: Any) -> float:
    if not isinstance(tree, list | tuple):
        return tree
    return max(-minimax(child) for child in tree)


def minimax_lines(tree: Any, solved: bool, depth: int = 0, label: str = "root") -> list:
    if not isinstance(tree, list | tuple):
        return [(depth, f"{label}: over, {tree:+d}", "")]
    words = f"{label}: {minimax(tree):+d}" if solved else label
    lines = [(depth, words, RIGHT if solved and depth == 0 else "")]
    for number, child in enumerate(tree):
        lines += minimax_lines(child, solved, depth + 1, f"move {number}")
    return lines


def minimax_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(tree: Any, about: str) -> Case:
        return Case((tree,), about, drawing=TreeText(minimax_lines(tree, False)))

    def grow(depth: int) -> Any:
        if depth == 0 or (depth < 3 and rng.random() < 0.3):
            return int(rng.integers(-9, 10))
        return [grow(depth - 1) for _ in range(rng.integers(1, 4))]

    yield case(5, "a game that is over")
    yield case([3], "one move, then over")
    yield case([3, -2, 4], "three moves, then over")
    yield case([[1, 2], [-3, 9]], "a move and a reply")
    yield case([[[4], 2], -1, [[-6, 3], [5]]], "lines of different lengths")
    for depth in (2, 3, 3, 4, 4):
        yield case([grow(depth - 1) for _ in range(3)], f"at most {depth} plies")


def wrong_minimax(case: Case, expected: int, got: float) -> Failure:
    (tree,) = case.args

    def greedy(node: Any) -> Any:
        return max(map(greedy, node)) if isinstance(node, list | tuple) else node

    said = f"With best play the side to move gets {expected:+d}; yours says {got:+g}."
    if close(got, greedy(tree)):
        said += " You take the highest number below; but the numbers below are the opponent's."
    elif close(got, -expected):
        said += " That is the opponent's view of it."
    else:
        said += " It is the best of the moves, each worth the negative of what stands below it."
    lines = minimax_lines(tree, True)
    return Failure(
        said, drawing=TreeText(lines, "each value from the view of who is to move there")
    )


# The regret of a move.


def regret(values: dict[int, int], to_move: int, move: int) -> int:
    mine = {a: v if to_move == BLACK else -v for a, v in values.items()}
    return max(mine.values()) - mine[move]


def regret_cases(rng: np.random.Generator) -> Iterator[Case]:
    from gokit.go.position import Position
    from gokit.go.rules import Rules
    from gokit.search.exact import move_values

    def case(position: Position, move: int, about: str) -> Case:
        values = {int(a): int(v) for a, v in move_values(position).items()}
        marks = {a: f"{v:+d}" for a, v in values.items() if a < position.size**2}
        return Case((values, position.to_move, move), about, position, marks)

    even = Rules(komi=0)
    start = Position(2, even)
    yield case(start, 0, "Black's best opening on 2×2")
    yield case(start, 4, "Black passes on the empty board")
    yield case(start.play("A1"), 4, "White passes too early")
    given = 0
    while given < 9:
        position = Position(2, even)
        for _ in range(rng.integers(1, 7)):
            after = position.play(int(rng.choice(position.legal_moves())))
            position = position if after.is_over else after
        move = int(rng.choice(position.legal_moves()))
        if len(set(move_values(position).values())) > 1:
            given += 1
            yield case(position, move, f"{NAMES[position.to_move]} to move")


def wrong_regret(case: Case, expected: int, got: float) -> Failure:
    values, to_move, move = case.args
    size = case.board.size
    board = case.board.board.tolist()
    where = "the pass" if move == size * size else name(board, divmod(move, size))
    said = f"The regret of {where} is {expected}; yours is {got:g}."
    black = max(values.values()) - values[move]
    if got < 0 and close(got, -expected):
        said += " A regret is what the move gives away: never below 0."
    elif to_move == WHITE and close(got, black):
        said += " The values are Black's margins, and White is to move: White wants them low."
    elif close(got, max(values.values()) - min(values.values())):
        said += " Compare the best move with the move played, not with the worst."
    elif close(got, values[move]) or close(got, -values[move]):
        said += " That is the value of the move, not what a better one would have added."
    else:
        said += " It is the value of the best move less that of the one played, for who is to move."
    said += f" Numbers on the board are Black's margins; a pass gives {values[size * size]:+d}."
    return Failure(said)


# Stopping a rollout early.


def stopped_value(margins: list[int], k: int, to_move: int, points: int) -> float:
    sign = 1 if to_move == BLACK else -1
    last = len(margins) - 1
    return sign * margins[k if k < last else last] / points


def stop_lines(margins: list[int], to_move: int, right: int, yours: int | None) -> list:
    lines, side = [], to_move
    for move, margin in enumerate(margins):
        note = " ".join(sign for sign, place in ((RIGHT, right), (YOURS, yours)) if place == move)
        over = " (over)" if move == len(margins) - 1 else f", {NAMES[side]} to move"
        lines.append((1 if move else 0, f"after {move:>2}: Black's margin {margin:+d}{over}", note))
        side = other(side)
    return lines


def stop_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(margins: list[int], k: int, to_move: int, points: int, about: str) -> Case:
        caption = f"{NAMES[to_move]} to move on {points} points, k = {k}"
        lines = stop_lines(margins, to_move, -1, None)
        return Case((margins, k, to_move, points), about, drawing=TreeText(lines, caption))

    yield case([2, 5, 3, 9], 0, BLACK, 9, "judge at once")
    yield case([2, 5, 3, 9], 2, BLACK, 9, "two moves on")
    yield case([2, 5, 3, 9], 1, BLACK, 9, "an odd number of moves on")
    yield case([1, -4, 6], 1, WHITE, 9, "White is to move at the start")
    yield case([0, 1, 4], 10, BLACK, 4, "the game ends before k moves")
    for _ in range(7):
        points = int(rng.choice([9, 25]))
        length = int(rng.integers(2, 9))
        margins = [int(m) for m in rng.integers(-points, points + 1, length)]
        k, side = int(rng.integers(0, length + 3)), int(rng.integers(1, 3))
        yield case(margins, k, side, points, f"{NAMES[side]} to move, k = {k}")


def wrong_stop(case: Case, expected: float, got: float) -> Failure:
    margins, k, to_move, points = case.args
    last = len(margins) - 1
    right = min(k, last)
    said = f"The value is {expected:+.4f}; yours is {got:+.4f}."
    yours = None
    if close(got, expected * points):
        said += " Divide by the number of points, so that it lies between -1 and 1."
    elif close(got, -expected):
        said += (
            " The sign: the margins are Black's, and the value is for the side that is to move at "
            "the start, however many moves are played from there."
        )
    elif close(abs(got), abs(margins[last] / points)):
        said += f" You wait for the end; k = {k} says where to stop."
        yours = last
    elif k and close(abs(got), abs(margins[min(k, last) - 1] / points)):
        said += " You stop one move early: margins[0] is before any move."
        yours = right - 1
    return Failure(said, drawing=TreeText(stop_lines(margins, to_move, right, yours)))


# The mixture of a value and a rollout.


def mixed(value: float, margin: float, to_move: int, mix: float) -> float:
    if margin == 0:
        result = 0
    else:
        winner = BLACK if margin > 0 else WHITE
        result = 1 if winner == to_move else -1
    return (1 - mix) * value + mix * result


def mix_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(value: float, margin: float, to_move: int, mix: float, about: str) -> Case:
        lines = [
            (0, f"leaf, {NAMES[to_move]} to move, λ = {mix:g}", ""),
            (1, f"value v = {value:+.2f} for {NAMES[to_move]}", ""),
            (1, f"rollout ends with Black's margin {margin:+g}", ""),
        ]
        return Case((value, margin, to_move, mix), about, drawing=TreeText(lines))

    yield case(0.4, 3.5, BLACK, 0.0, "all value")
    yield case(0.4, -3.5, BLACK, 1.0, "all rollout")
    yield case(0.2, 7.5, BLACK, 0.25, "Black to move and winning the rollout")
    yield case(0.2, 7.5, WHITE, 0.25, "White to move and losing the rollout")
    yield case(-0.6, 0.0, WHITE, 0.5, "a drawn rollout")
    for _ in range(8):
        margin = float(rng.integers(-9, 10)) + float(rng.choice([0, 0.5]))
        yield case(round(float(rng.uniform(-1, 1)), 2), margin, int(rng.integers(1, 3)),
                   float(rng.choice([0.1, 0.25, 0.5, 0.75, 0.9])), "a leaf")  # fmt: skip


def wrong_mix(case: Case, expected: float, got: float) -> Failure:
    value, margin, to_move, mix = case.args
    sign = 1 if to_move == BLACK else -1
    z = sign * (margin > 0) - sign * (margin < 0)
    said = f"The mixture is {expected:+.4f}; yours is {got:+.4f}."
    if margin == 0 and not close(got, expected):
        said += " A margin of 0 is a draw: z = 0, neither won nor lost."
    elif close(got, mix * value + (1 - mix) * z):
        said += " λ is the rollout's weight, and 1 - λ the value's."
    elif close(got, (1 - mix) * value - mix * z):
        said += f" z is from the view of the side to move, {NAMES[to_move]}: {z:+d}."
    elif close(got, (1 - mix) * value + mix * sign * margin) or close(
        got, (1 - mix) * value + mix * margin
    ):
        said += " z is the result, +1, 0 or -1, not the margin."
    elif close(got, value + z):
        said += " Weigh them: 1 - λ and λ add up to one."
    return Failure(said)


def near_value(expected: float, got: Any) -> bool:
    """Numbers equal to six digits."""
    return type(got) in (int, float) and math.isfinite(got) and close(expected, got)
