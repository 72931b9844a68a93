"""What a training run has learnt: matches against random play, its younger self, an engine."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from gokit.arena import MatchResult, play_match
from gokit.go.errors import GoError
from gokit.go.rules import Rules
from gokit.gtp import GtpPlayer, find_engine, gnugo_command
from gokit.nn.checkpoint import load_evaluator
from gokit.nn.inference import NetworkEvaluator
from gokit.players import MctsPlayer, Player, PolicyPlayer, RandomPlayer
from gokit.search.mcts import SearchConfig
from gokit.supervised_run import SupervisedRun
from gokit.train import Run

MATCH_SEED = 20160315  # the openings' and the random player's: not the training's
GNUGO_SIZES = range(5, 20)

_Say = Callable[[str], None]


def judge(run: Run, say: _Say = print) -> list[MatchResult]:
    """Play the network that a run plays with against random play and its earliest checkpoint.

    Three matches of `match_games` games each, over distinct random openings, both colours: the
    policy alone against random play; the policy alone against the earlier policy; both with
    `match_simulations` simulations and no randomness. `say` is told each result.
    """
    config = run.config
    if config.match_games == 0:
        return []
    now = NetworkEvaluator(
        run.playing, features=config.features, value=config.value, device=run.device
    )
    rng = np.random.default_rng(MATCH_SEED)
    pairs: list[tuple[Player, Player]] = [(PolicyPlayer(now, name="the policy"), RandomPlayer(rng))]
    milestones = run.milestones()
    if milestones:
        before = load_evaluator(milestones[0], str(run.device))
        age = f"at {int(milestones[0].stem.split('-')[1])} min"
        search = SearchConfig(config.match_simulations, "gumbel", gumbel_scale=0.0)
        name = f"{config.match_simulations} simulations"
        pairs += [
            (PolicyPlayer(now, name="the policy"), PolicyPlayer(before, name=f"that {age}")),
            (
                MctsPlayer(now, config.match_simulations, config=search, name=name),
                MctsPlayer(before, config.match_simulations, config=search, name=f"those {age}"),
            ),
        ]
    return _play(pairs, config.match_games, config.size, config.rules, rng, say)


def judge_policy(run: SupervisedRun, say: _Say = print) -> list[MatchResult]:
    """Play a run's averaged policy, no search, against random play and against GNU Go, level 1.

    Two matches of `match_games` games each, over distinct random openings, both colours, under
    the rules of the games learnt from. The second is left out, with a word to `say`, where GNU Go
    is not installed or does not play such a game.
    """
    config = run.config
    if config.match_games == 0:
        return []
    rules, _ = run.rules()
    now = NetworkEvaluator(
        run.trainer.average, features=config.features, value="win", device=run.device
    )
    policy = PolicyPlayer(now, name="the policy")
    rng = np.random.default_rng(MATCH_SEED)
    pairs: list[tuple[Player, Player]] = [(policy, RandomPlayer(rng))]
    with _gnugo(config.size, rules, say) as engine:
        if engine is not None:
            pairs.append((policy, engine))
        return _play(pairs, config.match_games, config.size, rules, rng, say)


def save_final(run: Run | SupervisedRun, results: list[MatchResult], **about) -> Path:
    """Save checkpoints/final.safetensors with the results in its card, and return its path.

    about: what else `run.checkpoint` takes.
    """
    return run.checkpoint("final", strength=[result.to_dict() for result in results], **about)


def _play(
    pairs: list[tuple[Player, Player]],
    games: int,
    size: int,
    rules: Rules,
    rng: np.random.Generator,
    say: _Say,
) -> list[MatchResult]:
    results = []
    for a, b in pairs:
        result = play_match(a, b, games=games, size=size, rules=rules, rng=rng)
        say(str(result))
        results.append(result)
    return results


@contextlib.contextmanager
def _gnugo(size: int, rules: Rules, say: _Say) -> Iterator[GtpPlayer | None]:
    why = None
    if size not in GNUGO_SIZES or rules.suicide:
        why = "it plays on boards from 5×5 up, without suicide"
    elif find_engine("gnugo") is None:
        why = "it is not installed"
    if why is None:
        try:
            command = gnugo_command(1, MATCH_SEED, rules)
            player = GtpPlayer(command, size=size, rules=rules, name="gnugo@1")
        except GoError as error:
            why = str(error)
    if why is not None:
        say(f"no match against GNU Go: {why}")
        yield None
        return
    with player:
        yield player
