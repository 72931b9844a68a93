"""Board: a Position one can click, against a Player or alone. Built in chapter 1."""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import takewhile
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import anywidget
import numpy as np
import traitlets

from gokit.go.errors import GoError
from gokit.go.position import Move, Position
from gokit.go.rules import BLACK, TROMP_TAYLOR, WHITE, Rules
from gokit.widgets.source import module_source, style_source
from gokit.widgets.state import Game, describe_line, own_line, read_game, write_overlay

if TYPE_CHECKING:
    from gokit.players import Player

RESIGN = -1  # what Player.choose returns to resign
SHOWN = ("liberties", "atari", "groups", "score")
THEMES = ("wood", "plain")


def _running(position: Position) -> Position:
    """Return a position as it was before a resignation or the move cap ended it there."""
    return position.undo() if position.end in ("resignation", "move cap") else position


_locks: WeakKeyDictionary[Any, threading.Lock] = WeakKeyDictionary()


def _lock_of(player: Player | None) -> threading.Lock:
    """Return the lock under which a player thinks: one, however many boards it plays on."""
    try:
        return _locks.setdefault(player, threading.Lock())
    except TypeError:  # None, or a player without a hash: it is not shared
        return threading.Lock()


class Board(anywidget.AnyWidget):
    """A board in the notebook: click or use the keyboard to play; Python reads `position`.

    position: what stands there at first; else an empty board of `size` under `rules`.
    opponent: a Player that answers for the side that is not `human`; it thinks in a thread of
        its own, so the notebook stays free. Without one, a person plays both sides.
    heat, visits, value, ownership: as for `show_overlay`, of the first position.
    analyze: called with each new position on the board; returns the overlay as a dict of those.
    show: what is drawn from the start, of "liberties", "atari", "groups", "score".
        show_liberties=True is short for the first of them.
    theme: "wood" or "plain". title: a line above the board.

    The trait `view` also takes "hide", ids of buttons that are not to be there, "keep", ids of
    overlay buttons that stay where there is nothing to show, and "area_at_end", to draw the areas
    of a finished game.

    Raises GoError for arguments that make no sense. Built in chapter 1.
    """

    _esm = module_source()
    _css = style_source()
    game = traitlets.Dict().tag(sync=True)
    players = traitlets.Dict().tag(sync=True)
    status = traitlets.Dict().tag(sync=True)
    overlay = traitlets.Dict().tag(sync=True)
    view = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        position: Position | None = None,
        *,
        size: int = 9,
        rules: Rules = TROMP_TAYLOR,
        opponent: Player | None = None,
        human: int = BLACK,
        heat: np.ndarray | None = None,
        visits: np.ndarray | None = None,
        value: float | None = None,
        ownership: np.ndarray | None = None,
        analyze: Callable[[Position], dict[str, Any]] | None = None,
        show: tuple[str, ...] = (),
        show_liberties: bool = False,
        theme: str = "wood",
        title: str = "",
    ) -> None:
        if human not in (BLACK, WHITE):
            raise GoError(f"human is BLACK (1) or WHITE (2), not {human!r}")
        if theme not in THEMES or not set(show) <= set(SHOWN):
            raise GoError(f"theme is one of {THEMES} and show holds some of {SHOWN}")
        super().__init__()
        self.opponent, self.human, self.analyze = opponent, human, analyze
        self._lock = threading.RLock()  # the state below and the traits
        self._player_lock = _lock_of(opponent)
        self._worker: threading.Thread | None = None
        self._callbacks: list[Callable[[Position], None]] = []
        self._line = own_line(position if position is not None else Position(size, rules))
        self._cursor = len(self._line) - 1
        self._revision = 0
        if opponent is not None:
            self.players = {"human": human, "opponent": opponent.name}
        shown = dict.fromkeys(show, True)
        if show_liberties:
            shown["liberties"] = True
        self.view = {"title": title, "show": {**shown, "theme": theme == "plain"}}
        self.overlay = self._overlay_here(
            heat=heat, visits=visits, value=value, ownership=ownership
        )
        self.on_msg(self._on_message)
        self._publish()

    @property
    def position(self) -> Position:
        """The position on the board; setting it shows another game."""
        return self._line[self._cursor]

    @position.setter
    def position(self, position: Position) -> None:
        line = own_line(position)
        with self._lock:
            self._change(line, len(line) - 1)

    @property
    def thinking(self) -> bool:
        """Whether the opponent is choosing its move."""
        return bool(self.status.get("thinking"))

    def play(self, move: Move) -> None:
        """Play for the side to move; IllegalMoveError where the rules forbid it."""
        with self._lock:
            line = [*self._line[: self._cursor + 1], self.position.play(move)]
            self._change(line, len(line) - 1)

    def resign(self) -> None:
        """Resign for the side to move; IllegalMoveError once the game is over."""
        with self._lock:
            self._change([*self._line[: self._cursor], self.position.resign()], self._cursor)

    def undo(self) -> None:
        """Take back the last move, with the opponent's reply to it; GoError at the start."""
        with self._lock:
            if self.position.end in ("resignation", "move cap"):
                return self._change([*self._line[:-1], _running(self.position)], self._cursor)
            cursor = self._cursor - 1
            if cursor > 0 and self._opponent_plays(self._line[cursor]):
                cursor -= 1
            if cursor < 0:
                raise GoError("nothing to undo: this is the start of the game")
            self._change(self._line, cursor)

    def seat(
        self, opponent: Player | None, human: int = BLACK, position: Position | None = None
    ) -> None:
        """Let another opponent play on, or nobody, from here or from another position.

        What the opponent before was thinking of is dropped. GoError for another `human`.
        """
        if human not in (BLACK, WHITE):
            raise GoError(f"human is BLACK (1) or WHITE (2), not {human!r}")
        with self._lock:
            self.opponent, self.human = opponent, human
            self._player_lock = _lock_of(opponent)
            self.players = {} if opponent is None else {"human": human, "opponent": opponent.name}
            line = self._line if position is None else own_line(position)
            self._change(line, self._cursor if position is None else len(line) - 1)

    def show_overlay(
        self,
        *,
        of: Position | None = None,
        heat: np.ndarray | None = None,
        visits: np.ndarray | None = None,
        value: float | None = None,
        ownership: np.ndarray | None = None,
    ) -> None:
        """Draw what is known of the position on the board; what is not given goes away.

        heat: the policy, N² or N² + 1 probabilities. visits: as many counts. value: in [-1, 1],
        side to move's view. ownership: [N, N], owners as in `Score.ownership`, or floats in
        [-1, 1], side to move's view. It is hidden while another position is on the board.
        of: the position that it belongs to, where the board may have moved on since; then nothing
        is drawn. Raises GoError for another shape or range.
        """
        with self._lock:
            if of is None or of is self.position:
                self.overlay = self._overlay_here(
                    heat=heat, visits=visits, value=value, ownership=ownership
                )

    def on_move(self, callback: Callable[[Position], None]) -> None:
        """Have `callback(position)` called after each move that is played here, by either side."""
        self._callbacks.append(callback)

    def wait(self, timeout: float | None = None) -> Position:
        """Wait until the opponent has replied, at most `timeout` seconds; return the position."""
        # With an analysis, a reply starts the next worker.
        while (worker := self._worker) is not None and worker.is_alive():
            worker.join(timeout)
            if worker.is_alive():
                break
        return self.position

    def __repr__(self) -> str:
        """The text twin of the board."""
        return str(self.position)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle = super()._repr_mimebundle_(**options)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        data["text/plain"] = repr(self)  # whole: the widget would cut it
        return bundle

    def _opponent_plays(self, position: Position) -> bool:
        to_play = self.opponent is not None and position.to_move != self.human
        return to_play and not position.is_over

    def _overlay_here(self, **overlay: Any) -> dict[str, Any]:
        written = write_overlay(self.position, **overlay)
        at = [position.last_move for position in self._line[1 : self._cursor + 1]]
        return {**written, "at": at} if written else {}

    def _change(self, line: list[Position], cursor: int, revision: int | None = None) -> None:
        """Show another place in another game, tell both halves, and let the opponent reply."""
        new = cursor >= len(self._line) or line[cursor] is not self._line[cursor]
        played = new and line[cursor].previous is self.position
        self._line, self._cursor = line, cursor
        self._revision = self._revision + 1 if revision is None else revision
        self._publish()
        if played:
            self._call_back()

    def _publish(self, notice: str = "") -> None:
        at_end = self._cursor == len(self._line) - 1
        replies = at_end and not notice and self._opponent_plays(self.position)
        with self.hold_sync():
            self.game = describe_line(self._line, self._cursor, self._revision)
            # With the revision, a sentence that is said twice is sent twice.
            self.status = {"thinking": replies, "notice": notice, "revision": self._revision}
        if replies or (self.analyze is not None and not notice):
            self._start_worker()

    def _call_back(self) -> None:
        for callback in self._callbacks:
            self._attempt("The on_move callback", lambda call=callback: call(self.position))

    def _refuse(self, notice: str) -> None:
        """Put the browser's board back to ours, with a sentence that says why."""
        with self._lock:
            self._revision += 1
            self._publish(notice)

    def _on_message(self, _widget: Any, content: Any, _buffers: Any) -> None:
        kind = content.get("type") if isinstance(content, dict) else None
        try:
            with self._lock:
                if kind == "game":
                    self._take(read_game(content.get("game")))
                elif kind == "reply":
                    self._publish()
        except GoError as error:
            self._refuse(str(error))

    def _take(self, game: Game) -> None:
        """Follow the browser's game, unless ours has moved on since."""
        if game.revision <= self._revision:
            return self._refuse("")
        line = self._replayed(game)
        self._change(line, game.cursor, game.revision)

    def _replayed(self, game: Game) -> list[Position]:
        """Return the positions of a game; ours stay the same objects as far as the moves agree."""
        ours = read_game(describe_line(self._line, self._cursor, self._revision))
        if game.root == ours.root:
            pairs = zip(game.moves, ours.moves, strict=False)
            shared = takewhile(lambda moves: moves[0] == moves[1], pairs)
            line = [_running(position) for position in self._line[: len(list(shared)) + 1]]
        else:
            line = [game.start()]
        for move in game.moves[len(line) - 1 :]:
            line.append(line[-1].play(move))
        if game.end == "resignation":
            line[-1] = line[-1].resign()
        elif game.end == "move cap":
            line[-1] = line[-1].with_move_cap()
        return line

    def _start_worker(self) -> None:
        self._worker = threading.Thread(
            target=self._work,
            args=(self.position, self._revision, self.opponent, self._player_lock),
            daemon=True,
        )
        self._worker.start()

    def _work(
        self, position: Position, revision: int, opponent: Player | None, lock: threading.Lock
    ) -> None:
        """Analyse a position, and reply to it where it is the opponent's turn."""
        with lock:
            if self.analyze is not None and revision == self._revision:
                self._attempt("The analysis", lambda: self._show_analysis(position, revision))
            if revision == self._revision and self.thinking:
                reply = lambda: self._reply(position, revision, opponent)  # noqa: E731
                done = self._attempt(opponent.name, reply, revision)
                with self._lock:
                    if not done and revision == self._revision:
                        self.status = {**self.status, "thinking": False}

    def _attempt(self, name: str, action: Callable[[], None], revision: int | None = None) -> bool:
        """Do something, and tell where it fails; not where it was for a revision long gone."""
        try:
            action()
        # Players and callbacks are anyone's code: whatever they raise is told on the board,
        # where the person looks, and the game goes on from the position before.
        except Exception as error:
            with self._lock:
                if revision in (None, self._revision):
                    why = str(error) or type(error).__name__
                    notice = f"{name[:1].upper()}{name[1:]} failed: {why}"
                    self.status = {**self.status, "notice": notice}
            return False
        return True

    def _show_analysis(self, position: Position, revision: int) -> None:
        overlay = self.analyze(position)
        with self._lock:
            if revision == self._revision:
                self.show_overlay(**overlay)

    def _reply(self, position: Position, revision: int, opponent: Player) -> None:
        if len(self._line) <= 2:
            opponent.reset()  # a new game
        move = opponent.choose(position)
        reply = position.resign() if move == RESIGN else position.play(move)
        with self._lock:
            if revision != self._revision:
                return  # the person has gone elsewhere in the meantime
            kept = self._cursor if move == RESIGN else self._cursor + 1
            self._change([*self._line[:kept], reply], kept)
