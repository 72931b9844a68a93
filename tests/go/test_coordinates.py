"""Indices, (row, column), GTP and SGF names of points."""

import numpy as np
import pytest

from gokit.go.coordinates import (
    COLUMNS,
    check_size,
    from_gtp,
    from_sgf,
    parse_move,
    to_gtp,
    to_row_column,
    to_sgf,
)
from gokit.go.errors import GoError


def test_the_corners_of_9x9_are_where_gtp_puts_them():
    corners = {0: "A9", 8: "J9", 72: "A1", 80: "J1", 40: "E5", 81: "pass"}
    assert {index: to_gtp(index, 9) for index in corners} == corners


def test_gtp_has_no_column_i():
    assert "I" not in COLUMNS
    with pytest.raises(GoError, match="not a vertex"):
        from_gtp("I5", 19)


@pytest.mark.parametrize("size", range(1, 20))
def test_every_move_of_every_size_survives_gtp_and_sgf_and_back(size):
    for index in range(size * size + 1):
        assert from_gtp(to_gtp(index, size), size) == index
        assert from_gtp(f" {to_gtp(index, size).lower()}\t", size) == index
        assert from_sgf(to_sgf(index, size), size) == index
        if index < size * size:
            assert parse_move(to_row_column(index, size), size) == index
            letters = to_sgf(index, size)
            assert to_row_column(index, size) == (ord(letters[1]) - 97, ord(letters[0]) - 97)


def test_sgf_letters_are_column_then_row_from_the_top():
    assert to_sgf(1, 9) == "ba"
    assert to_sgf(9, 9) == "ab"


def test_tt_is_a_pass_in_sgf():
    assert from_sgf("tt", 19) == 361
    assert from_sgf("tt", 9) == 81


@pytest.mark.parametrize(
    "text",
    ["", "4", "D", "D0", "D10", "K1", "D-4", "D4x", "DD4", "D²", "D٤", "resign", "D 4", "\0"],
)
def test_nonsense_vertices_are_go_errors(text):
    with pytest.raises(GoError):
        from_gtp(text, 9)


@pytest.mark.parametrize("text", ["a", "aaa", "ja", "aj", "A1", "AA", "  ", "é!", "\x00a"])
def test_nonsense_sgf_points_are_go_errors(text):
    with pytest.raises(GoError):
        from_sgf(text, 9)


@pytest.mark.parametrize("move", ["D4", (5, 3), 48, np.int16(48), (np.int8(5), np.int64(3))])
def test_a_move_may_be_written_in_many_ways(move):
    assert parse_move(move, 9) == 48


@pytest.mark.parametrize(
    "move", [-1, 82, 4.0, None, (1,), (1, 2, 3), (9, 0), (0, -1), (1.0, 2), [3, 4], b"D4"]
)
def test_nonsense_moves_are_go_errors(move):
    with pytest.raises(GoError):
        parse_move(move, 9)


@pytest.mark.parametrize("index", [-1, 81, 100])
def test_no_row_and_column_for_a_pass_or_off_the_board(index):
    with pytest.raises(GoError):
        to_row_column(index, 9)


@pytest.mark.parametrize("size", [0, 20, -9, 9.5, True, "9", None])
def test_sizes_out_of_range_are_go_errors(size):
    with pytest.raises(GoError, match="1 to 19"):
        check_size(size)
