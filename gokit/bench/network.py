"""The benchmark of the network: evaluations a second by batch and mode, and what each mode errs."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from gokit.bench.compare import our_versions, ratio_to, summary, take_turns
from gokit.bench.entrants import Entrant
from gokit.go.errors import GoError
from gokit.go.games import Games
from gokit.go.playouts import random_actions, random_states
from gokit.nn.config import NetworkConfig
from gokit.nn.features import feature_names, plane_scales, write_planes
from gokit.nn.inference import NetworkEvaluator, choose_device
from gokit.nn.networks import Network, flop_count
from gokit.search.evaluators import Evaluator

BATCHES = (1, 128, 256)
FEATURES = "full"
# What an evaluator is made with in each mode; all are held against "plain".
MODES: dict[str, dict[str, str]] = {
    "default": {},
    "fp32": {"precision": "fp32"},
    "compiled": {"backend": "compiled"},
    "openvino": {"backend": "openvino"},
    "onnx": {"backend": "onnx"},
}
LOGIT_SPREAD = 2.0  # of a network that has learnt something; one that has not errs nowhere


class PlainEvaluator:
    """A network as torch runs it: not folded, fp32, one channel after the other in memory."""

    def __init__(self, network: Network, device: torch.device) -> None:
        self.network, self.device = network.to(device), device
        self._scales = torch.from_numpy(plane_scales(FEATURES)).to(device)

    def precision_for(self, positions: int) -> str:
        """Return the precision, which is always the same."""
        return "fp32"

    @torch.inference_mode()
    def evaluate(self, games: Games, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return policy logits and values."""
        planes = _planes(games, indices).to(self.device).float() * self._scales
        outputs = self.network(planes)
        return outputs.policy_logits.cpu().numpy(), outputs.value.cpu().numpy()


def random_positions(count: int, size: int, seed: int = 1) -> Games:
    """Return `count` games at random moments of their first 2/3 N² moves, moves at random."""
    rng, games = np.random.default_rng(seed), Games(count, size)
    states, plies = random_states(rng, count), rng.integers(2 * size * size // 3, size=count)
    for ply in range(int(plies.max(initial=0))):
        games.play(np.where(ply < plies, random_actions(games, states), -1))
    return games


@torch.no_grad()
def lively_network(config: NetworkConfig, games: Games) -> Network:
    """Return a network with random weights whose answers are as decided as a trained one's."""
    torch.manual_seed(1)
    network = Network(config)
    scales = torch.from_numpy(plane_scales(FEATURES))
    planes = _planes(games, np.arange(len(games.words))).float() * scales
    for _ in range(10):
        network.train()(planes)  # the statistics of its normalisations
    outputs, heads = network.eval()(planes), network.heads
    heads.policy_points.weight *= LOGIT_SPREAD / outputs.policy_logits[:, :-1].std()
    before = torch.atanh(outputs.value)
    heads.value.last.weight /= before.std()
    heads.value.last.bias.sub_(before.mean()).div_(before.std())
    return network


def answer_error(mine: Sequence[np.ndarray], exact: Sequence[np.ndarray]) -> dict[str, float]:
    """Return how far two evaluators' answers lie apart at most.

    policy_tv: total variation of the policies, 0 to 1. value: difference of the values.
    """
    policies = [torch.softmax(torch.from_numpy(logits), 1) for logits, _ in (mine, exact)]
    variation = (policies[0] - policies[1]).abs().sum(1).max() / 2
    return {
        "policy_tv": round(float(variation), 6),
        "value": round(float(np.abs(mine[1] - exact[1]).max()), 6),
    }


def run_network(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Measure `evaluations`: positions that a residual network answers, features included."""
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    device, size = choose_device(arguments.device), arguments.size
    planes = len(feature_names(FEATURES))
    shape = NetworkConfig(planes, arguments.blocks, arguments.channels)
    network = lively_network(shape, random_positions(256, size))
    evaluators, missing = _evaluators(network, device, arguments.modes or MODES)
    shared = {
        "task": "evaluations",
        "unit": "evaluations/s",
        "board": size,
        "threads": torch.get_num_threads(),
        "device": device.type,
        "blocks": shape.blocks,
        "channels": shape.channels,
        "flop": flop_count(shape, size),
        "versions": our_versions("torch"),
        "not_installed": missing,
    }
    rows = []
    for batch in arguments.batch or BATCHES:
        rows += [shared | row for row in _take_turns(evaluators, batch, arguments)]
    return rows


def _take_turns(
    evaluators: dict[str, Evaluator], batch: int, arguments: argparse.Namespace
) -> list[dict[str, Any]]:
    games = random_positions(batch, arguments.size)
    entrants = [
        Entrant(mode, [_worker(evaluator, games)]) for mode, evaluator in evaluators.items()
    ]
    answers = [evaluator.evaluate(games, np.arange(batch)) for evaluator in evaluators.values()]
    samples = take_turns(entrants, arguments.seconds)
    rows = []
    for entrant, answer, its in zip(entrants, answers, samples, strict=True):
        row = {"batch": batch, "mode": entrant.name, **summary(entrant, its)}
        del row["versions"]
        row["precision"] = evaluators[entrant.name].precision_for(batch)
        row |= {"error": answer_error(answer, answers[0]), **ratio_to(its, samples[0])}
        rows.append(row)
    return rows


def _evaluators(
    network: Network, device: torch.device, modes: Sequence[str]
) -> tuple[dict[str, Evaluator], list[str]]:
    """Return an evaluator for each mode that can be had here, and the names of the others."""
    found: dict[str, Evaluator] = {"plain": PlainEvaluator(network, device)}
    missing = []
    for mode in modes:
        try:
            found[mode] = NetworkEvaluator(network, features=FEATURES, device=device, **MODES[mode])
        except GoError:
            missing.append(mode)
    return found, missing


def _worker(evaluator: Evaluator, games: Games) -> Callable[[], int]:
    indices = np.arange(len(games.words))

    def evaluate() -> int:
        evaluator.evaluate(games, indices)
        return len(indices)

    return evaluate


def _planes(games: Games, indices: np.ndarray) -> torch.Tensor:
    g = games.geometry
    shape = (len(indices), len(feature_names(FEATURES)), g.rows, g.columns)
    planes = np.empty(shape, np.int8)
    write_planes(games, indices, FEATURES, planes)
    return torch.from_numpy(planes)
