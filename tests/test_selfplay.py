"""Self-play: legal games with their targets, diverse, honest about how they ended."""

from __future__ import annotations

import numpy as np
import pytest

from gokit.go.errors import GoError
from gokit.go.geometry import MOVE_CAP
from gokit.go.position import Position
from gokit.go.rules import Rules
from gokit.replay import PlayedGames
from gokit.search.evaluators import UniformEvaluator
from gokit.search.mcts import SearchConfig
from gokit.selfplay import SelfPlay, SelfPlayConfig, report

SEARCH = SearchConfig(8, "gumbel", value="margin", considered=4)
RULES = Rules(komi=2)


def self_play(seed: int = 0, evaluator=None, **options) -> SelfPlay:
    config = SelfPlayConfig(**{"games": 12, "max_moves": 27, "no_pass_plies": 5, **options})
    rng = np.random.default_rng(seed)
    return SelfPlay(evaluator or UniformEvaluator(), SEARCH, config, rng, size=3, rules=RULES)


def split(games: PlayedGames) -> list[np.ndarray]:
    return np.split(games.moves, np.cumsum(games.lengths)[:-1])


def test_stored_games_are_legal_end_as_they_say_and_score_as_position_scores() -> None:
    games, _ = self_play().collect(400)
    assert games.positions >= 400
    for number, moves in enumerate(split(games)):
        position = Position.from_moves(moves.tolist(), size=3, rules=RULES)
        if games.end[number] == MOVE_CAP:
            assert len(moves) == 27
            assert not position.is_over
            assert np.isnan(games.margin[number])
            assert (games.ownership[number] == 0).all()
        else:
            assert position.end == "two passes"
            assert games.margin[number] == position.score().margin + RULES.komi
            assert (games.ownership[number] == position.score().ownership.ravel()).all()


def test_targets_belong_to_legal_moves_of_their_own_position() -> None:
    games, _ = self_play(seed=1).collect(300)
    policies = np.split(games.policy, np.cumsum(games.lengths)[:-1])
    searched = np.split(games.searched, np.cumsum(games.lengths)[:-1])
    for moves, policy, known in zip(split(games), policies, searched, strict=True):
        position = Position(3, RULES)
        for move, target, was_searched in zip(moves, policy, known, strict=True):
            assert (target[~position.legal_mask()] == 0).all()
            total = float(target.astype(np.float64).sum())
            assert total == pytest.approx(1 if was_searched else 0, abs=5e-3)
            position = position.play(int(move))


def test_passing_early_is_barred_and_watched() -> None:
    """A-06: an untrained network that may pass learns to pass."""
    games, metrics = self_play(no_pass_plies=9).collect(300)
    for moves in split(games):
        position = Position(3, RULES)
        for ply, move in enumerate(moves[:9]):
            alone = len(position.legal_moves()) == 1
            assert move != 9 or alone, f"a pass at ply {ply} with other moves legal"
            position = position.play(int(move))
    free, seen = self_play(no_pass_plies=0).collect(300)
    assert seen["early_passes"] > metrics["early_passes"]
    early = np.concatenate([moves[:9] for moves in split(free)])
    assert seen["early_passes"] == pytest.approx((early == 9).mean())


def test_two_seeds_play_different_games_and_one_seed_the_same() -> None:
    """G-2, G-3: seeded twins."""
    first, again, other = (self_play(seed).collect(200)[0] for seed in (1, 1, 2))
    assert (first.moves == again.moves).all()
    assert (first.policy == again.policy).all()
    assert first.moves.tobytes() != other.moves.tobytes()


def test_games_in_lockstep_are_not_twins() -> None:
    games, metrics = self_play(random_rate=0.0).collect(400)
    assert metrics["distinct_games"] == len({m.tobytes() for m in split(games)}) / len(games)
    assert metrics["distinct_games"] > 0.9


def test_a_game_cut_off_has_no_result_and_is_counted() -> None:
    games, metrics = self_play(max_moves=6, no_pass_plies=6).collect(60)
    assert (games.end == MOVE_CAP).all()
    assert metrics["cut_off"] == len(games)
    assert np.isnan(games.margin).all()


def test_games_run_on_between_collections() -> None:
    """A batch restarted at each call would favour short games."""
    players = self_play()
    players.collect(50)
    in_flight = players._games.move_number.copy()
    assert in_flight.max() > 0
    players.step()
    assert (players._games.move_number[in_flight > 0] != 1).all()


def test_random_opening_moves_are_stones_and_teach_no_policy() -> None:
    games, _ = self_play(random_plies=2, random_rate=1.0).collect(200)
    starts = np.cumsum(games.lengths) - games.lengths
    opening = np.concatenate([starts, starts + 1])
    assert not games.searched[opening].any()
    assert (games.policy[opening] == 0).all()
    assert np.isnan(games.value[opening]).all()
    assert (games.moves[opening] != 9).all()
    assert games.searched.sum() == games.positions - len(opening)


def test_the_report_counts_draws_and_wins_with_komi() -> None:
    games, metrics = self_play().collect(500)
    finished = games.margin[~np.isnan(games.margin)]
    assert metrics["draws"] == pytest.approx((finished == RULES.komi).mean())
    assert metrics["black_wins"] == pytest.approx((finished > RULES.komi).mean())
    assert metrics["games"] == len(games)
    assert metrics["game_length"] == pytest.approx(games.positions / len(games))
    assert report(games)["positions"] == games.positions


def test_the_search_report_is_not_made_of_zeros() -> None:
    """F-09: statistics that nobody filled in."""
    _, metrics = self_play().collect(200)
    for name in ("simulations_per_s", "positions_per_s", "policy_entropy", "search_agrees"):
        assert metrics[name] > 0, name
    assert 0 < metrics["network_share"] < 1
    assert metrics["policy_kl"] > 0, "the search learnt nothing beyond its uniform prior"


@pytest.mark.parametrize(
    "options", [{"games": 0}, {"max_moves": 1}, {"random_rate": 1.5}, {"no_pass_plies": -1}]
)
def test_impossible_options_are_refused(options: dict) -> None:
    with pytest.raises(GoError):
        SelfPlayConfig(**options)
