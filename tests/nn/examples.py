"""Networks and positions that the tests of networks share."""

from __future__ import annotations

import numpy as np
import torch

from gokit.go.games import Games
from gokit.go.playouts import random_actions, random_states
from gokit.go.rules import TROMP_TAYLOR, Rules
from gokit.nn.config import NetworkConfig
from gokit.nn.networks import Network

SMALL = NetworkConfig(planes=6, blocks=2, channels=8, pooling_blocks=1, value_hidden=8)
TINY = {"planes": 6, "blocks": 2, "channels": 8, "value_hidden": 8}
# Every kind of trunk, way to share it, and way to answer that plays any board size.
ANY_SIZE = {
    "resnet": NetworkConfig(**TINY),
    "pooling": SMALL,
    "detached": NetworkConfig(**TINY, trunks="detached", pooling_blocks=1),
    "separate": NetworkConfig(**TINY, trunks="separate", pooling_blocks=2),
    "means": NetworkConfig(**TINY, head_pooling="mean", ownership=False),
    "outcomes": NetworkConfig(**TINY, value_head="outcomes", score=True),
    "transformer": NetworkConfig(**TINY, architecture="transformer", attention_heads=2),
    "transformers": NetworkConfig(
        **TINY, architecture="transformer", attention_heads=2, trunks="separate", score=True
    ),
}
MLP = NetworkConfig(**TINY, architecture="mlp", size=5, score=True, value_head="outcomes")
EVERY_KIND = {**ANY_SIZE, "mlp": MLP}


def network(config: NetworkConfig = SMALL, seed: int = 0) -> Network:
    """A network whose statistics and heads are not those it was born with."""
    torch.manual_seed(seed)
    net = Network(config)
    net.train()
    size = config.size or 7
    for _ in range(5):
        net(torch.randn(8, config.planes, size, size))
    for parameter in net.parameters():
        parameter.data.add_(0.1 * torch.randn_like(parameter))
    return net.eval()


def random_games(
    count: int, size: int, seed: int = 0, plies: int = 40, rules: Rules = TROMP_TAYLOR
) -> Games:
    """Games after different numbers of random moves, passes among them."""
    rng, games = np.random.default_rng(seed), Games(count, size, rules)
    states, lengths = random_states(rng, count), rng.integers(plies + 1, size=count)
    for ply in range(plies):
        actions = random_actions(games, states)
        actions[rng.random(count) < 0.05] = size * size
        games.play(np.where((ply < lengths) & (games.ended == 0), actions, -1))
    return games
