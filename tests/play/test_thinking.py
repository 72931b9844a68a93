"""A search that is watched, given up, and looked at afterwards; a network's first look."""

from __future__ import annotations

import numpy as np
import pytest

from gokit.go.errors import RulesMismatchError
from gokit.go.position import Position
from gokit.go.rules import NO_SUICIDE, TROMP_TAYLOR, WHITE
from gokit.play.hints import Hints
from gokit.play.opponents import SHIPPED
from gokit.play.thinking import LIVE_EVERY, GivenUp, Thinker
from gokit.players import parse_player

FIVE = SHIPPED / "5x5.safetensors"


def thinker(spec="rollout@200", size=5, **options):
    return Thinker(parse_player(spec, size, TROMP_TAYLOR, 1), size, TROMP_TAYLOR, **options)


def test_a_watched_search_plays_what_it_would_unwatched():
    position = Position.from_moves(["C3", "D4"], 5)
    spec = f"mcts:{FIVE}@60"
    assert thinker(spec).choose(position) == parse_player(spec, 5).choose(position)


def test_the_last_word_on_a_search_is_its_result():
    heard = []
    one = thinker(on_progress=heard.append)
    position = Position.from_moves(["C3"], 5)
    move = one.choose(position)
    last = heard[-1]
    assert (last.done, last.of) == (200, 200)
    assert last.visits.sum() == 200
    assert last.line[0] == move == last.visits.argmax()
    assert last.position is position
    assert -1 <= last.value <= 1
    again = position
    for played in last.line:
        again = again.play(played)  # the best line is legal


def test_words_on_a_search_come_a_few_times_a_second(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    heard = []

    def tick(position):
        now[0] += LIVE_EVERY / 10
        return True

    one = thinker("rollout@100", wanted=tick, on_progress=heard.append)
    one.choose(Position(5))
    gaps = np.diff([progress.seconds for progress in heard])
    assert 8 <= len(heard) <= 12
    assert gaps[:-1].min() >= LIVE_EVERY - 1e-9
    done = [progress.done for progress in heard]
    assert done == sorted(set(done))


def test_a_search_nobody_wants_ends_at_once_and_the_next_one_is_whole():
    asked = []

    def wanted(position):
        asked.append(position)
        return len(asked) < 20 or len(asked) > 25

    one = thinker(wanted=wanted)
    with pytest.raises(GivenUp):
        one.choose(Position(5))
    assert len(asked) == 20
    assert one.trace is None
    asked.extend([None] * 10)
    assert Position(5).is_legal(one.choose(Position(5)))
    assert one.trace.simulations == 200


def test_the_trace_is_of_the_latest_move_and_can_be_searched_on():
    one = thinker(evaluator_name="random games")
    position = Position.from_moves(["C3"], 5)
    move = one.choose(position)
    trace = one.trace
    assert trace.root.moves == position.moves
    assert trace.evaluator == "random games"
    assert trace.document["result"]["action"] == move
    assert one.trace.simulations == 200
    one.reset()
    assert one.trace is None


def test_a_player_that_does_not_search_has_no_trace():
    one = thinker("random")
    assert Position(5).is_legal(one.choose(Position(5)))
    assert one.trace is None


@pytest.mark.parametrize("position", [Position(7), Position(5, NO_SUICIDE)])
def test_another_size_or_other_rules_are_refused(position):
    with pytest.raises(RulesMismatchError, match="5×5 under Tromp-Taylor"):
        thinker("random").choose(position)


def test_a_look_has_a_policy_over_legal_moves_and_owners_in_the_movers_view():
    hints = Hints(FIVE, 5)
    position = Position.from_diagram(
        ". X . X .\nX X X X X\n. . . . .\n. . X . .\n. . . . .", rules=TROMP_TAYLOR
    )
    black, white = hints.look(position), hints.look(position.to_play(WHITE))
    assert black.policy.sum() == pytest.approx(1, abs=1e-5)
    assert not black.policy[~position.legal_mask()].any()
    assert black.ownership.mean() > 0.5
    assert white.ownership.mean() < -0.5
    assert min(black.forecast, white.forecast) > 5, "Black has it all, of 25 points less 7.5"
    assert hints.look(position) is black, "one position is asked about once"


def test_hints_are_for_the_sizes_of_the_network():
    with pytest.raises(RulesMismatchError, match="5×5"):
        Hints(FIVE, 7)
