"""One game of a corpus: what is random in it, and how an engine plays the rest of it."""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import PurePath
from typing import Any

import numpy as np

from gokit.go import symmetry
from gokit.go.errors import GoError, RulesMismatchError
from gokit.go.games import Games
from gokit.go.position import Position
from gokit.go.rules import NO_SUICIDE, Rules
from gokit.gtp import GtpPlayer, gnugo_command
from gokit.options import is_whole
from gokit.players import RESIGN, own_eyes

# An hour: a run that is paused for minutes must not take its engine for a hung one.
ANSWER_S = 3600.0
SEED = "{seed}"
_ATTEMPTS = 10_000


@dataclass(frozen=True)
class Settings:
    """What a corpus is made with; the same settings make the same games on every machine.

    engine: "gnugo", or "gtp:COMMAND" for any engine, where {seed} in the command becomes each
    game's own seed. level: GNU Go's, None for another engine. plies: fewest and most random
    moves of an opening. later: fewest and most random moves after it. check_score: whether the
    engine's final score must equal ours.

    An engine whose command has no {seed} may play the same opening differently.
    """

    engine: str = "gnugo"
    level: int | None = 1
    size: int = 9
    komi: float = 7.5
    seed: int = 1
    plies: tuple[int, int] = (2, 6)
    later: tuple[int, int] = (1, 2)
    check_score: bool = True

    def __post_init__(self) -> None:
        gnugo = self.engine == "gnugo"
        if not gnugo and not (self.engine.startswith("gtp:") and self.engine[4:].strip()):
            raise GoError(f'an engine is gnugo or gtp:"COMMAND", not {self.engine[:60]!r}')
        if gnugo != (self.level is not None):
            raise GoError("a level is for GNU Go, and for no other engine")
        if gnugo and not (is_whole(self.level) and 0 <= self.level <= 99):
            raise GoError(f"a level is a whole number from 0, not {self.level!r}")
        if gnugo and not 5 <= self.size <= 19:
            raise GoError(f"GNU Go plays on 5×5 to 19×19, not on {self.size}×{self.size}")
        if not (is_whole(self.seed) and self.seed >= 0):
            raise GoError(f"a seed is a whole number from 0, not {self.seed!r}")
        for least, most in (self.plies, self.later):
            if not (is_whole(least) and is_whole(most) and 0 <= least <= most):
                raise GoError(f"random moves are from 0 up, fewest first, not {least} to {most}")
        Games(1, self.size, self.rules)  # a board of that size exists

    @property
    def rules(self) -> Rules:
        """Area scoring, positional superko, no suicide: what GNU Go can play."""
        return NO_SUICIDE.replace(komi=self.komi)

    @property
    def name(self) -> str:
        """The corpus' folder: engine, board and level."""
        engine = "gnugo" if self.engine == "gnugo" else PurePath(self.command()[0]).stem
        level = "" if self.level is None else f"-level{self.level}"
        return f"{re.sub('[^A-Za-z0-9_.]', '_', engine)}-{self.size}x{self.size}{level}"

    @property
    def reproducible(self) -> bool:
        """Whether the engine is given a seed for every game."""
        return any(SEED in word for word in self.command())

    def command(self, seed: int | None = None) -> list[str]:
        """Return the engine's command line, with a game's seed or with {seed} in its place."""
        if self.engine == "gnugo":
            words = [*gnugo_command(self.level, rules=self.rules), "--seed", SEED]
        else:
            text = self.engine.removeprefix("gtp:").strip()
            try:
                words = shlex.split(text)
                words = shlex.split(words[0]) if len(words) == 1 else words
            except ValueError as error:
                raise GoError(f"the command {text[:60]!r} cannot be split: {error}") from None
        return words if seed is None else [word.replace(SEED, str(seed)) for word in words]

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain JSON types."""
        return asdict(self) | {"plies": list(self.plies), "later": list(self.later)}

    @classmethod
    def from_dict(cls, table: dict[str, Any]) -> Settings:
        """Return the settings that `to_dict` wrote."""
        table = dict(table)
        return cls(**table | {name: tuple(table[name]) for name in ("plies", "later")})


@dataclass(frozen=True)
class Plan:
    """What is drawn before game `index` begins.

    opening: its random moves. later: numbers of the plies after it, from 1, that are random
    too. seed: the engine's.
    """

    index: int
    opening: tuple[int, ...]
    later: tuple[int, ...]
    seed: int


@dataclass(frozen=True)
class Game:
    """One game as it was played, kept or not.

    moves: indices, Black first. random: numbers of the plies, from 1, that the engine did not
    choose. result: as SGF writes it, None where there is none. end: as in GameRecord. dropped:
    why the game is not part of the corpus, "" where it is; detail: more of that in words.
    """

    index: int
    moves: tuple[int, ...]
    random: tuple[int, ...]
    result: str | None
    end: str | None
    dropped: str = ""
    detail: str = ""


class Stopped(Exception):
    """A game was given up because the run is to end."""


def plans(settings: Settings) -> Iterator[Plan]:
    """Yield the plans of game 0, 1, 2, ...: no two openings lead to one position or its images.

    Raises GoError where the board has no further opening of that many moves.
    """
    size = settings.size
    allowed = np.ones((size, size), np.bool_)
    if size >= 7:
        allowed[[0, -1]] = allowed[:, [0, -1]] = False
    allowed = np.append(allowed.ravel(), False)
    seen: set[bytes] = set()
    index = 0
    while True:
        rng = np.random.default_rng([settings.seed, index])
        for _ in range(_ATTEMPTS):
            position = _random_opening(settings, allowed, rng)
            key = position_key(position)
            if key not in seen:
                break
        else:
            raise GoError(
                f"no opening left for game {index} with {settings.plies[0]} to "
                f"{settings.plies[1]} random moves on {size}×{size}: ask for fewer games"
            )
        seen.add(key)
        first = position.move_number + 3
        last = max(first + 1, 6 * size * size // 10)
        later = {first + _below(rng, last - first) for _ in range(_between(rng, settings.later))}
        opening = tuple(map(int, position.moves))
        yield Plan(index, opening, tuple(sorted(later)), 1 + _below(rng, 2**31 - 1))
        index += 1


def play_game(
    settings: Settings, plan: Plan, player: GtpPlayer, stop: Callable[[], bool] = lambda: False
) -> Game:
    """Play one game to two passes, its random moves as planned and all others by `player`.

    A game that reaches four moves a point, or that the engine scores otherwise than we do, is
    marked as dropped. Raises EngineError where the engine fails, and Stopped when `stop()`
    turns true.
    """
    player.reset()
    position = Position.from_moves(plan.opening, size=settings.size, rules=settings.rules)
    random = list(range(1, len(plan.opening) + 1))
    cap = 4 * settings.size**2
    while not position.is_over and position.move_number < cap:
        if stop():
            raise Stopped
        ply = position.move_number + 1
        move = None
        # After a pass the game is all but over, and a random move would reopen it.
        if ply in plan.later and not position.passes:
            move = _random_move(position, np.random.default_rng([settings.seed, plan.index, ply]))
        if move is None:
            move = player.choose(position)
        else:
            random.append(ply)
        position = position.resign() if move == RESIGN else position.play(move)
    dropped = detail = ""
    if not position.is_over:
        dropped = "move cap"
    elif position.end == "two passes" and settings.check_score:
        try:
            player.check_score(position)
        except RulesMismatchError as error:
            dropped, detail = "score", str(error)
    moves = tuple(map(int, position.moves))
    return Game(plan.index, moves, tuple(random), position.result, position.end, dropped, detail)


def open_player(settings: Settings, seed: int) -> GtpPlayer:
    """Start the engine for one game (or for many, where its command takes no seed)."""
    return GtpPlayer(
        settings.command(seed),
        size=settings.size,
        rules=settings.rules,
        timeout_s=ANSWER_S,
        check_legal=False,
    )


def game_key(moves: tuple[int, ...], size: int) -> bytes:
    """Return 16 bytes that two sequences of moves share where one is an image of the other."""
    images = np.stack([symmetry.permutation(k, size) for k in range(symmetry.COUNT)])
    lines = images[:, np.asarray(moves, np.int64)].astype(">u2")
    return hashlib.blake2b(min(line.tobytes() for line in lines), digest_size=16).digest()


def position_key(position: Position) -> bytes:
    """Return what a position shares with its images under the symmetries of the board."""
    board = position.board
    images = (symmetry.transform_plane(board, k).tobytes() for k in range(symmetry.COUNT))
    return bytes([position.to_move]) + min(images)


def _random_opening(settings: Settings, allowed: np.ndarray, rng: np.random.Generator) -> Position:
    position = Position(settings.size, settings.rules)
    for _ in range(_between(rng, settings.plies)):
        choices = np.flatnonzero(position.legal_mask() & allowed)
        if choices.size:
            position = position.play(int(choices[_below(rng, choices.size)]))
    return position


def _random_move(position: Position, rng: np.random.Generator) -> int | None:
    """Return a legal move that is no pass and fills no own eye, None where there is none."""
    legal = position.legal_mask() & ~own_eyes(position)
    legal[-1] = False
    choices = np.flatnonzero(legal)
    return int(choices[_below(rng, choices.size)]) if choices.size else None


def _between(rng: np.random.Generator, limits: tuple[int, int]) -> int:
    return limits[0] + _below(rng, limits[1] - limits[0] + 1)


def _below(rng: np.random.Generator, n: int) -> int:
    # numpy promises the stream of `random` more firmly than that of `choice` or `integers`.
    return int(rng.random() * n)
