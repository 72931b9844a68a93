"""The window of positions that training draws from: packed, memory-mapped, turned when drawn."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from gokit.corpus.positions import bit_planes
from gokit.go import symmetry
from gokit.go.errors import GoError
from gokit.nn.features import KOMI, feature_names
from gokit.played import Samples

_ON_BOARD = ("planes", "policy", "ownership")  # what a symmetry turns; all else is one number


class Packing:
    """How a position is packed into a record of fixed size, and how it is turned on the way out.

    Planes and ownership become bits, the policy stays float16, the komi is one byte, and each of
    the other fields of `Samples` keeps its type. `dtype` is the record's.
    """

    def __init__(self, features: str, like: Samples) -> None:
        names = feature_names(features)
        self.features = features
        self.size = like.planes.shape[-1]
        self.channels = len(names)
        self.komi_plane = names.index(KOMI) if KOMI in names else None
        self.plane, self.weight = bit_planes(features)
        bits = (len(self.plane) + 2) * self.size**2  # and the points of either side at the end
        self.fields = tuple(vars(like))
        single = [
            (name, array.dtype, array.shape[1:])
            for name, array in vars(like).items()
            if name not in _ON_BOARD
        ]
        self.dtype = np.dtype(
            [
                ("bits", "u1", (-(-bits // 8),)),
                ("komi", "i1"),
                ("policy", "f2", (self.size**2 + 1,)),
                *single,
            ]
        )

    def pack(self, samples: Samples) -> np.ndarray:
        """Return P positions as records [P]."""
        count, points = len(samples), self.size**2
        records = np.zeros(count, self.dtype)
        planes = samples.planes.reshape(count, self.channels, points)
        owned = samples.ownership.reshape(count, 1, points)
        bits = (planes[:, self.plane] & self.weight.astype(np.int8)[:, None]) != 0
        bits = np.concatenate([bits, owned > 0, owned < 0], axis=1)
        records["bits"] = np.packbits(bits.reshape(count, -1), axis=1, bitorder="little")
        if self.komi_plane is not None:
            records["komi"] = planes[:, self.komi_plane, 0]
        for name in self.dtype.names[2:]:
            records[name] = getattr(samples, name)
        return records

    def unpack(self, records: np.ndarray, symmetries: np.ndarray | int = 0) -> Samples:
        """Return the positions of records [B], each turned by its symmetry, 0 to 7."""
        count, points = len(records), self.size**2
        total = (len(self.plane) + 2) * points
        bits = np.unpackbits(records["bits"], axis=1, count=total, bitorder="little")
        bits = bits.reshape(count, -1, points).astype(np.int8)
        planes = np.zeros((count, self.channels, points), np.int8)
        for bit, (plane, weight) in enumerate(zip(self.plane, self.weight, strict=True)):
            planes[:, plane] += np.int8(weight) * bits[:, bit]
        if self.komi_plane is not None:
            planes[:, self.komi_plane] = records["komi"][:, None]
        from_where = np.stack(
            [np.argsort(symmetry.permutation(k, self.size)) for k in range(symmetry.COUNT)]
        )[np.broadcast_to(symmetries, (count,))]
        on_board = from_where[:, None, :points]
        owned = bits[:, -2:-1] - bits[:, -1:]
        shape = (count, -1, self.size, self.size)
        turned = {
            "planes": np.take_along_axis(planes, on_board, 2).reshape(shape),
            "ownership": np.take_along_axis(owned, on_board, 2).reshape(shape)[:, 0],
            "policy": np.take_along_axis(records["policy"], from_where, 1),
        }
        single = {name: records[name] for name in self.fields if name not in _ON_BOARD}
        return Samples(**{name: (turned | single)[name] for name in self.fields})


class ReplayWindow:
    """The newest positions, packed in one memory-mapped file, to be drawn from at random.

    capacity: the most positions it holds. limit: how many of the newest are drawn from, so that
    a window can grow. The file is scratch: a run that resumes fills it anew from the shards,
    which are what is kept. The system keeps as much of it in memory as it has room for.
    Every position gets a number when it is added, rising by one. Built in chapter 7.
    """

    def __init__(self, path: str | Path, capacity: int, features: str = "basic") -> None:
        if capacity < 1:
            raise GoError(f"a replay window holds at least one position, not {capacity}")
        self.path = Path(path)
        self.capacity = self.limit = capacity
        self.features = features
        self._next = capacity  # the number of the next position; below it is room for older ones
        self._held = 0
        self._packing: Packing | None = None
        self._records: np.ndarray | None = None

    def __len__(self) -> int:
        return min(self._held, self.limit)

    @property
    def bytes_per_position(self) -> int:
        """What a position takes; 0 before the first one."""
        return self._packing.dtype.itemsize if self._packing else 0

    @property
    def is_full(self) -> bool:
        """Whether there are as many positions as are drawn from."""
        return self._held >= self.limit

    def holds(self, number: int) -> bool:
        """Whether the position of that number is still there."""
        return self._next - self._held <= number < self._next

    def add(self, samples: Samples) -> np.ndarray:
        """Add the newest positions, oldest first, and return their numbers, int64 [P]."""
        numbers = self._next + np.arange(len(samples))
        self._next += len(samples)
        self._held = min(self._held + len(samples), self.capacity)
        self.replace(numbers, samples)
        return numbers

    def add_before(self, samples: Samples) -> np.ndarray:
        """Add positions older than all others, as far as there is room; return their numbers."""
        numbers = self._next - self._held - len(samples) + np.arange(len(samples))
        self._held = min(self._held + len(samples), self.capacity)
        self.replace(numbers, samples)
        return numbers

    def replace(self, numbers: np.ndarray, samples: Samples) -> None:
        """Write other targets for positions of these numbers; those that are gone stay gone."""
        if self._records is None:
            self._packing = Packing(self.features, samples)
            self._records = _scratch_file(self.path, self.capacity, self._packing.dtype)
        here = numbers >= self._next - self._held
        self._records[numbers[here] % self.capacity] = self._packing.pack(samples)[here]

    def draw(self, rng: np.random.Generator, count: int) -> tuple[np.ndarray, float]:
        """Draw `count` positions at random, without repeats while there are enough.

        Returns them packed, for `unpack`, and their mean age: positions added here since.
        """
        if not len(self):
            raise GoError("the replay window is empty")
        back = 1 + rng.choice(len(self), count, replace=count > len(self))
        return self._records[(self._next - back) % self.capacity], float(back.mean() - 1)

    def unpack(self, records: np.ndarray, symmetries: np.ndarray | int = 0) -> Samples:
        """Return what was drawn as samples, each turned by its own symmetry, 0 to 7."""
        return self._packing.unpack(records, symmetries)


def _scratch_file(path: Path, count: int, dtype: np.dtype) -> np.ndarray:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Whoever still has the old file open keeps it: only the name goes.
    path.unlink(missing_ok=True)
    try:
        with path.open("wb") as file:
            if hasattr(os, "posix_fallocate"):
                # Without it, a full disk would show when a page is written: as a crash.
                os.posix_fallocate(file.fileno(), 0, count * dtype.itemsize)
            else:
                file.truncate(count * dtype.itemsize)
        return np.memmap(path, dtype, "r+", shape=(count,))
    except OSError as error:
        needed = count * dtype.itemsize / 1e6
        raise GoError(f"no room for the replay window {path}: {needed:.0f} MB ({error})") from None
