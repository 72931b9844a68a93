"""Training by self-play from nothing: play, learn, repeat; a run is a folder that can resume."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gokit.go.errors import GoError
from gokit.go.rules import Rules
from gokit.nn.checkpoint import Card, load_checkpoint, save_checkpoint
from gokit.nn.config import NetworkConfig
from gokit.nn.features import feature_names, plane_scales
from gokit.nn.inference import NetworkEvaluator, choose_device
from gokit.nn.networks import Network
from gokit.nn.training import Batch, LossWeights, Trainer, schedule, transform_batch
from gokit.options import require_number, require_whole
from gokit.replay import PlayedGames, ReplayWindow, Samples, ShardStore, samples_of
from gokit.runs import RunFolder, doubling_minutes, machine, read_config
from gokit.search.mcts import SearchConfig
from gokit.selfplay import SelfPlay, SelfPlayConfig


@dataclass(frozen=True)
class TrainConfig:
    """Everything that decides what a run learns; `size` is the dial the rest follows from.

    The run lasts `minutes` of wall clock, or `iterations` where given (then the same seed gives
    the same run on the same machine). Fields left at None follow from the board size. rules:
    komi, superko, suicide. Self-play: games in lockstep, max_moves, random_plies, random_rate,
    no_pass_plies (see `SelfPlayConfig`), and the Gumbel search's simulations, considered,
    c_visit, c_scale. Learning: each iteration collects `positions` new positions and makes
    `passes` passes' worth of steps of batch_size over the newest `window` positions; the rate is
    flat for half of the run and then falls by a cosine to a twentieth. start_from: a checkpoint
    to begin with instead of random weights.

    GoError for anything out of range. Built in chapter 7.
    """

    size: int = 5
    minutes: float = 5.0
    iterations: int | None = None
    seed: int = 1
    komi: float = 7.5
    superko: str = "positional"
    suicide: bool = True
    start_from: str | None = None

    features: str = "basic"
    blocks: int | None = None
    channels: int | None = None
    pooling_blocks: int = 0

    games: int = 128
    max_moves: int | None = None
    random_plies: int | None = None
    random_rate: float = 0.25
    no_pass_plies: int | None = None
    simulations: int = 16
    considered: int = 8
    c_visit: float = 50.0
    c_scale: float = 0.3

    positions: int = 3000
    window: int | None = None
    passes: float = 4.0
    batch_size: int = 256
    learning_rate: float = 3e-3
    weight_decay: float = 1e-4
    average_decay: float = 0.99
    value_weight: float = 2.0
    ownership_weight: float = 0.3

    match_games: int = 200
    match_simulations: int = 16

    def __post_init__(self) -> None:
        require_whole(self, "size", 2, 19)
        small = self.size <= 6
        follows = {
            "blocks": 3 if small else 4,
            "channels": 32 if small else 48,
            "max_moves": 3 * self.size**2,
            "random_plies": 2 if small else 4,
            "no_pass_plies": 2 * self.size - 1,
            "window": 2400 * self.size**2,
        }
        for name, value in follows.items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, value)
        for name in ("positions", "window", "batch_size", "match_simulations"):
            require_whole(self, name, 1)
        for name in ("seed", "match_games"):
            require_whole(self, name, 0)
        if self.iterations is not None:
            require_whole(self, "iterations", 1)
        for name in ("minutes", "passes", "learning_rate"):
            require_number(self, name, above=0)
        for name in ("weight_decay", "value_weight", "ownership_weight", "average_decay"):
            require_number(self, name)
        if self.average_decay >= 1:
            raise GoError(f"average_decay is below 1, not {self.average_decay!r}")
        if self.match_games % 2:
            raise GoError(f"match_games is an even number, not {self.match_games!r}")
        feature_names(self.features)
        # Each part checks its own options.
        _ = self.rules, self.network, self.search, self.self_play

    @property
    def rules(self) -> Rules:
        """The rules of the games."""
        return Rules(self.komi, self.superko, self.suicide)

    @property
    def network(self) -> NetworkConfig:
        """The network's shape."""
        planes = len(feature_names(self.features))
        return NetworkConfig(planes, self.blocks, self.channels, self.pooling_blocks)

    @property
    def search(self) -> SearchConfig:
        """The search of the self-play games."""
        return SearchConfig(
            simulations=self.simulations,
            algorithm="gumbel",
            value="margin",
            considered=self.considered,
            c_visit=self.c_visit,
            c_scale=self.c_scale,
        )

    @property
    def self_play(self) -> SelfPlayConfig:
        """How games are played, besides the search."""
        return SelfPlayConfig(
            games=self.games,
            max_moves=self.max_moves,
            random_plies=self.random_plies,
            random_rate=self.random_rate,
            no_pass_plies=self.no_pass_plies,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain JSON types."""
        return asdict(self)

    def command(self) -> str:
        """Return the command that starts a run like this one."""
        names = ["size", "minutes" if self.iterations is None else "iterations", "seed"]
        shape = []
        if self.start_from is not None:
            # Without --config, a run takes its network's shape from the checkpoint.
            names.append("start_from")
            shape = ["blocks", "channels", "pooling_blocks"]
        same_flags = TrainConfig(**{n: getattr(self, n) for n in [*names, *shape, "minutes"]})
        flags = [f"--{n.replace('_', '-')} {getattr(self, n)}" for n in names]
        if self != same_flags:
            flags.append("--config FILE (the config of this card)")
        return " ".join(["python -m gokit train --run DIR", *flags])

    @classmethod
    def from_dict(cls, options: dict[str, Any]) -> TrainConfig:
        """Read fields from JSON; GoError for a key that is no field."""
        if not isinstance(options, dict):
            raise GoError("a training configuration is a JSON object")
        unknown = sorted(set(options) - {field.name for field in fields(cls)})
        if unknown:
            raise GoError(f"a training configuration has no option {unknown[0]!r}")
        return cls(**options)


@dataclass
class Progress:
    """Where a run stands; `seconds` of training so far, all sessions together."""

    iteration: int = 0
    seconds: float = 0.0
    games: int = 0
    positions: int = 0


class Run:
    """A training run in a folder: config.json, shards/, checkpoints/, states/, metrics.jsonl.

    `create` starts one, `resume` takes one up; iterate over `train()` to make it go on. Every
    file is written whole, so a run that is killed at any moment resumes from its last finished
    iteration and keeps every shard: it loses at most the games of the iteration in progress.
    """

    def __init__(self, folder: str | Path, config: TrainConfig, device: str = "auto") -> None:
        self.folder = Path(folder)
        self.files = RunFolder(folder)
        self.config = config
        self.device = choose_device(device)
        self.progress = Progress()
        self.rng = np.random.default_rng(config.seed)
        self.store = ShardStore(self.folder / "shards")
        self.window = ReplayWindow(config.window)
        self.trainer = Trainer(
            _first_network(config).to(self.device),
            weights=LossWeights(config.value_weight, config.ownership_weight),
            weight_decay=config.weight_decay,
            average_decay=config.average_decay,
        )

    @classmethod
    def create(cls, folder: str | Path, config: TrainConfig, device: str = "auto") -> Run:
        """Start a run in a folder that holds none; GoError where there is one."""
        RunFolder(folder).require_empty()
        run = cls(folder, config, device)
        run.files.write_config(config.to_dict())
        return run

    @classmethod
    def resume(cls, folder: str | Path, device: str = "auto", **budget: Any) -> Run:
        """Take up the run in a folder where its newest whole state left it.

        budget: `minutes` or `iterations`, to give the run more than its configuration did.
        GoError where the folder holds no run.
        """
        config = TrainConfig.from_dict({**read_config(folder), **budget})
        run = cls(folder, config, device)
        if budget:
            run.files.write_config(config.to_dict())
        run._load_state()
        run.files.drop_metrics_after("iteration", run.progress.iteration)
        for games in run.store.newest(config.window):
            run.window.add(samples_of(games, config.features))
        return run

    @property
    def budget(self) -> tuple[str, float]:
        """What is counted, "seconds" or "iteration", and how much of it there is."""
        if self.config.iterations is not None:
            return "iteration", self.config.iterations
        return "seconds", 60 * self.config.minutes

    @property
    def fraction(self) -> float:
        """How much of the budget is spent, from 0 to 1."""
        counter, total = self.budget
        return min(1.0, getattr(self.progress, counter) / total)

    def train(self, on_step: Callable[[float], None] | None = None) -> Iterator[dict[str, Any]]:
        """Run iterations until the budget is spent; yield each one's metrics.

        on_step: called often, with the seconds of training so far, for a progress bar.
        """
        evaluator = NetworkEvaluator(
            self.trainer.average, features=self.config.features, device=self.device
        )
        players = SelfPlay(
            evaluator,
            self.config.search,
            self.config.self_play,
            self.rng,
            size=self.config.size,
            rules=self.config.rules,
        )
        while self.fraction < 1:
            yield self._iterate(players, on_step)
            evaluator.refresh()

    def checkpoint(self, name: str, strength: Sequence[dict[str, Any]] = ()) -> Path:
        """Save the averaged network as checkpoints/NAME.safetensors with its card."""
        path = self.files.checkpoint(name)
        save_checkpoint(path, self.trainer.average, self._card(strength))
        return path

    def milestones(self) -> list[Path]:
        """Return the checkpoints kept along the way, earliest first: minute-0001, 2, 4, 8, …"""
        return self.files.milestones()

    def _iterate(
        self, players: SelfPlay, on_step: Callable[[float], None] | None
    ) -> dict[str, Any]:
        started = time.perf_counter()
        before = self.progress.seconds

        def tick(_: int = 0) -> None:
            if on_step is not None:
                on_step(before + time.perf_counter() - started)

        games, metrics = players.collect(self.config.positions, tick)
        collected = time.perf_counter()
        self.store.append(games)
        self.window.add(samples_of(games, self.config.features))
        metrics |= self._learn(games, tick)

        progress = self.progress
        progress.iteration += 1
        progress.games += len(games)
        progress.positions += games.positions
        progress.seconds = before + time.perf_counter() - started
        metrics = {
            "iteration": progress.iteration,
            "seconds": round(progress.seconds, 3),
            "total_games": progress.games,
            "total_positions": progress.positions,
            "window": len(self.window),
            "damaged_shards": self.store.damaged,
            "self_play_seconds": collected - started,
            "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
            **metrics,
        }
        self.files.append_metrics(metrics)
        for minute in doubling_minutes(before, progress.seconds):
            self.checkpoint(f"minute-{minute:04d}")
        self._save_state()
        return metrics

    def _learn(self, games: PlayedGames, tick: Callable[[], None]) -> dict[str, float]:
        config = self.config
        steps = max(1, round(config.passes * games.positions / config.batch_size))
        rate = config.learning_rate * schedule(self.fraction)
        samples = self.window.take(self.rng, steps * config.batch_size)
        sums: dict[str, float] = {}
        for step in range(steps):
            chosen = slice(step * config.batch_size, (step + 1) * config.batch_size)
            batch = to_batch(samples, chosen, config.features, self.device)
            batch = transform_batch(batch, int(self.rng.integers(8)))
            for name, number in self.trainer.step(batch, rate).items():
                sums[name] = sums.get(name, 0.0) + number
            tick()
        means = {name: total / steps for name, total in sums.items()}
        return {"learning_rate": rate, "steps": self.trainer.steps, **means}

    def _card(self, strength: Sequence[dict[str, Any]]) -> Card:
        config = self.config
        return Card(
            rules=config.rules,
            sizes=(config.size,),
            features=config.features,
            network=config.network,
            value="margin",
            run={
                **asdict(self.progress),
                "steps": self.trainer.steps,
                "command": config.command(),
                "config": config.to_dict(),
                **machine(self.device),
            },
            strength=list(strength),
        )

    def _save_state(self) -> None:
        card = {
            "progress": asdict(self.progress),
            "steps": self.trainer.steps,
            "rng": self.rng.bit_generator.state,
        }
        self.files.save_state(self.progress.iteration, self.trainer.state_tensors(), card)

    def _load_state(self) -> None:
        state = self.files.load_state()
        if state is None:
            return
        tensors, card = state
        self.trainer.load_state_tensors(tensors, card["steps"])
        self.progress = Progress(**card["progress"])
        self.rng.bit_generator.state = card["rng"]


def to_batch(samples: Samples, chosen: slice, features: str, device: torch.device) -> Batch:
    """Return some of the samples as tensors, float32, on the device, planes scaled."""
    arrays = (np.ascontiguousarray(array[chosen], np.float32) for array in samples.arrays())
    batch = Batch(*(torch.from_numpy(array).to(device) for array in arrays))
    return batch._replace(planes=batch.planes * torch.from_numpy(plane_scales(features)).to(device))


def _first_network(config: TrainConfig) -> Network:
    if config.start_from is None:
        torch.manual_seed(config.seed)
        return Network(config.network)
    network, card = load_checkpoint(config.start_from)
    card.require(rules=config.rules)
    if network.config != config.network or card.features != config.features:
        raise GoError(f"{config.start_from} is a network of another shape than this run's")
    return network
