"""The four outcomes, and that nothing a learner writes can fool or break a check."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from gokit.go.errors import GoError
from gokit.lessons.checking import CORRECT, NOT_ATTEMPTED, RAISED, WRONG, judge
from gokit.lessons.exercise import Case, Exercise, Failure, find_exercise
from gokit.lessons.plain import NotPlainError, plain, same, show
from gokit.lessons.rendering import board_text


def neighbours(board, point):
    size = len(board)
    row, column = divmod(point, size)
    near = ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1))
    inside = [(r, c) for r, c in near if 0 <= r < size and 0 <= c < size]
    return {r * size + c for r, c in inside if board[r][c] == 0}


def test_a_right_answer_is_correct(exercise):
    result = judge(exercise, neighbours)
    assert (result.outcome, result.passed, result.total) == (CORRECT, 20, 20)
    assert result.points == 2


def test_a_wrong_answer_is_shown_on_its_board_with_the_rule(exercise):
    result = judge(exercise, lambda board, point: neighbours(board, point) | {24})
    assert result.outcome == WRONG
    assert result.points == 0
    text = str(result)
    assert "You count point 24, which is not free." in text
    assert "The rule: A liberty is an empty neighbour." in text
    assert "   A B C D E" in text
    assert "marked: E1 (cross)" in text
    html = result._repr_html_()
    assert "E1 (cross)" in html
    assert "not yet" in html


def test_the_picture_has_its_text_beside_it(exercise):
    html = judge(exercise, lambda board, point: {24})._repr_html_()
    assert "<svg" in html
    assert "<pre>" in html


def stub(board, point):
    """A stub."""
    # YOUR CODE HERE
    raise NotImplementedError()


def dots(board, point): ...


def docstring_only(board, point):
    """Nothing yet."""


@pytest.mark.parametrize("answer", [stub, dots, docstring_only, lambda board, point: ...])
def test_a_stub_is_not_attempted(exercise, answer):
    assert judge(exercise, answer).outcome == NOT_ATTEMPTED


def test_a_stub_that_another_answer_needs_is_named(exercise):
    def builds_on_the_stub(board, point):
        return stub(board, point)

    result = judge(exercise, builds_on_the_stub)
    assert result.outcome == NOT_ATTEMPTED
    assert "stub still holds its stub" in result.message


def test_no_return_is_told_from_no_attempt(exercise):
    def forgot(board, point):
        found = neighbours(board, point)
        found.add(1)

    result = judge(exercise, forgot)
    assert result.outcome == WRONG
    assert "is a `return` missing?" in result.message


def test_an_error_is_shown_at_the_learners_own_line(exercise):
    def slips(board, point):
        row = board[0]
        return row[99]  # the learner's line

    result = judge(exercise, slips)
    assert result.outcome == RAISED
    assert "IndexError: list index out of range" in result.message
    assert "in slips, line" in result.message
    assert "return row[99]  # the learner's line" in result.message
    assert "checking.py" not in result.message


def test_an_error_deep_in_a_library_is_still_shown_at_the_learners_line(exercise):
    def slips(board, point):
        return np.zeros(3).reshape(2, 2)  # here

    message = judge(exercise, slips).message
    assert "return np.zeros(3).reshape(2, 2)  # here" in message


def test_a_librarys_not_implemented_is_an_error_not_a_stub(exercise):
    from fractions import Fraction
    from numbers import Complex

    def calls(board, point):
        return Complex.__add__(Fraction(1), 1) if board else None

    def raising(board, point):
        import concurrent.futures

        return concurrent.futures.Executor().submit(len)

    assert judge(exercise, raising).outcome == RAISED
    assert judge(exercise, calls).outcome in (WRONG, RAISED)


def test_exiting_is_an_error_like_another(exercise):
    def leaves(board, point):
        raise SystemExit(3)

    assert judge(exercise, leaves).outcome == RAISED


def test_what_the_learner_prints_comes_with_the_failure_and_is_bounded(exercise, capsys):
    def chatty(board, point):
        print("looking at", point)
        print("x" * 1_000_000)
        return {99}

    message = judge(exercise, chatty).message
    assert "It printed:\nlooking at" in message
    assert len(message) < 5_000
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("constant", [None, 0, True, set(), {1}, "D4", [], 2.5])
def test_a_constant_is_wrong(exercise, constant):
    assert judge(exercise, lambda board, point: constant).outcome == WRONG


class AlwaysEqual:
    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0


class EqualSet(set):
    def __eq__(self, other):
        return True

    __hash__ = None


@pytest.mark.parametrize("value", [AlwaysEqual(), EqualSet({3}), {AlwaysEqual()}])
def test_an_object_that_equals_everything_is_wrong(exercise, value):
    result = judge(exercise, lambda board, point: value)
    assert result.outcome == WRONG
    assert "plain data" in result.message


def test_changing_the_argument_does_not_corrupt_the_check(exercise):
    def wrecks(board, point):
        found = neighbours(board, point)
        for row in board:
            row[:] = [0] * len(row)
        return found

    result = judge(exercise, wrecks)
    assert result.outcome == CORRECT
    assert "changes the board" in result.message
    strict = judge(replace(exercise, keeps_arguments=True), wrecks)
    assert strict.outcome == WRONG
    assert "changes the board" in strict.message


def test_a_change_that_makes_the_answer_wrong_is_named(exercise):
    def clears_first(board, point):
        board[:] = [[0] * 5 for _ in range(5)]
        return neighbours(board, point)

    result = judge(exercise, clears_first)
    assert result.outcome == WRONG
    assert "work on a copy" in result.message


def test_changes_in_arrays_are_noticed():
    doubling = Exercise(
        "97-x", "x", "x", 1, 1, 1, ("a", "b", "c"),
        reference=lambda array: int(array.sum()),
        cases=lambda rng: [Case((rng.integers(0, 9, 4),)) for _ in range(3)],
        keeps_arguments=True,
    )  # fmt: skip

    def doubles(array):
        total = array.sum()
        array *= 2
        return total

    assert judge(doubling, lambda array: array.sum()).outcome == CORRECT
    assert judge(doubling, doubles).outcome == WRONG


def test_changes_in_a_tree_are_noticed_though_its_nodes_know_their_parents():
    class Node:
        def __init__(self, visits, parent=None):
            self.visits, self.parent, self.children = visits, parent, []

    def tree(rng):
        root = Node(int(rng.integers(1, 100)))
        root.children = [Node(int(rng.integers(100)), root) for _ in range(3)]
        return root

    def total(root):
        return root.visits + sum(child.visits for child in root.children)

    def backs_up(root):
        root.children[0].visits += 1
        return total(root) - 1

    counting = Exercise(
        "97-x", "x", "x", 1, 1, 1, ("a", "b", "c"),
        reference=total,
        cases=lambda rng: [Case((tree(rng),)) for _ in range(3)],
        keeps_arguments=True,
    )  # fmt: skip
    assert judge(counting, total).outcome == CORRECT
    assert "changes the argument" in judge(counting, backs_up).message


def endless(board, point):
    while True:
        with contextlib.suppress(Exception):
            point += 1


def test_an_endless_loop_is_stopped(exercise):
    started = time.monotonic()
    result = judge(replace(exercise, seconds=0.3), endless)
    assert result.outcome == WRONG
    assert "still running after 0.3 seconds" in result.message
    assert time.monotonic() - started < 10


def test_the_alarm_is_off_afterwards(exercise):
    judge(replace(exercise, seconds=0.1), endless)
    time.sleep(0.3)


def test_a_check_outside_the_main_thread_works_without_the_alarm(exercise):
    outcomes = []
    thread = threading.Thread(target=lambda: outcomes.append(judge(exercise, neighbours).outcome))
    thread.start()
    thread.join()
    assert outcomes == [CORRECT]


def test_calling_the_function_instead_of_passing_it_gets_a_sentence(exercise):
    result = judge(exercise, {1, 2})
    assert result.outcome == WRONG
    assert "without brackets" in result.message


def test_another_seed_gives_other_positions(exercise):
    remembered = {}
    for case in exercise.generate(0):
        remembered[str(case.args)] = exercise.expected(case)

    def parrot(board, point):
        return set(remembered.get(str((board, point)), set()))

    assert judge(exercise, parrot, seed=0).outcome == CORRECT
    assert judge(exercise, parrot, seed=1).outcome == WRONG


def test_a_broken_explanation_falls_back_to_plain_words(exercise):
    result = judge(exercise, lambda board, point: {"D4", 99})
    assert result.outcome == WRONG
    assert "the answer is" in result.message


def test_an_answer_of_the_wrong_type_is_named_in_words(exercise):
    message = judge(exercise, lambda board, point: [1, 2]).message
    assert "(1, 2), which is a list or tuple, where a set is asked for" in message


def test_a_class_can_be_the_answer(exercise):
    class Counter:
        def __init__(self, board):
            self.board = board

        def at(self, point):
            return neighbours(self.board, point)

    made = replace(exercise, call=lambda answer, board, point: answer(board).at(point))
    assert judge(made, Counter).outcome == CORRECT
    assert judge(made, 3).outcome == RAISED


def test_an_unknown_exercise_names_its_nearest(exercise):
    with pytest.raises(GoError, match="did you mean 97-free"):
        find_exercise("97-fre")


def test_an_exercise_needs_three_hints(exercise):
    with pytest.raises(ValueError, match="three hints"):
        replace(exercise, hints=("one",))


def test_plain_data_is_rebuilt_from_built_in_types():
    value = plain([np.int64(3), np.bool_(True), {1: {2}}, np.array([[1, 2]])])
    assert value == (3, True, {1: frozenset({2})}, ((1, 2),))
    assert [type(item) for item in value[:2]] == [int, bool]
    with pytest.raises(NotPlainError, match="class AlwaysEqual"):
        plain([AlwaysEqual()])
    with pytest.raises(NotPlainError):
        plain(np.array([AlwaysEqual()], dtype=object))


@pytest.mark.parametrize(
    ("expected", "got", "equal"),
    [
        (1, True, False),
        (True, 1, False),
        (0.1 + 0.2, 0.3, True),
        (1.0, 1, True),
        (1, 1.0, False),
        ((1, (2.0,)), (1, (2.0 + 1e-12,)), True),
        ((1, 2), (1,), False),
        ({"a": 1}, {"a": 1}, True),
        ({"a": 1}, {"b": 1}, False),
        (None, 0, False),
    ],
)
def test_same(expected, got, equal):
    assert same(expected, got) is equal


def test_sets_are_shown_in_order():
    assert show(frozenset({10, 9, 1})) == "{1, 9, 10}"
    assert show(frozenset()) == "an empty set"
    assert len(show(tuple(range(1000)))) < 300


def test_failure_defaults_to_the_cases_board(exercise):
    silent = replace(exercise, explain=lambda case, expected, got: Failure("no"))
    result = judge(silent, lambda board, point: {99})
    assert np.array_equal(result.board, exercise.generate(0)[0].board)
    assert result.marks == exercise.generate(0)[0].marks


def test_boards_need_not_be_square(exercise):
    board = np.array([[0, 1, 0], [2, 0, 0]])
    text = board_text(board, {np.int64(5): "here", 6: "off the board"})
    assert text.splitlines() == ["   A B C", " 2 . X .", " 1 O . .", "marked: C1 (here)"]
    oblong = replace(exercise, cases=lambda rng: [Case((board, 0), board=board)])
    assert "<svg" in judge(oblong, lambda board, point: {5})._repr_html_()


class Picture:
    """A drawing as a chapter makes it: text, and HTML."""

    def __init__(self, words):
        self.words = words

    def __str__(self):
        return self.words

    def _repr_html_(self):
        return f"<b>{self.words}</b>"


def test_a_failure_shows_its_drawing_or_that_of_the_case(exercise):
    def cases(rng):
        return [replace(case, board=None, drawing=Picture("case")) for case in exercise.cases(rng)]

    for drawing, shown in ((None, "case"), (Picture("failure"), "failure")):

        def explain(case, expected, got, drawing=drawing):
            return Failure("no", drawing=drawing)

        result = judge(replace(exercise, cases=cases, explain=explain), lambda *args: frozenset())
        assert result.outcome == "wrong"
        assert str(result).endswith(shown)
        assert f"<b>{shown}</b>" in result._repr_html_()


def test_a_crash_shows_the_drawing_of_its_case(exercise):
    def cases(rng):
        return [replace(case, drawing=Picture("case")) for case in exercise.cases(rng)]

    result = judge(replace(exercise, cases=cases), lambda *args: 1 / 0)
    assert result.outcome == "raised"
    assert "<b>case</b>" in result._repr_html_()
