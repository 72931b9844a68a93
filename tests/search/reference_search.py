"""Searches written the slow, obvious way, one node an object, to hold the array tree against."""

from __future__ import annotations

import math
import zlib

import numpy as np

from gokit.go.games import Games
from gokit.go.position import Position
from gokit.go.rules import BLACK


class HashEvaluator:
    """Arbitrary but repeatable answers: a policy and a value drawn from the position's hash."""

    value_kind = "win"

    def __init__(self, spread: float = 1.0, pass_logit: float | None = None) -> None:
        self.spread = spread
        self.pass_logit = pass_logit
        self.seen: list[int] = []

    def evaluate(self, games: Games, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        logits, values = [], []
        for i in indices:
            assert games.ended[i] == 0, "an evaluator was asked about a finished game"
            stones = zlib.crc32(games.boards()[i].tobytes() + bytes([games.to_move[i]]))
            rng = np.random.default_rng([stones, int(games.move_number[i])])
            logits.append(self.spread * rng.normal(size=games.n_actions))
            if self.pass_logit is not None:
                logits[-1][-1] = self.pass_logit
            values.append(rng.uniform(-0.9, 0.9))
            self.seen.append(stones)
        return np.array(logits, np.float32), np.array(values, np.float32)


class Node:
    def __init__(self, position: Position, evaluator) -> None:
        self.position = position
        self.children: dict[int, Node] = {}
        self.visits: dict[int, int] = {}
        self.total: dict[int, float] = {}
        if position.is_over:
            winner = position.winner
            sign = 1 if winner == position.to_move else -1
            self.value = 0.0 if winner == 0 else float(sign)
            self.logits: dict[int, float] = {}
            return
        logits, values = evaluator.evaluate(Games.from_positions([position]), np.array([0]))
        self.value = float(values[0])
        legal = position.legal_moves()
        highest = max(float(logits[0, a]) for a in legal)
        self.logits = {int(a): float(logits[0, a]) - highest for a in legal}
        total = sum(math.exp(x) for x in self.logits.values())
        self.prior = {a: math.exp(x) / total for a, x in self.logits.items()}
        self.visits = dict.fromkeys(self.logits, 0)
        self.total = dict.fromkeys(self.logits, 0.0)

    def q(self, action: int, otherwise: float) -> float:
        return self.total[action] / self.visits[action] if self.visits[action] else otherwise


def puct(node: Node, c: float, fpu_value: float, fpu: str = "reduction") -> int:
    n = sum(node.visits.values())
    mean = (node.value + sum(node.total.values())) / (1 + n)
    seen = sum(node.prior[a] for a in node.logits if node.visits[a])
    first_play = {
        "infinite": 1e6,
        "absolute": fpu_value,
        "reduction": mean - fpu_value,
        "visited policy": mean - fpu_value * math.sqrt(seen),
    }[fpu]

    def score(action: int) -> float:
        bonus = c * node.prior[action] * math.sqrt(1 + n) / (1 + node.visits[action])
        return node.q(action, first_play) + bonus

    return max(node.logits, key=score)


def uct(node: Node, c: float) -> int:
    unvisited = [a for a in node.logits if not node.visits[a]]
    if unvisited:
        return max(unvisited, key=node.logits.get)
    n = sum(node.visits.values())
    return max(
        node.logits, key=lambda a: node.q(a, 0) + c * math.sqrt(math.log(n) / node.visits[a])
    )


def sigma(node: Node, c_visit: float, c_scale: float) -> dict[int, float]:
    n = sum(node.visits.values())
    visited = [a for a in node.visits if node.visits[a]]
    mixed = node.value
    if visited:
        weight = sum(node.prior[a] for a in visited)
        mean = sum(node.prior[a] * node.q(a, 0) for a in visited) / weight
        mixed = (node.value + n * mean) / (1 + n)
    scale = (c_visit + max(node.visits.values())) * c_scale
    return {a: scale * node.q(a, mixed) for a in node.visits}


def improved_policy(node: Node, c_visit: float, c_scale: float) -> dict[int, float]:
    scores = {a: node.logits[a] + s for a, s in sigma(node, c_visit, c_scale).items()}
    highest = max(scores.values())
    weights = {a: math.exp(s - highest) for a, s in scores.items()}
    return {a: w / sum(weights.values()) for a, w in weights.items()}


def gumbel_below_root(node: Node, c_visit: float, c_scale: float) -> int:
    policy = improved_policy(node, c_visit, c_scale)
    n = sum(node.visits.values())
    return max(policy, key=lambda a: policy[a] - node.visits[a] / (1 + n))


def search(
    position: Position, evaluator, simulations: int, choose, *, root: Node | None = None
) -> Node:
    """Run a search; `choose(node, is_root, simulation)` selects, the rest is the same for all.

    root: a tree to go on from, instead of a new one.
    """
    root = root or Node(position, evaluator)
    for simulation in range(simulations):
        node, path = root, []
        while not node.position.is_over:
            action = choose(node, node is root, simulation)
            path.append((node, action))
            if action not in node.children:
                node.children[action] = Node(node.position.play(action), evaluator)
                node = node.children[action]
                break
            node = node.children[action]
        back_up(path, node.value if node.position.to_move == BLACK else -node.value)
    return root


def back_up(path: list[tuple[Node, int]], black_value: float) -> None:
    for above, action in path:
        above.visits[action] += 1
        above.total[action] += black_value if above.position.to_move == BLACK else -black_value


def merged_search(position: Position, evaluator, simulations: int, choose, key) -> Node:
    """As `search`, over a graph: nodes of equal `key(position)` are one.

    Where an action is illegal on the present path, the node chooses among the others.
    """
    nodes: dict = {}

    def node_at(place: Position) -> tuple[Node, bool]:
        name = key(place)
        new = name not in nodes
        if new:
            nodes[name] = Node(place, evaluator)
        return nodes[name], new

    root, _ = node_at(position)
    for simulation in range(simulations):
        node, place, path = root, position, []
        while not place.is_over:
            logits = node.logits
            node.logits = {a: x for a, x in logits.items() if place.is_legal(a)}
            action = choose(node, node is root, simulation)
            node.logits = logits
            path.append((node, action, place.to_move))
            place = place.play(action)
            if action not in node.children:
                node.children[action], new = node_at(place)
                node = node.children[action]
                if new:
                    break
            else:
                node = node.children[action]
        black_value = node.value if place.to_move == BLACK else -node.value
        for above, action, mover in path:
            above.visits[action] += 1
            above.total[action] += black_value if mover == BLACK else -black_value
    return root
