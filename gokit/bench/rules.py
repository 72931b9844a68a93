"""The benchmarks of the rules: random legal steps, and light playouts to the end of the game."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np

from gokit.bench.compare import Rival, beside_one_thread, contest, our_versions, summary
from gokit.bench.entrants import Entrant

GAMES = 64
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
    rivals = [Rival("OpenSpiel", "open_spiel_random.py"), Rival("pgx", "pgx_random.py")]
    return [_against_peers("random_env_steps", "steps/s", step_worker, rivals, arguments)]


def run_playouts(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Measure `light_playouts`: moves of random games without own-eye filling, scored."""
    rivals = [
        Rival("sgfmill", "sgfmill_playouts.py"),
        Rival("sgfmill, any suicide", "sgfmill_playouts.py --suicide 1"),
    ]
    return [_against_peers("light_playouts", "moves/s", playout_worker, rivals, arguments)]


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


def _against_peers(task, unit, worker, rivals, arguments) -> dict[str, Any]:
    size, games, threads = arguments.size, arguments.games or GAMES, arguments.threads or 1
    entrants = [Entrant("gokit", [worker(size, games, 1)], our_versions())]
    if threads > 1:
        workers = [worker(size, games, seed) for seed in range(threads)]
        entrants.append(Entrant(f"gokit, {threads} threads", workers))
    samples, peers, missing = contest(entrants, rivals, arguments)
    row = {"task": task, "unit": unit, "board": size, "threads": 1, "games": games}
    row |= {**summary(entrants[0], samples[0]), "variants": []}
    row |= {"peers": peers, "not_installed": missing}
    if threads > 1:
        row["threaded"] = beside_one_thread(threads, samples)
    return row
