"""Bandits against the obvious implementation, Auer's bound and what theory says of each rule."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gokit.go.errors import GoError
from gokit.go.playouts import random_below, random_states
from gokit.search import bandit_kernels as kernels
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
    b.BetaThompson(0.5, 3.0),
    b.GaussianThompson(0.3, 0.8, 0.5),
    b.PUCT(0.8, fpu_value=0.1, raw_value=0.4),
    b.PUCT(first_visit="sqrt_total"),
    b.PUCT(first_visit="sqrt_max_total_one"),
    b.PUCT(0.9, fpu="infinite"),
    b.PUCT(1.1, fpu="absolute"),
    b.PUCT(0.6, fpu="absolute", fpu_value=0.35),
    b.PUCT(0.7, fpu="visited policy", fpu_value=0.3, raw_value=0.2),
    b.PUCB(),
    b.SamplePrior(),
    b.SamplePrior(temperature=0.4),
]


def slow_gamma(states: np.ndarray, run: int, shape: float) -> float:
    boosted = shape + 1 if shape < 1 else shape
    d = boosted - 1 / 3
    while True:
        x = kernels.next_normal(states, run)
        v = (1 + x / math.sqrt(9 * d)) ** 3
        if v <= 0:
            continue
        if math.log(1e-300 + kernels.next_uniform(states, run)) < x * x / 2 + d * (
            1 - v + math.log(v)
        ):
            break
    power = (1 - kernels.next_uniform(states, run)) ** (1 / shape) if shape < 1 else 1
    return d * v * power


def first_play(rule: b.PUCT, n: np.ndarray, rewards: np.ndarray) -> np.ndarray | float:
    """What an arm never pulled is worth."""
    if rule.fpu == "infinite":
        return 1e6 * (1 + PRIOR)
    value = {"absolute": 0.0}.get(rule.fpu, 0.2) if rule.fpu_value is None else rule.fpu_value
    if rule.fpu == "absolute":
        return value
    mean = ((rule.raw_value or 0) + rewards.sum()) / (1 + n.sum())
    if rule.fpu == "visited policy":
        value *= math.sqrt(PRIOR[n > 0].sum())
    return mean - value


def drawn_from_the_prior(rule: b.SamplePrior, order: list[int], u: float) -> int:
    weights = PRIOR ** (1 / rule.temperature)
    edges = np.cumsum(weights[order]) / weights.sum()
    return order[int(np.searchsorted(edges, u, side="right"))]


def slow_visits(rule: b.Rule, pulls: int, seed: int, run: int, sd: float) -> np.ndarray:
    """One run, written the obvious way, with the same random state."""
    states = random_states(np.random.default_rng(seed), run + 1)
    k, n, rewards = MEANS.size, np.zeros(MEANS.size, int), np.zeros(MEANS.size)
    leader = -1
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
            q = np.where(n > 0, q, first_play(rule, n, rewards))
            scores = b.puct_scores(q, PRIOR, n, rule.c_puct, rule.first_visit)
        elif isinstance(rule, b.PUCB):
            scores = b.pucb_scores(q, PRIOR, n)
        elif isinstance(rule, b.BetaThompson):
            scores = np.zeros(k)
            leader = leader if n.any() else order[0]
            for a in [leader, *(a for a in order if a != leader)]:
                x = slow_gamma(states, run, rule.successes + rewards[a])
                scores[a] = x / (x + slow_gamma(states, run, rule.failures + n[a] - rewards[a]))
        elif isinstance(rule, b.GaussianThompson):
            precision = rule.sd**-2 + n * rule.noise_sd**-2
            scores = (rule.mean * rule.sd**-2 + rewards * rule.noise_sd**-2) / precision
            for a in order:
                scores[a] += kernels.next_normal(states, run) / math.sqrt(precision[a])
        if chance > 0 and kernels.next_uniform(states, run) < chance:
            arm = order[random_below(states, run, k)]
        elif isinstance(rule, b.SamplePrior):
            arm = drawn_from_the_prior(rule, order, kernels.next_uniform(states, run))
        else:
            arm = max(order, key=lambda a: scores[a])
        if sd:
            rewards[arm] += MEANS[arm] + sd * kernels.next_normal(states, run)
        else:
            rewards[arm] += kernels.next_uniform(states, run) < MEANS[arm]
        n[arm] += 1
        leader = arm if n[arm] > np.delete(n, arm).max() else leader
    return n


@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("sd", [0.0, 0.7])
def test_a_run_is_that_of_the_obvious_implementation(
    rule: b.Rule, sd: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    # With screens Thompson sampling makes other draws, of the same distribution: see below.
    monkeypatch.setattr(b.BetaThompson, "dials", b.Rule.dials)
    if sd and isinstance(rule, b.BetaThompson):
        pytest.skip("for bernoulli arms")
    arms = b.Arms(MEANS, "gaussian", sd) if sd else b.Arms(MEANS)
    prior = PRIOR if rule.needs_prior else None
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
    x = np.array([kernels.next_normal(states, 0) for _ in range(1_000_000)])
    assert abs(x.var() - 1) < 4 * math.sqrt(2 / x.size)
    beyond = x.size * math.erfc(4 / math.sqrt(2))
    assert abs((abs(x) > 4).sum() - beyond) < 4.5 * math.sqrt(beyond)
    for edge in (-2.0, -1.0, -0.3, 0.3, 1.0, 2.0, 3.0):
        expected = 0.5 * (1 + math.erf(edge / math.sqrt(2)))
        assert abs((x < edge).mean() - expected) < 4.5 * math.sqrt(
            expected * (1 - expected) / x.size
        )


@pytest.mark.parametrize("shape", [0.3, 1.0, 2.5])
def test_gamma_numbers_have_their_mean_variance_and_mass_near_zero(shape: float) -> None:
    states, table = random_states(np.random.default_rng(6), 1), np.empty((kernels.ROWS, 1))
    kernels.prepare_gamma(table, 0, 0, shape)
    y = np.array([kernels.next_gamma(states, 0, table, 0, 0) for _ in range(100_000)])
    assert abs(y.mean() - shape) < 4.5 * math.sqrt(shape / y.size)
    assert abs(y.var() - shape) < 4.5 * math.sqrt((2 * shape**2 + 6 * shape) / y.size)
    other = np.random.default_rng(7).gamma(shape, size=y.size)
    for edge in (0.02, 0.3, 1.0):
        p = (other < edge).mean()
        assert abs((y < edge).mean() - p) < 4.5 * math.sqrt(2 * p * (1 - p) / y.size) + 1e-9


def beta_table(counts: list[tuple[float, float]]) -> np.ndarray:
    table, dials = np.empty((kernels.ROWS, len(counts))), b.BetaThompson().dials()
    for i, (wins, pulls) in enumerate(counts):
        kernels.refresh(dials, table, i, 0.0, pulls, wins)
    return table


@pytest.mark.parametrize("leader", [(60, 100), (48, 100)], ids=["stays", "turns out worse"])
def test_a_screen_changes_no_probability(leader: tuple[float, float]) -> None:
    counts = [(60, 100), (38, 85), (3, 11), (18, 31)]  # means 0.6, 0.45, 0.27, 0.58
    n, states = 200_000, random_states(np.random.default_rng(8), 1)
    table, dials, schedule = beta_table(counts), b.BetaThompson().dials(), np.zeros((3, 200))
    for i in (1, 2, 3):
        kernels.set_screen(table, i, 0, 162)
    # Where the leader's draw falls short of the edge, an arm is not skipped.
    kernels.refresh(dials, table, 0, 0.0, leader[1], leader[0])
    picks = np.zeros(4)
    for _ in range(n):
        picks[kernels.pick(dials, schedule, states, 0, table, 162, 0.0, 0.0, 0)] += 1
    screened = np.isfinite(table[kernels.EDGE])
    assert screened.tolist() == [False, True, True, False], "where a screen pays"
    counts[0] = leader
    draws = [np.random.default_rng(9).beta(1 + w, 1 + m - w, n) for w, m in counts]
    expected = np.bincount(np.argmax(draws, 0), minlength=4) / n
    assert (abs(picks / n - expected) < 4.5 * np.sqrt(2 * expected / n)).all()


def test_beyond_the_edge_lies_the_tail_of_the_beta() -> None:
    table = beta_table([(60, 100), (38, 85)])
    kernels.set_screen(table, 1, 0, 120)
    edge, chance = table[kernels.EDGE, 1], table[kernels.CHANCE, 1]
    states = random_states(np.random.default_rng(10), 1)
    x = np.array([kernels.next_beyond_edge(states, 0, table, 1) for _ in range(200_000)])
    tail = x[x > 0]
    true = np.random.default_rng(11).beta(39, 48, 4_000_000)
    beyond = true[true > edge]
    assert abs(chance * tail.size / x.size - beyond.size / true.size) < 4.5 * math.sqrt(
        beyond.size / true.size / x.size
    )
    assert tail.min() > edge
    assert abs(tail.mean() - beyond.mean()) < 4.5 * beyond.std() / math.sqrt(tail.size)
    assert abs(tail.var() / beyond.var() - 1) < 0.05


def test_screens_leave_thompson_s_regret_and_visits_as_they_were(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    quick = b.play(b.BetaThompson(), CLOSE, 3_000, 1_500, 12)
    monkeypatch.setattr(b.BetaThompson, "dials", b.Rule.dials)
    plain = b.play(b.BetaThompson(), CLOSE, 3_000, 1_500, 13)
    error = np.hypot(quick.high - quick.mean, plain.high - plain.mean) / 1.96
    assert (abs(quick.mean - plain.mean) <= 4.5 * error + 1e-9).all()
    error = np.hypot(quick.visits.std(0), plain.visits.std(0)) / math.sqrt(1_500)
    assert (abs(quick.visits.mean(0) - plain.visits.mean(0)) < 4.5 * error).all()


def test_a_beta_prior_is_where_the_posterior_starts() -> None:
    hopeful = b.play(b.BetaThompson(60.0, 1.0), CLOSE, 10, 400, 14)
    assert (hopeful.visits.max(1) <= 3).mean() > 0.9, "failures are news, so it goes round"
    gloomy = b.play(b.BetaThompson(1.0, 60.0), CLOSE, 10, 400, 14)
    assert gloomy.visits.max(1).mean() > hopeful.visits.max(1).mean() + 1


def test_pucb_is_rosin_s_formula_written_out() -> None:
    q, prior, n = np.array([0.5, 0.25, 9.0]), np.array([0.5, 0.3, 0.2]), np.array([4, 3, 0])
    t = 8
    penalty = math.sqrt(math.log(t) / t)
    expected = [
        0.5 + math.sqrt(3 * math.log(t) / (2 * 4)) - 2 / 0.5 * penalty,
        0.25 + math.sqrt(3 * math.log(t) / (2 * 3)) - 2 / 0.3 * penalty,
        1 - 2 / 0.2 * penalty,
    ]
    assert np.allclose(b.pucb_scores(q, prior, n), expected)
    assert np.allclose(b.pucb_scores(q, prior, 0 * n), 1 - 2 / prior)


def test_the_lai_robbins_slope_is_its_formula_and_bounds_the_rules() -> None:
    def kl(p: float, q: float) -> float:
        return p * math.log(p / q) + (1 - p) * math.log((1 - p) / (1 - q))

    means = np.array([0.7, 0.5, 0.4])
    slope = b.lai_robbins_slope(means)
    assert math.isclose(slope, 0.2 / kl(0.5, 0.7) + 0.3 / kl(0.4, 0.7))
    assert math.isclose(b.lai_robbins_slope([0.0, 0.5]), 0.5 / math.log(2))
    found = b.play(b.UCB1(), b.Arms(means), 20_000, 200, 1, checkpoints=2)
    late = b.play(b.UCB1(), b.Arms(means), 40_000, 200, 1, checkpoints=2)
    assert late.low[-1] - found.high[-1] > slope * math.log(2)


def test_sampling_the_prior_pulls_in_its_proportions_whatever_the_rewards() -> None:
    found = b.play(b.SamplePrior(), b.Arms(MEANS), 2_000, 50, 15, PRIOR)
    share = found.visits.sum(0) / found.visits.sum()
    assert np.allclose(share, PRIOR, atol=4.5 * math.sqrt(0.25 / found.visits.sum()))
    nothing = b.play(b.SamplePrior(), b.Arms(MEANS), 50, 50, 15, np.array([0.5, 0, 0.5, 0]))
    assert not nothing.visits[:, [1, 3]].any()
    cold = b.play(b.SamplePrior(temperature=0.01), b.Arms(MEANS), 50, 50, 15, PRIOR)
    assert (cold.visits[:, 0] == 50).all()


def test_infinite_first_play_pulls_each_arm_once_the_likeliest_first() -> None:
    for pulls in (1, 2, 3, 4):
        found = b.play(b.PUCT(fpu="infinite"), b.Arms(MEANS), pulls, 20, 16, PRIOR)
        likeliest = np.argsort(-PRIOR)[:pulls]
        assert (found.visits[:, likeliest] == 1).all()


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
        (lambda: b.PUCT(fpu="later"), "fpu is"),
        (lambda: b.PUCT(fpu="infinite", fpu_value=0.2), "no option of fpu='infinite'"),
        (lambda: b.PUCT(fpu="absolute", raw_value=0.2), "no option of fpu='absolute'"),
        (lambda: b.PUCT(fpu_value=-0.2), "a reduction, from 0"),
        (lambda: b.PUCT(fpu="absolute", fpu_value=math.inf), "finite"),
        (lambda: b.BetaThompson(0.0), "successes is a finite number from 0.1"),
        (lambda: b.BetaThompson(failures=True), "failures"),
        (lambda: b.SamplePrior(0), "temperature"),
        (lambda: b.lai_robbins_slope([0.5, 1.0]), "below 1"),
        (lambda: b.play(b.PUCB(), CLOSE, 5, 5, 1), "needs a prior"),
        (lambda: b.play(b.PUCB(), CLOSE, 5, 5, 1, np.eye(10)[0]), "above 0 everywhere"),
        (lambda: b.play(b.SamplePrior(), CLOSE, 5, 5, 1), "needs a prior"),
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
