"""`python -m gokit ladder A B C ...`: matches between several players, and one fit over them."""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import re
from itertools import combinations, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gokit.commands.match import PLAYER, add_match_options, checked_rules, play, write_games
from gokit.go.errors import GoError
from gokit.storage import write_atomic

if TYPE_CHECKING:
    from gokit.arena import MatchResult
    from gokit.go.rules import Rules
    from gokit.ratings import Pair

HELP = "Matches between several players and the Elo ratings that suit all results best."
EXAMPLE = (
    "python -m gokit ladder random rollout@20 rollout@100 --size 5 --games 40 "
    "--anchor random=0 --out runs/ladder.jsonl"
)
DISTINCT = 0.9  # below this share of distinct games, a match is mostly one game repeated


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("players", metavar="PLAYER", nargs="+", help=PLAYER)
    add_match_options(parser)
    parser.add_argument(
        "--neighbours", action="store_true",
        help="each player meets the next one named, instead of all",
    )  # fmt: skip
    parser.add_argument(
        "--anchor", metavar="PLAYER=ELO", help="who is pinned where (default the first, at 0)"
    )
    parser.add_argument(
        "--out", metavar="FILE",
        help="keep finished matches there, a line each: a repeated run plays what is missing",
    )  # fmt: skip
    parser.add_argument("--color-advantage", action="store_true", help="fit what Black is worth")
    parser.add_argument(
        "--prior-draws", type=float, default=0.0, metavar="N",
        help="made-up draws in each match-up, so that shut-outs get a rating (default 0: a bound)",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int | None:
    """Play the matches that are missing; print the ratings and the cross table."""
    from gokit.ratings import cross_table, fit_ratings

    players = [spec.strip() for spec in args.players]
    if len(set(players)) < max(2, len(players)):
        raise GoError("a ladder is of two players or more, each named once")
    anchor, anchor_elo = _anchor(args.anchor, players)
    if not 0 <= args.prior_draws < math.inf:
        raise GoError(f"prior-draws is a number from 0, not {args.prior_draws}")
    rules = checked_rules(args, players)
    ladder = _Ladder(args, players, rules)
    for a, b in pairwise(players) if args.neighbours else combinations(players, 2):
        if ladder.find(a, b) is None:
            ladder.play(a, b)
        if not args.json:
            print(_line(ladder.find(a, b)), flush=True)
    matches = ladder.matches()
    pairs = [pair for match in matches for pair in _pairs(match)]
    if all(points is None for pair in pairs for points in (pair.as_black, pair.as_white)):
        raise GoError("these matches have no finished game to rate players by")
    ratings = fit_ratings(
        pairs,
        anchor,
        anchor_elo,
        color_advantage=args.color_advantage,
        prior_draws=args.prior_draws,
    )
    if args.json:
        print(json.dumps({**ratings.to_dict(), "matches": matches, "alarms": _alarms(matches)}))
        return 0
    order = [player.name for player in ratings.players]
    print(f"\n{ratings}\n\n{cross_table(pairs, order)}")
    for alarm in _alarms(matches):
        print(f"ALARM: {alarm}")
    return 0


class _Ladder:
    """The matches of a ladder: those in its file, and those played now."""

    def __init__(self, args: argparse.Namespace, players: list[str], rules: Rules) -> None:
        self.args = args
        self.players = players
        self.rules = rules
        self.file = Path(args.out) if args.out else None
        self.settings = {
            "size": args.size,
            "rules": rules.to_dict(),
            "games": args.games,
            "plies": list(args.plies),
            "max_moves": args.max_moves,
            "seed": args.seed,
        }
        self.checkpoints = {spec: _checkpoint(spec) for spec in players}
        self.lines = self._read()
        for match in self.matches():
            self._check(match)

    def matches(self) -> list[dict[str, Any]]:
        """Return the finished matches between the ladder's players."""
        return [line for line in self.lines if {line["a"], line["b"]} <= set(self.players)]

    def find(self, a: str, b: str) -> dict[str, Any] | None:
        """Return the finished match of two players, or None."""
        for match in self.lines:
            if {match["a"], match["b"]} == {a, b}:
                return match
        return None

    def play(self, a: str, b: str) -> None:
        """Play a match, and keep it once it is finished."""
        result = play(self.args, a, b, self.rules, _seed(self.args.seed, a, b))
        if self.args.sgf:
            folder = "-".join(re.sub(r"[^\w@.]+", "_", spec).strip("_") for spec in (a, "vs", b))
            write_games(result, Path(self.args.sgf) / folder)
        # Read again: another run may have finished matches of the same ladder meanwhile.
        self.lines = self._read()
        if self.find(a, b) is not None:
            return
        self.lines.append(self._entry(a, b, result))
        # Without one finished game an engine was at fault, and the next run tries again.
        if self.file and result.games:
            text = "".join(json.dumps(line) + "\n" for line in self.lines)
            write_atomic(self.file, text.encode())

    def _entry(self, a: str, b: str, result: MatchResult) -> dict[str, Any]:
        return {
            "a": a,
            "b": b,
            **self.settings,
            "checkpoints": {spec: self.checkpoints[spec] for spec in (a, b)},
            "pairs": result.pair_points,
            "unfinished": result.unfinished,
            "distinct_ratio": round(result.distinct_ratio, 4),
        }

    def _read(self) -> list[dict[str, Any]]:
        if self.file is None or not self.file.exists():
            return getattr(self, "lines", [])
        lines: list[dict[str, Any]] = []
        try:
            text = self.file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise GoError(f"{self.file} cannot be read: {error}") from None
        for number, line in enumerate(text.splitlines(), start=1):
            try:
                match = json.loads(line)
                _pairs(match)
                _line(match)
                players = {match["a"], match["b"]}
                if set(match["checkpoints"]) != players:
                    raise ValueError(match["checkpoints"])
            except (ValueError, KeyError, TypeError, GoError):
                raise GoError(f"line {number} of {self.file} is not a match of a ladder") from None
            if any(players == {other["a"], other["b"]} for other in lines):
                raise GoError(f"line {number} of {self.file} repeats a match: take it out")
            lines.append(match)
        return lines

    def _check(self, match: dict[str, Any]) -> None:
        """Refuse to mix matches of other settings, or of a checkpoint trained further since."""
        where = f"{match['a']} against {match['b']} in {self.file}"
        for name, ours in self.settings.items():
            if match.get(name) != ours:
                raise GoError(
                    f"{where} was played with {name} {match.get(name)!r}, not {ours!r}: "
                    "ask for the same, or keep this ladder in another file"
                )
        for spec in (match["a"], match["b"]):
            if match["checkpoints"][spec] != self.checkpoints[spec]:
                raise GoError(f"the network of {spec} has changed since the match {where}")


def _anchor(text: str | None, players: list[str]) -> tuple[str, float]:
    if text is None:
        return players[0], 0.0
    name, _, elo = text.rpartition("=")
    if name.strip() not in players:
        raise GoError(f"--anchor is PLAYER=ELO with one of the players, not {text!r}")
    try:
        rating = float(elo)
    except ValueError:
        rating = math.nan
    if not math.isfinite(rating):
        raise GoError(f"{elo!r} in --anchor is not a rating")
    return name.strip(), rating


def _seed(seed: int, a: str, b: str) -> Any:
    """Return a match's own seed: its openings differ from every other match's of the ladder."""
    import numpy as np

    digest = hashlib.sha256("\n".join((a, b)).encode()).digest()
    return np.random.SeedSequence([seed, int.from_bytes(digest[:8], "big")])


def _checkpoint(spec: str) -> str | None:
    """Return the start of the SHA-256 of the network that a player's text names, None for none."""
    kind, _, rest = spec.partition(":")
    path = Path({"policy": rest, "mcts": rest.rpartition("@")[0]}.get(kind, ""))
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16] if path.is_file() else None


def _pairs(match: dict[str, Any]) -> list[Pair]:
    from gokit.ratings import Pair

    return [Pair(match["a"], match["b"], *points) for points in match["pairs"]]


def _line(match: dict[str, Any]) -> str:
    from gokit.intervals import wilson

    points = [p for pair in match["pairs"] for p in pair if p is not None]
    text = f"{match['a']} against {match['b']}: "
    if points:
        score = sum(points) / len(points)
        low, high = wilson(score, len(points))
        text += f"{score:.1%} [{low:.1%}, {high:.1%}], n = {len(points)}, "
    else:
        text += "no finished game, "
    text += f"{match['distinct_ratio']:.0%} of the games distinct"
    return text + (f", {match['unfinished']} unfinished" if match["unfinished"] else "")


def _alarms(matches: list[dict[str, Any]]) -> list[str]:
    """Return what makes matches say less than their number of games."""
    return [
        f"only {match['distinct_ratio']:.0%} of the games of {match['a']} against {match['b']} "
        "are distinct, so they are fewer games than they seem"
        for match in matches
        if match["distinct_ratio"] < DISTINCT
    ]
