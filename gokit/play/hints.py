"""What a network thinks of a position at one look: its policy, the points' owners, a forecast."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from gokit.go.games import Games
from gokit.go.position import Position
from gokit.play.game import black_forecast


class Look(NamedTuple):
    """policy: float32 [N*N+1], legal moves only. ownership: float32 [N, N] from -1 to 1, side to
    move's view, or None. forecast: as `black_forecast` says it."""

    policy: np.ndarray
    ownership: np.ndarray | None
    forecast: float


class Hints:
    """A checkpoint that is asked for its opinion, without any search.

    size: the board it is for. kind: what its value means, "margin" or "win". Raises GoError for a
    checkpoint that cannot be read, and RulesMismatchError for one of other sizes; it is asked
    under any rules, since nothing is decided by the answer.
    """

    def __init__(self, path: str | Path, size: int, device: str = "cpu") -> None:
        from gokit.nn.checkpoint import load_checkpoint
        from gokit.nn.inference import NetworkEvaluator

        network, card = load_checkpoint(path)
        card.require(size=size)
        self.path, self.size, self.kind = str(path), size, card.value
        self._network = network.eval()
        self._features = card.features
        self._evaluator = NetworkEvaluator(
            network, features=card.features, value=card.value, device=device, precision="fp32"
        )
        self._looks: WeakKeyDictionary[Position, Look] = WeakKeyDictionary()

    def look(self, position: Position) -> Look:
        """Return what the network thinks of a position that is not over."""
        if position not in self._looks:
            self._looks[position] = self._ask(position)
        return self._looks[position]

    def _ask(self, position: Position) -> Look:
        games = Games.from_positions([position])
        logits, values = self._evaluator.evaluate(games, np.array([0]))
        masked = np.where(position.legal_mask(), logits[0], -np.inf)
        weights = np.exp(masked - masked.max())
        forecast = black_forecast(position, float(np.clip(values[0], -1, 1)), self.kind)
        return Look(weights / weights.sum(), self._owners(games), forecast)

    def _owners(self, games: Games) -> np.ndarray | None:
        import torch

        from gokit.nn.features import plane_scales, write_planes

        device = self._evaluator.device
        shape = (1, self._network.config.planes, self.size, self.size)
        planes = np.empty(shape, np.int8)
        write_planes(games, np.array([0]), self._features, planes)
        with torch.inference_mode():
            scaled = torch.from_numpy(planes * plane_scales(self._features)).to(device)
            owners = self._network.to(device)(scaled.float()).ownership
        return None if owners is None else owners[0].cpu().numpy()
