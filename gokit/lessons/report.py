"""The table of a reader's progress, for a notebook, a terminal and a script."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from gokit.lessons.exercise import chapter_exercises, chapters
from gokit.lessons.record import load


@dataclass(frozen=True)
class ChapterProgress:
    """One chapter: its exercises as (id, title, points, state), solved ones first counted."""

    chapter: str
    exercises: tuple[tuple[str, str, float, str], ...]

    @property
    def solved(self) -> int:
        return sum(state == "correct" for *_, state in self.exercises)

    @property
    def points(self) -> float:
        return sum(points for _, _, points, state in self.exercises if state == "correct")

    @property
    def possible(self) -> float:
        return sum(points for _, _, points, _ in self.exercises)

    @property
    def next(self) -> str:
        """The first exercise that is not solved yet, or "" where none is left."""
        return next((name for name, *_, state in self.exercises if state != "correct"), "")


class Progress:
    """All chapters that have exercises, as a table."""

    def __init__(self, rows: list[ChapterProgress]) -> None:
        self.rows = rows

    def to_dict(self) -> dict:
        """Plain data: chapters with their exercises, each with id, points and state."""
        return {
            "chapters": [
                {
                    "chapter": row.chapter,
                    "solved": row.solved,
                    "exercises": [
                        {"id": name, "title": title, "points": points, "state": state}
                        for name, title, points, state in row.exercises
                    ],
                    "points": row.points,
                    "possible": row.possible,
                }
                for row in self.rows
            ]
        }

    def _table(self) -> list[tuple[str, str, str, str]]:
        return [
            (
                row.chapter,
                f"{row.solved} of {len(row.exercises)}",
                f"{row.points:g} of {row.possible:g}",
                row.next or "all solved",
            )
            for row in self.rows
        ]

    def __str__(self) -> str:
        if not self.rows:
            return "There are no exercises yet."
        rows = [_HEAD, *self._table()]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join(
            "  ".join(f"{text:{width}}" for text, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col">{escape(text)}</th>' for text in _HEAD)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>"
            for row in self._table()
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


_HEAD = ("chapter", "solved", "points", "next")


def progress() -> Progress:
    """Your exercises so far, chapter by chapter (the file is ~/.gokit/progress.json)."""
    known = load()
    rows = []
    for chapter in chapters():
        exercises = tuple(
            (exercise.id, exercise.title, float(exercise.points), _state(known.get(exercise.id)))
            for exercise in chapter_exercises(chapter)
        )
        if exercises:
            rows.append(ChapterProgress(chapter, exercises))
    return Progress(rows)


def _state(known: dict | None) -> str:
    if not known:
        return "not attempted"
    return "correct" if "solved" in known else str(known.get("outcome", "not attempted"))
