"""Evaluators keep their contract, and rollouts agree with what random games must give."""

from __future__ import annotations

import numpy as np
import pytest

from gokit.go.errors import GoError
from gokit.go.games import Games
from gokit.go.position import Position
from gokit.go.rules import BLACK, WHITE, Rules
from gokit.nn.config import NetworkConfig
from gokit.nn.inference import NetworkEvaluator
from gokit.nn.networks import Network
from gokit.search.evaluators import RolloutEvaluator, UniformEvaluator

EVALUATORS = [
    UniformEvaluator(),
    RolloutEvaluator(np.random.default_rng(0), playouts=2),
    NetworkEvaluator(Network(NetworkConfig(blocks=1, channels=4))),
]


@pytest.mark.parametrize("evaluator", EVALUATORS, ids=lambda e: type(e).__name__)
def test_answers_are_float32_contiguous_and_as_many_as_asked_for(evaluator) -> None:
    games = Games(7, 5)
    before = games.words.copy()
    logits, values = evaluator.evaluate(games, np.array([6, 0, 3]))
    assert logits.shape == (3, 26)
    assert values.shape == (3,)
    assert logits.dtype == values.dtype == np.float32
    assert logits.flags.c_contiguous
    assert values.flags.c_contiguous
    assert (np.abs(values) <= 1).all()
    assert (games.words == before).all()


def test_rollouts_value_a_won_board_for_the_side_to_move() -> None:
    diagram = "X X . X X\nX . X X X\nX X X X X\nX X X . X\nX X X X X"
    rollouts = RolloutEvaluator(np.random.default_rng(0), playouts=8)
    for to_move, value in ((BLACK, 1.0), (WHITE, -1.0)):
        position = Position.from_diagram(diagram, to_move=to_move, rules=Rules(komi=7.5))
        _, values = rollouts.evaluate(Games.from_positions([position]), np.array([0]))
        assert values[0] == value


def test_rollouts_follow_their_generator() -> None:
    games = Games(20, 5)
    answers = [
        RolloutEvaluator(np.random.default_rng(seed), playouts=3).evaluate(games, np.arange(20))[1]
        for seed in (1, 1, 2)
    ]
    assert (answers[0] == answers[1]).all()
    assert (answers[0] != answers[2]).any()


def test_a_larger_batch_leaves_the_streams_of_the_first_games_as_they_were() -> None:
    evaluator = RolloutEvaluator(np.random.default_rng(1))
    first = evaluator.streams(2).copy()
    assert (evaluator.streams(5)[:2] == first).all()
    assert (RolloutEvaluator(np.random.default_rng(1)).streams(5) == evaluator.streams(5)).all()


def test_rollouts_by_margin_count_points_without_komi() -> None:
    diagram = "X X .\nX X X\n. X X"
    position = Position.from_diagram(diagram, rules=Rules(komi=100))
    games = Games.from_positions([position])
    kinds = {}
    for kind in ("margin", "win"):
        evaluator = RolloutEvaluator(np.random.default_rng(0), 4, value_kind=kind)
        kinds[kind] = evaluator.evaluate(games, np.array([0]))[1][0]
    assert kinds == {"margin": 1.0, "win": -1.0}


def test_rollouts_refuse_nonsense() -> None:
    with pytest.raises(GoError, match="playout"):
        RolloutEvaluator(np.random.default_rng(0), playouts=0)
    with pytest.raises(GoError, match="win or margin"):
        RolloutEvaluator(np.random.default_rng(0), value_kind="score")
