"""Matches that mean something: paired distinct openings, both colours, an interval with each."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gokit.go.errors import EngineError, GoError
from gokit.go.games import Games
from gokit.go.geometry import RESIGNED, RUNNING, TWO_PASSES
from gokit.go.position import Position
from gokit.go.rules import BLACK, EMPTY, TROMP_TAYLOR, WHITE, Rules, opponent
from gokit.intervals import wilson
from gokit.players import RESIGN, Player

OPENING_PLIES = (2, 4)


@dataclass(frozen=True)
class MatchGame:
    """One game of a match.

    moves: action indices, opening included; opening: how many of them the opening is.
    a_color: BLACK or WHITE, the colour of player A. end: "two passes", "resignation",
    "move cap" or "engine failure". winner: BLACK, WHITE, EMPTY for a draw, None unfinished.
    margin: Black's, komi in, where it was scored.
    """

    moves: tuple[int, ...]
    opening: int
    a_color: int
    end: str
    winner: int | None
    margin: float | None = None

    @property
    def result(self) -> str:
        """The result as SGF writes it: "B+3.5", "W+R", "0" for a draw, "Void" for none."""
        if self.winner is None:
            return "Void"
        if self.winner == EMPTY:
            return "0"
        by = "R" if self.margin is None else f"{abs(self.margin):g}"
        return f"{'B' if self.winner == BLACK else 'W'}+{by}"


@dataclass(frozen=True)
class MatchResult:
    """A match from player A's side; unfinished games count neither way."""

    a: str
    b: str
    size: int
    rules: Rules
    played: list[MatchGame] = field(repr=False)

    @property
    def games(self) -> int:
        """How many games were played to their end."""
        return self.wins + self.losses + self.draws

    @property
    def wins(self) -> int:
        """Games that A won."""
        return sum(game.winner == game.a_color for game in self.played)

    @property
    def losses(self) -> int:
        """Games that B won."""
        return sum(game.winner == opponent(game.a_color) for game in self.played)

    @property
    def draws(self) -> int:
        """Games that nobody won."""
        return sum(game.winner == EMPTY for game in self.played)

    @property
    def unfinished(self) -> int:
        """Games without a result: cut off at the move cap, or by an engine's failure."""
        return sum(game.winner is None for game in self.played)

    @property
    def score(self) -> float:
        """A's share of the points, draws as ½; nan without a finished game."""
        return (self.wins + self.draws / 2) / self.games if self.games else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the score."""
        return wilson(self.score, self.games)

    @property
    def distinct_games(self) -> int:
        """How many different sequences of moves were played: repeats are no evidence."""
        return len({game.moves for game in self.played})

    @property
    def distinct_ratio(self) -> float:
        """The share of games played that differ from all before them; nan without a game."""
        return self.distinct_games / len(self.played) if self.played else math.nan

    @property
    def pair_points(self) -> list[tuple[float | None, float | None]]:
        """A's points in the two games of each opening, with Black and with White.

        0, ½ or 1; None for a game without result. GoError where games do not come in pairs.
        """
        points = []
        for black, white in zip(self.played[::2], self.played[1::2], strict=True):
            openings = [game.moves[: game.opening] for game in (black, white)]
            if openings[0] != openings[1] or (black.a_color, white.a_color) != (BLACK, WHITE):
                raise GoError("these games are not pairs of one opening with colours exchanged")
            points.append(tuple(_points(game) for game in (black, white)))
        return points

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain JSON types."""
        return {
            "a": self.a,
            "b": self.b,
            "size": self.size,
            "games": self.games,
            "wins": self.wins,
            "losses": self.losses,
            "draws": self.draws,
            "score": round(self.score, 4) if self.games else None,
            "interval": [round(bound, 4) for bound in self.interval],
            "distinct_games": self.distinct_games,
            "unfinished": self.unfinished,
            "rules": self.rules.to_dict(),
        }

    def __str__(self) -> str:
        low, high = self.interval
        score = f"{self.score:.1%} [{low:.1%}, {high:.1%}]" if self.games else "no finished game"
        text = (
            f"{self.a} against {self.b}: {score}, n = {self.games} "
            f"({self.wins} won, {self.losses} lost, {self.draws} drawn; "
            f"{self.distinct_games} distinct games; {self.rules.name}, komi {self.rules.komi:g})"
        )
        return text + (f"; {self.unfinished} unfinished, not counted" if self.unfinished else "")


def _points(game: MatchGame) -> float | None:
    if game.winner is None:
        return None
    return 0.5 if game.winner == EMPTY else float(game.winner == game.a_color)


def random_openings(
    count: int,
    size: int,
    rules: Rules,
    rng: np.random.Generator,
    plies: tuple[int, int] = OPENING_PLIES,
) -> list[tuple[int, ...]]:
    """Return `count` sequences of random moves that lead to as many different positions.

    plies: the fewest and the most moves of one. From 7×7 up the edge lines are left out. No
    move is a pass. Raises GoError where so many different openings cannot be found.
    """
    least, most = plies
    if not 0 <= least <= most:
        raise GoError(f"an opening has from 0 plies up, fewest first, not {plies!r}")
    allowed = np.ones((size, size), np.bool_)
    if size >= 7:
        allowed[[0, -1]] = allowed[:, [0, -1]] = False
    allowed = np.append(allowed.ravel(), False)
    openings: dict[tuple[bytes, int], tuple[int, ...]] = {}
    for _ in range(50 * count + 50):
        if len(openings) == count:
            break
        position = Position(size, rules)
        for _ in range(int(rng.integers(least, most + 1))):
            choices = np.flatnonzero(position.legal_mask() & allowed)
            if choices.size:
                position = position.play(int(rng.choice(choices)))
        openings.setdefault((position.board.tobytes(), position.to_move), tuple(position.moves))
    if len(openings) < count:
        raise GoError(
            f"only {len(openings)} different openings of {least} to {most} plies found on "
            f"{size}×{size}, and the match needs {count}: ask for fewer games or more plies"
        )
    return list(openings.values())


def play_match(
    a: Player,
    b: Player,
    *,
    games: int,
    size: int = 9,
    rules: Rules = TROMP_TAYLOR,
    rng: np.random.Generator,
    opening_plies: tuple[int, int] = OPENING_PLIES,
    max_moves: int | None = None,
    on_game: Callable[[MatchGame], None] | None = None,
    openings: list[tuple[int, ...]] | None = None,
) -> MatchResult:
    """Play a match of `games` games: each random opening twice, colours exchanged.

    games: an even number. max_moves: a game still running then is unfinished, by default after
    four moves a point. on_game: called with every finished game. openings: games // 2 of them,
    to play instead of random ones. Players that have `choose_many(games, indices)` play all
    games in lockstep, others one after the other.
    An engine that fails leaves its game unfinished, and the match goes on. Built in chapter 6.
    """
    if games < 2 or games % 2:
        raise GoError(f"a match is of pairs of games, so an even number from 2, not {games!r}")
    cap = 4 * size * size + 4 if max_moves is None else max_moves
    if openings is None:
        openings = random_openings(games // 2, size, rules, rng, opening_plies)
    if len(openings) != games // 2:
        raise GoError(f"{games} games are of {games // 2} openings, not {len(openings)}")
    pairing = [(opening, color) for opening in openings for color in (BLACK, WHITE)]
    lockstep = hasattr(a, "choose_many") and hasattr(b, "choose_many")
    play = _play_lockstep if lockstep else _play_in_turn
    played = play(a, b, pairing, size, rules, cap, on_game or (lambda game: None))
    return MatchResult(a.name, b.name, size, rules, played)


_Pairing = list[tuple[tuple[int, ...], int]]


def _play_lockstep(
    a: Any,
    b: Any,
    pairing: _Pairing,
    size: int,
    rules: Rules,
    cap: int,
    on_game: Callable[[MatchGame], None],
) -> list[MatchGame]:
    boards = Games(len(pairing), size, rules, cap)
    a_color = np.array([color for _, color in pairing])
    moves = [list(opening) for opening, _ in pairing]
    for ply in range(max(len(opening) for opening, _ in pairing)):
        boards.play(np.array([o[ply] if ply < len(o) else -1 for o, _ in pairing]))
    resigned = np.zeros(len(pairing), np.bool_)
    running = np.flatnonzero(boards.ended == RUNNING)
    while running.size:
        actions = np.full(len(pairing), -1, np.int64)
        a_moves = boards.to_move[running] == a_color[running]
        for player, turn in ((a, running[a_moves]), (b, running[~a_moves])):
            if turn.size:
                actions[turn] = player.choose_many(boards, turn)
        resigned[running] = actions[running] == RESIGN
        boards.play(actions)
        boards.resign(np.flatnonzero(resigned & (boards.ended == RUNNING)))
        for i in running[~resigned[running]]:
            moves[i].append(int(actions[i]))
        for i in running[boards.ended[running] != RUNNING]:
            on_game(_lockstep_game(boards, i, moves[i], *pairing[i]))
        running = running[boards.ended[running] == RUNNING]
    return [_lockstep_game(boards, i, moves[i], *pairing[i]) for i in range(len(pairing))]


def _lockstep_game(
    boards: Games, i: int, moves: list[int], opening: tuple[int, ...], a_color: int
) -> MatchGame:
    end = int(boards.ended[i])
    about = (tuple(moves), len(opening), a_color)
    if end == TWO_PASSES:
        one = Games(1, boards.geometry.rows, boards.rules, boards.max_moves)
        one.copy_from(boards, np.array([i]), np.array([0]))
        margin = float(one.score()[0])
        winner = BLACK if margin > 0 else WHITE if margin < 0 else EMPTY
        return MatchGame(*about, "two passes", winner, margin)
    if end == RESIGNED:
        return MatchGame(*about, "resignation", opponent(int(boards.to_move[i])))
    return MatchGame(*about, "move cap", None)


def _play_in_turn(
    a: Player,
    b: Player,
    pairing: _Pairing,
    size: int,
    rules: Rules,
    cap: int,
    on_game: Callable[[MatchGame], None],
) -> list[MatchGame]:
    played = []
    for opening, a_color in pairing:
        game = _play_one(a, b, opening, a_color, size, rules, cap)
        on_game(game)
        played.append(game)
    return played


def _play_one(
    a: Player,
    b: Player,
    opening: tuple[int, ...],
    a_color: int,
    size: int,
    rules: Rules,
    cap: int,
) -> MatchGame:
    position = Position.from_moves(opening, size=size, rules=rules)
    try:
        a.reset()
        b.reset()
        while not position.is_over and position.move_number < cap:
            move = (a if position.to_move == a_color else b).choose(position)
            position = position.resign() if move == RESIGN else position.play(move)
    except EngineError:
        return MatchGame(tuple(position.moves), len(opening), a_color, "engine failure", None)
    if not position.is_over:
        return MatchGame(tuple(position.moves), len(opening), a_color, "move cap", None)
    margin = position.score().margin if position.end == "two passes" else None
    return MatchGame(
        tuple(position.moves), len(opening), a_color, position.end, position.winner, margin
    )
