"""The k-armed bandit: rules that pick an arm, and the regret each pays, over thousands of runs.

The functions at the top are the formulas; `play` runs the same rules compiled. A bandit is a
search of depth one: an arm is a move, a pull a simulation. Built in chapter 2.
"""

from __future__ import annotations

import math
import os
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields
from typing import ClassVar

import numpy as np

from gokit.go.compiled import inline, lean
from gokit.go.errors import GoError
from gokit.go.playouts import next_random, random_below, random_states
from gokit.options import is_number, is_whole

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
    _check_first_visit(first_visit)
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

    q, prior: float [k]; visits: int [k]. The caller gives an unvisited arm its q.
    """
    return np.asarray(q) + puct_bonus(prior, visits, np.sum(visits), c_puct, first_visit)


def ucb1_regret_bound(means: np.ndarray, pulls: np.ndarray | int):
    """Return the regret that UCB1 (c = sqrt 2, rewards in [0, 1]) never exceeds on average.

    8 ln(n) sum(1 / gap) + (1 + pi² / 3) sum(gap), over the arms below the best; means: float
    [k]; pulls: n, a number or an array. Auer et al. (2002), theorem 1. Built in chapter 2.
    """
    gaps = np.max(means) - np.asarray(means, float)
    gaps = gaps[gaps > 0]
    return 8 * np.log(pulls) * (1 / gaps).sum() + (1 + math.pi**2 / 3) * gaps.sum()


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


GREEDY, UCB, ALPHAZERO, BETA, GAUSSIAN = range(5)


# A rule's options as plain numbers for the compiled code; those of other rules are 0.
OPTIONS = "c epsilon scale c_puct fpu_reduction raw_value first_visit mean sd noise_sd"
Dials = namedtuple("Dials", "family " + OPTIONS, defaults=[0.0] * 10)


def option(default: float, lowest: float = 0, highest: float = math.inf, above: bool = False):
    """Declare a rule's number and the range that it is checked against."""
    return field(default=default, metadata={"lowest": lowest, "highest": highest, "above": above})


class Rule:
    """A rule that picks arms. Ties go by an order of the arms drawn at the start of each run."""

    family: ClassVar[int]

    def __post_init__(self) -> None:
        for each in fields(self):
            if each.metadata:
                _check(each.name, getattr(self, each.name), **each.metadata)

    def dials(self) -> Dials:
        numbers = {each.name: getattr(self, each.name) for each in fields(self)}
        if "first_visit" in numbers:
            numbers["first_visit"] = FIRST_VISITS.index(numbers["first_visit"])
        return Dials(self.family, **{name: float(value) for name, value in numbers.items()})


@dataclass(frozen=True)
class Greedy(Rule):
    """Pull every arm once, then always the one with the highest mean. Built in chapter 2."""

    family: ClassVar[int] = GREEDY


@dataclass(frozen=True)
class EpsilonGreedy(Rule):
    """Greedy, but with probability `epsilon`, 0 to 1, any arm at random. Built in chapter 2."""

    family: ClassVar[int] = GREEDY
    epsilon: float = option(0.1, highest=1)


@dataclass(frozen=True)
class DecayingEpsilonGreedy(Rule):
    """Greedy, but at pull t with probability min(1, scale k / t) any of the k arms at random.

    Auer et al. (2002), epsilon_n-greedy, where scale is c / d². Built in chapter 2.
    """

    family: ClassVar[int] = GREEDY
    scale: float = option(10.0)


@dataclass(frozen=True)
class UCB1(Rule):
    """The highest `ucb1_scores`; c = sqrt(2) is Auer et al.'s (2002). Built in chapter 2."""

    family: ClassVar[int] = UCB
    c: float = option(math.sqrt(2))


@dataclass(frozen=True)
class BetaThompson(Rule):
    """Draw means from Beta(1 + successes, 1 + failures); Bernoulli arms only. Thompson (1933)."""

    family: ClassVar[int] = BETA


@dataclass(frozen=True)
class GaussianThompson(Rule):
    """Draw each arm's mean from its normal posterior and pull the highest.

    mean, sd: the prior of an arm's mean; noise_sd: the known standard deviation of a reward,
    0.5 being enough for rewards of 0 and 1. Built in chapter 2.
    """

    family: ClassVar[int] = GAUSSIAN
    mean: float = option(0.0, lowest=-math.inf)
    sd: float = option(1.0, above=True)
    noise_sd: float = option(1.0, above=True)


@dataclass(frozen=True)
class PUCT(Rule):
    """The highest `puct_scores`, AlphaZero's rule; `play` needs a prior.

    c_puct, first_visit: see `puct_bonus`. An unvisited arm's Q is the mean of all pulls and of
    raw_value, known before any, less fpu_reduction, as in the tree. Built in chapter 2.
    """

    family: ClassVar[int] = ALPHAZERO
    c_puct: float = option(1.5)
    fpu_reduction: float = option(0.2)
    raw_value: float = option(0.0, lowest=-math.inf)
    first_visit: str = "sqrt_total_plus_one"

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_first_visit(self.first_visit)


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
    summing to 1, for PUCT, which needs it; GoError for any other rule. checkpoints: how
    many pull numbers to report at, fewer where they would coincide. Built in chapter 2.
    """
    workers = os.cpu_count() or 1 if threads is None else threads
    counts = {"pulls": pulls, "runs": runs, "checkpoints": checkpoints, "threads": workers}
    for name, number in counts.items():
        if not is_whole(number) or number < 1:
            raise GoError(f"{name} is a whole number from 1, not {number!r}")
    if not (isinstance(rng, np.random.Generator) or (is_whole(rng) and rng >= 0)):
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
    dials = rule.dials()
    bounds = np.linspace(0, runs, min(workers, runs) + 1).astype(int)

    def share(w: int) -> None:
        part = slice(bounds[w], bounds[w + 1])
        rows = [each[part] for each in (states, means, priors, regret, visits, rewards)]
        play_kernel(dials, sd, marks, *rows, np.empty(k, np.int64), np.empty((ROWS, k)))

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(share, range(bounds.size - 1)))

    q = np.divide(rewards, visits, out=np.full(visits.shape, np.nan), where=visits > 0)
    most = visits == visits.max(1, keepdims=True)
    mean = regret.mean(0)
    spread = regret.std(0, ddof=1) if runs > 1 else np.inf
    margin = Z95 * spread / math.sqrt(runs)
    choices = np.where(most, q, -np.inf).argmax(1)
    return Regret(marks, regret, mean, mean - margin, mean + margin, visits, q, choices)


CENTER, WIDTH, FAILURE_SHAPE, FAILURE_WIDTH, ROWS = range(5)


@lean
def play_kernel(d, sd, marks, states, means, prior, regret, visits, rewards, order, table):
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
        # What `next_gamma` wants to know of each of the two gamma variables of a Beta.
        table[CENTER, a] = rewards + 2 / 3
        table[FAILURE_SHAPE, a] = n - rewards + 2 / 3
        table[WIDTH, a] = 1 / np.sqrt(9 * table[CENTER, a])
        table[FAILURE_WIDTH, a] = 1 / np.sqrt(9 * table[FAILURE_SHAPE, a])
    elif d.family == GAUSSIAN:
        known, seen = 1 / d.sd**2, n / d.noise_sd**2
        table[CENTER, a] = (known * d.mean + rewards / d.noise_sd**2) / (known + seen)
        table[WIDTH, a] = 1 / np.sqrt(known + seen)
    else:
        table[CENTER, a] = (
            rewards / n if n > 0 else -d.fpu_reduction if d.family == ALPHAZERO else np.inf
        )
        table[WIDTH, a] = prior / (1 + n) if d.family == ALPHAZERO else 0.0
        if d.family == UCB and n > 0:
            table[WIDTH, a] = 1 / np.sqrt(n)


@inline
def pick(d, states, run, order, table, visits, total, collected):
    """Return the arm to pull after `total` pulls that gave `collected` in all."""
    k = order.size
    explore = max(d.epsilon, min(1.0, d.scale * k / (total + 1)))
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
    scale, shift = 0.0, 0.0
    if d.family == UCB:
        scale = d.c * np.sqrt(np.log(max(total, 1)))
    elif d.family == ALPHAZERO:
        scale = d.c_puct * np.sqrt(under_root(d.first_visit, total))
        shift = (d.raw_value + collected) / (1 + total)
    for i in range(k):
        a = order[i]
        score = table[CENTER, a] + scale * table[WIDTH, a]
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
    """Return a gamma variable of `shape` + 1/3; width: 1 / sqrt(9 shape). (Marsaglia and Tsang)"""
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


def _checked_prior(rule: Rule, prior: np.ndarray | None, runs: int, k: int) -> np.ndarray:
    name = type(rule).__name__
    if rule.family != ALPHAZERO:
        if prior is not None:
            raise GoError(f"{name} has no use for a prior")
        return np.zeros((runs, k))
    if prior is None:
        raise GoError(f"{name} needs a prior; np.full(k, 1 / k) is the uniform one")
    priors = _for_each_run(_numbers(prior, "the prior"), runs, k, "prior")
    if (priors < 0).any() or (abs(priors.sum(1) - 1) > 1e-6).any():
        raise GoError("a prior is made of probabilities: none below 0, and their sum 1")
    return priors


def _for_each_run(table: np.ndarray, runs: int, k: int, name: str) -> np.ndarray:
    if table.shape not in ((k,), (runs, k)):
        raise GoError(f"{name} has the shape {table.shape}, not ({k},) or ({runs}, {k})")
    return np.ascontiguousarray(np.broadcast_to(table, (runs, k)))


def _numbers(values: np.ndarray, name: str) -> np.ndarray:
    table = np.array(values, np.float64)
    if table.ndim not in (1, 2) or table.size == 0 or not np.isfinite(table).all():
        raise GoError(f"{name} are finite numbers, [k] or [runs, k]")
    table.flags.writeable = False
    return table


def _check(
    name: str, value: float, lowest: float = 0, highest: float = math.inf, above: bool = False
) -> None:
    if not is_number(value) or not lowest <= value <= highest or (above and value == lowest):
        start = f"above {lowest:g}" if above else f"from {lowest:g}"
        end = "" if highest == math.inf else f" to {highest:g}"
        raise GoError(f"{name} is a finite number {start}{end}, not {value!r}")


def _check_first_visit(first_visit: str) -> None:
    if first_visit not in FIRST_VISITS:
        raise GoError(f"first_visit is {' or '.join(FIRST_VISITS)}, not {first_visit!r}")
