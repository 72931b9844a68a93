"""Self-play: legal games with their targets, diverse, honest about how they ended."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from gokit.go.errors import GoError
from gokit.go.games import Games
from gokit.go.geometry import MOVE_CAP, RESIGNED, TWO_PASSES
from gokit.go.position import Position
from gokit.go.rules import Rules
from gokit.lockstep import cheap_search, draw
from gokit.played import CHEAP, FULL, INHERITED, OPPONENT, POLICY, RANDOM, PlayedGames, samples_of
from gokit.players import RESIGN, PolicyPlayer, RandomPlayer
from gokit.search.config import SearchConfig
from gokit.search.evaluators import RolloutEvaluator, UniformEvaluator
from gokit.selfplay import SelfPlay, SelfPlayConfig
from gokit.telemetry import report
from tests.game_makers import HashEvaluator, OneSidedEvaluator

SEARCH = SearchConfig(8, "gumbel", value="margin", considered=4)
RULES = Rules(komi=2)


def self_play(seed: int = 0, evaluator=None, search=SEARCH, opponent=None, **options) -> SelfPlay:
    config = SelfPlayConfig(**{"games": 12, "max_moves": 27, "no_pass_plies": 5, **options})
    return SelfPlay(
        evaluator or UniformEvaluator(),
        search,
        config,
        np.random.default_rng(seed),
        size=3,
        rules=RULES,
        opponent=opponent,
    )


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
    games = players._groups[0]._games
    in_flight = games.move_number
    assert in_flight.max() > 0
    players.step()
    assert (games.move_number[in_flight > 0] != 1).all()


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


SEARCHES = [
    SEARCH,
    SearchConfig(6, "puct", noise_fraction=0.25),
    SearchConfig(5, "puct", noise_fraction=0.25, temperature=1.0),
    None,
]


def random_options(rng: np.random.Generator) -> dict:
    """A configuration with nothing left at what it usually is."""
    low = float(rng.choice([-0.1, -0.4]))
    options = {
        "games": int(rng.integers(2, 20)),
        "groups": int(rng.integers(1, 3)),
        "max_moves": int(rng.integers(8, 30)),
        "full_rate": float(rng.choice([1.0, 0.3])),
        "cheap_simulations": int(rng.integers(1, 5)),
        "random_plies": int(rng.integers(0, 4)),
        "random_rate": float(rng.random()),
        "policy_plies": int(rng.integers(0, 4)),
        "policy_rate": float(rng.random()),
        "fork_rate": float(rng.choice([0.0, 0.4])),
        "no_pass_plies": int(rng.integers(0, 12)),
        "pass_when_safe": bool(rng.integers(2)),
        "resign_below": [None, low][int(rng.integers(2))],
        "resign_turns": int(rng.integers(1, 4)),
        "resign_ply": int(rng.integers(0, 8)),
        "never_resign": float(rng.choice([0.1, 0.5])),
        "opponent_rate": float(rng.choice([0.4, 1.0])),
    }
    return options


@pytest.mark.parametrize("number", range(12))
def test_whatever_the_options_games_replay_and_targets_are_where_they_belong(number: int) -> None:
    rng = np.random.default_rng(number)
    options, search = random_options(rng), SEARCHES[number % len(SEARCHES)]
    if number % 3 == 0 and not (search and search.temperature):
        options["temperature"] = 1.0
    against = None
    if number % 2:
        against = [RandomPlayer(np.random.default_rng(i)) for i in range(options["groups"])]
    players = self_play(number, HashEvaluator(), search, against, **options)
    for _ in range(2):
        games, metrics = players.collect(150)
        check_games(games, players.config)
        assert metrics["games"] == len(games)
    if against:
        assert (games.how == OPPONENT).any()
    if search is None:
        assert not games.searched.any()


def check_games(games: PlayedGames, config: SelfPlayConfig) -> None:
    for number, moves in enumerate(games.sequences()):
        at = slice(games.starts[number], games.starts[number] + games.lengths[number])
        how, policy, value = games.how[at], games.policy[at], games.value[at]
        inherited = int((how == INHERITED).sum())
        assert (how[:inherited] == INHERITED).all(), "a game inherits its beginning, or nothing"
        position = Position(3, RULES)
        for ply, move in enumerate(moves.tolist()):
            legal = position.legal_mask()
            assert legal[move]
            assert (policy[ply][~legal] == 0).all()
            total = float(policy[ply].astype(np.float64).sum())
            assert total == pytest.approx(1 if how[ply] == FULL else 0, abs=5e-3)
            assert np.isnan(value[ply]) == (how[ply] in (RANDOM, INHERITED, OPPONENT))
            guarded = how[ply] in (FULL, CHEAP, POLICY) and ply < config.no_pass_plies
            if guarded and move == 9 and legal[:-1].any():
                assert config.pass_when_safe
                won = position.score().margin * (1 if position.to_move == 1 else -1) > 0
                assert (position.passes and won) or position.pass_alive().all()
            position = position.play(move)
        check_end(games, number, position, config)


def check_end(games: PlayedGames, number: int, position: Position, config: SelfPlayConfig) -> None:
    if games.end[number] == TWO_PASSES:
        assert position.end == "two passes"
        assert games.margin[number] == position.score().margin + RULES.komi
        assert (games.ownership[number] == position.score().ownership.ravel()).all()
        assert games.winner[number] == position.winner
        return
    assert not position.is_over
    assert np.isnan(games.margin[number])
    assert (games.ownership[number] == 0).all()
    if games.end[number] == MOVE_CAP:
        assert position.move_number == config.max_moves
        assert games.winner[number] == -1
    else:
        assert games.winner[number] == position.resign().winner
        assert config.resign_below is not None
        assert not games.played_out[number]


@pytest.mark.parametrize("groups", [1, 2])
def test_a_seed_is_a_game_record_with_any_number_of_groups(groups: int) -> None:
    """G-2, G-3: and other seeds are other games."""
    options = {"groups": groups, "full_rate": 0.5, "policy_plies": 2, "fork_rate": 0.3}
    evaluators = [HashEvaluator(), HashEvaluator(), HashEvaluator()]
    first, again, other = (
        self_play(seed, evaluator, **options).collect(300)[0]
        for seed, evaluator in zip((1, 1, 2), evaluators, strict=True)
    )
    for name in PlayedGames._ARRAYS:
        assert np.array_equal(getattr(first, name), getattr(again, name), equal_nan=True), name
    shared = {m.tobytes() for m in first.sequences()} & {m.tobytes() for m in other.sequences()}
    assert len(shared) < 0.3 * len(first), "two seeds play the same games"


class Slow(HashEvaluator):
    """Takes its time, now here and now there."""

    def evaluate(self, games: Games, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        time.sleep(0.004 * (threading.get_ident() % 3 == 0) + 0.002 * (len(indices) % 2))
        return super().evaluate(games, indices)


def test_two_groups_play_the_same_whatever_the_timing() -> None:
    quick, slow = (
        self_play(3, evaluator, groups=2).collect(150)[0] for evaluator in (HashEvaluator(), Slow())
    )
    assert quick.moves.tobytes() == slow.moves.tobytes()


def test_two_groups_are_not_twins() -> None:
    players = self_play(4, HashEvaluator(), groups=2)
    players.collect(200)
    one, two = (group._moves[:, :5].tobytes() for group in players._groups)
    assert one != two


def test_groups_do_not_share_what_draws_random_numbers() -> None:
    rollouts = RolloutEvaluator(np.random.default_rng(0))
    with pytest.raises(GoError, match="each group one of its own"):
        self_play(0, rollouts, groups=2)
    with pytest.raises(GoError, match="each group one of its own"):
        self_play(0, opponent=RandomPlayer(np.random.default_rng(0)), groups=2)
    with pytest.raises(GoError, match="2 groups need one evaluator, or 2"):
        self_play(0, [UniformEvaluator()] * 3, groups=2)


def test_an_error_in_a_group_is_raised_and_stops_the_other() -> None:
    class Broken(UniformEvaluator):
        def evaluate(self, games, indices):
            raise GoError("no answer")

    players = self_play(0, [UniformEvaluator(), Broken()], groups=2)
    with pytest.raises(GoError, match="no answer"):
        players.collect(60_000)
    assert sum(part.positions for part in players.ended) < 15_000, "the other went on to its goal"


@pytest.mark.parametrize(("count", "groups"), [(1, 1), (7, 2), (30, 1), (31, 2)])
def test_so_many_games_are_played_and_all_that_began(count: int, groups: int) -> None:
    players = self_play(5, groups=groups)
    seen = []
    games, metrics = players.play(count, seen.append)
    assert len(games) == metrics["games"] == count
    assert seen[-1] == count
    assert len(players.play(3)[0]) == 3
    players.collect(50)


def test_a_share_of_moves_gets_the_full_search_and_the_others_a_cheap_one() -> None:
    players = self_play(6, full_rate=0.25, cheap_simulations=3, games=40)
    games, metrics = players.collect(1500)
    searched = int((games.how == FULL).sum() + (games.how == CHEAP).sum())
    share = (games.how == FULL).sum() / searched
    assert abs(share - 0.25) < 4 * np.sqrt(0.25 * 0.75 / searched)
    assert metrics["full_share"] == pytest.approx(share)
    assert metrics["cheap_share"] == pytest.approx(1 - share)
    tally = players._groups[0].tally
    assert tally.simulations == 8 * tally.full + 3 * tally.cheap
    samples = samples_of(games, "basic", cheap_weight=0.25)
    counted = np.repeat(games.end == TWO_PASSES, games.lengths)
    cheap = games.how == CHEAP
    assert (samples.policy_weight == games.searched).all()
    assert (samples.result_weight[cheap & counted] == 0.25).all()
    assert (samples.result_weight[~cheap & counted] == 1).all()


def test_a_cheap_search_is_quiet_and_otherwise_the_same() -> None:
    gumbel = cheap_search(SearchConfig(32, "gumbel", considered=16, c_scale=0.7), 4)
    assert (gumbel.simulations, gumbel.gumbel_scale, gumbel.considered) == (4, 0, 4)
    assert gumbel.c_scale == 0.7
    puct = cheap_search(SearchConfig(32, noise_fraction=0.25, c_puct=2.0), 4)
    assert (puct.simulations, puct.noise_fraction, puct.c_puct) == (4, 0, 2.0)


def test_the_temperature_halves_its_distance_and_draws_accordingly() -> None:
    config = SelfPlayConfig(temperature=1.0, final_temperature=0.2, temperature_half_life=4)
    assert config.temperature_at(np.array([0, 4, 8])).tolist() == pytest.approx([1.0, 0.6, 0.4])
    logits = np.log(np.array([0.5, 0.3, 0.2, 1e-300]))
    rng = np.random.default_rng(0)
    for temperature in (0.5, 1.0, 2.0):
        many = np.repeat(logits[None], 20000, 0)
        drawn = draw(many, np.full(20000, temperature), rng, np.zeros(20000, np.int64))
        expected = np.exp(logits / temperature) / np.exp(logits / temperature).sum()
        found = np.bincount(drawn, minlength=4) / 20000
        assert np.abs(found - expected).max() < 0.015, temperature
    cold = draw(np.repeat(logits[None], 50, 0), np.zeros(50), rng, np.full(50, 2))
    assert (cold == 2).all(), "a cold move is the search's own choice"


def test_a_temperature_makes_searches_without_randomness_play_different_games() -> None:
    """G-4: without noise, one opening is one game."""
    search = SearchConfig(4, "gumbel", gumbel_scale=0.0, c_scale=0.01)
    options = {"random_plies": 0, "evaluator": HashEvaluator(), "search": search}
    _, cold = self_play(7, **options).play(20)
    _, warm = self_play(7, temperature=2.0, **options).play(20)
    assert cold["distinct_games"] == 1 / 20
    assert warm["distinct_games"] > 0.9


def test_trees_are_not_kept_between_moves() -> None:
    with pytest.raises(GoError, match="leave out reuse"):
        self_play(search=SearchConfig(4, reuse=True))


def test_the_temperature_is_given_once() -> None:
    with pytest.raises(GoError, match="give it once"):
        self_play(search=SearchConfig(4, temperature=1.0), temperature=1.0)


def test_without_search_moves_are_samples_of_the_policy() -> None:
    class Known(UniformEvaluator):
        def evaluate(self, games, indices):
            logits, values = super().evaluate(games, indices)
            logits[:, 4] = np.log(9)
            return logits, values + np.float32(0.25)

    games, metrics = self_play(8, Known(), None, random_plies=0, games=500).play(500)
    assert (games.how == POLICY).all()
    assert (games.policy == 0).all()
    assert (games.value == 0.25).all()
    # Nine points, one of them nine times as likely; the pass is barred.
    centre = (games.moves[games.starts] == 4).mean()
    assert abs(centre - 9 / 17) < 4 * np.sqrt(0.25 / 500)
    assert metrics["argmax_gap"] is None
    assert not samples_of(games, "basic").policy_weight.any()


class Quitter:
    """Plays random stones, one game at a time, and resigns at its third turn."""

    name = "quitter"

    def __init__(self) -> None:
        self.random = RandomPlayer(np.random.default_rng(0))

    def choose(self, position: Position) -> int:
        assert len(position.moves) == position.move_number, "the list of moves is not known"
        return RESIGN if position.move_number >= 4 else self.random.choose(position)

    def close(self) -> None:
        pass


def test_an_opponent_has_each_colour_in_turn_and_teaches_no_policy() -> None:
    opponent = PolicyPlayer(UniformEvaluator(), 1.0, np.random.default_rng(0))
    games, metrics = self_play(9, opponent=opponent, opponent_rate=0.5, games=40).play(200)
    colors = []
    for start, length in zip(games.starts, games.lengths, strict=True):
        theirs = np.flatnonzero(games.how[start : start + length] == OPPONENT)
        if theirs.size:
            assert (theirs == np.arange(theirs[0], length, 2)).all(), "it has missed a turn"
            colors.append(theirs[0])
    assert abs(len(colors) - 100) < 4 * np.sqrt(50)
    assert abs(np.mean(colors) - 0.5) < 0.1
    assert metrics["opponent_games"] == len(colors)
    assert not samples_of(games, "basic").policy_weight[games.how == OPPONENT].any()


def test_an_opponent_s_resignation_is_our_win() -> None:
    games, metrics = self_play(10, opponent=Quitter(), games=6).play(12)
    assert (games.end == RESIGNED).all()
    assert set(games.lengths.tolist()) == {4, 5}
    black = games.how[games.starts] != OPPONENT
    assert (games.winner == np.where(black, 1, 2)).all()
    assert metrics["opponent_score"] == 1
    samples = samples_of(games, "basic", "win")
    first = games.starts
    assert (samples.value[first] == np.where(black, 1, -1)).all()
    assert (samples.result_weight == 1).all()
    assert not samples.ownership_weight.any()
    assert not samples_of(games, "basic", "margin").result_weight.any()


def test_a_barred_pass_that_was_wanted_is_counted() -> None:
    players = self_play(11, OneSidedEvaluator(0.0, pass_logit=8.0), random_plies=0)
    _, metrics = players.collect(60)
    assert metrics["guard_bites"] > 0
    assert metrics["guard_bite_rate"] == 1
    _, metrics = self_play(11, OneSidedEvaluator(0.0, pass_logit=-8.0)).collect(60)
    assert metrics["guard_bites"] == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"games": 0}, "games is a whole number from 1"),
        ({"groups": 3}, "1 or 2 groups"),
        ({"groups": 2, "games": 1}, "at least as many games"),
        ({"threads": True}, "threads"),
        ({"max_moves": 1}, "max_moves"),
        ({"full_rate": 0.0}, "full_rate is above 0"),
        ({"full_rate": 1.1}, "full_rate is from 0 to 1"),
        ({"cheap_simulations": 0}, "cheap_simulations"),
        ({"cheap_weight": -1}, "cheap_weight"),
        ({"temperature": -1.0}, "temperature is a number from 0 up"),
        ({"final_temperature": None}, "final_temperature"),
        ({"temperature_half_life": 0}, "temperature_half_life is a number above 0"),
        ({"random_rate": 1.5}, "random_rate"),
        ({"policy_plies": 1.5}, "policy_plies"),
        ({"policy_temperature": 0}, "policy_temperature"),
        ({"fork_rate": "all"}, "fork_rate"),
        ({"no_pass_plies": -1}, "no_pass_plies"),
        ({"pass_when_safe": 1}, "pass_when_safe is true or false"),
        ({"resign_below": 0.5}, "resign_below is a value from -1"),
        ({"resign_below": -0.9, "never_resign": 0.0}, "never_resign is above 0"),
        ({"resign_turns": 0}, "resign_turns"),
        ({"resign_ply": -1}, "resign_ply"),
        ({"opponent_rate": 2}, "opponent_rate"),
        ({"speed": 2}, "self-play has no option 'speed'"),
    ],
)
def test_impossible_options_are_refused_in_one_sentence(options: dict, message: str) -> None:
    with pytest.raises(GoError, match=message) as refused:
        SelfPlayConfig.from_dict(options)
    assert "\n" not in str(refused.value)


def test_options_survive_the_trip_through_a_dictionary() -> None:
    config = SelfPlayConfig(games=7, resign_below=-0.9, temperature=0.8, fork_rate=0.1)
    assert SelfPlayConfig.from_dict(config.to_dict()) == config
