"""The games that training learns from: checksummed shards on disk, a window of positions."""

from __future__ import annotations

import hashlib
import re
import warnings
from pathlib import Path

import numpy as np

from gokit.go.errors import GoError
from gokit.played import PlayedGames, Samples, samples_of  # noqa: F401
from gokit.storage import write_atomic

_SHARD_NAME = re.compile(r"shard-(\d{6,})-([0-9a-f]{16})\.npz")


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
