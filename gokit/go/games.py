"""Many games at once: one row of flat memory a game, one compiled call for all of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gokit.go.compiled import kernel, lean
from gokit.go.errors import GoError, IllegalMoveError
from gokit.go.geometry import (
    ENDED,
    LAST_MOVE,
    MAX_MOVES,
    MOVES,
    RESIGNED,
    RUNNING,
    TO_MOVE,
    geometry,
)
from gokit.go.kernels import LEGAL, action_legality, area, legal_mask, play
from gokit.go.position import Position
from gokit.go.rows import REASONS, empty_row, write_row
from gokit.go.rules import TROMP_TAYLOR, Rules


class Games:
    """`n` games under the same rules, each one row of `words`, int64 [n, W].

    size: lines of the board, or (rows, columns) for a rectangle.
    max_moves: the move cap, by default four moves a point; a game that reaches it ends with
        `ended` MOVE_CAP, and has no result.

    Copying a row copies the game, superko history included. `cells` is the same memory seen as
    int16. Actions are row * columns + column, and rows * columns for a pass.
    """

    def __init__(
        self,
        n: int,
        size: int | tuple[int, int] = 9,
        rules: Rules = TROMP_TAYLOR,
        max_moves: int | None = None,
    ) -> None:
        shape = (size, size) if isinstance(size, int) else size
        self.geometry = geometry(*shape)
        self.rules = rules
        self.max_moves = 4 * self.geometry.n_points + 4 if max_moves is None else max_moves
        if self.max_moves < 1:
            raise GoError(f"a move cap is at least 1, not {max_moves}")
        self._start = empty_row(self.geometry, rules, self.max_moves, self.max_moves)
        self.words = np.repeat(self._start[None], n, axis=0)
        self.cells = self.words.view(np.int16)

    def __len__(self) -> int:
        return len(self.words)

    @property
    def n_actions(self) -> int:
        """Points of the board and the pass."""
        return self.geometry.n_points + 1

    @property
    def to_move(self) -> np.ndarray:
        """BLACK or WHITE, uint8 [n]."""
        return self.words[:, TO_MOVE].astype(np.uint8)

    @property
    def ended(self) -> np.ndarray:
        """RUNNING, TWO_PASSES, RESIGNED or MOVE_CAP, uint8 [n]."""
        return self.words[:, ENDED].astype(np.uint8)

    @property
    def move_number(self) -> np.ndarray:
        """Actions so far, int64 [n]."""
        return self.words[:, MOVES].copy()

    @property
    def last_move(self) -> np.ndarray:
        """The last action, or -1 before the first, int64 [n]."""
        return self.words[:, LAST_MOVE].copy()

    def play(self, actions: np.ndarray) -> None:
        """Play one action in each game, int [n]; -1 leaves a game alone.

        Raises IllegalMoveError, with no game changed, where one of them is illegal.
        """
        actions = np.asarray(actions)
        if actions.dtype.kind not in "iu":
            raise GoError(f"actions are whole numbers, not {actions.dtype}")
        actions = np.ascontiguousarray(actions, np.int64)
        if actions.shape != (len(self),):
            raise GoError(f"{len(self)} games need as many actions, not shape {actions.shape}")
        if actions.size and not (actions.min() >= -1 and actions.max() < self.n_actions):
            raise IllegalMoveError(f"actions are -1 to {self.n_actions - 1}", "off board")
        illegal, why = _play_all(self.geometry, self.words, self.cells, actions)
        if illegal >= 0:
            reason = REASONS[why]
            raise IllegalMoveError(
                f"game {illegal}: action {actions[illegal]} is illegal ({reason})", reason
            )

    def resign(self, indices: np.ndarray) -> None:
        """End the games `indices` by the resignation of their side to move.

        Raises IllegalMoveError, with no game changed, where one of them is over.
        """
        if (self.words[indices, ENDED] != RUNNING).any():
            raise IllegalMoveError("a game that is over cannot be resigned", "game over")
        self.words[indices, ENDED] = RESIGNED

    def legal_mask(self) -> np.ndarray:
        """What each side to move may play, pass last: bool [n, n_actions]."""
        masks = np.empty((len(self), self.n_actions), np.bool_)
        _mask_all(self.geometry, self.words, self.cells, masks)
        return masks

    def boards(self) -> np.ndarray:
        """The stones, int8 [n, rows, columns]."""
        g = self.geometry
        stones = self.cells[:, g.color + g.points]
        return stones.astype(np.int8).reshape(-1, g.rows, g.columns)

    def ownership(self) -> np.ndarray:
        """The owner of each point by area, EMPTY for none: int8 [n, rows, columns]."""
        return self._areas()[1]

    def score(self) -> np.ndarray:
        """Black's area minus White's minus komi as the boards stand, float32 [n]."""
        return (self._areas()[0] - self.rules.komi).astype(np.float32)

    def _areas(self) -> tuple[np.ndarray, np.ndarray]:
        g = self.geometry
        owners = np.empty((len(self), g.n_points), np.int8)
        margins = np.empty(len(self), np.int64)
        _area_all(g, self.cells, owners, margins)
        return margins, owners.reshape(-1, g.rows, g.columns)

    def reset(self, indices: np.ndarray | None = None) -> None:
        """Start the games `indices` (default: all) again from the empty board."""
        self.words[slice(None) if indices is None else indices] = self._start

    def copy_from(self, other: Games, source: np.ndarray, target: np.ndarray) -> None:
        """Copy the rows `source` of `other` over the rows `target` of these games.

        Raises GoError unless both have the same rules, board and row length.
        """
        if other.rules != self.rules or other.words.shape[1] != self.words.shape[1]:
            raise GoError("games can only be copied between batches of the same rules and size")
        self.words[target] = other.words[source]

    def position(self, index: int) -> Position:
        """Return game `index` as a Position: superko history kept, list of moves not."""
        return Position.from_row(self.geometry, self.words[index].copy(), self.rules)

    @classmethod
    def from_positions(cls, positions: Sequence[Position], max_moves: int | None = None) -> Games:
        """Return a batch of these positions, superko histories included.

        max_moves: moves each game may still make before its cap, by default as for new games.
        Raises GoError unless all have the same size and rules.
        """
        if not positions:
            raise GoError("a batch needs at least one position")
        size, rules = positions[0].size, positions[0].rules
        if any(p.size != size or p.rules != rules for p in positions):
            raise GoError("the positions of a batch share their size and rules")
        further = 4 * size * size + 4 if max_moves is None else max_moves
        games = cls(len(positions), size, rules, further + max(p.move_number for p in positions))
        for i, position in enumerate(positions):
            write_row(games.geometry, position.row, games.words[i])
            games.words[i, MAX_MOVES] = position.move_number + further
        return games


@lean
def _play_all(g, rows, all_cells, actions):
    for i in range(len(actions)):
        if actions[i] >= 0:
            why = action_legality(g, rows[i], all_cells[i], actions[i])
            if why != LEGAL:
                return i, why
    for i in range(len(actions)):
        if actions[i] >= 0:
            play(g, rows[i], all_cells[i], actions[i])
    return -1, LEGAL


@lean
def _mask_all(g, rows, all_cells, masks):
    for i in range(len(rows)):
        legal_mask(g, rows[i], all_cells[i], masks[i])


@kernel
def _area_all(g, all_cells, owners, margins):
    for i in range(len(all_cells)):
        margins[i] = area(g, all_cells[i], owners[i])
