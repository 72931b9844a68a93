"""Which action a descent takes at a node: PUCT, UCB1 in a tree, and the Gumbel rules, compiled.

Built slowly and readably in chapters 2, 3 and 6.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gokit.go.compiled import kernel, lean
from gokit.search.tree import ABSOLUTE, GUMBEL, INFINITE, UCT, VISITED_POLICY

FIRST = 1e6  # the score of an action that must be tried before any is tried twice


class RootPlan(NamedTuple):
    """How a Gumbel root shares its simulations out (unused by the others).

    gumbel: float32 [n, A]; considered: int32 [n], how many actions are tried;
    schedule: int32 [A + 1, simulations], the visit count that an action to be visited now has.
    """

    gumbel: np.ndarray
    considered: np.ndarray
    schedule: np.ndarray


@lean
def select(tree, slot, node, dials, plan, scratch):
    """The action that a descent takes at an open node; scratch: float64 [A]."""
    if dials.algorithm == GUMBEL:
        if node == 0:
            visit = plan.schedule[plan.considered[slot], tree.done[slot]]
            return best_at_visits(tree, slot, dials, plan, visit, scratch)
        return gumbel_action(tree, slot, node, dials, scratch)
    if dials.algorithm == UCT:
        return uct_action(tree, slot, node, dials)
    return puct_action(tree, slot, node, dials)


@lean
def first_play(tree, slot, node, dials):
    """What an action without visits counts as worth, and the visits of all actions."""
    prior, visits, value_sums = (
        tree.prior[slot, node],
        tree.visits[slot, node],
        tree.value_sum[slot, node],
    )
    total = 0
    value_sum = tree.value[slot, node]
    visited_prior = 0.0
    for action in range(visits.size):
        total += visits[action]
        value_sum += value_sums[action]
        visited_prior += prior[action] if visits[action] > 0 else 0.0
    if dials.fpu == INFINITE:
        return FIRST, total
    if dials.fpu == ABSOLUTE:
        return dials.fpu_value, total
    reduction = dials.fpu_value
    if dials.fpu == VISITED_POLICY:
        reduction *= np.sqrt(visited_prior)
    return value_sum / (1 + total) - reduction, total


@lean
def puct_action(tree, slot, node, dials):
    """The action with the highest Q + U.

    U = c P sqrt(1 + N) / (1 + n), with N the visits of all actions: the 1 under the root lets
    the prior decide the very first pick.
    """
    logits, prior = tree.logits[slot, node], tree.prior[slot, node]
    visits, value_sums = tree.visits[slot, node], tree.value_sum[slot, node]
    unvisited, total = first_play(tree, slot, node, dials)
    exploration = dials.c * np.sqrt(1.0 + total)
    best, best_score = -1, -np.inf
    for action in range(visits.size):
        n = visits[action]
        score = exploration * prior[action] / (1 + n)
        score += value_sums[action] / n if n > 0 else unvisited
        if score > best_score and logits[action] > -np.inf:
            best, best_score = action, score
    return best


@lean
def uct_action(tree, slot, node, dials):
    """The action with the highest Q + c sqrt(ln N / n); of those without visits, the likeliest.

    An action without visits scores its first-play urgency, without a bonus (Gelly and Wang 2006).
    """
    logits, prior = tree.logits[slot, node], tree.prior[slot, node]
    visits, value_sums = tree.visits[slot, node], tree.value_sum[slot, node]
    unvisited, total = first_play(tree, slot, node, dials)
    log_total = np.log(max(total, 1))
    best, best_score, best_prior = -1, -np.inf, np.float32(0)
    for action in range(visits.size):
        n = visits[action]
        if n > 0:
            score = value_sums[action] / n + dials.c * np.sqrt(log_total / n)
        else:
            score = unvisited
        if logits[action] == -np.inf or score < best_score:
            continue
        if score > best_score or (n == 0 and prior[action] > best_prior):
            best, best_score = action, score
            best_prior = prior[action] if n == 0 else np.float32(np.inf)
    return best


@lean
def completed_q(tree, slot, node, dials, scaled):
    """Fill `scaled` with sigma(completed Q) of each action and return the visits of all.

    An unvisited action takes the mixed value: the evaluator's, averaged with the visited
    actions' Q weighted by their priors (Danihelka et al. 2022, appendix D).
    """
    prior, visits, value_sums = (
        tree.prior[slot, node],
        tree.visits[slot, node],
        tree.value_sum[slot, node],
    )
    total, most = 0, 0
    prior_sum, weighted = 0.0, 0.0
    for action in range(visits.size):
        n = visits[action]
        if n > 0:
            total += n
            most = max(most, n)
            prior_sum += prior[action]
            weighted += prior[action] * value_sums[action] / n
    mixed = np.float64(tree.value[slot, node])
    if total > 0 and prior_sum > 0:
        mixed = (mixed + total * weighted / prior_sum) / (1 + total)
    scale = (dials.c_visit + most) * dials.c_scale
    for action in range(visits.size):
        n = visits[action]
        scaled[action] = scale * (value_sums[action] / n if n > 0 else mixed)
    return total


@lean
def improved_policy(tree, slot, node, dials, policy):
    """Fill `policy` with softmax(logits + sigma(completed Q)) and return the visits of all."""
    logits = tree.logits[slot, node]
    total = completed_q(tree, slot, node, dials, policy)
    highest = -np.inf
    for action in range(policy.size):
        policy[action] += logits[action]
        highest = max(highest, policy[action])
    weight = 0.0
    for action in range(policy.size):
        policy[action] = np.exp(policy[action] - highest)
        weight += policy[action]
    for action in range(policy.size):
        policy[action] /= weight
    return total


@lean
def gumbel_action(tree, slot, node, dials, policy):
    """Below a Gumbel root: the action whose share of visits lags its improved policy most."""
    logits, visits = tree.logits[slot, node], tree.visits[slot, node]
    total = improved_policy(tree, slot, node, dials, policy)
    best, best_score = -1, -np.inf
    for action in range(visits.size):
        score = policy[action] - visits[action] / (1.0 + total)
        if score > best_score and logits[action] > -np.inf:
            best, best_score = action, score
    return best


@lean
def best_at_visits(tree, slot, dials, plan, visit, scores):
    """The action with the highest gumbel + logit + sigma(Q) among those visited `visit` times."""
    completed_q(tree, slot, 0, dials, scores)
    best, best_score = -1, -np.inf
    for action in range(scores.size):
        if tree.logits[slot, 0, action] == -np.inf or tree.visits[slot, 0, action] != visit:
            continue
        score = plan.gumbel[slot, action] + tree.logits[slot, 0, action] + scores[action]
        if score > best_score:
            best, best_score = action, score
    return best


@kernel
def gumbel_choices(tree, dials, plan, policies, actions):
    """Fill each root's improved policy and its choice: the best of the most visited actions."""
    policy = np.empty(tree.visits.shape[2], np.float64)
    for slot in range(actions.size):
        improved_policy(tree, slot, 0, dials, policy)
        policies[slot] = policy
        most = tree.visits[slot, 0].max()
        actions[slot] = best_at_visits(tree, slot, dials, plan, most, policy)
