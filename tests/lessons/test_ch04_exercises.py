"""Chapter 4's exercises, each tested four ways."""

from __future__ import annotations

import copy
import doctest
import math

import numpy as np
import pytest

from gokit.lessons.checking import judge
from gokit.lessons.checks import bonus_cases as bonus
from gokit.lessons.checks import film_cases as film
from gokit.lessons.exercise import find_exercise
from gokit.search.mcts import SearchConfig
from gokit.search.trace import trace_search
from tests.lessons.exercise_contract import ROOT, answers, contract


def square_root_of_n(priors, visits, c):
    return [
        c * p * math.sqrt(sum(visits)) / (1 + n) for p, n in zip(priors, visits, strict=True)
    ]  # fmt: skip


def without_c(priors, visits, c):
    return bonus.bonuses(priors, visits, 1.0)


def own_visits_under_the_root(priors, visits, c):
    return [c * p * math.sqrt(1 + n) / (1 + n) for p, n in zip(priors, visits, strict=True)]


def visits_alone_below(priors, visits, c):
    return [
        c * p * math.sqrt(1 + sum(visits)) / max(n, 1)
        for p, n in zip(priors, visits, strict=True)
    ]  # fmt: skip


def dropping_the_unvisited(priors, visits, c):
    return [u for u, n in zip(bonus.bonuses(priors, visits, c), visits, strict=True) if n]


def always_fixed(mode, fpu_value, value, moves):
    return fpu_value


def plain_mean(mode, fpu_value, value, moves):
    right = bonus.first_play(mode, fpu_value, value, moves)
    return right if mode == "absolute" else bonus.first_play("reduction", 0.0, value, moves)


def own_value_left_out(mode, fpu_value, value, moves):
    total = sum(n for _, n, _ in moves)
    if not total:
        return bonus.first_play(mode, fpu_value, value, moves)
    mean = sum(n * q for _, n, q in moves) / total
    shift = mean - bonus.first_play("reduction", 0.0, value, moves)
    right = bonus.first_play(mode, fpu_value, value, moves)
    return right if mode == "absolute" else right + shift


def own_value_only(mode, fpu_value, value, moves):
    shift = value - bonus.first_play("reduction", 0.0, value, moves)
    right = bonus.first_play(mode, fpu_value, value, moves)
    return right if mode == "absolute" else right + shift


def sum_without_root(mode, fpu_value, value, moves):
    right = bonus.first_play(mode, fpu_value, value, moves)
    if mode != "visited policy":
        return right
    mean = bonus.first_play("reduction", 0.0, value, moves)
    return mean - fpu_value * sum(p for p, n, _ in moves if n)


def no_visited_policy(mode, fpu_value, value, moves):
    mode = "reduction" if mode == "visited policy" else mode
    return bonus.first_play(mode, fpu_value, value, moves)


def no_noise(priors, legal, gamma, fraction):
    return list(priors)


def noise_everywhere(priors, legal, gamma, fraction):
    total = sum(gamma)
    return [(1 - fraction) * p + fraction * g / total for p, g in zip(priors, gamma, strict=True)]


def divided_by_all(priors, legal, gamma, fraction):
    mixed = noise_everywhere(priors, legal, gamma, fraction)
    return [p if a in legal else 0.0 for a, p in enumerate(mixed)]


def noise_on_top(priors, legal, gamma, fraction):
    noise = bonus.noisy(priors, legal, gamma, 1.0)
    return [p + fraction * extra for p, extra in zip(priors, noise, strict=True)]


def fractions_exchanged(priors, legal, gamma, fraction):
    return bonus.noisy(priors, legal, gamma, 1 - fraction)


def noise_in_place(priors, legal, gamma, fraction):
    priors[:] = bonus.noisy(priors, legal, gamma, fraction)
    return priors


def unvisited(node):
    return node["visits"] == 0


def seldom_visited(node):
    return node["visits"] <= 1


def twice_below_the_root(node):
    return not node["children"] or (node["prior"] < 1 and node["visits"] == 1)


def never(node):
    return False


def a_count(node):
    return node["visits"]


def best_mean(tree):
    line = []
    while visited := {m: c for m, c in tree["children"].items() if c["N"]}:
        move = max(sorted(visited), key=lambda m: -visited[m]["W"] / visited[m]["N"])
        line.append(move)
        tree = visited[move]
    return line


def ties_in_the_childs_view(tree):
    line = []
    while visited := {m: c for m, c in tree["children"].items() if c["N"]}:
        line.append(max(sorted(visited), key=lambda m: (visited[m]["N"], visited[m]["W"])))
        tree = visited[line[-1]]
    return line


def one_move(tree):
    return film.principal_variation(tree)[:1]


def on_into_the_unvisited(tree):
    line = film.principal_variation(tree)
    for move in line:
        tree = tree["children"][move]
    return [*line, *list(tree["children"])[:1]]


def the_same_number(paths, node):
    return node


def from_zero(paths, node):
    return film.born(paths, node) - 1


def the_last_visit(paths, node):
    path = paths[film.born(paths, node) - 1]
    return max(number for number, other in enumerate(paths, start=1) if other == path)


def every_step(movers, value):
    return [value * (-1) ** (len(movers) - 1 - depth) for depth in range(len(movers))]


def never_turned(movers, value):
    return [value] * len(movers)


def in_the_roots_view(movers, value):
    return [value if mover == movers[0] else -value for mover in movers]


def leaf_first(movers, value):
    return film.mover_values(movers, value)[:-1]


def unturned(tree, path, value):
    before = film.undone(tree, path, 0.0)
    node = before
    node["W"] -= value
    for move in path[:-1]:
        node = node["children"][move]
        node["W"] -= value
    if path[-1] in node["children"]:
        node["children"][path[-1]]["W"] -= value
    return before


def turned_the_other_way(tree, path, value):
    return film.undone(tree, path, -value)


def leaf_kept(tree, path, value):
    before = copy.deepcopy(tree)
    nodes = [before]
    for move in path:
        nodes.append(nodes[-1]["children"][move])
    for node in reversed(nodes):
        node["N"] -= 1
        node["W"] -= value
        value = -value
    return before


def leaf_always_cut(tree, path, value):
    before = film.undone(tree, path, value)
    node = before
    for move in path[:-1]:
        node = node["children"][move]
    node["children"].pop(path[-1], None)
    return before


def visits_kept(tree, path, value):
    before = film.undone(tree, path, value)
    before["N"] = tree["N"]
    return before


def undone_in_place(tree, path, value):
    before = film.undone(tree, path, value)
    tree.update(before)
    return tree


def in_the_lists_order(moves, move, simulations, untried, grid):
    hits = [c for c in grid if film_visits(moves, simulations, c, untried)[move]]
    return hits[0] if hits else None


def largest_c(moves, move, simulations, untried, grid):
    hits = [c for c in grid if film_visits(moves, simulations, c, untried)[move]]
    return max(hits) if hits else None


def untried_is_a_draw(moves, move, simulations, untried, grid):
    return bonus.smallest_c(moves, move, simulations, 0.0, grid)


def most_visited_with(moves, move, simulations, untried, grid):
    for c in sorted(grid):
        visits = film_visits(moves, simulations, c, untried)
        if visits[move] == max(visits):
            return c
    return None


film_visits = bonus.visits_with

WRONG = {
    "04-bonus": [
        (square_root_of_n, "√0 is 0"),
        (without_c, "c is missing"),
        (own_visits_under_the_root, "not of this one"),
        (visits_alone_below, "c·P·√(1 + N) / (1 + n)"),
        (dropping_the_unvisited, "a list of 2 numbers"),
    ],
    "04-first-play": [
        (always_fixed, "mean so far is"),
        (plain_mean, "something is taken off"),
        (own_value_left_out, "one visit more"),
        (own_value_only, "all its visits so far"),
        (sum_without_root, "root of the priors' sum is missing"),
        (no_visited_policy, "grows with the priors"),
    ],
    "04-noise": [
        (no_noise, "without any noise"),
        (noise_everywhere, "add up to"),
        (divided_by_all, "over the *legal*"),
        (noise_on_top, "add up to"),
        (fractions_exchanged, "0.75 of the prior"),
        (noise_in_place, "changes the board"),
    ],
    "04-once": [
        (unvisited, "the noise is gone"),
        (seldom_visited, "the noise is gone"),
        (twice_below_the_root, "evaluated before"),
        (never, "was not evaluated"),
        (a_count, "True or False"),
    ],
    "04-line": [
        (best_mean, "the visits are the vote"),
        (ties_in_the_childs_view, "in the view of the other side"),
        (one_move, "stops after 1 moves"),
        (on_into_the_unvisited, "no child has any visits"),
    ],
    "04-born": [
        (the_same_number, "adds no node"),
        (from_zero, "from 1"),
        (the_last_visit, "was made by simulation"),
    ],
    "04-movers": [
        (every_step, "at every step"),
        (never_turned, "never turn the sign"),
        (in_the_roots_view, "in the view of player"),
        (leaf_first, "One number a node"),
    ],
    "04-undo": [
        (unturned, "turns its sign"),
        (turned_the_other_way, "before; yours has"),
        (leaf_kept, "it goes"),
        (leaf_always_cut, "was there before"),
        (visits_kept, "visits before"),
        (undone_in_place, "changes the argument"),
    ],
    "04-smallest-c": [
        (in_the_lists_order, "a smaller one"),
        (largest_c, "a smaller one"),
        (untried_is_a_draw, "gets no visit"),
        (most_visited_with, "does get a visit"),
    ],
}

TestChapter04 = contract("04_tree_visualizer", WRONG)


@pytest.mark.parametrize("name", WRONG)
def test_the_examples_in_the_stubs_hold(name):
    handed = answers(ROOT / "exercises/source/04_tree_visualizer.py", solved=True)
    answer = handed[name]
    space = dict(answer.__globals__)
    examples = doctest.DocTestParser().get_doctest(answer.__doc__, space, name, None, 0)
    assert examples.examples, f"{name} has no example"
    assert doctest.DocTestRunner().run(examples).failed == 0


def test_answers_of_another_shape_are_told_in_words():
    for name, value, words in (
        ("04-line", 3, "a list"),
        ("04-movers", [1, "x", 2], "One number a node"),
        ("04-undo", {"N": 1}, "the whole tree"),
        ("04-bonus", [[1.0]], "a list of 2 numbers"),
    ):
        assert words in str(judge(find_exercise(name), lambda *args, value=value: value))


@pytest.mark.parametrize("seed", [0, 1])
def test_taking_back_every_simulation_leaves_the_root_alone(seed):
    made = film.random_film(np.random.default_rng(seed), 25)
    for number in range(len(made), 0, -1):
        tree = film.undone(film.grow(made[:number]), *made[number - 1])
        assert film.same_tree(film.grow(made[: number - 1]), tree)


def test_the_references_agree_with_a_real_search():
    from gokit import Position
    from gokit.search.evaluators import RolloutEvaluator

    judge_ = RolloutEvaluator(np.random.default_rng(2))
    trace = trace_search(judge_, Position(3), SearchConfig(simulations=60))
    paths = [trace.path(i)[1] for i in range(60)]
    assert [film.born(paths, node) - 1 for node in range(1, trace.nodes)] == trace.born[1:].tolist()
    values = [float(value) for value in trace.leaf_values]
    tree = film.grow(list(zip(paths, values, strict=True)))
    line = [step.action for step in trace.replay().seek(60).principal_variation()]
    assert film.principal_variation(tree) == line
    for k in (0, 1, 30):
        edges = trace.replay().seek(k).edges(0)
        u = bonus.bonuses([e.p for e in edges], [e.n for e in edges], trace.config.c_puct)
        assert u == pytest.approx([e.u for e in edges])
