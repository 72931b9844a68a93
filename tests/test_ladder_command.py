"""Ladders: every match once, kept whole and never played again, repeats seen, one line of error."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import gokit.commands.ladder as ladder
from gokit.__main__ import main
from gokit.arena import MatchGame, MatchResult
from gokit.go.records import read_sgf
from gokit.go.rules import BLACK, NO_SUICIDE, TROMP_TAYLOR, WHITE, opponent
from gokit.ratings import elo_difference

THREE = ["random", "rollout@1", "rollout@2"]


class Stub:
    """Stands where matches are played: the player with the greater number wins `wins` of four.

    Colours play no part; `repeated` makes both games of every pair the same.
    """

    def __init__(self) -> None:
        self.played: list[tuple[str, str]] = []
        self.seeds: list[int] = []
        self.rules = None
        self.repeated = False
        self.fail_at: int | None = None
        self.finished = True

    def __call__(self, args, a, b, rules, seed) -> MatchResult:
        if len(self.played) == self.fail_at:
            raise KeyboardInterrupt
        self.played.append((a, b))
        self.seeds.append(int(seed.generate_state(1)[0]))
        self.rules = rules
        strength = [int(re.sub(r"\D", "", spec) or 0) for spec in (a, b)]
        games = []
        for i in range(args.games):
            a_color = (BLACK, WHITE)[i % 2]
            a_wins = (strength[0] > strength[1]) == (i // 2 % 4 != 0)
            moves = (i // 2, 0 if self.repeated else i)
            winner = a_color if a_wins else opponent(a_color)
            games.append(
                MatchGame(moves, 1, a_color, "resignation", winner if self.finished else None)
            )
        return MatchResult(a, b, args.size, rules, games)


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Stub:
    stub = Stub()
    monkeypatch.setattr(ladder, "play", stub)
    return stub


def run(*arguments: str | Path) -> int:
    return main(["ladder", *map(str, arguments), "--games", "16", "--size", "5"])


def test_a_ladder_plays_rates_resumes_and_keeps_its_games(tmp_path, capsys) -> None:
    kept, games = tmp_path / "ladder.jsonl", tmp_path / "sgf"
    arguments = ["ladder", "random", "rollout@2", "rollout@16", "--size", "5", "--games", "6"]
    arguments += ["--anchor", "random=100", "--out", str(kept), "--prior-draws", "1"]
    assert main([*arguments, "--sgf", str(games)]) == 0
    shown = capsys.readouterr().out
    assert "pinned" in shown
    assert "made-up" in shown
    assert shown.count("distinct") == 3
    before = kept.read_bytes()
    lines = [json.loads(line) for line in before.splitlines()]
    assert [{line["a"], line["b"]} for line in lines] == [
        {"random", "rollout@2"}, {"random", "rollout@16"}, {"rollout@2", "rollout@16"},
    ]  # fmt: skip
    records = [read_sgf(path) for path in sorted(games.rglob("*.sgf"))]
    assert len(records) == 18
    assert len(list(games.iterdir())) == 3
    for line in lines:
        of_match = [r for r in records if set(r.names) == {line["a"], line["b"]}]
        points = sum(
            (r.result[0] == "B") == (r.names[0] == line["a"])
            for r in of_match
            if r.result != "Void"
        )
        assert points == sum(p for pair in line["pairs"] for p in pair if p is not None)

    assert main([*arguments, "--json"]) == 0
    table = json.loads(capsys.readouterr().out)
    assert kept.read_bytes() == before
    pinned = next(player for player in table["players"] if player["name"] == "random")
    assert pinned["elo"] == 100
    assert table["matches"] == lines


def test_everyone_meets_everyone_or_only_the_next(stub) -> None:
    assert run(*THREE, "rollout@3") == 0
    assert len({frozenset(pair) for pair in stub.played}) == len(stub.played) == 6
    assert len(set(stub.seeds)) == 6, "two matches would have the same openings"
    stub.played.clear()
    assert run(*THREE, "rollout@3", "--neighbours") == 0
    assert stub.played == [
        ("random", "rollout@1"), ("rollout@1", "rollout@2"), ("rollout@2", "rollout@3"),
    ]  # fmt: skip


def test_the_winner_is_rated_above_the_loser(stub, capsys) -> None:
    assert run("random", "rollout@1", "--anchor", "random=1800", "--json") == 0
    table = json.loads(capsys.readouterr().out)
    elo = {player["name"]: player["elo"] for player in table["players"]}
    assert elo["random"] == 1800
    assert elo["rollout@1"] == pytest.approx(1800 + elo_difference(0.75), abs=0.1)


def test_a_match_is_the_same_whenever_it_is_played(stub) -> None:
    run(*THREE)
    alone = dict(zip(stub.played, stub.seeds, strict=True))
    stub.played.clear()
    stub.seeds.clear()
    run(*THREE[1:])
    assert stub.seeds == [alone["rollout@1", "rollout@2"]]
    run(*THREE[1:], "--seed", "2")
    assert stub.seeds[1] != stub.seeds[0]


def test_a_stopped_ladder_goes_on_where_it_was(stub, tmp_path, capsys) -> None:
    kept = tmp_path / "ladder.jsonl"
    run(*THREE, "--out", tmp_path / "whole.jsonl")
    whole = capsys.readouterr().out
    stub.played.clear()
    stub.fail_at = 2
    assert run(*THREE, "--out", kept) == 130
    assert len(kept.read_text().splitlines()) == 2
    stub.fail_at = None
    stub.played.clear()
    capsys.readouterr()
    assert run(*THREE, "--out", kept) == 0
    assert stub.played == [("rollout@1", "rollout@2")], "a finished match was played again"
    assert kept.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
    assert capsys.readouterr().out == whole
    # Named the other way round, and with one more: only its matches are missing.
    stub.played.clear()
    assert run("rollout@3", *THREE[::-1], "--out", kept) == 0
    assert {name for pair in stub.played for name in pair} >= {"rollout@3"}
    assert len(stub.played) == 3
    assert all("rollout@3" in pair for pair in stub.played)


def test_only_the_players_named_are_rated(stub, tmp_path, capsys) -> None:
    kept = tmp_path / "ladder.jsonl"
    run(*THREE, "--out", kept)
    capsys.readouterr()
    run(*THREE[:2], "--out", kept, "--json")
    table = json.loads(capsys.readouterr().out)
    assert {player["name"] for player in table["players"]} == set(THREE[:2])
    assert [player["games"] for player in table["players"]] == [16, 16]


def test_a_match_that_another_run_finished_meanwhile_is_counted_once(
    stub, tmp_path, monkeypatch
) -> None:
    kept = tmp_path / "ladder.jsonl"

    def both(args, a, b, rules, seed) -> MatchResult:
        if not stub.played:
            monkeypatch.setattr(ladder, "play", stub)
            run(*THREE, "rollout@3", "--out", kept)
        return stub(args, a, b, rules, seed)

    monkeypatch.setattr(ladder, "play", both)
    assert run(*THREE, "--out", kept) == 0
    lines = [json.loads(line) for line in kept.read_text().splitlines()]
    assert len({frozenset((line["a"], line["b"])) for line in lines}) == len(lines) == 6


def test_a_match_without_a_finished_game_is_not_kept(stub, tmp_path, capsys) -> None:
    stub.finished = False
    kept = tmp_path / "ladder.jsonl"
    assert run(*THREE[:2], "--out", kept) == 2
    assert "no finished game" in capsys.readouterr().err
    assert not kept.exists()
    stub.finished = True
    assert run(*THREE[:2], "--out", kept) == 0
    assert len(stub.played) == 2


def test_repeated_games_raise_an_alarm(stub, capsys) -> None:
    run(*THREE[:2])
    assert "ALARM" not in capsys.readouterr().out
    stub.repeated = True
    run(*THREE[:2])
    shown = capsys.readouterr().out
    assert "ALARM: only 50% of the games of random against rollout@1" in shown
    run(*THREE[:2], "--json")
    assert len(json.loads(capsys.readouterr().out)["alarms"]) == 1


def test_a_ladder_with_gnu_go_is_played_without_suicide(stub) -> None:
    run("random", "rollout@1")
    assert stub.rules == TROMP_TAYLOR
    run("random", "gnugo@1", "rollout@1")
    assert stub.rules == NO_SUICIDE
    run("random", "gnugo@1", "--rules", "tromp-taylor", "--komi", "6")
    assert stub.rules == TROMP_TAYLOR.replace(komi=6)


@pytest.mark.parametrize(
    "change", [["--seed", "2"], ["--komi", "6.5"], ["--plies", "2", "6"], ["--max-moves", "50"]]
)
def test_matches_of_other_settings_are_not_mixed(change, stub, tmp_path, capsys) -> None:
    kept = tmp_path / "ladder.jsonl"
    run(*THREE[:2], "--out", kept)
    before = kept.read_bytes()
    capsys.readouterr()
    assert run(*THREE, "--out", kept, *change) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "was played with" in error
    assert len(stub.played) == 1
    assert kept.read_bytes() == before


def test_a_network_that_has_changed_since_is_noticed(stub, tmp_path, capsys) -> None:
    kept, network = tmp_path / "ladder.jsonl", tmp_path / "net.safetensors"
    network.write_bytes(b"first")
    players = ("random", f"policy:{network}", f"mcts:{network}@8")
    assert run(*players, "--out", kept) == 0
    assert run(*players, "--out", kept) == 0
    assert len(stub.played) == 3
    network.write_bytes(b"second")
    assert run(*players, "--out", kept) == 2
    assert "has changed" in capsys.readouterr().err
    assert run("random", f"mcts:{network}@8", "--out", kept) == 2


@pytest.mark.parametrize("line", ["{", "[1]", "{}", '{"a": "x", "b": "y", "pairs": [[3, 1]]}'])
def test_a_file_that_is_no_ladder_is_left_alone(line, stub, tmp_path, capsys) -> None:
    kept = tmp_path / "ladder.jsonl"
    kept.write_text(line + "\n")
    assert run(*THREE, "--out", kept) == 2
    assert "line 1 of" in capsys.readouterr().err
    assert kept.read_text() == line + "\n"
    assert not stub.played


def test_a_match_that_stands_twice_is_refused(stub, tmp_path, capsys) -> None:
    kept = tmp_path / "ladder.jsonl"
    run(*THREE[:2], "--out", kept)
    kept.write_text(kept.read_text() * 2)
    assert run(*THREE[:2], "--out", kept) == 2
    assert "line 2" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["random"], "two players or more"),
        (["random", "random"], "named once"),
        (["random", "nobody"], "names no player"),
        (["random", "rollout@1", "--anchor", "random"], "PLAYER=ELO"),
        (["random", "rollout@1", "--anchor", "gnugo@10=1800"], "one of the players"),
        (["random", "rollout@1", "--anchor", "random=strong"], "not a rating"),
        (["random", "rollout@1", "--anchor", "random=nan"], "not a rating"),
        (["random", "rollout@1", "--prior-draws", "-1"], "prior-draws"),
        (["random", "rollout@1", "--seed", "-1"], "seed"),
        (["random", "rollout@1", "--size", "99"], "size|lines"),
        (["random", "rollout@1", "--out", "."], "cannot be read"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(arguments, message, capsys) -> None:
    assert main(["ladder", *arguments, "--games", "2"]) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert re.search(message, captured.err), captured.err
    assert not captured.out


def test_an_odd_number_of_games_is_refused(capsys) -> None:
    assert main(["ladder", "random", "rollout@1", "--games", "3"]) == 2
    assert "pairs" in capsys.readouterr().err
