# %% [markdown]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/alphago-from-scratch/blob/main/chapters/02_bandits.ipynb)
#
# # 2. Bandits
#
# A slot machine with many arms, a limited number of tries, and five ways to spend them. The last of the five is the rule by which AlphaGo picks the move that it looks at next.
#
# > **You will be able to**
# > - say what regret is, and measure it;
# > - write greedy, ε-greedy, UCB1, Thompson sampling and PUCT, a few lines each;
# > - read the two formulas of the lecture term by term, and say which part shrinks with what;
# > - say when a prior helps, and when it kills.
# >
# > **You need** Python and a little numpy. No Go beyond "a move is a point"; [chapter 1](01_go_rules.ipynb) has the rest.
# > **Time** about 70 minutes to read and play; the code itself runs in under two minutes.
# > **Hardware** anything; two CPU cores are plenty.

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

# %% id="02-imports"
import math
import os
import time

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display

from gokit import Games, Position, Rules
from gokit.arena import wilson
from gokit.go.playouts import random_below, random_states
from gokit.plots import COLORS, MARKERS, alt, draw_board, style
from gokit.search import bandits
from gokit.search.bandit_kernels import next_uniform
from gokit.search.evaluators import RolloutEvaluator

style()
FAST = os.environ.get("GOKIT_FAST") == "1"  # smaller, for quick tests

# %% [markdown]
# Two helpers: `band` draws a mean with its 95 % interval, and `show_plot` labels a figure and shows it with its text.

# %%
def band(ax, found, label, number, x=None):
    """Draw the mean regret of many runs, and its 95 % interval."""
    x = found.checkpoints if x is None else x
    ax.plot(x, found.mean, label=label, color=COLORS[number],
            marker=MARKERS[number], markevery=8)
    ax.fill_between(x, found.low, found.high, alpha=0.25, lw=0,
                    color=COLORS[number])


def show_plot(figure, words, **labels):
    """Label the first axes (see `Axes.set`), show the figure."""
    if labels:
        figure.axes[0].set(**labels)
    display(alt(figure, words))


def interval(found):
    """The final regret, with its 95 % interval and the runs."""
    return (f"{found.mean[-1]:7.1f} [{found.low[-1]:6.1f}, "
            f"{found.high[-1]:6.1f}], n = {len(found.regret):,}")

# %% [markdown]
# The way through: five rules, each the repair of the one before; then what their bonuses do; then what a prior does.

# %%
RULES = ["greedy", "ε-greedy", "UCB1", "Thompson", "PUCT"]
ASKED = ["the bonus", "when it\nstops", "the very\nfirst pick",
         "many\nmoves", "help or\nharm?"]
figure, ax = plt.subplots(figsize=(9.5, 2.3))
for y, name, steps, fill in ((1, "you build", RULES, "#cfe3f5"),
                             (0, "you measure", ASKED, "#f7e3c1")):
    ax.text(-0.7, y, name, ha="right", va="center", weight="bold")
    for x, step in enumerate(steps):
        ax.text(x, y, step, ha="center", va="center",
                bbox={"boxstyle": "round,pad=0.5", "fc": fill})
    for x in range(4):
        ax.annotate("", (x + 0.6, y), (x + 0.42, y),
                    arrowprops={"arrowstyle": "->"})
ax.set(xlim=(-1.7, 4.6), ylim=(-0.6, 1.6))
ax.axis("off")
show_plot(figure, "You build greedy, ε-greedy, UCB1, Thompson sampling "
          "and PUCT; then you measure what bonuses and priors do.")

# %% [markdown] section="machine"
# ## Why is choosing a move like playing a slot machine?
#
# A row of slot machines, each with a lever (an **arm**). Pull one, and you win or you don't. Each arm wins with a probability
# of its own, which nobody tells you. You have a limited number of pulls. Which arms do you pull?
#
# Now take a Go position. Each legal move is an arm. To pull it: play the move, finish the game at random, see who wins. The board
# below is empty, 5×5. **Predict:** which first move wins most often?

# %%
position = Position(5, Rules(komi=0.5))
moves = position.legal_moves()  # 25 points and the pass
after = Games.from_positions([position.play(int(m)) for m in moves])
n = 1_000 if FAST else 4_000
dice = RolloutEvaluator(np.random.default_rng(1), playouts=n)
_, white_value = dice.evaluate(after, np.arange(len(moves)))
wins = (1 - white_value) / 2  # a value runs from -1 to 1

# %%
figure, ax = plt.subplots(figsize=(3.4, 3.6))
draw_board(ax, position.board, marks={
    i: f"{100 * wins[i]:.0f}" for i in range(25)})
ax.set_title("Black wins, % of random games", fontsize=10)
show_plot(figure, "An empty 5×5 board with Black's win rate for each first "
          "move: highest in the centre, lowest in the corners.")
for name, arm in (("centre", 12), ("corner", 0), ("pass", 25)):
    low, high = wilson(wins[arm], n)
    print(f"{name:<7}{wins[arm]:.3f} [{low:.3f}, {high:.3f}], n = {n:,}")
assert wilson(wins[12], n)[0] > wilson(max(wins[0], wins[25]), n)[1]

# %% [markdown]
# The centre wins most, the corners and the pass least. We know, because we spent thousands of games on *every* arm. A search has a
# few hundred games in all, and each game on a bad move is one that taught little.
#
# So count the cost. An arm's **gap** is what it wins less than the best arm, on average. The **regret** is the sum of the gaps of all
# arms pulled: the wins that you gave away by not knowing.

# %% [markdown] section="greedy"
# ## What happens if you never explore?
#
# Four small parts: dice, a way to break ties, a machine, and a rule. The rule is the only part that will change. It sees
# `wins` and `n`, for each arm the wins and pulls so far, and names the arm to pull. The first rule is **greedy**: each arm once, then always
# the best mean so far.

# %%
class Dice:
    """gokit's random numbers; a run has a stream of its own."""

    def __init__(self, seed, runs=1, run=0):
        rng = np.random.default_rng(seed)
        self.states, self.run = random_states(rng, runs), run
        self.numpy = np.random.default_rng([seed, run])

    def random(self):
        return next_uniform(self.states, self.run)

    def below(self, k):
        return random_below(self.states, self.run, k)

    def shuffled(self, k):
        order = list(range(k))
        for last in range(k - 1, 0, -1):
            other = self.below(last + 1)
            order[last], order[other] = order[other], order[last]
        return order

# %%
def highest(scores, order):
    """The arm of the highest score; `order` decides between equals."""
    return max(order, key=lambda a: scores[a])


def mean_wins(wins, n, unknown):
    """Wins per pull, and `unknown` for an arm never pulled."""
    return np.where(n > 0, wins / np.maximum(n, 1), unknown)


def greedy(wins, n, order, dice):
    return highest(mean_wins(wins, n, np.inf), order)


def play(rule, means, pulls, dice, log=None):
    """Play one machine; how often each arm was pulled."""
    order = dice.shuffled(len(means))
    wins, n = np.zeros(len(means)), np.zeros(len(means), int)
    for _ in range(pulls):
        a = rule(wins, n, order, dice)
        if log is not None:
            log.append((a, wins.copy(), n.copy()))
        wins[a] += dice.random() < means[a]
        n[a] += 1
    return n

# %% [markdown]
# Five arms, the best wins 70 %. Greedy plays 1,000 times, on several evenings. **Predict:** does it always find the best arm?

# %%
MEANS = np.array([0.2, 0.35, 0.5, 0.6, 0.7])
for seed in range(6):
    n = play(greedy, MEANS, 1000, Dice(seed))
    print("pulls of each arm", n, " regret",
          f"{(MEANS.max() - MEANS) @ n:5.0f}")
nights = [play(greedy, MEANS, 300, Dice(seed)).argmax()
          for seed in range(100, 140 if FAST else 400)]
missed, total = sum(arm != 4 for arm in nights), len(nights)
low, high = wilson(missed / total, total)
print(f"stuck on a wrong arm: {missed / total:.2f} "
      f"[{low:.2f}, {high:.2f}], n = {total}")
assert low > 0.2

# %% [markdown]
# One unlucky first pull of the best arm, and greedy may never look at it again. It pays the same gap on every pull from then on: its
# regret grows in a straight line.

# %% [markdown] section="epsilon"
# ## How much should you try at random?
#
# **ε-greedy** rolls a die before each pull: with probability ε any arm at all, otherwise the greedy one. **Decaying** ε-greedy makes ε smaller
# as it learns: at pull t it is min(1, s·k / t) for k arms.

# %%
def epsilon_greedy(epsilon):
    def rule(wins, n, order, dice):
        if dice.random() < epsilon:
            return order[dice.below(len(order))]
        return greedy(wins, n, order, dice)
    return rule


def decaying_epsilon(scale):
    def rule(wins, n, order, dice):
        t = n.sum() + 1
        return epsilon_greedy(min(1, scale * len(n) / t))(
            wins, n, order, dice)
    return rule

# %% [markdown]
# A thousand machines, thousands of pulls each: your rules would take minutes, so from here on gokit's compiled ones do the long runs. (That they are
# the *same* rules is proven below.) **Predict** the shape of each curve.

# %%
pulls, runs = 10_000, 200 if FAST else 1_000
arms = bandits.Arms(MEANS)
found = {}
for name, rule in (("greedy", bandits.Greedy()),
                   ("ε = 0.1", bandits.EpsilonGreedy(0.1)),
                   ("ε decaying", bandits.DecayingEpsilonGreedy(10))):
    found[name] = bandits.play(rule, arms, pulls, runs, rng=1)
figure, ax = plt.subplots()
for number, (name, result) in enumerate(found.items()):
    band(ax, result, name, number)
    print(f"{name:<11} regret after {pulls:,}: {interval(result)}")
ax.legend()
show_plot(figure, "Regret against pulls. Greedy and constant ε rise in "
          "straight lines; decaying ε flattens out.",
          xlabel="pulls", ylabel="regret")
late = {name: np.diff(np.interp([pulls / 2, pulls], result.checkpoints,
                                result.mean))[0] / result.mean[-1]
        for name, result in found.items()}
assert late["greedy"] > 0.4 < late["ε = 0.1"]
assert late["ε decaying"] < 0.3

# %% [markdown]
# Greedy and constant ε are straight lines: one never learns, the other never stops trying. Only the decaying one flattens. But it explores blindly:
# it tries an arm that lost fifty times as gladly as one that nearly won.

# %% [markdown] section="ucb1"
# ## What if hope counts as much as experience?
#
# **UCB1** adds to each mean a bonus for what is not known yet, and pulls the arm of the highest sum:
#
# $$Q_a + c \sqrt{\frac{\ln N}{n_a}}, \qquad c = \sqrt 2$$
#
# $Q_a$ is the arm's mean so far, $n_a$ its own pulls, $N$ those of all arms together. An arm never pulled counts as infinitely promising.

# %%
def ucb1_bonus(n):
    N = max(n.sum(), 1)
    return np.where(n > 0, np.sqrt(2 * np.log(N) / np.maximum(n, 1)),
                    np.inf)


def ucb1(wins, n, order, dice):
    return highest(mean_wins(wins, n, 0) + ucb1_bonus(n), order)

# %% [markdown]
# Watch it choose. Four arms; for six of its pulls, what each arm's score is made of. **Predict:** an arm that is *not* pulled, does its score
# stand still?

# %%
FOUR, log = np.array([0.3, 0.5, 0.55, 0.7]), []
play(ucb1, FOUR, 400, Dice(2), log)
figure, axes = plt.subplots(1, 6, figsize=(10, 2.7), sharey=True)
for ax, t in zip(axes, (5, 6, 7, 20, 60, 399)):
    chosen, won, n = log[t]
    q, bonus = mean_wins(won, n, 0), ucb1_bonus(n)
    ax.bar(range(4), q, color="#0072B2", label="Q")
    ax.bar(range(4), bonus, bottom=q, color="#f7e3c1", hatch="///",
           edgecolor="#b07d2b", label="bonus")
    ax.plot(chosen, (q + bonus)[chosen] + 0.14, "v", color="#D55E00")
    ax.set_title(f"pull {t + 1}", fontsize=10)
    ax.set_xticks(range(4), n, fontsize=8)
    assert chosen in np.flatnonzero(q + bonus == (q + bonus).max())
axes[0].set_ylabel("score")
axes[0].legend(fontsize=8, loc="upper left", bbox_to_anchor=(-0.1, 1.02))
axes[0].set_ylim(0, 3.2)
figure.supxlabel("pulls of each arm so far", fontsize=10, y=-0.06)
show_plot(figure, "Scores of four arms at six pulls of UCB1, as a bar of Q "
          "and a bar of bonus; a triangle marks the highest, the one "
          "pulled. The bonuses shrink, and Q decides in the end.")

# %%
def show_steps(log, bonus_of, rows):
    """One line a pull: each arm's Q + bonus, and the arm chosen."""
    print("pull " + "".join(f"{f'arm {a}: n, Q + bonus':>22}"
                            for a in range(4)) + "   pulled")
    for t in rows:
        chosen, won, n = log[t]
        q, bonus = mean_wins(won, n, 0), bonus_of(n)
        print(f"{t + 1:>4} " + "".join(
            f"{n[a]:>9}, {q[a]:.2f} + {bonus[a]:.2f}{' <'[a == chosen]}"
            for a in range(4)) + f"{chosen:>7}")


show_steps(log, ucb1_bonus, [*range(4, 12), 60, 399])
history = np.array([ucb1_bonus(n) for _, _, n in log[4:]])
change = np.diff(history, axis=0)
pulled = np.array([chosen for chosen, _, _ in log[4:-1]])
rows = np.arange(len(pulled))
assert (change[rows, pulled] < 0).all(), "pulled: the bonus shrinks"
change[rows, pulled] = 1
assert (change > 0).all(), "waiting: the bonus grows"

# %%
figure, ax = plt.subplots(figsize=(6.4, 3))
for a in range(4):
    ax.plot(range(5, 121), history[:116, a], color=COLORS[a], lw=1.4,
            marker=MARKERS[a], markevery=12, label=f"wins {FOUR[a]:.0%}")
ax.legend(ncol=2)
show_plot(figure, "The bonus of each of four arms against pulls: saw "
          "teeth, slowly up while the arm waits, sharply down when it is "
          "pulled; high for bad arms, low for the best.",
          xlabel="pulls so far", ylabel="bonus", ylim=(0, 1.8))

# %% [markdown]
# The claim holds, at every single pull: a waiting arm's bonus creeps up with ln N, a pulled arm's drops. The worst arm has the highest bonus: doubt is what keeps it
# alive, and in the end all arms have about the same *score*.

# %% [markdown] section="thompson"
# ## What if you let doubt roll the dice?
#
# **Thompson sampling** (1933, the oldest of the five) keeps a belief about each arm. After w wins and l losses that belief is the Beta(1 + w, 1 + l)
# distribution. It draws one number from each belief and pulls the arm that drew the highest: an arm is tried as often as it is believed to be the best.

# %%
def thompson(wins, n, order, dice):
    drawn = dice.numpy.beta(1 + wins, 1 + n - wins)
    return highest(drawn, order)


log, dice = [], Dice(3)
play(thompson, FOUR, 300, dice, log)
assert log[299][2].argmax() == 3

# %%
x = np.linspace(0.001, 0.999, 400)
figure, axes = plt.subplots(1, 3, figsize=(9, 2.5))
for ax, t in zip(axes, (4, 40, 299)):
    _, won, n = log[t]
    for a in range(4):
        w, l = won[a], n[a] - won[a]
        curve = w * np.log(x) + l * np.log(1 - x)
        curve = np.exp(curve - curve.max())
        ax.plot(x, curve / curve.mean(), color=COLORS[a],
                marker=MARKERS[a], markevery=(10 * a, 60),
                label=f"wins {FOUR[a]:.0%}")
    ax.set(title=f"after {t} pulls", xlabel="win rate", yticks=[])
axes[0].legend(fontsize=8)
show_plot(figure, "Beliefs about four arms after 4, 40 and 299 pulls: "
          "wide and overlapping at first; then the best arm's is a sharp "
          "peak and the worst arm's stays wide.")

# %% [markdown]
# It never learns much about the poor arms, and need not: it is enough to know that they are not the best.

# %% [markdown] section="regret"
# ## Does UCB1 really bound your regret?
#
# The lecture says so. Auer, Cesa-Bianchi and Fischer (2002) proved: after t pulls the average regret of UCB1 is at most
#
# $$8 \ln t \sum_a \frac{1}{\Delta_a} + \left(1 + \frac{\pi^2}{3}\right) \sum_a \Delta_a$$
#
# where $\Delta_a$ are the gaps. And Lai and Robbins (1985) proved that no reasonable rule beats a certain slope per unit of ln t in the long run. Two
# lines, then, and five rules between them? Against ln t a logarithm is a straight line. **Predict** which rules give one.

# %%
pulls, runs = (20_000, 100) if FAST else (100_000, 200)
tries = {"greedy": bandits.Greedy(), "ε = 0.1": bandits.EpsilonGreedy(0.1),
         "ε decaying": bandits.DecayingEpsilonGreedy(10),
         "UCB1": bandits.UCB1(), "Thompson": bandits.BetaThompson()}
found = {name: bandits.play(rule, arms, pulls, runs, rng=1)
         for name, rule in tries.items()}

# %%
marks = found["UCB1"].checkpoints
bound = bandits.ucb1_regret_bound(MEANS, marks)
slope = bandits.lai_robbins_slope(MEANS)
figure, (ax, wide) = plt.subplots(1, 2, figsize=(9.5, 3.8))
for number, (name, result) in enumerate(found.items()):
    band(ax, result, name, number)
ax.plot(marks, slope * np.log(marks), "--", color="#555",
        label="Lai–Robbins slope")
ax.set(xscale="log", xlabel="pulls t (log scale)", ylabel="regret",
       ylim=(0, 420))
ax.legend(fontsize=9)
band(wide, found["UCB1"], "UCB1", 3)
wide.plot(marks, bound, "-.", color="#D55E00", label="Auer's bound")
wide.set(xscale="log", xlabel="pulls t (log scale)", title="the bound")
wide.legend(fontsize=9)
show_plot(figure, "Regret against the logarithm of pulls: UCB1 and "
          "Thompson are straight, greedy and constant ε bend upwards. On "
          "the right Auer's bound lies far above UCB1.")

# %%
def slope_per_e(result):
    """What regret gains per unit of ln t over the last factor of 4."""
    start = np.searchsorted(result.checkpoints, pulls / 4)
    gain = result.regret[:, -1] - result.regret[:, start]
    gain = gain / np.log(pulls / result.checkpoints[start])
    return gain.mean(), 1.96 * gain.std(ddof=1) / math.sqrt(len(gain))


for name, result in found.items():
    gain, half = slope_per_e(result)
    print(f"{name:<11} regret {interval(result)};"
          f" per unit of ln t {gain:6.1f} ± {half:.1f}")
print(f"Auer's bound {bound[-1]:.0f}; Lai–Robbins slope {slope:.1f}")
assert (found["UCB1"].high < bound).all()
steep, half = slope_per_e(found["UCB1"])
assert slope < steep + half < slope_per_e(found["greedy"])[0] / 3
assert found["Thompson"].high[-1] < found["UCB1"].low[-1]

# %% [markdown]
# **It holds.** UCB1 stays under the bound everywhere, by a factor of about five, and grows in a straight line against ln t once it has found its feet. But a bound is not a prize:
#
# - Thompson sampling pays several times less. (That it stays under the Lai–Robbins slope here is no contradiction: that theorem speaks of t → ∞.)
# - Decaying ε looks fine too, until you see its interval: in a few runs it misses the best arm, and by then it hardly explores. Auer's theorem covers it only for a scale above
#   $5 / \Delta^2$, here 500 instead of 10, and then it pays for that.
#
# UCB1 is famous for its guarantee, not for its price.

# %% [markdown] section="puct"
# ## What if somebody gives you a hint?
#
# Greedy and UCB1 begin by trying every arm. With 361 moves and 200 tries that is the end of it. **PUCT**, AlphaGo's rule, takes a hint: a **prior** $P_a$,
# a probability for each arm, that says where to look first. (Chapter 5 trains a network to give it.)
#
# $$Q_a + c \, P_a \frac{\sqrt{N + 1}}{1 + n_a}$$
#
# The papers write $\sqrt N$; why everybody computes $\sqrt{N + 1}$ comes below. An arm never pulled has no mean, so it gets one: here 0. That choice is called **first-play
# urgency** (FPU), and it matters.

# %%
def puct(prior, c=1.5):
    def rule(wins, n, order, dice):
        bonus = c * prior * np.sqrt(n.sum() + 1) / (1 + n)
        return highest(mean_wins(wins, n, 0) + bonus, order)
    return rule


hint = np.array([0.1, 0.1, 0.2, 0.6])
log = []
n = play(puct(hint), FOUR, 400, Dice(2), log)
print("a good hint:", n, "  UCB1:", play(ucb1, FOUR, 400, Dice(2)))
show_steps(log, lambda n: 1.5 * hint * np.sqrt(n.sum() + 1) / (1 + n),
           [*range(6), 20, 399])
assert log[0][0] == 3, "the first pick is the likeliest arm"
assert n[3] > 300

# %% [markdown]
# The first pick is the likeliest arm, and some arms wait long for their first pull. PUCT need not try everything once.

# %% [markdown] section="gokit"
# ## Does gokit do the same?
#
# `gokit.search.bandits` holds these rules compiled. Proof: many machines with random arms; the same dice; and every arm must be pulled
# the same number of times. (Thompson's dice differ, so there the regrets are compared.) **Predict** how many times faster it is.

# %%
K, count, length = 6, 40 if FAST else 200, 100
rng = np.random.default_rng(4)
tables, prior = rng.uniform(0.1, 0.9, (count, K)), rng.dirichlet(np.ones(K))
pairs = {
    "greedy": (greedy, bandits.Greedy()),
    "ε-greedy": (epsilon_greedy(0.2), bandits.EpsilonGreedy(0.2)),
    "ε decaying": (decaying_epsilon(2), bandits.DecayingEpsilonGreedy(2)),
    "UCB1": (ucb1, bandits.UCB1()),
    "PUCT": (puct(prior), bandits.PUCT(1.5, fpu="absolute"))}
for name, (mine, theirs) in pairs.items():
    needs = {"prior": prior} if name == "PUCT" else {}
    fast = bandits.play(theirs, bandits.Arms(tables), length, count, 5,
                        **needs)
    for run in range(count):
        n = play(mine, tables[run], length, Dice(5, count, run))
        assert n.tolist() == fast.visits[run].tolist(), name
print(f"{5 * count:,} machines, {5 * count * length:,} pulls: all equal")

# %%
few = 60 if FAST else 300
gaps = MEANS.max() - MEANS
mine = [play(thompson, MEANS, 200, Dice(6, few, run)) @ gaps
        for run in range(few)]
half = 1.96 * np.std(mine, ddof=1) / math.sqrt(few)
theirs = bandits.play(bandits.BetaThompson(), arms, 200, 10 * few, 7)
print(f"Thompson after 200: yours {np.mean(mine):.1f} ± {half:.1f}, "
      f"n = {few}; gokit's {interval(theirs)}")
assert abs(np.mean(mine) - theirs.mean[-1]) < 2.5 * half

# %%
def seconds(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


slow = [seconds(lambda: play(ucb1, MEANS, 2_000, Dice(8))) / 2_000
        for _ in range(5)]
fast = [seconds(lambda: bandits.play(bandits.UCB1(), arms, 2_000, 200, 8)
                ) / 400_000 for _ in range(5)]
ratio = np.median(slow) / np.median(fast)
print(f"gokit's UCB1 is {ratio:,.0f} times as fast (n = 5 each, "
      f"{min(slow) / max(fast):,.0f} to {max(slow) / min(fast):,.0f})")
assert ratio > 20

# %% [markdown]
# Equal, and a few hundred times faster. Now the long experiments cost a second each.

# %% [markdown] section="bonus"
# ## What does a bonus shrink with?
#
# A tutorial on this lecture says that PUCT's bonus shrinks more slowly than UCB1's. A bonus depends on two numbers: $n_a$, the pulls of its own arm, and $N$,
# those of all arms. **Predict:** slower in which?

# %%
n, N = np.logspace(0, 4, 60), np.logspace(1, 6, 60)
figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.5))
for ax, x, at in ((axes[0], n, {"visits": n, "total": 10_000}),
                  (axes[1], N, {"visits": 10, "total": N})):
    for i, (name, bonus) in enumerate((
            ("UCB1", bandits.ucb1_bonus(**at)),
            ("PUCT, P = 0.2", bandits.puct_bonus(0.2, **at)),
            ("PUCT, P = 0.01", bandits.puct_bonus(0.01, **at)))):
        ax.loglog(x, bonus, color=COLORS[i], marker=MARKERS[i],
                  markevery=10, label=name)
axes[0].set(xlabel="n, pulls of this arm", ylabel="bonus",
            title="N fixed at 10,000")
axes[1].set(xlabel="N, pulls of all arms", title="n fixed at 10")
axes[0].legend()
show_plot(figure, "The bonuses on logarithmic axes. Against n both fall, "
          "PUCT's more steeply. Against N both rise, UCB1's hardly.")

# %%
def steepness(bonus, x):
    """The exponent of a power of x: slope on logarithmic axes."""
    return np.polyfit(np.log(x), np.log(bonus), 1)[0]


n, N = np.logspace(2, 4, 30), np.logspace(4, 6, 30)
exponents = {
    ("UCB1", "n"): steepness(bandits.ucb1_bonus(n, 10_000), n),
    ("PUCT", "n"): steepness(bandits.puct_bonus(0.2, n, 10_000), n),
    ("UCB1", "N"): steepness(bandits.ucb1_bonus(10, N), N),
    ("PUCT", "N"): steepness(bandits.puct_bonus(0.2, 10, N), N)}
for (rule, what), power in exponents.items():
    print(f"{rule}'s bonus goes like {what}^{power:+.2f}")
assert exponents["PUCT", "n"] < -0.95 and exponents["PUCT", "N"] > 0.45
assert abs(exponents["UCB1", "n"] + 0.5) < 0.01
assert 0 < exponents["UCB1", "N"] < 0.1

# %% [markdown]
# **Half right.** With $N$, PUCT's bonus grows like $\sqrt N$, UCB1's only like $\sqrt{\ln N}$: there PUCT keeps more doubt. With its own pulls $n_a$ it is the other way round,
# and PUCT's bonus shrinks *faster*: $1/(1+n)$ against $1/\sqrt n$. One visit costs a PUCT arm half its bonus.

# %% [markdown] section="crossover"
# ## When does the bonus stop mattering?
#
# The lecture's reason for trusting the rule: ln N grows more slowly than N, so in the end Q decides. An arm that is worse than the best by a gap Δ gets pulls until its
# bonus has fallen to about Δ. Solve for $n$:
#
# $$\text{UCB1: } n \approx \frac{2 \ln N}{\Delta^2} \qquad\qquad \text{PUCT: } n \approx \frac{c P \sqrt N}{\Delta}$$
#
# **Predict:** an arm 0.1 worse than the best. Which rule wastes more pulls on it, at N = 1,000? At N = 100,000?

# %%
two = bandits.Arms([0.6, 0.5])
totals = [100, 1_000, 10_000, 100_000]
even, spent = np.array([0.5, 0.5]), {"UCB1": [], "PUCT": []}
for name, rule, need in (
        ("UCB1", bandits.UCB1(), {}),
        ("PUCT", bandits.PUCT(fpu="absolute"), {"prior": even})):
    for N in totals:
        result = bandits.play(rule, two, N, 100, 9, **need)
        worse = result.visits[:, 1]
        spent[name].append((worse.mean(), 1.96 * worse.std() / 10))
        print(f"{name}, N = {N:>7,}: {worse.mean():7.1f} ± "
              f"{spent[name][-1][1]:.1f} pulls of the worse arm, n = 100")

# %%
N = np.logspace(2, 6, 60)
lines = {"UCB1": 2 * np.log(N) / 0.1**2, "PUCT": 1.5 * 0.5 * N**0.5 / 0.1}
figure, ax = plt.subplots(figsize=(6.4, 3.6))
for i, (name, line) in enumerate(lines.items()):
    ax.loglog(N, np.minimum(line, N / 2), color=COLORS[i], marker="",
              label=f"{name}, by the formula")
    mean, half = np.array(spent[name]).T
    ax.errorbar(totals, mean, half, color=COLORS[i], marker=MARKERS[i],
                lw=0, elinewidth=2, ms=7, label=f"{name}, measured")
ax.legend()
show_plot(figure, "Pulls of an arm 0.1 worse than the best: by UCB1 they "
          "level off like the logarithm, by PUCT they rise like the square "
          "root and overtake.", xlabel="N, pulls of both arms",
          ylabel="pulls of the worse arm")
cross = N[np.argmax(lines["PUCT"] > lines["UCB1"])]
print(f"the two formulas cross near N = {cross:,.0f}")
(few, few_half), (many, many_half) = np.array(spent["UCB1"])[[1, 3]]
assert few - few_half > sum(spent["PUCT"][1]), "UCB1 wastes more first"
assert many + many_half < spent["PUCT"][3][0] - spent["PUCT"][3][1]
assert max(many, spent["PUCT"][3][0]) / totals[-1] < 0.05

# %% [markdown]
# The share of wasted pulls goes to nothing with both, so the claim holds. But *when* is another matter: a gap of 0.1 needs thousands of pulls, and a search has a few hundred. At 1,000
# PUCT has wasted a little less than UCB1, at 100,000 clearly more: its bonus grows on and on. (The formulas leave out the best arm's own bonus, so they ask for a little too much; where they ask for half of all pulls, the arms are
# not told apart at all.)

# %% [markdown] section="square-root"
# ## Does PUCT bound your regret, too?
#
# The lecture leaves it open whether PUCT's bound is a logarithm or a square root. The formula above answers it: arm $a$ costs its gap times $c P_a \sqrt N / \Delta_a$. **The gap cancels.** Summed over
# all arms but the best, whose prior is $P_*$, the regret should be $c \, (1 - P_*) \sqrt N$, whatever the arms are worth. **Predict:** can it be that simple?

# %%
pulls = 4_000 if FAST else 40_000
hints = {"P* = 0.6": [0.1, 0.1, 0.1, 0.1, 0.6],
         "P* = 0.2": [0.2, 0.2, 0.2, 0.2, 0.2],
         "P* = 0.05": [0.1, 0.2, 0.3, 0.35, 0.05]}

# %%
figure, ax = plt.subplots(figsize=(6.4, 3.9))
for number, (name, prior) in enumerate(hints.items()):
    result = bandits.play(bandits.PUCT(fpu="absolute"), arms, pulls,
                          100 if FAST else 300, 10, prior)
    root = np.sqrt(result.checkpoints)
    band(ax, result, f"PUCT, {name}", number, root)
    ax.plot(root, 1.5 * (1 - prior[4]) * root, "--", lw=1, marker="",
            color=COLORS[number])
    expected = 1.5 * (1 - prior[4]) * math.sqrt(pulls)
    print(f"{name:<10} {interval(result)}; c (1 - P*) √N = {expected:.0f}")
    assert 0.7 < result.mean[-1] / expected < 1.4
result = bandits.play(bandits.UCB1(), arms, pulls, 100, 10)
band(ax, result, "UCB1", 4, np.sqrt(result.checkpoints))
ax.legend()
show_plot(figure, "Regret against the square root of pulls: PUCT with "
          "three priors is straight, close to the dashed predictions; "
          "UCB1 bends down.", xlabel="√N", ylabel="regret")

# %% [markdown]
# **A square root, not a logarithm**, and the prior decides its slope. The prediction is close; where the best arm has a small prior, PUCT pays more, for the time until it has found it. So PUCT has no guarantee like
# UCB1's; for a few hundred pulls it does not need one. (The rule that PUCT comes from, Rosin's PUCB of 2011, does have a proof. It is `bandits.PUCB`; try it in the explorer below.)

# %% [markdown] section="first-pick"
# ## Which arm is pulled first?
#
# The lecture says: the one with the highest prior. **Predict:** what does the formula say at N = 0, with $\sqrt N$ as the papers print it?

# %%
prior = np.array([0.15, 0.5, 0.25, 0.1])
zero = np.zeros(4)
print("scores before any pull, prior", prior)
for variant in bandits.FIRST_VISITS:
    scores = bandits.puct_scores(zero, prior, zero, 1.5, variant)
    print(f"{variant:<20}", np.round(scores, 3))
    assert scores.any() == (variant != "sqrt_total")
runs = 400 if FAST else 4_000
for variant in bandits.FIRST_VISITS:
    rule = bandits.PUCT(fpu="absolute", first_visit=variant)
    first = bandits.play(rule, bandits.Arms(FOUR), 1, runs, 11, prior)
    k = int(first.visits[:, 1].sum())
    low, high = wilson(k / runs, runs)
    print(f"{variant:<20} likeliest arm first: {k / runs:.2f} "
          f"[{low:.2f}, {high:.2f}], n = {runs:,}")
    assert (low > 0.9) == (variant != "sqrt_total")

# %% [markdown]
# Taken to the letter, every score is **0**: the prior is ignored on the first pick, and the tie decides. In a tree most nodes are visited once or twice, so this first pick is made *at almost every node*. Three repairs:
#
# 1. count the node's own visit, $\sqrt{N + 1}$: AlphaZero's pseudocode, and gokit;
# 2. never less than one, $\sqrt{\max(N, 1)}$: Leela Chess Zero;
# 3. keep $\sqrt N$, but let the prior break ties.
#
# **Predict:** how much is that one pull worth, among 361 arms with a good prior?

# %%
def likely_moves(k, count, rng):
    """Machines of many arms, few of them good: means [count, k]."""
    return rng.beta(2, 4, (count, k))


def make_prior(kind, means, rng):
    """A prior for each machine: "none", "good", "bad", "adversarial"."""
    spread = means.std(1, keepdims=True)
    z = (means - means.mean(1, keepdims=True)) / spread
    noise = rng.normal(size=means.shape)
    score = {"none": 0 * z, "good": 1.5 * z + 0.75 * noise,
             "bad": 1.5 * noise, "adversarial": 0.75 * noise - 1.5 * z}
    weight = np.exp(score[kind])
    return weight / weight.sum(1, keepdims=True)

# %%
def by_prior(prior):
    """√N to the letter, but the prior breaks ties."""
    def rule(wins, n, order, dice):
        likeliest = sorted(order, key=lambda a: -prior[a])
        bonus = 1.5 * prior * np.sqrt(n.sum()) / (1 + n)
        return highest(mean_wins(wins, n, 0) + bonus, likeliest)
    return rule


rng, count = np.random.default_rng(12), 400 if FAST else 2_000
means = likely_moves(361, count, rng)
prior = make_prior("good", means, rng)
for variant in bandits.FIRST_VISITS:
    rule = bandits.PUCT(fpu="absolute", first_visit=variant)
    lost = [bandits.play(rule, bandits.Arms(means), pulls, count, 12, prior
                         ) for pulls in (1, 2, 8)]
    print(f"{variant:<20} regret after 1, 2, 8 pulls: " + "  ".join(
        f"{r.mean[-1]:.2f} ± {r.high[-1] - r.mean[-1]:.2f}"
        for r in lost) + f"  n = {count:,}")
picks = [play(by_prior(prior[i]), means[i], 1, Dice(i)) for i in range(40)]
assert all(prior[i][n.argmax()] == prior[i].max()
           for i, n in enumerate(picks)), "the third repair"

# %% [markdown]
# The prior ignored once costs half a win on the first pull, and more than a whole win by the eighth: an arm drawn blindly that happens to win has Q = 1, and is pulled again and again. At a root with hundreds
# of pulls that is small change. But most nodes of a tree never see an eighth.

# %% [markdown] section="many-arms"
# ## What do many moves change?
#
# Go has up to 361 moves where a bandit of the textbooks has ten. The lecture says that this is why the bonus differs. Take machines of 5 to 361 arms, most of them poor, a few good; 400 pulls; and four priors: **none** (all
# equal), **good** (leans to good arms, with noise), **bad** (just as sure of itself, but random), **adversarial** (leans to poor arms).
# **Predict:** from how many arms does UCB1 become useless? Is a bad prior worse than none?

# %%
sizes, count = (5, 9, 19, 41, 82, 170, 361), 200 if FAST else 500
kinds, at_size = ("good", "none", "bad", "adversarial"), {}
blind = {}  # regret per pull of pulling any arm at all
for k in sizes:
    rng = np.random.default_rng(k)
    means = likely_moves(k, count, rng)
    blind[k] = (means.max(1) - means.mean(1)).mean()
    tries = {kind: (bandits.PUCT(fpu="absolute"),
                    {"prior": make_prior(kind, means, rng)})
             for kind in kinds}
    tries |= {"UCB1": (bandits.UCB1(), {}),
              "Thompson": (bandits.BetaThompson(), {})}
    for name, (rule, need) in tries.items():
        at_size[name, k] = bandits.play(rule, bandits.Arms(means), 400,
                                        count, 13, **need)

# %%
figure, ax = plt.subplots(figsize=(7.6, 4.2))
for number, name in enumerate((*kinds, "UCB1", "Thompson")):
    mean, low, high = np.array([
        [r.mean[-1], r.low[-1], r.high[-1]]
        for r in (at_size[name, k] for k in sizes)]).T / 400
    label = f"PUCT, prior: {name}" if name in kinds else name
    ax.plot(sizes, mean, label=label, color=COLORS[number],
            marker=MARKERS[number])
    ax.fill_between(sizes, low, high, alpha=0.25, lw=0,
                    color=COLORS[number])
ax.set(xscale="log", ylim=(0, 0.75))
ax.set_xticks(sizes, sizes)
ax.minorticks_off()
ax.legend(fontsize=9, ncol=2, loc="upper left")
show_plot(figure, "Regret per pull against the number of arms. A good "
          "prior stays low; an adversarial one is worst throughout; a bad "
          "one is worse than none for few arms and better for many; UCB1 "
          "and Thompson rise with the arms.",
          xlabel="number of arms", ylabel="regret per pull, 400 pulls")

# %%
print("regret per pull after 400 pulls, n = "
      f"{count} machines each; ± half of the 95 % interval")
print(f"{'arms':>5}{'blind':>7}" + "".join(
    f"{name:>14}" for name in (*kinds, "UCB1", "Thompson")))
for k in sizes:
    print(f"{k:>5}{blind[k]:>7.3f}" + "".join(
        f"{r.mean[-1] / 400:>8.3f} ±{(r.high - r.mean)[-1] / 400:.3f}"
        for r in (at_size[name, k]
                  for name in (*kinds, "UCB1", "Thompson"))))
for k in sizes:
    assert at_size["good", k].high[-1] < at_size["none", k].low[-1]
    assert at_size["adversarial", k].mean[-1] > 400 * blind[k]
assert at_size["bad", 5].mean[-1] > at_size["none", 5].mean[-1]
assert at_size["bad", 361].high[-1] < at_size["none", 361].low[-1]
assert at_size["UCB1", 361].mean[-1] > 4 * at_size["UCB1", 5].mean[-1]

# %% [markdown]
# - **A good prior** makes the number of moves almost irrelevant: 361 arms cost hardly more than 19.
# - **UCB1** tries every arm once before it thinks. With 361 arms and 400 pulls there is nothing left to think with.
# - **A bad prior** costs something among few arms. Among very many it is *better than none*: being sure of anything at all saves the pulls for a few arms, and one of them
#   is often good enough. We did not expect that. (With more pulls the order turns back; see the explorer.)
# - **An adversarial prior** is worse than pulling blindly, everywhere.
#
# So the claim holds: among many moves the prior is the rule, and the rest is detail.

# %% [markdown] section="kill"
# ## When does a prior kill?
#
# Ten arms; nine win 40 %, one wins 80 %, and the prior gives that one only $P_*$. PUCT first pulls it when its bonus beats what the others offer, $c P_* \sqrt N > Q$, so near
# $N = (0.4 / (c P_*))^2$. **Predict:** how long for $P_* = 0.001$? For 0?

# %%
ten, pulls = bandits.Arms([0.4] * 9 + [0.8]), 20_000 if FAST else 200_000
shares = (0.1, 0.03, 0.01, 0.003, 0.001, 0.0)
for share in shares:
    prior = np.array([(1 - share) / 9] * 9 + [share])
    result = bandits.play(bandits.PUCT(fpu="absolute"), ten, pulls, 20, 14,
                          prior, checkpoints=400)
    waiting = result.regret > 0.4 * (result.checkpoints - 0.5)
    first = np.sort(np.append(result.checkpoints, np.inf)[waiting.sum(1)])
    rule = (0.4 / 1.5 / share) ** 2 if share else np.inf
    early, middle, late = (
        f"{first[i]:,.0f}".replace("inf", "never") for i in (5, 10, 14))
    formula = f"{rule:,.0f}".replace("inf", "never")
    print(f"P* = {share:<6} formula {formula:>7}, first pull near "
          f"{middle:>7}  [{early} to {late}], n = 20")
    if 0.001 < share < 0.1 and rule < pulls:
        assert 0.4 < first[10] / rule < 2.5
assert result.visits[:, 9].sum() == 0

# %% [markdown]
# (The median run, and the middle half.) Ten times less prior, a hundred times longer wait. At $P_* = 0$ the best move **does not exist**, and no amount of search brings it back. A network that gives the saving move one in a thousand is blind to it
# within any budget you have; chapter 4 looks for such positions. That is why AlphaZero mixes noise into the prior at the root.

# %% [markdown] section="lab-total"
# ## Break it: whose N is it?
#
# One letter in the bonus: $\ln n_a$ where $\ln N$ belongs. Run it, look at the curve, then repair the marked line until the test passes.

# %%
def own_n_bonus(n):
    N = np.maximum(n, 1)  # <- the planted bug
    return np.where(n > 0, np.sqrt(2 * np.log(N) / np.maximum(n, 1)),
                    np.inf)


def own_n_rule(wins, n, order, dice):
    return highest(mean_wins(wins, n, 0) + own_n_bonus(n), order)


def test_waiting_raises_hope(bonus):
    return bonus(np.array([5, 10]))[0] < bonus(np.array([5, 1000]))[0]


for bonus in (ucb1_bonus, own_n_bonus):
    verdict = "passes" if test_waiting_raises_hope(bonus) else "FAILS"
    print(f"{bonus.__name__:<12} {verdict}")
assert test_waiting_raises_hope(ucb1_bonus)

# %%
count, length = 12 if FAST else 40, 1_500
stuck = {"UCB1": 0, "buggy": 0}
figure, axes = plt.subplots(1, 2, figsize=(9, 3), sharey=True)
for ax, (name, rule) in zip(axes, (("UCB1", ucb1), ("buggy", own_n_rule))):
    final = []
    for run in range(count):
        log = []
        play(rule, MEANS, length, Dice(15, count, run), log)
        curve = np.cumsum([gaps[a] for a, _, _ in log])
        ax.plot(curve, lw=1, marker="", color=COLORS[0], alpha=0.6)
        final.append(curve[-1])
        stuck[name] += all(a != 4 for a, _, _ in log[-300:])
    ax.set(title=f"{name}: {count} runs", xlabel="pulls")
    half = 1.96 * np.std(final, ddof=1) / math.sqrt(count)
    print(f"{name:<6} regret {np.mean(final):.0f} ± {half:.0f}, "
          f"the worst run {max(final):.0f}, n = {count}")
axes[0].set_ylabel("regret")
show_plot(figure, "Regret of single runs. UCB1's lie in a narrow bundle; "
          "of the buggy rule's most stay low, and some rise in a straight "
          "line to several times the height.")

# %%
for name, k in stuck.items():
    low, high = wilson(k / count, count)
    print(f"{name:<6} stuck on a wrong arm: {k / count:.2f} "
          f"[{low:.2f}, {high:.2f}], n = {count}")
assert stuck["UCB1"] == 0 < stuck["buggy"]

# %% [markdown]
# Most buggy runs look *better* than UCB1: the bonus is smaller, so they settle sooner. Some settle on a wrong arm, for ever: no arm grows more interesting by waiting. The mean of a few runs hides it; the
# single runs and the test do not.
#
# <details><summary>The repair</summary>
#
# `N = max(n.sum(), 1)`, as in `ucb1_bonus`.
# </details>

# %% [markdown] section="lab-lock-in"
# ## Break it: every search begins in the corner
#
# A search on an empty 9×9 board, no network yet, so the prior is even. Two innocent lines: `np.argmax`, which gives the *first* of equals; and a first-play urgency that
# strong programs use, "the mean so far, less 0.2". **Predict:** where do 400 pulls go?

# %%
def mean_less(wins, n):
    """First-play urgency: the mean so far, less 0.2."""
    return wins.sum() / max(n.sum(), 1) - 0.2


def puct_fpu(prior, highest, fpu, c=1.5):
    def rule(wins, n, order, dice):
        bonus = c * prior * np.sqrt(n.sum() + 1) / (1 + n)
        q = mean_wins(wins, n, fpu(wins, n))
        return highest(q + bonus, order)
    return rule


def first_of_equals(scores, order):
    return int(np.argmax(scores))  # <- the planted bug


def test_equals_take_turns(highest):
    picks = {highest(np.zeros(81), Dice(seed).shuffled(81))
             for seed in range(40)}
    return len(picks) > 10


for pick in (highest, first_of_equals):
    verdict = "passes" if test_equals_take_turns(pick) else "FAILS"
    print(f"{pick.__name__:<16} {verdict}")
assert test_equals_take_turns(highest)

# %%
flat, points = np.full(81, 1 / 81), np.full(81, 0.45)
points[40] = 0.6  # the centre is the best of 81 arms
tries = {"argmax": puct_fpu(flat, first_of_equals, mean_less),
         "any of equals": puct_fpu(flat, highest, mean_less),
         "each move once first": puct_fpu(flat, highest,
                                          lambda wins, n: np.inf)}

# %%
waits, (figure, axes) = [], plt.subplots(1, 3, figsize=(10, 3.7))
for ax, (name, rule) in zip(axes, tries.items()):
    log = []
    n = play(rule, points, 400, Dice(16), log)
    draw_board(ax, np.zeros((9, 9), int), visits=n, coordinates=False)
    ax.set_title(f"{name}: {(n > 0).sum()} moves tried", fontsize=10)
    tried = [len({a for a, _, _ in log[:t]}) for t in range(401)]
    waits.append(tried.index(2) - 1)
    print(f"{name}: {waits[-1]} pulls before a second move")
show_plot(figure, "400 pulls on three empty 9×9 boards. With argmax they "
          "start in the top left corner and go on in reading order; with "
          "ties broken at random they are anywhere, a third on one point; "
          "with each move once first they are spread.")

# %%
t = np.arange(1, 400)
due = t[np.argmax(np.sqrt(t + 1) * t / (t + 1) > 0.2 * 81 / 1.5)]
print("by the formula:", due)
assert waits == [due, due, 1]

# %% [markdown]
# Two bugs in one picture. The tie goes to the corner A9 in every game, and the moves after it come in reading order, as far as the pulls last. And whatever move is first **keeps** the search for 118 pulls: the others are worth "the mean so
# far, less 0.2", the mean so far is the first move's own, and with 81 equal priors each bonus is tiny. The wait is near $(0.2\,k / c)^2$, whatever the rewards: over 2,300 pulls for k = 361. Breaking ties at random mends the first bug and leaves
# the second.
#
# <details><summary>The repair</summary>
#
# `return max(order, key=lambda a: scores[a])`, the `highest` from above. Against the wait: a prior that says something, noise in it, or an FPU that gives every arm a
# first pull (`fpu="infinite"`), if the pulls are enough for that.
# </details>

# %% [markdown] section="play"
# ## Play
#
# **The regret explorer.** Choose the number of arms, the prior, c and the number of pulls. (In a saved copy you see one setting, as a picture.) Try to find out:
#
# - 82 arms, prior "none", 2,000 pulls: which c beats Thompson sampling? Why is a small c so bad?
# - 82 arms: a bad prior beats none at 400 pulls. From how many pulls on is it the other way round?
# - a good prior: how much does c = 6 cost, and why is "the prior alone" so much worse than PUCT?

# %%
def explore(arms=82, prior="good", c=1.5, pulls=800):
    """Regret of five rules on machines of your choice."""
    rng, count = np.random.default_rng(17), 40 if FAST else 150
    means = likely_moves(arms, count, rng)
    need = {"prior": make_prior(prior, means, rng)}
    tries = {f"PUCT, prior: {prior}": (
                 bandits.PUCT(c, fpu="absolute"), need),
             "PUCB": (bandits.PUCB(), need),
             "the prior alone": (bandits.SamplePrior(), need),
             "UCB1": (bandits.UCB1(), {}),
             "Thompson": (bandits.BetaThompson(), {})}
    figure, ax = plt.subplots(figsize=(7, 3.8))
    for number, (name, (rule, needs)) in enumerate(tries.items()):
        band(ax, bandits.play(rule, bandits.Arms(means), pulls, count, 17,
                              **needs), name, number)
    ax.legend(fontsize=9)
    show_plot(figure, f"Regret of five rules: {arms} arms, prior {prior}, "
              f"c {c:g}.", xlabel="pulls", ylabel="regret",
              title=f"{arms} arms, prior: {prior}, c = {c:g}; n = {count}")

# %%
if os.environ.get("GOKIT_STATIC", "0") in ("", "0"):
    from ipywidgets import Dropdown, FloatSlider, SelectionSlider, interact

    late = {"continuous_update": False}  # draw when the slider is let go
    interact(explore, arms=SelectionSlider(
                 options=[5, 9, 19, 41, 82, 170, 361], value=82, **late),
             prior=Dropdown(options=["good", "none", "bad", "adversarial"]),
             c=FloatSlider(value=1.5, min=0.1, max=6, step=0.1, **late),
             pulls=SelectionSlider(
                 options=[100, 400, 800, 2000, 5000], value=800, **late))
else:
    explore()

# %% [markdown]
# ## Summary
#
# 1. Regret counts what you gave away by not knowing. Without exploration, or with exploration that never ends, it grows in a straight line.
# 2. UCB1 keeps it under a logarithm, by a bonus that rises while an arm waits. Thompson sampling does better on the same arms; UCB1 has the simple proof.
# 3. PUCT's bonus is weighted by a prior. It shrinks faster than UCB1's in an arm's own pulls, grows faster in everybody's, and its regret goes like $c\,(1 - P_*)\sqrt N$.
# 4. With many moves the prior decides: a good one makes 361 arms as cheap as 19, a bad one can still beat none, and a zero is for ever.
# 5. Small print matters: $\sqrt N$ at N = 0, the value of an unvisited arm, and who wins a tie.

# %% [markdown]
# ## Check yourself
#
# <details><summary>1. Arm A has won 9 of 10, arm B 1 of 2. Which does UCB1 pull next?</summary>
#
# N = 12, ln N = 2.48. A: 0.9 + √(2 · 2.48 / 10) = 1.60. B: 0.5 + √(2 · 2.48 / 2) = 2.08. It pulls B.
# </details>
#
# <details><summary>2. Why is greedy's regret a straight line, although it is right in half of all runs?</summary>
#
# The other half pays the same gap on every pull, for ever. The mean of a zero and a straight line is a straight line.
# </details>
#
# <details><summary>3. Two arms, the same Q, the same prior. One was pulled once, the other three times. By how much do their PUCT bonuses differ? Their UCB1 bonuses?</summary>
#
# PUCT: 1/2 against 1/4, a factor of 2. UCB1: 1 against 1/√3, a factor of 1.73.
# </details>
#
# <details><summary>4. Your network gives a move the prior 0. How many simulations until PUCT tries it?</summary>
#
# None are enough: its bonus is 0 for every N. (Unless every other move is worth less than its first-play value.)
# </details>
#
# <details><summary>5. In your search the root's first simulation always takes move number 0. Name two possible reasons.</summary>
#
# √N with N = 0 makes all scores equal; or the prior is even. In both cases argmax takes the first of equals.
# </details>

# %% [markdown]
# ## Exercises
#
# [exercises/02_bandits.ipynb](../exercises/02_bandits.ipynb): nine of them, from a running mean to a whole search of depth one.

# %% [markdown]
# ## Not shown here, and why
#
# - **Regret in a tree**: below the root the arms' values change as the search learns. Chapter 3 measures the regret of a tree search against an exact solver.
# - **Best-arm identification**: a search pays for its *last* choice, not for its tries. Chapter 6 has Gumbel's sequential halving, which is made for that.
# - **The proofs**: they are in the papers below. The one for UCB1 is short and readable.

# %% [markdown]
# ## Sources
#
# - W. R. Thompson, *On the likelihood that one unknown probability exceeds another in view of the evidence of two samples*, Biometrika 25, 1933.
# - H. Robbins, *Some aspects of the sequential design of experiments*, Bulletin of the American Mathematical Society 58, 1952: the bandit problem.
# - T. L. Lai and H. Robbins, *Asymptotically efficient adaptive allocation rules*, Advances in Applied Mathematics 6, 1985: the lower bound.
# - P. Auer, N. Cesa-Bianchi and P. Fischer, *Finite-time analysis of the multiarmed bandit problem*, Machine Learning 47, 2002: UCB1, decaying ε-greedy and their bounds.
# - L. Kocsis and C. Szepesvári, *Bandit based Monte-Carlo planning*, ECML 2006: UCB1 in a tree.
# - C. D. Rosin, *Multi-armed bandits with episode context*, Annals of Mathematics and Artificial Intelligence 61, 2011: PUCB, a bandit with a prior.
# - D. Silver et al., *Mastering the game of Go without human knowledge*, Nature 550, 2017: PUCT as it is used here.
# - *Eric Jang – Building AlphaGo from scratch*, with Dwarkesh Patel, 2026: the claims that are tested here.

# %% [markdown]
# ## Next
#
# [Chapter 3, tree search](03_tree_search.ipynb): a bandit at every node.
