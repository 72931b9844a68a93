"""What an exercise is: a table of plain fields, so that a chapter's checks read as data."""

from __future__ import annotations

import copy
import pkgutil
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from gokit.go.errors import GoError
from gokit.lessons.plain import plain, same

if TYPE_CHECKING:
    import numpy as np

DIFFICULTY = {1: "very easy", 2: "easy", 3: "medium", 4: "hard", 5: "very hard"}


@dataclass(frozen=True)
class Case:
    """One call of the learner's function.

    `args` are its arguments. `about` says in a few words what is special here ("a group in the
    corner"). `board` (array [N, N] of 0, 1, 2, a `Position`, or None) and `marks`
    ({point index: "triangle" | "square" | "circle" | "cross" | text}) are what a failure shows.
    `drawing`, where the case is no board, is anything with a text (`str`) and `_repr_html_`.
    """

    args: tuple
    about: str = ""
    board: Any = None
    marks: dict[int, str] = field(default_factory=dict)
    drawing: Any = None


@dataclass(frozen=True)
class Failure:
    """Why an answer is wrong: one or two sentences, the rule it breaks, and a board or drawing.

    With `board`, `marks` and `drawing` left out, the case's own are shown.
    """

    message: str
    rule: str = ""
    board: Any = None
    marks: dict[int, str] | None = None
    drawing: Any = None


@dataclass(frozen=True)
class Exercise:
    """One exercise: what the reader is told, and how an answer is judged.

    `cases(rng)` gives the calls from a numpy Generator, simplest first; `reference` is slow and
    obvious and gives the expected answers; `explain(case, expected, got)` turns a wrong answer
    (plain data) into a `Failure`, or returns None for the plain "expected ..., got ...".
    `call(learner, *args)` is for an answer that is a class or a value. `read` turns what came
    back into plain data, `compare(expected, got)` judges it. With `keeps_arguments`, an answer
    that changes its arguments is wrong; otherwise the reader is only told.
    """

    id: str
    title: str
    purpose: str
    points: float
    difficulty: int
    minutes: int
    hints: tuple[str, str, str]
    reference: Callable[..., Any]
    cases: Callable[[np.random.Generator], Iterable[Case]]
    explain: Callable[[Case, Any, Any], Failure | None] | None = None
    rule: str = ""
    compare: Callable[[Any, Any], bool] = same
    read: Callable[[Any], Any] = plain
    call: Callable[..., Any] | None = None
    keeps_arguments: bool = False
    seconds: float = 20.0

    def __post_init__(self) -> None:
        if len(self.hints) != 3:
            raise ValueError(f"{self.id}: an exercise has three hints, not {len(self.hints)}")
        if self.difficulty not in DIFFICULTY:
            raise ValueError(f"{self.id}: difficulty is 1 to 5, not {self.difficulty}")

    @property
    def chapter(self) -> str:
        """The two digits of its chapter."""
        return self.id[:2]

    def header(self) -> str:
        """The line above the exercise: difficulty in words, minutes, points, what it is for."""
        points = f"{self.points:g} point{'' if self.points == 1 else 's'}"
        level = f"{DIFFICULTY[self.difficulty]} ({self.difficulty} of 5)"
        return f"*{level} · {self.minutes} minutes · {points} · {self.purpose}*"

    def generate(self, seed: int) -> list[Case]:
        """The cases for a seed: the same for the same seed, on any machine."""
        import numpy as np

        return list(self.cases(np.random.default_rng([seed, zlib.crc32(self.id.encode())])))

    def expected(self, case: Case) -> Any:
        """The reference's answer as plain data; it gets its own copy of the arguments."""
        return self.read(self.reference(*copy.deepcopy(case.args)))


@cache
def chapter_exercises(chapter: str) -> tuple[Exercise, ...]:
    """The exercises of a chapter ("01"), in the chapter's order; none where it has no checks."""
    name = f"gokit.lessons.checks.ch{chapter}"
    try:
        module = import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        return ()
    return tuple(module.EXERCISES)


def chapters() -> list[str]:
    """The chapters that have exercises, as two digits each."""
    from gokit.lessons import checks

    names = (module.name for module in pkgutil.iter_modules(checks.__path__))
    return sorted(name[2:] for name in names if name.startswith("ch"))


def find_exercise(exercise_id: str) -> Exercise:
    """The exercise with this id; `GoError` with the nearest ids where there is none."""
    if not isinstance(exercise_id, str):
        raise GoError(
            f"an exercise is called by its name, as in '01-liberties', not {exercise_id!r}"
        )
    here = chapter_exercises(exercise_id[:2])
    for exercise in here:
        if exercise.id == exercise_id:
            return exercise
    known = [exercise.id for chapter in chapters() for exercise in chapter_exercises(chapter)]
    near = get_close_matches(exercise_id, known, n=3) or [exercise.id for exercise in here] or known
    listed = f" (did you mean {', '.join(near)}?)" if near else ""
    raise GoError(f"there is no exercise {exercise_id!r}{listed}")
