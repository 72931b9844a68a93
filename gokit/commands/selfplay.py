"""`python -m gokit selfplay`: games of a network against itself, as checksummed shards."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gokit.go.errors import GoError

if TYPE_CHECKING:
    import numpy as np

    from gokit.played import PlayedGames
    from gokit.players import Player
    from gokit.rounds import Recording
    from gokit.selfplay import SelfPlay, SelfPlayConfig

HELP = "Games of a network against itself (or a fixed opponent), with all that training needs."
EXAMPLE = (
    "python -m gokit selfplay --size 9 --games 200 --simulations 32 "
    "--checkpoint data/checkpoints/9x9.safetensors --out games --seed 1"
)
_SECTIONS = ("search", "self_play")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("--checkpoint", required=True, metavar="P", help="the network that plays")
    parser.add_argument("--out", required=True, metavar="DIR", help="goes on with what is in there")
    parser.add_argument("--games", type=int, default=100, help="in all (default 100)")
    parser.add_argument(
        "--simulations", type=int, default=32,
        help="a move; 0 draws moves from the policy without a search (default 32)",
    )  # fmt: skip
    parser.add_argument("--size", type=int, default=9, help="lines of the board (default 9)")
    parser.add_argument("--seed", type=int, default=1, help="of everything random (default 1)")
    parser.add_argument("--lockstep", type=int, default=128, help="games at once (default 128)")
    parser.add_argument("--groups", type=int, default=1, help="1 or 2, a thread each (default 1)")
    parser.add_argument("--opponent", metavar="SPEC", help="a player for one side, such as gnugo@1")
    parser.add_argument(
        "--config", metavar="FILE",
        help='JSON with "search" and "self_play", objects of any option of either',
    )  # fmt: skip
    parser.add_argument("--sgf", metavar="DIR", help="write every game there as well")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda (default auto)")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of the network")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")


def run(args: argparse.Namespace) -> int | None:
    """Play what is missing of the games, then report on all of them."""
    for name, least in (("games", 1), ("simulations", 0), ("seed", 0), ("threads", 1)):
        if getattr(args, name) < least:
            raise GoError(f"{name} is a whole number from {least}, not {getattr(args, name)}")
    from gokit.rounds import ROUND, Recording

    table = _Table(args)
    recording = Recording(args.out, table.config)
    before = recording.games
    try:
        _play(recording, args, table, ROUND * args.lockstep)
    except KeyboardInterrupt:
        print(f"stopped; the same command goes on with {args.out}", file=sys.stderr)
        return 130
    if args.sgf:
        write_games(recording.shards(), Path(args.sgf), table.names)
    _summarise(recording, args, table.self_play, recording.games - before)
    return 0


class _Table:
    """Everything that a round of games needs: the network, the options, the opponent's name."""

    def __init__(self, args: argparse.Namespace) -> None:
        import torch

        from gokit.nn.checkpoint import load_checkpoint
        from gokit.nn.inference import NetworkEvaluator, choose_device
        from gokit.search.config import SearchConfig
        from gokit.selfplay import SelfPlayConfig

        torch.set_num_threads(args.threads)
        network, card = load_checkpoint(args.checkpoint)
        card.require(size=args.size)
        device = choose_device(args.device)
        self.evaluator = NetworkEvaluator(
            network.to(device), features=card.features, value=card.value, device=device
        )
        self.rules, self.size = card.rules, args.size
        self.opponent, self.device = args.opponent, args.device
        self.names = (Path(args.checkpoint).stem, args.opponent)
        given = _read_config(args.config)
        small = args.size <= 6
        self.self_play = SelfPlayConfig.from_dict(
            {
                "max_moves": 3 * args.size**2,
                "no_pass_plies": 2 * args.size - 1,
                "random_plies": 2 if small else 4,
                **given["self_play"],
                "games": args.lockstep,
                "groups": args.groups,
            }
        )
        self.search = None
        if args.simulations > 0:
            searching = {"algorithm": "gumbel", **given["search"]}
            self.search = SearchConfig.from_dict({**searching, "simulations": args.simulations})
        self.config = {
            "seed": args.seed,
            "size": args.size,
            "rules": self.rules.to_dict(),
            "checkpoint": _digest(args.checkpoint),
            "opponent": args.opponent,
            "search": self.search.to_dict() if self.search else None,
            "self_play": self.self_play.to_dict(),
        }

    def players(self, rng: np.random.Generator) -> SelfPlay:
        """Return the players of one round."""
        from gokit.selfplay import SelfPlay

        return SelfPlay(
            self.evaluator,
            self.search,
            self.self_play,
            rng,
            size=self.size,
            rules=self.rules,
            opponent=self._opponents(rng),
        )

    def _opponents(self, rng: np.random.Generator) -> list[Player] | None:
        if self.opponent is None:
            return None
        from gokit.players import parse_player

        seeds = rng.integers(2**31, size=self.self_play.groups).tolist()
        return [parse_player(self.opponent, self.size, self.rules, s, self.device) for s in seeds]


def _play(recording: Recording, args: argparse.Namespace, table: _Table, round_games: int) -> None:
    from tqdm import tqdm

    hidden = args.json or not sys.stderr.isatty()
    with tqdm(total=args.games, unit="game", disable=hidden, leave=False) as bar:

        def show(done: int) -> None:
            bar.update(done - bar.n)

        show(min(recording.games, args.games))
        made: list[SelfPlay] = []

        def players(rng: np.random.Generator) -> SelfPlay:
            _close(made)
            made.append(table.players(rng))
            return made[-1]

        try:
            for _ in recording.play(args.games, players, round_games, show):
                pass
        finally:
            _close(made)


def _close(made: list[SelfPlay]) -> None:
    while made:
        made.pop().close()


def _summarise(
    recording: Recording, args: argparse.Namespace, config: SelfPlayConfig, played_now: int
) -> None:
    from gokit.played import PlayedGames
    from gokit.resigning import calibrate, check_threshold
    from gokit.telemetry import alarms, report, resign_report

    games = PlayedGames.join(list(recording.shards()))
    latest = recording.rounds[max(recording.rounds)]["report"] or {}
    # What the search thought is not in the shards: of that, the latest round's report tells.
    found = {**latest, **report(games)}
    rule = config.resign_turns, config.resign_ply
    check = None
    if config.resign_below is not None:
        check = check_threshold([games], config.resign_below, *rule)
    calibrated = calibrate([games], *rule)
    found |= resign_report(check)
    found["resign_calibrated"] = calibrated.below if calibrated else None
    warned = alarms(found)
    if args.json:
        summary = {"folder": str(args.out), "played_now": played_now, **found, "alarms": warned}
        print(json.dumps(summary))
        return
    print(f"{found['games']} games in {args.out}, {played_now} of them played now")
    for name, number in found.items():
        if number is not None and name not in ("games", "size"):
            print(
                f"  {name:18} {number:.4g}"
                if isinstance(number, float)
                else f"  {name:18} {number}"
            )
    for sentence in warned:
        print(f"alarm: {sentence}")


def write_games(shards: Iterable[PlayedGames], folder: Path, names: tuple[str, str | None]) -> None:
    """Write every game into a folder, as 000001.sgf and on.

    names: the network's and the opponent's, None where it played itself.
    """
    from gokit.go.position import ENDS
    from gokit.go.records import GameRecord, write_sgf
    from gokit.go.rules import BLACK, COLOR_NAMES, EMPTY, WHITE
    from gokit.played import NO_RESULT, OPPONENT

    folder.mkdir(parents=True, exist_ok=True)
    number = 0
    for games in shards:
        hows = [games.how[s : s + n] for s, n in zip(games.starts, games.lengths, strict=True)]
        for game, (moves, how) in enumerate(zip(games.sequences(), hows, strict=True)):
            number += 1
            winner, margin = int(games.winner[game]), float(games.margin[game])
            if winner == NO_RESULT:
                result = "Void"
            elif winner == EMPTY:
                result = "0"
            else:
                lead = "R" if margin != margin else f"{abs(margin - games.rules.komi):g}"
                result = f"{COLOR_NAMES[winner][0]}+{lead}"
            theirs = [ply % 2 for ply in range(len(how)) if how[ply] == OPPONENT]
            both = (names[0], names[0])
            if theirs:
                both = (names[1], names[0]) if theirs[0] == 0 else (names[0], names[1])
            record = GameRecord(
                size=games.size,
                rules=games.rules,
                moves=[(BLACK if p % 2 == 0 else WHITE, int(m)) for p, m in enumerate(moves)],
                result=result,
                names=both,
                end=ENDS[int(games.end[game])],
            )
            write_sgf(record, folder / f"{number:06d}.sgf")


def _digest(checkpoint: str) -> str:
    from gokit.nn.checkpoint import find_checkpoint, read_card

    return read_card(find_checkpoint(checkpoint))["sha256"]


def _read_config(path: str | None) -> dict[str, dict[str, Any]]:
    given: Any = {}
    if path is not None:
        try:
            given = json.loads(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise GoError(f"{path} cannot be read ({error.strerror})") from None
        except ValueError as error:
            raise GoError(f"{path} is not JSON ({error})") from None
    whole = isinstance(given, dict) and all(isinstance(v, dict) for v in given.values())
    if not whole or set(given) - set(_SECTIONS):
        raise GoError(f'{path} is not a JSON object of "search" and "self_play" objects')
    return {name: given.get(name, {}) for name in _SECTIONS}
