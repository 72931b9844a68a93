"""What is watched: counted as said, and an alarm for each thing that once went unseen."""

from __future__ import annotations

import numpy as np
import pytest

from gokit.played import PlayedGames
from gokit.resigning import ResignCheck
from gokit.telemetry import Tally, alarms, captured, report, resign_report
from tests.game_makers import SIZE, played

HEALTHY = {
    "size": 9,
    "games": 200,
    "game_length": 55.0,
    "cut_off": 2,
    "early_passes": 0.002,
    "distinct_games": 1.0,
    "captures": 6.5,
    "black_wins": 0.55,
    "draws": 0.0,
    "resign_mistakes": 0.02,
    "resign_checked": 100,
}


def test_all_is_well() -> None:
    assert alarms(HEALTHY) == []
    assert alarms({**HEALTHY, "resign_mistakes": None}) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"early_passes": 0.011}, "1.1% of the first 9 plies are passes"),
        ({"distinct_games": 0.94}, "Only 94.0% of 200 games are distinct"),
        ({"game_length": 14.0}, "Games last 14.0 moves on average (less than 15.0)"),
        ({"size": 5, "game_length": 4.0}, "Games last 4.0 moves on average (less than 4.6)"),
        ({"captures": 0.0}, "Not one stone was captured in 200 games"),
        ({"black_wins": 0.81}, "Black wins 81.0% of the games"),
        ({"black_wins": 0.1, "draws": 0.05}, "White wins 85.0% of the games"),
        ({"resign_mistakes": 0.06}, "6.0% of 100 resignations would have been mistakes"),
    ],
)
def test_each_thing_that_goes_wrong_has_one_sentence_of_its_own(change: dict, says: str) -> None:
    sentences = alarms({**HEALTHY, **change})
    assert len(sentences) == 1
    assert says in sentences[0]
    assert sentences[0].endswith(".")


@pytest.mark.parametrize(
    "change",
    [
        {"early_passes": 0.01},
        {"distinct_games": 0.95},
        {"game_length": 15.0},
        {"size": 19, "game_length": 15.0},
        {"black_wins": 0.8},
        {"black_wins": 0.0, "draws": 1.0},
        {"resign_mistakes": 0.05},
        {"games": 19, "captures": 0.0, "black_wins": 1.0},
        {"games": 50, "cut_off": 50, "black_wins": 0.0},
    ],
)
def test_a_limit_is_not_yet_an_alarm_and_few_games_say_little(change: dict) -> None:
    assert alarms({**HEALTHY, **change}) == []


def test_games_are_counted_as_positions_count_them() -> None:
    games, ends = played(seed=5, count=9)
    found = report(games)
    assert captured(games).tolist() == [sum(p.captured) for p in ends]
    assert found["captures"] == pytest.approx(np.mean([sum(p.captured) for p in ends]))
    assert found["without_captures"] == np.mean([sum(p.captured) == 0 for p in ends])
    early = [move == SIZE**2 for p in ends for move in p.moves[:9]]
    assert found["early_passes"] == pytest.approx(np.mean(early))
    finished = [p.winner for p in ends if p.is_over]
    assert found["black_wins"] == pytest.approx(np.mean([w == 1 for w in finished]))
    assert found["cut_off"] == sum(not p.is_over for p in ends)
    assert sum(p.score().winner == 0 for p in ends if p.is_over) / len(finished) == found["draws"]
    assert (found["size"], found["games"]) == (SIZE, 9)


def test_repeats_are_seen() -> None:
    """G-3: 391 of 391 games were the same, and nothing said so."""
    games, _ = played(seed=6, count=1)
    found = report(PlayedGames.join([games] * 10))
    assert found["distinct_games"] == found["distinct_openings"] == 0.1
    assert any("distinct" in sentence for sentence in alarms(found))


def test_a_report_is_plain_json() -> None:
    games, _ = played(seed=7)
    found = report(games) | Tally().report(1.0) | resign_report(ResignCheck(-0.9, 50, 20, 1))
    assert all(isinstance(v, int | float | list | None) for v in found.values()), found
    assert not any(isinstance(v, np.generic) for v in found.values())
    assert found["resign_mistakes"] == 0.05
    low, high = found["resign_interval"]
    assert low < 0.05 < high


def test_a_bar_that_leaves_nothing_but_the_pass_has_held_nobody() -> None:
    tally = Tally()
    barred, wanted = np.array([True, True, True, False]), np.array([9, 9, 2, 9])
    tally.guard(barred, wanted, np.array([3, 9, 2, 9]), 9)
    assert (tally.barred, tally.bites) == (2, 1)


def test_tallies_of_groups_add_up() -> None:
    a, b = Tally(moves=3, full=2, divergence=1.0), Tally(moves=5, full=6, divergence=3.0)
    a.seconds, b.seconds = 1.0, 3.0
    a.evaluator_seconds = b.evaluator_seconds = 1.0
    total = Tally.total([a, b]).report(wall_seconds=2.0)
    assert total["positions_per_s"] == 4
    assert total["policy_kl"] == pytest.approx(0.5)
    assert total["network_share"] == pytest.approx(0.5)
