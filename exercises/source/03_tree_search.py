# %% [markdown]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/alphago-from-scratch/blob/main/exercises/03_tree_search.ipynb)
#
# # Exercises 3. Tree search
#
# Ten small functions that together are a tree search, and what it is held against: about two hours and a quarter. The chapter is
# [chapters/03_tree_search.ipynb](../chapters/03_tree_search.ipynb); try without looking back.
#
# An action is a whole number: on an N×N board row · N + column, and N² for a pass. Every value is **from the view of the side to move**, where
# nothing else is said.
#
# Write your answer where it says so and run the cell: the check is in it. A wrong answer is shown on a board or a tree.
# Stuck? In a new cell, call `hint("03-puct")`, up to three times. `solution("03-puct")` shows one answer.

# %% id="03-setup"
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

# %% id="03-given"
import math

from gokit.lessons import check, hint, progress, solution

BLACK, WHITE = 1, 2

# %% [markdown]
# ## 1. What is a position worth?
# {header 03-minimax}
#
# A tree is a number or a list of trees. A number: the game is over there, and that is its value for the side whose turn it would be **there**. A list: one tree
# for each move, and then it is the other side's turn. What is the root worth to the side to move at the root?

# %%
def minimax(tree: int | list) -> int:
    """The value of a tree with best play.

    >>> minimax([[1, 2], [-3, 9]])
    1
    """
    ### BEGIN SOLUTION
    if not isinstance(tree, (list, tuple)):
        return tree
    return max(-minimax(child) for child in tree)
    ### END SOLUTION


check("03-minimax", minimax)

# %% [markdown]
# ## 2. What did the move cost?
# {header 03-regret}
#
# `values` says for each legal move what the game ends with after it, with best play, as **Black's margin** in points. `to_move` is `BLACK` or `WHITE`. How many points did
# the side to move give away by `move`?

# %%
def regret(values: dict[int, int], to_move: int, move: int) -> int:
    """The points that a move gives away, 0 for a best move.

    >>> regret({0: 1, 1: -4}, WHITE, 0)
    5
    """
    ### BEGIN SOLUTION
    sign = 1 if to_move == BLACK else -1
    mine = {action: sign * margin for action, margin in values.items()}
    return max(mine.values()) - mine[move]
    ### END SOLUTION


check("03-regret", regret)

# %% [markdown]
# ## 3. What does a new node know of its moves?
# {header 03-priors}
#
# A policy gives a logit to **every** action of the board, legal or not; `legal` lists the legal ones. Return the prior of each legal action: the
# softmax of the logits over the legal actions. (Logits can be very low; take care that not everything becomes 0.)

# %%
def priors(logits: list[float], legal: list[int]) -> dict[int, float]:
    """The prior of each legal action.

    >>> priors([0.0, 9.0, 0.0], [0, 2])
    {0: 0.5, 2: 0.5}
    """
    ### BEGIN SOLUTION
    highest = max(logits[action] for action in legal)
    weights = {action: math.exp(logits[action] - highest)
               for action in legal}
    total = sum(weights.values())
    return {action: weight / total for action, weight in weights.items()}
    ### END SOLUTION


check("03-priors", priors)

# %% [markdown]
# ## 4. Which move does the search follow?
# {header 03-puct}
#
# `children` holds for each move `(P, n, W)`: prior, visits, and the sum of values, all **in this node's view**. Return the move with the highest
# Q + c · P · √(1 + N) / (1 + n), where Q = W / n and N is the sum of all n. A move without visits has `first_play` for its Q. Of equals, the lowest move.

# %%
def puct(children: dict[int, tuple[float, int, float]], c: float,
         first_play: float) -> int:
    """The move to follow.

    >>> puct({0: (0.3, 0, 0.0), 3: (0.7, 0, 0.0)}, 1.5, 0.0)
    3
    """
    ### BEGIN SOLUTION
    total = sum(n for _, n, _ in children.values())

    def score(action):
        prior, n, w = children[action]
        q = w / n if n else first_play
        return q + c * prior * math.sqrt(1 + total) / (1 + n)

    return max(sorted(children), key=score)
    ### END SOLUTION


check("03-puct", puct)

# %% [markdown]
# ## 5. Who learns of the value?
# {header 03-backup}
#
# `path` holds `(N, W)` of each node from the root down to a new leaf, each in the view of its own side to move. `value` is the leaf's, in the **leaf's** view.
# Return the path as it is after the back-up, root first.

# %%
def back_up(path: list[tuple[int, float]],
            value: float) -> list[tuple[int, float]]:
    """The path after the value has gone up.

    >>> back_up([(1, 0.5), (0, 0.0)], 1.0)
    [(2, -0.5), (1, 1.0)]
    """
    ### BEGIN SOLUTION
    after = []
    for visits, total in reversed(path):
        after.append((visits + 1, total + value))
        value = -value
    return after[::-1]
    ### END SOLUTION


check("03-backup", back_up)

# %% [markdown]
# ## 6. Is the average of averages an average?
# {header 03-mean}
#
# A node was evaluated once itself, with the result `value`. Every later visit went on to one of its children, each given as `(N, Q)` with Q in the **child's** view.
# What is the node's own Q?

# %%
def node_mean(value: float, children: list[tuple[int, float]]) -> float:
    """The node's Q, from its own value and its children.

    >>> node_mean(0.0, [(1, 1.0)])
    -0.5
    """
    ### BEGIN SOLUTION
    total = value + sum(n * -q for n, q in children)
    return total / (1 + sum(n for n, _ in children))
    ### END SOLUTION


check("03-mean", node_mean)

# %% [markdown]
# ## 7. Where does the walk end?
# {header 03-walk}
#
# Now a whole tree: each node is `{"P": prior, "N": visits, "W": sum of values, "children": {move: node}}`, with W in **that node's own** view and N counting its own evaluation. Walk
# down by the highest Q + c · P · √N / (1 + n), where N is the parent's and n the child's, until a node has no children. The Q of a child without visits is its parent's mean less
# 0.2. Of equals, the lowest move. Return the moves.

# %%
def walk(root: dict, c: float) -> list[int]:
    """The moves from the root to a node without children.

    >>> leaf = {"P": 1.0, "N": 0, "W": 0.0, "children": {}}
    >>> walk({"P": 1.0, "N": 1, "W": 0.3, "children": {6: leaf}}, 1.0)
    [6]
    """
    ### BEGIN SOLUTION
    def score(node, action):
        child = node["children"][action]
        q = node["W"] / node["N"] - 0.2
        if child["N"]:
            q = -child["W"] / child["N"]
        return q + c * child["P"] * math.sqrt(node["N"]) / (1 + child["N"])

    node, moves = root, []
    while node["children"]:
        moves.append(max(sorted(node["children"]),
                         key=lambda action: score(node, action)))
        node = node["children"][moves[-1]]
    return moves
    ### END SOLUTION


check("03-walk", walk)

# %% [markdown]
# ## 8. And what is played?
# {header 03-choice}
#
# The search is over; `children` is as in exercise 4. Return the move to play: the most visited; of equals the one with the highest prior; of those the lowest.

# %%
def choice(children: dict[int, tuple[float, int, float]]) -> int:
    """The move to play.

    >>> choice({3: (0.1, 40, 20.0), 6: (0.1, 1, 1.0)})
    3
    """
    ### BEGIN SOLUTION
    return max(sorted(children), key=lambda action: (
        children[action][1], children[action][0]))
    ### END SOLUTION


check("03-choice", choice)

# %% [markdown]
# ## 9. Must a rollout be played to its end?
# {header 03-stop}
#
# `margins[i]` is Black's area minus White's after i moves of a rollout; the game ends with the last one. Stop after `k` moves, or at the end if that comes first, and return
# the margin as a share of all `points`, from the view of the side that was to move **at the start**.

# %%
def stopped_value(margins: list[int], k: int, to_move: int,
                  points: int) -> float:
    """The value of a rollout that is stopped early.

    >>> stopped_value([0, 1, 4], 1, WHITE, 4)
    -0.25
    """
    ### BEGIN SOLUTION
    margin = margins[min(k, len(margins) - 1)]
    return (margin if to_move == BLACK else -margin) / points
    ### END SOLUTION


check("03-stop", stopped_value)

# %% [markdown]
# ## 10. Trust the value, or the rollout?
# {header 03-mix}
#
# A leaf has the value `value`, in the view of its side to move. One rollout from it ended with Black's `margin`, komi included. Return (1 - λ) v + λ z, where z is the
# rollout's result as 1, 0 or -1 for the side to move, and λ is `mix`.

# %%
def mixed(value: float, margin: float, to_move: int, mix: float) -> float:
    """The value of a leaf, mixed with a rollout's result.

    >>> mixed(0.5, 3.5, WHITE, 0.5)
    -0.25
    """
    ### BEGIN SOLUTION
    z = (margin > 0) - (margin < 0)
    if to_move == WHITE:
        z = -z
    return (1 - mix) * value + mix * z
    ### END SOLUTION


check("03-mix", mixed)

# %% [markdown]
# ## How far are you?

# %%
progress()
