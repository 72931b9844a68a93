"""Games of a search against itself, many in lockstep, each kept with what the search thought."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gokit.go.errors import GoError
from gokit.go.games import Games
from gokit.go.geometry import MOVE_CAP, RUNNING
from gokit.go.rules import TROMP_TAYLOR, Rules
from gokit.options import is_whole
from gokit.played import FULL, RANDOM, PlayedGames
from gokit.search.evaluators import Evaluator
from gokit.search.mcts import Search, SearchConfig, SearchResult

OPENING_PLIES = 9  # the plies that the pass rate and the distinct openings are counted over


@dataclass(frozen=True)
class SelfPlayConfig:
    """How self-play games are played, besides the search.

    games: how many run in lockstep. max_moves: the move cap; a game that reaches it has no
    result. random_plies, random_rate: each of the first plies is, at that rate, a random move
    instead of a searched one. no_pass_plies: passing is barred before this ply (unless nothing
    else is legal), so that an untrained network cannot learn to end games at once.
    """

    games: int = 128
    max_moves: int = 75
    random_plies: int = 2
    random_rate: float = 0.25
    no_pass_plies: int = 9

    def __post_init__(self) -> None:
        for name, lowest in (
            ("games", 1), ("max_moves", 2), ("random_plies", 0), ("no_pass_plies", 0),
        ):  # fmt: skip
            number = getattr(self, name)
            if not is_whole(number) or number < lowest:
                raise GoError(f"{name} is a whole number from {lowest}, not {number!r}")
        if not 0 <= self.random_rate <= 1:
            raise GoError(f"random_rate is from 0 to 1, not {self.random_rate!r}")


@dataclass
class _Tally:
    """Running sums over the searched moves since the last report."""

    moves: int = 0
    simulations: int = 0
    entropy: float = 0.0
    agreement: int = 0
    divergence: float = 0.0
    seconds: float = 0.0
    evaluator_seconds: float = 0.0
    parts: list[PlayedGames] = field(default_factory=list)


class SelfPlay:
    """Plays games in lockstep; a game that ends makes room for a new one.

    Every move is recorded with the search's policy and value before it is played. Games run on
    between calls, so none is favoured for being short. All randomness comes from `rng`.
    Built in chapter 7.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        search: SearchConfig,
        config: SelfPlayConfig,
        rng: np.random.Generator,
        *,
        size: int = 9,
        rules: Rules = TROMP_TAYLOR,
    ) -> None:
        self.config = config
        self.rng = rng
        self.size = size
        self.rules = rules
        self._timed = _TimedEvaluator(evaluator)
        self._search = Search(self._timed, search)
        self._games = Games(config.games, size, rules, config.max_moves)
        n, cap, actions = config.games, config.max_moves, self._games.n_actions
        self._moves = np.zeros((n, cap), np.int16)
        self._searched = np.zeros((n, cap), np.bool_)
        self._policy = np.zeros((n, cap, actions), np.float16)
        self._value = np.zeros((n, cap), np.float16)
        self._tally = _Tally()

    def collect(
        self, positions: int, on_step: Callable[[int], None] | None = None
    ) -> tuple[PlayedGames, dict[str, Any]]:
        """Play until games with that many positions have ended; return them and their report.

        on_step: called after every move of all games with the positions finished so far.
        """
        self._tally = _Tally()
        finished = 0
        while finished < positions:
            finished += self.step()
            if on_step is not None:
                on_step(finished)
        games = PlayedGames.join(self._tally.parts)
        return games, report(games) | self._search_report()

    def step(self) -> int:
        """Make one move in every game; return the positions of the games that ended by it."""
        started = time.perf_counter()
        games, rng = self._games, self.rng
        ply = games.move_number
        random = (ply < self.config.random_plies) & (
            rng.random(len(games)) < self.config.random_rate
        )
        actions = np.full(len(games), -1, np.int64)
        actions[random] = self._random_moves(np.flatnonzero(random))
        searching = np.flatnonzero(~random)
        if searching.size:
            actions[searching] = self._searched_moves(searching, ply[searching])
        slots = np.arange(len(games))
        self._moves[slots, ply] = actions
        self._searched[slots, ply] = ~random
        games.play(actions)
        ended = np.flatnonzero(games.ended != RUNNING)
        positions = self._harvest(ended) if ended.size else 0
        self._tally.seconds += time.perf_counter() - started
        self._tally.evaluator_seconds += self._timed.take_seconds()
        return positions

    def _random_moves(self, indices: np.ndarray) -> np.ndarray:
        legal = self._games.legal_mask()[indices]
        # A random stone; a pass only where there is no other legal move.
        legal[:, -1] = ~legal[:, :-1].any(1)
        return np.where(legal, self.rng.random(legal.shape), -1.0).argmax(1)

    def _searched_moves(self, indices: np.ndarray, ply: np.ndarray) -> np.ndarray:
        forbidden = np.zeros((len(indices), self._games.n_actions), np.bool_)
        forbidden[:, -1] = ply < self.config.no_pass_plies
        result = self._search.run(self._games, self.rng, indices, forbidden)
        self._policy[indices, ply] = result.policy
        self._value[indices, ply] = result.value
        self._count(result)
        return result.actions

    def _count(self, result: SearchResult) -> None:
        tally = self._tally
        policy, prior = result.policy.astype(np.float64), result.prior.astype(np.float64)
        ratio = np.log(np.maximum(policy, 1e-30)) - np.log(np.maximum(prior, 1e-30))
        tally.moves += len(result.actions)
        tally.simulations += int(result.visits.sum())
        tally.entropy -= float((policy * np.log(np.maximum(policy, 1e-30))).sum())
        tally.divergence += float((policy * ratio).sum())
        tally.agreement += int((policy.argmax(1) == prior.argmax(1)).sum())

    def _harvest(self, ended: np.ndarray) -> int:
        games = self._games
        lengths = games.move_number[ended].astype(np.int32)
        end = games.ended[ended]
        finished = Games(len(ended), self.size, self.rules, self.config.max_moves)
        finished.copy_from(games, ended, np.arange(len(ended)))
        margin = finished.score() + np.float32(self.rules.komi)
        owner = finished.ownership().reshape(len(ended), -1)
        cut_off = end == MOVE_CAP
        owner[cut_off] = 0
        kept = np.arange(self.config.max_moves) < lengths[:, None]
        searched = self._searched[ended][kept]
        part = PlayedGames(
            size=self.size,
            rules=self.rules,
            lengths=lengths,
            end=end,
            margin=np.where(cut_off, np.nan, margin).astype(np.float32),
            ownership=owner,
            played_out=np.ones(len(ended), np.bool_),
            moves=self._moves[ended][kept],
            how=np.where(searched, FULL, RANDOM).astype(np.uint8),
            policy=self._policy[ended][kept] * searched[:, None],
            value=np.where(searched, self._value[ended][kept], np.nan).astype(np.float16),
        )
        self._tally.parts.append(part)
        games.reset(ended)
        return part.positions

    def _search_report(self) -> dict[str, Any]:
        tally = self._tally
        moves = max(tally.moves, 1)
        return {
            "simulations_per_s": tally.simulations / tally.seconds,
            "positions_per_s": tally.moves / tally.seconds,
            "network_share": tally.evaluator_seconds / tally.seconds,
            "policy_entropy": tally.entropy / moves,
            "policy_kl": tally.divergence / moves,
            "search_agrees": tally.agreement / moves,
        }


def report(games: PlayedGames) -> dict[str, Any]:
    """Return what to watch in a set of games; every rate is from 0 to 1.

    games, positions; game_length, mean moves; cut_off, games at the move cap; draws and
    black_wins among games with a result, komi counted; early_passes, the share of passes among
    plies 1 to 9; distinct_openings and distinct_games, each as a share of the games.
    """
    starts = np.concatenate([[0], np.cumsum(games.lengths)[:-1]]).astype(np.int64)
    ply = np.arange(games.positions) - np.repeat(starts, games.lengths)
    early = games.moves[ply < OPENING_PLIES]
    ends = starts + games.lengths
    sequences = [games.moves[a:b].tobytes() for a, b in zip(starts, ends, strict=True)]
    two_bytes_each = 2 * OPENING_PLIES
    margin = games.margin[~np.isnan(games.margin)] - games.rules.komi
    return {
        "games": len(games),
        "positions": games.positions,
        "game_length": float(games.lengths.mean()),
        "cut_off": int((games.end == MOVE_CAP).sum()),
        "draws": float((margin == 0).mean()) if margin.size else 0.0,
        "black_wins": float((margin > 0).mean()) if margin.size else 0.0,
        "early_passes": float((early == games.size**2).mean()),
        "distinct_openings": len({s[:two_bytes_each] for s in sequences}) / len(sequences),
        "distinct_games": len(set(sequences)) / len(sequences),
    }


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
