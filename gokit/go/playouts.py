"""Random games at full speed: light playouts and random legal steps, many games at once.

Random numbers come from one 64-bit splitmix state a game (Steele, Lea and Flood 2014), so a game
does not depend on the others or on the number of threads. `random_states` draws such states from
a NumPy generator.
"""

from __future__ import annotations

import numpy as np

from gokit.go.compiled import inline, kernel, lean
from gokit.go.games import Games
from gokit.go.geometry import BORDER, EMPTIES, ENDED, KO, PASSES, RUNNING, TO_MOVE
from gokit.go.kernels import (
    LEGAL,
    area,
    at,
    color_at,
    in_atari,
    legality,
    liberties_at,
    place,
    play,
)
from gokit.go.rules import BLACK, EMPTY, WHITE

UNFINISHED = -(1 << 30)  # a margin that no board has


def random_states(rng: np.random.Generator, n: int) -> np.ndarray:
    """Return `n` independent splitmix states, uint64 [n]."""
    return rng.integers(0, 1 << 64, n, dtype=np.uint64)


@inline
def next_random(states, i):
    """Advance state `i` and return 64 random bits."""
    states[i] += np.uint64(0x9E3779B97F4A7C15)
    z = states[i]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@inline
def random_below(states, i, n):
    """Return a uniform integer in [0, n), for n below 2^32 (bias under 2^-23 for boards)."""
    return np.int64(((next_random(states, i) >> np.uint64(32)) * np.uint64(n)) >> np.uint64(32))


@inline
def is_own_eye(g, cells, p, color):
    """Whether the empty cell `p` is a one-point eye of `color`.

    All neighbours are that colour's or the border, and of the diagonals the opponent holds at
    most one in the middle, none at the edge.
    """
    for q in (p - g.stride, p - 1, p + 1, p + g.stride):
        neighbor = color_at(g, cells, q)
        if neighbor != color and neighbor != BORDER:
            return False
    enemy, edge = 0, 0
    for q in (p - g.stride - 1, p - g.stride + 1, p + g.stride - 1, p + g.stride + 1):
        neighbor = color_at(g, cells, q)
        enemy += neighbor == BLACK + WHITE - color
        edge |= neighbor == BORDER
    return enemy + edge < 2


@inline
def swap_empty(g, cells, i, j):
    """Exchange two entries of the list of empty points."""
    a, b = cells[at(g.empty + i)], cells[at(g.empty + j)]
    cells[at(g.empty + i)], cells[at(g.empty + j)] = b, a
    cells[at(g.slot + a)], cells[at(g.slot + b)] = j, i


@inline
def is_light(g, row, cells, p, mover):
    """Whether a stone on the empty cell `p` is neither a suicide nor fills an own eye."""
    up, left = color_at(g, cells, p - g.stride), color_at(g, cells, p - 1)
    right, down = color_at(g, cells, p + 1), color_at(g, cells, p + g.stride)
    if up * left * right * down == EMPTY:  # one branch, not four that nobody can predict
        return True
    useful, all_own = False, True
    for q in (p - g.stride, p - 1, p + 1, p + g.stride):
        color = color_at(g, cells, q)
        if color != BORDER:
            useful |= (color == mover) != in_atari(liberties_at(g, row, cells, q))
            all_own &= color == mover
    return useful and not (all_own and is_own_eye(g, cells, p, mover))


@inline
def light_move(g, row, cells, states, i):
    """A uniformly random move that is no suicide, no ko retake and fills no own eye; 0 for none."""
    mover = row[TO_MOVE]
    candidates = row[EMPTIES]
    while candidates > 0:
        chosen = random_below(states, i, candidates)
        p = np.int64(cells[at(g.empty + chosen)])
        if p != row[KO] and is_light(g, row, cells, p, mover):
            return p
        candidates -= 1
        swap_empty(g, cells, chosen, candidates)
    return np.int64(0)


@lean
def light_playout(g, row, cells, states, i, max_moves):
    """Play a game to its end by `light_move`, both sides, and return the number of actions.

    The row's hash history is neither read nor kept: simple ko only. At `max_moves` it stops with
    fewer than two passes made.
    """
    moves = 0
    while row[PASSES] < 2 and moves < max_moves:
        p = light_move(g, row, cells, states, i)
        if p == 0:
            row[PASSES] += 1
            row[KO] = 0
        else:
            place(g, row, cells, p)
            row[PASSES] = 0
        row[TO_MOVE] = BLACK + WHITE - row[TO_MOVE]
        moves += 1
    return moves


@kernel
def final_margin(g, row, cells, owner):
    """Black's area minus White's; quick where every empty point is an eye, exact always."""
    margin = 0
    for i in range(row[EMPTIES]):
        p = np.int64(cells[at(g.empty + i)])
        touched = 0
        for q in (p - g.stride, p - 1, p + 1, p + g.stride):
            color = color_at(g, cells, q)
            if color == EMPTY:
                return area(g, cells, owner)
            touched |= color & (0 if color == BORDER else BORDER)
        margin += (touched == BLACK) - (touched == WHITE)
    for i in range(g.n_points):
        color = color_at(g, cells, g.points[at(i)])
        margin += (color == BLACK) - (color == WHITE)
    return margin


@kernel
def playouts_from(g, source, count, max_moves, states, margins):
    """Run `count` light playouts from the row `source` and fill `margins`, int64 [count].

    A game that `max_moves` stopped has no result: its margin is UNFINISHED. Returns the number of
    actions played in all.
    """
    row = np.empty(g.history, np.int64)
    cells = row.view(np.int16)
    owner = np.empty(g.n_points, np.int8)
    moves = 0
    for i in range(count):
        row[:] = source[: g.history]
        moves += light_playout(g, row, cells, states, i, max_moves)
        margins[i] = final_margin(g, row, cells, owner) if row[PASSES] == 2 else UNFINISHED
    return moves


@lean
def random_action(g, row, cells, states, i):
    """A uniformly random legal action, pass included, by rejection."""
    candidates = row[EMPTIES]
    while True:
        chosen = random_below(states, i, candidates + 1)
        if chosen == candidates:
            return g.n_points
        p = np.int64(cells[at(g.empty + chosen)])
        if legality(g, row, cells, p) == LEGAL:
            return g.actions[at(p)]
        candidates -= 1
        swap_empty(g, cells, chosen, candidates)


@lean
def random_steps_kernel(g, rows, all_cells, start, steps, states):
    """One random legal action for each game, `steps` times over; ended games start again."""
    ended = 0
    for _ in range(steps):
        for i in range(rows.shape[0]):
            row, cells = rows[i], all_cells[i]
            play(g, row, cells, random_action(g, row, cells, states, i))
            if row[ENDED] != RUNNING:
                for word in range(len(row)):
                    row[word] = start[word]
                ended += 1
    return ended


@lean
def random_actions_kernel(g, rows, all_cells, states, actions):
    """Fill `actions`, int64 [n]: a random legal action for each game, -1 where it is over."""
    for i in range(len(rows)):
        if rows[i][ENDED] == RUNNING:
            actions[i] = random_action(g, rows[i], all_cells[i], states, i)
        else:
            actions[i] = -1


def random_actions(games: Games, states: np.ndarray) -> np.ndarray:
    """Return a uniformly random legal action for each game, pass included, -1 where it is over.

    states: uint64 [n] from `random_states`, advanced in place. Returns int64 [n].
    """
    actions = np.empty(len(games), np.int64)
    random_actions_kernel(games.geometry, games.words, games.cells, states, actions)
    return actions


def random_steps(games: Games, steps: int, states: np.ndarray) -> int:
    """Play `steps` uniformly random legal actions in each game, restarting those that end.

    states: uint64 [n] from `random_states`, advanced in place. Returns the actions played,
    `steps` × n. This is the benchmark `random_env_steps`.
    """
    fresh = Games(1, (games.geometry.rows, games.geometry.columns), games.rules, games.max_moves)
    random_steps_kernel(games.geometry, games.words, games.cells, fresh.words[0], steps, states)
    return steps * len(games)


def light_playouts(
    n: int, size: int, komi: float, states: np.ndarray, max_moves: int | None = None
) -> tuple[int, int, np.ndarray]:
    """Play `n` light playouts from the empty board and return (actions, Black's wins, margins).

    A light playout plays uniformly random moves that fill no own one-point eye, are no suicide
    and do not retake a ko at once, until both sides have none left. margins: float32 [n],
    Black's view, komi in, NaN for a game that `max_moves` (default 8 a point) stopped.
    states: uint64 [n] from `random_states`, advanced in place.
    This is the benchmark `light_playouts`.
    """
    games = Games(1, size)
    margins = np.empty(n, np.int64)
    cap = 8 * games.geometry.n_points if max_moves is None else max_moves
    moves = playouts_from(games.geometry, games.words[0], n, cap, states, margins)
    with_komi = np.where(margins == UNFINISHED, np.nan, margins - komi).astype(np.float32)
    return int(moves), int((with_komi > 0).sum()), with_komi
