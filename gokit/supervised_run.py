"""A run that learns from games: a folder that can always resume, measured on games held out."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gokit.corpus.labelling import write_positions
from gokit.corpus.positions import INDEX_FILE, Positions
from gokit.corpus.sources import Filters, SourceReport, read_source
from gokit.go.errors import GoError
from gokit.go.rules import Rules
from gokit.nn.checkpoint import Card, load_checkpoint, save_checkpoint
from gokit.nn.config import NetworkConfig
from gokit.nn.inference import choose_device, choose_precision
from gokit.nn.networks import Network
from gokit.nn.training import LossWeights, Trainer
from gokit.options import require_number, require_whole
from gokit.runs import SHAPE, RunFolder, doubling_minutes, machine, network_of, read_config
from gokit.supervised import (
    EARLY_PLIES,
    WEIGHTS,
    Baselines,
    alarms,
    fresh_network,
    learn,
    measure_positions,
)


@dataclass(frozen=True)
class SupervisedConfig:
    """Everything that decides what a run learns from games.

    sources: files, folders and archives of SGF; games on boards of another size than `size` are
    left out. The run lasts `minutes` of training, or `passes` positions, each counted every time
    it is seen, where given. holdout: the share of games to measure on and never learn from.
    start_from: a checkpoint to begin with instead of random weights. architecture … score: the
    network, as in `NetworkConfig`. batch_size … winners_only: as in `supervised.fit`.
    precision: "fp32", in which the same seed and passes train the same network, "bf16", "fp16",
    or "auto", the fastest that the device computes natively. Every `interval` seconds of training
    the run saves its state and measures `measured` positions held out; at its end `reported` of
    both parts, and it plays `match_games` games against each opponent.

    GoError for anything out of range. Built in chapter 5.
    """

    sources: tuple[str, ...]
    size: int = 9
    minutes: float = 5.0
    passes: int | None = None
    seed: int = 1
    start_from: str | None = None

    features: str = "full"
    holdout: float = 0.1
    architecture: str = "resnet"
    blocks: int = 3
    channels: int = 32
    pooling_blocks: int | None = None
    value_hidden: int = 32
    attention_heads: int | None = None
    trunks: str = "shared"
    head_pooling: str = "full"
    value_head: str = "scalar"
    ownership: bool = True
    score: bool = True

    batch_size: int = 256
    learning_rate: float = 3e-3
    weight_decay: float = 1e-4
    average_decay: float = 0.998
    value_weight: float = WEIGHTS.value
    ownership_weight: float = WEIGHTS.ownership
    score_weight: float = WEIGHTS.score
    symmetries: bool = True
    winners_only: bool = False
    precision: str = "auto"

    interval: float = 30.0
    measured: int = 1000
    reported: int = 20_000
    match_games: int = 200

    def __post_init__(self) -> None:
        if isinstance(self.sources, str) or not self.sources:
            raise GoError("sources is a list of paths to learn from, with at least one")
        object.__setattr__(self, "sources", tuple(map(str, self.sources)))
        require_whole(self, "size", 2, 19)
        if self.passes is not None:
            require_whole(self, "passes", 1)
        for name in ("seed", "match_games"):
            require_whole(self, name, 0)
        for name in ("batch_size", "measured", "reported"):
            require_whole(self, name, 1)
        for name in ("minutes", "learning_rate"):
            require_number(self, name, above=0)
        weights = ("value_weight", "ownership_weight", "score_weight")
        for name in (*weights, "weight_decay", "average_decay", "interval", "holdout"):
            require_number(self, name)
        for name in ("average_decay", "holdout"):
            if getattr(self, name) >= 1:
                raise GoError(f"{name} is below 1, not {getattr(self, name)!r}")
        if self.match_games % 2:
            raise GoError(f"match_games is an even number, not {self.match_games!r}")
        choose_precision(self.precision, torch.device("cpu"))
        _ = self.network  # checks its own options
        if self.pooling_blocks is None:
            object.__setattr__(self, "pooling_blocks", self.network.pooling_blocks)

    @property
    def network(self) -> NetworkConfig:
        """The network's shape."""
        return network_of(self)

    @property
    def weights(self) -> LossWeights:
        """How much each head counts."""
        return LossWeights(self.value_weight, self.ownership_weight, self.score_weight)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain JSON types."""
        return {**asdict(self), "sources": list(self.sources)}

    def command(self) -> str:
        """Return the command that starts a run like this one."""
        budget = "minutes" if self.passes is None else "passes"
        names = ["size", budget, "seed", "features"]
        if self.start_from is None:
            names += ["blocks", "channels"]
            names += ["pooling_blocks"] if self.pooling_blocks else []
            shape: Sequence[str] = ()
        else:
            # Without --config, a run takes its network's shape from the checkpoint.
            names.append("start_from")
            shape = SHAPE
        given = ("sources", "minutes", *names, *shape)
        same_flags = SupervisedConfig(**{name: getattr(self, name) for name in given})
        words = ["python -m gokit train --run DIR --games", *map(shlex.quote, self.sources)]
        words += [f"--{n.replace('_', '-')} {shlex.quote(str(getattr(self, n)))}" for n in names]
        if self != same_flags:
            words.append("--config FILE (the config of this card)")
        return " ".join(words)

    @classmethod
    def from_dict(cls, options: dict[str, Any]) -> SupervisedConfig:
        """Read fields from JSON; GoError for a key that is no field."""
        if not isinstance(options, dict):
            raise GoError("a training configuration is a JSON object")
        unknown = sorted(set(options) - {field.name for field in fields(cls)})
        if unknown:
            raise GoError(f"learning from games has no option {unknown[0]!r}")
        return cls(**{"sources": (), **options})


@dataclass
class Progress:
    """Where a run stands, all sessions together.

    passes: positions learnt from, each counted every time. seconds, processor_seconds: of
    training alone, by the clock and by the work that all threads did.
    """

    passes: int = 0
    seconds: float = 0.0
    processor_seconds: float = 0.0


class SupervisedRun:
    """A run in a folder: config.json, positions/, checkpoints/, states/, metrics.jsonl.

    `create` starts one, `resume` goes on with one; `train` learns until the budget is spent. A
    run killed at any instant resumes with what it last saved, `interval` seconds ago at most, and
    in fp32 with a budget of passes ends with the weights of a run that was never killed.

    device: "auto", "cpu" or "cuda". Built in chapter 5.
    """

    def __init__(self, folder: str | Path, config: SupervisedConfig, device: str = "auto") -> None:
        self.folder = Path(folder)
        self.files = RunFolder(folder)
        self.config = config
        self.device = choose_device(device)
        self.progress = Progress()
        precision = choose_precision(config.precision, self.device)
        network = _first_network(config).to(self.device)
        if precision == "bf16" and config.architecture == "resnet":
            # An eighth faster to train in half precision on a CPU: 1.22 k against 1.09 k passes a
            # processor-second for 6 blocks of 64 channels.
            network = network.to(memory_format=torch.channels_last)
        self.trainer = Trainer(
            network,
            weights=config.weights,
            weight_decay=config.weight_decay,
            average_decay=config.average_decay,
            precision=precision,
        )

    @classmethod
    def create(
        cls,
        folder: str | Path,
        config: SupervisedConfig,
        device: str = "auto",
        on_game: Callable[[], Any] = lambda: None,
    ) -> SupervisedRun:
        """Start a run in a folder that holds none; GoError where there is one, or no games.

        on_game: called with every game that is read.
        """
        files = RunFolder(folder)
        files.require_empty()
        for source in config.sources:
            if not Path(source).exists():
                raise GoError(f"there are no games at {source}")
        run = cls(folder, config, device)
        # Positions that a refused run left are of other games, maybe.
        (run.folder / "positions" / INDEX_FILE).unlink(missing_ok=True)
        files.write_config(config.to_dict())
        try:
            run._open_positions(on_game)
        except GoError:
            (run.folder / "config.json").unlink()
            raise
        return run

    @classmethod
    def resume(
        cls,
        folder: str | Path,
        device: str = "auto",
        on_game: Callable[[], Any] = lambda: None,
        **budget: Any,
    ) -> SupervisedRun:
        """Take up the run in a folder where its newest whole state left it.

        budget: `minutes` or `passes`, to give the run more than its configuration did. GoError
        where the folder holds no run. A run killed while it read its games reads them again.
        """
        if "minutes" in budget:
            budget = {"passes": None, **budget}
        config = SupervisedConfig.from_dict({**read_config(folder), **budget})
        run = cls(folder, config, device)
        if budget:
            run.files.write_config(config.to_dict())
        run._open_positions(on_game)
        state = run.files.load_state()
        if state is not None:
            tensors, card = state
            run.trainer.load_state_tensors(tensors, card["steps"])
            run.progress = Progress(**card["progress"])
        run.files.drop_metrics_after("steps", run.trainer.steps)
        return run

    @property
    def budget(self) -> tuple[str, float]:
        """What is counted, "seconds" or "passes", and how much of it there is."""
        if self.config.passes is not None:
            return "passes", self.config.passes
        return "seconds", 60 * self.config.minutes

    @property
    def fraction(self) -> float:
        """How much of the budget is spent, from 0 to 1."""
        counter, total = self.budget
        return min(1.0, getattr(self.progress, counter) / total)

    def train(
        self, on_step: Callable[[float], None] = lambda done: None
    ) -> Iterator[dict[str, Any]]:
        """Learn until the budget is spent; yield metrics every `interval` seconds and at the end.

        on_step: called after every step, with what is counted so far, for a progress bar.
        """
        config, progress = self.config, self.progress
        counter, total = self.budget
        steps = learn(
            self.trainer,
            self.positions,
            passes=config.passes,
            seconds=total if counter == "seconds" else None,
            seed=config.seed,
            batch_size=config.batch_size,
            learning_rate=config.learning_rate,
            seen=progress.passes,
            spent=progress.seconds,
            winners_only=config.winners_only,
            symmetries=config.symmetries,
        )
        lately: list[dict[str, Any]] = []
        since, worked = progress.seconds, time.process_time()
        for metrics in steps:
            before = progress.seconds
            progress.passes, progress.seconds = metrics["passes"], metrics["seconds"]
            progress.processor_seconds += time.process_time() - worked
            lately.append(metrics)
            for minute in doubling_minutes(before, progress.seconds):
                self.checkpoint(f"minute-{minute:04d}")
            on_step(getattr(progress, counter))
            if progress.seconds - since >= config.interval:
                yield self._note(lately, progress.seconds - since)
                lately, since = [], progress.seconds
            worked = time.process_time()
        if lately:
            yield self._note(lately, progress.seconds - since)

    def report(self) -> dict[str, Any]:
        """Return `measure_positions` of the averaged network on both parts, and the alarms.

        holdout is None where no game is held out; then there is nothing to be alarmed by.
        """
        train = self._measured(self.positions, self.config.reported)
        if not len(self.holdout):
            return {"train": train, "holdout": None, "alarms": []}
        holdout = self._measured(self.holdout, self.config.reported)
        return {"train": train, "holdout": holdout, "alarms": alarms(holdout)}

    def checkpoint(
        self,
        name: str,
        strength: Sequence[dict[str, Any]] = (),
        report: dict[str, Any] | None = None,
    ) -> Path:
        """Save the averaged network as checkpoints/NAME.safetensors with its card."""
        path = self.files.checkpoint(name)
        save_checkpoint(path, self.trainer.average, self._card(strength, report))
        return path

    def rules(self) -> tuple[Rules, float]:
        """Return the rules, komi included, of most games learnt from, and of how many: 0 to 1."""
        found: dict[tuple[int, bool, str], int] = {}
        for shard in self.positions.shards:
            kinds = shard.header["rules"]
            for komi, kind in zip(shard.columns["komi"], shard.columns["rules"], strict=True):
                rules = (int(komi), kinds[kind]["suicide"], kinds[kind]["superko"])
                found[rules] = found.get(rules, 0) + 1
        (half_points, suicide, superko), count = max(found.items(), key=lambda item: item[1])
        return Rules(half_points / 2, superko, suicide), count / sum(found.values())

    def _open_positions(self, on_game: Callable[[], Any]) -> None:
        folder, config = self.folder / "positions", self.config
        if not (folder / INDEX_FILE).exists():
            report, filters = SourceReport(), Filters(sizes=(config.size,))
            games = chain.from_iterable(
                read_source(source, filters, report) for source in config.sources
            )
            options = {"features": config.features, "size": config.size, "holdout": config.holdout}
            write_positions(games, folder, report=report, on_game=on_game, **options)
        self.positions = Positions(folder, "train", config.features)
        self.holdout = Positions(folder, "holdout", config.features)
        if len(self.positions) < config.batch_size:
            raise GoError(
                f"there are {len(self.positions)} positions to learn from, and a batch has "
                f"{config.batch_size}: give more games, or a smaller batch_size"
            )
        self.baselines = Baselines.of(self.positions)

    def _measured(self, positions: Positions, limit: int) -> dict[str, Any]:
        return measure_positions(
            self.trainer.average, positions, limit=limit, baselines=self.baselines
        )

    def _note(self, lately: list[dict[str, Any]], seconds: float) -> dict[str, Any]:
        """Measure, write it down and save the state."""
        progress = self.progress
        taught = {name: float(np.mean([step[name] for step in lately])) for name in lately[0]}
        holdout = None
        if len(self.holdout):
            holdout = self._measured(self.holdout, self.config.measured)
        metrics = {
            **taught,
            "steps": self.trainer.steps,
            **asdict(progress),
            "epochs": progress.passes / len(self.positions),
            "learning_rate": lately[-1]["learning_rate"],
            "positions_per_s": len(lately) * self.config.batch_size / max(seconds, 1e-9),
            "holdout": holdout,
            "alarms": alarms(holdout) if holdout else [],
        }
        self.files.append_metrics(metrics)
        card = {"progress": asdict(progress), "steps": self.trainer.steps}
        self.files.save_state(self.trainer.steps, self.trainer.state_tensors(), card)
        return metrics

    def _card(self, strength: Sequence[dict[str, Any]], report: dict[str, Any] | None) -> Card:
        config = self.config
        rules, share = self.rules()
        run = {
            **asdict(self.progress),
            "steps": self.trainer.steps,
            "epochs": self.progress.passes / len(self.positions),
            "games": {"train": self.positions.games, "holdout": self.holdout.games},
            "positions": {"train": len(self.positions), "holdout": len(self.holdout)},
            "share_under_these_rules": share,
            "command": config.command(),
            "config": config.to_dict(),
            "precision": self.trainer.precision,
            "threads": torch.get_num_threads(),
            **machine(self.device),
        }
        if report is not None:
            run["report"] = table(report)
            run["alarms"] = report["alarms"]
        return Card(
            rules=rules,
            sizes=(config.size,),
            features=config.features,
            network=config.network,
            value="win",
            run=run,
            strength=list(strength),
        )


def table(report: dict[str, Any]) -> list[str]:
    """Return a run's `report` as lines: by phase, held out beside learnt from and baselines."""
    train, holdout = report["train"], report["holdout"]
    shown = train if holdout is None else holdout
    what = "learnt from" if holdout is None else "held out"
    lines = [
        f"{shown['n']:,} positions of {shown['games']:,} games {what}; in brackets, of those "
        "learnt from; commonest: the commonest move; favourite: who usually wins with that side "
        "to move; stones: who has more, with komi",
        "part of game       n  right move        commonest  right winner      favourite  stones",
    ]
    learnt = {tuple(row["phase"]): row for row in train["phases"]}
    rows = [(f"{row['phase'][0]:.0%} to {row['phase'][1]:.0%}", row) for row in shown["phases"]]
    for name, row in [*rows, ("all", shown)]:
        beside = learnt.get(tuple(row["phase"])) if "phase" in row else train
        cells = [
            f"{name:12}",
            f"{row['n']:7,}",
            f"{_both(row, beside, 'top1'):16}",
            f"{_share(row, 'most_common_move'):>9}",
            f"{_both(row, beside, 'value_sign'):16}",
            f"{_share(row, 'majority'):>9}",
            f"{_share(row, 'stone_count'):>6}",
        ]
        lines.append("  ".join(cells).rstrip())
    early = shown["early_passes"]
    if early["n"]:
        lines.append(
            f"plies 1 to {EARLY_PLIES}: the first choice is a pass in {early['rate']:.1%} of "
            f"{early['n']:,} positions, the target in {_share(shown, 'early_pass_targets')}"
        )
    return lines


def _both(row: dict[str, Any], beside: dict[str, Any] | None, name: str) -> str:
    return f"{_share(row, name)} ({_share(beside, name) if beside else '-'})"


def _share(row: dict[str, Any], name: str) -> str:
    rate = row[name]["rate"]
    return "-" if rate is None else f"{rate:.1%}"


def _first_network(config: SupervisedConfig) -> Network:
    if config.start_from is None:
        return fresh_network(config.network, config.seed)
    network, card = load_checkpoint(config.start_from)
    if network.config != config.network or card.features != config.features:
        raise GoError(f"{config.start_from} is a network of another shape than this run's")
    return network
