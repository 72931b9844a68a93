"""`python -m gokit play`: a game on a local web page or in the terminal, against any player."""

from __future__ import annotations

import argparse
import secrets

from gokit.go.errors import GoError
from gokit.go.rules import BLACK, NO_SUICIDE, TROMP_TAYLOR, WHITE

HELP = "A game on a local web page, or in the terminal, against a network or any other player."
EXAMPLE = (
    "python -m gokit play --size 9\n"
    "  python -m gokit play --opponent 'gtp:\"gnugo --mode gtp --chinese-rules\"' --color white\n"
    "  python -m gokit play --terminal --size 5"
)
_RULES = {"tromp-taylor": TROMP_TAYLOR, "no-suicide": NO_SUICIDE}
_COLORS = {"black": BLACK, "white": WHITE}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("--size", type=int, help="lines of the board (9)")
    parser.add_argument(
        "--checkpoint", metavar="P", help="a network (the shipped one for the size)"
    )
    parser.add_argument(
        "--opponent", metavar="SPEC",
        help='instead: random, policy:PATH, mcts:PATH@SIMS, rollout@SIMS, gnugo@LEVEL, '
        'gtp:"COMMAND", or people for two at one board',
    )  # fmt: skip
    parser.add_argument(
        "--simulations",
        type=int,
        metavar="N",
        help="a move; 0: no search (200; the page can change it)",
    )
    parser.add_argument("--color", choices=_COLORS, default="black", help="yours (black)")
    parser.add_argument("--komi", type=float, help="White's points (7.5; 0.5 with a handicap)")
    parser.add_argument("--handicap", type=int, default=0, metavar="N", help="0 to 4 stones (0)")
    parser.add_argument("--rules", choices=_RULES, help="default: those of the opponent")
    parser.add_argument("--sgf", metavar="FILE", help="go on from the end of this game record")
    parser.add_argument("--terminal", action="store_true", help="play here instead of on a page")
    parser.add_argument("--port", type=int, default=0, help="of the page (any free one)")
    parser.add_argument("--no-browser", action="store_true", help="only print the page's address")
    parser.add_argument("--device", default="cpu", help="auto, cpu or cuda (cpu)")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of a network (1)")
    parser.add_argument("--seed", type=int, help="of every random number (default: a new one)")


def run(args: argparse.Namespace) -> None:
    """Set up the first game, and play until the person has had enough."""
    from gokit.go.records import read_sgf
    from gokit.play.game import resumed

    if args.threads < 1:
        raise GoError(f"threads is a whole number from 1, not {args.threads}")
    if args.seed is not None and args.seed < 0:
        raise GoError(f"a seed is a whole number from 0, not {args.seed}")
    size, position = args.size, None
    if args.sgf:
        position = resumed(read_sgf(_record(args.sgf)))
        if args.size not in (None, position.size):
            raise GoError(f"{args.sgf} has a board of {position.size} lines, not {args.size}")
        size = position.size
    options = {
        "size": _size(size, args.checkpoint),
        "checkpoint": args.checkpoint,
        "spec": args.opponent,
        "strength": args.simulations,
        "human": _COLORS[args.color],
        "komi": args.komi,
        "handicap": args.handicap,
        "rules": _RULES[args.rules] if args.rules else None,
        "position": position,
        "device": args.device,
        "threads": args.threads,
        "seed": secrets.randbits(31) if args.seed is None else args.seed,
    }
    if args.terminal:
        from gokit.play.terminal import play

        play(**options)
    else:
        from gokit.play.page import serve
        from gokit.play.table import Table

        serve(Table(**options), port=args.port, browser=not args.no_browser)


def _size(size: int | None, checkpoint: str | None) -> int:
    """Return the size that is asked for, or one that the checkpoint plays; GoError for another."""
    from gokit.play.opponents import checkpoint_sizes

    if checkpoint is None:
        return 9 if size is None else size
    sizes = checkpoint_sizes(checkpoint)
    if size is None:
        return 9 if 9 in sizes else max(sizes, default=9)
    if size not in sizes:
        trained = " and ".join(f"{n}×{n}" for n in sizes)
        raise GoError(f"{checkpoint} was trained on {trained}, not on {size}×{size}")
    return size


def _record(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise GoError(f"{path}: cannot be read ({error.strerror})") from None
