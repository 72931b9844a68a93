"""Weights on disk: a safetensors file and, beside it, a JSON card that says what they are."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor

from gokit.go.errors import GoError, RulesMismatchError
from gokit.go.rules import Rules
from gokit.nn.config import NetworkConfig
from gokit.nn.features import feature_names
from gokit.nn.inference import NetworkEvaluator
from gokit.nn.networks import Network
from gokit.storage import write_atomic

FORMAT = "gokit checkpoint 1"
VALUE_KINDS = ("margin", "win")


@dataclass(frozen=True)
class Card:
    """What a checkpoint is for, and where it comes from.

    value: "margin", the area margin without komi divided by N*N, or "win", +1, 0 or -1 for the
        result with komi. sizes: the board sizes it was trained on. run: whatever the training
        run wants remembered. strength: measured results, each with n and interval.
    """

    rules: Rules
    sizes: tuple[int, ...]
    features: str
    network: NetworkConfig
    value: str = "margin"
    run: dict[str, Any] = field(default_factory=dict)
    strength: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        planes = len(feature_names(self.features))
        if self.network.planes != planes:
            raise GoError(
                f"a network of {self.network.planes} planes cannot read the features "
                f"{self.features!r}, which are {planes}"
            )
        if self.value not in VALUE_KINDS:
            raise GoError(f"a value is one of {', '.join(VALUE_KINDS)}, not {self.value!r}")
        if not self.sizes or not all(isinstance(n, int) and 1 <= n <= 19 for n in self.sizes):
            raise GoError(f"a checkpoint's sizes are board sizes from 1 to 19, not {self.sizes!r}")

    def to_dict(self) -> dict[str, Any]:
        """Return the card as plain JSON types."""
        return {
            "format": FORMAT,
            "network": self.network.to_dict(),
            "planes": list(feature_names(self.features)),
            "features": self.features,
            "value": self.value,
            "rules": self.rules.to_dict(),
            "sizes": list(self.sizes),
            "run": self.run,
            "strength": self.strength,
        }

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Card:
        """Read what `to_dict` wrote; GoError with the first thing that does not fit."""
        if fields.get("format") != FORMAT:
            raise GoError(f"its format is {fields.get('format')!r}, not {FORMAT!r}")
        try:
            card = cls(
                rules=Rules.from_dict(fields["rules"]),
                sizes=tuple(fields["sizes"]) if isinstance(fields["sizes"], list) else (),
                features=fields["features"],
                network=NetworkConfig.from_dict(fields["network"]),
                value=fields["value"],
                run=fields["run"],
                strength=fields["strength"],
            )
        except KeyError as missing:
            raise GoError(f"its card lacks {missing}") from None
        if fields.get("planes") != list(feature_names(card.features)):
            raise GoError(
                f"its planes {fields.get('planes')!r} are not today's {card.features!r} features"
            )
        return card

    def require(self, *, rules: Rules | None = None, size: int | None = None) -> None:
        """Raise RulesMismatchError unless the checkpoint is for these rules and this board size.

        Komi has to agree only where the value is a win: a margin is counted without it.
        """
        if size is not None and size not in self.sizes:
            trained = " and ".join(f"{n}×{n}" for n in self.sizes)
            raise RulesMismatchError(f"this network was trained on {trained}, not on {size}×{size}")
        if rules is None:
            return
        komi_free = self.value == "margin"
        mine = self.rules.replace(komi=rules.komi) if komi_free else self.rules
        if mine != rules:
            raise RulesMismatchError(
                f"this network was trained for {_describe(self.rules)}, not {_describe(rules)}"
            )


def find_checkpoint(path: str | Path) -> Path:
    """Return the checkpoint that a path means: the file itself or, for a run's folder, its last.

    That is checkpoints/final.safetensors or, before there is one, the newest milestone.
    GoError for a folder without any.
    """
    path = Path(path)
    if not path.is_dir():
        return path
    final = path / "checkpoints" / "final.safetensors"
    milestones = sorted((path / "checkpoints").glob("minute-*.safetensors"))
    if final.exists() or milestones:
        return final if final.exists() else milestones[-1]
    raise GoError(f"{path} holds no checkpoint yet")


def card_path(path: str | Path) -> Path:
    """Return where the card of a checkpoint lies: beside it, with the ending .json."""
    return Path(path).with_suffix(".json")


def save_tensors(path: str | Path, tensors: dict[str, Tensor], card: dict[str, Any]) -> None:
    """Write tensors to `path` and the card, with their hash, beside it; each file whole.

    The card comes last: without it, or with another's, the tensors do not load.
    """
    content = safetensors.torch.save({k: v.detach().contiguous() for k, v in tensors.items()})
    card = {**card, "sha256": hashlib.sha256(content).hexdigest()}
    text = json.dumps(card, indent=1, ensure_ascii=False) + "\n"
    write_atomic(path, content)
    write_atomic(card_path(path), text.encode())


def load_tensors(path: str | Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read what `save_tensors` wrote; GoError where a file is missing, truncated or altered."""
    path = Path(path)
    card = read_card(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise GoError(f"{path}: cannot be read ({error.strerror})") from None
    if hashlib.sha256(content).hexdigest() != card.get("sha256"):
        raise GoError(f"{path}: the weights are not those its card names (truncated or altered)")
    try:
        return safetensors.torch.load(content), card
    except SafetensorError as error:
        raise GoError(f"{path}: not a safetensors file ({error})") from None


def read_card(path: str | Path) -> dict[str, Any]:
    """Return the card beside a checkpoint as plain JSON types; GoError where there is none."""
    place = card_path(path)
    try:
        card = json.loads(place.read_text(encoding="utf-8"))
    except OSError as error:
        raise GoError(f"{place}: the checkpoint's card cannot be read ({error.strerror})") from None
    except ValueError:
        raise GoError(f"{place}: the checkpoint's card is not JSON") from None
    if not isinstance(card, dict):
        raise GoError(f"{place}: the checkpoint's card is not a JSON object")
    return card


def save_checkpoint(path: str | Path, network: Network, card: Card) -> None:
    """Write a network and its card: PATH.safetensors and PATH.json."""
    if network.config != card.network:
        raise GoError("the card describes another network than the one to be saved")
    save_tensors(path, network.state_dict(), card.to_dict())


def load_checkpoint(path: str | Path) -> tuple[Network, Card]:
    """Read a network and its card, from a file or a run's folder; nothing is unpickled.

    GoError, with the path and one reason, where a file is missing, truncated or altered, or
    where the weights are not of the architecture, planes and shape that the card says.
    """
    path = find_checkpoint(path)
    tensors, fields = load_tensors(path)
    try:
        card = Card.from_dict(fields)
    except GoError as error:
        raise GoError(f"{path}: {error}") from None
    network = Network(card.network)
    load_weights(network, tensors, path)
    return network, card


def load_weights(network: Network, tensors: dict[str, Tensor], path: str | Path) -> None:
    """Copy tensors into a network; GoError where a name or a shape is not the network's."""
    expected = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    found = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    if expected != found:
        wrong = sorted(n for n in expected.keys() | found.keys() if expected.get(n) != found.get(n))
        raise GoError(
            f"{path}: the weights are not of the shape that the card says, first at {wrong[0]}"
        )
    network.load_state_dict(tensors)


def load_evaluator(
    path: str | Path,
    device: str = "cpu",
    *,
    rules: Rules | None = None,
    size: int | None = None,
) -> NetworkEvaluator:
    """Return a checkpoint as an evaluator, ready to search with.

    Where `rules` or `size` are given, RulesMismatchError unless the checkpoint is for them.
    """
    network, card = load_checkpoint(path)
    card.require(rules=rules, size=size)
    return NetworkEvaluator(network, features=card.features, value=card.value, device=device)


def _describe(rules: Rules) -> str:
    return f"{rules.name} rules with komi {rules.komi:g}"
