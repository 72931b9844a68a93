"""The shape of a network, checked, and what every network answers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from torch import Tensor

from gokit.go.errors import GoError
from gokit.go.geometry import MAX_SIZE
from gokit.options import is_whole

TRUNKS = ("shared", "detached", "separate")
HEAD_POOLING = ("mean", "full")
VALUE_HEADS = ("scalar", "outcomes")
_DEFAULTS: dict[str, dict[str, int | None]] = {
    "resnet": {"pooling_blocks": 0},
    "transformer": {"attention_heads": 4},
    "mlp": {"size": None},
}
ARCHITECTURES = tuple(_DEFAULTS)
_ONE_OF = {
    "architecture": ARCHITECTURES,
    "trunks": TRUNKS,
    "head_pooling": HEAD_POOLING,
    "value_head": VALUE_HEADS,
    "ownership": (False, True),
    "score": (False, True),
}


class Outputs(NamedTuple):
    """What a network says of a batch of B positions, from the side to move's view.

    policy_logits: float32 [B, N*N+1], the pass last; points off the board are -inf.
    value: float32 [B] in [-1, 1].
    ownership: float32 [B, N, N] in [-1, 1], 1 where the side to move will own the point; None
        without that head.
    outcome_logits: float32 [B, 3] of win, draw and loss, whose probabilities make the value; None
        where the value is one number.
    score: float32 [B], the final area margin without komi divided by N*N; None without that head.
    """

    policy_logits: Tensor
    value: Tensor
    ownership: Tensor | None = None
    outcome_logits: Tensor | None = None
    score: Tensor | None = None


@dataclass(frozen=True)
class NetworkConfig:
    """The shape of a `Network`; GoError for what it cannot have.

    planes: input planes. architecture: "resnet", a residual trunk of 3×3 convolutions;
    "transformer", attention between all points; "mlp", the whole board at once, for one board
    size. blocks: residual or attention blocks, or hidden layers; channels: their width.
    pooling_blocks (resnet): how many of the blocks, the last ones, also see the mean and the
    maximum over the whole board. attention_heads (transformer). size (mlp): lines of its board.

    trunks: "shared" by policy and value; "detached", shared, but only the policy teaches it;
    "separate", a trunk each. head_pooling: what the pass and the value read of the trunk over the
    board: each channel's "mean", or the "full" mean, mean scaled by the board's width, and
    maximum. value_head: "scalar", a tanh, or "outcomes", the probabilities of win, draw and loss.
    value_hidden: width of the value head's hidden layer. ownership, score: further heads.
    """

    planes: int = 6
    blocks: int = 3
    channels: int = 32
    pooling_blocks: int | None = None
    value_hidden: int = 32
    architecture: str = "resnet"
    attention_heads: int | None = None
    size: int | None = None
    trunks: str = "shared"
    head_pooling: str = "full"
    value_head: str = "scalar"
    ownership: bool = True
    score: bool = False

    def __post_init__(self) -> None:
        for name, known in _ONE_OF.items():
            value = getattr(self, name)
            if not (isinstance(value, str | bool) and value in known):
                choices = ", ".join(str(choice) for choice in known)
                raise GoError(f"a network's {name} is one of {choices}, not {value!r}")
        own = _DEFAULTS[self.architecture]
        for name in ("pooling_blocks", "attention_heads", "size"):
            if getattr(self, name) is None:
                object.__setattr__(self, name, own.get(name))
            elif name not in own:
                raise GoError(f"{name} means nothing to a network of the kind {self.architecture}")
        for name, number in asdict(self).items():
            lowest = 0 if name in ("blocks", "pooling_blocks") else 1
            if name not in _ONE_OF and number is not None and not _from(number, lowest):
                raise GoError(f"a network's {name} is a whole number from {lowest}, not {number!r}")
        self._check_fit()

    def _check_fit(self) -> None:
        if self.pooling_blocks is not None and self.pooling_blocks > self.blocks:
            raise GoError("a network cannot have more pooling_blocks than blocks")
        if self.attention_heads is not None and self.channels % self.attention_heads:
            raise GoError("a transformer's channels are a multiple of its attention_heads")
        if self.architecture == "mlp":
            if self.size is None or self.size > MAX_SIZE:
                raise GoError(f"an mlp needs the size of its board, from 1 to {MAX_SIZE}")
            if self.blocks == 0:
                raise GoError("an mlp has at least one hidden layer, so blocks is at least 1")

    @classmethod
    def lecture(cls) -> NetworkConfig:
        """Return the lecture's network: 10 blocks of 128 channels, 2,966,531 parameters.

        Three planes (own stones, the opponent's, empty points), no pooling in the trunk, means in
        the heads, a value and a policy.
        """
        return cls(
            planes=3,
            blocks=10,
            channels=128,
            value_hidden=64,
            head_pooling="mean",
            ownership=False,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the fields that this network uses, as plain JSON types."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> NetworkConfig:
        """Read what `to_dict` wrote; GoError for unknown or missing fields."""
        known = set(cls.__dataclass_fields__)
        if not isinstance(fields, dict) or not set(fields) <= known:
            raise GoError(f"a network is {', '.join(cls.__dataclass_fields__)}, not {fields!r}")
        config = cls(**fields)
        missing = sorted(set(config.to_dict()) - set(fields))
        if missing:
            raise GoError(f"the network's description lacks {', '.join(missing)}")
        return config


def _from(number: Any, lowest: int) -> bool:
    return is_whole(number) and number >= lowest
