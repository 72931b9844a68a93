"""The search tree as flat arrays, one row a game: select, expand, back up, compiled.

Tree slot i holds the search of one game. A node stores statistics, not its position: a descent
copies the root's row and plays the moves on the way, which costs less than a stored row a node
and keeps the memory at `bytes_per_node` however long the superko history is.

Values are from the view of the side to move at the node; sides alternate at every ply, passes
included, so a value changes sign once a ply on its way up.

Built slowly and readably in chapters 3 and 4.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gokit.go.compiled import kernel
from gokit.go.geometry import ENDED, RUNNING, TO_MOVE, TWO_PASSES
from gokit.go.kernels import area, legal_mask, play
from gokit.go.rules import BLACK

PUCT, GUMBEL = range(2)
WIN, MARGIN = range(2)
NO_CHILD = -1


class Tree(NamedTuple):
    """Arrays for n searches of at most M nodes each, A = N*N+1 actions a node, node 0 the root.

    logits, prior: float32 [n, M, A]; an illegal action has the logit -inf and the prior 0.
    visits: int32 [n, M, A]. value_sum: float32 [n, M, A], the node's mover's view.
    child: int32 [n, M, A], NO_CHILD where there is none yet.
    value: float32 [n, M], what the evaluator (or the rules, at an end) said of the node.
    closed: uint8 [n, M], 1 at a node without children: the game has ended there.
    nodes: int32 [n]. path_node, path_action: int32 [n, M + 1], the present descent; its length
    path_length: int32 [n]. waiting: uint8 [n], 1 where the descent's leaf needs an evaluation.
    """

    logits: np.ndarray
    prior: np.ndarray
    visits: np.ndarray
    value_sum: np.ndarray
    child: np.ndarray
    value: np.ndarray
    closed: np.ndarray
    nodes: np.ndarray
    path_node: np.ndarray
    path_action: np.ndarray
    path_length: np.ndarray
    waiting: np.ndarray


class Dials(NamedTuple):
    """What selection needs to know, as plain numbers for the compiled code."""

    algorithm: int
    c_puct: float
    fpu_reduction: float
    c_visit: float
    c_scale: float
    value_kind: int
    komi: float


class RootPlan(NamedTuple):
    """How a Gumbel root shares its simulations out (unused by PUCT).

    gumbel: float32 [n, A]; considered: int32 [n], how many actions are tried;
    schedule: int32 [A + 1, simulations], the visit count that an action to be visited now has.
    """

    gumbel: np.ndarray
    considered: np.ndarray
    schedule: np.ndarray


def new_tree(n: int, nodes: int, actions: int) -> Tree:
    """Return an empty tree for n games of at most `nodes` nodes."""
    edges = (n, nodes, actions)
    return Tree(
        logits=np.empty(edges, np.float32),
        prior=np.empty(edges, np.float32),
        visits=np.empty(edges, np.int32),
        value_sum=np.empty(edges, np.float32),
        child=np.empty(edges, np.int32),
        value=np.empty((n, nodes), np.float32),
        closed=np.empty((n, nodes), np.uint8),
        nodes=np.zeros(n, np.int32),
        path_node=np.empty((n, nodes + 1), np.int32),
        path_action=np.empty((n, nodes + 1), np.int32),
        path_length=np.zeros(n, np.int32),
        waiting=np.zeros(n, np.uint8),
    )


def bytes_per_node(actions: int) -> int:
    """Return the memory that one node of one game takes."""
    return 20 * actions + 5


@kernel
def plant(roots, indices, leaves, tree):
    """Start afresh: copy the games' rows to the leaves, which then wait for the root's value."""
    for slot in range(indices.size):
        leaves[slot] = roots[indices[slot]]
        tree.nodes[slot] = 0
        tree.path_length[slot] = 0
        tree.waiting[slot] = 1


@kernel
def descend(g, roots, indices, leaves, leaf_cells, tree, dials, plan, simulation):
    """Select from each root down to an unexpanded action, and play the moves on the leaf rows."""
    for slot in range(indices.size):
        leaves[slot] = roots[indices[slot]]
        row, cells = leaves[slot], leaf_cells[slot]
        node = np.int32(0)
        length = 0
        while True:
            if tree.closed[slot, node]:
                tree.waiting[slot] = 0
                break
            if dials.algorithm == GUMBEL:
                if node == 0:
                    action = gumbel_root_action(tree, slot, dials, plan, simulation)
                else:
                    action = gumbel_action(tree, slot, node, dials)
            else:
                action = puct_action(tree, slot, node, dials)
            tree.path_node[slot, length] = node
            tree.path_action[slot, length] = action
            length += 1
            play(g, row, cells, action)
            node = tree.child[slot, node, action]
            if node == NO_CHILD:
                # A finished game is scored by the rules; only the rest needs an evaluator.
                tree.waiting[slot] = row[ENDED] != TWO_PASSES
                break
        tree.path_length[slot] = length


@kernel
def expand_and_back_up(g, leaves, leaf_cells, tree, dials, slots, logits, values):
    """Add each descent's leaf to its tree and carry its value up to the root.

    `slots`, in rising order, are those that waited; `logits` [len(slots), A] and `values` are
    the evaluator's answers for them.
    """
    mask = np.empty(tree.logits.shape[2], np.bool_)
    owner = np.empty(g.n_points, np.int8)
    answer = 0
    for slot in range(tree.path_length.size):
        length = tree.path_length[slot]
        row, cells = leaves[slot], leaf_cells[slot]
        waited = answer < slots.size and slots[answer] == slot
        reached = np.int32(0)
        if length > 0:
            parent = tree.path_node[slot, length - 1]
            reached = tree.child[slot, parent, tree.path_action[slot, length - 1]]
        if length == 0 or reached == NO_CHILD:
            node = tree.nodes[slot]
            tree.nodes[slot] = node + 1
            if length > 0:
                tree.child[slot, parent, tree.path_action[slot, length - 1]] = node
            tree.closed[slot, node] = row[ENDED] != RUNNING
            if waited:
                tree.value[slot, node] = values[answer]
                legal_mask(g, row, cells, mask)
                open_node(tree, slot, node, logits[answer], mask)
            else:
                tree.value[slot, node] = exact_value(g, row, cells, owner, dials)
            reached = node
        if waited:
            answer += 1
        value = tree.value[slot, reached]
        for step in range(length - 1, -1, -1):
            value = -value
            node, action = tree.path_node[slot, step], tree.path_action[slot, step]
            tree.visits[slot, node, action] += 1
            tree.value_sum[slot, node, action] += value


@kernel
def exact_value(g, row, cells, owner, dials):
    """The result of a finished game in the value's unit, from the side to move's view."""
    margin = area(g, cells, owner)
    if dials.value_kind == MARGIN:
        value = margin / g.n_points
    else:
        value = np.sign(margin - dials.komi)
    return value if row[TO_MOVE] == BLACK else -value


@kernel
def open_node(tree, slot, node, logits, legal):
    """Give a node its actions: logits of the legal ones, priors their softmax, no visits."""
    # One node's actions as flat rows: indexing three axes for each number costs more than it reads.
    own_logits, prior = tree.logits[slot, node], tree.prior[slot, node]
    tree.visits[slot, node][:] = 0
    tree.value_sum[slot, node][:] = 0
    tree.child[slot, node][:] = NO_CHILD
    highest = np.float32(-np.inf)
    for action in range(legal.size):
        if legal[action]:
            highest = max(highest, logits[action])
    total = np.float32(0)
    for action in range(legal.size):
        own_logits[action] = logits[action] - highest if legal[action] else -np.inf
        prior[action] = np.exp(own_logits[action]) if legal[action] else 0
        total += prior[action]
    for action in range(legal.size):
        prior[action] /= total


@kernel
def puct_action(tree, slot, node, dials):
    """The action with the highest Q + U.

    U = c P sqrt(1 + N) / (1 + n), with N the visits of all actions: the 1 under the root lets
    the prior decide the very first pick. An unvisited action's Q is the node's mean value so
    far minus `fpu_reduction`.
    """
    logits, prior = tree.logits[slot, node], tree.prior[slot, node]
    visits, value_sums = tree.visits[slot, node], tree.value_sum[slot, node]
    total = 0
    value_sum = tree.value[slot, node]
    for action in range(visits.size):
        total += visits[action]
        value_sum += value_sums[action]
    first_play = value_sum / (1 + total) - dials.fpu_reduction
    exploration = dials.c_puct * np.sqrt(1.0 + total)
    best, best_score = -1, -np.inf
    for action in range(visits.size):
        n = visits[action]
        score = exploration * prior[action] / (1 + n)
        score += value_sums[action] / n if n > 0 else first_play
        if score > best_score and logits[action] > -np.inf:
            best, best_score = action, score
    return best


@kernel
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


@kernel
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


@kernel
def gumbel_action(tree, slot, node, dials):
    """Below a Gumbel root: the action whose share of visits lags its improved policy most."""
    logits, visits = tree.logits[slot, node], tree.visits[slot, node]
    policy = np.empty(visits.size, np.float64)
    total = improved_policy(tree, slot, node, dials, policy)
    best, best_score = -1, -np.inf
    for action in range(visits.size):
        score = policy[action] - visits[action] / (1.0 + total)
        if score > best_score and logits[action] > -np.inf:
            best, best_score = action, score
    return best


@kernel
def gumbel_root_action(tree, slot, dials, plan, simulation):
    """At a Gumbel root: the best-scored of the actions that sequential halving still tries."""
    visit = plan.schedule[plan.considered[slot], simulation]
    return best_at_visits(tree, slot, dials, plan, visit)


@kernel
def best_at_visits(tree, slot, dials, plan, visit):
    """The action with the highest gumbel + logit + sigma(Q) among those visited `visit` times."""
    scores = np.empty(tree.visits.shape[2], np.float64)
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
    for slot in range(actions.size):
        policy = np.empty(tree.visits.shape[2], np.float64)
        improved_policy(tree, slot, 0, dials, policy)
        policies[slot] = policy
        actions[slot] = best_at_visits(tree, slot, dials, plan, tree.visits[slot, 0].max())
