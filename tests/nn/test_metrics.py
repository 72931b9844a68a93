"""Hold-out metrics: numbers made by hand, phases, calibration, baselines."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from gokit.go.errors import GoError
from gokit.intervals import wilson
from gokit.nn.config import Outputs
from gokit.nn.metrics import (
    Rate,
    calibration,
    majority_baseline,
    measure,
    measure_by_phase,
    predict,
    sign_accuracy,
    stone_count_baseline,
)
from gokit.nn.training import Batch, one_hot_policy
from tests.nn.examples import EVERY_KIND, network


def four_positions() -> tuple[Outputs, Batch]:
    """On 3×3: found, found among five, missed, not searched; won, lost, drawn, cut off."""
    logits = torch.zeros(4, 10)
    logits[:, :6] = torch.tensor([6.0, 5, 4, 3, 2, 1])
    outputs = Outputs(logits, torch.tensor([0.5, 0.5, -0.4, 1.0]), score=torch.zeros(4))
    batch = Batch(
        planes=torch.zeros(4, 6, 3, 3),
        policy=one_hot_policy(torch.tensor([0, 4, 9, 0]), 3),
        value=torch.tensor([1.0, -1.0, 0.0, 1.0]),
        ownership=None,
        policy_weight=torch.tensor([1.0, 1, 1, 0]),
        result_weight=torch.tensor([1.0, 1, 1, 0]),
        score=torch.tensor([0.1, -0.3, 0.2, 9.0]),
    )
    return outputs, batch


def test_each_head_s_numbers_are_those_of_their_definition() -> None:
    outputs, batch = four_positions()
    found = measure(outputs, batch)
    logs = torch.log_softmax(outputs.policy_logits[0], 0)
    assert found["n"] == 4
    assert found["policy_cross_entropy"] == pytest.approx(float(-logs[[0, 4, 9]].mean()))
    assert found["top1"] == Rate(pytest.approx(1 / 3), 3, *wilson(1 / 3, 3))
    assert found["top5"] == Rate(pytest.approx(2 / 3), 3, *wilson(2 / 3, 3))
    assert found["value_error"] == pytest.approx((0.25 + 2.25 + 0.16) / 3)
    assert found["value_sign"].rate == 0.5
    assert found["value_sign"].n == 2, "a draw is not decided, a game cut off has no result"
    assert found["brier"] == pytest.approx((0.25**2 + 0.75**2 + 0.2**2) / 3)
    assert found["score_error"] == pytest.approx(0.2)
    assert found["ownership_error"] is None
    resigned = batch._replace(ownership_weight=torch.tensor([1.0, 0, 0, 0]))
    assert measure(outputs, resigned)["score_error"] == pytest.approx(0.1)
    assert measure(outputs, resigned)["value_error"] == found["value_error"]
    assert measure(outputs, batch, "margin")["brier"] is None
    with pytest.raises(GoError, match="win or margin"):
        measure(outputs, batch, "points")


def test_phases_are_measured_one_by_one() -> None:
    outputs, batch = four_positions()
    rows = measure_by_phase(outputs, batch, np.array([0.0, 0.55, 0.5, 1.0]))
    assert [row["phase"] for row in rows] == [(0.0, 0.1), (0.5, 0.6), (0.9, 1.0)]
    assert [row["n"] for row in rows] == [1, 2, 1]
    assert [row["top1"].rate for row in rows[:2]] == [1, 0]
    assert math.isnan(rows[2]["top1"].rate)
    assert math.isnan(rows[2]["policy_cross_entropy"])
    assert rows[2]["top1"][1:] == (0, 0.0, 1.0)
    for phase in ([0.0, 0.5, 0.5], [0.0, 0.5, 0.5, 1.1], [0.0, 0.5, 0.5, -0.1]):
        with pytest.raises(GoError, match="phase"):
            measure_by_phase(outputs, batch, np.array(phase))


@pytest.mark.parametrize("kind", EVERY_KIND)
@torch.no_grad()
def test_predictions_are_the_network_s_in_any_chunks(kind: str) -> None:
    net = network(EVERY_KIND[kind]).train()
    planes, nothing = torch.randn(7, 6, 5, 5), torch.zeros(7)
    batch = Batch(planes, torch.full((7, 26), 1 / 26), nothing, None, nothing, nothing)
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    found = predict(net, batch, chunk=3)
    assert net.training, "a network in training goes on training"
    for name, tensor in net.state_dict().items():
        assert (tensor == before[name]).all(), name
    for mine, theirs in zip(found, net.eval()(planes), strict=True):
        assert (mine is None) == (theirs is None)
        if mine is not None:
            torch.testing.assert_close(mine, theirs, atol=1e-5, rtol=1e-4)


def test_predictions_respect_the_mask() -> None:
    net, mask = network(EVERY_KIND["pooling"]), torch.zeros(2, 1, 5, 5)
    mask[:, :, :3, :3] = 1
    planes, nothing = torch.randn(2, 6, 5, 5) * mask, torch.zeros(2)
    batch = Batch(planes, torch.full((2, 26), 1 / 26), nothing, None, nothing, nothing, mask=mask)
    assert torch.isinf(predict(net, batch).policy_logits[:, 24]).all()


def test_a_calibrated_forecast_lies_on_the_diagonal_and_an_overconfident_one_does_not() -> None:
    rng = np.random.default_rng(0)
    truth = rng.random(20_000)
    won = (rng.random(20_000) < truth).astype(float)
    rows = calibration(truth, won)
    assert len(rows) == 10
    assert sum(row["n"] for row in rows) == 20_000
    for row in rows:
        assert row["low"] <= row["predicted"] <= row["high"]
        assert row["interval"] == wilson(row["observed"], row["n"])
        assert abs(row["observed"] - row["predicted"]) < 0.04
    bold = calibration(np.where(truth > 0.5, 0.95, 0.05), won)
    assert [row["n"] > 9000 for row in bold] == [True, True]
    assert all(abs(row["observed"] - 0.5) < 0.3 for row in bold)


def test_the_ends_of_the_scale_have_their_bins_and_draws_count_half() -> None:
    rows = calibration(np.array([0.0, 1.0, 1.0]), np.array([0.0, 1.0, 0.5]), bins=4)
    assert [(row["low"], row["n"], row["observed"]) for row in rows] == [
        (0.0, 1, 0.0),
        (0.75, 2, 0.75),
    ]
    for probability, won in ((1.1, 1.0), (0.5, -1.0), (math.nan, 1.0)):
        with pytest.raises(GoError, match="from 0 to 1"):
            calibration(np.array([probability]), np.array([won]))


def test_baselines_by_hand() -> None:
    assert majority_baseline(np.array([3, 3, 1]), np.array([3, 1, 1, 1])).rate == 0.25
    results = np.array([1.0, -1.0, 1.0, 0.0])
    assert sign_accuracy(np.array([0.2, 0.3, 0.0, 5.0]), results).rate == 0.5
    own, other = np.array([5, 5, 4, 9]), np.array([3, 3, 4, 0])
    assert stone_count_baseline(own, other, results) == Rate(0.5, 3, *wilson(0.5, 3))
    komi = np.array([-1.5, -7.5, 7.5, 7.5])
    assert stone_count_baseline(own, other, results, komi).rate == 1
