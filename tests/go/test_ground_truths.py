"""The engine's compiled rules against what mathematicians counted.

Legal positions: Tromp and Farnebäck, "Combinatorics of Go" (squares: OEIS A094777). Games under
positional superko: Tromp 1999. Everything goes through the kernels' own play, legality and
liberties, on the squares that gokit offers and on the rectangles that its kernels allow.
"""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from gokit.go import kernels
from gokit.go.geometry import (
    POSITIONAL,
    SIMPLE,
    SITUATIONAL,
    TO_MOVE,
    geometry,
    row_words,
)
from gokit.go.rules import BLACK, EMPTY, WHITE
from tests.go.reference import position_graph

LONGEST = 60  # no sequence walked below is longer


def empty_row(g, superko: int, suicide: bool, longest: int = LONGEST) -> np.ndarray:
    row = np.zeros(row_words(g, longest), np.int64)
    kernels.clear(g, row, row.view(np.int16), superko, suicide, longest)
    return row


def legal_boards(g) -> int:
    return count_legal_boards(g, empty_row(g, SIMPLE, suicide=True, longest=1))


@njit
def count_legal_boards(g, blank):
    """Try every colouring of the board; count those in which every chain has a liberty."""
    row = blank.copy()
    cells = row.view(np.int16)
    board = np.zeros(g.n_points, np.int8)
    legal = 0
    while True:
        row[:] = blank
        legal += kernels.set_up(g, row, cells, board, BLACK)
        point = 0
        while point < g.n_points and board[point] == WHITE:
            board[point] = EMPTY
            point += 1
        if point == g.n_points:
            return legal
        board[point] += 1


@njit
def count_sequences(g, start, depth, last_action, either_color, enough):
    """Count the legal sequences of exactly `depth` actions, none above `last_action`.

    either_color: whether the side to move is free to choose at every turn. Counting stops above
    `enough`, so that rules which allow too much fail at once and do not run for ever.
    """
    rows = np.zeros((depth + 1, start.size), np.int64)
    cells = rows.view(np.int16)
    tried = np.zeros(depth + 1, np.int64)
    choices = (last_action + 1) * (2 if either_color else 1)
    rows[0] = start
    level, count = 0, 0
    while level >= 0:
        if level == depth:
            count += 1
            if count > enough:
                return count
            level -= 1
            continue
        choice = tried[level]
        tried[level] += 1
        if choice == choices:
            level -= 1
            continue
        rows[level + 1] = rows[level]
        after, after_cells = rows[level + 1], cells[level + 1]
        if either_color:
            after[TO_MOVE] = BLACK + choice // (last_action + 1)
        action = choice % (last_action + 1)
        if kernels.action_legality(g, after, after_cells, action) == kernels.LEGAL:
            kernels.play(g, after, after_cells, action)
            level += 1
            tried[level] = 0
    return count


@njit
def count_simple_paths(successors):
    """Count the simple paths from node 0; bit j of `successors[i]`: an edge from node i to j."""
    ahead = np.zeros(successors.size, np.uint64)  # the unvisited successors, a set a level
    node = np.zeros(successors.size, np.uint64)  # the path, each node as a bit
    one = np.uint64(1)
    node[0] = one
    visited = one
    ahead[0] = successors[0] & ~visited
    level, count = 0, 1
    while level >= 0:
        if ahead[level] == 0:
            visited ^= node[level]
            level -= 1
            continue
        bit = ahead[level] & (~ahead[level] + one)
        ahead[level] ^= bit
        count += 1
        beyond = successors[index_of(bit)] & ~(visited | bit)
        if beyond:
            level += 1
            node[level] = bit
            visited |= bit
            ahead[level] = beyond
    return count


@njit
def index_of(bit):
    """The position of the only bit that is set."""
    below, index = bit - np.uint64(1), 0
    for shift in (32, 16, 8, 4, 2, 1):
        if below >> np.uint64(index + shift - 1) & np.uint64(1):
            index += shift
    return index


def engine_graph(g) -> dict[bytes, set[bytes]]:
    """Tromp's position graph, by the engine's set-up and play; either colour moves."""
    blank = empty_row(g, SIMPLE, suicide=True)
    graph: dict[bytes, set[bytes]] = {}
    waiting = [bytes(g.n_points)]
    while waiting:
        board = waiting.pop()
        if board in graph:
            continue
        graph[board] = set()
        for color in (BLACK, WHITE):
            for action in range(g.n_points):
                row = blank.copy()
                cells = row.view(np.int16)
                assert kernels.set_up(g, row, cells, np.frombuffer(board, np.int8), color)
                if kernels.action_legality(g, row, cells, action) == kernels.LEGAL:
                    kernels.play(g, row, cells, action)
                    graph[board].add(cells[g.color + g.points].astype(np.int8).tobytes())
        graph[board].discard(board)
        waiting.extend(graph[board])
    return graph


@pytest.mark.parametrize(("size", "count"), [(1, 1), (2, 57), (3, 12_675)])
def test_legal_positions_of_squares(size, count):
    assert legal_boards(geometry(size)) == count


@pytest.mark.parametrize(
    ("rows", "columns", "count"),
    [(1, 2, 5), (1, 3, 15), (1, 4, 41), (1, 5, 113), (2, 3, 489), (2, 4, 4_125), (3, 4, 321_689)],
)
def test_legal_positions_of_rectangles(rows, columns, count):
    for g in (geometry(rows, columns), geometry(columns, rows)):
        assert legal_boards(g) == count


@pytest.mark.slow
def test_legal_positions_of_4x4():
    """All 43,046,721 colourings, one by one."""
    assert legal_boards(geometry(4)) == 24_318_165


# Stones only, Black first, colours alternate. 2×2, 3×3 and 4×4 without suicide were also
# counted by GNU Go.
PERFT = [
    (2, 2, POSITIONAL, False, [1, 4, 12, 24, 16, 32, 32, 16, 48, 80, 32, 64, 32, 32, 96]),
    (2, 2, POSITIONAL, True, [1, 4, 12, 24, 16, 32, 32, 16, 48, 80, 32, 64, 32, 32, 96]),
    (2, 2, SIMPLE, False, [1, 4, 12, 24, 16, 32, 32, 32, 96, 192]),
    (2, 3, POSITIONAL, False, [1, 6, 30, 120, 336, 616, 664, 1232, 2088]),
    (2, 3, POSITIONAL, True, [1, 6, 30, 120, 344, 728, 1184]),
    (3, 3, POSITIONAL, False, [1, 9, 72, 504, 2976, 14720, 56176, 168112]),
    (3, 3, POSITIONAL, True, [1, 9, 72, 504, 2976, 14720, 57040, 177904]),
    (4, 4, POSITIONAL, False, [1, 16, 240, 3360, 43576, 521800]),
    (5, 5, POSITIONAL, False, [1, 25, 600, 13800, 303424]),
]


@pytest.mark.parametrize(
    ("rows", "columns", "superko", "suicide", "counts"),
    PERFT,
    ids=lambda value: "" if isinstance(value, list) else str(value),
)
def test_move_sequences_by_depth(rows, columns, superko, suicide, counts):
    g = geometry(rows, columns)
    start = empty_row(g, superko, suicide)
    last_stone = g.n_points - 1
    for depth, count in enumerate(counts):
        assert count_sequences(g, start, depth, last_stone, False, count) == count


def test_move_sequences_with_passes():
    g = geometry(3)
    start = empty_row(g, POSITIONAL, suicide=False)
    for depth, count in enumerate([1, 10, 91, 738, 5281]):
        assert count_sequences(g, start, depth, g.n_points, False, count) == count


@pytest.mark.parametrize(
    ("rows", "columns", "nodes", "edges"),
    [(1, 1, 1, 0), (1, 2, 5, 12), (1, 3, 15, 42), (1, 4, 41, 144), (2, 2, 57, 192)],
)
def test_position_graph(rows, columns, nodes, edges):
    graph = engine_graph(geometry(rows, columns))
    assert len(graph) == nodes
    assert sum(map(len, graph.values())) == edges
    slow = {bytes(a): {bytes(b) for b in to} for a, to in position_graph(rows, columns).items()}
    assert graph == slow


def test_one_point_has_one_game():
    """On 1×1 the only stone is a one-stone suicide: it recreates the empty board, so no move."""
    g = geometry(1)
    for superko in (POSITIONAL, SITUATIONAL):
        start = empty_row(g, superko, suicide=True)
        expected = 0 if superko == POSITIONAL else 1
        assert count_sequences(g, start, 1, g.n_points - 1, False, expected) == expected


@pytest.mark.parametrize(("columns", "games"), [(1, 1), (2, 9), (3, 907)])
def test_games_by_the_engines_superko(columns, games):
    """Every game, of every length, either colour to move: the history alone ends them."""
    g = geometry(1, columns)
    start = empty_row(g, POSITIONAL, suicide=True)
    last_stone, found = g.n_points - 1, 0
    for length in range(3**columns):
        of_length = count_sequences(g, start, length, last_stone, True, games - found)
        found += of_length
        assert found <= games
    assert of_length == 0, "a game is longer than there are boards"
    assert found == games


def test_games_are_simple_paths_of_the_position_graph():
    for columns, games in ((1, 1), (2, 9), (3, 907)):
        assert count_simple_paths(bits_of(engine_graph(geometry(1, columns)))) == games


@pytest.mark.slow
def test_games_on_1x4():
    """2.1 thousand million games: walked on the engine's graph, not played one by one."""
    assert count_simple_paths(bits_of(engine_graph(geometry(1, 4)))) == 2_098_407_841


def bits_of(graph) -> np.ndarray:
    """The successors of each node as bits, the empty board first: uint64 [nodes], at most 64."""
    index = {board: i for i, board in enumerate(sorted(graph))}
    return np.array([sum(1 << index[b] for b in graph[board]) for board in index], np.uint64)
