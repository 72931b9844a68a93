# %% [markdown]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/alphago-from-scratch/blob/main/chapters/03_tree_search.ipynb)
#
# # 3. Tree search
#
# You write Monte Carlo tree search in sixty lines, and then hold every promise made about it against boards so small that the truth is known.
#
# > **You will be able to**
# > - solve a tiny board exactly, and say what superko does to a solver;
# > - write the four steps of a tree search: select, expand, evaluate, back up;
# > - measure whether a search is right: regret against the truth, with intervals;
# > - say which of the popular sentences about tree search hold, and under which condition.
# >
# > **You need** [chapter 1](01_go_rules.ipynb) (superko, area score) and [chapter 2](02_bandits.ipynb) (UCB1, PUCT).
# > **Time** about two hours to read and play; the code itself runs in about five minutes.
# > **Hardware** anything; two CPU cores are plenty.

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

# %% [markdown]
# Two helpers print numbers with their 95 % interval: `rate` for shares, `average` for means.

# %% id="03-imports"
import math
import os
import time
import zlib
from functools import cache, partial

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display

import gokit
from gokit import BLACK, WHITE, Games, Position, Rules, show
from gokit.arena import play_match, wilson
from gokit.go.coordinates import to_gtp
from gokit.plots import COLORS, MARKERS, alt, draw_board, style

style()
FAST = os.environ.get("GOKIT_FAST") == "1"  # smaller, for quick tests
EVEN = Rules(komi=0)  # on tiny boards the margin itself is the question

# %%
def rate(k, n):
    low, high = wilson(k / n, n)
    return f"{k / n:.2f} [{low:.2f}, {high:.2f}]"


def average(numbers):
    """The mean and half the width of its 95 % interval."""
    numbers = np.asarray(numbers, float)
    half = 1.96 * numbers.std(ddof=1) / math.sqrt(len(numbers))
    return numbers.mean(), half


# %% [markdown]
# The way through: the truth first, then the search, then the search against the truth.

# %%
ROWS = {
    "the truth": ["minimax", "superko", "credit"],
    "the search": ["select", "expand", "evaluate", "back up"],
    "one against the other": ["regret", "chance", "priors", "back-ups"],
    "the choices": ["strength", "stop", "±P ±V", "keep", "mix",
                    "merge"]}
figure, ax = plt.subplots(figsize=(10, 2.9))
for y, (name, steps) in enumerate(ROWS.items()):
    ax.text(-0.6, -y, name, ha="right", va="center", weight="bold")
    for x, step in enumerate(steps):
        ax.text(x, -y, step, ha="center", va="center", bbox={
            "boxstyle": "round,pad=0.4", "fc": COLORS[y] + "33"})
        if x:
            ax.annotate("", (x - 0.4, -y), (x - 0.6, -y),
                        arrowprops={"arrowstyle": "->"})
ax.set(xlim=(-2.6, 5.5), ylim=(-3.6, 0.6))
ax.axis("off")
display(alt(figure, "The chapter in four rows. " + " ".join(
    f"{name}: {', '.join(steps)}." for name, steps in ROWS.items())))

# %% [markdown] section="minimax"
# ## What would perfect play do?
#
# Go is deterministic and nothing is hidden, so in principle one tries everything: my best move is the one that leaves
# *you* the least. That is **minimax**. One shortcut is free: once a move is known to be too good to be allowed, stop looking.
# A `Position` carries its whole past, so superko is in the state by itself.
#
# **Predict:** by how many points does Black win the empty 2×2 board? How many positions must be looked at?

# %%
def minimax(position, low=-99, high=99):
    """The mover's margin under best play; positions looked at."""
    if position.is_over:
        margin = int(position.score().margin)
        return margin if position.to_move == BLACK else -margin, 1
    looked = 1
    for move in position.legal_moves()[::-1].tolist():  # the pass first
        value, below = minimax(position.play(move), -high, -low)
        looked += below
        low = max(low, -value)
        if low >= high:
            break  # the opponent will not let us get here
    return low, looked


value, looked = minimax(Position(2, EVEN))
print(f"2×2: Black wins by {value}; {looked:,} positions looked at")
assert value == 1

# %% [markdown]
# One point, as John Tromp found. gokit has a faster solver with the same rules; it takes boards of up to nine points.

# %%
from gokit.search.exact import move_values, solve

PUBLISHED = {(1, 3): 3, (1, 4): 4, (2, 2): 1, (2, 3): 0, (3, 3): 9}
for shape, published in PUBLISHED.items():
    if FAST and shape == (3, 3):
        continue  # forty million nodes
    solution = solve(shape, EVEN)
    print(f"{shape[0]}×{shape[1]}: {solution.value:+d}, published "
          f"{published:+d}; {solution.nodes:>10,} nodes")
    assert solution.value == published

# %% [markdown]
# From six points to nine the work grows two-thousandfold. 5×5 was solved in 2002 with much cleverness; 9×9 is out of reach.
# So from here on we need a search that is *not* exhaustive, and these small boards tell us what that costs.

# %% [markdown] section="past"
# ## May a solver remember a position?
#
# An obvious speed-up: keep the value of each board and side to move. Chapter 1 showed that superko forbids it. Here are two
# games on 2×2 with **the same stones, the same side to move and the same passes**. **Predict:** have they the same value?

# %%
def same_picture(n, seed):
    """Two games that look alike and have different values."""
    rng, met = np.random.default_rng(seed), {}
    for _ in range(n):
        position = Position(2, EVEN)
        for _ in range(rng.integers(1, 9)):
            if not position.is_over:
                legal = position.legal_moves()
                position = position.play(int(rng.choice(legal)))
        picture = (position.board.tobytes(), position.to_move,
                   position.passes)
        other = met.setdefault(picture, position)
        if solve(other).value != solve(position).value:
            return other, position
    raise AssertionError("no such pair met")

# %%
pair = same_picture(3000, seed=1)
for position in pair:
    moves = " ".join(to_gtp(m, 2) for m in position.moves)
    side = "Black" if position.to_move == BLACK else "White"
    legal = [to_gtp(m, 2) for m in position.legal_moves()]
    print(f"{moves:<32} {side} may play {', '.join(legal):<16} "
          f"Black's margin {solve(position).value:+d}")
figure, ax = plt.subplots(figsize=(1.8, 1.8))
draw_board(ax, pair[0].board)
display(alt(figure, "The 2×2 board that both games lead to."))
assert (pair[0].board == pair[1].board).all()
assert solve(pair[0]).value != solve(pair[1]).value

# %% [markdown]
# One picture, two values: in one game a move is barred that the other allows. A table by picture would give one of them the
# other's value. gokit's solver stores with each proof which past boards it leaned on, and uses it only where they agree.

# %% [markdown] section="credit"
# ## Which move won the game?
#
# Go pays out once, at the end; no single move has a reward of its own. But on 2×3 the exact value of *every* move is known.
# **Predict:** of the moves the winner made in random games, which share was the best available? And the loser's?

# %%
from gokit.go.playouts import random_actions, random_states

SHAPE = (2, 3)


def exact_values(game):
    """What each legal action is worth to the side to move, in points."""
    sign = 1 if game.to_move[0] == BLACK else -1
    return {a: sign * value for a, value in move_values(game).items()}


def one_game(states):
    """A random game: (mover, points lost, value for Black) each move."""
    game, moves = Games(1, SHAPE, EVEN), []
    while not game.ended[0]:
        mover, values = int(game.to_move[0]), exact_values(game)
        action = random_actions(game, states)
        best, got = max(values.values()), values[int(action[0])]
        moves.append((mover, best - got, got if mover == BLACK else -got))
        game.play(action)
    return moves, float(game.score()[0])

# %%
states = random_states(np.random.default_rng(3), 1)
games = [one_game(states) for _ in range(20 if FAST else 200)]
tally = {"winner": [0, 0], "loser": [0, 0]}
for moves, margin in games:
    for mover, lost, _ in moves:
        if margin:
            won = mover == (BLACK if margin > 0 else WHITE)
            tally["winner" if won else "loser"][0] += lost == 0
            tally["winner" if won else "loser"][1] += 1
for who, (best, n) in tally.items():
    print(f"moves of the {who:<6} that were best: {rate(best, n)}, "
          f"n = {n:,} in {len(games)} games")
share = {who: best / n for who, (best, n) in tally.items()}
assert share["winner"] < 0.9 and share["loser"] > 0.3
for moves in ([], [0], [1], [1, 4]):  # the best move has the value
    game = Games(1, SHAPE, EVEN)
    for move in moves:
        game.play(np.array([move]))
    worth = solve(game).value * (1 if game.to_move[0] == BLACK else -1)
    assert max(exact_values(game).values()) == worth

# %%
moves, margin = max(games, key=lambda game: sum(
    lost > 0 for _, lost, _ in game[0]))
values = [value for _, _, value in moves]
figure, ax = plt.subplots(figsize=(8, 3))
ax.step(range(1, len(values) + 1), values, where="mid", marker="none")
for color, name, shape in ((BLACK, "Black's mistake", "o"),
                           (WHITE, "White's mistake", "s")):
    at = [i for i, m in enumerate(moves) if m[0] == color and m[1] > 0]
    ax.plot([i + 1 for i in at], [values[i] for i in at], ls="none",
            marker=shape, ms=7, label=name, color=COLORS[color])
ax.axhline(margin, color="#666", lw=1, ls="--")
ax.text(len(values) + 0.6, margin, "how it\nended", color="#444",
        fontsize=9, va="center")
ax.set(xlabel="move", ylabel="exact value for Black", ylim=(-7, 9.5))
ax.legend(loc="upper right", fontsize=8, ncols=2)
display(alt(figure, "The exact value of one random game after each move: "
            "it swings between a win for Black and one for White."))

# %% [markdown]
# The winner's moves were only a little better than the loser's. The game was decided by the **last** mistake; every move before it is
# labelled by luck. This is the noise that any learner from results alone must average away, and it is why a search that can
# say something about *each* move is worth so much.

# %% [markdown] section="node"
# ## What does a node remember?
#
# A node is a position and four things about it: how often it was visited (N), the sum of what those visits were worth (W, so
# Q = W / N), how likely its move seemed beforehand (P), and its children. The move itself is the *name* under which its parent
# keeps it.
#
# Each node tells its story from the view of **its own side to move**. So a parent sees the negative of its child's Q.

# %%
class Node:
    def __init__(self, position=None, prior=1.0):
        self.position = position  # None until it is first reached
        self.prior = prior
        self.visits = 0
        self.value_sum = 0.0
        self.children = {}  # action -> Node

    @property
    def q(self):
        return self.value_sum / self.visits if self.visits else 0.0


root, child = Node(), Node(prior=0.25)
root.children[7] = child
child.visits, child.value_sum = 4, -3.0  # bad for the side to move there
print(f"Q in the child's own view {child.q:+.2f}, "
      f"in its parent's {-child.q:+.2f}")
assert -child.q == 0.75

# %% [markdown] section="mean"
# ## Is a running mean the mean?
#
# Some programs keep Q itself and move it by (v − Q) / N at each visit. **Predict:** is that the average of all values, or only
# nearly?

# %%
def running_mean(values):
    q = 0.0
    for n, value in enumerate(values, start=1):
        q += (value - q) / n
    return q


rng = np.random.default_rng(0)
runs = [rng.choice([-1.0, 1.0], size=n) for n in range(1, 2001)]
worst = max(abs(running_mean(run) - run.mean()) for run in runs)
print(f"largest difference over {len(runs):,} runs: {worst:.1e}")
assert worst < 1e-12

# %% [markdown]
# The same number, up to the last bits. We keep the sum, because sums of wins are exact.

# %% [markdown] section="select"
# ## Step 1, select: which way down?
#
# From the root take, again and again, the child with the highest
#
# $$Q + c\,P\,\frac{\sqrt{1 + N}}{1 + n}$$
#
# where n counts the child's visits and N those of all children together. A child without visits has no Q: it is given its
# parent's so far, a little reduced. (`node.visits` counts the node's own evaluation too, so it *is* 1 + N.)

# %%
def puct(node, c=1.5, reduction=0.2):
    """The action to follow from a node."""
    def score(action):
        child = node.children[action]
        q = -child.q if child.visits else node.q - reduction
        bonus = c * math.sqrt(node.visits) * child.prior
        return q + bonus / (1 + child.visits)

    return max(node.children, key=score)


def select(root, choose=puct):
    """The path from the root to a node without children."""
    path = [root]
    while path[-1].children:
        action = choose(path[-1])
        child = path[-1].children[action]
        if child.position is None:
            child.position = path[-1].position.play(action)
        path.append(child)
    return path

# %% [markdown]
# **Predict:** two children, priors 0.7 and 0.3, both unvisited. Which is first? And after the first has lost a game?

# %%
root = Node()
root.children = {0: Node(prior=0.7), 1: Node(prior=0.3)}
root.visits = 1
first = puct(root)
root.visits, root.value_sum = 2, -1.0
root.children[0].visits, root.children[0].value_sum = 1, 1.0
second = puct(root)
print("first", first, "then", second)
assert (first, second) == (0, 1)

# %% [markdown] section="expand"
# ## Step 2, expand: what hangs below a new leaf?
#
# One child for each **legal** move, with the softmax of the policy's logits over those moves as priors. Nothing else: no child
# is evaluated, it is not even made into a position yet.

# %%
def expand(node, logits):
    """Give a node its children."""
    legal = node.position.legal_moves().tolist()  # none when it is over
    if not legal:
        return
    highest = max(logits[a] for a in legal)
    weights = [np.float32(math.exp(logits[a] - highest)) for a in legal]
    total = sum(weights, np.float32(0))  # single precision, as gokit
    for action, weight in zip(legal, weights):
        node.children[action] = Node(prior=float(weight / total))


leaf = Node(Position(3, EVEN).play("B2"))
expand(leaf, np.full(10, 0.5, np.float32))
print(len(leaf.children), "children, priors",
      {round(child.prior, 3) for child in leaf.children.values()})
assert 4 not in leaf.children  # the centre is taken
assert abs(sum(c.prior for c in leaf.children.values()) - 1) < 1e-6

# %% [markdown] section="evaluate"
# ## Step 3, evaluate: who is ahead at the leaf?
#
# Before networks, nobody could say; so programs played the game out at random and looked who won. That is a **rollout**. One
# rollout is a coin with a bias; the bias is the information. The only rule needed is not to fill one's own eyes.

# %%
def is_own_eye(position, point):
    stones = position.board.ravel()
    return all(stones[near] == position.to_move
               for near in position.neighbors(point))


def rollout(position, rng):
    """+1, 0 or -1 for the side to move, after a random game."""
    me = position.to_move
    while not position.is_over and position.move_number < 200:
        moves = [m for m in position.legal_moves()[:-1].tolist()
                 if not is_own_eye(position, m)]
        moves = moves or [position.pass_move]
        position = position.play(moves[rng.integers(len(moves))])
    sign = np.sign(position.score().margin)
    return float(sign if me == BLACK else -sign)

# %% [markdown]
# gokit's rollouts are compiled, and a little simpler: they remember no past but a simple ko, and play no suicide. **Predict:** does that show in
# the average?

# %%
from gokit.search.evaluators import RolloutEvaluator

rng, n = np.random.default_rng(1), 60 if FAST else 600
start = Position(3, EVEN).play("B2").play("A1")
ours = [rollout(start, rng) for _ in range(n)]
batch = Games.from_positions([start] * 20 * n)
_, theirs = RolloutEvaluator(rng).evaluate(batch, np.arange(20 * n))
for name, results in (("ours", ours), ("gokit's", theirs)):
    mean, half = average(results)
    print(f"{name:<8} mean result for Black {mean:+.2f} ± {half:.2f}, "
          f"n = {len(results):,}")
assert abs(np.mean(ours) - theirs.mean()) < 3.5 / math.sqrt(n)

# %% [markdown]
# No difference to see. Perfect play from here is a win for Black with every point of the board; random play wins much less often. A
# rollout is a biased judge, and the tree above it has to correct the bias.
#
# A finished game needs no judge: the rules say who won.

# %%
def evaluate(position, evaluator):
    """(logits, value), from the view of the side to move."""
    if position.is_over:
        sign = np.sign(position.score().margin)
        return None, float(sign if position.to_move == BLACK else -sign)
    games = Games.from_positions([position])
    logits, values = evaluator.evaluate(games, np.array([0]))
    return logits[0], float(values[0])

# %% [markdown] section="back-up"
# ## Step 4, back up: who learns of it?
#
# Every node on the path, the leaf first. What is good for the side to move at the leaf is bad for the side to move one step up: the
# sign turns with every ply.

# %%
def back_up(path, value):
    for node in reversed(path):
        node.visits += 1
        node.value_sum += value
        value = -value


def search(position, evaluator, simulations, choose=puct):
    """The root of a tree of `simulations` beyond its own evaluation."""
    root = Node(position)
    for _ in range(1 + simulations):
        path = select(root, choose)
        logits, value = evaluate(path[-1].position, evaluator)
        expand(path[-1], logits)
        back_up(path, value)
    return root


def most_visited(root):
    """The move to play: of equals, the one with the highest prior."""
    return max(root.children, key=lambda a: (root.children[a].visits,
                                             root.children[a].prior))

# %% [markdown]
# That is all of it. The visits are the vote: where the search went most often is what it plays. Here is a whole tree as text.
# **Predict:** Black is to move on the empty 3×3 board. Where?

# %%
def tree_text(node, name="root", depth=0, least=1):
    """A tree in words: N, Q in the parent's view, P."""
    q = node.q if depth == 0 else -node.q
    lines = [f"{'    ' * depth}{name:<6} N {node.visits:>4}   "
             f"Q {q:+.2f}   P {node.prior:.2f}"]
    size = node.position.size
    for action, child in sorted(node.children.items(),
                                key=lambda item: -item[1].visits):
        if child.visits >= least:
            lines += tree_text(child, to_gtp(action, size), depth + 1,
                               least)
    return lines


rollouts = RolloutEvaluator(np.random.default_rng(2))
root = search(Position(3, EVEN), rollouts, 600)
print("\n".join(tree_text(root, least=25)))
assert most_visited(root) == 4
assert root.visits == 1 + sum(c.visits for c in root.children.values())

# %% [markdown]
# B2, the centre, and exact play agrees: it is the only move that wins the whole board.

# %% [markdown] section="gokit"
# ## Does gokit do the same?
#
# gokit keeps the tree in flat arrays and walks it in compiled code, many games at once. First the proof: random positions, the same seed, and
# **every root child must have the same number of visits**.

# %%
from gokit.search.mcts import Search, SearchConfig


def random_position(rng, size, plies):
    position = Position(size, Rules(komi=0.5))
    for _ in range(plies):
        after = position.play(int(rng.choice(position.legal_moves())))
        position = position if after.is_over else after
    return position


def both(position, seed, simulations):
    """Visits of each action, by our search and by gokit's."""
    mine = search(position, RolloutEvaluator(np.random.default_rng(seed)),
                  simulations).children
    fast = Search(RolloutEvaluator(np.random.default_rng(seed)),
                  SearchConfig(simulations))
    theirs = fast.run(Games.from_positions([position])).visits[0]
    return [mine[a].visits if a in mine else 0
            for a in range(len(theirs))], theirs.tolist()

# %%
rng, n, equal = np.random.default_rng(3), 200 if FAST else 1000, 0
for seed in range(n):
    size = int(rng.integers(3, 8))
    position = random_position(rng, size, int(rng.integers(size * size)))
    mine, theirs = both(position, seed, int(rng.integers(1, 40)))
    equal += mine == theirs
print(f"equal visits in {equal:,} of {n:,} positions")
assert equal == n

# %%
def seconds(run, times=5):
    """How long each of some runs takes, after one to warm up."""
    run()
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        run()
        taken.append(time.perf_counter() - begin)
    return np.array(taken)


# %%
coin = RolloutEvaluator(np.random.default_rng(4))
fast = Search(coin, SearchConfig(200))
print("simulations a second, 200 a search, median of 5")
print("          ours   gokit, 1 game        gokit, 64 games")
for size in (5, 9):
    start = Position(size)
    one = Games.from_positions([start])
    many = Games.from_positions([start] * 64)
    ours = 200 / np.median(seconds(partial(search, start, coin, 200)))
    single = 200 / np.median(seconds(partial(fast.run, one)))
    batched = 12_800 / np.median(seconds(partial(fast.run, many)))
    print(f"{size}×{size} {ours:>10,.0f}"
          f" {single:>9,.0f} ({single / ours:.0f} times)"
          f" {batched:>10,.0f} ({batched / ours:.0f} times)")
    assert single > 2 * ours

# %% [markdown]
# The readable one explains, the fast one measures. From here on both are used, whichever is handier.

# %% [markdown] section="checkpoint"
# ## The checkpoint: rules right, simulations fast?
#
# The lecture's advice: before any training, make sure of two things, that the rules are right and that simulations are fast. Both fit in a cell that
# takes a second. Counting move sequences (*perft*) is the classical test of rules; these counts are known.

# %%
def perft(position, depth):
    """Sequences of `depth` stones, passes left out."""
    if depth == 0:
        return 1
    return sum(perft(position.play(int(move)), depth - 1)
               for move in position.legal_moves()[:-1])


counts = [perft(Position(3, EVEN), depth) for depth in range(5)]
print("3×3:", counts)
assert counts == [1, 9, 72, 504, 2976]
batch = Games.from_positions([Position(9)] * 16)
gauge = Search(RolloutEvaluator(np.random.default_rng(5)),
               SearchConfig(100))
speed = 1600 / np.median(seconds(partial(gauge.run, batch)))
print(f"9×9 with rollouts: {speed:,.0f} simulations/s on one thread; "
      f"a game of 60 moves at 200 each: {12000 / speed:.1f} s")
assert speed > ours  # on 9×9, from above

# %% [markdown]
# If a change makes either line worse, stop and look, before any curve is drawn.

# %% [markdown] section="lab-tutorial"
# ## Break it: a tutorial's search, with two faults
#
# The lecture says that language models get the data structure of this search right. They do; it is the rest that goes wrong. Here is a search for a game of a single move, so that nothing else is
# in the way; values are in [0, 1], as in many tutorials, and noise is mixed into the root's priors, as in self-play. Two real faults are in
# it, both found in public programs. **Predict** which of the three tests fail, then repair the marked lines.

# %%
def tutorial_search(prior, value, simulations, noise, c=0.5):
    """Visits and priors after a search; values in [0, 1]."""
    visits, total = np.zeros(len(prior)), np.zeros(len(prior))
    mixed = 0.75 * prior + 0.25 * noise
    expanded = False
    for _ in range(simulations):
        if not expanded:
            mixed = prior.copy()  # <- fault 1: evaluated once more
            expanded = True
            continue
        q = np.where(visits > 0, total / np.maximum(visits, 1),
                     0.0)  # <- fault 2: what is Q without visits?
        bonus = c * mixed * np.sqrt(1 + visits.sum()) / (1 + visits)
        action = int((q + bonus).argmax())
        visits[action] += 1
        total[action] += value[action]
    return visits, mixed

# %%
PRIOR = np.array([0.5, 0.2855, 0.2, 0.0145])
VALUE = np.array([0.30, 0.28, 0.25, 0.90])  # the unlikely move wins
NOISE = np.array([0.1, 0.1, 0.7, 0.1])


def test_no_simulation_is_wasted(search):
    return search(PRIOR, VALUE, 50, NOISE)[0].sum() == 50


def test_noise_survives(search):
    return not np.allclose(search(PRIOR, VALUE, 50, NOISE)[1], PRIOR)


def test_a_good_unlikely_move_is_found(search):
    return search(PRIOR, VALUE, 1024, PRIOR)[0].argmax() == 3


def verdicts(search):
    tests = (test_no_simulation_is_wasted, test_noise_survives,
             test_a_good_unlikely_move_is_found)
    for test in tests:
        print(f"{test.__name__:<36}",
              "passes" if test(search) else "FAILS")
    return [test(search) for test in tests]

# %%
found = verdicts(tutorial_search)
for n in (64, 256, 1024):
    visits, _ = tutorial_search(PRIOR, VALUE, n, PRIOR)
    print(f"{n:>5} simulations: visits {visits.astype(int).tolist()}")

# %% [markdown]
# All three fail, and nothing crashed. The first fault overwrites the noise and wastes a simulation. The second is worse: in a game whose values
# lie in [0, 1], an unvisited move with Q = 0 counts as a **sure loss**, so the first move with any wins at all is never left.
# The winning move got no visit in a thousand.
#
# Here is a repaired one.

# %%
def repaired_search(prior, value, simulations, noise, c=0.5):
    visits, total = np.zeros(len(prior)), np.zeros(len(prior))
    mixed = 0.75 * prior + 0.25 * noise
    for _ in range(simulations):
        node = total.sum() / max(visits.sum(), 1) if visits.sum() else 0.5
        q = np.where(visits > 0, total / np.maximum(visits, 1), node)
        bonus = c * mixed * np.sqrt(1 + visits.sum()) / (1 + visits)
        action = int((q + bonus).argmax())
        visits[action] += 1
        total[action] += value[action]
    return visits, mixed


repaired = verdicts(repaired_search)
visits = {n: repaired_search(PRIOR, VALUE, n, PRIOR)[0].astype(int)
          for n in (64, 256, 1024)}
print({n: row.tolist() for n, row in visits.items()})
assert all(repaired) and len(found) == 3

# %% [markdown]
# An unvisited move now counts as much as its parent so far. Tests of *behaviour* found what reading would not: visits that must add up, noise that
# must still be there, a good move that must be found.

# %% [markdown] section="sparse"
# ## How much of the tree is there?
#
# The full tree of tic-tac-toe fits on one picture; the tree of Go does not fit in the universe. A search grows only the part it visits.
# **Predict:** of the nodes of such a tree, which share is visited exactly once?

# %%
import torch

from gokit.nn.checkpoint import load_evaluator
from gokit.search.small_games import TicTacToe

DATA = Path(gokit.__file__).parent.parent / "data" / "checkpoints"


@cache
def whole(state):
    """(nodes below and here, subtrees) of a full tree."""
    below = [whole(state.play(a)) for a in state.legal_actions()]
    return 1 + sum(weight for weight, _ in below), below


def searched(node):
    """(visits, subtrees) of a searched tree."""
    return node.visits, [searched(c) for c in node.children.values()
                         if c.visits]

# %%
def icicle(ax, tree, left=0.0, width=1.0, depth=0):
    """Draw a tree from the top: a box's width is its weight."""
    weight, below = tree
    shade = plt.colormaps["viridis"](min(depth / 10, 1.0))
    ax.add_patch(plt.Rectangle((left, depth), width, 1, fc=shade,
                               ec="white", lw=0.3))
    for child in sorted(below, key=lambda t: -t[0]):
        share = width * child[0] / weight
        if share > 0.002:
            icicle(ax, child, left, share, depth + 1)
        else:  # too fine to draw
            height = max(1, min(child[0], 9 - depth))
            ax.add_patch(plt.Rectangle((left, depth + 1), share, height,
                                       fc="#bbb", ec="none"))
        left += share

# %%
def depth_of(tree):
    return 1 + max((depth_of(child) for child in tree[1]), default=-1)


def weights(tree):
    return [tree[0]] + [w for child in tree[1] for w in weights(child)]


def main_line(tree, plies):
    """The weight at the end of the heaviest line of some plies."""
    for _ in range(plies):
        tree = max(tree[1], key=lambda child: child[0])
    return tree[0]

# %%
torch.set_num_threads(1)  # quicker, for so small a network
network = load_evaluator(DATA / "5x5.safetensors")
n, here = 60 if FAST else 600, Position.from_moves(["C3", "D4", "B4"], 5)
trees = {"tic-tac-toe, all of it": whole(TicTacToe())}
for name, judge in (("Go 5×5, rollouts", rollouts),
                    ("Go 5×5, a network", network)):
    trees[name] = searched(search(here, judge, n))
figure, axes = plt.subplots(1, 3, figsize=(11, 3.4), sharey=True)
for ax, (name, tree) in zip(axes, trees.items()):
    icicle(ax, tree)
    ax.set(title=name, xlim=(0, 1), ylim=(14, 0), xticks=[])
    ax.grid(False)
axes[0].set_ylabel("depth")
display(alt(figure, "Three trees drawn from the top, width by weight. "
            "Tic-tac-toe: even down to depth nine. Rollouts: wide and "
            "shallow. Network: one deep column beside slivers."))
assert trees["tic-tac-toe, all of it"][0] == 549_946

# %%
on_line = {}
for name, tree in list(trees.items())[1:]:
    counts = np.array(weights(tree))
    on_line[name] = main_line(tree, 3) / tree[0]
    print(f"{name:<17} {len(counts):,} nodes, depth {depth_of(tree)}; "
          f"visited once {rate((counts == 1).sum(), len(counts))}; "
          f"through the main line's third move {on_line[name]:.0%}")
    assert 0.2 < (counts == 1).mean() < 0.9
print("tic-tac-toe       549,946 nodes for 5,478 positions; "
      f"9! = {math.factorial(9):,}")
assert on_line["Go 5×5, a network"] > on_line["Go 5×5, rollouts"]

# %% [markdown]
# Sparse it is: of some 10^17 ways to play fourteen moves, six hundred nodes. Two in five of them were visited once and never again. With the network there is one deep line,
# as the lecture draws it. **With rollouts there is hardly one**: even priors spread the tree over everything. (And 9! is too large for tic-tac-toe: games end early, so its tree
# has 255,168 leaves, not 362,880.)

# %% [markdown] section="regret"
# ## Do more simulations give better moves?
#
# Our laboratory: 2×3 boards in mid-game where the choice matters, every move's exact value known. The **regret** of a move is how many points it gives
# away. **Predict:** the regret of a rollout search after 10 simulations, after 1,000? Does it reach zero?

# %%
def exam(n, seed):
    """n games on 2×3 in which moves differ, and their exact values."""
    rng, games, truths = np.random.default_rng(seed), [], []
    states = random_states(rng, 1)
    while len(games) < n:
        game = Games(1, SHAPE, EVEN)
        for _ in range(rng.integers(1, 8)):
            game.play(random_actions(game, states))
        truth = {} if game.ended[0] else exact_values(game)
        if len(set(truth.values())) > 1:
            games.append(game)
            truths.append(truth)
    batch = Games(n, SHAPE, EVEN)
    for i, game in enumerate(games):
        batch.copy_from(game, np.array([0]), np.array([i]))
    return batch, truths


def regrets(actions, truths):
    return np.array([max(truth.values()) - truth[int(a)]
                     for a, truth in zip(actions, truths)])


batch, truths = exam(60 if FAST else 400, seed=6)

# %%
budgets = [4**k for k in range(1, 5 if FAST else 7)]
random_choice = np.mean([max(t.values()) - np.mean(list(t.values()))
                         for t in truths])
curve = []
for n in budgets:
    judge = RolloutEvaluator(np.random.default_rng(7), 1, "margin")
    chosen = Search(judge, SearchConfig(n)).run(batch).actions
    lost = regrets(chosen, truths)
    curve.append(average(lost))
    print(f"{n:>5} simulations: regret {curve[-1][0]:.2f} ± "
          f"{curve[-1][1]:.2f} points, best move in "
          f"{rate((lost == 0).sum(), len(lost))}")
print(f"a random move: regret {random_choice:.2f}; n = {len(truths)}")
assert curve[-1][0] < curve[0][0] < random_choice

# %%
figure, ax = plt.subplots(figsize=(6.4, 3.2))
means, halves = np.array(curve).T
ax.errorbar(budgets, means, halves, capsize=3)
ax.axhline(random_choice, color="#666", ls="--", lw=1)
ax.text(budgets[0], random_choice - 0.35, "a random move", color="#444")
ax.set(xscale="log", xlabel="simulations", ylim=(0, None),
       ylabel="regret in points (95 %)")
ax.set_xticks(budgets, [f"{n:,}" for n in budgets])
ax.minorticks_off()
display(alt(figure, "Regret against simulations on a logarithmic axis: it "
            "falls from four points towards zero."))

# %% [markdown]
# Regret falls with every step, steeply at first, and does not reach zero here. Hundreds of simulations for a board of six points: that is what it costs when the
# judge is a coin.

# %% [markdown] section="strictly-better"
# ## Is the searched move always better?
#
# The lecture says that for every position the search has a *strictly better* action than the policy, and, asked whether that is guaranteed, calls it a heuristic. Here
# both can be counted. We need a policy and a value of known quality: exact values, spoiled by noise. The same position is always spoiled in the same way, as
# a network errs. **Predict:** how often is the searched move worse than the policy's own favourite, if the value is right? If it is rough? If it is upside down?

# %%
SOLVED = {}


class Oracle:
    """Exact values and the policy that follows from them, spoiled."""

    value_kind = "margin"

    def __init__(self, policy_noise=0.0, value_noise=0.0, sign=1):
        self.noise, self.sign = (policy_noise, value_noise), sign

    def evaluate(self, games, indices):
        logits = np.zeros((len(indices), games.n_actions), np.float32)
        values = np.zeros(len(indices), np.float32)
        for row, i in enumerate(indices):
            exact = known(games, i)
            seed = zlib.crc32(games.words[i].tobytes())
            rng = np.random.default_rng(seed)
            spoil = rng.normal(size=games.n_actions)
            for action, value in exact.items():
                logits[row, action] = (value + self.noise[0]
                                       * spoil[action]) / 4
            value = max(exact.values()) / 6 + self.noise[1] * rng.normal()
            values[row] = self.sign * np.clip(value, -1, 1)
        return logits, values

# %%
def known(games, i):
    """Exact values of game i of a batch, solved once."""
    key = games.words[i].tobytes()
    if key not in SOLVED:
        one = Games(1, SHAPE, EVEN, games.max_moves)
        one.copy_from(games, np.array([i]), np.array([0]))
        SOLVED[key] = exact_values(one)
    return SOLVED[key]


def gains(judge, n, batch, truths, **options):
    """What the searched move gains on the policy's, in points."""
    result = Search(judge, SearchConfig(n, **options)).run(batch)
    raw = result.prior.argmax(1)
    return regrets(raw, truths) - regrets(result.actions, truths)

# %%
size = 60 if FAST else 400
few, few_truths = exam(size, seed=8)
JUDGES = {"right": Oracle(6, 0.0), "rough": Oracle(6, 1.0),
          "a coin": Oracle(6, 9.0), "upside down": Oracle(6, 0.0, -1)}
raw, _ = Oracle(6).evaluate(few, np.arange(size))
raw[~few.legal_mask()] = -np.inf
right = sum(regrets(raw.argmax(1), few_truths) == 0)
print(f"the policy alone finds a best move in {rate(right, size)}")
print("value       simulations   better              equal   worse")
worse = {}
for name, judge in JUDGES.items():
    for n in (2, 8, 32):
        gain = gains(judge, n, few, few_truths)
        worse[name, n] = (gain < 0).mean()
        print(f"{name:<12}{n:>10}    {rate((gain > 0).sum(), size)}"
              f"   {(gain == 0).mean():.2f}    "
              f"{rate((gain < 0).sum(), size)}")
assert worse["right", 32] < 0.05 < worse["upside down", 32]

# %% [markdown]
# "Strictly better" does not hold. With a right value the searched move was never worse in 400 positions, but mostly it is **equal**, often because the policy was right already, and a
# third of the policy's mistakes stay. With a rough value it is sometimes worse. With a coin it is as often worse as better at 8 simulations. With a value upside down the search spoils a
# third of all moves. So it is a heuristic, as the lecture says on second thoughts. Search amplifies what the value knows, and what it only believes.

# %% [markdown] section="random-tree"
# ## Is Q the truth?
#
# The exact value of a position is one number. The root's Q is an average over the tree that this run happened to grow, with the coins that it happened to
# throw. Two hundred runs of the same search differ only by their seed. **Predict:** do their Q's gather round the exact value?

# %%
opened = Position(3, EVEN).play("B2").play("A2")
exact = solve(opened).value / 9  # in the unit of the search
runs, budgets = 60 if FAST else 200, [4, 16, 64, 256, 1024]
same = Games.from_positions([opened] * runs)
spread = {}
for n in budgets:
    judge = RolloutEvaluator(np.random.default_rng(9), 1, "margin")
    spread[n] = Search(judge, SearchConfig(n)).run(same).value
    print(f"{n:>5} simulations: Q {spread[n].mean():+.3f}, "
          f"standard deviation {spread[n].std():.3f}, n = {runs} seeds")
print(f"exact value {exact:+.3f}")
assert spread[1024].std() < spread[16].std() / 2
assert abs(spread[1024].mean() - exact) < abs(spread[4].mean() - exact)

# %%
figure, ax = plt.subplots(figsize=(6.4, 3.2))
ax.violinplot([spread[n] for n in budgets], showmeans=True,
              showextrema=False, widths=0.8)
ax.axhline(exact, color=COLORS[1], ls="--")
ax.text(4.1, exact - 0.12, "exact value", color=COLORS[1])
ax.set_xticks(range(1, 6), [f"{n:,}" for n in budgets])
ax.set(xlabel="simulations", ylabel="root Q (bar: mean)")
display(alt(figure, "Distributions of the root's Q over seeds: they become "
            "narrower with simulations and move towards the exact value, "
            "but are still short of it after 1,024."))

# %% [markdown]
# Two different things happen. The spread shrinks: that is luck averaging out, though by less than the sixteenfold that 256 times as many independent coins would give. And the *middle* moves: a small tree averages over moves that no good
# player makes, so its Q is **biased**, and only more search, never more seeds, moves it to the truth.

# %% [markdown] section="prior"
# ## What is a good prior worth?
#
# One move decides this game: J9 takes eight white stones; if White gets there first, it takes nine black ones. A policy may believe in it a lot or a
# little, and may believe in another move, a decoy, more. **Predict:** how many simulations until the search plays J9 with even priors? With
# 20 % on J9 and 50 % on the decoy? With 0.1 % on J9?

# %%
RACE = "\n".join(["O O O O O O O O .", "X X X X X X X X X",
                  "O O O O O O O O O", "O . O O . O O . O",
                  "O O O O O O O O O", "X X X X X X X X X",
                  "X . X X . X X . X", *[". . . . . . . . ."] * 2])
race = Position.from_diagram(RACE, to_move=BLACK)
J9, DECOY, legal = 8, 76, len(race.legal_moves())


class Leaning:
    """Rollouts, with priors that lean on some moves: {move: prior}."""

    value_kind = "win"

    def __init__(self, priors, seed):
        self.judge = RolloutEvaluator(np.random.default_rng(seed))
        rest = (1 - sum(priors.values())) / (legal - len(priors))
        self.bonus = {a: math.log(p / rest) for a, p in priors.items()}

    def evaluate(self, games, indices):
        logits, values = self.judge.evaluate(games, indices)
        for action, bonus in self.bonus.items():
            logits[:, action] += bonus
        return logits, values

# %%
PRIORS = {"even priors": {}, "20 %, decoy 50 %": {J9: 0.2, DECOY: 0.5},
          "90 %, decoy 5 %": {J9: 0.9, DECOY: 0.05},
          "0.1 %, decoy 50 %": {J9: 0.001, DECOY: 0.5}}
runs, budgets = 30 if FAST else 100, [2**k for k in range(1, 11)]
races = Games.from_positions([race] * runs)
found, visited = {}, {}
for name, lean in PRIORS.items():
    results = [Search(Leaning(lean, n), SearchConfig(n)).run(races)
               for n in budgets]
    found[name] = [(r.actions == J9).mean() for r in results]
    visited[name] = results[5].policy[:, J9].mean()
    enough = [n for n, f in zip(budgets, found[name]) if f >= 0.95]
    first = f"from {enough[0]:>4}" if enough else "    never"
    print(f"{name:<18} J9 in 95 % of runs {first} simulations; "
          f"of 64 simulations {visited[name]:>4.0%} go there")
assert visited["90 %, decoy 5 %"] > visited["even priors"]
assert found["even priors"][3] < found["20 %, decoy 50 %"][3]

# %%
figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.6),
                            width_ratios=(1, 1.9))
draw_board(axes[0], race.board, marks={J9: "square", DECOY: "cross"})
for (name, shares), shape in zip(found.items(), MARKERS):
    axes[1].plot(budgets, shares, label=name, marker=shape)
axes[1].set(xscale="log", xlabel="simulations", ylim=(-0.03, 1.03),
            ylabel=f"plays J9 (of {runs} runs)")
axes[1].set_xticks(budgets[::2], [str(n) for n in budgets[::2]])
axes[1].minorticks_off()
axes[1].legend(fontsize=8.5)
display(alt(figure, "The race on the board, and the share of runs that "
            "play J9 against simulations for four priors: the better the "
            "prior, the earlier the curve rises."))

# %% [markdown]
# Even priors are a wasteful sample: most of the first simulations go to moves that matter to nobody, and it takes about thirty times as many as with a policy whose favourite is
# *wrong* but which has J9 on its list. With 0.1 % the move is not found in a thousand. The bonus c·P·√N grows without end, though, so some day it will be tried. **Predict** when:
# the gap in Q is about 0.2, c is 1.5, P is 0.001.

# %%
gap = 0.2
expected = (gap / (1.5 * 0.001)) ** 2
few_races = Games.from_positions([race] * 4)
tried = {}
for n in (2**13,) if FAST else (2**13, 2**15, 2**17):
    lean = Leaning(PRIORS["0.1 %, decoy 50 %"], n)
    result = Search(lean, SearchConfig(n)).run(few_races)
    tried[n] = (result.visits[:, J9] > 0).sum()
    print(f"{n:>7,} simulations: J9 tried in {tried[n]} of 4 runs, "
          f"played in {(result.actions == J9).sum()}")
print(f"expected to be tried after about {expected:,.0f}")
assert tried[2**13] == 0
if not FAST:
    assert tried[2**17] == 4

# %% [markdown]
# Priors steer, they do not forbid. But a policy that is sure and wrong can cost a hundred thousand simulations: nobody has those, so in practice it *is* forbidden.

# %% [markdown] section="operators"
# ## Why back up the average?
#
# If the opponent will answer best, why not back up the *best* child's value, as minimax does, instead of the average? Try three rules: the mean, a soft
# maximum, the maximum. **Predict** which has the smaller regret when a leaf is judged by one rollout, and when by 64.

# %%
def backing_up(combine):
    """A back-up that makes each node's Q anew from its children."""
    def back_up(path, value):
        path[-1].visits += 1
        path[-1].value_sum += value
        for node in reversed(path[:-1]):
            node.visits += 1
            below = [c for c in node.children.values() if c.visits]
            node.value_sum = node.visits * combine(
                np.array([-c.q for c in below]),
                np.array([c.visits for c in below]))
    return back_up


def soft(q, visits, temperature=0.2):
    weight = np.exp((q - q.max()) / temperature)
    return (weight * q).sum() / weight.sum()


RULES = {"mean": lambda q, n: (q * n).sum() / n.sum(),
         "soft maximum": soft, "maximum": lambda q, n: q.max()}

# %%
def exam_3x3(n, seed, limit=20_000):
    """Positions on 3×3 where moves differ, solved within a limit."""
    rng, found = np.random.default_rng(seed), []
    while len(found) < n:
        position = Position(3, EVEN)
        for _ in range(rng.integers(2, 8)):
            legal = position.legal_moves()
            position = position.play(int(rng.choice(legal[:-1])))
            if len(position.legal_moves()) == 1:
                break
        try:
            values = move_values(position, node_limit=limit)
        except gokit.GoError:
            continue  # too long to prove here
        sign = 1 if position.to_move == BLACK else -1
        truth = {a: sign * value for a, value in values.items()}
        if len(set(truth.values())) > 1:
            found.append((position, truth))
    return found

# %%
def searched_with(back_up, position, evaluator, simulations):
    root = Node(position)
    for _ in range(1 + simulations):
        path = select(root)
        logits, value = evaluate(path[-1].position, evaluator)
        expand(path[-1], logits)
        back_up(path, value)
    return root


def lost_by(roots, papers):
    """The regret of each search's move."""
    return [max(truth.values()) - truth[most_visited(root)]
            for root, (_, truth) in zip(roots, papers)]


# %%
papers, regret_of = exam_3x3(15 if FAST else 250, seed=10), {}
print(f"n = {len(papers)}, 100 simulations each")
for playouts in (1, 64):
    for name, combine in RULES.items():
        judge = RolloutEvaluator(np.random.default_rng(11), playouts)
        roots = [searched_with(backing_up(combine), p, judge, 100)
                 for p, _ in papers]
        regret_of[name, playouts] = average(lost_by(roots, papers))
        off = average([root.q - np.sign(max(truth.values()))
                       for root, (_, truth) in zip(roots, papers)])
        print(f"rollouts a leaf {playouts:>2}, {name:<13} regret "
              "{:.2f} ± {:.2f}, ".format(*regret_of[name, playouts])
              + "Q minus truth {:+.2f} ± {:.2f}".format(*off))
if not FAST:
    assert regret_of["mean", 1][0] < regret_of["maximum", 1][0]
assert regret_of["mean", 64][0] < 4

# %% [markdown]
# The mean gives away the fewest points, with one rollout a leaf and with 64. Its Q is nevertheless the furthest from the truth where the judge is good: it averages over moves that nobody
# would play. The maximum's Q is nearer, but its *choice* is worse: it believes the luckiest leaf. So a good value and a good move are two different things, and for moves the
# average is the safe rule while leaves are noisy.

# %% [markdown] section="children"
# ## Evaluate the leaf, or every child of it?
#
# The lecture explains expansion as if each child were evaluated when a node is opened. AlphaGo Zero evaluates **the one leaf**; its children have priors, and no
# values until they are visited. **Predict:** which is better, if both may look at equally many positions?

# %%
def search_all_children(position, evaluator, evaluations):
    """Open a node by evaluating every child of it."""
    root, used, opened = Node(position), 0, 0
    while used < evaluations:
        path = select(root)
        if path[-1].position.is_over:
            back_up(path, evaluate(path[-1].position, evaluator)[1])
            used += 1  # the rules' answer counts as one
            continue
        expand(path[-1], np.zeros(position.size**2 + 1, np.float32))
        opened += 1
        for action, child in path[-1].children.items():
            child.position = path[-1].position.play(action)
            value = evaluate(child.position, evaluator)[1]
            back_up([*path, child], value)
            used += 1
    return root, used / max(opened, 1)

# %%
papers = exam_3x3(20 if FAST else 200, seed=12)
outcome = {}
for budget in (16, 64, 256):
    judge = RolloutEvaluator(np.random.default_rng(13))
    one = [search(p, judge, budget - 1) for p, _ in papers]
    all_ = [search_all_children(p, judge, budget) for p, _ in papers]
    cost = np.mean([used for _, used in all_])
    for name, roots in (("the leaf", one),
                        ("all children", [root for root, _ in all_])):
        outcome[name, budget] = average(lost_by(roots, papers))
        print(f"{budget:>4} evaluations, {name:<12} regret "
              "{:.2f} ± {:.2f} points".format(*outcome[name, budget]))
print(f"all children: {cost:.1f} evaluations for each node opened; "
      f"n = {len(papers)}")
assert cost > 2
if not FAST:
    assert outcome["the leaf", 16][0] < outcome["all children", 16][0]

# %% [markdown]
# With few evaluations the single leaf is clearly better; later no difference is to be seen. And these are boards with a handful of legal moves: on empty 9×9 opening one node this way costs 82 evaluations,
# on 19×19 it costs 362. That is what the policy is for: *one* evaluation of the leaf says where to look among all its children.

# %% [markdown] section="strength"
# ## How strong is a search with rollouts alone?
#
# Four times the simulations, one step up the ladder. Each match gives both sides each colour in the same random openings. **Predict:** what does the bigger search score on
# 5×5? And on 9×9?

# %%
from gokit.players import rollout_player


def ladder(size, steps, games):
    """Matches of each budget against a quarter of it."""
    rows = []
    for small in steps:
        a, b = (rollout_player(n, np.random.default_rng([size, n]), str(n))
                for n in (4 * small, small))
        rows.append(play_match(a, b, games=games, size=size,
                               rng=np.random.default_rng(14)))
        low, high = rows[-1].interval
        print(f"{size}×{size}: {4 * small:>4} against {small:>3}: "
              f"{rows[-1].score:.2f} [{low:.2f}, {high:.2f}], n = "
              f"{rows[-1].games} ({rows[-1].distinct_games} different)")
    return rows


matches = ladder(5, (4, 16) if FAST else (4, 16, 64), 8 if FAST else 100)
matches += ladder(9, (4,) if FAST else (4, 16, 64), 4 if FAST else 60)
assert sum(m.score * m.games for m in matches) > sum(
    m.games for m in matches) / 2

# %%
def in_full(depth, size=9):
    """Positions to look at for a full search of some plies."""
    return math.prod(size * size + 1 - ply for ply in range(depth))


best = Search(RolloutEvaluator(np.random.default_rng(15)),
              SearchConfig(1000)).run(Games(1, 9))
print(f"1,000 simulations on empty 9×9: the favourite has "
      f"{best.visits.max()} visits; {np.sum(best.visits > 0)} of 82 moves "
      "were tried")
for depth in (2, 3, 4):
    print(f"all lines of {depth} plies: {in_full(depth):>12,} positions")
assert in_full(4) > 40_000_000

# %% [markdown]
# Four times the simulations win every match, clearly on both boards. And yet: a thousand simulations are one in forty thousand of the lines of four plies, and each ply more costs eighty times as much. Programs of
# this kind reached strong amateur play on 9×9 with refined rollouts, and stayed far from professionals on 19×19. "Intractable" is not what is measured here; *expensive* is.

# %% [markdown] section="truncate"
# ## Why play to the end?
#
# People stop a hundred moves before the end; they *see* who is ahead. So: stop a rollout after k moves and count the area as it stands. That is a cheap value function, and a bad one early on. **Predict:**
# what happens to its systematic error, and to its noise, as k grows?

# %%
from gokit.go.playouts import final_margin, light_playout


def stopped(games, k, states):
    """Black's share of the board k random moves on; moves played."""
    g = games.geometry
    row = games.words[0, :g.history].copy()
    cells, owner = row.view(np.int16), np.empty(g.n_points, np.int8)
    moves = light_playout(g, row, cells, states, 0, k)
    return final_margin(g, row, cells, owner) / g.n_points, moves


def study(position, k, n, seed):
    """Mean, standard deviation and moves of n stopped rollouts."""
    states = random_states(np.random.default_rng(seed), 1)
    games = Games.from_positions([position])
    runs = np.array([stopped(games, k, states) for _ in range(n)])
    return runs[:, 0].mean(), runs[:, 0].std(), runs[:, 1].mean()

# %%
rng, n = np.random.default_rng(16), 100 if FAST else 500
middles = [random_position(rng, 9, 24) for _ in range(8 if FAST else 30)]
truth = np.array([study(p, 400, 4 * n, 17)[0] for p in middles])
depths, table = [0, 10, 20, 40, 60, 80, 400], {}
for k in depths:
    mean, sd, moves = np.array([study(p, k, n, 18) for p in middles]).T
    luck = np.mean(sd**2 + 0.25 * 0.5**2) / n  # of these two means
    bias = math.sqrt(max(np.mean((mean - truth) ** 2) - luck, 0))
    table[k] = bias, sd.mean(), max(moves.mean(), 1)
    print(f"stop after {k if k < 400 else 'the end':>7}: bias {bias:.3f}, "
          f"noise of one {table[k][1]:.3f}, moves {moves.mean():.0f}")
assert table[0][0] > table[80][0] and table[0][1] < table[400][1]

# %%
figure, ax = plt.subplots(figsize=(6.4, 3.4))
for budget, shape in zip((200, 2000, 20000, 200000), MARKERS):
    error = [math.hypot(bias, sd / math.sqrt(budget / moves))
             for bias, sd, moves in table.values()]
    ax.plot(range(len(depths)), error, marker=shape,
            label=f"{budget:,} moves of play")
ax.set_xticks(range(len(depths)), [*map(str, depths[:-1]), "end"])
ax.set(xlabel="stop after k moves", ylabel="expected error", yscale="log")
ax.legend(fontsize=8.5)
display(alt(figure, "Expected error of the estimate against the number of "
            "moves played, one line a time budget: with little time an "
            "early stop is best, with much time the end."))

# %% [markdown]
# Stopping early is biased and nearly free of noise; playing on is unbiased, noisy and slow. With time for 200 moves an early stop wins, with 200,000 the end. And a surprise: forty random moves
# do not help the count at all; its bias falls only when the board fills. A *trained* value function moves the left side of this plot down, which is what makes depth unnecessary.
# ("Truth" is the mean of 2,000 full rollouts: a coin's truth, not perfect play.)

# %% [markdown] section="two-by-two"
# ## Does the policy cut breadth, and the value depth?
#
# Here is a network that five minutes of self-play made; chapter 5 builds it. Use both its heads, one, or none, with even priors and rollouts in their place. **Predict:** which half is worth more?

# %%
class Halves:
    """A network's policy or even priors; its value or a rollout's."""

    value_kind = "margin"

    def __init__(self, policy, value, seed):
        self.use = policy, value
        self.judge = RolloutEvaluator(np.random.default_rng(seed), 1,
                                      "margin")

    def evaluate(self, games, indices):
        if not any(self.use):
            return self.judge.evaluate(games, indices)
        logits, values = network.evaluate(games, indices)
        if not self.use[0]:
            logits = self.judge.evaluate(games, indices)[0]
        if not self.use[1]:
            values = self.judge.evaluate(games, indices)[1]
        return logits, values

# %%
from gokit.players import MctsPlayer

HALVES = {"neither": (False, False), "value only": (False, True),
          "policy only": (True, False), "both": (True, True)}
n, pairs = 16 if FAST else 32, 2 if FAST else 30


def half_player(name, seed):
    return MctsPlayer(Halves(*HALVES[name], seed), n, name=name,
                      avoid_own_eyes=True)


scores = {}
for name in list(HALVES)[1:]:
    scores[name] = play_match(
        half_player(name, 19), half_player("neither", 20),
        games=2 * pairs, size=5, rng=np.random.default_rng(21))
    low, high = scores[name].interval
    print(f"{name:<12} against neither, {n} simulations each: "
          f"{scores[name].score:.2f} [{low:.2f}, {high:.2f}], "
          f"n = {scores[name].games}")
assert scores["both"].score >= 0.5

# %%
print("one search from the same position:")
shape = {}
for name, halves in HALVES.items():
    root = search(here, Halves(*halves, 22), 60 if FAST else 400)
    tree = searched(root)
    moves = sum(child.visits > 0 for child in root.children.values())
    first = max(child.visits for child in root.children.values())
    shape[name] = moves, depth_of(tree), first / (root.visits - 1)
    print(f"{name:<12} tries {moves:>2} moves at the root, "
          f"{shape[name][2]:>4.0%} on the first of them, "
          f"depth {depth_of(tree)}")
assert shape["both"][0] <= shape["neither"][0]
length = study(here, 400, 200, 31)[2]
print(f"moves played to judge a leaf: {length:.0f} by a rollout, 0 by the "
      "value")

# %% [markdown]
# The policy cuts breadth: four moves tried at the root instead of all, and so a deeper tree. The value cuts the depth that has to be *played*: none. Both halves help, and here the policy alone helps more than the value
# alone: the intervals do not meet. (Both together are no better than the policy alone in this match: there is no room above 100 %.)

# %% [markdown] section="keep"
# ## Throw the tree away, or keep it?
#
# After a move the lecture's program throws the tree away and starts again. But below the move played, and the reply, lies a subtree that was already searched. Keeping it costs nothing. **Predict:** how many
# visits come for free, and how much stronger is the player that keeps them, at equal simulations?

# %%
class OneByOne:
    """A rollout search that keeps its tree, or does not."""

    def __init__(self, name, reuse, simulations, seed):
        self.name, self.simulations, self.free = name, simulations, []
        self.player = MctsPlayer(
            RolloutEvaluator(np.random.default_rng(seed)), simulations,
            config=SearchConfig(reuse=reuse), avoid_own_eyes=True)

    def choose(self, position):
        move = self.player.choose(position)
        total = int(self.player.last.visits.sum())
        self.free.append(total - self.simulations)
        return move

    def reset(self):
        self.player.reset()

    def close(self):
        pass

# %%
keeps = OneByOne("keeps its tree", True, 64, 23)
forgets = OneByOne("starts anew", False, 64, 24)
match = play_match(keeps, forgets, games=10 if FAST else 200, size=5,
                   rng=np.random.default_rng(25))
low, high = match.interval
print(f"keeping the tree scores {match.score:.2f} [{low:.2f}, {high:.2f}]"
      f", n = {match.games} games on 5×5, 64 simulations a move")
deep = OneByOne("network", True, 64, 0)
deep.player = MctsPlayer(network, 64, config=SearchConfig(reuse=True))
play_match(deep, forgets, games=2 if FAST else 20, size=5,
           rng=np.random.default_rng(32))
for name, player in (("rollouts", keeps), ("network", deep)):
    print(f"free visits a move, {name}: "
          "{:.1f} ± {:.1f}".format(*average(player.free)))
assert np.mean(deep.free) > np.mean(keeps.free) > 0
assert not any(forgets.free)

# %% [markdown]
# With rollouts two visits in 64 survive, and no gain can be seen in 200 games. With the network it is a few more: how much is kept says how well the search foresaw the opponent's reply. It costs nothing, so programs that
# *play* keep the tree. In *training* they drop it for another reason: kept visits would enter the counts that the network learns from, without that position's own exploration noise.

# %% [markdown] section="mix"
# ## Mix the value with a rollout?
#
# The AlphaGo of 2016 judged a leaf by (1 − λ) v + λ z: a network's value v, and the result z of one rollout. λ = ½ was best for it. Here v is exact, rough, or upside down, and z is an honest coin. **Predict** the best λ for each.

# %%
from gokit.search.evaluators import MixedEvaluator

VALUES = {"right": Oracle(6, 0.0), "rough": Oracle(6, 1.0),
          "a coin": Oracle(6, 9.0), "upside down": Oracle(6, 0.0, -1)}
lambdas, n, mixed = [0, 0.25, 0.5, 0.75, 1], 16, {}
print("λ              " + "".join(f"{m:>14}" for m in lambdas))
for name, first in VALUES.items():
    row = []
    for mix in lambdas:
        coin = RolloutEvaluator(np.random.default_rng(26), 1, "margin")
        judge = MixedEvaluator(first, coin, mix)
        chosen = Search(judge, SearchConfig(n)).run(few).actions
        row.append(average(regrets(chosen, few_truths)))
    mixed[name] = np.array(row)
    print(f"{name:<15}" + "".join(f"{m:>8.2f} ± {h:.2f}" for m, h in row))
assert mixed["upside down"][0, 0] > mixed["upside down"][-1, 0]
assert mixed["right"][0, 0] <= mixed["right"][-1, 0] + 0.5

# %%
figure, ax = plt.subplots(figsize=(6.4, 3.2))
for (name, row), shape in zip(mixed.items(), MARKERS):
    ax.errorbar(lambdas, row[:, 0], row[:, 1], marker=shape, capsize=3,
                label=f"v is {name}")
ax.set(xlabel="λ: 0 all value, 1 all rollout", ylim=(0, None),
       ylabel="regret in points (95 %)")
ax.legend(fontsize=8.5)
display(alt(figure, "Regret against λ for four qualities of the value: a "
            "right value is best alone, a wrong one is repaired by the "
            "rollout."))

# %% [markdown]
# A right value wants λ = 0, a wrong one is saved by an honest coin, and for a rough one λ hardly matters: no mixture is visibly better than both ends here. So the rollout was an insurance against a value
# that may be wrong, and later programs cancelled it when their value was good.

# %% [markdown] section="merge"
# ## May the same position share one node?
#
# Different orders of moves meet in one position, so the tree could be a graph. **Predict:** how many nodes does that save? And is it sound, after what
# we saw about superko?

# %%
kinds = ("none", "position", "history")
n, seeds = 2000, 4 if FAST else 20
merged = {}
for size in (3, 5):
    games = Games(seeds, size, EVEN)
    for kind in kinds:
        config = SearchConfig(n, transpositions=kind)
        judge = RolloutEvaluator(np.random.default_rng(27), 1, "margin")
        result = Search(judge, config).run(games)
        merged[size, kind] = result.nodes.mean()
        print(f"{size}×{size}, merging by {kind:<9} "
              "{:6.0f} ± {:.0f} nodes after 2,000 simulations".format(
                  *average(result.nodes)))
assert merged[3, "position"] < merged[3, "history"]

# %%
for kind in kinds:
    config = SearchConfig(256, transpositions=kind)
    judge = RolloutEvaluator(np.random.default_rng(28), 1, "margin")
    lost = regrets(Search(judge, config).run(batch).actions, truths)
    print("2×3, merging by {:<9} regret {:.2f} ± {:.2f}, n = {}".format(
        kind, *average(lost), len(lost)))
    assert lost.mean() < random_choice

# %% [markdown]
# Less than one would think. On 3×3 merging **by position** saves a tenth of the nodes, on 5×5 nothing to speak of: a searched tree is deep and thin, and its lines seldom meet. (The *full* tree of tic-tac-toe
# has a hundred nodes for each position.) It is also unsound: it gives two games one value that, as the 2×2 pair above showed, may have two. We could not see it do harm on 2×3.
#
# Merging **by history**, only where the same boards lie behind, is sound, and saves nothing here: stones put down in another order leave other boards on the way. Under superko the way is part of the position.
# gokit's default is `"none"`.

# %% [markdown] section="play"
# ## Play
#
# A tree of rollouts on 5×5, two thousand simulations a move, in well under a second. You are Black; a point in the middle is a good start.

# %%
start = Position(5, Rules(komi=0.5))
bot = rollout_player(2000, np.random.default_rng(29))
reply = bot.choose(start.play("C3"))
assert start.play("C3").is_legal(reply)
show(start, opponent=bot, title="You against 2,000 rollouts")

# %% [markdown]
# On 5×5 there is an exact answer to compare with: the centre takes the whole board (van der Werf 2002). **Predict:** how often do the rollouts open there?

# %%
runs = 10 if FAST else 40
empty = Games.from_positions([start] * runs)
opens = {}
for n in (100, 1000) if FAST else (100, 1000, 10_000):
    judge = RolloutEvaluator(np.random.default_rng(30))
    actions = Search(judge, SearchConfig(n)).run(empty).actions
    opens[n] = int((actions == 12).sum())
    print(f"{n:>6,} simulations: C3 in {rate(opens[n], runs)}, n = {runs}")
assert opens[1000] < runs / 2

# %% [markdown]
# Seldom. With ten thousand simulations none opens on the edge, but C3 is the choice of less than half of the runs: random games from the empty board say little about what good
# players can do there. Here is one such search to walk through, step by step, with the explorer that chapter 4 explains.

# %%
explorer = gokit.explore(start, simulations=60 if FAST else 300, seed=31)
explorer

# %%
print(explorer)

# %% [markdown]
# ## Summary
#
# 1. Tiny boards can be solved. Superko puts the past into the state, so a solver may not remember by picture alone.
# 2. Tree search is four steps: select, expand, evaluate, back up. The visits are the vote. Sixty lines, and gokit agrees with them visit for visit.
# 3. Regret falls with simulations. "Strictly better" is not what a search gives: mostly equal, often better, and as bad as its value when the value is wrong.
# 4. Q is an average over a random tree: seeds take the noise out, only search takes the bias out.
# 5. A prior cuts breadth, a value cuts the depth that must be played. While leaves are noisy, average; evaluate the leaf, not its children.

# %% [markdown]
# ## Check yourself
#
# <details><summary>1. Why does a parent read −Q of its child?</summary>
#
# Because each node's values are from the view of its own side to move, and the sides alternate.
# </details>
#
# <details><summary>2. A node has 101 visits. How many have its children together?</summary>
#
# 100: one was the node's own evaluation. (None, if the game is over there.)
# </details>
#
# <details><summary>3. Where values lie in [0, 1], what is wrong with Q = 0 for unvisited moves?</summary>
#
# It means "a sure loss". Any move that ever won is preferred to everything untried.
# </details>
#
# <details><summary>4. Two hundred searches of 16 simulations: is the mean of their Q's the exact value?</summary>
#
# No. The mean over seeds removes the luck, not the bias of a small tree.
# </details>
#
# <details><summary>5. When would you back up the maximum instead of the mean?</summary>
#
# When the values at the leaves are nearly right, so that the best one is not merely the luckiest.
# </details>

# %% [markdown]
# ## Exercises
#
# [exercises/03_tree_search.ipynb](../exercises/03_tree_search.ipynb): ten of them, from minimax on a small tree to the walk down a searched one.

# %% [markdown]
# ## Not shown here, and why
#
# - **Regret on 5×5**: its solution is published move by move for a few openings only, and no solver that fits here repeats it. So one opening is compared, and regret is measured on 2×3 and 3×3, where
#   every value is certain.
# - **Positions on 3×3 that take long to prove**: the 3×3 exam holds only those that the solver settles within 20,000 nodes. They are the easier ones.
# - **λ by phase of the game, and after training**; the network's strength against simulations on 9×9: chapter 6.
# - **Keeping the tree together with exploration noise**: chapter 6 has the noise, chapter 7 the self-play.
# - **A rewind slider for visits**: chapter 4 builds it; the explorer above is a first look.
# - **A proof that regret is bounded**: the paper of Kocsis and Szepesvári below has it for UCT; for PUCT in a tree there is none that fits practice.

# %% [markdown]
# ## Sources
#
# - L. Kocsis and C. Szepesvári, *Bandit based Monte-Carlo planning*, ECML 2006: UCT. R. Coulom, *Efficient selectivity and backup operators in Monte-Carlo tree search*, 2006: mean against maximum.
# - D. Silver et al., *Mastering the game of Go with deep neural networks and tree search*, Nature 529, 2016: λ = ½. *Mastering the game of Go without human knowledge*, Nature 550, 2017: the one leaf.
# - A. Kishimoto and M. Müller, *A general solution to the graph history interaction problem*, AAAI 2004.
# - J. Tromp, [tromp.github.io/go.html](https://tromp.github.io/go.html), and E. van der Werf, *Solving Go on small boards*, 2003: the values of small boards.
# - *Eric Jang – Building AlphaGo from scratch*, with Dwarkesh Patel, 2026: the claims that are tested here.

# %% [markdown]
# ## Next
#
# [Chapter 4, the tree visualiser](04_tree_visualizer.ipynb): the same search, one step at a time, forwards and backwards.
