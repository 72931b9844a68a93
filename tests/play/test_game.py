"""Where a game begins, how it is written down and goes on, and who can be played against."""

from __future__ import annotations

import json

import numpy as np
import pytest

from gokit.go.errors import GoError, RulesMismatchError
from gokit.go.position import Position
from gokit.go.records import read_sgf, write_sgf
from gokit.go.rules import BLACK, NO_SUICIDE, TROMP_TAYLOR, WHITE
from gokit.gtp.handicap import fixed_points
from gokit.play.game import (
    black_forecast,
    forecast_words,
    handicap_of,
    record,
    resumed,
    start,
    under,
    usual_komi,
)
from gokit.play.opponents import PEOPLE, SHIPPED, opponents, shipped
from gokit.players import parse_player

NINE = str(SHIPPED / "9x9.safetensors")


@pytest.mark.parametrize("size", [5, 7, 9])
@pytest.mark.parametrize("stones", range(5))
def test_a_handicap_is_so_many_black_stones_and_white_moves_first(size, stones):
    position = start(size, TROMP_TAYLOR, stones)
    placed = stones if stones > 1 else 0
    assert (position.board == BLACK).sum() == placed
    assert (position.board == WHITE).sum() == 0
    assert position.to_move == (WHITE if placed else BLACK)
    assert handicap_of(position.play("pass")) == placed


def test_handicap_stones_stand_where_gtp_puts_them():
    position = start(9, TROMP_TAYLOR, 4)
    assert sorted(np.flatnonzero(position.board)) == sorted(fixed_points(4, 9))


@pytest.mark.parametrize(("size", "handicap"), [(9, 5), (9, -1), (9, 2.0), (9, True), (2, 3)])
def test_a_handicap_that_cannot_be_is_an_error(size, handicap):
    with pytest.raises(GoError):
        start(size, TROMP_TAYLOR, handicap)


def test_a_handicap_costs_white_its_komi():
    assert (usual_komi(0), usual_komi(1), usual_komi(4)) == (7.5, 0.5, 0.5)


@pytest.mark.parametrize("ending", [(), ("pass", "pass"), "resign"])
@pytest.mark.parametrize("handicap", [0, 3])
def test_a_game_written_down_and_read_again_goes_on_where_it_was(handicap, ending):
    rules = NO_SUICIDE.replace(komi=0.5)
    position = start(5, rules, handicap).play("D4" if not handicap else "A1").play("A5")
    for move in () if ending == "resign" else ending:
        position = position.play(move)
    position = position.resign() if ending == "resign" else position
    kept = read_sgf(write_sgf(record(position, ("me", "the bot"))).encode())
    again = resumed(kept)
    assert (kept.names, kept.handicap, kept.result) == (
        ("me", "the bot"),
        handicap,
        position.result,
    )
    assert (again.board == position.board).all()
    assert (again.rules, again.to_move, again.end) == (rules, position.to_move, position.end)
    assert again.result == position.result


def test_a_game_goes_on_under_other_rules_only_where_they_allow_its_moves():
    played = Position(5, NO_SUICIDE).play("C3").play("D4")
    assert under(played, TROMP_TAYLOR).moves == played.moves
    assert under(played, NO_SUICIDE) is played
    two = Position.from_moves(
        ["A5", "A4", "E1", "B4", "E2", "C5", "B5"], 5, TROMP_TAYLOR
    )  # Black joins A5 at B5 and both stones come off
    assert two.board[0, 0] == 0
    with pytest.raises(RulesMismatchError, match="move 7"):
        under(two, NO_SUICIDE)


def test_a_forecast_is_blacks_in_points_or_percent():
    black, white = Position(9), Position(9).play("E5")
    assert black_forecast(black, 0.25, "margin") == pytest.approx(0.25 * 81 - 7.5)
    assert black_forecast(white, 0.25, "margin") == pytest.approx(-0.25 * 81 - 7.5)
    assert black_forecast(black, 0.5, "win") == 75
    assert black_forecast(white, 0.5, "win") == 25
    assert forecast_words(-3.25, "margin") == "White ahead by 3.2"
    assert forecast_words(75, "win") == "Black wins with 75 %"
    assert forecast_words(0.01, "margin") == "even"


def test_each_size_has_opponents_and_the_shipped_network_comes_first():
    assert next(iter(opponents(9).values())).spec == NINE
    assert next(iter(opponents(5).values())).spec == str(SHIPPED / "5x5.safetensors")
    for size in (5, 7, 9):
        offered = opponents(size)
        assert {"rollout", "random", PEOPLE} <= set(offered)
        networks = [one for one in offered.values() if one.kind == "network"]
        assert len(networks) == len(shipped(size))


def test_the_network_named_after_the_size_is_the_first_of_several(monkeypatch, tmp_path):
    for stem, sizes in (("7x7", [7]), ("all", [5, 7, 9]), ("8x8", [7, 8]), ("other", [9])):
        (tmp_path / f"{stem}.safetensors").write_text("")
        (tmp_path / f"{stem}.json").write_text(json.dumps({"sizes": sizes}))
    monkeypatch.setattr("gokit.play.opponents.SHIPPED", tmp_path)
    assert [path.stem for path in shipped(7)] == ["7x7", "8x8", "all"]
    assert [path.stem for path in shipped(8)] == ["8x8"]
    assert shipped(13) == []


def test_every_strength_of_every_opponent_is_a_player(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)  # an engine is tried elsewhere
    for opponent in opponents(5).values():
        if opponent.kind == PEOPLE:
            continue
        for strength in opponent.strengths or (0,):
            player = parse_player(opponent.player_spec(strength), 5, TROMP_TAYLOR)
            position = Position(5)
            if strength <= 16:
                assert position.is_legal(player.choose(position))
    with pytest.raises(GoError, match="strengths"):
        opponents(5)["rollout"].player_spec(17)


@pytest.mark.parametrize(
    ("spec", "kind", "usual", "player_spec"),
    [
        ("random", "other", 0, "random"),
        ("rollout@50", "rollout", 50, "rollout@50"),
        ("gnugo@3", "gnugo", 3, "gnugo@3"),
        (f"mcts:{NINE}@33", "network", 33, f"mcts:{NINE}@33"),
        (f"policy:{NINE}", "network", 0, f"policy:{NINE}"),
        ('gtp:"gnugo --mode gtp"', "other", 0, 'gtp:"gnugo --mode gtp"'),
        ("people", "people", 0, ""),
    ],
)
def test_an_opponent_asked_for_comes_first_at_its_strength(spec, kind, usual, player_spec):
    first = next(iter(opponents(9, spec=spec).values()))
    assert (first.kind, first.usual) == (kind, usual)
    assert first.player_spec(first.usual) == player_spec
    assert usual in first.strengths or not first.strengths


def test_a_checkpoint_is_offered_once_and_only_for_its_sizes():
    offered = [one.spec for one in opponents(9, checkpoint=NINE).values()]
    assert offered.count(NINE) == 1
    assert NINE not in [one.spec for one in opponents(7, checkpoint=NINE).values()]
    with pytest.raises(GoError, match="nowhere"):
        opponents(9, checkpoint="nowhere.safetensors")


def test_rules_are_the_opponents():
    offered = opponents(9, spec='gtp:"gnugo --mode gtp"')
    komi = TROMP_TAYLOR.replace(komi=0.5)
    assert next(iter(offered.values())).rules(komi) == NO_SUICIDE.replace(komi=0.5)
    network = next(one for one in offered.values() if one.kind == "network")
    assert network.rules(NO_SUICIDE.replace(komi=0.5)) == komi
    assert offered["random"].rules(NO_SUICIDE) == NO_SUICIDE
