"""A game on the page: the board, who sits at it, what is hinted, and the search to look into."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import traitlets

from gokit.go.coordinates import check_size, to_gtp
from gokit.go.errors import GoError
from gokit.go.lines import own_line
from gokit.go.position import Position
from gokit.go.records import read_sgf, write_sgf
from gokit.go.rules import BLACK, TROMP_TAYLOR, WHITE, Rules
from gokit.options import is_number, is_whole
from gokit.play.channel import Channel
from gokit.play.game import (
    MOST_HANDICAP,
    black_forecast,
    forecast_words,
    handicap_of,
    record,
    resumed,
    start,
    under,
    usual_komi,
)
from gokit.play.hints import Hints
from gokit.play.opponents import PEOPLE, Opponent, opponents, shipped
from gokit.play.thinking import Progress, Thinker
from gokit.search.trace import Trace
from gokit.widgets.board import Board
from gokit.widgets.search_request import RANDOM_GAMES
from gokit.widgets.tree import TreeExplorer

SIZES = (5, 7, 9)
TREE_SIMULATIONS = 100  # where the opponent did not search, and one wants to see a tree
VIEW = {
    "show": {"heat": False, "ownership": False, "visits": True},
    "hide": ["new", "size", "load", "save"],
    "keep": ["heat", "visits", "ownership"],
    "area_at_end": True,
}


class Controls(traitlets.HasTraits):
    """What the page shows around the board.

    setup: what the forms show, and `notice`, a sentence. live: how the latest search goes or went.
    forecasts: `kind` and Black's forecast for each position of the game so far.
    """

    setup = traitlets.Dict().tag(sync=True)
    live = traitlets.Dict().tag(sync=True)
    forecasts = traitlets.Dict().tag(sync=True)


class Table:
    """One game at a time, against one opponent at a time, on `board`, through `channel`.

    size, handicap, komi (None for the usual one), human (BLACK or WHITE): of the first game.
    checkpoint, spec: as for `opponents`. strength: None for the opponent's usual one. rules: None
    for those of the opponent. position: where the first game goes on, instead of a new one.
    device, threads: of networks. seed: of every random number.

    Raises GoError where the first opponent cannot play that. Later, whatever cannot be done is a
    sentence in `controls.setup["notice"]`, and the game stays as it was.
    """

    def __init__(
        self,
        size: int = 9,
        *,
        checkpoint: str | None = None,
        spec: str | None = None,
        strength: int | None = None,
        human: int = BLACK,
        komi: float | None = None,
        handicap: int = 0,
        rules: Rules | None = None,
        position: Position | None = None,
        device: str = "cpu",
        threads: int = 1,
        seed: int = 0,
    ) -> None:
        size = check_size(size if position is None else position.size)
        self._checkpoint, self._spec, self._fixed = checkpoint, spec, rules
        self._device, self._threads = device, threads
        self._seeds = np.random.SeedSequence(seed)
        self._lock = threading.RLock()  # taken before the board's own, never after
        self._closed = False
        self._games = 0
        self._thinker: Thinker | None = None
        self._hints: Hints | None = None
        self._offered = {n: opponents(n, checkpoint, spec) for n in sorted({*SIZES, size})}
        self.opponent: Opponent = next(iter(self._offered[size].values()))
        if strength is not None:
            self.opponent = self.opponent.starting_at(strength)
            for offered in self._offered.values():
                if self.opponent.key in offered:
                    offered[self.opponent.key] = self.opponent
        self.strength = self.opponent.usual
        self.human = human
        self.controls = Controls()
        self.board = Board(size=size, analyze=self._analyze)
        self.board.view = VIEW
        self.channel = Channel()
        self.channel.put("board", self.board, lambda said: self.board._handle_custom_msg(said, []))
        self.channel.put("controls", self.controls, self.receive)
        if position is None:
            position = self._start(size, usual_komi(handicap) if komi is None else komi, handicap)
        self._seat(self.opponent, self.strength, human, position)
        threading.Thread(target=_compile, args=(self.position,), daemon=True).start()

    @property
    def position(self) -> Position:
        """The position on the board."""
        return self.board.position

    def receive(self, content: Any) -> None:
        """Do what the page asks: {"type": "new", "seat", "load" or "tree", ...}."""
        actions = {
            "new": self._new,
            "seat": self._change_seat,
            "load": self._load,
            "tree": self._show_tree,
        }
        kind = content.get("type") if isinstance(content, Mapping) else None
        action = actions.get(kind) if isinstance(kind, str) else None
        if action is None:
            raise GoError(f"the page can ask for {', '.join(actions)}, not {kind!r:.60}")
        with self._lock:
            try:
                action(content)
            except GoError as error:
                self._tell(_sentence(str(error)))
            # Players are anyone's code: whatever they raise is told where the person looks.
            except Exception as error:
                self._tell(_sentence(f"that failed: {str(error) or type(error).__name__}"))

    def sgf(self) -> str:
        """Return the game so far as SGF: names, komi, rules, handicap, and its result if over."""
        names = {BLACK: "", WHITE: ""}
        if self.opponent.kind != PEOPLE:
            names = dict.fromkeys(names, self.opponent.full_name(self.strength))
            names[self.human] = "Human"
        return write_sgf(record(self.position, (names[BLACK], names[WHITE])))

    def close(self) -> None:
        """End searches, engines and pages."""
        self._closed = True
        self.channel.close()
        retired = self._retire(self._thinker)
        if retired is not None:
            retired.join(2.0)

    def _new(self, content: Mapping[str, Any]) -> None:
        size, komi, handicap = (content.get(name) for name in ("size", "komi", "handicap"))
        if size not in self._offered or not is_whole(size):
            raise GoError(
                f"a board has {', '.join(map(str, self._offered))} lines, not {size!r:.20}"
            )
        if not is_number(komi):
            raise GoError("a komi is a number")
        opponent, strength, notice = self.opponent, self.strength, ""
        if opponent.key not in self._offered[size]:
            opponent = next(iter(self._offered[size].values()))
            strength = opponent.usual
            notice = f"{self.opponent.name} does not play on {size}×{size}: {opponent.name} does."
        position = self._start(size, komi, handicap, opponent)
        self._seat(opponent, strength, self.human, position, notice=notice)

    def _change_seat(self, content: Mapping[str, Any]) -> None:
        key, strength, human = (content.get(name) for name in ("opponent", "strength", "human"))
        offered = self._offered[self.position.size]
        if not isinstance(key, str) or key not in offered:
            raise GoError("there is no such opponent on this board")
        if human not in (BLACK, WHITE) or not is_whole(human):
            raise GoError(f"you are Black (1) or White (2), not {human!r:.20}")
        opponent = offered[key]
        if not is_whole(strength) or strength not in opponent.strengths:
            strength = opponent.usual
        rules = self._rules(opponent, self.position.rules)
        if rules == self.position.rules:
            return self._seat(opponent, strength, human)
        notice = f"The game goes on under {rules.name} rules, which {opponent.name} plays by."
        self._seat(opponent, strength, human, under(self.position, rules), notice=notice)

    def _load(self, content: Mapping[str, Any]) -> None:
        text = content.get("text")
        if not isinstance(text, str):
            raise GoError("a game record is text")
        position = resumed(read_sgf(text.encode()))
        self._offered.setdefault(
            position.size, opponents(position.size, self._checkpoint, self._spec)
        )
        offered = self._offered[position.size]
        fits = self.opponent.key in offered
        opponent = offered[self.opponent.key] if fits else next(iter(offered.values()))
        strength = self.strength if fits else opponent.usual
        position = under(position, self._rules(opponent, position.rules))
        notice = f"The record is loaded: {len(position.plays)} moves."
        self._seat(opponent, strength, self.human, position, notice=notice)

    def _show_tree(self, content: Mapping[str, Any]) -> None:
        trace = self._thinker.trace if self._thinker is not None else None
        if trace is not None and self._led_here(trace):
            path = self.opponent.spec if self.opponent.kind == "network" else None
            mover = "Black" if trace.root.to_move == BLACK else "White"
            title = f"How {self.opponent.name} chose its last move, as {mover}"
            explorer = TreeExplorer(trace, path, title=title)
        else:
            path = self._hints.path if self._hints else None
            title = "No search stands behind the last move: this one is of the board as it is"
            explorer = TreeExplorer(self.position, path, simulations=TREE_SIMULATIONS, title=title)
        self.channel.put("tree", explorer, lambda said: explorer._handle_custom_msg(said, []))
        self._tell("")

    def _led_here(self, trace: Trace) -> bool:
        """Tell whether a search was of a position that the game on the board went through."""
        played = [position.last_move for position in own_line(self.position)[1:]]
        searched = list(trace.game.moves[: trace.game.cursor])
        return len(played) > len(searched) and played[: len(searched)] == searched

    def _start(
        self, size: int, komi: float, handicap: Any, opponent: Opponent | None = None
    ) -> Position:
        rules = (self._fixed or TROMP_TAYLOR).replace(komi=float(komi))
        return start(size, self._rules(opponent or self.opponent, rules), handicap)

    def _rules(self, opponent: Opponent, rules: Rules) -> Rules:
        """Return the rules for a game with an opponent: its own, unless some were asked for."""
        return opponent.rules(rules) if self._fixed is None else rules

    def _seat(
        self,
        opponent: Opponent,
        strength: int,
        human: int,
        position: Position | None = None,
        notice: str = "",
    ) -> None:
        """Let an opponent play from the position, or from here; nothing changes where it cannot."""
        here = self.position if position is None else position
        thinker = self._make_thinker(opponent, strength, here)
        self._hints = self._hints_for(opponent, here.size)
        before, self._thinker = self._thinker, thinker
        self.opponent, self.strength, self.human = opponent, strength, human
        self._games += position is not None
        self.controls.live = {}
        self._tell(notice, here)
        self.board.seat(thinker, human, position)
        self._retire(before)

    def _make_thinker(self, opponent: Opponent, strength: int, here: Position) -> Thinker | None:
        if opponent.kind == PEOPLE:
            return None
        from gokit.players import parse_player

        spec = opponent.player_spec(strength)
        seed = self._seeds.spawn(1)[0]
        player = parse_player(spec, here.size, here.rules, seed, self._device)
        if "torch" in sys.modules:  # only a player with a network has loaded it
            sys.modules["torch"].set_num_threads(self._threads)
        known = (
            f"network {Path(opponent.spec).stem}" if opponent.kind == "network" else RANDOM_GAMES
        )
        thinker = Thinker(
            player,
            here.size,
            here.rules,
            name=opponent.name,
            on_progress=self._show_progress,
            evaluator_name=known,
        )
        thinker.wanted = lambda position: (
            self._thinker is thinker
            and self.board.position is position
            and self.board.thinking
            and not self._closed
        )
        return thinker

    def _hints_for(self, opponent: Opponent, size: int) -> Hints | None:
        """Return the opponent's own network as adviser, else the best one for this board."""
        networks = [one for one in self._offered[size].values() if one.kind == "network"]
        paths = [opponent.spec] if opponent.kind == "network" else [one.spec for one in networks]
        paths += map(str, shipped(size))
        if not paths:
            return None
        if self._hints is not None and (self._hints.path, self._hints.size) == (paths[0], size):
            return self._hints
        return Hints(paths[0], size, self._device)

    def _retire(self, thinker: Thinker | None) -> threading.Thread | None:
        """Close a player as soon as it is done with its last thought, without waiting for it."""
        if thinker is None:
            return None
        worker = threading.Thread(target=thinker.close, daemon=True)
        worker.start()
        return worker

    def _tell(self, notice: str, position: Position | None = None) -> None:
        """Tell the page how things stand, with a sentence or none."""
        here = self.position if position is None else position
        told = self.controls.setup.get("told", 0) + 1
        self.controls.setup = {
            "told": told,  # so that a sentence that is said twice is sent twice
            "notice": notice,
            "game": self._games,
            "size": here.size,
            "sizes": list(self._offered),
            "komi": here.rules.komi,
            "handicap": handicap_of(here),
            "most_handicap": MOST_HANDICAP,
            "rules": here.rules.name,
            "human": self.human,
            "opponent": self.opponent.key,
            "strength": self.strength,
            "opponents": [_offer(one) for one in self._offered[here.size].values()],
            "network": Path(self._hints.path).stem if self._hints else "",
        }

    def _analyze(self, position: Position) -> dict[str, Any]:
        """Return the hints for the board, and tell the page the forecasts of the game so far."""
        hints = self._hints
        if hints is None or hints.size != position.size:
            self.controls.forecasts = {}
            return {}
        line = own_line(position)
        values = [hints.look(p).forecast for p in line if not p.is_over]
        if position.end == "two passes":
            margin = position.score().margin
            values.append(margin if hints.kind == "margin" else 50.0 * (1 + np.sign(margin)))
        words = forecast_words(values[-1], hints.kind)
        if position.is_over:
            words = f"the result is {position.result}"
        self.controls.forecasts = {
            "kind": hints.kind,
            "values": [round(float(value), 2) for value in values],
            "names": [_play_name(p) for p in line[: len(values)]],
            "words": words,
            "over": position.is_over,
        }
        return self._overlay(position)

    def _overlay(self, position: Position) -> dict[str, Any]:
        hints = self._hints
        if position.is_over or hints is None or hints.size != position.size:
            return {}
        look = hints.look(position)
        return {"heat": look.policy, "ownership": look.ownership}

    def _show_progress(self, progress: Progress) -> None:
        position = progress.position
        self.board.show_overlay(of=position, visits=progress.visits, **self._overlay(position))
        if self.board.position is not position:
            return
        forecast = black_forecast(position, progress.value, progress.kind)
        self.controls.live = {
            "done": progress.done,
            "of": progress.of,
            "move": len(position.plays) + 1,
            "line": [to_gtp(move, position.size) for move in progress.line],
            "first": position.to_move,
            "words": forecast_words(forecast, progress.kind),
            "seconds": round(progress.seconds, 2),
        }


def _compile(position: Position) -> None:
    """Make the search's compiled code before the first move needs it: once, that takes a while."""
    from gokit.players import MctsPlayer
    from gokit.search.evaluators import UniformEvaluator

    if not position.is_over:
        MctsPlayer(UniformEvaluator(), simulations=2).choose(position)


def _offer(opponent: Opponent) -> dict[str, Any]:
    strengths = [[n, opponent.strength_name(n)] for n in opponent.strengths]
    return {
        "key": opponent.key,
        "name": opponent.name,
        "strengths": strengths,
        "usual": opponent.usual,
    }


def _play_name(position: Position) -> str:
    """Return "12. White D4" for the move that led here."""
    if not position.plays:
        return "the start"
    color, move = position.plays[-1]
    side = "Black" if color == BLACK else "White"
    return f"{len(position.plays)}. {side} {to_gtp(move, position.size)}"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."
