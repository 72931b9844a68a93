"""A network as an evaluator: positions in, policy logits and values out."""

from __future__ import annotations

from collections import OrderedDict
from functools import cache
from pathlib import Path

import numpy as np
import torch

from gokit.go.errors import GoError
from gokit.go.games import Games
from gokit.go.symmetry import COUNT, permutation
from gokit.nn.backends import PRECISIONS, make_forward
from gokit.nn.features import feature_names, plane_scales, write_planes
from gokit.nn.networks import Network
from gokit.options import is_whole

WIDE = 64  # channels from which a residual network answers even one position sooner in bf16


class NetworkEvaluator:
    """Evaluates positions with a network, on any board size. Built in chapter 5.

    features: the named feature set that the network reads. value: what its value means, "margin"
    or "win". precision of the trunk: "fp32", "bf16", "fp16", or "auto", the fastest that the
    device computes natively; the heads are always in fp32. symmetries: 1, or 8 for the mean of
    the answers to all eight turned and mirrored boards. cache: how many positions' answers are
    remembered. backend: "torch"; "compiled" by torch, which takes seconds and gains where batches
    keep their size; or "openvino", where that is installed: the fastest for one position at a time
    (refreshing takes it a second, and on all cores it and torch get in each other's way). "onnx",
    ONNX Runtime where that is installed, computes in fp32 only, which "auto" means with it.

    "auto" on a CPU with bf16 takes fp32 for a batch of one position, except for residual networks
    of 64 channels and more: converting costs more there than it saves. The rule looks at nothing
    but shapes, so that the same seed gives the same games. The weights are those of the moment of
    the call that made the evaluator: `refresh` reads them anew.
    """

    def __init__(
        self,
        network: Network,
        *,
        features: str = "basic",
        value: str = "margin",
        device: str | torch.device = "cpu",
        precision: str = "auto",
        symmetries: int = 1,
        cache: int = 0,
        backend: str = "torch",
    ) -> None:
        if network.config.planes != len(feature_names(features)):
            raise GoError(f"the network does not read the features {features!r}")
        if symmetries not in (1, COUNT):
            raise GoError(f"symmetries is 1 or {COUNT}, not {symmetries!r}")
        if not is_whole(cache) or cache < 0:
            raise GoError(f"cache is a number of positions from 0, not {cache!r}")
        self.device = choose_device(str(device))
        if (precision, backend) == ("auto", "onnx"):
            precision = "fp32"
        self.precision = choose_precision(precision, self.device)
        self.network = network
        self.features = features
        self.value_kind = value
        self.backend = backend
        self._symmetries = symmetries
        self._room = cache
        self._scales = torch.from_numpy(plane_scales(features)).to(self.device)
        self._fp32_alone = (precision, self.precision, backend, self.device.type) == (
            "auto",
            "bf16",
            "torch",
            "cpu",
        ) and not (network.config.architecture == "resnet" and network.config.channels >= WIDE)
        self.refresh()

    def refresh(self) -> None:
        """Take over the network's present weights, and forget what the former ones answered."""
        self._forward = make_forward(self.network, self.backend, self.precision, self.device)
        self._alone = self._forward
        if self._fp32_alone:
            self._alone = make_forward(self.network, "torch", "fp32", self.device)
        self._cache: OrderedDict[tuple[int, bytes], tuple[np.ndarray, np.float32]] = OrderedDict()

    def precision_for(self, positions: int) -> str:
        """Return the precision in which a batch of so many positions is answered."""
        return "fp32" if positions == 1 and self._fp32_alone else self.precision

    def evaluate(self, games: Games, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return policy logits float32 [B, N*N+1] and values float32 [B], side to move's view."""
        g = games.geometry
        planes = np.empty((len(indices), self.network.config.planes, g.rows, g.columns), np.int8)
        write_planes(games, indices, self.features, planes)
        if not len(planes):
            return np.empty((0, g.n_points + 1), np.float32), np.empty(0, np.float32)
        if not self._room:
            return self._answer(planes)
        keys = [(g.rows, board.tobytes()) for board in planes]
        unknown = {key: i for i, key in enumerate(keys) if key not in self._cache}
        if unknown:
            asked = self._answer(planes[list(unknown.values())])
            for key, logits, value in zip(unknown, *asked, strict=True):
                self._cache[key] = logits, value
        answers = []
        for key in keys:
            self._cache.move_to_end(key)
            answers.append(self._cache[key])
        while len(self._cache) > self._room:
            self._cache.popitem(last=False)
        logits, values = zip(*answers, strict=True)
        return np.stack(logits), np.array(values, np.float32)

    @torch.inference_mode()
    def _answer(self, planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        boards = torch.from_numpy(planes).to(self.device)
        if self._symmetries == 1:
            logits, values = self._run(boards)
        else:
            logits, values = self._averaged(boards)
        return logits.cpu().numpy(), values.cpu().numpy()

    def _run(self, boards: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        forward = self._alone if len(boards) == 1 else self._forward
        return forward(boards.to(self._scales.dtype).mul_(self._scales))

    def _averaged(self, boards: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the mean of all symmetries' log-probabilities and values."""
        size = boards.shape[-1]
        logits = values = 0
        for k in range(COUNT):
            goes_to = torch.from_numpy(permutation(k, size).copy()).to(boards.device)
            turned = torch.empty_like(boards).flatten(2)
            turned[:, :, goes_to[:-1]] = boards.flatten(2)
            own_logits, own_values = self._run(turned.unflatten(2, boards.shape[2:]))
            logits = logits + torch.log_softmax(own_logits, 1)[:, goes_to] / COUNT
            values = values + own_values / COUNT
        return logits, values


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


def choose_precision(name: str, device: torch.device) -> str:
    """Return a precision; "auto" is the fastest that the device computes natively.

    bf16 on GPUs from compute capability 8.0 and on CPUs that say avx512_bf16 or amx_bf16; fp16 on
    older GPUs, such as Colab's T4; else fp32, for bf16 in emulation is slower than that.
    """
    if name == "auto":
        if device.type == "cuda":
            return "bf16" if torch.cuda.get_device_capability(device) >= (8, 0) else "fp16"
        return "bf16" if device.type == "cpu" and cpu_has_bf16() else "fp32"
    if name not in PRECISIONS:
        raise GoError(f"a precision is auto, {', '.join(PRECISIONS)}, not {name!r}")
    return name


@cache
def cpu_has_bf16() -> bool:
    """Whether the processor multiplies bf16 numbers itself, as far as the system tells."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="ignore")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags
