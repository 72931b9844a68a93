"""A run of self-play training as a folder: begun, taken up again after any kill, saved."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gokit.go.errors import GoError
from gokit.nn.checkpoint import load_checkpoint, save_checkpoint
from gokit.nn.networks import Network
from gokit.nn.training import LossWeights, Trainer
from gokit.played import PlayedGames, Samples, samples_of
from gokit.replay import ShardStore
from gokit.runs import RunFolder, machine, read_config
from gokit.train.config import TrainConfig
from gokit.train.distributed import Team
from gokit.train.holdout import HoldOut
from gokit.train.promotion import Best, without_best
from gokit.train.variants import learn_from_results
from gokit.window import ReplayWindow


@dataclass
class Progress:
    """Where a run stands; `seconds` of training so far, all sessions together.

    positions: of all games. random_games: how many of them the value was first taught with.
    alarms: the names of those that sound.
    """

    iteration: int = 0
    seconds: float = 0.0
    games: int = 0
    positions: int = 0
    random_games: int = 0
    promotions: int = 0
    alarms: list[str] = field(default_factory=list)


class Run:
    """A training run in a folder: config.json, shards/, checkpoints/, states/, metrics.jsonl.

    `create` starts one, `resume` takes one up; iterate over `train()` to make it go on. Every
    file is written whole, so a run that is killed at any moment resumes from its last finished
    iteration and keeps every shard: it loses at most the games that were not over.

    team: the processes that share the run, where there are several; all of them make a `Run`.
    Another number of them may take it up again.
    """

    def __init__(
        self,
        folder: str | Path,
        config: TrainConfig,
        device: str = "auto",
        team: Team | None = None,
    ) -> None:
        self.folder = Path(folder)
        self.files = RunFolder(folder)
        self.config = config
        self.team = team or Team()
        for name in ("games", "positions", "batch_size", "window"):
            if getattr(config, name) < self.team.size:
                raise GoError(f"{name} is shared by {self.team.size} processes: give more")
        self.device = self.team.device(device)
        self.progress = Progress()
        self.rng = np.random.default_rng(config.seed)
        network = _first_network(config).to(self.device)
        self.trainer = Trainer(
            network,
            weights=LossWeights(
                config.value_weight, config.ownership_weight, score=config.score_weight
            ),
            weight_decay=config.weight_decay,
            average_decay=config.average_decay,
            share=self.team.average,
        )
        self.best = Best(self.trainer.average) if config.promotion == "sprt" else None
        self.store = ShardStore(self.folder / "shards", self.team.rank)
        window = self.folder / "window" / f"positions-{self.team.rank}"
        self.window = ReplayWindow(window, self.team.share(config.window), config.features)
        self.holdout = HoldOut(config)
        # Shards of which positions are in the window, and their numbers there.
        self.in_window: deque[tuple[Path, np.ndarray]] = deque()
        # Of the latest iterations, the games that nobody could resign.
        self.played_out: deque[PlayedGames] = deque(maxlen=20)
        self._set_limit()

    @classmethod
    def create(
        cls,
        folder: str | Path,
        config: TrainConfig,
        device: str = "auto",
        team: Team | None = None,
    ) -> Run:
        """Start a run in a folder that holds none; GoError where there is one."""
        team = team or Team()
        if team.is_lead:
            RunFolder(folder).require_empty()
        team.gather(None)  # before the lead writes what the others would stumble over
        run = cls(folder, config, device, team)
        if team.is_lead:
            run.files.write_config(config.to_dict())
        team.gather(None)
        run._begin_session()
        return run

    @classmethod
    def resume(
        cls,
        folder: str | Path,
        device: str = "auto",
        team: Team | None = None,
        **budget: Any,
    ) -> Run:
        """Take up the run in a folder where its newest whole state left it.

        budget: `minutes` or `iterations`, to give the run more than its configuration did.
        GoError where the folder holds no run.
        """
        team = team or Team()
        config = TrainConfig.from_dict({**read_config(folder), **budget})
        team.gather(None)  # everybody has read what the lead may now change
        run = cls(folder, config, device, team)
        if budget and team.is_lead:
            run.files.write_config(config.to_dict())
        run._load_state()
        if team.is_lead:
            run.files.drop_metrics_after("iteration", run.progress.iteration)
            run.store.recover()
        team.gather(None)  # what was kept of unfinished iterations is in shards now
        run._refill()
        run._begin_session()
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

    @property
    def playing(self) -> Network:
        """The network that plays the games: the newest average, or the best."""
        return self.trainer.average if self.best is None else self.best.network

    def train(self, on_step: Callable[[float], None] | None = None) -> Iterator[dict[str, Any]]:
        """Go through iterations until the budget is spent; yield each one's metrics.

        on_step: called often, with the seconds of training so far, for a progress bar.
        """
        from gokit.train.loop import iterate

        return iterate(self, on_step)

    def add(self, games: PlayedGames) -> None:
        """Store games, and put their positions where they are learnt from or measured."""
        path = self.store.append(games)
        apart, chosen = self.holdout.split(games)
        self.holdout.add(apart)
        if len(chosen):
            samples = self.samples(games, chosen)
            self.in_window.append((path, self.window.add(samples)))
        self._forget()

    def samples(self, games: PlayedGames, chosen: np.ndarray) -> Samples:
        """Return the positions `chosen` of games as the run learns from them."""
        config = self.config
        samples = samples_of(
            games,
            config.features,
            config.value,
            cheap_weight=config.cheap_weight,
            chosen=chosen,
        )
        return samples if config.searching else learn_from_results(samples, games, chosen)

    def count(self, games: int, positions: int) -> None:
        """Count games and positions of all processes, and let the window grow with them."""
        self.progress.games += games
        self.progress.positions += positions
        self._set_limit()

    def checkpoint(self, name: str, strength: Sequence[dict[str, Any]] = ()) -> Path:
        """Save the network that plays as checkpoints/NAME.safetensors with its card."""
        path = self.files.checkpoint(name)
        if self.team.is_lead:
            run = {
                **asdict(self.progress),
                "steps": self.trainer.steps,
                "processes": self.team.size,
                "command": self.config.command(),
                "config": self.config.to_dict(),
                **machine(self.device),
            }
            card = self.config.card(run=run, strength=list(strength))
            save_checkpoint(path, self.playing, card)
        return path

    def milestones(self) -> list[Path]:
        """Return the checkpoints kept along the way, earliest first: minute-0001, 2, 4, 8, …"""
        return self.files.milestones()

    def save_state(self) -> None:
        """Write down all that a resumed run needs."""
        if not self.team.is_lead:
            return
        tensors = self.trainer.state_tensors()
        if self.best is not None:
            tensors |= self.best.state_tensors()
        card = {
            "progress": asdict(self.progress),
            "steps": self.trainer.steps,
            "rng": self.rng.bit_generator.state,
        }
        self.files.save_state(self.progress.iteration, tensors, card)

    def _load_state(self) -> None:
        state = self.files.load_state()
        if state is None:
            return
        tensors, card = state
        self.trainer.load_state_tensors(without_best(tensors), card["steps"])
        self.progress = Progress(**card["progress"])
        self.rng.bit_generator.state = card["rng"]
        if self.best is not None:
            self.best.load(tensors, self.progress.promotions)
        self._set_limit()

    def _refill(self) -> None:
        """Fill window and hold-out from the shards, each process from every so many-th one."""
        paths = self.store.paths()
        self.team.gather(None)  # all have listed the same ones before any is set aside
        for path in paths[::-1][self.team.rank :: self.team.size]:
            if self.window.is_full and self.holdout.is_full:
                break
            games = self.store.read(path)
            if games is None:
                continue
            apart, chosen = self.holdout.split(games)
            self.holdout.add_before(apart)
            if len(chosen) and not self.window.is_full:
                numbers = self.window.add_before(self.samples(games, chosen))
                self.in_window.appendleft((path, numbers))
        self.team.gather(None)  # nobody writes new ones before all have read

    def _begin_session(self) -> None:
        """Give this process random numbers of its own, and others than any session before.

        Games that were stored after the state was saved would otherwise be played once more, move
        for move (G-2).
        """
        entropy = [self.config.seed, self.team.rank, self.team.tell(self.store.last)]
        self.play_rng = np.random.default_rng(entropy)
        if self.team.rank:
            self.rng = np.random.default_rng([*entropy, 1])

    def _set_limit(self) -> None:
        whole = self.config.window_limit(self.progress.positions)
        self.window.limit = max(1, min(self.window.capacity, self.team.share(whole)))

    def _forget(self) -> None:
        while self.in_window and not self.window.holds(self.in_window[0][1][-1]):
            self.in_window.popleft()


def _first_network(config: TrainConfig) -> Network:
    if config.start_from is None:
        torch.manual_seed(config.seed)
        return Network(config.network)
    network, card = load_checkpoint(config.start_from)
    if network.config != config.network or card.features != config.features:
        raise GoError(f"{config.start_from} is a network of another shape than this run's")
    if card.value != config.value:
        raise GoError(
            f"the value of {config.start_from} means a {card.value}, and this run's a "
            f'{config.value}: say value "{card.value}"'
        )
    card.require(rules=config.rules)
    return network
