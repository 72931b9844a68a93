"""The benchmarks of the rules: random legal steps, and light playouts to the end of the game."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np

from gokit import __version__
from gokit.bench.compare import ratio_to, summary, take_turns
from gokit.bench.entrants import Entrant, Peer

STEPS_A_CALL = 100
PLAYOUTS_A_CALL = 500

FIRST_CALL = """
import time
start = time.perf_counter()
import numpy as np
from gokit.go.games import Games
from gokit.go.playouts import light_playouts, random_states, random_steps
from gokit.go.position import Position
imported = time.perf_counter()
position = Position({size}).play(0)
position.legal_moves(), position.score(), position.illegality(0)
called = time.perf_counter()
states = random_states(np.random.default_rng(0), 1)
random_steps(Games(1, {size}), 1, states)
light_playouts(1, {size}, 7.5, states)
print(imported - start, called - imported, time.perf_counter() - called)
"""


def step_worker(size: int, games: int, seed: int) -> Callable[[], int]:
    """Return a function that plays random legal actions in `games` games at once.

    The move cap is 2 N², as in OpenSpiel and pgx, so that all spend their time in alike positions.
    """
    from gokit.go.games import Games
    from gokit.go.playouts import random_states, random_steps

    batch = Games(games, size, max_moves=2 * size * size)
    states = random_states(np.random.default_rng(seed), games)
    return lambda: random_steps(batch, STEPS_A_CALL, states)


def playout_worker(size: int, games: int, seed: int) -> Callable[[], int]:
    """Return a function that plays light playouts from the empty board, one after the other."""
    from gokit.go.playouts import light_playouts, random_states

    del games
    states = random_states(np.random.default_rng(seed), PLAYOUTS_A_CALL)
    return lambda: light_playouts(PLAYOUTS_A_CALL, size, 7.5, states)[0]


def run_rules(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Measure `random_env_steps`: uniformly random legal actions, superko and pass included."""
    peers = {"OpenSpiel": "open_spiel_random.py", "pgx": "pgx_random.py"}
    return [_against_peers("random_env_steps", "steps/s", step_worker, peers, arguments)]


def run_playouts(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Measure `light_playouts`: moves of random games without own-eye filling, scored."""
    peers = {
        "sgfmill": "sgfmill_playouts.py",
        "sgfmill, any suicide": "sgfmill_playouts.py --suicide 1",
    }
    return [_against_peers("light_playouts", "moves/s", playout_worker, peers, arguments)]


def run_compile(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Measure `first_call`: a fresh process with an empty compile cache, and one after it."""
    rows = []
    with tempfile.TemporaryDirectory() as cache:
        for state in ("cold", "warm"):
            out = subprocess.run(
                [sys.executable, "-c", FIRST_CALL.format(size=arguments.size)],
                env={**os.environ, "NUMBA_CACHE_DIR": cache},
                capture_output=True,
                text=True,
                check=True,
            )
            imported, position, playouts = map(float, out.stdout.split())
            row = {
                "task": "first_call",
                "unit": "s",
                "value": round(imported + position, 2),
                "board": arguments.size,
                "cache": state,
                "import_s": round(imported, 2),
                "position_s": round(position, 2),
                "random_games_s": round(playouts, 2),
            }
            rows.append(row)
    return rows


def _against_peers(task, unit, worker, peers, arguments) -> dict[str, Any]:
    size, games = arguments.size, arguments.games
    versions = {"gokit": __version__, "numba": version("numba"), "numpy": version("numpy")}
    entrants: list[Entrant | Peer] = [Entrant("gokit", [worker(size, games, 1)], versions)]
    if arguments.threads > 1:
        workers = [worker(size, games, seed) for seed in range(arguments.threads)]
        entrants.append(Entrant(f"gokit, {arguments.threads} threads", workers, versions))
    missing = []
    try:
        for name, script in {} if arguments.no_peers else peers.items():
            peer = Peer(name, script, size, arguments.peer_python)
            if peer.missing:
                missing.append(name)
                peer.close()
            else:
                entrants.append(peer)
        samples = take_turns(entrants, arguments.seconds)
    finally:
        for entrant in entrants:
            entrant.close()

    row = {"task": task, "unit": unit, "board": size}
    row |= {"threads": 1, "games": games, **summary(entrants[0], samples[0])}
    row["peers"] = []
    for entrant, its in zip(entrants[1:], samples[1:], strict=True):
        if isinstance(entrant, Peer):
            described = {"name": entrant.name, **summary(entrant, its), **ratio_to(samples[0], its)}
            row["peers"].append(described)
        else:
            threaded = summary(entrant, its)
            row["threaded"] = {
                "threads": arguments.threads,
                "value": threaded["value"],
                "speedup": round(threaded["value"] / row["value"], 2),
                "per_cpu_s": threaded["per_cpu_s"],
            }
    row["not_installed"] = missing
    return row
