"""Ratings: known strengths found again, honest ends where results say nothing, pairs as units."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

import numpy as np
import pytest

from gokit.arena import MatchGame, MatchResult
from gokit.go.errors import GoError
from gokit.go.rules import BLACK, EMPTY, TROMP_TAYLOR, WHITE
from gokit.ratings import (
    NAT,
    Pair,
    Rating,
    Ratings,
    cross_table,
    elo_difference,
    expected_score,
    fit_ratings,
    pairs_of,
)

LEAGUE = {"ann": 0.0, "bob": 100.0, "cay": -150.0, "dan": 250.0}


def league(
    truth: dict[str, float],
    pairs: int,
    rng: np.random.Generator,
    *,
    alike: float = 0.0,
    black: float = 0.0,
) -> list[Pair]:
    """All pairs of players; `alike`: how often a pair's second game repeats or mirrors its first.

    At 1 both games of a pair have the same winner, at -1 they are as opposite as the chances
    allow; the chances themselves do not depend on it. black: Black's advantage, in Elo.
    """
    names = list(truth)
    played = []
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            first, second = rng.random((2, pairs))
            same = rng.random(pairs) < abs(alike)
            second = np.where(same, first if alike > 0 else 1 - first, second)
            gap = truth[a] - truth[b]
            wins = first < expected_score(gap + black), second < expected_score(gap - black)
            played += [Pair(a, b, float(x), float(y)) for x, y in zip(*wins, strict=True)]
    return played


def match_of(a: str, b: str, scores: Sequence[tuple[float | None, float | None]]) -> list[Pair]:
    return [Pair(a, b, *score) for score in scores]


def numbers(ratings: Ratings) -> dict[str, tuple[float, float, float]]:
    return {player.name: (player.elo, player.low, player.high) for player in ratings.players}


def test_elo_is_four_hundred_points_for_ten_to_one() -> None:
    assert expected_score(400) == pytest.approx(10 / 11)
    assert expected_score(0) == 0.5
    assert elo_difference(10 / 11) == pytest.approx(400)
    assert elo_difference(0.55) == pytest.approx(34.86, abs=0.01)
    assert (elo_difference(0), elo_difference(1)) == (-math.inf, math.inf)
    with pytest.raises(GoError, match="from 0 to 1"):
        elo_difference(1.1)


def test_two_players_differ_by_what_their_score_says() -> None:
    pairs = match_of("a", "b", [(1, 1)] * 5 + [(1, 0)] * 4 + [(0.5, 0)] * 2 + [(1, None)])
    # 10 + 4 + 1 + 1 points of 23 games.
    ratings = fit_ratings(pairs, "b", 1800)
    assert ratings["a"].elo == pytest.approx(1800 + elo_difference(16 / 23), abs=1e-3)
    assert (ratings["a"].games, ratings["a"].points) == (23, 16)
    assert (ratings["b"].games, ratings["b"].points) == (23, 7)
    assert ratings.pairs == 12


def test_known_strengths_are_found_again() -> None:
    pairs = league(LEAGUE, 4000, np.random.default_rng(5))
    ratings = fit_ratings(pairs, "ann")
    for name, elo in LEAGUE.items():
        assert ratings[name].elo == pytest.approx(elo, abs=12), name
    assert [player.name for player in ratings.players] == ["dan", "bob", "ann", "cay"]


def test_a_chain_of_neighbours_is_enough() -> None:
    rng = np.random.default_rng(6)
    pairs = [
        pair
        for a, b in (("a", "b"), ("b", "c"), ("c", "d"))
        for pair in league({a: 0.0, b: 200.0}, 3000, rng)
    ]
    ratings = fit_ratings(pairs, "a")
    assert [ratings[name].elo for name in "bcd"] == pytest.approx([200, 400, 600], abs=30)
    widths = [ratings[name].high - ratings[name].low for name in "bcd"]
    assert widths == sorted(widths), "what is further from the pinned player is known less well"


def test_neither_the_order_nor_the_side_nor_the_name_matters() -> None:
    rng = np.random.default_rng(7)
    pairs = league(LEAGUE, 30, rng, black=80)
    reference = numbers(fit_ratings(pairs, "bob", 500, color_advantage=True))
    shuffled = [pairs[i] for i in rng.permutation(len(pairs))]
    exchanged = [pair.exchanged() if rng.random() < 0.5 else pair for pair in shuffled]
    again = numbers(fit_ratings(exchanged, "bob", 500, color_advantage=True))
    renamed = [Pair(pair.a[::-1], pair.b[::-1], pair.as_black, pair.as_white) for pair in pairs]
    other = numbers(fit_ratings(renamed, "bob", 500, color_advantage=True))
    for name, expected in reference.items():
        assert again[name] == pytest.approx(expected, abs=0.1)
        assert other[name[::-1]] == pytest.approx(expected, abs=0.1)


def test_the_pinned_player_stays_where_it_is_pinned() -> None:
    pairs = league(LEAGUE, 50, np.random.default_rng(8))
    low = fit_ratings(pairs, "cay", 0)
    high = fit_ratings(pairs, "cay", 1800)
    assert numbers(high)["cay"] == (1800, 1800, 1800)
    for name, values in numbers(low).items():
        assert numbers(high)[name] == pytest.approx([value + 1800 for value in values])
    other = fit_ratings(pairs, "dan", 0)
    assert numbers(other)["dan"] == (0, 0, 0)
    for name in LEAGUE:
        gap = low[name].elo - low["dan"].elo
        assert other[name].elo == pytest.approx(gap, abs=0.01), "who is pinned changed a gap"


@pytest.mark.parametrize("alike", [0.0, 0.8, -0.8], ids=["independent", "same", "opposite"])
def test_intervals_hold_the_truth_about_95_times_in_100(alike: float) -> None:
    # Over 1,800 intervals each: 95.2 %, 94.4 % and 96.2 %.
    rng = np.random.default_rng(9)
    below = above = n = 0
    for _ in range(150):
        ratings = fit_ratings(league(LEAGUE, 25, rng, alike=alike), "ann")
        for name in ("bob", "cay", "dan"):
            n += 1
            below += LEAGUE[name] < ratings[name].low
            above += LEAGUE[name] > ratings[name].high
    held = 1 - (below + above) / n
    assert 0.92 <= held <= 0.985, f"{held:.1%} of {n}"
    assert max(below, above) < 0.05 * n, "one side misses far more than the other"


def test_few_games_and_far_players_get_intervals_that_hold_too() -> None:
    # Over 1,200 intervals: 98 %; a third of these players have no finite rating.
    truth = {"a": 0.0, "b": 500.0, "c": -600.0}
    rng = np.random.default_rng(10)
    held = unrated = 0
    for _ in range(100):
        ratings = fit_ratings(league(truth, 20, rng, alike=0.5), "a")
        for name in "bc":
            held += ratings[name].low <= truth[name] <= ratings[name].high
            unrated += math.isinf(ratings[name].elo)
    assert held >= 0.94 * 200
    assert unrated > 20


def test_the_interval_is_where_the_likelihood_of_the_pairs_has_dropped() -> None:
    # Ten pairs 2 : 0, twenty 1 : 1, ten 0 : 2: pairs scatter just as independent games would.
    pairs = match_of("a", "b", [(1, 1)] * 10 + [(1, 0), (0, 1)] * 10 + [(0, 0)] * 10)
    rating = fit_ratings(pairs, "b")["a"]
    x = rating.high / NAT
    drop = 2 * (80 * math.log1p(math.exp(x)) - 40 * x - 80 * math.log(2))
    assert drop == pytest.approx(3.8415 * 40 / 39, abs=0.01)
    assert rating.low == pytest.approx(-rating.high, abs=0.1)


def test_what_counts_is_how_pairs_scatter_not_how_games_do() -> None:
    def width(scores: list[tuple[float, float]]) -> float:
        rating = fit_ratings(match_of("a", "b", scores), "b")["a"]
        assert rating.elo == pytest.approx(0, abs=0.01)
        return rating.high - rating.low

    independent = width([(1, 1), (0, 0), (1, 0), (0, 1)] * 10)
    same = width([(1, 1), (0, 0)] * 20)
    opposite = width([(1, 0), (0, 1)] * 20)
    assert same / independent == pytest.approx(math.sqrt(2), abs=0.05)
    assert 0.35 < opposite / independent < 0.7, "narrower, and not of no width"


def test_who_always_loses_gets_a_bound_and_no_number() -> None:
    pairs = match_of("strong", "weak", [(1, 1)] * 30) + match_of("x", "weak", [(1, 0)] * 30)
    ratings = fit_ratings(pairs, "weak", 1000)
    strong = ratings["strong"]
    # Exact for 30 trials, each pair as one: a chance of c gives 30 wins of 30 with c^30 = 5 %.
    bound = 1000 + elo_difference(0.05 ** (1 / 30))
    assert (strong.elo, strong.high) == (math.inf, math.inf)
    assert strong.low == pytest.approx(bound, abs=0.5)
    assert ratings["x"].elo == pytest.approx(1000, abs=0.01), "another's shut-out moved a rating"

    down = fit_ratings(pairs, "strong", 1000)["weak"]
    assert (down.elo, down.low) == (-math.inf, -math.inf)
    assert down.high == pytest.approx(2000 - bound, abs=0.5)

    shown = str(ratings)
    assert f"> {bound:.0f}" in shown
    assert "one-sided" in shown
    assert "inf" not in shown


def test_shut_outs_in_a_chain_are_bounds_that_add_up() -> None:
    pairs = match_of("a", "b", [(1, 1)] * 50) + match_of("b", "c", [(1, 1)] * 50)
    ratings = fit_ratings(pairs, "c")
    assert math.isinf(ratings["a"].elo)
    assert math.isinf(ratings["b"].elo)
    # a is only bounded by b: even where both gaps share the 5 %, a is well above b's bound.
    assert ratings["a"].low > ratings["b"].low + 200
    assert [player.name for player in ratings.players] == ["a", "b", "c"]


def test_what_nothing_bounds_is_said_to_have_no_bound() -> None:
    pairs = match_of("x", "a", [(1, 1)] * 10) + match_of("x", "y", [(1, 1)] * 10)
    ratings = fit_ratings(pairs, "a")
    y = ratings["y"]
    assert math.isnan(y.elo)
    assert (y.low, y.high) == (-math.inf, math.inf)
    assert "no bound" in str(ratings)
    assert ratings["x"].low == pytest.approx(elo_difference(0.05**0.1), abs=0.5)


def test_a_prior_gives_a_number_and_says_that_it_is_there() -> None:
    pairs = match_of("strong", "weak", [(1, 1)] * 30)
    one = fit_ratings(pairs, "weak", prior_draws=1)
    assert one["strong"].elo == pytest.approx(elo_difference(60.5 / 61), abs=0.01)
    half = fit_ratings(pairs, "weak", prior_draws=0.5)
    assert half["strong"].elo > one["strong"].elo
    assert math.isfinite(one["strong"].high)
    assert one["strong"].low < one["strong"].elo < one["strong"].high
    assert one["strong"].games == 60, "made-up games are not counted as played"
    # One pair and a fifth of a draw: the end is far away, and there.
    far = fit_ratings(match_of("s", "w", [(1, 1)]), "w", prior_draws=0.2)["s"]
    assert 3000 < far.high < 4500
    assert "made-up" in str(one)
    assert "made-up" not in str(fit_ratings(pairs, "weak"))


def test_black_s_advantage_is_found_and_does_not_move_the_players() -> None:
    pairs = league(LEAGUE, 2000, np.random.default_rng(11), black=120)
    ratings = fit_ratings(pairs, "ann", color_advantage=True)
    black = ratings.black_advantage
    assert black.elo == pytest.approx(120, abs=10)
    assert black.low < 120 < black.high
    assert black.games == 24_000
    assert black.points / black.games == pytest.approx(0.65, abs=0.03)
    for name, elo in LEAGUE.items():
        assert ratings[name].elo == pytest.approx(elo, abs=18), name
    assert "Black is worth" in str(ratings)
    # Not fitted, it squeezes the gaps: a game that the colour decides says less of strength.
    plain = fit_ratings(pairs, "ann")
    assert plain.black_advantage is None
    assert plain["dan"].elo < ratings["dan"].elo


def test_where_black_always_wins_its_advantage_is_a_bound() -> None:
    ratings = fit_ratings(match_of("a", "b", [(1, 0)] * 20), "b", color_advantage=True)
    black = ratings.black_advantage
    assert black.elo == math.inf
    assert black.low > 0
    assert (black.games, black.points) == (40, 40)


def test_players_that_no_chain_of_games_joins_are_refused() -> None:
    pairs = match_of("a", "b", [(1, 0)]) + match_of("c", "d", [(1, 0)])
    with pytest.raises(GoError, match="no chain of games joins c, d to a, b"):
        fit_ratings(pairs, "a")
    with pytest.raises(GoError, match="no chain of games"):
        fit_ratings([*pairs, Pair("b", "c", None, None)], "a")
    joined = [*pairs, Pair("b", "c", 1, 0)]
    assert len(fit_ratings(joined, "a").players) == 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"anchor": "nobody"}, "nobody"),
        ({"prior_draws": -1}, "prior_draws"),
        ({"prior_draws": math.nan}, "prior_draws"),
        ({"anchor_elo": math.inf}, "finite"),
    ],
)
def test_a_fit_that_makes_no_sense_is_refused(options, message) -> None:
    with pytest.raises(GoError, match=message):
        fit_ratings(match_of("a", "b", [(1, 0)]), **{"anchor": "a", **options})


def test_a_pair_is_of_two_players_and_real_points() -> None:
    with pytest.raises(GoError, match="against itself"):
        Pair("a", "a", 1, 0)
    with pytest.raises(GoError, match="points"):
        Pair("a", "b", 2, 0)
    pair = Pair("a", "b", 1, 0.5)
    assert pair.exchanged() == Pair("b", "a", 0.5, 0)
    assert pair.exchanged().exchanged() == pair


def test_the_pairs_of_a_match_are_a_s_points_by_colour() -> None:
    def game(opening: int, a_color: int, winner: int | None) -> MatchGame:
        return MatchGame((opening, 5, 6), 1, a_color, "two passes", winner, 1.0)

    played = [
        game(1, BLACK, BLACK), game(1, WHITE, BLACK),
        game(2, BLACK, EMPTY), game(2, WHITE, WHITE),
        game(3, BLACK, WHITE), game(3, WHITE, None),
    ]  # fmt: skip
    result = MatchResult("a", "b", 5, TROMP_TAYLOR, played)
    assert pairs_of(result) == match_of("a", "b", [(1, 0), (0.5, 1), (0, None)])
    assert result.distinct_ratio == 0.5
    for broken in (played[1:5], played[::-1], [played[0], played[3]]):
        with pytest.raises(GoError, match="not pairs"):
            _ = MatchResult("a", "b", 5, TROMP_TAYLOR, broken).pair_points


def test_the_result_is_json_without_infinities() -> None:
    pairs = match_of("s", "w", [(1, 1)] * 9) + match_of("w", "v", [(1, 0.5)] * 9)
    table = fit_ratings(pairs, "w", 1800, color_advantage=True).to_dict()
    assert json.loads(json.dumps(table, allow_nan=False)) == table
    strong = next(player for player in table["players"] if player["name"] == "s")
    assert strong["elo"] is None
    assert strong["interval"][0] > 1800
    assert strong["interval"][1] is None
    assert Rating("x", 1.0, 0.5, 2.0, 4, 2.0).to_dict()["interval"] == [0.5, 2.0]


def test_the_cross_table_has_row_against_column() -> None:
    pairs = match_of("b", "a", [(1, 1), (1, 0)]) + match_of("a", "c", [(0.5, 0.5)])
    lines = cross_table(pairs, ["b", "a", "c"]).splitlines()
    assert [" ".join(line.split()) for line in lines] == [
        "1 2 3",
        "1 b 75.0% / 4 -",
        "2 a 25.0% / 4 50.0% / 2",
        "3 c - 50.0% / 2",
    ]
