# %% [markdown]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/alphago-from-scratch/blob/main/exercises/05_policy_value_networks.ipynb)
#
# # Exercises 5. Networks that read the board
#
# Fourteen functions: what a network reads, what it is taught, how it learns, and whether it is worth anything: about two hours and a half. The chapter is
# [chapters/05_policy_value_networks.ipynb](../chapters/05_policy_value_networks.ipynb); try without looking back.
#
# A board is a numpy array [N, N] of 0 (empty), 1 (Black), 2 (White). A move is a whole number, row · N + column, and N² for a pass; so a policy has N² + 1
# numbers. Where an answer is an array, nested lists are as good.
#
# Write your answer where it says so and run the cell: the check is in it. A wrong answer is shown on a board or in a table.
# Stuck? In a new cell, call `hint("05-planes")`, up to three times. `solution("05-planes")` shows one answer.

# %% id="05-setup"
import importlib.util
import subprocess
import sys
from pathlib import Path

if importlib.util.find_spec("gokit") is None:  # on Colab, for instance
    url = "https://github.com/OWNER/alphago-from-scratch"
    clone = str(Path("alphago-from-scratch").resolve())
    subprocess.run(["git", "clone", "-q", "--depth=1", url, clone])
    pip = [sys.executable, "-m", "pip", "install", "-q", "-e", clone]
    subprocess.run(pip, check=True)
    sys.path.append(clone)

# %% id="05-given"
import math

import numpy as np

from gokit import Position
from gokit.go.symmetry import permutation
from gokit.lessons import check, hint, progress, solution

EMPTY, BLACK, WHITE = 0, 1, 2

# %% [markdown]
# ## 1. What does the network see?
# {header 05-planes}
#
# Return three planes [3, N, N] of 0 and 1: the stones of the side to move, the opponent's stones, the empty points.

# %%
def planes(board: np.ndarray, to_move: int) -> np.ndarray:
    """Own, opponent's and empty points, for the side to move.

    >>> planes(np.array([[1, 2]]), WHITE).astype(int).tolist()
    [[[0, 1]], [[1, 0]], [[0, 0]]]
    """
    ### BEGIN SOLUTION
    contents = (to_move, 3 - to_move, EMPTY)
    return np.stack([board == content for content in contents])
    ### END SOLUTION


check("05-planes", planes)

# %% [markdown]
# ## 2. Which number is this move?
# {header 05-move-index}
#
# `target` is a policy target for a board of `size` lines: size² + 1 shares. The batch is padded to boards of `padded` lines, and the small
# board lies in their first corner, so each point keeps its row and its column. Return the target as padded² + 1 shares.

# %%
def pad_target(target: list[float], size: int,
               padded: int) -> list[float]:
    """A policy target, moved to a larger board.

    >>> pad_target([0.0, 0.0, 0.75, 0.0, 0.25], 2, 3)
    [0.0, 0.0, 0.0, 0.75, 0.0, 0.0, 0.0, 0.0, 0.0, 0.25]
    """
    ### BEGIN SOLUTION
    wide = [0.0] * (padded * padded + 1)
    for a in range(size * size):
        row, column = divmod(a, size)
        wide[row * padded + column] = target[a]
    wide[-1] = target[-1]
    return wide
    ### END SOLUTION


check("05-move-index", pad_target)

# %% [markdown]
# ## 3. Who won, for whom?
# {header 05-value-target}
#
# A game is over. `margin` is Black's area less White's, without komi; `resigned` is the colour that resigned, or `None`. `to_move` lists whose turn it
# was in each position. Return the value target of each position: 1 if its side to move won the game, -1 if it lost, 0 if nobody won.

# %%
def value_targets(margin: float, komi: float, resigned: int | None,
                  to_move: list[int]) -> list[float]:
    """The result of a game, for the side to move in each position.

    >>> value_targets(5, 7.5, None, [BLACK, WHITE])
    [-1.0, 1.0]
    """
    ### BEGIN SOLUTION
    if resigned is not None:
        winner = 3 - resigned
    elif margin == komi:
        winner = None
    else:
        winner = BLACK if margin > komi else WHITE
    return [0.0 if winner is None else 1.0 if side == winner else -1.0
            for side in to_move]
    ### END SOLUTION


check("05-value-target", value_targets)

# %% [markdown]
# ## 4. Who is short of liberties?
# {header 05-liberty-planes}
#
# Return six planes [6, N, N]: own chains with 1, with 2, with 3 or more liberties, then the opponent's. Every stone of a chain is marked.
# `Position.from_array(board).groups()` gives the chains; each has `.color`, `.stones` and `.liberties`, and a point is row · N + column.

# %%
def liberty_planes(board: np.ndarray, to_move: int) -> np.ndarray:
    """Chains by their liberties, the side to move's first.

    >>> liberty_planes(np.array([[1, 0], [0, 0]]), BLACK)[1].tolist()
    [[1.0, 0.0], [0.0, 0.0]]
    """
    ### BEGIN SOLUTION
    found = np.zeros((6, board.size))
    for group in Position.from_array(board).groups():
        first = 0 if group.color == to_move else 3
        plane = first + min(len(group.liberties), 3) - 1
        found[plane, sorted(group.stones)] = 1
    return found.reshape(6, *board.shape)
    ### END SOLUTION


check("05-liberty-planes", liberty_planes)

# %% [markdown]
# ## 5. What turns with the board?
# {header 05-turn}
#
# `planes` is [C, N, N], `policy` [N² + 1]. Apply symmetry k to both: for k from 4 to 7 first mirror left and right (`np.flip(a, -1)`); then
# `k % 4` quarter turns counter-clockwise (`np.rot90(a, k % 4, axes=(-2, -1))`). Return the planes and the policy.

# %%
def turn(planes: np.ndarray, policy: np.ndarray,
         k: int) -> tuple[np.ndarray, np.ndarray]:
    """Symmetry k of a position and of its target.

    >>> a = np.array([[[1, 0], [0, 0]]])
    >>> b, target = turn(a, np.array([0, 1, 0, 0, 0]), 1)
    >>> b.tolist(), target.tolist()
    ([[[0, 0], [1, 0]]], [1, 0, 0, 0, 0])
    """
    ### BEGIN SOLUTION
    def one(a):
        mirrored = np.flip(a, -1) if k >= 4 else a
        return np.rot90(mirrored, k % 4, axes=(-2, -1))

    size = planes.shape[-1]
    points = one(policy[:-1].reshape(size, size)).reshape(-1)
    return one(planes), np.append(points, policy[-1])
    ### END SOLUTION


check("05-turn", turn)

# %% [markdown]
# ## 6. How much doubt is left?
# {header 05-sharpen}
#
# A search gave its moves so many `visits`. The policy target at temperature τ has shares in proportion to visits^(1/τ). Return the shares and
# their entropy in bits, -Σ p·log₂ p. A move without visits has share 0 and adds nothing. τ may be as low as 0.01, with thousands of visits.

# %%
def sharpen(visits: list[int],
            temperature: float) -> tuple[list[float], float]:
    """The policy target of a search, and its entropy in bits.

    >>> sharpen([2, 2, 0], 1.0)
    ([0.5, 0.5, 0.0], 1.0)
    """
    ### BEGIN SOLUTION
    most = max(visits)
    weights = [(n / most) ** (1 / temperature) for n in visits]
    target = [weight / sum(weights) for weight in weights]
    return target, -sum(p * math.log2(p) for p in target if p > 0)
    ### END SOLUTION


check("05-sharpen", sharpen)

# %% [markdown]
# The lecture's code trains on visits sharpened with τ = 0.3. What does that leave of a search that was not sure? In a new cell,
# call `sharpen([600, 250, 100, 50, 24], 1.0)`, and the same with 0.3.

# %% id="05-sharpened" only="solution"
visits = [600, 250, 100, 50, 24]
for temperature in (1.0, 0.3):
    target, bits = sharpen(visits, temperature)
    shares = " ".join(f"{share:.3f}" for share in target)
    print(f"τ = {temperature:g}: {shares}   {bits:.2f} bits")

# %% [markdown]
# ## 7. How likely is each move, as a logarithm?
# {header 05-legal-softmax}
#
# `logits` and `legal` (True or False) have one number for each action. Return the logarithms of the softmax **over the legal moves**, -inf for the others. Logits may be
# anything: with 1000 an `exp` overflows, with -2000 it is 0, and the logarithm of 0 has forgotten the -2000.

# %%
def log_policy(logits: np.ndarray, legal: np.ndarray) -> np.ndarray:
    """Log-probabilities of the legal moves.

    >>> logits, legal = np.array([5.0, -2000.0, 9.0]), [True, True, False]
    >>> log_policy(logits, np.array(legal)).tolist()
    [0.0, -2005.0, -inf]
    """
    ### BEGIN SOLUTION
    shifted = np.where(legal, logits, -np.inf)
    shifted = shifted - shifted.max()
    return shifted - np.log(np.exp(shifted).sum())
    ### END SOLUTION


check("05-legal-softmax", log_policy)

# %% [markdown]
# ## 8. How wrong is the policy?
# {header 05-policy-loss}
#
# `log_p` [B, A] as in 7, `target` [B, A], `weight` [B]. The loss is Σ w·(-Σ t·log p) / Σ w, or 0 if no weight is above 0. Beware: log p is -inf for illegal
# moves, 0 · -inf is nan to a computer, and a position of weight 0 may have any target, even an illegal move.

# %%
def policy_loss(log_p: np.ndarray, target: np.ndarray,
                weight: np.ndarray) -> float:
    """The weighted mean of the positions' cross-entropies.

    >>> log_p = np.array([[math.log(0.5), math.log(0.5), -np.inf]])
    >>> round(policy_loss(log_p, np.array([[1, 0, 0]]), np.array([1])), 4)
    0.6931
    """
    ### BEGIN SOLUTION
    counted = weight > 0
    if not counted.any():
        return 0.0
    terms = np.where(target > 0, log_p, 0.0) * target
    losses = -terms.sum(axis=1)[counted]
    return float(np.average(losses, weights=weight[counted]))
    ### END SOLUTION


check("05-policy-loss", policy_loss)

# %% [markdown]
# ## 9. What does the whole board say?
# {header 05-global-pool}
#
# `x` [B, C, N, N] are a batch's features; `mask` [B, N, N] is 1 on each board's own points. Outside anything may stand. Return, for each board and channel, the mean
# and the maximum over the board's own points: two arrays [B, C].

# %%
def pool(x: np.ndarray,
         mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means and maxima over boards of several sizes.

    >>> mean, maximum = pool(np.array([[[[-3.0, 0.0], [0.0, 0.0]]]]),
    ...                      np.array([[[1, 0], [0, 0]]]))
    >>> mean.tolist(), maximum.tolist()
    ([[-3.0]], [[-3.0]])
    """
    ### BEGIN SOLUTION
    inside = mask[:, None]  # [B, 1, N, N]
    mean = (x * inside).sum((2, 3)) / inside.sum((2, 3))
    maximum = np.where(inside == 1, x, -np.inf).max((2, 3))
    return mean, maximum
    ### END SOLUTION


check("05-global-pool", pool)

# %% [markdown]
# ## 10. How many numbers are learnt?
# {header 05-parameters}
#
# Count the parameters of a residual network like the lecture's:
#
# - a 3×3 convolution from the input planes to `channels`;
# - `blocks` blocks, each twice a normalisation and a 3×3 convolution, `channels` to `channels`; then one more normalisation;
# - policy: a 1×1 convolution, with bias, from `channels` to one logit a point; and for the pass a linear layer from the means of the channels to one logit;
# - value: from the means of the channels a linear layer to `hidden` numbers, and one from these to the value.
#
# No 3×3 convolution has a bias; a normalisation learns a scale and a shift a channel; linear layers have biases.

# %%
def parameters(planes: int, blocks: int, channels: int,
               hidden: int) -> int:
    """How many numbers training may change.

    >>> parameters(3, 0, 1, 1)
    37
    """
    ### BEGIN SOLUTION
    norm = 2 * channels
    block = 2 * (norm + 9 * channels * channels)
    policy = (channels + 1) + (channels + 1)
    value = (channels * hidden + hidden) + (hidden + 1)
    trunk = 9 * planes * channels + blocks * block + norm
    return trunk + policy + value
    ### END SOLUTION


check("05-parameters", parameters)

# %% [markdown]
# The lecture's network reads 3 planes and has 10 blocks of 128 channels, and 64 in the value head. In a new cell, call
# `parameters(3, 10, 128, 64)`. The board's size is nowhere in it.

# %% id="05-lecture" only="solution"
print(f"{parameters(3, 10, 128, 64):,} parameters")

# %% [markdown]
# ## 11. Which games may be held out?
# {header 05-split}
#
# Each game is the list of its moves. A game is related to its copies and to its images under the eight symmetries; `permutation(k, size)[a]` is the move that symmetry k makes of `a`.
# Go through the games in order. While fewer than `wanted` games are held out, hold out the next one that is not yet, **with all its relatives**. Return the numbers of the games held
# out, rising.

# %%
def hold_out(games: list[list[int]], size: int, wanted: int) -> list[int]:
    """The games held out, each with all its relatives.

    >>> hold_out([[0, 4], [1, 4], [8, 4]], 3, 1)
    [0, 2]
    """
    ### BEGIN SOLUTION
    symmetries = [permutation(k, size).tolist() for k in range(8)]
    families = [min([to[a] for a in game] for to in symmetries)
                for game in games]
    held = []
    for i, family in enumerate(families):
        if len(held) < wanted and i not in held:
            held += [j for j, f in enumerate(families) if f == family]
    return sorted(held)
    ### END SOLUTION


check("05-split", hold_out)

# %% [markdown]
# ## 12. Better than counting?
# {header 05-baselines}
#
# Each row is a position that the network has not seen: `(phase, to_move, value, stones, winner)`. `phase` is how much of the game lies behind it, 0 to 1; `value` is the network's, for
# the side to move; `stones` are Black's less White's; `winner` is the game's, or `EMPTY`. Leave out the drawn ones. Cut the game into equal `parts` (phase 1 belongs to the last), and return for each that
# has positions `(part, value, majority, stones)`, three shares of winners that were right:
#
# - value: its sign names the winner;
# - majority: it is always `usual`, the winner of most training games;
# - stones: who has more on the board, with White's komi.
#
# A value of 0, or no lead, counts as half right.

# %%
def compare(rows: list[tuple[float, int, float, int, int]], komi: float,
            usual: int, parts: int) -> list[tuple]:
    """How often value, majority and stones are right, by phase.

    >>> compare([(0.1, WHITE, 0.4, 3, WHITE)], 0.5, BLACK, 2)
    [(0, 1.0, 0.0, 0.0)]
    """
    ### BEGIN SOLUTION
    hits = {}  # part: what each predictor was worth, position by position
    for phase, side, value, stones, winner in rows:
        sign = 1 if winner == BLACK else -1
        mine = value if side == BLACK else -value
        part = min(int(phase * parts), parts - 1)
        if winner != EMPTY:
            hits.setdefault(part, []).append(
                (np.sign(mine) * sign / 2 + 0.5, winner == usual,
                 np.sign(stones - komi) * sign / 2 + 0.5))
    return [(part, *np.mean(hits[part], axis=0).tolist())
            for part in sorted(hits)]
    ### END SOLUTION


check("05-baselines", compare)

# %% [markdown]
# ## 13. Does 70 % mean seven of ten?
# {header 05-calibration}
#
# `values` are a network's, from -1 to 1, and mean p(win) = (v + 1) / 2; `results` are 1, 0 for a draw, or -1, and count 1, ½ and 0 won. Put the positions into equal `bins` of p(win), 1 in the last.
# Return the rows `(bin, n, mean p(win), mean result)` of the bins that are not empty, and the calibration error: the mean of the rows' gaps between the two means, each weighed with its n.

# %%
def calibration(values: list[float], results: list[int],
                bins: int) -> tuple[list[tuple], float]:
    """What came of the positions with about the same p(win).

    >>> calibration([0.5, 1.0], [1, -1], 2)
    ([(1, 2, 0.875, 0.5)], 0.375)
    """
    ### BEGIN SOLUTION
    rows, error = [], 0.0
    pairs = [((v + 1) / 2, (r + 1) / 2) for v, r in zip(values, results)]
    for index in range(bins):
        here = [pair for pair in pairs
                if min(int(pair[0] * bins), bins - 1) == index]
        if here:
            p, won = np.mean(here, axis=0).tolist()
            rows.append((index, len(here), p, won))
            error += len(here) * abs(p - won) / len(pairs)
    return rows, error
    ### END SOLUTION


check("05-calibration", calibration)

# %% [markdown]
# ## 14. What is learning?
# {header 05-train-step}
#
# The smallest policy: the logits of a position with features `x` [F] are `weights @ x`, with weights [A, F]; its probabilities are their softmax. You get a batch, `x` [B, F] and `target` [B, A]. The
# loss is the mean cross-entropy. Return the weights after one step of gradient descent: the old ones less `rate` times the gradient. The check does not know the formula: it finds each slope by
# trying, the loss a little above against the loss a little below.

# %%
def train_step(weights: np.ndarray, x: np.ndarray, target: np.ndarray,
               rate: float) -> np.ndarray:
    """The weights after one step of gradient descent.

    >>> train_step(np.zeros((2, 1)), np.array([[1.0]]),
    ...            np.array([[1.0, 0.0]]), 1.0).tolist()
    [[0.5], [-0.5]]
    """
    ### BEGIN SOLUTION
    logits = x @ weights.T  # [B, A]
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = p / p.sum(axis=1, keepdims=True)
    gradient = (p - target).T @ x / len(x)  # [A, F]
    return weights - rate * gradient
    ### END SOLUTION


check("05-train-step", train_step)

# %% [markdown]
# ## How far are you?

# %%
progress()
