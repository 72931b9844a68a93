"""Games small enough to solve, behind one interface: tic-tac-toe, Kuhn poker, Go on few points.

A state is immutable and plain: `play` returns a new one. What holds for a search or a learner on
these, whose answers are known, can be checked before it is trusted on Go.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import permutations
from typing import Protocol

import numpy as np

from gokit.go.errors import GoError
from gokit.go.games import Games
from gokit.go.geometry import MOVE_CAP, RUNNING
from gokit.go.rules import BLACK, TROMP_TAYLOR, Rules

CHANCE = -1
PASS, BET = 0, 1

Policy = Mapping[Hashable, Mapping[int, float]]  # information set -> action -> probability


class State(Protocol):
    """One moment of a game of two players, 0 and 1, whose returns sum to zero.

    Built in chapter 3.
    """

    @property
    def to_move(self) -> int:
        """0, 1, or CHANCE where dice or cards decide."""
        ...

    @property
    def is_over(self) -> bool:
        """Whether the game has ended."""
        ...

    def legal_actions(self) -> tuple[int, ...]:
        """What the side to move, or chance, may do; nothing when the game is over."""
        ...

    def play(self, action: int) -> State:
        """Return the state after a legal action; GoError for another."""
        ...

    def returns(self) -> tuple[float, float]:
        """What each player has won; GoError while the game runs."""
        ...

    def information_set(self) -> Hashable:
        """What the player to move knows: equal for states that they cannot tell apart."""
        ...

    def chance(self) -> tuple[tuple[int, float], ...]:
        """The outcomes of a chance state with their probabilities; empty for others."""
        ...


TIC_TAC_TOE_LINES = (
    *((0, 1, 2), (3, 4, 5), (6, 7, 8)),
    *((0, 3, 6), (1, 4, 7), (2, 5, 8)),
    *((0, 4, 8), (2, 4, 6)),
)


@dataclass(frozen=True)
class TicTacToe:
    """Tic-tac-toe; `TicTacToe()` is the empty board. 5,478 states, 255,168 games, a draw.

    board: nine cells by rows, "." or the mark "X" (player 0, who starts) or "O".
    Built in chapter 3.
    """

    board: str = "........."

    @property
    def to_move(self) -> int:
        """0 (X) or 1 (O)."""
        return self.board.count("X") - self.board.count("O")

    @property
    def winner(self) -> int | None:
        """The player with three in a row, or None."""
        for a, b, c in TIC_TAC_TOE_LINES:
            if self.board[a] != "." and self.board[a] == self.board[b] == self.board[c]:
                return "XO".index(self.board[a])
        return None

    @property
    def is_over(self) -> bool:
        """Three in a row, or a full board."""
        return self.winner is not None or "." not in self.board

    def legal_actions(self) -> tuple[int, ...]:
        """The empty cells."""
        return () if self.is_over else tuple(i for i in range(9) if self.board[i] == ".")

    def play(self, action: int) -> TicTacToe:
        """Put the mover's mark on cell `action`; GoError where that is illegal."""
        _check(self, action)
        mark = "XO"[self.to_move]
        return TicTacToe(self.board[:action] + mark + self.board[action + 1 :])

    def returns(self) -> tuple[float, float]:
        """+1 to the winner and -1 to the loser, 0 each for a draw."""
        _check_over(self)
        if self.winner is None:
            return 0.0, 0.0
        return (1.0, -1.0) if self.winner == 0 else (-1.0, 1.0)

    def information_set(self) -> Hashable:
        """The board: nothing is hidden."""
        return self.board

    def chance(self) -> tuple[tuple[int, float], ...]:
        """Nothing is left to chance."""
        return ()


DEALS = tuple(permutations(range(3), 2))
KUHN_ENDS = {"00", "11", "10", "011", "010"}


@dataclass(frozen=True)
class KuhnPoker:
    """Kuhn poker; `KuhnPoker()` is the state before the deal. Its value to player 0 is -1/18.

    Cards 0, 1, 2, one to each player, an ante of 1 each. In turn a player may PASS (check or
    fold) or BET (bet or call) 1. cards: (player 0's, player 1's), or None before the deal; the
    chance actions index DEALS. bets: the actions so far, as "0" and "1".
    Source: H. W. Kuhn, "A simplified two-person poker" (1950). Built in chapter 8.
    """

    cards: tuple[int, int] | None = None
    bets: str = ""

    @property
    def to_move(self) -> int:
        """CHANCE before the deal, then 0 and 1 in turn."""
        return CHANCE if self.cards is None else len(self.bets) % 2

    @property
    def is_over(self) -> bool:
        """Whether a bet was answered or both passed."""
        return self.bets in KUHN_ENDS

    def legal_actions(self) -> tuple[int, ...]:
        """The deals, or PASS and BET."""
        if self.cards is None:
            return tuple(range(len(DEALS)))
        return () if self.is_over else (PASS, BET)

    def play(self, action: int) -> KuhnPoker:
        """Deal, pass or bet; GoError for another action."""
        _check(self, action)
        if self.cards is None:
            return KuhnPoker(DEALS[action])
        return replace(self, bets=self.bets + str(action))

    def returns(self) -> tuple[float, float]:
        """Chips won by each player: 1 or 2."""
        _check_over(self)
        if self.bets in ("10", "010"):
            won = 1.0 if self.bets == "10" else -1.0
        else:
            stake = 1.0 if self.bets == "00" else 2.0
            won = stake if self.cards[0] > self.cards[1] else -stake
        return won, -won

    def information_set(self) -> Hashable:
        """The mover's card and the bets, such as "2:01"; the deal has none and gives ""."""
        return "" if self.cards is None else f"{self.cards[self.to_move]}:{self.bets}"

    def chance(self) -> tuple[tuple[int, float], ...]:
        """The six deals, equally likely; nothing later."""
        if self.cards is not None:
            return ()
        return tuple((deal, 1 / len(DEALS)) for deal in range(len(DEALS)))


class GoState:
    """Go on any board as a small game: player 0 is Black, `returns` the margin with komi.

    shape: (rows, columns). Two passes end the game; superko needs the history, so that the
    information set holds every board so far. Built in chapter 3.
    """

    def __init__(self, shape: tuple[int, int], rules: Rules = TROMP_TAYLOR) -> None:
        self.games = Games(1, shape, rules, max_moves=8 * shape[0] * shape[1] + 100)
        self._boards = (self.games.boards().tobytes(),)

    @property
    def to_move(self) -> int:
        """0 for Black, 1 for White."""
        return int(self.games.to_move[0]) - BLACK

    @property
    def is_over(self) -> bool:
        """Whether two passes, or the cap of moves, ended the game."""
        return bool(self.games.ended[0] != RUNNING)

    def legal_actions(self) -> tuple[int, ...]:
        """The legal points, then the pass."""
        return tuple(np.flatnonzero(self.games.legal_mask()[0]).tolist())

    def play(self, action: int) -> GoState:
        """Play a point or pass; GoError where that is illegal."""
        _check(self, action)
        child = GoState.__new__(GoState)
        games = self.games
        shape = (games.geometry.rows, games.geometry.columns)
        child.games = Games(1, shape, games.rules, games.max_moves)
        child.games.copy_from(games, np.array([0]), np.array([0]))
        child.games.play(np.array([action]))
        child._boards = (*self._boards, child.games.boards().tobytes())
        return child

    def returns(self) -> tuple[float, float]:
        """Black's area minus White's minus komi, and its negative; GoError at the move cap."""
        _check_over(self)
        if self.games.ended[0] == MOVE_CAP:
            raise GoError("a game that was cut off at its move cap has no returns")
        margin = float(self.games.score()[0])
        return margin, -margin

    def information_set(self) -> Hashable:
        """The boards so far in order, passes included: all that the rules look at."""
        return self._boards

    def chance(self) -> tuple[tuple[int, float], ...]:
        """Nothing is left to chance."""
        return ()


def _check(state: State, action: int) -> None:
    if action not in state.legal_actions():
        raise GoError(f"action {action} is illegal; legal are {list(state.legal_actions())}")


def _check_over(state: State) -> None:
    if not state.is_over:
        raise GoError("a game has returns when it is over, not before")


def minimax(state: State) -> float:
    """Return what player 0 gets when both play best, by visiting every state once.

    Raises GoError for games of chance or hidden cards. Built in chapter 3.
    """

    @cache
    def value(here: State) -> float:
        if here.is_over:
            return here.returns()[0]
        if here.to_move == CHANCE:
            raise GoError("minimax is for games without chance or hidden cards")
        best = max if here.to_move == 0 else min
        return best(value(here.play(action)) for action in here.legal_actions())

    return value(state)


def expected_return(state: State, policies: tuple[Policy, Policy]) -> float:
    """Return what player 0 wins on average when each player follows a policy.

    policies: for each player, information set -> action -> probability. GoError where one says
    nothing of a state that comes up. Built in chapter 8.
    """
    if state.is_over:
        return state.returns()[0]
    odds = state.chance() or _odds(policies[state.to_move], state)
    return sum(p * expected_return(state.play(a), policies) for a, p in odds if p > 0)


def best_response(state: State, policy: Policy, player: int) -> tuple[float, dict[Hashable, int]]:
    """Return the most that `player` can win against `policy`, and the actions that win it.

    The actions are by information set: one for all states that `player` cannot tell apart, each
    weighted by how often chance and the opponent lead there. Needs perfect recall.
    Source: Zinkevich et al., "Regret minimization in games with incomplete information" (2007).
    Built in chapter 8.
    """
    alike: dict[Hashable, list[tuple[State, float]]] = {}
    for here, weight in _reached(state, policy, player, 1.0):
        alike.setdefault(here.information_set(), []).append((here, weight))
    chosen: dict[Hashable, int] = {}

    def choose(key: Hashable) -> int:
        if key not in chosen:
            states = alike[key]
            gains = {
                action: sum(weight * value(here.play(action)) for here, weight in states)
                for action in states[0][0].legal_actions()
            }
            chosen[key] = max(gains, key=gains.__getitem__)
        return chosen[key]

    def value(here: State) -> float:
        if here.is_over:
            return here.returns()[player]
        if here.to_move == player:
            return value(here.play(choose(here.information_set())))
        odds = here.chance() or _odds(policy, here)
        return sum(p * value(here.play(a)) for a, p in odds if p > 0)

    return value(state), chosen


def exploitability(state: State, policies: tuple[Policy, Policy]) -> float:
    """Return how much best responses win against a pair of policies, on average over both seats.

    0 exactly in an equilibrium, else positive. Built in chapter 8.
    """
    first = best_response(state, policies[1], 0)[0]
    second = best_response(state, policies[0], 1)[0]
    return (first + second) / 2


def _reached(
    state: State, policy: Policy, player: int, weight: float
) -> Iterator[tuple[State, float]]:
    """The states where `player` moves, with the probability that the others lead there."""
    if state.is_over:
        return
    if state.to_move == player:
        yield state, weight
        odds = tuple((action, 1.0) for action in state.legal_actions())
    else:
        odds = state.chance() or _odds(policy, state)
    for action, p in odds:
        yield from _reached(state.play(action), policy, player, weight * p)


def _odds(policy: Policy, state: State) -> tuple[tuple[int, float], ...]:
    key = state.information_set()
    if key not in policy:
        raise GoError(f"the policy says nothing of {key!r}")
    return tuple(policy[key].items())


def kuhn_equilibrium(bluff: float) -> tuple[Policy, Policy]:
    """Return an equilibrium of Kuhn poker: player 0 bluffs with the lowest card that often.

    bluff: 0 to 1/3, GoError outside. Source: Kuhn (1950). Built in chapter 8.
    """
    if not 0 <= bluff <= 1 / 3:
        raise GoError(f"player 0 bluffs with a probability of 0 to 1/3, not {bluff!r}")
    bets = (
        {"0:": bluff, "1:": 0, "2:": 3 * bluff, "0:01": 0, "1:01": bluff + 1 / 3, "2:01": 1},
        {"0:0": 1 / 3, "1:0": 0, "2:0": 1, "0:1": 0, "1:1": 1 / 3, "2:1": 1},
    )
    first, second = ({key: {PASS: 1 - p, BET: p} for key, p in side.items()} for side in bets)
    return first, second
