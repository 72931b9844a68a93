"""The eight symmetries of the square board.

Symmetry k, from 0 to 7, mirrors left and right where k ≥ 4, then turns the board by k % 4
quarter turns anticlockwise. Symmetry 0 leaves it alone. Built in chapter 7.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from gokit.go.errors import GoError

COUNT = 8


def transform_plane(array: np.ndarray, k: int) -> np.ndarray:
    """Return symmetry k of the last two axes, [..., N, N], as a contiguous copy."""
    _check(k)
    mirrored = np.flip(array, axis=-1) if k >= 4 else array
    return np.array(np.rot90(mirrored, k % 4, axes=(-2, -1)), order="C")


@cache
def permutation(k: int, size: int) -> np.ndarray:
    """Return where symmetry k takes each move: int64 [N*N+1], `new = permutation[old]`.

    A pass stays a pass. The array is shared and read-only. A policy follows its board by
    `policy_new[..., permutation(k, N)] = policy_old`.
    """
    points = np.arange(size * size).reshape(size, size)
    came_from = transform_plane(points, k).ravel()
    goes_to = np.empty(size * size + 1, dtype=np.int64)
    goes_to[came_from] = np.arange(size * size)
    goes_to[-1] = size * size
    goes_to.flags.writeable = False
    return goes_to


def transform_index(index: int, k: int, size: int) -> int:
    """Return where symmetry k takes a point or the pass; GoError for any other index."""
    if not 0 <= index <= size * size:
        raise GoError(f"a move's index is 0 to {size * size} on a {size}×{size} board, not {index}")
    return int(permutation(k, size)[index])


def inverse(k: int) -> int:
    """Return the symmetry that undoes symmetry k: a mirror image undoes itself."""
    _check(k)
    return k if k >= 4 else -k % 4


def compose(first: int, second: int) -> int:
    """Return the one symmetry that equals `first` and then `second`."""
    _check(first)
    _check(second)
    # A mirror turns every earlier quarter turn into one the other way round.
    turns = second + (-first if second >= 4 else first)
    return turns % 4 + 4 * ((first >= 4) != (second >= 4))


def _check(k: int) -> None:
    if not 0 <= k < COUNT:
        raise GoError(f"a symmetry of the board is a number from 0 to {COUNT - 1}, not {k!r}")
