"""From games to training positions: every position replayed, labelled, packed and written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from gokit.corpus.holdout import game_key, held_out, is_held_out
from gokit.corpus.positions import (
    FORMAT,
    INDEX_FILE,
    KEY_BYTES,
    PARTS,
    UNKNOWN,
    bit_planes,
    encode_shard,
)
from gokit.corpus.sources import SourceGame, SourceReport, margin_of
from gokit.go.errors import GoError
from gokit.go.games import Games
from gokit.go.geometry import KO, PASSES, TO_MOVE
from gokit.go.rules import BLACK, EMPTY
from gokit.nn.features import KOMI, feature_names, write_planes
from gokit.storage import write_atomic

SHARD_POSITIONS = 1 << 18
GAMES_AT_ONCE = 256


def write_positions(
    games: Iterable[SourceGame],
    folder: str | Path,
    *,
    features: str = "basic",
    size: int = 9,
    holdout: float = 0.1,
    report: SourceReport | None = None,
    shard_positions: int = SHARD_POSITIONS,
    on_game: Callable[[], Any] = lambda: None,
) -> dict[str, Any]:
    """Write every position before a move of the games, and return the folder's index.

    A game that was there before, or an image of one, is left out and counted in `report`, as are
    games on other boards. holdout: the share of games, not of positions, that make the part
    "holdout" (see `holdout.held_out`). Shards end with a game once they have `shard_positions`.
    The index is written last. Raises GoError where the folder already holds positions, and where
    no game is left.
    """
    folder = Path(folder)
    report = SourceReport() if report is None else report
    feature_names(features)
    is_held_out(bytes(KEY_BYTES), holdout)
    if (folder / INDEX_FILE).exists():
        raise GoError(f"{folder} already holds positions; write them to another folder")
    parts = {part: _Part(folder, part, features, size, shard_positions) for part in PARTS}
    seen: set[bytes] = set()
    for game in games:
        on_game()
        key = game_key(game.record)
        reason = "another board size" if game.record.size != size else None
        reason = "duplicate" if key in seen else reason
        if reason is None and not game.record.moves:
            reason = "no moves"
        if reason is not None:
            report.skip(reason, game.place)
            continue
        seen.add(key)
        parts["holdout" if held_out(game.record, holdout) else "train"].add(game, key)
    if not seen:
        raise GoError("no game is left to take positions from: " + str(report).replace("\n", "; "))
    report.kept = len(seen)
    index = {
        "format": FORMAT,
        "features": features,
        "size": size,
        "holdout": holdout,
        "parts": {name: part.close() for name, part in parts.items()},
        "report": report.to_dict(),
    }
    write_atomic(folder / INDEX_FILE, json.dumps(index, indent=1).encode())
    return index


def summary(index: dict[str, Any]) -> str:
    """Return an index as lines for people: what was left out and why, games and positions."""
    report = SourceReport(**index["report"])
    lines = [str(report)]
    for part, shards in index["parts"].items():
        games = sum(shard["games"] for shard in shards)
        positions = sum(shard["positions"] for shard in shards)
        lines.append(f"{part}: {games:,} games, {positions:,} positions, {len(shards)} files")
    return "\n".join(lines)


def label_games(games: list[SourceGame], keys: list[bytes], features: str) -> dict[str, np.ndarray]:
    """Return the columns of `positions.layout` for games of one size, ko and suicide rule.

    The column "rules" is left to the caller. Raises GoError where a game cannot be replayed.
    """
    records = [game.record for game in games]
    size = records[0].size
    lengths = np.array([len(record.moves) for record in records])
    starts = np.cumsum(lengths) - lengths
    # Komi is a column of its own, so that games under different komi are replayed together.
    board = Games.from_positions(
        [replace(record, rules=record.rules.replace(komi=0.0)).start() for record in records],
        max_moves=int(lengths.max()) + 1,
    )
    table = np.concatenate([np.array(r.moves, np.int64).reshape(-1, 2) for r in records])
    colors, moves = table[:, 0], table[:, 1]
    packed = -(-len(bit_planes(features)[0]) * size**2 // 8)
    bits = np.empty((len(moves), packed), np.uint8)
    for ply in range(int(lengths.max())):
        running = np.flatnonzero(lengths > ply)
        where = starts[running] + ply
        _give_the_move(board, running, colors[where])
        planes = np.empty((len(running), len(feature_names(features)), size, size), np.int8)
        write_planes(board, running, features, planes)
        bits[where] = pack_planes(planes, features)
        actions = np.full(len(games), -1, np.int64)
        actions[running] = moves[where]
        board.play(actions)

    targets = moves.copy()
    for start, length, game in zip(starts, lengths, games, strict=True):
        random = np.array(game.random, np.int64)
        targets[start + random[random <= length] - 1] = -1
    margins, owners = _final_areas(board, records)
    return {
        "bits": bits,
        "moves": targets,
        "game": np.repeat(np.arange(len(games)), lengths),
        "ply": np.arange(len(moves)) - np.repeat(starts, lengths),
        "to_move": colors,
        "length": lengths,
        "komi": np.array([round(2 * record.rules.komi) for record in records]),
        "winner": np.array([UNKNOWN if g.winner is None else g.winner for g in games]),
        "margin": margins,
        "ownership": owners,
        "key": np.frombuffer(b"".join(keys), np.uint8).reshape(-1, KEY_BYTES),
    }


def pack_planes(planes: np.ndarray, features: str) -> np.ndarray:
    """Return planes, int8 [B, C, N, N] as `write_planes` fills them, as bits, uint8 [B, bytes].

    Raises GoError for a number that the bits of its plane cannot hold.
    """
    plane, weight = bit_planes(features)
    stored = planes[:, plane].astype(np.uint8).reshape(len(planes), len(plane), -1)
    bits = (stored & weight[None, :, None].astype(np.uint8)) > 0
    largest = np.bincount(plane, weight, planes.shape[1]).astype(np.int64)
    for c, name in enumerate(feature_names(features)):
        if name != KOMI and (planes[:, c].min() < 0 or planes[:, c].max() > largest[c]):
            raise GoError(f"the plane {name!r} holds numbers that do not fit its bits")
    return np.packbits(bits.reshape(len(planes), -1), axis=1, bitorder="little")


def _give_the_move(board: Games, running: np.ndarray, colors: np.ndarray) -> None:
    """As `Position.to_play`, where one side moves twice in a row."""
    twice = running[board.to_move[running] != colors]
    board.words[twice, TO_MOVE] = colors[board.to_move[running] != colors]
    board.words[twice, KO] = 0
    board.words[twice, PASSES] = 0


def _final_areas(board: Games, records: list) -> tuple[np.ndarray, np.ndarray]:
    """Return margins, float32 [G], and owners, int8 [G, N*N], of games played to their end.

    A game counts as such where it ended with two passes and the board's area is the result that
    the record states: no dead stone is left, and nobody counted by other rules.
    """
    areas = board.score()
    owners = board.ownership().reshape(len(records), -1)
    signed = np.where(owners == EMPTY, 0, np.where(owners == BLACK, 1, -1)).astype(np.int8)
    margins = np.full(len(records), np.nan, np.float32)
    for i, record in enumerate(records):
        stated = margin_of(record.result)
        agrees = stated is not None and abs(areas[i] - record.rules.komi - stated) < 1e-3
        if record.end == "two passes" and agrees:
            margins[i] = areas[i]
    signed[np.isnan(margins)] = 0
    return margins, signed


class _Part:
    """One part's games on their way into shards."""

    def __init__(
        self, folder: Path, part: str, features: str, size: int, shard_positions: int
    ) -> None:
        self.folder, self.part, self.features, self.size = folder, part, features, size
        self.shard_positions = shard_positions
        self.entries: list[dict[str, Any]] = []
        self._waiting: dict[tuple[str, bool], list[tuple[SourceGame, bytes]]] = {}
        self._begin_shard()

    def _begin_shard(self) -> None:
        self._pieces: list[dict[str, np.ndarray]] = []
        self._rules: list[tuple[str, bool]] = []
        self._positions = self._games = 0

    def add(self, game: SourceGame, key: bytes) -> None:
        rules = (game.record.rules.superko, game.record.rules.suicide)
        waiting = self._waiting.setdefault(rules, [])
        waiting.append((game, key))
        if len(waiting) == GAMES_AT_ONCE:
            self._label(rules)

    def close(self) -> list[dict[str, Any]]:
        """Write what is waiting and return the entries of the index."""
        for rules in sorted(self._waiting):
            if self._waiting[rules]:
                self._label(rules)
        if self._pieces:
            self._write()
        return self.entries

    def _label(self, rules: tuple[str, bool]) -> None:
        games, keys = zip(*self._waiting.pop(rules), strict=True)
        columns = label_games(list(games), list(keys), self.features)
        if rules not in self._rules:
            self._rules.append(rules)
        columns["rules"] = np.full(len(games), self._rules.index(rules))
        columns["game"] += self._games
        self._pieces.append(columns)
        self._games += len(games)
        self._positions += len(columns["moves"])
        if self._positions >= self.shard_positions:
            self._write()

    def _write(self) -> None:
        columns = {
            name: np.concatenate([p[name] for p in self._pieces]) for name in self._pieces[0]
        }
        counts = {"games": self._games, "positions": self._positions}
        header = {
            "format": FORMAT,
            "part": self.part,
            "features": self.features,
            "planes": feature_names(self.features),
            "size": self.size,
            "rules": [{"superko": superko, "suicide": suicide} for superko, suicide in self._rules],
            "source": hashlib.sha256(columns["key"].tobytes()).hexdigest(),
            **counts,
        }
        content = encode_shard(header, columns)
        name = f"{self.part}-{len(self.entries):05d}.positions"
        write_atomic(self.folder / name, content)
        digest = content[8:40].hex()
        self.entries.append({"file": name, "sha256": digest, "source": header["source"], **counts})
        self._begin_shard()
