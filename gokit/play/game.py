"""What a game is, wherever it is played: its start, its record, and a forecast in plain words."""

from __future__ import annotations

import numpy as np

from gokit.go.errors import GoError, IllegalMoveError, RulesMismatchError
from gokit.go.position import Position
from gokit.go.records import GameRecord
from gokit.go.rules import BLACK, WHITE, Rules
from gokit.gtp.handicap import free_points
from gokit.options import is_whole

MOST_HANDICAP = 4
HANDICAP_KOMI = 0.5


def start(size: int, rules: Rules, handicap: int = 0) -> Position:
    """Return the position that a game begins with.

    handicap: Black's stones before White's first move, on the points that GTP lists; one stone is
    Black's first move, so 0 and 1 are an empty board. Raises GoError for more than 4.
    """
    if not is_whole(handicap) or not 0 <= handicap <= MOST_HANDICAP:
        raise GoError(f"a handicap is from 0 to {MOST_HANDICAP} stones, not {handicap!r}")
    if handicap < 2:
        return Position(size, rules)
    if handicap >= size * size - 1:
        raise GoError(f"a board of {size}×{size} has no room for {handicap} stones of handicap")
    board = np.zeros(size * size, np.int8)
    board[free_points(handicap, size)] = BLACK
    return Position.from_array(board.reshape(size, size), WHITE, rules)


def usual_komi(handicap: int) -> float:
    """Return the komi that goes with a handicap: half a point where Black is given one."""
    return HANDICAP_KOMI if handicap else Rules().komi


def handicap_of(position: Position) -> int:
    """Return how many handicap stones the game of a position began with, 0 where with none."""
    first = position.line()[0]
    stones = first.board[first.board > 0]
    only_black = stones.size > 1 and (stones == BLACK).all()
    return int(stones.size) if only_black and first.to_move == WHITE else 0


def record(position: Position, names: tuple[str, str]) -> GameRecord:
    """Return the record of the game that led to a position; names: Black's and White's."""
    made = GameRecord.from_position(position, names)
    made.handicap = handicap_of(position)
    return made


def resumed(kept: GameRecord) -> Position:
    """Return the last position of a record, so that the game can go on; its resignation counts.

    Raises IllegalMoveError with the number of a move that the record's rules forbid.
    """
    position = kept.final_position()
    if kept.end == "resignation" and not position.is_over and kept.result:
        loser = WHITE if kept.result.startswith("B") else BLACK
        return position.to_play(loser).resign() if position.to_move != loser else position.resign()
    return position


def under(position: Position, rules: Rules) -> Position:
    """Return the same game under other rules; RulesMismatchError where they forbid a move of it."""
    if rules == position.rules:
        return position
    kept = GameRecord.from_position(position)
    kept.rules = rules
    try:
        return resumed(kept)
    except IllegalMoveError as error:
        raise RulesMismatchError(
            f"the game cannot go on under {rules.name} rules: {error}"
        ) from None


def black_forecast(position: Position, value: float, kind: str) -> float:
    """Return a value as Black's lead in points, komi counted, or Black's chance in percent.

    value: in the view of the side to move. kind: "margin" for the lead, "win" for the chance.
    """
    black = value if position.to_move == BLACK else -value
    if kind == "margin":
        return black * position.size**2 - position.rules.komi
    return 50 * (black + 1)


def forecast_words(forecast: float, kind: str) -> str:
    """Return a forecast of `black_forecast` as people say it."""
    if kind == "win":
        return f"Black wins with {forecast:.0f} %"
    if abs(forecast) < 0.05:
        return "even"
    return f"{'Black' if forecast > 0 else 'White'} ahead by {abs(forecast):.1f}"
