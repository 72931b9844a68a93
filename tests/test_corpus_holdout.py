"""The hold-out is by game: neither copies nor images of a game are on both sides."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from gokit.__main__ import main
from gokit.corpus.holdout import game_key, held_out
from gokit.corpus.labelling import summary, write_positions
from gokit.corpus.positions import Positions
from gokit.corpus.sources import SourceReport
from gokit.go import symmetry
from gokit.go.errors import GoError
from gokit.go.records import GameRecord, write_sgf
from gokit.go.rules import BLACK, WHITE, opponent
from tests.corpus_games import A_PASS, SIZE, random_record, shard_of, sources, whole


def images(record: GameRecord) -> list[GameRecord]:
    """The eight images of a game, with another komi, result and names each."""
    found = []
    for k in range(8):
        to = symmetry.permutation(k, record.size)
        found.append(
            GameRecord(
                size=record.size,
                rules=record.rules.replace(komi=k + 0.5),
                moves=[(color, int(to[move])) for color, move in record.moves],
                setup={int(to[p]): color for p, color in record.setup.items()},
                names=(str(k), ""),
                result="B+R",
            )
        )
    return found


def test_the_images_of_a_game_have_one_key_and_other_games_another() -> None:
    records = [random_record(seed, moves=60) for seed in range(30)]
    records.append(random_record(40, setup={0: BLACK, 7: WHITE}))
    for record in records:
        assert len({game_key(image) for image in images(record)}) == 1
    assert len({game_key(record) for record in records}) == len(records)
    base = records[0]
    changed = [
        GameRecord(size=SIZE, moves=base.moves[:-3]),
        GameRecord(size=SIZE, moves=[(opponent(c), m) for c, m in base.moves]),
        GameRecord(size=SIZE, moves=base.moves, setup={base.moves[-3][1] % 25: WHITE}),
        GameRecord(size=9, moves=base.moves),
        GameRecord(size=SIZE, moves=[base.moves[1], base.moves[0], *base.moves[2:]]),
    ]
    assert len({game_key(record) for record in [base, *changed]}) == 1 + len(changed)
    more_passes = GameRecord(size=SIZE, moves=[*base.moves, (1, A_PASS), (2, A_PASS)])
    assert game_key(more_passes) == game_key(base)


def canonical(planes: np.ndarray) -> bytes:
    return min(symmetry.transform_plane(planes, k).tobytes() for k in range(8))


def test_no_position_of_a_held_out_game_is_trained_on_not_even_as_an_image(tmp_path: Path) -> None:
    """Copies, images and games cut short lie in many files in any order."""
    size, late = 7, 12
    records = [random_record(seed, moves=44, size=size) for seed in range(40)]
    records = [record for record in records if len(record.moves) >= 40]
    copies = [image for record in records for image in images(record)]
    for record in records:
        copies.append(GameRecord(size=size, rules=record.rules, moves=record.moves[:-6]))
    np.random.default_rng(1).shuffle(copies)
    write_positions(sources(copies), tmp_path, size=size, holdout=0.3)
    parts = {part: Positions(tmp_path, part) for part in ("train", "holdout")}
    keys = {}
    for part, positions in parts.items():
        batch = whole(positions)
        chosen = np.flatnonzero(batch.ply >= late)
        keys[part] = {canonical(batch.planes[i, :2]) for i in chosen}
    assert len(keys["train"]) > 500
    assert len(keys["holdout"]) > 100
    assert not keys["train"] & keys["holdout"]
    # An opening position that every game shares is in both: what is held out is games.
    assert all((whole(p).ply == 0).any() for p in parts.values())


def test_the_hold_out_does_not_depend_on_the_other_games(tmp_path: Path) -> None:
    records = [random_record(seed) for seed in range(300)]
    chosen = [held_out(record, 0.2) for record in records]
    assert 35 <= sum(chosen) <= 85
    assert all(held_out(r, 0.3) for r, out in zip(records, chosen, strict=True) if out)
    assert not any(held_out(record, 0) for record in records)
    for order, name in ((1, "a"), (-1, "b")):
        write_positions(sources(records[::order]), tmp_path / name, size=SIZE, holdout=0.2)
    held = [
        {
            key.tobytes()
            for s in Positions(tmp_path / n, "holdout").shards
            for key in s.columns["key"]
        }
        for n in "ab"
    ]
    assert (
        held[0] == held[1] == {game_key(r) for r, out in zip(records, chosen, strict=True) if out}
    )
    with pytest.raises(GoError, match="the parts train and holdout"):
        Positions(tmp_path / "a", "test")


def test_a_game_that_is_there_twice_is_written_once_and_counted(tmp_path: Path) -> None:
    records = [random_record(1), random_record(2)]
    other = random_record(3, size=7)
    report = SourceReport()
    games = sources([*records, images(records[0])[5], other, GameRecord(size=SIZE)])
    index = write_positions(games, tmp_path, size=SIZE, holdout=0, report=report)
    assert report.kept == Positions(tmp_path).games == 2
    assert report.skipped == {"duplicate": 1, "another board size": 1, "no moves": 1}
    assert "train: 2 games" in summary(index)
    assert "1 skipped: duplicate, for instance game 2" in summary(index)
    [entry] = index["parts"]["train"]
    content = shard_of(tmp_path).read_bytes()
    assert entry["sha256"] == hashlib.sha256(content[40:]).hexdigest()


# The command.


def test_the_command_writes_positions_and_says_what_it_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    games = tmp_path / "games"
    games.mkdir()
    for seed in range(12):
        write_sgf(random_record(seed), games / f"{seed}.sgf")
    write_sgf(random_record(1, size=7), games / "seven.sgf")
    (games / "broken.sgf").write_bytes(b"(;SZ[5];B[aa];W[aa])")
    command = ["data", "--positions", str(tmp_path / "p"), "--from", str(games), "--size", "5"]
    assert main([*command, "--features", "full", "--holdout", "0.4"]) in (0, None)
    said = capsys.readouterr().out
    assert "12 kept of 14 files" in said
    assert "1 skipped: illegal move, for instance" in said
    assert "1 skipped: another board size" in said
    train, held = Positions(tmp_path / "p", features="full"), Positions(tmp_path / "p", "holdout")
    assert train.games + held.games == 12
    assert f"train: {train.games} games, {len(train):,} positions" in said
    assert main(command) == 2
    assert "already holds positions" in capsys.readouterr().err
    command[2] = str(tmp_path / "q")
    assert main([*command, "--json"]) in (0, None)
    assert json.loads(capsys.readouterr().out)["report"]["kept"] == 12
    assert main(["data", "--positions", str(tmp_path / "r")]) == 2
    assert "--from" in capsys.readouterr().err
