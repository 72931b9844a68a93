"""The four steps of a simulation on the arrays of `tree`: select, expand, evaluate, back up.

Every function works on the searches from `start` to `stop` and touches no others, so that threads
can share a batch; what a search does never depends on who else is in the batch.

Built slowly and readably in chapters 3 and 4.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gokit.go.compiled import inline, kernel, lean
from gokit.go.geometry import ENDED, HISTORY_USED, RUNNING, TO_MOVE, TWO_PASSES
from gokit.go.kernels import LEGAL, action_legality, area, legal_mask, play
from gokit.go.rules import BLACK
from gokit.search.evaluators import play_out, untie
from gokit.search.select import select
from gokit.search.tree import (
    APART,
    BY_HISTORY,
    BY_POSITION,
    CLOSED,
    IDLE,
    MARGIN,
    NO_CHILD,
    NO_NODE,
    PENDING,
    enter,
    find,
    open_node,
    past_after,
    position_key,
)


class Scratch(NamedTuple):
    """Room that a descent works in, A entries each."""

    scores: np.ndarray
    mask: np.ndarray
    logits: np.ndarray


@kernel
def new_scratch(actions):
    return Scratch(
        np.empty(actions, np.float64), np.empty(actions, np.bool_), np.empty(actions, np.float32)
    )


@kernel
def descend(g, roots, indices, leaves, leaf_cells, tree, dials, plan, start, stop):
    """Gather leaves: descents from each root to an action not yet expanded, played on leaf rows.

    A search gathers as many as the batch has room for, but stops at a leaf that already waits.
    """
    scratch = new_scratch(g.n_points + 1)
    batch = tree.leaf.size // tree.nodes.size
    for slot in range(start, stop):
        gathering = True
        for path in range(slot * batch, (slot + 1) * batch):
            tree.path_length[path] = IDLE
            tree.waiting[path] = 0
            if gathering and tree.done[slot] < dials.simulations:
                row, cells = leaves[path], leaf_cells[path]
                copy_row(roots[indices[slot]], row)
                gathering = descend_once(g, row, cells, tree, dials, plan, slot, path, scratch)


@lean
def copy_row(source, target):
    for word in range(source.size):
        target[word] = source[word]


@lean
def descend_once(g, row, cells, tree, dials, plan, slot, path, scratch):
    """One descent; False, and nothing changed, where it meets a leaf that already waits."""
    nodes, actions = tree.path_node[path], tree.path_action[path]
    node, length = np.int32(0), 0
    past = tree.past[slot]
    waiting = False
    while True:
        if tree.state[slot, node] == PENDING:
            return False
        if tree.state[slot, node] == CLOSED:
            break
        if dials.merging != APART and (row[ENDED] != RUNNING or on_path(nodes, length, node)):
            break  # by way of merged nodes: a longer path to the move cap, or a cycle
        action = select(tree, slot, node, dials, plan, scratch.scores)
        if dials.merging == BY_POSITION and action_legality(g, row, cells, action) != LEGAL:
            action = select_legal(g, row, cells, tree, dials, plan, slot, node, scratch)
        nodes[length], actions[length] = node, action
        length += 1
        used_before = row[HISTORY_USED]
        play(g, row, cells, action)
        child = tree.child[slot, node, action]
        if dials.merging == BY_HISTORY:
            past = past_after(row, past, used_before)
        if child == NO_CHILD and dials.merging != APART:
            child = merge(row, tree, slot, node, action, past)
        if child == NO_CHILD:
            node = add_child(row, tree, dials, slot, node, action, past)
            waiting = row[ENDED] != TWO_PASSES  # a finished game is scored by the rules
            break
        node = child
    tree.leaf[path] = node
    tree.path_length[path] = length
    tree.waiting[path] = waiting
    tree.done[slot] += 1
    if tree.leaf.size > tree.nodes.size:
        for step in range(length):
            tree.visits[slot, nodes[step], actions[step]] += 1
            tree.value_sum[slot, nodes[step], actions[step]] -= dials.virtual_loss
    return True


@lean
def on_path(nodes, length, node):
    """Whether a descent has come back to where it was, as it can without superko."""
    found = 0
    for step in range(length):
        found += nodes[step] == node
    return found > 0


@lean
def merge(row, tree, slot, node, action, past):
    """Link an action to the node that stands for its position already, if there is one."""
    known = find(tree, slot, merging_key(row, past))
    if known != NO_NODE:
        tree.child[slot, node, action] = known
        return known
    return np.int32(NO_CHILD)


@inline
def merging_key(row, past):
    # An ended game is no leaf that another path can go on from.
    return position_key(row, past) + row[ENDED]


@lean
def add_child(row, tree, dials, slot, node, action, past):
    """Make a node below `node`, to be opened when its value is known; NO_NODE in a full tree."""
    new = tree.nodes[slot]
    if new == tree.state.shape[1]:
        return np.int32(NO_NODE)
    tree.nodes[slot] = new + 1
    tree.child[slot, node, action] = new
    tree.state[slot, new] = PENDING
    if dials.merging != APART:
        enter(tree, slot, new, merging_key(row, past))
    return new


@lean
def select_legal(g, row, cells, tree, dials, plan, slot, node, scratch):
    """Select among the actions that are legal on this path to a node merged by position alone."""
    legal_mask(g, row, cells, scratch.mask)
    logits = tree.logits[slot, node]
    for action in range(logits.size):
        scratch.logits[action] = logits[action]
        if not scratch.mask[action]:
            logits[action] = -np.inf
    action = select(tree, slot, node, dials, plan, scratch.scores)
    for other in range(logits.size):
        logits[other] = scratch.logits[other]
    return action


@kernel
def expand_and_back_up(g, leaves, leaf_cells, tree, dials, waiting, logits, values, start, stop):
    """Open each gathered leaf and carry its value up to the root.

    `waiting`, in rising order, are the descents that waited for an evaluation; `logits`
    [len(waiting), A] and `values` are the evaluator's answers for them.
    """
    mask = np.empty(g.n_points + 1, np.bool_)
    owner = np.empty(g.n_points, np.int8)
    batch = tree.leaf.size // tree.nodes.size
    answer = np.searchsorted(waiting, start * batch)
    for path in range(start * batch, stop * batch):
        if tree.path_length[path] == IDLE:
            continue
        slot = path // batch
        row, cells = leaves[path], leaf_cells[path]
        if tree.waiting[path]:
            close_up(g, row, cells, tree, slot, path, logits[answer], values[answer], mask)
            answer += 1
        else:
            look_up(g, row, cells, tree, dials, slot, path, owner)
        back_up(tree, dials, slot, path)


@lean
def close_up(g, row, cells, tree, slot, path, logits, value, mask):
    """Give a leaf the evaluator's answer."""
    tree.leaf_value[path] = value
    leaf = tree.leaf[path]
    if leaf == NO_NODE:
        return
    tree.value[slot, leaf] = value
    if row[ENDED] == RUNNING:
        legal_mask(g, row, cells, mask)
        open_node(tree, slot, leaf, logits, mask)
    else:
        tree.state[slot, leaf] = CLOSED


@kernel
def look_up(g, row, cells, tree, dials, slot, path, owner):
    """Take the value of a leaf that needs no evaluator: a finished game's, or one known before."""
    leaf = tree.leaf[path]
    if leaf == NO_NODE or tree.state[slot, leaf] == PENDING:
        value = exact_value(g, row, cells, owner, dials)
        if leaf != NO_NODE:
            tree.value[slot, leaf] = value
            tree.state[slot, leaf] = CLOSED
        tree.leaf_value[path] = value
    else:
        tree.leaf_value[path] = tree.value[slot, leaf]


@kernel
def exact_value(g, row, cells, owner, dials):
    """The result of a finished game in the value's unit, from the side to move's view."""
    margin = area(g, cells, owner)
    if dials.value_kind == MARGIN:
        value = margin / g.n_points
    else:
        value = np.sign(margin - dials.komi)
    return value if row[TO_MOVE] == BLACK else -value


@lean
def back_up(tree, dials, slot, path):
    """Count a leaf's value at every edge of its path, in the view of the side that moved there."""
    nodes, actions = tree.path_node[path], tree.path_action[path]
    visit, loss = 1, np.float32(0)
    if tree.leaf.size > tree.nodes.size:  # counted as lost on the way down
        visit, loss = 0, np.float32(dials.virtual_loss)
    value = tree.leaf_value[path]
    for step in range(tree.path_length[path] - 1, -1, -1):
        value = -value
        node, action = nodes[step], actions[step]
        tree.visits[slot, node, action] += visit
        tree.value_sum[slot, node, action] += value + loss
        if dials.squares:
            tree.squares[slot, node, action] += value * value


@kernel
def roll_out(
    g, roots, indices, leaves, leaf_cells, tree, dials, plan, states, playouts, start, stop
):
    """Whole searches with random playouts, one simulation after the other without leaving here.

    states: uint64, one random stream a search, advanced. The same as `descend`, a
    RolloutEvaluator and `expand_and_back_up` in turn.
    """
    scratch = new_scratch(g.n_points + 1)
    logits = np.empty(g.n_points + 1, np.float32)
    owner = np.empty(g.n_points, np.int8)
    spare = np.empty(g.history, np.int64)
    spare_cells = spare.view(np.int16)
    by_margin = dials.value_kind == MARGIN
    evaluations = 0
    for slot in range(start, stop):
        row, cells = leaves[slot], leaf_cells[slot]
        while tree.done[slot] < dials.simulations:
            copy_row(roots[indices[slot]], row)
            descend_once(g, row, cells, tree, dials, plan, slot, slot, scratch)
            if tree.waiting[slot]:
                value = play_out(
                    g, row, playouts, states, slot, dials.komi, by_margin, spare, spare_cells, owner
                )
                untie(states, slot, logits)
                close_up(g, row, cells, tree, slot, slot, logits, value, scratch.mask)
                evaluations += 1
            else:
                look_up(g, row, cells, tree, dials, slot, slot, owner)
            back_up(tree, dials, slot, slot)
    return evaluations
