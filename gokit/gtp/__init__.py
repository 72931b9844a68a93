"""The Go Text Protocol, version 2, both ends: gokit as an engine, and any engine as a player.

https://www.lysator.liu.se/~gunnar/gtp/ (G. Farnebäck, version 2, draft 2, 2002).
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME_OF = {
    "GtpEngine": "gokit.gtp.engine",
    "GtpPlayer": "gokit.gtp.client",
    "find_engine": "gokit.gtp.process",
    "gnugo_command": "gokit.gtp.client",
}

__all__ = ["GtpEngine", "GtpPlayer", "find_engine", "gnugo_command"]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'gokit.gtp' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)
