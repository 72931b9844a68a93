"""Games that other people's engines follow move by move, as far as their rules go.

OpenSpiel (C++, DeepMind): simple ko, no suicide. A move that repeats any earlier board is legal
there and ends the game as a draw, where positional superko forbids it; it scores by area and
starts at komi 7.5. Its points count from the bottom row.

sgfmill (Python, Matthew Woodcraft): a board, not a referee. It captures, allows any suicide,
reports the point a simple ko forbids, enforces nothing but that a point is empty, and scores
by area without komi. Its rows count from the bottom, and 2×2 is its smallest board.

GNU Go is asked over GTP, in test_gnugo.py.
"""

from __future__ import annotations

import numpy as np
import pytest

from gokit.go.position import Position
from gokit.go.rules import BLACK, NO_SUICIDE, Rules

SGFMILL_COLOR = {1: "b", 2: "w"}


def random_game(size: int, rules: Rules, seed: int, plies: int):
    """Yield the positions of a random game that passes only when it must."""
    generator = np.random.default_rng([seed, size])
    position = Position(size, rules)
    yield position
    for _ in range(plies):
        moves = position.legal_moves()
        position = position.play(int(generator.choice(moves[:-1] if len(moves) > 1 else moves)))
        yield position
        if position.is_over:
            return


def from_the_bottom(index: int, size: int) -> int:
    """An index that counts rows from the top as one that counts from the bottom, or back."""
    if index == size * size:
        return index
    row, column = divmod(index, size)
    return (size - 1 - row) * size + column


class TestOpenSpiel:
    @pytest.fixture
    def new_state(self):
        pyspiel = pytest.importorskip("pyspiel", reason="open_spiel is not installed")

        def start(size: int, komi: float = 7.5):
            game = f"go(board_size={size},komi={komi},max_game_length=100000)"
            return pyspiel.load_game(game).new_initial_state()

        return start

    @pytest.mark.parametrize("size", [2, 3, 4, 5, 9, 19])
    def test_same_legal_moves_and_boards(self, new_state, size):
        """Ours are its legal moves less those that would repeat a board."""
        superko_seen = 0
        for seed in range(6 if size < 6 else 1):
            state = new_state(size)
            for position in random_game(size, NO_SUICIDE, seed, 40 * size):
                if position.last_move is not None:
                    state.apply_action(from_the_bottom(position.last_move, size))
                black, white = np.reshape(state.observation_tensor(0), (4, size, size))[:2]
                board = (black + 2 * white)[::-1]
                assert np.array_equal(position.board, board), position
                assert state.is_terminal() == position.is_over
                if position.is_over:
                    break
                theirs = {from_the_bottom(action, size) for action in state.legal_actions()}
                reasons = {move: position.illegality(move) for move in range(size * size + 1)}
                repeats = {move for move, reason in reasons.items() if reason == "superko"}
                assert theirs == {m for m, reason in reasons.items() if reason is None} | repeats
                superko_seen += len(repeats)
                for move in repeats:
                    drawn = state.child(from_the_bottom(move, size))
                    assert drawn.is_terminal()
                    assert drawn.returns() == [0, 0]
        if size == 3:
            assert superko_seen > 0, "no game came to a superko"

    @pytest.mark.parametrize("komi", [0.0, 0.5, 7.0])
    def test_same_winner(self, new_state, komi):
        winners = set()
        for seed in range(25):
            for position in random_game(4, NO_SUICIDE.replace(komi=komi), seed, 30):
                if position.is_over:
                    break
            state = new_state(4, komi)
            moves = list(position.moves)
            while not position.is_over:
                position = position.play("pass")
                moves.append(position.pass_move)
            for move in moves:
                state.apply_action(from_the_bottom(move, 4))
            returns = {BLACK: [1, -1], 3 - BLACK: [-1, 1], 0: [0, 0]}
            assert state.returns() == returns[position.winner], position
            winners.add(position.winner)
        assert len(winners) > 1


class TestSgfmill:
    @pytest.mark.parametrize("size", [2, 3, 5, 9, 19])
    @pytest.mark.parametrize("suicide", [True, False])
    def test_same_boards_ko_points_and_scores(self, size, suicide):
        boards = pytest.importorskip("sgfmill.boards", reason="sgfmill is not installed")
        rules = Rules(komi=0, superko="simple", suicide=suicide)
        kos = 0
        for seed in range(10 if size < 6 else 1):
            theirs, ko = boards.Board(size), None
            for position in random_game(size, rules, seed, 400):
                move = position.last_move
                if move == position.pass_move:
                    ko = None
                elif move is not None:
                    row, column = divmod(from_the_bottom(move, size), size)
                    mover = position.previous.to_move
                    ko = theirs.play(row, column, SGFMILL_COLOR[mover])
                occupied = {(r, c): color for color, (r, c) in theirs.list_occupied_points()}
                ours = {
                    divmod(from_the_bottom(int(i), size), size): SGFMILL_COLOR[color]
                    for i, color in enumerate(position.board.ravel())
                    if color
                }
                assert ours == occupied, position
                ours_ko = position.ko_point
                if ours_ko is not None:
                    ours_ko = divmod(from_the_bottom(ours_ko, size), size)
                    kos += 1
                assert ours_ko == ko, position
                assert position.score().margin == theirs.area_score(), position
        assert kos > 0 or size != 5
