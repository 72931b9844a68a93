"""The games that training learns from: checksummed shards on disk, a window of positions."""

from __future__ import annotations

import hashlib
import io
import json
import re
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gokit.go.errors import GoError
from gokit.go.games import Games
from gokit.go.geometry import MOVE_CAP, RESIGNED, TWO_PASSES
from gokit.go.rules import BLACK, EMPTY, Rules
from gokit.nn.features import feature_names, write_planes
from gokit.storage import write_atomic

_SHARD_NAME = re.compile(r"shard-(\d{6,})-([0-9a-f]{16})\.npz")


@dataclass(frozen=True)
class PlayedGames:
    """G finished games from the empty board, P positions in all, game after game.

    lengths: int32 [G], moves a game, which is also its number of positions: the last position is
    the one before the last move. end: uint8 [G], TWO_PASSES, RESIGNED or MOVE_CAP.
    margin: float32 [G], Black's area minus White's without komi; nan at a move cap, which has no
    result. ownership: int8 [G, N*N], owner of each point at the end, EMPTY for none.
    moves: int16 [P]. searched: bool [P], False where the move was random rather than searched.
    policy: float16 [P, N*N+1], the search's policy, zeros where not searched.
    value: float16 [P], the search's value, side to move's view, nan where not searched.

    Raises GoError where the arrays do not fit each other.
    """

    size: int
    rules: Rules
    lengths: np.ndarray
    end: np.ndarray
    margin: np.ndarray
    ownership: np.ndarray
    moves: np.ndarray
    searched: np.ndarray
    policy: np.ndarray
    value: np.ndarray

    _ARRAYS = ("lengths", "end", "margin", "ownership", "moves", "searched", "policy", "value")

    def __post_init__(self) -> None:
        games, positions, points = len(self.lengths), int(self.lengths.sum()), self.size**2
        shapes = {
            "lengths": (games,),
            "end": (games,),
            "margin": (games,),
            "ownership": (games, points),
            "moves": (positions,),
            "searched": (positions,),
            "policy": (positions, points + 1),
            "value": (positions,),
        }
        for name, shape in shapes.items():
            if getattr(self, name).shape != shape:
                found = getattr(self, name).shape
                raise GoError(f"{name} has the shape {found}, and the games need {shape}")
        if not np.isin(self.end, (TWO_PASSES, RESIGNED, MOVE_CAP)).all():
            raise GoError("a game is stored that has not ended")
        if (np.isnan(self.margin) != (self.end == MOVE_CAP)).any():
            raise GoError("games have a margin exactly where they were played to their end")

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def positions(self) -> int:
        """The number of positions of all games together."""
        return len(self.moves)

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
        """Read what `to_bytes` wrote; GoError for anything else."""
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as file:
                header = json.loads(str(file["header"]))
                arrays = {name: file[name] for name in cls._ARRAYS}
            return cls(header["size"], Rules.from_dict(header["rules"]), **arrays)
        except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
            raise GoError(f"not a shard of games ({error})") from None


@dataclass
class Samples:
    """P training positions as arrays; the meaning and view of each is `training.Batch`'s.

    planes: int8 [P, C, N, N], not yet scaled; policy: float16 [P, A]; value: float32 [P];
    ownership: int8 [P, N, N]; policy_weight, result_weight: float32 [P].
    """

    planes: np.ndarray
    policy: np.ndarray
    value: np.ndarray
    ownership: np.ndarray
    policy_weight: np.ndarray
    result_weight: np.ndarray

    def __len__(self) -> int:
        return len(self.value)

    def arrays(self) -> tuple[np.ndarray, ...]:
        """Return the arrays in the order of the fields."""
        return tuple(vars(self).values())


def samples_of(games: PlayedGames, features: str, value_kind: str = "margin") -> Samples:
    """Return every position of the games with its targets; the moves are played again for it.

    value_kind: "margin", area margin / N*N without komi, or "win", +1, 0, -1 with komi. A game
    cut off at its move cap has no result: its value and ownership get the weight 0.
    Raises GoError for an illegal move.
    """
    n, positions = games.size, games.positions
    starts = np.concatenate([[0], np.cumsum(games.lengths)[:-1]]).astype(np.int64)
    planes = np.empty((positions, len(feature_names(features)), n, n), np.int8)
    black_to_move = np.empty(positions, np.bool_)
    board = Games(len(games), n, games.rules, max_moves=int(games.lengths.max(initial=1)) + 1)
    for ply in range(int(games.lengths.max(initial=0))):
        running = np.flatnonzero(games.lengths > ply)
        where = starts[running] + ply
        batch = np.empty((len(running), *planes.shape[1:]), np.int8)
        write_planes(board, running, features, batch)
        planes[where] = batch
        black_to_move[where] = board.to_move[running] == BLACK
        actions = np.full(len(games), -1, np.int64)
        actions[running] = games.moves[where]
        board.play(actions)

    sign = np.where(black_to_move, 1, -1)
    finished = games.end != MOVE_CAP
    margin = np.where(finished, games.margin, 0)
    if value_kind == "win":
        result = np.sign(margin - games.rules.komi)
    else:
        result = margin / (n * n)
    owner = np.where(games.ownership == EMPTY, 0, np.where(games.ownership == BLACK, 1, -1))
    owner = np.repeat(owner, games.lengths, axis=0) * sign[:, None]
    return Samples(
        planes=planes,
        policy=games.policy,
        value=(np.repeat(result, games.lengths) * sign).astype(np.float32),
        ownership=owner.astype(np.int8).reshape(-1, n, n),
        policy_weight=games.searched.astype(np.float32),
        result_weight=np.repeat(finished, games.lengths).astype(np.float32),
    )


class ReplayWindow:
    """The newest `capacity` positions in memory; adding to a full window drops the oldest."""

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise GoError(f"a replay window holds at least one position, not {capacity}")
        self.capacity = capacity
        self.added = 0
        self._store: Samples | None = None

    def __len__(self) -> int:
        return min(self.added, self.capacity)

    def add(self, samples: Samples) -> None:
        """Add positions, oldest first."""
        if self._store is None:
            self._store = Samples(
                *(np.zeros((self.capacity, *a.shape[1:]), a.dtype) for a in samples.arrays())
            )
        keep = min(len(samples), self.capacity)
        places = (self.added + len(samples) - keep + np.arange(keep)) % self.capacity
        for stored, new in zip(self._store.arrays(), samples.arrays(), strict=True):
            stored[places] = new[len(samples) - keep :]
        self.added += len(samples)

    def take(self, rng: np.random.Generator, count: int) -> Samples:
        """Return `count` positions drawn at random, without repeats while there are enough."""
        if not len(self):
            raise GoError("the replay window is empty")
        chosen = rng.choice(len(self), count, replace=count > len(self))
        return Samples(*(array[chosen] for array in self._store.arrays()))


class ShardStore:
    """Games on disk, appended and never changed: one file a shard, its hash in its name.

    A file whose content is not what its name says is moved to `damaged/` with a warning, and
    counted in `damaged`; the rest loads.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.damaged = 0

    def append(self, games: PlayedGames) -> Path:
        """Write the games as the next shard, whole or not at all, and return its path."""
        content = games.to_bytes()
        numbers = [number for number, _ in self._files()]
        number = max(numbers, default=0) + 1
        digest = hashlib.sha256(content).hexdigest()[:16]
        path = self.folder / f"shard-{number:06d}-{digest}.npz"
        write_atomic(path, content)
        return path

    def newest(self, positions: int) -> list[PlayedGames]:
        """Return the newest shards that together hold `positions` positions, oldest first."""
        found: list[PlayedGames] = []
        held = 0
        for _, path in reversed(self._files()):
            if held >= positions:
                break
            games = self._read(path)
            if games is not None:
                found.append(games)
                held += games.positions
        return found[::-1]

    def __len__(self) -> int:
        return len(self._files())

    def _files(self) -> list[tuple[int, Path]]:
        matches = ((_SHARD_NAME.fullmatch(path.name), path) for path in self.folder.iterdir())
        return sorted((int(match[1]), path) for match, path in matches if match)

    def _read(self, path: Path) -> PlayedGames | None:
        content = path.read_bytes()
        expected = _SHARD_NAME.fullmatch(path.name)[2]
        if hashlib.sha256(content).hexdigest()[:16] == expected:
            return PlayedGames.from_bytes(content)
        self.damaged += 1
        aside = self.folder / "damaged" / path.name
        aside.parent.mkdir(exist_ok=True)
        path.replace(aside)
        warnings.warn(f"{path.name} is damaged and was set aside in {aside.parent}", stacklevel=3)
        return None
