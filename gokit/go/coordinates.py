"""Three ways to name a point: an index, a (row, column) pair, and the letters of GTP and SGF.

Point `index = row * size + column`; row 0 is the top row as printed, column 0 the left one. The
index `size * size` is a pass. GTP counts its rows from the bottom and leaves out the letter I.
"""

from __future__ import annotations

import operator
from typing import Any

from gokit.go.errors import GoError

COLUMNS = "ABCDEFGHJKLMNOPQRST"
MAX_SIZE = len(COLUMNS)


def check_size(size: int) -> int:
    """Return `size` as an int, or raise GoError unless it is a board size from 1 to 19."""
    try:
        number = 0 if isinstance(size, bool) else operator.index(size)
    except TypeError:
        number = 0
    if not 1 <= number <= MAX_SIZE:
        raise GoError(f"board size is a whole number from 1 to {MAX_SIZE}, not {size!r}")
    return number


def to_row_column(index: int, size: int) -> tuple[int, int]:
    """Return the (row, column) of a point, both from 0 at the top left; GoError for a pass.

    Built in chapter 1.
    """
    if not 0 <= index < size * size:
        raise GoError(f"{index} is not a point of a {size}×{size} board")
    return divmod(int(index), size)


def to_gtp(index: int, size: int) -> str:
    """Return a move's GTP name, such as "D4" or "pass".

    >>> to_gtp(0, 9), to_gtp(80, 9), to_gtp(81, 9)
    ('A9', 'J1', 'pass')

    Built in chapter 1.
    """
    if index == size * size:
        return "pass"
    row, column = to_row_column(index, size)
    return f"{COLUMNS[column]}{size - row}"


def from_gtp(text: str, size: int) -> int:
    """Return the index of a GTP vertex such as "D4", "d4" or "pass" (index `size * size`).

    Raises GoError for text that is no vertex and for a point off the board.
    """
    name = text.strip().upper()
    if name == "PASS":
        return size * size
    letter, digits = name[:1], name[1:]
    if letter not in COLUMNS or not (digits.isascii() and digits.isdigit()) or len(digits) > 2:
        raise GoError(
            f'{text[:40]!r} is not a vertex: a letter A-T without I and a number, or "pass"'
        )
    column, row = COLUMNS.index(letter), size - int(digits)
    if column >= size or not 0 <= row < size:
        raise GoError(f"{name} is off the {size}×{size} board")
    return row * size + column


def to_sgf(index: int, size: int) -> str:
    """Return a move's SGF letters, column then row from the top left; "" for a pass."""
    if index == size * size:
        return ""
    row, column = to_row_column(index, size)
    return f"{chr(ord('a') + column)}{chr(ord('a') + row)}"


def from_sgf(text: str, size: int) -> int:
    """Return the index of an SGF move: two letters, or "" for a pass ("tt" too up to 19×19).

    Raises GoError for anything else.
    """
    if text == "" or (text == "tt" and size <= 19):
        return size * size
    if len(text) == 2:
        column, row = (ord(letter) - ord("a") for letter in text)
        if 0 <= column < size and 0 <= row < size:
            return row * size + column
    raise GoError(f"{text[:40]!r} is not a point of a {size}×{size} board in SGF letters")


def parse_move(move: Any, size: int) -> int:
    """Return the index of a move given as "D4", "pass", (row, column) or an index.

    Raises GoError, saying what a move may look like, for anything else.
    """
    if isinstance(move, str):
        return from_gtp(move, size)
    try:
        if isinstance(move, tuple):
            row, column = map(operator.index, move)
        else:
            index = operator.index(move)
    except (TypeError, ValueError):
        raise GoError(f'a move is "D4", "pass", (row, column) or an index, not {move!r}') from None
    if isinstance(move, tuple):
        if not (0 <= row < size and 0 <= column < size):
            raise GoError(f"(row, column) = {(row, column)} is off the {size}×{size} board")
        return row * size + column
    if not 0 <= index <= size * size:
        raise GoError(f"a move's index is 0 to {size * size} on a {size}×{size} board, not {index}")
    return index
