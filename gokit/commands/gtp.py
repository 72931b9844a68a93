"""`python -m gokit gtp`."""

from __future__ import annotations

import argparse
import secrets
import sys

import numpy as np

from gokit.go.coordinates import check_size
from gokit.go.errors import GoError
from gokit.go.rules import Rules

HELP = "a GTP 2 engine on standard input and output, for Sabaki, GoGui, KGS and matches"
EXAMPLE = "python -m gokit gtp --simulations 400 --size 9"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--checkpoint", metavar="P", help="a network; else random playouts judge")
    parser.add_argument("--simulations", type=int, default=400, metavar="N", help="a move (400)")
    parser.add_argument("--player", metavar="SPEC", help="any player instead, such as random")
    parser.add_argument("--size", type=int, default=9, help="lines of the board at first (9)")
    parser.add_argument("--device", default="cpu", help="cpu, cuda or auto (cpu)")
    parser.add_argument("--threads", type=int, default=1, help="of the network on the CPU (1)")
    parser.add_argument("--seed", type=int, help="of every random number (default: a new one)")


def run(arguments: argparse.Namespace) -> None:
    """Serve until `quit` or the end of the input."""
    from gokit.gtp.engine import GtpEngine

    size = check_size(arguments.size)
    if arguments.simulations < 1:
        raise GoError(f"--simulations is at least 1, not {arguments.simulations}")
    if arguments.threads < 1:
        raise GoError(f"--threads is at least 1, not {arguments.threads}")
    if arguments.player and arguments.checkpoint:
        raise GoError("--player and --checkpoint both name a player: give one of them")
    if arguments.player:
        spec = arguments.player
    elif arguments.checkpoint:
        spec = f"mcts:{arguments.checkpoint}@{arguments.simulations}"
    else:
        spec = f"rollout@{arguments.simulations}"

    def player(size: int, rules: Rules, seed: np.random.SeedSequence):
        from gokit.players import parse_player

        made = parse_player(spec, size, rules, seed, arguments.device)
        if "torch" in sys.modules:  # only a player with a network has loaded it
            sys.modules["torch"].set_num_threads(arguments.threads)
        return made

    seed = secrets.randbits(31) if arguments.seed is None else arguments.seed
    print(f"gokit gtp: {spec}, seed {seed}", file=sys.stderr)
    engine = GtpEngine(player, size, seed=seed)
    try:
        engine.serve(sys.stdin.buffer, sys.stdout.buffer)
    except KeyboardInterrupt:
        print("gokit gtp: stopped", file=sys.stderr)
