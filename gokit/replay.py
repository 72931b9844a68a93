"""Self-play's games on disk: checksummed shards, appended and never changed."""

from __future__ import annotations

import hashlib
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from gokit.played import PlayedGames
from gokit.storage import write_atomic

_SHARD_NAME = re.compile(r"shard-(\d{6,})(?:-r(\d+))?-([0-9a-f]{16})\.npz")
_JOURNAL_NAME = re.compile(r"journal-(\d{6,})-r(\d+)")


class ShardStore:
    """Games on disk, appended and never changed: one file a shard, its hash in its name.

    rank: of the process that writes, where several fill one folder; only the first one's files
    leave it out of their names. A file whose content is not what its name says is moved to
    `damaged/` with a warning, and counted in `damaged`; the rest loads.

    Games that are over before their shard is can be kept in a journal meanwhile, which ends with
    the shard: so a process that is killed loses no game but those still being played.
    Built in chapter 7.
    """

    def __init__(self, folder: str | Path, rank: int = 0) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.rank = rank
        self.damaged = 0
        self._journal: tuple[int, BinaryIO] | None = None

    def append(self, games: PlayedGames) -> Path:
        """Write the games as the next shard, whole or not at all, and return its path.

        They are all that `keep` was given since the last shard, or there was nothing kept.
        """
        number = self._journal[0] if self._journal else self.last + 1
        path = self._write(number, self.rank, games)
        if self._journal:
            self._journal[1].close()
            self._journal = None
            self._journal_path(number, self.rank).unlink()
        return path

    def keep(self, games: PlayedGames) -> None:
        """Write games to the journal of the shard that they will be part of."""
        if self._journal is None:
            number = self.last + 1
            self._journal = number, self._journal_path(number, self.rank).open("wb")
        content = games.to_bytes()
        size = len(content).to_bytes(8, "little")
        # Handed to the system, it outlives this process, if not a loss of power.
        self._journal[1].write(size + hashlib.sha256(content).digest() + content)
        self._journal[1].flush()

    def recover(self) -> int:
        """Make shards of the journals that killed processes left; return how many games they had.

        What is torn at the end of a journal is left out. Only one process does this, before any
        of them goes on.
        """
        recovered = 0
        done = {(number, rank) for number, rank, _ in self._files()}
        for path in sorted(self.folder.glob("journal-*")):
            match = _JOURNAL_NAME.fullmatch(path.name)
            if match is None:
                continue
            number, rank = int(match[1]), int(match[2])
            parts = list(_whole_records(path.read_bytes()))
            if parts and (number, rank) not in done:
                games = PlayedGames.join(parts)
                self._write(number, rank, games)
                recovered += len(games)
            path.unlink()
        return recovered

    @property
    def last(self) -> int:
        """The highest number of a shard, whoever wrote it; 0 where there is none."""
        return max((number for number, _, _ in self._files()), default=0)

    def newest(self, positions: int) -> list[PlayedGames]:
        """Return the newest shards that together hold `positions` positions, oldest first."""
        found: list[PlayedGames] = []
        held = 0
        for path in reversed(self.paths()):
            games = self.read(path) if held < positions else None
            if games is not None:
                found.append(games)
                held += games.positions
        return found[::-1]

    def paths(self) -> list[Path]:
        """Return the shards' files, oldest first."""
        return [path for _, _, path in self._files()]

    def __len__(self) -> int:
        return len(self._files())

    def read(self, path: Path) -> PlayedGames | None:
        """Return a shard's games; None, with a warning, for one that is damaged."""
        expected = _SHARD_NAME.fullmatch(path.name)[3]
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest()[:16] == expected:
            return PlayedGames.from_bytes(content)
        self.damaged += 1
        aside = self.folder / "damaged" / path.name
        aside.parent.mkdir(exist_ok=True)
        path.replace(aside)
        warnings.warn(f"{path.name} is damaged and was set aside in {aside.parent}", stacklevel=3)
        return None

    def _write(self, number: int, rank: int, games: PlayedGames) -> Path:
        content = games.to_bytes()
        digest = hashlib.sha256(content).hexdigest()[:16]
        writer = f"-r{rank}" if rank else ""
        path = self.folder / f"shard-{number:06d}{writer}-{digest}.npz"
        write_atomic(path, content)
        return path

    def _journal_path(self, number: int, rank: int) -> Path:
        return self.folder / f"journal-{number:06d}-r{rank}"

    def _files(self) -> list[tuple[int, int, Path]]:
        matches = ((_SHARD_NAME.fullmatch(path.name), path) for path in self.folder.iterdir())
        return sorted((int(match[1]), int(match[2] or 0), path) for match, path in matches if match)


def _whole_records(content: bytes) -> Iterator[PlayedGames]:
    start = 0
    while start < len(content):
        size = int.from_bytes(content[start : start + 8], "little")
        digest, record = content[start + 8 : start + 40], content[start + 40 : start + 40 + size]
        if hashlib.sha256(record).digest() != digest:
            return
        yield PlayedGames.from_bytes(record)
        start += 40 + size
