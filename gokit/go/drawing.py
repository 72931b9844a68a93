"""The board as a static SVG: no script, no style sheet, nothing that could clash on a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from gokit.go.coordinates import COLUMNS
from gokit.go.diagram import star_points
from gokit.go.errors import GoError
from gokit.go.rules import EMPTY

CELL = 40  # SVG units between neighbouring lines
STONE = 18.8
INK, WOOD = "#4a3413", "#e6bd76"
STONE_FILL = {1: "#1b1d21", 2: "#fbfaf6"}
STONE_EDGE = {1: "#000000", 2: "#6f6a5f"}
CONTRAST = {0: INK, 1: "#ffffff", 2: "#101214"}
HEAT_PALE, HEAT_DEEP = (217, 232, 251), (15, 87, 168)
FLAT = 0.15  # a policy whose best move has less than this is drawn pale throughout
SHAPES = ("triangle", "square", "circle", "cross")


def board_svg(
    board: np.ndarray,
    *,
    size_px: int = 360,
    last_move: int | None = None,
    marks: Mapping[int, str] | None = None,
    ownership: np.ndarray | None = None,
    heat: np.ndarray | None = None,
    coordinates: bool = True,
    title: str = "",
) -> str:
    """Draw a board as one `<svg>` element, `size_px` pixels wide.

    board: [N, N] of EMPTY, BLACK, WHITE; a rectangle will do. last_move: an index, ringed.
    marks: {index: "triangle", "square", "circle", "cross", or any other short text}.
    ownership: [N, N], integers name the owner as in `Score.ownership`, floats run from -1
    (White's) to 1 (Black's). heat: probabilities, N² or N² + 1 of them, drawn as tiles with their
    percentage. title: what a screen reader says; by default the stones on the board.

    Raises GoError for arrays that do not fit the board. Built in chapter 1.
    """
    board = np.asarray(board)
    if board.ndim != 2 or not board.size:
        raise GoError(f"a board is N × N, not of shape {board.shape}")
    margin = CELL if coordinates else CELL * 0.65
    height, width = 2 * margin + CELL * (np.array(board.shape) - 1)
    layers = [_lines(board, margin), _stars(board, margin)]
    if coordinates:
        layers.append(_coordinates(board, margin))
    if heat is not None:
        layers.append(_heat(policy_shares(heat, board.shape), board, margin))
    layers.append(_stones(board, margin))
    if ownership is not None:
        layers.append(_ownership(black_ownership(ownership, board.shape), board, margin))
    marked = dict(marks or {})
    if last_move is not None and 0 <= last_move < board.size:
        marked.setdefault(last_move, "circle")
    layers.append(_marks(marked, board, margin))
    label = title or describe(board)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        f'width="{size_px}" height="{size_px * height / width:g}" '
        f'role="img" aria-label={quoteattr(label)} '
        f'font-family="system-ui, sans-serif" text-anchor="middle"><title>{escape(label)}</title>'
        f'<rect width="{width:g}" height="{height:g}" rx="6" fill="{WOOD}"/>{"".join(layers)}</svg>'
    )


def describe(board: np.ndarray) -> str:
    """Say which stones are where, in one sentence: the picture for who cannot see it."""
    board = np.asarray(board)
    rows, columns = board.shape
    sides = []
    for color, name in ((1, "Black"), (2, "White")):
        points = [f"{COLUMNS[column]}{rows - row}" for row, column in np.argwhere(board == color)]
        if points:
            sides.append(f"{name} on {', '.join(points)}")
    return f"{rows} by {columns} Go board: {'; '.join(sides) or 'empty'}."


def policy_shares(heat: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Check a policy of N², N² + 1 or [N, N] numbers for a board of `shape`; return it flat.

    Raises GoError for another shape and for what are no probabilities.
    """
    shares = np.asarray(heat, dtype=np.float64).ravel()
    points = shape[0] * shape[1]
    if shares.size not in (points, points + 1):
        raise GoError(f"a policy here has {points} numbers, or {points + 1}, not {shares.size}")
    if not (np.isfinite(shares).all() and (shares >= 0).all() and (shares <= 1).all()):
        raise GoError("a policy holds probabilities, from 0 to 1 (logits need a softmax first)")
    return shares


def black_ownership(ownership: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return ownership as float64 [N, N] from -1 (White's) to 1 (Black's).

    Integers are owners (EMPTY, BLACK, WHITE); floats are in Black's view already.
    Raises GoError for another shape or range.
    """
    owners = np.asarray(ownership)
    if owners.size != shape[0] * shape[1]:
        raise GoError(f"ownership here has {shape[0] * shape[1]} numbers, not {owners.size}")
    owners = owners.reshape(shape)
    if np.issubdtype(owners.dtype, np.integer):
        if not np.isin(owners, (0, 1, 2)).all():
            raise GoError("ownership as integers is 0 (nobody), 1 (Black) or 2 (White)")
        return np.array([0.0, 1.0, -1.0])[owners]
    if not (np.abs(owners) <= 1).all():
        raise GoError("ownership as floats runs from -1 to 1")
    return owners.astype(np.float64)


def _at(margin: float, line: float) -> float:
    return float(margin + CELL * line)


def _lines(board: np.ndarray, margin: float) -> str:
    rows, columns = board.shape
    right, bottom = _at(margin, columns - 1), _at(margin, rows - 1)
    path = "".join(f"M{margin:g} {_at(margin, k):g}H{right:g}" for k in range(rows))
    path += "".join(f"M{_at(margin, k):g} {margin:g}V{bottom:g}" for k in range(columns))
    edge = f"M{margin:g} {margin:g}H{right:g}V{bottom:g}H{margin:g}Z"
    return (
        f'<path d="{path}" stroke="{INK}" stroke-width="1.1"/>'
        f'<path d="{edge}" fill="none" stroke="{INK}" stroke-width="2"/>'
    )


def _stars(board: np.ndarray, margin: float) -> str:
    rows, columns = board.shape
    if rows != columns:
        return ""
    return "".join(
        f'<circle cx="{_at(margin, column):g}" cy="{_at(margin, row):g}" r="3.3" fill="{INK}"/>'
        for row, column in (divmod(point, columns) for point in star_points(rows))
    )


def _coordinates(board: np.ndarray, margin: float) -> str:
    rows, columns = board.shape
    labels = []
    for k in range(columns):
        for band in (12, _at(margin, rows) - 12):
            labels.append(_text(_at(margin, k), band, COLUMNS[k]))
    for k in range(rows):
        for band in (12, _at(margin, columns) - 12):
            labels.append(_text(band, _at(margin, k), str(rows - k)))
    return f'<g font-size="13" fill="{INK}">{"".join(labels)}</g>'


def _text(x: float, y: float, content: str) -> str:
    return f'<text x="{x:g}" y="{y:g}" dy="0.36em">{escape(content)}</text>'


def _points(board: np.ndarray, margin: float) -> Iterator[tuple[int, float, float, int]]:
    """Yield (color, x, y, index) for each point."""
    for index, color in enumerate(board.ravel()):
        row, column = divmod(index, board.shape[1])
        yield int(color), _at(margin, column), _at(margin, row), index


def _stones(board: np.ndarray, margin: float) -> str:
    return "".join(
        f'<circle cx="{x:g}" cy="{y:g}" r="{STONE}" fill="{STONE_FILL[color]}" '
        f'stroke="{STONE_EDGE[color]}"/>'
        for color, x, y, _ in _points(board, margin)
        if color != EMPTY
    )


def _heat(shares: np.ndarray, board: np.ndarray, margin: float) -> str:
    best = max(shares[: board.size].max(), FLAT)
    pale, deep = np.array(HEAT_PALE), np.array(HEAT_DEEP)
    tiles = []
    for _, x, y, index in _points(board, margin):
        share = shares[index]
        if share <= 0.002:
            continue
        strength = float(np.sqrt(share / best))
        fill = "#" + "".join(f"{round(level):02x}" for level in pale + (deep - pale) * strength)
        tiles.append(
            f'<rect x="{x - 18:g}" y="{y - 18:g}" width="36" height="36" rx="5" fill="{fill}"/>'
        )
        if share >= 0.01:
            ink = "#ffffff" if strength > 0.55 else "#101214"
            tiles.append(f'<g fill="{ink}">{_text(x, y, f"{100 * share:.0f}")}</g>')
    return f'<g font-size="15" font-weight="600">{"".join(tiles)}</g>'


def _ownership(black: np.ndarray, board: np.ndarray, margin: float) -> str:
    squares = []
    for color, x, y, index in _points(board, margin):
        forecast = float(black.flat[index])
        owner = 1 if forecast > 0 else 2
        half = 9 * abs(forecast) ** 0.5
        # A stone that is its owner's needs no mark.
        if half < 1.5 or (color == owner and half == 9):
            continue
        squares.append(
            f'<rect x="{x - half:.3g}" y="{y - half:.3g}" width="{2 * half:.3g}" '
            f'height="{2 * half:.3g}" fill="{STONE_FILL[owner]}" '
            f'stroke="{CONTRAST[owner]}" stroke-width="1.6"/>'
        )
    return "".join(squares)


def _marks(marks: Mapping[int, str], board: np.ndarray, margin: float) -> str:
    shapes = []
    for index, mark in marks.items():
        if not 0 <= index < board.size:
            raise GoError(f"a mark stands on a point of the board, not on {index}")
        row, column = divmod(int(index), board.shape[1])
        x, y = _at(margin, column), _at(margin, row)
        color = int(board[row, column])
        if mark in SHAPES:
            shapes.append(_shape(mark, x, y, CONTRAST[color]))
            continue
        # Text on an empty point needs the lines out of its way.
        if color == EMPTY:
            shapes.append(f'<circle cx="{x:g}" cy="{y:g}" r="13" fill="{WOOD}"/>')
        height = 18 if len(mark) < 3 else 13
        shapes.append(
            f'<g font-size="{height}" font-weight="600" fill="{CONTRAST[color]}">'
            f"{_text(x, y, mark)}</g>"
        )
    return "".join(shapes)


def _shape(mark: str, x: float, y: float, ink: str) -> str:
    style = f'fill="none" stroke="{ink}" stroke-width="2.6" stroke-linejoin="round"'
    if mark == "circle":
        return f'<circle cx="{x:g}" cy="{y:g}" r="8.5" {style}/>'
    path = {
        "triangle": f"M{x:g} {y - 10.5:g}l9.6 16.5h-19.2Z",
        "square": f"M{x - 8:g} {y - 8:g}h16v16h-16Z",
        "cross": f"M{x - 8:g} {y - 8:g}l16 16m0 -16l-16 16",
    }[mark]
    return f'<path d="{path}" {style}/>'
