"""`python -m gokit data`: games of an engine against itself, and training positions from games."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from gokit.go.errors import GoError

if TYPE_CHECKING:
    from gokit.corpus.making import Progress

HELP = "Games of an engine against itself, all different; training positions from any games."
EXAMPLE = "python -m gokit data --engine gnugo --level 1 --size 9 --games 1000 --out runs/games"
_LINE_EVERY = 60.0  # seconds between lines where there is no terminal


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--out", metavar="DIR", help="the corpus becomes a folder in there")
    what.add_argument("--check", metavar="DIR", help="replay and count the games in there")
    what.add_argument(
        "--positions", metavar="DIR", help="positions of the games in --from go there"
    )
    parser.add_argument(
        "--from", dest="source", metavar="PATH", help="SGF: a file, or a folder, zip or tar of them"
    )
    parser.add_argument("--features", default="basic", help="planes of positions (default basic)")
    parser.add_argument(
        "--holdout", type=float, default=0.1, help="share of games held out (default 0.1)"
    )
    parser.add_argument(
        "--engine", default="gnugo", help='gnugo (default) or gtp:"COMMAND", with {seed} in it'
    )
    parser.add_argument("--level", type=int, help="GNU Go's (default 1)")
    parser.add_argument("--size", type=int, default=9, help="lines of the board (default 9)")
    parser.add_argument("--komi", type=float, default=7.5, help="White's points (default 7.5)")
    parser.add_argument("--games", type=int, default=1000, help="in all (default 1000)")
    parser.add_argument("--seed", type=int, default=1, help="of everything random (default 1)")
    parser.add_argument("--workers", type=int, default=1, help="engines at once (default 1)")
    parser.add_argument(
        "--plies", type=int, nargs=2, default=(2, 6), metavar=("LEAST", "MOST"),
        help="random moves of an opening (default 2 6)",
    )  # fmt: skip
    parser.add_argument(
        "--later", type=int, nargs=2, default=(1, 2), metavar=("LEAST", "MOST"),
        help="random moves after it (default 1 2)",
    )  # fmt: skip
    parser.add_argument("--shard-games", type=int, default=1000, help="of a file (default 1000)")
    parser.add_argument(
        "--no-score-check", action="store_true", help="for an engine without final_score"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object at the end")


def run(args: argparse.Namespace) -> int | None:
    """Make games, check those that are there, or take positions from them."""
    if args.check:
        from tqdm import tqdm

        from gokit.corpus.checking import check

        with tqdm(unit="game", disable=not sys.stderr.isatty(), leave=False) as bar:
            report = check(args.check, lambda corpus: bar.update())
        print(json.dumps(report.to_dict()) if args.json else report)
        return 1 if report.faults else 0
    return _take_positions(args) if args.positions else _make(args)


def _take_positions(args: argparse.Namespace) -> int:
    from tqdm import tqdm

    from gokit.corpus.labelling import summary, write_positions
    from gokit.corpus.sources import Filters, SourceReport, read_source

    if args.source is None:
        raise GoError("--positions needs --from PATH, the games to take them from")
    report = SourceReport()
    games = read_source(args.source, Filters(sizes=(args.size,)), report)
    with tqdm(unit="game", disable=not sys.stderr.isatty(), leave=False) as bar:
        index = write_positions(
            games,
            args.positions,
            features=args.features,
            size=args.size,
            holdout=args.holdout,
            report=report,
            on_game=bar.update,
        )
    print(json.dumps(index) if args.json else f"{summary(index)}\nin {args.positions}")
    return 0


def _make(args: argparse.Namespace) -> int:
    from gokit.corpus.games import Settings
    from gokit.corpus.making import make_corpus

    level = 1 if args.level is None and args.engine == "gnugo" else args.level
    settings = Settings(
        engine=args.engine,
        level=level,
        size=args.size,
        komi=args.komi,
        seed=args.seed,
        plies=tuple(args.plies),
        later=tuple(args.later),
        check_score=not args.no_score_check,
    )
    folder = Path(args.out) / settings.name
    terminated = signal.signal(signal.SIGTERM, signal.default_int_handler)
    start = time.monotonic()
    show = _Show(args, start)
    try:
        progress = make_corpus(
            settings,
            folder,
            args.games,
            workers=args.workers,
            shard_games=args.shard_games,
            on_game=show,
        )
    except KeyboardInterrupt:
        print(f"stopped; the same command goes on with {folder}", file=sys.stderr)
        return 130
    finally:
        show.close()
        signal.signal(signal.SIGTERM, terminated)
    seconds = time.monotonic() - start
    summary = {
        "folder": str(folder),
        "games": progress.games,
        "dropped": progress.dropped,
        "played_now": progress.played_now,
        "damaged_lines": progress.damaged_lines,
        "seconds": round(seconds, 1),
        "games_per_hour": round(3600 * progress.played_now / seconds),
    }
    print(json.dumps(summary) if args.json else _line(progress, seconds) + f" in {folder}")
    return 0


class _Show:
    """A bar on a terminal, a line a minute elsewhere."""

    def __init__(self, args: argparse.Namespace, start: float) -> None:
        self.start = self.said = start
        self.bar = None
        if sys.stderr.isatty():
            from tqdm import tqdm

            self.bar = tqdm(total=args.games, unit="game", leave=False)

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if self.bar is not None:
            self.bar.n = progress.games
            self.bar.refresh()
        elif now - self.said >= _LINE_EVERY:
            self.said = now
            print(_line(progress, now - self.start), file=sys.stderr, flush=True)

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()


def _line(progress: Progress, seconds: float) -> str:
    dropped = ", ".join(f"{count} {reason}" for reason, count in progress.dropped.items())
    return (
        f"{progress.games} games ({dropped or 'none'} dropped), {progress.played_now} played now, "
        f"{3600 * progress.played_now / max(seconds, 1e-9):.0f} an hour"
    )
