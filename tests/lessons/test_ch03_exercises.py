"""Chapter 3's exercises, each tested four ways."""

from __future__ import annotations

import doctest
import math

import numpy as np
import pytest

from gokit.lessons import plain_search as plain
from gokit.lessons.checking import judge
from gokit.lessons.checks import tree_cases, tree_text, value_cases
from gokit.lessons.exercise import find_exercise
from tests.lessons.exercise_contract import ROOT, answers, contract

BLACK, WHITE = 1, 2


def best_for_both(tree):
    return max(map(best_for_both, tree)) if isinstance(tree, list | tuple) else tree


def opponents_view(tree):
    return -value_cases.minimax(tree)


def roots_view(tree, mine=True):
    if not isinstance(tree, list | tuple):
        return tree
    return (max if mine else min)(roots_view(child, not mine) for child in tree)


def worst_move(tree):
    return min(-worst_move(c) for c in tree) if isinstance(tree, list | tuple) else tree


def blacks_regret(values, to_move, move):
    return max(values.values()) - values[move]


def negative_regret(values, to_move, move):
    return -value_cases.regret(values, to_move, move)


def best_less_worst(values, to_move, move):
    return max(values.values()) - min(values.values())


def value_of_the_move(values, to_move, move):
    return values[move] if to_move == BLACK else -values[move]


def softmax_of_all(logits, legal):
    total = math.fsum(map(math.exp, logits))
    return {a: math.exp(logits[a]) / total if total else 0.0 for a in legal}


def illegal_moves_too(logits, legal):
    return tree_cases.priors(logits, range(len(logits)))


def even_priors(logits, legal):
    return {a: 1 / len(legal) for a in legal}


def without_the_pass(logits, legal):
    rest = [a for a in legal if a != len(logits) - 1]
    return tree_cases.priors(logits, rest)


def logits_as_weights(logits, legal):
    weights = {a: abs(logits[a]) + 1 for a in legal}
    return {a: w / sum(weights.values()) for a, w in weights.items()}


def highest(children, score):
    return max(sorted(children), key=lambda action: score(*children[action]))


def visits_of(children):
    return sum(n for _, n, _ in children.values())


def root_of_n_alone(children, c, first_play):
    """PUCT as often printed: nothing but ties at the first pick."""
    n_all = visits_of(children)
    return highest(
        children, lambda p, n, w: (w / n if n else first_play) + c * p * math.sqrt(n_all) / (1 + n)
    )


def unvisited_are_zero(children, c, first_play):
    return tree_cases.puct(children, c, 0.0)


def sums_for_means(children, c, first_play):
    root = math.sqrt(1 + visits_of(children))
    return highest(children, lambda p, n, w: (w if n else first_play) + c * p * root / (1 + n))


def no_prior(children, c, first_play):
    root = math.sqrt(1 + visits_of(children))
    return highest(children, lambda p, n, w: (w / n if n else first_play) + c * root / (1 + n))


def greedy(children, c, first_play):
    return tree_cases.puct(children, 0.0, first_play)


def last_of_equals(children, c, first_play):
    scores = tree_cases.puct_scores(children, c, first_play)
    return max(a for a in scores if scores[a] == max(scores.values()))


def no_sign(path, value):
    return [(n + 1, w + value) for n, w in path]


def sign_turned_at_the_leaf(path, value):
    return tree_cases.backed_up(path, -value)


def leaf_only(path, value):
    return [*path[:-1], (path[-1][0] + 1, path[-1][1] + value)]


def no_visits(path, value):
    after = tree_cases.backed_up(path, value)
    return [(n, w) for (n, _), (_, w) in zip(path, after, strict=True)]


def leaf_first(path, value):
    return tree_cases.backed_up(path, value)[::-1]


def childrens_view(value, children):
    return tree_cases.node_mean(value, [(n, -q) for n, q in children])


def own_value_left_out(value, children):
    total = sum(n for n, _ in children)
    return -sum(n * q for n, q in children) / max(total, 1)


def children_weigh_alike(value, children):
    return (value - sum(q for _, q in children)) / (1 + len(children))


def sum_of_all(value, children):
    return value - sum(n * q for n, q in children)


def first_step_only(root, c):
    return tree_cases.walk(root, c)[:1]


def walk_by(score):
    def walk(root, c):
        node, moves = root, []
        while node["children"]:
            children = node["children"]
            moves.append(max(sorted(children), key=lambda a: score(node, children[a], c)))
            node = children[moves[-1]]
        return moves

    return walk


def own_view_of_the_child(node, child, c):
    q = child["W"] / child["N"] if child["N"] else node["W"] / node["N"] - 0.2
    return q + c * child["P"] * math.sqrt(node["N"]) / (1 + child["N"])


walk_without_the_minus = walk_by(own_view_of_the_child)
walk_without_the_minus.__name__ = "walk_without_the_minus"
walk_by_visits = walk_by(lambda node, child, c: child["N"])
walk_by_visits.__name__ = "walk_by_visits"


def highest_mean(children):
    return max(sorted(children), key=lambda a: children[a][2] / max(children[a][1], 1))


def highest_prior(children):
    return max(sorted(children), key=lambda a: children[a][0])


def lowest_of_equals(children):
    return max(sorted(children), key=lambda a: children[a][1])


def to_the_end(margins, k, to_move, points):
    return value_cases.stopped_value(margins, len(margins), to_move, points)


def side_to_move_at_the_stop(margins, k, to_move, points):
    stop = min(k, len(margins) - 1)
    return (-1) ** stop * value_cases.stopped_value(margins, k, to_move, points)


def blacks_share(margins, k, to_move, points):
    return value_cases.stopped_value(margins, k, BLACK, points)


def in_points(margins, k, to_move, points):
    return points * value_cases.stopped_value(margins, k, to_move, points)


def past_the_end(margins, k, to_move, points):
    return (margins[k] if to_move == BLACK else -margins[k]) / points


def weights_exchanged(value, margin, to_move, mix):
    return value_cases.mixed(value, margin, to_move, 1 - mix)


def z_for_black(value, margin, to_move, mix):
    return value_cases.mixed(value, margin, BLACK, mix)


def a_draw_is_lost(value, margin, to_move, mix):
    won = (margin > 0) == (to_move == BLACK) and margin != 0
    return (1 - mix) * value + mix * (1 if won else -1)


def margin_for_z(value, margin, to_move, mix):
    return (1 - mix) * value + mix * (margin if to_move == BLACK else -margin)


WRONG = {
    "03-minimax": [
        (best_for_both, "the numbers below are the opponent's"),
        (opponents_view, "the opponent's view"),
        (roots_view, "the numbers below are the opponent's"),
        (worst_move, "It is the best of the moves"),
    ],
    "03-regret": [
        (blacks_regret, "White wants them low"),
        (negative_regret, "never below 0"),
        (best_less_worst, "not with the worst"),
        (value_of_the_move, "not what a better one would have added"),
    ],
    "03-priors": [
        (softmax_of_all, "divide by the sum over the legal moves only"),
        (illegal_moves_too, "which is illegal here"),
        (even_priors, "Yours are all alike"),
        (without_the_pass, "The pass is legal and has no prior"),
        (logits_as_weights, "A prior is exp(logit)"),
    ],
    "03-puct": [
        (root_of_n_alone, "With no visits at all √(1 + N) is 1"),
        (unvisited_are_zero, "counts as first play"),
        (sums_for_means, "Q = W / n"),
        (no_prior, "the priors decide"),
        (greedy, "scores"),
        (last_of_equals, "Of equals take the lowest"),
    ],
    "03-backup": [
        (no_sign, "The sign is wrong"),
        (sign_turned_at_the_leaf, "The sign is wrong"),
        (leaf_only, "Every node on the path"),
        (no_visits, "gets a visit"),
        (leaf_first, "above the leaf should have"),
    ],
    "03-mean": [
        (childrens_view, "its Q comes with a minus"),
        (own_value_left_out, "own evaluation is a visit too"),
        (children_weigh_alike, "weighs more"),
        (sum_of_all, "That is the sum"),
    ],
    "03-walk": [
        (first_step_only, "that has children: go on"),
        (walk_without_the_minus, "its parent sees the negative"),
        (walk_by_visits, "At ply"),
    ],
    "03-choice": [
        (highest_mean, "the visits are the vote"),
        (highest_prior, "the prior was only an opinion"),
        (lowest_of_equals, "the higher prior decides"),
    ],
    "03-stop": [
        (to_the_end, "You wait for the end"),
        (side_to_move_at_the_stop, "however many moves are played"),
        (blacks_share, "the value is for the side"),
        (in_points, "Divide by the number of points"),
        (past_the_end, "IndexError"),
    ],
    "03-mix": [
        (weights_exchanged, "λ is the rollout's weight"),
        (z_for_black, "z is from the view of the side to move"),
        (a_draw_is_lost, "A margin of 0 is a draw"),
        (margin_for_z, "not the margin"),
    ],
}

TestChapter03 = contract("03_tree_search", WRONG)


@pytest.mark.parametrize("name", WRONG)
def test_the_example_in_the_stub_is_right(name):
    solution = answers(ROOT / "exercises" / "source" / "03_tree_search.py", solved=True)[name]
    example = doctest.DocTestParser().get_doctest(
        solution.__doc__, solution.__globals__, name, None, None
    )
    assert example.examples
    assert doctest.DocTestRunner().run(example).failed == 0


def as_node(tree: dict) -> plain.Node:
    node = plain.Node(prior=tree["P"])
    node.visits, node.value_sum = tree["N"], tree["W"]
    node.children = {action: as_node(child) for action, child in tree["children"].items()}
    return node


def test_the_walk_and_the_scores_are_those_of_the_chapter_s_search():
    for seed in range(20):
        tree = tree_cases.random_tree(np.random.default_rng(seed), 15, 1.3, 4)
        node, moves = as_node(tree), []
        while node.children:
            moves.append(plain.puct(node, 1.3))
            node = node.children[moves[-1]]
        assert moves == tree_cases.walk(tree, 1.3)


def test_the_back_up_is_that_of_the_chapter_s_search():
    path = [(9, 1.5), (4, -2.0), (1, 0.5)]
    nodes = []
    for visits, total in path:
        nodes.append(plain.Node())
        nodes[-1].visits, nodes[-1].value_sum = visits, total
    plain.back_up(nodes, 0.75)
    assert [(n.visits, n.value_sum) for n in nodes] == tree_cases.backed_up(path, 0.75)


def test_a_wrong_answer_is_shown_on_the_tree_with_the_right_line_marked():
    result = judge(find_exercise("03-puct"), greedy)
    assert tree_text.RIGHT in str(result)
    assert tree_text.YOURS in str(result)
    assert "<strong>" in result._repr_html_()
    assert tree_text.RIGHT in str(judge(find_exercise("03-backup"), no_sign))
