"""Games as self-play leaves them, and the training positions that they are made into."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gokit.go.errors import GoError
from gokit.go.games import Games
from gokit.go.geometry import MOVE_CAP, RESIGNED, TWO_PASSES
from gokit.go.rules import BLACK, EMPTY, WHITE, Rules
from gokit.nn.features import feature_names, write_planes

# How a move was chosen, which decides what its position is a target for.
FULL = 0  # by the full search: policy, value, ownership
CHEAP = 1  # by a search of fewer simulations: value and ownership, at a lower weight
POLICY = 2  # drawn from the raw policy, no search: value and ownership
RANDOM = 3  # drawn from the legal moves: value and ownership
INHERITED = 4  # the position was reached by an earlier game, which has its targets: nothing
OPPONENT = 5  # by the fixed opponent: value and ownership
HOW_NAMES = ("full", "cheap", "policy", "random", "inherited", "opponent")
NO_RESULT = -1


@dataclass(frozen=True)
class PlayedGames:
    """G finished games from the empty board, P positions in all, game after game.

    lengths: int32 [G], moves a game, which is also its number of positions: the last position is
    the one before the last move, or, in a game that was resigned, the last in which one was made.
    end: uint8 [G], TWO_PASSES, RESIGNED or MOVE_CAP.
    margin: float32 [G], Black's area minus White's without komi; nan after a resignation and at
    a move cap. ownership: int8 [G, N*N], owner of each point at the end, EMPTY for none.
    played_out: bool [G], whether the game was marked at its start never to be resigned.
    moves: int16 [P]. how: uint8 [P], how each move was chosen, FULL … OPPONENT.
    policy: float16 [P, N*N+1], the full search's policy, zeros where there was none.
    value: float16 [P], the search's value (the raw one where only the policy was asked), side to
    move's view, nan where nothing was asked.

    Raises GoError where the arrays do not fit each other.
    """

    size: int
    rules: Rules
    lengths: np.ndarray
    end: np.ndarray
    margin: np.ndarray
    ownership: np.ndarray
    played_out: np.ndarray
    moves: np.ndarray
    how: np.ndarray
    policy: np.ndarray
    value: np.ndarray

    _ARRAYS = (
        "lengths", "end", "margin", "ownership", "played_out", "moves", "how", "policy", "value",
    )  # fmt: skip

    def __post_init__(self) -> None:
        games, positions, points = len(self.lengths), int(self.lengths.sum()), self.size**2
        shapes = {
            "lengths": (games,),
            "end": (games,),
            "margin": (games,),
            "ownership": (games, points),
            "played_out": (games,),
            "moves": (positions,),
            "how": (positions,),
            "policy": (positions, points + 1),
            "value": (positions,),
        }
        for name, shape in shapes.items():
            if getattr(self, name).shape != shape:
                found = getattr(self, name).shape
                raise GoError(f"{name} has the shape {found}, and the games need {shape}")
        if not np.isin(self.end, (TWO_PASSES, RESIGNED, MOVE_CAP)).all():
            raise GoError("a game is stored that has not ended")
        if (np.isnan(self.margin) != (self.end != TWO_PASSES)).any():
            raise GoError("games have a margin exactly where they were played to their end")
        if (self.how >= len(HOW_NAMES)).any():
            raise GoError("a move was chosen in a way that has no name")
        if (self.policy.any(1) != self.searched).any():
            raise GoError("positions have a policy exactly where they were searched in full")

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def positions(self) -> int:
        """The number of positions of all games together."""
        return len(self.moves)

    @property
    def searched(self) -> np.ndarray:
        """Where the full search chose the move, so that its policy is a target: bool [P]."""
        return self.how == FULL

    @cached_property
    def starts(self) -> np.ndarray:
        """Where each game's positions begin: int64 [G]."""
        return (np.cumsum(self.lengths) - self.lengths).astype(np.int64)

    @cached_property
    def plies(self) -> np.ndarray:
        """How many moves had been made in each position: int64 [P]."""
        return np.arange(self.positions) - np.repeat(self.starts, self.lengths)

    @cached_property
    def winner(self) -> np.ndarray:
        """BLACK, WHITE, EMPTY for a draw, NO_RESULT at a move cap, komi counted: int8 [G]."""
        margin = np.nan_to_num(self.margin) - self.rules.komi
        counted = np.where(margin > 0, BLACK, np.where(margin < 0, WHITE, EMPTY))
        # Black moves first, so the length says whose turn it was to resign.
        mover = np.where(self.lengths % 2 == 1, BLACK, WHITE)
        by_end = [counted, mover]
        return np.select([self.end == TWO_PASSES, self.end == RESIGNED], by_end, NO_RESULT).astype(
            np.int8
        )

    def sequences(self) -> list[np.ndarray]:
        """Return the moves of each game, int16 [moves] each."""
        return np.split(self.moves, self.starts[1:])

    def select(self, games: np.ndarray) -> PlayedGames:
        """Return some of the games, by their numbers in rising order."""
        chosen = np.zeros(len(self), np.bool_)
        chosen[games] = True
        inside = np.repeat(chosen, self.lengths)
        per_game = self._ARRAYS[:5]
        arrays = {
            name: getattr(self, name)[chosen if name in per_game else inside]
            for name in self._ARRAYS
        }
        return PlayedGames(self.size, self.rules, **arrays)

    @classmethod
    def join(cls, parts: list[PlayedGames]) -> PlayedGames:
        """Return the games of all parts, in order; they share size and rules."""
        arrays = {name: np.concatenate([getattr(p, name) for p in parts]) for name in cls._ARRAYS}
        return cls(parts[0].size, parts[0].rules, **arrays)

    def to_bytes(self) -> bytes:
        """Return the games as an .npz file."""
        buffer = io.BytesIO()
        header = json.dumps({"size": self.size, "rules": self.rules.to_dict()})
        np.savez(buffer, header=header, **{name: getattr(self, name) for name in self._ARRAYS})
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> PlayedGames:
        """Read what `to_bytes` wrote; GoError for anything else.

        A shard from before resignation and cheap searches says only which moves were searched.
        """
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as file:
                header = json.loads(str(file["header"]))
                older = {}
                if "searched" in file:
                    searched = file["searched"]
                    older["how"] = np.where(searched, FULL, RANDOM).astype(np.uint8)
                    older["played_out"] = np.ones(len(file["lengths"]), np.bool_)
                arrays = {n: older[n] if n in older else file[n] for n in cls._ARRAYS}
            return cls(header["size"], Rules.from_dict(header["rules"]), **arrays)
        except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
            raise GoError(f"not a shard of games ({error})") from None


@dataclass
class Samples:
    """P training positions as arrays; the meaning and view of each is `training.Batch`'s.

    planes: int8 [P, C, N, N], not yet scaled; policy: float16 [P, A]; value: float32 [P];
    ownership: int8 [P, N, N]; policy_weight, result_weight, ownership_weight: float32 [P].
    """

    planes: np.ndarray
    policy: np.ndarray
    value: np.ndarray
    ownership: np.ndarray
    policy_weight: np.ndarray
    result_weight: np.ndarray
    ownership_weight: np.ndarray

    def __len__(self) -> int:
        return len(self.value)

    def arrays(self) -> tuple[np.ndarray, ...]:
        """Return the arrays in the order of the fields."""
        return tuple(vars(self).values())


def samples_of(
    games: PlayedGames,
    features: str,
    value_kind: str = "margin",
    *,
    cheap_weight: float = 0.5,
    chosen: np.ndarray | None = None,
) -> Samples:
    """Return positions of the games with their targets; the moves are played again for it.

    value_kind: "margin", area margin / N*N without komi, or "win", +1, 0, -1 with komi.
    cheap_weight: what the value and ownership of a position count whose search was a cheap one.
    chosen: int [K] in rising order, the positions to return, by default all.

    A game cut off at its move cap has no result: its value and ownership get the weight 0. So do
    a resigned game's ownership and margin; its winner is known. Raises GoError for an illegal move.
    """
    if value_kind not in ("win", "margin"):
        raise GoError(f"a value is win or margin, not {value_kind!r}")
    chosen = np.arange(games.positions) if chosen is None else np.asarray(chosen, np.int64)
    planes, black_to_move = _played_again(games, features, chosen)
    n = games.size
    game = np.repeat(np.arange(len(games)), games.lengths)[chosen]
    how = games.how[chosen]
    sign = np.where(black_to_move, 1, -1)

    counted = games.end == TWO_PASSES
    if value_kind == "win":
        known = games.end != MOVE_CAP
        result = np.where(games.winner == BLACK, 1, np.where(games.winner == WHITE, -1, 0))
    else:
        known = counted
        result = np.nan_to_num(games.margin) / (n * n)
    owner = np.where(games.ownership == EMPTY, 0, np.where(games.ownership == BLACK, 1, -1))
    weight = np.select([how == INHERITED, how == CHEAP], [0.0, cheap_weight], 1.0)
    return Samples(
        planes=planes,
        policy=games.policy[chosen],
        value=(result[game] * sign).astype(np.float32),
        ownership=(owner[game] * sign[:, None]).astype(np.int8).reshape(-1, n, n),
        policy_weight=(how == FULL).astype(np.float32),
        result_weight=(known[game] * weight).astype(np.float32),
        ownership_weight=(counted[game] * weight).astype(np.float32),
    )


def _played_again(
    games: PlayedGames, features: str, chosen: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the planes of some positions, and whether Black is to move in each: [K, …], [K]."""
    n, longest = games.size, int(games.lengths.max(initial=0))
    place = np.full(games.positions, -1)
    place[chosen] = np.arange(len(chosen))
    last = np.full(len(games), -1)  # the last ply of each game that anybody asks for
    np.maximum.at(
        last, np.repeat(np.arange(len(games)), games.lengths)[chosen], games.plies[chosen]
    )

    planes = np.empty((len(chosen), len(feature_names(features)), n, n), np.int8)
    black_to_move = np.empty(len(chosen), np.bool_)
    board = Games(len(games), n, games.rules, max_moves=longest + 1)
    for ply in range(longest):
        running = np.flatnonzero(last >= ply)
        wanted = running[place[games.starts[running] + ply] >= 0]
        where = place[games.starts[wanted] + ply]
        batch = np.empty((len(wanted), *planes.shape[1:]), np.int8)
        write_planes(board, wanted, features, batch)
        planes[where] = batch
        black_to_move[where] = board.to_move[wanted] == BLACK
        actions = np.full(len(games), -1, np.int64)
        actions[running] = games.moves[games.starts[running] + ply]
        board.play(actions)
    return planes, black_to_move
