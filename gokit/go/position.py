"""Position: what people hold. One game of Go at one moment, immutable, over one flat row."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from gokit.go.coordinates import check_size, parse_move, to_gtp
from gokit.go.diagram import format_diagram, parse_diagram
from gokit.go.errors import GoError, IllegalMoveError
from gokit.go.geometry import (
    CAPTURED,
    ENDED,
    HASH,
    HISTORY_USED,
    KO,
    LAST_MOVE,
    MAX_MOVES,
    MOVE_CAP,
    MOVES,
    PASSES,
    RESIGNED,
    RUNNING,
    SIMPLE,
    SUPERKO,
    TO_MOVE,
    TWO_PASSES,
    Geometry,
    geometry,
)
from gokit.go.kernels import action_legality, area, legal_mask, play, set_up
from gokit.go.rows import REASONS, copy_with_room, empty_row
from gokit.go.rules import BLACK, COLOR_NAMES, EMPTY, TROMP_TAYLOR, WHITE, Rules, opponent

ENDS = {TWO_PASSES: "two passes", RESIGNED: "resignation", MOVE_CAP: "move cap"}
NO_MOVE_CAP = 1 << 62
FIRST_ROOM = 90  # moves of history a new position has room for; it doubles when they are used

Move = int | str | tuple[int, int]


class Group(NamedTuple):
    """Stones of one colour joined along lines, and the empty points next to them."""

    color: int
    stones: frozenset[int]
    liberties: frozenset[int]


class Score(NamedTuple):
    """An area score: stones and the empty points that reach only one colour.

    black, white: areas without komi. margin: black - white - komi, Black's view. winner: BLACK,
    WHITE, or EMPTY for a draw. ownership: int8 [N, N], the owner of each point or EMPTY.
    """

    black: int
    white: int
    margin: float
    winner: int
    ownership: np.ndarray


class Position:
    """A game of Go at one moment: the stones, who is to move, and all that superko remembers.

    Positions are immutable: `play` returns a new one and `undo` the one before, so that a cell of
    a notebook can be run twice. A move is an index (row * size + column, row 0 on top), a
    (row, column) pair, a name such as "D4", or "pass" (index size * size).

    Raises GoError for a size outside 1 to 19. Built in chapter 1.
    """

    def __init__(self, size: int = 9, rules: Rules = TROMP_TAYLOR) -> None:
        g = geometry(check_size(size))
        self._attach(g, empty_row(g, rules, NO_MOVE_CAP, FIRST_ROOM), rules, None)

    def _attach(
        self, g: Geometry, row: np.ndarray, rules: Rules, previous: Position | None
    ) -> Position:
        self.row, self.rules, self.previous = row, rules, previous
        self._geometry = g
        self._cells = row.view(np.int16)
        return self

    def _next(self, row: np.ndarray, previous: Position | None) -> Position:
        return Position.__new__(Position)._attach(self._geometry, row, self.rules, previous)

    @classmethod
    def from_row(cls, g: Geometry, row: np.ndarray, rules: Rules) -> Position:
        """Wrap one row of a batch: its superko history is kept, its list of moves is not known."""
        if g.rows != g.columns:
            raise GoError(f"a position is square, not {g.rows} × {g.columns}")
        row[MAX_MOVES] = NO_MOVE_CAP
        return cls.__new__(cls)._attach(g, row, rules, None)

    @classmethod
    def from_array(
        cls, board: np.ndarray, to_move: int = BLACK, rules: Rules = TROMP_TAYLOR
    ) -> Position:
        """Set up the stones of `board`, [N, N] of EMPTY, BLACK, WHITE; history starts here.

        Raises GoError where the board is not square or a group has no liberty.
        """
        board = np.asarray(board)
        if board.ndim != 2 or board.shape[0] != board.shape[1]:
            raise GoError(f"a board is N × N, not of shape {board.shape}")
        if to_move not in (BLACK, WHITE):
            raise GoError(f"BLACK (1) or WHITE (2) is to move, not {to_move!r}")
        if not np.isin(board, (EMPTY, BLACK, WHITE)).all():
            raise GoError("a board holds 0 (empty), 1 (Black) and 2 (White) only")
        g = geometry(len(board))
        row = empty_row(g, rules, NO_MOVE_CAP, FIRST_ROOM)
        stones = np.ascontiguousarray(board.ravel(), np.int8)
        if not set_up(g, row, row.view(np.int16), stones, to_move):
            raise GoError("a group without liberties cannot stand on the board")
        return cls.__new__(cls)._attach(g, row, rules, None)

    @classmethod
    def from_diagram(
        cls, text: str, to_move: int | None = None, rules: Rules = TROMP_TAYLOR
    ) -> Position:
        """Set up a board drawn with ". X O" (also "+ ● ○"), as `str(position)` prints it.

        to_move: by default what the text says ("White to move"), else Black.
        Raises GoError with the line for text that is no board.
        """
        board, side = parse_diagram(text)
        return cls.from_array(board, to_move or side or BLACK, rules)

    @classmethod
    def from_moves(
        cls, moves: Iterable[Move], size: int = 9, rules: Rules = TROMP_TAYLOR
    ) -> Position:
        """Play `moves` in turn from the empty board; IllegalMoveError where one is illegal."""
        position = cls(size, rules)
        for move in moves:
            position = position.play(move)
        return position

    @property
    def size(self) -> int:
        """Lines of the board."""
        return self._geometry.rows

    @property
    def board(self) -> np.ndarray:
        """The stones: int8 [N, N] of EMPTY, BLACK, WHITE, a copy."""
        g = self._geometry
        return self._cells[g.color + g.points].astype(np.int8).reshape(g.rows, g.columns)

    @property
    def to_move(self) -> int:
        """BLACK or WHITE."""
        return int(self.row[TO_MOVE])

    @property
    def hash(self) -> int:
        """Zobrist hash of the stones (not of the side to move), 64 bits."""
        return int(self.row[HASH]) & 0xFFFFFFFFFFFFFFFF

    @property
    def move_number(self) -> int:
        """Moves so far, passes included."""
        return int(self.row[MOVES])

    @property
    def passes(self) -> int:
        """Consecutive passes just made: 0, 1, or 2 where they ended the game."""
        return int(self.row[PASSES])

    @property
    def last_move(self) -> int | None:
        """The last move's index, or None before the first."""
        move = int(self.row[LAST_MOVE])
        return None if move < 0 else move

    @property
    def ko_point(self) -> int | None:
        """Where a single stone may not be retaken at once, or None."""
        cell = int(self.row[KO])
        return int(self._geometry.actions[cell]) if cell else None

    @property
    def captured(self) -> tuple[int, int]:
        """Stones captured (by Black, by White); a suicide's stones go to the opponent."""
        return int(self.row[CAPTURED]), int(self.row[CAPTURED + 1])

    @property
    def pass_move(self) -> int:
        """The index of a pass, N²."""
        return self._geometry.n_points

    @cached_property
    def plays(self) -> list[tuple[int, int]]:
        """The moves since the start of this record, each (colour, index)."""
        plays, position = [], self
        while position.previous is not None:
            before = position.previous
            if position.move_number > before.move_number:
                plays.append((before.to_move, position.last_move))
            position = before
        return plays[::-1]

    @property
    def moves(self) -> list[int]:
        """The moves since the start of this record, as indices."""
        return [index for _, index in self.plays]

    def line(self) -> list[Position]:
        """The positions of this game from its start to this one, one a move."""
        line, position = [self], self
        while position.previous is not None:
            # A resignation or the move cap adds no move: of the two, the ended form stays.
            if position.move_number > position.previous.move_number:
                line.append(position.previous)
            position = position.previous
        return line[::-1]

    @property
    def is_over(self) -> bool:
        """Whether two passes, a resignation or the move cap have ended the game."""
        return bool(self.row[ENDED] != RUNNING)

    @property
    def end(self) -> str | None:
        """How the game ended: "two passes", "resignation", "move cap", or None while it runs."""
        return ENDS.get(int(self.row[ENDED]))

    @property
    def winner(self) -> int | None:
        """BLACK, WHITE, EMPTY for a draw; None while the game runs and after a move cap."""
        if self.end == "resignation":
            return opponent(self.to_move)
        return self.score().winner if self.end == "two passes" else None

    @property
    def result(self) -> str | None:
        """As SGF writes it: "B+3.5", "W+R", "0", "Void" at a move cap; None while it runs."""
        if not self.is_over:
            return None
        if self.end == "move cap":
            return "Void"
        if self.winner == EMPTY:
            return "0"
        margin = "R" if self.end == "resignation" else f"{abs(self.score().margin):g}"
        return f"{COLOR_NAMES[self.winner][0]}+{margin}"

    def play(self, move: Move) -> Position:
        """Return the position after `move` by the side to move.

        Raises IllegalMoveError, with the rule that forbids it, and GoError for no move at all.
        """
        action = parse_move(move, self.size)
        reason = self.illegality(action)
        if reason is not None:
            raise IllegalMoveError(self._explain(action, reason), reason)
        row = copy_with_room(self._geometry, self.row)
        play(self._geometry, row, row.view(np.int16), action)
        return self._next(row, self)

    def _ended(self, how: int) -> Position:
        if self.is_over:
            raise IllegalMoveError(self._explain(self.pass_move, "game over"), "game over")
        row = self.row.copy()
        row[ENDED] = how
        return self._next(row, self)

    def resign(self) -> Position:
        """Return the game ended by the resignation of the side to move."""
        return self._ended(RESIGNED)

    def with_move_cap(self) -> Position:
        """Return the game stopped here, unfinished: its `end` is "move cap", its winner None."""
        return self._ended(MOVE_CAP)

    def undo(self) -> Position:
        """Return the position before the last move; GoError at the start."""
        if self.previous is None:
            raise GoError("nothing to undo: this is where the game's record starts")
        return self.previous

    def to_play(self, color: int) -> Position:
        """Return the same stones with `color` to move, as when one side moves twice in a row."""
        if color not in (BLACK, WHITE):
            raise GoError(f"BLACK (1) or WHITE (2) is to move, not {color!r}")
        if color == self.to_move:
            return self
        row = self.row.copy()
        row[TO_MOVE], row[KO], row[PASSES] = color, 0, 0
        return self._next(row, self.previous)

    def with_komi(self, komi: float) -> Position:
        """Return the same position under another komi; the positions before it keep theirs."""
        other = self._next(self.row.copy(), self.previous)
        other.rules = self.rules.replace(komi=komi)
        return other

    def legal_mask(self) -> np.ndarray:
        """What the side to move may play, pass last: bool [N² + 1]; all False once it is over."""
        mask = np.empty(self._geometry.n_points + 1, np.bool_)
        legal_mask(self._geometry, self.row, self._cells, mask)
        return mask

    def legal_moves(self) -> np.ndarray:
        """The legal moves as indices, int64, pass last."""
        return np.flatnonzero(self.legal_mask())

    def is_legal(self, move: Move) -> bool:
        """Whether the side to move may play `move`."""
        return self.illegality(move) is None

    def illegality(self, move: Move) -> str | None:
        """The rule that forbids `move`, as in IllegalMoveError.reason; None where it is legal."""
        action = parse_move(move, self.size)
        return REASONS[action_legality(self._geometry, self.row, self._cells, action)]

    def why_illegal(self, move: Move) -> str | None:
        """One sentence that says which rule forbids `move`, or None where it is legal."""
        action = parse_move(move, self.size)
        reason = self.illegality(action)
        return None if reason is None else self._explain(action, reason)

    def _explain(self, action: int, reason: str) -> str:
        name = to_gtp(action, self.size)
        if reason == "game over":
            return f"The game is over ({self.end})."
        if reason == "occupied":
            return (
                f"{name} is occupied: a {COLOR_NAMES[self._color(action)].lower()} stone is there."
            )
        if reason == "suicide":
            return (
                f"{name} is suicide: the stone would have no liberty and capture nothing, "
                "and these rules forbid that."
            )
        if reason == "ko":
            return f"{name} would retake the ko: the board would be as it was one move ago."
        kind = f"{self.rules.superko} superko"
        # The rest of the row shows what the move does; only the legality check said no.
        row = self.row.copy()
        play(self._geometry, row, row.view(np.int16), action)
        if row[HASH] == self.row[HASH]:
            return (
                f"{name} is the suicide of one stone: it leaves the board as it is, "
                f"which {kind} forbids."
            )
        same = [
            p
            for p in self.line()
            if p.row[HASH] == row[HASH]
            and (self.rules.superko == "positional" or p.to_move == row[TO_MOVE])
        ]
        when = f" (after move {same[0].move_number})" if same else ""
        return f"{name} would bring back an earlier board{when}, which {kind} forbids."

    def _color(self, index: int) -> int:
        return int(self._cells[self._geometry.color + self._geometry.points[index]])

    def neighbors(self, point: Move) -> list[int]:
        """The indices of the points next to `point` along the lines: 2, 3 or 4 of them."""
        g = self._geometry
        cell = g.points[parse_move(point, self.size)]
        actions = [g.actions[cell + d] for d in (-g.stride, -1, 1, g.stride)]
        return [int(a) for a in actions if a >= 0]

    def group_at(self, point: Move) -> Group:
        """The group of the stone on `point`; GoError where there is none."""
        g, index = self._geometry, parse_move(point, self.size)
        if index == self.pass_move or self._color(index) == EMPTY:
            raise GoError(f"there is no stone on {to_gtp(index, self.size)}")
        start = int(g.points[index])
        stones, cell = {index}, int(self._cells[g.next + start])
        while cell != start:
            stones.add(int(g.actions[cell]))
            cell = int(self._cells[g.next + cell])
        beside = {n for stone in stones for n in self.neighbors(stone)}
        liberties = frozenset(n for n in beside if self._color(n) == EMPTY)
        return Group(self._color(index), frozenset(stones), liberties)

    def groups(self) -> list[Group]:
        """All groups on the board, in the order of their first point."""
        groups, done = [], set()
        for index in np.flatnonzero(self.board):
            if int(index) not in done:
                groups.append(self.group_at(int(index)))
                done |= groups[-1].stones
        return groups

    def atari(self) -> list[Group]:
        """The groups that have one liberty left."""
        return [group for group in self.groups() if len(group.liberties) == 1]

    def score(self) -> Score:
        """The area score of the board as it stands, whoever would win if play went on."""
        g = self._geometry
        owner = np.empty(g.n_points, np.int8)
        margin = area(g, self._cells, owner) - self.rules.komi
        winner = BLACK if margin > 0 else WHITE if margin < 0 else EMPTY
        black, white = int((owner == BLACK).sum()), int((owner == WHITE).sum())
        return Score(black, white, float(margin), winner, owner.reshape(g.rows, g.columns))

    def pass_alive(self) -> np.ndarray:
        """Who owns each point for certain, even if that side only passes (Benson): int8 [N, N]."""
        from gokit.go.life import pass_alive

        return pass_alive(self.board, self.rules.suicide)

    def transformed(self, k: int) -> Position:
        """Return this game seen through symmetry `k` (0 to 7), its whole record replayed."""
        from gokit.go.symmetry import transform_index, transform_plane

        start = self.line()[0]
        if start.row[HISTORY_USED] > 1 and start.row[SUPERKO] != SIMPLE:
            raise GoError("a position taken from a batch has no list of moves to turn")
        turned = Position.from_array(transform_plane(start.board, k), start.to_move, start.rules)
        for color, index in self.plays:
            turned = turned.to_play(color).play(transform_index(index, k, self.size))
        return turned if not self.is_over or turned.is_over else turned._ended(int(self.row[ENDED]))

    def __str__(self) -> str:
        return format_diagram(self.board, self.last_move, self._status())

    def _status(self) -> str:
        if self.is_over:
            return f"Game over ({self.end}): {self.result}"
        return f"{COLOR_NAMES[self.to_move]} to move (move {self.move_number + 1})"

    def __repr__(self) -> str:
        return f"<Position {self.size}×{self.size}, {self._status()}, {self.rules.name}>"

    def _repr_svg_(self) -> str:
        from gokit.go.drawing import board_svg, describe

        title = f"{describe(self.board)} {self._status()}"
        return board_svg(self.board, last_move=self.last_move, title=title)

    def __reduce__(self) -> tuple[Any, ...]:
        rows = [position.row for position in self.line()]
        return _restored, (self.size, self.rules, rows)


def _restored(size: int, rules: Rules, rows: list[np.ndarray]) -> Position:
    position = None
    for row in rows:
        position = Position.__new__(Position)._attach(geometry(size), row, rules, position)
    return position
