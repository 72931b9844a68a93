"""Matches: known intervals, paired openings, games to the end, repeats seen for what they are."""

from __future__ import annotations

import json
import math
import re

import numpy as np
import pytest

from gokit.__main__ import main
from gokit.arena import MatchGame, MatchResult, play_match, random_openings, wilson
from gokit.go.errors import EngineError, GoError
from gokit.go.games import Games
from gokit.go.position import Position
from gokit.go.records import read_sgf
from gokit.go.rules import BLACK, EMPTY, TROMP_TAYLOR, WHITE, Rules
from gokit.players import RESIGN, MctsPlayer, RandomPlayer
from gokit.search.evaluators import RolloutEvaluator


@pytest.mark.parametrize(
    ("wins", "n", "low", "high"),
    [
        # Newcombe 1998, table I, method 3 (Wilson's score without continuity correction).
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        # G-2: 21 games to none.
        (21, 21, 0.8454, 1.0),
    ],
)
def test_wilson_s_interval_is_the_published_one(wins: int, n: int, low: float, high: float) -> None:
    found = wilson(wins / n, n)
    assert found == pytest.approx((low, high), abs=5e-5)


def test_wilson_s_interval_of_nothing_is_everything() -> None:
    assert wilson(math.nan, 0) == (0.0, 1.0)
    with pytest.raises(GoError):
        wilson(1.5, 10)


def game(winner: int | None, a_color: int = BLACK, moves: tuple[int, ...] = (0,)) -> MatchGame:
    return MatchGame(moves, 0, a_color, "two passes", winner, 1.0)


def test_a_draw_is_half_a_win_and_an_unfinished_game_is_nothing() -> None:
    played = [
        game(BLACK, moves=(1,)),
        game(WHITE, a_color=WHITE, moves=(2,)),
        game(WHITE, moves=(3,)),
        game(EMPTY, moves=(4,)),
        game(None, moves=(4,)),
    ]
    result = MatchResult("a", "b", 5, TROMP_TAYLOR, played)
    assert (result.wins, result.losses, result.draws, result.unfinished) == (2, 1, 1, 1)
    assert result.games == 4
    assert result.score == 0.625
    assert result.interval == wilson(0.625, 4)
    assert result.distinct_games == 4
    assert "1 unfinished" in str(result)
    table = result.to_dict()
    needed = ("a", "b", "games", "wins", "losses", "draws", "score", "interval", "distinct_games")
    assert set(needed) | {"rules"} <= set(table)
    assert json.loads(json.dumps(table)) == table


def test_openings_are_different_positions_without_passes() -> None:
    openings = random_openings(200, 9, TROMP_TAYLOR, np.random.default_rng(0))
    boards = set()
    for opening in openings:
        position = Position.from_moves(opening)
        assert 2 <= len(opening) <= 4
        boards.add(position.board.tobytes())
        for move in opening:
            row, column = divmod(move, 9)
            assert 1 <= row <= 7, "on the edge line"
            assert 1 <= column <= 7, "on the edge line"
    assert len(boards) == 200


def test_too_few_different_openings_are_refused_rather_than_repeated() -> None:
    with pytest.raises(GoError, match="only 4 different openings"):
        random_openings(5, 2, TROMP_TAYLOR, np.random.default_rng(0), plies=(1, 1))


class Scripted:
    """Plays by a function of the position, and keeps the positions it was asked about."""

    def __init__(self, name: str, choose, many: bool) -> None:
        self.name = name
        self.choose_one = choose
        self.asked: list[tuple[int, int]] = []
        if many:
            self.choose_many = self._choose_many

    def choose(self, position: Position) -> int:
        self.asked.append((position.to_move, position.move_number))
        return self.choose_one(position)

    def _choose_many(self, games: Games, indices: np.ndarray) -> np.ndarray:
        return np.array([self.choose(games.position(int(i))) for i in indices])

    def reset(self) -> None:
        pass

    def close(self) -> None:
        pass


def first_legal(position: Position) -> int:
    return int(position.legal_moves()[0])


def always_pass(position: Position) -> int:
    return position.size**2


@pytest.mark.parametrize("many", [True, False], ids=["lockstep", "in turn"])
def test_each_opening_is_played_once_with_each_colour(many: bool) -> None:
    a = Scripted("a", always_pass, many)
    b = Scripted("b", always_pass, many)
    result = play_match(a, b, games=20, size=5, rng=np.random.default_rng(0))
    openings = [(g.moves[: g.opening], g.a_color) for g in result.played]
    assert len(set(openings)) == 20
    assert len({opening for opening, _ in openings}) == 10
    assert sorted(g.a_color for g in result.played) == [BLACK] * 10 + [WHITE] * 10
    # Two that only pass are equal: each opening goes to the same colour twice.
    assert result.score == 0.5
    assert result.distinct_games == 10, "mirrored repeats are no evidence, and are seen as such"


@pytest.mark.parametrize("many", [True, False], ids=["lockstep", "in turn"])
def test_lockstep_and_one_by_one_play_the_same_match(many: bool) -> None:
    def by_hash(position: Position) -> int:
        legal = position.legal_moves()
        return int(legal[position.hash % len(legal)])

    def few(position: Position) -> int:
        return first_legal(position) if position.move_number < 12 else always_pass(position)

    result = play_match(
        Scripted("a", by_hash, many), Scripted("b", few, many),
        games=12, size=4, rules=Rules(komi=1), rng=np.random.default_rng(3),
    )  # fmt: skip
    for played in result.played:
        position = Position.from_moves(played.moves, size=4, rules=Rules(komi=1))
        if played.end == "two passes":
            assert position.end == "two passes"
            assert position.winner == played.winner
            assert position.result == played.result
        else:
            assert played.end == "move cap"
            assert played.winner is None
    reference = play_match(
        Scripted("a", by_hash, False), Scripted("b", few, False),
        games=12, size=4, rules=Rules(komi=1), rng=np.random.default_rng(3),
    )  # fmt: skip
    assert result.played == reference.played


@pytest.mark.parametrize("many", [True, False], ids=["lockstep", "in turn"])
def test_who_resigns_loses(many: bool) -> None:
    a = Scripted("a", lambda position: RESIGN, many)
    b = Scripted("b", first_legal, many)
    result = play_match(a, b, games=10, size=5, rng=np.random.default_rng(0))
    assert (result.wins, result.losses) == (0, 10)
    assert all(g.end == "resignation" and g.result.endswith("+R") for g in result.played)
    for g in result.played:
        assert len(g.moves) - g.opening <= 1, "F-05: a resignation left a move behind"


@pytest.mark.parametrize("many", [True, False], ids=["lockstep", "in turn"])
def test_a_game_at_the_move_cap_is_never_scored(many: bool) -> None:
    a, b = Scripted("a", first_legal, many), Scripted("b", first_legal, many)
    result = play_match(a, b, games=6, size=5, rng=np.random.default_rng(0), max_moves=8)
    assert result.games == 0
    assert result.unfinished == 6
    assert math.isnan(result.score)
    assert result.to_dict()["score"] is None
    assert "no finished game" in str(result)


def test_an_engine_that_fails_leaves_its_game_unfinished_and_the_match_goes_on() -> None:
    def sometimes(position: Position) -> int:
        if position.move_number > 6 and position.board[0, 0]:
            raise EngineError("gone")
        return first_legal(position) if position.move_number < 10 else always_pass(position)

    a, b = Scripted("a", sometimes, False), Scripted("b", always_pass, False)
    result = play_match(a, b, games=10, size=5, rng=np.random.default_rng(0))
    ends = [g.end for g in result.played]
    assert len(ends) == 10
    assert "engine failure" in ends
    assert result.unfinished == ends.count("engine failure")


@pytest.mark.parametrize("games", [0, 1, 7, -2])
def test_a_match_is_of_pairs(games: int) -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(GoError, match="pairs"):
        play_match(RandomPlayer(rng), RandomPlayer(rng), games=games, rng=rng)


def test_equal_players_are_found_equal_and_a_search_is_found_better() -> None:
    rng = np.random.default_rng(1)
    even = play_match(RandomPlayer(rng), RandomPlayer(rng), games=200, size=5, rng=rng)
    low, high = even.interval
    assert low < 0.5 < high
    assert even.distinct_games > 195
    search = MctsPlayer(RolloutEvaluator(rng), 40, avoid_own_eyes=True)
    better = play_match(search, RandomPlayer(rng), games=40, size=5, rng=rng)
    assert better.interval[0] > 0.5


def test_the_match_command_prints_json_and_writes_games(tmp_path, capsys) -> None:
    arguments = ["match", "rollout@8", "random", "--size", "5", "--games", "4", "--json"]
    assert main([*arguments, "--sgf", str(tmp_path)]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["games"] == result["wins"] + result["losses"] + result["draws"]
    assert result["games"] + result["unfinished"] == 4
    records = [read_sgf(path) for path in sorted(tmp_path.glob("*.sgf"))]
    assert len(records) == 4
    assert {record.names for record in records} == {
        ("rollout@8", "random"),
        ("random", "rollout@8"),
    }
    for record in records:
        assert record.final_position().result == record.result


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["random", "random", "--games", "3"], "pairs"),
        (["random", "nobody"], "names no player"),
        (["random", "policy:nowhere.safetensors"], "cannot be read"),
        (["random", "random", "--size", "40"], "size|lines"),
        (["random", "random", "--seed", "-1"], "seed"),
        (["random", "random", "--komi", "0.3"], "komi"),
        (["random", "random", "--plies", "4", "2"], "opening"),
        (["random", "random", "--max-moves", "0"], "max-moves"),
    ],
)
def test_the_match_command_says_in_one_line_what_is_wrong(arguments, message, capsys) -> None:
    assert main(["match", *arguments]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert re.search(message, error), error
