"""A judged answer as text and as HTML, with the board or drawing that shows what is wrong."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from gokit.go.coordinates import COLUMNS

if TYPE_CHECKING:
    import numpy as np

    from gokit.lessons.checking import Result

# A word and a sign each, since colour alone tells nothing to many readers.
SIGNS = {
    "correct": ("✓", "correct", "#2a7f4f"),
    "wrong": ("✗", "not yet", "#b5541c"),
    "not attempted": ("○", "not attempted", "#777777"),
    "raised": ("!", "your code raised an error", "#b5541c"),
}
_STONES = ".XO"


def result_text(result: Result) -> str:
    """The result as text: outcome, message, rule, board or drawing."""
    sign, words, _ = SIGNS[result.outcome]
    parts = [f"{sign} {result.exercise.id}: {words}", result.message]
    if result.rule:
        parts.append(f"The rule: {result.rule}")
    if result.board is not None:
        parts.append(board_text(result.board, result.marks))
    if result.drawing is not None:
        parts.append(str(result.drawing))
    return "\n".join(parts)


def result_html(result: Result) -> str:
    """The result as HTML: the same words, and the board (with its text twin) or the drawing."""
    sign, words, colour = SIGNS[result.outcome]
    body = "<br>".join(_line(line) for line in result.message.split("\n"))
    parts = [
        f"<strong>{sign} {escape(result.exercise.title)}: {words}</strong>",
        f"<div>{body}</div>",
    ]
    if result.rule:
        parts.append(f"<div><em>The rule:</em> {escape(result.rule)}</div>")
    if result.board is not None:
        parts.append(_board_html(result))
    if result.drawing is not None:
        parts.append(result.drawing._repr_html_())
    style = f"border-left:4px solid {colour};padding:2px 0 2px 10px"
    return f'<div role="status" style="{style}">' + "\n".join(parts) + "</div>"


def _line(line: str) -> str:
    if line.startswith("    "):
        return f"<code>{escape(line.strip())}</code>"
    return escape(line)


def _board_html(result: Result) -> str:
    from gokit.go.drawing import board_svg

    board = as_board(result.board)
    twin = board_text(board, result.marks)
    picture = board_svg(
        board,
        size_px=min(360, 60 + 36 * len(board)),
        marks=visible_marks(board, result.marks),
        title=f"The position of this case:\n{twin}",
    )
    text = f"<details><summary>as text</summary><pre>{escape(twin)}</pre></details>"
    return f'<div style="margin-top:4px">{picture}</div>{text}'


def as_board(board: Any) -> np.ndarray:
    """An array [N, N] of 0, 1, 2 from a `Position`, nested lists or an array."""
    import numpy as np

    return np.asarray(getattr(board, "board", board), dtype=np.int8)


def board_text(board: Any, marks: dict[int, str] | None = None) -> str:
    """A board, of any rectangle, as text with coordinates; marks are listed below it by name."""
    board = as_board(board)
    height, width = board.shape
    columns = "   " + " ".join(COLUMNS[:width])
    rows = [
        f"{height - row:2d} " + " ".join(_STONES[stone] for stone in stones)
        for row, stones in enumerate(board)
    ]
    words = []
    for point, mark in visible_marks(board, marks).items():
        row, column = divmod(point, width)
        words.append(f"{COLUMNS[column]}{height - row} ({mark})")
    marked = [f"marked: {', '.join(words)}"] if words else []
    return "\n".join([columns, *rows, *marked])


def visible_marks(board: np.ndarray, marks: dict[int, str] | None) -> dict[int, str]:
    """The marks that are points of the board, in order: a wrong answer may name others."""
    import numpy as np

    points = [key for key in marks or {} if isinstance(key, (int, np.integer))]
    return {int(key): marks[key] for key in sorted(points) if 0 <= key < board.size}
