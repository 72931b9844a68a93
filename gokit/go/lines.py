"""A game as plain JSON: its start, its moves in turn, and the place in it that one looks at.

The board in the browser and the trace of a search are both handed games written this way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from gokit.go.coordinates import check_size
from gokit.go.errors import GoError
from gokit.go.position import Position
from gokit.go.rules import BLACK, WHITE, Rules

MAX_MOVES = 10_000  # longer than any game; a longer list is not from our own board
STARTED_ENDS = (None, "resignation", "move cap")


class Game(NamedTuple):
    """A start, the moves played from it in turn, how many are on the board, and how it ended."""

    size: int
    rules: Rules
    setup: tuple[int, ...]
    first: int
    moves: tuple[int, ...]
    cursor: int
    end: str | None
    revision: int

    @property
    def root(self) -> tuple[int, Rules, tuple[int, ...], int]:
        """What the moves are played from: size, rules, stones, who is first."""
        return self[:4]

    def start(self) -> Position:
        """Return the position before the first move; GoError for stones that cannot stand."""
        if not self.setup:
            return Position(self.size, self.rules).to_play(self.first)
        stones = np.array(self.setup, np.int8).reshape(self.size, self.size)
        return Position.from_array(stones, self.first, self.rules)


def own_line(position: Position) -> list[Position]:
    """Return the last positions of a game in which the two sides move in turn, start first.

    The board shows moves in turn only: where a colour moved twice, the game starts after that.
    """
    line = position.line()
    for index in range(len(line) - 1, 0, -1):
        if line[index].to_move == line[index - 1].to_move:
            return line[index:]
    return line


def describe_line(line: list[Position], cursor: int, revision: int) -> dict[str, Any]:
    """Write a line of positions and the place in it as plain JSON types."""
    start, last = line[0], line[-1]
    stones = start.board.ravel().tolist()
    return {
        "size": start.size,
        "rules": start.rules.to_dict(),
        "setup": stones if any(stones) else [],
        "first": start.to_move,
        "moves": [position.last_move for position in line[1:]],
        "cursor": cursor,
        "end": last.end if last.end != "two passes" else None,
        "revision": revision,
    }


def read_game(message: Any) -> Game:
    """Check a game written as `describe_line` writes it; GoError where it makes no sense."""
    if not isinstance(message, Mapping):
        raise GoError(f"a game is an object, not {type(message).__name__}")
    missing = set(Game._fields) - set(message)
    if missing:
        raise GoError(f"the game lacks {', '.join(sorted(missing))}")
    size = check_size(message["size"])
    rules = Rules.from_dict(message["rules"])
    setup = _whole_numbers(message["setup"], "setup", 0, WHITE)
    if len(setup) not in (0, size * size):
        raise GoError(f"setup has {size * size} points or none, not {len(setup)}")
    moves = _whole_numbers(message["moves"], "moves", 0, size * size)
    (first,) = _whole_numbers([message["first"]], "first", BLACK, WHITE)
    (cursor,) = _whole_numbers([message["cursor"]], "cursor", 0, len(moves))
    (revision,) = _whole_numbers([message["revision"]], "revision", 0, 2**53)
    if message["end"] not in STARTED_ENDS:
        raise GoError(f"end is one of {STARTED_ENDS}, not {message['end']!r}")
    return Game(size, rules, setup, first, moves, cursor, message["end"], revision)


def _whole_numbers(values: Any, name: str, low: int, high: int) -> tuple[int, ...]:
    if not isinstance(values, (list, tuple)) or len(values) > MAX_MOVES:
        raise GoError(f"{name} is a list of at most {MAX_MOVES} numbers")
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise GoError(f"{name} holds whole numbers from {low} to {high}, not {value!r}")
    return tuple(values)
