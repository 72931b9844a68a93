# %% [markdown]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/alphago-from-scratch/blob/main/chapters/04_tree_visualizer.ipynb)
#
# # 4. The tree one can walk through
#
# You record a tree search, rewind it, walk through it step by step, and then break it in the ways in which real programs
# were broken.
#
# > **You will be able to**
# > - name the four steps of a simulation, and read them off a recorded search;
# > - say, with numbers, why a search looked at one move and not at another;
# > - rewind a search to any moment, from nothing but its paths and values;
# > - recognise five bugs by the shape of the tree: a wasted first pick, a locked-in favourite, erased noise, a move
# >   never looked at, a wrong sign.
# >
# > **You need** chapter 3, and from it the one rule of PUCT. A network appears as a black box; chapter 5 opens it.
# > **Time** about 90 minutes to read and play; the code itself runs in under three minutes.
# > **Hardware** anything; two CPU cores are plenty.

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

# %% id="04-imports"
import math
import os
from dataclasses import dataclass
from functools import cache
from unittest.mock import patch

import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython.display import display

import gokit
from gokit import BLACK, Games, Position, Rules
from gokit.arena import play_match, wilson
from gokit.go.coordinates import from_gtp, to_gtp
from gokit.lessons import plain_search as plain
from gokit.nn.checkpoint import load_evaluator
from gokit.plots import COLORS, MARKERS, alt, draw_board, style
from gokit.search.evaluators import RolloutEvaluator
from gokit.search.mcts import Search, SearchConfig

# %%
style()
FAST = os.environ.get("GOKIT_FAST") == "1"  # smaller, for quick tests
COURSE = Path(gokit.__file__).parents[1]
CHECKPOINTS = COURSE / "data" / "checkpoints"
torch.set_num_threads(1)  # one small position at a time


def name(action, size=5):
    return to_gtp(int(action), size)


def rate(k, n):
    """A share with its 95 % interval."""
    low, high = wilson(k / n, n)
    return f"{k / n:.2f} [{low:.2f}, {high:.2f}], n = {n:,}"

# %%
class Remembered:
    """A network that is asked only once about each position."""

    def __init__(self, network, name):
        self.network, self.known, self.name = network, {}, name
        self.value_kind = network.value_kind

    def evaluate(self, games, indices):
        keys = [games.words[i].tobytes() for i in indices]
        new = [k for k, key in enumerate(keys) if key not in self.known]
        if new:
            answers = self.network.evaluate(games, indices[new])
            for k, logits, value in zip(new, *answers):
                self.known[keys[k]] = logits, value
        logits, values = zip(*[self.known[key] for key in keys])
        return np.array(logits), np.array(values)


NET = Remembered(load_evaluator(CHECKPOINTS / "5x5.safetensors"),
                 name="the shipped 5×5 network")

# %% [markdown]
# The way through: one simulation, the whole search as a film, and five films of a broken search.

# %%
STEPS = ["select", "expand", "evaluate", "back up"]
MOVE = ["record", "rewind", "walk", "measure"]
BREAK = ["first pick", "first play", "noise", "prior", "sign"]
figure, ax = plt.subplots(figsize=(9, 3))
for y, what, steps, fill in ((2, "one simulation", STEPS, "#cfe3f5"),
                             (1, "a whole search", MOVE, "#d9efd9"),
                             (0, "what can break", BREAK, "#f7e3c1")):
    ax.text(-0.6, y, what, ha="right", va="center", weight="bold")
    for x, step in enumerate(steps):
        ax.text(x, y, step, ha="center", va="center",
                bbox={"boxstyle": "round,pad=0.5", "fc": fill})
        if x:
            ax.annotate("", (x - 0.37, y), (x - 0.63, y),
                        arrowprops={"arrowstyle": "->"})
ax.set(xlim=(-2.1, 4.5), ylim=(-0.5, 2.5))
ax.axis("off")
display(alt(figure, "One simulation selects, expands, evaluates and backs "
            "up. A whole search you record, rewind, walk and measure. What "
            "can break: first pick, first play, noise, prior, sign."))

# %% [markdown] section="steps"
# ## What happens in one simulation?
#
# Black to move. Black's stone on D2 is in atari. The shipped 5×5 network answers two questions about a position: which
# moves look likely (the **prior**, P), and who is ahead (the **value**, from -1 to 1 for the side to move). **Predict:**
# is its favourite move a good one?

# %%
START = Position.from_diagram("""
. . X . .
. X O O .
. X X O .
. . O X O
. . . . .
""")
ESCAPE, FAVOURITE = from_gtp("D1", 5), from_gtp("B2", 5)
logits, value = plain.evaluate(START, NET)
prior = np.exp(logits) * START.legal_mask()
prior /= prior.sum()
figure, axes = plt.subplots(1, 2, figsize=(7, 3.4))
draw_board(axes[0], START.board, marks={START.size * 3 + 3: "triangle"})
draw_board(axes[1], START.board, heat=prior)
axes[0].set_title("Black to move, D2 in atari", fontsize=10)
axes[1].set_title(f"prior in %; value {value:+.2f}", fontsize=10)
display(alt(figure, "The position, and the network's prior: B2 84 %, D1 "
            "15 %, nearly nothing elsewhere."))
assert prior.argmax() == FAVOURITE and 0.1 < prior[ESCAPE] < 0.2

# %% [markdown]
# It wants B2 and leaves the stone in atari; saving it with D1 gets one chance in six. Now a search. One simulation has
# four steps: **select** a path down the tree, **expand** the leaf, **evaluate** it, **back up** its value. The readable
# search of chapter 3 has a function for each; 3 comes before 2 there, because a leaf's priors arrive with its value. You
# record the search by writing down two things a simulation: its path and its value.

# %%
def record_search(position, evaluator, simulations):
    """The search of chapter 3, and (path, value) of each simulation."""
    root, film = plain.Node(position), []
    for _ in range(1 + simulations):
        path = plain.select(root)  # 1
        leaf = path[-1]
        logits, value = plain.evaluate(leaf.position, evaluator)  # 3
        plain.expand(leaf, logits)  # 2
        plain.back_up(path, value)  # 4
        moves = leaf.position.moves[len(position.moves):]
        film.append((tuple(moves), value))
    return root, film[1:]  # the first one only opened the root


root, film = record_search(START, NET, 30)
for number in (1, 2, 8, 9, 30):
    moves, value = film[number - 1]
    print(f"{number:>2}  value {value:+.2f} for the side to move after",
          *map(name, moves))
assert len(film) == root.visits - 1 == 30

# %% [markdown]
# Each path ends one move beyond what the tree already held: that is why the tree grows by one node a simulation. What
# did the thirty decide? `gokit` records its own, compiled search in the same way, and prints it as text:

# %%
from gokit.search.trace import trace_search

config = SearchConfig(simulations=30)
trace = trace_search(NET, START, config, name=NET.name)
print(trace)

# %% [markdown]
# Black D1: 22 visits of 30, though it began with a prior of 0.15. B2 had the first five simulations to itself, but its value
# fell with each, so the sixth tried D1. And here is one simulation in words, formula and all:

# %%
print(trace.explain(10))
events = [type(event).__name__ for event in trace.events(10, 11)]
print("\nas events:", *events)
assert events == (["Select"] * 4 + ["Expand", "Evaluate"] + ["BackUp"] * 4)
visits = {child: c.visits for child, c in root.children.items()}
assert max(visits, key=visits.get) == trace.action == ESCAPE

# %% [markdown] section="rewind"
# ## How does one rewind a search?
#
# A tree that has learned something cannot forget it. But a film can be played again from the start, up to any frame.
# **Predict:** what must be stored to know N and Q of every move after *any* number of simulations?

# %%
def rewind(film, k):
    """{moves: [N, W]} after k simulations; W as the mover sees it."""
    table = {}
    for moves, value in film[:k]:
        for length in range(len(moves), 0, -1):
            value = -value  # the move was made by the other side
            row = table.setdefault(moves[:length], [0, 0.0])
            row[0] += 1
            row[1] += value
    return table


for k in (1, 8, 10, 15, 30):
    table = rewind(film, k)
    print(f"after {k:>2}:", "   ".join(
        f"{name(a)} N {n:>2} Q {w / n:+.2f}" for a in (FAVOURITE, ESCAPE)
        for n, w in [table.get((a,), (0, 0))] if n))
assert all(rewind(film, 30)[a,][0] == n for a, n in visits.items() if n)

# %% [markdown]
# Paths and values: nothing else. Priors come from the network once, and Q, U and every choice follow from N and W.
#
# **gokit does the same.** On random positions, under random games as the judge, your film and gokit's trace must agree in
# every path, every value and, rewound to every moment, every N.

# %%
def random_position(rng, size=5):
    position = Position(size, Rules(komi=0.5))
    for _ in range(rng.integers(0, 12)):
        stones = position.legal_moves()[:-1]
        position = position.play(int(rng.choice(stones)))
    return position


def compare(position, seed, simulations=12):
    """Hold the film against gokit's trace; how many numbers agreed."""
    judges = [RolloutEvaluator(np.random.default_rng(seed)) for _ in "ab"]
    _, mine = record_search(position, judges[0], simulations)
    config = SearchConfig(simulations=simulations)
    theirs = trace_search(judges[1], position, config)
    assert [(tuple(theirs.path(i)[1]), theirs.leaf_values[i])
            for i in range(simulations)] == mine
    replay = theirs.replay()
    for k in range(simulations + 1):
        table = rewind(mine, k)
        for edge in replay.seek(k).edges(0):
            assert edge.n == table.get((edge.action,), [0])[0]
    return (simulations + 1) * len(position.legal_moves())

# %%
rng = np.random.default_rng(4)
number = 40 if FAST else 1000
equal = sum(compare(random_position(rng), seed) for seed in range(number))
print(f"{number:,} positions: the same paths and values,",
      f"and {equal:,} visit counts equal at every moment")
assert equal > 100 * number

# %% [markdown] section="walk"
# ## Can you walk through it?
#
# The explorer shows the film as a tree. Full stop and comma step forward and back, ] and [ go by whole simulations, Home and
# End jump, Space plays. Click a node for its board and for the table from which its next move was chosen. "What if …?" searches
# once more with another c, first play or noise, and shows that tree beside this one.
#
# Find three moments: the first visit to D1; the simulation at which D1 overtakes B2; White's answer that ruined B2.

# %%
explorer = gokit.explore(START, NET, simulations=30)
explorer

# %% [markdown]
# The same three moments, asked of the trace:

# %%
first = next(i for i, (moves, _) in enumerate(film) if moves[0] == ESCAPE)
replay = trace.replay()
counts = [{edge.action: edge.n for edge in replay.seek(k).edges(0)}
          for k in range(31)]
over = next(k for k in range(31)
            if counts[k][ESCAPE] > counts[k][FAVOURITE])
line = [name(step.action) for step in replay.seek(8).principal_variation()]
print(f"first visit to D1: simulation {first + 1};",
      f"ahead of B2 after {over}")
print("the line of play that it believed in after 8:", *line)
assert first < over and line[:2] == ["B2", "D1"]

# %% [markdown] section="icicle"
# ## Where did the visits go?
#
# A second view of the same tree. In an **icicle** each node hangs below its parent, as wide as its share of the visits. A
# sharp search is a few long icicles, a vague one is a fringe. **Predict:** which does the network make, which do random games?

# %%
def icicle(ax, film, words, deepest=9):
    """Draw a film as an icicle; bars from COLORS by the root's move."""
    table = rewind(film, len(film))
    first = sorted({m[0] for m, _ in film}, key=lambda a: -table[a,][0])
    free = {(): 0.0}
    for moves in sorted(table, key=lambda m: (len(m), -table[m][0])):
        above = moves[:-1]
        x, n = free[above], table[moves][0]
        free[above], free[moves] = x + n, x
        if len(moves) > deepest:
            continue
        color = COLORS[first.index(moves[0]) % len(COLORS)]
        ax.bar(x, 0.94, n, 1 - len(moves), align="edge", color=color,
               edgecolor="white", alpha=0.75 - 0.05 * len(moves))
        if n > len(film) / 20:
            ax.text(x + n / 2, 1.46 - len(moves), name(moves[-1]),
                    fontsize=8, ha="center", va="center")
    ax.set(title=words, xlim=(0, len(film)), xlabel="visits")
    ax.set(ylim=(1 - deepest, 1), yticks=[], ylabel="depth")
    ax.grid(False)

# %%
_, vague = record_search(START, RolloutEvaluator(np.random.default_rng(0)),
                         120)
_, sharp = record_search(START, NET, 120)
figure, axes = plt.subplots(1, 2, figsize=(10, 3.6), sharey=True)
icicle(axes[0], sharp, "with the network, 120 simulations")
icicle(axes[1], vague, "with random games, 120 simulations")
display(alt(figure, "Two icicles of 120 simulations: with the network two "
            "moves share all visits and lines are nine moves deep; with "
            "random games five moves share most of them, and lines end "
            "sooner."))
depth = [max(len(moves) for moves, _ in f) for f in (sharp, vague)]
tried = [len({moves[0] for moves, _ in f}) for f in (sharp, vague)]
print(f"network: {tried[0]} first moves, {depth[0]} deep;",
      f"random games: {tried[1]} first moves, {depth[1]} deep")
assert depth[0] > depth[1] and tried[0] < tried[1]

# %% [markdown] section="selection"
# ## Who gets the next visit?
#
# Selection takes the highest Q + U, where U = c·P·√(1 + N) / (1 + n) is the **bonus**: n counts this move's visits, N those of
# all moves together. The lecture says that the bonus of an arm not tried grows, and that of a tried one shrinks. **Predict:** what
# does D1's bonus do between two of its own visits?

# %%
print("sim       D1: n     Q     U  Q+U     B2: n     Q     U  Q+U")
for i in (0, 1, 2, 5, 6, 7, 8, 9, 10, 11, 15, 29):
    step = trace.replay().selection(i)[0]
    edge = {e.action: e for e in step.edges}
    print(f"{i + 1:>3}", *[
        f"{'*' if a == step.chosen else ' ':>9}{e.n:>3} {e.q:+.2f}  "
        f"{e.u:.2f} {e.score:+.2f}" for a in (ESCAPE, FAVOURITE)
        for e in [edge[a]]])

# %% [markdown]
# A star marks the winner. Read D1's U downwards: 0.23, 0.33, 0.40, 0.57 while B2 takes five visits, then almost halved
# by its own first visit. Now all 16 legal moves at all thirty simulations:

# %%
bonus = [{e.action: e.u for e in trace.replay().selection(i)[0].edges}
         for i in range(30)]
taken = [trace.path(i)[1][0] for i in range(30)]
moved = {"tried": [], "not tried": []}
for i in range(29):
    for action in bonus[0]:
        kind = "tried" if action == taken[i] else "not tried"
        moved[kind].append(bonus[i + 1][action] > bonus[i][action])
for kind, grew in moved.items():
    print(f"just {kind:<10} bonus grew in {sum(grew)} of {len(grew)} steps")
assert not any(moved["tried"]) and all(moved["not tried"])

# %%
figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.3),
                            layout="constrained")
shown = {"B2": FAVOURITE, "D1": ESCAPE, "D5": from_gtp("D5", 5)}
for label, action in shown.items():
    edges = [next(e for e in trace.replay().selection(i)[0].edges
                  if e.action == action) for i in range(30)]
    x = range(1, 31)
    axes[0].plot(x, [e.u for e in edges], label=label, markevery=4)
    axes[1].plot(x, [e.score for e in edges], label=label, markevery=4)
axes[0].set(xlabel="simulation", ylabel="bonus U", ylim=(0, 1.35))
axes[1].set(xlabel="simulation", ylabel="Q + U", ylim=(-0.8, 2))
axes[0].legend()
display(alt(figure, "Bonus and score against the simulation. The bonus of "
            "D1 rises in a curve and halves at its first visit; that of D5 "
            "rises all the way, from a prior of 0.002; the scores of B2 "
            "and D1 run together once both are tried."))

# %% [markdown]
# So the saying holds if one reads it step by step: a move's bonus shrinks at its **own** visit and grows at everybody
# else's, tried before or not. Selection keeps the scores of the moves in play level. D5, which has a prior of 0.002, rises
# too, and would need thousands of simulations to matter.

# %% [markdown] section="first"
# ## What does the very first selection see?
#
# The lecture writes √N under the bonus and says that the first pick goes to the likeliest move. At the first pick N is 0.
# **Predict:** what is √0 times a prior of 0.84, and which move wins?

# %%
def puct_sqrt_n(node, c=1.5):
    """PUCT as it stands on the lecture's board."""
    def score(action):
        child = node.children[action]
        q = -child.q if child.visits else node.q - 0.2
        n_all = node.visits - 1  # without the node's own evaluation
        return q + c * child.prior * math.sqrt(n_all) / (1 + child.visits)
    return max(node.children, key=score)


def first_picks(choose, simulations=30):
    """Search; the first move tried at the root; all first tries."""
    picks = []

    def watched(node):
        action = choose(node)
        if node.visits == 1:
            likeliest = max(node.children,
                            key=lambda a: node.children[a].prior)
            picks.append((action, action == likeliest))
        return action
    return plain.search(START, NET, simulations, watched), picks

# %%
for what, choose in (("√N", puct_sqrt_n), ("√(1 + N)", plain.puct)):
    tree, picks = first_picks(choose)
    obeyed = sum(likeliest for _, likeliest in picks)
    print(f"{what:<9} first pick {name(picks[0][0])}; the likeliest move "
          f"first at {obeyed:>2} of {len(picks)} nodes;",
          f"D1: {tree.children[ESCAPE].visits} visits")
    if choose is puct_sqrt_n:
        assert picks[0][0] == START.legal_moves()[0] == from_gtp("A5", 5)
    else:
        assert obeyed == len(picks) and picks[0][0] == FAVOURITE
zero = trace.replay().selection(0)[0]
print("engine:", trace.explain(0).splitlines()[1])
assert zero.chosen == FAVOURITE

# %% [markdown]
# **It does not hold as written.** With √N all scores are equal at N = 0, the prior is multiplied by nothing, and the first
# of the list wins: A5, to which the network gives less than one chance in a hundred thousand. And not at the root only: *every* node
# spends its first visit so. √(1 + N), a tie broken by the prior, or a tiny number added under the root mends it.

# %% [markdown] section="growth"
# ## Why build the tree while searching it?
#
# One could first write down the whole tree, then search it. **Predict:** how deep a full tree of 9×9 fits into the memory
# of this machine, at 1.7 kB a node?

# %%
from gokit.search.tree import tree_bytes


def full_tree(size, depth):
    """How many sequences of legal moves there are, by length."""
    games, counts = Games(1, size), [1]
    for _ in range(depth):
        legal = games.legal_mask()
        parents, moves = np.nonzero(legal)
        counts.append(len(moves))
        if len(moves) > 100_000:
            break
        more = Games(len(moves), size)
        more.copy_from(games, parents, np.arange(len(moves)))
        more.play(moves)
        games = more
    return counts

# %%
def size_of(nodes, actions):
    value = float(tree_bytes(int(nodes), actions))
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 1000:
            return f"{value:.3g} {unit}"
        value /= 1000
    return f"{value:.3g} PB"

# %%
counts = full_tree(9, 3)
while len(counts) < 7:  # each stone leaves about one point less
    counts.append(counts[-1] * (82 - len(counts) + 1))
for depth, count in enumerate(counts):
    guess = " (estimated)" if depth > 3 else ""
    print(f"full 9×9 tree, {depth} deep: {count:>15,} nodes, "
          f"{size_of(sum(counts[:depth + 1]), 82):>8}{guess}")
nine_net = Remembered(load_evaluator(CHECKPOINTS / "9x9.safetensors"),
                      name="the shipped 9×9 network")
number = 100 if FAST else 800
nine = trace_search(nine_net, Position(9), SearchConfig(number))
print(f"the tree of {number} simulations: {nine.nodes} nodes,",
      f"{nine.depths.max()} deep, {size_of(nine.nodes, 82)}")
assert nine.nodes == number + 1 and nine.depths.max() > 3
assert counts[:3] == [1, 82, 82 + 81 * 81]

# %%
figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.2),
                            layout="constrained")
grown = 1 + np.cumsum(nine.is_new)
deepest = np.maximum.accumulate(np.diff(nine.starts))
axes[0].plot(grown * tree_bytes(1000, 82) / 1e9, deepest, marker="none")
axes[0].set(xlabel="memory of the tree, MB", ylabel="deepest line")
axes[0].set_title("grown while searching")
axes[1].bar(range(len(counts)), [tree_bytes(sum(counts[:d + 1]), 82)
                                 for d in range(len(counts))])
axes[1].axhline(2**34, ls="--", color="#666")
axes[1].text(-0.4, 2**34 * 2, "16 GB", color="#444")
axes[1].set(yscale="log", xlabel="depth", ylabel="bytes")
axes[1].set_title("the full tree")
display(alt(figure, "Left: the deepest line against memory: the search "
            "grows several moves deep within about one megabyte. Right: "
            "the full tree of 9×9 in bytes, on a log scale, passes 16 GB "
            "between depth three and four."))

# %% [markdown]
# Three moves deep takes nearly a gigabyte, four deep seventy. The search went deeper than that in about a megabyte, because it only ever
# adds the one node it just walked to. So one must search *while* building; the film above is that very growth.

# %% [markdown] section="lab-fpu"
# ## Break it: what is an untried move worth?
#
# Q of a move without visits is 0/0. Somebody must say what it counts as: its **first-play urgency**, FPU. A real program kept
# values in [0, 1], wrote 0 there, and set c = 0.5. In our units, -1 to 1, that is: an untried move counts as a *certain
# loss*, and c = 1. Here are its network's bad day and ours: we set the prior of the escape D1 by hand.

# %%
class Crafted:
    """The network, but the escape has this prior at the root."""

    value_kind, name = NET.value_kind, "prior of D1 by hand"

    def __init__(self, *priors):  # one for each game of a batch
        self.odds = np.log(priors) - np.log1p(-np.array(priors))

    def evaluate(self, games, indices):
        logits, values = NET.evaluate(games, indices)  # new arrays
        at_root = games.move_number[indices] == 0
        for row in np.flatnonzero(at_root):
            others = np.delete(START.legal_moves(), np.searchsorted(
                START.legal_moves(), ESCAPE))
            rest = np.logaddexp.reduce(logits[row, others])
            logits[row, ESCAPE] = rest + self.odds[indices[row]]
        return logits, values


def visits_of_escape(priors, simulations, **options):
    """Visits of D1 for each of the priors."""
    games = Games.from_positions([START] * len(priors))
    config = SearchConfig(simulations, **options)
    return Search(Crafted(*priors), config).run(games).visits[:, ESCAPE]

# %% [markdown]
# **Predict:** D1 is worth +0.5, B2 -0.3. How many of 1,024 simulations find that out if D1 has a prior of 0.02?

# %%
LOSS = {"fpu": "absolute", "fpu_value": -1.0}
sims = (16, 64, 256) if FAST else (16, 64, 256, 1024)
priors = (0.15, 0.02, 0.0145)
rules = {"untried = lost, c = 1": {**LOSS, "c_puct": 1.0},
         "untried = lost, c = 10": {**LOSS, "c_puct": 10.0},
         "parent's mean - 0.2, c = 1": {"c_puct": 1.0}}
found = {}
print(f"{'visits of D1':<28}simulations:", *[f"{s:>6}" for s in sims])
for rule, options in rules.items():
    seen = np.array([visits_of_escape(priors, s, **options) for s in sims])
    for k, p in enumerate(priors):
        found[rule, p] = seen[:, k]
        print(f"{rule:<28}prior {p:<6}", *[f"{n:>6}" for n in seen[:, k]])
assert not found["untried = lost, c = 1", 0.02].any()
assert found["parent's mean - 0.2, c = 1", 0.02][-1] > sims[-1] / 4

# %% [markdown]
# With a prior of 0.02, not once. However B2 disappoints, a certain loss plus the bonus, -1 + 0.02·√N, is less still for more
# than a thousand simulations: the tree is **locked in**. Half the prior needs four times as many. A tenfold c unlocks it
# sooner, and then spends visits on everything else. This is how a locked-in tree looks:

# %%
locked = SearchConfig(256, c_puct=1.0, **LOSS)
explorer = gokit.explore(START, Crafted(0.02), config=locked)
explorer

# %% [markdown]
# One branch, all 256 visits: a mean of -0.16 beats a certain loss. How small must a prior be, and how large c? **Predict:** which of four
# first-play rules finds D1 most often?

# %%
grid_p = (0.002, 0.01, 0.05) if FAST else (
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
grid_c = (0.5, 2.0, 8.0) if FAST else (0.25, 0.5, 1, 1.5, 2, 4, 8, 16)
number = 64 if FAST else 256
MODES = {"certain loss": LOSS, "0, a draw": {"fpu": "absolute"},
         "parent's mean - 0.2": {}, "each once first": {"fpu": "infinite"}}
heat = {mode: np.array([visits_of_escape(grid_p, number, c_puct=float(c),
                                         **options) for c in grid_c])
        for mode, options in MODES.items()}
for mode, grid in heat.items():
    print(f"{mode:<20} D1 never found in {(grid == 0).sum():>2} of "
          f"{grid.size} cells; most visited in {(2 * grid > number).sum()}")
lost, draw, mean, once = ((grid == 0).sum() for grid in heat.values())
assert lost > mean > draw >= once == 0

# %%
figure, axes = plt.subplots(1, 4, figsize=(11, 3), sharey=True)
for ax, (mode, grid) in zip(axes, heat.items()):
    ax.imshow(grid / number, cmap="Blues", vmin=0, vmax=1, origin="lower")
    for (row, column), n in np.ndenumerate(grid):
        ax.text(column, row, n, ha="center", va="center", fontsize=7,
                color="white" if n > 0.55 * number else "#333")
    ax.set_title(f"untried = {mode}", fontsize=9)
    ax.set_xticks(range(len(grid_p)), grid_p, rotation=60, fontsize=7)
    ax.set(xlabel="prior of D1")
    ax.grid(False)
axes[0].set_yticks(range(len(grid_c)), grid_c, fontsize=8)
axes[0].set_ylabel("c")
display(alt(figure, f"Visits of D1 in {number} simulations by prior and c, "
            "for four first-play rules. Untried = lost: zero in the lower "
            "left half and beyond. Parent's mean: zero at tiny priors and "
            "small c. A draw: nearly never. Each once first: never."))

# %% [markdown]
# The rule matters as much as c. "A draw" does well *here*, because Black stands badly until D1 is found, and any untried
# move looks like a rescue; for a side that stands well, 0 is itself a reduction, and a large one. "Each once first" finds D1 everywhere on this
# small board; on 19×19 it spends its first 362 visits on a tour. gokit's default, the third, goes with the position.
#
# Now break the readable search. `locked_in` has the bug. Mend it until the test passes.

# %%
def locked_in(node, c=1.0):
    def score(action):
        child = node.children[action]
        q = -child.q if child.visits else -1.0  # <- the planted bug
        bonus = c * child.prior * math.sqrt(node.visits)
        return q + bonus / (1 + child.visits)
    return max(node.children, key=score)


def parents_mean(node):
    return plain.puct(node, c_puct=1.0)


def test_a_good_move_gets_a_look(choose):
    tree = plain.search(START, Crafted(0.02), 200, choose)
    return tree.children[ESCAPE].visits > 0


for choose in (parents_mean, locked_in):
    passed = test_a_good_move_gets_a_look(choose)
    print(f"{choose.__name__:<14}", "passes" if passed else "FAILS")
assert test_a_good_move_gets_a_look(parents_mean)

# %% [markdown]
# <details><summary>The repair</summary>
#
# `q = -child.q if child.visits else node.q - 0.2`
# </details>
#
# Does it cost games? One port of the lecture's program met both rules in matches: with even priors 10 to 90, with a
# network's priors 46 to 54. **Predict** ours.

# %%
from gokit.players import MctsPlayer


def fpu_match(evaluators, games, simulations=64):
    """The locked-in rule against the parent's mean."""
    players = [
        MctsPlayer(e, simulations, config=SearchConfig(c_puct=1.0, **rule))
        for e, rule in zip(evaluators, (LOSS, {}))]
    return play_match(*players, games=games, size=5,
                      rules=Rules(komi=0.5), rng=np.random.default_rng(6))


even = [RolloutEvaluator(np.random.default_rng(s), value_kind="margin")
        for s in (1, 2)]
scores = {}
for what, pair, games in (("even priors", even, 20 if FAST else 100),
                          ("the network's", [NET, NET], 4 if FAST else 60)):
    match = fpu_match(pair, games)
    scores[what] = match.interval
    print(f"{what:<14} the locked-in rule scores {match.score:.2f} "
          f"[{match.interval[0]:.2f}, {match.interval[1]:.2f}], "
          f"n = {match.games}")
assert scores["even priors"][1] < 0.5

# %% [markdown]
# With even priors the lock-in loses nearly every game: it plays the first thing that looked all right. With a network's priors it
# hardly shows, since the likeliest move is mostly a good one. That is how such a bug lives for months.

# %% [markdown] section="lab-noise"
# ## Break it: noise that is wiped away
#
# In self-play a search adds noise to the root's priors, so that no two games are alike. In the lecture's own tutorial the
# root was evaluated and noised, and still had no visits. The first simulation came along, took "no visits" for "not yet
# evaluated", asked the network again and **wrote the priors anew**. Here is that search, with the question as an argument.

# %%
def noisy_search(rng, is_leaf, simulations=50):
    """A search with noise at the root."""
    root = plain.Node(START)
    plain.expand(root, plain.evaluate(START, NET)[0])
    noise = rng.dirichlet([0.6] * len(root.children))
    for child, extra in zip(root.children.values(), noise):
        child.prior = 0.75 * child.prior + 0.25 * extra
    for _ in range(simulations):
        path = [root]
        while not is_leaf(path[-1]):
            node = path[-1]
            action = plain.puct(node)
            child = node.children[action]
            child.position = child.position or node.position.play(action)
            path.append(child)
        logits, value = plain.evaluate(path[-1].position, NET)
        plain.expand(path[-1], logits)
        plain.back_up(path, value)
    return root

# %%
def no_visits(node):
    return node.visits == 0  # <- the planted bug


def no_children(node):
    return not node.children


def test_the_noise_survives(is_leaf):
    root = noisy_search(np.random.default_rng(1), is_leaf)
    now = np.array([child.prior for child in root.children.values()])
    raw = prior[list(root.children)]
    first = sum(child.visits for child in root.children.values())
    return bool(np.abs(now - raw).max() > 0.01) and first == 50

# %%
roots, trees, seeds = {}, {}, range(3 if FAST else 20)
for is_leaf in (no_children, no_visits):
    roots[is_leaf] = [noisy_search(np.random.default_rng(s), is_leaf)
                      for s in seeds]
    trees[is_leaf] = [tuple(child.visits for child in r.children.values())
                      for r in roots[is_leaf]]
    print(f"{is_leaf.__name__:<12}",
          "passes;" if test_the_noise_survives(is_leaf) else "FAILS; ",
          f"{len(set(trees[is_leaf]))} different trees from {len(seeds)} "
          f"seeds; moves visited {sum(trees[is_leaf][0])} times in all")
assert test_the_noise_survives(no_children)
assert len(set(trees[no_visits])) == 1

# %%
figure, axes = plt.subplots(1, 2, figsize=(9, 3.1), sharey=True,
                            layout="constrained")
labels = [name(a) for a in START.legal_moves()]
for ax, (is_leaf, made) in zip(axes, roots.items()):
    for k, root in enumerate(made[:5]):
        priors = [child.prior for child in root.children.values()]
        ax.plot(priors, ls="none", marker=MARKERS[k], ms=6, alpha=0.7,
                label=f"seed {k}")
    ax.set_xticks(range(len(labels)), labels, fontsize=7, rotation=90)
    ax.set_title(f"a leaf is a node with {is_leaf.__name__}", fontsize=10)
axes[0].set(yscale="log", ylabel="prior after the search",
            ylim=(1e-8, 2))
axes[0].legend(fontsize=7, ncols=2, loc="upper left")
display(alt(figure, "The root's priors after the search, by move, for "
            "several seeds, on a log scale. Where a leaf has no children "
            "they differ by factors of a thousand; where it has no visits "
            "all seeds lie on one another."))

# %% [markdown]
# The symptom: twenty seeds, one tree, and one simulation of fifty lost on the root. Nothing crashes; self-play just plays
# the same game again and again. The test to write: *after* the search the priors are the noised ones, and the
# moves' visits add up to the simulations. (Counting network calls would find nothing here: 51 both times.)
#
# gokit passes it:

# %%
class Counted:
    value_kind, calls = NET.value_kind, 0

    def evaluate(self, games, indices):
        self.calls += len(indices)
        return NET.evaluate(games, indices)


counted = Counted()
config = SearchConfig(simulations=50, noise_fraction=0.25)
noised = trace_search(counted, START, config, np.random.default_rng(1))
edges = noised.replay().seek(50).edges(0)
kept = max(abs(e.p - noised.root_prior[e.action]) for e in edges)
over = int(noised.closed.sum())  # finished games need no network
print(f"gokit: largest change of a prior, after the search: {kept:.3f};",
      f"{sum(e.n for e in edges)} visits, {counted.calls} network calls")
assert kept > 0.01 and sum(e.n for e in edges) == 50
assert counted.calls + over == 51

# %% [markdown] section="prior"
# ## Can a small prior hide a capture?
#
# A port of the lecture's program was **atari-blind**: its network gave a stone's escape a prior of 0.0145, and the search did
# not try it once in 256 simulations, nor choose it after 1,024. Is ours? Take positions from random 9×9 games in which
# three stones or more can be captured, or saved, at once. How often does the shipped 9×9 network's search even look?

# %%
from gokit.players import RandomPlayer, own_eyes


def tactic(position, least=3):
    """A point that takes, or saves, at least so many stones."""
    for group in position.atari():
        (point,) = group.liberties
        if len(group.stones) < least or not position.is_legal(point):
            continue
        after = position.play(point)
        if group.color != position.to_move or (
                after.board.flat[point]
                and len(after.group_at(point).liberties) >= 3):
            return point
    return None

# %%
def tactical_positions(number, plies=50):
    games, rng = Games(number, 9), np.random.default_rng(0)
    player = RandomPlayer(rng)
    for _ in range(plies):
        here = np.flatnonzero(games.ended == 0)
        moves = np.full(number, -1)
        moves[here] = player.choose_many(games, here)
        games.play(moves)
    found = [games.position(i) for i in np.flatnonzero(games.ended == 0)]
    return [(p, tactic(p)) for p in found if tactic(p) is not None]

# %%
class Snapshots:
    """An observer of a search: the root's visits at some moments."""

    def __init__(self, moments):
        self.moments, self.done, self.visits = moments, 0, {}

    def planted(self, tree, plan, dials):
        pass

    def selected(self, tree):
        pass

    def backed_up(self, tree):
        self.done += 1
        if self.done in self.moments:
            self.visits[self.done] = tree.visits[:, 0].copy()


suite = tactical_positions(120 if FAST else 1500)[:12 if FAST else 60]
batch = Games.from_positions([position for position, _ in suite])
moves, every = np.array([m for _, m in suite]), np.arange(len(suite))
moments = (16, 64) if FAST else (16, 64, 256, 1024)
camera = Snapshots(moments)
result = Search(nine_net, SearchConfig(simulations=moments[-1])).run(
    batch, observer=camera)
likely = result.prior[every, moves]

# %%
for moment, visits in camera.visits.items():
    unseen = int((visits[every, moves] == 0).sum())
    print(f"{moment:>5} simulations: never looked at",
          rate(unseen, len(suite)))
blind = camera.visits[moments[-1]][every, moves] == 0
figure, axes = plt.subplots(1, len(moments), figsize=(10, 2.8), sharey=True)
for ax, (moment, visits) in zip(axes, camera.visits.items()):
    chosen = visits.argmax(1) == moves
    for k, (what, which) in enumerate((("not chosen", ~chosen),
                                       ("chosen", chosen))):
        ax.plot(likely[which], visits[every, moves][which], MARKERS[k],
                ls="none", color=COLORS[k], label=what, alpha=0.7)
    ax.set(xscale="log", xlabel="prior", title=f"{moment} simulations")
    ax.set_yscale("symlog", linthresh=1)
axes[0].set_ylabel("visits")
axes[-1].legend(fontsize=8)
display(alt(figure, "Visits of the capture or escape against its prior, "
            "one panel for each number of simulations: the smaller the "
            "prior the more simulations before the first visit."))
assert np.corrcoef(np.log(likely), blind)[0, 1] < -0.2

# %% [markdown]
# So priors do hide captures, for hundreds of simulations. But was anything **lost**? A judge that knows no priors: 400 random
# games after the capture, and 400 after the move that the search chose instead.

# %%
def judged(positions, playouts=100 if FAST else 400):
    """Mean margin for the side that just moved, by random games."""
    judge = RolloutEvaluator(np.random.default_rng(5), playouts, "margin")
    games = Games.from_positions(positions)
    return -judge.evaluate(games, np.arange(len(positions)))[1] * 81


tactics = judged([p.play(int(m)) for p, m in suite])
harm = {}
for moment, visits in camera.visits.items():
    unseen = visits[every, moves] == 0
    chosen = visits.argmax(1)
    gain = tactics - judged([p.play(int(a)) for (p, _), a in
                             zip(suite, chosen)])
    harm[moment] = int((unseen & (gain > 4)).sum()), int(unseen.sum())
    print(f"{moment:>5} simulations: better by over 4 points, but never "
          f"looked at: {rate(harm[moment][0], len(suite))}")
print("of those never looked at:",
      ", ".join(f"{k} of {n}" for k, n in harm.values()))
assert all(2 * k < n for k, n in harm.values() if n)

# %% [markdown]
# **With our network the blindness is there, and costs little.** Most of what it does not look at is not worth a look: stones
# that can be taken now can often be taken later, and the more simulations, the fewer costly cases are left. In the port the
# search really chose a worse move. So here it is on our own board, a prior set by hand, everything else at its default:

# %%
sims = (16, 64, 256) if FAST else (16, 64, 256, 1024)
priors = (0.155, 0.05, 0.0145, 0.005, 0.001)
table = np.array([visits_of_escape(priors, s) for s in sims])
figure, ax = plt.subplots(figsize=(6.4, 3.2))
for k, p in enumerate(priors):
    print(f"prior {p:<7}", *[f"{s:>5}: {n:<5}" for s, n in
                             zip(sims, table[:, k])])
    ax.plot(sims, table[:, k] / sims, label=f"prior {p}", clip_on=False)
ax.set(xscale="log", xlabel="simulations", ylabel="share of D1",
       ylim=(0, 1))
ax.set_xticks(sims, sims)
ax.legend(fontsize=8)
display(alt(figure, "Share of the escape's visits against simulations, a "
            "line for each prior: the smaller the prior, the later the "
            "line rises; the smallest never does."))
assert table[0, 0] > 0 and not table[:2, 2:].any()

# %% [markdown]
# With a prior of 0.0145 the escape has no visit in the first 64 simulations, with 0.001 none at all. **How many does a move
# need?** About (gap / (c·P))², where the gap is what its first-play value lacks: a tenth of the prior costs a
# hundred times the search.

# %% [markdown] section="lab-sign"
# ## Break it: whose value is it?
#
# What is good for one side is bad for the other: the value turns its sign at every step up the tree. (The lecture's values
# go from 0 to 1; there it is 1 - v.) Forget that in one place, `back_up`. **Predict:** will the broken search still beat
# random play?

# %%
def back_up_unturned(path, value):
    for node in reversed(path):
        node.visits += 1
        node.value_sum += value  # <- the planted bug: nobody turns it


class Readable:
    """A player by the search of chapter 3, with a back-up of its own."""

    def __init__(self, name, back_up, simulations=24, seed=0):
        self.name, self.back_up, self.n = name, back_up, simulations
        self.judge = RolloutEvaluator(np.random.default_rng(seed))

    def choose(self, position):
        with patch.object(plain, "back_up", self.back_up):
            root = plain.search(position, self.judge, self.n)
        filled = own_eyes(position)
        return max((a for a in root.children if not filled[a]),
                   key=lambda a: root.children[a].visits)

    def reset(self):
        pass

    def close(self):
        pass

# %%
def test_a_good_leaf_is_good_for_its_mover(back_up):
    """A leaf worth +1 to White is worth -1 to Black above it."""
    root, leaf = plain.Node(START), plain.Node(START.play(ESCAPE))
    back_up([root, leaf], 1.0)
    return (root.q, leaf.q) == (-1.0, 1.0)


for back_up in (plain.back_up, back_up_unturned):
    passed = test_a_good_leaf_is_good_for_its_mover(back_up)
    print(f"{back_up.__name__:<17}", "passes" if passed else "FAILS")
assert test_a_good_leaf_is_good_for_its_mover(plain.back_up)

# %%
games = 6 if FAST else 40
against = {}
pairs = {"random play": lambda: RandomPlayer(np.random.default_rng(1)),
         "the sound search": lambda: Readable("sound", plain.back_up)}
for back_up in (plain.back_up, back_up_unturned):
    for who, rival in pairs.items():
        broken = Readable(back_up.__name__, back_up, seed=9)
        match = play_match(broken, rival(), games=games, size=5,
                           rules=Rules(komi=0.5),
                           rng=np.random.default_rng(8))
        against[back_up.__name__, who] = match
        black = sum(g.winner == g.a_color == BLACK for g in match.played)
        low, high = match.interval
        print(f"{back_up.__name__:<17}against {who:<17}{match.score:.2f} "
              f"[{low:.2f}, {high:.2f}], n = {match.games};\n     wins as "
              f"Black {black} of {games // 2}, as White "
              f"{match.wins - black} of {games // 2}")
sound, broken = (against[who, "the sound search"] for who in
                 ("back_up", "back_up_unturned"))
assert broken.score < (0.5 if FAST else sound.interval[0])

# %% [markdown]
# It plays about as well as random play: at half the depths of the tree it steers for what the other side wants. Both colours
# suffer alike, so a count of Black's wins would not have shown it; the small test above shows it at once.
#
# <details><summary>The repair</summary>
#
# One line more in the loop: `value = -value`
# </details>

# %% [markdown] section="lab-mover"
# ## Break it: must the sign turn at *every* step?
#
# In Go the sides alternate, passes included. In **Dots and Boxes** they do not: who closes a box moves again. Whoever
# carries a search over from Go to that game carries over the sign as well. Here it is on 2×2 boxes.

# %%
# Lines 0 to 5 run across, 6 to 11 down.
BOXES = [frozenset({2 * r + c, 2 * r + c + 2, 6 + 3 * r + c,
                    7 + 3 * r + c}) for r in (0, 1) for c in (0, 1)]


@dataclass(frozen=True)
class Boxes:
    """Dots and Boxes, 2×2, with the names of a Position."""

    drawn: frozenset = frozenset()
    to_move: int = 0
    lead: int = 0  # boxes of player 0 minus those of player 1

    def legal_moves(self):
        return [line for line in range(12) if line not in self.drawn]

    def play(self, line):
        drawn = self.drawn | {line}
        won = sum(line in box and box <= drawn for box in BOXES)
        lead = self.lead + (-won if self.to_move else won)
        return Boxes(drawn, self.to_move ^ (won == 0), lead)

# %%
@cache
def to_come(drawn):
    """Exact: the boxes that the side to move will be ahead from here."""
    best = None
    for line in Boxes(drawn).legal_moves():
        after = Boxes(drawn).play(line)
        rest = to_come(after.drawn)
        gain = after.lead + (-rest if after.to_move else rest)
        best = gain if best is None else max(best, gain)
    return best or 0


def random_end(game, rng):
    """The judge: one random game, as plain.evaluate answers."""
    end = game
    while lines := end.legal_moves():
        end = end.play(int(rng.choice(lines)))
    value = end.lead / 4
    return np.zeros(12), -value if game.to_move else value


print("the first player of 2×2 ends", to_come(frozenset()), "boxes ahead;",
      f"{to_come.cache_info().currsize:,} positions solved")
assert Boxes(frozenset({0, 2, 6})).play(7).to_move == 0, "moves again"

# %% [markdown]
# The sign depends on **who moves**, not on how deep one is, and it stands in two places: in the back-up, and where selection
# reads a child's Q. **Predict:** how often does each search find a best move?

# %%
def mover_back_up(path, value):
    mover = path[-1].position.to_move
    for node in path:
        node.visits += 1
        same = node.position.to_move == mover
        node.value_sum += value if same else -value


def mover_puct(node, c=1.5):
    def score(action):
        child, q = node.children[action], node.q - 0.2
        if child.visits:
            same = child.position.to_move == node.position.to_move
            q = child.q if same else -child.q
        bonus = c * child.prior * math.sqrt(node.visits)
        return q + bonus / (1 + child.visits)
    return max(node.children, key=score)


def is_best(game, line):
    after = game.play(line)
    rest = to_come(after.drawn)
    won = abs(after.lead - game.lead)
    return won + (rest if won else -rest) == to_come(game.drawn)

# %%
def best_moves(back_up, choose, n, simulations):
    """In how many of n random positions a search plays a best move.

    And how many a random line would find, on average.
    """
    rng, found, luck = np.random.default_rng(3), 0, 0.0
    while n:
        drawn = frozenset(rng.permutation(12)[:rng.integers(3, 8)].tolist())
        game = Boxes(drawn)
        good = [is_best(game, line) for line in game.legal_moves()]
        if all(good):
            continue  # nothing to get wrong
        n, luck = n - 1, luck + np.mean(good)
        with (patch.object(plain, "back_up", back_up),
              patch.object(plain, "evaluate", random_end)):
            tree = plain.search(game, rng, simulations, choose)
        found += is_best(game, plain.most_visited(tree))
    return found, luck

# %%
n, shares = 16 if FAST else 150, {}
for what, back_up, choose in (
        ("turned at every step", plain.back_up, plain.puct),
        ("turned when the mover changes", mover_back_up, mover_puct)):
    k, luck = best_moves(back_up, choose, n, 60 if FAST else 100)
    shares[what] = wilson(k / n, n)
    print(f"{what:<31} best move in {rate(k, n)}")
print(f"a random line would be best in {luck / n:.2f}")
worse, better = shares.values()
assert worse[1] < better[0]

# %%
trees = []
for back_up in (plain.back_up, mover_back_up):
    with patch.object(plain, "back_up", back_up):
        tree = plain.search(START, NET, 60)
    trees.append([(c.visits, c.value_sum) for c in tree.children.values()])
print("in Go the two back-ups make the same tree:", trees[0] == trees[1])
assert trees[0] == trees[1]

# %% [markdown]
# Turned at every step, the search does no better than picking a line blindly: after each closed box it wants the opposite. One search
# serves both games if it asks who moves. In Go the answer is always "the other one", so gokit turns the sign at every
# step, and its tests hold that equal to the slow way.

# %% [markdown] section="play"
# ## Play
#
# Set up a position of your own: play stones for both sides, or change the diagram.

# %%
MINE = """
. . . . .
. . X . .
. O X . .
. . O . .
. . . . .
"""
board = gokit.show(Position.from_diagram(MINE), title="Set up your own")
board

# %% [markdown]
# Then run the next cell: it searches whatever stands there. Under "What if …?" try
#
# - c at 0.1, then at 10: the tree becomes a thread, then a bush;
# - an untried move worth the value itself, -1: a move that never gets its look;
# - noise at 0.25, twice, with different seeds;
# - random games as the evaluator: how many simulations until they agree with the network?
#
# A point on the explorer's board that the search never tried? Click it: "Search after …" goes on from there.

# %%
explorer = gokit.explore(board.position, NET, simulations=100)
explorer

# %% [markdown]
# And the shipped 9×9 network on one of the captures that it did not look at. Which simulation would have been the first?

# %%
hidden = int(likely.argmin())
position, capture = suite[hidden]
print(f"the move is {to_gtp(capture, 9)}, prior {likely[hidden]:.4f}")
gokit.explore(position, nine_net, simulations=200)

# %% [markdown]
# ## Summary
#
# 1. A simulation selects a path, expands one leaf, evaluates it and backs its value up. Paths and values are the whole film.
# 2. A move's bonus shrinks at its own visit and grows at everybody else's; with √N the first pick ignores the prior.
# 3. What an untried move counts as can lock a search in: 0 of 1,024 visits for the best move on the board.
# 4. Noise must survive the first simulation: twenty seeds that make one tree are a bug, and nothing crashes.
# 5. The value belongs to a side. It turns its sign when the side to move changes, which in Go is at every step.

# %% [markdown]
# ## Check yourself
#
# <details><summary>1. A move has a prior of 0.3, no visits, and its node has 24. Its bonus at c = 1?</summary>
#
# 1 · 0.3 · √25 / 1 = 1.5.
# </details>
#
# <details><summary>2. The root has 51 nodes below it after 50 simulations. What happened?</summary>
#
# Nothing that can: a simulation adds at most one node. Fewer than 50 would be possible, where simulations end in a finished
# game that the tree already holds.
# </details>
#
# <details><summary>3. Your search visits one move only, at 100 simulations and at 10,000. Where do you look first?</summary>
#
# At what an untried move counts as, and at c. A favourite that beats "certain loss plus a small bonus" stays for ever.
# </details>
#
# <details><summary>4. Twenty self-play games with noise are identical. One test that finds it?</summary>
#
# After a search, the root's priors must differ from the network's, and the visits of its moves must add up to the simulations.
# </details>
#
# <details><summary>5. Why does a wrong sign not show in the share of games that Black wins?</summary>
#
# Both colours use the same search and suffer alike. It shows against another player, and in a test of one back-up.
# </details>

# %% [markdown]
# ## Exercises
#
# [exercises/04_tree_visualizer.ipynb](../exercises/04_tree_visualizer.ipynb): nine of them, from a first pick to taking a
# simulation back. A wrong answer is shown on a tree.

# %% [markdown]
# ## Not shown here, and why
#
# - **Which first-play rule is best**: a matter of the network too. Chapter 6 measures it with matches.
# - **Leaves evaluated in batches**: chapter 6; here every simulation waits for the one before it.
# - **A network that sees ataris**: chapter 5 is about what a network is shown.

# %% [markdown]
# ## Sources
#
# - D. Silver et al., *Mastering the game of Go with deep neural networks and tree search*, Nature 529, 2016; *Mastering the
#   game of Go without human knowledge*, Nature 550, 2017: the four steps, PUCT, noise at the root.
# - C. Rosin, *Multi-armed bandits with episode context*, Annals of Mathematics and Artificial Intelligence 61, 2011: the bonus.
# - S. Gelly and Y. Wang, *Exploration exploitation in Go*, NeurIPS workshop, 2006: first-play urgency.
# - *Eric Jang – Building AlphaGo from scratch*, with Dwarkesh Patel, 2026: the claims that are tested here.
# - The code and logs of public reimplementations: erased noise (his tutorial), locked-in first play (its ports), the sign
#   in Dots and Boxes.

# %% [markdown]
# ## Next
#
# [Chapter 5, policy and value networks](05_policy_value_networks.ipynb): the black box, opened and trained.
