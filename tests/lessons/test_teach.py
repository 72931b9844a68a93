"""`check`, `hint`, `solution`, `grade` and the progress file, as a reader meets them."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from gokit.__main__ import main
from gokit.go.errors import GoError
from gokit.lessons import check, grade, hint, progress, record, solution
from tests.lessons.exercise_contract import answers
from tests.lessons.test_checking import neighbours, stub


@pytest.fixture
def at_home(course, monkeypatch):
    monkeypatch.setattr("gokit.lessons.teach.course_root", lambda: course)
    return course


def test_a_check_shows_itself_and_is_recorded(exercise, capsys):
    assert check("97-free", neighbours).outcome == "correct"
    assert "✓ 97-free: correct" in capsys.readouterr().out
    assert record.load()["97-free"]["attempts"] == 1
    assert "solved" in record.load()["97-free"]


def test_once_solved_stays_solved(exercise):
    check("97-free", neighbours)
    solved = record.load()["97-free"]["solved"]
    check("97-free", lambda board, point: {1})
    known = record.load()["97-free"]
    assert (known["solved"], known["outcome"], known["attempts"]) == (solved, "wrong", 2)
    assert progress().rows[-1].solved == 1


def test_a_stub_is_no_attempt(exercise):
    check("97-free", stub)
    assert record.load() == {}


def test_hints_come_in_turn_and_the_answer_is_named_only_after_the_last(exercise, capsys):
    shown = []
    for _ in range(4):
        hint("97-free")
        shown.append(capsys.readouterr().out)
    assert "Who is a neighbour?" in shown[0]
    assert "Look four ways." in shown[1]
    assert "for step in ...:\n    if ...:" in shown[2]
    assert shown[3] == shown[2]
    assert [("solution(" in text) for text in shown] == [False, False, True, True]
    assert record.load()["97-free"]["hints"] == 3


def test_a_hint_can_be_asked_by_number(exercise, capsys):
    hint("97-free", 2)
    assert "Look four ways." in capsys.readouterr().out
    with pytest.raises(GoError, match="hints 1, 2 and 3"):
        hint("97-free", 4)


def test_the_solution_is_the_source_without_markers_and_check(exercise, at_home, capsys):
    solution("97-free")
    text = capsys.readouterr().out
    assert "found.add(r * size + c)" in text
    assert "solutions/97_demo.ipynb" in text
    assert "BEGIN SOLUTION" not in text
    assert "check(" not in text
    assert record.load()["97-free"]["solution"] is True


def test_a_withheld_solution_is_said_to_be_withheld(exercise, at_home, capsys):
    (at_home / "exercises/source/97_demo.py").unlink()
    with pytest.raises(GoError, match="unless your instructor keeps it back"):
        solution("97-free")


def test_grade_gives_points_on_the_instructors_positions(exercise, capsys, monkeypatch):
    assert grade("97-free", neighbours) == 2.0
    assert grade("97-free", stub) == 0.0
    known = {str(case.args): exercise.expected(case) for case in exercise.generate(0)}

    def parrot(board, point):
        return set(known.get(str((board, point)), set()))

    assert grade("97-free", parrot) == 2.0
    monkeypatch.setenv("GOKIT_GRADING_SEED", "41")
    assert grade("97-free", parrot) == 0.0
    assert "not yet" in capsys.readouterr().out
    monkeypatch.setenv("GOKIT_GRADING_SEED", "-1")
    with pytest.raises(GoError, match="whole number"):
        grade("97-free", neighbours)


@pytest.mark.parametrize(
    "content", [b"{", b"\xff\xfe\x00", b"[]", b'{"version": 1}', b'{"version": 1, "exercises": 3}']
)
def test_a_corrupted_progress_file_is_set_aside(exercise, home, capsys, content):
    home.mkdir()
    (home / "progress.json").write_bytes(content)
    check("97-free", neighbours)
    assert "could not be read" in capsys.readouterr().err
    assert (home / "progress.unreadable-1.json").read_bytes() == content
    assert record.load()["97-free"]["attempts"] == 1


def test_a_second_corrupted_file_does_not_replace_the_first(exercise, home):
    home.mkdir()
    for content in (b"first", b"second"):
        (home / "progress.json").write_bytes(content)
        record.load()
    kept = sorted(path.read_bytes() for path in home.glob("progress.unreadable-*.json"))
    assert kept == [b"first", b"second"]


def test_a_progress_file_that_cannot_be_opened_costs_only_the_record(exercise, home, capsys):
    (home / "progress.json").mkdir(parents=True)
    assert check("97-free", neighbours).outcome == "correct"
    assert "cannot be read" in capsys.readouterr().err


def test_a_progress_file_that_cannot_be_written_costs_only_the_record(exercise, home, capsys):
    home.write_text("a file where the folder should be")
    assert check("97-free", neighbours).outcome == "correct"
    assert "could not be saved" in capsys.readouterr().err


def test_the_progress_table(exercise, capsys):
    def last_line() -> list[str]:
        # The columns are as wide as all chapters need: only the words count here.
        return str(progress()).splitlines()[-1].split()

    assert last_line() == ["97", "0", "of", "1", "0", "of", "2", "97-free"]
    check("97-free", neighbours)
    assert last_line() == ["97", "1", "of", "1", "2", "of", "2", "all", "solved"]
    assert '<th scope="col">solved</th>' in progress()._repr_html_()
    capsys.readouterr()
    assert main(["progress", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["chapters"]
    assert rows[-1]["exercises"] == [
        {"id": "97-free", "title": "Free neighbours", "points": 2.0, "state": "correct"}
    ]


def test_importing_the_lessons_is_light():
    code = (
        "import sys, gokit.lessons; "
        "heavy = {'torch', 'numba', 'numpy', 'IPython', 'matplotlib'} & set(sys.modules); "
        "print(sorted(heavy))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    assert run.stdout.strip() == "[]"


def test_in_a_notebook_the_answer_comes_as_html_and_as_text(exercise, monkeypatch):
    IPython = pytest.importorskip("IPython")
    shown = []
    monkeypatch.setattr(IPython, "get_ipython", lambda: type("Shell", (), {"kernel": 1})())
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append(data))
    check("97-free", lambda board, point: {99})
    assert set(shown[0]) == {"text/plain", "text/html"}
    assert "99" in shown[0]["text/plain"]
    assert 'role="status"' in shown[0]["text/html"]


def test_html_escapes_what_the_learner_returned(exercise):
    result = check("97-free", lambda board, point: "<script>alert(1)</script>")
    assert "<script>" not in result._repr_html_()


def test_a_source_that_hands_its_stub_to_check_gives_it_to_the_harness(course):
    handed = answers(course / "exercises/source/97_demo.py", solved=True)
    assert handed["97-free"]([[0, 0], [0, 1]], 0) == {1, 2}
