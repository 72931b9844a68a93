"""The exercises of chapter 0: name a point, count a tower's operations, read a win rate."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING

from gokit.lessons.exercise import Case, Exercise, Failure

if TYPE_CHECKING:
    import numpy as np

LETTERS = "ABCDEFGHJKLMNOPQRST"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
Z = 1.96
CLOSE = 1e-6

# (row, column, size, what is special), simplest first.
_POINTS = (
    (4, 0, 5, "a corner of 5×5"),
    (0, 0, 9, "the corner at the top left of 9×9"),
    (5, 3, 9, "a point left of the missing I"),
    (2, 8, 9, "a point right of the missing I"),
    (0, 18, 19, "the corner at the top right of 19×19"),
)


def _name(row: int, column: int, size: int) -> str:
    """Walk to the point: one letter a column from the left, one number a row from below."""
    letters = iter(letter for letter in ALPHABET if letter != "I")
    letter = next(letters)
    for _ in range(column):
        letter = next(letters)
    number = 1
    for _ in range(size - 1, row, -1):
        number += 1
    return f"{letter}{number}"


def _point_cases(rng: np.random.Generator) -> Iterable[Case]:
    points = list(_POINTS)
    for size in (5, 7, 9, 13, 19):
        row, column = (int(number) for number in rng.integers(0, size, 2))
        points.append((row, column, size, f"a point on {size}×{size}"))
    for row, column, size, about in points:
        board = [[0] * size for _ in range(size)]
        yield Case((row, column, size), about, board, {row * size + column: "circle"})


def _wrong_name(case: Case, expected: str, got: str) -> Failure:
    row, column, size = case.args
    mistakes = {
        expected.lower(): "Your letter is a small one: Go names points with capitals.",
        f"{ALPHABET[column]}{size - row}": (
            f"Column {column} is called {LETTERS[column]}: the letter I is left out, so that "
            "nobody takes it for a 1. Yours is in use."
        ),
        f"{LETTERS[column]}{row + 1}": (
            f"Row {row} counts from the top, but the numbers count from the bottom: on {size}×"
            f"{size} this row has the number {size} - {row} = {size - row}."
        ),
        f"{LETTERS[column]}{size - row - 1}": (
            "Your number is one too low: the bottom row has the number 1, not 0."
        ),
        f"{LETTERS[row]}{size - column}": (
            "Row and column have changed places: the letter names the column."
        ),
        f"{size - row}{LETTERS[column]}": "The letter comes first, then the number.",
    }
    said = f"row {row}, column {column} of {size}×{size} is {expected}; yours says {got!r}."
    why = mistakes.get(got, "")
    return Failure(f"The marked point, {said} {why}".strip())


def _operations(widths: list[int], size: int, kernel: int) -> int:
    """Count one number of one layer's output at a time."""
    operations = 0
    for layer in range(len(widths) - 1):
        came_in, goes_out = widths[layer], widths[layer + 1]
        for _row in range(size):
            for _column in range(size):
                for _output in range(goes_out):
                    products = came_in * kernel * kernel
                    operations += products  # multiplications
                    operations += products  # additions: each product is added to a sum
    return operations


def _tower_cases(rng: np.random.Generator) -> Iterable[Case]:
    yield Case(([1, 1], 1, 1), "one number in, one number out")
    yield Case(([3, 5], 1, 1), "3 numbers in, 5 out, on one point")
    yield Case(([1, 1], 4, 1), "the same on 16 points")
    yield Case(([2, 3], 5, 3), "one 3×3 convolution")
    yield Case(([6, 32, 32, 32], 9, 3), "a small tower on 9×9")
    for _ in range(4):
        depth = int(rng.integers(2, 7))
        widths = [int(width) for width in rng.integers(1, 65, depth + 1)]
        size, kernel = int(rng.integers(3, 14)), int(rng.choice([1, 3, 5]))
        yield Case((widths, size, kernel), f"{depth} layers on {size}×{size}")


def _wrong_operations(case: Case, expected: int, got: float) -> Failure:
    widths, size, kernel = case.args
    pairs = list(pairwise(widths))
    points, window = size * size, kernel * kernel
    links = sum(a * b for a, b in pairs)
    mistakes = [
        (
            points * window * links,
            "That is half: each product is also added to a sum, and that counts as well.",
        ),
        (
            2 * size * window * links,
            f"The board has {size} × {size} = {points} points, not {size}: the convolution "
            "works at every one of them.",
        ),
        (
            2 * points * kernel * links,
            f"A {kernel}×{kernel} window covers {window} points, not {kernel}.",
        ),
        (
            2 * points * links,
            f"The window is missing: every output number reads {kernel}×{kernel} points.",
        ),
        (
            2 * (size - kernel + 1) ** 2 * window * links,
            f"You count {size - kernel + 1}×{size - kernel + 1} places for the window. The edge "
            "is padded with zeros, so the output is as large as the board.",
        ),
        (
            2 * points * window * sum(a + b for a, b in pairs),
            "Every output channel reads every input channel: multiply the two widths.",
        ),
        (
            2 * points * window * sum(a * a for a, _ in pairs),
            "A layer goes from one width to the next: multiply those two, not one with itself.",
        ),
        (
            2 * points * window * sum(widths[1:]),
            "Every output channel reads every input channel: the input's width is missing.",
        ),
        (
            2 * points * window * sum(a * b for a, b in pairs[1:]),
            f"The first layer, from {widths[0]} to {widths[1]} channels, is missing.",
        ),
    ]
    why = next((text for value, text in mistakes if value == got), "")
    layers = f"widths {widths}, {size}×{size} points, a {kernel}×{kernel} window"
    return Failure(f"For {layers} it is {expected:,} operations; yours says {got:,}. {why}".strip())


def _interval(wins: int, draws: int, games: int) -> tuple[float, float, float]:
    """Try rates: those stay in for which the result is no further off than 1.96 deviations."""
    rate = (wins + draws / 2) / games

    def is_believable(true: float) -> bool:
        return abs(rate - true) <= Z * math.sqrt(true * (1 - true) / games)

    def edge(inside: float, outside: float) -> float:
        if is_believable(outside):
            return outside
        for _ in range(60):
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if is_believable(middle) else (inside, middle)
        return inside

    return rate, edge(rate, 0.0), edge(rate, 1.0)


def _rate_cases(rng: np.random.Generator) -> Iterable[Case]:
    yield Case((5, 0, 10), "5 wins of 10")
    yield Case((77, 0, 104), "a long match")
    yield Case((4, 4, 10), "a match with draws")
    yield Case((10, 0, 10), "all games won")
    yield Case((0, 0, 6), "no game won")
    for _ in range(5):
        games = int(rng.integers(2, 500))
        wins = int(rng.integers(0, games + 1))
        draws = int(rng.integers(0, games - wins + 1))
        yield Case((wins, draws, games), f"{wins} wins and {draws} draws of {games}")


def _is_close(expected: tuple, got: tuple) -> bool:
    return len(got) == 3 and all(
        math.isclose(a, b, abs_tol=CLOSE) for a, b in zip(expected, got, strict=True)
    )


def _wrong_rate(case: Case, expected: tuple, got: tuple) -> Failure | None:
    wins, draws, games = case.args
    if len(got) != 3:
        return Failure(f"Three numbers are asked for: rate, low, high. Yours are {len(got)}.")
    rate, low, high = got
    said = (
        f"{wins} wins and {draws} draws of {games} games: {_written(expected)}; "
        f"yours says {_written(got)}."
    )
    return Failure(f"{said} {_why_rate(wins, draws, games, expected, (rate, low, high))}".strip())


def _written(numbers: tuple) -> str:
    rate, low, high = numbers
    return f"{rate:.4f} [{low:.4f}, {high:.4f}]"


def _why_rate(wins: int, draws: int, games: int, expected: tuple, got: tuple) -> str:
    rate, low, high = got
    if _is_close(tuple(100 * number for number in expected), got):
        return "Those are percentages: a rate is from 0 to 1."
    if not math.isclose(rate, expected[0], abs_tol=CLOSE):
        if draws and math.isclose(rate, wins / games, abs_tol=CLOSE):
            return "A draw counts as half a win, not as none."
        if draws and math.isclose(rate, (wins + draws) / games, abs_tol=CLOSE):
            return "A draw counts as half a win, not as a whole one."
        if draws and games > draws and math.isclose(rate, wins / (games - draws), abs_tol=CLOSE):
            return "Draws are games too: leaving them out makes the match shorter than it was."
        return "The rate is wins, and half of the draws, divided by the games."
    if low > high:
        return "Low and high have changed places."
    naive = Z * math.sqrt(rate * (1 - rate) / games)
    if math.isclose(high - rate, naive, abs_tol=CLOSE):
        width = (
            "It has no width here, as if a few games proved the rate for ever"
            if naive == 0
            else f"It is {rate:.3f} ± {naive:.3f}, whatever lies below 0 or above 1"
        )
        return (
            f"That is the textbook interval, which takes the spread at the measured rate. {width}. "
            "Wilson takes the spread at each rate that could be true."
        )
    return "The rate is right; the interval is not."


EXERCISES = [
    Exercise(
        id="00-point-name",
        title="Name a point",
        purpose="programs count from the top left, Go players from the bottom left",
        points=1,
        difficulty=1,
        minutes=5,
        hints=(
            "The letter depends on the column only, the number on the row only.",
            "Letters run from the left and skip I. Numbers run from the bottom: the bottom row, "
            "row size - 1, is number 1.",
            'letters = "ABCDEFGHJKLMNOPQRST"\nreturn letters[...] + str(size - ...)',
        ),
        reference=_name,
        cases=_point_cases,
        explain=_wrong_name,
        rule="Columns are letters from the left, without I; rows are numbers from the bottom, "
        "from 1.",
    ),
    Exercise(
        id="00-tower-flops",
        title="What does one look at the board cost?",
        purpose="the one number behind every cost in this course",
        points=2,
        difficulty=2,
        minutes=10,
        hints=(
            "Count the work for one output number first: one channel at one point.",
            "One output number needs kernel² × input channels products, and as many additions. "
            "A layer makes size² × output channels such numbers. Then add up the layers.",
            "total = 0\nfor a, b in zip(widths, widths[1:]):\n    total += 2 * ... * a * b\n"
            "return total",
        ),
        reference=_operations,
        cases=_tower_cases,
        explain=_wrong_operations,
        rule="A layer costs 2 × points × window × channels in × channels out.",
    ),
    Exercise(
        id="00-win-rate",
        title="Read a win rate honestly",
        purpose="every match in this course is reported this way",
        points=2,
        difficulty=2,
        minutes=15,
        hints=(
            "A measured rate is one throw of the dice. Which true rates make it no surprise?",
            "Those true rates p for which |rate - p| ≤ z √(p (1 - p) / n). Square both sides: the "
            "two edges are the roots of a quadratic equation in p.",
            "rate = (wins + draws / 2) / games\n"
            "middle = (rate + z * z / (2 * games)) / (1 + z * z / games)\n"
            "half = z * math.sqrt(rate * (1 - rate) / games + z * z / (4 * games**2)) / ...\n"
            "return rate, middle - half, middle + half",
        ),
        reference=_interval,
        cases=_rate_cases,
        explain=_wrong_rate,
        compare=_is_close,
        rule="Wilson's interval: every true rate that lies within 1.96 of its own standard "
        "deviations of the measured one.",
    ),
]
