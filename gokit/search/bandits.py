"""The k-armed bandit: rules that pick an arm, and the regret each pays, over thousands of runs.

The functions at the top are the formulas; `play` runs the same rules compiled. A bandit is a
search of depth one: an arm is a move, a pull a simulation. Built in chapter 2.
"""

from __future__ import annotations

import math
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields
from typing import ClassVar

import numpy as np

from gokit.go.errors import GoError
from gokit.go.playouts import random_states
from gokit.options import is_number, is_whole
from gokit.search import bandit_kernels as kernels
from gokit.search.bandit_kernels import Dials

ARM_KINDS = ("bernoulli", "gaussian")
FIRST_VISITS = ("sqrt_total_plus_one", "sqrt_total", "sqrt_max_total_one")
# In the order of the compiled code's numbers. What each fpu_value is where none is given.
FIRST_PLAY = {"infinite": None, "absolute": 0.0, "reduction": 0.2, "visited policy": 0.2}
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
    root = _root_of_total(np.asarray(total, float), first_visit)
    return c_puct * np.asarray(prior) * root / (1 + np.asarray(visits))


def _root_of_total(total: np.ndarray, first_visit: str) -> np.ndarray:
    if first_visit not in FIRST_VISITS:
        raise GoError(f"first_visit is {' or '.join(FIRST_VISITS)}, not {first_visit!r}")
    least = {"sqrt_total_plus_one": total + 1, "sqrt_total": total}
    return np.sqrt(least.get(first_visit, np.maximum(total, 1)))


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


def pucb_scores(q: np.ndarray, prior: np.ndarray, visits: np.ndarray) -> np.ndarray:
    """Return the score of each arm by PUCB, the bandit that PUCT comes from.

    Q + sqrt(3 ln t / (2 n)) - (2 / P) sqrt(ln t / t), t being the number of the coming pull; an
    arm never pulled has Q = 1 and no second term; at t = 1 the last term is 2 / P. q, prior:
    float [k], the prior above 0 everywhere; visits: int [k]. Rosin (2011). Built in chapter 2.
    """
    visits = np.asarray(visits)
    growth, shift = _pucb_terms(np.array([np.sum(visits)]))
    mean = np.where(visits > 0, q, 1.0)
    bonus = np.where(visits > 0, growth / np.sqrt(np.maximum(visits, 1)), 0.0)
    return mean + bonus + shift * 2 / np.asarray(prior)


def _pucb_terms(total: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    t = total + 1.0
    return np.sqrt(1.5 * np.log(t)), np.where(t > 1, -np.sqrt(np.log(t) / t), -1.0)


def ucb1_regret_bound(means: np.ndarray, pulls: np.ndarray | int):
    """Return the regret that UCB1 (c = sqrt 2, rewards in [0, 1]) never exceeds on average.

    8 ln(n) sum(1 / gap) + (1 + pi² / 3) sum(gap), over the arms below the best; means: float
    [k]; pulls: n, a number or an array. Auer et al. (2002), theorem 1. Built in chapter 2.
    """
    gaps = np.max(means) - np.asarray(means, float)
    gaps = gaps[gaps > 0]
    return 8 * np.log(pulls) * (1 / gaps).sum() + (1 + math.pi**2 / 3) * gaps.sum()


def lai_robbins_slope(means: np.ndarray) -> float:
    """Return the least that regret can grow by, per unit of ln(pulls), on Bernoulli arms.

    The sum of gap / KL(mean, best mean) over the arms below the best: no rule that pays less than
    every power of n on every bandit does better in the long run. means: float [k], the best
    below 1. Lai and Robbins (1985). Built in chapter 2.
    """
    means = np.asarray(means, float)
    best, low = means.max(), means[means < means.max()]
    if best >= 1 or means.min() < 0:
        raise GoError("the bound is for means from 0 to below 1")
    with np.errstate(divide="ignore", invalid="ignore"):
        won = np.where(low > 0, low * np.log(low / best), 0.0)
    return float(((best - low) / (won + (1 - low) * np.log((1 - low) / (1 - best)))).sum())


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


def option(default: float, lowest: float = 0, highest: float = math.inf, above: bool = False):
    """Declare a rule's number and the range that it is checked against."""
    return field(default=default, metadata={"lowest": lowest, "highest": highest, "above": above})


class Rule:
    """A rule that picks arms. Ties go by an order of the arms drawn at the start of each run."""

    family: ClassVar[int]
    needs_prior: ClassVar[bool] = False

    def __post_init__(self) -> None:
        for each in fields(self):
            if each.metadata and getattr(self, each.name) is not None:
                _check(each.name, getattr(self, each.name), **each.metadata)

    def dials(self) -> Dials:
        """The rule's numbers for the compiled code."""
        known = {each.name: getattr(self, each.name) for each in fields(self)}
        numbers = {name: float(known[name]) for name in Dials._fields if name in known}
        return Dials(self.family, **numbers)

    def schedule(self, total: np.ndarray, k: int) -> tuple:
        """What does not depend on the rewards, after each number of pulls in `total`.

        The chance of a random arm, and what a score's second and third column are multiplied by.
        """
        return 0.0, 0.0, 0.0


@dataclass(frozen=True)
class Greedy(Rule):
    """Pull every arm once, then always the one with the highest mean. Built in chapter 2."""

    family: ClassVar[int] = kernels.GREEDY


@dataclass(frozen=True)
class EpsilonGreedy(Rule):
    """Greedy, but with probability `epsilon`, 0 to 1, any arm at random. Built in chapter 2."""

    family: ClassVar[int] = kernels.GREEDY
    epsilon: float = option(0.1, highest=1)

    def schedule(self, total: np.ndarray, k: int) -> tuple:
        return self.epsilon, 0.0, 0.0


@dataclass(frozen=True)
class DecayingEpsilonGreedy(Rule):
    """Greedy, but at pull t with probability min(1, scale k / t) any of the k arms at random.

    Auer et al. (2002), epsilon_n-greedy, where scale is c / d². Built in chapter 2.
    """

    family: ClassVar[int] = kernels.GREEDY
    scale: float = option(10.0)

    def schedule(self, total: np.ndarray, k: int) -> tuple:
        return np.minimum(1.0, self.scale * k / (total + 1)), 0.0, 0.0


@dataclass(frozen=True)
class UCB1(Rule):
    """The highest `ucb1_scores`; c = sqrt(2) is Auer et al.'s (2002). Built in chapter 2."""

    family: ClassVar[int] = kernels.UCB
    c: float = option(math.sqrt(2))

    def schedule(self, total: np.ndarray, k: int) -> tuple:
        return 0.0, self.c * np.sqrt(np.log(np.maximum(total, 1))), 0.0


@dataclass(frozen=True)
class BetaThompson(Rule):
    """Draw each arm's mean from its Beta posterior and pull the highest; Bernoulli arms only.

    successes, failures: what the posterior starts with, Beta(1, 1), the uniform one, by default;
    0.5 each is Jeffreys' prior. Thompson (1933). Built in chapter 2.
    """

    family: ClassVar[int] = kernels.BETA
    successes: float = option(1.0, lowest=0.1)
    failures: float = option(1.0, lowest=0.1)

    def dials(self) -> Dials:
        return super().dials()._replace(screened=1.0)


@dataclass(frozen=True)
class GaussianThompson(Rule):
    """Draw each arm's mean from its normal posterior and pull the highest.

    mean, sd: the prior of an arm's mean; noise_sd: the known standard deviation of a reward,
    0.5 being enough for rewards of 0 and 1. Built in chapter 2.
    """

    family: ClassVar[int] = kernels.GAUSSIAN
    mean: float = option(0.0, lowest=-math.inf)
    sd: float = option(1.0, above=True)
    noise_sd: float = option(1.0, above=True)


@dataclass(frozen=True)
class PUCB(Rule):
    """The highest `pucb_scores`; rewards from 0 to 1; `play` needs a prior above 0 everywhere."""

    family: ClassVar[int] = kernels.ROSIN
    needs_prior: ClassVar[bool] = True

    def schedule(self, total: np.ndarray, k: int) -> tuple:
        return 0.0, *_pucb_terms(total)


@dataclass(frozen=True)
class SamplePrior(Rule):
    """Draw arms from the prior ** (1 / temperature) and never learn: what a prior is worth alone.

    `play` needs a prior. Built in chapter 2.
    """

    family: ClassVar[int] = kernels.SAMPLED
    needs_prior: ClassVar[bool] = True
    temperature: float = option(1.0, above=True)


@dataclass(frozen=True)
class PUCT(Rule):
    """The highest `puct_scores`, AlphaZero's rule; `play` needs a prior.

    c_puct, first_visit: see `puct_bonus`. fpu, fpu_value: what an arm never pulled is worth, as
    in `gokit.search.config.SearchConfig`: "infinite", each once, the highest prior first;
    "absolute", fpu_value (default 0); "reduction", the mean of all pulls less fpu_value (default
    0.2); "visited policy", that mean less fpu_value * sqrt(the pulled arms' priors, summed).
    raw_value counts as one more pull in that mean (default 0), and is no option of the first
    two. Built in chapter 2.
    """

    family: ClassVar[int] = kernels.ALPHAZERO
    needs_prior: ClassVar[bool] = True
    c_puct: float = option(1.5)
    fpu: str = "reduction"
    fpu_value: float | None = option(None, lowest=-math.inf)
    raw_value: float | None = option(None, lowest=-math.inf)
    first_visit: str = "sqrt_total_plus_one"

    def __post_init__(self) -> None:
        super().__post_init__()
        _root_of_total(np.zeros(1), self.first_visit)
        if self.fpu not in FIRST_PLAY:
            raise GoError(f"fpu is {' or '.join(FIRST_PLAY)}, not {self.fpu!r}")
        relative = self.fpu in ("reduction", "visited policy")
        if self.fpu_value is not None and self.fpu == "infinite":
            raise GoError("fpu_value is no option of fpu='infinite'")
        if self.raw_value is not None and not relative:
            raise GoError(f"raw_value is no option of fpu={self.fpu!r}")
        if relative and self.fpu_value is not None and self.fpu_value < 0:
            raise GoError(f"fpu_value is a reduction, from 0, not {self.fpu_value!r}")

    def dials(self) -> Dials:
        value = FIRST_PLAY[self.fpu] if self.fpu_value is None else self.fpu_value
        number = list(FIRST_PLAY).index(self.fpu)
        return Dials(self.family, float(number), float(value or 0), float(self.raw_value or 0))

    def schedule(self, total: np.ndarray, k: int) -> tuple:
        return 0.0, self.c_puct * _root_of_total(total, self.first_visit), 0.0


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
    summing to 1, for a rule that needs it (PUCT, PUCB, SamplePrior); GoError for any other.
    checkpoints: how many pull numbers to report at, fewer where they would coincide. Built in
    chapter 2.
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
    noise = 0.0 if arms.sd is None else float(arms.sd)
    dials, plan = rule.dials(), np.empty((3, pulls))
    for row, numbers in enumerate(rule.schedule(np.arange(pulls, dtype=float), k)):
        plan[row] = numbers
    bounds = np.linspace(0, runs, min(workers, runs) + 1).astype(int)

    def share(w: int) -> None:
        part = slice(bounds[w], bounds[w + 1])
        rows = [each[part] for each in (states, means, priors, regret, visits, rewards)]
        scratch = np.empty(k, np.int64), np.empty((kernels.ROWS, k))
        kernels.play_kernel(dials, plan, noise, marks, *rows, *scratch)

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(share, range(bounds.size - 1)))

    q = np.divide(rewards, visits, out=np.full(visits.shape, np.nan), where=visits > 0)
    most = visits == visits.max(1, keepdims=True)
    mean = regret.mean(0)
    spread = regret.std(0, ddof=1) if runs > 1 else np.inf
    margin = Z95 * spread / math.sqrt(runs)
    choices = np.where(most, q, -np.inf).argmax(1)
    return Regret(marks, regret, mean, mean - margin, mean + margin, visits, q, choices)


def _checked_prior(rule: Rule, prior: np.ndarray | None, runs: int, k: int) -> np.ndarray:
    name = type(rule).__name__
    if not rule.needs_prior:
        if prior is not None:
            raise GoError(f"{name} has no use for a prior")
        return np.zeros((runs, k))
    if prior is None:
        raise GoError(f"{name} needs a prior; np.full(k, 1 / k) is the uniform one")
    priors = _for_each_run(_numbers(prior, "the prior"), runs, k, "prior")
    if (priors < 0).any() or (abs(priors.sum(1) - 1) > 1e-6).any():
        raise GoError("a prior is made of probabilities: none below 0, and their sum 1")
    if isinstance(rule, PUCB) and (priors == 0).any():
        raise GoError("PUCB divides by the prior, so it must be above 0 everywhere")
    if isinstance(rule, SamplePrior):
        priors = (priors / priors.max(1, keepdims=True)) ** (1 / rule.temperature)
        priors /= priors.sum(1, keepdims=True)
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
