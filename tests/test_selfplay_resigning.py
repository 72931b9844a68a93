"""Resignation: counters of one game only, no position without a move, mistakes that are known."""

from __future__ import annotations

import numpy as np
import pytest

from gokit.go.errors import GoError
from gokit.go.geometry import MOVE_CAP, RESIGNED, TWO_PASSES
from gokit.go.rules import BLACK, EMPTY, WHITE, Rules
from gokit.played import CHEAP, PlayedGames
from gokit.resigning import ResignCounters, calibrate, check_threshold
from gokit.search.config import SearchConfig
from gokit.selfplay import SelfPlay, SelfPlayConfig
from tests.game_makers import HashEvaluator, OneSidedEvaluator

RULES = Rules(komi=0.5)
TURNS, PLY = 3, 4


def self_play(seed: int = 0, evaluator=None, search=None, **options) -> SelfPlay:
    given = {
        "games": 8,
        "max_moves": 27,
        "no_pass_plies": 27,
        "random_plies": 0,
        "resign_below": -0.8,
        "resign_turns": TURNS,
        "resign_ply": PLY,
        "never_resign": 0.25,
    }
    return SelfPlay(
        evaluator or OneSidedEvaluator(),
        search,
        SelfPlayConfig(**given | options),
        np.random.default_rng(seed),
        size=3,
        rules=RULES,
    )


@pytest.mark.parametrize("search", [None, SearchConfig(4, "gumbel"), SearchConfig(4)])
@pytest.mark.parametrize(("from_ply", "last"), [(0, 5), (4, 9)])
def test_the_losing_side_resigns_at_its_third_hopeless_turn_of_every_game(
    search, from_ply: int, last: int
) -> None:
    """F-04: with counters that live on, later games would end earlier; F-05: boards = moves."""
    games, metrics = self_play(search=search, resign_ply=from_ply).play(100)
    # White's turns from ply 4 on are 5, 7 and 9; at the last it resigns and makes no move.
    resigned = games.end == RESIGNED
    assert (games.lengths[resigned] == last).all()
    assert (games.winner[resigned] == BLACK).all()
    assert np.isnan(games.margin[resigned]).all()
    assert games.positions == games.lengths.sum() == len(games.value)
    assert metrics["resigned"] == resigned.sum() > 50
    assert not (resigned & games.played_out).any()
    assert games.played_out[~resigned].all()


def test_a_share_of_games_is_marked_at_the_start_and_played_out() -> None:
    games, _ = self_play(games=50).play(400)
    assert abs(games.played_out.mean() - 0.25) < 4 * np.sqrt(0.25 * 0.75 / 400)
    assert not (games.end[games.played_out] == RESIGNED).any()


def test_one_good_turn_starts_the_count_again() -> None:
    counters = ResignCounters(2, turns=2, from_ply=3)
    both = np.array([0, 1])

    def turn(ply: int, values: list[float], color: int = WHITE) -> list[bool]:
        colors, plies = np.full(2, color), np.full(2, ply)
        return counters.update(both, colors, plies, np.array(values), -0.5).tolist()

    assert turn(1, [-0.9, -0.9]) == [False, False]
    assert turn(3, [-0.9, -0.9]) == [False, False], "a turn before ply 3 was counted"
    assert turn(4, [-0.9, -0.9], BLACK) == [False, False], "the sides share a counter"
    assert turn(5, [-0.9, -0.4]) == [True, False]
    assert turn(7, [-0.9, -0.9]) == [True, False], "a good turn was forgotten"
    counters.reset(np.array([0]))
    assert turn(9, [-0.9, -0.9]) == [False, True], "a new game began with an old count"


def test_resignation_is_off_by_default_and_every_game_then_counts() -> None:
    games, metrics = self_play(resign_below=None).play(20)
    assert SelfPlayConfig().resign_below is None
    assert not (games.end == RESIGNED).any()
    assert games.played_out.all()
    assert metrics["resign_below"] is None
    assert metrics["resign_mistakes"] is None


def test_a_threshold_set_later_leaves_games_alone_that_were_marked_before() -> None:
    players = self_play(resign_below=None)
    players.step()
    players.resign_below = -0.8
    first, _ = players.collect(1)
    assert first.played_out.all()
    later, _ = players.collect(400)
    assert (later.end == RESIGNED).any()
    with pytest.raises(GoError, match="resign_below"):
        players.resign_below = 0.3


def triggered(games: PlayedGames, game: int, below: float, turns: int, ply: int) -> int | None:
    """Who would have resigned that game, found turn by turn."""
    low = {0: 0, 1: 0}
    start = games.starts[game]
    for at in range(games.lengths[game]):
        value = games.value[start + at]
        if np.isnan(value) or at < ply:
            continue
        low[at % 2] = low[at % 2] + 1 if value < below else 0
        if low[at % 2] == turns:
            return (BLACK, WHITE)[at % 2]
    return None


@pytest.mark.parametrize("below", [-0.05, -0.2, -0.5])
def test_the_check_says_what_the_counters_would_have_done(below: float) -> None:
    search = SearchConfig(3, "puct", noise_fraction=0.25)
    options = {"no_pass_plies": 4, "random_plies": 4, "never_resign": 0.5, "resign_turns": 2}
    players = self_play(1, HashEvaluator(), search, resign_below=below, **options)
    games, metrics = players.play(150)
    usable = [g for g in range(len(games)) if games.played_out[g] and games.end[g] == TWO_PASSES]
    sides = {g: triggered(games, g, below, 2, PLY) for g in usable}
    resigned = [g for g, side in sides.items() if side is not None]
    mistaken = [g for g in resigned if games.winner[g] in (EMPTY, sides[g])]
    check = check_threshold([games], below, 2, PLY)
    assert (check.games, check.resigned) == (len(usable), len(resigned))
    assert check.mistaken == len(mistaken)
    assert metrics["resign_checked"] == len(resigned)
    if resigned:
        assert metrics["resign_mistakes"] == pytest.approx(len(mistaken) / len(resigned))
    # Whoever did resign had not met the threshold before, and was one turn short of it.
    for game in np.flatnonzero(games.end == RESIGNED):
        assert triggered(games, game, below, 2, PLY) is None
        own = games.value[games.starts[game] : games.starts[game] + games.lengths[game]]
        own = own[games.lengths[game] % 2 :: 2]
        assert own[~np.isnan(own)][-1] < below


def synthetic(levels: np.ndarray, mistaken: np.ndarray, *, length: int = 20) -> PlayedGames:
    """Games in each of which one side sees its level for three turns, and mostly loses."""
    count = len(levels)
    side = np.arange(count) % 2
    value = np.full((count, length), 0.5, np.float16)
    for turn in range(10, 16, 2):
        value[np.arange(count), turn + side] = levels
    black_wins = (side == 0) == mistaken
    return PlayedGames(
        size=3,
        rules=RULES,
        lengths=np.full(count, length, np.int32),
        end=np.full(count, TWO_PASSES, np.uint8),
        margin=np.where(black_wins, 5, -5).astype(np.float32),
        ownership=np.zeros((count, 9), np.int8),
        played_out=np.ones(count, np.bool_),
        moves=np.zeros(count * length, np.int16),
        how=np.full(count * length, CHEAP, np.uint8),
        policy=np.zeros((count * length, 10), np.float16),
        value=value.ravel(),
    )


def games_with_known_rate(seed: int, count: int) -> PlayedGames:
    """A side at level x is wrong with probability (1 + x) / 2: below t that is (1 + t) / 4."""
    rng = np.random.default_rng(seed)
    levels = rng.uniform(-1, 0, count)
    return synthetic(levels, rng.random(count) < (1 + levels) / 2)


def test_the_calibrated_threshold_keeps_its_promise() -> None:
    kept, thresholds = 0, []
    for seed in range(20):
        check = calibrate([games_with_known_rate(seed, 4000)], TURNS, 10)
        assert check.rate <= check.interval[1] <= 0.05
        thresholds.append(check.below)
        kept += (1 + check.below) / 4 <= 0.05
    assert kept >= 18, "the true share of mistakes is often above the limit"
    assert np.median(thresholds) > -0.95, "the threshold is needlessly low"


def test_more_games_and_a_higher_limit_allow_a_higher_threshold() -> None:
    many = games_with_known_rate(1, 8000)
    few = many.select(np.arange(3000))
    assert calibrate([few], TURNS, 10).below <= calibrate([many], TURNS, 10).below
    strict, lax = (calibrate([many], TURNS, 10, limit).below for limit in (0.03, 0.10))
    assert strict < lax
    split = [few, many.select(np.arange(3000, 8000))]
    assert calibrate(split, TURNS, 10) == calibrate([many], TURNS, 10)


def test_two_levels_are_told_apart() -> None:
    rng = np.random.default_rng(2)
    levels = np.where(np.arange(1000) % 2 == 0, -0.95, -0.75)
    games = synthetic(levels, np.where(levels < -0.9, rng.random(1000) < 0.005, True))
    check = calibrate([games], TURNS, 10)
    assert -0.95 < check.below <= -0.75
    assert check.resigned == 500


def test_no_threshold_before_there_are_enough_games_or_where_none_will_do() -> None:
    games = synthetic(np.linspace(-0.99, -0.9, 200), np.zeros(200, np.bool_))
    assert calibrate([games.select(np.arange(99))], TURNS, 10) is None
    assert calibrate([games], TURNS, 10) is not None
    assert calibrate([games], TURNS, 10, least_games=201) is None
    assert calibrate([games], 4, 10) is None, "no side has four such turns"
    assert calibrate([games], TURNS, 12) is None, "too few of them lie late enough"
    hopeless = synthetic(np.linspace(-0.99, -0.9, 200), np.ones(200, np.bool_))
    assert calibrate([hopeless], TURNS, 10) is None
    with pytest.raises(GoError, match="limit"):
        calibrate([games], TURNS, 10, 0.0)


def test_only_games_that_were_marked_and_have_a_result_count() -> None:
    games = synthetic(np.full(200, -0.9), np.zeros(200, np.bool_))
    games.played_out[:50] = False
    assert check_threshold([games], -0.8, TURNS, 10).games == 150
    games.end[100:] = MOVE_CAP
    assert check_threshold([games], -0.8, TURNS, 10).games == 50


def test_a_draw_that_was_resigned_is_a_mistake() -> None:
    games = synthetic(np.full(10, -0.9), np.zeros(10, np.bool_))
    games.margin[:4] = RULES.komi
    assert check_threshold([games], -0.8, TURNS, 10).mistaken == 4
