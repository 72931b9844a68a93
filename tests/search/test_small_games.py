"""Tic-tac-toe, Kuhn poker and small Go against their published values and brute force."""

from __future__ import annotations

from itertools import product

import pytest

from gokit.go.errors import GoError
from gokit.go.rules import Rules
from gokit.search.small_games import (
    BET,
    CHANCE,
    PASS,
    GoState,
    KuhnPoker,
    TicTacToe,
    best_response,
    expected_return,
    exploitability,
    kuhn_equilibrium,
    minimax,
)

KEYS = (("0:", "1:", "2:", "0:01", "1:01", "2:01"), ("0:0", "1:0", "2:0", "0:1", "1:1", "2:1"))


def deterministic_policies(player):
    for actions in product((PASS, BET), repeat=6):
        yield {key: {action: 1.0} for key, action in zip(KEYS[player], actions, strict=True)}


def always(action, player):
    return {key: {action: 1.0} for key in KEYS[player]}


def test_tic_tac_toe_has_its_published_counts_and_is_a_draw():
    seen, games, waiting = set(), {}, [TicTacToe()]
    while waiting:
        state = waiting.pop()
        if state not in seen:
            seen.add(state)
            waiting.extend(state.play(action) for action in state.legal_actions())
    for state in sorted(seen, key=lambda s: s.board.count(".")):
        ahead = [games[state.play(action)] for action in state.legal_actions()]
        games[state] = sum(ahead) if ahead else 1
    assert len(seen) == 5478
    assert games[TicTacToe()] == 255_168
    assert minimax(TicTacToe()) == 0


def test_tic_tac_toe_names_the_winner_and_the_move():
    x_wins = TicTacToe("XX.OO....")
    assert x_wins.to_move == 0
    assert x_wins.play(2).returns() == (1, -1)
    assert x_wins.play(8).play(5).returns() == (-1, 1)
    assert minimax(x_wins) == 1


def test_kuhn_pays_what_the_rules_say():
    high_first = KuhnPoker((2, 0))
    paid = {"00": 1, "11": 2, "10": 1, "011": 2, "010": -1}
    for bets, won in paid.items():
        state = high_first
        for action in bets:
            assert not state.is_over
            state = state.play(int(action))
        assert state.returns() == (won, -won), bets


def test_a_player_does_not_see_the_other_card():
    assert KuhnPoker().to_move == CHANCE
    assert KuhnPoker((1, 0)).information_set() == KuhnPoker((1, 2)).information_set()
    assert KuhnPoker((0, 1)).information_set() != KuhnPoker((1, 0)).information_set()
    assert sum(p for _, p in KuhnPoker().chance()) == pytest.approx(1)


@pytest.mark.parametrize("bluff", [0, 0.1, 1 / 3])
def test_kuhns_equilibria_cannot_be_exploited(bluff):
    policies = kuhn_equilibrium(bluff)
    assert expected_return(KuhnPoker(), policies) == pytest.approx(-1 / 18)
    assert exploitability(KuhnPoker(), policies) == pytest.approx(0, abs=1e-12)


def test_a_little_off_the_equilibrium_can_be_exploited():
    first, second = kuhn_equilibrium(0.2)
    timid = {**second, "2:1": {PASS: 0.5, BET: 0.5}}
    assert exploitability(KuhnPoker(), (first, timid)) > 0.01


@pytest.mark.parametrize("action", [PASS, BET])
def test_best_responses_are_the_best_of_all_deterministic_ones(action):
    pair = (always(action, 0), always(action, 1))
    first = max(expected_return(KuhnPoker(), (p, pair[1])) for p in deterministic_policies(0))
    second = max(-expected_return(KuhnPoker(), (pair[0], p)) for p in deterministic_policies(1))
    assert best_response(KuhnPoker(), pair[1], 0)[0] == pytest.approx(first)
    assert best_response(KuhnPoker(), pair[0], 1)[0] == pytest.approx(second)
    assert exploitability(KuhnPoker(), pair) == pytest.approx((first + second) / 2)
    assert first + second > 0.1


def test_minimax_on_go_gives_the_published_value():
    assert minimax(GoState((1, 2), Rules(komi=0))) == 0
    assert minimax(GoState((1, 2), Rules(komi=0.5))) == -0.5


def test_go_states_do_not_change():
    start = GoState((2, 2))
    child = start.play(0)
    assert start.legal_actions() == (0, 1, 2, 3, 4)
    assert child.legal_actions() == (1, 2, 3, 4)
    assert child.to_move == 1
    assert start.to_move == 0


def test_nonsense_is_refused():
    with pytest.raises(GoError, match="illegal"):
        TicTacToe("X........").play(0)
    with pytest.raises(GoError, match="over"):
        TicTacToe().returns()
    with pytest.raises(GoError, match="chance"):
        minimax(KuhnPoker())
    with pytest.raises(GoError, match="says nothing"):
        expected_return(KuhnPoker(), ({}, {}))
    with pytest.raises(GoError, match="1/3"):
        kuhn_equilibrium(0.5)
