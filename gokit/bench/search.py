"""The benchmarks of the search: with a network, and with random playouts."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from gokit.bench.compare import Rival, beside_one_thread, contest, our_versions, shares, summary
from gokit.bench.entrants import Entrant
from gokit.go.games import Games
from gokit.search.config import SearchConfig
from gokit.search.evaluators import Evaluator, RolloutEvaluator
from gokit.search.mcts import Search

GAMES, SIMULATIONS, ROLLOUT_SIMULATIONS = 256, 32, 2000
GNU_GO_SIZES = range(5, 10)


class TimedEvaluator:
    """Another evaluator, and how long it has worked so far.

    seconds: on the clock. cpu_seconds: processor time of the thread that asked.
    """

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator, self.value_kind = evaluator, evaluator.value_kind
        self.seconds, self.cpu_seconds = 0.0, 0.0

    def evaluate(self, games: Games, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the evaluator's answer."""
        start, cpu = time.perf_counter(), time.thread_time()
        answer = self.evaluator.evaluate(games, indices)
        self.seconds += time.perf_counter() - start
        self.cpu_seconds += time.thread_time() - cpu
        return answer


class FreeEvaluator:
    """Answers made up beforehand, for batches of at most `batch`: what is left is the tree."""

    value_kind = "win"

    def __init__(self, batch: int, actions: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.logits = rng.normal(size=(batch, actions)).astype(np.float32)
        self.values = rng.uniform(-0.2, 0.2, batch).astype(np.float32)

    def evaluate(self, games: Games, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the first rows of the answers."""
        return self.logits[: len(indices)], self.values[: len(indices)]


def self_play_entrant(
    name: str, evaluator: Evaluator, config: SearchConfig, size: int, games: int
) -> Entrant:
    """Return an entrant that plays `games` games against itself, a search and a move at a time."""
    timed, rng = TimedEvaluator(evaluator), np.random.default_rng(1)
    search, batch = Search(timed, config), Games(games, size)
    searching = 0.0

    def move() -> int:
        nonlocal searching
        start = time.thread_time()
        batch.play(search.run(batch, rng).actions)
        batch.reset(np.flatnonzero(batch.ended))
        searching += time.thread_time() - start
        return games * config.simulations

    def seconds() -> tuple[float, float]:
        return timed.seconds, searching - timed.cpu_seconds

    return Entrant(name, [move], our_versions("torch"), seconds)


def rollout_worker(size: int, simulations: int, seed: int) -> Callable[[], int]:
    """Return a function that searches the empty board once by UCT with random playouts."""
    game = Games(1, size)
    config = SearchConfig(simulations=simulations, algorithm="uct")
    search = Search(RolloutEvaluator(np.random.default_rng(seed)), config)

    def one_search() -> int:
        search.run(game)
        return simulations

    return one_search


def run_search(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Measure `az_search`: AlphaZero's search with a residual network of random weights."""
    import torch

    from gokit.nn.config import NetworkConfig
    from gokit.nn.features import FEATURE_SETS
    from gokit.nn.inference import NetworkEvaluator, choose_device
    from gokit.nn.networks import Network

    size, games = arguments.size, arguments.games or GAMES
    simulations = arguments.simulations or SIMULATIONS
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    shape = NetworkConfig(
        planes=len(FEATURE_SETS["basic"]), blocks=arguments.blocks, channels=arguments.channels
    )
    device = choose_device(arguments.device)
    network = NetworkEvaluator(Network(shape).to(device), value="win", device=device)
    free = FreeEvaluator(games, size * size + 1, seed=1)
    puct = SearchConfig(
        simulations=simulations, algorithm="puct", noise_fraction=0.25, temperature=1.0
    )
    gumbel = SearchConfig(simulations=simulations, algorithm="gumbel")
    entrants = [
        self_play_entrant("gokit", network, puct, size, games),
        self_play_entrant("gokit, Gumbel", network, gumbel, size, games),
        self_play_entrant("gokit, free evaluator", free, puct, size, games),
    ]
    options = f"--games {games} --simulations {simulations}"
    options += f" --blocks {arguments.blocks} --channels {arguments.channels}"
    options += " --gpu 1" if device.type == "cuda" else ""
    rivals = [
        Rival("pgx + mctx", f"pgx_mctx.py {options}"),
        Rival("pgx + mctx, Gumbel", f"pgx_mctx.py {options} --gumbel 1", against=1),
    ]
    samples, peers, missing = contest(entrants, rivals, arguments)
    row = {"task": "az_search", "unit": "simulations/s", "board": size}
    row |= {"threads": torch.get_num_threads(), "games": games, "simulations": simulations}
    row |= {"network": f"{arguments.blocks}×{arguments.channels}", "mode": network.precision}
    row["device"] = device.type
    row |= {**summary(entrants[0], samples[0]), **shares(samples[0])}
    row["variants"] = [
        {"name": entrant.name, **summary(entrant, its), **shares(its)}
        for entrant, its in zip(entrants[1:], samples[1:], strict=True)
    ]
    return [{**row, "peers": peers, "not_installed": missing}]


def run_rollouts(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Measure `uct_rollouts`: UCT with one random playout a simulation, one game at a time."""
    size, threads = arguments.size, arguments.threads or 1
    simulations = arguments.simulations or ROLLOUT_SIMULATIONS
    entrants = [Entrant("gokit", [rollout_worker(size, simulations, 1)], our_versions())]
    if threads > 1:
        workers = [rollout_worker(size, simulations, seed) for seed in range(threads)]
        entrants.append(Entrant(f"gokit, {threads} threads", workers))
    rivals = [Rival("OpenSpiel MCTSBot", f"open_spiel_uct.py --simulations {simulations}")]
    if size in GNU_GO_SIZES:
        rivals.append(Rival("GNU Go, heavier playouts", "gnugo_uct.py"))
    samples, peers, missing = contest(entrants, rivals, arguments)
    row = {"task": "uct_rollouts", "unit": "simulations/s", "board": size, "threads": 1}
    row |= {"simulations": simulations, **summary(entrants[0], samples[0]), "variants": []}
    row |= {"peers": peers, "not_installed": missing}
    if threads > 1:
        row["threaded"] = beside_one_thread(threads, samples)
    return [row]
