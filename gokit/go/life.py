"""Unconditional life: the stones that no play can capture even if their owner always passes.

D. B. Benson, "Life in the game of Go", Information Sciences 10 (1976). A chain lives when it has
two vital regions, each enclosed by chains that live in the same way. Built in chapter 1.
"""

from __future__ import annotations

import numpy as np

from gokit.go.compiled import kernel
from gokit.go.errors import GoError
from gokit.go.rules import BLACK, EMPTY, WHITE


def pass_alive(board: np.ndarray, suicide: bool = True) -> np.ndarray:
    """Return who owns each point for certain: int8 [N, N] of 0 (nobody), 1 (Black), 2 (White).

    board: [N, N] of 0, 1, 2. suicide: whether the rules allow many-stone suicide.

    Owned are the pass-alive stones of a colour, and the regions that only such stones surround
    and in which the opponent can never make an eye, opposing stones in them included. Where
    suicide is allowed, the opponent may turn stones inside a region back into empty points and
    make eyes there, so an eye must then touch its chain with every point, not only with its
    empty ones: `suicide=True` is the stricter answer, and right under either rule.

    Nobody is ever called dead for lack of eyes: a stone goes to the opponent only where it lies
    in a region that the opponent owns. Raises GoError unless the board is square and of 0, 1, 2.
    """
    array = np.asarray(board)
    if array.ndim != 2 or array.shape[0] != array.shape[1] or not 1 <= array.shape[0] <= 19:
        raise GoError(f"a board is [N, N] with N from 1 to 19, not {list(array.shape)}")
    if not np.isin(array, (EMPTY, BLACK, WHITE)).all():
        raise GoError("a board holds only 0 (empty), 1 (Black) and 2 (White)")
    owner = np.zeros(array.size, dtype=np.int8)
    points = np.ascontiguousarray(array, dtype=np.int8).ravel()
    for color in (BLACK, WHITE):
        _mark_alive(points, array.shape[0], color, suicide, owner)
    return owner.reshape(array.shape)


@kernel
def _label(points, size, color, same, labels):
    """Number the connected areas of points that are (or, if not `same`, are not) of a colour."""
    stack = np.empty(points.size, dtype=np.int64)
    count = 0
    for start in range(points.size):
        if labels[start] >= 0 or (points[start] == color) != same:
            continue
        labels[start] = count
        stack[0] = start
        height = 1
        while height > 0:
            height -= 1
            point = stack[height]
            for direction in range(4):
                near = _neighbor(point, direction, size)
                if near >= 0 and labels[near] < 0 and (points[near] == color) == same:
                    labels[near] = count
                    stack[height] = near
                    height += 1
        count += 1
    return count


@kernel
def _neighbor(point, direction, size):
    """Return the point above, left, right or below, or -1 off the board."""
    row, column = point // size, point % size
    if direction == 0:
        return point - size if row > 0 else -1
    if direction == 1:
        return point - 1 if column > 0 else -1
    if direction == 2:
        return point + 1 if column < size - 1 else -1
    return point + size if row < size - 1 else -1


@kernel
def _mark_alive(points, size, color, suicide, owner):
    """Write `color` into `owner` at its pass-alive stones and the small regions they enclose."""
    chain_of = np.full(points.size, -1, dtype=np.int64)
    region_of = np.full(points.size, -1, dtype=np.int64)
    chains = _label(points, size, color, True, chain_of)
    regions = _label(points, size, color, False, region_of)

    # The points of a region that its eye must touch its chain with, and how many of them do.
    needed = np.zeros(regions, dtype=np.int64)
    has_space = np.zeros(regions, dtype=np.bool_)
    touching = np.zeros((regions, chains), dtype=np.int64)
    borders = np.zeros((regions, chains), dtype=np.bool_)
    small = np.ones(regions, dtype=np.bool_)
    around = np.empty(4, dtype=np.int64)
    for point in range(points.size):
        region = region_of[point]
        if region < 0:
            continue
        found = 0
        for direction in range(4):
            near = _neighbor(point, direction, size)
            if near < 0 or chain_of[near] < 0:
                continue
            chain = chain_of[near]
            borders[region, chain] = True
            seen = False
            for other in range(found):
                seen |= around[other] == chain
            if not seen:
                around[found] = chain
                found += 1
        if points[point] == 0:
            has_space[region] = True
        if points[point] == 0 or suicide:
            needed[region] += 1
            small[region] &= found > 0
            for other in range(found):
                touching[region, around[other]] += 1

    alive = np.ones(chains, dtype=np.bool_)
    enclosed = has_space.copy()
    changed = True
    while changed:
        changed = False
        for region in range(regions):
            for chain in range(chains):
                if enclosed[region] and borders[region, chain] and not alive[chain]:
                    enclosed[region] = False
                    changed = True
        for chain in range(chains):
            if not alive[chain]:
                continue
            vital = 0
            for region in range(regions):
                vital += enclosed[region] and touching[region, chain] == needed[region]
            if vital < 2:
                alive[chain] = False
                changed = True

    for point in range(points.size):
        if chain_of[point] >= 0:
            if alive[chain_of[point]]:
                owner[point] = color
        elif enclosed[region_of[point]] and small[region_of[point]]:
            owner[point] = color
