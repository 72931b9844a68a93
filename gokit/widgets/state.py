"""What the board's two halves tell each other, as plain JSON: written here, read here, checked."""

from __future__ import annotations

from typing import Any

import numpy as np

from gokit.go.drawing import black_ownership, policy_shares
from gokit.go.errors import GoError
from gokit.go.lines import Game, describe_line, own_line, read_game
from gokit.go.position import Position
from gokit.go.rules import WHITE
from gokit.plots import visit_counts

__all__ = [
    "Game",
    "describe_line",
    "own_line",
    "ownership_for_black",
    "read_game",
    "write_overlay",
]


def write_overlay(
    position: Position,
    *,
    heat: np.ndarray | None = None,
    visits: np.ndarray | None = None,
    value: float | None = None,
    ownership: np.ndarray | None = None,
) -> dict[str, Any]:
    """Write what is known of a position as JSON types; what is None is left out.

    heat: policy, N² (+ 1) probabilities. visits: as many counts. value: in [-1, 1], side to
    move's view. ownership: [N, N], owners as integers, or floats in [-1, 1], side to move's view.
    Raises GoError for another shape or range.
    """
    shape = position.board.shape
    overlay: dict[str, Any] = {}
    if heat is not None:
        overlay["heat"] = [round(float(share), 5) for share in policy_shares(heat, shape)]
    if visits is not None:
        overlay["visits"] = visit_counts(visits, shape).tolist()
    if value is not None:
        if not -1 <= float(value) <= 1:
            raise GoError(f"a value is from -1 to 1, in the view of the side to move, not {value}")
        overlay["value"] = float(value)
    if ownership is not None:
        forecast = ownership_for_black(position, ownership).ravel()
        overlay["ownership"] = [round(float(owner), 3) for owner in forecast]
    return overlay


def ownership_for_black(position: Position, ownership: np.ndarray) -> np.ndarray:
    """Return ownership as [N, N] from -1 (White's) to 1 (Black's); see `write_overlay`."""
    owners = black_ownership(ownership, position.board.shape)
    in_mover_view = not np.issubdtype(np.asarray(ownership).dtype, np.integer)
    return -owners if in_mover_view and position.to_move == WHITE else owners
