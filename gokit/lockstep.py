"""One group of self-play games that move together: who chooses each move, and what is kept."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gokit.go.games import Games
from gokit.go.geometry import RUNNING, TWO_PASSES
from gokit.go.position import Position
from gokit.go.rules import BLACK, EMPTY, WHITE, Rules
from gokit.openings import Openings, passing_barred, random_moves
from gokit.played import CHEAP, FULL, INHERITED, OPPONENT, POLICY, RANDOM, PlayedGames
from gokit.players import RESIGN, Player
from gokit.resigning import ResignCounters
from gokit.search.config import SearchConfig
from gokit.search.evaluators import Evaluator
from gokit.search.mcts import Search
from gokit.telemetry import Tally

if TYPE_CHECKING:
    from gokit.selfplay import SelfPlayConfig

COLDEST = 0.02  # below this temperature the search's own choice is played
VALUED = (FULL, CHEAP, POLICY)  # the ways to choose a move that leave a value


class Lockstep:
    """Games that are all at the same step: each makes one move, whatever its ply.

    A group has its own generator, searches and memory, and shares nothing with another but an
    evaluator that keeps no state: what it plays does not depend on when. `tally` counts what the
    search thought since it was last replaced; `resign_below` may be changed between steps.
    Built in chapter 7.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        search: SearchConfig | None,
        config: SelfPlayConfig,
        slots: int,
        rng: np.random.Generator,
        size: int,
        rules: Rules,
        opponent: Player | None,
    ) -> None:
        self.config, self.rng, self.size, self.rules = config, rng, size, rules
        self.opponent = opponent
        self.resign_below = config.resign_below
        self.tally = Tally()
        self._evaluator = _TimedEvaluator(evaluator)
        self._full = self._cheap = None
        if search is not None:
            self._full = Search(self._evaluator, search, threads=config.threads)
            cheap = cheap_search(search, config.cheap_simulations)
            self._cheap = Search(self._evaluator, cheap, threads=config.threads)
        self._games = Games(slots, size, rules, config.max_moves)
        self._openings = Openings(config, slots, rng)
        self._counters = ResignCounters(slots, config.resign_turns, config.resign_ply)
        cap, actions = config.max_moves, self._games.n_actions
        self._active = np.zeros(slots, np.bool_)
        self._to_begin: int | None = None  # games that may still begin, None for any number
        self._begun_with_opponent = 0
        self._opponent_color = np.zeros(slots, np.uint8)
        self._played_out = np.zeros(slots, np.bool_)
        self._moves = np.zeros((slots, cap), np.int16)
        self._how = np.zeros((slots, cap), np.uint8)
        self._policy = np.zeros((slots, cap, actions), np.float16)
        self._value = np.zeros((slots, cap), np.float16)
        self.restart()

    def restart(self, count: int | None = None) -> None:
        """Drop the games in flight and begin new ones; `count`: no more than that in all."""
        slots = np.arange(len(self._games))
        self._to_begin = count
        self._active[:] = False
        self._games.reset()
        self._begin(slots)

    @property
    def is_playing(self) -> bool:
        """Whether any game is under way."""
        return bool(self._active.any())

    def _begin(self, slots: np.ndarray) -> None:
        if self._to_begin is not None:
            slots = slots[: self._to_begin]
            self._to_begin -= len(slots)
        config, rng = self.config, self.rng
        self._active[slots] = True
        self._counters.reset(slots)
        marked = rng.random(len(slots)) < config.never_resign
        self._played_out[slots] = marked | (self.resign_below is None)
        self._choose_colors(slots)
        self._openings.begin(slots)
        for slot, line in self._openings.fork(self._games, slots).items():
            self._moves[slot, : len(line)] = line
            self._how[slot, : len(line)] = INHERITED

    def _choose_colors(self, slots: np.ndarray) -> None:
        self._opponent_color[slots] = EMPTY
        if self.opponent is None:
            return
        theirs = slots[self.rng.random(len(slots)) < self.config.opponent_rate]
        number = self._begun_with_opponent + np.arange(len(theirs))
        self._opponent_color[theirs] = np.where(number % 2 == 0, WHITE, BLACK)
        self._begun_with_opponent += len(theirs)

    def step(self) -> tuple[int, int]:
        """Make a move in every game; return how many ended by it, and their positions."""
        started = time.perf_counter()
        games, config = self._games, self.config
        ply, to_move = games.move_number, games.to_move
        how = self._ways(ply, to_move)
        actions = np.full(len(games), -1, np.int64)
        value = np.full(len(games), np.nan, np.float32)

        random = np.flatnonzero(how == RANDOM)
        if random.size:
            actions[random] = self._random_stones(random)
        theirs = np.flatnonzero(how == OPPONENT)
        if theirs.size:
            actions[theirs] = self._opponent_moves(theirs)
        barred = passing_barred(games, config.no_pass_plies, config.pass_when_safe)
        drawn = np.flatnonzero(how == POLICY)
        if drawn.size:
            actions[drawn], value[drawn] = self._drawn_moves(drawn, ply[drawn], barred[drawn])
        for kind, search in ((FULL, self._full), (CHEAP, self._cheap)):
            slots = np.flatnonzero(how == kind)
            if slots.size:
                actions[slots], value[slots] = self._searched_moves(
                    search, slots, ply[slots], barred[slots], keep=kind == FULL
                )
        resigning = self._resigning(np.flatnonzero(~np.isnan(value)), to_move, ply, value)
        resigning |= (how == OPPONENT) & (actions == RESIGN)
        actions[resigning] = -1

        moving = np.flatnonzero(actions >= 0)
        self._moves[moving, ply[moving]] = actions[moving]
        self._how[moving, ply[moving]] = how[moving]
        self._value[moving, ply[moving]] = value[moving]
        self.tally.moves += len(moving)
        games.play(actions)
        games.resign(np.flatnonzero(resigning))
        ended = np.flatnonzero(games.ended != RUNNING)
        positions = self._harvest(ended) if ended.size else 0
        self.tally.seconds += time.perf_counter() - started
        self.tally.evaluator_seconds += self._evaluator.take_seconds()
        return len(ended), positions

    def _ways(self, ply: np.ndarray, to_move: np.ndarray) -> np.ndarray:
        """Decide how each game's move is chosen: FULL …; INHERITED where no game is on."""
        way = np.full(len(ply), FULL, np.uint8)
        if self._full is None:
            way[:] = POLICY
        elif self.config.full_rate < 1:
            way[self.rng.random(len(ply)) >= self.config.full_rate] = CHEAP
        way[self._openings.sampled(ply)] = POLICY
        way[self._openings.random(ply)] = RANDOM
        way[to_move == self._opponent_color] = OPPONENT
        way[~self._active] = INHERITED
        return way

    def _random_stones(self, slots: np.ndarray) -> np.ndarray:
        legal = self._games.legal_mask()[slots]
        # A random stone; a pass only where there is no other legal move.
        legal[:, -1] = ~legal[:, :-1].any(1)
        return random_moves(legal, self.rng)

    def _opponent_moves(self, slots: np.ndarray) -> np.ndarray:
        started = time.perf_counter()
        if hasattr(self.opponent, "choose_many"):
            actions = self.opponent.choose_many(self._games, slots)
        else:
            actions = np.array([self.opponent.choose(self._position(slot)) for slot in slots])
        self.tally.opponent_seconds += time.perf_counter() - started
        return actions

    def _position(self, slot: int) -> Position:
        moves = self._moves[slot, : self._games.move_number[slot]]
        return Position.from_moves(moves.tolist(), self.size, self.rules)

    def _drawn_moves(
        self, slots: np.ndarray, ply: np.ndarray, barred: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        logits, values = self._evaluator.evaluate(self._games, slots)
        legal = self._games.legal_mask()[slots]
        logits = np.where(legal, logits.astype(np.float64), -np.inf)
        wanted = logits.argmax(1)
        only_pass = ~legal[:, :-1].any(1)
        logits[barred & ~only_pass, -1] = -np.inf
        in_opening = self._openings.sampled(self._games.move_number)[slots]
        scheduled = self.config.temperature_at(ply, default=1.0)
        temperature = np.where(in_opening, self.config.policy_temperature, scheduled)
        actions = draw(logits, temperature, self.rng, logits.argmax(1))
        self.tally.guard(barred, wanted, actions, self._games.n_actions - 1)
        return actions, values

    def _searched_moves(
        self, search: Search, slots: np.ndarray, ply: np.ndarray, barred: np.ndarray, keep: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        forbidden = np.zeros((len(slots), self._games.n_actions), np.bool_)
        forbidden[:, -1] = barred
        result = search.run(self._games, self.rng, slots, forbidden)
        self.tally.search(result, full=keep)
        if keep:
            self._policy[slots, ply] = result.policy
        actions = result.actions
        if self.config.temperature is not None:
            with np.errstate(divide="ignore"):
                logits = np.log(result.policy.astype(np.float64))
            actions = draw(logits, self.config.temperature_at(ply), self.rng, actions)
        self.tally.guard(barred, result.prior.argmax(1), actions, self._games.n_actions - 1)
        return actions, result.value

    def _resigning(
        self, slots: np.ndarray, to_move: np.ndarray, ply: np.ndarray, value: np.ndarray
    ) -> np.ndarray:
        resigning = np.zeros(len(value), np.bool_)
        if self.resign_below is not None and slots.size:
            resigning[slots] = self._counters.update(
                slots, to_move[slots], ply[slots], value[slots], self.resign_below
            )
        return resigning & ~self._played_out

    def _harvest(self, ended: np.ndarray) -> int:
        games = self._games
        lengths = games.move_number[ended].astype(np.int32)
        end = games.ended[ended]
        finished = Games(len(ended), self.size, self.rules, self.config.max_moves)
        finished.copy_from(games, ended, np.arange(len(ended)))
        counted = end == TWO_PASSES
        margin = np.where(counted, finished.score() + np.float32(self.rules.komi), np.nan)
        owner = finished.ownership().reshape(len(ended), -1)
        owner[~counted] = EMPTY
        kept = np.arange(self.config.max_moves) < lengths[:, None]
        how = self._how[ended][kept]
        valued = np.isin(how, VALUED)
        part = PlayedGames(
            size=self.size,
            rules=self.rules,
            lengths=lengths,
            end=end,
            margin=margin.astype(np.float32),
            ownership=owner,
            played_out=self._played_out[ended],
            moves=self._moves[ended][kept],
            how=how,
            policy=self._policy[ended][kept] * (how == FULL)[:, None],
            value=np.where(valued, self._value[ended][kept], np.nan).astype(np.float16),
        )
        self.tally.parts.append(part)
        self._openings.remember(part.sequences())
        games.reset(ended)
        self._active[ended] = False
        self._begin(ended)
        return part.positions


def cheap_search(search: SearchConfig, simulations: int) -> SearchConfig:
    """Return the same search with fewer simulations and nothing random at the root."""
    quiet: dict[str, float] = {}
    if search.algorithm == "puct":
        quiet["noise_fraction"] = 0.0
    if search.algorithm == "gumbel":
        quiet["gumbel_scale"] = 0.0
        quiet["considered"] = min(search.considered, simulations)
    return replace(search, simulations=simulations, **quiet)


def draw(
    logits: np.ndarray,
    temperature: np.ndarray,
    rng: np.random.Generator,
    coldest: np.ndarray,
) -> np.ndarray:
    """Draw an action of each row with probability ~ exp(logits / temperature): int64 [B].

    logits: [B, A], -inf for what is not to be drawn; temperature: [B]; coldest: int [B], what
    is chosen where the temperature is (nearly) 0.
    """
    warm = np.maximum(temperature, COLDEST)[:, None]
    # The argmax of logits and Gumbel noise is a sample of their softmax.
    drawn = (logits / warm + rng.gumbel(size=logits.shape)).argmax(1)
    return np.where(temperature < COLDEST, coldest, drawn)


class _TimedEvaluator:
    """An evaluator with a stopwatch."""

    def __init__(self, inner: Evaluator) -> None:
        self.inner = inner
        self.value_kind = getattr(inner, "value_kind", None)
        self._seconds = 0.0

    def evaluate(self, games: Games, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        started = time.perf_counter()
        answer = self.inner.evaluate(games, indices)
        self._seconds += time.perf_counter() - started
        return answer

    def take_seconds(self) -> float:
        seconds, self._seconds = self._seconds, 0.0
        return seconds
