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
from gokit.nn.features import feature_names, plane_scales, write_planes
from gokit.nn.folding import fold
from gokit.nn.networks import Network
from gokit.options import is_whole

PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


class NetworkEvaluator:
    """Evaluates positions with a network, on any board size. Built in chapter 5.

    features: the named feature set that the network reads. value: what its value means, "margin"
    or "win". precision of the trunk: "fp32", "bf16", "fp16", or "auto", the fastest that the
    device computes natively; the heads are always in fp32. symmetries: 1, or 8 for the mean of
    the answers to all eight turned and mirrored boards. cache: how many positions' answers are
    remembered. compile: let torch compile the trunk, which takes seconds and then is faster.

    The weights are those of the moment of the call that made it: `refresh` reads them anew.
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
        compile: bool = False,
    ) -> None:
        if network.config.planes != len(feature_names(features)):
            raise GoError(f"the network does not read the features {features!r}")
        if symmetries not in (1, COUNT):
            raise GoError(f"symmetries is 1 or {COUNT}, not {symmetries!r}")
        if not is_whole(cache) or cache < 0:
            raise GoError(f"cache is a number of positions from 0, not {cache!r}")
        self.device = choose_device(str(device))
        self.precision = choose_precision(precision, self.device)
        self.network = network
        self.features = features
        self.value_kind = value
        self._symmetries = symmetries
        self._compile = compile
        self._room = cache
        self._scales = torch.from_numpy(plane_scales(features)).to(self.device)
        self.refresh()

    def refresh(self) -> None:
        """Take over the network's present weights, and forget what the former ones answered."""
        folded = fold(self.network).to(self.device)
        dtype = PRECISIONS[self.precision]
        for trunk in (folded.trunk, folded.value_trunk):
            if trunk is not None:
                trunk.to(dtype=dtype, memory_format=torch.channels_last)
        self._forward = torch.compile(folded) if self._compile else folded
        self._cache: OrderedDict[bytes, tuple[np.ndarray, np.float32]] = OrderedDict()

    def evaluate(self, games: Games, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return policy logits float32 [B, N*N+1] and values float32 [B], side to move's view."""
        g = games.geometry
        planes = np.empty((len(indices), self.network.config.planes, g.rows, g.columns), np.int8)
        write_planes(games, indices, self.features, planes)
        if not self._room or not len(planes):
            return self._answer(planes)
        keys = [board.tobytes() for board in planes]
        unknown = [i for i, key in enumerate(keys) if key not in self._cache]
        if unknown:
            for i, logits, value in zip(unknown, *self._answer(planes[unknown]), strict=True):
                self._cache[keys[i]] = logits, value
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
        planes = boards.to(self._scales.dtype).mul_(self._scales).to(PRECISIONS[self.precision])
        outputs = self._forward(planes.contiguous(memory_format=torch.channels_last))
        return outputs.policy_logits, outputs.value

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
