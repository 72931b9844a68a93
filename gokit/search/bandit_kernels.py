"""The compiled part of `gokit.search.bandits`: every run of a bandit, and its random numbers.

A run shuffles its arms into slots, so that the first slot of the highest score breaks ties at
random. A table holds what a rule knows of each slot, and a pull changes one column of it.
"""

from __future__ import annotations

import math
from collections import namedtuple

import numpy as np

from gokit.go.compiled import inline, lean
from gokit.go.playouts import next_random, random_below

GREEDY, UCB, ROSIN, ALPHAZERO, SAMPLED, BETA, GAUSSIAN = range(7)
INFINITE, ABSOLUTE, REDUCTION, VISITED_POLICY = range(4)
# A rule's options as plain numbers; those of other rules are 0.
OPTIONS = "fpu fpu_value raw_value mean sd noise_sd successes failures screened"
Dials = namedtuple("Dials", "family " + OPTIONS, defaults=[0.0] * 9)

# What a rule does at each pull, whatever has come so far: rows of the schedule, float [3, pulls].
EXPLORE, GROWTH, SHIFT = range(3)

# Rows of the table. A score is CENTER + growth * WIDTH + shift * THIRD.
CENTER, WIDTH, THIRD = range(3)
# Of a Beta: for each of its two gamma variables the numbers that `next_gamma` wants, and a screen.
WINS, LOSSES = 0, 3
SUCCESSES, FAILURES, EDGE, CHANCE, RATE, RECHECK = range(6, 12)
ROWS = 12


@lean
def play_kernel(
    d, schedule, noise, marks, states, means, prior, regret, visits, rewards, order, table
):
    """Play every run of the arrays; `order`, int64 [k], and `table`, [ROWS, k], are scratch.

    noise: the standard deviation of a Gaussian reward, 0 for Bernoulli ones.
    """
    k = means.shape[1]
    for run in range(states.size):
        best_mean = -np.inf
        for a in range(k):
            order[a] = a
            best_mean = max(best_mean, means[run, a])
        for last in range(k - 1, 0, -1):
            other = random_below(states, run, last + 1)
            order[last], order[other] = order[other], order[last]
        for i in range(k):
            refresh(d, table, i, prior[run, order[i]], 0, 0.0)
        paid, collected, seen, mark = 0.0, 0.0, 0.0, 0
        leader, most = 0, 0
        for total in range(marks[-1]):
            i = pick(d, schedule, states, run, table, total, collected, seen, leader)
            a = order[i]
            mean = means[run, a]
            if noise > 0:
                reward = mean + noise * next_normal(states, run)
            else:
                reward = 1.0 if next_uniform(states, run) < mean else 0.0
            if visits[run, a] == 0:
                seen += prior[run, a]
            visits[run, a] += 1
            rewards[run, a] += reward
            collected += reward
            if visits[run, a] > most:
                leader, most = i, visits[run, a]
            refresh(d, table, i, prior[run, a], visits[run, a], rewards[run, a])
            paid += best_mean - mean
            if total + 1 == marks[mark]:
                regret[run, mark] = paid
                mark += 1


@inline
def refresh(d, table, i, prior, n, rewards):
    """Write what the rule knows of slot `i` after `n` pulls that gave `rewards` in all."""
    if d.family == BETA:
        table[SUCCESSES, i] = d.successes + rewards
        table[FAILURES, i] = d.failures + n - rewards
        prepare_gamma(table, WINS, i, table[SUCCESSES, i])
        prepare_gamma(table, LOSSES, i, table[FAILURES, i])
        table[EDGE, i], table[RECHECK, i] = np.inf, 1.1 * n
    elif d.family == GAUSSIAN:
        known, seen = 1 / d.sd**2, n / d.noise_sd**2
        table[CENTER, i] = (known * d.mean + rewards / d.noise_sd**2) / (known + seen)
        table[WIDTH, i] = 1 / np.sqrt(known + seen)
    elif d.family == SAMPLED:
        table[CENTER, i] = prior
    elif d.family == ALPHAZERO:
        table[CENTER, i] = rewards / n if n > 0 else 0.0
        table[WIDTH, i] = prior / (1 + n)
        table[THIRD, i] = 0.0 if n > 0 else 1.0
    else:
        unknown = 1.0 if d.family == ROSIN else np.inf
        table[CENTER, i] = rewards / n if n > 0 else unknown
        table[WIDTH, i] = 1 / np.sqrt(n) if n > 0 and d.family != GREEDY else 0.0
        table[THIRD, i] = 2 / prior if d.family == ROSIN else 0.0


@inline
def pick(d, schedule, states, run, table, total, collected, seen, leader):
    """Return the slot to pull.

    total: the pulls so far, which gave `collected`; seen: the priors of the arms pulled, summed;
    leader: the slot pulled most.
    """
    k = table.shape[1]
    explore = schedule[EXPLORE, total]
    if explore > 0 and next_uniform(states, run) < explore:
        return random_below(states, run, k)
    if d.family == BETA:
        return pick_beta(d, states, run, table, total, leader)
    if d.family == GAUSSIAN:
        return pick_gaussian(states, run, table)
    if d.family == SAMPLED:
        return pick_sampled(states, run, table)
    growth, shift = schedule[GROWTH, total], schedule[SHIFT, total]
    if d.family == ALPHAZERO:
        if d.fpu == INFINITE and total < k:
            return likeliest_unseen(table)
        shift = d.fpu_value
        if d.fpu == REDUCTION or d.fpu == VISITED_POLICY:
            less = np.sqrt(seen) if d.fpu == VISITED_POLICY else 1.0
            shift = (d.raw_value + collected) / (1 + total) - d.fpu_value * less
    return highest(table, growth, shift)


@inline
def highest(table, growth, shift):
    """The first slot of the highest score."""
    best, best_score = 0, -np.inf
    for i in range(table.shape[1]):
        score = table[CENTER, i]
        if growth != 0:
            score += growth * table[WIDTH, i]
        if shift != 0:
            score += shift * table[THIRD, i]
        if score > best_score:
            best, best_score = i, score
    return best


@inline
def pick_gaussian(states, run, table):
    """The slot of the highest of one draw from each slot's normal posterior."""
    best, best_score = 0, -np.inf
    for i in range(table.shape[1]):
        score = table[CENTER, i] + table[WIDTH, i] * next_normal(states, run)
        if score > best_score:
            best, best_score = i, score
    return best


@inline
def likeliest_unseen(table):
    """The slot of the highest prior among those never pulled."""
    best, highest = 0, -1.0
    for i in range(table.shape[1]):
        if table[THIRD, i] == 1 and table[WIDTH, i] > highest:
            best, highest = i, table[WIDTH, i]
    return best


@inline
def pick_sampled(states, run, table):
    """A slot drawn by the probabilities in CENTER."""
    u, last = next_uniform(states, run), 0
    for i in range(table.shape[1]):
        if table[CENTER, i] > 0:
            last = i
            u -= table[CENTER, i]
            if u < 0:
                break
    return last


@lean
def pick_beta(d, states, run, table, total, leader):
    """The slot of the highest of one draw from each slot's Beta.

    Most arms have next to no chance against the leader's draw, so it is made first, and an arm
    whose screen has an edge below that draw costs a single uniform number in most cases.
    """
    best, best_score = leader, next_beta(states, run, table, leader)
    for i in range(table.shape[1]):
        if i == leader:
            continue
        if best_score >= table[EDGE, i]:
            if next_uniform(states, run) >= table[CHANCE, i]:
                continue
            score = next_beyond_edge(states, run, table, i)
        else:
            score = next_beta(states, run, table, i)
        if score > best_score:
            best, best_score = i, score
        if total >= table[RECHECK, i] and d.screened > 0:
            set_screen(table, i, leader, total)
    return best


@lean
def set_screen(table, i, leader, total):
    """Give slot `i` a screen: an edge, a CHANCE and a RATE, where its Beta has a thin tail.

    A Beta's log density is concave, so beyond the edge the density f stays under
    f(edge) exp(-RATE (x - edge)), whose mass is CHANCE = f(edge) / RATE. So with probability
    1 - CHANCE the draw is not beyond the edge; else propose from that exponential and keep the
    proposal with probability f over it. This is exact (rejection by an envelope), whatever the
    edge; two deviations under the leader's mean is an edge that the leader's draw rarely misses.
    """
    table[RECHECK, i], table[EDGE, i] = 2.0 * total + 2, np.inf
    wins, losses = table[SUCCESSES, leader], table[FAILURES, leader]
    mean = wins / (wins + losses)
    edge = mean - 2 * np.sqrt(mean * (1 - mean) / (wins + losses + 1))
    a, b = table[SUCCESSES, i], table[FAILURES, i]
    if edge <= 0 or a < 1 or b < 1:
        return
    rate = (b - 1) / (1 - edge) - (a - 1) / edge
    if rate <= 0:
        return
    log_density = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    log_density += (a - 1) * np.log(edge) + (b - 1) * np.log(1 - edge)
    chance = np.exp(log_density) / rate
    if chance < MOST_CHANCE:
        table[EDGE, i], table[CHANCE, i], table[RATE, i] = edge, chance, rate


MOST_CHANCE = 0.3  # above it, a screen costs more than it saves


@lean
def next_beyond_edge(states, run, table, i):
    """A draw beyond the edge of slot `i`, or -1 for "not beyond it"; see `set_screen`."""
    edge, rate = table[EDGE, i], table[RATE, i]
    x = edge - np.log(1 - next_uniform(states, run)) / rate
    if x >= 1:
        return -1.0
    kept = (table[SUCCESSES, i] - 1) * np.log(x / edge) + rate * (x - edge)
    kept += (table[FAILURES, i] - 1) * np.log((1 - x) / (1 - edge))
    return x if np.log(1 - next_uniform(states, run)) < kept else -1.0


@inline
def next_beta(states, run, table, i):
    """A draw from the Beta of slot `i`, of two gamma variables."""
    wins = next_gamma(states, run, table, WINS, i)
    return wins / (wins + next_gamma(states, run, table, LOSSES, i))


@inline
def prepare_gamma(table, row, i, shape):
    """Write in three rows what `next_gamma` needs to draw with this shape."""
    boost = 1 / shape if shape < 1 else 0.0
    d = (shape + 1 if boost > 0 else shape) - 1 / 3
    table[row, i], table[row + 1, i], table[row + 2, i] = d, 1 / np.sqrt(9 * d), boost


@inline
def next_gamma(states, run, table, row, i):
    """A gamma variable (Marsaglia and Tsang); for shapes < 1: shape + 1's times U^(1/shape)."""
    d, width, boost = table[row, i], table[row + 1, i], table[row + 2, i]
    while True:
        x = next_normal(states, run)
        v = 1 + width * x
        if v <= 0:
            continue
        v = v * v * v
        u = next_uniform(states, run)
        if u < 1 - 0.0331 * x**4 or np.log(u) < 0.5 * x * x + d * (1 - v + np.log(v)):
            break
    if boost > 0:
        v *= (1 - next_uniform(states, run)) ** boost
    return d * v


@inline
def next_uniform(states, run):
    """Advance state `run` and return a uniform number in [0, 1)."""
    return np.float64(next_random(states, run) >> np.uint64(11)) * (1.0 / (1 << 53))


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
def next_normal(states, run):
    """Advance state `run` and return a standard normal number (Marsaglia and Tsang's ziggurat)."""
    while True:
        bits = next_random(states, run)
        layer = np.int64(bits & np.uint64(255))
        sign = 1.0 if bits & np.uint64(256) else -1.0
        x = np.float64(bits >> np.uint64(11)) * (1.0 / (1 << 53)) * EDGES[layer]
        if x < EDGES[layer + 1]:
            return sign * x
        if layer == 0:
            while True:
                beyond = -np.log(1 - next_uniform(states, run)) / TAIL
                if -2 * np.log(1 - next_uniform(states, run)) > beyond * beyond:
                    return sign * (TAIL + beyond)
        low, high = HEIGHTS[layer], HEIGHTS[layer + 1]
        if low + (high - low) * next_uniform(states, run) < np.exp(-0.5 * x * x):
            return sign * x
