"""A player whose search can be watched while it runs, given up, and looked at afterwards."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from gokit.go.errors import RulesMismatchError
from gokit.go.lines import describe_line, own_line
from gokit.go.position import Position
from gokit.go.rules import Rules
from gokit.players import MctsPlayer, Player
from gokit.search.trace import Recorder, Trace
from gokit.search.tree import OPEN

LIVE_EVERY = 0.2  # seconds between two words on how a search goes
LINE_LENGTH = 8


class GivenUp(Exception):
    """Raised inside a search that nobody waits for any more."""


class Progress(NamedTuple):
    """How far a search is: done simulations `of` so many, and what it thinks so far.

    visits: int32 [N*N+1]. value: mean in [-1, 1], side to move's view. line: the most visited
    moves in turn. kind: what the value means, "win" or "margin". seconds: since it began.
    """

    position: Position
    done: int
    of: int
    visits: np.ndarray
    value: float
    line: list[int]
    kind: str
    seconds: float


class Thinker:
    """A player for one size and rules, whose searches report and can be given up.

    player: who plays. name: what it is called. wanted(position): asked while it searches; where
    it says no, `choose` raises GivenUp. Engines are not interrupted: their answer comes, and
    whoever asked may ignore it. on_progress: called a few times a second during a search, and
    when it is done. evaluator_name: as traces name it. trace: the search behind the latest move,
    None where it needed none.
    """

    def __init__(
        self,
        player: Player,
        size: int,
        rules: Rules,
        *,
        name: str = "",
        wanted: Callable[[Position], bool] = lambda position: True,
        on_progress: Callable[[Progress], None] = lambda progress: None,
        evaluator_name: str = "",
    ) -> None:
        self.player = player
        self.name = name or player.name
        self.size, self.rules = size, rules
        self.wanted, self.on_progress = wanted, on_progress
        self.trace: Trace | None = None
        self._evaluator_name = evaluator_name
        self._busy = threading.Lock()

    def choose(self, position: Position) -> int:
        """Return the player's move; GivenUp where nobody wants it any more.

        Raises RulesMismatchError for a game of another size or under other rules.
        """
        if (position.size, position.rules) != (self.size, self.rules):
            raise RulesMismatchError(
                f"it plays {_described(self.size, self.rules)}, "
                f"not {_described(position.size, position.rules)}"
            )
        with self._busy:
            if not isinstance(self.player, MctsPlayer):
                move = self.player.choose(position)
                self.trace = None
                return move
            watcher = _Watcher(self, self.player, position)
            self.player.observer = watcher
            move = self.player.choose(position)
            self.trace = watcher.trace(move, self._evaluator_name or self.name)
            return move

    def reset(self) -> None:
        """Make ready for another game."""
        with self._busy:
            self.trace = None
            self.player.reset()

    def close(self) -> None:
        """Let go of the player, once it is not thinking."""
        with self._busy:
            self.player.close()


class _Watcher(Recorder):
    """Takes down a search, says how it goes, and ends it where nobody waits for it."""

    def __init__(self, thinker: Thinker, player: MctsPlayer, position: Position) -> None:
        super().__init__()
        self._thinker, self._player, self._position = thinker, player, position
        self._began = time.monotonic()
        self._next = self._began + LIVE_EVERY / 2
        self._of = player.search.config.simulations

    def planted(self, tree: Any, plan: Any, dials: Any) -> None:
        """The root is open."""
        super().planted(tree, plan, dials)
        self._check()

    def backed_up(self, tree: Any) -> None:
        """A round is done: look whether to go on, and whether it is time for a word."""
        super().backed_up(tree)
        self._check()
        done = int(tree.done[0])
        if time.monotonic() >= self._next or done >= self._of:
            self._thinker.on_progress(self._progress(done))
            self._next = time.monotonic() + LIVE_EVERY

    def trace(self, move: int, name: str) -> Trace:
        """Return the search as the tree explorer shows it."""
        line, search = own_line(self._position), self._player.search
        result = self._player.last
        head = {
            "game": describe_line(line, len(line) - 1, 0),
            "config": search.config.to_dict(),
            "evaluator": name,
            "value_kind": search.value_kind,
            "result": {"action": int(result.actions[0]), "value": float(result.value[0])},
        }
        return Trace(self.document(head))

    def _check(self) -> None:
        if not self._thinker.wanted(self._position):
            raise GivenUp

    def _progress(self, done: int) -> Progress:
        tree = self.tree
        visits = tree.visits[0, 0].copy()
        return Progress(
            position=self._position,
            done=done,
            of=self._of,
            visits=visits,
            value=float(tree.value_sum[0, 0].sum() / max(1, visits.sum())),
            line=_best_line(tree),
            kind=self._player.search.value_kind,
            seconds=time.monotonic() - self._began,
        )


def _best_line(tree: Any) -> list[int]:
    """Return the moves that were visited most, from the root down."""
    line: list[int] = []
    node = 0
    # A finished game's node has no edges of its own: its arrays hold anything.
    while node >= 0 and tree.state[0, node] == OPEN and len(line) < LINE_LENGTH:
        visits = tree.visits[0, node]
        action = int(visits.argmax())
        if visits[action] == 0:
            break
        line.append(action)
        node = int(tree.child[0, node, action])
    return line


def _described(size: int, rules: Rules) -> str:
    return f"{size}×{size} under {rules.name} rules with komi {rules.komi:g}"
