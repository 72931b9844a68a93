"""The demonstration course, and a progress file of its own for every test."""

from __future__ import annotations

import sys

import pytest

import gokit.lessons.checks
from gokit.lessons import teach
from gokit.lessons.exercise import chapter_exercises, find_exercise
from tests.lessons import demo


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An empty folder for the progress file, and hints that begin at the first."""
    folder = tmp_path / "home"
    monkeypatch.setenv("GOKIT_HOME", str(folder))
    monkeypatch.setattr(teach, "_asked", {})
    return folder


@pytest.fixture
def course(tmp_path, monkeypatch):
    """The root of the demonstration course; its checks can be found by their ids."""
    root = demo.write(tmp_path / "course")
    paths = [*gokit.lessons.checks.__path__, str(root / "checks")]
    monkeypatch.setattr(gokit.lessons.checks, "__path__", paths)
    chapter_exercises.cache_clear()
    yield root
    chapter_exercises.cache_clear()
    sys.modules.pop("gokit.lessons.checks.ch97", None)


@pytest.fixture
def exercise(course):
    """The demonstration's exercise."""
    return find_exercise("97-free")
