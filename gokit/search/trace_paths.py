"""The paths of a search, from nothing but the actions taken; and the nodes that they reached.

Most paths begin as the one before did: each is written as how many actions it shares with that
one, and the others.

An action taken for the first time at the end of a path makes the next node. Where it led
elsewhere instead, to a node that was there already (a transposition) or to a leaf that a full
tree had no room for, a join says so: three numbers, simulation, step, node (-1 for no room).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gokit.go.errors import GoError
from gokit.search.trace_format import action_kind, pack, unpack

MAX_STEPS = 20_000_000  # of all paths together; a longer trace is not from our own search


def pack_paths(paths: list[np.ndarray], n_actions: int) -> dict[str, str]:
    """Write the actions of all paths."""
    shared, others, before = [], [], np.zeros(0, np.int64)
    for actions in paths:
        length = min(len(actions), len(before))
        differ = np.flatnonzero(actions[:length] != before[:length])
        shared.append(int(differ[0]) if differ.size else length)
        others.append(actions[shared[-1] :])
        before = actions
    return {
        "shared": pack(shared, "<u2"),
        "lengths": pack([len(actions) for actions in others], "<u2"),
        "actions": pack(np.concatenate(others), action_kind(n_actions)),
    }


def unpack_paths(part: Any, simulations: int, n_actions: int) -> tuple[np.ndarray, np.ndarray]:
    """Read what `pack_paths` wrote: where each path starts, int64 [S + 1], and all actions [T]."""
    shared = unpack(part, "shared", "<u2", simulations).tolist()
    lengths = unpack(part, "lengths", "<u2", simulations).tolist()
    others = unpack(part, "actions", action_kind(n_actions), sum(lengths)).tolist()
    starts, path_action, next_other = [0], [], 0
    for simulation, (same, length) in enumerate(zip(shared, lengths, strict=True)):
        before = path_action[starts[-2] : starts[-1]] if simulation else []
        if same > len(before) or len(path_action) + same + length > MAX_STEPS:
            raise GoError(f"simulation {simulation} of the trace has no such path")
        path_action += before[:same] + others[next_other : next_other + length]
        next_other += length
        starts.append(len(path_action))
    return np.array(starts, np.int64), np.array(path_action, np.int64)


def joins_of(paths: list[tuple[np.ndarray, np.ndarray]], n_actions: int) -> np.ndarray:
    """Return the joins of recorded paths, int32 [J, 3].

    A path is its nodes, the leaf last, and one action fewer.
    """
    children: dict[int, int] = {}
    made, joins = 1, []
    for simulation, (nodes, actions) in enumerate(paths):
        for step, action in enumerate(actions.tolist()):
            key, reached = int(nodes[step]) * n_actions + action, int(nodes[step + 1])
            if children.get(key) == reached:
                continue
            if reached == made:
                made += 1
            else:
                joins.append((simulation, step, reached))
            children[key] = reached
    return np.array(joins, np.int32).reshape(-1, 3)


def follow(
    starts: np.ndarray,
    path_action: np.ndarray,
    closed: np.ndarray,
    joins: np.ndarray,
    n_actions: int,
) -> tuple[np.ndarray, ...]:
    """Follow all paths; return (path_node, path_reached, parents, actions, born), int64.

    starts: int64 [S + 1]; path_action: int64 [T]; closed: bool [K]; joins: int32, in threes.
    Raises GoError where they do not make a tree of K nodes.
    """
    if joins.size % 3 or (path_action.size and path_action.max() >= n_actions):
        raise GoError("the trace's paths take an action that is not on the board")
    joined = {(i, step): node for i, step, node in joins.reshape(-1, 3).tolist()}
    path_node, path_reached = np.zeros((2, path_action.size), np.int64)
    parents, actions, born = [-1], [-1], [-1]
    children: dict[int, int] = {}
    path_actions, ends = path_action.tolist(), starts.tolist()
    for simulation in range(starts.size - 1):
        node, first, end = 0, ends[simulation], ends[simulation + 1]
        for at in range(first, end):
            if node < 0 or closed[node]:
                raise GoError(f"simulation {simulation} of the trace goes on where a path must end")
            path_node[at] = node
            key = node * n_actions + path_actions[at]
            reached = children.get(key)
            if reached is None:
                reached = joined.pop((simulation, at - first), None)
                if reached is None:
                    if at + 1 < end or len(parents) == closed.size:
                        raise GoError(f"simulation {simulation} of the trace reaches no known node")
                    reached = len(parents)
                    parents.append(node)
                    actions.append(path_actions[at])
                    born.append(simulation)
                elif not -1 <= reached < len(parents):
                    raise GoError(f"simulation {simulation} of the trace reaches no known node")
                children[key] = reached
            path_reached[at] = node = reached
        if first == end:
            raise GoError(f"simulation {simulation} of the trace takes no step")
    if joined or len(parents) != closed.size:
        raise GoError("the trace's paths do not lead to all of its nodes")
    return path_node, path_reached, *(np.array(a, np.int64) for a in (parents, actions, born))
