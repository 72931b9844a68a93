"""Where handicap stones stand."""

from __future__ import annotations

import numpy as np

from gokit.go.coordinates import from_gtp, to_row_column
from gokit.gtp.protocol import GtpError


def most_fixed_stones(size: int) -> int:
    """Return how many stones `fixed_handicap` can place: 0, 4 or 9."""
    if size < 7:
        return 0
    return 9 if size % 2 and size > 7 else 4


def fixed_points(stones: int, size: int) -> list[int]:
    """Return the star points for a fixed handicap, in the order the protocol lists them.

    Raises GtpError where the board has no places for so many.
    """
    if not 2 <= stones <= most_fixed_stones(size):
        raise GtpError("invalid number of stones")
    near = 2 if size < 13 else 3
    low, middle, high = near, size // 2, size - 1 - near
    # Columns and rows from the bottom left: corners, then sides, the centre for 5, 7 and 9.
    spots = [(low, low), (high, high), (low, high), (high, low)][:stones]
    if stones >= 6:
        spots += [(low, middle), (high, middle)]
    if stones >= 8:
        spots += [(middle, low), (middle, high)]
    if stones in (5, 7, 9):
        spots.append((middle, middle))
    return [(size - 1 - row) * size + column for column, row in spots]


def free_points(stones: int, size: int) -> list[int]:
    """Return places for any number of stones: star points first, then as far apart as can be."""
    if not 2 <= stones < size * size:
        raise GtpError("invalid number of stones")
    most = most_fixed_stones(size)
    points = fixed_points(min(stones, most), size) if most else []
    rows, columns = np.divmod(np.arange(size * size), size)
    edge = np.minimum(np.minimum(rows, columns), size - 1 - np.maximum(rows, columns))
    # The distance to the nearest stone counts up to what the edge allows; ties go to the centre.
    nearest = 2 * edge + 2
    for count in range(stones):
        if count == len(points):
            points.append(int(np.argmax(nearest * size + edge)))
        row, column = to_row_column(points[count], size)
        nearest = np.minimum(nearest, abs(rows - row) + abs(columns - column))
        nearest[points[count]] = -1
    return points


def given_points(vertices: list[str], size: int) -> list[int]:
    """Return the points that `set_free_handicap` names; GtpError unless they are 2 or more."""
    points = [from_gtp(vertex, size) for vertex in vertices]
    if not 2 <= len(points) < size * size or len(set(points)) < len(points):
        raise GtpError("bad vertex list")
    if size * size in points:
        raise GtpError("bad vertex list: a pass is no handicap stone")
    return points
