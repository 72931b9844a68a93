"""What a training run has learnt: matches against random play and against its younger self."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from gokit.arena import MatchResult, play_match
from gokit.nn.checkpoint import load_evaluator
from gokit.nn.inference import NetworkEvaluator
from gokit.players import MctsPlayer, PolicyPlayer, RandomPlayer
from gokit.search.mcts import SearchConfig
from gokit.train import Run

MATCH_SEED = 20160315  # the openings' and the random player's: not the training's


def judge(run: Run, say: Callable[[str], None] = print) -> list[MatchResult]:
    """Play a run's averaged network against random play and its earliest kept checkpoint.

    Three matches of `match_games` games each, over distinct random openings, both colours: the
    policy alone against random play; the policy alone against the earlier policy; both with
    `match_simulations` simulations and no randomness. `say` is told each result.
    """
    config = run.config
    if config.match_games == 0:
        return []
    now = NetworkEvaluator(run.trainer.average, features=config.features, device=run.device)
    rng = np.random.default_rng(MATCH_SEED)
    pairs = [(PolicyPlayer(now, name="the policy"), RandomPlayer(rng))]
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
    results = []
    for a, b in pairs:
        result = play_match(
            a, b, games=config.match_games, size=config.size, rules=config.rules, rng=rng
        )
        say(str(result))
        results.append(result)
    return results


def save_final(run: Run, results: list[MatchResult]) -> Path:
    """Save checkpoints/final.safetensors with the results in its card, and return its path."""
    return run.checkpoint("final", strength=[result.to_dict() for result in results])
