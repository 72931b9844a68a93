"""Judging an answer: run it against the slow reference on generated positions."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
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

# What an answer of the wrong shape can make a chapter's own code raise.
_SHAPE_ERRORS = (TypeError, ValueError, LookupError, AttributeError)

MUTATED = (
    "Your function changes the {what} it was given. Python passes lists and arrays themselves, not "
    "copies of them: work on a copy (`.copy()`, or `copy.deepcopy` for nested lists)."
)


@dataclass(frozen=True)
class Result:
    """One judged answer: `outcome` is "correct", "wrong", "not attempted" or "raised".

    `message` is the whole of it as text. `passed` of `total` cases went well before the first
    that did not. `board` and `marks`, or `drawing`, are what the failure shows, or None.
    """

    exercise: Exercise
    outcome: str
    message: str
    passed: int = 0
    total: int = 0
    rule: str = ""
    board: Any = None
    marks: dict[int, str] | None = None
    drawing: Any = None

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
    # Before the clock starts: the reference is slow, and that is not the learner's time.
    expected = [exercise.expected(case) for case in cases]
    kinds = {type(value) for value in expected}
    call = exercise.call or _call
    told_of_change = False
    turn = _Turn(exercise, learner, cases[0], None, Answer(), kinds, 0, len(cases))
    try:
        with time_limit(exercise.seconds):
            for number, case in enumerate(cases):
                turn = replace(turn, case=case, expected=expected[number], number=number)
                answer = ask(call, learner, case.args, exercise.read)
                turn = replace(turn, answer=answer)
                result = turn.judged()
                if result is not None:
                    return result
                told_of_change |= answer.changed_arguments
    except OutOfTime:
        return turn.out_of_time()
    message = f"Correct, on all {len(cases)} cases."
    if told_of_change:
        message += f" One thing to know: {turn.mutated()}"
    return Result(exercise, CORRECT, message, len(cases), len(cases))


def _call(learner: Any, *args: Any) -> Any:
    return learner(*args)


@dataclass(frozen=True)
class _Turn:
    """One case put to the learner, and what came back."""

    exercise: Exercise
    learner: Any
    case: Case
    expected: Any
    answer: Answer
    kinds: set[type]
    number: int
    total: int

    def judged(self) -> Result | None:
        """The result that ends the check here, or None where this case went well."""
        answer = self.answer
        if isinstance(answer.error, OutOfTime):
            return self.out_of_time()
        if self._not_attempted():
            name = learners_place(getattr(answer.error, "__traceback__", None), self.learner)[0]
            message = f"Not attempted yet: {name} still holds its stub."
            return Result(self.exercise, NOT_ATTEMPTED, message, 0, self.total)
        if answer.error is not None:
            return self._raised()
        if answer.not_plain:
            message = f"Your function returned {answer.not_plain}, where plain data is asked for: "
            return self._wrong(Failure(f"{message}{kind_name(self.expected)}."))
        if not self._matches():
            return self._wrong(self._explained())
        if self.exercise.keeps_arguments and answer.changed_arguments:
            return self._wrong(Failure(self.mutated()))
        return None

    def _not_attempted(self) -> bool:
        value = self.answer.value
        if value is Ellipsis or is_not_attempted(self.answer.error, self.learner):
            return True
        return value is None and self.answer.error is None and has_empty_body(self.learner)

    def _matches(self) -> bool:
        # A chapter's `compare` may take for granted what an answer of the wrong shape has not.
        try:
            return bool(self.exercise.compare(self.expected, self.answer.value))
        except _SHAPE_ERRORS:
            return False

    def _explained(self) -> Failure:
        got = self.answer.value
        numbers = {int, float}
        if type(got) not in self.kinds and not (type(got) in numbers and self.kinds <= numbers):
            if got is None:
                return Failure("Your function returned None: is a `return` missing?")
            return Failure(
                f"Your function returned {show(got)}, which is {kind_name(got)}, where "
                f"{kind_name(self.expected)} is asked for."
            )
        failure = None
        if self.exercise.explain is not None:
            # An answer of a strange shape must not break the explanation: the plain words do.
            with contextlib.suppress(*_SHAPE_ERRORS):
                failure = self.exercise.explain(self.case, self.expected, got)
        plain_words = f"Your function returned {show(got)}; the answer is {show(self.expected)}."
        return failure or Failure(plain_words)

    def _wrong(self, failure: Failure) -> Result:
        sentences = [self._place(), failure.message]
        if self.answer.changed_arguments and not self.exercise.keeps_arguments:
            sentences.append(self.mutated())
        if self.answer.printed:
            sentences.append(f"It printed:\n{self.answer.printed.rstrip()}")
        return Result(
            self.exercise,
            WRONG,
            "\n".join(sentences),
            self.number,
            self.total,
            failure.rule or self.exercise.rule,
            self.case.board if failure.board is None else failure.board,
            self.case.marks if failure.marks is None else failure.marks,
            self.case.drawing if failure.drawing is None else failure.drawing,
        )

    def _raised(self) -> Result:
        error = self.answer.error
        function, line, text = learners_place(error.__traceback__, self.learner)
        where = f"{function}, line {line} of its cell or file" if line else function
        sentences = [
            self._place(),
            f"Your code raised {type(error).__name__}: {error}".rstrip(": "),
            f"in {where}:\n    {text}" if text else f"in {where}",
        ]
        if self.answer.printed:
            sentences.append(f"Before that it printed:\n{self.answer.printed.rstrip()}")
        return self._stopped(RAISED, "\n".join(sentences))

    def out_of_time(self) -> Result:
        """The result of a function that does not end."""
        return self._stopped(
            WRONG,
            f"{self._place()}\nYour function was still running after "
            f"{self.exercise.seconds:g} seconds, so it was stopped. Does a loop never end, or "
            f"visit the same points again and again?",
        )

    def _stopped(self, outcome: str, message: str) -> Result:
        shown = self.case.board, self.case.marks, self.case.drawing
        return Result(self.exercise, outcome, message, self.number, self.total, "", *shown)

    def _place(self) -> str:
        about = f": {self.case.about}" if self.case.about else ""
        return f"Case {self.number + 1} of {self.total}{about}."

    def mutated(self) -> str:
        """What to say of a function that changes what it was given."""
        return MUTATED.format(what="board" if self.case.board is not None else "argument")
