"""Openings: forks that replay, plies drawn from the policy, passes that wait until safe."""

from __future__ import annotations

import numpy as np
import pytest

from gokit.go.games import Games
from gokit.go.position import Position
from gokit.go.rules import Rules
from gokit.openings import passing_barred
from gokit.played import INHERITED, POLICY, RANDOM, samples_of
from gokit.search.config import SearchConfig
from gokit.search.evaluators import UniformEvaluator
from gokit.selfplay import SelfPlay, SelfPlayConfig
from gokit.telemetry import report
from tests.game_makers import HashEvaluator

RULES = Rules(komi=2)


def self_play(seed: int = 0, evaluator=None, **options) -> SelfPlay:
    config = SelfPlayConfig(**{"games": 10, "max_moves": 27, "no_pass_plies": 5, **options})
    search = SearchConfig(4, "gumbel", considered=4)
    rng = np.random.default_rng(seed)
    return SelfPlay(evaluator or HashEvaluator(), search, config, rng, size=3, rules=RULES)


def test_a_fork_follows_an_earlier_game_and_leaves_it_by_a_random_stone() -> None:
    players = self_play(fork_rate=1.0)
    games, metrics = players.collect(600)
    known: list[tuple[int, ...]] = []
    forks = left = 0
    for moves, start in zip(games.sequences(), games.starts, strict=True):
        line = tuple(moves.tolist())
        inherited = int((games.how[start : start + len(line)] == INHERITED).sum())
        if inherited:
            forks += 1
            assert line[inherited - 1] != 9, "a fork begins with a pass"
            parents = [p for p in known if p[: inherited - 1] == line[: inherited - 1]]
            assert parents, "a fork follows no game that had ended before it began"
            left += all(p[inherited - 1] != line[inherited - 1] for p in parents)
        known.append(line)
    assert forks == metrics["forks"]
    # The first games have nothing to fork off, and now and then no stone can be played.
    assert len(games) - 10 >= forks > 0.8 * (len(games) - 10)
    assert left > forks / 2, "forks go on as the earlier game did"


def test_what_a_fork_takes_over_is_no_target_and_not_counted_twice() -> None:
    games, _ = self_play(1, fork_rate=0.5).collect(500)
    samples = samples_of(games, "basic", "win")
    taken = games.how == INHERITED
    assert taken.any()
    for name in ("policy_weight", "result_weight", "ownership_weight"):
        assert not getattr(samples, name)[taken].any(), name
    assert np.isnan(games.value[taken]).all()
    early = games.moves[~taken & (games.plies < 9)]
    assert report(games)["early_passes"] == pytest.approx((early == 9).mean())


def test_a_share_of_games_forks_off() -> None:
    players = self_play(2, fork_rate=0.3, games=20)
    players.collect(300)
    games, metrics = players.collect(4000)
    share = metrics["forks"] / len(games)
    assert abs(share - 0.3) < 4 * np.sqrt(0.21 / len(games)) + 20 / len(games)


def test_the_first_plies_can_be_drawn_from_the_policy() -> None:
    class Centre(UniformEvaluator):
        def evaluate(self, games, indices):
            logits, values = super().evaluate(games, indices)
            logits[:, 4] = 2.0
            return logits, values

    options = {"policy_plies": 3, "policy_rate": 0.5, "policy_temperature": 2.0, "games": 400}
    games, _ = self_play(3, Centre(), random_plies=1, random_rate=1.0, **options).play(400)
    first = games.how[games.starts]
    drawn = first == POLICY
    assert (first[~drawn] == RANDOM).all(), "the others open at random"
    assert abs(drawn.mean() - 0.5) < 0.1
    plies = [
        int((games.how[s : s + n] == POLICY).sum())
        for s, n in zip(games.starts[drawn], games.lengths[drawn], strict=True)
    ]
    assert set(plies) == {1, 2, 3}
    weight = np.exp(2.0 / 2.0)
    expected = weight / (weight + 8)
    assert abs((games.moves[games.starts[drawn]] == 4).mean() - expected) < 0.13
    assert games.policy[games.how == POLICY].sum() == 0


def barred(*positions: Position, before: int = 20, unless_safe: bool = True) -> list[bool]:
    return passing_barred(Games.from_positions(positions), before, unless_safe).tolist()


SETTLED = """
. X . X .
X X X X X
. . . . .
O O O O O
. O . O .
"""
ALIVE_ALL_OVER = """
. X . X X
X X X X X
X X X X X
O O O O O
. O . O O
"""
OPEN = """
. . . . .
. X . . .
. . . O .
. . . . .
. . . . .
"""


def test_a_pass_is_safe_on_a_settled_board_only() -> None:
    whole = Position.from_diagram(ALIVE_ALL_OVER, rules=RULES)
    assert whole.pass_alive().all(), "the test's own board is not settled"
    assert barred(whole, Position.from_diagram(OPEN, rules=RULES)) == [False, True]
    between = Position.from_diagram(SETTLED, rules=RULES)
    assert barred(between) == [not between.pass_alive().all()]
    assert barred(whole, unless_safe=False) == [True]


def test_the_winner_may_answer_a_pass_and_the_loser_may_not() -> None:
    ahead = Position.from_diagram(OPEN.replace("O", "."), rules=RULES)
    black_passed = ahead.play("pass")
    assert barred(black_passed) == [True], "White would pass and lose"
    white_passed = ahead.play("A1").play("pass")
    assert white_passed.score().margin > 0
    assert barred(white_passed) == [False]
    assert barred(ahead) == [True], "nobody has passed"


def test_the_bar_ends_with_its_ply() -> None:
    position = Position(3, RULES).play("A1").play("B2")
    assert barred(position, before=2, unless_safe=False) == [False]
    assert barred(position, before=3, unless_safe=False) == [True]
    assert barred(position, before=3) == [True]
