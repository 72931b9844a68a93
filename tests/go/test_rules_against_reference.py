"""The engine and the slow reference play the same games and must never disagree."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from gokit.go.errors import GoError, IllegalMoveError
from gokit.go.games import Games
from gokit.go.playouts import random_states, random_steps
from gokit.go.position import Position
from gokit.go.rules import SUPERKO_KINDS, Rules
from tests.go.reference import ReferencePosition

ALL_RULES = [Rules(7.5, superko, suicide) for superko in SUPERKO_KINDS for suicide in (True, False)]


def reference_for(shape: int | tuple[int, int], rules: Rules) -> ReferencePosition:
    rows, columns = (shape, shape) if isinstance(shape, int) else shape
    return ReferencePosition(
        rows, columns, superko=rules.superko, suicide=rules.suicide, komi=rules.komi
    )


def assert_same(position: Position, slow: ReferencePosition) -> None:
    """All that both know about one moment of a game."""
    assert tuple(position.board.ravel()) == slow.board, position
    assert position.to_move == slow.to_move
    assert position.passes == slow.passes
    assert position.captured == slow.captured
    assert bool(position.is_over) == slow.is_over
    every_move = range(slow.pass_move + 1)
    reasons = [position.illegality(move) for move in every_move]
    expected = [slow.illegality(move) for move in every_move]
    assert reasons == expected, f"{position}\n{position.rules}, moves so far: {slow.moves}"
    assert list(position.legal_mask()) == [reason is None for reason in expected]
    assert list(position.legal_moves()) == slow.legal_moves()
    score = position.score()
    assert tuple(score.ownership.ravel()) == slow.ownership(), position
    assert score.margin == slow.margin()
    assert score.black - score.white - position.rules.komi == slow.margin()
    for group in position.groups():
        stones, liberties = slow.group_at(min(group.stones))
        assert (group.stones, group.liberties) == (stones, liberties), position


def a_legal_move(slow: ReferencePosition, choice: int) -> int:
    """Turn a number into a legal move; passes are rare, so that games last."""
    stones = slow.legal_moves()[:-1]
    if not stones or choice % 29 == 28:
        return slow.pass_move
    return stones[choice % len(stones)]


@st.composite
def recorded_games(draw):
    """Rules, a board size, and a number for each ply that says which legal move is played."""
    rules = draw(st.sampled_from(ALL_RULES))
    size = draw(st.integers(1, 9))
    plies = draw(st.integers(0, 100 if size < 6 else 25))
    return rules, size, draw(st.lists(st.integers(0, 10**6), min_size=plies, max_size=plies))


@settings(max_examples=100, deadline=None)
@given(recorded_games())
def test_games_that_hypothesis_chooses(game):
    rules, size, choices = game
    position, slow = Position(size, rules), reference_for(size, rules)
    assert_same(position, slow)
    for choice in choices:
        if slow.is_over:
            break
        move = a_legal_move(slow, choice)
        position, slow = position.play(move), slow.play(move)
        assert_same(position, slow)
    assert position.moves == list(slow.moves)
    assert position.move_number == len(slow.moves)


@pytest.mark.parametrize("rules", ALL_RULES, ids=lambda r: f"{r.superko}-{r.suicide}")
@pytest.mark.parametrize(("size", "plies"), [(1, 4), (2, 300), (3, 400), (4, 250), (5, 200)])
def test_long_random_games_on_small_boards(size, plies, rules):
    """Small boards fill, empty and repeat: the superko set does most of the work here."""
    generator = random.Random(size)
    played = 0
    while played < plies:
        position, slow = Position(size, rules), reference_for(size, rules)
        while not slow.is_over and played < plies:
            move = a_legal_move(slow, generator.randrange(10**6))
            position, slow = position.play(move), slow.play(move)
            assert_same(position, slow)
            played += 1


@pytest.mark.parametrize("rules", ALL_RULES, ids=lambda r: f"{r.superko}-{r.suicide}")
@pytest.mark.parametrize(("size", "plies"), [(7, 160), (9, 200)])
def test_random_games_on_larger_boards(size, plies, rules):
    generator = random.Random(size)
    position, slow = Position(size, rules), reference_for(size, rules)
    for _ in range(plies):
        if slow.is_over:
            break
        move = a_legal_move(slow, generator.randrange(10**6))
        position, slow = position.play(move), slow.play(move)
        assert_same(position, slow)


def test_a_random_game_on_19x19():
    """Where the packed liberties are largest; the reference checks every 50th position."""
    generator = np.random.default_rng(19)
    position, slow = Position(19), ReferencePosition(19)
    for ply in range(400):
        move = int(generator.choice(position.legal_moves()[:-1]))
        position = position.play(move)
        slow = slow.play(move)
        if ply % 50 == 49:
            assert_same(position, slow)


@pytest.mark.parametrize("size", [9, 13, 19])
def test_thousands_of_plies_leave_what_a_fresh_setup_has(size):
    """Liberties, chains and hashes kept up move by move, against the same stones put down anew."""
    rules, steps = Rules(superko="simple"), 25
    games = Games(8, size, rules, max_moves=100_000)
    states = random_states(np.random.default_rng(size), 8)
    captures = 0
    for _ in range(40):
        random_steps(games, steps, states)
        for i, board in enumerate(games.boards()):
            played = games.position(i)
            fresh = Position.from_array(board, played.to_move, rules)
            expected = fresh.legal_mask()
            if played.ko_point is not None:
                assert expected[played.ko_point]
                expected[played.ko_point] = False
            assert np.array_equal(played.legal_mask(), expected)
            assert played.hash == fresh.hash
            assert played.score().margin == fresh.score().margin
            assert played.groups() == fresh.groups()
            captures += sum(played.captured)
    assert captures > 1000, "random games that capture so little test nothing"


@pytest.mark.parametrize("rules", ALL_RULES, ids=lambda r: f"{r.superko}-{r.suicide}")
@pytest.mark.parametrize("shape", [(1, 2), (1, 3), (1, 5), (2, 3), (4, 2), (3, 5)])
def test_random_games_on_rectangles(shape, rules):
    """`Position` is square; batches of games are not, and share the kernels."""
    generator = random.Random(f"{shape}")
    games, slow = Games(1, shape, rules, max_moves=10_000), reference_for(shape, rules)
    for _ in range(150):
        if slow.is_over:
            games.reset()
            slow = reference_for(shape, rules)
        move = a_legal_move(slow, generator.randrange(10**6))
        games.play([move])
        slow = slow.play(move)
        assert tuple(games.boards().ravel()) == slow.board
        assert list(np.flatnonzero(games.legal_mask()[0])) == slow.legal_moves()
        assert games.score()[0] == slow.margin()
        assert tuple(games.ownership().ravel()) == slow.ownership()


@pytest.mark.parametrize("rules", ALL_RULES, ids=lambda r: f"{r.superko}-{r.suicide}")
def test_a_random_setup_plays_as_the_reference_does(rules):
    """Positions that no game led to: the history starts with the set-up board."""
    generator = random.Random(5)
    for size in (2, 3, 4, 5) * 6:
        slow = reference_for(size, rules)
        for _ in range(3 * size * size):
            if not slow.is_over:
                slow = slow.play(a_legal_move(slow, generator.randrange(10**6)))
        color = generator.choice((1, 2))
        board = np.array(slow.board, np.int8).reshape(size, size)
        position = Position.from_array(board, color, rules)
        start = reference_for(size, rules)
        start.board, start.to_move = slow.board, color
        start.history = ((slow.board, color),)
        for _ in range(12):
            assert_same(position, start)
            if start.is_over:
                break
            move = a_legal_move(start, generator.randrange(10**6))
            position, start = position.play(move), start.play(move)


def test_hash_tells_boards_apart_and_nothing_else():
    """Equal hashes if and only if equal stones, whatever the order, the captures and the turn."""
    board_of, hash_of = {}, {}
    generator = np.random.default_rng(1)
    for _ in range(60):
        position = Position(3, Rules(superko="simple"))
        for _ in range(60):
            if position.is_over:
                break
            position = position.play(int(generator.choice(position.legal_moves())))
            board = position.board.tobytes()
            assert board_of.setdefault(position.hash, board) == board
            assert hash_of.setdefault(board, position.hash) == position.hash
    assert len(hash_of) > 500


def test_a_set_up_board_hashes_as_a_played_one():
    position = Position(5)
    generator = np.random.default_rng(3)
    for _ in range(40):
        position = position.play(int(generator.choice(position.legal_moves()[:-1])))
        assert Position.from_array(position.board).hash == position.hash


def test_positions_do_not_change_when_others_are_played():
    """Immutable: every position of a tree of games still is what it was when it was made."""
    generator = np.random.default_rng(4)
    made = [Position(4)]
    remembered = [(made[0].board.tobytes(), made[0].legal_mask().tobytes(), made[0].hash)]
    for _ in range(300):
        parent = made[generator.integers(len(made))]
        if parent.is_over:
            continue
        child = parent.play(int(generator.choice(parent.legal_moves())))
        made.append(child)
        remembered.append((child.board.tobytes(), child.legal_mask().tobytes(), child.hash))
    for position, (board, mask, hash_) in zip(made, remembered, strict=True):
        assert position.board.tobytes() == board
        assert position.legal_mask().tobytes() == mask
        assert position.hash == hash_


def test_what_a_position_hands_out_is_a_copy():
    position = Position(3).play(4)
    position.board[:] = 2
    position.legal_mask()[:] = False
    position.score().ownership[:] = 2
    position.moves.append(0)
    assert position.board[1, 1] == 1
    assert position.board.sum() == 1
    assert position.is_legal(0)
    assert position.score().black == 9
    assert position.move_number == 1
    assert len(position.play(0).moves) == 2


def test_undo_goes_back_to_the_start_and_no_further():
    position, trail = Position(7), []
    generator = np.random.default_rng(6)
    for _ in range(60):
        trail.append(position)
        position = position.play(int(generator.choice(position.legal_moves()[:-1])))
    for expected in reversed(trail):
        position = position.undo()
        assert position.hash == expected.hash
        assert np.array_equal(position.legal_mask(), expected.legal_mask())
        assert position.moves == expected.moves
    with pytest.raises(GoError):
        position.undo()


class TwoEngines(RuleBasedStateMachine):
    """Play, pass, illegal tries, undo, branching and batches, in any order."""

    @initialize(rules=st.sampled_from(ALL_RULES), size=st.integers(1, 4))
    def start(self, rules, size):
        self.position, self.slow = Position(size, rules), reference_for(size, rules)
        self.kept = (self.position, self.slow)

    def running(self):
        return not self.slow.is_over

    @precondition(running)
    @rule(choice=st.integers(0, 10**6))
    def play(self, choice):
        stones = self.slow.legal_moves()
        move = stones[choice % len(stones)]
        self.position, self.slow = self.position.play(move), self.slow.play(move)

    @precondition(running)
    @rule()
    def pass_(self):
        self.position = self.position.play("pass")
        self.slow = self.slow.play(self.slow.pass_move)

    @rule(choice=st.integers(0, 10**6))
    def try_an_illegal_move(self, choice):
        every_move = range(self.slow.pass_move + 1)
        illegal = [move for move in every_move if self.slow.illegality(move)]
        if not illegal:
            return
        move = illegal[choice % len(illegal)]
        with pytest.raises(IllegalMoveError) as caught:
            self.position.play(move)
        assert caught.value.reason == self.slow.illegality(move)
        assert self.position.why_illegal(move) == str(caught.value)

    @rule()
    def keep(self):
        self.kept = (self.position, self.slow)

    @rule()
    def return_to_what_was_kept(self):
        self.position, self.slow = self.kept

    @precondition(lambda self: self.slow.moves)
    @rule()
    def undo(self):
        self.position, self.slow = self.position.undo(), self.slow.previous

    @rule()
    def through_a_batch(self):
        """A batch keeps the history but not the list of moves, so the game goes on without it."""
        again = Games.from_positions([self.position, self.position]).position(1)
        assert_same(again, self.slow)

    @invariant()
    def agree(self):
        if hasattr(self, "slow"):
            assert_same(self.position, self.slow)


TestTwoEngines = TwoEngines.TestCase
TestTwoEngines.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
