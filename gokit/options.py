"""What a number given as an option may be; the same answer for every configuration."""

from __future__ import annotations

import math
from typing import Any


def is_whole(number: Any) -> bool:
    """Whether an option is an integer; True and False are not."""
    return isinstance(number, int) and not isinstance(number, bool)


def is_number(number: Any) -> bool:
    """Whether an option is a finite number; True and False are not."""
    real = isinstance(number, (int, float)) and not isinstance(number, bool)
    return real and math.isfinite(number)
