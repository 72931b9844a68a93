"""Chapter 4's exercises on a recorded search: its main line, its nodes, its back-ups, undone.

For each, the slow reference, the calls it is judged by and the words for what is wrong. A tree is
nested dictionaries {"N": visits, "W": sum of values in the view of the side to move there,
"children": {move: tree}}; a path is the list of moves from the root.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from gokit.lessons.checks.tree_cases import close, near
from gokit.lessons.checks.tree_text import RIGHT, YOURS, Line, TreeText
from gokit.lessons.exercise import Case, Failure

Tree = dict[str, Any]
Film = list[tuple[list[int], float]]  # path, value in the view of the side to move at its end


def new_tree() -> Tree:
    return {"N": 0, "W": 0.0, "children": {}}


def grow(film: Film) -> Tree:
    """The tree that a film leaves, the root's own evaluation included."""
    root = new_tree()
    root["N"] = 1
    for path, value in film:
        nodes = [root]
        for move in path:
            nodes.append(nodes[-1]["children"].setdefault(move, new_tree()))
        for node in reversed(nodes):
            node["N"] += 1
            node["W"] = round(node["W"] + value, 2)
            value = -value
    return root


def random_film(rng: np.random.Generator, simulations: int, moves: int = 3) -> Film:
    """Paths that each add a node, or end in a finished game that was there; values random."""
    ends = [()]
    film, over = [], set()
    while len(film) < simulations:
        path: list[int] = []
        node = set(ends)
        while tuple(path) in node and tuple(path) not in over:
            path.append(int(rng.choice(moves, p=rng.dirichlet([0.5] * moves))))
        if tuple(path) not in node:
            ends.append(tuple(path))
            if len(path) > 1 and rng.random() < 0.15:
                over.add(tuple(path))
        film.append((path, round(float(rng.uniform(-1, 1)), 2)))
    return film


def tree_lines(
    tree: Tree, marks: Mapping[tuple, str], words: str = "root", path: tuple = ()
) -> list[Line]:
    q = f"{tree['W'] / tree['N']:+.2f}" if tree["N"] else "  –  "
    lines = [(len(path), f"{words:<6} N {tree['N']:>2}   W {tree['W']:+.2f}   Q {q}",
              marks.get(path, ""))]  # fmt: skip
    for move, child in tree["children"].items():
        lines += tree_lines(child, marks, f"move {move}", (*path, move))
    return lines


# The principal variation.


def principal_variation(tree: Tree) -> list[int]:
    line = []
    while True:
        visited = {m: c for m, c in tree["children"].items() if c["N"]}
        if not visited:
            return line
        most = max(child["N"] for child in visited.values())
        equal = {m: -c["W"] / c["N"] for m, c in visited.items() if c["N"] == most}
        move = min(m for m, q in equal.items() if q == max(equal.values()))
        line.append(move)
        tree = tree["children"][move]


def line_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(tree: Tree, about: str) -> Case:
        caption = "each W and Q in the view of the side to move at that node"
        return Case((tree,), about, drawing=TreeText(tree_lines(tree, {}), caption))

    def node(n: int, w: float, **children: Tree) -> Tree:
        return {"N": n, "W": w, "children": {int(k[1:]): c for k, c in children.items()}}

    yield case(node(1, 0.3), "a root alone")
    yield case(node(6, 1.0, m1=node(2, -2.0), m4=node(3, 1.5)), "a good move with fewer visits")
    equal = node(5, 0.5, m2=node(2, 1.0), m7=node(2, -1.0))
    yield case(equal, "two moves visited equally often")
    unseen = node(3, 0.5, m0=node(2, 0.4, m3=node(0, 0.0), m5=node(1, 0.2)), m9=node(0, 0.0))
    yield case(unseen, "children without visits")
    yield case(node(2, 0.1, m5=node(1, 0.2, m3=node(0, 0.0))), "a leaf whose children are new")
    for simulations in (4, 6, 9, 12, 15, 20):
        yield case(grow(random_film(rng, simulations)), f"after {simulations} simulations")


def wrong_line(case: Case, expected: Any, got: Any) -> Failure:
    (tree,) = case.args
    if not isinstance(got, tuple):
        return Failure("The answer is the list of moves, from the root on.")
    place = 0
    while place < min(len(expected), len(got)) and expected[place] == got[place]:
        place += 1
    node = tree
    for move in expected[:place]:
        node = node["children"][move]
    if place == len(got):
        said = f"Your line stops after {place} moves, where a child has visits."
    elif place == len(expected):
        said = f"Your line goes on after {place} moves, where no child has any visits."
    elif got[place] not in node["children"]:
        said = f"At ply {place + 1} there is no move {got[place]!r}."
    else:
        right, yours = (node["children"][moves[place]] for moves in (expected, got))
        said = (
            f"At ply {place + 1} the line goes on with move {expected[place]}, {right['N']} "
            f"visits; yours is move {got[place]}, {yours['N']} visits."
        )
        if right["N"] == yours["N"]:
            said += (
                " Of equals take the better one for the side that chooses: a child's W is in the "
                "view of the other side."
            )
        else:
            said += " The visits are the vote, not Q."
    marks = {tuple(got[: k + 1]): YOURS for k in range(place, len(got))}
    marks |= {tuple(expected[: k + 1]): RIGHT for k in range(len(expected))}
    return Failure(said, drawing=TreeText(tree_lines(tree, marks)))


# The simulation that made a node.


def born(paths: list[list[int]], node: int) -> int:
    known: list[list[int]] = [[]]
    for number, path in enumerate(paths, start=1):
        if path not in known:
            known.append(path)
        if len(known) > node:
            return number
    raise ValueError(f"there is no node {node}")


def _film_lines(paths: list[list[int]], marks: Mapping[int, str]) -> TreeText:
    known: list[list[int]] = [[]]
    lines: list[Line] = [(0, "root: node 0", "")]
    for number, path in enumerate(paths, start=1):
        new = path not in known
        known += [path] if new else []
        word = f"node {known.index(path)}{'' if new else ', there before'}"
        moves = " ".join(map(str, path))
        lines.append((1, f"simulation {number:>2}: {moves:<14} {word}", marks.get(number, "")))
    return TreeText(lines)


def born_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(paths: list[list[int]], node: int, about: str) -> Case:
        return Case((paths, node), f"{about}: node {node}", drawing=_film_lines(paths, {}))

    yield case([[2]], 1, "one simulation")
    yield case([[2], [2, 1], [0]], 3, "each adds a node")
    finished = [[1], [1, 0], [1, 0], [2], [1, 0], [1, 2]]
    yield case(finished, 2, "move 0 after move 1 ends the game, and is met again")
    yield case(finished, 3, "move 0 after move 1 ends the game, and is met again")
    yield case(finished, 4, "move 0 after move 1 ends the game, and is met again")
    for simulations in (6, 9, 12, 12, 16, 16, 20):
        paths = [path for path, _ in random_film(rng, simulations)]
        nodes = len({tuple(path) for path in paths})
        yield case(paths, int(rng.integers(1, nodes + 1)), f"{simulations} simulations")


def wrong_born(case: Case, expected: int, got: Any) -> Failure:
    paths, node = case.args
    said = f"Node {node} was made by simulation {expected}, not by {got!r}."
    if got == node:
        said += " A simulation that ends where the tree already stands adds no node."
    elif got == expected - 1:
        said += " Count simulations from 1."
    marks = {got: YOURS, expected: RIGHT} if isinstance(got, int) else {expected: RIGHT}
    return Failure(said, drawing=_film_lines(paths, marks))


# A back-up that asks who moves.


def mover_values(movers: list[int], value: float) -> list[float]:
    return [value if mover == movers[-1] else -value for mover in movers]


def _path_lines(movers: list[int], values: Any, marks: Mapping[int, str]) -> list[Line]:
    lines = []
    for depth, mover in enumerate(movers):
        takes = f"   takes {values[depth]:+.2f}" if values is not None else ""
        where = "root" if depth == 0 else "leaf" if depth == len(movers) - 1 else "node"
        lines.append((depth, f"{where}, player {mover} to move{takes}", marks.get(depth, "")))
    return lines


def mover_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(movers: list[int], value: float, about: str) -> Case:
        caption = f"the leaf is worth {value:+.2f} to player {movers[-1]}"
        return Case(
            (movers, value), about, drawing=TreeText(_path_lines(movers, None, {}), caption)
        )

    yield case([0], 0.5, "the root alone")
    yield case([0, 1], 0.5, "sides alternate, as in Go")
    yield case([0, 0], 0.75, "a box was closed: the same player moves again")
    yield case([0, 1, 1, 1, 0], -0.25, "player 1 closes two boxes in a row")
    for length in (3, 4, 5, 6, 7):
        movers = rng.integers(0, 2, length).tolist()
        value = round(float(rng.uniform(0.1, 1) * rng.choice([-1, 1])), 2)
        yield case(movers, value, f"{length} nodes")


def wrong_mover(case: Case, expected: Any, got: Any) -> Failure:
    movers, value = case.args
    numbers = isinstance(got, tuple) and all(type(v) in (int, float) for v in got)
    if not numbers or len(got) != len(movers):
        return Failure(f"One number a node, root first: {len(movers)} of them are due.")
    place = next(i for i in reversed(range(len(movers))) if not close(expected[i], got[i]))
    said = (
        f"To player {movers[place]} at depth {place} the leaf is worth {expected[place]:+.2f}; "
        f"yours says {got[place]:+.2f}."
    )
    steps = [value * (-1) ** (len(movers) - 1 - i) for i in range(len(movers))]
    if all(map(close, got, steps)):
        said += " You turn the sign at every step, but here a player may move twice."
    elif all(close(v, value) for v in got):
        said += " You never turn the sign: what is good for one is bad for the other."
    else:
        said += f" The value is in the view of player {movers[-1]}, who moves at the leaf."
    lines = _path_lines(movers, got, {place: f"{RIGHT}: {expected[place]:+.2f}"})
    return Failure(said, drawing=TreeText(lines, "your values"))


# One simulation taken back.


def undone(tree: Tree, path: list[int], value: float) -> Tree:
    before = copy.deepcopy(tree)
    nodes = [before]
    for move in path:
        nodes.append(nodes[-1]["children"][move])
    for node in reversed(nodes):
        node["N"] -= 1
        node["W"] -= value
        value = -value
    if path and nodes[-1]["N"] == 0:
        del nodes[-2]["children"][path[-1]]
    return before


def undo_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(film: Film, about: str) -> Case:
        path, value = film[-1]
        tree, words = grow(film), ", ".join(map(str, path))
        caption = f"the last simulation took the moves {words} and found {value:+.2f} at the end"
        return Case((tree, path, value), about, drawing=TreeText(tree_lines(tree, {}), caption))

    yield case([([1], 0.5)], "the only simulation")
    yield case([([1], 0.5), ([1, 2], -0.25)], "a leaf two plies deep")
    yield case([([0], 0.2), ([0, 3], 1.0), ([0, 3], 1.0)], "a finished game, met twice")
    yield case([([2], 0.4), ([0], -0.1)], "a second move at the root")
    for simulations in (5, 7, 9, 12, 16, 16):
        yield case(random_film(rng, simulations), f"after {simulations} simulations")


def wrong_undo(case: Case, expected: Any, got: Any) -> Failure:
    if not _is_tree(got):
        return Failure('The answer is the whole tree: dictionaries with "N", "W" and "children".')
    where = _first_difference(expected, got, ())
    right, yours = (_at(tree, where) for tree in (expected, got))
    place = "the root" if not where else f"the node after {', '.join(map(str, where))}"
    leaf = tuple(case.args[1])
    if yours is None:
        said = f"You removed {place}, which was there before."
    elif right is None:
        said = f"{place.capitalize()} was made by this simulation: it goes."
    elif yours["N"] != right["N"]:
        said = f"{place.capitalize()} had {right['N']} visits before; yours has {yours['N']}."
    else:
        said = f"{place.capitalize()} had W {right['W']:+.2f} before; yours has {yours['W']:+.2f}."
        if close(yours["W"] - right["W"], 2 * (_at(case.args[0], where)["W"] - right["W"])):
            said += " The value turns its sign at every step up."
        elif where != leaf:
            said += " Every node of the path gives the value back."
    return Failure(said, drawing=TreeText(tree_lines(got, {where: "◀ here"}), "your tree"))


def same_tree(expected: Any, got: Any) -> bool:
    return _is_tree(got) and near(expected, got)


def _is_tree(tree: Any) -> bool:
    return (
        isinstance(tree, dict)
        and tree.keys() == {"N", "W", "children"}
        and all(type(tree[k]) in (int, float) for k in "NW")
        and isinstance(tree["children"], dict)
        and all(map(_is_tree, tree["children"].values()))
    )


def _at(tree: Tree, path: tuple) -> Tree | None:
    for move in path:
        tree = tree["children"].get(move)
        if tree is None:
            return None
    return tree


def _first_difference(expected: Tree, got: Tree, path: tuple) -> tuple:
    if not (close(expected["N"], got["N"]) and close(expected["W"], got["W"])):
        return path
    for move in sorted({*expected["children"], *got["children"]}, key=str):
        pair = [tree["children"].get(move) for tree in (expected, got)]
        if None in pair:
            return (*path, move)
        if not near(*pair):
            return _first_difference(*pair, (*path, move))
    return path
