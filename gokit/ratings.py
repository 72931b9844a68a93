"""Elo ratings: one maximum-likelihood fit over all results, an interval with each rating.

The likelihood is that of Bradley and Terry with a draw as half a win and half a loss. At the
komi of the course draws do not happen, and a model of draws would add a parameter that nothing
measures. The two games of an opening, colours exchanged, are not independent: an opening good
for Black makes the pair end 1 : 1 more often than two separate games would. So the intervals
take the pair as their unit. They are profile-likelihood intervals, whose drop is scaled, for
each rating, by the ratio of its variance over pairs (the sandwich estimate) to its variance
over games. A bootstrap over pairs would see the same, but has nothing to say of a player that
lost every game, and is random.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gokit.go.errors import GoError

if TYPE_CHECKING:
    from gokit.arena import MatchResult

NAT = 400 / math.log(10)  # Elo in one unit of log odds
CHI_SQUARE = 3.841459  # 95 % of one degree of freedom
# A likelihood that only falls towards one side is not near a parabola. Where it has fallen to
# 5 % lies the exact one-sided 95 % bound of a single match (the "rule of three").
ONE_SIDED = 2 * math.log(1 / 0.05)
PAIRS_AS_ONE = 2.0  # dispersion when the two games of a pair tell no more than one of them
# Where pairs scatter less than games, so many pairs of independent games are added to each
# match-up's: ten pairs that all went 1 : 1 do not show that no pair ever goes otherwise.
INDEPENDENT_PAIRS = 10
_RIDGE = 1e-10  # keeps ratings without a maximum finite inside the fit
_UNBOUNDED = 1e4  # variance of log odds that only the ridge bounds


@dataclass(frozen=True)
class Pair:
    """Two games from one opening, colours exchanged.

    as_black, as_white: A's points, 0, ½ or 1, with that colour; None for a game without result.
    """

    a: str
    b: str
    as_black: float | None
    as_white: float | None

    def __post_init__(self) -> None:
        if self.a == self.b:
            raise GoError(f"{self.a!r} cannot be rated by games against itself")
        for points in (self.as_black, self.as_white):
            if points not in (None, 0, 0.5, 1):
                raise GoError(f"a game gives 0, 0.5 or 1 points, or None, not {points!r}")

    def exchanged(self) -> Pair:
        """Return the same two games from B's side."""
        black, white = (None if p is None else 1 - p for p in (self.as_white, self.as_black))
        return Pair(self.b, self.a, black, white)


def pairs_of(result: MatchResult) -> list[Pair]:
    """Return a match's games as pairs."""
    return [Pair(result.a, result.b, *points) for points in result.pair_points]


@dataclass(frozen=True)
class Rating:
    """A player's rating, in Elo.

    elo: inf or -inf where the likelihood has no maximum on that side (it won, or lost, all that
    joins it to the pinned player), nan where nothing bounds it. low, high: the 95 % interval of
    the difference from the pinned player; with an infinite `elo` the one end that exists is a
    one-sided 95 % bound. games: with a result. points: draws as ½.
    """

    name: str
    elo: float
    low: float
    high: float
    games: int
    points: float

    def to_dict(self) -> dict[str, Any]:
        """Return the rating as plain JSON types, None for whatever has no finite value."""
        elo, low, high = (
            round(number, 2) if math.isfinite(number) else None
            for number in (self.elo, self.low, self.high)
        )
        return {
            "name": self.name,
            "elo": elo,
            "interval": [low, high],
            "games": self.games,
            "points": self.points,
        }


@dataclass(frozen=True)
class Ratings:
    """The fitted ratings, best first.

    anchor: the player pinned at `anchor_elo`. black_advantage: what Black is worth, in Elo,
    where it was fitted. prior_draws: draws added to each match-up. pairs: of games, used.
    """

    players: list[Rating]
    anchor: str
    anchor_elo: float
    pairs: int
    prior_draws: float = 0.0
    black_advantage: Rating | None = None

    def __getitem__(self, name: str) -> Rating:
        """Return the rating of the player of that name."""
        for player in self.players:
            if player.name == name:
                return player
        raise GoError(f"no player {name!r} was rated")

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain JSON types."""
        black = self.black_advantage
        return {
            "anchor": self.anchor,
            "anchor_elo": self.anchor_elo,
            "pairs": self.pairs,
            "prior_draws": self.prior_draws,
            "black_advantage": black and black.to_dict(),
            "players": [player.to_dict() for player in self.players],
        }

    def __str__(self) -> str:
        width = max(len("player"), *(len(player.name) for player in self.players))
        lines = [
            f"{'player':{width}}  {'Elo':>6}  {'95 % interval':>16}  {'games':>5}  {'score':>6}"
        ]
        for player in self.players:
            pinned = player.name == self.anchor
            shown = "pinned" if pinned else _interval_text(player)
            share = player.points / player.games
            lines.append(
                f"{player.name:{width}}  {_elo_text(player):>6}  {shown:>16}  "
                f"{player.games:5}  {share:6.1%}"
            )
        lines.append(f"{self.pairs} pairs of games, colours exchanged; {self.anchor} is pinned")
        if self.black_advantage:
            black = self.black_advantage
            lines.append(f"Black is worth {_elo_text(black)} Elo {_interval_text(black)}")
        if self.prior_draws:
            lines.append(f"each match-up holds {self.prior_draws:g} made-up draws (a prior)")
        return "\n".join(lines)


def expected_score(elo_difference: float) -> float:
    """Return the share of points, 0 to 1, of a player that is that many Elo stronger."""
    return 0.5 * (1 + math.tanh(elo_difference / (2 * NAT)))


def elo_difference(score: float) -> float:
    """Return how many Elo stronger a player is that makes that share of the points, 0 to 1."""
    if not 0 <= score <= 1:
        raise GoError(f"a score is from 0 to 1, not {score!r}")
    if score in (0, 1):
        return math.inf if score else -math.inf
    return NAT * math.log(score / (1 - score))


def fit_ratings(
    pairs: Iterable[Pair],
    anchor: str,
    anchor_elo: float = 0.0,
    *,
    color_advantage: bool = False,
    prior_draws: float = 0.0,
) -> Ratings:
    """Return the ratings of all players under which the results are most likely.

    anchor: the player whose rating is `anchor_elo` by definition; intervals are of differences
    from it. color_advantage: also fit what Black is worth. prior_draws: made-up draws added to
    each pair of players that met; at 0, a player that won or lost all that joins it to the
    anchor gets a one-sided bound and no rating.

    Raises GoError for an anchor that did not play, and where no chain of games joins all
    players. Zermelo 1929; Bradley and Terry 1952; intervals: the module's text. Built in
    chapter 7.
    """
    if not (math.isfinite(prior_draws) and prior_draws >= 0):
        raise GoError(f"prior_draws is a number from 0, not {prior_draws!r}")
    if not math.isfinite(anchor_elo):
        raise GoError(f"a player is pinned at a finite rating, not {anchor_elo!r}")
    meetings = _meetings(pairs)
    names = sorted({name for meeting in meetings for name in meeting})
    if anchor not in names:
        raise GoError(f"the pinned player {anchor!r} has no finished game among {names}")
    _check_joined(names, meetings)
    others = [name for name in names if name != anchor]
    likelihood = _Likelihood(others, meetings, color_advantage, prior_draws)
    tallies = {name: _tally(name, meetings) for name in names}
    ratings = [Rating(anchor, anchor_elo, anchor_elo, anchor_elo, *tallies[anchor])]
    for column, name in enumerate(others):
        elo, low, high = (anchor_elo + NAT * x for x in likelihood.estimate(column))
        ratings.append(Rating(name, elo, low, high, *tallies[name]))
    black = None
    if color_advantage:
        estimate = (NAT * x for x in likelihood.estimate(len(others)))
        points = np.concatenate([p * (1, -1) + (0, 1) for p in meetings.values()])
        counted = np.isfinite(points)
        black = Rating("Black", *estimate, int(counted.sum()), float(points[counted].sum()))
    return Ratings(
        sorted(ratings, key=_best_first),
        anchor,
        anchor_elo,
        sum(map(len, meetings.values())),
        prior_draws,
        black,
    )


def cross_table(pairs: Iterable[Pair], names: list[str]) -> str:
    """Return a table of scores, row against column in the order of `names`, with their n."""
    meetings = _meetings(pairs)
    width = max(map(len, names))
    numbers = [str(i) for i in range(1, len(names) + 1)]
    lines = [f"{'':{width + 4}}" + "".join(f"{number:>14}" for number in numbers)]
    for number, a in zip(numbers, names, strict=True):
        cells = []
        for b in names:
            points = meetings.get((a, b))
            if points is None and (b, a) in meetings:
                points = 1 - meetings[b, a]
            n = 0 if points is None else int(np.isfinite(points).sum())
            cells.append(f"{np.nansum(points) / n:.1%} /{n:4}" if n else "-" if a != b else "")
        lines.append(f"{number:>2}  {a:{width}}" + "".join(f"{cell:>14}" for cell in cells))
    return "\n".join(lines)


_Meetings = dict[tuple[str, str], np.ndarray]  # A's points [pairs, 2]: with Black, with White


def _meetings(pairs: Iterable[Pair]) -> _Meetings:
    """Return the pairs that have a result, by players in the order of their names."""
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for pair in pairs:
        pair = pair if pair.a < pair.b else pair.exchanged()
        points = [math.nan if p is None else float(p) for p in (pair.as_black, pair.as_white)]
        if not all(map(math.isnan, points)):
            found.setdefault((pair.a, pair.b), []).append(tuple(points))
    return {players: np.array(found[players]) for players in sorted(found)}


def _tally(name: str, meetings: _Meetings) -> tuple[int, float]:
    games, points = 0, 0.0
    for (a, b), scored in meetings.items():
        if name in (a, b):
            n = int(np.isfinite(scored).sum())
            games += n
            points += float(np.nansum(scored)) if name == a else n - float(np.nansum(scored))
    return games, points


def _check_joined(names: list[str], meetings: _Meetings) -> None:
    group = {name: {name} for name in names}
    for a, b in meetings:
        if group[a] is not group[b]:
            group[a] |= group[b]
            for name in group[b]:
                group[name] = group[a]
    first = group[names[0]]
    apart = [name for name in names if name not in first]
    if apart:
        raise GoError(
            f"no chain of games joins {', '.join(apart)} to {', '.join(sorted(first))}: "
            "play a match between the two groups, or rate them apart"
        )


class _Likelihood:
    """The log likelihood of log odds: one for each player but the anchor, and one for Black."""

    def __init__(
        self, players: list[str], meetings: _Meetings, color_advantage: bool, prior_draws: float
    ) -> None:
        self.meetings = list(meetings.values())
        column = {name: i for i, name in enumerate(players)}
        width = len(players) + color_advantage
        self.design = np.zeros((2 * len(meetings), width))  # two rows a match-up: A Black, A White
        for row, (a, b) in enumerate(meetings):
            both = slice(2 * row, 2 * row + 2)
            if a in column:
                self.design[both, column[a]] = 1
            if b in column:
                self.design[both, column[b]] = -1
            if color_advantage:
                self.design[both, -1] = 1, -1
        counted = np.concatenate([np.isfinite(points).sum(0) for points in self.meetings])
        self.games = counted + prior_draws / 2
        self.points = np.concatenate([np.nansum(points, 0) for points in self.meetings])
        self.points = self.points + prior_draws / 4
        self.best = self.maximum(np.zeros(width))
        self.peak = self.value(self.best)
        self.variance, self.dispersion = self._spread()
        # Beyond this a rating says the same as infinity: every gap of the chain is a shut-out.
        self.far = 12.0 * (len(players) + 1)

    def value(self, theta: np.ndarray) -> float:
        """Return the log likelihood, less the ridge."""
        odds = self.design @ theta
        fit = self.points @ odds - self.games @ np.logaddexp(0, odds)
        return float(fit - _RIDGE / 2 * theta @ theta)

    def maximum(self, start: np.ndarray, fixed: int | None = None) -> np.ndarray:
        """Return where the likelihood is greatest, one parameter left as it is in `start`."""
        theta = start.copy()
        free = np.arange(len(theta)) != fixed
        value = self.value(theta)
        for _ in range(400):
            gradient, curvature = self._slopes(theta)
            if not free.any() or np.abs(gradient[free]).max() < 1e-7:
                break
            step = np.zeros_like(theta)
            step[free] = np.linalg.solve(curvature[np.ix_(free, free)], gradient[free])
            step *= min(1.0, 3 / np.abs(step).max())
            # The likelihood is concave, so a short enough step goes up; rounding ends the search.
            while (higher := self.value(theta + step)) < value and np.abs(step).max() > 1e-12:
                step /= 2
            if higher < value:
                break
            theta, value = theta + step, higher
        return theta

    def estimate(self, column: int) -> tuple[float, float, float]:
        """Return a parameter's estimate and interval; an end that does not exist is infinite."""
        shut_out = self.variance[column] > _UNBOUNDED
        drop = ONE_SIDED * PAIRS_AS_ONE if shut_out else CHI_SQUARE * self.dispersion[column]
        low, high = (self._end(column, side, drop) for side in (-1, 1))
        if not shut_out:
            return float(self.best[column]), low, high
        if math.isinf(low) and math.isinf(high):
            return math.nan, low, high
        return low if math.isinf(low) else high, low, high

    def _end(self, column: int, side: int, drop: float) -> float:
        """Return where, on one side of the maximum, twice the log likelihood is lower by `drop`."""
        theta = self.best
        middle = float(theta[column])
        target = math.sqrt(drop)

        def depth(x: float) -> float:
            # The root of the drop is nearly straight, so few steps of a secant find the end.
            nonlocal theta
            start = theta.copy()
            start[column] = x
            theta = self.maximum(start, fixed=column)
            return math.sqrt(max(0.0, 2 * (self.peak - self.value(theta))))

        inner, inner_depth = middle, 0.0
        reach = min(2.0, math.sqrt(drop * min(self.variance[column], 1.0)))
        while True:
            outer = middle + side * reach
            outer_depth = depth(outer)
            if outer_depth >= target:
                break
            if reach > self.far + abs(middle):
                return side * math.inf
            inner, inner_depth = outer, outer_depth
            reach *= 2
        for _ in range(60):
            share = (target - inner_depth) / (outer_depth - inner_depth)
            guess = inner + (outer - inner) * min(max(share, 0.02), 0.98)
            guess_depth = depth(guess)
            if abs(guess_depth - target) < 1e-4 or abs(outer - inner) < 1e-4:
                return guess
            if guess_depth < target:
                inner, inner_depth = guess, guess_depth
            else:
                outer, outer_depth = guess, guess_depth
        return guess

    def _slopes(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        win = 0.5 * (1 + np.tanh(self.design @ theta / 2))
        gradient = self.design.T @ (self.points - self.games * win) - _RIDGE * theta
        weight = self.games * win * (1 - win)
        curvature = (self.design * weight[:, None]).T @ self.design
        return gradient, curvature + _RIDGE * np.eye(len(theta))

    def _spread(self) -> tuple[np.ndarray, np.ndarray]:
        """Return each estimate's variance over games, and its variance over pairs as a share."""
        inverse = np.linalg.inv(self._slopes(self.best)[1])
        win = 0.5 * (1 + np.tanh(self.design @ self.best / 2))
        seen, held = np.zeros_like(inverse), np.zeros_like(inverse)
        for number, points in enumerate(self.meetings):
            rows = slice(2 * number, 2 * number + 2)
            design = self.design[rows]
            residual = np.nan_to_num(points - win[rows])
            slopes = residual @ design  # [pairs, parameters]
            weight = self.games[rows] * win[rows] * (1 - win[rows])
            independent = (design * weight[:, None]).T @ design
            scatter, n = slopes.T @ slopes, len(points)
            seen += scatter
            held += (n * scatter + INDEPENDENT_PAIRS * independent) / (n + INDEPENDENT_PAIRS)
        variance = np.diag(inverse)
        shares = [np.diag(inverse @ scatter @ inverse) / variance for scatter in (seen, held)]
        pairs = sum(map(len, self.meetings))
        spent = pairs / max(pairs - len(self.best), 1)  # the fit itself shrinks the residuals
        return variance, spent * np.maximum(*shares)


def _best_first(rating: Rating) -> tuple[float, float, str]:
    if math.isnan(rating.elo):
        return math.inf, 0.0, rating.name
    bound = rating.low if math.isfinite(rating.low) else rating.high
    return -rating.elo, -bound if math.isfinite(bound) else 0.0, rating.name


def _elo_text(rating: Rating) -> str:
    if math.isfinite(rating.elo):
        return f"{rating.elo:.0f}"
    if math.isnan(rating.elo):
        return "?"
    return f"> {rating.low:.0f}" if rating.elo > 0 else f"< {rating.high:.0f}"


def _interval_text(rating: Rating) -> str:
    if math.isnan(rating.elo):
        return "no bound"
    if math.isinf(rating.elo):
        return "one-sided 95 %"
    low, high = (
        f"{end:.0f}" if math.isfinite(end) else "none" for end in (rating.low, rating.high)
    )
    return f"[{low}, {high}]"
