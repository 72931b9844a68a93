"""gokit: the rules of Go, tree search, networks and self-play, small, fast and tested.

`import gokit` is light: torch, numba and matplotlib load when the first name that needs them
is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOME_OF = {
    "BLACK": "gokit.go.rules",
    "EMPTY": "gokit.go.rules",
    "NO_SUICIDE": "gokit.go.rules",
    "TROMP_TAYLOR": "gokit.go.rules",
    "WHITE": "gokit.go.rules",
    "EngineError": "gokit.go.errors",
    "Games": "gokit.go.games",
    "GoError": "gokit.go.errors",
    "IllegalMoveError": "gokit.go.errors",
    "Position": "gokit.go.position",
    "Rules": "gokit.go.rules",
    "RulesMismatchError": "gokit.go.errors",
    "SgfError": "gokit.go.errors",
    "explore": "gokit.widgets",
    "opponent": "gokit.go.rules",
    "read_sgf": "gokit.go.records",
    "show": "gokit.widgets",
    "write_sgf": "gokit.go.records",
}

__all__ = ["__version__", *_HOME_OF]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'gokit' has no attribute {name!r}")
    value = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
