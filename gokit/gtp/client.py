"""Any GTP engine as a player, with both sides held to the same board, komi and rules."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from gokit.go.coordinates import from_gtp, to_gtp
from gokit.go.errors import EngineError, GoError, RulesMismatchError
from gokit.go.position import Position
from gokit.go.rules import BLACK, COLOR_NAMES, NO_SUICIDE, TROMP_TAYLOR, Rules
from gokit.gtp.process import EngineProcess
from gokit.gtp.protocol import COLOR_LETTERS, COLOR_WORDS
from gokit.players import RESIGN

NEEDED = ("boardsize", "clear_board", "komi", "play", "genmove")

# Two stones that Black may only join by a suicide: legal or not, by the rules alone.
_SUICIDE_PROBE = (("w", "A2"), ("w", "B2"), ("b", "A1"), ("w", "C1"))


def gnugo_command(level: int = 10, seed: int | None = None, rules: Rules = NO_SUICIDE) -> list[str]:
    """Return GNU Go's command line for area scoring under `rules`.

    It captures all dead stones before it passes (a Tromp-Taylor score is wrong otherwise), and
    never resigns. seed: its own, None for the one it always takes. GNU Go is nearly
    deterministic: one opening and one colour make one game. Matches are best under rules
    without suicide: where it allows suicide, it does not hold it to superko.
    """
    ko = {"positional": "--positional-superko", "situational": "--situational-superko"}
    command = ["gnugo", "--mode", "gtp", "--level", str(level), "--chinese-rules"]
    command += [ko.get(rules.superko, "--simple-ko")]
    command += ["--allow-suicide" if rules.suicide else "--forbid-suicide"]
    command += ["--capture-all-dead", "--never-resign"]
    return command if seed is None else [*command, "--seed", str(seed)]


class GtpPlayer:
    """Plays through an engine that speaks GTP 2.

    command: as a shell would split it, or a list. timeout_s: for any one answer.
    check_legal: compare the engine's legal moves with ours before each of its moves, where it
        has `all_legal` (GNU Go's name; ours too).

    The engine is started at once, and told size, rules where it has a command for them,
    and komi after every `boardsize` and `clear_board`. Raises EngineError where it cannot be
    started, dies, hangs, answers nonsense, refuses our move or plays an illegal one, and
    RulesMismatchError where it plays by other rules. After either, the engine is gone, and the
    next game starts a new one.
    """

    def __init__(
        self,
        command: str | Sequence[str],
        *,
        size: int = 9,
        rules: Rules = TROMP_TAYLOR,
        timeout_s: float = 60.0,
        check_legal: bool = True,
        name: str | None = None,
    ) -> None:
        self.command = command
        self.size = size
        self.rules = rules
        self.timeout_s = timeout_s
        self.check_legal = check_legal
        self._known: dict[str, bool] = {}
        self._engine: EngineProcess | None = None
        self._start_board: bytes | None = None
        self._plays: list[tuple[int, int]] = []
        own_name = self._guarded(self._own_name)
        self.name = own_name if name is None else name

    def choose(self, position: Position) -> int:
        """Return the engine's move for the side to move, or RESIGN."""
        self._require_same_game(position)
        return self._guarded(self._choose, position)

    def final_score(self, position: Position) -> float:
        """Return the engine's score of the position, Black's view, komi included."""
        self._require_same_game(position)
        return self._guarded(self._final_score, position)

    def check_score(self, position: Position) -> None:
        """Raise RulesMismatchError unless the engine scores the position as we do."""
        theirs, ours = self.final_score(position), position.score().margin
        if theirs != ours:
            raise RulesMismatchError(
                f"{self.name} scores the position {theirs:+g} for Black, and it is {ours:+g}"
            )

    def legal_points(self, position: Position) -> set[int] | None:
        """Return the points that the engine says are legal, None where it has no `all_legal`."""
        self._require_same_game(position)
        return self._guarded(self._legal_points, position)

    def reset(self) -> None:
        """Make ready for another game: it begins with a cleared board."""
        self._start_board = None

    def close(self) -> None:
        """End the engine: `quit`, then by force."""
        engine, self._engine = self._engine, None
        if engine is None:
            return
        try:
            if engine.is_running:
                engine.ask("quit", min(self.timeout_s, 2.0))
        except EngineError:
            pass  # it is to end, however it takes that
        finally:
            engine.close()

    def __enter__(self) -> GtpPlayer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _guarded(self, action, *arguments):
        """Run an action on a live engine, and kill it where the two sides fell apart."""
        try:
            if self._engine is None:
                self._connect()
            return action(*arguments)
        except BaseException:
            # Whatever it was, a later answer would be to another question.
            if self._engine is not None:
                self._engine.close()
                self._engine = None
            raise

    def _connect(self) -> None:
        self._known = {}
        self._start_board = None
        self._engine = EngineProcess(self.command)
        version = self._ask("protocol_version")
        if version != "2":
            raise EngineError(f"{self._engine.name} speaks GTP {version[:20]!r}, and 2 is needed")
        for command in NEEDED:
            if not self._knows(command):
                raise EngineError(f"{self._engine.name} has no {command!r} command")
        self._ask(f"boardsize {self.size}")
        if self._knows("query_boardsize"):
            self._require("board size", self.size, self._ask("query_boardsize"))
        if self._knows("gokit-rules"):
            suicide = "suicide" if self.rules.suicide else "no-suicide"
            self._ask(f"gokit-rules {self.rules.superko} {suicide}")
        self._probe_suicide()

    def _probe_suicide(self) -> None:
        """Ask whether joining two stones into their suicide is legal, as our rules say."""
        if self.size < 3 or not (self.check_legal and self._knows("all_legal")):
            return
        position = Position(self.size, self.rules)
        for color, vertex in _SUICIDE_PROBE:
            position = position.to_play(COLOR_WORDS[color]).play(vertex)
        self._check_legal(position.to_play(BLACK))

    def _own_name(self) -> str:
        parts = [self._try(command) for command in ("name", "version")]
        return " ".join(part for part in parts if part)[:60] or "engine"

    def _try(self, command: str) -> str:
        ok, text = self._engine.ask(command, self.timeout_s)
        return text.split("\n")[0].strip() if ok else ""

    def _ask(self, command: str) -> str:
        ok, text = self._engine.ask(command, self.timeout_s)
        if not ok:
            raise EngineError(f"{self._engine.name} refused {command!r}: {text[:200]}")
        return text

    def _knows(self, command: str) -> bool:
        if command not in self._known:
            answer = self._try(f"known_command {command}").lower()
            self._known[command] = answer == "true"
        return self._known[command]

    def _require(self, what: str, ours: float, theirs: str) -> None:
        try:
            agreed = float(theirs) == ours
        except ValueError:
            agreed = False
        if not agreed:
            raise RulesMismatchError(
                f"{self._engine.name} has {what} {theirs[:40]!r}, and it was told {ours:g}"
            )

    def _require_same_game(self, position: Position) -> None:
        if position.size != self.size or position.rules != self.rules:
            raise RulesMismatchError(
                f"{self.name} plays {self.size}×{self.size} under {_described(self.rules)}, "
                f"not {position.size}×{position.size} under {_described(position.rules)}"
            )

    def _clear(self) -> None:
        self._ask("clear_board")
        self._ask(f"komi {self.rules.komi:g}")
        if self._knows("get_komi"):
            self._require("komi", self.rules.komi, self._ask("get_komi"))
        self._plays = []

    def _sync(self, position: Position) -> None:
        """Bring the engine's game to `position`, by the shortest of undo, play, and anew."""
        start = position.line()[0].board
        plays = position.plays
        known = self._plays if start.tobytes() == self._start_board else None
        common = 0
        if known is not None:
            while common < min(len(known), len(plays)) and known[common] == plays[common]:
                common += 1
        extra = 0 if known is None else len(known) - common
        if known is None or (extra and not self._undo(extra, common)):
            self._clear()
            common = 0
            # Stones of a legal position cannot capture one another, in whatever order they come.
            for point in np.flatnonzero(start):
                self._send_play(int(start.ravel()[point]), int(point))
            self._start_board = start.tobytes()
        self._plays = list(plays[:common])
        for color, move in plays[common:]:
            self._send_play(color, move)
            self._plays.append((color, move))

    def _undo(self, count: int, kept: int) -> bool:
        """Take back moves where that is less work than a new game; say whether it was done."""
        if count > kept or not self._knows("undo"):
            return False
        return all(self._engine.ask("undo", self.timeout_s)[0] for _ in range(count))

    def _send_play(self, color: int, move: int) -> None:
        command = f"play {COLOR_LETTERS[color]} {to_gtp(move, self.size)}"
        ok, text = self._engine.ask(command, self.timeout_s)
        if not ok:
            raise EngineError(
                f"{self._engine.name} refused {command!r}, which is legal here: {text[:200]}"
            )

    def _choose(self, position: Position) -> int:
        if self.check_legal and self._knows("all_legal"):
            self._check_legal(position)
        else:
            self._sync(position)
        color = position.to_move
        answer = self._ask(f"genmove {COLOR_LETTERS[color]}").strip()
        if answer.lower() == "resign":
            return RESIGN
        try:
            move = from_gtp(answer, self.size)
        except GoError:
            raise EngineError(f"{self.name} answered genmove with {answer[:40]!r}") from None
        why = position.why_illegal(move)
        if why is not None:
            raise EngineError(f"{self.name}, {COLOR_NAMES[color]}, played an illegal move: {why}")
        self._plays.append((color, move))
        return move

    def _legal_points(self, position: Position) -> set[int] | None:
        if not self._knows("all_legal"):
            return None
        self._sync(position)
        words = self._ask(f"all_legal {COLOR_LETTERS[position.to_move]}").split()
        try:
            return {from_gtp(word, self.size) for word in words} - {self.size * self.size}
        except GoError as error:
            raise EngineError(f"{self._engine.name} listed a legal move that {error}") from None

    def _check_legal(self, position: Position) -> None:
        theirs = self._legal_points(position)
        ours = set(map(int, position.legal_moves())) - {self.size * self.size}
        if theirs == ours:
            return
        only = {"only it": theirs - ours, "only we": ours - theirs}
        parts = [
            f"{who} would allow {COLOR_NAMES[position.to_move]} "
            + " ".join(to_gtp(point, self.size) for point in sorted(points)[:8])
            for who, points in only.items()
            if points
        ]
        raise RulesMismatchError(
            f"{self._engine.name} does not play by {_described(self.rules)}: "
            f"after move {position.move_number} {' and '.join(parts)}"
        )

    def _final_score(self, position: Position) -> float:
        self._sync(position)
        text = self._ask("final_score").strip()
        if text in ("0", "Draw", "draw", "Jigo", "jigo"):
            return 0.0
        match = re.fullmatch(r"([BbWw])\+([0-9]+(?:\.[0-9]+)?)", text)
        if match is None:
            raise EngineError(f"{self.name} answered final_score with {text[:40]!r}")
        return float(match[2]) * (1 if match[1] in "Bb" else -1)


def _described(rules: Rules) -> str:
    return f"{rules.name} rules with komi {rules.komi:g}"
