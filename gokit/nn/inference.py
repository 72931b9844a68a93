"""A network as an evaluator: positions in, policy logits and values out."""

from __future__ import annotations

import numpy as np
import torch

from gokit.go.errors import GoError
from gokit.go.games import Games
from gokit.nn.features import FEATURE_SETS, write_planes
from gokit.nn.networks import ResNet


class NetworkEvaluator:
    """Evaluates positions with a network, on any board size. Built in chapter 5.

    features: the named feature set that the network reads. value_kind: what its value means,
    "margin" or "win". The network is used as it is at the time of the call, in evaluation mode.
    """

    def __init__(
        self,
        network: ResNet,
        *,
        features: str = "basic",
        value: str = "margin",
        device: str | torch.device = "cpu",
    ) -> None:
        if network.config.planes != len(FEATURE_SETS[features]):
            raise GoError(f"the network does not read the features {features!r}")
        self.device = choose_device(str(device))
        self.network = network.to(self.device).eval()
        self.features = features
        self.value_kind = value

    def evaluate(self, games: Games, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return policy logits float32 [B, N*N+1] and values float32 [B], side to move's view."""
        g = games.geometry
        planes = np.empty(
            (len(indices), len(FEATURE_SETS[self.features]), g.rows, g.columns), np.float32
        )
        write_planes(games, indices, self.features, planes)
        with torch.inference_mode():
            outputs = self.network(torch.from_numpy(planes).to(self.device))
            logits = outputs.policy_logits.float().cpu().numpy()
            values = outputs.value.float().cpu().numpy()
        return np.ascontiguousarray(logits), np.ascontiguousarray(values)


def choose_device(name: str = "auto") -> torch.device:
    """Return the device of that name; "auto" is a GPU where there is one, else the CPU.

    GoError for an unknown name, and for a GPU that is not there.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError:
        raise GoError(f"a device is auto, cpu or cuda, not {name!r}") from None
    if device.type == "cuda" and not torch.cuda.is_available():
        raise GoError("there is no CUDA GPU here; use --device cpu")
    return device
