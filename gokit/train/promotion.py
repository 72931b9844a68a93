"""Who plays: the newest network, or the best one until another is shown to be stronger."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from torch import Tensor

from gokit.nn.inference import NetworkEvaluator
from gokit.nn.networks import Network
from gokit.players import MctsPlayer
from gokit.search.mcts import SearchConfig
from gokit.sprt import SprtResult, run_sprt
from gokit.train.config import TrainConfig

_PREFIX = "best."


class Best:
    """The network that plays where promotion is by a sequential test.

    It begins as the network in training and changes only when a candidate has beaten it over
    pairs of distinct openings; a test that stays undecided promotes nobody (F-17).
    Built in chapter 7.
    """

    def __init__(self, network: Network) -> None:
        self.network = copy.deepcopy(network)
        self.promotions = 0

    def take(self, candidate: Network) -> None:
        """Promote a candidate."""
        self.network.load_state_dict(candidate.state_dict())
        self.promotions += 1

    def state_tensors(self) -> dict[str, Tensor]:
        """Return what a resumed run needs, as named tensors."""
        return {_PREFIX + name: tensor for name, tensor in self.network.state_dict().items()}

    def load(self, tensors: dict[str, Tensor], promotions: int) -> None:
        """Take up what `state_tensors` gave, and leave other tensors alone."""
        mine = {n.removeprefix(_PREFIX): t for n, t in tensors.items() if n.startswith(_PREFIX)}
        if mine:
            self.network.load_state_dict(mine)
        self.promotions = promotions


def without_best(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors of a state that are the trainer's."""
    return {name: tensor for name, tensor in tensors.items() if not name.startswith(_PREFIX)}


def challenge(
    candidate: Network, best: Network, config: TrainConfig, rng: np.random.Generator, device: str
) -> SprtResult:
    """Test whether the candidate is stronger than the best, both searching without randomness."""
    search = SearchConfig(config.match_simulations, "gumbel", gumbel_scale=0.0)
    players = [
        MctsPlayer(
            NetworkEvaluator(network, features=config.features, value=config.value, device=device),
            config.match_simulations,
            config=search,
            name=name,
        )
        for network, name in ((candidate, "the candidate"), (best, "the best"))
    ]
    return run_sprt(
        *players,
        rng=rng,
        max_games=config.promotion_games,
        size=config.size,
        rules=config.rules,
    )


def summary(result: SprtResult) -> dict[str, Any]:
    """Return what metrics say of a promotion match."""
    return {
        "outcome": result.outcome,
        "score": None if not result.sprt.pairs else round(result.sprt.score, 4),
        "pairs": result.sprt.pairs,
        "llr": round(result.sprt.llr, 3),
        "games": len(result.match.played),
        "distinct_ratio": round(result.match.distinct_ratio, 4),
    }
