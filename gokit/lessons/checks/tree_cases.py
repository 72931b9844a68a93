"""Chapter 3's exercises on the tree itself: means, back-ups, priors, PUCT, the walk, the choice.

For each, the slow reference, the calls it is judged by and the words for what is wrong. Values
of a node are from the view of its own side to move unless an exercise says otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from gokit.lessons.checks.slow_rules import name
from gokit.lessons.checks.tree_text import RIGHT, YOURS, TreeText, notes
from gokit.lessons.exercise import Case, Failure

Edge = tuple[float, int, float]  # prior, visits, sum of values in the parent's view


def close(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-6)


def near(expected: Any, got: Any) -> bool:
    """Equal to six digits, through tuples and dictionaries."""
    if isinstance(expected, dict):
        return (
            isinstance(got, dict)
            and expected.keys() == got.keys()
            and all(near(expected[k], got[k]) for k in expected)
        )
    if isinstance(expected, tuple):
        return (
            isinstance(got, tuple) and len(expected) == len(got) and all(map(near, expected, got))
        )
    numbers = all(type(x) in (int, float) for x in (expected, got))
    return numbers and close(expected, got)


# A node's mean from its children's.


def node_mean(value: float, children: list[tuple[int, float]]) -> float:
    seen = [value]
    for visits, q in children:
        seen += [-q] * visits
    return math.fsum(seen) / len(seen)


def mean_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(value: float, children: list[tuple[int, float]], about: str) -> Case:
        lines = [(0, f"node   v {value:+.2f}", "")]
        for number, (n, q) in enumerate(children):
            lines.append((1, f"child {number}   N {n:>3}   Q {q:+.2f}", ""))
        return Case((value, children), about, drawing=TreeText(lines))

    yield case(0.5, [], "a leaf: only its own evaluation")
    yield case(0.4, [(1, 1.0)], "one child, won for the side to move there")
    yield case(0.2, [(1, -0.4), (3, 0.8)], "two children, one visited more often")
    yield case(-0.5, [(2, -0.5), (0, 0.0)], "a child without visits")
    for _ in range(6):
        children = [
            (int(rng.integers(0, 40)), round(float(rng.uniform(-1, 1)), 2))
            for _ in range(rng.integers(1, 6))
        ]
        yield case(round(float(rng.uniform(-1, 1)), 2), children, f"{len(children)} children")


def wrong_mean(case: Case, expected: float, got: float) -> Failure:
    value, children = case.args
    said = f"The node's mean is {expected:+.4f}; yours is {got:+.4f}."
    total = sum(n for n, _ in children)
    weighted = sum(n * q for n, q in children)
    mistakes = [
        ((value + weighted) / (1 + total), "What is good for the side to move at a child is bad "
         "here: its Q comes with a minus."),
        (-weighted / max(total, 1), "The node's own evaluation is a visit too: it counts once."),
        (-sum(q for _, q in children) / max(len(children), 1), "A child visited more often weighs "
         "more."),
        ((value - sum(q for _, q in children)) / (1 + len(children)), "A child visited more often "
         "weighs more."),
        (value - weighted, "That is the sum; divide by all visits, the node's own included."),
        ((value - weighted) / max(total, 1), "There is one visit more than the children's: the "
         "node's own evaluation."),
    ]  # fmt: skip
    return Failure(_with_mistake(said, got, mistakes))


def _with_mistake(said: str, got: float, mistakes: list[tuple[float, str]]) -> str:
    for value, why in mistakes:
        if close(got, value):
            return f"{said} {why}"
    return said


# The back-up.


def backed_up(path: list[tuple[int, float]], value: float) -> list[tuple[int, float]]:
    after = []
    for place, (visits, total) in enumerate(path):
        plies_above_leaf = len(path) - 1 - place
        after.append((visits + 1, total + value * (-1) ** plies_above_leaf))
    return after


def path_lines(path: list[tuple[int, float]], marks: Mapping[int, str]) -> list:
    names = ["root"] + ["node"] * len(path)
    return [
        (depth, f"{names[depth]}   N {n:>3}   W {w:+.2f}", marks.get(depth, ""))
        for depth, (n, w) in enumerate(path)
    ]


def back_up_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(path: list[tuple[int, float]], value: float, about: str) -> Case:
        lines = path_lines(path, {})
        caption = f"the path before; the leaf's value is {value:+.2f}"
        return Case((path, value), about, drawing=TreeText(lines, caption))

    yield case([(0, 0.0)], 1.0, "the root alone")
    yield case([(1, 0.5), (0, 0.0)], 1.0, "a leaf just below the root")
    yield case([(5, 2.0), (3, -1.0), (0, 0.0)], -0.5, "three nodes")
    for length in (4, 5, 2, 7):
        path, visits = [], int(rng.integers(20, 90))
        for _ in range(length):
            path.append((visits, round(float(rng.uniform(-visits, visits)), 2)))
            visits = int(rng.integers(0, visits + 1))
        yield case(path, round(float(rng.uniform(-1, 1)), 2), f"{length} nodes")


def wrong_back_up(case: Case, expected: Any, got: Any) -> Failure | None:
    path, _ = case.args
    if not isinstance(got, tuple) or len(got) != len(path):
        return Failure(f"One pair (N, W) a node, root first: {len(path)} of them are due.")
    if not all(isinstance(p, tuple) and len(p) == 2 for p in got):
        return Failure("Each node is a pair (N, W).")
    place = next(i for i, pair in enumerate(expected) if not near(pair, got[i]))
    n, w = path[place]
    up = len(path) - 1 - place
    where = "The leaf" if up == 0 else f"The node {up} above the leaf"
    said = f"{where} should have N {expected[place][0]} and "
    said += f"W {expected[place][1]:+.2f}; yours has N {got[place][0]} and W {got[place][1]:+.2f}."
    if got[place][0] == n and expected[place][0] == n + 1:
        said += " Every node on the path gets a visit."
    elif close(got[place][1], w - (expected[place][1] - w)):
        said += (
            " The sign is wrong: what is good for the side to move at the leaf is bad one ply "
            "above, and good two plies above."
        )
    elif close(got[place][1], w):
        said += " Every node on the path learns of the value, not only the leaf."
    marks = {place: f"{RIGHT}: N {expected[place][0]}, W {expected[place][1]:+.2f}"}
    return Failure(said, drawing=TreeText(path_lines(list(got), marks), "your path after"))


# Priors of the legal moves.


def priors(logits: list[float], legal: list[int]) -> dict[int, float]:
    odds = {action: math.exp(logits[action]) for action in legal}
    return {action: weight / math.fsum(odds.values()) for action, weight in odds.items()}


def expand_cases(rng: np.random.Generator) -> Iterator[Case]:
    from gokit.go.position import Position

    def case(position: Position, logits: np.ndarray, about: str) -> Case:
        rounded = [round(float(x), 2) for x in logits]
        legal = [int(a) for a in position.legal_moves()]
        return Case((rounded, legal), about, board=position)

    yield case(Position(2), np.zeros(5), "the empty 2×2 board, all logits alike")
    yield case(Position(2).play("A1"), np.arange(5), "one stone: four legal moves are left")
    lone = Position.from_diagram(". X .\nX . X\n. X .", to_move=2)
    yield case(lone, rng.normal(size=10), "five stones, and a suicide that superko forbids")
    yield case(Position(3).play("B2"), rng.normal(size=10) - 400, "very low logits")
    for _ in range(4):
        position = Position(4)
        for _ in range(rng.integers(1, 14)):
            after = position.play(int(rng.choice(position.legal_moves())))
            position = position if after.is_over else after
        yield case(position, 2 * rng.normal(size=17), "a random position on 4×4")


def wrong_priors(case: Case, expected: Any, got: Any) -> Failure | None:
    logits, legal = case.args
    if not isinstance(got, dict):
        return Failure("The answer is a dictionary: action -> prior.")
    size = math.isqrt(len(logits) - 1)

    def where(action: Any) -> str:
        if action == size * size:
            return "the pass"
        if isinstance(action, int) and 0 <= action < size * size:
            return name(case.board.board.tolist(), divmod(action, size))
        return repr(action)

    marks = {a: f"{100 * p:.0f}" for a, p in expected.items() if a < size * size}
    if extra := sorted(set(got) - set(expected), key=str):
        said = f"You give a prior to {where(extra[0])}, which is illegal here."
        if isinstance(extra[0], int):
            marks[extra[0]] = "cross"
        said += " The board shows the right priors in per cent."
        return Failure(said, marks={a: m for a, m in marks.items() if a < size * size})
    if missing := sorted(set(expected) - set(got)):
        return Failure(f"{where(missing[0]).capitalize()} is legal and has no prior.", marks=marks)
    total = math.fsum(got.values())
    action = next(a for a in expected if not close(expected[a], got[a]))
    said = f"The prior of {where(action)} is {expected[action]:.4f}; yours is {got[action]:.4f}."
    if not close(total, 1):
        said += f" Yours add up to {total:.3f}: divide by the sum over the legal moves only."
    elif close(got[action], 1 / len(legal)):
        said += " Yours are all alike: the logits decide."
    else:
        said += " A prior is exp(logit), divided by the sum of these over the legal moves."
    return Failure(said + " The board shows the right ones in per cent.", marks=marks)


# PUCT at one node.


def _best(scores: Mapping[int, float]) -> int:
    highest = max(scores.values())
    return min(action for action, score in scores.items() if score == highest)


def puct_scores(children: Mapping[int, Edge], c: float, first_play: float) -> dict[int, float]:
    total = sum(n for _, n, _ in children.values())
    return {
        a: (w / n if n else first_play) + c * p * math.sqrt(1 + total) / (1 + n)
        for a, (p, n, w) in children.items()
    }


def puct(children: Mapping[int, Edge], c: float, first_play: float) -> int:
    return _best(puct_scores(children, c, first_play))


def random_children(rng: np.random.Generator, count: int, visits: int) -> dict[int, Edge]:
    shares = rng.dirichlet(np.full(count, 0.8))
    actions = sorted(rng.choice(20, count, replace=False).tolist())
    children = {}
    for action, share in zip(actions, shares, strict=True):
        n = int(rng.integers(0, visits + 1))
        children[action] = (round(float(share), 3), n, round(float(rng.uniform(-n, n)), 2))
    return children


def edge_lines(children: Mapping[int, Edge], marks: Mapping[Any, str], scores: Any = None) -> list:
    lines = [(0, f"node   N {1 + sum(n for _, n, _ in children.values())}", "")]
    for action, (p, n, w) in children.items():
        score = f"   score {scores[action]:+.3f}" if scores else ""
        q = f"{w / n:+.2f}" if n else "  –  "
        words = f"move {action:>2}   P {p:.3f}   n {n:>3}   Q {q}{score}"
        lines.append((1, words, marks.get(action, "")))
    return lines


def puct_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(children: dict[int, Edge], c: float, first_play: float, about: str) -> Case:
        caption = f"c = {c:g}, first play = {first_play:g}; Q in the node's own view"
        return Case((children, c, first_play), about, drawing=TreeText(
            edge_lines(children, {}), caption))  # fmt: skip

    yield case({0: (0.3, 0, 0.0), 3: (0.7, 0, 0.0)}, 1.5, 0.0, "nothing visited yet")
    yield case({1: (0.5, 0, 0.0), 2: (0.5, 0, 0.0)}, 1.0, 0.0, "two alike: the lowest of equals")
    yield case({4: (0.5, 9, 6.3), 5: (0.5, 1, 0.1)}, 0.1, 0.0, "little exploration")
    yield case({4: (0.5, 9, 6.3), 5: (0.5, 1, 0.1)}, 4.0, 0.0, "much exploration")
    yield case({2: (0.9, 30, -27.0), 7: (0.1, 0, 0.0)}, 1.0, -0.8, "a favourite that loses")
    yield case({2: (0.6, 4, 0.4), 9: (0.4, 0, 0.0)}, 0.2, -0.9, "an unvisited move, valued low")
    for _ in range(12):
        children = random_children(rng, int(rng.integers(2, 6)), int(rng.choice([2, 20])))
        c, first_play = round(float(rng.uniform(0.2, 3)), 1), round(float(rng.normal() / 3), 2)
        yield case(children, c, first_play, f"{len(children)} moves")


def wrong_puct(case: Case, expected: int, got: Any) -> Failure:
    children, c, first_play = case.args
    if got not in children:
        return Failure(f"{got!r} is no move of this node; its moves are {list(children)}.")
    scores = puct_scores(children, c, first_play)
    said = f"Move {expected} scores {scores[expected]:+.3f}, your move {got} {scores[got]:+.3f}."
    total = sum(n for _, n, _ in children.values())
    p, n, _ = children[expected]
    if total == 0 and scores[got] < scores[expected]:
        said += " With no visits at all √(1 + N) is 1, so the priors decide."
    elif scores[got] == scores[expected]:
        said += " Of equals take the lowest."
    elif n == 0 or children[got][1] == 0:
        said += f" Without visits a move has no Q: it counts as first play, {first_play:g}."
    else:
        bonus = f"{c:g} · {p:g} · √{1 + total} / {1 + n}"
        said += f" For move {expected}: Q = W / n, and the bonus is {bonus}."
    lines = edge_lines(children, notes(expected, got), scores)
    return Failure(said, drawing=TreeText(lines, "with the right scores"))


# The move that is played.


def choice(children: Mapping[int, Edge]) -> int:
    most = max(n for _, n, _ in children.values())
    favourites = {a: p for a, (p, n, _) in children.items() if n == most}
    return _best(favourites)


def choice_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(children: dict[int, Edge], about: str) -> Case:
        return Case((children,), about, drawing=TreeText(edge_lines(children, {})))

    yield case({0: (0.5, 10, 2.0), 1: (0.5, 30, 9.0)}, "one visited more often")
    yield case({3: (0.1, 40, 20.0), 6: (0.1, 1, 1.0), 8: (0.8, 9, -2.0)}, "a lucky single visit")
    yield case({2: (0.2, 12, 3.0), 5: (0.3, 12, 2.0), 7: (0.5, 4, 1.0)}, "equally often visited")
    yield case({2: (0.3, 8, 3.0), 5: (0.3, 8, 4.0)}, "alike in all that counts")
    for _ in range(8):
        children = random_children(rng, int(rng.integers(2, 6)), 3)
        if any(n for _, n, _ in children.values()):
            yield case(children, "few visits, so equals are common")


def wrong_choice(case: Case, expected: int, got: Any) -> Failure:
    (children,) = case.args
    if got not in children:
        return Failure(f"{got!r} is no move of this node; its moves are {list(children)}.")
    said = f"Move {expected} is to be played, yours is {got}."
    if children[got][1] < children[expected][1]:
        said += (
            f" It has {children[expected][1]} visits, yours {children[got][1]}: the visits are the "
            "vote. A mean over few visits may be luck, and the prior was only an opinion."
        )
    elif children[got][0] < children[expected][0]:
        said += " Both have as many visits; then the higher prior decides."
    else:
        said += " Both have as many visits and the same prior; then the lowest move is taken."
    return Failure(said, drawing=TreeText(edge_lines(children, notes(expected, got))))


# The walk down a tree.

Tree = dict[str, Any]


def walk(node: Tree, c: float) -> list[int]:
    actions = []
    while node["children"]:
        action = _best(walk_scores(node, c))
        actions.append(action)
        node = node["children"][action]
    return actions


def walk_scores(node: Tree, c: float) -> dict[int, float]:
    first_play = node["W"] / node["N"] - 0.2
    scores = {}
    for action, child in node["children"].items():
        q = -child["W"] / child["N"] if child["N"] else first_play
        scores[action] = q + c * child["P"] * math.sqrt(node["N"]) / (1 + child["N"])
    return scores


def random_tree(rng: np.random.Generator, simulations: int, c: float, moves: int) -> Tree:
    """A tree that a search really grew, its values random."""

    def new(prior: float) -> Tree:
        return {"P": round(prior, 3), "N": 0, "W": 0.0, "children": {}}

    root = new(1.0)
    for _ in range(simulations):
        path, node = [root], root
        while node["children"]:
            node = node["children"][_best(walk_scores(node, c))]
            path.append(node)
        for action, share in enumerate(rng.dirichlet(np.ones(moves))):
            node["children"][action] = new(float(share))
        value = round(float(rng.uniform(-1, 1)), 2)
        for visited in reversed(path):
            visited["N"] += 1
            visited["W"] = round(visited["W"] + value, 2)
            value = -value
    return root


def tree_lines(node: Tree, path: list[int], yours: list[int], name_: str = "root", depth: int = 0,
               on: tuple[bool, bool] = (True, True)) -> list:  # fmt: skip
    note = " ".join(sign for sign, here in zip((RIGHT, YOURS), on, strict=True) if here and depth)
    q = f"{node['W'] / node['N']:+.2f}" if node["N"] else "  –  "
    lines = [(depth, f"{name_:<7} P {node['P']:.2f}   N {node['N']:>3}   Q {q}", note)]
    for action, child in node["children"].items():
        if child["N"] or action in (path[depth : depth + 1] + yours[depth : depth + 1]):
            goes = tuple(
                here and depth < len(line) and line[depth] == action
                for here, line in zip(on, (path, yours), strict=True)
            )
            lines += tree_lines(child, path, yours, f"move {action}", depth + 1, goes)
    return lines


def walk_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(tree: Tree, c: float, about: str) -> Case:
        lines = tree_lines(tree, [], [])
        caption = f"c = {c:g}; each Q in the view of its own side to move"
        return Case((tree, c), about, drawing=TreeText(lines, caption))

    yield case(random_tree(rng, 0, 1.0, 2), 1.0, "a root that was never expanded")
    yield case(random_tree(rng, 1, 1.0, 3), 1.0, "a root with three unvisited children")
    for simulations in (3, 5, 8, 12, 12, 16, 16, 20):
        c = round(float(rng.uniform(0.3, 2.5)), 1)
        moves = int(rng.integers(2, 5))
        yield case(random_tree(rng, simulations, c, moves), c, f"after {simulations} simulations")


def wrong_walk(case: Case, expected: Any, got: Any) -> Failure:
    tree, c = case.args
    if not isinstance(got, tuple):
        return Failure("The answer is the list of moves from the root to a node without children.")
    right, yours = list(expected), list(got)
    place = 0
    while place < min(len(right), len(yours)) and right[place] == yours[place]:
        place += 1
    node = tree
    for action in right[:place]:
        node = node["children"][action]
    if place == len(yours):
        said = f"You stop after {place} moves, at a node that has children: go on."
    elif place == len(right):
        said = f"You go on after {place} moves, where there are no children."
    elif yours[place] not in node["children"]:
        said = f"At ply {place + 1} there is no move {yours[place]!r}."
    else:
        scores = walk_scores(node, c)
        said = (
            f"At ply {place + 1} move {right[place]} scores {scores[right[place]]:+.3f}, your move "
            f"{yours[place]} {scores[yours[place]]:+.3f}. A child's W is in its own view: "
            "its parent sees the negative."
        )
    return Failure(said, drawing=TreeText(tree_lines(tree, right, yours)))
