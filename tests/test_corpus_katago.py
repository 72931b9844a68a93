"""KataGo's rows: written here as its documentation says, read back as the positions they were."""

from __future__ import annotations

import io
import zipfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from gokit.corpus.katago import KataGoRows, read_katago
from gokit.corpus.sources import SourceReport
from gokit.go.errors import GoError
from gokit.go.games import Games
from gokit.go.position import Position
from gokit.go.rules import BLACK, WHITE, Rules
from gokit.nn.features import feature_names, write_planes
from tests.corpus_games import random_record

SIZE, FRAME = 5, 7
KOMI = 3.5
GAME = (1 << 100) + 12345


def bits_of(flat: np.ndarray) -> np.ndarray:
    return np.packbits(flat.astype(np.uint8), axis=-1)


def framed(board: np.ndarray) -> np.ndarray:
    """A small board in the top left corner of KataGo's frame, as one line."""
    frame = np.zeros((FRAME, FRAME), board.dtype)
    frame[: len(board), : len(board)] = board
    return frame.ravel()


def in_frame(move: int, size: int = SIZE) -> int:
    return FRAME**2 if move == size**2 else move // size * FRAME + move % size


def row_of(position: Position, move: int, final: Position) -> dict[str, np.ndarray]:
    """One row, slot by slot after cpp/dataio/trainingwrite.h and fillRowV7."""
    mover, size = position.to_move, position.size
    board, area = position.board, final.score().ownership
    planes = np.zeros((22, FRAME**2), np.uint8)
    planes[0] = framed(np.ones((size, size), np.uint8))
    planes[1] = framed((board == mover).astype(np.uint8))
    planes[2] = framed(((board != mover) & (board != 0)).astype(np.uint8))
    for group in position.groups():
        liberties = len(group.liberties)
        if liberties <= 3:
            planes[2 + liberties, [in_frame(p, size) for p in group.stones]] = 1
    without_history = Position.from_array(board, mover, position.rules)
    for point in map(int, np.flatnonzero(without_history.legal_mask()[:-1])):
        if not position.is_legal(point):
            planes[6, in_frame(point, size)] = 1
    numbers = np.zeros(19, np.float32)
    last = position.last_move
    if last == size**2:
        numbers[0] = 1
    elif last is not None:
        planes[9, in_frame(last, size)] = 1
    white = 1 if mover == WHITE else -1
    numbers[5] = white * position.rules.komi / 20
    numbers[6], numbers[7], numbers[8] = 1, 0.5, position.rules.suicide

    policy = np.zeros((2, FRAME**2 + 1), np.int16)
    policy[0, in_frame(move, size)] = 30
    policy[0, FRAME**2] += 10
    policy[1] = 1
    own = np.where(area == mover, 1, np.where(area == 0, 0, -1)).astype(np.int8)
    score = float(own.sum()) + white * position.rules.komi
    targets = np.zeros(64, np.float32)
    targets[0], targets[1], targets[3] = score > 0, score < 0, score
    targets[20] = score
    targets[25] = targets[26] = targets[27] = 1
    halves = (GAME & (1 << 64) - 1, GAME >> 64)
    for i, half in enumerate(halves):
        for j, (shift, width) in enumerate(((0, 22), (22, 22), (44, 20))):
            targets[41 + 3 * i + j] = half >> shift & (1 << width) - 1
    targets[47], targets[51], targets[63] = white * position.rules.komi, position.move_number, 2
    values = np.zeros((5, FRAME**2), np.int8)
    values[0] = framed(own)
    values[2] = 7  # other planes must not be taken for the ownership
    return {
        "binaryInputNCHWPacked": bits_of(planes),
        "globalInputNC": numbers,
        "policyTargetsNCMove": policy,
        "globalTargetsNC": targets,
        "valueTargetsNCHW": values.reshape(5, FRAME, FRAME),
    }


def game(seed: int = 1, **fields) -> list[Position]:
    rules = Rules(komi=KOMI, suicide=bool(seed % 2))
    return list(random_record(seed, rules, 50, **fields).positions())


def game_with_ko() -> list[Position]:
    moves = [1, 2, 5, 8, 11, 12, 24, 6, 7, 20, 25, 25]
    return Position.from_moves(moves, size=SIZE, rules=Rules(komi=KOMI)).line()


def rows_of(*games: list[Position]) -> dict[str, np.ndarray]:
    rows = [
        row_of(position, path[i + 1].last_move, path[-1])
        for path in games
        for i, position in enumerate(path[:-1])
    ]
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


def npz(arrays: dict[str, np.ndarray]) -> bytes:
    """As KataGo writes it: members without ".npy"."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.save(member, array)
            archive.writestr(name, member.getvalue())
    return buffer.getvalue()


def read(path: Path, size: int = SIZE, **options) -> tuple[list[KataGoRows], SourceReport]:
    report = SourceReport()
    return list(read_katago(path, size, report, **options)), report


@pytest.mark.parametrize("features", ["basic", "full"])
def test_rows_become_the_planes_and_targets_of_their_positions(
    features: str, tmp_path: Path
) -> None:
    paths = [game(1), game(2), game_with_ko()]
    (tmp_path / "a.npz").write_bytes(npz(rows_of(*paths)))
    found, report = read(tmp_path)
    assert report.skipped == {}
    [rows] = found
    samples = rows.samples(features)
    at = 0
    for path in paths:
        final = path[-1].score()
        for position, following in pairwise(path):
            planes = np.empty((1, len(feature_names(features)), SIZE, SIZE), np.int8)
            write_planes(Games.from_positions([position]), np.zeros(1, int), features, planes)
            assert np.array_equal(samples.planes[at], planes[0]), (at, str(position))
            assert samples.policy[at].argmax() == following.last_move
            assert samples.policy[at].sum() == pytest.approx(1)
            mover = position.to_move
            assert samples.value[at] == (1 if final.winner == mover else -1)
            own = (final.ownership == mover) * 1 - (final.ownership == BLACK + WHITE - mover)
            assert np.array_equal(samples.ownership[at], own)
            assert rows.turn[at] == position.move_number
            at += 1
    assert at == len(samples) == report.kept
    assert (samples.policy_weight == 1).all()
    assert (samples.result_weight == 1).all()
    barred = rows.barred.any((1, 2)).sum()
    assert barred > 0, "no ko in these games"
    sign = np.array([1 if p.to_move == BLACK else -1 for path in paths for p in path[:-1]])
    margin = np.concatenate([[p[-1].score().margin + KOMI] * (len(p) - 1) for p in paths]) * sign
    assert rows.samples("basic", "margin").value == pytest.approx(margin / SIZE**2)


def test_rows_come_in_batches_and_a_game_is_held_out_as_a_whole(tmp_path: Path) -> None:
    arrays = rows_of(game(1))
    (tmp_path / "a.npz").write_bytes(npz(arrays))
    found, report = read(tmp_path, batch_rows=10)
    assert [len(rows) for rows in found][:-1] == [10] * (len(found) - 1)
    assert sum(map(len, found)) == report.kept == len(arrays["globalInputNC"])
    assert {int.from_bytes(key.tobytes(), "big") for rows in found for key in rows.game} == {
        ((GAME & (1 << 64) - 1) << 64) + (GAME >> 64)
    }
    for share in (0, 0.5, 0.999):
        sides = {bool(side) for rows in found for side in rows.held_out(share)}
        assert len(sides) == 1


def test_weights_and_dummies(tmp_path: Path) -> None:
    arrays = {name: array[:5].copy() for name, array in rows_of(game(1)).items()}
    targets = arrays["globalTargetsNC"]
    targets[0, 26] = 0  # not searched: KataGo fills the policy with ones, off the board too
    arrays["policyTargetsNCMove"][0, 0] = 1
    targets[1, 25] = 0.5
    targets[2, 27] = 0  # no score
    targets[3, 2] = 1  # no result
    targets[4, 35] = 0.75
    (tmp_path / "a.npz").write_bytes(npz(arrays))
    [rows], report = read(tmp_path)
    assert report.skipped == {}
    samples = rows.samples("basic")
    assert samples.policy_weight.tolist() == [0, 0.5, 1, 1, 1]
    assert samples.result_weight.tolist() == [1, 0.5, 1, 0, 0.25]
    assert samples.ownership_weight.tolist() == [1, 0.5, 0, 0, 0.25]
    assert rows.samples("basic", "margin").result_weight.tolist() == [1, 0.5, 0, 0, 0.25]
    assert samples.policy.sum(1) == pytest.approx(1, abs=1e-2)


def test_rows_of_other_boards_and_rules_and_senseless_ones_are_counted(tmp_path: Path) -> None:
    arrays = {name: array.copy() for name, array in rows_of(game(1)).items()}
    count = len(arrays["globalInputNC"])
    bigger = rows_of(game(3, size=6))
    both = {name: np.concatenate([arrays[name], bigger[name]]) for name in arrays}
    both["globalInputNC"][1, 9] = 1  # territory scoring
    both["globalInputNC"][2, 10] = 1  # tax
    both["globalInputNC"][3, 12] = 1  # clean-up
    both["globalTargetsNC"][4, 47] = np.nan
    both["policyTargetsNCMove"][5, 0, in_frame(4) + 1] = 3  # off the board
    both["policyTargetsNCMove"][6, 0] = 0
    both["binaryInputNCHWPacked"][7, 2] = both["binaryInputNCHWPacked"][7, 1] = 255
    (tmp_path / "a.npz").write_bytes(npz(both))
    _, report = read(tmp_path)
    assert report.skipped == {
        "another board size": len(bigger["globalInputNC"]),
        "territory scoring, tax, button or clean-up": 3,
        "row that makes no sense": 4,
    }
    assert report.kept == count - 7
    assert sum(map(len, read(tmp_path, 6)[0])) == len(bigger["globalInputNC"])
    for other in (4, 7, 9):
        found, report = read(tmp_path, other)
        assert (found, set(report.skipped)) == ([], {"another board size"})
    (tmp_path / "a.npz").write_bytes(npz(rows_of(game(4, size=FRAME))))
    assert read(tmp_path, 9)[0] == []
    assert len(read(tmp_path, FRAME)[0]) == 1


def test_broken_files_and_older_versions_are_skipped_one_by_one(tmp_path: Path) -> None:
    arrays = {name: array[:6] for name, array in rows_of(game(1)).items()}
    whole = npz(arrays)
    altered = bytearray(whole)
    altered[200] ^= 255
    version_5 = arrays | {"globalInputNC": arrays["globalInputNC"][:, :14]}
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w") as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.save(member, array)
            header = member.getvalue().replace(b"'descr'", b"('descr'")
            archive.writestr(name, header)
    files = {
        "a": b"no npz",
        "b": whole[:-40],
        "c": bytes(altered),
        "d": npz(version_5),
        "e": npz({name: a for name, a in arrays.items() if name != "globalTargetsNC"}),
        "f": npz(arrays | {"valueTargetsNCHW": np.zeros(())}),
        "g": npz(arrays | {"binaryInputNCHWPacked": arrays["globalInputNC"]}),
        "h": npz(arrays | {"globalInputNC": arrays["globalInputNC"].astype(np.float64)}),
        "i": stored.getvalue(),
        "j": whole,
    }
    for name, content in files.items():
        (tmp_path / f"{name}.npz").write_bytes(content)
    [rows], report = read(tmp_path)
    assert len(rows) == 6
    assert report.skipped == {"broken file": 9}
    assert report.files == 10
    with pytest.raises(GoError, match="no file and no folder"):
        next(read_katago(tmp_path / "nothing", SIZE))


def test_planes_that_a_row_cannot_tell_are_refused(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.npz").write_bytes(npz(rows_of(game(1))))
    [rows], _ = read(tmp_path)
    for features in ("lecture", "scalar"):
        with pytest.raises(GoError, match="cannot tell the plane"):
            rows.samples(features)
    with pytest.raises(GoError, match="a value is"):
        rows.samples("basic", "score")
