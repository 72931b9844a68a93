"""What one can click: the board. Loaded when first used, so that `import gokit` stays light."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME_OF = {
    "Board": "gokit.widgets.board",
    "page": "gokit.widgets.source",
    "show": "gokit.widgets.showing",
}

__all__ = ["Board", "page", "show"]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'gokit.widgets' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)
