"""Players: each plays legal moves, from seeds, and is found by its short name."""

import numpy as np
import pytest

from gokit.go.errors import EngineError, GoError
from gokit.go.position import Position
from gokit.go.rules import BLACK, NO_SUICIDE, TROMP_TAYLOR, WHITE
from gokit.players import (
    RESIGN,
    MctsPlayer,
    PolicyPlayer,
    RandomPlayer,
    own_eyes,
    parse_player,
)
from gokit.search.evaluators import RolloutEvaluator, UniformEvaluator
from gokit.search.mcts import SearchConfig


def play(black, white, size=5, rules=TROMP_TAYLOR, cap=300):
    position = Position(size, rules)
    while not position.is_over and position.move_number < cap:
        player = black if position.to_move == BLACK else white
        position = position.play(player.choose(position))
    return position


class FixedPolicy:
    """Prefers moves in the order of their index, and calls every position `value`."""

    value_kind = None

    def __init__(self, value=0.0):
        self.value = value

    def evaluate(self, games, indices):
        logits = np.repeat(-np.arange(games.n_actions, dtype=np.float32)[None], len(indices), 0)
        return np.ascontiguousarray(logits), np.full(len(indices), self.value, np.float32)


EYES = """
. X . O .
X X X O O
. X O O .
X X O . O
. X O O .
"""


def test_own_eyes_are_one_point_eyes_of_the_side_to_move():
    position = Position.from_diagram(EYES, to_move=BLACK)
    assert set(np.flatnonzero(own_eyes(position))) == {0, 10, 20}
    white = Position.from_diagram(EYES, to_move=WHITE)
    assert set(np.flatnonzero(own_eyes(white))) == {4, 14, 18, 24}


def test_a_false_eye_is_not_an_own_eye():
    position = Position.from_diagram(". X .\nX . .\n. . .", to_move=BLACK)
    assert own_eyes(position)[0]
    ruined = Position.from_diagram(". X .\nX O .\n. . .", to_move=BLACK)
    assert not own_eyes(ruined)[0]


def test_random_fills_no_own_eye_and_passes_when_nothing_else_is_left():
    position = Position.from_diagram(". X\nX X", to_move=BLACK)
    player = RandomPlayer(np.random.default_rng(0))
    assert {player.choose(position) for _ in range(20)} == {4}


def test_random_is_uniform_over_what_it_may_play():
    position = Position(3).play("B2")
    player = RandomPlayer(np.random.default_rng(0))
    counts = np.bincount([player.choose(position) for _ in range(4000)], minlength=10)
    assert counts[4] == counts[9] == 0
    assert abs(counts[[0, 1, 2, 3, 5, 6, 7, 8]] - 500).max() < 5 * np.sqrt(500)


def test_strictly_uniform_random_passes_and_fills_eyes():
    position = Position.from_diagram(". X .\nX X X\n. X .", to_move=BLACK)
    player = RandomPlayer(np.random.default_rng(0), avoid_own_eyes=False)
    assert {player.choose(position) for _ in range(200)} == {0, 2, 6, 8, 9}


def test_random_games_end_by_two_passes():
    rng = np.random.default_rng(5)
    for _ in range(10):
        game = play(RandomPlayer(rng), RandomPlayer(rng), cap=2000)
        assert game.end == "two passes"


def test_policy_at_temperature_zero_plays_the_best_legal_move():
    position = Position(3).play("A3")
    assert PolicyPlayer(FixedPolicy()).choose(position) == 1


def test_policy_samples_at_temperature_one():
    position = Position(2)
    player = PolicyPlayer(FixedPolicy(), 1.0, np.random.default_rng(0))
    expected = player.probabilities(position)
    assert expected == pytest.approx(np.exp(-np.arange(5)) / np.exp(-np.arange(5)).sum())
    counts = np.bincount([player.choose(position) for _ in range(3000)], minlength=5) / 3000
    assert abs(counts - expected).max() < 0.04


def test_a_low_temperature_sharpens():
    position = Position(2)
    player = PolicyPlayer(FixedPolicy(), 0.1, np.random.default_rng(0))
    assert {player.choose(position) for _ in range(50)} == {0}


def test_policy_needs_a_generator_where_it_is_random():
    with pytest.raises(GoError, match="generator"):
        PolicyPlayer(UniformEvaluator(), 1.0)
    with pytest.raises(GoError, match="temperature"):
        PolicyPlayer(UniformEvaluator(), -1.0)


def test_mcts_passes_to_win():
    position = Position.from_diagram("X X .\nX X X\n. X X", to_move=WHITE).play("pass")
    player = MctsPlayer(UniformEvaluator(), 32)
    assert player.choose(position) == 9
    assert player.last.visits.sum() == 32


def test_mcts_resigns_below_its_threshold_and_only_then():
    lost = FixedPolicy(-0.9)
    position = Position(3)
    # A constant evaluator calls both sides lost: with one simulation the mean stays near 0.
    assert MctsPlayer(lost, 1, resign_below=-0.95).choose(position) != RESIGN
    assert MctsPlayer(lost, 1, resign_below=0.95).choose(position) == RESIGN
    assert MctsPlayer(lost, 1).choose(position) != RESIGN


def test_a_reset_player_does_not_resign_for_an_earlier_game():
    player = MctsPlayer(FixedPolicy(-0.9), 1, resign_below=-0.95)
    first = player.choose(Position(3))
    player.reset()
    assert player.last is None
    assert player.choose(Position(3)) == first


def test_rollouts_beat_random_play():
    wins = 0
    for seed in range(6):
        rollout = parse_player("rollout@40", 5, seed=seed)
        other = parse_player("random", 5, seed=seed + 100)
        color = BLACK if seed % 2 else WHITE
        game = play(*((rollout, other) if color == BLACK else (other, rollout)), rules=TROMP_TAYLOR)
        wins += game.winner == color
    assert wins >= 5


def test_rollouts_look_around_before_they_settle():
    looked_at = []
    for seed in range(3):
        player = parse_player("rollout@100", 9, seed=seed)
        player.choose(Position(9))
        looked_at.append((player.last.visits[0] > 0).sum())
    assert np.mean(looked_at) > 20, "the first moves tried took nearly every visit"


@pytest.mark.parametrize("spec", ["random", "rollout@8"])
def test_a_seed_decides_the_game_and_another_seed_changes_it(spec):
    def game(seed):
        return play(parse_player(spec, 5, seed=seed), parse_player(spec, 5, seed=seed + 1)).moves

    assert game(1) == game(1)
    assert len({tuple(game(seed)) for seed in range(4)}) == 4


@pytest.mark.parametrize(
    "spec",
    [
        "",
        "randomly",
        "policy:",
        "policy",
        "mcts:net",
        "mcts:net@",
        "mcts:net@0",
        "mcts:net@many",
        "rollout",
        "rollout@-3",
        "rollout@1e3",
        "gtp:",
        'gtp:"unclosed',
        "gnugo",
        "random@3",
    ],
)
def test_other_texts_name_no_player(spec):
    with pytest.raises(GoError):
        parse_player(spec)


def test_the_error_for_an_unknown_player_lists_the_known_ones():
    with pytest.raises(GoError, match=r"'alphago' names no player; a player is random \|"):
        parse_player("alphago")


def test_a_missing_checkpoint_is_a_go_error(tmp_path):
    for spec in (f"policy:{tmp_path}/none", f"mcts:{tmp_path}/a@b@8"):
        with pytest.raises(GoError, match=str(tmp_path)):
            parse_player(spec)


def test_checkpoints_are_loaded_by_policy_and_mcts(tmp_path):
    from gokit.nn.checkpoint import Card, save_checkpoint
    from gokit.nn.config import NetworkConfig
    from gokit.nn.features import FEATURE_SETS
    from gokit.nn.networks import Network

    config = NetworkConfig(planes=len(FEATURE_SETS["basic"]), blocks=1, channels=8)
    path = tmp_path / "net@1.safetensors"
    save_checkpoint(path, Network(config), Card(TROMP_TAYLOR, (5,), "basic", config))
    position = Position(5)
    for spec in (f"policy:{path}", f"mcts:{path}@4"):
        player = parse_player(spec, 5)
        assert player.name == spec
        assert position.is_legal(player.choose(position))
        with pytest.raises(GoError, match="trained on 5×5"):
            parse_player(spec, 9)
        with pytest.raises(GoError, match="trained for Tromp-Taylor"):
            parse_player(spec, 5, NO_SUICIDE)


def test_an_engine_that_is_not_there_is_an_engine_error():
    with pytest.raises(EngineError, match="no-such-engine"):
        parse_player('gtp:"no-such-engine --mode gtp"')


def test_rollout_values_are_the_side_to_moves():
    rng = np.random.default_rng(0)
    won = Position.from_diagram("X X .\nX X X\n. X X", to_move=BLACK)
    player = MctsPlayer(RolloutEvaluator(rng), 16, rng)
    player.choose(won)
    assert player.last.raw_value[0] == 1


def test_a_player_that_keeps_its_tree_goes_on_with_it_within_a_game_only():
    config = SearchConfig(c_puct=3.0, reuse=True)
    player = MctsPlayer(RolloutEvaluator(np.random.default_rng(0)), 200, config=config)
    position = Position(5)
    position = position.play(player.choose(position))
    reply = int(
        player.search._tree.visits[0, player.search._tree.child[0, 0, position.last_move]].argmax()
    )
    position = position.play(reply)
    player.choose(position)
    assert player.last.visits.sum() > 200
    for another in (Position(5), Position(5).play(24).play(reply), Position(5).play(0)):
        player.choose(another)
        assert player.last.visits.sum() == 200, "a tree of another game was gone on with"
