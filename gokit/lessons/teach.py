"""What a reader calls in a notebook: `check`, `hint`, `solution`; and `grade`, for instructors."""

from __future__ import annotations

import os
import sys
from html import escape
from typing import Any

from gokit.go.errors import GoError
from gokit.lessons import record
from gokit.lessons.checking import NOT_ATTEMPTED, Result, judge
from gokit.lessons.exercise import Exercise, find_exercise
from gokit.lessons.sources import course_root, exercise_of, read_source, solution_of

ORDINALS = ("idea", "approach", "shape of the code")

_asked: dict[str, int] = {}


def check(exercise_id: str, answer: Any) -> Result:
    """Judge your answer to an exercise, and show what is wrong with it on a board.

    `answer` is your function itself. The outcome is "correct", "wrong", "not attempted" or
    "raised". `GoError` where there is no such exercise.
    """
    exercise = find_exercise(exercise_id)
    result = judge(exercise, answer)
    if result.outcome != NOT_ATTEMPTED:
        record.note_attempt(exercise.id, result.outcome)
    _display(str(result), result._repr_html_)
    return result


def hint(exercise_id: str, number: int | None = None) -> None:
    """Show the next hint: the idea, then the approach, then the shape of the code.

    With `number` (1 to 3), that one.
    """
    exercise = find_exercise(exercise_id)
    if number is None:
        number = min(_asked.get(exercise.id, 0) + 1, 3)
    if number not in (1, 2, 3):
        raise GoError(f"there are hints 1, 2 and 3, not {number!r}")
    _asked[exercise.id] = max(number, _asked.get(exercise.id, 0))
    known = record.load().get(exercise.id, {})
    record.note(exercise.id, hints=max(number, known.get("hints", 0)))

    title = f"Hint {number} of 3, the {ORDINALS[number - 1]}"
    text = exercise.hints[number - 1].strip()
    after = (
        f'The next one: hint("{exercise.id}")'
        if number < 3
        else f'That was the last. The answer: solution("{exercise.id}")'
    )
    block = f"<pre>{escape(text)}</pre>" if "\n" in text else f"<div>{escape(text)}</div>"
    _display(
        f"{title}:\n{text}\n{after}",
        lambda: f"<div><strong>{title}</strong>{block}<small>{escape(after)}</small></div>",
    )


def solution(exercise_id: str) -> None:
    """Show one answer to an exercise, and where the full solution stands."""
    exercise = find_exercise(exercise_id)
    stem, code = _solution_text(exercise)
    record.note(exercise.id, solution=True)
    where = f"In full, executed: solutions/{stem}.ipynb"
    _display(
        f"{exercise.title}, one answer of many:\n\n{code}\n\n{where}",
        lambda: (
            f"<div><strong>{escape(exercise.title)}</strong>, one answer of many:"
            f"<pre>{escape(code)}</pre><small>{escape(where)}</small></div>"
        ),
    )


def grade(exercise_id: str, answer: Any) -> float:
    """Points for an answer, on cases of the instructor's own seed ($GOKIT_GRADING_SEED).

    For the graded cells at the end of the exercise notebooks; prints the result as text.
    """
    exercise = find_exercise(exercise_id)
    text = os.environ.get("GOKIT_GRADING_SEED", "0")
    if not text.isdecimal():
        raise GoError(f"GOKIT_GRADING_SEED is a whole number from 0 on, not {text!r}")
    result = judge(exercise, answer, seed=int(text))
    print(result)
    return result.points


def _solution_text(exercise: Exercise) -> tuple[str, str]:
    root = course_root()
    sources = root / "exercises" / "source" if root else None
    paths = sorted(sources.glob(f"{exercise.chapter}_*.py")) if sources else []
    for path in paths:
        for cell in read_source(path):
            found = cell.is_exercise and exercise_of(cell.text)
            if found and found[0] == exercise.id:
                return path.stem, solution_of(cell.text)
    raise GoError(
        f"the answer to {exercise.id} is not on this machine: it is in the folder solutions/ of "
        f"the course, unless your instructor keeps it back"
    )


def _display(text: str, html: Any) -> None:
    # IPython only where it runs already: a script or a test prints the text.
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is None or not hasattr(shell, "kernel"):
        print(text)
        return
    from IPython.display import display

    display({"text/plain": text, "text/html": html()}, raw=True)
