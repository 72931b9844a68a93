# %% [markdown]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/alphago-from-scratch/blob/main/exercises/04_tree_visualizer.ipynb)
#
# # Exercises 4. The tree one can walk through
#
# Nine functions, from the bonus of a move to taking a whole simulation back: about two hours. The chapter is
# [chapters/04_tree_visualizer.ipynb](../chapters/04_tree_visualizer.ipynb); try without looking back.
#
# Write your answer where it says so and run the cell: the check is in it. A wrong answer is shown on a tree or on a board.
# Stuck? In a new cell, call `hint("04-bonus")`, up to three times. `solution("04-bonus")` shows one answer.

# %% id="04-setup"
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

# %% id="04-given"
import copy
import math

from gokit.lessons import check, hint, progress, solution

# %% [markdown]
# ## 1. How large is each move's bonus?
# {header 04-bonus}
#
# You get the priors of all moves of a node, their visits, and c. Return the list of their bonuses, U = c·P·√(1 + N) / (1 + n),
# where N counts the visits of all moves. At the first pick all visits are 0, and the prior must decide.

# %%
def bonuses(priors: list[float], visits: list[int],
            c: float) -> list[float]:
    """The exploration bonus of every move.

    >>> bonuses([0.75, 0.25], [3, 0], 1.0)
    [0.375, 0.5]
    """
    ### BEGIN SOLUTION
    factor = c * math.sqrt(1 + sum(visits))
    return [factor * p / (1 + n) for p, n in zip(priors, visits)]
    ### END SOLUTION


check("04-bonus", bonuses)

# %% [markdown]
# ## 2. What does an untried move count as?
# {header 04-first-play}
#
# `moves` lists (prior, visits, Q) of each move, every Q in this node's view; `value` is the node's own evaluation. The **mean so
# far** is over the node's own value, once, and all visits of its moves. Return what a move without visits counts as:
#
# - `"absolute"`: `fpu_value` itself;
# - `"reduction"`: the mean so far minus `fpu_value`;
# - `"visited policy"`: the mean so far minus `fpu_value` · √(sum of the priors of the moves that have visits).

# %%
def first_play(mode: str, fpu_value: float, value: float,
               moves: list[tuple[float, int, float]]) -> float:
    """What a move without visits counts as.

    >>> first_play("reduction", 0.25, 0.5, [(0.7, 1, 0.0), (0.3, 0, 0.0)])
    0.0
    """
    ### BEGIN SOLUTION
    if mode == "absolute":
        return fpu_value
    visits = sum(n for _, n, _ in moves)
    mean = (value + sum(n * q for _, n, q in moves)) / (1 + visits)
    if mode == "reduction":
        return mean - fpu_value
    return mean - fpu_value * math.sqrt(sum(p for p, n, _ in moves if n))
    ### END SOLUTION


check("04-first-play", first_play)

# %% [markdown]
# ## 3. How is noise mixed in?
# {header 04-noise}
#
# `gamma` holds one positive random number for every action, illegal ones too. Divided by their sum *over the legal moves*, they
# are Dirichlet noise. Return the new priors of all actions: 1 - `fraction` of the old prior and `fraction` of the noise for a
# legal move, 0 for the others. They must add up to 1.

# %%
def noisy_priors(priors: list[float], legal: list[int],
                 gamma: list[float], fraction: float) -> list[float]:
    """The root's priors with noise.

    >>> noisy_priors([0.5, 0.5, 0.0], [0, 1], [3.0, 1.0, 9.0], 0.5)
    [0.625, 0.375, 0.0]
    """
    ### BEGIN SOLUTION
    total = sum(gamma[a] for a in legal)
    mixed = [0.0] * len(priors)
    for a in legal:
        mixed[a] = (1 - fraction) * priors[a] + fraction * gamma[a] / total
    return mixed
    ### END SOLUTION


check("04-noise", noisy_priors)

# %% [markdown]
# ## 4. Has this node been evaluated?
# {header 04-once}
#
# A search opens its root (evaluates it, gives it children) and adds noise to the children's priors. Then it simulates: it walks
# down while `needs_evaluation(node)` is False, and evaluates the node where it is True, which **writes the children anew**. A node
# is a dictionary with `"prior"`, `"visits"`, `"sum"` and `"children"`, a dictionary too. In the lecture's tutorial the question
# was `node["visits"] == 0`, and the noise was gone. Ask the right one; the check runs a search with it.

# %%
def needs_evaluation(node: dict) -> bool:
    """Whether a search that has come to this node must evaluate it.

    >>> needs_evaluation({"prior": 1.0, "visits": 0, "sum": 0.0,
    ...                   "children": {}})
    True
    """
    ### BEGIN SOLUTION
    return not node["children"]
    ### END SOLUTION


check("04-once", needs_evaluation)

# %% [markdown]
# ## 5. Which line does the search believe in?
# {header 04-line}
#
# A tree is a dictionary: `"N"` visits, `"W"` the sum of values **in the view of the side to move there**, `"children"` a dictionary
# {move: tree}. From the root on, take the child with the most visits; of equals the one that is best *for the side that chooses*;
# then the lowest move. Stop where no child has a visit. Return the moves.

# %%
def principal_variation(tree: dict) -> list[int]:
    """The most visited line.

    >>> leaf = {"N": 1, "W": 0.5, "children": {}}
    >>> principal_variation({"N": 2, "W": 0.0, "children": {7: leaf}})
    [7]
    """
    ### BEGIN SOLUTION
    line = []
    while True:
        visited = {m: child for m, child in tree["children"].items()
                   if child["N"]}
        if not visited:
            return line
        line.append(max(sorted(visited), key=lambda m: (
            visited[m]["N"], -visited[m]["W"] / visited[m]["N"])))
        tree = visited[line[-1]]
    ### END SOLUTION


check("04-line", principal_variation)

# %% [markdown]
# ## 6. Which simulation made this node?
# {header 04-born}
#
# A film's paths: `paths[i]` are the moves of simulation i + 1, from the root. Nodes are numbered in the order in which they were
# made; the root is node 0. A simulation that ends in a finished game which the tree already holds makes none. Return the number
# of the simulation, counted from 1, that made node `node` (1 or more).

# %%
def born(paths: list[list[int]], node: int) -> int:
    """The simulation that made a node.

    >>> born([[4], [4, 2], [4, 2], [1]], 3)
    4
    """
    ### BEGIN SOLUTION
    known = set()
    for number, path in enumerate(paths, start=1):
        known.add(tuple(path))
        if len(known) == node:
            return number
    ### END SOLUTION


check("04-born", born)

# %% [markdown]
# ## 7. Whose value is it?
# {header 04-movers}
#
# In Dots and Boxes a player may move twice. `movers` says who moves at each node of a path, root first, leaf last; `value` is in
# the view of the leaf's mover. Return what each node adds to its sum of values, each in the view of its own mover.

# %%
def back_up_values(movers: list[int], value: float) -> list[float]:
    """What each node of a path takes.

    >>> back_up_values([0, 1, 1], 0.5)
    [-0.5, 0.5, 0.5]
    """
    ### BEGIN SOLUTION
    return [value if mover == movers[-1] else -value for mover in movers]
    ### END SOLUTION


check("04-movers", back_up_values)

# %% [markdown]
# ## 8. Can you take a simulation back?
# {header 04-undo}
#
# Trees are as in 5, and in Go: the sides alternate. `path` are the moves of the **last** simulation, `value` what was found at its
# end, in the view of the side to move there. Return the tree as it was before, and leave the one you were given alone. A leaf
# that this simulation made must go.

# %%
def undo(tree: dict, path: list[int], value: float) -> dict:
    """The tree before its last simulation.

    >>> leaf = {"N": 1, "W": 0.5, "children": {}}
    >>> undo({"N": 2, "W": -0.5, "children": {3: leaf}}, [3], 0.5)
    {'N': 1, 'W': 0.0, 'children': {}}
    """
    ### BEGIN SOLUTION
    before = copy.deepcopy(tree)
    nodes = [before]
    for move in path:
        nodes.append(nodes[-1]["children"][move])
    for node in reversed(nodes):
        node["N"] -= 1
        node["W"] -= value
        value = -value
    if nodes[-1]["N"] == 0:
        del nodes[-2]["children"][path[-1]]
    return before
    ### END SOLUTION


check("04-undo", undo)

# %% [markdown]
# ## 9. Stretch: which c is just large enough?
# {header 04-smallest-c}
#
# One node, a list of (prior, Q) for its moves; each Q is what every visit to the move would show. Each simulation visits the move
# with the highest Q + U, the lowest of equals; a move without visits has `untried` for Q. Return the smallest c of `grid` with which
# `move` gets a visit within so many simulations, or `None`.

# %%
def smallest_c(moves: list[tuple[float, float]], move: int,
               simulations: int, untried: float,
               grid: list[float]) -> float | None:
    """The smallest c that looks at a move.

    >>> smallest_c([(0.9, 0.0), (0.1, 1.0)], 1, 40, -1.0, [1.0, 8.0])
    8.0
    """
    ### BEGIN SOLUTION
    for c in sorted(grid):
        visits = [0] * len(moves)
        for _ in range(simulations):
            extra = bonuses([p for p, _ in moves], visits, c)
            scores = [(q if n else untried) + u
                      for (_, q), n, u in zip(moves, visits, extra)]
            visits[scores.index(max(scores))] += 1
        if visits[move]:
            return c
    return None
    ### END SOLUTION


check("04-smallest-c", smallest_c)

# %% [markdown]
# ## How far are you?

# %%
progress()
