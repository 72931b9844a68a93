# %% [markdown]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/alphago-from-scratch/blob/main/exercises/01_go_rules.ipynb)
#
# # Exercises 1. The rules of Go
#
# Eleven functions, from an easy one to a ladder reader: about three hours, the two stretch exercises included. The chapter
# is [chapters/01_go_rules.ipynb](../chapters/01_go_rules.ipynb); try without looking back.
#
# A board is a list of rows of 0 (empty), 1 (Black), 2 (White), and a point is `(row, column)`. Boards here need not be square.
#
# Write your answer where it says so and run the cell: the check is in it. A wrong answer is shown on a board.
# Later ones build on earlier ones: if you skip one, put its `solution` there. Stuck? In a new cell, call `hint("01-groups")`, up to three times. `solution("01-groups")` shows one answer.

# %% id="01-setup"
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

# %% [markdown]
# Two things are given, the colours and the neighbours of a point. The rest is yours.

# %% id="01-given"
from itertools import product

from gokit.lessons import check, hint, progress, solution

EMPTY, BLACK, WHITE = 0, 1, 2
Board = list[list[int]]
Point = tuple[int, int]


def neighbors(board: Board, point: Point) -> list[Point]:
    """The points next to a point, along the lines."""
    row, column = point
    around = [(row - 1, column), (row + 1, column),
              (row, column - 1), (row, column + 1)]
    return [(r, c) for r, c in around
            if 0 <= r < len(board) and 0 <= c < len(board[0])]

# %% [markdown]
# ## 1. How does a game end?
# {header 01-ending}
#
# You get the moves so far, each `"pass"`, `"resign"` or a point, and the move cap. Say how the game has ended: `"resignation"`,
# `"two passes"`, `"move cap"`, or `None` if it goes on. A game that ends by itself on its last allowed move has not been cut off.

# %%
def ending(moves: list, cap: int) -> str | None:
    """How the game ended, or None.

    >>> ending(["pass", (2, 2), "pass"], 10) is None
    True
    """
    ### BEGIN SOLUTION
    if moves[-1:] == ["resign"]:
        return "resignation"
    if moves[-2:] == ["pass", "pass"]:
        return "two passes"
    return "move cap" if len(moves) == cap else None
    ### END SOLUTION


check("01-ending", ending)

# %% [markdown]
# ## 2. Which stones stand together?
# {header 01-groups}
#
# List all groups on the board, each as a set of points. Any order will do.

# %%
def groups(board: Board) -> list[set[Point]]:
    """Every group on the board.

    >>> sorted(sorted(group) for group in groups([[1, 1, 0], [0, 0, 1]]))
    [[(0, 0), (0, 1)], [(1, 2)]]
    """
    ### BEGIN SOLUTION
    found = []
    for start in product(range(len(board)), range(len(board[0]))):
        color = board[start[0]][start[1]]
        if color == EMPTY or any(start in group for group in found):
            continue
        group, waiting = {start}, [start]
        while waiting:
            for r, c in neighbors(board, waiting.pop()):
                if board[r][c] == color and (r, c) not in group:
                    group.add((r, c))
                    waiting.append((r, c))
        found.append(group)
    return found
    ### END SOLUTION


check("01-groups", groups)

# %% [markdown]
# ## 3. How much air has each stone?
# {header 01-liberties}
#
# Return a map of the board: for each stone the number of liberties of its **group**, for each empty point 0. You may use your `groups`.

# %%
def liberty_map(board: Board) -> Board:
    """The liberties of each stone's group; 0 on empty points.

    >>> liberty_map([[1, 1, 0], [0, 0, 1]])
    [[3, 3, 0], [0, 0, 2]]
    """
    ### BEGIN SOLUTION
    counts = [[0] * len(board[0]) for _ in board]
    for group in groups(board):
        air = {(r, c) for stone in group
               for r, c in neighbors(board, stone) if board[r][c] == EMPTY}
        for r, c in group:
            counts[r][c] = len(air)
    return counts
    ### END SOLUTION


check("01-liberties", liberty_map)

# %% [markdown]
# ## 4. What does a move take?
# {header 01-capture}
#
# A stone of `color` is put on the empty `point`. Return the set of the **opponent's** stones that it takes. Leave the board you
# were given as it is.

# %%
def captured(board: Board, point: Point, color: int) -> set[Point]:
    """The opponent's stones that a move takes.

    >>> captured([[2, 0], [1, 0]], (0, 1), BLACK)
    {(0, 0)}
    """
    ### BEGIN SOLUTION
    after = [list(row) for row in board]
    after[point[0]][point[1]] = color
    air = liberty_map(after)
    taken = {(r, c) for r, row in enumerate(after)
             for c, stone in enumerate(row)
             if stone == BLACK + WHITE - color and air[r][c] == 0}
    return taken
    ### END SOLUTION


check("01-capture", captured)

# %% [markdown]
# ## 5. What does a move cost?
# {header 01-suicide}
#
# How many of its **own** stones does a move remove, the new one included? Usually 0. Remember what goes first.

# %%
def suicide(board: Board, point: Point, color: int) -> int:
    """How many of its own stones a move removes.

    >>> suicide([[0, 2], [2, 2]], (0, 0), WHITE)
    4
    """
    ### BEGIN SOLUTION
    after = [list(row) for row in board]
    after[point[0]][point[1]] = color
    for r, c in captured(board, point, color):
        after[r][c] = EMPTY
    (group,) = (group for group in groups(after) if point in group)
    return 0 if liberty_map(after)[point[0]][point[1]] else len(group)
    ### END SOLUTION


check("01-suicide", suicide)

# %% [markdown]
# ## 6. Where is the ko?
# {header 01-ko}
#
# You see the board `before` and `after` a move. Under simple ko the other side may now not bring back `before`. Return the point
# that this rule bars, or `None`.
#
# With captures and suicide done, a whole move is a short function. Here and later you may use it:

# %%
def put_stone(board: Board, point: Point, color: int) -> Board:
    """The board after a move: theirs are lifted first, then ours."""
    after = [list(row) for row in board]
    after[point[0]][point[1]] = color
    for r, c in captured(board, point, color):
        after[r][c] = EMPTY
    if suicide(board, point, color):
        (own,) = (group for group in groups(after) if point in group)
        for r, c in own:
            after[r][c] = EMPTY
    return after

# %%
def ko_point(before: Board, after: Board) -> Point | None:
    """The point that simple ko bars, or None.

    >>> ko_point([[0, 1, 2, 0], [1, 2, 0, 2], [0, 1, 2, 0]],
    ...          [[0, 1, 2, 0], [1, 0, 1, 2], [0, 1, 2, 0]])
    (1, 1)
    """
    ### BEGIN SOLUTION
    points = list(product(range(len(after)), range(len(after[0]))))
    gone = [(r, c) for r, c in points if before[r][c] and not after[r][c]]
    if len(gone) != 1:
        return None
    (r, c), = gone
    back = put_stone(after, (r, c), before[r][c])
    return (r, c) if back == before else None
    ### END SOLUTION


check("01-ko", ko_point)

# %% [markdown]
# ## 7. What is legal under positional superko?
# {header 01-superko}
#
# `boards` are all boards of the game so far, the present one last. Return the set of points where `color` may play: empty points
# where the move does not bring back any board of the list. Suicide is allowed, as long as the board it leaves is new.

# %%
def legal_points(boards: list[Board], color: int) -> set[Point]:
    """The points where a side may play.

    >>> legal_points([[[1, 0], [0, 1]]], WHITE)
    set()
    """
    ### BEGIN SOLUTION
    now = boards[-1]
    points = product(range(len(now)), range(len(now[0])))
    return {(r, c) for r, c in points if now[r][c] == EMPTY
            and put_stone(now, (r, c), color) not in boards}
    ### END SOLUTION


check("01-superko", legal_points)

# %% [markdown]
# ## 8. Who owns what?
# {header 01-score}
#
# Return Black's area and White's: stones, and empty points from which a path of empty points leads to stones of that colour only.

# %%
def area_score(board: Board) -> tuple[int, int]:
    """Black's area and White's, as the board stands.

    >>> area_score([[0, 1, 0, 2, 0]])
    (2, 2)
    """
    ### BEGIN SOLUTION
    area = {BLACK: 0, WHITE: 0}
    for start in product(range(len(board)), range(len(board[0]))):
        met, found, waiting = set(), {start}, [start]
        while waiting:
            r, c = waiting.pop()
            if board[r][c]:
                met.add(board[r][c])  # a stone ends the path
                continue
            new = set(neighbors(board, (r, c))) - found
            found |= new
            waiting += new
        if len(met) == 1:
            area[met.pop()] += 1
    return area[BLACK], area[WHITE]
    ### END SOLUTION


check("01-score", area_score)

# %% [markdown]
# ## 9. How many positions are legal?
# {header 01-count}
#
# Of all ways to colour the points of a board with empty, black and white, count those in which every group has a liberty. Mathematicians
# have counted them up to 19×19; if your number for 3×3 is theirs, your groups and liberties are right.

# %%
def count_legal(rows: int, columns: int) -> int:
    """The number of legal positions.

    >>> count_legal(1, 2)
    5
    """
    ### BEGIN SOLUTION
    count = 0
    for flat in product((EMPTY, BLACK, WHITE), repeat=rows * columns):
        board = [list(flat[r * columns:(r + 1) * columns])
                 for r in range(rows)]
        air = liberty_map(board)
        count += all(air[r][c] for r in range(rows)
                     for c in range(columns) if board[r][c])
    return count
    ### END SOLUTION


check("01-count", count_legal)

# %% [markdown]
# ## 10. Stretch: how many ways are there to play?
# {header 01-sequences}
#
# Count the sequences of exactly `depth` stones from the empty board: Black first, colours alternate, no passes, positional superko,
# suicide of many stones allowed. Programmers call this count *perft*, and trust it more than any other test.

# %%
def count_sequences(rows: int, columns: int, depth: int) -> int:
    """The number of move sequences of a length.

    >>> count_sequences(2, 2, 2)
    12
    """
    ### BEGIN SOLUTION
    def ways(boards, color, left):
        if left == 0:
            return 1
        return sum(ways([*boards, put_stone(boards[-1], point, color)],
                        BLACK + WHITE - color, left - 1)
                   for point in legal_points(boards, color))

    empty = [[EMPTY] * columns for _ in range(rows)]
    return ways([empty], BLACK, depth)
    ### END SOLUTION


check("01-sequences", count_sequences)

# %% [markdown]
# ## 11. Stretch: does the ladder work?
# {header 01-ladder}
#
# The group at `point` is in atari and its owner, the runner, is to move. It may put a stone on its last liberty, or take a group
# beside it that is itself in atari. With three liberties or more it has escaped; with one or none it is captured; with exactly two,
# the chaser puts a stone on either of them (one that is not a suicide), and the runner is in atari again. Return whether the runner is
# captured against its best play. Leave ko aside.

# %%
def ladder(board: Board, point: Point) -> bool:
    """Whether a group in atari is captured, its owner to move.

    >>> ladder([[2, 1, 0], [0, 1, 0], [0, 0, 0]], (0, 0))
    True
    """
    ### BEGIN SOLUTION
    def air(board, group):
        return {(r, c) for stone in group
                for r, c in neighbors(board, stone) if board[r][c] == EMPTY}

    def group_of(board, point):
        return next(g for g in groups(board) if point in g)

    color = board[point[0]][point[1]]
    runner = group_of(board, point)
    replies = air(board, runner)
    for group in groups(board):
        r, c = min(group)
        if board[r][c] != color and len(air(board, group)) == 1 and any(
                set(neighbors(board, stone)) & group for stone in runner):
            replies |= air(board, group)
    for reply in replies:
        ran = put_stone(board, reply, color)
        if ran[point[0]][point[1]] != color:
            continue  # a suicide: captured
        ways_out = air(ran, group_of(ran, point))
        chases = [put_stone(ran, p, BLACK + WHITE - color)
                  for p in ways_out if len(ways_out) == 2
                  and not suicide(ran, p, BLACK + WHITE - color)]
        if len(ways_out) > 1 and not any(ladder(chased, point)
                                         for chased in chases):
            return False
    return True
    ### END SOLUTION


check("01-ladder", ladder)

# %% [markdown]
# ## How far are you?

# %%
progress()
