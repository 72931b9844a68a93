"""Shards and the window: what was played comes back, and damage is counted, not fatal."""

from __future__ import annotations

import numpy as np
import pytest

from gokit.go.errors import GoError, IllegalMoveError
from gokit.go.geometry import MOVE_CAP, TWO_PASSES
from gokit.go.position import Position
from gokit.go.rules import BLACK, EMPTY, Rules
from gokit.replay import PlayedGames, ReplayWindow, Samples, ShardStore, samples_of

SIZE = 3
RULES = Rules(komi=1)


def played(seed: int = 0, count: int = 4) -> tuple[PlayedGames, list[Position]]:
    """Random games as self-play would store them, and their last positions."""
    rng = np.random.default_rng(seed)
    ends = []
    for number in range(count):
        position = Position(SIZE, RULES)
        cap = 6 if number % 3 == 2 else 40
        while not position.is_over and position.move_number < cap:
            stones = position.legal_moves()[:-1]
            passing = not stones.size or (position.move_number > 4 and rng.random() < 0.4)
            position = position.play(9 if passing else int(rng.choice(stones)))
        ends.append(position)
    moves = np.concatenate([p.moves for p in ends]).astype(np.int16)
    cut_off = np.array([not p.is_over for p in ends])
    margin = [np.nan if not p.is_over else p.score().margin + RULES.komi for p in ends]
    owner = np.array([p.score().ownership.ravel() for p in ends], np.int8)
    owner[cut_off] = EMPTY
    searched = rng.random(len(moves)) < 0.8
    policy = rng.dirichlet(np.ones(10), len(moves)) * searched[:, None]
    games = PlayedGames(
        size=SIZE,
        rules=RULES,
        lengths=np.array([p.move_number for p in ends], np.int32),
        end=np.where(cut_off, MOVE_CAP, TWO_PASSES).astype(np.uint8),
        margin=np.array(margin, np.float32),
        ownership=owner,
        moves=moves,
        searched=searched,
        policy=policy.astype(np.float16),
        value=np.where(searched, 0.25, np.nan).astype(np.float16),
    )
    return games, ends


def equal(a: PlayedGames, b: PlayedGames) -> bool:
    same = (np.array_equal(getattr(a, n), getattr(b, n), equal_nan=True) for n in a._ARRAYS)
    return a.size == b.size and a.rules == b.rules and all(same)


def test_games_survive_the_trip_through_bytes() -> None:
    games, _ = played()
    assert equal(PlayedGames.from_bytes(games.to_bytes()), games)


def test_joined_games_are_the_parts_in_order() -> None:
    a, b = played(0)[0], played(1, count=2)[0]
    joined = PlayedGames.join([a, b])
    assert len(joined) == 6
    assert joined.positions == a.positions + b.positions
    assert (joined.moves[a.positions :] == b.moves).all()


def test_every_position_has_one_move_and_no_position_is_left_over() -> None:
    """F-05: lengths, moves and targets that disagree are refused when they are made."""
    games, _ = played()
    fields = {"size": SIZE, "rules": RULES} | {n: getattr(games, n) for n in games._ARRAYS}
    for name in ("moves", "policy", "searched", "value"):
        with pytest.raises(GoError, match=name):
            PlayedGames(**{**fields, name: getattr(games, name)[:-1]})
    with pytest.raises(GoError, match="margin exactly where"):
        PlayedGames(**{**fields, "margin": np.zeros_like(games.margin)})
    with pytest.raises(GoError, match="not ended"):
        PlayedGames(**{**fields, "end": np.zeros_like(games.end)})


def test_samples_are_the_positions_of_the_games_with_the_mover_s_view_of_the_end() -> None:
    games, ends = played(seed=3, count=6)
    samples = samples_of(games, "basic")
    assert len(samples) == games.positions
    index = 0
    for game, last in enumerate(ends):
        position = Position(SIZE, RULES)
        for move in last.moves:
            own = position.board == position.to_move
            sign = 1 if position.to_move == BLACK else -1
            assert (samples.planes[index, 0] == own).all()
            assert (samples.planes[index, 2].ravel() == position.legal_mask()[:-1]).all()
            assert samples.policy_weight[index] == games.searched[index]
            if games.end[game] == MOVE_CAP:
                assert samples.result_weight[index] == 0, "a cut-off game is scored"
            else:
                assert samples.result_weight[index] == 1
                margin = last.score().margin + RULES.komi
                assert samples.value[index] == pytest.approx(sign * margin / 9)
                owner = last.score().ownership
                expected = np.where(owner == EMPTY, 0, np.where(owner == position.to_move, 1, -1))
                assert (samples.ownership[index] == expected).all()
            position = position.play(move)
            index += 1
    assert (games.end == MOVE_CAP).any()
    assert (games.end == TWO_PASSES).any()


def test_a_win_is_counted_with_komi_and_a_draw_is_nobody_s() -> None:
    games, ends = played(seed=3, count=6)
    values = samples_of(games, "basic", "win").value
    starts = np.cumsum(games.lengths) - games.lengths
    for game, start in enumerate(starts):
        if games.end[game] == TWO_PASSES:
            assert values[start] == np.sign(ends[game].score().margin)


def test_an_illegal_move_in_a_record_is_not_learnt_from() -> None:
    games, _ = played()
    games.moves[1] = games.moves[0]
    with pytest.raises(IllegalMoveError, match="occupied"):
        samples_of(games, "basic")


def some_samples(first: int, count: int) -> Samples:
    number = np.arange(first, first + count, dtype=np.float32)
    return Samples(
        planes=np.zeros((count, 6, 3, 3), np.uint8),
        policy=np.zeros((count, 10), np.float16),
        value=number,
        ownership=np.zeros((count, 3, 3), np.int8),
        policy_weight=np.ones(count, np.float32),
        result_weight=np.ones(count, np.float32),
    )


@pytest.mark.parametrize("pieces", [[4, 4, 4, 4], [3, 7, 1, 5], [25], [9, 1, 13]])
def test_the_window_holds_the_newest_positions_and_only_those(pieces: list[int]) -> None:
    window, total = ReplayWindow(10), 0
    for piece in pieces:
        window.add(some_samples(total, piece))
        total += piece
        held = sorted(window.take(np.random.default_rng(0), len(window)).value.tolist())
        assert held == list(range(max(0, total - 10), total))


def test_taking_draws_at_random_and_repeats_only_when_it_must() -> None:
    window = ReplayWindow(100)
    with pytest.raises(GoError, match="empty"):
        window.take(np.random.default_rng(0), 1)
    window.add(some_samples(0, 50))
    assert len(set(window.take(np.random.default_rng(0), 50).value.tolist())) == 50
    assert len(window.take(np.random.default_rng(0), 120)) == 120
    first, again, other = (window.take(np.random.default_rng(s), 20).value for s in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_shards_come_back_newest_first_until_there_are_enough(tmp_path) -> None:
    store = ShardStore(tmp_path)
    all_games = [played(seed)[0] for seed in range(4)]
    for games in all_games:
        store.append(games)
    reopened = ShardStore(tmp_path)
    assert len(reopened) == 4
    newest = reopened.newest(all_games[3].positions + 1)
    assert len(newest) == 2
    assert equal(newest[0], all_games[2])
    assert equal(newest[1], all_games[3])
    assert len(reopened.newest(10**9)) == 4


@pytest.mark.parametrize("damage", ["truncate", "flip", "empty"])
def test_a_damaged_shard_is_set_aside_and_counted_and_the_rest_loads(tmp_path, damage) -> None:
    store = ShardStore(tmp_path)
    paths = [store.append(played(seed)[0]) for seed in range(3)]
    content = bytearray(paths[1].read_bytes())
    if damage == "truncate":
        content = content[: len(content) // 2]
    elif damage == "flip":
        content[len(content) // 2] ^= 4
    else:
        content = bytearray()
    paths[1].write_bytes(bytes(content))
    with pytest.warns(UserWarning, match="000002.*damaged"):
        games = store.newest(10**9)
    assert len(games) == 2
    assert store.damaged == 1
    assert [p.name for p in (tmp_path / "damaged").iterdir()] == [paths[1].name]
    assert len(store.newest(10**9)) == 2
    assert store.damaged == 1, "the same damage is counted again"


def test_numbers_go_on_after_the_newest_shard_and_strangers_are_left_alone(tmp_path) -> None:
    store = ShardStore(tmp_path)
    store.append(played()[0])
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / ".shard-000009-0123456789abcdef.npz.tmp").write_text("half-written")
    path = ShardStore(tmp_path).append(played(1)[0])
    assert path.name.startswith("shard-000002-")
    assert len(store.newest(10**9)) == 2


def test_pickled_arrays_are_refused(tmp_path) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, header=np.array([{"size": 3}], dtype=object))
    with pytest.raises(GoError, match="not a shard"):
        PlayedGames.from_bytes(path.read_bytes())
