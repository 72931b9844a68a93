"""The tree search that chapter 3 builds: an object a node, the four steps a function each.

`gokit.search` does the same with flat arrays, compiled; the tests hold the two equal, visit for
visit. Every value is from the view of the side to move at its node: a parent sees its negative.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from gokit.go.games import Games
from gokit.go.position import Position
from gokit.go.rules import BLACK
from gokit.search.evaluators import Evaluator


class Node:
    """A position of the tree: how often it was visited, and what came of it.

    position: None until first reached. visits: its own evaluation included; value_sum: of all of
    them. children: {action: Node}, one for each legal move once it is expanded.
    """

    __slots__ = ("children", "position", "prior", "value_sum", "visits")

    def __init__(self, position: Position | None = None, prior: float = 1.0) -> None:
        self.position, self.prior, self.visits, self.value_sum = position, prior, 0, 0.0
        self.children: dict[int, Node] = {}

    @property
    def q(self) -> float:
        """The mean value in [-1, 1], from the view of the side to move here; 0 if unvisited."""
        return float(self.value_sum) / self.visits if self.visits else 0.0


def puct(node: Node, c_puct: float = 1.5, fpu_reduction: float = 0.2) -> int:
    """Return the action with the highest Q + c P sqrt(1 + N) / (1 + n), the lowest of equals.

    N: visits of all children. One without any counts as a little worse than the node so far.
    """

    def score(action: int) -> float:
        child = node.children[action]
        q = -child.q if child.visits else node.q - fpu_reduction
        return q + c_puct * math.sqrt(node.visits) * child.prior / (1 + child.visits)

    return max(node.children, key=score)


def ucb1(node: Node, c_uct: float = 1.0) -> int:
    """Return the action with the highest Q + c sqrt(ln N / n); Kocsis and Szepesvári (2006)."""

    def score(action: int) -> tuple[bool, float]:
        child = node.children[action]
        if not child.visits:
            return True, child.prior  # each is tried once before any is tried twice
        return False, -child.q + c_uct * math.sqrt(math.log(node.visits - 1) / child.visits)

    return max(node.children, key=score)


def select(root: Node, choose: Callable[[Node], int] = puct) -> list[Node]:
    """Step 1: walk down by `choose` to a node without children; return the path, root first."""
    path = [root]
    while path[-1].children:
        action = choose(path[-1])
        child = path[-1].children[action]
        if child.position is None:
            child.position = path[-1].position.play(action)
        path.append(child)
    return path


def expand(node: Node, logits: np.ndarray) -> None:
    """Step 2: give a node a child for each legal move, with the softmax of `logits` as priors."""
    legal = [int(action) for action in node.position.legal_moves()]  # none when the game is over
    highest = max((logits[action] for action in legal), default=0.0)
    # In single precision and in this order, as gokit does it: equal there is equal here.
    weights = [np.float32(math.exp(logits[action] - highest)) for action in legal]
    total = sum(weights, np.float32(0))
    node.children = {a: Node(prior=float(w / total)) for a, w in zip(legal, weights, strict=True)}


def evaluate(position: Position, evaluator: Evaluator) -> tuple[np.ndarray, np.float32]:
    """Step 3: return (logits [N*N+1], value); a finished game is scored by the rules."""
    if not position.is_over:
        logits, values = evaluator.evaluate(Games.from_positions([position]), np.array([0]))
        return logits[0], values[0]
    score = position.score()
    by_margin = getattr(evaluator, "value_kind", None) == "margin"
    value = (score.black - score.white) / position.size**2 if by_margin else np.sign(score.margin)
    return np.zeros(0), np.float32(value if position.to_move == BLACK else -value)


def back_up(path: list[Node], value: float) -> None:
    """Step 4: count the visit and add the value, whose sign turns with every ply on the way up."""
    for node in reversed(path):
        node.visits += 1
        node.value_sum += value
        value = -value


def search(position: Position, evaluator: Evaluator, simulations: int, choose=puct) -> Node:
    """Return the root after its own evaluation and `simulations` more. Built in chapter 3."""
    root = Node(position)
    for _ in range(1 + simulations):
        path = select(root, choose)
        logits, value = evaluate(path[-1].position, evaluator)
        expand(path[-1], logits)
        back_up(path, value)
    return root


def most_visited(root: Node) -> int:
    """Return the root's most visited action; of equals the one with the highest prior."""
    return max(root.children, key=lambda a: (root.children[a].visits, root.children[a].prior))
