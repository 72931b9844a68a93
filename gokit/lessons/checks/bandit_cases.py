"""Bandits for chapter 2's checks: cases, slow references, and what to say of a wrong answer."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from gokit.lessons.checks.arm_table import YOURS, ArmTable, notes
from gokit.lessons.exercise import Case, Failure


def best(scores: list[float]) -> int:
    """The highest score's index, the lowest among equals."""
    return scores.index(max(scores))


def first_difference(expected: tuple, got: tuple) -> int | None:
    """Where two sequences of one length first differ, or None."""
    for i, (right, yours) in enumerate(zip(expected, got, strict=False)):
        if not math.isclose(right, yours, rel_tol=1e-9, abs_tol=1e-9):
            return i
    return None


# A running mean.


def running_mean(q: float, n: int, reward: float) -> float:
    rewards = [q] * n + [reward]
    return math.fsum(rewards) / len(rewards)


def mean_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(q: float, n: int, reward: float, about: str) -> Case:
        table = {"": ["so far", "new"], "mean": [q, reward], "rewards": [n, 1]}
        return Case((q, n, reward), about, drawing=ArmTable(table))

    yield case(0.0, 0, float(rng.integers(1, 5)), "the first reward of all")
    yield case(0.5, 4, 1.0, "four rewards so far")
    for _ in range(8):
        n = int(rng.integers(1, 200))
        q, reward = (round(float(x), 3) for x in rng.uniform(-1, 1, 2))
        yield case(q, n, reward, f"{n} rewards so far")


def wrong_mean(case: Case, expected: float, got: float) -> Failure:
    q, n, reward = case.args
    message = f"The mean of {n + 1} reward{'s' * (n > 0)} is {expected:.6g}; yours is {got:.6g}."
    if math.isclose(got, (q + reward) / 2):
        message += " The new reward is one of many: the mean so far stands for n of them."
    elif n and math.isclose(got, q + (reward - q) / n):
        message += " With the new one there are n + 1 rewards, not n."
    elif math.isclose(got, q + reward):
        message += " That is a sum."
    return Failure(message)


# Regret.


def regret(means: list[float], pulled: list[int]) -> list[float]:
    gaps = [max(means) - means[a] for a in pulled]
    return [math.fsum(gaps[: t + 1]) for t in range(len(gaps))]


def regret_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(means: list[float], pulled: list[int], about: str) -> Case:
        table = {"arm": range(len(means)), "wins": means}
        return Case((means, pulled), about, drawing=ArmTable(table))

    yield case([0.5, 0.7], [0, 0, 1], "two arms, three pulls")
    yield case([0.2, 0.9, 0.4], [0, 2, 0, 2], "the best arm is never pulled")
    for _ in range(6):
        k = int(rng.integers(2, 7))
        means = rng.uniform(0, 1, k).round(2).tolist()
        pulled = rng.integers(0, k, int(rng.integers(3, 13))).tolist()
        yield case(means, pulled, f"{k} arms, {len(pulled)} pulls")


def wrong_regret(case: Case, expected: tuple, got: tuple) -> Failure:
    means, pulled = case.args
    gaps = [max(means) - means[a] for a in pulled]
    if len(got) != len(expected):
        message = f"Asked is one number for each of the {len(pulled)} pulls; yours are {len(got)}."
        return Failure(message)
    t = first_difference(expected, got)
    message = f"After pull {t + 1} the regret is {expected[t]:.4g}; yours is {got[t]:.4g}."
    if first_difference(tuple(gaps), got) is None:
        message += " Those are the single gaps: regret adds them up."
    elif first_difference(tuple(-x for x in expected), got) is None:
        message += " A regret is never below 0."
    elif max(means) != max(means[a] for a in pulled):
        message += " The best arm counts even if nobody pulled it."
    columns = {"pull": range(1, len(pulled) + 1), "arm": pulled, "gap": gaps}
    columns |= {"regret": expected, "yours": got}
    return Failure(message, drawing=ArmTable(columns, {t: "◀ here"}, f"arms win {means}"))


# Epsilon-greedy, with the dice given.


def epsilon_greedy(q: list, visits: list, epsilon: float, u: float, v: float) -> int:
    if u < epsilon:
        return int(v * len(q))
    return best([mean if n else math.inf for mean, n in zip(q, visits, strict=True)])


def epsilon_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(q: list, visits: list, epsilon: float, u: float, v: float, about: str) -> Case:
        table = {"arm": range(len(q)), "Q": q, "pulls": visits}
        caption = f"epsilon = {epsilon}, u = {u}, v = {v}"
        drawing = ArmTable(table, caption=caption, bars=("pulls",))
        return Case((q, visits, epsilon, u, v), about, drawing=drawing)

    yield case([0.2, 0.6, 0.4], [5, 5, 5], 0.1, 0.5, 0.9, "no exploring this time")
    yield case([0.2, 0.6, 0.4], [5, 5, 5], 0.1, 0.05, 0.9, "exploring")
    yield case([0.2, 0.6, 0.4], [5, 5, 5], 0.1, 0.05, 0.4, "exploring, and the best arm comes up")
    yield case([0.6, 0.0, 0.4], [3, 0, 2], 0.1, 0.5, 0.2, "one arm never pulled")
    yield case([0.3, 0.5, 0.5], [4, 2, 2], 0.1, 0.7, 0.5, "two equals")
    for _ in range(12):
        k = int(rng.integers(2, 7))
        visits = rng.integers(0, 6, k).tolist()
        q = [int(rng.integers(0, n + 1)) / n if n else 0.0 for n in visits]
        u, v = (round(float(x), 3) for x in rng.random(2))
        yield case(q, visits, 0.4, u, v, f"{k} arms")


def wrong_epsilon(case: Case, expected: int, got: int) -> Failure:
    q, visits, epsilon, u, _ = case.args
    message = f"You pull arm {got}; it is arm {expected}'s turn. "
    if u < epsilon:
        message += f"u is below epsilon, so any arm may come: number int(v * {len(q)})."
    elif not visits[expected]:
        message += f"Arm {expected} has never been pulled, and that comes before every mean."
    elif got in range(len(q)) and visits[got] and q[got] == q[expected]:
        message += "Among equals the lowest number is asked for."
    else:
        message += "u is not below epsilon, so the highest mean is pulled."
    return Failure(message, drawing=_with_notes(case, expected, got))


def _with_notes(case: Case, right: int, yours: Any) -> ArmTable:
    table = case.drawing
    return ArmTable(table.columns, notes(right, yours), table.caption, table.bars)


# UCB1.


def ucb1_scores(q: list, visits: list, c: float) -> list[float]:
    total = sum(visits)
    return [
        mean + c * math.sqrt(math.log(total) / n) if n else math.inf
        for mean, n in zip(q, visits, strict=True)
    ]


def ucb1_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(q: list, visits: list, c: float, about: str) -> Case:
        table = {"arm": range(len(q)), "Q": q, "pulls": visits}
        drawing = ArmTable(table, caption=f"c = {c:.4g}", bars=("pulls",))
        return Case((q, visits, c), about, drawing=drawing)

    yield case([0.5, 0.6], [4, 10], math.sqrt(2), "two arms")
    yield case([0.5, 0.0, 0.25], [2, 0, 4], math.sqrt(2), "one arm never pulled")
    yield case([0.0, 0.0], [0, 0], 1.0, "before the first pull")
    for _ in range(8):
        k = int(rng.integers(2, 7))
        visits = rng.integers(0, 60, k).tolist()
        q = [int(rng.integers(0, n + 1)) / n if n else 0.0 for n in visits]
        yield case(q, visits, round(float(rng.uniform(0.3, 2)), 2), f"{k} arms")


def wrong_scores(hint: Callable[[Case, int, tuple], str]) -> Callable:
    """An explanation for a list of scores; `hint` says more about the first wrong one."""

    def explain(case: Case, expected: tuple, got: tuple) -> Failure:
        if len(got) != len(expected):
            return Failure(f"There are {len(expected)} arms; you give {len(got)} scores.")
        a = first_difference(expected, got)
        shown, given = ("∞" if x == math.inf else f"{x:.4f}" for x in (expected[a], got[a]))
        message = f"Arm {a}'s score is {shown}; yours is {given}. {hint(case, a, got)}"
        columns = case.drawing.columns | {"score": expected, "yours": got}
        table = ArmTable(columns, {a: "◀ here"}, case.drawing.caption, case.drawing.bars)
        return Failure(message.strip(), drawing=table)

    return explain


def ucb1_hint(case: Case, a: int, got: tuple) -> str:
    q, visits, c = case.args
    n, total, bonus = visits[a], sum(visits), got[a] - q[a]
    if n == 0:
        return "It has never been pulled, so nothing bounds what it may be worth: infinity."
    known = {
        "That is without c.": math.sqrt(math.log(total) / n),
        "The logarithm is the natural one, math.log.": c * math.sqrt(math.log10(total) / n),
        "Under the root stands ln N of all pulls together.": c * math.sqrt(math.log(n) / n),
        "N is the sum of the pulls, without one more.": c * math.sqrt(math.log(total + 1) / n),
        "The square root is missing.": c * math.log(total) / n,
    }
    for words, value in known.items():
        if math.isclose(bonus, value):
            return words
    return f"Its bonus is {c:.4g} · √(ln {total} / {n})."


# Thompson sampling.


def thompson(wins: list, losses: list, rng: np.random.Generator) -> int:
    return best([rng.beta(1 + w, 1 + l) for w, l in zip(wins, losses, strict=True)])


def thompson_arm(wins: list, losses: list, seed: int) -> int:
    return thompson(wins, losses, np.random.default_rng(seed))


def with_generator(learner: Callable, wins: list, losses: list, seed: int) -> Any:
    return learner(wins, losses, np.random.default_rng(seed))


def thompson_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(wins: list, losses: list, about: str) -> Case:
        table = {"arm": range(len(wins)), "wins": wins, "losses": losses}
        seed = int(rng.integers(1 << 30))
        return Case((wins, losses, seed), about, drawing=ArmTable(table))

    yield case([90, 10], [10, 90], "one arm is clearly better")
    yield case([0, 0, 0], [0, 0, 0], "nothing is known")
    for _ in range(16):
        k = int(rng.integers(2, 6))
        wins, losses = rng.integers(0, 12, (2, k)).tolist()
        yield case(wins, losses, f"{k} arms")


def wrong_thompson(case: Case, expected: int, got: int) -> Failure:
    wins, losses, seed = case.args
    rng = np.random.default_rng(seed)
    pairs = list(zip(wins, losses, strict=True))
    drawn = [float(rng.beta(1 + w, 1 + l)) for w, l in pairs]
    rng = np.random.default_rng(seed)
    swapped = best([rng.beta(1 + l, 1 + w) for w, l in pairs])
    means = [(1 + w) / (2 + w + l) for w, l in pairs]
    message = f"You pull arm {got}; arm {expected} drew the highest number."
    if got == swapped:
        message += (
            " Is the order right? Beta's first number counts the wins, the second the losses."
        )
    elif got == best(means):
        message += (
            " Yours has the best mean, but it is the draws that decide, one from each belief."
        )
    else:
        message += " Draw once for each arm, arm 0 first, from Beta(1 + wins, 1 + losses)."
    columns = case.drawing.columns | {"mean": means, "drawn": drawn}
    return Failure(message, drawing=ArmTable(columns, notes(expected, got), bars=("drawn",)))


# How many pulls until the doubt is gone.


def pulls_needed(gap: float, total: int, c: float) -> int:
    n = 1
    while c * math.sqrt(math.log(total) / n) > gap:
        n += 1
    return n


def doubt_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(gap: float, total: int, c: float, about: str) -> Case:
        table = {"": ["gap", "N", "c"], "value": [gap, total, c]}
        return Case((gap, total, c), about, drawing=ArmTable(table))

    yield case(0.5, 100, 1.0, "a large gap")
    yield case(0.1, 1000, math.sqrt(2), "a small gap")
    yield case(3.0, 50, 1.0, "a gap that one pull is enough for")
    for _ in range(8):
        gap, c = (round(float(x), 2) for x in rng.uniform((0.05, 0.3), (0.6, 2)))
        yield case(gap, int(rng.integers(10, 5000)), c, "another gap")


def wrong_doubt(case: Case, expected: int, got: int) -> Failure:
    gap, total, c = case.args

    def bonus(n: float) -> float:
        return c * math.sqrt(math.log(total) / n) if n > 0 else math.inf

    if got != int(got):
        message = f"Pulls are whole: {expected}, not {got:.4f}."
    elif got < expected:
        message = f"After {got} pulls the bonus is {bonus(got):.4f}, still above the gap {gap}."
    else:
        message = (
            f"{got} pulls are more than needed: after {expected} the bonus is already "
            f"{bonus(expected):.4f}, no more than the gap {gap}."
        )
    formula = c * c * math.log(total) / gap**2
    message += f" (c² ln N / gap² is {formula:.2f}.)" if got < expected else ""
    tries = sorted({n for n in (expected - 1, expected, got) if n >= 1})
    marked = notes(tries.index(expected), None)
    if got in tries and got != expected:
        marked[tries.index(got)] = YOURS
    columns = {"pulls n": tries, "bonus": [bonus(n) for n in tries], "gap": [gap] * len(tries)}
    return Failure(message, drawing=ArmTable(columns, marked, f"N = {total}, c = {c:.4g}"))
