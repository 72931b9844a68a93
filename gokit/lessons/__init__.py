"""For the reader: `check`, `hint`, `solution`, `progress`. For course authors: build.py.

Importing this is light: no torch, no numba, no matplotlib.
"""

from __future__ import annotations

from gokit.lessons.checking import Result
from gokit.lessons.exercise import Case, Exercise, Failure
from gokit.lessons.report import progress
from gokit.lessons.teach import check, grade, hint, solution

__all__ = [
    "Case",
    "Exercise",
    "Failure",
    "Result",
    "check",
    "grade",
    "hint",
    "progress",
    "solution",
]
