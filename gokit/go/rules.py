"""Rules as data: every position, record, checkpoint and match carries its own."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from gokit.go.errors import GoError
from gokit.options import is_number

EMPTY, BLACK, WHITE = 0, 1, 2
COLOR_NAMES = ("empty", "Black", "White")
SUPERKO_KINDS = ("positional", "situational", "simple")


def opponent(color: int) -> int:
    """Return WHITE for BLACK and BLACK for WHITE."""
    return BLACK + WHITE - color


@dataclass(frozen=True)
class Rules:
    """Area-scoring rules of Go.

    komi: points added to White's area, a multiple of ½ (an integer komi allows draws).
    superko: "positional" forbids recreating any earlier board; "situational" forbids it only
        with the same side to move; "simple" forbids only retaking a single stone at once.
    suicide: whether a move may remove its own group. A single-stone suicide recreates the
        board it was played on, so positional superko forbids it all the same.

    Raises GoError for a komi or a superko that is not one of these. Built in chapter 1.
    """

    komi: float = 7.5
    superko: str = "positional"
    suicide: bool = True

    def __post_init__(self) -> None:
        if self.superko not in SUPERKO_KINDS:
            raise GoError(f"superko is one of {', '.join(SUPERKO_KINDS)}, not {self.superko!r}")
        if not (abs(self.komi) <= 1000 and float(self.komi * 2).is_integer()):
            raise GoError(f"komi is a multiple of 0.5 between -1000 and 1000, not {self.komi!r}")

    @property
    def name(self) -> str:
        """A short name: the preset's where komi aside the rules equal one, else a description."""
        if self.superko == "positional":
            return "Tromp-Taylor" if self.suicide else "no suicide"
        ko = "simple ko" if self.superko == "simple" else f"{self.superko} superko"
        return f"{ko}, {'suicide allowed' if self.suicide else 'no suicide'}"

    def replace(self, **changes: Any) -> Rules:
        """Return the same rules with some fields changed, for instance `komi=7`."""
        return replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain JSON types."""
        return asdict(self)

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Rules:
        """Read what `to_dict` wrote; GoError for unknown or missing fields."""
        if not isinstance(fields, dict) or set(fields) != {"komi", "superko", "suicide"}:
            raise GoError(f"rules are komi, superko and suicide, not {fields!r}")
        if not isinstance(fields["suicide"], bool) or not is_number(fields["komi"]):
            raise GoError(f"rules have a number for komi and true or false for suicide: {fields!r}")
        return cls(float(fields["komi"]), fields["superko"], fields["suicide"])


TROMP_TAYLOR = Rules()
NO_SUICIDE = Rules(suicide=False)
