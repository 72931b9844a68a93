"""Chapter 5's exercises on what a network is worth: baselines by phase, calibration.

For each, the slow reference, the calls it is judged by and the words for what is wrong.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from gokit.lessons.checks.arm_table import RIGHT, ArmTable
from gokit.lessons.checks.slow_rules import BLACK, EMPTY, NAMES, WHITE, other
from gokit.lessons.checks.tree_cases import close, near
from gokit.lessons.exercise import Case, Failure

# Phase 0 to 1, side to move, value for it, Black's stones less White's, winner.
Row = tuple[float, int, float, int, int]

COUNTS = "◀ counts"

# Baselines by phase.


def _hit(lead: float, winner: int) -> float:
    """Whether a lead, positive for Black, names the winner; no lead is half a hit."""
    if lead == 0:
        return 0.5
    return float((BLACK if lead > 0 else WHITE) == winner)


def part_of(phase: float, parts: int) -> int:
    return next(part for part in range(parts) if phase * parts < part + 1 or part == parts - 1)


def _is_in(row: Row, part: int, parts: int) -> bool:
    return part_of(row[0], parts) == part and row[4] != EMPTY


def report(
    rows: Sequence[Row], komi: float, usual: int, parts: int
) -> list[tuple[int, float, float, float]]:
    found = []
    for part in range(parts):
        here = [row for row in rows if _is_in(row, part, parts)]
        if here:
            value = [_hit(v if side == BLACK else -v, winner) for _, side, v, _, winner in here]
            most = [float(winner == usual) for *_, winner in here]
            stones = [_hit(lead - komi, winner) for *_, lead, winner in here]
            rates = (math.fsum(hits) / len(here) for hits in (value, most, stones))
            found.append((part, *rates))
    return found


def baseline_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(rows: list[Row], komi: float, usual: int, parts: int, about: str) -> Case:
        columns = {
            "phase": [row[0] for row in rows],
            "to move": [NAMES[row[1]] for row in rows],
            "value": [row[2] for row in rows],
            "stones": [f"{row[3]:+d}" for row in rows],
            "winner": [NAMES[row[4]] if row[4] else "draw" for row in rows],
        }
        caption = f"komi {komi:g}; {NAMES[usual]} usually wins; parts: {parts}; stones are Black's "
        caption += "less White's"
        drawing = ArmTable(columns, caption=caption)
        return Case((rows, komi, usual, parts), about, drawing=drawing)

    black, white = (0.1, BLACK, 0.4, 3, BLACK), (0.2, BLACK, 0.3, 2, WHITE)
    turned = (0.3, WHITE, -0.6, 2, BLACK)
    yield case([black, white], 0.5, WHITE, 1, "two positions, Black to move in both")
    yield case([black, turned, white], 0.5, BLACK, 1, "White to move in one")
    yield case([black, turned, white, (0.4, BLACK, 0.1, 9, EMPTY)], 0.5, BLACK, 1, "a draw")
    yield case([black, (0.2, WHITE, 0.5, 3, WHITE)], 4.5, WHITE, 1, "komi decides")
    yield case([(0.6, BLACK, 0.0, 7, WHITE), white], 7.0, WHITE, 1, "values and leads of 0")
    yield case([black, (1.0, BLACK, -0.9, 1, WHITE)], 6.5, BLACK, 4, "the first and the last ply")
    for parts in (1, 2, 2, 4, 4):
        rows = []
        for _ in range(int(rng.integers(6, 11))):
            side, winner = rng.integers(1, 3, 2).tolist()
            sign = 1 if side == winner else -1
            value = round(float(np.clip(sign * rng.normal(0.3, 0.5), -1, 1)), 2)
            phase = float(rng.integers(0, 101) / 100)
            winner = EMPTY if rng.random() < 0.1 else winner
            rows.append((phase, side, value, int(rng.integers(-9, 14)), winner))
        yield case(rows, float(rng.choice([0.5, 5.5, 7.5])), int(rng.integers(1, 3)), parts,
                   f"{parts} part{'s' if parts > 1 else ''} of the game")  # fmt: skip


def wrong_baselines(case: Case, expected: Any, got: Any) -> Failure:
    rows, *_, parts = case.args
    if not all(isinstance(row, tuple) and len(row) == 4 for row in got):
        return Failure("One tuple of four a part: part, value, majority, stones.")
    right, yours = ([row[0] for row in table] for table in (expected, got))
    if yours != right:
        said = f"The parts with decided positions are {right}; yours are {yours}."
        if parts in yours:
            said += f" Phase 1 belongs to the last part, {parts - 1}."
        return Failure(said)
    place, column = next(
        (i, j)
        for i in range(len(got))
        for j in (1, 2, 3)
        if not close(got[i][j], expected[i][j])
    )  # fmt: skip
    head = ("part", "value", "majority", "stones")[column]
    part = right[place]
    said = f"Part {part}, {head}: {expected[place][column]:.4f}, not {got[place][column]:.4f}."
    fits = [why for table, why in _baseline_mistakes(case, column) if _agrees(table, got, column)]
    if not fits:
        fits = ["It is the share of right winners among the decided positions of the part."]
    marks = {i: COUNTS for i, row in enumerate(rows) if _is_in(row, part, parts)}
    drawing = ArmTable(case.drawing.columns, marks, case.drawing.caption)
    return Failure(f"{said} {fits[0]}", drawing=drawing)


def _agrees(some: Any, got: Any, column: int) -> bool:
    mine, yours = ({row[0]: row[column] for row in table} for table in (some, got))
    return all(part in mine and close(mine[part], yours[part]) for part in yours)


def _baseline_mistakes(case: Case, column: int) -> Iterator[tuple[Any, str]]:
    rows, komi, usual, parts = case.args
    if column == 1:
        mine = [(p, BLACK, v, s, w) for p, _, v, s, w in rows]
        yield (
            report(mine, komi, usual, parts),
            "A value is for the side to move: with White to move a positive one says White.",
        )
    if column == 2:
        own = []
        for part in range(parts):
            here = [row for row in rows if _is_in(row, part, parts)]
            wins = sum(row[4] == BLACK for row in here)
            own += [(part, 0, max(wins, len(here) - wins) / len(here), 0)] if here else []
        yield (
            own,
            "The majority is known before: `usual`, from the training games. Looking at these "
            "results first is not a prediction.",
        )
        yield report(rows, komi, other(usual), parts), "That is how often the other side won."
    if column == 3:
        yield report(rows, 0, usual, parts), "White's komi counts as stones too."
        yield report(rows, -komi, usual, parts), "The komi is White's: take it off Black's lead."
    exact = [(p, s, v + 1e-9 * (s == BLACK) - 1e-9 * (s == WHITE), n + 1e-9, w)
             for p, s, v, n, w in rows]  # fmt: skip
    lost = [(p, s, v - 1e-9 * (s == BLACK) + 1e-9 * (s == WHITE), n - 1e-9, w)
            for p, s, v, n, w in rows]  # fmt: skip
    undecided = "A value or a lead of exactly 0 names no winner: it counts ½."
    yield report(exact, komi, usual, parts), undecided
    yield report(lost, komi, usual, parts), undecided
    if any(row[4] == EMPTY for row in rows):
        yield _draws_counted(rows, komi, usual, parts), "Draws have no winner: leave them out."


def _draws_counted(rows: Sequence[Row], komi: float, usual: int, parts: int) -> list:
    found = []
    for part, *rates in report(rows, komi, usual, parts):
        here = [row for row in rows if part_of(row[0], parts) == part]
        decided = sum(row[4] != EMPTY for row in here)
        found.append((part, *(rate * decided / len(here) for rate in rates)))
    return found


# Calibration.


def calibrated(
    values: Sequence[float], results: Sequence[int], bins: int
) -> tuple[list[tuple[int, int, float, float]], float]:
    pairs = [((v + 1) / 2, (r + 1) / 2) for v, r in zip(values, results, strict=True)]
    rows = []
    for index in range(bins):
        here = [pair for pair in pairs if part_of(pair[0], bins) == index]
        if here:
            means = (math.fsum(side) / len(here) for side in zip(*here, strict=True))
            rows.append((index, len(here), *means))
    return rows, expected_error(rows)


def expected_error(rows: Sequence[tuple[int, int, float, float]]) -> float:
    return math.fsum(n * abs(p - o) for _, n, p, o in rows) / sum(n for _, n, _, _ in rows)


def calibration_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(values: list[float], results: list[int], bins: int, about: str) -> Case:
        columns = {"position": range(len(values)), "value": values, "result": results}
        drawing = ArmTable(columns, caption=f"{bins} bins of p(win), from 0 to 1")
        return Case((values, results, bins), about, drawing=drawing)

    yield case([0.5, 0.5, 0.6, 0.8], [1, 1, 1, -1], 2, "all in one bin")
    yield case([0.5, -0.5, -0.9, 0.7], [1, -1, 1, 1], 2, "two bins")
    yield case([1.0, 0.8, -1.0], [1, 1, -1], 4, "quite certain")
    yield case([0.0, 0.1, 0.3], [0, 0, 1], 2, "draws")
    yield case([-0.5, -0.4, -0.3, -0.35, 0.8], [1, -1, 1, -1, -1], 4, "bins of unequal size")
    for bins in (2, 4, 4, 8, 8):
        n = int(rng.integers(5, 12))
        values = rng.uniform(-0.99, 0.99, n).round(2)
        results = np.where(rng.random(n) < (values + 1) / 2, 1, -1)
        results[rng.random(n) < 0.1] = 0
        yield case(values.tolist(), results.tolist(), bins, f"{n} positions, {bins} bins")


def wrong_calibration(case: Case, expected: Any, got: Any) -> Failure:
    values, _, bins = case.args
    rows, error = expected
    if len(got) != 2 or not isinstance(got[0], tuple):
        return Failure("Two things come back: the rows, and the calibration error.")
    mine, my_error = got
    if not all(isinstance(row, tuple) and len(row) == 4 for row in mine):
        return Failure("Each row is (bin, n, mean p(win), mean result from 0 to 1).")
    columns = {"bin": [row[0] for row in rows], "n": [row[1] for row in rows]}
    columns |= {"predicted": [row[2] for row in rows], "observed": [row[3] for row in rows]}
    columns["gap"] = [abs(row[2] - row[3]) for row in rows]
    if near(rows, mine):
        said = f"The rows are right. The error is {error:.4f}; yours is {my_error:.4f}."
        gaps = columns["gap"]
        signed = math.fsum(n * (p - o) for _, n, p, o in rows) / len(values)
        mistakes = [
            (signed, "Gaps of both signs cancel: take the absolute value of each."),
            (-signed, "Gaps of both signs cancel: take the absolute value of each."),
            (sum(gaps) / len(rows), "A bin counts with its number of positions."),
            (sum(gaps) / bins, "A bin counts with its number of positions."),
            (max(gaps), "That is the largest gap; the mean of all is asked for."),
            (sum(gaps), "Weigh each gap with n, and divide by all positions."),
        ]
        fits = [why for value, why in mistakes if close(value, my_error)]
        return Failure(" ".join([said, *fits[:1]]), drawing=ArmTable(columns))
    wrong = next(
        (i for i, row in enumerate(rows) if i >= len(mine) or not near(row, mine[i])), len(rows) - 1
    )
    index, n, p, o = rows[wrong]
    said = f"Bin {index}, p(win) from {index / bins:g} to {(index + 1) / bins:g}, holds {n} "
    said += f"position{'s' if n > 1 else ''}, mean p(win) {p:.4f}, mean result {o:.4f}."
    by_bin = {row[0]: row for row in mine}
    if any(row[1] == 0 for row in mine):
        said += " Leave empty bins out."
    elif sum(row[1] for row in mine) < len(values):
        said += " Yours has fewer positions than there are: p(win) = 1 belongs to the last bin."
    elif bins in by_bin:
        said += f" p(win) = 1 belongs to the last bin, {bins - 1}; there is no bin {bins}."
    elif index not in by_bin or by_bin[index][1] != n:
        said += " A value v from -1 to 1 means p(win) = (v + 1) / 2: bin that."
    elif not close(by_bin[index][2], p):
        said += f" Yours has a mean p(win) of {by_bin[index][2]:.4f}: a value v from -1 to 1 means "
        said += "p(win) = (v + 1) / 2."
    else:
        said += f" Your mean result is {by_bin[index][3]:.4f}: 1 for a win, 0 for a loss, "
        said += "½ for a draw."
    return Failure(said, drawing=ArmTable(columns, {wrong: RIGHT}, case.drawing.caption))
