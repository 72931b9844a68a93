"""Promotion: error rates that are what they promise, pairs as units, a stop at the first bound."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from gokit.go.errors import GoError
from gokit.go.position import Position
from gokit.go.rules import BLACK
from gokit.players import RESIGN, RandomPlayer
from gokit.ratings import expected_score
from gokit.sprt import PAIR_SCORES, Sprt, gate_pass_rate, log_likelihood_ratio, run_sprt

COUNTS = [
    (10, 5, 40, 6, 14),
    (0, 0, 100, 0, 0),
    (40, 0, 20, 0, 60),
    (3, 30, 100, 40, 2),
    (0, 0, 5, 0, 1),
]


def reference(counts: tuple[int, ...], elo0: float, elo1: float) -> float:
    """The likelihoods of the counts, each the greatest under its mean, by plain bisection."""
    shares = [(n or 1e-3) for n in counts]

    def log_likelihood(elo: float) -> float:
        mean = 1 / (1 + 10 ** (-elo / 400))
        away = [score / 2 - mean for score in PAIR_SCORES]
        low, high = -1 / max(away), -1 / min(away)
        for _ in range(200):
            x = (low + high) / 2
            if sum(n * d / (1 + x * d) for n, d in zip(shares, away, strict=True)) > 0:
                low = x
            else:
                high = x
        fitted = [n / sum(shares) / (1 + x * d) for n, d in zip(shares, away, strict=True)]
        assert sum(fitted) == pytest.approx(1)
        assert sum(p * s / 2 for p, s in zip(fitted, PAIR_SCORES, strict=True)) == pytest.approx(
            mean
        )
        return sum(n * math.log(p) for n, p in zip(shares, fitted, strict=True))

    return log_likelihood(elo1) - log_likelihood(elo0)


@pytest.mark.parametrize("counts", COUNTS)
def test_the_ratio_is_that_of_the_two_greatest_likelihoods(counts) -> None:
    for elo0, elo1 in ((0, 35), (-20, 10), (0, 400)):
        found = log_likelihood_ratio(np.array(counts), elo0, elo1)
        assert found == pytest.approx(reference(counts, elo0, elo1), abs=1e-6)
        # The same games seen from the other player.
        other = log_likelihood_ratio(np.array(counts[::-1]), -elo0, -elo1)
        assert other == pytest.approx(float(found), abs=1e-6)


def test_the_ratio_is_near_the_one_of_normal_scores() -> None:
    counts = np.array((100, 30, 400, 50, 120))
    scores = np.repeat(np.array(PAIR_SCORES) / 2, counts)
    low, high = expected_score(0), expected_score(35)
    normal = (high - low) * (2 * scores.mean() - low - high) / (2 * scores.var()) * len(scores)
    assert log_likelihood_ratio(counts, 0, 35) == pytest.approx(normal, rel=0.05)


def test_many_tests_at_once_are_each_test_alone() -> None:
    together = log_likelihood_ratio(np.array(COUNTS), 0, 35)
    alone = [float(log_likelihood_ratio(np.array(counts), 0, 35)) for counts in COUNTS]
    assert together == pytest.approx(alone)
    assert log_likelihood_ratio(np.zeros(5), 0, 35) == 0


def test_wins_speak_for_the_candidate_and_losses_against() -> None:
    better, worse, even = Sprt(), Sprt(), Sprt()
    for _ in range(10):
        better.add(2)
        worse.add(0)
        even.add(1)
    assert better.llr > 0.5
    assert worse.llr < -0.5
    assert worse.llr < even.llr < 0, "no difference speaks for none"
    assert (better.score, worse.score, even.score) == (1, 0, 0.5)
    assert better.counts == [0, 0, 0, 0, 10]


def test_wald_s_bounds() -> None:
    assert Sprt().bounds == pytest.approx((-math.log(19), math.log(19)))
    assert Sprt(alpha=0.01, beta=0.1).bounds == pytest.approx(
        (math.log(0.1 / 0.99), math.log(0.9 / 0.01))
    )


def test_a_test_ends_at_its_first_bound_and_takes_nothing_after_it() -> None:
    for score, end in ((2, "accept"), (0, "reject")):
        test = Sprt()
        while test.add(score) == "go on":
            assert test.pairs < 100
        assert test.state == end
        low, high = test.bounds
        assert test.llr >= high if end == "accept" else test.llr <= low
        assert 20 < test.pairs < 45, "a few pairs of one kind decide nothing yet"
        with pytest.raises(GoError, match="ended"):
            test.add(1)


def simulate(elo: float, tests: int, alike: float, seed: int) -> tuple[float, float]:
    """Return how often a candidate so much stronger is accepted, and the mean number of pairs."""
    rng = np.random.default_rng(seed)
    low, high = Sprt().bounds
    counts = np.zeros((tests, 5))
    running = np.arange(tests)
    accepted = pairs = 0
    for played in range(4, 8000, 4):
        for _ in range(4):
            first, second = rng.random((2, len(running)))
            same = rng.random(len(running)) < abs(alike)
            second = np.where(same, first if alike > 0 else 1 - first, second)
            chance = expected_score(elo)
            counts[running, 2 * (first < chance) + 2 * (second < chance)] += 1
        ratio = log_likelihood_ratio(counts[running], 0, 35)
        ended = (ratio <= low) | (ratio >= high)
        accepted += int((ratio >= high).sum())
        pairs += played * int(ended.sum())
        running = running[~ended]
        if not running.size:
            return accepted / tests, pairs / tests
    raise AssertionError(f"{running.size} tests never ended")


@pytest.mark.parametrize("alike", [0.0, 0.6, -0.6], ids=["independent", "same", "opposite"])
def test_both_errors_are_as_rare_as_promised(alike: float) -> None:
    equal, _ = simulate(0, 1000, alike, seed=1)
    stronger, _ = simulate(35, 1000, alike, seed=2)
    # 1.7 % is two and a half standard errors of a rate of 5 % over 1,000 tests.
    assert 0.02 < equal < 0.067, "equal players accepted"
    assert 0.02 < 1 - stronger < 0.067, "stronger players rejected"


def test_a_test_is_shorter_where_the_two_games_of_a_pair_cancel() -> None:
    lengths = [simulate(0, 300, alike, seed=3)[1] for alike in (-0.6, 0.0, 0.6)]
    assert lengths[0] < 0.7 * lengths[1] < 0.7 * 0.8 * lengths[2]


def test_a_gate_of_22_of_40_lets_an_equal_player_pass_one_time_in_three() -> None:
    # F-17. Counted another way: all 2^40 sequences of results, by Pascal's triangle.
    row = [1]
    for _ in range(40):
        row = [x + y for x, y in zip([0, *row], [*row, 0], strict=True)]
    assert gate_pass_rate(22, 40, 0.5) == pytest.approx(sum(row[22:]) / 2**40)
    assert gate_pass_rate(22, 40, 0.5) == pytest.approx(0.318, abs=0.001)
    assert gate_pass_rate(22, 40, 0.55) == pytest.approx(0.565, abs=0.002)
    assert gate_pass_rate(0, 40, 0.5) == pytest.approx(1)
    assert gate_pass_rate(40, 40, 0.5) == pytest.approx(2.0**-40)
    with pytest.raises(GoError, match="gate"):
        gate_pass_rate(41, 40, 0.5)


@pytest.mark.parametrize(
    "options",
    [{"elo0": 35}, {"elo0": 40}, {"alpha": 0}, {"beta": 0.5}, {"elo1": math.inf}],
)
def test_a_test_that_makes_no_sense_is_refused(options) -> None:
    with pytest.raises(GoError):
        Sprt(**options)


def test_only_pair_scores_can_be_added() -> None:
    for score in (0.25, 3, -1, math.nan):
        with pytest.raises(GoError, match="pair of games"):
            Sprt().add(score)


class Scripted:
    """Plays by a function of the position."""

    def __init__(self, name: str, choose) -> None:
        self.name = name
        self.choose = choose

    def reset(self) -> None:
        pass

    def close(self) -> None:
        pass


def resign(position: Position) -> int:
    return RESIGN


def pass_always(position: Position) -> int:
    return position.size**2


STRONG, WEAK = Scripted("strong", pass_always), Scripted("weak", resign)


@pytest.mark.parametrize(
    ("a", "b", "outcome"), [(STRONG, WEAK, "accept"), (WEAK, STRONG, "reject")]
)
def test_a_promotion_match_stops_when_the_answer_is_clear(a, b, outcome) -> None:
    seen = []
    result = run_sprt(
        a, b, rng=np.random.default_rng(0), max_games=400, block=20, size=5, on_game=seen.append
    )
    assert result.outcome == outcome
    assert 20 < result.sprt.pairs < 45
    played = result.match.played
    assert seen == played
    # No block is begun after the deciding pair, and the test heard nothing after it.
    assert 0 <= len(played) - 2 * result.sprt.pairs < 20
    openings = {game.moves[: game.opening] for game in played}
    assert len(openings) == len(played) / 2, "an opening came twice"
    assert [game.a_color == BLACK for game in played] == [True, False] * (len(played) // 2)
    table = result.to_dict()
    assert json.loads(json.dumps(table)) == table
    assert outcome in str(result)


def test_equal_players_are_not_promoted() -> None:
    twin = Scripted("twin", pass_always)
    result = run_sprt(STRONG, twin, rng=np.random.default_rng(0), size=5, max_games=200)
    assert result.outcome == "reject"
    assert result.sprt.counts[2] == result.sprt.pairs
    assert result.match.distinct_ratio == 0.5, "twins play each opening the same way twice"
    assert result.to_dict()["distinct_ratio"] == 0.5


def test_the_cap_of_games_leaves_it_undecided() -> None:
    rng = np.random.default_rng(1)
    players = RandomPlayer(rng), RandomPlayer(rng)
    result = run_sprt(*players, rng=rng, max_games=26, block=10, size=5)
    assert result.outcome == "undecided"
    assert result.sprt.state == "go on"
    assert len(result.match.played) == 26
    assert result.sprt.pairs == 13
    points = sum(sum(pair) for pair in result.match.pair_points)
    assert result.sprt.score == pytest.approx(points / 26)
    assert "undecided" in str(result)


def test_a_pair_with_an_unfinished_game_counts_neither_way() -> None:
    def black_resigns(position: Position) -> int:
        # White's next move comes after the cap, so only one game of each pair has a result.
        return RESIGN if position.to_move == BLACK else 0

    a, b = Scripted("a", black_resigns), Scripted("b", pass_always)
    result = run_sprt(
        a, b, rng=np.random.default_rng(0), max_games=12, block=4, size=5,
        opening_plies=(2, 2), max_moves=3,
    )  # fmt: skip
    assert result.match.unfinished == 6
    assert result.match.losses == 6
    assert result.sprt.pairs == 0
    assert result.outcome == "undecided"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_games": 3}, "max_games"),
        ({"block": 5}, "block"),
        ({"block": 0}, "block"),
        ({"max_games": 20, "size": 2, "opening_plies": (1, 1)}, "different openings"),
    ],
)
def test_a_promotion_match_that_cannot_be_is_refused(options, message) -> None:
    with pytest.raises(GoError, match=message):
        run_sprt(STRONG, WEAK, rng=np.random.default_rng(0), **{"size": 5, **options})


def test_a_used_test_is_refused() -> None:
    test = Sprt()
    test.add(2)
    with pytest.raises(GoError, match="fresh"):
        run_sprt(STRONG, WEAK, rng=np.random.default_rng(0), size=5, test=test)
