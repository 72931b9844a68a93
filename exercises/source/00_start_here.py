# %% [markdown]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/alphago-from-scratch/blob/main/exercises/00_start_here.ipynb)
#
# # Exercises 0. Start here
#
# Three warm-ups, half an hour together. The chapter is [chapters/00_start_here.ipynb](../chapters/00_start_here.ipynb).
#
# Write your answer where it says so and run the cell: the check is in it. A wrong answer is told why.
# Stuck? In a new cell, call `hint("00-point-name")`, up to three times. `solution("00-point-name")` shows one answer.

# %%
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

# %%
import math

import matplotlib.pyplot as plt

from gokit.lessons import check, hint, progress, solution
from gokit.plots import style

style()

# %% [markdown]
# ## 1. Name a point
# {header 00-point-name}
#
# Programs call a point `(row, column)`, counted from the **top** left, from 0. Go players call it `D4`: a letter for the
# column, from the left and **without I**; a number for the row, from the **bottom**, from 1.
#
# Write the function that turns one into the other, for any board up to 19×19.

# %%
def point_name(row: int, column: int, size: int) -> str:
    """The name of a point, as Go players write it.

    >>> point_name(5, 3, 9)
    'D4'
    """
    ### BEGIN SOLUTION
    return "ABCDEFGHJKLMNOPQRST"[column] + str(size - row)
    ### END SOLUTION


check("00-point-name", point_name)

# %% [markdown]
# ## 2. What does one look at the board cost?
# {header 00-tower-flops}
#
# A network that reads a board is a tower of convolutions. `widths` lists its channels: `[6, 32, 32]` is one layer from 6 to
# 32 channels and one from 32 to 32. Each layer slides a `kernel` × `kernel` window over a board of `size` × `size` points;
# the edge is padded with zeros, so the output has as many points as the board.
#
# How many floating-point operations does one position cost? Count every multiplication as one and every addition as one,
# products with the padding too: one output number takes as many additions as products. Leave out bias, normalisation and heads.

# %%
def tower_flops(widths: list[int], size: int, kernel: int) -> int:
    """Operations that a tower of convolutions needs for one position.

    >>> tower_flops([2, 3], 5, 3)
    2700
    """
    ### BEGIN SOLUTION
    total = 0
    for channels_in, channels_out in zip(widths, widths[1:]):
        products_each = kernel * kernel * channels_in
        total += 2 * size * size * channels_out * products_each
    return total
    ### END SOLUTION


check("00-tower-flops", tower_flops)

# %% [markdown]
# When it is correct, this is AlphaGo Zero's large tower: a stem from 17 planes to 256 channels, then 39 blocks of two
# convolutions. One position costs it about 33 billion operations.

# %%
try:
    print(f"{tower_flops([17] + [256] * 79, size=19, kernel=3):,}")
except NotImplementedError:
    print("Solve exercise 2 first.")

# %% [markdown]
# ## 3. Read a win rate honestly
# {header 00-win-rate}
#
# A bot won 7 of 10 games. Is it better than its opponent? Ten tosses of a fair coin give seven heads or more one time in six.
#
# So a rate needs an interval. **Wilson's** takes every true rate `p` from which the measured rate is at most `z = 1.96`
# standard deviations away, $|\text{rate} - p| \le z \sqrt{p (1 - p) / n}$. A true rate in there is no surprise; one
# outside is. Solved for `p`:
#
# $$\text{edges} = \frac{\text{rate} + \frac{z^2}{2n} \pm z \sqrt{\frac{\text{rate}\,(1 - \text{rate})}{n} + \frac{z^2}{4n^2}}}{1 + \frac{z^2}{n}}$$
#
# A draw counts as half a win. Return the rate and the two edges.

# %%
def win_rate(wins: int, draws: int, games: int) -> tuple:
    """A match's rate, from 0 to 1, and its 95 % interval: rate, low, high.

    >>> rate, low, high = win_rate(7, 0, 10)
    >>> f"{rate:.2f} [{low:.2f}, {high:.2f}]"
    '0.70 [0.40, 0.89]'
    """
    ### BEGIN SOLUTION
    z = 1.96
    rate = (wins + draws / 2) / games
    scale = 1 + z * z / games
    middle = (rate + z * z / (2 * games)) / scale
    spread = rate * (1 - rate) / games + z * z / (4 * games * games)
    half = z * math.sqrt(spread) / scale
    return rate, middle - half, middle + half
    ### END SOLUTION


check("00-win-rate", win_rate)

# %% [markdown]
# When it is correct, see what more games buy: four times as many halve the width.

# %% alt="The 95 percent interval of a measured rate of 70 percent against the number of games, from 10 to 2,560. It shrinks from about 40 to 89 percent at 10 games to 68 to 72 percent at 2,560; a dashed line marks 50 percent."
def draw_rates(counts):
    """Draw the interval of a 70 % win rate for several lengths of match."""
    figure, ax = plt.subplots(figsize=(6, 3))
    for n in counts:
        rate, low, high = win_rate(7 * n // 10, 0, n)
        ax.plot([n, n], [low, high], color="#0072B2", marker="_", lw=3)
        ax.plot(n, rate, color="#D55E00", marker="o", lw=0)
    ax.axhline(0.5, color="#555555", linestyle="--", marker="")
    ax.set(xscale="log", xlabel="games", ylabel="win rate", ylim=(0.3, 1))
    ax.set_title("7 of every 10 won: how sure is that?")
    plt.show()


try:
    win_rate(7, 0, 10)
    draw_rates([10 * 4**k for k in range(5)])
except NotImplementedError:
    print("Solve exercise 3 first.")

# %% [markdown]
# ## How far are you?

# %%
progress()
