"""Every notebook of the course: what it is made of, and that a broken gokit turns it red."""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gokit.lessons.build import drift
from gokit.lessons.exercise import chapter_exercises, find_exercise
from tests import notebook_rules as rules

ROOT = Path(__file__).resolve().parents[1]
KINDS = ("chapters", "exercises", "solutions")
NOTEBOOKS = {kind: sorted((ROOT / kind).glob("*.ipynb")) for kind in KINDS}
SOURCES = sorted((ROOT / "chapters/source").glob("*.py")) + sorted(
    (ROOT / "exercises/source").glob("*.py")
)

FORGETS_SUPERKO = """
_whole_mask = Position.legal_mask

def _forgetful_mask(self):
    illegal = [self.illegality(move) for move in range(self.size**2 + 1)]
    return _whole_mask(self) | np.array([reason == "superko" for reason in illegal])

Position.legal_mask = _forgetful_mask
"""

FORGETS_THE_NODES_OWN_VISIT = """
def _root_of_total(total, first_visit):
    return np.sqrt(total)
"""

SELECTS_WITHOUT_THE_PRIOR = """
@lean
def puct_action(tree, slot, node, dials):
    unvisited, _ = first_play(tree, slot, node, dials)
    best, best_score = -1, -np.inf
    for action in range(tree.visits.shape[2]):
        n = tree.visits[slot, node, action]
        score = tree.value_sum[slot, node, action] / n if n > 0 else unvisited
        if score > best_score and tree.logits[slot, node, action] > -np.inf:
            best, best_score = action, score
    return best
"""

PUCT_AS_ON_THE_BLACKBOARD = """
@lean
def puct_action(tree, slot, node, dials):
    unvisited, total = first_play(tree, slot, node, dials)
    best, best_score = -1, -np.inf
    for action in range(tree.visits.shape[2]):
        n = tree.visits[slot, node, action]
        score = dials.c * tree.prior[slot, node, action] * np.sqrt(np.float64(total)) / (1 + n)
        score += tree.value_sum[slot, node, action] / n if n > 0 else unvisited
        if score > best_score and tree.logits[slot, node, action] > -np.inf:
            best, best_score = action, score
    return best
"""

RESULTS_FROM_BLACKS_SIDE = """
_whole_finish = _Filling.finish

def _from_blacks_side(self, value, winners_only):
    self.sign = np.ones_like(self.sign)
    return _whole_finish(self, value, winners_only)

_Filling.finish = _from_blacks_side
"""

# Stem -> what to append to a copy of which module, so that the chapter must notice.
BREAKS = {
    "00_start_here": ("gokit/go/position.py", "Position.play = lambda self, move: self"),
    "01_go_rules": ("gokit/go/position.py", FORGETS_SUPERKO),
    "02_bandits": ("gokit/search/bandits.py", FORGETS_THE_NODES_OWN_VISIT),
    "03_tree_search": ("gokit/search/select.py", SELECTS_WITHOUT_THE_PRIOR),
    "04_tree_visualizer": ("gokit/search/select.py", PUCT_AS_ON_THE_BLACKBOARD),
    "05_policy_value_networks": ("gokit/corpus/positions.py", RESULTS_FROM_BLACKS_SIDE),
}


def read(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def each(*kinds: str):
    paths = [path for kind in kinds for path in NOTEBOOKS[kind]]
    return pytest.mark.parametrize(
        "path", paths, ids=lambda path: f"{path.parent.name}/{path.stem}"
    )


def test_no_notebook_has_drifted_from_its_source():
    assert drift(ROOT) == []


def test_every_chapter_has_its_exercises_and_solutions():
    stems = {kind: [path.stem for path in NOTEBOOKS[kind]] for kind in KINDS}
    assert stems["exercises"] == stems["chapters"]
    assert stems["solutions"] == stems["chapters"]
    assert [stem[:2] for stem in stems["chapters"]] == [
        f"{number:02d}" for number in range(len(stems["chapters"]))
    ]


def test_every_chapter_is_broken_once():
    assert sorted(BREAKS) == [path.stem for path in NOTEBOOKS["chapters"]]


@each(*KINDS)
def test_the_file_is_a_valid_notebook_in_one_format(path):
    nbformat = pytest.importorskip("nbformat")
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    names = [cell.id for cell in notebook.cells]
    assert len(set(names)) == len(names)
    assert all(name.startswith(f"{path.stem[:2]}-") for name in names)


@each("chapters", "solutions")
def test_outputs_tell_nothing_of_the_machine(path):
    assert rules.machine_traces(read(path)) == []


@each("chapters", "solutions")
def test_every_picture_has_a_text(path):
    assert rules.pictures_without_alt(read(path)) == []


@each("chapters")
def test_cells_are_short(path):
    assert rules.long_cells(read(path)) == []


@each(*KINDS)
def test_lines_fit_the_page(path):
    assert rules.wide_lines(read(path)) == []


@each("chapters")
def test_every_section_asserts_its_claim(path):
    notebook = read(path)
    assert rules.sections(notebook)
    assert rules.sections_without_assert(notebook) == []


@each("chapters")
def test_parts_stand_in_the_order_of_every_chapter(path):
    assert rules.out_of_order(read(path), path.stem[:2]) == []


@each("exercises")
def test_every_exercise_of_the_chapter_stands_in_its_notebook_once(path):
    marked = [
        cell["metadata"]["nbgrader"]
        for cell in read(path)["cells"]
        if "nbgrader" in cell["metadata"]
    ]
    names = [exercise.id for exercise in chapter_exercises(path.stem[:2])]
    assert [cell["grade_id"] for cell in marked if cell["solution"]] == names
    points = {cell["grade_id"]: cell["points"] for cell in marked if cell["grade"]}
    assert points == {f"{name}-graded": find_exercise(name).points for name in names}


@each("exercises")
def test_no_answer_stands_in_the_exercises(path):
    text = path.read_text(encoding="utf-8")
    assert "BEGIN SOLUTION" not in text
    assert "END SOLUTION" not in text


def test_sources_are_clean():
    pytest.importorskip("ruff")
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", *map(str, SOURCES)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("stem", BREAKS)
def test_breaking_gokit_turns_the_chapter_red(stem, tmp_path):
    module, text = BREAKS[stem]
    shutil.copytree(
        ROOT / "gokit", tmp_path / "gokit", ignore=shutil.ignore_patterns("__pycache__")
    )
    broken = tmp_path / module
    broken.write_text(f"{broken.read_text(encoding='utf-8')}\n\n{text}\n", encoding="utf-8")
    chapter = tmp_path / "chapters" / f"{stem}.ipynb"
    chapter.parent.mkdir()
    shutil.copy(ROOT / "chapters" / chapter.name, chapter)
    if (ROOT / "data").is_dir():
        (tmp_path / "data").symlink_to(ROOT / "data")
    code, report = nbval(chapter, tmp_path)
    assert code == pytest.ExitCode.TESTS_FAILED, (
        f"{module} is broken, and {stem} is green:\n{report}"
    )


def nbval(notebook: Path, package: Path) -> tuple[int, str]:
    """Run a notebook as `make test` does, with the gokit that lies in `package`."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--nbval-lax"]
    options = ["--nbval-current-env", "--nbval-cell-timeout=300", "--rootdir", str(package)]
    environment = dict(os.environ) | {
        "GOKIT_FAST": "1",
        "GOKIT_STATIC": "1",
        "GOKIT_HOME": str(package / "home"),
        "PYTHONPATH": str(package),
    }
    done = subprocess.run(
        [*command, *options, "-c", os.devnull, str(notebook)],
        cwd=package,
        env=environment,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr


# The rules themselves: each finds the fault it is there for.


def markdown(text: str, name: str = "01-a-01") -> dict:
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": text}


def code(text: str, *outputs: dict) -> dict:
    cell = {"cell_type": "code", "id": "01-a-02", "metadata": {}, "source": text}
    return cell | {"execution_count": 1, "outputs": list(outputs)}


BOX = "# 1. T\n> You will be able to\n> You need x. Time 1. Hardware any."
GOOD = {
    "cells": [
        markdown(BOX),
        code("import os"),
        markdown("## A"),
        code("assert 1"),
        *[markdown(f"## {name}") for name in rules.CLOSING],
    ]
}


def test_a_good_notebook_has_no_faults():
    checks = (rules.long_cells, rules.wide_lines, rules.sections_without_assert)
    for rule in (*checks, rules.pictures_without_alt, rules.machine_traces):
        assert rule(GOOD) == [], rule.__name__
    assert rules.out_of_order(GOOD, "01") == []


def changed(number: int, cell: dict) -> dict:
    notebook = copy.deepcopy(GOOD)
    notebook["cells"][number] = cell
    return notebook


def display(kind: str, text: str, **metadata: dict) -> dict:
    return {"output_type": "display_data", "data": {kind: text}, "metadata": metadata}


@pytest.mark.parametrize(
    ("rule", "number", "cell"),
    [
        (rules.long_cells, 3, code("x = 1\n" * 21)),
        (rules.long_cells, 1, code("x = 1\n" * 13)),
        (rules.wide_lines, 3, code("x" * 77)),
        (rules.sections_without_assert, 3, code("print('assert 1')")),
        (rules.pictures_without_alt, 3, code("1", display("image/png", "x"))),
        (rules.pictures_without_alt, 3, code("1", display("image/svg+xml", "<svg><g/></svg>"))),
        (rules.pictures_without_alt, 3, code("1", display("text/html", "<img src='x' alt=''>"))),
        (rules.pictures_without_alt, 2, markdown("## A\n![](x.png)")),
        (rules.pictures_without_alt, 2, markdown('## A\n<img src="x.png">')),
        (rules.machine_traces, 3, code("1", display("text/plain", "<f at 0x7f001122aabb>"))),
        (rules.machine_traces, 3, code("1", {"output_type": "stream", "text": "/home/me/x.py"})),
    ],
)
def test_a_fault_is_found(rule, number, cell):
    assert len(rule(changed(number, cell))) == 1


@pytest.mark.parametrize(
    "output",
    [
        display("image/png", "x", **{"image/png": {"alt": "a board"}}),
        display("image/svg+xml", "<svg><title>a board</title></svg>"),
        display("text/html", "<img src='x' alt='a board'>"),
    ],
)
def test_a_described_picture_is_no_fault(output):
    assert rules.pictures_without_alt(changed(3, code("1", output))) == []


def test_order_is_checked():
    shuffled = copy.deepcopy(GOOD)
    shuffled["cells"][-2:] = reversed(shuffled["cells"][-2:])
    assert len(rules.out_of_order(shuffled, "01")) == 1
    assert len(rules.out_of_order(GOOD, "02")) == 1
    assert len(rules.out_of_order(changed(0, markdown("# 1. T\nTime, need, able")), "01")) == 2


def test_nbval_is_red_where_a_chapter_is(tmp_path):
    nbformat = pytest.importorskip("nbformat")
    for text, expected in (("assert 1 == 1", 0), ("assert 1 == 2", 1)):
        cell = nbformat.v4.new_code_cell(text, execution_count=1)
        nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "x.ipynb")
        exit_code, report = nbval(tmp_path / "x.ipynb", tmp_path)
        assert exit_code == expected, report
