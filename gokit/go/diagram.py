"""Boards as text, in and out."""

from __future__ import annotations

import re

import numpy as np

from gokit.go.coordinates import COLUMNS
from gokit.go.errors import GoError
from gokit.go.rules import BLACK, EMPTY, WHITE

STONES = {
    ".": EMPTY, "+": EMPTY, "·": EMPTY,
    "X": BLACK, "x": BLACK, "#": BLACK, "●": BLACK,
    "O": WHITE, "o": WHITE, "○": WHITE,
}  # fmt: skip
SYMBOLS = ".XO"


def star_points(size: int) -> list[int]:
    """The indices of the dots that a real board of this size has, none below 5 × 5."""
    if size < 5:
        return []
    if size < 7:
        lines = [size // 2] if size % 2 else []
    else:
        edge = 2 if size < 12 else 3
        lines = [edge, size - 1 - edge]
        if size % 2 and size >= 9:
            lines.append(size // 2)
    points = [(r, c) for r in lines for c in lines]
    if size % 2 and size < 13:
        # Boards up to 11 × 11 have the corners and the centre, larger ones the sides too.
        centre = size // 2
        points = [(r, c) for r, c in points if (r == centre) == (c == centre)]
    return sorted(r * size + c for r, c in points)


def format_diagram(board: np.ndarray, last_move: int | None = None, status: str = "") -> str:
    """Draw `board`, [N, N], with coordinates; parentheses stand around the last move."""
    size = len(board)
    stars = set(star_points(size))
    header = "    " + " ".join(COLUMNS[:size])
    lines = [header]
    for row in range(size):
        text = " "
        for column in range(size):
            index = row * size + column
            symbol = SYMBOLS[board[row][column]]
            if symbol == "." and index in stars:
                symbol = "+"
            # The parentheses take the places of the spaces between points.
            text = f"{text[:-1]}({symbol})" if index == last_move else f"{text}{symbol} "
        lines.append(f"{size - row:>2} {text} {size - row}")
    lines.append(header)
    if status:
        lines.append(status)
    return "\n".join(lines)


def parse_diagram(text: str) -> tuple[np.ndarray, int | None]:
    """Read a board of any size from text and who is to move, where the text says so.

    Returns (int8 [N, N], BLACK, WHITE or None). Raises GoError with the line that is wrong.
    """
    rows, to_move = [], None
    for number, line in enumerate(text.splitlines(), start=1):
        said = re.search(r"\b(Black|White) to move", line)
        if said:
            to_move = BLACK if said[1] == "Black" else WHITE
            continue
        bare = re.sub(r"^\s*\d+|\d+\s*$|[\s()|]", "", line)
        if not bare or bare == COLUMNS[: len(bare)] or line.lstrip().startswith("Game over"):
            continue
        unknown = [symbol for symbol in bare if symbol not in STONES]
        if unknown:
            raise GoError(f"line {number} of the diagram has {unknown[0]!r}, not . X or O")
        rows.append((number, [STONES[symbol] for symbol in bare]))
    if not rows:
        raise GoError("the diagram has no board")
    for number, row in rows:
        if len(row) != len(rows):
            raise GoError(
                f"line {number} of the diagram has {len(row)} points where {len(rows)} rows "
                "make a square"
            )
    return np.array([row for _, row in rows], np.int8), to_move
