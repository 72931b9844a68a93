"""OpenSpiel's Go, C++ rules driven from Python: a random legal action, pass included, at a time.

Its rules: simple ko, no suicide, and a repeated board ends the game.
"""

import random

from serve import options, require, serve

arguments = options(__doc__)
versions = require("pyspiel", "open_spiel")

import pyspiel  # noqa: E402

game = pyspiel.load_game(f"go(board_size={arguments.board})")
generator = random.Random(1)


def chunk():
    """One game."""
    state, steps = game.new_initial_state(), 0
    while not state.is_terminal():
        legal = state.legal_actions()
        state.apply_action(legal[generator.randrange(len(legal))])
        steps += 1
    return steps


serve(chunk, versions)
