"""The tree of a search as a picture: its most visited part, with boards, N, Q and P."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gokit.go.coordinates import to_gtp
from gokit.go.drawing import STONE_EDGE, STONE_FILL
from gokit.go.errors import GoError
from gokit.go.rules import COLOR_NAMES, opponent
from gokit.plots import COLORS, Picture, draw_board, png
from gokit.search.replay import Edge, Replay, fixed
from gokit.search.trace import Trace

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_NODES = 16
DEEPEST = 4
MOST_BOARDS = 6
# Points at 100 an inch; a card has room for its board, its numbers, or both.
CARD_WIDTH, BOARD_CARD_WIDTH = 132, 186
CARD_HEIGHT, BOARD_CARD_HEIGHT = 36, 80
COLUMN_GAP, ROW_GAP, HEADER = 46, 8, 26
BOARD = 72
BEST = COLORS[0]
EDGE = "#b6c0ca"


class Card(NamedTuple):
    """A node's place in the picture: its left side, its middle, and what it holds."""

    node: int
    x: float
    y: float
    edge: Edge | None
    has_board: bool

    @property
    def width(self) -> float:
        return BOARD_CARD_WIDTH if self.has_board else CARD_WIDTH


def tree_picture(trace: Trace, *, title: str = "", at: int | None = None) -> Picture:
    """Draw the most visited part of a search's tree, as it was after `at` simulations.

    Values are in the view of the side that makes the move. GoError where `at` is out of range.
    """
    at = trace.simulations if at is None else at
    if not 0 <= at <= trace.simulations:
        raise GoError(f"at is from 0 to the {trace.simulations} simulations, not {at!r}")
    replay = trace.replay().seek(at)
    figure = tree_figure(replay, title=title)
    return Picture(png(figure), describe_tree(replay, title))


def describe_tree(replay: Replay, title: str = "") -> str:
    """Return the alt text: how large the tree is, its most visited moves, and its main line."""
    trace = replay.trace
    mover = COLOR_NAMES[trace.root.to_move]
    visited = sorted((edge for edge in replay.edges(0) if edge.n), key=lambda edge: -edge.n)[:4]
    moves = "; ".join(
        f"{to_gtp(edge.action, trace.size)} {edge.n} visits, Q {fixed(edge.q, 2)}"
        for edge in visited
    )
    line = " ".join(to_gtp(step.action, trace.size) for step in replay.principal_variation())
    words = [
        f"Search tree after {replay.after} simulations with {trace.evaluator}, {mover} to move.",
        f"Most visited: {moves}." if moves else "Nothing is visited yet.",
        f"Most visited line: {line}." if line else "",
    ]
    head = [title.rstrip(".") + "."] if title else []
    return " ".join(word for word in (*head, *words) if word)


def tree_figure(replay: Replay, *, title: str = "") -> Figure:
    """Return the figure that `tree_picture` makes a picture of."""
    from matplotlib.figure import Figure

    trace = replay.trace
    cards, hidden, height = place_cards(replay)
    width = max(card.x + card.width for card in cards.values()) + 34
    top = HEADER + (26 if title else 0)
    figure = Figure(figsize=(width / 100, (height + top) / 100), dpi=110)
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set_xlim(0, width)
    ax.set_ylim(height, -top)
    ax.axis("off")
    if title:
        ax.text(2, -top + 4, title, fontsize=11, fontweight="bold", va="top")
    _draw_header(ax, trace, cards)
    best = _best_nodes(replay)
    for card in cards.values():
        if card.node:
            _draw_edge(ax, cards[int(trace.parents[card.node])], card, replay.after, best)
    for card in cards.values():
        _draw_card(ax, replay, card, hidden[card.node], card.node in best)
        if card.has_board:
            corner = (card.x + 3, height - card.y - BOARD / 2)
            box = (corner[0] / width, corner[1] / (height + top), BOARD / width)
            board = figure.add_axes((*box, BOARD / (height + top)))
            position = trace.position(card.node)
            draw_board(board, position.board, last_move=None, coordinates=False)
            _ring_last_move(board, position)
    return figure


def place_cards(replay: Replay) -> tuple[dict[int, Card], dict[int, int], float]:
    """Return the cards by node, how many children of each are not shown, and the height."""
    trace = replay.trace
    edges: dict[int, Edge | None] = {0: None}
    children: dict[int, list[int]] = {0: []}
    hidden: dict[int, int] = {0: 0}
    frontier: list[tuple[int, int, int, Edge]] = []

    def open_node(node: int) -> None:
        for edge in replay.edges(node):
            if edge.child >= 0 and edge.n:
                hidden[node] += 1
                if trace.depths[edge.child] <= DEEPEST and trace.parents[edge.child] == node:
                    frontier.append((-edge.n, edge.child, node, edge))

    open_node(0)
    while frontier and len(edges) < MOST_NODES:
        entry = min(frontier, key=lambda one: one[:2])
        frontier.remove(entry)
        _, node, parent, edge = entry
        edges[node], children[node], hidden[node] = edge, [], 0
        children[parent].append(node)
        hidden[parent] -= 1
        open_node(node)
    by_visits = sorted(edges, key=lambda node: -(edges[node].n if edges[node] else replay.after))
    boards = {0, *by_visits[:MOST_BOARDS]}
    columns = _columns(trace, edges, boards)
    cards: dict[int, Card] = {}

    def place(node: int, top: float) -> float:
        """Place a node and all below it from `top` on; return the bottom."""
        own = (BOARD_CARD_HEIGHT if node in boards else CARD_HEIGHT) + ROW_GAP
        bottom = top
        for child in sorted(children[node]):
            bottom = place(child, bottom)
        inner = [cards[child].y for child in sorted(children[node])]
        middle = (inner[0] + inner[-1]) / 2 if inner else top + own / 2
        if bottom - top < own:
            middle, bottom = top + own / 2, top + own
        middle = min(max(middle, top + own / 2), bottom - own / 2)
        cards[node] = Card(node, columns[trace.depths[node]], middle, edges[node], node in boards)
        return bottom

    height = place(0, 0.0)
    return dict(sorted(cards.items())), hidden, height


def _columns(trace: Trace, shown: dict[int, Edge | None], boards: set[int]) -> list[float]:
    columns, x = [], 4.0
    for depth in range(DEEPEST + 1):
        nodes = [node for node in shown if trace.depths[node] == depth]
        if not nodes:
            break
        columns.append(x)
        wide = any(node in boards for node in nodes)
        x += (BOARD_CARD_WIDTH if wide else CARD_WIDTH) + COLUMN_GAP
    return columns


def _best_nodes(replay: Replay) -> set[int]:
    nodes = {0}
    for step in replay.principal_variation():
        nodes.update(edge.child for edge in replay.edges(step.node) if edge.action == step.action)
    return nodes


def _draw_header(ax: Axes, trace: Trace, cards: dict[int, Card]) -> None:
    first = trace.root.to_move
    words = {"fontsize": 8.5, "color": "#59636e", "va": "center", "fontweight": "bold"}
    for x, depth in {(card.x, int(trace.depths[card.node])) for card in cards.values()}:
        if depth == 0:
            ax.text(x, -12, f"{COLOR_NAMES[first]} to move now", **words)
            continue
        color = first if depth % 2 else opponent(first)
        _draw_stone(ax, x + 6, -12, color)
        ax.text(x + 17, -12, f"{COLOR_NAMES[color]}’s move", **words)


def _draw_stone(ax: Axes, x: float, y: float, color: int) -> None:
    from matplotlib.patches import Circle

    paint = {"facecolor": STONE_FILL[color], "edgecolor": STONE_EDGE[color], "linewidth": 0.9}
    ax.add_patch(Circle((x, y), 5.2, zorder=4, **paint))


def _draw_edge(ax: Axes, parent: Card, card: Card, total: int, best: set[int]) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    start, end = (parent.x + parent.width, parent.y), (card.x, card.y)
    bend = (end[0] - start[0]) / 2
    points = [start, (start[0] + bend, start[1]), (end[0] - bend, end[1]), end]
    path = Path(points, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])
    visits = card.edge.n if card.edge else 0
    wide = 0.8 + 5.5 * (visits / max(total, 1)) ** 0.5
    color = BEST if card.node in best else EDGE
    ax.add_patch(PathPatch(path, facecolor="none", edgecolor=color, linewidth=wide, zorder=1))


def _draw_card(ax: Axes, replay: Replay, card: Card, hidden: int, is_best: bool) -> None:
    from matplotlib.patches import FancyBboxPatch

    trace = replay.trace
    height = BOARD_CARD_HEIGHT if card.has_board else CARD_HEIGHT
    corner = (card.x + 2, card.y - height / 2 + 2)
    frame = {"edgecolor": BEST if is_best else "#9aa5b1", "linewidth": 2 if is_best else 0.9}
    ax.add_patch(
        FancyBboxPatch(
            corner, card.width - 4, height - 4, boxstyle="round,pad=2,rounding_size=5",
            facecolor="white", zorder=2, **frame,
        )
    )  # fmt: skip
    left = card.x + (BOARD + 10 if card.has_board else 8)
    right = card.x + card.width - 7
    top = card.y - (22 if card.has_board else 8)
    step = 20 if card.has_board else 16
    small = {"fontsize": 8, "va": "center", "zorder": 5}
    bold = {"fontsize": 9.5, "va": "center", "fontweight": "bold", "zorder": 5}
    color = trace.position(card.node).to_move
    if card.edge is None:
        ax.text(left, top, "Root", **bold)
        ax.text(right, top, f"N {replay.after:,}", ha="right", **small)
        ax.text(left, top + step, f"mean {fixed(replay.mean(0), 2)}", **small)
        ax.text(left, top + 2 * step, f"for {COLOR_NAMES[color]}", **small)
    else:
        _draw_stone(ax, left + 5, top, opponent(color))
        ax.text(left + 14, top, to_gtp(card.edge.action, trace.size), **bold)
        ax.text(right, top, f"N {card.edge.n:,}", ha="right", **small)
        ax.text(left, top + step, f"Q {fixed(card.edge.q, 2)}", **small)
        if card.has_board:
            ax.text(left, top + 2 * step, f"P {fixed(card.edge.p, 3)}", **small)
        else:
            ax.text(right, top + step, f"P {fixed(card.edge.p, 3)}", ha="right", **small)
    if hidden:
        words = {"fontsize": 7, "color": "#59636e", "va": "center", "zorder": 5}
        ground = {
            "facecolor": "white",
            "edgecolor": "#d0d5db",
            "boxstyle": "round,pad=0.25",
            "lw": 0.7,
        }
        ax.text(card.x + card.width + 3, card.y + 11, f"+{hidden}", bbox=ground, **words)


def _ring_last_move(ax: Axes, position: object) -> None:
    last = position.last_move
    if last is None or last >= position.size**2 or not position.board.flat[last]:
        return
    row, column = divmod(last, position.size)
    ink = "white" if position.board.flat[last] == 1 else "black"
    ax.plot(column, row, marker="o", markersize=2.2, color=ink, zorder=5)
