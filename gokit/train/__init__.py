"""Training by self-play from nothing: play, learn, measure, promote; a run is a folder."""

from __future__ import annotations

from gokit.train.config import TrainConfig
from gokit.train.figures import dashboard
from gokit.train.run import Progress, Run

__all__ = ["Progress", "Run", "TrainConfig", "dashboard"]
