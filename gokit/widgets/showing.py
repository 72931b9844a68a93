"""show: the board as a widget where there is one, and as a picture everywhere else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from gokit.go.drawing import describe
from gokit.go.errors import GoError
from gokit.go.position import Position
from gokit.go.rules import BLACK
from gokit.plots import Picture, board_figure, png
from gokit.widgets.state import ownership_for_black

if TYPE_CHECKING:
    from gokit.widgets.board import Board

PICTURED = ("heat", "visits", "title")  # what a picture and a widget both understand


def show(
    position: Position | np.ndarray | None = None,
    *,
    marks: Mapping[int, str] | None = None,
    **options: Any,
) -> Board | Picture:
    """Show a position: a board one can click, or its picture under GOKIT_STATIC=1.

    position: a Position, an array [N, N] of EMPTY, BLACK, WHITE, or None for an empty board.
    marks: {index: "triangle", "square", "circle", "cross" or a short text}; marks make it a
        picture, since stones that move would leave them behind.
    options: what `Board` takes: heat, visits, value, ownership, title, opponent, size, ...
    The picture has alt text, which says the stones in words. Without anywidget it is a picture too.

    Raises GoError for a board, an overlay or an option that makes no sense. Built in chapter 1.
    """
    if position is not None and not isinstance(position, Position):
        position = Position.from_array(np.asarray(position))
    if marks is None and os.environ.get("GOKIT_STATIC", "0") in ("", "0"):
        try:
            from gokit.widgets.board import Board
        except ImportError:
            return picture(position, **options)
        return Board(position, **options)
    return picture(position, marks=marks, **options)


class BoardPicture(Picture):
    """The picture of a position; `position` is what a Board would have there."""

    def __init__(self, image: bytes, text: str, position: Position) -> None:
        super().__init__(image, text)
        self.position = position


def picture(
    position: Position | None = None,
    *,
    marks: Mapping[int, str] | None = None,
    value: float | None = None,
    ownership: np.ndarray | None = None,
    **options: Any,
) -> BoardPicture:
    """Draw a position as a PNG with alt text; takes the options of `show`, and ignores those
    that only a board one can click has."""
    if position is None:
        given = {name: options[name] for name in ("size", "rules") if name in options}
        position = Position(**given)
    pictured = {name: options[name] for name in PICTURED if options.get(name) is not None}
    if ownership is not None:
        pictured["ownership"] = ownership_for_black(position, ownership)
    words = [describe(position.board), str(position).splitlines()[-1] + "."]
    if options.get("title"):
        words.insert(0, options["title"].rstrip(".") + ".")
    if value is not None:
        if not -1 <= value <= 1:
            raise GoError(f"a value is from -1 to 1, in the view of the side to move, not {value}")
        black = 50 * ((value if position.to_move == BLACK else -value) + 1)
        words.append(f"Forecast: Black wins with {black:.0f} percent.")
        title = pictured.get("title", "")
        pictured["title"] = f"{title}  (Black {black:.0f} %)" if title else f"Black {black:.0f} %"
    figure = board_figure(position.board, last_move=position.last_move, marks=marks, **pictured)
    return BoardPicture(png(figure), " ".join(words), position)
