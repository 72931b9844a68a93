"""pgx's Go on the CPU: a jitted scan of random legal actions over a batch, with auto-reset.

Its rules, by its documentation: ko and no suicide decide what is legal, and a move that repeats
an earlier board loses at once. Of the batches 64, 256 and 1024 the default was the fastest on two
CPU cores.
"""

import os

from serve import options, require, serve

arguments = options(__doc__, batch=64)
versions = require("pgx", "pgx", "jax", "jaxlib")
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax  # noqa: E402
from pgx.experimental import act_randomly, auto_reset  # noqa: E402
from pgx.go import Go  # noqa: E402

env = Go(size=arguments.board)
batch = arguments.batch
steps = max(2, min(256, 8192 // batch))
step = jax.vmap(auto_reset(env.step, env.init))


def body(carry, _):
    state, key = carry
    key, action_key, reset_key = jax.random.split(key, 3)
    action = act_randomly(action_key, state.legal_action_mask)
    return (step(state, action, jax.random.split(reset_key, batch)), key), None


@jax.jit
def advance(state, key):
    return jax.lax.scan(body, (state, key), None, length=steps)[0]


key = jax.random.PRNGKey(1)
state = jax.jit(jax.vmap(env.init))(jax.random.split(key, batch))


def chunk():
    """One call of the compiled scan."""
    global state, key
    state, key = jax.block_until_ready(advance(state, key))
    return batch * steps


serve(chunk, versions)
