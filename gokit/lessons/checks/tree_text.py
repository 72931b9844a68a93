"""A small tree as text, that shows where an answer went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

RIGHT, YOURS = "◀ right", "◀ yours"

Line = tuple[int, str, str]  # depth, words, note


class TreeText:
    """Lines of a tree, each indented by its depth; one with a note is shown in bold.

    `str` gives the same as text; a caption stands above.
    """

    def __init__(self, lines: Sequence[Line], caption: str = "") -> None:
        self.lines = list(lines)
        self.caption = caption

    def _rows(self) -> list[tuple[str, str]]:
        words = [f"{'    ' * depth}{text}" for depth, text, _ in self.lines]
        width = max(map(len, words), default=0)
        notes = [note for _, _, note in self.lines]
        return [(text.ljust(width), note) for text, note in zip(words, notes, strict=True)]

    def __str__(self) -> str:
        rows = [f"{text}  {note}".rstrip() for text, note in self._rows()]
        return "\n".join([*([self.caption] if self.caption else []), *rows])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = []
        for text, note in self._rows():
            line = escape(f"{text}  {note}".rstrip())
            rows.append(f"<strong>{line}</strong>" if note else line)
        caption = f"<div>{escape(self.caption)}</div>" if self.caption else ""
        return f'{caption}<pre style="line-height:1.35;margin:4px 0">' + "\n".join(rows) + "</pre>"


def notes(right: object, yours: object) -> dict[object, str]:
    """Notes for the right line and the learner's, by name."""
    if right == yours:
        return {right: RIGHT}
    return {yours: YOURS, right: RIGHT}
