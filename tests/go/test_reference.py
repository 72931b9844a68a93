"""The slow reference against published counts, so that it can judge the engine."""

from __future__ import annotations

import pytest

from tests.go.reference import (
    BLACK,
    WHITE,
    ReferencePosition,
    count_games,
    perft,
    position_graph,
    settled_boards,
)

# Move sequences from the empty board by depth: stones only, Black first, colours alternate,
# positional superko unless said otherwise.
PERFT = [
    ("2x2", {"suicide": False}, [1, 4, 12, 24, 16, 32, 32, 16, 48, 80, 32, 64, 32, 32, 96]),
    ("2x2", {"suicide": True}, [1, 4, 12, 24, 16, 32, 32, 16, 48, 80, 32, 64, 32, 32, 96]),
    ("2x2", {"suicide": False, "superko": "simple"}, [1, 4, 12, 24, 16, 32, 32, 32, 96, 192]),
    ("2x3", {"suicide": False}, [1, 6, 30, 120, 336, 616, 664, 1232]),
    ("2x3", {"suicide": True}, [1, 6, 30, 120, 344, 728, 1184]),
    ("3x3", {"suicide": False}, [1, 9, 72, 504, 2976]),
    ("3x3", {"suicide": True}, [1, 9, 72, 504, 2976]),
    ("4x4", {"suicide": False}, [1, 16, 240, 3360]),
    ("5x5", {"suicide": False}, [1, 25, 600]),
]


def shape_of(name: str) -> tuple[int, int]:
    rows, columns = name.split("x")
    return int(rows), int(columns)


@pytest.mark.parametrize(
    ("shape", "switches", "counts"), PERFT, ids=lambda v: v if isinstance(v, str) else None
)
def test_move_sequences_by_depth(shape, switches, counts):
    start = ReferencePosition(*shape_of(shape), **switches)
    assert [perft(start, depth) for depth in range(len(counts))] == counts


@pytest.mark.slow
@pytest.mark.parametrize(
    ("shape", "suicide", "depth", "count"),
    [
        ("2x3", False, 8, 2088),
        ("3x3", False, 5, 14720),
        ("3x3", True, 6, 57040),
        ("4x4", False, 4, 43576),
    ],
)
def test_move_sequences_deeper(shape, suicide, depth, count):
    assert perft(ReferencePosition(*shape_of(shape), suicide=suicide), depth) == count


def test_move_sequences_with_passes():
    start = ReferencePosition(3, suicide=False)
    assert [perft(start, depth, passes=True) for depth in range(4)] == [1, 10, 91, 738]


@pytest.mark.parametrize(
    ("shape", "count"),
    [
        ("1x1", 1),
        ("1x2", 5),
        ("1x3", 15),
        ("1x4", 41),
        ("1x5", 113),
        ("2x2", 57),
        ("2x3", 489),
        ("2x4", 4125),
    ],
)
def test_legal_positions(shape, count):
    """Tromp and Farnebäck, "Combinatorics of Go"; squares are OEIS A094777."""
    assert len(settled_boards(*shape_of(shape))) == count


@pytest.mark.slow
@pytest.mark.parametrize(("shape", "count"), [("3x3", 12675), ("3x4", 321689)])
def test_legal_positions_of_larger_boards(shape, count):
    assert len(settled_boards(*shape_of(shape))) == count


@pytest.mark.parametrize(
    ("shape", "nodes", "edges"),
    [("1x1", 1, 0), ("1x2", 5, 12), ("1x3", 15, 42), ("1x4", 41, 144), ("2x2", 57, 192)],
)
def test_position_graph(shape, nodes, edges):
    graph = position_graph(*shape_of(shape))
    assert len(graph) == nodes
    assert sum(map(len, graph.values())) == edges


@pytest.mark.parametrize(("shape", "games"), [("1x1", 1), ("1x2", 9), ("1x3", 907)])
def test_games_under_positional_superko(shape, games):
    rows, columns = shape_of(shape)
    graph = position_graph(rows, columns)
    assert count_games(graph, (0,) * (rows * columns)) == games


def test_diagram_reads_rows_from_the_top():
    position = ReferencePosition.from_diagram(
        """
        . X
        O .
        """,
        to_move=WHITE,
    )
    assert position.board == (0, BLACK, WHITE, 0)
    assert position.to_move == WHITE
