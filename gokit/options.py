"""What a number given as an option may be; the same answer for every configuration."""

from __future__ import annotations

import math
from typing import Any

from gokit.go.errors import GoError


def is_whole(number: Any) -> bool:
    """Whether an option is an integer; True and False are not."""
    return isinstance(number, int) and not isinstance(number, bool)


def is_number(number: Any) -> bool:
    """Whether an option is a finite number; True and False are not."""
    real = isinstance(number, (int, float)) and not isinstance(number, bool)
    return real and math.isfinite(number)


def require_whole(config: Any, name: str, least: int, most: float = math.inf) -> None:
    """Raise GoError unless the field `name` of a configuration is an integer of that range."""
    number = getattr(config, name)
    if not (is_whole(number) and least <= number <= most):
        upper = "up" if most == math.inf else f"to {most}"
        raise GoError(f"{name} is a whole number from {least} {upper}, not {number!r}")


def require_number(config: Any, name: str, above: float | None = None) -> None:
    """Raise GoError unless the field `name` is a number from 0 up, and not `above` itself."""
    number = getattr(config, name)
    if not (is_number(number) and number >= 0 and number != above):
        bound = "from 0 up" if above is None else f"above {above}"
        raise GoError(f"{name} is a number {bound}, not {number!r}")
