"""`python -m gokit selfplay`: so many games, the same after any interruption, in one report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from gokit.__main__ import main
from gokit.go.records import read_sgf
from gokit.go.rules import Rules
from gokit.nn.checkpoint import Card, save_checkpoint
from gokit.nn.config import NetworkConfig
from gokit.nn.networks import Network
from gokit.played import PlayedGames
from gokit.replay import ShardStore
from gokit.resigning import check_threshold

RULES = Rules(komi=1.5)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory) -> str:
    torch.manual_seed(1)
    torch.set_num_threads(1)
    config = NetworkConfig(planes=6, blocks=1, channels=4)
    card = Card(
        rules=RULES, sizes=(3,), features="basic", network=config, value="margin", run={},
        strength=[],
    )  # fmt: skip
    path = tmp_path_factory.mktemp("network") / "tiny.safetensors"
    save_checkpoint(path, Network(config), card)
    return str(path)


def selfplay(checkpoint: str, out: Path, capsys, *options: str, games: int = 8) -> dict:
    arguments = [
        "selfplay", "--size", "3", "--checkpoint", checkpoint, "--out", str(out), "--games",
        str(games), "--simulations", "3", "--lockstep", "1", "--device", "cpu", "--json", *options,
    ]  # fmt: skip
    code = main(arguments)
    said = capsys.readouterr()
    assert code == 0, said.err
    return json.loads(said.out)


def moves_in(folder: Path) -> list[bytes]:
    store = ShardStore(folder)
    games = [store.read(path) for path in store.paths()]
    return sorted(m.tobytes() for part in games for m in part.sequences())


def test_it_plays_so_many_games_and_reports_on_them(checkpoint, tmp_path, capsys) -> None:
    found = selfplay(checkpoint, tmp_path, capsys)
    assert found["games"] == found["played_now"] == 8
    stored = ShardStore(tmp_path).newest(10**9)
    assert sum(len(part) for part in stored) == 8
    assert found["positions"] == sum(part.positions for part in stored)
    for name in ("policy_kl", "argmax_gap", "network_share", "captures", "cheap_share", "alarms"):
        assert name in found, name
    assert selfplay(checkpoint, tmp_path, capsys)["played_now"] == 0
    first, second = (part.moves.tobytes() for part in stored)
    assert first != second, "every round plays the same games"


def test_an_interrupted_recording_ends_as_if_it_had_not_been(checkpoint, tmp_path, capsys) -> None:
    selfplay(checkpoint, tmp_path / "whole", capsys)
    parts = tmp_path / "parts"
    selfplay(checkpoint, parts, capsys, games=4)
    listed = json.loads((parts / "rounds.json").read_text())
    assert selfplay(checkpoint, parts, capsys)["played_now"] == 4
    assert moves_in(parts) == moves_in(tmp_path / "whole")
    # Killed between writing the second round's shard and listing it.
    (parts / "rounds.json").write_text(json.dumps(listed))
    assert selfplay(checkpoint, parts, capsys)["played_now"] == 0
    assert moves_in(parts) == moves_in(tmp_path / "whole")


def test_a_damaged_round_is_played_again(checkpoint, tmp_path, capsys) -> None:
    selfplay(checkpoint, tmp_path, capsys)
    before = moves_in(tmp_path)
    first = ShardStore(tmp_path).paths()[0]
    first.write_bytes(first.read_bytes()[:-7])
    with pytest.warns(UserWarning, match="damaged"):
        found = selfplay(checkpoint, tmp_path, capsys)
    assert found["played_now"] == 4
    assert moves_in(tmp_path) == before


def test_seeds_are_other_games_and_other_folders(checkpoint, tmp_path, capsys) -> None:
    selfplay(checkpoint, tmp_path / "1", capsys)
    selfplay(checkpoint, tmp_path / "2", capsys, "--seed", "2")
    assert moves_in(tmp_path / "1") != moves_in(tmp_path / "2")
    again = ["--out", str(tmp_path / "1"), "--checkpoint", checkpoint, "--size", "3"]
    assert main(["selfplay", *again, "--seed", "2", "--lockstep", "1", "--simulations", "3"]) == 2
    assert "holds games with another seed" in capsys.readouterr().err


def test_options_of_both_kinds_come_from_a_file(checkpoint, tmp_path, capsys) -> None:
    options = {"self_play": {"full_rate": 0.5, "cheap_simulations": 2}, "search": {"considered": 2}}
    (tmp_path / "options.json").write_text(json.dumps(options))
    config = ["--config", str(tmp_path / "options.json")]
    found = selfplay(checkpoint, tmp_path / "out", capsys, *config)
    assert 0 < found["cheap_share"] < 1
    (tmp_path / "options.json").write_text(json.dumps({"self_play": {"full": 0.5}}))
    arguments = ["--size", "3", "--checkpoint", checkpoint, "--out", str(tmp_path / "x"), *config]
    assert main(["selfplay", *arguments]) == 2
    assert "no option 'full'" in capsys.readouterr().err


def test_what_a_threshold_did_is_measured_over_all_rounds(checkpoint, tmp_path, capsys) -> None:
    options = {"resign_below": -0.02, "resign_turns": 1, "resign_ply": 6, "never_resign": 0.9}
    (tmp_path / "options.json").write_text(json.dumps({"self_play": options}))
    config = ["--config", str(tmp_path / "options.json")]
    found = selfplay(checkpoint, tmp_path / "out", capsys, *config, games=24)
    stored = ShardStore(tmp_path / "out").newest(10**9)
    check = check_threshold(stored, -0.02, 1, 6)
    assert len(stored) == 6
    assert found["resign_checked"] == check.resigned > 0
    assert found["resign_mistakes"] == check.rate
    assert found["resign_calibrated"] is None, "24 games are too few"


def test_no_search_two_groups_and_an_opponent(checkpoint, tmp_path, capsys) -> None:
    options = ["--simulations", "0", "--groups", "2", "--lockstep", "4", "--opponent", "random"]
    found = selfplay(checkpoint, tmp_path, capsys, *options)
    assert found["opponent_games"] == 8
    assert 0 <= found["opponent_score"] <= 1
    assert found["full_share"] is None


def test_games_can_be_had_as_sgf(checkpoint, tmp_path, capsys) -> None:
    sgf = tmp_path / "sgf"
    options = ["--sgf", str(sgf), "--opponent", "random"]
    selfplay(checkpoint, tmp_path / "out", capsys, *options)
    stored = PlayedGames.join(ShardStore(tmp_path / "out").newest(10**9))
    paths = sorted(sgf.iterdir())
    assert [p.name for p in paths] == [f"{n:06d}.sgf" for n in range(1, 9)]
    for path, moves in zip(paths, stored.sequences(), strict=True):
        record = read_sgf(path)
        assert [move for _, move in record.moves] == moves.tolist()
        position = record.final_position()
        if position.is_over:
            assert record.result == position.result
        assert sorted(record.names) == ["random", "tiny"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--games", "0"], "games is a whole number from 1"),
        (["--simulations", "-1"], "simulations"),
        (["--seed", "-1"], "seed"),
        (["--threads", "0"], "threads"),
        (["--size", "5"], "trained on 3×3"),
        (["--groups", "3"], "1 or 2 groups"),
        (["--lockstep", "0"], "games is a whole number"),
        (["--config", "nowhere.json"], "cannot be read"),
        (["--opponent", "nobody"], "names no player"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(checkpoint, tmp_path, options, message, capsys) -> None:
    arguments = ["selfplay", "--size", "3", "--checkpoint", checkpoint, "--out", str(tmp_path)]
    assert main([*arguments, *options]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
