"""Every exercise is tested four ways, and this is how.

A chapter's test module says only what is wrong in which way:

    WRONG = {"01-liberties": [(counts_twice, "counts a liberty twice"), ...]}
    TestChapter01 = contract("01_go_rules", WRONG)
"""

from __future__ import annotations

import linecache
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import gokit.lessons
from gokit.lessons.calling import fingerprint
from gokit.lessons.checking import CORRECT, NOT_ATTEMPTED, RAISED, WRONG, Result, judge
from gokit.lessons.exercise import Exercise, chapter_exercises
from gokit.lessons.notebooks import exercise_cells
from gokit.lessons.plain import same

ROOT = Path(__file__).resolve().parents[2]
SEEDS = (0, 1, 2)
LEAST_VARIANTS = 3
Variants = Mapping[str, Sequence[tuple[Callable, str]]]


def answers(source: Path, *, solved: bool) -> dict[str, Any]:
    """What an exercise notebook hands to `check`: {exercise id: stub or solution}.

    Its code cells are run in order in this process, without a kernel.
    """
    handed: dict[str, Any] = {}
    namespace: dict[str, Any] = {"__name__": "__main__"}
    real = gokit.lessons.check
    gokit.lessons.check = lambda name, answer: handed.__setitem__(name, answer)
    try:
        for cell in exercise_cells(source, solved=solved):
            graded = cell["metadata"].get("nbgrader", {}).get("grade")
            if cell["cell_type"] != "code" or graded:
                continue
            is_answer = "nbgrader" in cell["metadata"]
            _run(cell, namespace, may_be_unfinished=not solved and not is_answer)
    finally:
        gokit.lessons.check = real
    return handed


def _run(cell: dict, namespace: dict, *, may_be_unfinished: bool) -> None:
    name = f"{cell['id']}.py"
    lines = [("" if line[:1] in ("%", "!") else line) for line in cell["source"].split("\n")]
    text = "\n".join(lines) + "\n"
    # As a notebook does, so that a message can quote the line.
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    try:
        exec(compile(text, name, "exec"), namespace)
    except NotImplementedError:
        if not may_be_unfinished:
            raise


def _constants(exercise: Exercise) -> list[Any]:
    seen: list[Any] = [None]
    for case in exercise.generate(0):
        value = exercise.expected(case)
        if not any(same(value, other) for other in seen):
            seen.append(value)
    return seen


def _constant(value: Any) -> Callable:
    return lambda *args, **named: value


def contract(
    stem: str,
    wrong: Variants,
    *,
    source: Path | None = None,
    exercises: Sequence[Exercise] | None = None,
    without_board: Collection[str] = (),
) -> type:
    """A class of tests for the exercises of a chapter.

    `wrong[id]` lists wrong answers, each with a fragment of the message that it must get.
    `without_board` names the exercises whose failures are not shown on a board.
    """
    source = source or ROOT / "exercises" / "source" / f"{stem}.py"
    every = list(chapter_exercises(stem[:2]) if exercises is None else exercises)
    by_id = {exercise.id: exercise for exercise in every}
    each = pytest.mark.parametrize("exercise", every, ids=lambda exercise: exercise.id)
    variants = [
        pytest.param(by_id.get(name), answer, fragment, id=f"{name}-{answer.__name__}")
        for name, pairs in wrong.items()
        for answer, fragment in pairs
    ]

    @cache
    def handed(solved: bool) -> dict[str, Any]:
        return answers(source, solved=solved)

    def test_the_notebook_has_exactly_these_exercises(self):
        names = [exercise.id for exercise in every]
        assert names, f"chapter {stem} has no exercises"
        assert list(handed(False)) == names
        assert list(handed(True)) == names
        assert all(name.startswith(f"{stem[:2]}-") for name in names)
        text = source.read_text(encoding="utf-8")
        assert [name for name in names if f"{{header {name}}}" not in text] == []

    def test_every_exercise_has_wrong_variants(self):
        few = {name: len(wrong.get(name, ())) for name in by_id}
        assert {name: count for name, count in few.items() if count < LEAST_VARIANTS} == {}
        assert set(wrong) <= set(by_id), "wrong variants of exercises that there are not"

    @each
    def test_the_stub_is_not_attempted(self, exercise):
        assert judge(exercise, handed(False)[exercise.id]).outcome == NOT_ATTEMPTED

    @each
    @pytest.mark.parametrize("seed", SEEDS)
    def test_the_solution_passes(self, exercise, seed):
        result = judge(exercise, handed(True)[exercise.id], seed)
        assert result.outcome == CORRECT, str(result)
        assert "changes the" not in result.message, "the solution changes its arguments"

    @pytest.mark.parametrize(("exercise", "answer", "fragment"), variants)
    def test_a_wrong_variant_fails_with_the_right_message(self, exercise, answer, fragment):
        result = judge(exercise, answer)
        assert result.outcome in (WRONG, RAISED), f"{answer.__name__} is taken for {result.outcome}"
        assert fragment in str(result)
        _is_drawn(result, exercise)

    @each
    def test_a_constant_fails(self, exercise):
        constants = _constants(exercise)
        assert len(constants) > 2, "every case has the same answer"
        for value in constants:
            result = judge(exercise, _constant(value))
            assert not result.correct, f"always returning {value!r} passes"
            for case in exercise.generate(0):
                expected = exercise.expected(case)
                if exercise.explain and type(value) is type(expected) and not same(expected, value):
                    exercise.explain(case, expected, value)

    @each
    def test_a_seed_gives_its_own_cases_again_and_again(self, exercise):
        first, again, other = (
            [fingerprint(case.args) for case in exercise.generate(seed)] for seed in (7, 7, 8)
        )
        assert first == again, "the same seed gives other cases"
        assert first != other, "another seed gives no fresh cases"

    def _is_drawn(result: Result, exercise: Exercise) -> None:
        shown = result.board is not None or result.drawing is not None
        assert shown == (exercise.id not in without_board)
        assert exercise.title in result._repr_html_()

    tests = {name: value for name, value in locals().items() if name.startswith("test_")}
    return type("Contract", (), tests)
