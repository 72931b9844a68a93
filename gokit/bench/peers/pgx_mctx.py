"""pgx + mctx: AlphaZero's self-play moves, jitted, with a residual network in haiku.

It runs on the CPU, with `--gpu 1` on a GPU. One chunk is one move in each of `--games` games: a
search of `--simulations` simulations, mctx's `muzero_policy` (PUCT) or with `--gumbel 1` its
`gumbel_muzero_policy`, at their defaults, then a step. Counted are simulations, the root's own
evaluation not among them. The network has random weights, pgx's 17 input planes, and fully
connected heads as in AlphaGo Zero.
"""

import os

from serve import options, require, serve

arguments = options(__doc__, games=256, simulations=32, blocks=6, channels=64, gumbel=0, gpu=0)
versions = require("pgx", "pgx", "jax", "jaxlib")
versions |= require("mctx", "mctx") | require("haiku", "dm-haiku")
os.environ.setdefault("JAX_PLATFORMS", "cuda" if arguments.gpu else "cpu")
# Torch has memory on the same card.
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

import haiku as hk  # noqa: E402
import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import mctx  # noqa: E402
from pgx.experimental import auto_reset  # noqa: E402
from pgx.go import Go  # noqa: E402

env = Go(size=arguments.board)
games = arguments.games
play = jax.vmap(auto_reset(env.step, env.init))


def network(observation, training=False):
    def activate(x):
        return jax.nn.relu(hk.BatchNorm(True, True, 0.9)(x, training))

    x = hk.Conv2D(arguments.channels, 3)(observation.astype(jnp.float32))
    for _ in range(arguments.blocks):
        y = hk.Conv2D(arguments.channels, 3)(activate(x))
        x = x + hk.Conv2D(arguments.channels, 3)(activate(y))
    x = activate(x)
    policy = hk.Flatten()(activate(hk.Conv2D(2, 1)(x)))
    value = hk.Linear(64)(hk.Flatten()(activate(hk.Conv2D(1, 1)(x))))
    value = jnp.tanh(hk.Linear(1)(jax.nn.relu(value)))
    return hk.Linear(env.num_actions)(policy), value.reshape(-1)


net = hk.without_apply_rng(hk.transform_with_state(network))


def evaluate(model, state):
    (logits, value), _ = net.apply(*model, state.observation)
    logits = logits - logits.max(-1, keepdims=True)
    lowest = jnp.finfo(logits.dtype).min
    return jnp.where(state.legal_action_mask, logits, lowest), value


def recurrent(model, key, action, state):
    del key
    mover = state.current_player
    state = jax.vmap(env.step)(state, action)
    logits, value = evaluate(model, state)
    answer = mctx.RecurrentFnOutput(
        reward=state.rewards[jnp.arange(games), mover],
        discount=jnp.where(state.terminated, 0.0, -1.0),
        prior_logits=logits,
        value=jnp.where(state.terminated, 0.0, value),
    )
    return answer, state


@jax.jit
def advance(model, key, state):
    key, search_key, reset_key = jax.random.split(key, 3)
    logits, value = evaluate(model, state)
    policy, transform = mctx.muzero_policy, mctx.qtransform_by_parent_and_siblings
    if arguments.gumbel:
        policy, transform = mctx.gumbel_muzero_policy, mctx.qtransform_completed_by_mix_value
    found = policy(
        params=model,
        rng_key=search_key,
        root=mctx.RootFnOutput(prior_logits=logits, value=value, embedding=state),
        recurrent_fn=recurrent,
        num_simulations=arguments.simulations,
        invalid_actions=~state.legal_action_mask,
        qtransform=transform,
    )
    state = play(state, found.action, jax.random.split(reset_key, games))
    # A game that has just begun again still says that the one before it is over.
    return key, state.replace(terminated=jnp.zeros_like(state.terminated))


key = jax.random.PRNGKey(1)
state = jax.jit(jax.vmap(env.init))(jax.random.split(key, games))
model = net.init(key, state.observation, True)


def chunk():
    """One move in each game."""
    global key, state
    key, state = jax.block_until_ready(advance(model, key, state))
    return games * arguments.simulations


serve(chunk, versions)
