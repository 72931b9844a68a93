"""A table of arms, or of pulls, that shows where an answer went wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

RIGHT, YOURS = "◀ right", "◀ yours"
# Half transparent, so that the numbers stay readable on a dark page too.
_FILL = "rgba(0,114,178,0.25)"
_CELL = "padding:2px 8px;text-align:"


class ArmTable:
    """Columns of equal length under their names, a line an arm; `notes` says what a line is.

    The first column names the line. Columns named in `bars` are drawn as bars too. `str` gives
    the same table as text.
    """

    def __init__(
        self,
        columns: Mapping[str, Sequence[Any]],
        notes: Mapping[int, str] | None = None,
        caption: str = "",
        bars: Sequence[str] = (),
    ) -> None:
        self.columns = {name: list(values) for name, values in columns.items()}
        self.notes = dict(notes or {})
        self.caption = caption
        self.bars = tuple(bars)

    def _lines(self) -> list[list[str]]:
        rows = zip(*self.columns.values(), strict=True)
        return [[*map(number, row), self.notes.get(line, "")] for line, row in enumerate(rows)]

    def __str__(self) -> str:
        lines = [[*self.columns, ""], *self._lines()]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        text = [
            "  ".join(f"{cell:>{width}}" for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in lines
        ]
        return "\n".join([*([self.caption] if self.caption else []), *text])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = "".join(
            f'<th scope="col" style="{_CELL}right">{escape(name)}</th>' for name in self.columns
        )
        body = []
        for line, cells in enumerate(self._lines()):
            style = ' style="font-weight:bold"' if line in self.notes else ""
            shown = "".join(
                f'<td style="{_CELL}right{self._bar(place, line)}">{escape(cell)}</td>'
                for place, cell in enumerate(cells[:-1])
            )
            note = f'<td style="{_CELL}left">{escape(cells[-1])}</td>'
            body.append(f"<tr{style}>{shown}{note}</tr>")
        above = f"<div>{escape(self.caption)}</div>" if self.caption else ""
        table = '<table style="border-collapse:collapse;font-size:inherit;margin:2px 0">'
        rows = "".join(body)
        return f"{above}{table}<thead><tr>{head}<td></td></tr></thead><tbody>{rows}</tbody></table>"

    def _bar(self, place: int, line: int) -> str:
        name = list(self.columns)[place]
        if name not in self.bars:
            return ""
        finite = [value for value in self.columns[name] if math.isfinite(value)]
        value, most = self.columns[name][line], max([*finite, 1e-12])
        share = 100 * max(0.0, min(1.0, value / most))
        fill = f"{_FILL} {share:.0f}%,transparent {share:.0f}%"
        return f";min-width:4em;background:linear-gradient(90deg,{fill})"


def number(value: Any) -> str:
    """A cell: whole numbers whole, others to four digits after the point, infinity as ∞."""
    if isinstance(value, float) and math.isinf(value):
        return "∞" if value > 0 else "-∞"
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def notes(right: int, yours: Any) -> dict[int, str]:
    """Notes for the right line and the learner's, where that is a line at all."""
    marked = {right: RIGHT}
    if isinstance(yours, int) and not isinstance(yours, bool) and yours != right:
        marked[yours] = YOURS
    return marked
