"""Positions that every Go program gets wrong once, on gokit and on the slow reference."""

from __future__ import annotations

import numpy as np
import pytest

from gokit.go.coordinates import from_gtp, to_gtp
from gokit.go.errors import GoError, IllegalMoveError
from gokit.go.games import Games
from gokit.go.geometry import TWO_PASSES
from gokit.go.position import FIRST_ROOM, Position
from gokit.go.rules import (
    BLACK,
    EMPTY,
    NO_SUICIDE,
    SUPERKO_KINDS,
    TROMP_TAYLOR,
    WHITE,
    Rules,
    opponent,
)
from tests.go.reference import ReferencePosition

EVERY_KO = pytest.mark.parametrize("superko", SUPERKO_KINDS)
BOTH_SUPERKOS = pytest.mark.parametrize("superko", ["positional", "situational"])


@pytest.fixture(params=["gokit", "reference"])
def set_up(request):
    """A function that puts stones on the board of one of the two engines."""

    def gokit(diagram, to_move=BLACK, *, superko="positional", suicide=True, komi=7.5):
        return Position.from_diagram(diagram, to_move, Rules(komi, superko, suicide))

    return gokit if request.param == "gokit" else ReferencePosition.from_diagram


def size_of(position) -> int:
    return position.size if isinstance(position, Position) else position.rows


def play(position, *names: str):
    for name in names:
        position = position.play(from_gtp(name, size_of(position)))
    return position


def why_not(position, name: str) -> str | None:
    return position.illegality(from_gtp(name, size_of(position)))


def stones(position) -> tuple[int, ...]:
    return tuple(np.ravel(position.board))


def owner(position, name: str) -> int:
    areas = position.ownership() if hasattr(position, "ownership") else position.score().ownership
    return int(np.ravel(areas)[from_gtp(name, size_of(position))])


def margin(position) -> float:
    return position.margin() if hasattr(position, "margin") else position.score().margin


# Suicide

ONE_POINT = """
. X .
X . .
. . .
"""


def test_one_stone_suicide(set_up):
    """It leaves the board as it is: positional superko bars it even where suicide is allowed."""
    assert why_not(set_up(ONE_POINT, WHITE, superko="positional"), "A3") == "superko"
    assert why_not(set_up(ONE_POINT, WHITE, superko="situational"), "A3") is None
    assert why_not(set_up(ONE_POINT, WHITE, superko="simple"), "A3") is None
    for superko in SUPERKO_KINDS:
        barred = set_up(ONE_POINT, WHITE, superko=superko, suicide=False)
        assert why_not(barred, "A3") == "suicide"


def test_one_stone_suicide_is_a_pass_that_costs_a_stone(set_up):
    before = set_up(ONE_POINT, WHITE, superko="simple")
    after = play(before, "A3")
    assert stones(after) == stones(before)
    assert after.to_move == BLACK
    assert after.captured == (1, 0)
    assert after.passes == 0


def test_situational_superko_allows_one_stone_suicide_once(set_up):
    """After it and a black pass the situation (board, Black to move) would come a second time."""
    after = play(set_up(ONE_POINT, WHITE, superko="situational"), "A3", "pass")
    assert why_not(after, "A3") == "superko"


FOUR_STONES = """
. O X . .
O O X . .
X X X . .
. . . . .
. . . . .
"""


@EVERY_KO
def test_many_stone_suicide(set_up, superko):
    after = play(set_up(FOUR_STONES, WHITE, superko=superko), "A5")
    assert stones(after).count(WHITE) == 0
    assert stones(after).count(BLACK) == 5
    assert after.captured == (4, 0)
    assert after.to_move == BLACK
    assert owner(after, "A5") == BLACK
    assert why_not(set_up(FOUR_STONES, WHITE, superko=superko, suicide=False), "A5") == "suicide"


@EVERY_KO
def test_a_capture_is_no_suicide(set_up, superko):
    """Black's stone has no liberty until the three white stones around it are off the board."""
    after = play(set_up(FOUR_STONES, BLACK, superko=superko, suicide=False), "A5")
    assert stones(after).count(WHITE) == 0
    assert after.captured == (3, 0)


# Ko and what only looks like it

KO = """
X O . O .
. X O . .
. . . . .
. . . . .
. . . . .
"""


@EVERY_KO
def test_a_ko_may_not_be_retaken_at_once(set_up, superko):
    taken = play(set_up(KO, superko=superko), "C5")
    assert taken.captured == (1, 0)
    assert why_not(taken, "B5") == "ko"
    answered = play(taken, "E1", "A1")
    assert why_not(answered, "B5") is None
    assert why_not(play(answered, "B5"), "C5") == "ko"


SNAPBACK = """
. O X . .
. O X . .
O O X . .
X X . . .
. . . . .
"""


@EVERY_KO
def test_snapback(set_up, superko):
    """One stone is captured and its captors are captured at once: five for one is no ko."""
    one_down = play(set_up(SNAPBACK, superko=superko), "A5", "A4")
    assert one_down.captured == (0, 1)
    assert why_not(one_down, "A5") is None
    after = play(one_down, "A5")
    assert after.captured == (5, 1)
    assert stones(after).count(WHITE) == 0


TWO_TAKEN = """
. X X O .
X O O . .
. . . . .
. . . . .
. . . . .
"""


@EVERY_KO
def test_retaking_one_stone_that_took_two_is_no_ko(set_up, superko):
    taken = play(set_up(TWO_TAKEN, WHITE, superko=superko), "A5")
    assert taken.captured == (0, 2)
    assert why_not(taken, "B5") is None
    retaken = play(taken, "B5")
    assert retaken.captured == (1, 2)


CAPTOR_WITH_A_FRIEND = """
O . X O .
X X O . .
. . . . .
. . . . .
. . . . .
"""


@EVERY_KO
def test_retaking_two_stones_that_took_one_is_no_ko(set_up, superko):
    taken = play(set_up(CAPTOR_WITH_A_FRIEND, WHITE, superko=superko), "B5")
    assert taken.captured == (0, 1)
    assert why_not(taken, "C5") is None
    assert play(taken, "C5").captured == (2, 1)


SENDING_TWO = """
. O . O .
X X O . .
. . . . .
. . . . .
. . . . .
"""


def test_sending_two_returning_one(set_up):
    """The board comes back, but with the other side to move: the superkos part ways here."""
    for superko, expected in (("positional", "superko"), ("situational", None), ("simple", None)):
        start = set_up(SENDING_TWO, WHITE, superko=superko)
        sent = play(start, "A5", "C5")
        assert sent.captured == (2, 0)
        assert why_not(sent, "B5") == expected, superko
        if expected is None:
            back = play(sent, "B5")
            assert stones(back) == stones(start)
            assert back.to_move == opponent(start.to_move)


TRIPLE_KO = """
X O . O . X . X O
. X O . . . X O .
. . . . . . . . .
. . . . . . . . .
. . . . . . . . .
. . . . . . . . .
. . . . . . . . .
. X O . . . . . .
X O . O . . . . .
"""


def test_triple_ko(set_up):
    """Six captures in three kos bring the board back; no retake is immediate."""
    cycle = ["C9", "G9", "C1", "B9", "H9", "B1"]
    for superko in SUPERKO_KINDS:
        start = set_up(TRIPLE_KO, superko=superko)
        before_last = play(start, *cycle[:-1])
        assert before_last.captured == (3, 2)
        expected = None if superko == "simple" else "superko"
        assert why_not(before_last, cycle[-1]) == expected, superko
    again = play(set_up(TRIPLE_KO, superko="simple"), *cycle * 3)
    assert stones(again) == stones(start)
    assert again.captured == (9, 9)


ETERNAL_LIFE = """
X X X X
X . O O
X X O O
O O . X
"""


def test_eternal_life(set_up):
    """Both sides give up two stones and take two, every four moves, for ever."""
    cycle = ["C1", "B1", "D1", "A1"]
    for superko in SUPERKO_KINDS:
        start = set_up(ETERNAL_LIFE, superko=superko)
        before_last = play(start, *cycle[:-1])
        assert before_last.captured == (2, 2)
        expected = None if superko == "simple" else "superko"
        assert why_not(before_last, cycle[-1]) == expected, superko
    again = play(set_up(ETERNAL_LIFE, superko="simple"), *cycle * 5)
    assert stones(again) == stones(start)
    assert again.captured == (10, 10)


# Life, death and area as the board stands

BENT_FOUR = """
X X . O X . .
X O O O X . .
. O X X X . .
O O X . . . .
X X X . . . .
. . . . . . .
. . . . . . .
"""


def test_bent_four_in_the_corner(set_up):
    """No special ruling: a seki as it stands, and a ko when Black plays it out."""
    seki = set_up(BENT_FOUR, komi=0)
    assert owner(seki, "C7") == owner(seki, "A5") == EMPTY
    assert owner(seki, "A7") == BLACK
    assert margin(seki) == 49 - 2 - 7 - 7

    four_taken = play(seki, "C7", "A5")
    assert four_taken.captured == (0, 4)
    ko = play(four_taken, "B7", "A7", "A6")
    assert ko.captured == (1, 4)
    assert why_not(ko, "A7") == "ko"
    lost = play(ko, "pass", "C7")
    assert lost.captured == (9, 4)
    assert margin(lost) == 49


def test_seki_without_eyes(set_up):
    """Two shared liberties: who fills one is captured through the other."""
    seki = set_up(BENT_FOUR, WHITE)
    captured = play(seki, "A5", "C7")
    assert captured.captured == (8, 0)


ONE_EYE_EACH = """
. O . X .
O O X X X
O O X X X
O O O X X
O O O X X
"""


def test_seki_with_an_eye_each_and_one_shared_liberty(set_up):
    """The eyes count, the shared liberty does not; filling it loses everything."""
    seki = set_up(ONE_EYE_EACH, komi=0)
    assert [owner(seki, name) for name in ("A5", "C5", "E5")] == [WHITE, EMPTY, BLACK]
    assert margin(seki) == 0
    assert play(seki, "C5", "E5").captured == (0, 12)
    white_first = set_up(ONE_EYE_EACH, WHITE, komi=0)
    assert play(white_first, "C5", "A5").captured == (12, 0)


def test_dame_belong_to_nobody(set_up):
    walls = """
    . X . O .
    . X . O .
    . X . O .
    . X . O .
    . X . O .
    """
    position = set_up(walls, komi=0.5)
    assert [owner(position, name) for name in ("A1", "C3", "E5")] == [BLACK, EMPTY, WHITE]
    assert margin(position) == -0.5


@pytest.mark.parametrize(
    ("diagram", "expected"),
    [("X .\n. .", 4), (". .\n. .", 0), ("X .\n. O", 0), ("X X\n. O", 1)],
)
def test_area_of_tiny_boards(set_up, diagram, expected):
    assert margin(set_up(diagram, komi=0)) == expected


# How games end


def test_two_passes_must_be_consecutive(set_up):
    position = play(set_up(KO), "pass", "E1", "pass", "A1", "pass")
    assert not position.is_over
    assert position.passes == 1
    over = play(position, "pass")
    assert over.is_over
    assert why_not(over, "D1") == "game over"
    assert why_not(over, "pass") == "game over"


@EVERY_KO
def test_a_pass_lifts_the_ko_point(superko):
    taken = play(Position.from_diagram(KO, BLACK, TROMP_TAYLOR.replace(superko=superko)), "C5")
    assert to_gtp(taken.ko_point, 5) == "B5"
    assert taken.play("pass").ko_point is None


def test_a_pass_lifts_a_simple_ko_but_not_superko():
    """Two passes would end the game, so the taker's pass is taken as read: White moves again."""
    for superko, expected in (("simple", None), ("positional", "superko")):
        taken = play(Position.from_diagram(KO, BLACK, TROMP_TAYLOR.replace(superko=superko)), "C5")
        assert why_not(taken.play("pass").to_play(WHITE), "B5") == expected


def test_nothing_can_be_played_after_a_resignation():
    resigned = Position(5).play("C3").resign()
    assert resigned.is_over
    assert (resigned.end, resigned.winner, resigned.result) == ("resignation", BLACK, "B+R")
    for move in ("A1", "pass"):
        with pytest.raises(IllegalMoveError) as caught:
            resigned.play(move)
        assert caught.value.reason == "game over"
    with pytest.raises(GoError):
        resigned.resign()
    assert not resigned.legal_mask().any()
    assert Position(5).resign().result == "W+R"
    assert not resigned.undo().is_over


def test_a_move_cap_is_seen_and_is_no_result():
    """Black is 25 points ahead on the board, and still nobody has won."""
    capped = Position(5).play("C3").with_move_cap()
    assert capped.is_over
    assert (capped.end, capped.winner, capped.result) == ("move cap", None, "Void")
    assert capped.score().winner == BLACK
    assert not capped.legal_mask().any()


def test_two_passes_at_the_cap_are_a_result():
    games = Games(1, 5, TROMP_TAYLOR, max_moves=2)
    games.play([25])
    games.play([25])
    assert list(games.ended) == [TWO_PASSES]


def test_an_integer_komi_can_draw():
    for komi, winner, result in ((0, EMPTY, "0"), (0.5, WHITE, "W+0.5"), (-1, BLACK, "B+1")):
        position = Position.from_diagram(ONE_EYE_EACH, BLACK, Rules(komi))
        ended = position.play("pass").play("pass")
        assert (ended.end, ended.winner, ended.result) == ("two passes", winner, result)


def test_a_game_of_passes_only():
    ended = Position(19).play("pass").play("pass")
    assert (ended.winner, ended.result, ended.captured) == (WHITE, "W+7.5", (0, 0))
    assert ended.score().black == ended.score().white == 0


# Games longer than the history's first room

KOS = 11
ONE_KO = [".XO.", "XO.O", ".XO."]
KO_CORNERS = [(4 * i, 5 * j) for i in range(4) for j in range(3)][:KOS]


def many_kos() -> tuple[np.ndarray, list[tuple[int, int]]]:
    """A 19×19 board of kos, and for each the points that (Black, White) takes it with."""
    board = np.zeros((19, 19), np.int8)
    taking = []
    for row, column in KO_CORNERS:
        block = [[".XO".index(mark) for mark in line] for line in ONE_KO]
        board[row : row + 3, column : column + 4] = block
        taking.append(((row + 1) * 19 + column + 2, (row + 1) * 19 + column + 1))
    return board, taking


@BOTH_SUPERKOS
def test_a_history_that_grows_forgets_nothing(superko):
    """A random walk through the 2^11 states of eleven kos; a set of states knows what is barred."""
    board, taking = many_kos()
    position = Position.from_array(board, BLACK, TROMP_TAYLOR.replace(superko=superko))
    state, generator = (WHITE,) * KOS, np.random.default_rng(11)

    def key(state, side):
        return (state, side) if superko == "situational" else state

    visited, barred, stuck = {key(state, BLACK)}, 0, 0
    for _ in range(12 * FIRST_ROOM):
        side, open_kos = position.to_move, []
        for ko in (ko for ko in range(KOS) if state[ko] != side):
            after = (*state[:ko], side, *state[ko + 1 :])
            seen = key(after, opponent(side)) in visited
            assert (position.illegality(taking[ko][side - 1]) is not None) == seen
            barred += seen
            if not seen:
                open_kos.append((ko, after))
        if open_kos:
            ko, state = open_kos[generator.integers(len(open_kos))]
            position, stuck = position.play(taking[ko][side - 1]), 0
        elif position.passes:
            break
        else:
            position, stuck = position.play("pass"), stuck + 1
        visited.add(key(state, position.to_move))
    assert len(visited) > 4 * FIRST_ROOM, "the walk ended before the history grew twice"
    assert barred > len(visited)


@BOTH_SUPERKOS
def test_a_game_of_a_thousand_plies(superko):
    """At its end every move that is barred repeats a board of the record, and no other does."""
    rules = NO_SUICIDE.replace(superko=superko)
    position, generator = Position(9, rules), np.random.default_rng(0)
    while position.move_number < 1000:
        moves = position.legal_moves()
        position = position.play(int(generator.choice(moves[:-1] if len(moves) > 1 else moves)))
        assert not position.is_over

    def key(p):
        return (p.board.tobytes(), p.to_move if superko == "situational" else None)

    line = position.line()
    assert len(line) == 1001
    record = {key(p) for p in line}
    unbound = Position.from_array(position.board, position.to_move, rules.replace(superko="simple"))
    for move in unbound.legal_moves()[:-1]:
        repeats = key(unbound.play(move)) in record
        assert position.is_legal(move) != repeats
