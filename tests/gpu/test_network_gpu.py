"""Networks on a GPU: the CPU's answers, in every precision, and training that goes on anywhere."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gokit.nn.inference import NetworkEvaluator
from gokit.nn.networks import Network
from gokit.nn.training import Trainer
from tests.nn.examples import EVERY_KIND, network, random_games
from tests.nn.test_inference import total_variation
from tests.nn.test_training import batch

pytestmark = pytest.mark.gpu


def evaluate(net: Network, device: object, precision: str, **options):
    evaluator = NetworkEvaluator(net, device=device, precision=precision, **options)
    games = random_games(64, 5)
    return evaluator.evaluate(games, np.arange(64))


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_a_gpu_answers_as_the_cpu_does(cuda: torch.device, kind: str, monkeypatch) -> None:
    monkeypatch.setattr(torch.backends.cuda.matmul, "allow_tf32", False)
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    net = network(EVERY_KIND[kind])
    found, expected = evaluate(net, cuda, "fp32"), evaluate(net, "cpu", "fp32")
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("precision", ["auto", "fp16", "bf16"])
@pytest.mark.parametrize("kind", EVERY_KIND)
def test_fewer_bits_on_a_gpu_change_little(cuda: torch.device, kind: str, precision: str) -> None:
    net = network(EVERY_KIND[kind])
    logits, values = evaluate(net, cuda, precision)
    exact = evaluate(net, "cpu", "fp32")
    assert total_variation(logits, exact[0]) < 0.02
    assert np.abs(values - exact[1]).max() < 0.02


@pytest.mark.slow
def test_a_compiled_network_on_a_gpu_gives_the_same_answers(cuda: torch.device) -> None:
    net = network(EVERY_KIND["pooling"])
    logits, values = evaluate(net, cuda, "auto", backend="compiled", symmetries=8)
    exact = evaluate(net, "cpu", "fp32", symmetries=8)
    assert total_variation(logits, exact[0]) < 0.02
    assert np.abs(values - exact[1]).max() < 0.02


def test_evaluating_takes_no_more_and_more_memory(cuda: torch.device) -> None:
    evaluator = NetworkEvaluator(network(), device=cuda)
    games = random_games(64, 5)
    for i in range(200):
        evaluator.evaluate(games, np.arange(64))
        if i == 10:
            before = torch.cuda.memory_allocated()
    assert torch.cuda.memory_allocated() <= before


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16", "auto"])
@pytest.mark.parametrize("kind", ["pooling", "outcomes", "transformer"])
def test_a_network_learns_on_a_gpu_and_goes_on_on_the_cpu(
    cuda: torch.device, kind: str, precision: str
) -> None:
    if precision == "bf16" and torch.cuda.get_device_capability() < (8, 0):
        pytest.skip("this GPU has no bf16")
    torch.manual_seed(0)
    trainer = Trainer(Network(EVERY_KIND[kind]).to(cuda), precision=precision)
    there = type(batch())(*(None if t is None else t.to(cuda) for t in batch()))
    first = trainer.step(there, 3e-3)
    for _ in range(60):
        last = trainer.step(there, 3e-3)
    assert last["loss_policy"] < first["loss_policy"]
    saved = {name: tensor.cpu() for name, tensor in trainer.state_tensors().items()}
    here = Trainer(Network(EVERY_KIND[kind]))
    here.load_state_tensors(saved, trainer.steps)
    assert here.step(batch(), 1e-4)["loss_policy"] == pytest.approx(last["loss_policy"], abs=0.1)
    back = Trainer(Network(EVERY_KIND[kind]).to(cuda), precision=precision)
    back.load_state_tensors(here.state_tensors(), here.steps)
    assert back.step(there, 1e-4)["loss_policy"] == pytest.approx(last["loss_policy"], abs=0.1)
