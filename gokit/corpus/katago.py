"""KataGo's self-play rows, .npz: read batch by batch, turned into this package's targets.

The layout is that of KataGo's inputs version 7: 22 bit planes, 19 numbers, 64 numbers of targets, 5
planes of value targets (versions 0 to 2 of the targets, their last number). It follows KataGo's
writers, cpp/dataio/trainingwrite.cpp and fillRowV7 in cpp/neuralnet/nninputs.cpp, and its trainer,
python/katago/train/data_processing_pytorch.py at commit 0dec407. Columns that came later (values of
moves, metadata of players) are not read; older inputs versions are refused. A row that KataGo's
tests print (cpp/tests/results/runSekiTrainWriteTests.txt) decodes to the board printed beside it.
"""

from __future__ import annotations

import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gokit.corpus.archives import UNREADABLE, files_at
from gokit.corpus.holdout import is_held_out
from gokit.corpus.sources import SourceReport
from gokit.go.errors import GoError
from gokit.go.games import Games
from gokit.go.position import Position
from gokit.go.rules import BLACK, TROMP_TAYLOR, WHITE
from gokit.nn.features import KOMI, feature_names, write_planes
from gokit.played import Samples

# Bit planes, from the view of the side to move.
_ON_BOARD, _OWN, _OTHER, _BARRED, _LAST_MOVE = 0, 1, 2, 6, 9
# Numbers of a position.
_PASSED, _SUICIDE, _TERRITORY, _TAX, _ENCORE, _BUTTON = 0, 8, 9, 10, 12, 17
# Numbers of the targets, and the plane of the final ownership.
_WIN, _LOSS, _NO_RESULT, _WEIGHT, _POLICY_WEIGHT, _SCORED = 0, 1, 2, 25, 26, 27
_NO_VALUE, _HASH, _SELF_KOMI, _TURN = 35, slice(41, 47), 47, 51
_OWNERSHIP = 0
# Name, channels and type of the arrays.
_ARRAYS = {
    "binaryInputNCHWPacked": (22, np.uint8),
    "globalInputNC": (19, np.float32),
    "policyTargetsNCMove": (2, np.int16),
    "globalTargetsNC": (64, np.float32),
    "valueTargetsNCHW": (5, np.int8),
}
_PLANES_KNOWN = {
    "own stones",
    "opponent's stones",
    "legal points",
    "board",
    "own chains with 1 liberty",
    "own chains with 2 liberties",
    "own chains with 3 or more liberties",
    "opponent's chains with 1 liberty",
    "opponent's chains with 2 liberties",
    "opponent's chains with 3 or more liberties",
    "points barred by ko or superko",
    "last move",
    "opponent just passed",
    "Black to move",
    KOMI,
}


@dataclass(frozen=True)
class KataGoRows:
    """R positions of one board size, each from the view of the side to move, area scoring.

    stones: int8 [R, N, N], 1 own, -1 the opponent's. barred: bool [R, N, N], by ko or superko.
    last_move: int16 [R], -1 where the row does not say, N*N for a pass. suicide: bool [R].
    komi: float32 [R], of the side to move, a multiple of ½. policy: float32 [R, N*N+1], shares of
    the visits. win: float32 [R], 1, 0 or -1 (a draw between the two where KataGo was told that
    draws are not worth half). margin: float32 [R], own area minus the opponent's without komi.
    ownership: int8 [R, N, N], 1 own, -1 the opponent's. weight, policy_weight, value_weight,
    scored_weight: float32 [R], of the row, and of its policy, of its result, and of margin and
    ownership. turn: int32 [R]. game: uint8 [R, 16], KataGo's hash of the game.
    """

    size: int
    stones: np.ndarray
    barred: np.ndarray
    last_move: np.ndarray
    suicide: np.ndarray
    komi: np.ndarray
    policy: np.ndarray
    win: np.ndarray
    margin: np.ndarray
    ownership: np.ndarray
    weight: np.ndarray
    policy_weight: np.ndarray
    value_weight: np.ndarray
    scored_weight: np.ndarray
    turn: np.ndarray
    game: np.ndarray

    def __len__(self) -> int:
        return len(self.win)

    def held_out(self, share: float) -> np.ndarray:
        """Whether each row's game belongs to the hold-out: bool [R], the same for all its rows."""
        return np.array([is_held_out(key.tobytes(), share) for key in self.game], np.bool_)

    def samples(self, features: str, value_kind: str = "win") -> Samples:
        """Return the rows as `played.Samples`.

        A row does not name the colour of the side to move: White is taken to be the side that
        gets komi, which is the same game under other names. A row without a score teaches a "win",
        but neither a "margin" nor ownership. Raises GoError for features with a plane that a row
        cannot tell, and for stones without liberties.
        """
        names = feature_names(features)
        unknown = [name for name in names if name not in _PLANES_KNOWN]
        if unknown:
            raise GoError(f"KataGo's rows cannot tell the plane {unknown[0]!r} of {features!r}")
        if value_kind not in ("win", "margin"):
            raise GoError(f'a value is "win" or "margin", not {value_kind!r}')
        planes = np.empty((len(self), len(names), self.size, self.size), np.int8)
        for suicide in (False, True):
            rows = np.flatnonzero(self.suicide == suicide)
            if rows.size:
                planes[rows] = self._planes(rows, features, suicide)
        counted = np.minimum(self.value_weight, self.scored_weight)
        value, value_weight = self.win, self.value_weight
        if value_kind == "margin":
            value, value_weight = self.margin / self.size**2, counted
        return Samples(
            planes=planes,
            policy=self.policy.astype(np.float16),
            value=value.astype(np.float32),
            ownership=self.ownership,
            policy_weight=self.weight * self.policy_weight,
            result_weight=self.weight * value_weight,
            ownership_weight=self.weight * counted,
        )

    def _planes(self, rows: np.ndarray, features: str, suicide: bool) -> np.ndarray:
        """Set each board up, write its planes, and add what only its history would tell."""
        rules = TROMP_TAYLOR.replace(suicide=suicide, komi=0.0)
        positions = []
        for row in rows:
            mover = WHITE if self.komi[row] > 0 else BLACK
            colors = np.array([0, mover, BLACK + WHITE - mover], np.int8)
            positions.append(Position.from_array(colors[self.stones[row]], mover, rules))
        names, n = feature_names(features), self.size
        planes = np.empty((len(rows), len(names), n, n), np.int8)
        write_planes(Games.from_positions(positions), np.arange(len(rows)), features, planes)
        flat = planes.reshape(len(rows), len(names), n * n)
        last = self.last_move[rows]
        for c, name in enumerate(names):
            if name == "legal points":
                planes[:, c] &= ~self.barred[rows]
            elif name == "points barred by ko or superko":
                planes[:, c] |= self.barred[rows]
            elif name == "opponent just passed":
                planes[:, c] = (last == n * n)[:, None, None]
            elif name == "last move":
                stone = np.flatnonzero((last >= 0) & (last < n * n))
                flat[stone, c, last[stone]] = 1
            elif name == KOMI:
                planes[:, c] = np.round(2 * self.komi[rows])[:, None, None]
        return planes


def read_katago(
    path: str | Path,
    size: int,
    report: SourceReport | None = None,
    batch_rows: int = 4096,
) -> Iterator[KataGoRows]:
    """Yield the rows on boards of `size` lines of KataGo's .npz files, `batch_rows` or fewer.

    path: a file, a folder or an archive of them. Rows under territory scoring, group tax or a
    button, in a clean-up phase, on other boards, and rows that make no sense, are left out and
    counted in `report`, as are files that cannot be read. Raises GoError where there is nothing
    at `path`.
    """
    report = SourceReport() if report is None else report
    for place, content in files_at(path, (".npz",), report.skip):
        report.files += 1
        try:
            arrays = _arrays(content)
        except _BROKEN as error:
            report.skip("broken file", place, str(error))
            continue
        for start in range(0, len(arrays["globalInputNC"]), batch_rows):
            some = {name: array[start : start + batch_rows] for name, array in arrays.items()}
            rows = _rows(some, size, f"{place}, row {start}", report)
            if rows is not None:
                report.kept += len(rows)
                yield rows


# numpy reads an array's header as Python source.
_BROKEN = (*UNREADABLE, GoError, TypeError, SyntaxError, tokenize.TokenError, MemoryError)


def _arrays(content: bytes) -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        arrays = {name: file[name] for name in _ARRAYS}
    rows = len(arrays["globalInputNC"])
    length = arrays["valueTargetsNCHW"].shape[-1]
    shapes = {
        "binaryInputNCHWPacked": (-(-(length**2) // 8),),
        "globalInputNC": (),
        "policyTargetsNCMove": (length**2 + 1,),
        "globalTargetsNC": (),
        "valueTargetsNCHW": (length, length),
    }
    for name, (channels, kind) in _ARRAYS.items():
        found, expected = arrays[name], (rows, channels, *shapes[name])
        if found.shape != expected or found.dtype != kind:
            raise GoError(
                f"{name} is {found.dtype} {found.shape}; inputs version 7 has "
                f"{np.dtype(kind)} {expected}"
            )
    return arrays


def _rows(
    arrays: dict[str, np.ndarray], size: int, place: str, report: SourceReport
) -> KataGoRows | None:
    numbers, targets = arrays["globalInputNC"], arrays["globalTargetsNC"]
    length = arrays["valueTargetsNCHW"].shape[-1]
    bits = np.unpackbits(arrays["binaryInputNCHWPacked"], axis=2, count=length**2)
    planes = bits.reshape(*bits.shape[:2], length, length).astype(np.bool_)
    policy = arrays["policyTargetsNCMove"][:, 0].astype(np.float32)

    board = np.zeros((length, length), np.bool_)
    board[:size, :size] = True
    other_size = (planes[:, _ON_BOARD] != board).any((1, 2)) | (size > length)
    other_rules = (numbers[:, [_TERRITORY, _TAX, _TAX + 1, _ENCORE, _BUTTON]] != 0).any(1)
    off_board = ~np.append(board.ravel(), True)
    finite = np.isfinite(numbers).all(1) & np.isfinite(targets).all(1)
    # Without a search KataGo writes the same number everywhere, off the board too.
    searched = targets[:, _POLICY_WEIGHT] > 0
    wrong = ~finite | (policy < 0).any(1) | (policy.sum(1) <= 0)
    wrong |= searched & (policy[:, off_board] > 0).any(1)
    wrong |= (planes[:, _OWN] & planes[:, _OTHER]).any((1, 2))
    keep = np.ones(len(numbers), np.bool_)
    for reason, here in (
        ("another board size", other_size),
        ("territory scoring, tax, button or clean-up", other_rules),
        ("row that makes no sense", wrong),
    ):
        if (keep & here).any():
            report.skip(reason, place, count=int((keep & here).sum()))
        keep &= ~here
    if not keep.any():
        return None
    numbers, targets, planes = numbers[keep], targets[keep], planes[keep][..., :size, :size]
    policy = policy[keep][:, ~off_board]
    komi = np.round(2 * targets[:, _SELF_KOMI]) / 2
    at_last = planes[:, _LAST_MOVE].reshape(len(planes), size**2)
    last = np.where(
        at_last.any(1), at_last.argmax(1), np.where(numbers[:, _PASSED] > 0, size**2, -1)
    )
    owner = arrays["valueTargetsNCHW"][keep, _OWNERSHIP, :size, :size]
    return KataGoRows(
        size=size,
        stones=planes[:, _OWN].astype(np.int8) - planes[:, _OTHER].astype(np.int8),
        barred=planes[:, _BARRED],
        last_move=last.astype(np.int16),
        suicide=numbers[:, _SUICIDE] > 0,
        komi=komi.astype(np.float32),
        policy=policy / policy.sum(1, keepdims=True),
        win=targets[:, _WIN] - targets[:, _LOSS],
        margin=owner.sum((1, 2), np.float32),
        ownership=owner.astype(np.int8),
        weight=targets[:, _WEIGHT],
        policy_weight=targets[:, _POLICY_WEIGHT],
        value_weight=(1 - targets[:, _NO_VALUE]) * (targets[:, _NO_RESULT] == 0),
        scored_weight=targets[:, _SCORED],
        turn=targets[:, _TURN].astype(np.int32),
        game=_game_hash(targets[:, _HASH]),
    )


def _game_hash(chunks: np.ndarray) -> np.ndarray:
    """Put the 22, 22, 20, 22, 22 and 20 bits, lowest first, together again: uint8 [R, 16]."""
    parts = chunks.astype(np.uint64)
    low = parts[:, 0] | parts[:, 1] << np.uint64(22) | parts[:, 2] << np.uint64(44)
    high = parts[:, 3] | parts[:, 4] << np.uint64(22) | parts[:, 5] << np.uint64(44)
    return np.stack([low, high], axis=1).astype(">u8").view(np.uint8)
