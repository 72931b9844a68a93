"""Training positions on disk: bit-packed, memory-mapped, drawn at random in all eight symmetries.

A shard is one file: 8 bytes of magic, the SHA-256 of all that follows it, the length of the file,
that of the header, the header (JSON), then the columns of `layout`, each at a multiple of 64 bytes.
A folder of shards has an index, `positions.json`, written last.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gokit.go import symmetry
from gokit.go.compiled import lean
from gokit.go.errors import GoError
from gokit.go.rules import BLACK, WHITE
from gokit.nn.features import KOMI, feature_names, plane_scales

if TYPE_CHECKING:
    from gokit.nn.training import Batch

FORMAT = "gokit positions 1"
INDEX_FILE = "positions.json"
PARTS = ("train", "holdout")
UNKNOWN = -1  # winner of a game whose result is not known
KEY_BYTES = 16
_MAGIC = b"gokitP1\n"
_HASHED = len(_MAGIC) + 32
_START = _HASHED + 16
_ALIGN = 64
_TWO_BITS = ("stones as 0, 1, 2",)  # planes of 0 to 3; all others but the komi are of 0 and 1


def bit_planes(features: str) -> tuple[np.ndarray, np.ndarray]:
    """Return (plane, weight) of each stored bit plane, int64: a plane is the sum of its bits.

    The plane of komi has none; it follows from the game's komi and the side to move.
    """
    pairs = []
    for plane, name in enumerate(feature_names(features)):
        bits = 0 if name == KOMI else 2 if name in _TWO_BITS else 1
        pairs += [(plane, 1 << bit) for bit in range(bits)]
    table = np.array(pairs, np.int64)
    return table[:, 0].copy(), table[:, 1].copy()


def layout(header: dict[str, Any]) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Return (type, shape) of each column of a shard with P positions of G games.

    bits: the bit planes of a position, point after point, the lowest bit of a byte first. moves:
    the move played, -1 where it was random and so is no target. game: the row of the columns of
    games. ply: moves before the position. to_move: BLACK or WHITE.
    length: moves of a game. komi: White's, in half-points. winner: with komi; BLACK, WHITE, EMPTY
    for a draw, -1 unknown. margin: Black's area minus White's without komi, nan unless the game
    was played to its end. ownership: at the end, 1 Black's, -1 White's, 0 nobody's or not known.
    rules: which of the header's. key: `holdout.game_key`.
    """
    positions, games, points = header["positions"], header["games"], header["size"] ** 2
    packed = -(-len(bit_planes(header["features"])[0]) * points // 8)
    return {
        "bits": ("|u1", (positions, packed)),
        "moves": ("<i2", (positions,)),
        "game": ("<i4", (positions,)),
        "ply": ("<i2", (positions,)),
        "to_move": ("|u1", (positions,)),
        "length": ("<i2", (games,)),
        "komi": ("<i2", (games,)),
        "winner": ("|i1", (games,)),
        "margin": ("<f4", (games,)),
        "ownership": ("|i1", (games, points)),
        "rules": ("|u1", (games,)),
        "key": ("|u1", (games, KEY_BYTES)),
    }


def encode_shard(header: dict[str, Any], columns: dict[str, np.ndarray]) -> bytes:
    """Return the bytes of a shard file; GoError where a column is not what `layout` says."""
    text = json.dumps(header, sort_keys=True).encode()
    parts = [text]
    end = _START + len(text)
    for name, (kind, shape) in layout(header).items():
        column = np.ascontiguousarray(columns[name], np.dtype(kind))
        if column.shape != shape:
            raise GoError(f"the column {name} has the shape {column.shape}, not {shape}")
        padding = -end % _ALIGN
        parts += [bytes(padding), column.tobytes()]
        end += padding + column.nbytes
    content = b"".join([end.to_bytes(8, "little"), len(text).to_bytes(8, "little"), *parts])
    return _MAGIC + hashlib.sha256(content).digest() + content


class Shard:
    """One file of positions, memory-mapped.

    header: what it was made with. columns: read-only arrays, as `layout` describes them.
    verify: whether to read the whole file once and compare its hash. Raises GoError for a file
    that is cut off, altered, of other planes than this version's, or no shard at all.
    """

    def __init__(self, path: str | Path, verify: bool = True) -> None:
        self.path = Path(path)
        try:
            content = np.asarray(np.memmap(self.path, np.uint8, "r"))
        except (OSError, ValueError) as error:
            raise GoError(f"cannot read the positions {self.path}: {error}") from None
        if content[: len(_MAGIC)].tobytes() != _MAGIC:
            raise GoError(f"{self.path} is no file of positions")
        size, text = (int.from_bytes(n.tobytes(), "little") for n in _numbers(content))
        if content.size != size:
            what = "cut off" if content.size < size else "too long"
            raise GoError(f"{self.path} is {what}: {content.size:,} bytes instead of {size:,}")
        self.digest = content[len(_MAGIC) : _HASHED].tobytes()
        if verify and hashlib.sha256(content[_HASHED:]).digest() != self.digest:
            raise GoError(f"{self.path} was altered: its content has another hash than it says")
        self.header = self._header(content[_START : _START + text].tobytes())
        self.columns = self._columns(content, _START + text)

    def __len__(self) -> int:
        return self.header["positions"]

    def _header(self, text: bytes) -> dict[str, Any]:
        try:
            header = json.loads(text)
            if header["format"] != FORMAT:
                raise GoError(f"{self.path} is not of the format {FORMAT!r}")
            names = feature_names(str(header["features"]))
            found = tuple(header["planes"])
            counts = [header[name] for name in ("positions", "games", "size")]
        except (ValueError, KeyError, TypeError) as error:
            raise GoError(f"the header of {self.path} was altered ({error})") from None
        if not all(isinstance(count, int) and count >= 0 for count in counts):
            raise GoError(f"the header of {self.path} was altered: its counts are {counts}")
        if found != names:
            raise GoError(
                f"{self.path} has other planes than the features {header['features']!r} have now: "
                "write the positions again"
            )
        return header

    def _columns(self, content: np.ndarray, end: int) -> dict[str, np.ndarray]:
        columns = {}
        for name, (kind, shape) in layout(self.header).items():
            begin = end + -end % _ALIGN
            end = begin + math.prod(shape) * np.dtype(kind).itemsize
            if end > content.size:
                raise GoError(f"{self.path} was altered: it has no room for its column {name!r}")
            columns[name] = content[begin:end].view(kind).reshape(shape)
        # Compiled functions use these numbers as places in memory.
        for name, least, most in (
            ("moves", -1, self.header["size"] ** 2),
            ("game", 0, self.header["games"] - 1),
        ):
            column = columns[name]
            if column.size and not (column.min() >= least and column.max() <= most):
                raise GoError(f"{self.path} was altered: its column {name!r} is out of range")
        return columns


def _numbers(content: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return content[_HASHED : _HASHED + 8], content[_HASHED + 8 : _START]


@dataclass(frozen=True)
class PositionBatch:
    """B positions as numpy arrays, all from the view of the side to move.

    planes: float32 [B, C, N, N], scaled for a network. policy: float32 [B, N*N+1], one-hot, zeros
    where there is no target. value: float32 [B], in [-1, 1]. ownership: float32 [B, N, N], 1 for
    the side to move. score: float32 [B], the final area margin without komi over N*N.
    policy_weight, value_weight, ownership_weight (of the score too): float32 [B], 0 or 1.
    won: int8 [B], 1 where the side to move won the game, -1 where it lost, 0 for a draw or an
    unknown result. game, ply, length: int64 [B], a number for each game, moves before the
    position, and moves in the game.
    """

    planes: np.ndarray
    policy: np.ndarray
    value: np.ndarray
    ownership: np.ndarray
    policy_weight: np.ndarray
    value_weight: np.ndarray
    ownership_weight: np.ndarray
    won: np.ndarray
    game: np.ndarray
    ply: np.ndarray
    length: np.ndarray
    score: np.ndarray

    def __len__(self) -> int:
        return len(self.value)

    def tensors(self) -> Batch:
        """Return what `training.compute_losses` needs, on the CPU."""
        import torch

        from gokit.nn.training import Batch

        return Batch(
            planes=torch.from_numpy(self.planes),
            policy=torch.from_numpy(self.policy),
            value=torch.from_numpy(self.value),
            ownership=torch.from_numpy(self.ownership),
            policy_weight=torch.from_numpy(self.policy_weight),
            result_weight=torch.from_numpy(self.value_weight),
            score=torch.from_numpy(self.score),
            ownership_weight=torch.from_numpy(self.ownership_weight),
        )


class Positions:
    """The positions of one part, "train" or "holdout", of a folder that `write_positions` made.

    features: the set whose planes they are expected to have, any by default. Opening a folder
    maps its files and reads nothing but what is drawn, except that `verify` reads all once.
    Raises GoError for a folder that is incomplete, for files that are not those of its index, and
    as `Shard` does. Built in chapter 5.
    """

    def __init__(
        self,
        folder: str | Path,
        part: str = "train",
        features: str | None = None,
        verify: bool = True,
    ) -> None:
        if part not in PARTS:
            raise GoError(f"positions have the parts {' and '.join(PARTS)}, not {part!r}")
        self.index = read_index(folder)
        self.features: str = self.index["features"]
        self.size: int = self.index["size"]
        if features not in (None, self.features):
            raise GoError(
                f"{folder} has planes of the features {self.features!r}, not {features!r}"
            )
        self.shards = []
        for entry in self.index["parts"][part]:
            shard = Shard(Path(folder) / entry["file"], verify)
            if shard.digest.hex() != entry["sha256"]:
                raise GoError(f"{shard.path} is not the file that the index of its folder lists")
            self.shards.append(shard)
        counts = [len(shard) for shard in self.shards]
        self._ends = np.cumsum(counts, dtype=np.int64)
        games = [shard.header["games"] for shard in self.shards]
        self._first_game = np.concatenate([[0], np.cumsum(games, dtype=np.int64)])

    def __len__(self) -> int:
        return int(self._ends[-1]) if self.shards else 0

    @property
    def games(self) -> int:
        """The number of games that the positions are from."""
        return int(self._first_game[-1])

    def take(
        self,
        indices: np.ndarray,
        symmetries: np.ndarray | int = 0,
        *,
        value: str = "win",
        winners_only: bool = False,
    ) -> PositionBatch:
        """Return the positions `indices`, int [B], each turned by its symmetry, 0 to 7.

        value: "win", 1, 0 or -1 with komi, or "margin", the area margin without komi over N*N.
        winners_only: whether moves of the side that did not win are no policy targets.
        """
        indices = np.asarray(indices, np.int64)
        turns = np.broadcast_to(np.asarray(symmetries, np.int64), indices.shape)
        if indices.size and not (indices.min() >= 0 and indices.max() < len(self)):
            raise GoError(f"there are {len(self)} positions, and not all of these are among them")
        if indices.size and not (turns.min() >= 0 and turns.max() < symmetry.COUNT):
            raise GoError("a symmetry is a number from 0 to 7")
        batch = _Filling(self.features, self.size, len(indices))
        where = np.searchsorted(self._ends, indices, side="right")
        for number in np.unique(where):
            places = np.flatnonzero(where == number)
            first = self._ends[number] - len(self.shards[number])
            batch.fill(
                self.shards[number].columns,
                indices[places] - first,
                places,
                turns[places],
                self._first_game[number],
            )
        return batch.finish(value, winners_only)

    def batches(
        self,
        batch_size: int,
        seed: int,
        *,
        epochs: int | None = None,
        limit: int | None = None,
        symmetries: bool = True,
        value: str = "win",
        winners_only: bool = False,
        skip: int = 0,
    ) -> Iterator[PositionBatch]:
        """Yield batches at random, each position once an epoch; without `epochs`, for ever.

        The same seed gives the same batches. What is left over at the end of an epoch makes no
        batch. limit: draw from so many positions only, the same ones for every seed, and all of
        them among those of any larger limit. skip: leave out so many batches, the first ones,
        without reading them. Raises GoError where there are fewer positions than a batch has, or
        than the limit.
        """
        count = len(self) if limit is None else limit
        if count > len(self):
            raise GoError(f"there are {len(self)} positions, not {limit}")
        if not 1 <= batch_size <= count:
            raise GoError(f"a batch has 1 to {count} positions here, not {batch_size}")
        allowed = None if limit is None else np.random.default_rng(0).permutation(len(self))[:limit]
        epoch, left_out = divmod(skip, count // batch_size)
        while epochs is None or epoch < epochs:
            rng = np.random.default_rng([seed, epoch])
            order = rng.permutation(count if allowed is None else allowed)
            for start in range(0, count - batch_size + 1, batch_size):
                turns = rng.integers(symmetry.COUNT, size=batch_size) if symmetries else 0
                if left_out:
                    left_out -= 1
                    continue
                chosen = order[start : start + batch_size]
                yield self.take(chosen, turns, value=value, winners_only=winners_only)
            epoch += 1

    def in_order(self, batch_size: int, *, value: str = "win") -> Iterator[PositionBatch]:
        """Yield all positions once, untransformed, for measuring."""
        for start in range(0, len(self), batch_size):
            yield self.take(np.arange(start, min(start + batch_size, len(self))), value=value)


def read_index(folder: str | Path) -> dict[str, Any]:
    """Return the index of a folder of positions; GoError where it has none or a broken one."""
    path = Path(folder) / INDEX_FILE
    try:
        index = json.loads(path.read_text(encoding="utf-8"))
        if index["format"] == FORMAT and set(index["parts"]) == set(PARTS):
            return index
    except FileNotFoundError:
        raise GoError(f"{folder} holds no complete set of positions: no {INDEX_FILE}") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise GoError(f"{path} is damaged ({error})") from None
    raise GoError(f"{path} is not of the format {FORMAT!r}")


class _Filling:
    """A batch being put together, shard by shard."""

    def __init__(self, features: str, size: int, count: int) -> None:
        self.size = size
        names = feature_names(features)
        self.scales = plane_scales(features).ravel()
        self.bit_planes = bit_planes(features)
        self.komi_plane = names.index(KOMI) if KOMI in names else -1
        self.planes = np.empty((count, len(names), size * size), np.float32)
        self.ownership = np.empty((count, size * size), np.float32)
        self.moves, self.ply, self.length, self.game = np.empty((4, count), np.int64)
        self.sign, self.winner, self.komi = np.empty((3, count), np.int64)
        self.margin = np.empty(count, np.float32)

    def fill(
        self,
        columns: dict[str, np.ndarray],
        rows: np.ndarray,
        places: np.ndarray,
        turns: np.ndarray,
        first_game: int,
    ) -> None:
        """Write the positions `rows` of a shard to the places `places` of the batch."""
        game = columns["game"][rows]
        to = np.stack([symmetry.permutation(k, self.size) for k in range(symmetry.COUNT)])
        sign = np.where(columns["to_move"][rows] == BLACK, 1, -1)
        moves = columns["moves"][rows].astype(np.int64)
        self.moves[places] = np.where(moves < 0, -1, to[turns, moves])
        self.sign[places] = sign
        self.ply[places] = columns["ply"][rows]
        self.game[places] = game + first_game
        for name in ("length", "winner", "komi", "margin"):
            getattr(self, name)[places] = columns[name][game]
        plane, weight = self.bit_planes
        _unpack(columns["bits"], rows, places, turns, to, plane, weight, self.scales, self.planes)
        _turn(columns["ownership"], game.astype(np.int64), places, turns, to, sign, self.ownership)
        if self.komi_plane >= 0:
            komi = -sign * self.komi[places] * self.scales[self.komi_plane]
            self.planes[places, self.komi_plane] = komi[:, None]

    def finish(self, value: str, winners_only: bool) -> PositionBatch:
        count, n = len(self.moves), self.size
        known, scored = self.winner != UNKNOWN, ~np.isnan(self.margin)
        black_won = np.where(self.winner == BLACK, 1, np.where(self.winner == WHITE, -1, 0))
        won = self.sign * black_won
        targets = self.moves >= 0
        policy = np.zeros((count, n * n + 1), np.float32)
        policy[np.flatnonzero(targets), self.moves[targets]] = 1
        score = (np.where(scored, self.margin, 0) * self.sign / n**2).astype(np.float32)
        if value == "win":
            label, value_weight = won, known
        elif value == "margin":
            label, value_weight = score, scored
        else:
            raise GoError(f'a value is "win" or "margin", not {value!r}')
        return PositionBatch(
            planes=self.planes.reshape(*self.planes.shape[:2], n, n),
            policy=policy,
            value=label.astype(np.float32),
            ownership=self.ownership.reshape(count, n, n),
            policy_weight=(targets & (won > 0) if winners_only else targets).astype(np.float32),
            value_weight=value_weight.astype(np.float32),
            ownership_weight=scored.astype(np.float32),
            won=won.astype(np.int8),
            game=self.game,
            ply=self.ply,
            length=self.length,
            score=score,
        )


@lean
def _unpack(bits, rows, places, turns, to, plane, weight, scales, planes):
    points = planes.shape[2]
    for i in range(rows.size):
        row, place, turn = rows[i], places[i], turns[i]
        for b in range(plane.size):
            c = plane[b]
            # Bits of one plane follow each other; the first one begins the sum.
            add = b > 0 and plane[b - 1] == c
            step = scales[c] * weight[b]
            for p in range(points):
                j = b * points + p
                number = step * ((bits[row, j >> 3] >> (j & 7)) & 1)
                target = to[turn, p]
                planes[place, c, target] = number + (planes[place, c, target] if add else 0)


@lean
def _turn(ownership, games, places, turns, to, sign, turned):
    for i in range(games.size):
        for p in range(turned.shape[1]):
            turned[places[i], to[turns[i], p]] = sign[i] * ownership[games[i], p]
