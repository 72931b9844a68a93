"""Shards and journals: what was played comes back, and damage is counted, not fatal."""

from __future__ import annotations

import pytest

from gokit.played import PlayedGames
from gokit.replay import ShardStore
from tests.game_makers import equal, played


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


def test_several_processes_fill_one_folder(tmp_path) -> None:
    stores = [ShardStore(tmp_path, rank) for rank in (0, 1)]
    names = [store.append(played(seed)[0]).name for seed, store in enumerate(stores * 2)]
    assert [name[:12] for name in names] == [f"shard-00000{n}" for n in (1, 2, 3, 4)]
    assert ["-r1-" in name for name in names] == [False, True, False, True]
    assert len(ShardStore(tmp_path, 5).newest(10**9)) == 4


def kept(tmp_path, seeds=(0, 1, 2)) -> tuple[ShardStore, list[PlayedGames]]:
    """A store whose process ended before the shard was written, and the games it had kept."""
    store = ShardStore(tmp_path)
    store.append(played(9)[0])
    parts = [played(seed)[0] for seed in seeds]
    for part in parts:
        store.keep(part)
    return store, parts


def test_games_kept_in_a_journal_are_a_shard_after_a_kill(tmp_path) -> None:
    _, parts = kept(tmp_path)
    after = ShardStore(tmp_path)
    assert after.recover() == sum(len(part) for part in parts)
    assert len(after) == 2
    assert equal(after.newest(1)[0], PlayedGames.join(parts))
    assert not list(tmp_path.glob("journal-*"))
    assert after.recover() == 0


@pytest.mark.parametrize("cut", [1, 20, 2000])
def test_a_journal_torn_at_its_end_gives_what_is_whole(tmp_path, cut: int) -> None:
    _, parts = kept(tmp_path)
    (journal,) = tmp_path.glob("journal-*")
    content = journal.read_bytes()
    assert cut < len(parts[2].to_bytes())
    journal.write_bytes(content[:-cut])
    after = ShardStore(tmp_path)
    assert after.recover() == len(parts[0]) + len(parts[1])
    assert equal(after.newest(1)[0], PlayedGames.join(parts[:2]))


def test_a_shard_ends_its_journal_and_no_game_is_counted_twice(tmp_path) -> None:
    store, parts = kept(tmp_path)
    (journal,) = tmp_path.glob("journal-*")
    content = journal.read_bytes()
    path = store.append(PlayedGames.join(parts))
    assert path.name.startswith("shard-000002-")
    assert not list(tmp_path.glob("journal-*"))
    journal.write_bytes(content)  # killed between the two
    assert ShardStore(tmp_path).recover() == 0
    assert len(ShardStore(tmp_path)) == 2


def test_a_journal_keeps_its_number_while_others_write(tmp_path) -> None:
    store, parts = kept(tmp_path)
    ShardStore(tmp_path, 1).append(played(5)[0])
    path = store.append(PlayedGames.join(parts))
    assert path.name.startswith("shard-000002-")
    assert len(ShardStore(tmp_path)) == 3
