"""Chapter 5's exercises, each tested four ways."""

from __future__ import annotations

import doctest
import math

import numpy as np
import pytest

from gokit.lessons.checking import CORRECT, judge
from gokit.lessons.checks import loss_cases, plane_cases, report_cases, target_cases
from gokit.lessons.checks import slow_rules as go
from gokit.lessons.checks.slow_rules import BLACK, WHITE, other
from gokit.lessons.exercise import find_exercise
from tests.lessons.exercise_contract import ROOT, answers, contract

SOURCE = ROOT / "exercises/source/05_policy_value_networks.py"


def black_first(board, to_move):
    return plane_cases.planes(board, BLACK)


def the_other_side_first(board, to_move):
    return plane_cases.planes(board, other(to_move))


def two_planes(board, to_move):
    return plane_cases.planes(board, to_move)[:2]


def planes_last(board, to_move):
    return np.moveaxis(np.array(plane_cases.planes(board, to_move)), 0, -1)


def empty_first(board, to_move):
    own, opponents, empty = plane_cases.planes(board, to_move)
    return [empty, own, opponents]


def all_stones_for_empty(board, to_move):
    return np.stack([board == to_move, board == other(to_move), board > 0])


def front_copied(target, size, padded):
    return [*target, *[0.0] * (padded * padded - size * size)]


def points_copied(target, size, padded):
    return [*target[:-1], *[0.0] * (padded * padded - size * size), target[-1]]


def pass_at_its_old_index(target, size, padded):
    wide = plane_cases.moved_over(target, size, padded)
    wide[-1] = 0.0
    wide[size * size] = target[-1]
    return wide


def pass_as_a_point(target, size, padded):
    wide = [0.0] * (padded * padded + 1)
    for a, share in enumerate(target):
        row, column = divmod(a, size)
        wide[row * padded + column] += share
    return wide


def pass_forgotten(target, size, padded):
    return plane_cases.moved_over(target, size, padded)[:-1]


def columns_first(target, size, padded):
    wide = np.zeros((padded, padded))
    wide[:size, :size] = np.reshape(target[:-1], (size, size)).T
    return [*wide.reshape(-1).tolist(), target[-1]]


def colour_from_parity(margin, komi, resigned, to_move):
    sides = [BLACK if i % 2 == 0 else WHITE for i in range(len(to_move))]
    return target_cases.value_targets(margin, komi, resigned, sides)


def draws_are_lost(margin, komi, resigned, to_move):
    right = target_cases.value_targets(margin, komi, resigned, to_move)
    return [target or -1.0 for target in right]


def komi_forgotten(margin, komi, resigned, to_move):
    return target_cases.value_targets(margin, 0, resigned, to_move)


def blacks_view(margin, komi, resigned, to_move):
    return target_cases.value_targets(margin, komi, resigned, [BLACK] * len(to_move))


def resignation_ignored(margin, komi, resigned, to_move):
    return target_cases.value_targets(margin, komi, None, to_move)


def a_loss_is_zero(margin, komi, resigned, to_move):
    right = target_cases.value_targets(margin, komi, resigned, to_move)
    return [float(target > 0) for target in right]


def one_target_a_game(margin, komi, resigned, to_move):
    return target_cases.value_targets(margin, komi, resigned, to_move)[:1]


def _liberty_planes(board, to_move, count):
    rows, found = board.tolist(), np.zeros((6, *board.shape))
    for group in go.all_groups(rows):
        for stone in group:
            number = count(rows, group, stone)
            first = 0 if go.at(rows, stone) == to_move else 3
            if number <= 3:
                found[(first + number - 1, *stone)] = 1
    return found


def exactly_three(board, to_move):
    return _liberty_planes(board, to_move, lambda b, group, stone: len(go.liberties(b, group)))


def stone_by_stone(board, to_move):
    return _liberty_planes(
        board, to_move, lambda b, group, stone: min(max(len(go.liberties(b, [stone])), 1), 3)
    )


def shared_liberties_twice(board, to_move):
    return _liberty_planes(
        board,
        to_move,
        lambda b, group, stone: min(sum(len(go.liberties(b, [s])) for s in group), 3),
    )


def theirs_first(board, to_move):
    return plane_cases.liberty_planes(board, other(to_move))


def own_chains_only(board, to_move):
    return plane_cases.liberty_planes(board, to_move)[:3]


def empty_points_marked(board, to_move):
    found = np.array(plane_cases.liberty_planes(board, to_move))
    found[2] += board == 0
    return found


def planes_alone(planes, policy, k):
    return plane_cases.turned(planes, policy, k)[0], policy


def policy_alone(planes, policy, k):
    return planes, plane_cases.turned(planes, policy, k)[1]


def pass_lost(planes, policy, k):
    turned, target = plane_cases.turned(planes, policy, k)
    return turned, [*target[:-1], 0.0]


def clockwise(planes, policy, k):
    return plane_cases.turned(planes, policy, (4 if k >= 4 else 0) + -k % 4)


def policy_turned_back(planes, policy, k):
    turned, _ = plane_cases.turned(planes, policy, k)
    return turned, plane_cases.turned(planes, policy, (4 if k >= 4 else 0) + -k % 4)[1]


def first_axes(planes, policy, k):
    return np.rot90(planes, k % 4), policy


def visits_as_they_are(visits, temperature):
    return target_cases.sharpened(visits, 1.0)


def power_of_the_temperature(visits, temperature):
    return target_cases.sharpened(visits, 1 / temperature)


def in_nats(visits, temperature):
    target, bits = target_cases.sharpened(visits, temperature)
    return target, bits * math.log(2)


def negative_entropy(visits, temperature):
    target, bits = target_cases.sharpened(visits, temperature)
    return target, -bits


def zero_times_log_zero(visits, temperature):
    target, _ = target_cases.sharpened(visits, temperature)
    with np.errstate(all="ignore"):
        p = np.array(target)
        return target, float(-(p * np.log2(p)).sum())


def undivided(visits, temperature):
    most = max(visits)
    return [(n / most) ** (1 / temperature) for n in visits], 0.0


def overflowing(visits, temperature):
    weights = [n ** (1 / temperature) for n in visits]
    target = [weight / sum(weights) for weight in weights]
    return target, target_cases.entropy(target)


def _quiet(function):
    def answer(*args):
        with np.errstate(all="ignore"):
            return function(*args)

    answer.__name__ = function.__name__
    return answer


@_quiet
def naive(logits, legal):
    p = np.where(legal, np.exp(logits), 0)
    return np.log(p / p.sum())


@_quiet
def log_of_a_stable_softmax(logits, legal):
    p = np.where(legal, np.exp(logits - logits[legal].max()), 0)
    return np.log(p / p.sum())


@_quiet
def over_all_moves(logits, legal):
    every = np.array(loss_cases.log_policy(logits, [True] * len(logits)))
    return np.where(legal, every, -np.inf)


@_quiet
def illegal_ones_too(logits, legal):
    return loss_cases.log_policy(logits, [True] * len(logits))


@_quiet
def probabilities(logits, legal):
    return np.exp(loss_cases.log_policy(logits, legal))


@_quiet
def zero_for_the_illegal(logits, legal):
    return np.where(legal, loss_cases.log_policy(logits, legal), 0.0)


@_quiet
def log_sum_forgotten(logits, legal):
    return np.where(legal, logits - logits[legal].max(), -np.inf)


@_quiet
def highest_not_taken_off(logits, legal):
    return np.where(legal, logits - np.log(np.exp(logits[legal]).sum()), -np.inf)


def _losses(log_p, target):
    return np.array([loss_cases.row_loss(x, t) for x, t in zip(log_p, target, strict=True)])


@_quiet
def nan_trap(log_p, target, weight):
    return float(-(target * log_p).sum(1) @ weight / max(weight.sum(), 1e-9))


@_quiet
def weight_times_infinity(log_p, target, weight):
    losses = -np.where(target > 0, target * log_p, 0).sum(1)
    return float((losses * weight).sum() / max(weight.sum(), 1e-9))


def mean_over_all_rows(log_p, target, weight):
    losses = np.where(weight > 0, _losses(log_p, target), 0)
    return float((losses * weight).mean())


def weights_ignored(log_p, target, weight):
    return float(_losses(log_p, target).mean())


def summed(log_p, target, weight):
    return loss_cases.policy_loss(log_p, target, weight) * float(weight.sum())


def first_choice_only(log_p, target, weight):
    hard = np.zeros_like(target)
    hard[range(len(target)), target.argmax(1)] = 1
    return loss_cases.policy_loss(log_p, hard, weight)


def negative_loss(log_p, target, weight):
    return -loss_cases.policy_loss(log_p, target, weight)


def nothing_counts_as_one(log_p, target, weight):
    return loss_cases.policy_loss(log_p, target, weight) if weight.any() else 1.0


def no_mask(x, mask):
    return x.mean((2, 3)), x.max((2, 3))


def mean_over_the_padding(x, mask):
    return (x * mask[:, None]).mean((2, 3)), loss_cases.pooled(x, mask)[1]


def zeros_in_the_maximum(x, mask):
    return loss_cases.pooled(x, mask)[0], (x * mask[:, None]).max((2, 3))


def maximum_without_mask(x, mask):
    return loss_cases.pooled(x, mask)[0], x.max((2, 3))


def one_sum_of_the_mask(x, mask):
    mean = (x * mask[:, None]).sum((2, 3)) / mask.sum()
    return mean, loss_cases.pooled(x, mask)[1]


def sums(x, mask):
    return (x * mask[:, None]).sum((2, 3)), loss_cases.pooled(x, mask)[1]


def one_array(x, mask):
    return np.concatenate(loss_cases.pooled(x, mask), axis=1)


def _counted(**changes):
    def count(planes, blocks, channels, hidden):
        right = loss_cases.parameters(planes, blocks, channels, hidden)
        names = {"p": planes, "b": blocks, "c": channels, "h": hidden}
        return right + eval(changes["plus"], {}, names)

    count.__name__ = changes["name"]
    return count


no_pass = _counted(name="no_pass", plus="-(c + 1)")
no_norms = _counted(name="no_norms", plus="-(2 * b + 1) * 2 * c")
scales_only = _counted(name="scales_only", plus="-(2 * b + 1) * c")
no_last_norm = _counted(name="no_last_norm", plus="-2 * c")
no_head_biases = _counted(name="no_head_biases", plus="-(3 + h)")
biased_convolutions = _counted(name="biased_convolutions", plus="(2 * b + 1) * c")
running_statistics = _counted(name="running_statistics", plus="(2 * b + 1) * 2 * c")
one_convolution = _counted(name="one_convolution", plus="-b * 9 * c * c")
one_by_one = _counted(name="one_by_one", plus="-8 * (p * c + 2 * b * c * c)")
stem_of_channels = _counted(name="stem_of_channels", plus="9 * c * (c - p)")


def uphill(weights, x, target, rate):
    return loss_cases.stepped(weights, x, target, -rate)


def sum_of_slopes(weights, x, target, rate):
    return loss_cases.stepped(weights, x, target, rate * len(x))


def no_softmax(weights, x, target, rate):
    return weights - rate * (x @ weights.T - target).T @ x / len(x)


def gradient_alone(weights, x, target, rate):
    return weights - loss_cases.stepped(weights, x, target, 1.0)


def rate_forgotten(weights, x, target, rate):
    return loss_cases.stepped(weights, x, target, 1.0)


def transposed(weights, x, target, rate):
    return loss_cases.stepped(weights, x, target, rate).T


def first_position_only(weights, x, target, rate):
    return loss_cases.stepped(weights, x[:1], target[:1], rate)


def one_by_one_game(games, size, wanted):
    return list(range(wanted))


def copies_only(games, size, wanted):
    held = []
    for i, game in enumerate(games):
        if len(held) < wanted and i not in held:
            held += [j for j, twin in enumerate(games) if twin == game]
    return sorted(held)


def by_the_opening(games, size, wanted):
    shorter = [game[:-1] for game in games]
    return target_cases.held_out(shorter, size, wanted)


def one_family(games, size, wanted):
    return target_cases.held_out(games, size, 1)


def one_family_too_many(games, size, wanted):
    return target_cases.held_out(games, size, wanted + 1)


def values_for_black(rows, komi, usual, parts):
    mine = [(p, BLACK, v, s, w) for p, _, v, s, w in rows]
    return _column(1, report_cases.report(mine, komi, usual, parts), rows, komi, usual, parts)


def _column(column, wrong, *args):
    right = [list(row) for row in report_cases.report(*args)]
    for row, replaced in zip(right, wrong, strict=True):
        row[column] = replaced[column]
    return [tuple(row) for row in right]


def stones_without_komi(rows, komi, usual, parts):
    return _column(3, report_cases.report(rows, 0, usual, parts), rows, komi, usual, parts)


def own_majority(rows, komi, usual, parts):
    found = []
    for part, value, share, stones in report_cases.report(rows, komi, usual, parts):
        found.append((part, value, max(share, 1 - share), stones))
    return found


def draws_counted(rows, komi, usual, parts):
    found = []
    for part, *rates in report_cases.report(rows, komi, usual, parts):
        here = [row for row in rows if report_cases.part_of(row[0], parts) == part]
        decided = sum(row[4] != 0 for row in here)
        found.append((part, *(rate * decided / len(here) for rate in rates)))
    return found


def zero_is_white(rows, komi, usual, parts):
    def right(lead, winner):
        return float((lead > 0) == (winner == BLACK))

    found = []
    for part, _, share, _ in report_cases.report(rows, komi, usual, parts):
        here = [r for r in rows if r[4] and report_cases.part_of(r[0], parts) == part]
        value = np.mean([right(v if s == BLACK else -v, w) for _, s, v, _, w in here])
        stones = np.mean([right(n - komi, w) for *_, n, w in here])
        found.append((part, float(value), share, float(stones)))
    return found


def a_part_after_the_last(rows, komi, usual, parts):
    found = []
    for part, *rates in report_cases.report(rows, komi, usual, parts):
        last = all(row[0] == 1 for row in rows if report_cases.part_of(row[0], parts) == part)
        found.append((part + last, *rates))
    return found


def _calibration(pairs, bins, part=report_cases.part_of):
    rows = []
    for index in range(bins + 1):
        here = [pair for pair in pairs if part(pair[0], bins) == index]
        if here:
            rows.append((index, len(here), *np.mean(here, axis=0).tolist()))
    return rows, report_cases.expected_error(rows)


def values_as_probabilities(values, results, bins):
    pairs = [(max(v, 0), (r + 1) / 2) for v, r in zip(values, results, strict=True)]
    return _calibration(pairs, bins)


def certain_beyond_the_last(values, results, bins):
    pairs = [((v + 1) / 2, (r + 1) / 2) for v, r in zip(values, results, strict=True)]
    return _calibration(pairs, bins, lambda p, bins: int(p * bins))


def certain_dropped(values, results, bins):
    rows, error = certain_beyond_the_last(values, results, bins)
    return [row for row in rows if row[0] < bins], error


def draws_as_losses(values, results, bins):
    pairs = [((v + 1) / 2, float(r > 0)) for v, r in zip(values, results, strict=True)]
    return _calibration(pairs, bins)


def bins_alike(values, results, bins):
    rows, _ = report_cases.calibrated(values, results, bins)
    return rows, sum(abs(p - won) for _, _, p, won in rows) / len(rows)


def gaps_cancel(values, results, bins):
    rows, _ = report_cases.calibrated(values, results, bins)
    return rows, sum(n * (p - won) for _, n, p, won in rows) / len(values)


def largest_gap(values, results, bins):
    rows, _ = report_cases.calibrated(values, results, bins)
    return rows, max(abs(p - won) for _, _, p, won in rows)


def empty_bins_listed(values, results, bins):
    rows, error = report_cases.calibrated(values, results, bins)
    by_bin = {row[0]: row for row in rows}
    return [by_bin.get(index, (index, 0, 0.0, 0.0)) for index in range(bins)], error


WRONG = {
    "05-planes": [
        (black_first, "Your first plane holds Black's stones, and White is to move"),
        (the_other_side_first, "Your first plane holds White's stones, and Black is to move"),
        (two_planes, "(3, 4, 4). Yours has the shape (2, 4, 4)"),
        (planes_last, "The planes come first"),
        (empty_first, "is for own stones; yours holds empty points"),
        (all_stones_for_empty, "is for empty points; yours holds own stones"),
    ],
    "05-move-index": [
        (front_copied, "keeps its row and column, not its index"),
        (pass_at_its_old_index, "Index 9 is the pass of a 3×3 board only: here it is the point E4"),
        (points_copied, "keeps its row and column, not its index"),
        (pass_as_a_point, "You have made a point of it, A2"),
        (pass_forgotten, "has 10 actions"),
        (columns_first, "exchanged rows and columns"),
    ],
    "05-value-target": [
        (colour_from_parity, "fails with handicap stones"),
        (draws_are_lost, "A draw is neither won nor lost"),
        (komi_forgotten, "more than the komi"),
        (blacks_view, "That is Black's view"),
        (resignation_ignored, "Black resigned, so the area does not matter"),
        (a_loss_is_zero, "A loss is -1"),
        (one_target_a_game, "One target for each of the 4 positions"),
    ],
    "05-liberty-planes": [
        (exactly_three, "The last plane is for three *or more*"),
        (stone_by_stone, "Liberties belong to the whole chain"),
        (shared_liberties_twice, "counts once"),
        (theirs_first, "The first three planes are for the side to move"),
        (own_chains_only, "Six planes"),
        (empty_points_marked, "is empty: it has 0"),
    ],
    "05-turn": [
        (planes_alone, "You turned the planes and left the policy"),
        (policy_alone, "You turned the policy and left the planes"),
        (pass_lost, "The pass is no point"),
        (clockwise, "that is symmetry 3; asked for is 1"),
        (policy_turned_back, "It looks like symmetry 3"),
        (first_axes, "The planes keep the shape"),
    ],
    "05-sharpen": [
        (visits_as_they_are, "Those are the visits as they are"),
        (power_of_the_temperature, "You raise to the power τ"),
        (in_nats, "bits use the logarithm to base 2"),
        (negative_entropy, "the sum comes with a minus"),
        (zero_times_log_zero, "a computer makes it nan"),
        (undivided, "divide by the sum"),
        (overflowing, "OverflowError"),
    ],
    "05-legal-softmax": [
        (naive, "exp(1000) is infinite to a computer"),
        (log_of_a_stable_softmax, "Never take the log of a softmax"),
        (over_all_moves, "Sum over the legal moves only"),
        (illegal_ones_too, "is not legal: probability 0"),
        (probabilities, "That is the probability itself"),
        (zero_for_the_illegal, "is not legal: probability 0"),
        (log_sum_forgotten, "the logarithm of the sum is missing"),
        (highest_not_taken_off, "take the highest legal logit off"),
    ],
    "05-policy-loss": [
        (nan_trap, "0 · -inf is nan"),
        (weight_times_infinity, "0 · -inf is nan"),
        (mean_over_all_rows, "not by the number of positions"),
        (weights_ignored, "Each position counts with its own weight"),
        (summed, "divide by the sum of the weights"),
        (first_choice_only, "every share counts"),
        (negative_loss, "a loss is not"),
        (nothing_counts_as_one, "the loss is 0"),
    ],
    "05-global-pool": [
        (no_mask, "this board has 4, not 9"),
        (mean_over_the_padding, "this board has 4, not 9"),
        (zeros_in_the_maximum, "0 wins over negative numbers"),
        (maximum_without_mask, "0 wins over negative numbers"),
        (one_sum_of_the_mask, "Each board has its own number of points"),
        (sums, "That is the sum"),
        (one_array, "Two arrays come back"),
    ],
    "05-parameters": [
        (no_pass, "The pass has a layer of its own"),
        (no_norms, "a scale and a shift for every channel"),
        (scales_only, "two numbers a channel"),
        (no_last_norm, "one more normalisation"),
        (no_head_biases, "The heads' layers have biases"),
        (biased_convolutions, "The convolutions have no bias here"),
        (running_statistics, "measured, not learnt"),
        (one_convolution, "A block has two convolutions"),
        (one_by_one, "has 9 weights"),
        (stem_of_channels, "reads the input planes"),
    ],
    "05-split": [
        (one_by_one_game, "is a copy of game 0"),
        (copies_only, "is an image of game"),
        (by_the_opening, "it is another game"),
        (one_family, "go on with the next family"),
        (one_family_too_many, "need not be held out"),
    ],
    "05-baselines": [
        (values_for_black, "with White to move a positive one says White"),
        (stones_without_komi, "White's komi counts as stones too"),
        (own_majority, "The majority is known before"),
        (draws_counted, "Draws have no winner"),
        (zero_is_white, "names no winner: it counts ½"),
        (a_part_after_the_last, "Phase 1 belongs to the last part, 3"),
    ],
    "05-calibration": [
        (values_as_probabilities, "means p(win) = (v + 1) / 2"),
        (certain_beyond_the_last, "there is no bin 4"),
        (certain_dropped, "fewer positions than there are"),
        (draws_as_losses, "½ for a draw"),
        (bins_alike, "A bin counts with its number of positions"),
        (gaps_cancel, "Gaps of both signs cancel"),
        (largest_gap, "That is the largest gap"),
        (empty_bins_listed, "Leave empty bins out"),
    ],
    "05-train-step": [
        (uphill, "You step uphill"),
        (sum_of_slopes, "divide by the 2 positions"),
        (no_softmax, "The logits are no probabilities yet"),
        (gradient_alone, "take a step of `rate` against it"),
        (rate_forgotten, "The rate is missing"),
        (transposed, "keep the shape (2, 1)"),
        (first_position_only, "found by trying"),
    ],
}

TestChapter05 = contract("05_policy_value_networks", WRONG)


@pytest.mark.parametrize("name", WRONG)
def test_the_examples_in_the_stubs_hold(name):
    answer = answers(SOURCE, solved=True)[name]
    space = dict(answer.__globals__)
    examples = doctest.DocTestParser().get_doctest(answer.__doc__, space, name, None, 0)
    assert examples.examples, f"{name} has no example"
    assert doctest.DocTestRunner().run(examples).failed == 0


def test_answers_of_another_shape_are_told_in_words():
    for name, value, words in (
        ("05-planes", [[[1, 0]], [[0]]], "no regular shape"),
        ("05-value-target", [[1.0]], "One target for each"),
        ("05-split", [0, 0], "different game numbers"),
        ("05-split", {0}, "a set"),
        ("05-baselines", [(0, 1.0)], "One tuple of four"),
        ("05-calibration", [], "Two things come back"),
        ("05-sharpen", [1.0, 0.0], "Two things come back"),
        ("05-turn", [[1.0]], "Two things come back"),
        ("05-legal-softmax", 3.0, "a list or tuple is asked for"),
    ):
        assert words in str(judge(find_exercise(name), lambda *args, value=value: value))


def test_lists_are_as_good_as_arrays():
    for name in ("05-planes", "05-liberty-planes", "05-train-step"):
        exercise = find_exercise(name)

        def as_lists(*args, exercise=exercise):
            return np.array(exercise.reference(*args), int if "planes" in exercise.id else float)

        assert judge(exercise, as_lists).outcome == CORRECT


def test_the_references_agree_with_gokit_on_planes_and_symmetries():
    from gokit import Position
    from gokit.go import symmetry
    from gokit.go.games import Games
    from gokit.nn.features import FEATURE_SETS, write_planes

    rng = np.random.default_rng(3)
    names = FEATURE_SETS["full"]
    for board, color in plane_cases.some_boards(rng):
        position = Position.from_array(board, to_move=color)
        written = np.zeros((1, len(names), *board.shape), np.int8)
        write_planes(Games.from_positions([position]), np.array([0]), "full", written)
        assert (written[0, :2] == plane_cases.planes(board, color)[:2]).all()
        chains = ["chains" in name for name in names]
        assert (written[0, chains] == plane_cases.liberty_planes(board, color)).all()
        policy = rng.random(board.size + 1)
        for k in range(8):
            planes, target = plane_cases.turned(written[0], policy, k)
            assert (symmetry.transform_plane(written[0], k) == planes).all()
            assert np.array(target)[symmetry.permutation(k, len(board))].tolist() == policy.tolist()


def test_the_references_agree_with_gokit_on_losses_and_pooling():
    import torch

    from gokit.nn.config import Outputs
    from gokit.nn.pooling import pool_full
    from gokit.nn.training import Batch, LossWeights, compute_losses, one_hot_policy

    rng = np.random.default_rng(4)
    for case in list(loss_cases.loss_cases(rng))[6:]:
        log_p, target, weight = case.args
        rows = len(weight)
        value = torch.zeros(rows)
        tensors = [torch.tensor(array) for array in (target, weight)]
        batch = Batch(torch.zeros(rows, 1, 2, 2), tensors[0], value, None, tensors[1], value)
        losses = compute_losses(Outputs(torch.tensor(log_p), value), batch, LossWeights())
        assert loss_cases.policy_loss(log_p, target, weight) == pytest.approx(float(losses.policy))
    for case in loss_cases.pool_cases(rng):
        x, mask = (torch.tensor(array) for array in case.args)
        pooled = pool_full(x, mask[:, None]).numpy()
        pooled = np.split(pooled, 3, axis=1)
        assert plane_cases.alike(loss_cases.pooled(*case.args)[0], pooled[0])
        assert plane_cases.alike(loss_cases.pooled(*case.args)[1], pooled[2])
    wide = one_hot_policy(torch.tensor([5, 9]), 5, torch.tensor([3, 3]))
    for action, row in zip((5, 9), wide.tolist(), strict=True):
        certain = [float(a == action) for a in range(10)]
        assert plane_cases.moved_over(certain, 3, 5) == row


@pytest.mark.parametrize("shape", [(3, 10, 128, 64), (3, 0, 2, 1), (5, 2, 8, 16), (1, 4, 16, 8)])
def test_the_formula_counts_what_the_network_has(shape):
    import torch

    from gokit.nn.config import NetworkConfig
    from gokit.nn.networks import Network

    planes, blocks, channels, hidden = shape
    config = NetworkConfig(
        planes=planes,
        blocks=blocks,
        channels=channels,
        value_hidden=hidden,
        head_pooling="mean",
        ownership=False,
    )
    with torch.device("meta"):
        counted = Network(config).parameter_count()
    assert loss_cases.parameters(*shape) == counted
    if shape == (3, 10, 128, 64):
        assert config == NetworkConfig.lecture()


def test_the_references_agree_with_gokit_s_metrics():
    from gokit.nn.metrics import calibration, sign_accuracy, stone_count_baseline

    rng = np.random.default_rng(5)
    for case in report_cases.calibration_cases(rng):
        values, results, bins = (np.array(arg) for arg in case.args)
        rows, _ = report_cases.calibrated(*case.args)
        theirs = calibration((values + 1) / 2, (results + 1) / 2, int(bins))
        mine = [(n, p, won) for _, n, p, won in rows]
        assert np.allclose(mine, [(row["n"], row["predicted"], row["observed"]) for row in theirs])
    for case in report_cases.baseline_cases(rng):
        rows, komi, usual, _ = case.args
        found = report_cases.report(rows, komi, usual, 1)
        side, value, lead, winner = (
            np.array(column) for column in list(zip(*rows, strict=True))[1:]
        )
        result = np.where(winner == 0, 0, np.where(winner == side, 1, -1))
        sign = np.where(side == BLACK, 1, -1)
        assert found[0][1] == pytest.approx(sign_accuracy(value, result).rate)
        stones = stone_count_baseline(sign * lead, 0, result, -sign * komi)
        assert found[0][3] == pytest.approx(stones.rate)


def test_games_are_related_where_the_corpus_says_so():
    from gokit.corpus.holdout import game_key
    from gokit.go.records import GameRecord

    def key(game):
        sides = [BLACK, WHITE] * len(game)
        return game_key(GameRecord(size=3, moves=list(zip(sides, game, strict=False))))

    games = [[0, 4], [1, 4], [8, 4], [2, 4, 9, 1], [5, 4], [6, 4, 9, 3], [0, 4, 9, 1]]
    for a in games:
        for b in games:
            assert target_cases.related(a, b, 3) == (key(a) == key(b))


def test_the_lecture_s_sharpening_leaves_a_third_of_a_bit():
    visits = [600, 250, 100, 50, 24]
    assert target_cases.sharpened(visits, 1.0)[1] == pytest.approx(1.62, abs=0.005)
    assert target_cases.sharpened(visits, 0.3)[1] == pytest.approx(0.32, abs=0.005)


def test_a_wrong_turn_is_drawn_on_the_turned_board():
    result = judge(find_exercise("05-turn"), planes_alone)
    assert go.at(np.asarray(result.board).tolist(), (2, 0)) == BLACK
    assert "cross" in result.marks.values()
    assert "100" in result.marks.values()
