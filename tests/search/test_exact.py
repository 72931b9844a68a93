"""The solver against published values, an independent brute force, Benson, and its own laws."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from gokit.go.errors import GoError
from gokit.go.games import Games
from gokit.go.geometry import geometry
from gokit.go.life import pass_alive
from gokit.go.position import Position
from gokit.go.rules import BLACK, NO_SUICIDE, TROMP_TAYLOR, WHITE, Rules
from gokit.go.symmetry import permutation
from gokit.search import exact
from gokit.search.exact import move_values, solve
from gokit.search.proofs import REPEATED
from tests.go.reference import ReferencePosition, position_graph

# Black's margin on the empty board without komi: Tromp; van der Werf (2003).
PUBLISHED = {(1, 3): 3, (1, 4): 4, (2, 2): 1, (2, 3): 0, (2, 4): 8}


@pytest.mark.parametrize(("shape", "value"), PUBLISHED.items())
def test_published_values(shape, value):
    assert solve(shape).value == value


def test_3x3_is_all_blacks_from_the_centre_alone():
    corner, side, centre, to_pass = -9, 3, 9, -9
    values = [corner, side, corner, side, centre, side, corner, side, corner, to_pass]
    assert list(move_values((3, 3)).values()) == values
    assert solve((3, 3))[:2] == (centre, (4,))


@pytest.mark.parametrize("shape", [(2, 2), (2, 3), (1, 4)])
def test_the_value_is_that_of_the_best_move(shape):
    solution, values = solve(shape), move_values(shape)
    assert solution.value == max(values.values())
    assert set(solution.best_moves) == {m for m, v in values.items() if v == solution.value}
    assert list(values) == list(range(shape[0] * shape[1] + 1))


class BruteForce:
    """Alpha-beta over the reference's boards, the whole history in hand, nothing remembered."""

    def __init__(self, rows, columns, memo=False):
        self.start = ReferencePosition(rows, columns, komi=0)
        self.graph = {}
        self.margins = {}
        self.memo = {} if memo else None
        for board in position_graph(rows, columns):
            here = ReferencePosition(rows, columns, komi=0)
            here.board = board
            self.margins[board] = here.margin()
            for color in (BLACK, WHITE):
                here.to_move = color
                empty = [p for p, stone in enumerate(board) if stone == 0]
                self.graph[board, color] = [(p, here.board_after(p)) for p in empty]

    def value(self):
        return self.search(self.start.board, BLACK, 0, {self.start.board}, -99, 99)

    def search(self, board, color, passes, seen, alpha, beta):
        """Black's margin, exact within the window from `alpha` to `beta`."""
        if passes == 2:
            return self.margins[board]
        key = board, color, passes
        if self.memo is not None:
            if key in self.memo:
                return self.memo[key]
            alpha, beta = -99, 99
        sign = 1 if color == BLACK else -1
        best = -99 * sign
        for after in (None, *(after for _, after in self.graph[board, color])):
            if after in seen:
                continue
            if after is None:
                value = self.search(board, 3 - color, passes + 1, seen, alpha, beta)
            else:
                value = self.search(after, 3 - color, 0, seen | {after}, alpha, beta)
            if sign * value > sign * best:
                best = value
            if color == BLACK:
                alpha = max(alpha, best)
            else:
                beta = min(beta, best)
            if alpha >= beta:
                break
        if self.memo is not None:
            self.memo[key] = best
        return best


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (1, 3), (2, 2)])
def test_an_independent_brute_force_agrees(shape):
    assert solve(shape).value == BruteForce(*shape).value()


def test_a_memo_by_position_alone_gets_2x2_wrong():
    assert BruteForce(2, 2, memo=True).value() != solve((2, 2)).value


def random_games(shape, count, seed, rules=TROMP_TAYLOR):
    """Games of a few random moves, and not over."""
    rng = np.random.default_rng(seed)
    made = []
    while len(made) < count:
        games = Games(1, shape, rules)
        for _ in range(rng.integers(1, 12)):
            legal = np.flatnonzero(games.legal_mask()[0])
            if legal.size:
                games.play(legal[rng.integers(len(legal)), None])
        if not games.ended[0]:
            made.append(games)
    return made


def test_random_histories_agree_with_the_brute_force():
    brute, rng = BruteForce(2, 2), np.random.default_rng(7)
    for _ in range(40):
        games, reference = Games(1, (2, 2)), ReferencePosition(2, 2, komi=0)
        for _ in range(rng.integers(3, 12)):
            move = rng.choice(reference.legal_moves())
            if reference.play(int(move)).is_over:
                break
            reference = reference.play(int(move))
            games.play(np.array([move]))
        seen = {board for board, _ in reference.history}
        expected = brute.search(reference.board, reference.to_move, reference.passes, seen, -99, 99)
        assert solve(games).value == expected, reference.moves
        assert set(move_values(games)) == set(reference.legal_moves())


def test_shared_proofs_give_what_a_fresh_search_gives():
    for games in random_games((2, 3), 12, seed=3):
        for move, value in move_values(games).items():
            after = Games(1, (2, 3))
            after.copy_from(games, np.array([0]), np.array([0]))
            after.play(np.array([move]))
            assert solve(after).value == value


def test_values_do_not_change_under_the_eight_symmetries():
    start = Position(2).play("A1").play("B2").play("pass").play("A2")
    values = move_values(start)
    for k in range(8):
        turned, moved = move_values(start.transformed(k)), permutation(k, 2)
        assert turned == {int(moved[move]): value for move, value in values.items()}


def test_exchanging_the_colors_negates_the_value():
    for shape in [(1, 4), (2, 2), (2, 3)]:
        games = Games(1, shape)
        games.play(np.array([games.n_actions - 1]))
        passed = move_values(games)
        # White may end the game at once, at 0; every other move is Black's, mirrored.
        for move, value in move_values(shape).items():
            if move < games.n_actions - 1:
                assert passed[move] == -value
        assert passed[games.n_actions - 1] == 0


def test_passing_for_ever_secures_what_benson_says_and_no_more_than_the_score():
    g = geometry(3)
    boards, _ = exact._boards(3, 3, True)
    assert len(boards.margin) == 12_675
    for games in random_games((3, 3), 60, seed=5):
        board = games.boards()[0]
        index = exact._Solver(games, TROMP_TAYLOR, 1).board
        alive = pass_alive(board)
        black, white = (int(((alive == c) & (board == c)).sum()) for c in (BLACK, WHITE))
        assert boards.low[index] >= 2 * black - g.n_points
        assert boards.high[index] <= g.n_points - 2 * white
        assert boards.low[index] <= boards.margin[index] <= boards.high[index]
    living = Position.from_diagram("X X X\nX X X\n. X .")
    index = exact._Solver(living, TROMP_TAYLOR, 1).board
    assert boards.low[index] == boards.high[index] == 9


def test_a_finished_game_has_its_score_and_no_moves():
    over = Position(3).play("B2").play("pass").play("pass")
    assert solve(over) == (9, (), 0)
    assert move_values(over) == {}


def test_suicide_can_be_switched_off():
    with_suicide, _ = exact._boards(2, 3, True)
    without, _ = exact._boards(2, 3, False)
    assert (without.after < 0).sum() > (with_suicide.after < 0).sum()
    assert solve((2, 2), NO_SUICIDE).value == 1


def test_too_few_nodes_are_an_error_and_never_a_value():
    needed = solve((2, 2)).nodes
    for limit in (1, 10, 100, 1000):
        assert limit < needed
        with pytest.raises(GoError, match="not solved within"):
            solve((2, 2), node_limit=limit)


def test_a_line_that_repeats_a_board_is_an_error_and_never_a_value(monkeypatch):
    def prove(boards, memory, *position):
        memory.counters[REPEATED] = 1
        return exact.PROVED

    monkeypatch.setattr(exact, "prove", prove)
    with pytest.raises(GoError, match="superko forbids"):
        solve((2, 2))


def test_the_compiled_search_is_kept_for_the_next_process():
    solve((2, 2))
    code = """
from gokit.search.exact import prove, solve
print(solve((2, 2)).value, sum(prove.stats.cache_misses.values()))
"""
    value, compiled = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    assert (value, compiled) == ("1", "0")


def test_what_cannot_be_solved_is_refused():
    with pytest.raises(GoError, match="at most 9 points"):
        solve((4, 4))
    with pytest.raises(GoError, match="positional superko"):
        solve((2, 2), Rules(superko="simple"))
    with pytest.raises(GoError, match="resigned"):
        solve(Position(2).resign())
    with pytest.raises(GoError, match="one game"):
        solve(Games(2, (2, 2)))
