"""The readable search of chapter 3 against gokit's compiled one, and against sums done by hand."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from gokit.go.games import Games
from gokit.go.position import Position
from gokit.go.rules import BLACK, WHITE, Rules
from gokit.lessons import plain_search as plain
from gokit.search.evaluators import RolloutEvaluator, UniformEvaluator
from gokit.search.mcts import Search, SearchConfig
from tests.search.reference_search import HashEvaluator


class Jittered(RolloutEvaluator):
    """Rollouts whose priors are almost alike: a last bit that differs would change a choice."""

    def evaluate(self, games, indices):
        logits, values = super().evaluate(games, indices)
        return logits + self.rng.random(logits.shape, np.float32) / 1000, values


def random_position(rng: np.random.Generator, size: int, komi: float = 0.5) -> Position:
    position = Position(size, Rules(komi=komi))
    for _ in range(rng.integers(size * size)):
        after = position.play(int(rng.choice(position.legal_moves())))
        position = position if after.is_over else after
    return position


def visits_of(root: plain.Node, actions: int) -> list[int]:
    return [root.children[a].visits if a in root.children else 0 for a in range(actions)]


@pytest.mark.parametrize("size", range(3, 10))
@pytest.mark.parametrize("evaluator", [RolloutEvaluator, Jittered])
@pytest.mark.parametrize("kind", ["win", "margin"])
def test_visits_are_those_of_gokit(kind, evaluator, size):
    rng = np.random.default_rng(size)
    for seed in range(12):
        position = random_position(rng, size)
        simulations = int(rng.integers(1, 400 // size))
        mine = plain.search(
            position, evaluator(np.random.default_rng(seed), value_kind=kind), simulations
        )
        search = Search(
            evaluator(np.random.default_rng(seed), value_kind=kind), SearchConfig(simulations)
        )
        theirs = search.run(Games.from_positions([position]))
        counted = visits_of(mine, size * size + 1)
        assert counted == theirs.visits[0].tolist(), f"seed {seed}\n{position}"
        assert plain.most_visited(mine) == theirs.actions[0], str(position)
        assert mine.q == pytest.approx(theirs.value[0], abs=1e-5)
        assert mine.visits == simulations + 1


def test_visits_are_those_of_gokit_with_priors_that_say_something():
    rng = np.random.default_rng(1)
    for _ in range(20):
        position = random_position(rng, 4)
        choose = partial(plain.puct, c_puct=2.5)
        mine = plain.search(position, HashEvaluator(spread=2), 60, choose)
        search = Search(HashEvaluator(spread=2), SearchConfig(60, c_puct=2.5))
        theirs = search.run(Games.from_positions([position]))
        assert visits_of(mine, 17) == theirs.visits[0].tolist(), str(position)


@pytest.mark.parametrize("kind", ["win", "margin"])
def test_ucb1_visits_are_those_of_gokit(kind):
    rng = np.random.default_rng(2)
    for seed in range(20):
        position = random_position(rng, int(rng.integers(3, 8)))
        evaluators = [RolloutEvaluator(np.random.default_rng(seed), 1, kind) for _ in range(2)]
        mine = plain.search(position, evaluators[0], 120, partial(plain.ucb1, c_uct=0.7))
        search = Search(evaluators[1], SearchConfig(120, "uct", c_uct=0.7))
        theirs = search.run(Games.from_positions([position]))
        assert visits_of(mine, position.size**2 + 1) == theirs.visits[0].tolist(), str(position)


def test_a_game_that_is_over_is_scored_by_the_rules_and_has_no_children():
    for komi, value in ((-0.5, 1), (0, 0), (0.5, -1)):
        position = Position(3, Rules(komi=komi)).play("pass").play("pass")
        root = plain.search(position, UniformEvaluator(), 5)
        assert (root.q, root.visits, root.children) == (value, 6, {})
    taken = Position.from_diagram(". X .\nX X X\n. X .", to_move=WHITE).play("pass").play("pass")
    assert taken.to_move == WHITE
    assert plain.evaluate(taken, RolloutEvaluator(np.random.default_rng(0), 1, "margin"))[1] == -1


def test_children_are_the_legal_moves_and_priors_their_softmax():
    position = Position.from_diagram(". X .\nX . X\n. X .", to_move=WHITE)
    node = plain.Node(position)
    logits = np.arange(10, dtype=np.float32)
    plain.expand(node, logits)
    assert list(node.children) == position.legal_moves().tolist()
    total = sum(math.exp(logits[a]) for a in node.children)
    for action, child in node.children.items():
        assert child.prior == pytest.approx(math.exp(logits[action]) / total, rel=1e-5)
        assert (child.position, child.visits, child.q) == (None, 0, 0)


def test_a_value_changes_sign_with_every_ply():
    path = [plain.Node() for _ in range(4)]
    plain.back_up(path, 0.5)
    plain.back_up(path[:2], 1.0)
    assert [node.value_sum for node in path] == [-1.5, 1.5, -0.5, 0.5]
    assert [node.visits for node in path] == [2, 2, 1, 1]
    assert path[0].q == -0.75


def a_node(children: dict[int, tuple[float, int, float]]) -> plain.Node:
    """children: action -> (prior, visits, sum of values as the child sees them)."""
    node = plain.Node()
    for action, (prior, visits, value_sum) in children.items():
        child = node.children[action] = plain.Node(prior=prior)
        child.visits, child.value_sum = visits, value_sum
    node.visits = 1 + sum(visits for _, visits, _ in children.values())
    node.value_sum = -sum(total for _, _, total in children.values())
    return node


def test_puct_weighs_value_and_prior():
    node = a_node({2: (0.3, 3, -2.1), 5: (0.7, 1, 0.5)})
    score = {2: 0.7 + 0.3 * math.sqrt(5) / 4, 5: -0.5 + 0.7 * math.sqrt(5) / 2}
    assert score[2] > score[5]
    assert plain.puct(node, c_puct=1) == 2
    assert plain.puct(node, c_puct=10) == 5
    equal = a_node({4: (0.5, 0, 0), 7: (0.5, 0, 0)})
    assert plain.puct(equal) == 4
    likelier = a_node({4: (0.4, 0, 0), 7: (0.6, 0, 0)})
    assert plain.puct(likelier) == 7


def test_a_child_without_visits_counts_as_a_little_worse_than_the_node():
    node = a_node({0: (0.5, 1, -0.3), 1: (0.5, 0, 0)})  # the node's mean: 0.3 / 2
    assert plain.puct(node, c_puct=0, fpu_reduction=0) == 0
    assert plain.puct(node, c_puct=0, fpu_reduction=-0.2) == 1


def test_ucb1_tries_each_once_and_then_weighs_value_and_doubt():
    fresh = a_node({0: (0.2, 4, -4.0), 3: (0.3, 0, 0), 8: (0.5, 0, 0)})
    assert plain.ucb1(fresh) == 8
    node = a_node({0: (0.5, 8, -4.0), 1: (0.5, 2, -0.8)})
    doubt = {0: math.sqrt(math.log(10) / 8), 1: math.sqrt(math.log(10) / 2)}
    assert 0.5 + 0.1 * doubt[0] > 0.4 + 0.1 * doubt[1]
    assert plain.ucb1(node, 0.1) == 0
    assert plain.ucb1(node, 1.0) == 1


def test_a_capture_is_found_for_either_side():
    """E5 takes four white stones; left to White, it takes five black ones."""
    diagram = "O O O O .\nX X X X X\nO O O O O\n. . . . .\n. . . . ."
    for color in (BLACK, WHITE):
        position = Position.from_diagram(diagram, to_move=color)
        evaluator = RolloutEvaluator(np.random.default_rng(0), 4, "margin")
        assert plain.most_visited(plain.search(position, evaluator, 300)) == 4


def test_it_stays_short_enough_to_read_in_one_sitting():
    assert len(Path(plain.__file__).read_text(encoding="utf-8").splitlines()) < 120
