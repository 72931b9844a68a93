"""A corpus on disk: a journal of the games just played, and shards that never change again.

A shard is a zip of `games.sgf`, an SGF collection with a game a line, and `provenance.json`.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import time
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gokit.corpus.games import Game, Settings
from gokit.go.errors import GoError
from gokit.go.records import GameRecord, read_sgf, write_sgf
from gokit.go.rules import BLACK, opponent
from gokit.storage import write_atomic

SETTINGS_FILE = "corpus.json"
JOURNAL_FILE = "journal.jsonl"
SGF_MEMBER, PROVENANCE_MEMBER = "games.sgf", "provenance.json"
_SHARD_NAME = re.compile(r"games-(\d{6,})-(\d{6,})\.zip")
_COMMENT = re.compile(r"game (\d+) of seed (\d+); random plies((?: \d+)*)")
# A value that nothing ends runs to the end of the file, so that no file takes quadratic time.
_BRACKETED = re.compile(rb"\[[^\]\\]*(?:\\.[^\]\\]*)*\\?(?:\]|\Z)|[()]", re.DOTALL)
_GAME_BEGINS = re.compile(rb"[\r\n]\(\s*;\s*(?:[A-Za-z]+\s*(?:\[[^\]]*\]\s*)+)*?(?:GM|FF|SZ)\[")
_SYNC_S = 20.0


class Journal:
    """Games in the order in which they ended, one line each; a line is lost, never a file."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.damaged = 0
        self._file: io.BufferedWriter | None = None
        self._synced = time.monotonic()

    def read(self) -> list[Game]:
        """Return the games whose lines are whole; `damaged` counts the others."""
        try:
            lines = self.path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return []
        games = [_game_of_line(line) for line in lines if line.strip()]
        self.damaged = sum(game is None for game in games)
        return [game for game in games if game is not None]

    def append(self, game: Game) -> None:
        """Add a game's line: it survives the end of this process at once, of the machine soon."""
        if self._file is None:
            # The line that a kill cut off must not swallow the next one.
            torn = self.path.exists() and not self.path.read_bytes().endswith(b"\n")
            self._file = open(self.path, "ab", buffering=0)  # noqa: SIM115
            if torn:
                self._file.write(b"\n")
        self._file.write(_line_of_game(game))
        if time.monotonic() - self._synced > _SYNC_S:
            os.fsync(self._file.fileno())
            self._synced = time.monotonic()

    def rewrite(self, games: Iterable[Game]) -> None:
        """Replace the journal by the lines of these games; no games, no file."""
        self.close()
        content = b"".join(map(_line_of_game, games))
        if content:
            write_atomic(self.path, content)
        else:
            self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Write everything through to the disk."""
        if self._file is not None:
            os.fsync(self._file.fileno())
            self._file.close()
            self._file = None


def _line_of_game(game: Game) -> bytes:
    text = json.dumps(asdict(game), separators=(",", ":")).encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


def _game_of_line(line: bytes) -> Game | None:
    check, _, text = line.partition(b" ")
    if check != b"%08x" % zlib.crc32(text):
        return None
    table = json.loads(text)
    return Game(**table | {"moves": tuple(table["moves"]), "random": tuple(table["random"])})


def shards(folder: str | Path) -> list[tuple[int, int, Path]]:
    """Return (first index, last index, path) of a corpus' shards, in order.

    Raises GoError where one is missing between them.
    """
    found = []
    for path in sorted(Path(folder).glob("games-*.zip")):
        if match := _SHARD_NAME.fullmatch(path.name):
            found.append((int(match[1]), int(match[2]), path))
    found.sort()
    expected = 0
    for first, last, path in found:
        if first != expected:
            raise GoError(f"{path.parent} has no shard that begins with game {expected}")
        expected = last + 1
    return found


def read_settings(folder: str | Path) -> Settings:
    """Return what a corpus is made with; GoError where its folder does not say."""
    path = Path(folder) / SETTINGS_FILE
    try:
        return Settings.from_dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise GoError(f"{path} does not hold the settings of a corpus ({error})") from None


def write_shard(
    folder: str | Path, settings: Settings, games: list[Game], about: dict[str, Any]
) -> Path:
    """Write consecutive games, dropped ones included, as one shard, and return its path.

    about: further provenance. The moves of dropped games are kept in the provenance.
    """
    from gokit import __version__

    kept = [game for game in games if not game.dropped]
    aside = [game for game in games if game.dropped]
    text = "".join(sgf_line(settings, game, about["engine"]) for game in kept).encode()
    provenance = {
        "format": "gokit corpus 1",
        **about,
        "gokit": __version__,
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "command": settings.command(),
        "settings": settings.to_dict(),
        "rules": settings.rules.to_dict(),
        "first": games[0].index,
        "last": games[-1].index,
        "games": len(kept),
        "dropped": counted(aside),
        "sha256": hashlib.sha256(text).hexdigest(),
        "set_aside": [asdict(game) for game in aside],
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_BZIP2, compresslevel=9) as archive:
        archive.writestr(SGF_MEMBER, text)
        archive.writestr(PROVENANCE_MEMBER, json.dumps(provenance, indent=1))
    path = Path(folder) / f"games-{games[0].index:06d}-{games[-1].index:06d}.zip"
    write_atomic(path, buffer.getvalue())
    return path


def counted(aside: Iterable[Game]) -> dict[str, int]:
    """Return how many games were dropped for which reason."""
    counts: dict[str, int] = {}
    for game in aside:
        counts[game.dropped] = counts.get(game.dropped, 0) + 1
    return dict(sorted(counts.items()))


def sgf_line(settings: Settings, game: Game, engine: str) -> str:
    """Return a game as one line of SGF whose root comment names its random plies."""
    name = engine if settings.level is None else f"{engine} level {settings.level}"
    plies = "".join(f" {ply}" for ply in game.random)
    colors = [BLACK if i % 2 == 0 else opponent(BLACK) for i in range(len(game.moves))]
    record = GameRecord(
        size=settings.size,
        rules=settings.rules,
        moves=list(zip(colors, game.moves, strict=True)),
        result=game.result,
        names=(name, name),
        comments={0: f"game {game.index} of seed {settings.seed}; random plies{plies}"},
        end=game.end,
    )
    return write_sgf(record).replace("\n", "") + "\n"


def game_index(record: GameRecord) -> int:
    """Return a corpus game's number; GoError for a record that does not say."""
    return int(_root_comment(record)[1])


def random_plies(record: GameRecord) -> tuple[int, ...]:
    """Return the numbers, from 1, of a corpus game's plies that its engine did not choose.

    They are no targets for a policy. Raises GoError for a record that does not say.
    """
    return tuple(map(int, _root_comment(record)[3].split()))


def _root_comment(record: GameRecord) -> re.Match[str]:
    match = _COMMENT.search(record.comments.get(0, ""))
    if match is None:
        raise GoError("the record's first comment does not name its random plies")
    return match


def read_games(path: str | Path) -> Iterator[GameRecord]:
    """Yield the games of an SGF file or collection, of a zip of them, or of a folder of both.

    Folders are read to the bottom, in the order of their names. Raises SgfError for what is no
    game and GoError for what cannot be read.
    """
    for _, content in sgf_files(path):
        for game in split_collection(content):
            yield read_sgf(game)


def sgf_files(path: str | Path) -> Iterator[tuple[str, bytes]]:
    """Yield (name, content) of the SGF files at `path`, in zips and folders too."""
    path = Path(path)
    if path.is_dir():
        for inner in sorted(path.rglob("*")):
            if inner.suffix in (".zip", ".sgf") and inner.is_file():
                yield from sgf_files(inner)
        return
    try:
        if path.suffix != ".zip":
            yield str(path), path.read_bytes()
            return
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                if member.endswith(".sgf"):
                    yield f"{path}/{member}", archive.read(member)
    except (OSError, zipfile.BadZipFile, EOFError, zlib.error) as error:
        raise GoError(f"cannot read the games of {path}: {error}") from None


def split_collection(content: bytes, mend: bool = False) -> Iterator[bytes]:
    """Yield the game trees of an SGF collection, each from its bracket to the closing one.

    A game that breaks off takes all that follows with it. mend: it ends where the next one begins
    with a root of its own, a new line with "(;" and a GM, FF or SZ; one that breaks off within a
    value takes the next one with it. The time is proportional to the length of any content.
    """
    depth = start = 0
    for match in _BRACKETED.finditer(content):
        if match[0] == b"(":
            if mend and depth > 0 and _GAME_BEGINS.match(content, match.start() - 1):
                yield content[start : match.start()]
                depth = 0
            start = match.start() if depth == 0 else start
            depth += 1
        elif match[0] == b")" and depth > 0:
            depth -= 1
            if depth == 0:
                yield content[start : match.end()]
    if depth > 0:
        yield content[start:]  # the reader of single games says where it breaks off


def provenance(path: str | Path) -> dict[str, Any]:
    """Return what a shard says of its making; GoError where it cannot be read."""
    try:
        with zipfile.ZipFile(path) as archive:
            return json.loads(archive.read(PROVENANCE_MEMBER))
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise GoError(f"cannot read the provenance of {path}: {error}") from None
