"""Learning from games that others played: positions in, a trained network out, and measured."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import torch

from gokit.corpus.positions import Positions
from gokit.go.errors import GoError
from gokit.go.rules import BLACK, WHITE
from gokit.nn.config import NetworkConfig, Outputs
from gokit.nn.features import feature_names
from gokit.nn.metrics import (
    Rate,
    measure,
    measure_by_phase,
    phase_parts,
    predict,
    sign_accuracy,
    stone_count_baseline,
)
from gokit.nn.networks import Network
from gokit.nn.training import Batch, LossWeights, Trainer, schedule

# A network that knows only results, not margins: the value head gets less to learn from.
WEIGHTS = LossWeights(value=1.0, ownership=0.3)
WARM_UP = 0.02  # of a run
EARLY_PLIES = 9  # before which a pass is a mistake
EARLY_PASSES = 0.01  # how many more of them than among the targets are worth an alarm


def fit(
    network: NetworkConfig | Network,
    positions: Positions,
    *,
    passes: int | None = None,
    seconds: float | None = None,
    seed: int = 1,
    batch_size: int = 256,
    learning_rate: float = 3e-3,
    weights: LossWeights = WEIGHTS,
    limit: int | None = None,
    value: str = "win",
    winners_only: bool = False,
    symmetries: bool = True,
    precision: str = "fp32",
    clock: Callable[[], float] = time.perf_counter,
    on_step: Callable[[Trainer, dict[str, Any]], None] = lambda trainer, metrics: None,
) -> Trainer:
    """Train a network on positions, and return its trainer; `trainer.average` is to play with.

    network: its shape, for fresh weights drawn from `seed`, or a network to go on with. The run
    ends after `passes` positions, each counted every time it is seen, or after `seconds` of
    `clock`; the learning rate falls towards whichever is given. limit: learn from so many of the
    positions only, the same ones for every seed, and among those of any larger limit. value,
    winners_only, symmetries: as in `Positions.batches`. on_step: called after every step with the
    trainer and the step's metrics, "passes" and "seconds" among them; its own time does not count.

    In fp32 the same seed, passes and number of threads train the same network. GoError where
    neither or both of `passes` and `seconds` are given. Built in chapter 5.
    """
    if isinstance(network, NetworkConfig):
        network = fresh_network(network, seed)
    trainer = Trainer(network, weights=weights, precision=precision)
    steps = learn(
        trainer,
        positions,
        passes=passes,
        seconds=seconds,
        seed=seed,
        batch_size=batch_size,
        learning_rate=learning_rate,
        limit=limit,
        value=value,
        winners_only=winners_only,
        symmetries=symmetries,
        clock=clock,
    )
    for metrics in steps:
        on_step(trainer, metrics)
    return trainer


def learn(
    trainer: Trainer,
    positions: Positions,
    *,
    passes: int | None = None,
    seconds: float | None = None,
    seed: int = 1,
    batch_size: int = 256,
    learning_rate: float = 3e-3,
    seen: int = 0,
    spent: float = 0.0,
    clock: Callable[[], float] = time.perf_counter,
    **drawing: Any,
) -> Iterator[dict[str, Any]]:
    """Make the steps of `fit` and yield each one's metrics; what happens between is not timed.

    seen, spent: how many passes and seconds the trainer's run has behind it; the steps go on
    with the batches that come next. drawing: more arguments for `Positions.batches`.
    """
    if (passes is None) == (seconds is None):
        raise GoError("give either passes or seconds")
    batches = positions.batches(batch_size, seed, skip=seen // batch_size, **drawing)
    begun = clock()
    for batch in batches:
        done = spent / seconds if passes is None else seen / passes
        if done >= 1:
            return
        rate = learning_rate * schedule(done, warm_up=WARM_UP)
        metrics = trainer.step(_on_device(batch.tensors(), trainer.device), rate)
        seen += batch_size
        spent += clock() - begun
        yield {**metrics, "learning_rate": rate, "passes": seen, "seconds": spent}
        begun = clock()


def fresh_network(config: NetworkConfig, seed: int) -> Network:
    """Return a network with weights drawn from `seed`, whatever was drawn before."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Network(config)


class Baselines(NamedTuple):
    """What the training part says without a look at the board.

    move: the commonest target. favourite: 1 where the side to move won more often, else -1, for
    Black and for White to move; 0 where neither did.
    """

    move: int
    favourite: tuple[int, int]

    @classmethod
    def of(cls, positions: Positions, value: str = "win") -> Baselines:
        """Count them; GoError where no position has a target. value: as in `Positions.take`."""
        facts = _facts(positions, value)
        if not (facts.moves >= 0).any():
            raise GoError("there is no move to learn from, so no commonest one either")
        move = np.bincount(facts.moves[facts.moves >= 0]).argmax()
        favourite = (facts.result[facts.to_move == color].sum() for color in (BLACK, WHITE))
        return cls(int(move), tuple(int(np.sign(total)) for total in favourite))


def measure_positions(
    network: Network,
    positions: Positions,
    *,
    value: str = "win",
    limit: int | None = None,
    chunk: int = 256,
    baselines: Baselines | None = None,
) -> dict[str, Any]:
    """Return what a network gets right on positions, by phase and beside baselines, for JSON.

    limit: measure so many of the positions only, drawn from all games, always the same ones.
    chunk: how many are in memory with their planes at a time. baselines: by default those of the
    part "train" of the positions' folder.

    The answer is a row of `metrics.measure`, each `Rate` as {"rate", "n", "low", "high"} and nan
    as None, with "games", how many they are from; "most_common_move", how often that is the
    target; "majority", how often the favourite of the training games wins, who is to move being
    known; "stone_count", how often more stones with komi mean the win; and

    phases: such rows by tenths of the game, "phase" being [from, to];
    early_passes, early_pass_targets: how often a pass is the network's first choice among plies
    1 to 9, and how often the target there.

    Positions of one game are alike: they have one winner, and neighbours differ by one stone. So
    the intervals are too narrow; with `games` instead of n they would be wide enough. GoError
    where there are no positions. Built in chapter 5.
    """
    if not len(positions):
        raise GoError("there are no positions to measure")
    if baselines is None:
        folder = positions.shards[0].path.parent
        baselines = Baselines.of(Positions(folder, "train", verify=False), value)
    chosen = np.arange(len(positions))
    if limit is not None and limit < len(positions):
        chosen = np.sort(np.random.default_rng(0).permutation(len(positions))[:limit])
    seen = _look(network, positions, chosen, value, chunk)
    part_of = phase_parts(seen.phase)
    whole = measure(seen.outputs, seen.batch, value)
    parts = measure_by_phase(seen.outputs, seen.batch, seen.phase, value)
    early, a_pass = seen.facts.ply < EARLY_PLIES, positions.size**2
    first = seen.outputs.policy_logits.argmax(1).numpy()[early]
    targets = seen.facts.moves[early & (seen.facts.moves >= 0)]
    report = {
        **_compared(whole, seen, np.ones(len(chosen), bool), baselines),
        "phases": [
            _compared(row, seen, part_of == part, baselines)
            for row, part in zip(parts, np.unique(part_of), strict=True)
        ],
        "early_passes": Rate.of(first == a_pass),
        "early_pass_targets": Rate.of(targets == a_pass),
    }
    return _plain(report)


def alarms(report: dict[str, Any]) -> list[str]:
    """Return a sentence for each thing in a report of `measure_positions` that must not be.

    A head that is right less often than its baseline, which does not look at the board; and
    passes among the first choices in plies 1 to 9 that are over 1 % more than among the targets
    (on 5×5 good play passes that early).
    """
    found = []
    for head, mine, theirs, rule in (
        ("policy", "top1", "most_common_move", "always playing the commonest move"),
        ("value", "value_sign", "majority", "always naming the favourite"),
    ):
        share, blind = report[mine]["rate"], report[theirs]["rate"]
        if share is not None and share < blind:
            found.append(
                f"the {head} is right in {share:.1%} of {report[mine]['n']:,} held-out positions, "
                f"and {rule} in {blind:.1%}"
            )
    early, taught = report["early_passes"], report["early_pass_targets"]["rate"] or 0.0
    if early["n"] and early["rate"] > taught + EARLY_PASSES:
        found.append(
            f"the first choice is a pass in {early['rate']:.1%} of {early['n']:,} positions among "
            f"plies 1 to {EARLY_PLIES}, and the target in {taught:.1%}"
        )
    return found


class _Seen(NamedTuple):
    """What a network says of P positions, and what there is to compare it with.

    batch: without its planes, which would take more memory than all the rest. own, other: stones
    [P] of the side to move and of the other. game: [P], a number for each. phase: [P], 0 to 1.
    """

    outputs: Outputs
    batch: Batch
    facts: _Facts
    own: np.ndarray
    other: np.ndarray
    game: np.ndarray
    phase: np.ndarray


def _look(
    network: Network, positions: Positions, chosen: np.ndarray, value: str, chunk: int
) -> _Seen:
    facts = _facts(positions, value).at(chosen)
    outputs, batches, columns = [], [], []
    for start in range(0, len(chosen), chunk):
        these = slice(start, start + chunk)
        taken = positions.take(chosen[these], value=value)
        batch = taken.tensors()
        outputs.append(predict(network, batch, chunk))
        batches.append(batch._replace(planes=torch.empty(len(taken), 0)))
        stones = _stones(taken.planes, positions.features, facts.to_move[these] == BLACK)
        columns.append((*stones, taken.game, taken.ply / np.maximum(taken.length, 1)))
    return _Seen(
        Outputs(*map(_joined, zip(*outputs, strict=True))),
        Batch(*map(_joined, zip(*batches, strict=True))),
        facts,
        *map(np.concatenate, zip(*columns, strict=True)),
    )


def _compared(
    row: dict[str, Any], seen: _Seen, these: np.ndarray, baselines: Baselines
) -> dict[str, Any]:
    """Return a row of measures of the positions `these`, bool [P], with their baselines."""
    finished = these & (seen.batch.result_weight > 0).numpy()
    targets = seen.facts.moves[these & (seen.batch.policy_weight > 0).numpy()]
    favourite = np.where(seen.facts.to_move == BLACK, *baselines.favourite)
    results, komi = seen.batch.value.numpy()[finished], seen.facts.komi[finished]
    return {
        **row,
        "games": len(np.unique(seen.game[these])),
        "most_common_move": Rate.of(targets == baselines.move),
        "majority": sign_accuracy(favourite[finished], results),
        "stone_count": stone_count_baseline(
            seen.own[finished], seen.other[finished], results, komi
        ),
    }


class _Facts(NamedTuple):
    """What the columns of positions say: arrays [P].

    moves: targets, -1 for none. to_move: BLACK or WHITE. result: the sign of what the value is
    to predict, 0 where that is not known. komi: what the side to move gets. ply.
    """

    moves: np.ndarray
    to_move: np.ndarray
    result: np.ndarray
    komi: np.ndarray
    ply: np.ndarray

    def at(self, chosen: np.ndarray) -> _Facts:
        return _Facts(*(column[chosen] for column in self))


def _facts(positions: Positions, value: str) -> _Facts:
    """A margin is counted without komi, so there its value is without it too."""
    parts = []
    for shard in positions.shards:
        columns = shard.columns
        game, to_move = columns["game"], columns["to_move"]
        sign = np.where(to_move == BLACK, 1, -1)
        winner, margin = columns["winner"][game], np.nan_to_num(columns["margin"][game])
        black_won = (winner == BLACK) * 1 - (winner == WHITE)
        komi = columns["komi"][game] / 2 if value == "win" else np.zeros(len(game))
        result = black_won if value == "win" else np.sign(margin)
        parts.append((columns["moves"], to_move, sign * result, -sign * komi, columns["ply"]))
    return _Facts(*map(np.concatenate, zip(*parts, strict=True)))


def _stones(
    planes: np.ndarray, features: str, black_to_move: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the stones [B] of the side to move and of the other, as the planes show them."""
    names = feature_names(features)
    if "own stones" in names:
        own, other = (planes[:, names.index(n)] for n in ("own stones", "opponent's stones"))
        return own.sum((1, 2)), other.sum((1, 2))
    if "Black's stones" in names:
        black, white = (planes[:, names.index(n)] for n in ("Black's stones", "White's stones"))
    else:
        black, white = planes[:, 0] == BLACK, planes[:, 0] == WHITE
    black, white = black.sum((1, 2)), white.sum((1, 2))
    return np.where(black_to_move, black, white), np.where(black_to_move, white, black)


def _joined(parts: tuple[torch.Tensor | None, ...]) -> torch.Tensor | None:
    return None if parts[0] is None else torch.cat(parts)


def _on_device(batch: Batch, device: torch.device) -> Batch:
    return Batch(*(None if tensor is None else tensor.to(device) for tensor in batch))


def _plain(value: Any) -> Any:
    """Return metrics as JSON knows them: rates by name, nan as None."""
    if isinstance(value, Rate):
        return _plain(value._asdict())
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(inner) for inner in value]
    return None if isinstance(value, float) and math.isnan(value) else value
