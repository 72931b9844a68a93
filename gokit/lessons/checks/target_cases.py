"""Chapter 5's exercises on what a network is taught: results, visit counts, held-out games.

For each, the slow reference, the calls it is judged by and the words for what is wrong.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from gokit.lessons.checks.arm_table import RIGHT, YOURS, ArmTable
from gokit.lessons.checks.plane_cases import array_of, shape_name, turned_plane, where
from gokit.lessons.checks.slow_rules import BLACK, NAMES, WHITE, other
from gokit.lessons.checks.tree_cases import close
from gokit.lessons.exercise import Case, Failure

# The result, for the side to move.


def value_targets(
    margin: float, komi: float, resigned: int | None, to_move: Sequence[int]
) -> list[float]:
    winner = BLACK if margin > komi else WHITE if margin < komi else None
    if resigned is not None:
        winner = other(resigned)
    return [0.0 if winner is None else 1.0 if side == winner else -1.0 for side in to_move]


def _plies(to_move: Sequence[int], **columns: Sequence[float]) -> dict[str, Sequence[Any]]:
    sides = {"position": range(len(to_move)), "to move": [NAMES[side] for side in to_move]}
    return sides | columns


def value_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(margin: int, komi: float, resigned: int | None, to_move: list, about: str) -> Case:
        over = f"{NAMES[resigned]} resigned" if resigned else "two passes"
        caption = f"{over}; Black's area less White's {margin:+d}, komi {komi:g}"
        drawing = ArmTable(_plies(to_move), caption=caption)
        return Case((margin, komi, resigned, to_move), about, drawing=drawing)

    turns = [BLACK, WHITE, BLACK, WHITE]
    yield case(11, 7.5, None, turns, "Black wins on the board")
    yield case(5, 7.5, None, turns, "more area, and the komi")
    yield case(9, 7.5, BLACK, turns, "Black resigns with more area")
    yield case(7, 7, None, turns, "as much as the komi")
    yield case(20, 0.5, None, [WHITE, BLACK, WHITE], "two handicap stones: White begins")
    yield case(-3, 0.5, None, [BLACK, BLACK, WHITE, BLACK, BLACK], "a side that moves twice")
    for _ in range(8):
        length = int(rng.integers(3, 7))
        sides = rng.integers(1, 3, length).tolist()
        resigned = [None, None, BLACK, WHITE][rng.integers(4)]
        margin, komi = int(rng.integers(-12, 20)), float(rng.choice([0.5, 6, 7, 7.5]))
        yield case(margin, komi, resigned, sides, "a game")


def wrong_value(case: Case, expected: Any, got: Any) -> Failure:
    margin, komi, resigned, to_move = case.args
    if array_of(got) is None or array_of(got).shape != (len(to_move),):
        said = f"One target for each of the {len(to_move)} positions; yours: {shape_name(got)}."
        return Failure(said)
    place = next(i for i, pair in enumerate(zip(expected, got, strict=True)) if not close(*pair))
    said = f"Position {place}, {NAMES[to_move[place]]} to move: {expected[place]:+g}, not "
    said += f"{got[place]:+g}."
    alternating = [BLACK if i % 2 == 0 else WHITE for i in range(len(to_move))]
    mistakes = [
        (value_targets(margin, komi, None, to_move),
         f"{NAMES[resigned or BLACK]} resigned, so the area does not matter."),
        (value_targets(margin, komi, resigned, alternating),
         "Whose turn it was stands in `to_move`; that Black moves at even plies fails with "
         "handicap stones and passes."),
        (value_targets(margin, 0, resigned, to_move),
         f"Black must have more than the komi: {margin:+d} - {komi:g} = {margin - komi:+g}."),
        (value_targets(margin, komi, resigned, [BLACK] * len(to_move)),
         "That is Black's view; the target is for the side to move."),
        ([-target for target in expected], "That is the view of the side not to move."),
        ([float(target > 0) for target in expected], "A loss is -1: values go from -1 to 1."),
    ]  # fmt: skip
    if margin == komi and resigned is None:
        said += " A draw is neither won nor lost: 0 for both sides."
    else:
        fits = [why for targets, why in mistakes if all(map(close, targets, got))]
        said += f" {fits[0]}" if fits else ""
    table = _plies(to_move, target=expected, yours=list(got))
    return Failure(said, drawing=ArmTable(table, {place: RIGHT}, case.drawing.caption))


# Visit counts as a target.


def sharpened(visits: Sequence[int], temperature: float) -> tuple[list[float], float]:
    most = max(visits)
    weights = [math.exp(math.log(n / most) / temperature) if n else 0.0 for n in visits]
    total = math.fsum(weights)
    target = [weight / total for weight in weights]
    return target, entropy(target)


def entropy(target: Sequence[float]) -> float:
    """In bits."""
    return -math.fsum(p * math.log2(p) for p in target if p > 0) + 0.0


def sharpen_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(visits: list[int], temperature: float, about: str) -> Case:
        columns = {"move": range(len(visits)), "visits": visits}
        drawing = ArmTable(columns, caption=f"τ = {temperature:g}", bars=("visits",))
        return Case((visits, temperature), about, drawing=drawing)

    yield case([30, 10], 1.0, "visits as they are")
    yield case([30, 10, 0], 1.0, "a move without visits")
    yield case([600, 250, 100, 50, 24], 1.0, "five moves, τ = 1")
    yield case([600, 250, 100, 50, 24], 0.5, "the same, τ = 0.5")
    yield case([600, 250, 100, 50, 24], 2.0, "the same, τ = 2")
    yield case([8, 8, 8, 8], 0.3, "four moves alike")
    for _ in range(6):
        visits = rng.multinomial(rng.integers(20, 800), rng.dirichlet(np.ones(5))).tolist()
        yield case(visits, round(float(rng.uniform(0.2, 2)), 2), "a search")
    yield case([5000, 4900, 0, 10], 0.01, "a very low τ: most of all")


def wrong_sharpen(case: Case, expected: Any, got: Any) -> Failure:
    visits, temperature = case.args
    if len(got) != 2 or array_of(got[0]) is None or array_of(got[0]).shape != (len(visits),):
        return Failure(f"Two things come back: {len(visits)} shares, and the entropy in bits.")
    target, bits = expected
    yours, said_bits = got
    move = next((i for i in range(len(visits)) if not close(target[i], yours[i])), None)
    columns = case.drawing.columns | {"target": target, "yours": list(yours)}
    drawing = ArmTable(columns, {} if move is None else {move: RIGHT}, case.drawing.caption)
    if move is None:
        said = f"The target is right. Its entropy is {bits:.4f} bits; yours is {said_bits:.4f}."
        if close(said_bits, bits * math.log(2)):
            said += " Those are nats: bits use the logarithm to base 2."
        elif close(said_bits, -bits):
            said += " Logarithms of shares are negative: the sum comes with a minus."
        elif math.isnan(said_bits):
            said += " 0 · log 0 counts 0 here; a computer makes it nan."
        else:
            said += " It is the sum of -p · log₂ p over the moves that have a share."
        return Failure(said, drawing=drawing)
    said = f"The share of move {move} is {target[move]:.4f}; yours is {yours[move]:.4f}."
    shares = [n / sum(visits) for n in visits]
    if not close(math.fsum(yours), 1):
        said += f" Yours add up to {math.fsum(yours):.4f}: divide by the sum."
    elif temperature != 1 and all(map(close, yours, shares)):
        said += " Those are the visits as they are, τ = 1."
    elif all(map(close, yours, sharpened(visits, 1 / temperature)[0])):
        said += " You raise to the power τ; it is 1/τ, so that a low τ sharpens."
    elif visits[move] == 0:
        said += " A move without visits has no share."
    else:
        said += f" A weight is n to the power 1/τ = {1 / temperature:g}, then divided by the sum."
    return Failure(said, drawing=drawing)


# Held out by game.


def image(moves: Sequence[int], k: int, size: int) -> list[int]:
    """A game's moves under symmetry k, found by turning a board of numbers."""
    numbered = [[row * size + column for column in range(size)] for row in range(size)]
    came_from = [a for row in turned_plane(numbered, k) for a in row]
    return [a if a == size * size else came_from.index(a) for a in moves]


def related(a: Sequence[int], b: Sequence[int], size: int) -> bool:
    return any(image(a, k, size) == list(b) for k in range(8))


def held_out(games: Sequence[Sequence[int]], size: int, wanted: int) -> list[int]:
    chosen: list[int] = []
    for first, game in enumerate(games):
        if len(chosen) >= wanted:
            break
        if first not in chosen:
            chosen += [i for i, other_ in enumerate(games) if related(game, other_, size)]
    return sorted(chosen)


def _game_list(games: Sequence[Sequence[int]], size: int) -> dict[str, list]:
    lines = [", ".join(where(a, size).replace("the ", "") for a in game) for game in games]
    return {"game": list(range(len(games))), "moves": lines}


def _played(game: Sequence[int], size: int) -> tuple[np.ndarray, dict[int, str]]:
    """The stones of a game in the order of its moves, nothing captured."""
    board = np.zeros(size * size, int)
    marks = {}
    for number, action in enumerate(game):
        if action < size * size:
            board[action] = BLACK if number % 2 == 0 else WHITE
            marks[action] = str(number + 1)
    return board.reshape(size, size), marks


def split_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(games: list[list[int]], size: int, wanted: int, about: str) -> Case:
        drawing = ArmTable(_game_list(games, size), caption=f"{size}×{size}, wanted: {wanted}")
        return Case((games, size, wanted), about, drawing=drawing)

    def some(size: int, count: int) -> list[list[int]]:
        games = [rng.choice(size * size, 4, replace=False).tolist() for _ in range(count)]
        for _ in range(count // 2):
            twin = image(games[rng.integers(count)], int(rng.integers(8)), size)
            games.insert(int(rng.integers(len(games) + 1)), twin)
        if rng.random() < 0.5:
            games.append([*games[0][:-1], size * size])  # the same opening, another game
        return games

    yield case([[0, 4], [1, 4], [4, 0]], 3, 1, "three games")
    yield case([[0, 4], [1, 4], [0, 4], [4, 1]], 3, 1, "a copy")
    yield case([[0, 4], [1, 4], [8, 4], [2, 4]], 3, 1, "images: the corners are alike")
    yield case([[1, 5, 9], [3, 7, 9], [1, 5, 0]], 3, 1, "passes, and one beginning for two games")
    yield case([[0, 1], [4, 2], [4, 8], [2, 1]], 3, 2, "two wanted")
    yield case([[4, 0], [0, 4], [8, 4], [4, 2]], 3, 3, "more are held out than wanted")
    for size, count, wanted in ((3, 4, 2), (3, 6, 3), (4, 6, 2), (5, 7, 3), (5, 8, 4)):
        yield case(some(size, count), size, wanted, f"games on {size}×{size}")


def wrong_split(case: Case, expected: Any, got: Any) -> Failure:
    games, size, wanted = case.args
    notes = dict.fromkeys(expected, RIGHT)
    notes |= {i: YOURS for i in got if i not in expected}
    columns = _game_list(games, size)
    columns["held out"] = ["yes" if i in expected else "-" for i in range(len(games))]
    drawing = ArmTable(columns, notes, case.drawing.caption)
    strange = [i for i in got if type(i) is not int or not 0 <= i < len(games)]
    if strange or len(set(got)) != len(got):
        return Failure("The answer is a list of different game numbers.", drawing=drawing)
    for mine in sorted(got):
        for twin in range(len(games)):
            if twin not in got and related(games[mine], games[twin], size):
                kind = "a copy" if games[mine] == games[twin] else "an image"
                said = f"Game {twin} is {kind} of game {mine}, which you hold out. It stays in "
                said += (
                    "training (on the board), and the network is examined on what it has learnt "
                )
                said += "by heart."
                board, marks = _played(games[twin], size)
                return Failure(said, board=board, marks=marks, drawing=drawing)
    if len(got) < len(expected):
        return Failure(f"{len(got)} of {wanted} are held out: go on with the next family.",
                       drawing=drawing)  # fmt: skip
    extra = sorted(set(got) - set(expected))
    for mine in expected:
        for alien in extra:
            if related(games[mine][:-1], games[alien][:-1], size):
                said = (
                    f"Game {alien} begins like game {mine} or an image of it and ends otherwise: "
                )
                said += "it is another game."
                return Failure(said, drawing=drawing)
    if extra:
        said = f"Game {extra[0]} need not be held out: stop as soon as {wanted} "
        said += f"{'is' if wanted == 1 else 'are'}, families taken in order of their first game."
        return Failure(said, drawing=drawing)
    return Failure("The game numbers in rising order.", drawing=drawing)
