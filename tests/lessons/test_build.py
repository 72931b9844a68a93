"""Text sources to notebooks and back: stable, deterministic, and watched for drift."""

from __future__ import annotations

import copy
import json

import pytest

from gokit.lessons import build as builder
from gokit.lessons.build import build, drift, main, to_bytes
from gokit.lessons.execution import NotebookError, clean_outputs, execute
from gokit.lessons.notebooks import chapter_cells, exercise_cells, notebook
from gokit.lessons.sources import SourceError, parse_source, solution_of, stub_of
from tests.lessons import demo

CHAPTER = "chapters/97_demo.ipynb"
EXERCISES = "exercises/97_demo.ipynb"
SOLUTIONS = "solutions/97_demo.ipynb"


def read(course, name):
    return json.loads((course / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def built_once(tmp_path_factory):
    """The demonstration, built once for this module: kernels take seconds to start."""
    import sys

    import gokit.lessons.checks
    from gokit.lessons.exercise import chapter_exercises

    root = demo.write(tmp_path_factory.mktemp("built"))
    patch = pytest.MonkeyPatch()
    paths = [*gokit.lessons.checks.__path__, str(root / "checks")]
    patch.setattr(gokit.lessons.checks, "__path__", paths)
    build(root)
    yield root
    patch.undo()
    chapter_exercises.cache_clear()
    sys.modules.pop("gokit.lessons.checks.ch97", None)


@pytest.fixture
def built(built_once, course):
    """A fresh copy of the built demonstration."""
    for name in (CHAPTER, EXERCISES, SOLUTIONS):
        path = course / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes((built_once / name).read_bytes())
    return course


def edit(course, name, change):
    content = read(course, name)
    change(content)
    (course / name).write_bytes(to_bytes(content))


def test_what_is_built_has_not_drifted(built):
    assert drift(built) == []


def test_cell_ids_come_from_sections_or_are_given(built):
    assert [cell["id"] for cell in read(built, CHAPTER)["cells"]] == [
        "97-start-01",
        "97-start-02",
        "97-how-many-points-has-a-board-01",
        "97-how-many-points-has-a-board-02",
        "97-figure-01",
        "97-figure-02",
        "97-last",
    ]
    assert [cell["id"] for cell in read(built, EXERCISES)["cells"]] == [
        "97-start-01",
        "97-start-02",
        "97-neighbours-01",
        "97-free",
        "97-neighbours-04",
        "97-graded",
        "97-free-graded",
    ]


def test_a_cell_added_in_one_section_renames_none_of_another(course):
    source = course / "chapters/source/97_demo.py"
    before = [cell["id"] for cell in chapter_cells(source)]
    text = source.read_text().replace(
        "# %% [markdown] section=", "# %%\n1\n\n# %% [markdown] section="
    )
    source.write_text(text)
    after = [cell["id"] for cell in chapter_cells(source)]
    assert [name for name in after if name not in before] == ["97-how-many-points-has-a-board-03"]
    assert [name for name in after if name in before] == before


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("Where is life?", "97-where-is-life-01"),
        ("3. Ko, and superko", "97-ko-and-superko-01"),
        ("Zobrist’s naïve hash", "97-zobrists-naive-hash-01"),
        ("A heading of very many words that never ends", "97-a-heading-of-very-many-words-01"),
        ("囲碁", "97-section-01"),
    ],
)
def test_a_sections_name_comes_from_its_words(tmp_path, heading, name):
    source = tmp_path / "97_x.py"
    source.write_text(f"# %% [markdown]\n# ## {heading}\n", encoding="utf-8")
    assert [cell["id"] for cell in chapter_cells(source)] == [name]


def test_metadata_holds_nothing_of_the_machine(built):
    for name in (CHAPTER, EXERCISES, SOLUTIONS):
        content = read(built, name)
        assert content["metadata"]["kernelspec"]["name"] == "python3"
        assert content["metadata"]["language_info"] == {"name": "python"}
        for cell in content["cells"]:
            assert set(cell["metadata"]) <= {"nbgrader", "tags", "alt"}


def test_the_notebooks_are_valid(built):
    nbformat = pytest.importorskip("nbformat")
    for name in (CHAPTER, EXERCISES, SOLUTIONS):
        nbformat.validate(nbformat.read(built / name, as_version=4))


def test_chapters_and_solutions_are_executed_and_exercises_are_not(built):
    for name in (CHAPTER, SOLUTIONS):
        counts = [
            c["execution_count"] for c in read(built, name)["cells"] if c["cell_type"] == "code"
        ]
        assert counts == list(range(1, len(counts) + 1))
    stripped = [c for c in read(built, EXERCISES)["cells"] if c["cell_type"] == "code"]
    assert all(cell["execution_count"] is None and cell["outputs"] == [] for cell in stripped)
    outputs = {cell["id"]: cell.get("outputs") for cell in read(built, CHAPTER)["cells"]}
    assert outputs["97-how-many-points-has-a-board-02"][0]["text"] == "points: 25\n"
    assert outputs["97-last"][0]["data"]["text/plain"] == "{1, 2, 3}"


def test_a_picture_carries_its_alternative_text(built):
    cells = {cell["id"]: cell for cell in read(built, CHAPTER)["cells"]}
    output = cells["97-figure-02"]["outputs"][0]
    assert output["metadata"] == {"image/png": {"alt": "A straight line"}}
    assert output["data"]["text/plain"] == "A straight line"
    assert cells["97-figure-02"]["metadata"]["tags"] == ["hide-input"]


def test_stub_and_answer_stand_in_one_cell_with_the_check(built):
    stub = {cell["id"]: cell for cell in read(built, EXERCISES)["cells"]}["97-free"]
    answer = {cell["id"]: cell for cell in read(built, SOLUTIONS)["cells"]}["97-free"]
    assert "    # YOUR CODE HERE\n    raise NotImplementedError()\n" in stub["source"]
    assert stub["source"].endswith('check("97-free", free_neighbours)')
    assert "found.add" not in stub["source"]
    assert "found.add" in answer["source"]
    shown = answer["outputs"][0]["data"]
    assert "✓ 97-free: correct" in shown["text/plain"]
    assert "text/html" in shown
    assert len(answer["outputs"]) == 1


def test_text_for_one_of_the_two_notebooks_only(built):
    assert "the range test does it" not in str(read(built, EXERCISES))
    assert "the range test does it" in str(read(built, SOLUTIONS))
    assert "Stuck?" not in str(read(built, SOLUTIONS))
    names = [{cell["id"] for cell in read(built, name)["cells"]} for name in (EXERCISES, SOLUTIONS)]
    assert [sorted(names[0] - names[1]), sorted(names[1] - names[0])] == [
        ["97-neighbours-04"],
        ["97-neighbours-03"],
    ]


def test_the_header_line_is_the_exercises_own(built):
    header = "*easy (2 of 5) · 5 minutes · 2 points · the first half of counting liberties*"
    assert (
        header
        in {c["id"]: c for c in read(built, EXERCISES)["cells"]}["97-neighbours-01"]["source"]
    )


def test_nbgrader_finds_its_metadata(built):
    for name in (EXERCISES, SOLUTIONS):
        cells = {cell["id"]: cell for cell in read(built, name)["cells"]}
        marked = {
            key: c["metadata"]["nbgrader"]
            for key, c in cells.items()
            if "nbgrader" in c["metadata"]
        }
        assert marked == {
            "97-free": {
                "grade": False,
                "grade_id": "97-free",
                "locked": False,
                "schema_version": 3,
                "solution": True,
                "task": False,
            },
            "97-free-graded": {
                "grade": True,
                "grade_id": "97-free-graded",
                "locked": True,
                "points": 2,
                "schema_version": 3,
                "solution": False,
                "task": False,
            },
        }
        assert cells["97-free-graded"]["source"].endswith('grade("97-free", free_neighbours)')
    graded = {cell["id"]: cell for cell in read(built, SOLUTIONS)["cells"]}["97-free-graded"]
    assert graded["outputs"][-1]["data"]["text/plain"] == "2.0"


def test_nbgrader_releases_the_exercises_that_we_commit(built):
    preprocessors = pytest.importorskip("nbgrader.preprocessors")
    nbformat = pytest.importorskip("nbformat")
    from nbgrader.nbgraderformat import MetadataValidator

    ours = nbformat.read(built / EXERCISES, as_version=4)
    released = nbformat.read(built / SOLUTIONS, as_version=4)
    for content in (ours, released):
        MetadataValidator().validate_nb(content)
    preprocessors.ClearSolutions().preprocess(released, {})
    sources = [
        {cell.id: cell.source for cell in content.cells if cell.cell_type == "code"}
        for content in (released, ours)
    ]
    assert sources[0] == sources[1]


def test_building_again_writes_nothing(built, monkeypatch):
    monkeypatch.setattr(builder, "execute", pytest.fail)
    assert build(built) == []


def test_running_again_gives_the_same_bytes(built):
    before = {name: (built / name).read_bytes() for name in (CHAPTER, SOLUTIONS)}
    build(built, again=True)
    assert {name: (built / name).read_bytes() for name in before} == before


def test_prose_can_change_without_running_anything(built, monkeypatch):
    monkeypatch.setattr(builder, "execute", pytest.fail)
    source = built / "chapters/source/97_demo.py"
    source.write_text(source.read_text().replace("*before*", "well before"))
    assert [path.name for path in build(built)] == ["97_demo.ipynb"]
    assert "well before" in str(read(built, CHAPTER))
    assert drift(built) == []


def test_changed_code_is_run(built):
    source = built / "chapters/source/97_demo.py"
    source.write_text(source.read_text().replace("points:", "number:"))
    build(built, ["97_demo"])
    assert "number: 25" in str(read(built, CHAPTER))


def test_a_cell_that_fails_leaves_the_old_notebook_and_names_itself(built):
    before = (built / CHAPTER).read_bytes()
    source = built / "chapters/source/97_demo.py"
    source.write_text(source.read_text().replace("== 25", "== 26"))
    with pytest.raises(
        NotebookError, match=r"chapters/97_demo.*97-how-many.*-02 raised[\s\S]*Assert"
    ):
        build(built)
    assert (built / CHAPTER).read_bytes() == before


def cell_of(content, name):
    return next(cell for cell in content["cells"] if cell["id"] == name)


def set_output(content, **output):
    cell_of(content, "97-last")["outputs"] = [output]


DRIFTS = {
    "source": (
        CHAPTER,
        lambda nb: cell_of(nb, "97-last").update(source="{4}"),
        r"97-last, text:\n.*\n.*\n.*\n +-\{4\}\n +\+\{3, 1, 2\}",
    ),
    "id": (CHAPTER, lambda nb: cell_of(nb, "97-last").update(id="x"), r"cells differ[\s\S]*-x\n"),
    "cell metadata": (
        CHAPTER,
        lambda nb: cell_of(nb, "97-last")["metadata"].update(scrolled=True),
        "97-last, metadata",
    ),
    "points": (
        EXERCISES,
        lambda nb: cell_of(nb, "97-free-graded")["metadata"]["nbgrader"].update(points=50),
        "97-free-graded, metadata",
    ),
    "kind": (
        CHAPTER,
        lambda nb: cell_of(nb, "97-start-01").update(cell_type="raw"),
        "97-start-01 is raw, not markdown",
    ),
    "notebook metadata": (
        CHAPTER,
        lambda nb: nb["metadata"].update(widgets={}),
        "notebook metadata differs",
    ),
    "format": (CHAPTER, lambda nb: nb.update(nbformat_minor=4), "format"),
    "missing cell": (CHAPTER, lambda nb: nb["cells"].pop(), "cells differ"),
    "not executed": (
        CHAPTER,
        lambda nb: cell_of(nb, "97-last").update(execution_count=None),
        "97-last was never executed",
    ),
    "error": (
        SOLUTIONS,
        lambda nb: cell_of(nb, "97-free").update(
            outputs=[{"output_type": "error", "ename": "E", "evalue": "", "traceback": []}]
        ),
        "97-free holds an error",
    ),
    "widget view": (
        CHAPTER,
        lambda nb: set_output(
            nb,
            output_type="display_data",
            metadata={},
            data={"application/vnd.jupyter.widget-view+json": {}},
        ),
        "97-last holds a widget view",
    ),
    "stderr": (
        CHAPTER,
        lambda nb: set_output(nb, output_type="stream", name="stderr", text="Warning"),
        "97-last holds standard error",
    ),
    "output in an exercise": (
        EXERCISES,
        lambda nb: cell_of(nb, "97-free").update(
            outputs=[{"output_type": "stream", "name": "stdout", "text": "x"}]
        ),
        "97-free has outputs",
    ),
}


@pytest.mark.parametrize(("name", "change", "symptom"), DRIFTS.values(), ids=DRIFTS)
def test_drift_is_found_and_named(built, capsys, name, change, symptom):
    import re

    edit(built, name, change)
    faults = drift(built)
    assert len(faults) == 1, faults
    assert faults[0].startswith(f"{name}: ")
    assert re.search(symptom, faults[0]), faults[0]
    assert main(["--root", str(built), "--check"]) == 1
    assert "1 differences" in capsys.readouterr().out


def test_a_changed_source_is_drift(built):
    source = built / "exercises/source/97_demo.py"
    source.write_text(source.read_text().replace("found = set()", "found = {*()}"))
    assert [fault.split(":")[0] for fault in drift(built)] == [SOLUTIONS]


def test_missing_and_orphaned_notebooks_are_drift(built):
    (built / EXERCISES).rename(built / "exercises/98_other.ipynb")
    assert drift(built) == [
        f"{EXERCISES}: missing or unreadable",
        "exercises/98_other.ipynb: has no source",
    ]


def test_the_command_line(built, capsys):
    assert main(["--root", str(built), "--check"]) == 0
    assert "3 notebooks are what their sources give" in capsys.readouterr().out
    assert main(["--root", str(built)]) == 0
    assert "0 of 3 notebooks changed" in capsys.readouterr().out
    assert main(["--root", str(built), "98_no"]) == 2
    assert "no source is called '98_no' (there are 97_demo)" in capsys.readouterr().err


def code_cells(*sources):
    cells = [
        {
            "cell_type": "code",
            "id": f"cell-{number}",
            "metadata": {},
            "source": source,
            "execution_count": None,
            "outputs": [],
        }
        for number, source in enumerate(sources)
    ]
    return notebook(cells)


def test_kernels_see_the_dials_and_no_display_backend(tmp_path, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    asked = "print([os.environ.get(n) for n in ('GOKIT_STATIC', 'GOKIT_FAST', 'MPLBACKEND')])"
    ran = execute(code_cells(f"import os\n{asked}\nprint(os.environ['GOKIT_HOME'])"), tmp_path)
    first, home = ran["cells"][0]["outputs"][0]["text"].splitlines()
    # ipykernel sets its own inline backend where none is given.
    assert first.startswith("['1', '0', ")
    assert "agg'" not in first
    assert "gokit-build-" in home


def test_in_a_kernel_an_error_is_shown_at_the_cells_own_line(course):
    setup = 'import gokit.lessons.checks\ngokit.lessons.checks.__path__.append("checks")'
    answer = (
        "from gokit.lessons import check\n"
        "def slips(board, point):\n"
        "    return board[point]  # the learner's line\n"
        "def endless(board, point):\n"
        "    return endless(board, point)\n"
        'check("97-free", slips)\n'
        'check("97-free", endless)'
    )
    ran = execute(code_cells(setup, answer), course)
    shown = [output["data"]["text/plain"] for output in ran["cells"][1]["outputs"]]
    assert len(shown) == 2
    assert "in slips, line 3 of its cell" in shown[0]
    assert "    return board[point]  # the learner's line" in shown[0]
    assert "RecursionError" in shown[1]
    assert "in endless, line 5 of its cell" in shown[1]


def test_a_cell_that_never_ends_is_named(tmp_path):
    with pytest.raises(NotebookError, match="cell-1 ran longer than 2 seconds"):
        execute(code_cells("1", "while True: pass"), tmp_path, seconds=2)


def stream(name, text):
    return {"output_type": "stream", "name": name, "text": text}


def test_outputs_are_cleaned():
    widget = {
        "output_type": "display_data",
        "metadata": {},
        "data": {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}},
    }
    with_text = copy.deepcopy(widget)
    with_text["data"]["text/plain"] = "a board"
    bar = stream("stderr", "\rgames:  50%|#####     | 5/10 [00:01<00:01,  4.9it/s]")
    outputs = [stream("stdout", "a"), bar, stream("stdout", "b\n"), widget, with_text]
    assert clean_outputs(copy.deepcopy(outputs), "x") == [
        stream("stdout", "ab\n"),
        {"output_type": "display_data", "metadata": {}, "data": {"text/plain": "a board"}},
    ]
    with pytest.raises(NotebookError, match=r"cell x writes to standard error.*DeprecationWarning"):
        clean_outputs([stream("stderr", "DeprecationWarning: old\n")], "x")


def test_jupytext_reads_the_same_cells(course):
    jupytext = pytest.importorskip("jupytext")
    for name in ("chapters", "exercises"):
        path = course / name / "source/97_demo.py"
        theirs = [(c.cell_type, c.source) for c in jupytext.read(path, fmt="py:percent").cells]
        ours = [(cell.kind, cell.text) for cell in parse_source(path.read_text())]
        assert ours == theirs


def test_magics_are_written_as_comments():
    cells = parse_source("# %%\n# %pip install gokit\n# !ls\n# a comment\nx = 1\n")
    assert cells[0].text == "%pip install gokit\n!ls\n# a comment\nx = 1"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('# %% name="x"', r"source, line 1: no option 'name'"),
        ("# %% id=x y", "line 1"),
        ("# %% nonsense", "cannot read 'nonsense'"),
    ],
)
def test_a_marker_line_that_makes_no_sense_is_named(text, message):
    with pytest.raises(SourceError, match=message):
        parse_source(text)


@pytest.mark.parametrize(
    "text",
    [
        "### BEGIN SOLUTION\n1",
        "1\n### END SOLUTION",
        "### BEGIN SOLUTION\n### BEGIN SOLUTION\n### END SOLUTION",
    ],
)
def test_unbalanced_solutions_are_refused(text):
    with pytest.raises(SourceError, match="a solution"):
        stub_of(text)


def test_solution_text_drops_a_check_of_several_lines():
    answer = "def f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION\n"
    assert solution_of(answer + '\ncheck(\n    "a", f\n)') == "def f():\n    return 1"


def test_two_cells_with_one_id_are_refused(course):
    source = course / "chapters/source/97_demo.py"
    source.write_text(demo.CHAPTER.replace('id="97-last"', 'id="97-start-01"'))
    with pytest.raises(SourceError, match="two cells are called 97-start-01"):
        chapter_cells(source)


def test_a_solution_without_a_check_is_refused(course):
    source = course / "exercises/source/97_demo.py"
    source.write_text(demo.EXERCISES.replace('check("97-free", free_neighbours)', ""))
    with pytest.raises(SourceError, match=r"line \d+: a solution without `check"):
        exercise_cells(source, solved=True)
