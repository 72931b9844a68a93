"""What chapter 4 builds by hand, taken out of its text and held against gokit and brute force."""

from __future__ import annotations

import ast
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from gokit import Position, Rules
from gokit.lessons import plain_search as plain
from gokit.lessons.sources import read_source
from gokit.search.evaluators import RolloutEvaluator
from gokit.search.mcts import SearchConfig
from gokit.search.trace import trace_search

SOURCE = Path(__file__).resolve().parents[1] / "chapters" / "source" / "04_tree_visualizer.py"
WANTED = (
    "record_search",
    "rewind",
    "puct_sqrt_n",
    "full_tree",
    "locked_in",
    "tactic",
    "back_up_unturned",
    "test_a_good_leaf_is_good_for_its_mover",
    "BOXES",
    "Boxes",
    "to_come",
    "random_end",
    "mover_back_up",
    "mover_puct",
    "is_best",
    "no_visits",
    "no_children",
)


@pytest.fixture(scope="module")
def chapter() -> dict:
    """The chapter's definitions, run without the rest of it."""
    from gokit import Games

    start = Position.from_diagram(". X .\n. O .\n. . .")
    space = {
        "dataclass": dataclass, "cache": cache, "np": np, "math": math, "plain": plain,
        "Games": Games, "START": start, "ESCAPE": 3,
    }  # fmt: skip
    found: dict[str, ast.stmt] = {}
    for cell in read_source(SOURCE):
        for node in ast.parse(cell.text).body if cell.kind == "code" else ():
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                found.setdefault(node.name, node)
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                found.setdefault(node.targets[0].id, node)
    for name in WANTED:
        exec(compile(ast.Module([found[name]], []), f"{SOURCE.name}: {name}", "exec"), space)
    return space


@pytest.mark.parametrize("size", [2, 3, 4])
def test_the_film_is_the_trace_and_rewinds_to_every_moment(chapter, size):
    position = Position(size, Rules(komi=0.5)).play("A1")
    evaluators = [RolloutEvaluator(np.random.default_rng(size)) for _ in range(2)]
    root, film = chapter["record_search"](position, evaluators[0], 40)
    trace = trace_search(evaluators[1], position, SearchConfig(simulations=40))
    assert root.visits == 41
    assert [list(moves) for moves, _ in film] == [trace.path(i)[1] for i in range(40)]
    for k in (0, 1, 7, 40):
        table, replay = chapter["rewind"](film, k), trace.replay().seek(k)
        assert sum(n for moves, (n, _) in table.items() if len(moves) == 1) == k
        for edge in replay.edges(0):
            n, w = table.get((edge.action,), (0, 0.0))
            assert n == edge.n
            if n:
                assert w / n == pytest.approx(edge.q, abs=1e-6)


def test_the_lectures_formula_ignores_the_prior_at_first(chapter):
    root = plain.Node(Position(3))
    root.visits = 1
    root.children = {a: plain.Node(prior=p) for a, p in enumerate((0.1, 0.7, 0.2))}
    assert chapter["puct_sqrt_n"](root) == 0
    assert plain.puct(root) == 1
    root.children[0].visits, root.visits = 1, 2
    assert chapter["puct_sqrt_n"](root) == 1


def test_the_full_tree_is_counted_as_positions_play(chapter):
    def count(position: Position, depth: int) -> int:
        if depth == 0:
            return 1
        moves = [position.play(int(a)) for a in position.legal_moves()]
        return sum(count(p, depth - 1) if not p.is_over else depth == 1 for p in moves)

    counts = chapter["full_tree"](3, 3)
    assert counts == [count(Position(3), depth) for depth in range(4)]


def test_a_locked_in_search_never_looks_and_its_repair_does(chapter):
    root = plain.Node(Position(2))
    root.visits, root.value_sum = 500, -250.0
    good, bad = plain.Node(prior=0.02), plain.Node(prior=0.98)
    bad.visits, bad.value_sum = 499, 0.5 * 499
    root.children = {0: good, 1: bad}
    assert chapter["locked_in"](root) == 1
    assert plain.puct(root, c_puct=1.0) == 0


def test_a_root_with_noise_and_no_visits_is_a_leaf_to_the_bug_only(chapter):
    root = plain.Node(Position(2))
    plain.expand(root, np.zeros(5))
    assert chapter["no_visits"](root)
    assert not chapter["no_children"](root)


def test_tactics_take_or_save_stones(chapter):
    row = "X O O O . . ."
    take = Position.from_diagram(
        f"{row}\n. X X X . . .\n" + ". . . . . . .\n" * 5, to_move=1
    )  # fmt: skip
    assert chapter["tactic"](take) == 4
    assert chapter["tactic"](take.to_play(2)) is None, "on the edge White runs into two liberties"
    assert chapter["tactic"](take, least=4) is None


def test_only_the_turned_back_up_passes_the_labs_test(chapter):
    passes = chapter["test_a_good_leaf_is_good_for_its_mover"]
    assert passes(plain.back_up)
    assert passes(chapter["mover_back_up"])
    assert not passes(chapter["back_up_unturned"])


def test_dots_and_boxes_against_brute_force(chapter):
    game_class = chapter["Boxes"]

    def ahead(game) -> int:
        """The final lead of player 0, by trying everything, without memory."""
        lines = game.legal_moves()
        if not lines:
            return game.lead
        return (min if game.to_move else max)(ahead(game.play(line)) for line in lines)

    rng = np.random.default_rng(0)
    for _ in range(25):
        drawn = frozenset(rng.permutation(12)[: rng.integers(6, 13)].tolist())
        for mover in (0, 1):
            lead = ahead(game_class(drawn, mover))
            assert chapter["to_come"](drawn) == (-lead if mover else lead)
        for line in game_class(drawn).legal_moves():
            best = ahead(game_class(drawn).play(line)) == ahead(game_class(drawn))
            assert chapter["is_best"](game_class(drawn), line) == best


def test_closing_a_box_moves_again_and_two_at_once_count_twice(chapter):
    game_class = chapter["Boxes"]
    middle = 4 + 2 + 1  # the upright line between the two boxes of the first row
    both = frozenset({0, 1, 2, 3, 6, 8})
    after = game_class(both).play(middle)
    assert (after.to_move, after.lead) == (0, 2)
    assert game_class().play(0).to_move == 1
    assert all(len(box) == 4 for box in chapter["BOXES"])


def test_who_moves_turns_the_sign_in_selection_too(chapter):
    game_class = chapter["Boxes"]
    almost = frozenset({0, 2, 6})
    root = plain.Node(game_class(almost))
    plain.expand(root, np.zeros(12))
    for action, child in root.children.items():
        child.position = root.position.play(action)
        child.visits, child.value_sum = 1, 0.0
    root.visits = 10
    root.children[7].value_sum = 0.9  # good for the side to move there, which is the same again
    assert chapter["mover_puct"](root) == 7
    assert plain.puct(root) != 7
