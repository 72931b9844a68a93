"""Compiled code is kept between runs, and never outlives the sources it came from."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import gokit
from gokit.go import compiled

ONE_STONE_SCORE = """
import numpy as np
from gokit.go.games import Games
games = Games(1, 2)
games.play(np.array([0]))
print(games.score()[0] + games.rules.komi)
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package that a test may edit."""
    shutil.copytree(
        Path(gokit.__file__).parent,
        tmp_path / "gokit",
        ignore=shutil.ignore_patterns("__pycache__", "widgets", "lessons"),
    )
    return tmp_path


def run(code: str, package: Path, **environment: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(package), "NUMBA_CACHE_DIR": "", **environment}
    return subprocess.check_output(
        [sys.executable, "-c", code], text=True, env=environment, cwd=package
    ).strip()


def test_a_change_in_one_file_reaches_code_kept_for_another(package: Path) -> None:
    # `Games.score` is compiled in games.py and takes `area` from kernels.py.
    assert run(ONE_STONE_SCORE, package) == "4.0"
    kernels = package / "gokit" / "go" / "kernels.py"
    changed = kernels.read_text().replace(
        "length if value == BLACK", "3 * length if value == BLACK"
    )
    assert changed != kernels.read_text()
    kernels.write_text(changed)
    assert run(ONE_STONE_SCORE, package) == "10.0"


def test_compiled_code_is_kept_between_runs(package: Path) -> None:
    folders = package / "gokit" / "__pycache__" / "kernels"
    run(ONE_STONE_SCORE, package)
    kept = {path: path.stat().st_mtime_ns for path in folders.rglob("*.nbc")}
    assert kept
    run(ONE_STONE_SCORE, package)
    assert {path: path.stat().st_mtime_ns for path in folders.rglob("*.nbc")} == kept


def test_code_of_old_sources_goes_in_time(package: Path) -> None:
    folders = package / "gokit" / "__pycache__" / "kernels"
    old, recent = folders / "0123456789abcdef", folders / "fedcba9876543210"
    for folder in (old, recent):
        folder.mkdir(parents=True)
    os.utime(old, (0, 0))
    run("from gokit.go import compiled; compiled.cache_folder()", package)
    assert not old.exists()
    assert recent.exists()


def test_a_folder_of_the_users_choice_is_used(package: Path, tmp_path: Path) -> None:
    chosen = tmp_path / "chosen"
    run(ONE_STONE_SCORE, package, NUMBA_CACHE_DIR=str(chosen))
    assert list(chosen.rglob("*.nbc"))
    assert not list((package / "gokit").rglob("*.nbc"))


def test_other_packages_keep_their_own_cache_folder() -> None:
    from numba import config

    before = config.CACHE_DIR
    compiled.lean(lambda: 0)
    assert before == config.CACHE_DIR
