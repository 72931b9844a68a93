"""Learning from games: what is measured means something, and the same steps give the same net."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gokit.corpus.positions import Positions
from gokit.go.errors import GoError
from gokit.go.records import GameRecord
from gokit.go.rules import Rules
from gokit.intervals import wilson
from gokit.nn.config import NetworkConfig, Outputs
from gokit.nn.features import FEATURE_SETS
from gokit.nn.metrics import measure, predict
from gokit.nn.training import Trainer
from gokit.supervised import (
    Baselines,
    alarms,
    fit,
    fresh_network,
    learn,
    measure_positions,
)
from tests.corpus_games import SIZE, mixed_records, random_record, whole, written

TINY = NetworkConfig(planes=6, blocks=1, channels=4, value_hidden=4)
A_PASS = SIZE * SIZE


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def random_games(tmp_path_factory: pytest.TempPathFactory) -> Positions:
    return written(tmp_path_factory.mktemp("random"), [random_record(s) for s in range(20)])


class Says(nn.Module):
    """A network that gives every position the same answer."""

    def __init__(self, move: int, value: float) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.zeros(A_PASS + 1))
        self.logits.data[move] = 5.0
        self.value = value

    def forward(self, planes: Tensor, mask: Tensor | None = None) -> Outputs:
        count = len(planes)
        return Outputs(self.logits.expand(count, -1), torch.full((count,), self.value))


def game(moves: list[int], result: str, komi: float = 0.5) -> GameRecord:
    plays = [(1 + ply % 2, move) for ply, move in enumerate(moves)]
    return GameRecord(size=SIZE, rules=Rules(komi=komi), moves=plays, result=result)


LEARNT = [game([12, 6, 7], "W+R"), game([12, 1, 2, 3], "W+R"), game([0, 12], "B+R")]
HELD_OUT = [game([12, 13, 14, 16], "B+R"), game([3, 12], "W+R")]


def weights(trainer: Trainer) -> Tensor:
    return torch.cat([t.flatten().float() for t in trainer.average.state_dict().values()])


def test_baselines_are_counted_on_the_games_learnt_from(tmp_path: Path) -> None:
    """Black to move wins 1 of 5 positions, White 3 of 4; four moves of nine are in the centre."""
    baselines = Baselines.of(written(tmp_path / "learnt", LEARNT))
    assert baselines == Baselines(move=12, favourite=(-1, 1))
    other_way = [game(moves.copy(), "B+R") for moves in ([1, 2, 3], [1, 7, 8])]
    assert Baselines.of(written(tmp_path / "b", other_way)) == Baselines(1, (1, -1))
    undecided = [game([1, 2], "B+R"), game([3, 7], "W+R")]
    assert Baselines.of(written(tmp_path / "u", undecided)).favourite == (0, 0)


@pytest.mark.parametrize("features", FEATURE_SETS)
def test_measures_and_baselines_by_hand_whatever_the_planes(tmp_path: Path, features: str) -> None:
    learnt = written(tmp_path / "learnt", LEARNT, features=features)
    held_out = written(tmp_path / "held out", HELD_OUT, features=features)
    report = measure_positions(Says(12, 0.5), held_out, baselines=Baselines.of(learnt))
    assert (report["n"], report["games"]) == (6, 2)
    # The centre is played first in one game and second in the other.
    low, high = wilson(2 / 6, 6)
    third = {"rate": pytest.approx(2 / 6), "n": 6, "low": low, "high": high}
    assert report["top1"] == report["most_common_move"] == third
    # White is the favourite: wrong in all four positions of the first game, right in the second.
    assert report["majority"] == third
    # "I win" is right for the winner's turns: two of four, one of two.
    assert report["value_sign"]["rate"] == 0.5
    # By stones and half a point of komi: -½ (wrong), -½, -½ (wrong), -½; -½, -½ (wrong).
    assert report["stone_count"]["rate"] == 0.5
    assert report["early_passes"]["rate"] == report["early_pass_targets"]["rate"] == 0
    assert report["early_passes"]["n"] == 6


def test_stones_and_komi_decide_the_count_of_stones(tmp_path: Path) -> None:
    """White's passes leave Black a stone ahead, and komi 2.5 behind, until the third stone."""
    moves = [0, A_PASS, 2, A_PASS, 4, A_PASS, 8, 9]
    positions = written(tmp_path, [game(moves, "B+R", komi=2.5)])
    report = measure_positions(Says(0, 1.0), positions)
    leads = [-2.5, -1.5, -1.5, -0.5, -0.5, 0.5, 0.5, 1.5]
    assert report["stone_count"]["rate"] == pytest.approx(np.mean([lead > 0 for lead in leads]))


def test_phases_are_tenths_of_the_game_with_their_own_baselines(tmp_path: Path) -> None:
    learnt = written(tmp_path / "learnt", LEARNT)
    held_out = written(tmp_path / "held out", HELD_OUT)
    report = measure_positions(Says(12, 0.5), held_out, baselines=Baselines.of(learnt))
    rows = report["phases"]
    assert [row["phase"] for row in rows] == [[0.0, 0.1], [0.2, 0.3], [0.5, 0.6], [0.7, 0.8]]
    assert [row["n"] for row in rows] == [2, 1, 2, 1]
    assert [row["games"] for row in rows] == [2, 1, 2, 1]
    assert [row["most_common_move"]["rate"] for row in rows] == [0.5, 0, 0.5, 0]
    assert [row["majority"]["rate"] for row in rows] == [0.5, 0, 0.5, 0]
    for name in ("n", "games"):
        assert report[name] <= sum(row[name] for row in rows)


def test_a_measured_head_is_what_measure_says_in_any_chunks(tmp_path: Path) -> None:
    positions = written(tmp_path, mixed_records())
    network = fresh_network(NetworkConfig(**{**TINY.to_dict(), "score": True}), 3)
    batch = whole(positions).tensors()
    expected = measure(predict(network, batch), batch)
    for chunk in (7, 1000):
        report = measure_positions(network, positions, chunk=chunk)
        for name, number in expected.items():
            mine = report[name]
            mine = tuple(mine.values()) if isinstance(mine, dict) else mine
            assert mine == pytest.approx(number, rel=1e-5), (chunk, name)
        assert sum(row["n"] for row in report["phases"]) == len(positions)
    assert json.loads(json.dumps(report, allow_nan=False)) == report


def test_a_margin_is_measured_without_komi(tmp_path: Path) -> None:
    records = [random_record(seed, Rules(komi=24.5)) for seed in range(12)]
    positions = written(tmp_path, records)
    win, margin = (
        measure_positions(Says(0, 0.1), positions, value=value) for value in ("win", "margin")
    )
    assert win["majority"]["rate"] > 0.9, "White wins nearly every game with such a komi"
    assert margin["majority"]["rate"] < 0.9
    assert win["stone_count"]["rate"] != margin["stone_count"]["rate"]
    assert margin["brier"] is None


def test_a_limit_takes_the_same_positions_of_all_games(random_games: Positions) -> None:
    network = fresh_network(TINY, 1)
    some, again, all_of_them = (
        measure_positions(network, random_games, limit=limit) for limit in (100, 100, 10**6)
    )
    assert some == again
    assert (some["n"], all_of_them["n"]) == (100, len(random_games))
    assert some["games"] == random_games.games == 20


def test_no_positions_and_no_targets_are_said(tmp_path: Path) -> None:
    learnt = written(tmp_path, LEARNT)
    with pytest.raises(GoError, match="no positions to measure"):
        measure_positions(fresh_network(TINY, 1), Positions(tmp_path, "holdout"))
    assert len(learnt) == 9


def report_of(top1: float, move: float, sign: float, favourite: float, early: float, taught=0.0):
    def rate(share: float, n: int = 1000) -> dict:
        return {"rate": share, "n": n, "low": 0.0, "high": 1.0}

    return {
        "top1": rate(top1),
        "most_common_move": rate(move),
        "value_sign": rate(sign),
        "majority": rate(favourite),
        "early_passes": rate(early),
        "early_pass_targets": rate(taught),
    }


def test_no_alarm_for_a_network_that_beats_its_baselines() -> None:
    assert alarms(report_of(0.2, 0.1, 0.6, 0.55, 0.005)) == []
    assert alarms(report_of(0.2, 0.1, 0.6, 0.55, 0.15, taught=0.149)) == []
    unknown = report_of(0.2, 0.1, 0.6, 0.55, 0.0)
    unknown["value_sign"] |= {"rate": None, "n": 0}
    unknown["early_passes"] = unknown["early_pass_targets"] = {"rate": None, "n": 0}
    assert alarms(unknown) == []


def test_each_alarm_says_what_is_wrong() -> None:
    (policy,) = alarms(report_of(0.05, 0.1, 0.6, 0.55, 0.0))
    assert "policy is right in 5.0% of 1,000" in policy
    assert "10.0%" in policy
    (value,) = alarms(report_of(0.2, 0.1, 0.38, 0.55, 0.0))
    assert "value is right in 38.0%" in value
    assert "55.0%" in value
    (early,) = alarms(report_of(0.2, 0.1, 0.6, 0.55, 0.02))
    assert "a pass in 2.0%" in early
    assert len(alarms(report_of(0.05, 0.1, 0.38, 0.55, 0.3, taught=0.1))) == 3


def test_a_network_that_passes_and_names_the_loser_raises_every_alarm(tmp_path: Path) -> None:
    always = [game([12, 6, 7, 8, seed], "B+R") for seed in (0, 1, 2, 3)]
    positions = written(tmp_path, always)  # Black to move in three of five positions
    found = alarms(measure_positions(Says(A_PASS, -1.0), positions))
    assert [sentence.split()[1] for sentence in found] == ["policy", "value", "first"]
    (value,) = alarms(measure_positions(Says(12, 1.0), positions))
    assert "value is right in 60.0% of 20 held-out positions" in value


def test_the_same_seed_and_passes_train_the_same_network(random_games: Positions) -> None:
    options = {"passes": 320, "batch_size": 32}
    first, again, other = (fit(TINY, random_games, seed=seed, **options) for seed in (1, 1, 2))
    assert (weights(first) == weights(again)).all()
    assert (weights(first) != weights(other)).any()
    before = torch.get_rng_state()
    fit(TINY, random_games, passes=32, batch_size=32)
    assert (torch.get_rng_state() == before).all(), "torch's own random numbers are left alone"


def test_steps_go_on_where_a_trainer_stopped(random_games: Positions) -> None:
    options = {"passes": 640, "batch_size": 32, "seed": 4}
    straight = fit(TINY, random_games, **options)
    for stop in (3, 15):
        trainer = Trainer(fresh_network(TINY, 4), precision="fp32")
        trainer.weights = straight.weights
        steps = learn(trainer, random_games, **options)
        metrics = [next(steps) for _ in range(stop)][-1]
        resumed = Trainer(fresh_network(TINY, 9), precision="fp32")
        resumed.weights = straight.weights
        resumed.load_state_tensors(trainer.state_tensors(), trainer.steps)
        rest = list(learn(resumed, random_games, seen=metrics["passes"], **options))
        assert len(rest) == 20 - stop
        assert rest[-1]["passes"] == 640
        assert (weights(resumed) == weights(straight)).all(), stop


def test_the_clock_runs_while_it_learns_and_not_between(random_games: Positions) -> None:
    now = [0.0]

    def clock() -> float:
        now[0] += 1.0
        return now[0]

    def linger(trainer: Trainer, metrics: dict) -> None:
        seen.append(metrics)
        now[0] += 1000

    seen: list[dict] = []
    fit(TINY, random_games, seconds=10, batch_size=32, clock=clock, on_step=linger)
    assert [step["seconds"] for step in seen] == list(range(1, 11))
    rates = [step["learning_rate"] for step in seen]
    assert rates[-1] < 0.3 * max(rates), "the rate falls towards the end of the seconds"


def test_a_run_has_one_budget(random_games: Positions) -> None:
    for budget in ({}, {"passes": 10, "seconds": 1.0}):
        with pytest.raises(GoError, match="either passes or seconds"):
            fit(TINY, random_games, **budget)
