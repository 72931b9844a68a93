"""Figures that the chapters share: the board as a picture, one style, and words for each figure."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from gokit.go.coordinates import COLUMNS, to_gtp
from gokit.go.diagram import star_points
from gokit.go.drawing import (
    CONTRAST,
    FLAT,
    INK,
    STONE_EDGE,
    STONE_FILL,
    WOOD,
    black_ownership,
    policy_shares,
)
from gokit.go.errors import GoError
from gokit.go.rules import COLOR_NAMES, EMPTY

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from gokit.search.replay import Edge, Replay
    from gokit.search.trace import Trace

# Okabe and Ito (2008): eight colours that the common kinds of colour blindness keep apart.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442")
# A second sign for each line of a plot, so that none is told by its colour alone.
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
_SHAPES = {"triangle": "^", "square": "s", "circle": "o", "cross": "x"}
INCHES_PER_LINE = 0.42
# From a loss to a win for the root's player: vermillion, grey, blue.
WIN_SCALE = ((0.0, COLORS[1]), (0.5, "#f2f2f2"), (1.0, COLORS[0]))
BLOCKS = 300  # about as many as an icicle shows where nothing else is asked for


def style() -> None:
    """Set matplotlib's defaults for the course: colours, sizes, no box around the plot."""
    import matplotlib as mpl
    from cycler import cycler

    mpl.rcParams.update(
        {
            "axes.prop_cycle": cycler(color=COLORS, marker=MARKERS),
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "grid.color": "#d0d5db",
            "grid.linewidth": 0.6,
            "axes.axisbelow": True,
            "axes.titlesize": 12,
            "axes.labelsize": 11,
            "font.size": 10.5,
            "figure.figsize": (6.4, 3.8),
            "figure.dpi": 110,
            "figure.facecolor": "white",
            "lines.linewidth": 1.8,
            "lines.markersize": 4.5,
            "legend.frameon": False,
            "savefig.bbox": "tight",
        }
    )


def draw_board(
    ax: Axes,
    board: np.ndarray,
    *,
    last_move: int | None = None,
    marks: Mapping[int, str] | None = None,
    heat: np.ndarray | None = None,
    visits: np.ndarray | None = None,
    ownership: np.ndarray | None = None,
    coordinates: bool = True,
    title: str = "",
) -> Axes:
    """Draw a board into a matplotlib axes, which loses its frame, and return the axes.

    board: [N, N] of EMPTY, BLACK, WHITE. last_move: an index, ringed. marks: {index: "triangle",
    "square", "circle", "cross", or any other short text}. heat: a policy of N² (+ 1) probabilities;
    visits: as many counts. ownership: [N, N], owners as integers, or floats from -1 (White's)
    to 1 (Black's). Raises GoError for arrays that do not fit the board.
    """
    board = np.asarray(board)
    rows, columns = board.shape
    _draw_lines(ax, rows, columns, coordinates)
    if heat is not None:
        _draw_heat(ax, policy_shares(heat, board.shape), board, with_text=visits is None)
    _draw_stones(ax, board)
    if ownership is not None:
        _draw_ownership(ax, black_ownership(ownership, board.shape), board)
    if visits is not None:
        _draw_visits(ax, visit_counts(visits, board.shape), board)
    marked = dict(marks or {})
    if last_move is not None and 0 <= last_move < board.size:
        marked.setdefault(last_move, "circle")
    for index, mark in marked.items():
        _draw_mark(ax, board, index, mark)
    if title:
        ax.set_title(title)
    return ax


def board_figure(board: np.ndarray, *, title: str = "", **overlays: Any) -> Figure:
    """Return a figure that holds one board, as large as its lines need; see `draw_board`."""
    from matplotlib.figure import Figure

    rows, columns = np.asarray(board).shape
    width, height = (INCHES_PER_LINE * (lines + 1.6) for lines in (columns, rows))
    figure = Figure(figsize=(max(width, 1.6), max(height, 1.6)), dpi=110)
    draw_board(figure.add_axes((0, 0, 1, 0.93 if title else 1)), board, title=title, **overlays)
    return figure


def png(figure: Figure, *, dpi: int = 110) -> bytes:
    """Return the figure as the bytes of a PNG image."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi, bbox_inches="tight", pad_inches=0.04)
    return buffer.getvalue()


class Picture:
    """A figure with its words: an image in a notebook, the words on a terminal."""

    def __init__(self, image: bytes, text: str) -> None:
        self.image, self.text = image, text

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        data = base64.b64encode(self.image).decode("ascii")
        words = escape(self.text, quote=True)
        return f'<img src="data:image/png;base64,{data}" alt="{words}" style="max-width:100%">'


def alt(figure: Figure, text: str) -> Picture:
    """Turn a matplotlib figure into an image that has `text` as its alt text.

    As the last expression of a cell it shows the figure once; the open figure is closed, so that
    matplotlib does not show it again. Raises GoError where `text` says nothing.
    """
    if not text.strip():
        raise GoError("a figure's alt text says what the figure shows; this one is empty")
    image = png(figure)
    import matplotlib.pyplot as plt

    plt.close(figure)
    return Picture(image, text)


def visit_counts(visits: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Check visit counts of N², N² + 1 or [N, N] for a board of `shape`; return them flat."""
    counts = np.asarray(visits).ravel()
    points = shape[0] * shape[1]
    if counts.size not in (points, points + 1):
        raise GoError(f"there are {points} visit counts here, or {points + 1}, not {counts.size}")
    if not (np.isfinite(counts).all() and (counts >= 0).all() and (counts % 1 == 0).all()):
        raise GoError("visit counts are whole numbers from 0 up")
    return counts.astype(np.int64)


def _draw_lines(ax: Axes, rows: int, columns: int, coordinates: bool) -> None:
    from matplotlib.patches import Rectangle

    margin = 1.1 if coordinates else 0.65
    ax.set_xlim(-margin, columns - 1 + margin)
    ax.set_ylim(rows - 1 + margin, -margin)
    ax.set_aspect("equal")
    ax.axis("off")
    corner, extent = (-margin, -margin), (columns - 1 + 2 * margin, rows - 1 + 2 * margin)
    ax.add_patch(Rectangle(corner, *extent, facecolor=WOOD, edgecolor="none", zorder=0))
    ax.hlines(np.arange(rows), 0, columns - 1, color=INK, linewidth=0.8, zorder=1)
    ax.vlines(np.arange(columns), 0, rows - 1, color=INK, linewidth=0.8, zorder=1)
    if rows == columns:
        for row, column in (divmod(point, columns) for point in star_points(rows)):
            ax.plot(column, row, marker="o", markersize=3.2, color=INK, zorder=1)
    if not coordinates:
        return
    label = {"ha": "center", "va": "center", "fontsize": 8, "color": INK}
    for k in range(columns):
        for y in (-0.8, rows - 0.2):
            ax.text(k, y, COLUMNS[k], **label)
    for k in range(rows):
        for x in (-0.8, columns - 0.2):
            ax.text(x, k, str(rows - k), **label)


def _draw_stones(ax: Axes, board: np.ndarray) -> None:
    from matplotlib.patches import Circle

    for row, column in np.argwhere(board != EMPTY):
        color = int(board[row, column])
        fill, edge = STONE_FILL[color], STONE_EDGE[color]
        ax.add_patch(Circle((column, row), 0.47, facecolor=fill, edgecolor=edge, zorder=3))


def _draw_heat(ax: Axes, shares: np.ndarray, board: np.ndarray, with_text: bool) -> None:
    from matplotlib import colormaps
    from matplotlib.patches import Rectangle

    best = max(shares[: board.size].max(), FLAT)
    for index in np.flatnonzero(shares[: board.size] > 0.002):
        row, column = divmod(int(index), board.shape[1])
        strength = float(np.sqrt(shares[index] / best))
        tile = colormaps["Blues"](0.15 + 0.75 * strength)
        corner = (column - 0.45, row - 0.45)
        ax.add_patch(Rectangle(corner, 0.9, 0.9, facecolor=tile, edgecolor="none", zorder=2))
        if with_text and shares[index] >= 0.01:
            ink = "white" if strength > 0.55 else "#101214"
            percent = f"{100 * shares[index]:.0f}"
            ax.text(column, row, percent, ha="center", va="center", fontsize=9, color=ink, zorder=4)


def _draw_visits(ax: Axes, counts: np.ndarray, board: np.ndarray) -> None:
    from matplotlib.patches import Circle
    from matplotlib.patheffects import withStroke

    most = max(counts[: board.size].max(), 1)
    for index in np.flatnonzero(counts[: board.size]):
        row, column = divmod(int(index), board.shape[1])
        radius = 0.16 + 0.3 * float(np.sqrt(counts[index] / most))
        disc = {"facecolor": "#fdf3e7", "edgecolor": "#c2570c", "linewidth": 1.4}
        ax.add_patch(Circle((column, row), radius, zorder=4, **disc))
        words = {"ha": "center", "va": "center", "fontsize": 8, "color": "#101214"}
        halo = [withStroke(linewidth=2, foreground="white")]
        count = short_count(int(counts[index]))
        ax.text(column, row, count, zorder=5, path_effects=halo, **words)


def short_count(count: int) -> str:
    """Write a count in at most four characters: 950, 1.2k, 34k."""
    if count < 1000:
        return str(count)
    return f"{count / 1000:.1f}k" if count < 9950 else f"{count / 1000:.0f}k"


def _draw_ownership(ax: Axes, black: np.ndarray, board: np.ndarray) -> None:
    from matplotlib.patches import Rectangle

    for (row, column), forecast in np.ndenumerate(black):
        owner = 1 if forecast > 0 else 2
        half = 0.23 * float(np.sqrt(abs(forecast)))
        # A stone that is its owner's needs no mark.
        if half < 0.04 or (board[row, column] == owner and abs(forecast) == 1):
            continue
        square = {"facecolor": STONE_FILL[owner], "edgecolor": CONTRAST[owner], "linewidth": 1}
        corner = (column - half, row - half)
        ax.add_patch(Rectangle(corner, 2 * half, 2 * half, zorder=4, **square))


def _draw_mark(ax: Axes, board: np.ndarray, index: int, mark: str) -> None:
    from matplotlib.patches import Circle

    if not 0 <= index < board.size:
        raise GoError(f"a mark stands on a point of the board, not on {index}")
    row, column = divmod(int(index), board.shape[1])
    color = int(board[row, column])
    ink = CONTRAST[color]
    if mark in _SHAPES:
        shape = {"markersize": 8, "markeredgecolor": ink, "markeredgewidth": 1.6}
        ax.plot(column, row, marker=_SHAPES[mark], markerfacecolor="none", zorder=5, **shape)
        return
    # Text on an empty point needs the lines out of its way.
    if color == EMPTY:
        ax.add_patch(Circle((column, row), 0.33, facecolor=WOOD, edgecolor="none", zorder=2))
    words = {"ha": "center", "va": "center", "fontsize": 10, "fontweight": "bold"}
    ax.text(column, row, mark, color=ink, zorder=5, **words)


def icicle(trace: Trace, after: int | None = None, min_visits: int | None = None) -> go.Figure:
    """Draw a traced search as blocks below blocks: as wide as visited, coloured by Q.

    after: how many simulations are done, by default all. min_visits: what a block needs to be
    drawn, by default so many that some 300 are. Q's colour is in the view of the player at the
    root, blue for a win; hovering tells N, Q, P and how the most visited line goes on. The words
    that say what the figure shows are in `figure.layout.meta["alt"]`. A node reached by several
    paths has a block under each, which shares its visits out. Raises GoError without plotly.
    """
    try:
        import plotly.graph_objects as go
    except ImportError:
        raise GoError('this figure needs plotly: pip install "plotly>=5.24"') from None
    replay = trace.replay().seek(trace.simulations if after is None else after)
    least = max(1, replay.after // BLOCKS) if min_visits is None else min_visits
    blocks = _icicle_blocks(replay, least)
    reach = max((abs(q) for q in blocks["q"]), default=0.0)
    reach = max(0.1, np.ceil(10 * reach) / 10)
    words = _icicle_words(replay, least, len(blocks["q"]) - 1)
    figure = go.Figure(
        go.Icicle(
            ids=blocks["id"],
            labels=blocks["label"],
            parents=blocks["parent"],
            values=blocks["visits"],
            text=blocks["text"],
            hovertext=blocks["hover"],
            hoverinfo="text",
            textinfo="label+text",
            branchvalues="total",
            sort=False,
            tiling={"orientation": "v"},
            marker={
                "colors": blocks["q"],
                "colorscale": WIN_SCALE,
                "cmin": -reach,
                "cmax": reach,
                "line": {"color": "white", "width": 1},
                "colorbar": {"title": {"text": f"Q for {_root_player(trace)}"}, "thickness": 12},
            },
        )
    )
    title = f"{replay.after} simulations of {trace.config.algorithm} with {trace.evaluator}"
    figure.update_layout(
        title={"text": title, "font": {"size": 15}},
        height=460,
        margin={"t": 44, "l": 8, "r": 8, "b": 8},
        uniformtext={"minsize": 9, "mode": "hide"},
        meta={"alt": words},
    )
    return figure


def _root_player(trace: Trace) -> str:
    return COLOR_NAMES[trace.root.to_move]


def _icicle_blocks(replay: Replay, least: int) -> dict[str, list[Any]]:
    trace = replay.trace
    mean, total = replay.mean(0), replay.n[: trace.priors.start[1]].sum()
    blocks: dict[str, list[Any]] = {
        "id": ["/"],
        "parent": [""],
        "label": ["root"],
        "text": [f"N {total}"],
        "visits": [1.0 + total],  # the root's own evaluation is a visit too
        "q": [mean],
        "hover": [f"<b>root</b><br>N {total}<br>Q {mean:+.3f}<br>{_goes_on(replay, 0)}"],
    }
    waiting: list[tuple[int, str, float, tuple[int, ...]]] = [(0, "/", 1.0 + total, (0,))]
    while waiting:
        node, name, width, path = waiting.pop()
        edges = [edge for edge in replay.edges(node) if edge.n]
        edges.sort(key=lambda edge: (-edge.n, edge.action))
        # Of merged nodes' visits a path has only its share.
        share = width / (1 + sum(edge.n for edge in edges))
        sign = 1.0 if len(path) % 2 else -1.0
        for edge in edges:
            visits = edge.n * share
            if visits < least or edge.child in path:
                continue
            own = f"{name}{to_gtp(edge.action, trace.size)}/"
            blocks["id"].append(own)
            blocks["parent"].append(name)
            blocks["label"].append(to_gtp(edge.action, trace.size))
            blocks["text"].append(f"N {edge.n}")
            blocks["visits"].append(visits)
            blocks["q"].append(sign * edge.q)
            blocks["hover"].append(_block_text(replay, own, edge, sign))
            if edge.child >= 0:
                waiting.append((edge.child, own, visits, (*path, edge.child)))
    return blocks


def _block_text(replay: Replay, name: str, edge: Edge, sign: float) -> str:
    line = name.strip("/").replace("/", " ")
    player = _root_player(replay.trace)
    rest = "no node" if edge.child < 0 else _goes_on(replay, edge.child)
    return (
        f"<b>{line}</b><br>N {edge.n}<br>Q {edge.q:+.3f} for its mover, "
        f"{sign * edge.q:+.3f} for {player}<br>P {edge.p:.3f}<br>{rest}"
    )


def _goes_on(replay: Replay, node: int) -> str:
    if replay.trace.closed[node]:
        return "game over"
    line = replay.principal_variation(node)[:8]
    moves = " ".join(to_gtp(step.action, replay.trace.size) for step in line)
    return f"goes on {moves}" if moves else "nothing below yet"


def _icicle_words(replay: Replay, least: int, shown: int) -> str:
    trace = replay.trace
    edges = sorted((e for e in replay.edges(0) if e.n), key=lambda e: (-e.n, e.action))[:3]
    best = ", ".join(f"{to_gtp(e.action, trace.size)} {e.n} (Q {e.q:+.2f})" for e in edges)
    return (
        f"Icicle of a search tree after {replay.after} simulations, {_root_player(trace)} to move: "
        f"{shown} moves with {least} visits or more, each as wide as it was visited, blue where "
        f"{_root_player(trace)} does well and orange where badly. Most visited: {best or 'none'}."
    )
