"""`python -m gokit match A B`: a match over paired openings, with the interval of its result."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gokit.go.errors import GoError
from gokit.go.rules import NO_SUICIDE, TROMP_TAYLOR, Rules

if TYPE_CHECKING:
    import numpy as np

    from gokit.arena import MatchResult

HELP = "A match between two players: distinct random openings, each played with both colours."
EXAMPLE = "python -m gokit match rollout@200 random --size 9 --games 40"
PLAYER = 'random, policy:PATH, mcts:PATH@SIMS, rollout@SIMS, gnugo@LEVEL or gtp:"COMMAND"'
_RULES = {"tromp-taylor": TROMP_TAYLOR, "no-suicide": NO_SUICIDE}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("a", metavar="A", help=PLAYER)
    parser.add_argument("b", metavar="B", help="the other player, named the same way")
    add_match_options(parser)


def add_match_options(parser: argparse.ArgumentParser) -> None:
    """Add what every command that plays matches can be told of them."""
    parser.add_argument("--games", type=int, default=100, help="an even number (default 100)")
    parser.add_argument("--size", type=int, default=9, help="lines of the board (default 9)")
    parser.add_argument("--komi", type=float, default=7.5, help="White's points (default 7.5)")
    parser.add_argument(
        "--rules", choices=_RULES, help="default tromp-taylor; no-suicide against GNU Go"
    )
    parser.add_argument(
        "--plies", type=int, nargs=2, default=(2, 4), metavar=("LEAST", "MOST"),
        help="random moves of an opening (default 2 4)",
    )  # fmt: skip
    parser.add_argument("--max-moves", type=int, help="a longer game has no result")
    parser.add_argument("--seed", type=int, default=1, help="of openings and players (default 1)")
    parser.add_argument("--sgf", metavar="DIR", help="write every game there")
    parser.add_argument("--device", default="cpu", help="auto, cpu or cuda (default cpu)")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of a network")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a line")


def run(args: argparse.Namespace) -> int | None:
    """Play the match and print its result from A's side."""
    import numpy as np

    rules = checked_rules(args, (args.a, args.b))
    result = play(args, args.a, args.b, rules, np.random.SeedSequence(args.seed))
    if args.sgf:
        write_games(result, Path(args.sgf))
    print(json.dumps(result.to_dict()) if args.json else result)
    return 0


def checked_rules(args: argparse.Namespace, specs: Sequence[str]) -> Rules:
    """Return the rules for a match of these players; GoError for options that no match has."""
    from gokit.go.games import Games

    if args.seed < 0:
        raise GoError(f"a seed is a whole number from 0, not {args.seed}")
    if args.threads < 1:
        raise GoError(f"threads is a whole number from 1, not {args.threads}")
    if args.max_moves is not None and args.max_moves < 1:
        raise GoError(f"max-moves is at least 1, not {args.max_moves}")
    rules = _rules(args.rules, specs).replace(komi=args.komi)
    Games(1, args.size, rules)  # a board of that size exists
    return rules


def play(
    args: argparse.Namespace, a: str, b: str, rules: Rules, seed: np.random.SeedSequence
) -> MatchResult:
    """Play the match of two players' texts; `seed` is the openings' and the players'."""
    import numpy as np
    from tqdm import tqdm

    from gokit.arena import play_match
    from gokit.players import parse_player

    *of_players, of_openings = seed.spawn(3)
    players = []
    try:
        for spec, own in zip((a, b), of_players, strict=True):
            players.append(parse_player(spec, args.size, rules, own, args.device))
        if "torch" in sys.modules:
            sys.modules["torch"].set_num_threads(args.threads)
        hidden = not sys.stderr.isatty()
        with tqdm(total=args.games, unit="game", disable=hidden, leave=False) as bar:
            return play_match(
                *players,
                games=args.games,
                size=args.size,
                rules=rules,
                rng=np.random.default_rng(of_openings),
                opening_plies=tuple(args.plies),
                max_moves=args.max_moves,
                on_game=lambda game: bar.update(),
            )
    finally:
        for player in players:
            player.close()


def _rules(named: str | None, specs: Sequence[str]) -> Rules:
    if named:
        return _RULES[named]
    # Suicide is illegal for GNU Go, so a match with it is played without.
    engines = [spec for spec in specs if spec.startswith(("gnugo", "gtp:"))]
    return NO_SUICIDE if any("gnugo" in spec for spec in engines) else TROMP_TAYLOR


def write_games(result: MatchResult, folder: Path) -> None:
    """Write every game of a match into a folder, as 0001.sgf and on."""
    from gokit.go.records import GameRecord, write_sgf
    from gokit.go.rules import BLACK, opponent

    folder.mkdir(parents=True, exist_ok=True)
    for number, game in enumerate(result.played, start=1):
        colors = [BLACK if ply % 2 == 0 else opponent(BLACK) for ply in range(len(game.moves))]
        names = (result.a, result.b) if game.a_color == BLACK else (result.b, result.a)
        record = GameRecord(
            size=result.size,
            rules=result.rules,
            moves=list(zip(colors, game.moves, strict=True)),
            result=game.result,
            names=names,
            end=game.end,
        )
        write_sgf(record, folder / f"{number:04d}.sgf")
