"""Training positions: the planes of the replayed game, the right labels, whole files or none."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gokit.corpus.holdout import game_key
from gokit.corpus.labelling import pack_planes, write_positions
from gokit.corpus.positions import INDEX_FILE, Positions, Shard, encode_shard
from gokit.go import symmetry
from gokit.go.errors import GoError
from gokit.go.games import Games
from gokit.go.position import Position
from gokit.go.records import GameRecord
from gokit.go.rules import BLACK, EMPTY, WHITE, opponent
from gokit.nn import features as feature_module
from gokit.nn.features import FEATURE_SETS, plane_scales, write_planes
from tests.corpus_games import (
    A_PASS,
    SIZE,
    drawn_record,
    mixed_records,
    random_record,
    shard_of,
    sources,
    whole,
    written,
)

# The planes and the labels of a slow, obvious replay.


@pytest.mark.parametrize("features", FEATURE_SETS)
def test_unpacked_planes_are_those_of_the_replayed_position(features: str, tmp_path: Path) -> None:
    records = mixed_records()
    batch = whole(written(tmp_path, records, features=features))
    keys = {game_key(record): record for record in records}
    shard = Positions(tmp_path).shards[0]
    order = [keys[key.tobytes()] for key in shard.columns["key"]]
    at = 0
    for number, record in enumerate(order):
        path = list(record.positions())
        for ply, (color, move) in enumerate(record.moves):
            position = path[ply].to_play(color)
            planes = np.empty((1, len(FEATURE_SETS[features]), SIZE, SIZE), np.int8)
            write_planes(Games.from_positions([position]), np.zeros(1, int), features, planes)
            expected = planes[0] * plane_scales(features)
            assert np.array_equal(batch.planes[at], expected), (record, ply)
            assert batch.policy[at].argmax() == move
            assert (batch.game[at], batch.ply[at]) == (number, ply)
            assert batch.length[at] == len(record.moves)
            at += 1
    assert at == len(batch) == sum(len(record.moves) for record in records)
    assert (batch.policy.sum(1) == 1).all()


def test_a_large_board_is_packed_and_unpacked_alike(tmp_path: Path) -> None:
    record = random_record(8, moves=150, size=19)
    write_positions(sources([record]), tmp_path, size=19, holdout=0)
    positions = Positions(tmp_path)
    chosen = np.array([149, 0, 77])
    batch = positions.take(chosen, [0, 3, 6])
    for i, (ply, k) in enumerate(zip(chosen, (0, 3, 6), strict=True)):
        position = Position.from_moves([m for _, m in record.moves[:ply]], size=19)
        planes = np.empty((1, 6, 19, 19), np.int8)
        write_planes(Games.from_positions([position]), np.zeros(1, int), "basic", planes)
        assert np.array_equal(batch.planes[i], symmetry.transform_plane(planes[0], k))
        move = symmetry.transform_index(record.moves[ply][1], k, 19)
        assert batch.policy[i].argmax() == move


def test_columns_are_maps_of_the_file_and_not_copies(tmp_path: Path) -> None:
    shard = written(tmp_path, [random_record(1)]).shards[0]
    for name, column in shard.columns.items():
        assert not column.flags.owndata, name
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 0


def test_labels_are_from_the_view_of_the_side_to_move(tmp_path: Path) -> None:
    records = [*mixed_records(), drawn_record()]
    positions = written(tmp_path, records)
    win, margin = whole(positions), whole(positions, value="margin")
    keys = [key.tobytes() for s in positions.shards for key in s.columns["key"]]
    by_key = {game_key(record): record for record in records}
    seen = Counter()
    for i in range(len(win)):
        record = by_key[keys[win.game[i]]]
        mover = record.moves[win.ply[i]][0]
        final = record.final_position()
        scored = final.end == "two passes" and final.result == record.result
        if record.result is None:
            outcome = None
        elif record.result == "0":
            outcome = 0
        else:
            outcome = 1 if record.result[0] == "BW"[mover - BLACK] else -1
        assert win.value[i] == win.won[i] == (outcome or 0)
        assert win.value_weight[i] == (outcome is not None)
        assert margin.value_weight[i] == win.ownership_weight[i] == scored
        owner = np.zeros((SIZE, SIZE))
        if scored:
            score = final.score()
            own, other = (score.black, score.white)[:: 1 if mover == BLACK else -1]
            assert margin.value[i] == pytest.approx((own - other) / SIZE**2)
            owner = (score.ownership == mover) * 1.0 - (score.ownership == opponent(mover))
        else:
            assert margin.value[i] == 0
        assert np.array_equal(win.ownership[i], owner)
        seen[outcome, mover, scored] += 1
    for outcome in (-1, 0, 1):
        for mover in (BLACK, WHITE):
            assert seen[outcome, mover, True], (outcome, mover)
    assert seen[None, BLACK, False]
    assert seen[1, BLACK, False]


def test_random_plies_are_positions_without_a_policy_target(tmp_path: Path) -> None:
    record = random_record(3)
    games = sources([record], random=(1, 2, 7, 999))
    write_positions(games, tmp_path, size=SIZE, holdout=0)
    batch = whole(Positions(tmp_path))
    random = np.isin(batch.ply, [0, 1, 6])
    assert random.sum() == 3
    assert np.array_equal(batch.policy_weight, ~random)
    assert np.array_equal(batch.policy.sum(1), ~random)
    assert batch.value_weight.all()
    for k in range(8):
        turned = whole(Positions(tmp_path), symmetries=k)
        assert np.array_equal(turned.policy_weight, ~random)


def test_only_the_winner_teaches_where_that_is_asked_for(tmp_path: Path) -> None:
    positions = written(tmp_path, [random_record(1), drawn_record()])
    batch = whole(positions, winners_only=True)
    assert np.array_equal(batch.policy_weight, batch.won > 0)
    assert 0 < batch.policy_weight.sum() < len(batch)
    every = next(positions.batches(len(positions), 1, winners_only=True))
    assert every.policy_weight.sum() == batch.policy_weight.sum()
    assert whole(positions).policy_weight.all()


def test_no_column_is_the_same_everywhere(tmp_path: Path) -> None:
    positions = written(tmp_path, [*mixed_records(), drawn_record()])
    for name, column in positions.shards[0].columns.items():
        assert len(np.unique(column)) > 1, name


# Symmetries and batches.


@pytest.mark.parametrize("features", ["basic", "full", "scalar"])
def test_a_symmetry_turns_planes_policy_and_ownership_alike(features: str, tmp_path: Path) -> None:
    positions = written(tmp_path, mixed_records()[:8], features=features)
    plain = whole(positions)
    for k in range(8):
        turned = whole(positions, symmetries=k)
        to = symmetry.permutation(k, SIZE)
        assert np.array_equal(turned.planes, symmetry.transform_plane(plain.planes, k))
        assert np.array_equal(turned.ownership, symmetry.transform_plane(plain.ownership, k))
        assert np.array_equal(turned.policy[:, to], plain.policy)
        assert np.array_equal(turned.value, plain.value)
    turns = np.arange(len(plain)) % 8
    mixed = positions.take(np.arange(len(plain)), turns)
    for i in (0, 3, 5, 14):
        assert np.array_equal(
            mixed.planes[i], symmetry.transform_plane(plain.planes[i], int(turns[i]))
        )


def test_batches_repeat_for_a_seed_and_show_every_position_once_an_epoch(tmp_path: Path) -> None:
    positions = written(tmp_path, mixed_records())
    size = 32
    runs = [list(positions.batches(size, seed, epochs=2)) for seed in (5, 5, 6)]
    assert len(runs[0]) == 2 * (len(positions) // size)
    for a, b in zip(runs[0], runs[1], strict=True):
        assert all(np.array_equal(vars(a)[name], vars(b)[name]) for name in vars(a))
    assert not np.array_equal(runs[0][0].planes, runs[2][0].planes)
    epoch = runs[0][: len(runs[0]) // 2]
    places = Counter((g, p) for b in epoch for g, p in zip(b.game, b.ply, strict=True))
    assert len(places) == size * len(epoch)
    second = runs[0][len(epoch)]
    assert not np.array_equal(epoch[0].game, second.game)
    straight = next(positions.batches(size, 5, symmetries=False))
    assert np.array_equal(straight.game, runs[0][0].game)
    assert not np.array_equal(straight.planes, runs[0][0].planes)
    ordered = list(positions.in_order(size))
    assert np.array_equal(np.concatenate([b.planes for b in ordered]), whole(positions).planes)


def test_batches_can_begin_where_others_stopped(tmp_path: Path) -> None:
    positions = written(tmp_path, mixed_records())
    straight = list(positions.batches(32, 5, epochs=3))
    for skip in (1, len(straight) // 3, len(straight) // 2 + 1, len(straight) - 1):
        rest = list(positions.batches(32, 5, epochs=3, skip=skip))
        assert len(rest) == len(straight) - skip
        for a, b in zip(straight[skip:], rest, strict=True):
            assert all(np.array_equal(vars(a)[name], vars(b)[name]) for name in vars(a))


def test_the_score_is_the_margin_whatever_the_value_is(tmp_path: Path) -> None:
    positions = written(tmp_path, mixed_records())
    win, margin = whole(positions), whole(positions, value="margin")
    assert np.array_equal(win.score, margin.value)
    assert np.array_equal(win.tensors().score.numpy(), margin.score)
    assert (win.score[win.ownership_weight == 0] == 0).all()
    assert (win.score != 0).any()


def test_all_eight_symmetries_are_drawn(tmp_path: Path) -> None:
    record = GameRecord(size=SIZE, moves=[(1, 1), (2, A_PASS)], result="B+R")
    positions = written(tmp_path, [record])
    drawn = {
        int(b.policy[i].argmax())
        for b in positions.batches(2, 1, epochs=60)
        for i in np.flatnonzero(b.ply == 0)
    }
    assert drawn == {int(symmetry.permutation(k, SIZE)[1]) for k in range(8)}
    assert len(drawn) == 8


def test_several_shards_read_as_one(tmp_path: Path) -> None:
    records = [random_record(seed) for seed in range(300)]
    one = written(tmp_path / "one", records)
    many = written(tmp_path / "many", records, shard_positions=100)
    assert (len(one.shards), len(many.shards)) == (1, 2)
    assert (len(one), one.games) == (len(many), many.games)
    rng = np.random.default_rng(1)
    chosen = rng.integers(0, len(one), 500)
    a, b = one.take(chosen, 3), many.take(chosen, 3)
    assert all(np.array_equal(vars(a)[name], vars(b)[name]) for name in vars(a))
    assert len(np.unique(whole(many).game)) == 300


def test_what_is_not_there_cannot_be_taken(tmp_path: Path) -> None:
    positions = written(tmp_path, [random_record(1)])
    for indices in ([-1], [len(positions)]):
        with pytest.raises(GoError, match="not all of these"):
            positions.take(indices)
    with pytest.raises(GoError, match="symmetry"):
        positions.take([0], 8)
    with pytest.raises(GoError, match="a value is"):
        positions.take([0], value="score")
    with pytest.raises(GoError, match="a batch has"):
        next(positions.batches(len(positions) + 1, 1))
    assert len(positions.take([])) == 0


def test_a_batch_goes_into_the_losses(tmp_path: Path) -> None:
    import torch

    from gokit.nn.config import Outputs
    from gokit.nn.training import LossWeights, compute_losses

    batch = whole(written(tmp_path, mixed_records()))
    tensors = batch.tensors()
    given = [tensor for tensor in tensors if tensor is not None]
    assert all(tensor.dtype == torch.float32 for tensor in given)
    assert len(given) >= 6
    for name in ("planes", "policy", "value", "ownership", "policy_weight", "ownership_weight"):
        assert np.array_equal(getattr(tensors, name), getattr(batch, name)), name
    assert np.array_equal(tensors.result_weight, batch.value_weight)
    resigned = (batch.value_weight > 0) & (batch.ownership_weight == 0)
    assert resigned.any(), "won by resignation: a value target, and no ownership"
    logits = torch.log(tensors.policy + 1e-9)
    right = Outputs(policy_logits=logits, value=tensors.value, ownership=tensors.ownership)
    losses = compute_losses(right, tensors, LossWeights())
    assert float(losses.total) == pytest.approx(0, abs=1e-4)


# Whole files or none.


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    written(tmp_path / "p", mixed_records(), holdout=0.3)
    return tmp_path / "p"


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.9999])
def test_a_file_that_is_cut_off_is_refused(folder: Path, share: float) -> None:
    path = shard_of(folder)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(GoError, match=r"cut off|cannot read|no file of positions"):
        Positions(folder)
    for verify in (True, False):
        with pytest.raises(GoError):
            Shard(path, verify)


@settings(max_examples=60, deadline=None)
@given(share=st.floats(0, 0.999999), bit=st.integers(0, 7))
def test_no_bit_can_be_altered_unseen(
    tmp_path_factory: pytest.TempPathFactory, share: float, bit: int
) -> None:
    folder = tmp_path_factory.mktemp("bits")
    written(folder, [random_record(1)])
    path = shard_of(folder)
    content = bytearray(path.read_bytes())
    content[int(share * len(content))] ^= 1 << bit
    path.write_bytes(content)
    with pytest.raises(GoError, match="train-00000"):
        Positions(folder)


def test_a_file_too_long_missing_or_from_another_folder_is_refused(
    folder: Path, tmp_path: Path
) -> None:
    path = shard_of(folder)
    content = path.read_bytes()
    path.write_bytes(content + b"\0")
    with pytest.raises(GoError, match="too long"):
        Positions(folder)
    written(tmp_path / "other", [random_record(77)])
    path.write_bytes(shard_of(tmp_path / "other").read_bytes())
    with pytest.raises(GoError, match="not the file that the index"):
        Positions(folder)
    path.unlink()
    with pytest.raises(GoError, match="cannot read"):
        Positions(folder)
    path.write_bytes(b"something else")
    with pytest.raises(GoError, match="no file of positions"):
        Positions(folder)


def forged(shard: Shard, header: dict, **columns: np.ndarray) -> bytes:
    return encode_shard(shard.header | header, dict(shard.columns) | columns)


def test_numbers_that_point_outside_are_refused_even_under_a_right_hash(folder: Path) -> None:
    shard, path = Shard(shard_of(folder)), folder / "forged"
    for name in ("moves", "game"):
        for number in (-2, 30_000):
            column = shard.columns[name].copy()
            column[3] = number
            path.write_bytes(forged(shard, {}, **{name: column}))
            with pytest.raises(GoError, match="out of range"):
                Shard(path)
    path.write_bytes(forged(shard, {"format": "gokit positions 0"}))
    with pytest.raises(GoError, match="not of the format"):
        Shard(path)
    path.write_bytes(forged(shard, {}))
    assert len(Shard(path)) == len(shard)


def test_other_planes_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(GoError, match="planes of the features 'basic', not 'full'"):
        Positions(folder, features="full")
    assert len(Positions(folder, features="basic"))
    renamed = ("own stones", "opponent's stones", "liberties", "board", "passed", "Black to move")
    monkeypatch.setitem(feature_module.FEATURE_SETS, "basic", renamed)
    with pytest.raises(GoError, match="other planes than the features 'basic' have now"):
        Positions(folder)


def test_a_folder_without_its_index_is_no_set_of_positions(folder: Path, tmp_path: Path) -> None:
    index = folder / INDEX_FILE
    for text, said in (("{", "damaged"), ('{"format": "x"}', "not of the format")):
        index.write_text(text)
        with pytest.raises(GoError, match=said):
            Positions(folder)
    index.unlink()
    with pytest.raises(GoError, match="no complete set"):
        Positions(folder)

    def breaks_off():
        yield from sources([random_record(seed) for seed in range(5)])
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_positions(breaks_off(), tmp_path / "q", size=SIZE, shard_positions=10)
    with pytest.raises(GoError, match="no complete set"):
        Positions(tmp_path / "q")


def test_positions_are_not_written_over_others_nor_from_nothing(folder: Path, tmp_path: Path):
    with pytest.raises(GoError, match="already holds positions"):
        write_positions(sources([random_record(1)]), folder, size=SIZE)
    with pytest.raises(GoError, match="no game is left"):
        write_positions([], tmp_path / "q", size=SIZE)
    with pytest.raises(GoError, match="from 0 to below 1"):
        write_positions(sources([random_record(1)]), tmp_path / "q", size=SIZE, holdout=1.5)
    with pytest.raises(GoError, match="features are one of"):
        write_positions(sources([random_record(1)]), tmp_path / "q", features="best")
    assert not (tmp_path / "q").exists()


def test_planes_that_do_not_fit_their_bits_are_refused() -> None:
    planes = np.zeros((2, 6, SIZE, SIZE), np.int8)
    planes[1, 2, 3, 3] = 2
    with pytest.raises(GoError, match="'legal points' holds numbers"):
        pack_planes(planes, "basic")


def test_a_draw_is_a_draw_for_both_sides(tmp_path: Path) -> None:
    batch = whole(written(tmp_path, [drawn_record()]))
    assert (batch.value == 0).all()
    assert (batch.value_weight == 1).all()
    assert EMPTY in Positions(tmp_path).shards[0].columns["winner"]
