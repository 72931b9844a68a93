"""A course of one chapter and one exercise, written into a temporary folder by the tests."""

from __future__ import annotations

from pathlib import Path

STEM = "97_demo"

CHAPTER = """\
# %% [markdown]
# # 97. A demonstration
#
# One sentence of payoff.

# %%
import matplotlib.pyplot as plt

side = 5

# %% [markdown]
# ## How many points has a board?
#
# Predict *before* you run.

# %%
points = side * side
print("points:", points)
assert points == 25

# %% [markdown] section="figure"
# ## What does it look like, drawn on paper?

# %% alt="A straight line" tags=["hide-input"]
plt.plot([1, 2])
plt.show()
assert plt.get_backend()

# %% id="97-last"
{3, 1, 2}
"""

EXERCISES = '''\
# %% [markdown]
# # 97. Exercises

# %%
import gokit.lessons.checks

gokit.lessons.checks.__path__.append("../checks")
from gokit.lessons import check, hint, solution

# %% [markdown] section="neighbours"
# ## Free neighbours
#
# {header 97-free}

# %%
def free_neighbours(board, point):
    """The empty neighbours of a point.

    >>> free_neighbours([[0, 0], [0, 1]], 0)
    {1, 2}
    """
    ### BEGIN SOLUTION
    size = len(board)
    row, column = divmod(point, size)
    found = set()
    for step in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        r, c = row + step[0], column + step[1]
        if 0 <= r < size and 0 <= c < size and board[r][c] == 0:
            found.add(r * size + c)
    return found
    ### END SOLUTION


check("97-free", free_neighbours)

# %% [markdown] only="solution"
# The edge needs no case of its own: the range test does it.

# %% [markdown] only="exercise"
# Stuck? `hint("97-free")`.
'''

CHECKS = '''\
"""The demonstration's checks."""

from gokit.lessons.exercise import Case, Exercise, Failure


def reference(board, point):
    size = len(board)
    row, column = divmod(point, size)
    return {
        r * size + c
        for r in range(size)
        for c in range(size)
        if abs(r - row) + abs(c - column) == 1 and board[r][c] == 0
    }


def cases(rng):
    for _ in range(20):
        board = rng.integers(0, 3, (5, 5))
        point = int(rng.integers(25))
        yield Case((board.tolist(), point), "a random board", board, {point: "circle"})


def explain(case, expected, got):
    for point in sorted(got - expected):
        return Failure(f"You count point {point}, which is not free.", marks={point: "cross"})
    return Failure(f"You miss point {min(expected - got)}.")


EXERCISES = [
    Exercise(
        id="97-free",
        title="Free neighbours",
        purpose="the first half of counting liberties",
        points=2,
        difficulty=2,
        minutes=5,
        hints=("Who is a neighbour?", "Look four ways.", "for step in ...:\\n    if ...:"),
        reference=reference,
        cases=cases,
        explain=explain,
        rule="A liberty is an empty neighbour.",
    )
]
'''


def write(root: Path) -> Path:
    """Write the demonstration's sources and checks under `root`, and return `root`."""
    files = {
        f"chapters/source/{STEM}.py": CHAPTER,
        f"exercises/source/{STEM}.py": EXERCISES,
        "checks/ch97.py": CHECKS,
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root
