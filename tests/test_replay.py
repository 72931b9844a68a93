"""Shards and the window: what was played comes back, and damage is counted, not fatal."""

from __future__ import annotations

import numpy as np
import pytest

from gokit.go.errors import GoError
from gokit.played import Samples
from gokit.replay import ReplayWindow, ShardStore
from tests.game_makers import equal, played


def some_samples(first: int, count: int) -> Samples:
    number = np.arange(first, first + count, dtype=np.float32)
    return Samples(
        planes=np.zeros((count, 6, 3, 3), np.uint8),
        policy=np.zeros((count, 10), np.float16),
        value=number,
        ownership=np.zeros((count, 3, 3), np.int8),
        policy_weight=np.ones(count, np.float32),
        result_weight=np.ones(count, np.float32),
        ownership_weight=np.ones(count, np.float32),
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
