"""Chapter 4's exercises on selection: the bonus, first play, noise, one evaluation, the least c.

For each, the slow reference, the calls it is judged by and the words for what is wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from gokit.lessons.checks.tree_cases import close
from gokit.lessons.checks.tree_text import RIGHT, YOURS, Line, TreeText
from gokit.lessons.exercise import Case, Failure

Move = tuple[float, int, float]  # prior, visits, Q


def _numbers(got: Any, length: int) -> bool:
    return (
        isinstance(got, tuple)
        and len(got) == length
        and all(type(x) in (int, float) for x in got)
    )  # fmt: skip


# The bonus of each move.


def bonuses(priors: list[float], visits: list[int], c: float) -> list[float]:
    return [
        c * p * math.sqrt(1 + sum(visits)) / (1 + n) for p, n in zip(priors, visits, strict=True)
    ]


def _bonus_tree(priors: Sequence, visits: Sequence, right: Any = None, yours: Any = None) -> list:
    lines: list[Line] = [(0, f"node   N {sum(visits)}", "")]
    for move, (p, n) in enumerate(zip(priors, visits, strict=True)):
        words = f"move {move}   P {p:.3f}   n {n:>3}"
        note = ""
        if right is not None:
            words += f"   bonus {yours[move]:.3f}"
            note = "" if close(right[move], yours[move]) else f"{RIGHT}: {right[move]:.3f}"
        lines.append((1, words, note))
    return lines


def bonus_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(priors: list[float], visits: list[int], c: float, about: str) -> Case:
        drawing = TreeText(_bonus_tree(priors, visits), f"c = {c:g}")
        return Case((priors, visits, c), about, drawing=drawing)

    yield case([0.75, 0.25], [0, 0], 1.0, "the very first pick: nothing visited")
    yield case([0.5, 0.5], [0, 3], 1.0, "one move visited, one not")
    yield case([0.2, 0.3, 0.5], [8, 0, 0], 2.0, "another c")
    for _ in range(6):
        k = int(rng.integers(2, 7))
        priors = rng.dirichlet(np.ones(k)).round(3).tolist()
        visits = rng.integers(0, 30, k).tolist()
        yield case(priors, visits, round(float(rng.uniform(0.3, 4)), 1), f"{k} moves")


def wrong_bonus(case: Case, expected: Any, got: Any) -> Failure:
    priors, visits, c = case.args
    if not _numbers(got, len(priors)):
        return Failure(f"One bonus a move: a list of {len(priors)} numbers.")
    total = sum(visits)
    move = next(i for i, pair in enumerate(zip(expected, got, strict=True)) if not close(*pair))
    p, n = priors[move], visits[move]
    said = f"The bonus of move {move} is {expected[move]:.4f}; yours is {got[move]:.4f}."
    if total == 0 and close(got[move], 0):
        said += " √0 is 0: the prior is multiplied by nothing. There is a 1 under the root."
    elif close(got[move], c * p * math.sqrt(total) / (1 + n)):
        said += " The root is of 1 + N, so that the prior decides the first pick."
    elif close(got[move], expected[move] / c):
        said += " The weight c is missing."
    elif close(got[move], c * p * math.sqrt(1 + n) / (1 + n)):
        said += " N counts the visits of all the moves, not of this one."
    else:
        said += f" It is c·P·√(1 + N) / (1 + n) = {c:g} · {p:g} · √{1 + total} / {1 + n}."
    drawing = TreeText(_bonus_tree(priors, visits, expected, got), f"c = {c:g}; your bonuses")
    return Failure(said, drawing=drawing)


# What a move without visits counts as.


def first_play(mode: str, fpu_value: float, value: float, moves: list[Move]) -> float:
    if mode == "absolute":
        return fpu_value
    seen = [value]
    for _, n, q in moves:
        seen += [q] * n
    mean = math.fsum(seen) / len(seen)
    if mode == "reduction":
        return mean - fpu_value
    return mean - fpu_value * math.sqrt(math.fsum(p for p, n, _ in moves if n))


def _move_lines(value: float, moves: Sequence[Move], note: str = "") -> list[Line]:
    lines: list[Line] = [(0, f"node   its own value {value:+.2f}", "")]
    for move, (p, n, q) in enumerate(moves):
        seen = f"Q {q:+.2f}" if n else "Q ?"
        lines.append((1, f"move {move}   P {p:.2f}   n {n:>2}   {seen}", "" if n else note))
    return lines


def first_play_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(mode: str, fpu_value: float, value: float, moves: list[Move], about: str) -> Case:
        caption = f'mode "{mode}", fpu_value {fpu_value:g}; every Q in the view of this node'
        drawing = TreeText(_move_lines(value, moves), caption)
        return Case((mode, fpu_value, value, moves), f"{about}: {mode}", drawing=drawing)

    modes = ("absolute", "reduction", "visited policy")
    fresh = [(0.7, 0, 0.0), (0.3, 0, 0.0)]
    tried = [(0.36, 3, -0.5), (0.64, 0, 0.0)]
    for mode in modes:
        yield case(mode, 0.2, 0.5, fresh, "nothing visited yet")
    for mode in modes:
        yield case(mode, 0.25, 0.5, tried, "one move visited three times")
    for mode in modes * 2:
        k = int(rng.integers(2, 6))
        moves = []
        for p in rng.dirichlet(np.ones(k)).round(2).tolist():
            n = int(rng.choice([0, 0, 1, 2, 7, 20]))
            moves.append((p, n, round(float(rng.uniform(-1, 1)), 2) if n else 0.0))
        fpu_value = round(float(rng.uniform(-1, 1)), 2)
        value = round(float(rng.uniform(-1, 1)), 2)
        yield case(mode, fpu_value, value, moves, f"{k} moves")


def wrong_first_play(case: Case, expected: float, got: float) -> Failure:
    mode, fpu_value, value, moves = case.args
    said = f'In mode "{mode}" an untried move counts as {expected:+.4f}; yours says {got:+.4f}.'
    total = sum(n for _, n, _ in moves)
    weighted = sum(n * q for _, n, q in moves)
    mean = (value + weighted) / (1 + total)
    if mode == "absolute":
        said += " It is fpu_value itself, whatever the node has seen."
    elif close(got, mean):
        said += " That is the node's mean; something is taken off it."
    elif total and close(got - expected, weighted / total - mean):
        said += " The node's own value counts in its mean, as one visit more."
    elif close(got - expected, value - mean):
        said += " The mean is of the node's own value and all its visits so far."
    elif mode == "visited policy" and close(got, mean - fpu_value):
        said += " The reduction grows with the priors already visited: times √ of their sum."
    elif mode == "visited policy" and close(
        got, mean - fpu_value * sum(p for p, n, _ in moves if n)
    ):
        said += " The root of the priors' sum is missing."
    else:
        said += f" The node's mean so far is {mean:+.4f}."
    return Failure(said, drawing=TreeText(_move_lines(value, moves, f"{RIGHT}: {expected:+.3f}")))


# Noise in the root's priors.


def noisy(
    priors: list[float], legal: list[int], gamma: list[float], fraction: float
) -> list[float]:
    total = math.fsum(gamma[a] for a in legal)
    mixed = [0.0] * len(priors)
    for a in legal:
        mixed[a] = (1 - fraction) * priors[a] + fraction * gamma[a] / total
    return mixed


def noise_cases(rng: np.random.Generator) -> Iterator[Case]:
    from gokit.go.position import Position

    def case(position: Position, fraction: float, about: str) -> Case:
        legal = [int(a) for a in position.legal_moves()]
        count = position.size**2 + 1
        priors = np.zeros(count)
        priors[legal] = rng.dirichlet(np.ones(len(legal)))
        args = (priors.tolist(), legal, rng.gamma(0.5, size=count).tolist(), fraction)
        return Case(args, about, board=position)

    yield case(Position(2), 0.25, "the empty 2×2 board")
    yield case(Position(3).play("B2"), 0.25, "one stone: a point is taken")
    yield case(Position(3).play("B2"), 0.0, "no noise at all")
    yield case(Position(3).play("B2"), 1.0, "nothing but noise")
    for fraction in (0.25, 0.1, 0.5):
        position = Position(5)
        for _ in range(rng.integers(4, 16)):
            position = position.play(int(rng.choice(position.legal_moves()[:-1])))
        yield case(position, fraction, "a random position on 5×5")


def wrong_noise(case: Case, expected: Any, got: Any) -> Failure:
    priors, legal, _, fraction = case.args
    if not _numbers(got, len(priors)):
        return Failure(f"One prior an action, 0 for illegal ones: {len(priors)} numbers.")
    board, points = case.board, case.board.size**2
    action = next(a for a in range(len(priors)) if not close(expected[a], got[a]))
    place = "the pass" if action == points else "the marked point"
    said = f"The prior of {place} is {expected[action]:.4g}; yours is {got[action]:.4g}."
    total = math.fsum(got)
    if action not in legal:
        said += " It is illegal: no noise there."
    elif all(close(a, b) for a, b in zip(got, priors, strict=True)):
        said += " Yours are the priors without any noise."
    elif not close(total, 1):
        said += (
            f" Yours add up to {total:.3f}. Divide the gamma numbers by their sum over the *legal* "
            "moves: that makes a Dirichlet sample."
        )
    else:
        said += f" It is {1 - fraction:g} of the prior and {fraction:g} of the noise."
    said += " The board shows the right ones in per cent."
    marks = {a: f"{100 * expected[a]:.0f}" for a in legal if a < points and a != action}
    if action < points:
        marks[action] = "square"
    return Failure(said, board=board, marks=marks)


# A root that is evaluated once.


def run_search(
    needs_evaluation: Callable[[dict], bool], values: list[float], extra: list[float]
) -> tuple[int, tuple[float, ...]]:
    """Open and noise a root, then simulate: (nodes evaluated twice, the root's priors afterwards).

    The game: three moves everywhere. values: what the evaluator says, one after the other.
    """
    asked = twice = 0

    def evaluate(node: dict) -> float:
        nonlocal asked, twice
        asked += 1
        twice += bool(node["children"])
        for move, prior in enumerate((0.6, 0.3, 0.1)):
            node["children"][move] = {"prior": prior, "visits": 0, "sum": 0.0, "children": {}}
        return values[asked % len(values)]

    root = {"prior": 1.0, "visits": 0, "sum": 0.0, "children": {}}
    evaluate(root)
    for child, noise in zip(root["children"].values(), extra, strict=True):
        child["prior"] = 0.75 * child["prior"] + 0.25 * noise
    for _ in values:
        path = [root]
        while not needs_evaluation(path[-1]):
            node = path[-1]
            if not node["children"]:
                raise ValueError("a node without children was not evaluated")
            path.append(max(node["children"].values(), key=lambda child: _score(node, child)))
        value = evaluate(path[-1])
        for node in reversed(path):
            node["visits"] += 1
            node["sum"] += value
            value = -value
    return twice, tuple(child["prior"] for child in root["children"].values())


def _score(node: dict, child: dict) -> float:
    q = -child["sum"] / child["visits"] if child["visits"] else 0.0
    return q + child["prior"] * math.sqrt(1 + node["visits"]) / (1 + child["visits"])


def no_children(values: list[float], extra: list[float]) -> tuple[int, tuple[float, ...]]:
    return run_search(lambda node: not node["children"], values, extra)


def call_once(learner: Callable, values: list[float], extra: list[float]) -> Any:
    def needs_evaluation(node: dict) -> bool:
        answer = learner(node)
        if not isinstance(answer, bool | np.bool_):
            raise TypeError(f"needs_evaluation returns True or False, not {answer!r}")
        return bool(answer)

    return run_search(needs_evaluation, values, extra)


def once_cases(rng: np.random.Generator) -> Iterator[Case]:
    for simulations in (1, 2, 5, 12, 30):
        values = rng.uniform(-1, 1, simulations).round(2).tolist()
        extra = rng.dirichlet([0.6] * 3).round(3).tolist()
        lines = [(0, "root, evaluated, noised, no visits yet", "")]
        for move, (prior, noise) in enumerate(zip((0.6, 0.3, 0.1), extra, strict=True)):
            lines.append((1, f"move {move}   prior {0.75 * prior + 0.25 * noise:.3f}", ""))
        about = f"{simulations} simulation{'s' * (simulations > 1)}"
        yield Case((values, extra), about, drawing=TreeText(lines))


def wrong_once(case: Case, expected: Any, got: Any) -> Failure:
    (twice, priors), simulations = got, len(case.args[0])
    lines = [(0, f"root after {simulations} simulations", "")]
    for move, (right, yours) in enumerate(zip(expected[1], priors, strict=True)):
        note = "" if close(right, yours) else f"{RIGHT}: {right:.3f}"
        lines.append((1, f"move {move}   prior {yours:.3f}", note))
    if priors == (0.6, 0.3, 0.1):
        said = (
            "The root was evaluated a second time, and its priors written anew: the noise is gone. "
            'The root has no visits yet, but it has been evaluated: look at its "children".'
        )
    else:
        said = (
            f"The noise is still there, but {twice} simulations evaluated a node that had been "
            "evaluated before: its subtree is lost."
        )
    return Failure(said, drawing=TreeText(lines))


# The least c at which a move is looked at.


def visits_with(
    moves: list[tuple[float, float]], simulations: int, c: float, untried: float
) -> list[int]:
    visits = [0] * len(moves)
    for _ in range(simulations):
        scores = []
        for (prior, q), n in zip(moves, visits, strict=True):
            bonus = c * prior * math.sqrt(1 + sum(visits)) / (1 + n)
            scores.append((q if n else untried) + bonus)
        visits[scores.index(max(scores))] += 1
    return visits


def smallest_c(
    moves: list[tuple[float, float]], move: int, simulations: int, untried: float, grid: list[float]
) -> float | None:
    for c in sorted(grid):
        if visits_with(moves, simulations, c, untried)[move]:
            return c
    return None


def _race(case: Case, marked: dict[float, str]) -> TreeText:
    moves, _, simulations, untried, grid = case.args
    words = [f"move {i}: P {p:g}, Q {q:+.2f}" for i, (p, q) in enumerate(moves)]
    lines = [(0, "; ".join(words), "")]
    for c in sorted(grid):
        visits = visits_with(moves, simulations, c, untried)
        lines.append((1, f"c {c:>4g}: visits {' '.join(map(str, visits))}", marked.get(c, "")))
    return TreeText(lines, f"{simulations} simulations, untried = {untried:g}")


GRID = [0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0]


def smallest_c_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(moves: list, move: int, simulations: int, untried: float, grid: list, about: str):
        args = (moves, move, simulations, untried, grid)
        lines = [(0, "root", "")]
        for i, (p, q) in enumerate(moves):
            note = "◀ asked about" if i == move else ""
            lines.append((1, f"move {i}   P {p:g}   Q {q:+.2f}", note))
        return Case(args, about, drawing=TreeText(lines))

    winner = [(0.95, -0.2), (0.05, 0.8)]
    yield case(winner, 0, 1, 0.0, GRID, "the favourite: visited at once")
    yield case(winner, 1, 60, -1.0, GRID, "a winner with a small prior, untried = lost")
    yield case(winner, 1, 60, 0.0, GRID, "the same, untried = a draw")
    yield case([(1.0, 0.5), (0.0, 1.0)], 1, 60, -1.0, GRID, "a prior of 0")
    yield case(winner, 1, 60, -1.0, GRID[::-1], "the list of c in falling order")
    for _ in range(6):
        k = int(rng.integers(2, 5))
        shares = rng.dirichlet([0.7] * k).round(3).tolist()
        moves = [(p, round(float(rng.uniform(-0.8, 0.8)), 2)) for p in shares]
        untried, simulations = round(float(rng.uniform(-1, 0)), 2), int(rng.integers(10, 90))
        rare = min(range(k), key=lambda i: shares[i])
        grid = rng.permutation(GRID).tolist()
        yield case(moves, rare, simulations, untried, grid, f"{k} moves, {simulations} simulations")


def wrong_smallest_c(case: Case, expected: Any, got: Any) -> Failure:
    move, simulations = case.args[1:3]
    answer = "none of these c" if expected is None else f"c = {expected:g}"
    said = f"Within {simulations} simulations move {move} is first visited with {answer}"
    said += f"; yours is {got!r}."
    if type(got) in (int, float) and expected is not None and got > expected:
        said += " There is a smaller one in the list."
    elif type(got) in (int, float):
        said += " There it gets no visit."
    else:
        said += " With that c it does get a visit."
    marked = {} if expected is None else {expected: RIGHT}
    if type(got) in (int, float) and got != expected:
        marked[got] = YOURS
    return Failure(said, drawing=_race(case, marked))
