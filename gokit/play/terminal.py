"""The same game over SSH: the board as text, moves by name, and commands by their words."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

import numpy as np

from gokit.go.coordinates import check_size, to_gtp
from gokit.go.diagram import star_points
from gokit.go.errors import GoError
from gokit.go.position import Position
from gokit.go.records import write_sgf
from gokit.go.rules import BLACK, COLOR_NAMES, EMPTY, TROMP_TAYLOR, WHITE, Rules
from gokit.play.game import black_forecast, forecast_words, record, start, under, usual_komi
from gokit.play.hints import Hints
from gokit.play.opponents import PEOPLE, Opponent, opponents
from gokit.play.thinking import GivenUp, Progress, Thinker
from gokit.players import RESIGN

HELP = """\
D4        play there              pass      pass; two passes end the game
undo      take back your move     resign    give up the game
hint      what the network sees   score     the area as the board stands
board     show the board again    new       begin another game
strength  how strong the opponent is, or change it: strength 800
save FILE write the game as SGF   quit      leave"""
_HINTED = 5
# Background, then Black's and White's stones, lines and the last move, on 256 colours.
_WOOD, _BLACK, _WHITE, _LINE, _RESET = "48;5;180", "1;38;5;16", "1;38;5;231", "22;38;5;94", "0"


def play(
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
    """Play on standard input and output until `quit` or the end of the input; see `Table`."""
    size = check_size(size if position is None else position.size)
    opponent = next(iter(opponents(size, checkpoint, spec).values()))
    opponent = opponent if strength is None else opponent.starting_at(strength)
    komi = usual_komi(handicap) if komi is None else komi
    if position is None:
        asked = (rules or TROMP_TAYLOR).replace(komi=komi)
        position = start(size, asked if rules else opponent.rules(asked), handicap)
    elif rules is None:
        position = under(position, opponent.rules(position.rules))
    game = TerminalGame(
        position,
        opponent,
        opponent.usual,
        human,
        device=device,
        threads=threads,
        seed=seed,
        network=_adviser(opponent, size, checkpoint),
    )
    try:
        game.run(_reader())
    finally:
        game.close()


class TerminalGame:
    """One game at a time on a terminal, or on any two streams.

    position: where it begins. human: BLACK or WHITE; of no account where `opponent` is people.
    network: the path of the checkpoint that gives hints, or None. out: where everything is
    written; colour and a line that follows the search only where it is a terminal.
    """

    def __init__(
        self,
        position: Position,
        opponent: Opponent,
        strength: int,
        human: int = BLACK,
        *,
        device: str = "cpu",
        threads: int = 1,
        seed: int = 0,
        network: str | None = None,
        out: TextIO | None = None,
    ) -> None:
        self.position = position
        self.opponent, self.strength, self.human = opponent, strength, human
        self.out = sys.stdout if out is None else out
        self._device, self._threads = device, threads
        self._seeds = np.random.SeedSequence(seed)
        self._network = network
        self._hints: Hints | None = None
        self._start = position.line()[0]
        self._live = _is_terminal(self.out)
        self._colors = self._live and "NO_COLOR" not in os.environ
        self._done = False
        self._thinker = self._make_thinker()
        self._commands: dict[str, Callable[[str], None]] = {
            "help": lambda _: self._say(HELP),
            "pass": lambda _: self._play("pass"),
            "resign": lambda _: self._resign(),
            "undo": lambda _: self._undo(),
            "hint": lambda _: self._hint(),
            "score": lambda _: self._say(score_words(self.position)),
            "board": lambda _: self.show(),
            "new": lambda _: self._new(),
            "strength": self._strength,
            "save": self._save,
            "quit": lambda _: self._quit(),
        }

    def run(self, read: Callable[[str], str]) -> None:
        """Play until `quit` or the end of the input: read(prompt) gives a line or EOFError."""
        side = "both sides" if self._thinker is None else COLOR_NAMES[self.human]
        against = "" if self._thinker is None else f" against {self._full_name()}"
        rules = self.position.rules
        self._say(f"You play {side}{against}; {rules.name} rules, komi {rules.komi:g}.")
        self._say(
            "Dead stones count as alive: capture them before you pass. `help` lists the commands."
        )
        self.show()
        self._reply()
        while not self._done:
            try:
                line = read(self._prompt())
            except EOFError:
                return
            try:
                self.obey(line)
            except GoError as error:
                self._say(_sentence(str(error)))

    def obey(self, line: str) -> None:
        """Do what a line says: a command, or a move's name. Raises GoError where it cannot be."""
        word, _, rest = line.strip().partition(" ")
        if not word:
            return
        command = self._commands.get(word.lower())
        if command is not None:
            command(rest.strip())
        else:
            self._play(line.strip())

    def show(self) -> None:
        """Print the board."""
        self._say(colored(self.position) if self._colors else str(self.position))

    def close(self) -> None:
        """Let go of the opponent."""
        if self._thinker is not None:
            self._thinker.close()

    def _make_thinker(self) -> Thinker | None:
        if self.opponent.kind == PEOPLE:
            return None
        from gokit.players import parse_player

        position = self.position
        spec = self.opponent.player_spec(self.strength)
        seed = self._seeds.spawn(1)[0]
        player = parse_player(spec, position.size, position.rules, seed, self._device)
        if "torch" in sys.modules:  # only a player with a network has loaded it
            sys.modules["torch"].set_num_threads(self._threads)
        return Thinker(
            player, position.size, position.rules,
            name=self.opponent.name, on_progress=self._show_progress,
        )  # fmt: skip

    def _full_name(self) -> str:
        return self.opponent.full_name(self.strength)

    def _prompt(self) -> str:
        if self.position.is_over:
            return "game over> "
        return f"{COLOR_NAMES[self.position.to_move]}> "

    @property
    def _opponents_turn(self) -> bool:
        waits = self._thinker is not None and self.position.to_move != self.human
        return waits and not self.position.is_over

    def _play(self, move: str) -> None:
        if self._opponents_turn:
            # Its last answer failed or was interrupted: it is asked again.
            self._say(f"It is {self.opponent.name}'s turn.")
            return self._reply()
        self.position = self.position.play(move)
        if self._thinker is None or self.position.is_over:
            self.show()
        self._tell_end()
        self._reply()

    def _reply(self) -> None:
        if not self._opponents_turn:
            return
        position = self.position
        color = COLOR_NAMES[position.to_move]
        try:
            move = self._thinker.choose(position)
        except (KeyboardInterrupt, GivenUp):
            self._clear_line()
            return self._say("Interrupted: `undo` takes your move back, any move asks again.")
        except GoError as error:
            self._clear_line()
            self._say(f"{self.opponent.name} failed: {error}")
            return self._say("The game is kept: `undo` or `save FILE`, or any move asks again.")
        self._clear_line()
        self.position = position.resign() if move == RESIGN else position.play(move)
        self.show()
        said = "resigns" if move == RESIGN else f"plays {to_gtp(move, position.size)}"
        self._say(f"{color} {'passes' if move == position.pass_move else said}.")
        self._tell_end()

    def _tell_end(self) -> None:
        position = self.position
        if position.end == "two passes":
            self._say(f"Two passes end the game. {score_words(position)}")
        elif position.is_over:
            self._say(f"The game is over: {position.result}.")

    def _resign(self) -> None:
        loser = self.human if self._thinker is not None else self.position.to_move
        here = self.position
        if not here.is_over and here.to_move != loser:
            here = here.to_play(loser)
        self.position = here.resign()
        self._tell_end()

    def _undo(self) -> None:
        position = self.position.undo()
        while self._thinker is not None and position.to_move != self.human:
            if position.previous is None:
                raise GoError("nothing to undo: you have not played yet")
            position = position.undo()
        self.position = position
        self.show()

    def _new(self) -> None:
        self.position = self._start
        if self._thinker is not None:
            self._thinker.reset()
        self.show()
        self._reply()

    def _hint(self) -> None:
        if self._network is None:
            raise GoError(f"there is no network for {self.position.size}×{self.position.size}")
        if self.position.is_over:
            raise GoError("the game is over")
        self._hints = self._hints or Hints(self._network, self.position.size, self._device)
        look = self._hints.look(self.position)
        best = np.argsort(-look.policy, kind="stable")[:_HINTED]
        moves = ", ".join(
            f"{to_gtp(int(move), self.position.size)} {100 * look.policy[move]:.0f} %"
            for move in best
            if look.policy[move] >= 0.005
        )
        self._say(f"At first sight: {moves}. {forecast_words(look.forecast, self._hints.kind)}.")

    def _strength(self, text: str) -> None:
        known = ", ".join(map(str, self.opponent.strengths))
        if not text:
            now = self._full_name() if self._thinker is not None else "nobody"
            return self._say(f"{now}. Strengths: {known}." if known else f"{now}.")
        if not (
            known and text.isascii() and text.isdigit() and int(text) in self.opponent.strengths
        ):
            raise GoError(
                f"the strengths here are {known}" if known else "it has only one strength"
            )
        before, self.strength = self._thinker, int(text)
        self._thinker = self._make_thinker()
        before.close()
        self._say(f"Now {self._full_name()}.")

    def _save(self, path: str) -> None:
        if not path:
            raise GoError("save where? For instance: save game.sgf")
        names = {BLACK: "", WHITE: ""}
        if self._thinker is not None:
            names = dict.fromkeys(names, self._full_name())
            names[self.human] = "Human"
        try:
            write_sgf(record(self.position, (names[BLACK], names[WHITE])), Path(path).expanduser())
        except OSError as error:
            raise GoError(f"{path}: cannot be written ({error.strerror})") from None
        self._say(f"Saved as {path}.")

    def _quit(self) -> None:
        self._done = True

    def _show_progress(self, progress: Progress) -> None:
        if not self._live:
            return
        line = " ".join(to_gtp(move, progress.position.size) for move in progress.line[:5])
        forecast = black_forecast(progress.position, progress.value, progress.kind)
        words = forecast_words(forecast, progress.kind)
        text = f"thinking {progress.done:,} of {progress.of:,}: {line} ({words})"
        self.out.write(f"\r\x1b[K{text[:79]}")
        self.out.flush()

    def _clear_line(self) -> None:
        if self._live:
            self.out.write("\r\x1b[K")

    def _say(self, text: str) -> None:
        print(text, file=self.out, flush=True)


def score_words(position: Position) -> str:
    """Return the area score of a position in words."""
    score = position.score()
    counts = f"Black {score.black}, White {score.white} + {position.rules.komi:g} komi"
    if score.winner == EMPTY:
        return f"{counts}: even."
    verb = "wins" if position.is_over else "leads"
    return f"{counts}: {COLOR_NAMES[score.winner]} {verb} by {abs(score.margin):g}."


def colored(position: Position) -> str:
    """Return the board as text with colours: stones on wood, the last move in brackets."""
    size, board, last = position.size, position.board.ravel(), position.last_move
    stars = set(star_points(size))
    lines = str(position).splitlines()
    rows = []
    for row in range(size):
        cells = [_code(_WOOD, _LINE)]
        for column in range(size):
            index = row * size + column
            mark = ("(", ")") if index == last else (" ", " ")
            if board[index] == EMPTY:
                cells.append(f"{mark[0]}{'+' if index in stars else '·'}{mark[1]}")
            else:
                tint = _BLACK if board[index] == BLACK else _WHITE
                cells.append(f"{_code(tint)}{mark[0]}●{mark[1]}{_code(_LINE)}")
        rows.append(f"{size - row:>2} {''.join(cells)}{_code(_RESET)} {size - row}")
    columns = "   " + "".join(f" {letter} " for letter in lines[0].split())
    return "\n".join([columns, *rows, columns, lines[-1]])


def _code(*codes: str) -> str:
    return "".join(f"\x1b[{code}m" for code in codes)


def _is_terminal(stream: TextIO) -> bool:
    unicode = (getattr(stream, "encoding", None) or "").lower().replace("-", "") == "utf8"
    return stream.isatty() and os.environ.get("TERM") != "dumb" and unicode


def _adviser(opponent: Opponent, size: int, checkpoint: str | None) -> str | None:
    if opponent.kind == "network":
        return opponent.spec
    known = opponents(size, checkpoint).values()
    return next((one.spec for one in known if one.kind == "network"), None)


def _reader() -> Callable[[str], str]:
    """Return how lines are read: edited on a terminal, plain and unprompted elsewhere."""
    if sys.stdin.isatty() and sys.stdout.isatty():
        with contextlib.suppress(ImportError):  # Windows has none
            import readline  # noqa: F401  (input() edits lines once it is loaded)
        return _edited
    return _plain


def _edited(prompt: str) -> str:
    while True:
        try:
            return input(prompt)
        except KeyboardInterrupt:
            print("  (`quit` leaves)")


def _plain(prompt: str) -> str:
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."
