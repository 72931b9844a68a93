"""What chapter 3 builds by hand, taken out of its text and held against gokit."""

from __future__ import annotations

import ast
import math
import zlib
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import gokit
from gokit import BLACK, WHITE, Games, Position, Rules
from gokit.go.playouts import final_margin, light_playout, random_actions, random_states
from gokit.lessons import plain_search as plain
from gokit.lessons.sources import read_source
from gokit.search.evaluators import RolloutEvaluator
from gokit.search.exact import move_values, solve
from gokit.search.mcts import Search, SearchConfig
from gokit.search.small_games import TicTacToe

SOURCE = Path(__file__).resolve().parents[1] / "chapters" / "source" / "03_tree_search.py"
SEARCH = ("Node", "puct", "select", "expand", "evaluate", "back_up", "search", "most_visited")
EVEN = Rules(komi=0)
GIVEN = {
    "BLACK": BLACK, "WHITE": WHITE, "Games": Games, "Position": Position, "Rules": Rules,
    "RolloutEvaluator": RolloutEvaluator, "Search": Search, "SearchConfig": SearchConfig,
    "final_margin": final_margin, "gokit": gokit, "light_playout": light_playout, "math": math,
    "move_values": move_values, "np": np, "partial": partial, "random_actions": random_actions,
    "random_states": random_states, "solve": solve, "zlib": zlib,
    "EVEN": EVEN, "SHAPE": (2, 3), "SOLVED": {}, "cache": lambda function: function,
}  # fmt: skip


def definitions() -> dict[str, ast.stmt]:
    """Every function, class and plain value that the chapter defines, by name, first one first."""
    found: dict[str, ast.stmt] = {}
    for cell in read_source(SOURCE):
        if cell.kind != "code":
            continue
        for node in ast.parse(cell.text).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                found.setdefault(node.name, node)
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                found.setdefault(node.targets[0].id, node)
    return found


@pytest.fixture(scope="module")
def chapter() -> dict:
    """The chapter's functions and a few of its values, run without the rest of it."""
    space = dict(GIVEN)
    for name, node in definitions().items():
        wanted = isinstance(node, (ast.FunctionDef, ast.ClassDef))
        if wanted or name in ("PRIOR", "VALUE", "NOISE", "RACE"):
            exec(compile(ast.Module([node], []), f"{SOURCE.name}: {name}", "exec"), space)
    return space


def rollouts(seed: int, playouts: int = 1, kind: str = "win") -> RolloutEvaluator:
    return RolloutEvaluator(np.random.default_rng(seed), playouts, kind)


def test_the_search_is_as_short_as_the_chapter_says():
    def lines(node: ast.stmt) -> int:
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node):
            node.body = node.body[1:]
        return len(ast.unparse(node).splitlines())

    parts = definitions()
    assert 55 <= sum(lines(parts[name]) for name in SEARCH) <= 75


@pytest.mark.parametrize("seed", range(12))
def test_the_search_is_the_package_s_readable_one(chapter, seed):
    rng = np.random.default_rng(seed)
    position = chapter["random_position"](rng, int(rng.integers(3, 7)), int(rng.integers(9)))
    mine = chapter["search"](position, rollouts(seed), 60)
    theirs = plain.search(position, rollouts(seed), 60)

    def same(a, b):
        assert (a.visits, a.prior, a.q) == (b.visits, b.prior, b.q)
        assert list(a.children) == list(b.children)
        for action in a.children:
            same(a.children[action], b.children[action])

    same(mine, theirs)
    assert chapter["most_visited"](mine) == plain.most_visited(theirs)


def test_both_compares_with_gokit_and_notices_another_rule(chapter, monkeypatch):
    position = Position(4, EVEN)
    mine, theirs = chapter["both"](position, 5, 30)
    assert mine == theirs
    assert sum(mine) == 30
    monkeypatch.setitem(chapter, "back_up", lambda path, value: plain.back_up(path, -value))
    mine, theirs = chapter["both"](position, 5, 30)
    assert mine != theirs


@pytest.mark.parametrize("moves", [[], ["A1"], ["A1", "pass"], ["B1", "A2", "A1"]])
def test_minimax_is_exact_on_2x2(chapter, moves):
    position = Position.from_moves(moves, 2, EVEN)
    value, looked = chapter["minimax"](position)
    exact = solve(position).value
    assert value == (exact if position.to_move == BLACK else -exact)
    assert looked > 1


def test_one_picture_has_two_values(chapter):
    one, other = chapter["same_picture"](3000, 1)
    assert (one.board == other.board).all()
    assert (one.to_move, one.passes) == (other.to_move, other.passes)
    assert solve(one).value != solve(other).value


def test_exact_values_are_the_movers(chapter):
    games = Games(1, (2, 3), EVEN)
    games.play(np.array([1]))
    theirs = move_values(games)
    assert chapter["exact_values"](games) == {a: -v for a, v in theirs.items()}


def test_the_labs_faults_are_seen_by_its_tests_and_the_repair_passes(chapter):
    tests = [chapter[name] for name in sorted(chapter) if name.startswith("test_")]
    assert len(tests) == 3
    assert not any(test(chapter["tutorial_search"]) for test in tests)
    assert all(test(chapter["repaired_search"]) for test in tests)
    visits, _ = chapter["tutorial_search"](
        chapter["PRIOR"], chapter["VALUE"], 1024, chapter["PRIOR"]
    )
    assert visits[3] == 0, "the winning move gets a visit, and the text says it gets none"


def test_a_tree_is_as_large_as_it_is(chapter):
    def nodes(state: TicTacToe) -> int:
        return 1 + sum(nodes(state.play(action)) for action in state.legal_actions())

    tree = chapter["whole"](TicTacToe("XOXOXO..."))
    assert tree[0] == nodes(TicTacToe("XOXOXO..."))
    assert chapter["depth_of"](tree) == 3
    weights = chapter["weights"](tree)
    assert len(weights) == tree[0]
    root = chapter["search"](Position(3, EVEN), rollouts(1), 50)
    searched = chapter["searched"](root)
    assert searched[0] == 51
    assert chapter["main_line"](searched, 1) == max(c.visits for c in root.children.values())


def test_the_mean_rule_is_the_plain_back_up_but_for_the_first_evaluation(chapter):
    """Its nodes forget their own evaluation, which is one visit of many."""
    back_up = chapter["backing_up"](_mean)
    root = chapter["searched_with"](back_up, Position(3, EVEN), rollouts(3), 40)
    assert root.visits == 41
    below = [c for c in root.children.values() if c.visits]
    expected = sum(-c.q * c.visits for c in below) / sum(c.visits for c in below)
    assert root.q == pytest.approx(expected)
    greedy = chapter["backing_up"](lambda q, n: q.max())
    root = chapter["searched_with"](greedy, Position(3, EVEN), rollouts(3), 40)
    assert root.q == pytest.approx(max(-c.q for c in root.children.values() if c.visits))


def _mean(q: np.ndarray, n: np.ndarray) -> float:
    return (q * n).sum() / n.sum()


def test_evaluating_all_children_spends_what_it_says(chapter):
    class Counting:
        value_kind, seen = "win", 0

        def evaluate(self, games, indices):
            self.seen += len(indices)
            return np.zeros((1, games.n_actions), np.float32), np.zeros(1, np.float32)

    judge = Counting()
    root, cost = chapter["search_all_children"](Position(3, EVEN), judge, 50)
    assert 50 <= root.visits <= 60
    assert judge.seen <= root.visits
    assert cost > 5


def test_a_stopped_rollout_counts_the_board_where_it_stops(chapter):
    games = Games.from_positions([Position(9).play("E5")])
    share, moves = chapter["stopped"](games, 0, random_states(np.random.default_rng(0), 1))
    assert (share, moves) == (1.0, 0)
    _, moves = chapter["stopped"](games, 7, random_states(np.random.default_rng(0), 1))
    assert moves == 7


def test_the_oracle_is_exact_without_noise_and_errs_the_same_way_twice(chapter):
    games = Games(2, (2, 3), EVEN)
    games.play(np.array([0, 3]))
    exact = [chapter["exact_values"](game) for game in _alone(games)]
    logits, values = chapter["Oracle"]().evaluate(games, np.array([0, 1]))
    for row, truth in enumerate(exact):
        assert values[row] == pytest.approx(max(truth.values()) / 6)
        best = max(truth, key=lambda a, row=row: logits[row, a])
        assert truth[best] == max(truth.values())
    spoiled = [chapter["Oracle"](6, 1).evaluate(games, np.array([0]))[1][0] for _ in range(2)]
    assert spoiled[0] == spoiled[1] != values[0]
    assert chapter["Oracle"](0, 0, -1).evaluate(games, np.array([1]))[1][0] == -values[1]


def _alone(games: Games) -> list[Games]:
    one = []
    for i in range(len(games)):
        one.append(Games(1, (2, 3), EVEN))
        one[-1].copy_from(games, np.array([i]), np.array([0]))
    return one


def test_the_race_is_won_by_the_move_that_the_chapter_names(chapter):
    race = Position.from_diagram(chapter["RACE"], to_move=BLACK)
    taken = race.play("J9")
    assert taken.captured == (8, 0)
    assert race.to_play(WHITE).play("J9").captured == (0, 9)
