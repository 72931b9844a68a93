"""Promotion by a sequential test: play on while the result is open, and stop when it is not."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gokit.arena import OPENING_PLIES, MatchGame, MatchResult, play_match, random_openings
from gokit.go.errors import GoError
from gokit.go.rules import TROMP_TAYLOR, Rules
from gokit.players import Player
from gokit.ratings import expected_score

PAIR_SCORES = (0.0, 0.5, 1.0, 1.5, 2.0)
# A pair score not seen yet is not impossible; the share that chess testing gives it.
_UNSEEN = 1e-3


def gate_pass_rate(needed: int, games: int, score: float) -> float:
    """Return how often a player passes a gate of `needed` wins in `games` independent games.

    score: its true chance to win a game, 0 to 1. Exact, by the binomial distribution: what a
    fixed gate promises, beside what a sequential test does. Built in chapter 7.
    """
    if not (0 <= needed <= games and 0 <= score <= 1):
        raise GoError(f"no gate asks for {needed!r} of {games!r} games at a chance of {score!r}")
    wins = range(needed, games + 1)
    return sum(math.comb(games, k) * score**k * (1 - score) ** (games - k) for k in wins)


def log_likelihood_ratio(counts: np.ndarray, elo0: float, elo1: float) -> np.ndarray:
    """Return how much likelier a true difference of `elo1` makes the pairs than `elo0`, in nats.

    counts: float or int [..., 5], how many pairs scored 0, ½, 1, 1½ and 2. Each hypothesis
    fixes only the mean score; the rest of the distribution of pair scores is whatever suits it
    best, so colours, draws and openings need no model and a pair counts as one observation.
    Zero for no pairs. The generalised SPRT that M. Van den Bergh brought to chess's Fishtest;
    the likelihood is Owen's (1988). Built in chapter 7.
    """
    counts = np.asarray(counts, np.float64)
    filled = np.where(counts > 0, counts, _UNSEEN)
    logs = [_log_shift(filled, expected_score(elo)) for elo in (elo0, elo1)]
    return np.where(counts.sum(-1) > 0, (filled * (logs[1] - logs[0])).sum(-1), 0.0)


def _log_shift(counts: np.ndarray, mean: float) -> np.ndarray:
    """Return the log of how the likeliest shares of that mean differ from the shares seen.

    Those shares are p / (1 + x·(score - mean)) with the x that makes the mean right, which lies
    where every share is positive and is the one zero of a falling function.
    """
    shares = counts / counts.sum(-1, keepdims=True)
    away = np.array(PAIR_SCORES) / 2 - mean
    low = np.full(counts.shape[:-1], -1 / away[-1])
    high = np.full_like(low, -1 / away[0])
    x = np.zeros_like(low)
    for _ in range(60):
        scale = 1 + x[..., None] * away
        slope = (shares * away / scale).sum(-1)
        low, high = np.where(slope > 0, x, low), np.where(slope > 0, high, x)
        steepness = (shares * (away / scale) ** 2).sum(-1)
        newton = x + slope / steepness
        inside = (newton > low) & (newton < high)
        following = np.where(inside, newton, (low + high) / 2)
        if np.all(np.abs(following - x) < 1e-12):
            break
        x = following
    return -np.log(1 + x[..., None] * away)


@dataclass
class Sprt:
    """Wald's sequential test of a candidate's strength over pairs of games, colours exchanged.

    H0: the candidate is `elo0` stronger than the other player; H1: `elo1`. alpha: how often a
    candidate of elo0 is accepted; beta: how often one of elo1 is rejected. The first bound that
    the log likelihood ratio reaches ends the test. Wald 1945. Built in chapter 7.
    """

    elo0: float = 0.0
    elo1: float = 35.0
    alpha: float = 0.05
    beta: float = 0.05
    counts: list[int] = field(default_factory=lambda: [0] * len(PAIR_SCORES), init=False)

    def __post_init__(self) -> None:
        if not -math.inf < self.elo0 < self.elo1 < math.inf:
            raise GoError(f"elo0 is below elo1, not {self.elo0!r} and {self.elo1!r}")
        if not (0 < self.alpha < 0.5 and 0 < self.beta < 0.5):
            raise GoError(
                f"alpha and beta are between 0 and 0.5, not {self.alpha!r} and {self.beta!r}"
            )

    @property
    def bounds(self) -> tuple[float, float]:
        """The log likelihood ratios that reject and that accept the candidate."""
        return (
            math.log(self.beta / (1 - self.alpha)),
            math.log((1 - self.beta) / self.alpha),
        )

    @property
    def pairs(self) -> int:
        """How many pairs of games have been added."""
        return sum(self.counts)

    @property
    def score(self) -> float:
        """The candidate's share of the points; nan without a pair."""
        points = sum(n * s for n, s in zip(self.counts, PAIR_SCORES, strict=True))
        return points / (2 * self.pairs) if self.pairs else math.nan

    @property
    def llr(self) -> float:
        """The log likelihood ratio of H1 to H0 so far."""
        return float(log_likelihood_ratio(np.array(self.counts), self.elo0, self.elo1))

    @property
    def state(self) -> str:
        """What the test says of the candidate: "accept" (H1), "reject" (H0) or "go on"."""
        lower, upper = self.bounds
        llr = self.llr
        return "accept" if llr >= upper else "reject" if llr <= lower else "go on"

    def add(self, pair_score: float) -> str:
        """Add a pair in which the candidate made 0, ½, 1, 1½ or 2 points; return the state.

        Raises GoError for another score, and after the end: what comes then is no evidence.
        """
        if pair_score not in PAIR_SCORES:
            raise GoError(f"a pair of games gives 0, 0.5, 1, 1.5 or 2 points, not {pair_score!r}")
        if self.state != "go on":
            raise GoError(f"this test has ended with {self.state!r}: begin another")
        self.counts[PAIR_SCORES.index(pair_score)] += 1
        return self.state

    def to_dict(self) -> dict[str, Any]:
        """Return the test and where it stands as plain JSON types."""
        return {
            "elo0": self.elo0,
            "elo1": self.elo1,
            "alpha": self.alpha,
            "beta": self.beta,
            "counts": list(self.counts),
            "pairs": self.pairs,
            "llr": round(self.llr, 4),
            "bounds": [round(bound, 4) for bound in self.bounds],
            "state": self.state,
        }

    def __str__(self) -> str:
        lower, upper = self.bounds
        score = f"{self.score:.1%} of the points" if self.pairs else "no pair yet"
        return (
            f"{self.state}: {score} in {self.pairs} pairs, log likelihood ratio {self.llr:+.2f} "
            f"of [{lower:.2f}, {upper:.2f}] for {self.elo1:g} against {self.elo0:g} Elo"
        )


@dataclass(frozen=True)
class SprtResult:
    """A promotion match that has ended.

    outcome: "accept", "reject", or "undecided" where the cap on games came first. match: every
    game played, those after the deciding pair and those of pairs without a result included.
    """

    outcome: str
    sprt: Sprt
    match: MatchResult

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain JSON types."""
        return {
            "outcome": self.outcome,
            "sprt": self.sprt.to_dict(),
            "match": self.match.to_dict(),
            "distinct_ratio": round(self.match.distinct_ratio, 4),
        }

    def __str__(self) -> str:
        played = len(self.match.played)
        return (
            f"{self.outcome} after {self.sprt.pairs} pairs ({self.sprt})\n{self.match}\n"
            f"distinct games: {self.match.distinct_games} of {played}"
        )


def run_sprt(
    a: Player,
    b: Player,
    *,
    rng: np.random.Generator,
    max_games: int = 2000,
    block: int = 20,
    test: Sprt | None = None,
    size: int = 9,
    rules: Rules = TROMP_TAYLOR,
    opening_plies: tuple[int, int] = OPENING_PLIES,
    max_moves: int | None = None,
    on_game: Callable[[MatchGame], None] | None = None,
) -> SprtResult:
    """Test whether A is stronger than B by playing until the answer is clear.

    max_games: even; where it is reached the outcome is "undecided", which is no promotion.
    block: games between looks, even; they run in lockstep where players can. test: a fresh
    `Sprt`, by default 35 Elo against 0 with 5 % of either error. Every opening is different,
    over the whole test. A pair with an unfinished game counts neither way. Built in chapter 7.
    """
    for name, number in (("max_games", max_games), ("block", block)):
        if number < 2 or number % 2:
            raise GoError(f"{name} is an even number from 2, not {number!r}")
    test = Sprt() if test is None else test
    if test.pairs:
        raise GoError(f"a promotion match begins with a fresh test, not one of {test.pairs} pairs")
    openings = random_openings(max_games // 2, size, rules, rng, opening_plies)
    played: list[MatchGame] = []
    while len(played) < max_games and test.state == "go on":
        start = len(played) // 2
        chosen = openings[start : start + block // 2]
        match = play_match(
            a,
            b,
            games=2 * len(chosen),
            size=size,
            rules=rules,
            rng=rng,
            max_moves=max_moves,
            on_game=on_game,
            openings=chosen,
        )
        played += match.played
        for points in match.pair_points:
            if None not in points and test.state == "go on":
                test.add(sum(points))
    outcome = "undecided" if test.state == "go on" else test.state
    return SprtResult(outcome, test, MatchResult(a.name, b.name, size, rules, played))
