"""Chapter 1's exercises, each tested four ways."""

from __future__ import annotations

import doctest
from itertools import product

import pytest

from gokit.lessons.checks import board_cases, game_cases
from gokit.lessons.checks import slow_rules as go
from tests.lessons.exercise_contract import ROOT, answers, contract

EMPTY, BLACK, WHITE = 0, 1, 2


def all_points(board):
    return list(product(range(len(board)), range(len(board[0]))))


def any_two_passes(moves, cap):
    return "two passes" if moves.count("pass") >= 2 else game_cases.ending(moves, cap)


def cap_before_passes(moves, cap):
    return "move cap" if len(moves) == cap else game_cases.ending(moves, cap)


def never_capped(moves, cap):
    ended = game_cases.ending(moves, cap)
    return None if ended == "move cap" else ended


def joined_at_corners(board):
    def flood(start):
        found, waiting = {start}, [start]
        while waiting:
            r, c = waiting.pop()
            for q in all_points(board):
                close = max(abs(q[0] - r), abs(q[1] - c)) == 1
                if close and q not in found and go.at(board, q) == go.at(board, start):
                    found.add(q)
                    waiting.append(q)
        return frozenset(found)

    return {flood(p) for p in all_points(board) if go.at(board, p)}


def every_stone_alone(board):
    return [{p} for p in all_points(board) if go.at(board, p)]


def one_entry_a_stone(board):
    return [set(go.region(board, p)) for p in all_points(board) if go.at(board, p)]


def colors_mixed(board):
    filled = [[min(stone, 1) for stone in row] for row in board]
    return go.all_groups(filled)


def black_only(board):
    return [g for g in go.all_groups(board) if go.at(board, min(g)) == BLACK]


def own_neighbors_only(board):
    return [
        [len(go.liberties(board, [(r, c)])) if stone else 0 for c, stone in enumerate(row)]
        for r, row in enumerate(board)
    ]


def shared_liberties_twice(board):
    return [
        [
            sum(len(go.liberties(board, [p])) for p in go.region(board, (r, c))) if stone else 0
            for c, stone in enumerate(row)
        ]
        for r, row in enumerate(board)
    ]


def liberties_of_empty_points(board):
    return [
        [len(go.liberties(board, go.region(board, (r, c)))) for c in range(len(board[0]))]
        for r in range(len(board))
    ]


def flat_map(board):
    return [number for row in board_cases.liberty_map(board) for number in row]


def takes_all_neighbors(board, point, color):
    return {
        q
        for p in go.near(board, point)
        if go.at(board, p) == go.other(color)
        for q in go.region(board, p)
    }


def takes_one_group_only(board, point, color):
    taken = go.captured(board, point, color)
    return set(go.region(board, min(taken))) if taken else set()


def takes_own_stones_too(board, point, color):
    placed = go.with_stone(board, point, color)
    return go.dead(placed, go.other(color)) | go.dead(placed, color)


def takes_touching_stones_only(board, point, color):
    return go.captured(board, point, color) & set(go.near(board, point))


def changes_the_board(board, point, color):
    taken = go.captured(board, point, color)
    board[point[0]][point[1]] = color
    return taken


def own_stones_first(board, point, color):
    return len(go.dead(go.with_stone(board, point, color), color))


def only_the_new_stone(board, point, color):
    return min(1, go.suicide_size(board, point, color))


def without_the_new_stone(board, point, color):
    size = go.suicide_size(board, point, color)
    return size and size - 1


def no_free_neighbor(board, point, color):
    return 0 if go.liberties(board, [point]) else 1


def any_single_capture(before, after):
    gone = [p for p in all_points(after) if go.at(before, p) and not go.at(after, p)]
    return gone[0] if len(gone) == 1 else None


def any_capture(before, after):
    gone = [p for p in all_points(after) if go.at(before, p) and not go.at(after, p)]
    return gone[0] if gone else None


def never_a_ko(before, after):
    return (0, 0) if before == after else None


def the_stone_just_played(before, after):
    new = [p for p in all_points(after) if go.at(after, p) and not go.at(before, p)]
    return new[0] if board_cases.ko_point(before, after) else None


def all_empty_points(boards, color):
    return {p for p in all_points(boards[-1]) if go.at(boards[-1], p) == EMPTY}


def simple_ko_only(boards, color):
    now = boards[-1]
    return {
        p
        for p in all_empty_points(boards, color)
        if go.after_move(now, p, color) not in boards[-2:]
    }


def no_suicide(boards, color):
    return {
        p
        for p in game_cases.legal_points(boards, color)
        if not go.suicide_size(boards[-1], p, color)
    }


def lone_suicide_too(boards, color):
    now = boards[-1]
    alone = {p for p in all_empty_points(boards, color) if go.after_move(now, p, color) == now}
    return game_cases.legal_points(boards, color) | alone


def over_stones_too(boards, color):
    return game_cases.legal_points(boards, color) | {
        p for p in all_points(boards[-1]) if go.at(boards[-1], p)
    }


def stones_only(board):
    flat = [stone for row in board for stone in row]
    return flat.count(BLACK), flat.count(WHITE)


def territory_only(board):
    black, white = game_cases.area_score(board)
    return black - stones_only(board)[0], white - stones_only(board)[1]


def white_first(board):
    return game_cases.area_score(board)[::-1]


def dame_for_both(board):
    black, white = game_cases.area_score(board)
    nobody = sum(map(len, board)) - black - white
    return black + nobody, white + nobody


def every_coloring(rows, columns):
    return 3 ** (rows * columns)


def all_but_full_boards(rows, columns):
    return 3 ** (rows * columns) - 2 ** (rows * columns)


def without_the_empty_board(rows, columns):
    return go.count_legal(rows, columns) - 1


def each_stone_needs_air(rows, columns):
    count = 0
    for flat in product((0, 1, 2), repeat=rows * columns):
        board = [list(flat[r * columns : (r + 1) * columns]) for r in range(rows)]
        count += all(go.liberties(board, [p]) for p in all_points(board) if go.at(board, p))
    return count


def one_point_less_each_time(rows, columns, depth):
    total = 1
    for number in range(depth):
        total *= rows * columns - number
    return total


def without_superko(rows, columns, depth):
    return go.count_sequences(rows, columns, depth, superko=False)


def up_to_the_depth(rows, columns, depth):
    return sum(go.count_sequences(rows, columns, d) for d in range(depth + 1))


def ladders_always_work(board, point):
    return True


def three_in_atari_is_dead(board, point):
    # Never looks at taking a chaser: the runner may only extend.
    color = go.at(board, point)
    (reply,) = go.liberties(board, go.region(board, point))
    ran = go.after_move(board, reply, color)
    if go.at(ran, point) != color:
        return True
    ways_out = sorted(go.liberties(ran, go.region(ran, point)))
    if len(ways_out) != 2:
        return len(ways_out) < 2
    chased = go.after_move(ran, ways_out[0], go.other(color))
    return go.at(chased, ways_out[0]) != EMPTY and three_in_atari_is_dead(chased, point)


def two_liberties_are_enough(board, point):
    color = go.at(board, point)
    (reply,) = go.liberties(board, go.region(board, point))
    ran = go.after_move(board, reply, color)
    return go.at(ran, point) != color or len(go.liberties(ran, go.region(ran, point))) < 2


WRONG = {
    "01-ending": [
        (any_two_passes, "a stone was played between them"),
        (cap_before_passes, "the cap cut nothing off"),
        (never_capped, "the cap ends the game"),
    ],
    "01-groups": [
        (joined_at_corners, "Diagonals do not connect"),
        (every_stone_alone, "only a part of their group"),
        (one_entry_a_stone, "listed more than once"),
        (colors_mixed, "stones of both colours"),
        (black_only, "is missing"),
    ],
    "01-liberties": [
        (own_neighbors_only, "the stones of a group share theirs"),
        (shared_liberties_twice, "one liberty, not two"),
        (liberties_of_empty_points, "is empty and has no liberties"),
        (flat_map, "one number for each point"),
    ],
    "01-capture": [
        (takes_all_neighbors, "still has a liberty after the move"),
        (takes_one_group_only, "is taken too"),
        (takes_own_stones_too, "asked are the opponent's"),
        (takes_touching_stones_only, "is taken too"),
        (changes_the_board, "changes the board"),
    ],
    "01-suicide": [
        (own_stones_first, "first, and that gives it a liberty"),
        (only_the_new_stone, "The whole group goes"),
        (without_the_new_stone, "The stone just played goes too"),
        (no_free_neighbor, "The whole group goes"),
    ],
    "01-ko": [
        (any_single_capture, "does not bring back the board before"),
        (any_capture, "does not bring back the board before"),
        (never_a_ko, "Yours bars nothing"),
        (the_stone_just_played, "would bring back the board before"),
    ],
    "01-superko": [
        (all_empty_points, "a lone stone that dies at once"),
        (simple_ko_only, "brings back the board after move"),
        (no_suicide, "It is a suicide of 3 stones: allowed here"),
        (lone_suicide_too, "a lone stone that dies at once"),
        (over_stones_too, "where a stone stands"),
    ],
    "01-score": [
        (stones_only, "You count the stones only"),
        (territory_only, "You count the empty points only"),
        (white_first, "Black's number comes first"),
        (dame_for_both, "counts for nobody"),
    ],
    "01-count": [
        (every_coloring, "every colouring"),
        (all_but_full_boards, "full boards only"),
        (without_the_empty_board, "The empty board is legal too"),
        (each_stone_needs_air, "only a whole *group* needs a liberty"),
    ],
    "01-sequences": [
        (one_point_less_each_time, "one point less each move"),
        (without_superko, "boards that have stood there before"),
        (up_to_the_depth, "the shorter sequences too"),
    ],
    "01-ladder": [
        (ladders_always_work, "but it escapes"),
        (three_in_atari_is_dead, "You say that"),
        (two_liberties_are_enough, "but it is captured in"),
    ],
}

TestChapter01 = contract("01_go_rules", WRONG, without_board=("01-count", "01-sequences"))


def test_the_slow_rules_know_the_published_counts():
    # Tromp and Farnebäck; move sequences counted by the engine's own tests too.
    assert [go.count_legal(*shape) for shape in ((1, 1), (1, 2), (2, 2), (2, 3), (3, 3))] == [
        1,
        5,
        57,
        489,
        12_675,
    ]
    assert [go.count_sequences(2, 2, depth) for depth in range(9)] == [
        1, 4, 12, 24, 16, 32, 32, 16, 48,
    ]  # fmt: skip
    assert [go.count_sequences(3, 3, depth) for depth in range(5)] == [1, 9, 72, 504, 2976]


@pytest.mark.parametrize("name", WRONG)
def test_the_example_in_the_stub_is_right(name):
    solution = answers(ROOT / "exercises" / "source" / "01_go_rules.py", solved=True)[name]
    example = doctest.DocTestParser().get_doctest(
        solution.__doc__, solution.__globals__, name, None, None
    )
    assert example.examples
    assert doctest.DocTestRunner().run(example).failed == 0
