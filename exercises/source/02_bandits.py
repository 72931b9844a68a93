# %% [markdown]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/alphago-from-scratch/blob/main/exercises/02_bandits.ipynb)
#
# # Exercises 2. Bandits
#
# Nine functions, from a running mean to a whole search of depth one: about two hours. The chapter is
# [chapters/02_bandits.ipynb](../chapters/02_bandits.ipynb); try without looking back.
#
# Arms are numbered from 0. `visits[a]` is how often arm `a` was pulled, `q[a]` its mean reward (of no meaning without a pull). Among equal scores the lowest number counts.
#
# Write your answer where it says so and run the cell: the check is in it. A wrong answer is shown as a table, with the line where it goes wrong.
# Stuck? In a new cell, call `hint("02-regret")`, up to three times. `solution("02-regret")` shows one answer.

# %% id="02-setup"
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

# %% id="02-given"
import math

import numpy as np

from gokit.lessons import check, hint, progress, solution

# %% [markdown]
# ## 1. The mean of all, without keeping all
# {header 02-running-mean}
#
# An arm was pulled `n` times, with the mean `q`. Now it gives one more `reward`. Return the new mean.

# %%
def running_mean(q: float, n: int, reward: float) -> float:
    """The mean of n + 1 rewards.

    >>> running_mean(0.5, 4, 1.0)
    0.6
    """
    ### BEGIN SOLUTION
    return q + (reward - q) / (n + 1)
    ### END SOLUTION


check("02-running-mean", running_mean)

# %% [markdown]
# ## 2. What did not knowing cost?
# {header 02-regret}
#
# `means` are the true mean rewards of the arms, `pulled` the arms in the order of the pulls. Return the regret after each pull.

# %%
def regret(means: list[float], pulled: list[int]) -> list[float]:
    """The cumulative regret, one number for each pull.

    >>> regret([0.25, 0.75], [0, 1, 0])
    [0.5, 0.5, 1.0]
    """
    ### BEGIN SOLUTION
    total, sums = 0.0, []
    for a in pulled:
        total += max(means) - means[a]
        sums.append(total)
    return sums
    ### END SOLUTION


check("02-regret", regret)

# %% [markdown]
# ## 3. Explore or exploit?
# {header 02-epsilon-greedy}
#
# The dice have been thrown for you: `u` and `v` are numbers from 0 to 1 (1 excluded). If `u` is below `epsilon`, explore: pull arm number `int(v * k)` of the `k` arms. If not, be greedy: first any arm that was never
# pulled, then the highest mean.

# %%
def choose(q: list[float], visits: list[int], epsilon: float,
           u: float, v: float) -> int:
    """The arm that ε-greedy pulls.

    >>> choose([0.2, 0.6], [5, 5], 0.1, 0.5, 0.0)
    1
    """
    ### BEGIN SOLUTION
    if u < epsilon:
        return int(v * len(q))
    scores = [mean if n else math.inf for mean, n in zip(q, visits)]
    return scores.index(max(scores))
    ### END SOLUTION


check("02-epsilon-greedy", choose)

# %% [markdown]
# ## 4. Hope, in numbers
# {header 02-ucb1}
#
# Return UCB1's score of each arm, $Q + c \sqrt{\ln N / n}$, where $N$ is the number of all pulls. An arm never pulled scores `math.inf`.

# %%
def ucb1_scores(q: list[float], visits: list[int], c: float) -> list[float]:
    """The score of each arm.

    >>> ucb1_scores([0.5, 0.0], [1, 0], 1.0)
    [0.5, inf]
    """
    ### BEGIN SOLUTION
    total = sum(visits)
    return [mean + c * math.sqrt(math.log(total) / n) if n else math.inf
            for mean, n in zip(q, visits)]
    ### END SOLUTION


check("02-ucb1", ucb1_scores)

# %% [markdown]
# ## 5. Let beliefs draw
# {header 02-thompson}
#
# `rng` is a numpy Generator. Draw one number for each arm, arm 0 first, from its belief Beta(1 + wins, 1 + losses); return the arm that drew the highest. `rng.beta(a, b)` draws; it takes arrays, too.

# %%
def thompson(wins: list[int], losses: list[int],
             rng: np.random.Generator) -> int:
    """The arm that Thompson sampling pulls.

    >>> thompson([90, 10], [10, 90], np.random.default_rng(0))
    0
    """
    ### BEGIN SOLUTION
    drawn = rng.beta(1 + np.array(wins), 1 + np.array(losses))
    return int(drawn.argmax())
    ### END SOLUTION


check("02-thompson", thompson)

# %% [markdown]
# ## 6. How long does doubt last?
# {header 02-doubt}
#
# An arm looks worse than the best by `gap`. UCB1 will leave it alone once its bonus $c \sqrt{\ln N / n}$ is at most that gap. Return the smallest number of pulls $n \ge 1$ for which it is.

# %%
def pulls_needed(gap: float, total: int, c: float) -> int:
    """How many pulls of an arm bring its bonus down to the gap.

    >>> pulls_needed(0.5, 100, 1.0)
    19
    """
    ### BEGIN SOLUTION
    return max(1, math.ceil(c * c * math.log(total) / gap**2))
    ### END SOLUTION


check("02-doubt", pulls_needed)

# %% [markdown]
# With a gap of 0.1, $c = \sqrt 2$ and 1,000 pulls in all, it is more pulls than there are. That is why nobody searches Go with UCB1 and no prior.

# %%
try:
    print(pulls_needed(0.1, 1_000, math.sqrt(2)))
except NotImplementedError:
    print("Solve exercise 6 first.")

# %% [markdown]
# ## 7. Add a hint
# {header 02-puct}
#
# Return PUCT's score of each arm, $Q + c P \sqrt{N + 1} / (1 + n)$. For an arm never pulled, `fpu` stands in for Q.

# %%
def puct_scores(q: list[float], prior: list[float], visits: list[int],
                c: float, fpu: float) -> list[float]:
    """The score of each arm.

    >>> puct_scores([0.0, 0.0], [0.75, 0.25], [0, 0], 2.0, 0.0)
    [1.5, 0.5]
    """
    ### BEGIN SOLUTION
    root = math.sqrt(sum(visits) + 1)
    return [(q[a] if n else fpu) + c * prior[a] * root / (1 + n)
            for a, n in enumerate(visits)]
    ### END SOLUTION


check("02-puct", puct_scores)

# %% [markdown]
# ## 8. Whom do you trust?
# {header 02-trust}
#
# Several advisers gave a prior for each of some positions: `advisers[j][i][a]` is adviser `j`'s probability for arm `a` in position `i`. Later it turned out that `best[i]` was the best arm there. An adviser's **surprise** is $-\ln P(\text{best arm})$, on average over the positions. Return
# the adviser with the lowest. One who gave a best arm the probability 0 is infinitely surprised.

# %%
def trust(advisers: list[list[list[float]]], best: list[int]) -> int:
    """The adviser that was surprised least.

    >>> trust([[[0.5, 0.5]], [[0.9, 0.1]]], [0])
    1
    """
    ### BEGIN SOLUTION
    def surprise(priors):
        shares = [prior[arm] for prior, arm in zip(priors, best)]
        if min(shares) == 0:
            return math.inf
        return -sum(map(math.log, shares)) / len(shares)

    surprises = [surprise(priors) for priors in advisers]
    return surprises.index(min(surprises))
    ### END SOLUTION


check("02-trust", trust)

# %% [markdown]
# ## 9. Stretch: a whole search
# {header 02-run}
#
# Run PUCT for a number of pulls, and return the arms in the order in which they were pulled. `rewards[a]` lists what arm `a` will give at its first pull, its second, and so on. First-play urgency is 0. You may use your `puct_scores`.

# %%
def puct_run(prior: list[float], rewards: list[list[float]], pulls: int,
             c: float) -> list[int]:
    """The arms that PUCT pulls, in order.

    >>> puct_run([0.6, 0.4], [[0, 0, 0], [1, 1, 1]], 3, 1.5)
    [0, 1, 1]
    """
    ### BEGIN SOLUTION
    visits, sums, pulled = [0] * len(prior), [0.0] * len(prior), []
    for _ in range(pulls):
        q = [s / n if n else 0.0 for s, n in zip(sums, visits)]
        scores = puct_scores(q, prior, visits, c, 0.0)
        a = scores.index(max(scores))
        sums[a] += rewards[a][visits[a]]
        visits[a] += 1
        pulled.append(a)
    return pulled
    ### END SOLUTION


check("02-run", puct_run)

# %% [markdown]
# ## How far are you?

# %%
progress()
