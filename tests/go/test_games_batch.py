"""Games, the batch, is Position many times over: same moves, same answers, no cross-talk."""

from __future__ import annotations

import numpy as np
import pytest

from gokit.go.errors import GoError, IllegalMoveError
from gokit.go.games import Games
from gokit.go.geometry import MOVE_CAP, RESIGNED, RUNNING, TWO_PASSES
from gokit.go.playouts import light_playouts, random_states, random_steps
from gokit.go.position import Position
from gokit.go.rules import BLACK, NO_SUICIDE, SUPERKO_KINDS, TROMP_TAYLOR, WHITE, Rules

ALL_RULES = [Rules(7.5, superko, suicide) for superko in SUPERKO_KINDS for suicide in (True, False)]


def random_actions(games: Games, generator: np.random.Generator) -> np.ndarray:
    """A uniformly random legal action for each running game, -1 for the others."""
    masks = games.legal_mask()
    noise = generator.random(masks.shape) * masks
    return np.where(masks.any(axis=1), noise.argmax(axis=1), -1)


def assert_same(games: Games, positions: list[Position]) -> None:
    assert np.array_equal(games.boards(), [p.board for p in positions])
    assert np.array_equal(games.legal_mask(), [p.legal_mask() for p in positions])
    assert list(games.to_move) == [p.to_move for p in positions]
    assert list(games.ended != RUNNING) == [bool(p.is_over) for p in positions]
    assert list(games.move_number) == [p.move_number for p in positions]
    assert list(games.score()) == [p.score().margin for p in positions]
    assert np.array_equal(games.ownership(), [p.score().ownership for p in positions])


@pytest.mark.parametrize("rules", ALL_RULES, ids=lambda r: f"{r.superko}-{r.suicide}")
@pytest.mark.parametrize("size", [1, 2, 3, 5, 9])
def test_a_batch_plays_as_positions_do(size, rules):
    generator = np.random.default_rng(size)
    games = Games(5, size, rules, max_moves=1000)
    positions = [Position(size, rules) for _ in range(5)]
    for _ in range(60):
        assert_same(games, positions)
        actions = random_actions(games, generator)
        games.play(actions)
        positions = [
            p if action < 0 else p.play(int(action))
            for p, action in zip(positions, actions, strict=True)
        ]
    assert_same(games, positions)


def test_minus_one_leaves_a_game_alone():
    games = Games(3, 5)
    before = games.words.copy()
    games.play([12, -1, 12])
    assert np.array_equal(games.words[1], before[1])
    assert list(games.move_number) == [1, 0, 1]


def test_an_illegal_action_changes_no_game():
    games = Games(3, 5)
    games.play([12, 12, 12])
    before = games.words.copy()
    with pytest.raises(IllegalMoveError, match="game 1") as caught:
        games.play([0, 12, 0])
    assert caught.value.reason == "occupied"
    for outside in (26, -2):
        with pytest.raises(GoError):
            games.play([0, 0, outside])
    with pytest.raises(GoError):
        games.play([0, 0])
    assert np.array_equal(games.words, before)


def test_how_games_end():
    games = Games(4, 3, max_moves=6)
    games.play([9, 9, 4, 4])
    games.play([9, 0, 9, 0])
    assert list(games.ended) == [TWO_PASSES, RUNNING, RUNNING, RUNNING]
    games.resign(np.array([1]))
    for action in (1, 2, 3):
        games.play([-1, -1, action, action])
    assert list(games.ended) == [TWO_PASSES, RESIGNED, RUNNING, RUNNING]
    games.play([-1, -1, 9, 5])
    assert list(games.ended) == [TWO_PASSES, RESIGNED, MOVE_CAP, MOVE_CAP]
    assert [games.position(i).result for i in range(4)] == ["W+7.5", "W+R", "Void", "Void"]
    for i in range(4):
        action = np.full(4, -1)
        action[i] = 8
        with pytest.raises(IllegalMoveError) as caught:
            games.play(action)
        assert caught.value.reason == "game over"


def test_reset_starts_some_games_again_and_touches_no_other():
    generator = np.random.default_rng(2)
    games = Games(4, 5)
    for _ in range(30):
        games.play(random_actions(games, generator))
    before = games.words.copy()
    games.reset(np.array([1, 3]))
    fresh = Games(1, 5)
    for i in (1, 3):
        assert np.array_equal(games.words[i], fresh.words[0])
    for i in (0, 2):
        assert np.array_equal(games.words[i], before[i])
    games.reset()
    assert np.array_equal(games.words, Games(4, 5).words)


def test_a_reset_game_has_forgotten_its_history():
    """On 2×2 superko soon bars almost everything: a stale history would show at once."""
    games = Games(1, 2, TROMP_TAYLOR.replace(superko="positional"))
    start = games.legal_mask()
    generator = np.random.default_rng(3)
    for _ in range(20):
        for _ in range(12):
            games.play(random_actions(games, generator))
        games.reset()
        assert np.array_equal(games.legal_mask(), start)
        games.play([0])
        games.play([1])
        assert_same(games, [Position.from_moves([0, 1], 2)])
        games.reset()


@pytest.mark.parametrize("superko", SUPERKO_KINDS)
def test_positions_to_a_batch_and_back(superko):
    """The superko history travels: both go on alike from positions deep in small-board games."""
    rules, generator = Rules(superko=superko), np.random.default_rng(7)
    positions = []
    while len(positions) < 8:
        position = Position(3, rules)
        for _ in range(int(generator.integers(0, 40))):
            if not position.is_over:
                position = position.play(int(generator.choice(position.legal_moves())))
        positions.append(position)
    games = Games.from_positions(positions, max_moves=50)
    back = [games.position(i) for i in range(len(games))]
    for _ in range(30):
        assert_same(games, positions)
        assert_same(games, back)
        actions = random_actions(games, generator)
        games.play(actions)
        positions, back = (
            [p if a < 0 else p.play(int(a)) for p, a in zip(group, actions, strict=True)]
            for group in (positions, back)
        )


def test_a_long_position_fits_a_batch():
    """A history that grew in a Position finds room in a row, with the further moves it may make."""
    generator = np.random.default_rng(1)
    position = Position(7, NO_SUICIDE)
    for _ in range(400):
        moves = position.legal_moves()
        position = position.play(int(generator.choice(moves[:-1] if len(moves) > 1 else moves)))
    games = Games.from_positions([Position(7, NO_SUICIDE), position], max_moves=40)
    for _ in range(40):
        assert_same(games, [games.position(0), position])
        actions = random_actions(games, generator)
        games.play(actions)
        if actions[1] >= 0:
            position = position.play(int(actions[1]))
    assert games.ended[0] in (MOVE_CAP, TWO_PASSES)
    assert np.array_equal(games.boards()[1], position.board)


def test_batches_of_unlike_positions_are_refused():
    with pytest.raises(GoError):
        Games.from_positions([Position(5), Position(7)])
    with pytest.raises(GoError):
        Games.from_positions([Position(5), Position(5, NO_SUICIDE)])
    with pytest.raises(GoError):
        Games.from_positions([])


def test_copying_rows_copies_games():
    generator = np.random.default_rng(5)
    games, others = Games(6, 5), Games(3, 5)
    for _ in range(25):
        games.play(random_actions(games, generator))
    others.copy_from(games, np.array([4, 2]), np.array([0, 2]))
    assert_same(others, [games.position(4), Position(5), games.position(2)])
    others.play(random_actions(others, generator))
    assert games.move_number.max() <= 25, "the copy is not a view"
    with pytest.raises(GoError):
        others.copy_from(Games(1, 7), np.array([0]), np.array([0]))
    with pytest.raises(GoError):
        others.copy_from(Games(1, 5, NO_SUICIDE), np.array([0]), np.array([0]))


def test_to_move_and_the_board_belong_to_the_same_side():
    games = Games(1, 3)
    assert games.to_move[0] == BLACK
    games.play([4])
    assert games.to_move[0] == WHITE
    assert games.boards()[0, 1, 1] == BLACK


def test_one_row_holds_nine_by_nine_with_its_history():
    """What a search copies at every leaf: at most 8 kB, superko included."""
    assert Games(1, 9).words.nbytes <= 8_000


# Random play from seeds


def boards_after(seed: int, steps: int, size: int = 5) -> np.ndarray:
    games = Games(4, size)
    random_steps(games, steps, random_states(np.random.default_rng(seed), 4))
    return games.boards()


def test_the_same_seed_plays_the_same_games():
    assert np.array_equal(boards_after(1, 30), boards_after(1, 30))


def test_two_seeds_play_different_games():
    """Failure G-2: a seed that does not reach the games makes every game the same."""
    assert not np.array_equal(boards_after(1, 30), boards_after(2, 30))


def test_the_games_of_one_batch_differ():
    boards = boards_after(1, 30)
    assert len({board.tobytes() for board in boards}) == 4


@pytest.mark.parametrize("superko", SUPERKO_KINDS)
def test_random_steps_plays_legal_moves_and_restarts(superko):
    """Every step is one that the batch itself allows, and a finished game starts again."""
    games = Games(2, 3, Rules(superko=superko))
    states = random_states(np.random.default_rng(8), 2)
    restarts = 0
    for _ in range(200):
        before = games.words.copy()
        masks, numbers = games.legal_mask(), games.move_number
        assert random_steps(games, 1, states) == 2
        for i in range(2):
            if games.move_number[i] == 0:
                restarts += 1
                assert not games.boards()[i].any()
                continue
            assert games.move_number[i] == numbers[i] + 1
            action = games.last_move[i]
            assert masks[i, action]
            again = Games(1, 3, Rules(superko=superko))
            again.words[0] = before[i]
            again.play([action])
            assert np.array_equal(again.boards()[0], games.boards()[i])
    assert restarts > 4


def test_random_steps_are_uniform_over_the_legal_moves():
    """4,000 first moves on 2×2: each of the four points and the pass a fifth of the time."""
    n = 4000
    games = Games(n, 2)
    random_steps(games, 1, random_states(np.random.default_rng(9), n))
    counts = np.bincount(games.last_move, minlength=5)
    assert np.abs(counts - n / 5).max() < 5 * np.sqrt(n * 0.2 * 0.8)


def test_light_playouts_depend_on_the_seed_alone():
    def run(seed):
        states = random_states(np.random.default_rng(seed), 64)
        moves, wins, margins = light_playouts(64, 9, 7.5, states)
        return moves, wins, margins.tolist()

    assert run(1) == run(1)
    assert run(1) != run(2)


def test_light_playouts_end_with_scored_boards():
    """Komi moves every margin by as much, and wins are the margins above zero."""
    results = {}
    for komi in (0.5, 7.5):
        states = random_states(np.random.default_rng(4), 200)
        moves, wins, margins = light_playouts(200, 9, komi, states)
        assert 200 * 60 < moves < 200 * 3 * 81
        assert wins == (margins > 0).sum()
        assert np.abs(margins + komi).max() <= 81
        results[komi] = margins
    assert np.allclose(results[0.5] - results[7.5], 7)
    assert 0 < (results[7.5] > 0).mean() < 0.5 < (results[0.5] > -7).mean()


def test_a_game_that_is_over_cannot_be_resigned():
    games = Games(2, 5)
    games.play(np.array([25, 0]))
    games.play(np.array([25, 1]))
    with pytest.raises(IllegalMoveError, match="over"):
        games.resign(np.array([0, 1]))
    assert games.ended.tolist() == [1, 0]
    games.resign(np.array([1]))
    assert games.ended.tolist() == [1, 2]


def test_actions_are_whole_numbers():
    with pytest.raises(GoError, match="whole"):
        Games(1, 5).play(np.array([1.5]))


def test_a_playout_that_its_cap_stops_has_no_margin():
    rng = np.random.default_rng(4)
    moves, wins, margins = light_playouts(50, 9, 7.5, random_states(rng, 50), max_moves=20)
    assert moves == 50 * 20
    assert wins == 0
    assert np.isnan(margins).all()
