"""Text sources to notebook cells: which cells a notebook has, under which ids."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from pathlib import Path

from gokit.lessons.exercise import Exercise, find_exercise
from gokit.lessons.sources import (
    Cell,
    SourceError,
    exercise_of,
    read_source,
    stub_of,
)

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
GRADED_HEADING = (
    "## For a graded course\n\n"
    "Leave this part as it is. Where an instructor grades your notebook, these cells do it, on "
    "positions of the instructor's own; otherwise you need not run them."
)
_HEADER = re.compile(r"^\{header ([\w-]+)\}$", re.MULTILINE)
_LONGEST_SLUG = 32


def chapter_cells(path: Path) -> list[dict]:
    """The cells of a chapter's notebook, as nbformat dictionaries without outputs."""
    sources = read_source(path)
    return _with_ids(path, sources, [_notebook_cell(cell, cell.text) for cell in sources])


def exercise_cells(path: Path, *, solved: bool) -> list[dict]:
    """The cells of an exercise notebook, with stubs, or of its solution, with answers.

    The cells for nbgrader are marked as such: an answer cell holds stub and visible check, and
    one locked cell for each exercise stands at the end, where it is in nobody's way.
    """
    sources = read_source(path)
    exercises: list[tuple[Exercise, str]] = []
    cells = []
    for source in sources:
        text = source.text
        if source.kind == "markdown":
            text = _HEADER.sub(lambda match: find_exercise(match[1]).header(), text)
        cell = _notebook_cell(source, text)
        if source.is_exercise:
            place = f"{path}, line {source.line}"
            found = exercise_of(text)
            if found is None:
                raise SourceError(f'{place}: a solution without `check("id", function)` below it')
            exercise = find_exercise(found[0])
            exercises.append((exercise, found[1]))
            source.options.setdefault("id", exercise.id)
            stub = stub_of(text, place)
            cell["source"] = text if solved else stub
            cell["metadata"]["nbgrader"] = _nbgrader(exercise.id, solution=True)
        cells.append(cell)
    # Named before some are left out, so that a cell has one name in both notebooks.
    named = zip(sources, _with_ids(path, sources, cells), strict=True)
    unwanted = "exercise" if solved else "solution"
    cells = [cell for source, cell in named if source.options.get("only") != unwanted]
    if exercises:
        cells += _graded_cells(path.stem[:2], exercises)
    return _unique(path, cells)


def _graded_cells(number: str, exercises: list[tuple[Exercise, str]]) -> list[dict]:
    heading = {"cell_type": "markdown", "id": f"{number}-graded", "metadata": {}}
    cells = [{**heading, "source": GRADED_HEADING}]
    for exercise, answer in exercises:
        name = f"{exercise.id}-graded"
        source = f'from gokit.lessons import grade\n\ngrade("{exercise.id}", {answer})'
        cell = _notebook_cell(Cell("code", source, 0), source)
        cell["id"] = name
        cell["metadata"]["nbgrader"] = {
            **_nbgrader(name, solution=False),
            "grade": True,
            "locked": True,
            "points": exercise.points,
        }
        cells.append(cell)
    return cells


def _nbgrader(grade_id: str, *, solution: bool) -> dict:
    return {
        "grade": False,
        "grade_id": grade_id,
        "locked": False,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }


def _notebook_cell(source: Cell, text: str) -> dict:
    cell: dict = {"cell_type": source.kind, "metadata": {}, "source": text}
    if source.options.get("tags"):
        cell["metadata"]["tags"] = list(source.options["tags"])
    if source.options.get("alt"):
        cell["metadata"]["alt"] = source.options["alt"]
    if source.kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    return cell


def _with_ids(path: Path, sources: list[Cell], cells: list[dict]) -> list[dict]:
    """Name each cell: chapter, section, number within the section; or what `id=` says.

    A section begins at a `## heading` (or where `section=` says so), so a cell added in one
    section renames no cell of another.
    """
    number = path.stem[:2]
    section, count = "start", 0
    for source, cell in zip(sources, cells, strict=True):
        heading = re.match(r"## +(.+)", source.text) if source.kind == "markdown" else None
        named = source.options.get("section")
        if heading or named:
            section, count = named or _slug(heading[1]), 0
        count += 1
        cell["id"] = source.options.get("id") or f"{number}-{section}-{count:02d}"
    return _unique(path, cells)


def _slug(heading: str) -> str:
    ascii_only = unicodedata.normalize("NFKD", heading).encode("ascii", "ignore").decode()
    # Not "3. Ko": a section that moves up keeps its name.
    unnumbered = re.sub(r"^\s*[\d.]+\s+", "", ascii_only.lower())
    words = re.findall(r"[a-z0-9]+", unnumbered)
    slug = ""
    for word in words:
        longer = f"{slug}-{word}" if slug else word
        if len(longer) > _LONGEST_SLUG:
            break
        slug = longer
    return slug or "section"


def _unique(path: Path, cells: list[dict]) -> list[dict]:
    seen = set()
    for cell in cells:
        name = cell["id"]
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name):
            raise SourceError(f"{path}: {name!r} cannot be a cell id")
        if name in seen:
            raise SourceError(
                f'{path}: two cells are called {name}; give one `id="..."` or its section '
                f'`section="..."`'
            )
        seen.add(name)
    return cells


def notebook(cells: list[dict]) -> dict:
    """A whole notebook, format 4.5, around these cells."""
    return {"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}


# Folder of the notebook -> (folder of its source, how to make its cells).
KINDS: dict[str, tuple[str, Callable[[Path], list[dict]]]] = {
    "chapters": ("chapters/source", chapter_cells),
    "exercises": ("exercises/source", lambda path: exercise_cells(path, solved=False)),
    "solutions": ("exercises/source", lambda path: exercise_cells(path, solved=True)),
}
