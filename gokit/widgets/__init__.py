"""What one can click: the board, and a search's tree. Loaded when first used: import is light."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME_OF = {
    "Board": "gokit.widgets.board",
    "TreeExplorer": "gokit.widgets.tree",
    "explore": "gokit.widgets.exploring",
    "explorer_page": "gokit.widgets.source",
    "page": "gokit.widgets.source",
    "show": "gokit.widgets.showing",
}

__all__ = ["Board", "TreeExplorer", "explore", "explorer_page", "page", "show"]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'gokit.widgets' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)
