"""The k-armed bandit: rules that pick an arm, and the regret each pays, over thousands of runs.

A bandit is a search of depth one: an arm is a move, a pull is a simulation, a reward its result.
The functions at the top are the formulas, to be read and plotted; `play` runs the same rules
compiled. Built in chapter 2.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from gokit.go.compiled import inline, lean
from gokit.go.errors import GoError
from gokit.go.playouts import next_random, random_below, random_states

ARM_KINDS = ("bernoulli", "gaussian")
FIRST_VISITS = ("sqrt_total_plus_one", "sqrt_total", "sqrt_max_total_one")
Z95 = 1.959964


def ucb1_bonus(visits: np.ndarray, total: np.ndarray | float, c: float = math.sqrt(2)):
    """Return UCB1's exploration bonus c sqrt(ln N / n), infinite for an arm never pulled.

    visits: n, the arm's own pulls; total: N, those of all arms; arrays of one shape, or numbers.
    Auer, Cesa-Bianchi and Fischer (2002), whose c is sqrt(2). Built in chapter 2.
    """
    visits = np.asarray(visits, float)
    spread = np.log(np.maximum(total, 1)) / np.maximum(visits, 1)
    return np.where(visits > 0, c * np.sqrt(spread), np.inf)


def ucb1_scores(q: np.ndarray, visits: np.ndarray, c: float = math.sqrt(2)) -> np.ndarray:
    """Return UCB1's score Q + c sqrt(ln N / n) of each arm; the highest is pulled.

    q: float [k], mean rewards (of no meaning at n = 0); visits: int [k]. Built in chapter 2.
    """
    return np.where(np.asarray(visits) > 0, q, 0) + ucb1_bonus(visits, np.sum(visits), c)


def puct_bonus(
    prior: np.ndarray,
    visits: np.ndarray,
    total: np.ndarray | float,
    c_puct: float = 1.5,
    first_visit: str = "sqrt_total_plus_one",
):
    """Return PUCT's exploration bonus c P sqrt(N) / (1 + n).

    first_visit says what stands under the root, which matters at N = 0: "sqrt_total_plus_one",
    N + 1, counts the node's own visit, as AlphaZero's pseudocode and `gokit.search.tree` do;
    "sqrt_max_total_one", max(N, 1), is Leela Chess Zero's; "sqrt_total", N, is the formula of
    the AlphaGo papers taken to the letter: at N = 0 every bonus is 0 and no prior counts.
    Silver et al. (2017). Built in chapter 2.
    """
    if first_visit not in FIRST_VISITS:
        raise GoError(f"first_visit is {' or '.join(FIRST_VISITS)}, not {first_visit!r}")
    total = np.asarray(total, float)
    under_root = {
        "sqrt_total_plus_one": total + 1,
        "sqrt_total": total,
        "sqrt_max_total_one": np.maximum(total, 1),
    }[first_visit]
    return c_puct * np.asarray(prior) * np.sqrt(under_root) / (1 + np.asarray(visits))


def puct_scores(
    q: np.ndarray,
    prior: np.ndarray,
    visits: np.ndarray,
    c_puct: float = 1.5,
    first_visit: str = "sqrt_total_plus_one",
) -> np.ndarray:
    """Return PUCT's score Q + c P sqrt(N) / (1 + n) of each arm; the highest is pulled.

    q, prior: float [k]; visits: int [k]. The caller gives an unvisited arm its q, for which
    `first_play_value` is one answer. Built in chapter 2.
    """
    return np.asarray(q) + puct_bonus(prior, visits, np.sum(visits), c_puct, first_visit)


def first_play_value(
    rewards: float, total: float, fpu_reduction: float = 0.2, raw_value: float = 0.0
) -> float:
    """Return the Q of an unvisited arm: the mean so far, less `fpu_reduction`.

    The mean is over `rewards`, the sum of `total` pulls, and raw_value, what one knew before, as
    one pull more: `gokit.search.tree`'s first-play urgency. Built in chapter 2.
    """
    return (raw_value + rewards) / (1 + total) - fpu_reduction


def pucb_scores(q: np.ndarray, prior: np.ndarray, visits: np.ndarray) -> np.ndarray:
    """Return Rosin's score Q + sqrt(3 ln t / 2n) - (2 / P) sqrt(ln t / t) of each arm.

    t is the number of the coming pull. An unvisited arm has Q = 1 and no bonus; at t = 1 the
    last term is 2 / P. prior: float [k], above 0. Rosin (2011), PUCB. Built in chapter 2.
    """
    visits = np.asarray(visits, float)
    t = 1 + visits.sum()
    bonus = np.sqrt(1.5 * np.log(t) / np.maximum(visits, 1))
    penalty = 2 / np.asarray(prior) * (np.sqrt(np.log(t) / t) if t > 1 else 1)
    return np.where(visits > 0, q + bonus, 1) - penalty


def ucb1_regret_bound(means: np.ndarray, pulls: np.ndarray | int):
    """Return the regret that UCB1 (c = sqrt 2, rewards in [0, 1]) never exceeds on average.

    8 ln(n) sum(1 / gap) + (1 + pi² / 3) sum(gap), over the arms below the best; means: float
    [k]; pulls: n, a number or an array. Auer et al. (2002), theorem 1. Built in chapter 2.
    """
    gaps = np.max(means) - np.asarray(means, float)
    gaps = gaps[gaps > 0]
    return 8 * np.log(pulls) * (1 / gaps).sum() + (1 + math.pi**2 / 3) * gaps.sum()


def softmax_prior(scores: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Return priors softmax(scores / temperature) over the last axis.

    A good prior comes from the arms' means, an adversarial one from minus the means, a bad one
    from noise. scores: float [k] or [runs, k]. Built in chapter 2.
    """
    if not _is_number(temperature) or temperature <= 0:
        raise GoError(f"a temperature of priors is above 0, not {temperature!r}")
    scores = np.asarray(scores, float) / temperature
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


@dataclass(frozen=True)
class Arms:
    """The arms of a bandit: their mean rewards, and how a reward is drawn.

    means: float [k], or [runs, k] for a bandit of its own for each run. kind: "bernoulli",
    reward 1 with the mean's probability, else 0; "gaussian", normal with the standard deviation
    `sd` (default 1), an option that Bernoulli arms do not have. Built in chapter 2.
    """

    means: np.ndarray
    kind: str = "bernoulli"
    sd: float | None = None

    def __post_init__(self) -> None:
        means = _numbers(self.means, "the means of the arms")
        object.__setattr__(self, "means", means)
        if self.kind not in ARM_KINDS:
            raise GoError(f"arms are {' or '.join(ARM_KINDS)}, not {self.kind!r}")
        if self.kind == "bernoulli":
            if self.sd is not None:
                raise GoError("sd is an option of gaussian arms, not of bernoulli ones")
            if (means < 0).any() or (means > 1).any():
                raise GoError("the mean of a bernoulli arm is from 0 to 1")
        else:
            if self.sd is None:
                object.__setattr__(self, "sd", 1.0)
            _check("sd", self.sd)


GREEDY, UCB, PREDICTOR, ALPHAZERO, BETA, GAUSSIAN = range(6)


class Dials(NamedTuple):
    """A rule as plain numbers for the compiled code; one that it has no use for is 0."""

    family: int
    c: float = 0.0
    epsilon: float = 0.0
    decay: float = 0.0
    first_visit: int = 0
    relative_first_play: bool = False
    first_play: float = math.inf
    raw_value: float = 0.0
    prior_a: float = 0.0
    prior_b: float = 0.0
    noise_sd: float = 0.0


class Rule:
    """A rule that picks arms. Ties go by an order of the arms drawn at the start of each run."""

    uses_prior: ClassVar[bool] = False
    dials: Callable[[int], Dials]


@dataclass(frozen=True)
class Greedy(Rule):
    """Pull every arm once, then always the one with the highest mean. Built in chapter 2."""

    def dials(self, arms: int) -> Dials:
        return Dials(GREEDY)


@dataclass(frozen=True)
class EpsilonGreedy(Rule):
    """Greedy, but with probability `epsilon`, 0 to 1, any arm at random. Built in chapter 2."""

    epsilon: float = 0.1

    def __post_init__(self) -> None:
        _check("epsilon", self.epsilon, highest=1)

    def dials(self, arms: int) -> Dials:
        return Dials(GREEDY, epsilon=self.epsilon)


@dataclass(frozen=True)
class DecayingEpsilonGreedy(Rule):
    """Greedy, but at pull t with probability min(1, c k / (gap² t)) any of the k arms at random.

    c: above 0. gap: above 0, at most 1, a lower bound of the distance from the best arm's mean
    to the next. Auer et al. (2002), epsilon_n-greedy. Built in chapter 2.
    """

    c: float = 0.1
    gap: float = 0.1

    def __post_init__(self) -> None:
        _check("c", self.c, above=True)
        _check("gap", self.gap, above=True, highest=1)

    def dials(self, arms: int) -> Dials:
        return Dials(GREEDY, decay=self.c * arms / self.gap**2)


@dataclass(frozen=True)
class UCB1(Rule):
    """The highest `ucb1_scores`; c = sqrt(2) is Auer et al.'s (2002). Built in chapter 2."""

    c: float = math.sqrt(2)

    def __post_init__(self) -> None:
        _check("c", self.c)

    def dials(self, arms: int) -> Dials:
        return Dials(UCB, c=self.c)


@dataclass(frozen=True)
class BetaThompson(Rule):
    """Draw each arm's mean from its Beta posterior and pull the highest; Bernoulli arms only.

    successes, failures: the prior Beta(successes, failures), each from 1; 1, 1 is uniform.
    Thompson (1933). Built in chapter 2.
    """

    successes: float = 1.0
    failures: float = 1.0

    def __post_init__(self) -> None:
        _check("successes", self.successes, lowest=1)
        _check("failures", self.failures, lowest=1)

    def dials(self, arms: int) -> Dials:
        return Dials(BETA, prior_a=self.successes, prior_b=self.failures)


@dataclass(frozen=True)
class GaussianThompson(Rule):
    """Draw each arm's mean from its normal posterior and pull the highest.

    mean, sd: the prior of an arm's mean; noise_sd: the known standard deviation of a reward,
    0.5 being enough for rewards of 0 and 1. Built in chapter 2.
    """

    mean: float = 0.0
    sd: float = 1.0
    noise_sd: float = 1.0

    def __post_init__(self) -> None:
        _check("mean", self.mean, lowest=-math.inf)
        _check("sd", self.sd, above=True)
        _check("noise_sd", self.noise_sd, above=True)

    def dials(self, arms: int) -> Dials:
        return Dials(GAUSSIAN, prior_a=self.mean, prior_b=self.sd, noise_sd=self.noise_sd)


@dataclass(frozen=True)
class PUCT(Rule):
    """The highest `puct_scores`, AlphaZero's rule; `play` needs a prior.

    c_puct, first_visit: see `puct_bonus`. An unvisited arm's Q is `first_play_value` of
    fpu_reduction (default 0.2) and raw_value (default 0); or fpu_value, where that is given
    instead, a constant. Built in chapter 2.
    """

    uses_prior: ClassVar[bool] = True
    c_puct: float = 1.5
    fpu_reduction: float | None = None
    raw_value: float | None = None
    fpu_value: float | None = None
    first_visit: str = "sqrt_total_plus_one"

    def __post_init__(self) -> None:
        _check("c_puct", self.c_puct)
        if self.first_visit not in FIRST_VISITS:
            raise GoError(f"first_visit is {' or '.join(FIRST_VISITS)}, not {self.first_visit!r}")
        for name, default in (("fpu_reduction", 0.2), ("raw_value", 0.0)):
            if self.fpu_value is None and getattr(self, name) is None:
                object.__setattr__(self, name, default)
            elif self.fpu_value is not None and getattr(self, name) is not None:
                raise GoError(f"{name} has no meaning where fpu_value is given")
        if self.fpu_value is None:
            _check("fpu_reduction", self.fpu_reduction)
            _check("raw_value", self.raw_value, lowest=-math.inf)
        else:
            _check("fpu_value", self.fpu_value, lowest=-math.inf)

    def dials(self, arms: int) -> Dials:
        relative = self.fpu_value is None
        return Dials(
            ALPHAZERO,
            c=self.c_puct,
            first_visit=FIRST_VISITS.index(self.first_visit),
            relative_first_play=relative,
            first_play=-self.fpu_reduction if relative else self.fpu_value,
            raw_value=self.raw_value or 0.0,
        )


@dataclass(frozen=True)
class PUCB(Rule):
    """The highest `pucb_scores`, the ancestor of PUCT; `play` needs a prior above 0.

    Rosin (2011). Built in chapter 2.
    """

    uses_prior: ClassVar[bool] = True

    def dials(self, arms: int) -> Dials:
        return Dials(PREDICTOR)


@dataclass(frozen=True)
class Regret:
    """What `play` found. Regret is the pseudo-regret: the sum of the pulled arms' gaps in mean.

    checkpoints: int [C], numbers of pulls, log-spaced. regret: float [runs, C], cumulative.
    mean, low, high: float [C], the mean over runs and its 95 % interval. visits: int [runs, k].
    q: float [runs, k], mean rewards, nan for an arm never pulled. choices: int [runs], the arm
    pulled most, the higher q among equals.
    """

    checkpoints: np.ndarray
    regret: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    visits: np.ndarray
    q: np.ndarray
    choices: np.ndarray


def play(
    rule: Rule,
    arms: Arms,
    pulls: int,
    runs: int,
    rng: np.random.Generator | int,
    prior: np.ndarray | None = None,
    checkpoints: int = 50,
    threads: int | None = None,
) -> Regret:
    """Play a bandit `runs` times over, `pulls` pulls each, by one rule.

    rng: a generator or a seed; a run depends on its own random state alone, not on the other
    runs or on `threads` (default: one a processor). prior: float [k] or [runs, k], each row
    summing to 1, for PUCT and PUCB, which need it; GoError for any other rule. checkpoints: how
    many pull numbers to report at, fewer where they would coincide. Built in chapter 2.
    """
    names = {"pulls": pulls, "runs": runs, "checkpoints": checkpoints}
    names |= {} if threads is None else {"threads": threads}
    for name, number in names.items():
        if not _is_int(number) or number < 1:
            raise GoError(f"{name} is a whole number from 1, not {number!r}")
    if not (isinstance(rng, np.random.Generator) or (_is_int(rng) and rng >= 0)):
        raise GoError("a bandit is random: pass a generator, or a whole number as its seed")
    if isinstance(rule, BetaThompson) and arms.kind != "bernoulli":
        raise GoError("BetaThompson is for bernoulli arms; GaussianThompson takes any")
    means = _for_each_run(arms.means, runs, arms.means.shape[-1], "means")
    k = means.shape[1]
    priors = _checked_prior(rule, prior, runs, k)

    marks = np.unique(np.geomspace(1, pulls, checkpoints).round().astype(np.int64))
    marks[-1] = pulls
    states = random_states(np.random.default_rng(rng), runs)
    regret = np.empty((runs, marks.size))
    visits, rewards = np.zeros((runs, k), np.int64), np.zeros((runs, k))
    sd = 0.0 if arms.sd is None else float(arms.sd)
    dials = _plain(rule.dials(k))
    workers = min(threads or os.cpu_count() or 1, runs)
    bounds = np.linspace(0, runs, workers + 1).astype(int)

    def share(w: int) -> None:
        part = slice(bounds[w], bounds[w + 1])
        tables = (states[part], means[part], priors[part])
        out = (marks, regret[part], visits[part], rewards[part])
        play_kernel(dials, *tables, sd, *out, np.empty(k, np.int64), np.empty((ROWS, k)))

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(share, range(workers)))

    q = np.divide(rewards, visits, out=np.full(visits.shape, np.nan), where=visits > 0)
    most = visits == visits.max(1, keepdims=True)
    mean = regret.mean(0)
    margin = (
        Z95 * regret.std(0, ddof=1) / math.sqrt(runs) if runs > 1 else np.full_like(mean, np.inf)
    )
    choices = np.where(most, q, -np.inf).argmax(1)
    return Regret(marks, regret, mean, mean - margin, mean + margin, visits, q, choices)


CENTER, WIDTH, EXTRA, FAILURE_SHAPE, FAILURE_WIDTH, ROWS = range(6)


@lean
def play_kernel(d, states, means, prior, sd, marks, regret, visits, rewards, order, table):
    """Play every run of the arrays; `order`, int64 [k], and `table`, [ROWS, k], are scratch."""
    k = means.shape[1]
    for run in range(states.size):
        best_mean = -np.inf
        for a in range(k):
            order[a] = a
            best_mean = max(best_mean, means[run, a])
            refresh(d, table, a, prior[run, a], 0, 0.0)
        for last in range(k - 1, 0, -1):
            other = random_below(states, run, last + 1)
            order[last], order[other] = order[other], order[last]
        paid, collected, mark = 0.0, 0.0, 0
        for total in range(marks[-1]):
            a = pick(d, states, run, order, table, visits[run], total, collected)
            mean = means[run, a]
            if sd > 0:
                reward = mean + sd * next_normal(states, run)
            else:
                reward = 1.0 if next_uniform(states, run) < mean else 0.0
            visits[run, a] += 1
            rewards[run, a] += reward
            collected += reward
            refresh(d, table, a, prior[run, a], visits[run, a], rewards[run, a])
            paid += best_mean - mean
            if total + 1 == marks[mark]:
                regret[run, mark] = paid
                mark += 1


@inline
def refresh(d, table, a, prior, n, rewards):
    """Write what the rule knows of arm `a` after `n` pulls, so that a pull changes one column."""
    if d.family == BETA:
        # Marsaglia and Tsang's d and 1 / sqrt(9 d) of the two gamma variables of a Beta.
        table[CENTER, a] = d.prior_a + rewards - 1 / 3
        table[FAILURE_SHAPE, a] = d.prior_b + n - rewards - 1 / 3
        table[WIDTH, a] = 1 / np.sqrt(9 * table[CENTER, a])
        table[FAILURE_WIDTH, a] = 1 / np.sqrt(9 * table[FAILURE_SHAPE, a])
    elif d.family == GAUSSIAN:
        known, seen = 1 / d.prior_b**2, n / d.noise_sd**2
        table[CENTER, a] = (known * d.prior_a + rewards / d.noise_sd**2) / (known + seen)
        table[WIDTH, a] = 1 / np.sqrt(known + seen)
    else:
        table[CENTER, a] = rewards / n if n > 0 else d.first_play
        table[EXTRA, a] = 0.0
        if d.family == ALPHAZERO:
            table[WIDTH, a] = prior / (1 + n)
        elif d.family == PREDICTOR:
            table[CENTER, a] = rewards / n if n > 0 else 1.0
            table[WIDTH, a] = 1 / np.sqrt(n) if n > 0 else 0.0
            table[EXTRA, a] = -2 / prior
        else:
            table[WIDTH, a] = 1 / np.sqrt(n) if n > 0 and d.family == UCB else 0.0


@inline
def pick(d, states, run, order, table, visits, total, collected):
    """Return the arm to pull after `total` pulls that gave `collected` in all."""
    k = order.size
    explore = max(d.epsilon, min(1.0, d.decay / (total + 1)))
    if explore > 0 and next_uniform(states, run) < explore:
        return random_below(states, run, k)
    best, best_score = np.int64(-1), -np.inf
    if d.family == BETA or d.family == GAUSSIAN:
        for i in range(k):
            a = order[i]
            if d.family == GAUSSIAN:
                score = table[CENTER, a] + table[WIDTH, a] * next_normal(states, run)
            else:
                wins = next_gamma(states, run, table[CENTER, a], table[WIDTH, a])
                losses = next_gamma(states, run, table[FAILURE_SHAPE, a], table[FAILURE_WIDTH, a])
                score = wins / (wins + losses)
            if score > best_score:
                best, best_score = a, score
        return best
    scale, extra_scale, shift = 0.0, 0.0, 0.0
    if d.family == UCB:
        scale = d.c * np.sqrt(np.log(max(total, 1)))
    elif d.family == PREDICTOR:
        t = total + 1.0
        scale = np.sqrt(1.5 * np.log(t))
        extra_scale = np.sqrt(np.log(t) / t) if total > 0 else 1.0
    elif d.family == ALPHAZERO:
        scale = d.c * np.sqrt(under_root(d.first_visit, total))
        if d.relative_first_play:
            shift = (d.raw_value + collected) / (1 + total)
    for i in range(k):
        a = order[i]
        score = table[CENTER, a] + scale * table[WIDTH, a] + extra_scale * table[EXTRA, a]
        score += shift if visits[a] == 0 else 0.0
        if score > best_score:
            best, best_score = a, score
    return best


@inline
def under_root(first_visit, total):
    """N as `FIRST_VISITS` number `first_visit` counts it."""
    if first_visit == 0:
        return total + 1.0
    return np.float64(total) if first_visit == 1 else max(total, 1.0)


@inline
def next_uniform(states, i):
    """Advance state `i` and return a uniform number in [0, 1)."""
    return np.float64(next_random(states, i) >> np.uint64(11)) * (1.0 / (1 << 53))


@inline
def next_gamma(states, i, shape, width):
    """Advance state `i` and return a gamma variable (Marsaglia and Tsang 2000).

    shape: the distribution's parameter, at least 1, less 1/3; width: 1 / sqrt(9 shape).
    """
    while True:
        x = next_normal(states, i)
        v = 1 + width * x
        if v <= 0:
            continue
        v = v * v * v
        u = next_uniform(states, i)
        if u < 1 - 0.0331 * x**4 or np.log(u) < 0.5 * x * x + shape * (1 - v + np.log(v)):
            return shape * v


def _ziggurat() -> tuple[np.ndarray, np.ndarray]:
    """Return the right edges x, float [257], of 256 layers of one area, and exp(-x² / 2)."""
    edge, area = 3.6541528853610088, 0.00492867323399
    x = [area / math.exp(-edge * edge / 2), edge]
    while len(x) < 256:
        x.append(math.sqrt(-2 * math.log(area / x[-1] + math.exp(-(x[-1] ** 2) / 2))))
    edges = np.array([*x, 0.0])
    return edges, np.exp(-edges * edges / 2)


EDGES, HEIGHTS = _ziggurat()
TAIL = EDGES[1]


@inline
def next_normal(states, i):
    """Advance state `i` and return a standard normal number (Marsaglia and Tsang's ziggurat)."""
    while True:
        bits = next_random(states, i)
        layer = np.int64(bits & np.uint64(255))
        sign = 1.0 if bits & np.uint64(256) else -1.0
        x = np.float64(bits >> np.uint64(11)) * (1.0 / (1 << 53)) * EDGES[layer]
        if x < EDGES[layer + 1]:
            return sign * x
        if layer == 0:
            while True:
                beyond = -np.log(1 - next_uniform(states, i)) / TAIL
                if -2 * np.log(1 - next_uniform(states, i)) > beyond * beyond:
                    return sign * (TAIL + beyond)
        low, high = HEIGHTS[layer], HEIGHTS[layer + 1]
        if low + (high - low) * next_uniform(states, i) < np.exp(-0.5 * x * x):
            return sign * x


def _plain(dials: Dials) -> Dials:
    """Return the dials with each field of its declared type, so that one compilation serves all."""
    kinds = [type(default) for default in Dials(0)]
    return Dials(*(kind(value) for kind, value in zip(kinds, dials, strict=True)))


def _checked_prior(rule: Rule, prior: np.ndarray | None, runs: int, k: int) -> np.ndarray:
    name = type(rule).__name__
    if not rule.uses_prior:
        if prior is not None:
            raise GoError(f"{name} has no use for a prior")
        return np.zeros((runs, k))
    if prior is None:
        raise GoError(f"{name} needs a prior; np.full(k, 1 / k) is the uniform one")
    priors = _for_each_run(_numbers(prior, "the prior"), runs, k, "prior")
    if (priors < 0).any() or (abs(priors.sum(1) - 1) > 1e-6).any():
        raise GoError("a prior is made of probabilities: none below 0, and their sum 1")
    if isinstance(rule, PUCB) and (priors == 0).any():
        raise GoError("PUCB divides by the prior, which must be above 0 for every arm")
    return priors


def _for_each_run(table: np.ndarray, runs: int, k: int, name: str) -> np.ndarray:
    if table.shape not in ((k,), (runs, k)):
        raise GoError(f"{name} has the shape {table.shape}, not ({k},) or ({runs}, {k})")
    return np.ascontiguousarray(np.broadcast_to(table, (runs, k)))


def _numbers(values: np.ndarray, name: str) -> np.ndarray:
    try:
        table = np.array(values, np.float64)
    except (TypeError, ValueError) as error:
        raise GoError(f"{name} are numbers, [k] or [runs, k]") from error
    if table.ndim not in (1, 2) or table.size == 0 or not np.isfinite(table).all():
        raise GoError(f"{name} are finite numbers, [k] or [runs, k]")
    table.flags.writeable = False
    return table


def _check(
    name: str, value: float, lowest: float = 0, highest: float = math.inf, above: bool = False
) -> None:
    inside = _is_number(value) and lowest <= value <= highest and not (above and value == lowest)
    if not inside:
        start = f"above {lowest:g}" if above else f"from {lowest:g}"
        end = "" if highest == math.inf else f" to {highest:g}"
        raise GoError(f"{name} is a finite number {start}{end}, not {value!r}")


def _is_number(value: object) -> bool:
    known = isinstance(value, (int, float, np.integer, np.floating))
    return known and not isinstance(value, bool) and math.isfinite(value)


def _is_int(value: object) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)
