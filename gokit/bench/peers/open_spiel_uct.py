"""OpenSpiel's C++ MCTSBot with its random-rollout evaluator: one search from the empty board.

Its rollouts play any legal action, pass included, to the end of the game or 2 N² moves.
"""

from serve import options, require, serve

arguments = options(__doc__, simulations=2000)
versions = require("pyspiel", "open_spiel")

import pyspiel  # noqa: E402

game = pyspiel.load_game(f"go(board_size={arguments.board})")
state = game.new_initial_state()
seed = 0


def chunk():
    """One search with a new bot: 1.4 is its exploration, 2000 the megabytes it may use."""
    global seed
    seed += 1
    evaluator = pyspiel.RandomRolloutEvaluator(1, seed)
    bot = pyspiel.MCTSBot(game, evaluator, 1.4, arguments.simulations, 2000, False, seed, False)
    bot.step(state)
    return arguments.simulations


serve(chunk, versions)
