"""Studies: resumable, whole on disk, tamper-evident, and true when they are run again."""

from __future__ import annotations

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gokit import studies
from gokit.__main__ import main
from gokit.go.errors import GoError

TOY = """
from pathlib import Path
QUESTION = "How much is twice a number?"
CELLS = [{"number": n, "seed": seed} for seed in (1, 2) for n in (1, 2)]
SMALLEST = CELLS[0]
TOLERANCE = {"twice": 0.5}
LOG = Path(__file__).with_name("log")
def run(cell):
    with open(LOG, "a") as log:
        print(cell["number"], cell["seed"], file=log)
    exec(Path(__file__).with_name("trouble").read_text(), {"cell": cell})
    return {"twice": 2 * cell["number"], "curve": [{"passes": 1, "top1": 0.1}]}
"""


class Toy:
    """A study of four cells, which can be given trouble."""

    def __init__(self, folder: Path) -> None:
        self.modules, self.out = folder / "modules", folder / "out"
        self.modules.mkdir()
        (self.modules / "toy.py").write_text(TOY)
        self.trouble("")

    def trouble(self, code: str) -> None:
        (self.modules / "trouble").write_text(code)

    def ran(self) -> list[str]:
        log = self.modules / "log"
        return log.read_text().splitlines() if log.exists() else []

    @property
    def file(self) -> Path:
        return self.out / "toy.json"

    def run(self, **options: object) -> list[dict]:
        return [cell for cell, _ in studies.run("toy", self.out, **options)]


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Toy:
    made = Toy(tmp_path)
    monkeypatch.setattr(studies, "__path__", [str(made.modules)])
    yield made
    sys.modules.pop("gokit.studies.toy", None)
    vars(studies).pop("toy", None)


def test_a_run_gives_a_row_for_each_cell_with_where_it_comes_from(toy: Toy) -> None:
    assert len(toy.run()) == 4
    rows = studies.load("toy", toy.out)
    assert [(row["number"], row["seed"], row["twice"]) for row in rows] == [
        (1, 1, 2), (2, 1, 4), (1, 2, 2), (2, 2, 4),
    ]  # fmt: skip
    assert all(row["processor_seconds"] >= 0 for row in rows)
    content = studies.read("toy", toy.out)
    assert content["command"] == "python -m gokit study toy"
    assert content["question"].startswith("How much")
    assert {"python", "numpy", "torch", "gokit"} <= set(content["cells"][0]["versions"])
    assert "cores" in content["cells"][0]["machine"]


def test_only_what_is_missing_is_run(toy: Toy) -> None:
    assert toy.run(only={"seed": "2"}) == [{"number": 1, "seed": 2}, {"number": 2, "seed": 2}]
    assert toy.ran() == ["1 2", "2 2"]
    toy.run()
    assert toy.ran() == ["1 2", "2 2", "1 1", "2 1"]
    assert toy.run() == []
    assert [row["seed"] for row in studies.load("toy", toy.out)] == [1, 1, 2, 2]


def test_several_workers_give_the_rows_of_one(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    def pool(workers: int, mp_context: object) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(workers)

    monkeypatch.setattr(studies, "ProcessPoolExecutor", pool)
    toy.run(workers=2)
    assert [row["twice"] for row in studies.load("toy", toy.out)] == [2, 4, 2, 4]


def test_a_killed_run_goes_on_where_it_was(toy: Toy) -> None:
    toy.trouble(f"if cell['number'] == 2: import os; os.kill(os.getpid(), {int(signal.SIGTERM)})")
    code = (
        "import sys; from gokit import studies; studies.__path__ = [sys.argv[1]]\n"
        "list(studies.run('toy', sys.argv[2]))"
    )
    killed = subprocess.run([sys.executable, "-c", code, toy.modules, toy.out], check=False)
    assert killed.returncode != 0
    assert [row["number"] for row in studies.load("toy", toy.out)] == [1]
    toy.trouble("")
    assert len(toy.run()) == 3
    assert toy.ran() == ["1 1", "2 1", "2 1", "1 2", "2 2"]
    assert [path.name for path in toy.out.iterdir()] == ["toy.json"]


def test_a_cell_that_fails_leaves_the_others(toy: Toy) -> None:
    toy.trouble("if cell['seed'] == 2: raise ValueError('no')")
    with pytest.raises(ValueError, match="no"):
        toy.run()
    assert len(studies.load("toy", toy.out)) == 2


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda text: text[:-40], "damaged"),
        (lambda text: "", "damaged"),
        (lambda text: "[]", "damaged"),
        (lambda text: text.replace('"twice": 4', '"twice": 5', 1), "altered"),
        (lambda text: text.replace('"gokit study 1"', '"gokit study 9"'), "format"),
        (lambda text: text.replace('"study": "toy"', '"study": "other"'), "does not hold"),
    ],
    ids=["cut off", "empty", "another thing", "a number", "the format", "the name"],
)
def test_a_damaged_file_is_refused_and_not_overwritten(toy: Toy, damage, message: str) -> None:
    toy.run()
    damaged = damage(toy.file.read_text())
    toy.file.write_text(damaged)
    with pytest.raises(GoError, match=message):
        studies.load("toy", toy.out)
    with pytest.raises(GoError, match=message):
        toy.run()
    assert toy.file.read_text() == damaged


def test_results_of_cells_that_are_no_more_are_dropped(toy: Toy) -> None:
    toy.run(only={"seed": "1"})
    study = studies.find("toy")
    study.CELLS = [{"number": 3, "seed": 1}, *study.CELLS[1:2]]
    toy.run()
    assert [row["number"] for row in studies.load("toy", toy.out)] == [3, 2]


def test_unknown_names_and_cells_are_said(toy: Toy) -> None:
    with pytest.raises(GoError, match="a study is one of toy, not 'top'"):
        studies.load("top")
    with pytest.raises(GoError, match=r"not there: python -m gokit study toy makes it"):
        studies.load("toy", toy.out)
    with pytest.raises(GoError, match="no cell number=7"):
        studies.rerun("toy", {"number": 7})
    with pytest.raises(GoError, match="no cell with colour=red"):
        toy.run(only={"colour": "red"})


def test_a_cell_run_again_gives_its_row(toy: Toy) -> None:
    toy.run()
    again = studies.rerun("toy", {"number": 2, "seed": 1})
    row = studies.load("toy", toy.out)[1]
    assert {**again, "processor_seconds": 0} == {**row, "processor_seconds": 0}
    assert studies.rerun("toy")["number"] == 1
    assert len(studies.load("toy", toy.out)) == 4


def test_differences_name_the_numbers_that_are_off() -> None:
    row, tolerance = {"a": 1.0, "b": 2.0}, {"a": 0.1, "b": 0.1}
    assert studies.differences(row, {"a": 1.05, "b": 1.95}, tolerance) == []
    assert studies.differences(row, {"a": 1.3, "b": 2.0}, tolerance) == [
        "a is 1.3000, not 1.0000 ± 0.1"
    ]
    assert len(studies.differences(row, {"a": float("nan"), "b": 2.0}, tolerance)) == 1


def test_a_result_that_is_no_number_is_not_written(toy: Toy, monkeypatch) -> None:
    monkeypatch.setattr(studies.find("toy"), "run", lambda cell: {"twice": float("nan")})
    with pytest.raises(ValueError, match="JSON"):
        toy.run()
    assert not toy.file.exists()


def test_results_may_not_hide_settings(toy: Toy, monkeypatch) -> None:
    monkeypatch.setattr(studies.find("toy"), "run", lambda cell: {"number": 1})
    with pytest.raises(ValueError, match="names in common"):
        toy.run()


def test_the_command_runs_and_lists(toy: Toy, capsys: pytest.CaptureFixture) -> None:
    out = ["--out", str(toy.out)]
    assert main(["study"]) == 0
    assert "toy" in capsys.readouterr().out
    assert main(["study", "toy", "--only", "seed=1", *out]) == 0
    assert capsys.readouterr().out.startswith("number=1, seed=1: ")
    assert main(["study", "toy", "--list", *out]) == 0
    listed = capsys.readouterr().out.splitlines()[1:]
    assert [line.split()[0] for line in listed] == ["done", "done", "to", "to"]
    for wrong in (["top"], ["toy", "--only", "seed"], ["toy", "--workers", "0"]):
        assert main(["study", *wrong, *out]) == 2
        assert capsys.readouterr().err.startswith("gokit study: ")


@pytest.mark.parametrize("name", studies.names())
def test_what_the_course_ships_is_whole(name: str) -> None:
    study = studies.find(name)
    known = [studies.describe(cell) for cell in study.CELLS]
    assert len(set(known)) == len(known), "a cell is there twice"
    shipped = [studies.describe(done["settings"]) for done in studies.read(name)["cells"]]
    assert shipped == known, "the shipped results are not those of the study's cells"
    for row in studies.load(name):
        assert all(isinstance(row[key], float) for key in study.TOLERANCE)


@pytest.mark.slow
@pytest.mark.parametrize("name", studies.names())
def test_the_smallest_cell_gives_the_shipped_numbers_again(name: str) -> None:
    study = studies.find(name)
    shipped = next(row for row in studies.load(name) if study.SMALLEST.items() <= row.items())
    assert studies.differences(shipped, studies.rerun(name), study.TOLERANCE) == []
