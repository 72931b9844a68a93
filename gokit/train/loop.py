"""The loop: play, learn, measure, perhaps promote, write down; one round is an iteration."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from gokit.nn.inference import NetworkEvaluator
from gokit.nn.training import schedule
from gokit.played import PlayedGames
from gokit.players import Player, parse_player
from gokit.resigning import calibrate
from gokit.runs import doubling_minutes
from gokit.search.mcts import Search
from gokit.selfplay import SelfPlay
from gokit.telemetry import OPENING_PLIES, report
from gokit.train.alarms import alarms, begun
from gokit.train.learning import learn
from gokit.train.promotion import challenge, summary
from gokit.train.run import Run
from gokit.train.variants import random_games, relabel

_Tick = Callable[..., None]
# What processes add up; everything else is their mean, weighted by positions.
_SUMS = (
    "games", "positions", "forks", "cut_off", "resigned", "opponent_games", "guard_bites",
    "resign_checked", "damaged_shards", "relabelled",
)  # fmt: skip
_RATES = ("simulations_per_s", "positions_per_s")


def iterate(run: Run, on_step: Callable[[float], None] | None) -> Iterator[dict[str, Any]]:
    """Make a run go on until its budget is spent; yield each iteration's metrics."""
    config = run.config
    if run.progress.random_games < config.random_games:
        yield _Round(run, on_step).warm_up()
    evaluator = NetworkEvaluator(
        run.playing, features=config.features, value=config.value, device=run.device
    )
    with _opponent(run) as opponent:
        players = SelfPlay(
            evaluator,
            config.search if config.searching else None,
            config.self_play_of(run.team.share(config.games)),
            run.play_rng,
            size=config.size,
            rules=config.rules,
            opponent=opponent,
        )
        while run.fraction < 1:
            yield _Round(run, on_step).play(players, evaluator)
            evaluator.refresh()


@contextlib.contextmanager
def _opponent(run: Run) -> Iterator[Player | list[Player] | None]:
    config = run.config
    if config.opponent is None:
        yield None
        return
    with contextlib.ExitStack() as stack:
        # A group plays in a thread of its own, and needs a player of its own.
        seeds = run.play_rng.integers(2**31, size=config.groups).tolist()
        yield [
            stack.enter_context(
                contextlib.closing(parse_player(config.opponent, config.size, config.rules, seed))
            )
            for seed in seeds
        ]


class _Round:
    """One iteration, with its clock."""

    def __init__(self, run: Run, on_step: Callable[[float], None] | None) -> None:
        self.run = run
        self.on_step = on_step
        self.started = time.perf_counter()
        self.before = run.progress.seconds

    def tick(self, *_: Any) -> None:
        if self.on_step is not None:
            self.on_step(self.before + time.perf_counter() - self.started)

    def play(self, players: SelfPlay, evaluator: NetworkEvaluator) -> dict[str, Any]:
        """Play, learn, measure."""
        run, config = self.run, self.run.config
        games, metrics = players.collect(run.team.share(config.positions), self.keep(players))
        metrics["self_play_seconds"] = time.perf_counter() - self.started
        if config.calibrate_resign:
            self.calibrate(players, games)
        if config.relabel:
            metrics["relabelled"] = self.relabel(evaluator, games.positions)
        run.progress.iteration += 1
        return self.finish(games, metrics)

    def warm_up(self) -> dict[str, Any]:
        """Teach the value with random games before anything is searched."""
        run = self.run
        config, share = run.config, run.team.share(run.config.random_games)
        games = random_games(share, config.size, config.rules, run.play_rng, self.tick)
        metrics = report(games)
        metrics["self_play_seconds"] = time.perf_counter() - self.started
        run.progress.random_games = config.random_games
        return self.finish(games, metrics)

    def finish(self, games: PlayedGames, metrics: dict[str, Any]) -> dict[str, Any]:
        """Learn from what was played, measure, and write everything down."""
        run = self.run
        run.add(games)
        metrics["damaged_shards"] = run.store.damaged
        everybody = run.team.gather((metrics, _fingerprints(games)))
        metrics = _together(everybody)
        run.count(metrics["games"], metrics["positions"])
        taught = learn(
            run.trainer,
            run.window,
            run.config,
            run.rng,
            run.team,
            positions=metrics["positions"],
            learning_rate=run.config.learning_rate * schedule(run.fraction),
            on_step=self.tick,
        )
        metrics |= _mean([(part, 1.0) for part in run.team.gather(taught)])
        if self.is_time_for_a_match():
            metrics["promotion"] = self.promote()
        # One process's part of the games held out says enough, and the others play on.
        metrics["holdout"] = run.holdout.measure(run.trainer.average) if run.team.is_lead else None
        return self.note(metrics)

    def keep(self, players: SelfPlay) -> _Tick:
        """Return what writes games down as soon as they are over, ahead of their shard."""
        kept: set[int] = set()

        def tick(_: int) -> None:
            for part in players.ended:
                if id(part) not in kept:
                    kept.add(id(part))
                    self.run.store.keep(part)
            self.tick()

        return tick

    def calibrate(self, players: SelfPlay, games: PlayedGames) -> None:
        """Set the threshold below which a side resigns, by the latest games played out."""
        run, config = self.run, self.run.config
        run.played_out.append(games.select(np.flatnonzero(games.played_out)))
        check = calibrate(list(run.played_out), config.resign_turns, config.resign_ply)
        players.resign_below = check.below if check else config.resign_below

    def relabel(self, evaluator: NetworkEvaluator, positions: int) -> int:
        """Search old positions again: `relabel` of them for every new one."""
        run, config = self.run, self.run.config
        wanted = left = round(config.relabel * positions)
        search = Search(evaluator, config.search)
        for index in run.rng.permutation(len(run.in_window)):
            if left <= 0:
                break
            path, numbers = run.in_window[index]
            games = run.store.read(path)
            if games is None:
                continue
            searched = int(games.searched.sum())
            games = relabel(games, search, run.play_rng, left, config.no_pass_plies)
            run.window.replace(numbers, run.samples(games, run.holdout.split(games)[1]))
            left -= min(left, searched)
        return wanted - left

    def is_time_for_a_match(self) -> bool:
        run = self.run
        return run.best is not None and run.progress.iteration % run.config.promotion_every == 0

    def promote(self) -> dict[str, Any]:
        """Let the lead test the newest network against the best, and all do what it found."""
        run = self.run
        about = None
        if run.team.is_lead:
            result = challenge(
                run.trainer.average, run.best.network, run.config, run.rng, str(run.device)
            )
            about = summary(result)
        about = run.team.tell(about)
        if about["outcome"] == "accept":
            run.best.take(run.trainer.average)
            run.progress.promotions += 1
        return {**about, "promotions": run.progress.promotions}

    def note(self, metrics: dict[str, Any]) -> dict[str, Any]:
        """Write metrics, milestones and the state."""
        run, progress = self.run, self.run.progress
        # All processes go by the lead's clock, or they would not agree on when to stop.
        elapsed = run.team.tell(time.perf_counter() - self.started)
        progress.seconds = self.before + elapsed
        metrics = {
            "iteration": progress.iteration,
            "seconds": round(progress.seconds, 3),
            "total_games": progress.games,
            "total_positions": progress.positions,
            "window": len(run.window) * run.team.size,
            "processes": run.team.size,
            "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
            **metrics,
        }
        metrics["alarms"], progress.alarms = begun(alarms(metrics), progress.alarms)
        if run.team.is_lead:
            run.files.append_metrics(metrics)
        for minute in doubling_minutes(self.before, progress.seconds):
            run.checkpoint(f"minute-{minute:04d}")
        run.save_state()
        return metrics


def _fingerprints(games: PlayedGames) -> tuple[list[bytes], list[bytes]]:
    """What tells openings and games of different processes apart, or alike."""

    def of(moves: np.ndarray) -> bytes:
        return hashlib.blake2b(moves.tobytes(), digest_size=8).digest()

    sequences = games.sequences()
    return [of(moves[:OPENING_PLIES]) for moves in sequences], [of(moves) for moves in sequences]


def _together(everybody: list[tuple[dict[str, Any], Any]]) -> dict[str, Any]:
    """Return one report of what all processes played."""
    if len(everybody) == 1:
        return everybody[0][0]
    reports = [metrics for metrics, _ in everybody]
    merged = _mean([(metrics, metrics["positions"]) for metrics in reports])
    for name in (*_SUMS, *_RATES):
        if name in reports[0]:
            merged[name] = sum(metrics[name] for metrics in reports)
    merged["game_length"] = merged["positions"] / merged["games"]
    # Twins may play in different processes.
    for name, index in (("distinct_openings", 0), ("distinct_games", 1)):
        all_of_them = [print_ for _, prints in everybody for print_ in prints[index]]
        merged[name] = len(set(all_of_them)) / len(all_of_them)
    return merged


def _mean(parts: list[tuple[dict[str, Any], float]]) -> dict[str, Any]:
    """Return the weighted mean of each number; what is not a number everywhere is the first's."""
    merged = dict(parts[0][0])
    for name, first in merged.items():
        known = [(p[name], w) for p, w in parts if isinstance(p.get(name), int | float)]
        if known and not isinstance(first, bool):
            weight = sum(w for _, w in known)
            merged[name] = sum(value * w for value, w in known) / max(weight, 1e-9)
    return merged
