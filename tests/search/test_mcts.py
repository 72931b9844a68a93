"""Searches against a slow reference, against exact small truths, and against known bugs."""

from __future__ import annotations

import numpy as np
import pytest

from gokit.go.errors import GoError
from gokit.go.games import Games
from gokit.go.position import Position
from gokit.go.rules import BLACK, WHITE, Rules
from gokit.search.evaluators import RolloutEvaluator, UniformEvaluator
from gokit.search.gumbel import visit_schedule
from gokit.search.mcts import Search, SearchConfig
from tests.search import reference_search as slow

SIMULATIONS = 60


def random_position(rng: np.random.Generator, size: int, plies: int) -> Position:
    position = Position(size, Rules(komi=1))
    while position.move_number < plies and not position.is_over:
        position = position.play(int(rng.choice(position.legal_moves())))
    return random_position(rng, size, plies) if position.is_over else position


def positions(count: int = 12) -> list[Position]:
    rng = np.random.default_rng(5)
    return [random_position(rng, 3, int(rng.integers(0, 9))) for _ in range(count)]


def by_action(numbers: dict[int, float], actions: int) -> np.ndarray:
    return np.array([numbers.get(a, 0) for a in range(actions)])


def test_puct_visits_are_those_of_a_search_written_the_obvious_way() -> None:
    config = SearchConfig(SIMULATIONS, c_puct=1.1, fpu_value=0.15)
    found = Search(slow.HashEvaluator(), config).run(Games.from_positions(positions()))
    for i, position in enumerate(positions()):
        root = slow.search(
            position, slow.HashEvaluator(), SIMULATIONS, lambda node, *_: slow.puct(node, 1.1, 0.15)
        )
        expected = by_action(root.visits, 10)
        assert (found.visits[i] == expected).all(), f"\n{position}\n{found.visits[i]}\n{expected}"


@pytest.mark.parametrize("considered", [1, 3, 4, 16])
def test_gumbel_search_is_that_of_one_written_the_obvious_way(considered: int) -> None:
    config = SearchConfig(
        SIMULATIONS, "gumbel", considered=considered, gumbel_scale=0, c_visit=20, c_scale=0.2
    )
    found = Search(slow.HashEvaluator(), config).run(Games.from_positions(positions()))
    for i, position in enumerate(positions()):
        tried = min(considered, len(position.legal_moves()))
        schedule = visit_schedule(considered, SIMULATIONS)[tried]

        def best_of(node: slow.Node, visits: int) -> int:
            scores = {a: node.logits[a] + s for a, s in slow.sigma(node, 20, 0.2).items()}
            return max((a for a in scores if node.visits[a] == visits), key=scores.get)

        def choose(node: slow.Node, is_root: bool, simulation: int, schedule=schedule) -> int:
            if is_root:
                return best_of(node, schedule[simulation])
            return slow.gumbel_below_root(node, 20, 0.2)

        root = slow.search(position, slow.HashEvaluator(), SIMULATIONS, choose)
        expected = by_action(root.visits, 10)
        assert (found.visits[i] == expected).all(), f"\n{position}\n{found.visits[i]}\n{expected}"
        assert found.actions[i] == best_of(root, max(root.visits.values()))
        policy = by_action(slow.improved_policy(root, 20, 0.2), 10)
        np.testing.assert_allclose(found.policy[i], policy, atol=1e-4)


@pytest.mark.parametrize("algorithm", ["puct", "gumbel"])
def test_a_capture_in_one_move_is_found(algorithm: str) -> None:
    """E5 takes four white stones; left to White, it takes five black ones."""
    diagram = "O O O O .\nX X X X X\nO O O O O\n. . . . .\n. . . . ."
    position = Position.from_diagram(diagram, to_move=BLACK)
    options = {"gumbel_scale": 0} if algorithm == "gumbel" else {}
    evaluator = RolloutEvaluator(np.random.default_rng(0), playouts=4, value_kind="margin")
    config = SearchConfig(400, algorithm, **options)
    result = Search(evaluator, config).run(Games.from_positions([position]))
    assert result.actions[0] == 4, result.visits[0]


def test_flipping_the_sign_of_every_value_makes_the_search_avoid_what_it_sought() -> None:
    class Flipped(RolloutEvaluator):
        def evaluate(self, games, indices):
            logits, values = super().evaluate(games, indices)
            return logits, -values

    position = Position(3, Rules(komi=0))
    chosen = {}
    for kind in (RolloutEvaluator, Flipped):
        evaluator = kind(np.random.default_rng(1), playouts=8, value_kind="margin")
        result = Search(evaluator, SearchConfig(300)).run(Games.from_positions([position]))
        chosen[kind] = int(result.actions[0])
    assert chosen[RolloutEvaluator] == 4
    assert chosen[Flipped] != 4


def test_3x3_is_opened_in_the_centre_and_won() -> None:
    """The exact value of the empty 3×3 board is 9, by the centre; corners lose by 9.

    The mean over 3,000 simulations is still short of the truth, but well on its side.
    """
    evaluator = RolloutEvaluator(np.random.default_rng(2), playouts=2, value_kind="margin")
    search = Search(evaluator, SearchConfig(3000))
    result = search.run(Games.from_positions([Position(3, Rules(komi=0))]))
    assert result.actions[0] == 4
    assert result.q[0, 4] > 0.5
    assert result.q[0, 0] < 0


def test_2x2_self_play_of_a_long_search_ends_one_point_ahead_for_black() -> None:
    """The exact value of 2×2 under positional superko is 1 (Tromp)."""
    position = Position(2, Rules(komi=0))
    search = Search(UniformEvaluator(), SearchConfig(20_000, value="margin", c_puct=1.0))
    while not position.is_over:
        result = search.run(Games.from_positions([position]))
        position = position.play(int(result.actions[0]))
    assert position.score().margin == 1


def test_finished_games_are_scored_by_the_rules_and_never_by_the_evaluator() -> None:
    """White has passed: Black's pass ends the game, won or lost by komi alone."""
    diagram = ". X . \nX X X\n. X ."
    for komi, value in ((8.5, 1.0), (9.0, 0.0), (9.5, -1.0)):
        position = Position.from_diagram(diagram, to_move=WHITE, rules=Rules(komi=komi))
        position = position.play("pass")
        evaluator = slow.HashEvaluator()  # raises on a finished game
        result = Search(evaluator, SearchConfig(80)).run(Games.from_positions([position]))
        assert result.visits[0, 9] > 0
        assert result.q[0, 9] == value, f"komi {komi}"


def test_a_margin_is_counted_without_komi_and_by_the_board_s_points() -> None:
    position = Position.from_diagram("X X .\nX X X\n. X X", to_move=WHITE, rules=Rules(komi=7.5))
    position = position.play("pass")
    search = Search(UniformEvaluator(), SearchConfig(80, value="margin"))
    assert search.run(Games.from_positions([position])).q[0, 9] == 1.0


@pytest.mark.parametrize("algorithm", ["puct", "gumbel"])
def test_visits_sum_to_simulations_and_stay_on_legal_moves(algorithm: str) -> None:
    games = Games.from_positions(positions())
    options = {"noise_fraction": 0.3} if algorithm == "puct" else {}
    config = SearchConfig(37, algorithm, **options)
    result = Search(slow.HashEvaluator(), config).run(games, np.random.default_rng(0))
    assert (result.visits.sum(1) == 37).all()
    legal = games.legal_mask()
    assert (result.visits[~legal] == 0).all()
    assert (result.policy[~legal] == 0).all()
    np.testing.assert_allclose(result.policy.sum(1), 1, atol=1e-5)
    assert legal[np.arange(len(games)), result.actions].all()


@pytest.mark.parametrize("algorithm", ["puct", "gumbel"])
def test_the_seed_decides_everything(algorithm: str) -> None:
    options = {"c_scale": 0.01}
    if algorithm == "puct":
        options = {"noise_fraction": 0.5, "temperature": 1.0}
    search = Search(slow.HashEvaluator(), SearchConfig(24, algorithm, **options))
    games = Games(16, 5)
    first, again, other = (search.run(games, np.random.default_rng(s)) for s in (1, 1, 2))
    assert (first.visits == again.visits).all()
    assert (first.actions == again.actions).all()
    assert (first.visits != other.visits).any()
    assert len(set(first.actions.tolist())) > 1, "sixteen equal games got the same move"


def test_a_batch_searches_each_game_as_if_it_were_alone() -> None:
    batch = positions(6)
    search = Search(slow.HashEvaluator(), SearchConfig(40))
    together = search.run(Games.from_positions(batch))
    for i, position in enumerate(batch):
        alone = search.run(Games.from_positions([position]))
        assert (alone.visits[0] == together.visits[i]).all()


def test_some_of_the_games_can_be_searched_and_none_is_changed() -> None:
    games = Games.from_positions(positions(8))
    before = games.words.copy()
    search = Search(slow.HashEvaluator(), SearchConfig(20))
    everything = search.run(games)
    some = search.run(games, indices=np.array([6, 2, 3]))
    assert (some.visits == everything.visits[[6, 2, 3]]).all()
    assert (games.words == before).all()


def test_noise_survives_the_first_playout_and_no_simulation_is_wasted() -> None:
    """F-01: a root evaluated again by the first playout loses its noise and one simulation."""
    evaluator = slow.HashEvaluator(spread=3.0, pass_logit=-30.0)
    config = SearchConfig(50, noise_fraction=0.25, noise_alpha=3.0)
    search = Search(evaluator, config)
    result = search.run(Games(1, 5), np.random.default_rng(3))
    noised = search._tree.prior[0, 0]
    assert abs(noised - result.prior[0]).max() > 0.01
    assert noised.sum() == pytest.approx(1, abs=1e-5)
    assert ((noised - 0.75 * result.prior[0]) >= -1e-6).all(), "noise is added, not replaced"
    assert len(evaluator.seen) == result.evaluations == 51


def test_the_prior_decides_the_first_pick() -> None:
    """Claim C4: with sqrt(N) and N = 0 every move would score alike and the first be taken."""
    games = Games(1, 5)
    result = Search(slow.HashEvaluator(), SearchConfig(1)).run(games)
    assert result.visits[0].argmax() == result.prior[0].argmax()


def test_temperature_samples_in_proportion_to_visits() -> None:
    games = Games(600, 2)
    config = SearchConfig(30, temperature=1.0)
    result = Search(slow.HashEvaluator(), config).run(games, np.random.default_rng(4))
    share = np.bincount(result.actions, minlength=5) / len(games)
    np.testing.assert_allclose(share, result.visits[0] / 30, atol=0.08)


def test_a_forbidden_move_gets_no_visit_unless_nothing_else_is_legal() -> None:
    games = Games(2, 3)
    forbidden = np.zeros((2, 10), np.bool_)
    forbidden[0, [4, 9]] = True
    forbidden[1] = True
    for algorithm in ("puct", "gumbel"):
        search = Search(slow.HashEvaluator(), SearchConfig(30, algorithm))
        result = search.run(games, np.random.default_rng(0), forbidden=forbidden)
        assert result.visits[0, [4, 9]].sum() == 0
        assert result.policy[0, [4, 9]].sum() == 0
        assert result.visits[1].sum() == 30


def test_a_leaf_at_the_move_cap_is_valued_by_the_evaluator_and_not_expanded() -> None:
    class Half(UniformEvaluator):
        def evaluate(self, games, indices):
            logits, values = super().evaluate(games, indices)
            return logits, values + np.float32(0.5)

    games = Games(1, 3, Rules(komi=0.5), max_moves=1)
    result = Search(Half(), SearchConfig(40)).run(games)
    assert (result.q[0][result.visits[0] > 0] == -0.5).all()


def test_search_refuses_what_it_cannot_search() -> None:
    games = Games(1, 3)
    games.play(np.array([9]))
    games.play(np.array([9]))
    with pytest.raises(GoError, match="finished"):
        Search(UniformEvaluator(), SearchConfig(4)).run(games)
    with pytest.raises(GoError, match="pass it a generator"):
        Search(UniformEvaluator(), SearchConfig(4, "gumbel")).run(Games(1, 3))
    rollouts = RolloutEvaluator(np.random.default_rng(0), value_kind="margin")
    with pytest.raises(GoError, match="value is a margin"):
        Search(rollouts, SearchConfig(4, value="win"))


@pytest.mark.parametrize(
    ("logits", "values", "message"),
    [
        (np.zeros((1, 9), np.float32), np.zeros(1, np.float32), "shapes"),
        (np.zeros((1, 10), np.float32), np.zeros((1, 1), np.float32), "shapes"),
        (np.zeros((1, 10), np.float32), np.full(1, np.nan, np.float32), "not finite"),
    ],
)
def test_a_broken_evaluator_is_named_not_followed(logits, values, message: str) -> None:
    class Broken(UniformEvaluator):
        def evaluate(self, games, indices):
            return logits, values

    with pytest.raises(GoError, match=message):
        Search(Broken(), SearchConfig(4)).run(Games(1, 3))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"simulations": 0}, "simulations"),
        ({"simulations": 2.5}, "simulations"),
        ({"algorithm": "alphabeta"}, "algorithm"),
        ({"value": "score"}, "value"),
        ({"c_puct": -1}, "c_puct"),
        ({"c_puct": float("nan")}, "c_puct"),
        ({"noise_fraction": 1.5}, "noise_fraction"),
        ({"noise_alpha": 0}, "noise_alpha"),
        ({"considered": 4}, "considered is an option of gumbel"),
        ({"algorithm": "gumbel", "temperature": 1.0}, "temperature is an option of puct"),
        ({"algorithm": "gumbel", "noise_fraction": 0.0}, "noise_fraction is an option of puct"),
        ({"algorithm": "gumbel", "considered": 0}, "considered"),
    ],
)
def test_every_option_is_checked_and_none_silently_ignored(options: dict, message: str) -> None:
    with pytest.raises(GoError, match=message):
        SearchConfig(**options)


def test_a_configuration_survives_the_trip_through_json() -> None:
    for config in (SearchConfig(9, c_puct=2.0, temperature=0.5), SearchConfig(9, "gumbel")):
        assert SearchConfig.from_dict(config.to_dict()) == config
    with pytest.raises(GoError, match="no option 'cpuct'"):
        SearchConfig.from_dict({"cpuct": 1.0})


def test_sequential_halving_spends_its_simulations_as_published() -> None:
    """16 simulations over 4 actions: two each, then four each for the better half (mctx)."""
    schedule = visit_schedule(4, 16)
    assert schedule[4].tolist() == [0] * 4 + [1] * 4 + [2, 2, 3, 3, 4, 4, 5, 5]
    assert schedule[1].tolist() == list(range(16))
