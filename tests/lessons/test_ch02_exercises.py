"""Chapter 2's exercises, each tested four ways."""

from __future__ import annotations

import doctest
import math

import numpy as np
import pytest

from gokit.lessons.checking import judge
from gokit.lessons.checks import arm_table, bandit_cases, prior_cases
from gokit.lessons.exercise import find_exercise
from gokit.search import bandits
from tests.lessons.exercise_contract import ROOT, answers, contract


def half_way(q, n, reward):
    return (q + reward) / 2


def divided_by_n(q, n, reward):
    return q + (reward - q) / max(n, 1)


def sum_only(q, n, reward):
    return q + reward


def weighs_the_old_n_plus_one(q, n, reward):
    return (q * (n + 1) + reward) / (n + 2)


def single_gaps(means, pulled):
    return [max(means) - means[a] for a in pulled]


def best_of_those_pulled(means, pulled):
    return np.cumsum([max(means[a] for a in pulled) - means[b] for b in pulled]).tolist()


def last_regret_only(means, pulled):
    return bandit_cases.regret(means, pulled)[-1:]


def below_zero(means, pulled):
    return [-x for x in bandit_cases.regret(means, pulled)]


def explores_above_epsilon(q, visits, epsilon, u, v):
    return bandit_cases.epsilon_greedy(q, visits, epsilon, 1 - u, v)


def never_explores(q, visits, epsilon, u, v):
    return bandit_cases.epsilon_greedy(q, visits, epsilon, 1.0, v)


def unpulled_arms_are_worth_zero(q, visits, epsilon, u, v):
    return bandit_cases.epsilon_greedy(q, [1] * len(q), epsilon, u, v)


def last_of_equals(q, visits, epsilon, u, v):
    if u < epsilon:
        return int(v * len(q))
    scores = [m if n else math.inf for m, n in zip(q, visits, strict=True)]
    return max(range(len(q)), key=lambda a: (scores[a], a))


def explores_other_arms_only(q, visits, epsilon, u, v):
    right = bandit_cases.epsilon_greedy(q, visits, epsilon, 1.0, v)
    others = [a for a in range(len(q)) if a != right]
    return others[int(v * len(others))] if u < epsilon else right


def ucb1_with(bonus, unknown=math.inf):
    def scores(q, visits, c):
        total = sum(visits)
        return [m + bonus(c, total, n) if n else unknown for m, n in zip(q, visits, strict=True)]

    return scores


def named(name, function):
    function.__name__ = name
    return function


ten = named("log10", ucb1_with(lambda c, t, n: c * math.sqrt(math.log10(t) / n)))
own_n = named("own_n", ucb1_with(lambda c, t, n: c * math.sqrt(math.log(n) / n)))
no_c = named("no_c", ucb1_with(lambda c, t, n: math.sqrt(math.log(t) / n)))
no_root = named("no_root", ucb1_with(lambda c, t, n: c * math.log(t) / n))
one_more = named("one_more", ucb1_with(lambda c, t, n: c * math.sqrt(math.log(t + 1) / n)))
zero_unknown = named("zero_unknown", ucb1_with(lambda c, t, n: c * math.sqrt(math.log(t) / n), 0.0))


def divides_by_zero(q, visits, c):
    total = sum(visits)
    return [m + c * math.sqrt(math.log(total) / n) for m, n in zip(q, visits, strict=True)]


def best_mean(wins, losses, rng):
    return bandit_cases.best([(1 + w) / (2 + w + l) for w, l in zip(wins, losses, strict=True)])


def swapped(wins, losses, rng):
    return bandit_cases.thompson(losses, wins, rng)


def without_the_one(wins, losses, rng):
    return bandit_cases.thompson([w - 1 for w in wins], [l - 1 for l in losses], rng)


def flat_belief(wins, losses, rng):
    return bandit_cases.thompson([0 for _ in wins], [0 for _ in losses], rng)


def rounded_down(gap, total, c):
    return max(1, math.floor(c * c * math.log(total) / gap**2))


def gap_not_squared(gap, total, c):
    return max(1, math.ceil(c * c * math.log(total) / gap))


def c_not_squared(gap, total, c):
    return max(1, math.ceil(c * math.log(total) / gap**2))


def not_rounded(gap, total, c):
    return c * c * math.log(total) / gap**2 + 0.5


def zero_pulls_too(gap, total, c):
    return math.ceil(c * c * math.log(total) / gap**2) - 1


def puct_with(root, by=lambda n: 1 + n, use_fpu=True, use_c=True, use_prior=True):
    def scores(q, prior, visits, c, fpu):
        under = math.sqrt(root(sum(visits)))
        return [
            (fpu if use_fpu and not n else q[a])
            + (c if use_c else 1) * (prior[a] if use_prior else 1) * under / by(n)
            for a, n in enumerate(visits)
        ]

    return scores


plain_root = named("plain_root", puct_with(lambda t: t))
first_pick_only = named("first_pick_only", puct_with(lambda t: max(t, 1)))
q_for_unpulled = named("q_for_unpulled", puct_with(lambda t: t + 1, use_fpu=False))
puct_no_c = named("puct_no_c", puct_with(lambda t: t + 1, use_c=False))
puct_no_prior = named("puct_no_prior", puct_with(lambda t: t + 1, use_prior=False))
over_two = named("over_two", puct_with(lambda t: t + 1, by=lambda n: 2 + n))


def mean_share(priors, arms):
    return sum(prior[arm] for prior, arm in zip(priors, arms, strict=True))


def highest_mean_share(advisers, best):
    shares = [mean_share(priors, best) for priors in advisers]
    return shares.index(max(shares))


def most_surprised(advisers, best):
    surprises = [prior_cases.mean_surprise(priors, best) for priors in advisers]
    return surprises.index(max(surprises))


def most_often_right(advisers, best):
    hits = [
        sum(prior[arm] == max(prior) for prior, arm in zip(priors, best, strict=True))
        for priors in advisers
    ]
    return hits.index(max(hits))


def leaves_zeros_out(advisers, best):
    def surprise(priors):
        shares = [p[arm] for p, arm in zip(priors, best, strict=True) if p[arm]]
        return -sum(map(math.log, shares)) / len(shares)

    surprises = [surprise(priors) for priors in advisers]
    return surprises.index(min(surprises))


def run_with(scores, pick=bandit_cases.best):
    def run(prior, rewards, pulls, c):
        visits, sums, pulled = [0] * len(prior), [0.0] * len(prior), []
        for _ in range(pulls):
            q = [s / n if n else 0.0 for s, n in zip(sums, visits, strict=True)]
            a = pick(scores(q, prior, visits, c, 0.0))
            sums[a] += rewards[a][visits[a]]
            visits[a] += 1
            pulled.append(a)
        return pulled

    return run


def last_best(scores):
    return len(scores) - 1 - scores[::-1].index(max(scores))


run_plain_root = named("run_plain_root", run_with(plain_root))
run_last = named("run_last", run_with(prior_cases.puct_scores, last_best))
run_greedy = named("run_greedy", run_with(lambda q, prior, visits, c, fpu: q))
run_over_two = named("run_over_two", run_with(over_two))


def run_visits(prior, rewards, pulls, c):
    pulled = prior_cases.puct_run(prior, rewards, pulls, c)
    return [pulled.count(a) for a in range(len(prior))]


WRONG = {
    "02-running-mean": [
        (half_way, "one of many"),
        (divided_by_n, "there are n + 1 rewards"),
        (sum_only, "That is a sum"),
        (weighs_the_old_n_plus_one, "The mean of"),
    ],
    "02-regret": [
        (single_gaps, "regret adds them up"),
        (best_of_those_pulled, "The best arm counts even if nobody pulled it"),
        (last_regret_only, "one number for each of the 3 pulls"),
        (below_zero, "never below 0"),
    ],
    "02-epsilon-greedy": [
        (explores_above_epsilon, "u is below epsilon"),
        (never_explores, "u is below epsilon, so any arm may come"),
        (unpulled_arms_are_worth_zero, "has never been pulled"),
        (last_of_equals, "the lowest number is asked for"),
        (explores_other_arms_only, "any arm may come"),
    ],
    "02-ucb1": [
        (ten, "natural one"),
        (own_n, "ln N of all pulls together"),
        (no_root, "The square root is missing"),
        (one_more, "without one more"),
        (no_c, "without c"),
        (zero_unknown, "infinity"),
        (divides_by_zero, "ZeroDivisionError"),
    ],
    "02-thompson": [
        (best_mean, "it is the draws that decide"),
        (swapped, "first number counts the wins"),
        (without_the_one, "ValueError"),
        (flat_belief, "Beta(1 + wins, 1 + losses)"),
    ],
    "02-doubt": [
        (rounded_down, "still above the gap"),
        (gap_not_squared, "still above the gap"),
        (c_not_squared, "still above the gap"),
        (not_rounded, "Pulls are whole"),
        (zero_pulls_too, "still above the gap"),
    ],
    "02-puct": [
        (plain_root, "Under the root stands N + 1"),
        (first_pick_only, "Under the root stands N + 1"),
        (q_for_unpulled, "fpu stands in for it"),
        (puct_no_c, "without c"),
        (puct_no_prior, "without the prior"),
        (over_two, "Its bonus is"),
    ],
    "02-trust": [
        (highest_mean_share, "forgives what the logarithm does not"),
        (most_surprised, "is the sign right"),
        (most_often_right, "was surprised least"),
        (leaves_zeros_out, "its surprise is infinite"),
    ],
    "02-run": [
        (run_plain_root, "goes to arm"),
        (run_last, "the lowest number is pulled"),
        (run_greedy, "goes to arm"),
        (run_over_two, "goes to arm"),
        (run_visits, "Asked is the arm of each"),
    ],
}

TestChapter02 = contract("02_bandits", WRONG)


@pytest.mark.parametrize("name", WRONG)
def test_the_example_in_the_stub_is_right(name):
    solution = answers(ROOT / "exercises" / "source" / "02_bandits.py", solved=True)[name]
    example = doctest.DocTestParser().get_doctest(
        solution.__doc__, solution.__globals__, name, None, None
    )
    assert example.examples
    assert doctest.DocTestRunner().run(example).failed == 0


def test_before_the_first_pull_the_letter_of_the_paper_is_explained():
    def letter(q, prior, visits, c, fpu):
        return (
            plain_root(q, prior, visits, c, fpu)
            if not any(visits)
            else right(q, prior, visits, c, fpu)
        )

    right = prior_cases.puct_scores
    assert "the prior is ignored" in str(judge(find_exercise("02-puct"), letter))


def test_a_failure_is_a_table_with_the_line_marked():
    result = judge(find_exercise("02-epsilon-greedy"), never_explores)
    text, page = str(result), result._repr_html_()
    assert arm_table.RIGHT in text
    assert arm_table.YOURS in text
    assert "<table" in page
    assert "linear-gradient" in page, "pulls are bars too"
    assert page.count('<th scope="col"') == 3


def test_a_table_aligns_and_escapes():
    table = arm_table.ArmTable({"arm": [0, 10], "<q>": [0.5, math.inf]}, {1: "◀ right"}, "a < b")
    assert str(table).splitlines() == [
        "a < b",
        "arm     <q>",
        "  0  0.5000",
        " 10       ∞  ◀ right",
    ]
    assert "<q>" not in table._repr_html_()
    assert "a &lt; b" in table._repr_html_()


@pytest.mark.parametrize("seed", range(3))
def test_the_references_agree_with_gokit(seed):
    rng = np.random.default_rng(seed)
    visits, q = rng.integers(0, 9, 6), rng.random(6)
    prior = rng.dirichlet(np.ones(6))
    mine = bandit_cases.ucb1_scores(q.tolist(), visits.tolist(), 1.3)
    assert np.allclose(mine, bandits.ucb1_scores(q, visits, 1.3))
    mine = prior_cases.puct_scores(q.tolist(), prior.tolist(), visits.tolist(), 1.3, -0.4)
    theirs = bandits.puct_scores(np.where(visits > 0, q, -0.4), prior, visits, 1.3)
    assert np.allclose(mine, theirs)
