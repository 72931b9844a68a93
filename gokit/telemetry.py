"""What to watch while games are made: everything that once went wrong without being seen."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from gokit.go.games import Games
from gokit.go.geometry import CAPTURED, MOVE_CAP, RESIGNED
from gokit.go.rules import BLACK, EMPTY, WHITE
from gokit.played import CHEAP, FULL, INHERITED, NO_RESULT, OPPONENT, PlayedGames
from gokit.resigning import FALSE_LIMIT, ResignCheck
from gokit.search.mcts import SearchResult

OPENING_PLIES = 9  # the plies that the pass rate and the distinct openings are counted over
MOST_EARLY_PASSES = 0.01
LEAST_DISTINCT = 0.95
SHORT_GAME, ITS_POINTS = 15, 81  # moves on 9×9; on smaller boards in proportion to their points
ONE_COLOR = 0.8
FEW_GAMES = 20  # fewer say nothing about captures or colours


@dataclass
class Tally:
    """Running sums of what a group of games thought since its last report.

    moves: made by anybody. full, cheap: searches of either kind. simulations, entropy,
    divergence, agreement: of the full searches, simulations of both. barred, bites: turns at
    which a pass was barred, and those at which it was what the raw policy wanted most. seconds:
    of the group's own clock, of which evaluator_seconds and opponent_seconds are parts.
    """

    moves: int = 0
    full: int = 0
    cheap: int = 0
    simulations: int = 0
    entropy: float = 0.0
    divergence: float = 0.0
    agreement: int = 0
    barred: int = 0
    bites: int = 0
    seconds: float = 0.0
    evaluator_seconds: float = 0.0
    opponent_seconds: float = 0.0
    parts: list[PlayedGames] = field(default_factory=list)

    def search(self, result: SearchResult, *, full: bool) -> None:
        """Count the searches of one step."""
        self.simulations += int(result.visits.sum())
        if not full:
            self.cheap += len(result.actions)
            return
        policy, prior = result.policy.astype(np.float64), result.prior.astype(np.float64)
        log_policy = np.log(np.maximum(policy, 1e-30))
        self.full += len(result.actions)
        self.entropy -= float((policy * log_policy).sum())
        self.divergence += float((policy * (log_policy - np.log(np.maximum(prior, 1e-30)))).sum())
        self.agreement += int((policy.argmax(1) == prior.argmax(1)).sum())

    def guard(
        self, barred: np.ndarray, wanted: np.ndarray, actions: np.ndarray, a_pass: int
    ) -> None:
        """Count where a pass was barred, and where it would have been the policy's first choice."""
        held = barred & (actions != a_pass)
        self.barred += int(held.sum())
        self.bites += int((held & (wanted == a_pass)).sum())

    @classmethod
    def total(cls, tallies: list[Tally]) -> Tally:
        """Return the sums over groups."""
        parts = [part for tally in tallies for part in tally.parts]
        names = [f.name for f in fields(cls) if f.name != "parts"]
        return cls(**{n: sum(getattr(t, n) for t in tallies) for n in names}, parts=parts)

    def report(self, wall_seconds: float) -> dict[str, Any]:
        """Return rates, per second of `wall_seconds` and per full search.

        network_share, opponent_share: of the groups' own time. policy_entropy, policy_kl: nats,
        of the search's policy, and from the raw policy to it. search_agrees: how often both have
        the same first choice; argmax_gap: how often not. guard_bites: how often a barred pass was
        what the raw policy wanted, and guard_bite_rate that as a share of the turns with the bar.
        """
        searches = max(self.full, 1)
        seconds, wall = max(self.seconds, 1e-9), max(wall_seconds, 1e-9)
        return {
            "simulations_per_s": self.simulations / wall,
            "positions_per_s": self.moves / wall,
            "network_share": self.evaluator_seconds / seconds,
            "opponent_share": self.opponent_seconds / seconds,
            "policy_entropy": self.entropy / searches,
            "policy_kl": self.divergence / searches,
            "search_agrees": self.agreement / searches,
            "argmax_gap": 1 - self.agreement / searches if self.full else None,
            "guard_bites": self.bites,
            "guard_bite_rate": self.bites / self.barred if self.barred else 0.0,
        }


def report(games: PlayedGames) -> dict[str, Any]:
    """Return what to watch in a set of games; every rate is from 0 to 1, None where undefined.

    games, positions; forks, games that began inside another. game_length, mean moves;
    cut_off, games at the move cap; resigned, games; draws and black_wins among games with a
    result, komi counted. early_passes: the share of passes among plies 1 to 9. distinct_games:
    as a share of the games; distinct_openings: of those that are no forks. captures: mean stones
    a game; without_captures: the share of games. full_share, cheap_share: of the searched moves.
    opponent_games, opponent_score: games against the fixed opponent, and our share of the points.
    What a fork took over from another game counts for its length, and for nothing else.
    """
    own = games.how != INHERITED
    early = games.moves[own & (games.plies < OPENING_PLIES)]
    forked = np.zeros(len(games), np.bool_)
    forked[np.repeat(np.arange(len(games)), games.lengths)[~own]] = True
    sequences = [moves.tobytes() for moves in games.sequences()]
    two_bytes_each = 2 * OPENING_PLIES
    openings = [s[:two_bytes_each] for s, fork in zip(sequences, forked, strict=True) if not fork]
    winner = games.winner[games.winner != NO_RESULT]
    full, cheap = int((games.how == FULL).sum()), int((games.how == CHEAP).sum())
    captures = captured(games)
    return {
        "size": games.size,
        "games": len(games),
        "positions": games.positions,
        "forks": int(forked.sum()),
        "game_length": float(games.lengths.mean()),
        "cut_off": int((games.end == MOVE_CAP).sum()),
        "resigned": int((games.end == RESIGNED).sum()),
        "draws": float((winner == EMPTY).mean()) if winner.size else 0.0,
        "black_wins": float((winner == BLACK).mean()) if winner.size else 0.0,
        "early_passes": float((early == games.size**2).mean()) if early.size else 0.0,
        "distinct_openings": len(set(openings)) / len(openings) if openings else None,
        "distinct_games": len(set(sequences)) / len(sequences),
        "captures": float(captures.mean()),
        "without_captures": float((captures == 0).mean()),
        "full_share": full / (full + cheap) if full + cheap else None,
        "cheap_share": cheap / (full + cheap) if full + cheap else None,
        **_against_opponent(games),
    }


def captured(games: PlayedGames) -> np.ndarray:
    """Return how many stones were captured in each game, by either side: int64 [G]."""
    longest = int(games.lengths.max(initial=0))
    board = Games(len(games), games.size, games.rules, max_moves=longest + 1)
    for ply in range(longest):
        running = np.flatnonzero(games.lengths > ply)
        actions = np.full(len(games), -1, np.int64)
        actions[running] = games.moves[games.starts[running] + ply]
        board.play(actions)
    return board.words[:, CAPTURED] + board.words[:, CAPTURED + 1]


def _against_opponent(games: PlayedGames) -> dict[str, Any]:
    game = np.repeat(np.arange(len(games)), games.lengths)
    theirs = games.how == OPPONENT
    color = np.zeros(len(games), np.int8)
    color[game[theirs]] = np.where(games.plies[theirs] % 2 == 0, BLACK, WHITE)
    decided = (color != 0) & (games.winner != NO_RESULT)
    points = np.where(
        games.winner == EMPTY, 0.5, games.winner == np.where(color == BLACK, WHITE, BLACK)
    )
    return {
        "opponent_games": int((color != 0).sum()),
        "opponent_score": float(points[decided].mean()) if decided.any() else None,
    }


def resign_report(check: ResignCheck | None) -> dict[str, Any]:
    """Return what the played-out games say of the threshold in force; None where there is none."""
    return {
        "resign_below": check.below if check else None,
        "resign_checked": check.resigned if check else 0,
        "resign_mistakes": check.rate if check else None,
        "resign_interval": list(check.interval) if check else None,
    }


def alarms(report: dict[str, Any]) -> list[str]:
    """Return a plain sentence for everything in a report that should not be; [] where all is well.

    The limits: passes above 1 % of plies 1 to 9; distinct games below 95 %; games shorter than 15
    moves (in proportion to the points on boards below 9×9); no captures in any game; one colour
    above 80 %; false resignations above 5 %. Captures and colours need 20 games.
    """
    found = []
    if report["early_passes"] > MOST_EARLY_PASSES:
        found.append(
            f"{report['early_passes']:.1%} of the first {OPENING_PLIES} plies are passes "
            f"(more than {MOST_EARLY_PASSES:.0%}): the network is learning to end games at once."
        )
    if report["distinct_games"] < LEAST_DISTINCT:
        found.append(
            f"Only {report['distinct_games']:.1%} of {report['games']} games are distinct "
            f"(less than {LEAST_DISTINCT:.0%}): the same games are being learnt again and again."
        )
    shortest = SHORT_GAME * min(1.0, report["size"] ** 2 / ITS_POINTS)
    if report["game_length"] < shortest:
        found.append(
            f"Games last {report['game_length']:.1f} moves on average (less than {shortest:.1f}): "
            "they end before anything is decided."
        )
    if report["games"] >= FEW_GAMES and report["captures"] == 0:
        found.append(f"Not one stone was captured in {report['games']} games.")
    if report["games"] >= FEW_GAMES:
        found += _color_alarm(report)
    mistakes = report.get("resign_mistakes")
    if mistakes is not None and mistakes > FALSE_LIMIT:
        found.append(
            f"{mistakes:.1%} of {report['resign_checked']} resignations would have been mistakes "
            f"(more than {FALSE_LIMIT:.0%}): lower the threshold."
        )
    return found


def _color_alarm(report: dict[str, Any]) -> list[str]:
    if report["cut_off"] == report["games"]:
        return []
    black, white = report["black_wins"], 1 - report["black_wins"] - report["draws"]
    name, share = ("Black", black) if black >= white else ("White", white)
    if share <= ONE_COLOR:
        return []
    return [
        f"{name} wins {share:.1%} of the games (more than {ONE_COLOR:.0%}): "
        "the komi is far from fair, or one colour has stopped playing well."
    ]
