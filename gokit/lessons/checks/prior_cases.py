"""Bandits with a prior for chapter 2's checks: PUCT's scores, a run of it, and whom to trust."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from gokit.lessons.checks.arm_table import ArmTable, notes
from gokit.lessons.checks.bandit_cases import best
from gokit.lessons.exercise import Case, Failure


def puct_scores(q: list, prior: list, visits: list, c: float, fpu: float) -> list[float]:
    root = math.sqrt(sum(visits) + 1)
    return [(q[a] if n else fpu) + c * prior[a] * root / (1 + n) for a, n in enumerate(visits)]


def random_prior(rng: np.random.Generator, k: int) -> list[float]:
    """Probabilities in hundredths that sum to 1."""
    cuts = np.sort(rng.choice(np.arange(1, 100), k - 1, replace=False))
    return (np.diff([0, *cuts, 100]) / 100).tolist()


def puct_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(q: list, prior: list, visits: list, c: float, fpu: float, about: str) -> Case:
        table = {"arm": range(len(q)), "Q": q, "P": prior, "pulls": visits}
        caption = f"c = {c}, fpu = {fpu}"
        drawing = ArmTable(table, caption=caption, bars=("pulls",))
        return Case((q, prior, visits, c, fpu), about, drawing=drawing)

    yield case([0.5, 0.6], [0.7, 0.3], [3, 5], 1.5, 0.0, "two arms, both pulled")
    yield case([0.0] * 3, [0.2, 0.5, 0.3], [0, 0, 0], 1.5, 0.0, "before the first pull, N = 0")
    yield case([0.5, 0.0, 0.25], [0.2, 0.5, 0.3], [2, 0, 4], 1.0, -0.3, "one arm never pulled")
    for _ in range(8):
        k = int(rng.integers(2, 7))
        visits = rng.integers(0, 40, k).tolist()
        q = [round(float(rng.uniform(-1, 1)), 2) if n else 0.0 for n in visits]
        c, fpu = (round(float(x), 2) for x in rng.uniform((0.5, -1), (3, 1)))
        yield case(q, random_prior(rng, k), visits, c, fpu, f"{k} arms")


def puct_hint(case: Case, a: int, got: tuple) -> str:
    q, prior, visits, c, fpu = case.args
    total, n = sum(visits), visits[a]
    known = q[a] if n else fpu
    if total == 0 and all(math.isclose(score, fpu, abs_tol=1e-12) for score in got):
        return (
            "With √N every bonus is 0 before the first pull, and the prior is ignored: "
            "take √(N + 1)."
        )
    if math.isclose(got[a] - known, c * prior[a] * math.sqrt(total) / (1 + n), abs_tol=1e-9):
        return "Under the root stands N + 1, the node's own visit included."
    bonus = c * prior[a] * math.sqrt(total + 1) / (1 + n)
    if not n and math.isclose(got[a], q[a] + bonus, abs_tol=1e-9):
        return "It has never been pulled, so its Q says nothing: fpu stands in for it."
    if math.isclose(got[a] - known, bonus / c, abs_tol=1e-9):
        return "That is without c."
    if math.isclose(got[a] - known, bonus / prior[a], abs_tol=1e-9):
        return "That is without the prior."
    return f"Its bonus is {c} · {prior[a]} · √({total} + 1) / (1 + {n})."


# A whole run.


def puct_run(prior: list, rewards: list, pulls: int, c: float) -> list[int]:
    visits, sums, pulled = [0] * len(prior), [0.0] * len(prior), []
    for _ in range(pulls):
        q = [s / n if n else 0.0 for s, n in zip(sums, visits, strict=True)]
        a = best(puct_scores(q, prior, visits, c, 0.0))
        sums[a] += rewards[a][visits[a]]
        visits[a] += 1
        pulled.append(a)
    return pulled


def run_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(prior: list, rewards: list, pulls: int, c: float, about: str) -> Case:
        first = ["".join(map(str, row[:12])) for row in rewards]
        table = {"arm": range(len(prior)), "P": prior, "rewards": first}
        caption = f"{pulls} pulls, c = {c}; the first rewards of each arm"
        return Case((prior, rewards, pulls, c), about, drawing=ArmTable(table, caption=caption))

    yield case([0.6, 0.4], [[0, 0, 0], [1, 1, 1]], 3, 1.5, "the likeliest arm loses")
    yield case([0.5, 0.5], [[1, 1, 0, 1], [1, 0, 1, 1]], 4, 1.0, "equal priors")
    for pulls in (6, 10, 25, 60):
        k = int(rng.integers(2, 6))
        rewards = (rng.random((k, pulls)) < rng.uniform(0.1, 0.9, (k, 1))).astype(int).tolist()
        c = round(float(rng.uniform(0.5, 3)), 2)
        # Not round numbers: two scores that are equal but for rounding would be a matter of taste.
        prior = rng.dirichlet(np.full(k, 2.0)).round(6).tolist()
        yield case(prior, rewards, pulls, c, f"{k} arms, {pulls} pulls")


def wrong_run(case: Case, expected: tuple, got: tuple) -> Failure:
    prior, rewards, pulls, c = case.args
    if len(got) != pulls:
        return Failure(f"Asked is the arm of each of the {pulls} pulls; yours are {len(got)}.")
    t = next(i for i in range(pulls) if got[i] != expected[i])
    visits = [expected[:t].count(a) for a in range(len(prior))]
    q = [sum(rewards[a][:n]) / n if n else 0.0 for a, n in enumerate(visits)]
    scores = puct_scores(q, prior, visits, c, 0.0)
    right, yours = expected[t], got[t]
    message = f"Pull {t + 1} goes to arm {right}; you pull arm {yours}."
    if yours in range(len(prior)) and math.isclose(scores[yours], scores[right]):
        message += " Among equals the lowest number is pulled."
    elif t == 0:
        message += " Before the first pull the prior decides: √(N + 1), not √N."
    columns = {"arm": range(len(prior)), "Q": q, "P": prior, "pulls": visits, "score": scores}
    caption = f"after {t} pulls, c = {c}"
    table = ArmTable(columns, notes(right, yours), caption, bars=("pulls",))
    return Failure(message, drawing=table)


# Which prior to trust.


def mean_surprise(priors: list, best_arms: list) -> float:
    shares = [prior[arm] for prior, arm in zip(priors, best_arms, strict=True)]
    if min(shares) == 0:
        return math.inf
    return -math.fsum(map(math.log, shares)) / len(shares)


def trust(advisers: list, best_arms: list) -> int:
    surprises = [mean_surprise(priors, best_arms) for priors in advisers]
    return surprises.index(min(surprises))


def trust_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(advisers: list, best_arms: list, about: str) -> Case:
        columns = {"adviser": range(len(advisers))}
        for i, arm in enumerate(best_arms[:6]):
            columns[f"P(best) {i + 1}"] = [priors[i][arm] for priors in advisers]
        return Case((advisers, best_arms), about, drawing=ArmTable(columns))

    even = [0.25] * 4
    sure, blind = [0.97, 0.01, 0.01, 0.01], [1.0, 0.0, 0.0, 0.0]
    yield case([[even, even], [sure, sure]], [0, 0], "one adviser says something")
    yield case([[sure] * 4, [even] * 4], [0, 0, 2, 1], "one adviser is too sure of itself")
    yield case([[blind] * 4, [even] * 4], [0, 0, 0, 1], "one adviser rules the best arm out, once")
    yield case(
        [[sure] * 5, [even] * 5, [[0.6, 0.2, 0.1, 0.1]] * 5], [0, 0, 0, 1, 2], "three advisers"
    )
    for _ in range(10):
        k, count = int(rng.integers(2, 5)), int(rng.integers(3, 7))
        arms = rng.integers(0, k, count).tolist()
        advisers = [
            [_leaning(rng, k, arm, lean) for arm in arms] for lean in rng.uniform(-0.5, 1.5, 3)
        ]
        yield case(advisers, arms, f"three advisers, {count} positions")


def _leaning(rng: np.random.Generator, k: int, arm: int, lean: float) -> list[float]:
    weights = np.exp(rng.normal(0, 1.5, k) + lean * (np.arange(k) == arm))
    return (weights / weights.sum()).round(6).tolist()


def wrong_trust(case: Case, expected: int, got: int) -> Failure:
    advisers, best_arms = case.args
    surprises = [mean_surprise(priors, best_arms) for priors in advisers]
    given = [
        [prior[arm] for prior, arm in zip(priors, best_arms, strict=True)] for priors in advisers
    ]
    message = f"You trust adviser {got}; adviser {expected} was surprised least."
    if got in range(len(advisers)):
        if surprises[got] == math.inf:
            message += " Yours once gave the best arm probability 0: its surprise is infinite."
        elif sum(given[got]) > sum(given[expected]):
            message += " A mean of probabilities forgives what the logarithm does not."
        elif surprises[got] == max(surprises):
            message += " Yours was surprised most: is the sign right?"
    columns = case.drawing.columns | {"mean surprise": surprises}
    return Failure(message, drawing=ArmTable(columns, notes(expected, got)))
