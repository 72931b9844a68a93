"""The harness passes a good chapter, and fails each way in which a chapter can be bad."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lessons import demo

ROOT = Path(__file__).resolve().parents[2]

MODULE = """
from pathlib import Path
import gokit.lessons.checks
HERE = Path(__file__).parent
gokit.lessons.checks.__path__.append(str(HERE / "checks"))
from tests.lessons.exercise_contract import contract
from tests.lessons.test_checking import neighbours

def everything(board, point): return set(range(25))
def nothing(board, point): return set()
def no_edges(board, point): return neighbours(board, point) - {0, 1, 2, 3, 4}
def right(board, point): return neighbours(board, point)

WRONG = {"97-free": [(everything, "is not free"), (nothing, "You miss point"), (LAST, "You miss")]}
TestDemo = contract("97_demo", WRONG, source=HERE / "exercises/source/97_demo.py")
"""

UNSEEDED = "(rng):\n    import numpy\n    rng = numpy.random.default_rng(0)\n"


def run(root: Path, module: str) -> tuple[int, str]:
    (root / "test_demo.py").write_text(module, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_demo.py"]
    done = subprocess.run(
        [*command, "--rootdir", str(root), "-c", "/dev/null"],
        cwd=root,
        capture_output=True,
        text=True,
        env=dict(os.environ) | {"PYTHONPATH": str(ROOT), "GOKIT_HOME": str(root / "home")},
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def root(tmp_path):
    return demo.write(tmp_path)


def test_a_good_chapter_passes(root):
    code, text = run(root, MODULE.replace("LAST", "no_edges"))
    assert code == 0, text
    assert "11 passed" in text


def test_a_variant_that_is_not_wrong_fails(root):
    code, text = run(root, MODULE.replace("LAST", "right"))
    assert code == 1
    assert "right is taken for correct" in text


@pytest.mark.parametrize(
    ("file", "old", "new", "symptom"),
    [
        ("exercises/source/97_demo.py", "if 0 <= r < size", "if 0 < r < size", "solution_passes"),
        ("exercises/source/97_demo.py", "    ### BEGIN", "    return {1}\n    ### BEGIN", "stub"),
        ("exercises/source/97_demo.py", "# {header 97-free}", "#", "exactly_these"),
        ("checks/ch97.py", "rng.integers(0, 3, (5, 5))", "rng.integers(1, 2, (5, 5))", "constant"),
        ("checks/ch97.py", "(rng):\n", UNSEEDED, "its_own_cases"),
    ],
)  # fmt: skip
def test_a_bad_chapter_fails(root, file, old, new, symptom):
    path = root / file
    path.write_text(path.read_text().replace(old, new))
    code, text = run(root, MODULE.replace("LAST", "no_edges"))
    assert code == 1, text
    assert symptom in text
