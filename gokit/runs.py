"""A training run's folder: config.json, checkpoints/, states/ and metrics.jsonl, written whole."""

from __future__ import annotations

import json
import os
import platform
import warnings
from dataclasses import fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gokit.go.errors import GoError
from gokit.nn.checkpoint import card_path, load_tensors, save_tensors
from gokit.nn.config import NetworkConfig
from gokit.nn.features import feature_names
from gokit.storage import write_atomic

STATES_KEPT = 2

# The network's options; planes follow from the features, and an mlp's size from the board's.
SHAPE = tuple(f.name for f in fields(NetworkConfig) if f.name not in ("planes", "size"))


class RunFolder:
    """What every kind of training run keeps on disk.

    A state is all that a resumed run needs; the newest `STATES_KEPT` are kept, so that one that
    was torn by a failing disk costs little.
    """

    def __init__(self, folder: str | Path) -> None:
        self.path = Path(folder)

    def require_empty(self) -> None:
        """Raise GoError where there is a run already."""
        if (self.path / "config.json").exists():
            raise GoError(f"{self.path} already holds a run; add --resume to continue it")

    def write_config(self, config: dict[str, Any]) -> None:
        """Write config.json."""
        text = json.dumps(config, indent=1) + "\n"
        write_atomic(self.path / "config.json", text.encode())

    def append_metrics(self, metrics: dict[str, Any]) -> None:
        """Add a line to metrics.jsonl."""
        with (self.path / "metrics.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(metrics) + "\n")

    def drop_metrics_after(self, key: str, number: int) -> None:
        """Leave out what was measured after the state that a resumed run takes up."""
        kept = [line for line in read_metrics(self.path) if line[key] <= number]
        text = "".join(json.dumps(line) + "\n" for line in kept)
        write_atomic(self.path / "metrics.jsonl", text.encode())

    def save_state(self, number: int, tensors: dict[str, Tensor], card: dict[str, Any]) -> None:
        """Write the state with that number, and delete the oldest."""
        save_tensors(self.path / "states" / f"state-{number:08d}.safetensors", tensors, card)
        for old in self.states()[:-STATES_KEPT]:
            card_path(old).unlink(missing_ok=True)
            old.unlink(missing_ok=True)

    def load_state(self) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
        """Return the newest state that is whole, with a warning for each one that is not."""
        for path in reversed(self.states()):
            try:
                return load_tensors(path)
            except GoError as error:
                warnings.warn(f"state skipped: {error}", stacklevel=4)
        return None

    def states(self) -> list[Path]:
        """Return the states, oldest first."""
        return sorted((self.path / "states").glob("state-*.safetensors"))

    def checkpoint(self, name: str) -> Path:
        """Return where the checkpoint of that name lies."""
        return self.path / "checkpoints" / f"{name}.safetensors"

    def milestones(self) -> list[Path]:
        """Return the checkpoints kept along the way, earliest first: minute-0001, 2, 4, 8, …"""
        return sorted((self.path / "checkpoints").glob("minute-*.safetensors"))


def network_of(config: Any) -> NetworkConfig:
    """Return the shape of the network that a run's configuration describes."""
    size = config.size if config.architecture == "mlp" else None
    shape = {name: getattr(config, name) for name in SHAPE}
    return NetworkConfig(planes=len(feature_names(config.features)), size=size, **shape)


def read_config(folder: str | Path) -> dict[str, Any]:
    """Return a run's config.json; GoError where there is none or it is not JSON."""
    path = Path(folder) / "config.json"
    try:
        options = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise GoError(f"{folder} holds no run to resume (no config.json)") from None
    except ValueError as error:
        raise GoError(f"{path} is not JSON ({error})") from None
    if not isinstance(options, dict):
        raise GoError(f"{path} is not a JSON object")
    return options


def read_metrics(folder: str | Path) -> list[dict[str, Any]]:
    """Return the lines of a run's metrics.jsonl; a line cut short by a kill is left out."""
    path = Path(folder) / "metrics.jsonl"
    if not path.exists():
        return []
    metrics = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            metrics.append(json.loads(line))
        except ValueError:
            continue
    return metrics


def doubling_minutes(before: float, now: float) -> list[int]:
    """Return the minutes 1, 2, 4, 8, … that lie in (before, now], both in seconds."""
    return [1 << k for k in range(20) if before < 60 << k <= now]


def machine(device: torch.device) -> dict[str, str]:
    """Return what a card says of the machine that trained."""
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {device.type}",
        "torch": torch.__version__,
    }
