"""Judging an answer: run it against the slow reference on generated positions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gokit.lessons.calling import (
    Answer,
    OutOfTime,
    ask,
    has_empty_body,
    is_not_attempted,
    learners_place,
    time_limit,
)
from gokit.lessons.exercise import Case, Exercise, Failure
from gokit.lessons.plain import kind_name, show

CORRECT = "correct"
WRONG = "wrong"
NOT_ATTEMPTED = "not attempted"
RAISED = "raised"

MUTATED = (
    "Your function changes the {what} it was given. Python passes lists and arrays themselves, not "
    "copies of them: work on a copy (`.copy()`, or `copy.deepcopy` for nested lists)."
)


@dataclass(frozen=True)
class Result:
    """One judged answer: `outcome` is "correct", "wrong", "not attempted" or "raised".

    `message` is the whole of it as text. `passed` of `total` cases went well before the first
    that did not. `board` and `marks` are what the failure shows, or None.
    """

    exercise: Exercise
    outcome: str
    message: str
    passed: int = 0
    total: int = 0
    rule: str = ""
    board: Any = None
    marks: dict[int, str] | None = None

    @property
    def correct(self) -> bool:
        return self.outcome == CORRECT

    @property
    def points(self) -> float:
        """The exercise's points if correct, else 0."""
        return float(self.exercise.points) if self.correct else 0.0

    def __str__(self) -> str:
        from gokit.lessons.rendering import result_text

        return result_text(self)

    def __repr__(self) -> str:
        return f"<{self.exercise.id}: {self.outcome}>"

    def _repr_html_(self) -> str:
        from gokit.lessons.rendering import result_html

        return result_html(self)

    def _ipython_display_(self) -> None:
        """Nothing: `check` has shown it, and as the last line of a cell it would come twice."""


def judge(exercise: Exercise, learner: Any, seed: int = 0) -> Result:
    """Judge a learner's answer on the cases of `seed`; displays nothing, records nothing."""
    if exercise.call is None and not callable(learner):
        return Result(
            exercise,
            WRONG,
            f"`check` needs your function itself, not what it returns: write the function's name "
            f"without brackets. It was given {type(learner).__name__}.",
        )
    cases = exercise.generate(seed)
    call = exercise.call or _call
    told_of_change = False
    done = 0
    try:
        with time_limit(exercise.seconds):
            for done, case in enumerate(cases):
                expected = exercise.expected(case)
                answer = ask(call, learner, case.args, exercise.read)
                result = _judge_case(exercise, learner, case, expected, answer, done, len(cases))
                if result is not None:
                    return result
                told_of_change |= answer.changed_arguments
    except OutOfTime:
        return _out_of_time(exercise, cases[done], done, len(cases))
    message = f"Correct, on all {len(cases)} cases."
    if told_of_change:
        what = _changed_name(cases[0])
        message += f" One thing to know: {MUTATED.format(what=what)}"
    return Result(exercise, CORRECT, message, len(cases), len(cases))


def _call(learner: Any, *args: Any) -> Any:
    return learner(*args)


def _judge_case(
    exercise: Exercise,
    learner: Any,
    case: Case,
    expected: Any,
    answer: Answer,
    done: int,
    total: int,
) -> Result | None:
    if isinstance(answer.error, OutOfTime):
        return _out_of_time(exercise, case, done, total)
    empty = answer.value is None and expected is not None and has_empty_body(learner)
    if answer.value is Ellipsis or empty or is_not_attempted(answer.error, learner):
        message = "Not attempted yet: the function still holds its stub."
        return Result(exercise, NOT_ATTEMPTED, message, 0, total)
    if answer.error is not None:
        return _raised(exercise, learner, case, answer, done, total)
    if answer.not_plain:
        message = (
            f"Your function returned {answer.not_plain}, where plain data is asked for: "
            f"{kind_name(expected)}."
        )
        return _wrong(exercise, case, Failure(message), answer, done, total)
    if not _matches(exercise, expected, answer.value):
        return _wrong(
            exercise, case, _explain(exercise, case, expected, answer), answer, done, total
        )
    if exercise.keeps_arguments and answer.changed_arguments:
        failure = Failure(MUTATED.format(what=_changed_name(case)))
        return _wrong(exercise, case, failure, answer, done, total)
    return None


def _matches(exercise: Exercise, expected: Any, got: Any) -> bool:
    # A chapter's `compare` may take for granted what an answer of the wrong shape has not.
    try:
        return bool(exercise.compare(expected, got))
    except (TypeError, ValueError, LookupError, AttributeError):
        return False


def _explain(exercise: Exercise, case: Case, expected: Any, answer: Answer) -> Failure:
    got = answer.value
    plain_words = f"Your function returned {show(got)}; the answer is {show(expected)}."
    if got is None:
        return Failure("Your function returned None: is a `return` missing?")
    numbers = {int, float}
    if type(got) is not type(expected) and {type(got), type(expected)} != numbers:
        return Failure(
            f"Your function returned {show(got)}, which is {kind_name(got)}, where "
            f"{kind_name(expected)} is asked for."
        )
    if exercise.explain is None:
        return Failure(plain_words)
    # The same for `explain`: an answer of a strange shape still gets the plain sentence.
    try:
        return exercise.explain(case, expected, got) or Failure(plain_words)
    except (TypeError, ValueError, LookupError, AttributeError):
        return Failure(plain_words)


def _wrong(
    exercise: Exercise, case: Case, failure: Failure, answer: Answer, done: int, total: int
) -> Result:
    sentences = [_place(case, done, total), failure.message]
    if answer.changed_arguments and not exercise.keeps_arguments:
        sentences.append(MUTATED.format(what=_changed_name(case)))
    if answer.printed:
        sentences.append(f"It printed:\n{answer.printed.rstrip()}")
    return Result(
        exercise,
        WRONG,
        "\n".join(sentences),
        done,
        total,
        failure.rule or exercise.rule,
        case.board if failure.board is None else failure.board,
        case.marks if failure.marks is None else failure.marks,
    )


def _raised(
    exercise: Exercise, learner: Any, case: Case, answer: Answer, done: int, total: int
) -> Result:
    error = answer.error
    function, line, text = learners_place(error.__traceback__, learner)
    where = f"line {line} of the cell or file that holds {function}" if line else function
    sentences = [
        _place(case, done, total),
        f"Your code raised {type(error).__name__}: {error}".rstrip(": "),
        f"in {where}:" + (f"\n    {text}" if text else ""),
    ]
    if answer.printed:
        sentences.append(f"Before that it printed:\n{answer.printed.rstrip()}")
    return Result(exercise, RAISED, "\n".join(sentences), done, total, "", case.board, case.marks)


def _out_of_time(exercise: Exercise, case: Case, done: int, total: int) -> Result:
    message = (
        f"{_place(case, done, total)}\nYour function was still running after "
        f"{exercise.seconds:g} seconds, so it was stopped. Does a loop never end, or visit the "
        f"same points again and again?"
    )
    return Result(exercise, WRONG, message, done, total, "", case.board, case.marks)


def _place(case: Case, done: int, total: int) -> str:
    about = f": {case.about}" if case.about else ""
    return f"Case {done + 1} of {total}{about}."


def _changed_name(case: Case) -> str:
    return "board" if case.board is not None else "argument"
