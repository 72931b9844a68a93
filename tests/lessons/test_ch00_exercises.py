"""Chapter 0's exercises, each tested four ways."""

from __future__ import annotations

import math
from itertools import pairwise

from tests.lessons.exercise_contract import contract

LETTERS = "ABCDEFGHJKLMNOPQRST"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def with_the_letter_i(row, column, size):
    return ALPHABET[column] + str(size - row)


def numbered_from_the_top(row, column, size):
    return LETTERS[column] + str(row + 1)


def numbered_from_zero(row, column, size):
    return LETTERS[column] + str(size - row - 1)


def row_and_column_swapped(row, column, size):
    return LETTERS[row] + str(size - column)


def number_first(row, column, size):
    return str(size - row) + LETTERS[column]


def in_small_letters(row, column, size):
    return LETTERS[column].lower() + str(size - row)


def a_pair_instead_of_a_name(row, column, size):
    return LETTERS[column], size - row


def _tower(widths, size, kernel, layer):
    pairs = pairwise(widths)
    return 2 * size * size * kernel * kernel * sum(layer(a, b) for a, b in pairs)


def multiplications_only(widths, size, kernel):
    return _tower(widths, size, kernel, lambda a, b: a * b) // 2


def one_row_of_the_board(widths, size, kernel):
    return _tower(widths, size, kernel, lambda a, b: a * b) // size


def one_row_of_the_window(widths, size, kernel):
    return _tower(widths, size, kernel, lambda a, b: a * b) // kernel


def without_the_window(widths, size, kernel):
    return _tower(widths, size, 1, lambda a, b: a * b)


def without_padding(widths, size, kernel):
    return _tower(widths, size - kernel + 1, 1, lambda a, b: a * b) * kernel * kernel


def widths_added(widths, size, kernel):
    return _tower(widths, size, kernel, lambda a, b: a + b)


def width_squared(widths, size, kernel):
    return _tower(widths, size, kernel, lambda a, b: a * a)


def without_the_first_layer(widths, size, kernel):
    return _tower(widths[1:], size, kernel, lambda a, b: a * b)


def without_the_input_width(widths, size, kernel):
    return _tower(widths, size, kernel, lambda a, b: b)


def _wilson(rate, games):
    z = 1.96
    scale = 1 + z * z / games
    half = z * math.sqrt(rate * (1 - rate) / games + z * z / (4 * games * games)) / scale
    middle = (rate + z * z / (2 * games)) / scale
    return rate, middle - half, middle + half


def textbook_interval(wins, draws, games):
    rate = (wins + draws / 2) / games
    half = 1.96 * math.sqrt(rate * (1 - rate) / games)
    return rate, rate - half, rate + half


def textbook_where_it_is_tight(wins, draws, games):
    right = _wilson((wins + draws / 2) / games, games)
    return textbook_interval(wins, draws, games) if wins in (0, games) else right


def draws_as_losses(wins, draws, games):
    return _wilson(wins / games, games)


def draws_as_wins(wins, draws, games):
    return _wilson((wins + draws) / games, games)


def draws_left_out(wins, draws, games):
    played = max(games - draws, 1)
    return _wilson(wins / played, played)


def in_percent(wins, draws, games):
    return tuple(100 * number for number in _wilson((wins + draws / 2) / games, games))


def low_and_high_swapped(wins, draws, games):
    rate, low, high = _wilson((wins + draws / 2) / games, games)
    return rate, high, low


def the_rate_alone(wins, draws, games):
    return (wins + draws / 2) / games


def only_the_edges(wins, draws, games):
    return _wilson((wins + draws / 2) / games, games)[1:]


def ninety_nine_percent(wins, draws, games):
    rate, low, high = _wilson((wins + draws / 2) / games, games)
    return rate, low - 0.01, high + 0.01


WRONG = {
    "00-point-name": [
        (with_the_letter_i, "the letter I is left out"),
        (numbered_from_the_top, "count from the bottom"),
        (numbered_from_zero, "one too low"),
        (row_and_column_swapped, "changed places"),
        (number_first, "The letter comes first"),
        (in_small_letters, "capitals"),
        (a_pair_instead_of_a_name, "a text is asked for"),
    ],
    "00-tower-flops": [
        (multiplications_only, "That is half"),
        (one_row_of_the_board, "works at every one of them"),
        (one_row_of_the_window, "covers 9 points, not 3"),
        (without_the_window, "The window is missing"),
        (without_padding, "padded with zeros"),
        (widths_added, "multiply the two widths"),
        (width_squared, "not one with itself"),
        (without_the_first_layer, "is missing"),
        (without_the_input_width, "the input's width is missing"),
    ],
    "00-win-rate": [
        (textbook_interval, "the textbook interval"),
        (textbook_where_it_is_tight, "It has no width here"),
        (draws_as_losses, "half a win, not as none"),
        (draws_as_wins, "not as a whole one"),
        (draws_left_out, "Draws are games too"),
        (in_percent, "Those are percentages"),
        (low_and_high_swapped, "changed places"),
        (the_rate_alone, "a list or tuple is asked for"),
        (only_the_edges, "Three numbers are asked for"),
        (ninety_nine_percent, "the interval is not"),
    ],
}

TestChapter00 = contract("00_start_here", WRONG, without_board={"00-tower-flops", "00-win-rate"})
