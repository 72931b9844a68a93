"""gokit as a GTP engine: for Sabaki, GoGui, KGS, and for matches against other programs."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from gokit import __version__
from gokit.go.coordinates import MAX_SIZE, from_gtp, to_gtp
from gokit.go.errors import GoError, IllegalMoveError
from gokit.go.rules import BLACK, EMPTY, NO_SUICIDE, TROMP_TAYLOR, WHITE, Rules
from gokit.gtp import handicap
from gokit.gtp.protocol import (
    COLOR_LETTERS,
    Command,
    GtpError,
    format_response,
    parse_color,
    parse_int,
    parse_line,
)

if TYPE_CHECKING:
    from gokit.go.position import Position
    from gokit.players import Player

LONGEST_LINE = 1 << 20
# What each name of KGS, or of ours, says of ko and suicide. Japanese rules count territory.
RULE_NAMES = {
    "tromp-taylor": TROMP_TAYLOR,
    "no-suicide": NO_SUICIDE,
    "chinese": NO_SUICIDE,
    "aga": Rules(superko="situational", suicide=False),
    "new_zealand": Rules(superko="situational", suicide=True),
}

PlayerFactory = Callable[[int, Rules, np.random.SeedSequence], "Player"]


class GtpEngine:
    """Answers GTP commands with a player of its own.

    player: called as player(size, rules, seed) when a move is first asked for, and again
        whenever size or rules have changed since. seed: from which every such seed comes.

    Starts on an empty board under Tromp-Taylor rules with komi 7.5. `final_score` is the area
    score of the board as it stands, and `final_status_list` calls every stone alive to match.
    """

    def __init__(
        self,
        player: PlayerFactory,
        size: int = 9,
        rules: Rules = TROMP_TAYLOR,
        seed: int | None = None,
    ) -> None:
        self.make_player = player
        self.size = size
        self.rules = rules
        self.done = False
        self.time: dict[str, tuple[int, ...]] = {}
        self._seeds = np.random.SeedSequence(seed)
        self._player: Player | None = None
        self._player_for: tuple[int, Rules] | None = None
        self._stack: list[Position] = []
        self._plays: list[tuple[int, int]] = []
        self._commands = {
            name.removeprefix("_do_").replace("__", "-"): getattr(self, name)
            for name in dir(self)
            if name.startswith("_do_")
        }

    @property
    def position(self) -> Position:
        """The position on the board."""
        if not self._stack:
            from gokit.go.position import Position

            self._stack = [Position(self.size, self.rules)]
        return self._stack[-1]

    @property
    def player(self) -> Player:
        """The player for this size and these rules; GoError where there can be none."""
        wanted = (self.size, self.rules)
        if self._player is None or self._player_for != wanted:
            self.close()
            self._player = self.make_player(*wanted, self._seeds.spawn(1)[0])
            self._player_for = wanted
        return self._player

    def close(self) -> None:
        """Let go of the player."""
        if self._player is not None:
            self._player.close()
            self._player = None

    def handle(self, line: str | bytes) -> str | None:
        """Return the whole response to one line, or None for a line with no command on it."""
        command = parse_line(line)
        if command is None:
            return None
        try:
            return format_response(command.id, True, self._run(command) or "")
        except GoError as error:
            return format_response(command.id, False, str(error).replace("\n", " "))
        except Exception:
            # A bug of ours must not take the controller's game with it; it goes to the log.
            traceback.print_exc(file=sys.stderr)
            return format_response(command.id, False, "internal error, see standard error")

    def serve(self, source: BinaryIO, sink: BinaryIO) -> None:
        """Answer every line of `source` on `sink` until `quit` or the end of the input.

        Raises BrokenPipeError where nobody reads the answers any more.
        """
        try:
            while not self.done:
                line = source.readline(LONGEST_LINE)
                if not line:
                    break
                if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
                    while line and not line.endswith(b"\n"):
                        line = source.readline(LONGEST_LINE)
                    response = format_response("", False, "syntax error: line too long")
                else:
                    response = self.handle(line)
                if response is not None:
                    sink.write(response.encode("ascii"))
                    sink.flush()
        finally:
            self.close()

    def _run(self, command: Command) -> str | None:
        method = self._commands.get(command.name)
        if method is None:
            raise GtpError("unknown command")
        return method(command.arguments)

    def _start(self, start: Position | None = None) -> None:
        """Begin again, from an empty board or from `start`."""
        self._stack = [] if start is None else [start]
        self._plays = []
        if self._player is not None:
            self._player.reset()

    def _play(self, color: int, move: int) -> None:
        position = _running(self.position).to_play(color)
        try:
            position = position.play(move)
        except IllegalMoveError as error:
            raise GtpError(f"illegal move: {error}") from None
        self._stack.append(position)
        self._plays.append((color, move))

    # The protocol's commands, by section of its specification. A double underscore stands for
    # the dash of a private command's name.

    def _do_protocol_version(self, arguments: list[str]) -> str:
        return "2"

    def _do_name(self, arguments: list[str]) -> str:
        return "gokit"

    def _do_version(self, arguments: list[str]) -> str:
        return __version__

    def _do_known_command(self, arguments: list[str]) -> str:
        return "true" if arguments and arguments[0] in self._commands else "false"

    def _do_list_commands(self, arguments: list[str]) -> str:
        return "\n".join(sorted(self._commands))

    def _do_quit(self, arguments: list[str]) -> None:
        self.done = True

    def _do_boardsize(self, arguments: list[str]) -> None:
        (size,) = _take(arguments, 1)
        if not 1 <= parse_int(size) <= MAX_SIZE:
            raise GtpError("unacceptable size")
        self.size = parse_int(size)
        self._start()

    def _do_query_boardsize(self, arguments: list[str]) -> str:
        return str(self.size)

    def _do_clear_board(self, arguments: list[str]) -> None:
        self._start()

    def _do_komi(self, arguments: list[str]) -> None:
        (word,) = _take(arguments, 1)
        try:
            rules = self.rules.replace(komi=float(word))
        except ValueError:
            raise GtpError("syntax error: komi is a number") from None
        self.rules = rules
        if self._stack:
            self._stack[-1] = self._stack[-1].with_komi(rules.komi)

    def _do_get_komi(self, arguments: list[str]) -> str:
        return f"{self.rules.komi:g}"

    def _do_fixed_handicap(self, arguments: list[str]) -> str:
        (stones,) = _take(arguments, 1)
        return self._set_handicap(handicap.fixed_points(parse_int(stones), self.size))

    def _do_place_free_handicap(self, arguments: list[str]) -> str:
        (stones,) = _take(arguments, 1)
        return self._set_handicap(handicap.free_points(parse_int(stones), self.size))

    def _do_set_free_handicap(self, arguments: list[str]) -> None:
        try:
            points = handicap.given_points(arguments, self.size)
        except GtpError:
            raise
        except GoError as error:
            raise GtpError(f"bad vertex list: {error}") from None
        self._set_handicap(points)

    def _set_handicap(self, points: list[int]) -> str:
        from gokit.go.position import Position

        if self.position.board.any():
            raise GtpError("board not empty")
        board = np.zeros(self.size * self.size, np.int8)
        board[points] = BLACK
        square = board.reshape(self.size, self.size)
        self._start(Position.from_array(square, to_move=WHITE, rules=self.rules))
        return " ".join(to_gtp(point, self.size) for point in points)

    def _do_play(self, arguments: list[str]) -> None:
        color, vertex = _take(arguments, 2)
        self._play(parse_color(color), self._vertex(vertex))

    def _do_gogui__play_sequence(self, arguments: list[str]) -> None:
        if len(arguments) % 2:
            raise GtpError("syntax error: colors and vertices come in pairs")
        plays = [
            (parse_color(color), self._vertex(vertex))
            for color, vertex in zip(arguments[::2], arguments[1::2], strict=True)
        ]
        stack, known = list(self._stack), list(self._plays)
        try:
            for color, move in plays:
                self._play(color, move)
        except GtpError:
            self._stack, self._plays = stack, known
            raise

    def _vertex(self, word: str) -> int:
        try:
            return from_gtp(word, self.size)
        except GoError as error:
            raise GtpError(f"invalid coordinate: {error}") from None

    def _do_genmove(self, arguments: list[str]) -> str:
        (word,) = _take(arguments, 1)
        color = parse_color(word)
        move = self.player.choose(_running(self.position).to_play(color))
        if move < 0:
            return "resign"
        self._play(color, move)
        return to_gtp(move, self.size)

    def _do_reg_genmove(self, arguments: list[str]) -> str:
        """Choose as `genmove` does, always with the same random numbers, and play nothing."""
        (word,) = _take(arguments, 1)
        position = _running(self.position).to_play(parse_color(word))
        rng = getattr(self.player, "rng", None)
        if rng is None:
            move = self.player.choose(position)
        else:
            state = rng.bit_generator.state
            rng.bit_generator.state = type(rng.bit_generator)(0).state
            try:
                move = self.player.choose(position)
            finally:
                rng.bit_generator.state = state
        return "resign" if move < 0 else to_gtp(move, self.size)

    def _do_undo(self, arguments: list[str]) -> None:
        self._undo(1)

    def _do_gg__undo(self, arguments: list[str]) -> None:
        (count,) = _take(arguments or ["1"], 1)
        self._undo(parse_int(count))

    def _undo(self, count: int) -> None:
        if count > len(self._plays):
            raise GtpError("cannot undo")
        if count:
            del self._stack[-count:], self._plays[-count:]
        if self.position.rules != self.rules:
            self._stack[-1] = self.position.with_komi(self.rules.komi)

    def _do_time_settings(self, arguments: list[str]) -> None:
        self.time["settings"] = tuple(parse_int(word) for word in _take(arguments, 3))

    def _do_time_left(self, arguments: list[str]) -> None:
        color, seconds, stones = _take(arguments, 3)
        letter = COLOR_LETTERS[parse_color(color)]
        self.time[letter] = (parse_int(seconds), parse_int(stones))

    def _do_final_score(self, arguments: list[str]) -> str:
        score = self.position.score()
        if score.winner == EMPTY:
            return "0"
        return f"{COLOR_LETTERS[score.winner]}+{abs(score.margin):g}"

    def _do_final_status_list(self, arguments: list[str]) -> str:
        (status,) = _take(arguments, 1)
        if status in ("dead", "seki"):
            return ""
        if status != "alive":
            raise GtpError("syntax error: the status is alive, dead or seki")
        groups = self.position.groups()
        return "\n".join(self._vertices(sorted(group.stones)) for group in groups)

    def _do_loadsgf(self, arguments: list[str]) -> None:
        from gokit.go.records import read_sgf

        if not arguments:
            raise GtpError("syntax error: loadsgf needs a file name")
        until = None
        if len(arguments) > 1 and arguments[-1].isascii() and arguments[-1].isdigit():
            until = parse_int(arguments[-1])
            arguments = arguments[:-1]
        try:
            record = read_sgf(Path(" ".join(arguments)), self.rules)
            if until is not None:
                record.moves = record.moves[: max(0, until - 1)]
            start, *line = list(record.positions())
        except GoError as error:
            raise GtpError(f"cannot load file: {error}") from None
        self.size, self.rules = record.size, record.rules
        self._start(start)
        self._stack += line
        self._plays = list(record.moves)

    def _do_showboard(self, arguments: list[str]) -> str:
        black, white = self.position.captured
        text = f"{self.position}\ncaptured by Black: {black}, by White: {white}"
        return "\n" + "\n".join(line for line in text.split("\n") if line.strip())

    def _do_all_legal(self, arguments: list[str]) -> str:
        (word,) = _take(arguments, 1)
        position = _running(self.position).to_play(parse_color(word))
        return self._vertices(int(move) for move in position.legal_moves()[:-1])

    def _vertices(self, points) -> str:
        return " ".join(to_gtp(point, self.size) for point in points)

    # Rules, for servers and for our own client.

    def _do_kgs__rules(self, arguments: list[str]) -> None:
        (name,) = _take(arguments, 1)
        if name.lower() not in RULE_NAMES:
            known = ", ".join(RULE_NAMES)
            raise GtpError(f"rules {name[:40]!r} are not played here, only {known}")
        rules = RULE_NAMES[name.lower()]
        self._set_rules(rules.superko, rules.suicide)

    def _do_gokit__rules(self, arguments: list[str]) -> str:
        """Set rules by name, or by superko and suicide; with no arguments only say them."""
        if len(arguments) == 2:
            superko, suicide = arguments
            if suicide not in ("suicide", "no-suicide"):
                raise GtpError("syntax error: gokit-rules SUPERKO suicide|no-suicide")
            self._set_rules(superko, suicide == "suicide")
        elif arguments:
            self._do_kgs__rules(arguments)
        return f"{self.rules.superko} {'suicide' if self.rules.suicide else 'no-suicide'}"

    def _set_rules(self, superko: str, suicide: bool) -> None:
        """Change the rules and replay the game under them; nothing changes where that fails."""
        rules = self.rules.replace(superko=superko, suicide=suicide)
        if rules == self.rules:
            return
        from gokit.go.position import Position

        self.position  # noqa: B018  so that there is a start to replay from
        first = self._stack[0]
        stack = [Position.from_array(first.board, first.to_move, rules)]
        try:
            for color, move in self._plays:
                stack.append(_running(stack[-1]).to_play(color).play(move))
        except IllegalMoveError as error:
            raise GtpError(f"the game so far breaks those rules: {error}") from None
        self.rules = rules
        self._stack = stack

    def _do_kgs__game_over(self, arguments: list[str]) -> None:
        if self._player is not None:
            self._player.reset()

    # Pictures for GoGui.

    def _do_gogui__analyze_commands(self, arguments: list[str]) -> str:
        from gokit.gtp.analysis import ANALYZE_COMMANDS

        return "\n".join(ANALYZE_COMMANDS)

    def _do_gokit__policy(self, arguments: list[str]) -> str:
        from gokit.gtp import analysis

        return analysis.policy(self.player, _running(self.position))

    def _do_gokit__visits(self, arguments: list[str]) -> str:
        from gokit.gtp import analysis

        return analysis.visits(self.player, _running(self.position))

    def _do_gokit__value(self, arguments: list[str]) -> str:
        from gokit.gtp import analysis

        return analysis.value(self.player, _running(self.position))

    def _do_gokit__area(self, arguments: list[str]) -> str:
        from gokit.gtp.analysis import signed_board

        return signed_board(self.position.score().ownership)

    def _do_gokit__pass_alive(self, arguments: list[str]) -> str:
        from gokit.gtp.analysis import signed_board

        return signed_board(self.position.pass_alive())


def _take(arguments: list[str], count: int) -> list[str]:
    """Return the first arguments; the protocol lets a command ignore those after them."""
    if len(arguments) < count:
        raise GtpError(f"syntax error: {count} arguments expected, {len(arguments)} given")
    return arguments[:count]


def _running(position: Position) -> Position:
    """Return a position in which play goes on: GTP knows no end of the game, two passes or not."""
    if not position.is_over:
        return position
    from gokit.go.geometry import ENDED, PASSES, RUNNING, geometry
    from gokit.go.position import Position

    row = position.row.copy()
    row[ENDED], row[PASSES] = RUNNING, 0
    return Position.from_row(geometry(position.size), row, position.rules)
