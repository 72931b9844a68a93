"""Bandits against the obvious implementation, Auer's bound and what theory says of each rule."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gokit.go.errors import GoError
from gokit.go.playouts import random_below, random_states
from gokit.search import bandits as b

MEANS = np.array([0.5, 0.7, 0.3, 0.6])
PRIOR = np.array([0.3719, 0.1127, 0.2073, 0.3081])  # no ties for rounding to break
UNIFORM = np.full(10, 0.1)
CLOSE = b.Arms(np.array([0.9] + [0.8] * 9))
RULES = [
    b.Greedy(),
    b.EpsilonGreedy(0.2),
    b.DecayingEpsilonGreedy(2.0),
    b.UCB1(),
    b.UCB1(0.4),
    b.BetaThompson(),
    b.GaussianThompson(0.3, 0.8, 0.5),
    b.PUCT(0.8, 0.1, 0.4),
    b.PUCT(first_visit="sqrt_total"),
    b.PUCT(first_visit="sqrt_max_total_one"),
]


def slow_visits(rule: b.Rule, pulls: int, seed: int, run: int, sd: float) -> np.ndarray:
    """One run, written the obvious way, with the same random state."""
    states = random_states(np.random.default_rng(seed), run + 1)
    k, n, rewards = MEANS.size, np.zeros(MEANS.size, int), np.zeros(MEANS.size)
    order = list(range(k))
    for last in range(k - 1, 0, -1):
        other = random_below(states, run, last + 1)
        order[last], order[other] = order[other], order[last]
    for t in range(1, pulls + 1):
        q = np.where(n > 0, rewards / np.maximum(n, 1), np.inf)
        chance, scores = 0.0, q
        if isinstance(rule, b.EpsilonGreedy):
            chance = rule.epsilon
        elif isinstance(rule, b.DecayingEpsilonGreedy):
            chance = min(1, rule.scale * k / t)
        elif isinstance(rule, b.UCB1):
            scores = b.ucb1_scores(q, n, rule.c)
        elif isinstance(rule, b.PUCT):
            first = (rule.raw_value + rewards.sum()) / t - rule.fpu_reduction
            q = np.where(n > 0, q, first)
            scores = b.puct_scores(q, PRIOR, n, rule.c_puct, rule.first_visit)
        elif isinstance(rule, b.BetaThompson):
            scores = np.zeros(k)
            for a in order:
                shapes = np.array([rewards[a], n[a] - rewards[a]]) + 1 - 1 / 3
                x, y = (b.next_gamma(states, run, s, 1 / math.sqrt(9 * s)) for s in shapes)
                scores[a] = x / (x + y)
        elif isinstance(rule, b.GaussianThompson):
            precision = rule.sd**-2 + n * rule.noise_sd**-2
            scores = (rule.mean * rule.sd**-2 + rewards * rule.noise_sd**-2) / precision
            for a in order:
                scores[a] += b.next_normal(states, run) / math.sqrt(precision[a])
        if chance > 0 and b.next_uniform(states, run) < chance:
            arm = random_below(states, run, k)
        else:
            arm = max(order, key=lambda a: scores[a])
        if sd:
            rewards[arm] += MEANS[arm] + sd * b.next_normal(states, run)
        else:
            rewards[arm] += b.next_uniform(states, run) < MEANS[arm]
        n[arm] += 1
    return n


@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("sd", [0.0, 0.7])
def test_a_run_is_that_of_the_obvious_implementation(rule: b.Rule, sd: float) -> None:
    if sd and isinstance(rule, b.BetaThompson):
        pytest.skip("for bernoulli arms")
    arms = b.Arms(MEANS, "gaussian", sd) if sd else b.Arms(MEANS)
    prior = PRIOR if isinstance(rule, b.PUCT) else None
    for pulls in (1, 2, 5, 17, 150):
        found = b.play(rule, arms, pulls, 4, 3, prior)
        for run in range(4):
            expected = slow_visits(rule, pulls, 3, run, sd)
            assert found.visits[run].tolist() == expected.tolist()
        assert np.allclose(found.regret[:, -1], found.visits @ (0.7 - MEANS))


def test_ucb1_grows_with_the_logarithm_and_stays_under_auers_bound() -> None:
    means = np.array([0.2, 0.5, 0.8])
    found = b.play(b.UCB1(), b.Arms(means), 20_000, 200, 1)
    late = found.checkpoints > 300
    t, regret = found.checkpoints[late], found.mean[late]
    fit = np.polyval(np.polyfit(np.log(t), regret, 1), np.log(t))
    assert np.abs(fit - regret).max() < 0.05 * regret[-1]
    assert (found.high <= b.ucb1_regret_bound(means, found.checkpoints)).all()


@pytest.mark.parametrize("rule", [b.Greedy(), b.EpsilonGreedy(0.1)], ids=str)
def test_regret_without_lasting_exploration_or_without_its_end_is_linear(rule: b.Rule) -> None:
    short, long = (b.play(rule, CLOSE, pulls, 300, 2).mean[-1] for pulls in (10_000, 20_000))
    assert 1.6 < long / short < 2.4


def test_decaying_exploration_and_thompson_are_not_linear() -> None:
    for rule in (b.DecayingEpsilonGreedy(10.0), b.BetaThompson()):
        found = b.play(rule, CLOSE, 16_000, 200, 2, checkpoints=2)
        assert found.mean[-1] < 1.5 * b.play(rule, CLOSE, 8_000, 200, 2).mean[-1]


def test_thompson_pays_less_than_ucb1() -> None:
    thompson, ucb1 = (b.play(r, CLOSE, 5_000, 200, 4) for r in (b.BetaThompson(), b.UCB1()))
    assert thompson.high[-1] < ucb1.low[-1]


def test_a_good_prior_helps_and_an_adversarial_one_hurts_among_361_arms() -> None:
    means = np.random.default_rng(8).uniform(0.1, 0.9, 361)
    good, bad = (np.exp(sign * means / 0.1) for sign in (1, -1))
    priors = (good / good.sum(), np.full(361, 1 / 361), bad / bad.sum())
    helped, plain, hurt = (b.play(b.PUCT(), b.Arms(means), 100, 300, 5, p) for p in priors)
    assert helped.high[-1] < plain.low[-1]
    assert plain.high[-1] < hurt.low[-1]


def test_puct_shrinks_as_1_over_n_and_grows_as_sqrt_total_unlike_ucb1() -> None:
    n, total = np.array([0, 1, 4, 9]), np.array([100, 400, 10_000])
    assert np.allclose(b.puct_bonus(0.5, n, 99, 2.0), 10 / (1 + n))
    assert np.allclose(b.puct_bonus(0.5, 3, total, 2.0, "sqrt_total"), np.sqrt(total) / 4)
    ucb1 = b.ucb1_bonus(n, 100, 2.0)
    assert ucb1[0] == np.inf
    assert np.allclose(ucb1[1:], 2 * np.sqrt(np.log(100) / n[1:]))


def test_before_any_pull_the_paper_s_formula_ignores_the_prior() -> None:
    zero = np.zeros(4)
    assert not b.puct_scores(zero, PRIOR, zero, 1.5, "sqrt_total").any()
    for variant in ("sqrt_total_plus_one", "sqrt_max_total_one"):
        assert np.allclose(b.puct_scores(zero, PRIOR, zero, 1.5, variant), 1.5 * PRIOR)


def test_normal_and_gamma_numbers_have_their_distributions() -> None:
    states = random_states(np.random.default_rng(6), 1)
    x = np.array([b.next_normal(states, 0) for _ in range(1_000_000)])
    assert abs(x.var() - 1) < 4 * math.sqrt(2 / x.size)
    beyond = x.size * math.erfc(4 / math.sqrt(2))
    assert abs((abs(x) > 4).sum() - beyond) < 4.5 * math.sqrt(beyond)
    for edge in (-2.0, -1.0, -0.3, 0.3, 1.0, 2.0, 3.0):
        expected = 0.5 * (1 + math.erf(edge / math.sqrt(2)))
        assert abs((x < edge).mean() - expected) < 4.5 * math.sqrt(
            expected * (1 - expected) / x.size
        )
    shape = 2.5
    width = 1 / math.sqrt(9 * (shape - 1 / 3))
    y = np.array([b.next_gamma(states, 0, shape - 1 / 3, width) for _ in range(40_000)])
    assert abs(y.mean() - shape) < 0.04
    assert abs(y.var() - shape) < 0.15


def test_a_run_depends_on_its_seed_alone() -> None:
    runs = [
        b.play(b.BetaThompson(), CLOSE, 300, n, 7, threads=t) for n, t in ((9, 1), (9, 4), (4, 1))
    ]
    assert (runs[0].regret == runs[1].regret).all()
    assert (runs[0].regret[:4] == runs[2].regret).all()
    assert (runs[0].visits != b.play(b.BetaThompson(), CLOSE, 300, 9, 8).visits).any()
    assert (runs[0].visits[0] != runs[0].visits[1]).any()


def test_intervals_visits_and_choices_agree_with_the_runs() -> None:
    found = b.play(b.UCB1(), CLOSE, 500, 50, 9)
    assert found.checkpoints[0] == 1
    assert found.checkpoints[-1] == 500
    assert (found.visits.sum(1) == 500).all()
    half = 1.959964 * found.regret[:, -1].std(ddof=1) / math.sqrt(50)
    assert np.isclose(found.high[-1] - found.mean[-1], half)
    assert (found.visits[np.arange(50), found.choices] == found.visits.max(1)).all()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: b.EpsilonGreedy(1.2), "epsilon"),
        (lambda: b.UCB1(-1), "c is"),
        (lambda: b.UCB1(math.nan), "c is"),
        (lambda: b.GaussianThompson(sd=0), "sd"),
        (lambda: b.PUCT(first_visit="never"), "first_visit"),
        (lambda: b.Arms([0.5, 1.5]), "from 0 to 1"),
        (lambda: b.Arms([0.5], sd=1.0), "sd"),
        (lambda: b.Arms([0.5], "poisson"), "poisson"),
        (lambda: b.play(b.UCB1(), CLOSE, 0, 5, 1), "pulls"),
        (lambda: b.play(b.UCB1(), CLOSE, 5, 5, None), "seed"),
        (lambda: b.play(b.UCB1(), CLOSE, 5, 5, 1, UNIFORM), "no use for a prior"),
        (lambda: b.play(b.PUCT(), CLOSE, 5, 5, 1), "needs a prior"),
        (lambda: b.play(b.PUCT(), CLOSE, 5, 5, 1, 2 * UNIFORM), "sum 1"),
        (lambda: b.play(b.PUCT(), CLOSE, 5, 5, 1, PRIOR), "shape"),
        (lambda: b.play(b.BetaThompson(), b.Arms([0, 1], "gaussian"), 5, 5, 1), "bernoulli"),
    ],
)
def test_what_a_user_gets_wrong_is_said(call, words: str) -> None:
    with pytest.raises(GoError, match=words):
        call()
