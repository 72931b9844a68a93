# %% [markdown]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/alphago-from-scratch/blob/main/chapters/00_start_here.ipynb)
#
# # 0. Start here
#
# In ten minutes you play Go against a network that taught itself, and you work out what AlphaGo Zero cost.
#
# > **You will be able to**
# > - say whether this machine can run the course, and what to do if not;
# > - play Go: the rules in five lines, on a board you can click;
# > - read a match result, with its interval;
# > - estimate the cost of a training run from four published numbers.
# >
# > **You need** some Python. No Go, no GPU, no account.<br>
# > **Time** 30 minutes; the code itself takes less than one.<br>
# > **Hardware** any; two CPU cores are plenty.

# %% id="00-setup"
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

# %% id="00-imports"
import os
import time

import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython.display import Markdown, display

from gokit import BLACK, WHITE, Position, show
from gokit.lessons.sources import course_root
from gokit.plots import COLORS, draw_board, style

style()
torch.set_num_threads(1)  # small networks are slower on two cores
COURSE = course_root()
FAST = os.environ.get("GOKIT_FAST") == "1"  # smaller, for quick tests
STATIC = os.environ.get("GOKIT_STATIC") == "1"  # pictures, no widgets

# %% id="00-roadmap" alt="The way through this chapter, five boxes in a row: check the machine, play, see how the bot learned, the map of the course, what it all costs."
steps = ["check the\nmachine", "play", "see how the\nbot learned",
         "the map of\nthe course", "what it\nall costs"]


def box(ax, x, y, text, width=0.76, height=0.5, **look):
    """A box with words in it, for the maps."""
    corner = (x - width / 2, y - height / 2)
    look = {"fc": "#cfe3f5", "ec": "#333333"} | look
    ax.add_patch(plt.Rectangle(corner, width, height, **look))
    ax.text(x, y, text, ha="center", va="center", fontsize=10)


figure, ax = plt.subplots(figsize=(9, 1))
for x, step in enumerate(steps):
    box(ax, x, 0, step)
    if x:
        ax.annotate("", (x - 0.38, 0), (x - 0.62, 0),
                    arrowprops={"arrowstyle": "-|>", "color": "#333333"})
ax.set(xlim=(-0.45, 4.45), ylim=(-0.3, 0.3))
ax.axis("off")
plt.show()

# %% [markdown] section="machine"
# ## Does this machine work?
#
# Run the cells from the top, with Shift+Enter. The next one looks at your machine: what is here, what is missing, and what to do
# about it. `python -m gokit doctor` prints the same in a terminal, with versions.

# %%
import textwrap

from gokit.commands.doctor import examine

findings = examine()
missing = [finding for finding in findings if not finding.ok]
here = ", ".join(finding.name for finding in findings if finding.ok)
print(textwrap.fill(f"here: {here}", 76))
for finding in missing:
    print(textwrap.fill(str(finding), 76, subsequent_indent="     "))
assert not any(finding.needed for finding in missing)

# %% [markdown]
# A line that begins with `[--]` costs you something optional. Only a missing package stops here, at the assert. You need no GPU.

# %% [markdown] section="play"
# ## Can I play right now?
#
# You can, once you know these five rules:
#
# 1. Black and White take turns to put a stone on an empty **crossing**, or to pass. Black begins. Stones never move.
# 2. The empty crossings beside a stone are its **liberties**. Neighbouring stones of one colour share theirs.
# 3. Stones without a liberty are **captured**: they leave the board, the other side's first.
# 4. A move may not bring back a board that has stood there before.
# 5. Two passes end the game. Your score is your stones plus the empty crossings that only your stones reach. White
#    gets 7.5 points more, the **komi**, for moving second. More points win.

# %% alt="Three 5 by 5 boards. First: a white stone in the middle with black stones on three sides; its one liberty, D3, is marked. Second: Black has played D3 and the white stone is gone. Third: a finished game; a wall of black stones and a wall of white ones, with small marks on the crossings that each side reaches: 15 for Black, 10 for White."
start = Position.from_diagram("""
. . . . .
. . X . .
. X O . .
. . X . .
. . . . .""")
taken = start.play("D3")
end = Position.from_diagram("\n".join([". . X O ."] * 5))
figure, axes = plt.subplots(1, 3, figsize=(9, 3.3))
draw_board(axes[0], start.board, marks={13: "triangle"},
           title="one liberty left ...")
draw_board(axes[1], taken.board, last_move=13, title="... captured")
draw_board(axes[2], end.board, ownership=end.score().ownership,
           title="Black 15, White 10 + 7.5")
plt.show()
assert taken.captured == (1, 0)
assert (end.score().black, end.score().white) == (15, 10)
assert end.score().winner == WHITE

# %% [markdown]
# Black holds more of the last board and still loses, 15 to 17.5: on a board this small, 7.5 points are a lot.
#
# Now you. Your opponent is a small network, trained for five minutes by playing against itself, with a search of 64
# positions a move. It has seen no human game.

# %%
from gokit.players import parse_player

CHECKPOINTS = COURSE / "data" / "checkpoints"


def bot_for(size, simulations=64):
    """The shipped network for a board size, with a tree search."""
    path = CHECKPOINTS / f"{size}x{size}.safetensors"
    bot = parse_player(f"mcts:{path}@{simulations}", size, seed=1)
    bot.name = f"the {size}×{size} bot"
    return bot


bot = bot_for(5)
board = show(Position(5), opponent=bot, human=BLACK, title="You are Black")
board

# %% [markdown]
# Click a crossing. Or click the board once and use the keyboard: arrows move, Enter plays, P passes, U takes back.
# Whatever stands on the board when both have passed counts for its owner: capture what is dead before you pass.
#
# **Where to begin?** Van der Werf's program solved 5×5 in 2002: with the centre, Black wins the whole board, all 25 points.
# So you have a won game from the first stone. Winning a won game is another matter.

# %% [markdown]
# Every board has a twin in text. Run this again after a few moves:

# %%
print(board.position)
assert board.position.size == 5
assert not Position(5).why_illegal("C3")

# %% [markdown]
# Where you see a picture and cannot click (on GitHub, or in a saved page), play in text:
# `print(Position(5).play("C3").play("C4"))`.

# %% [markdown] section="strength"
# ## Is the bot any good?
#
# First, look. Here it plays both sides, and we check that each of its moves is legal.

# %%
def play_out(black, white, size=5):
    """Let two players play one game; return its last position."""
    game = Position(size)
    while not game.is_over and game.move_number < 4 * size * size:
        player = black if game.to_move == BLACK else white
        move = player.choose(game)
        assert game.is_legal(move)
        game = game.play(move)
    return game


game = play_out(bot, bot)
print(game)
print("result:", game.result)
assert game.is_over

# %% alt="Eight 5 by 5 boards in two rows: the bot's game against itself, from the first move to the last, with the latest move of each ringed."
line = [position for position in game.line() if position.move_number]
shown = np.linspace(0, len(line) - 1, 8).round().astype(int)
figure, axes = plt.subplots(2, 4, figsize=(9, 5))
for ax, k in zip(axes.flat, shown):
    here = line[k]
    passed = ", a pass" if here.moves[-1] == here.pass_move else ""
    draw_board(ax, here.board, last_move=here.last_move,
               coordinates=False, title=f"move {here.move_number}{passed}")
figure.tight_layout()
plt.show()

# %% [markdown]
# `B+17.5` is all 25 crossings less the komi: the result that Van der Werf proved, if you see it above. But one game proves nothing.
# So we count. The opponent picks any legal move, except that it never fills its own one-point eyes. Each random opening is
# played twice, with colours exchanged, so that neither opening nor colour decides.
#
# **Predict:** what share does the bot win, with a search of only 16 positions a move?

# %%
from gokit.arena import play_match
from gokit.players import RandomPlayer

rng = np.random.default_rng(0)
games = 20 if FAST else 100
match = play_match(bot_for(5, simulations=16), RandomPlayer(rng),
                   games=games, size=5, rng=rng)
print(textwrap.fill(str(match), 76))
assert match.games == games
assert match.interval[0] > 0.75

# %% [markdown]
# Read the bracket, not the percentage: such brackets hold the true win rate 95 times in 100. You build it in exercise 3.
# Beating random play is where learning starts. It says nothing yet about beating you.

# %% [markdown] section="learning"
# ## How did it learn?
#
# By this command. It starts from random weights, plays games against itself, trains on what its search found, and repeats:
#
# ```
# python -m gokit train --run runs/first --size 5 --minutes 5
# ```
#
# Run it in a terminal while you read on: a bar shows how far it is, and `runs/first/metrics.jsonl` gets a line for each round.
# Ctrl-C stops it, and `--resume` continues.
#
# **Predict:** how does the network do against random play *before* it has learned anything?

# %%
from gokit.nn.checkpoint import load_checkpoint
from gokit.nn.inference import NetworkEvaluator
from gokit.nn.networks import Network, NetworkConfig
from gokit.players import PolicyPlayer

torch.manual_seed(1)
trained, card = load_checkpoint(CHECKPOINTS / "5x5.safetensors")
results = []
for name, network in (("random weights", Network(card.network)),
                      ("five minutes", trained)):
    rng = np.random.default_rng(0)
    player = PolicyPlayer(NetworkEvaluator(network), temperature=1,
                          rng=rng, name=name)
    results.append(play_match(player, RandomPlayer(rng), games=games,
                              size=5, rng=rng))
    print(textwrap.fill(str(results[-1]), 76))
assert results[0].interval[1] < results[1].interval[0]

# %% [markdown]
# No search this time: each move is drawn from the network's own probabilities. With random weights these are nearly even, and
# it loses even to random play, because it passes too soon and fills its own eyes. After five minutes one look is enough.
#
# A network comes with a card that says where it is from and how strong it is. This is the bot's:

# %%
run = card.run
print(f"{run['seconds'] / 60:.1f} minutes, {run['games']:,} games, "
      f"{run['positions']:,} positions")
for result in card.strength:
    low, high = result["interval"]
    print(f"{result['a']} against {result['b']}: {result['score']:.1%} "
          f"[{low:.1%}, {high:.1%}], n = {result['games']}")
assert run["games"] > 0
assert all(r["interval"][0] > 0.5 for r in card.strength)

# %% [markdown]
# The line to look for is the match against its own younger self: it must win clearly, or nothing was learned in between.
# Chapter 7 builds this loop from nothing and shows what breaks it.
#
# And yours? A run keeps its network after 1, 2, 4, … minutes. Start the command above in a terminal, in the course's folder,
# and run this cell again and again: you meet the newest one, and can feel it learn.

# %%
mine = COURSE / "runs" / "first"
if list(mine.glob("checkpoints/*.safetensors")):
    player = parse_player(f"mcts:{mine}@64", 5, seed=1)
    assert Position(5).is_legal(player.choose(Position(5)))
    display(show(Position(5), opponent=player, title="Your own bot"))
else:
    print("no network of your own yet: the first comes after a minute")

# %% [markdown] section="map"
# ## Where does the course go?
#
# Thirteen chapters. An arrow means "uses". The notebook looks up which of them are on this machine.

# %%
MAP = {  # number: (name, place in the figure, chapters it uses)
    0: ("start here", (0, 1), []), 1: ("rules of Go", (1, 1), [0]),
    2: ("bandits", (1, 2), [0]), 3: ("tree search", (2, 2), [1, 2]),
    4: ("tree\nvisualizer", (3, 2), [3]), 5: ("networks", (2, 0), [1]),
    6: ("search with\na network", (3, 1), [3, 5]),
    7: ("self-play", (4, 1), [6]), 8: ("other RL", (3, 0), [5]),
    9: ("off-policy\ndata", (5, 0), [7]),
    10: ("search\nand LLMs", (4, 2), [6]), 11: ("scaling", (5, 1), [7]),
    12: ("automated\nresearch", (6, 1), [11]),
}
folder = COURSE / "chapters"
found = [*folder.glob("*.ipynb"), *folder.glob("source/*.py")]
HERE = {int(path.stem[:2]): f"{path.stem}.ipynb" for path in found}
assert 0 in HERE and set(HERE) <= set(MAP)
assert all(old < new for new, (*_, uses) in MAP.items() for old in uses)

# %% alt="The chapters as boxes joined by arrows. Start here leads to the rules and to bandits; both lead to tree search; the rules lead to networks; tree search leads to the tree visualizer and, with networks, to search with a network; that leads to self-play and to search and language models; networks lead to other RL; self-play leads to off-policy data and to scaling, and scaling to automated research. Boxes with a solid frame are here; dashed ones are planned."
figure, ax = plt.subplots(figsize=(10.5, 3.9))
arrow = {"arrowstyle": "-|>", "color": "#333333"}
for number, (name, (x, y), uses) in MAP.items():
    if number in HERE:
        box(ax, x, y, f"{number}\n{name}")
    else:
        box(ax, x, y, f"{number}\n{name}", fc="white", ls="--")
    for old in uses:
        from_x, from_y = MAP[old][1]
        ax.annotate("", (x - 0.38, y), (from_x + 0.38, from_y),
                    arrowprops=arrow)
ax.set(xlim=(-0.45, 6.45), ylim=(-0.35, 2.35))
ax.text(6.4, 2.1, "solid and blue: here\ndashed: planned", ha="right")
ax.axis("off")
plt.show()

# %%
rows = []
for number, (name, _, _) in MAP.items():
    name = " ".join(name.split())
    link = f"[{name}]({HERE[number]})" if number in HERE else name
    state = "" if number in HERE else " (planned)"
    rows.append(f"{number:02d}&nbsp;&nbsp;{link}{state}")
display(Markdown("  \n".join(rows)))

# %% [markdown]
# Every chapter works the same way: you build a small version in plain Python, see it work, break it, and then meet `gokit`'s
# fast version of the same thing, with a test that both agree.

# %% [markdown] section="cost"
# ## What did AlphaGo Zero cost?
#
# More than any other network of its time that we know of. The lecture calls it an outlier of 3×10²³ floating-point operations.
# We can check that on the back of an envelope, because the paper gives nearly everything:
#
# | AlphaGo Zero, the 40-day run | | source |
# |---|---|---|
# | games of self-play | 29 million | Silver et al. 2017 |
# | simulations a move | 1,600 | same, said of its first run |
# | network | 40 blocks of two 3×3 convolutions, 256 channels | same; one of the 40 is the stem |
# | training | 3.1 million batches of 2,048 positions | same |
# | moves a game | 200 | **our assumption**: not in the paper |
#
# A 3×3 convolution from `c` to `c` channels multiplies and adds 9·c² times at each point. So one look at the board costs:

# %%
def look(blocks, channels, size=19):
    """Operations of a network for one position (stem, heads left out)."""
    layers = 2 * blocks
    return 2 * 9 * channels**2 * size**2 * layers


def self_play(moves, simulations, blocks, channels, size=19):
    """Operations of a run that plays `moves` moves in all its games."""
    return moves * simulations * look(blocks, channels, size)


print(f"one look at the board: {look(40, 256):.2e} operations")

# %% [markdown]
# **Predict:** which costs more, playing the games or training on them? By how much?

# %%
zero = self_play(29e6 * 200, 1600, blocks=40, channels=256)
training = 3 * 3.1e6 * 2048 * look(40, 256)  # backward costs two forwards
print(f"self-play: {zero:.2e} operations")
print(f"training:  {training:.2e}, 1/{zero / training:.0f} of that")
assert zero / training > 100

# %% [markdown]
# Self-play is the bill. That is why so much of this course is about search that needs fewer looks. And how much hangs on our
# one assumption, the length of a game?

# %%
for moves in (100, 150, 200, 250, 300, 350):
    total = self_play(29e6 * moves, 1600, 40, 256)
    print(f"{moves} moves a game: {total:.1e} = {total / 3e23:.2f} of 3e23")
    assert 0.5 < total / 3e23 < 2

# %% [markdown]
# Any believable length of a game lands within a factor of two of the lecture's number. That is as good as such arithmetic gets.

# %% [markdown] section="katago"
# ## Forty times cheaper, or fifty?
#
# In 2019 David Wu's KataGo learned Go as well, from nothing, on 27 GPUs. The lecture says that it cut the compute 40-fold. The
# abstract of KataGo's paper says 50. Both are right about what they divide:

# %%
hours = 365.25 * 24
katago_hours = 27 * 19 * 24  # 27 V100 GPUs for 19 days
lecture = 464_000 / 12_000
paper = 74 * hours / katago_hours
zero_tpu = 41 * hours / katago_hours
print(f"KataGo's run: {katago_hours:,} GPU-hours")
print(f"lecture's plot, 464,000 / 12,000 GPU-hours: {lecture:.1f}")
print(f"paper, ELF's 74 GPU-years / KataGo:         {paper:.1f}")
print(f"AlphaZero's 41 TPU-years / KataGo:          {zero_tpu:.1f}")
assert round(lecture) == 39
assert 45 < paper < 55

# %% [markdown]
# The paper compares with ELF OpenGo, on the same kind of GPU (V100). The lecture divides two numbers of a plot; we could not
# trace its 464,000. The last line mixes TPUs with GPUs, so it is no ratio of anything. **A ratio is worth what its two
# numbers share.**
#
# The formula from above fits KataGo too. One move in four got a full search and became a training sample (there were 241
# million), the others a short one. The full search grew from 600 to 1,000 simulations, the short one from 100 to 200, and
# the network up to 20 blocks of 256 channels.

# %%
katago_moves = 241e6 / 0.25
few, many = (0.25 * full + 0.75 * short
             for full, short in ((600, 100), (1000, 200)))
katago = [self_play(katago_moves, s, 20, 256) for s in (few, many)]
peak = katago_hours * 3600 * 125e12  # a V100's tensor cores, at best
print(f"moves a game: {katago_moves / 4.2e6:.0f} (4.2 million games)")
print(f"by the formula: {katago[0]:.1e} to {katago[1]:.1e} operations")
print(f"what its GPUs could do at the very best: {peak:.1e}")
print(f"AlphaGo Zero / KataGo: {zero / katago[1]:.0f} to "
      f"{zero / katago[0]:.0f}")
assert 1 < zero / peak < 100
assert katago[0] / peak > 0.3 and katago[1] / peak < 3

# %% [markdown]
# No program gets the very best out of a GPU, so the formula counts too much: many of KataGo's games were on smaller boards, its
# first week used smaller networks, and a search keeps part of its last tree. Still the right size, from two sides. And
# KataGo's own numbers give 230 moves a game: our 200 for AlphaGo Zero was no bad guess.

# %% [markdown] section="yours"
# ## What could your machine do?
#
# Let us measure it: how many positions a second does a network of 10 blocks and 128 channels read here?

# %%
from gokit.commands.doctor import usable_cores

network = Network(NetworkConfig(blocks=10, channels=128)).eval()
planes = torch.zeros(8, 6, 19, 19)
rates = []
torch.set_num_threads(usable_cores())
with torch.inference_mode():
    network(planes)  # the first one warms up
    for _ in range(3 if FAST else 10):
        began = time.perf_counter()
        network(planes)
        rates.append(len(planes) / (time.perf_counter() - began))
torch.set_num_threads(1)
looks = float(np.median(rates))
yours = looks * look(10, 128)  # operations a second
print(f"{looks:.0f} positions a second (19×19, n = {len(rates)} batches, "
      f"{min(rates):.0f} to {max(rates):.0f})")
print(f"= {yours / 1e9:.0f} billion operations a second")
years = zero / yours / 3.156e7
print(f"AlphaGo Zero on this machine: {round(years, -3):,.0f} years")
assert 1e8 < yours < 1e16

# %% [markdown]
# The lecture's answer is to rent. Its budget was a gift of 10,000 dollars: about 4,000 went into exploring, 3,000 into the final
# run. What that buys depends on two numbers that we **assume** here: 2 dollars for an hour of a GPU, and 10¹⁴ useful operations a second on
# it, about a tenth of what an H100's data sheet promises. Change them and run again.

# %%
DOLLARS_AN_HOUR = 2.0
OPERATIONS_A_SECOND = 1e14


def bought(dollars):
    """Operations that this much money rents."""
    return dollars / DOLLARS_AN_HOUR * 3600 * OPERATIONS_A_SECOND


def price(operations):
    """Dollars for that many operations."""
    return operations / bought(1)


rented = bought(3000)
print(f"$3,000 buy {rented:.1e}, 1/{zero / rented:,.0f} of AlphaGo Zero")
print(f"AlphaGo Zero today:   ${price(zero) / 1e6:.1f} million")
print(f"KataGo today:         ${round(price(katago[1]), -3):,.0f} at most")
assert price(zero) > 100 * 3000

# %% [markdown]
# So the lecture's "millions of dollars" against "a few thousand" holds, even with today's prices for both. Cheaper arithmetic,
# then, is not all of it: there are also better methods and a smaller goal. The last is easily forgotten.
#
# Everything on one chart, from the run that made your bot to a language model of 2024:

# %% alt="Operations to train a network, on a logarithmic scale, against the year, from 2012 to 2026. Grey circles, other networks, climb from AlexNet at 5e17 to Llama 3.1 at 4e25. Orange squares, Go: AlphaGo Zero at 3e23 in 2017, hundreds of times above the circles of its time; KataGo in 2019 at 4e21; the lecture's 3,000 dollars at 5e20; your bot near 1e13."
simulations = run["config"]["simulations"]
shape = card.network.blocks, card.network.channels
tiny = self_play(run["positions"], simulations, *shape, size=5)
GO = {"AlphaGo Zero": (2017.8, zero), "KataGo": (2019.4, katago[0]),
      "lecture's $3,000": (2026.3, rented), "your bot": (2026.9, tiny)}
OTHERS = {"AlexNet": (2012.7, 4.7e17), "GNMT": (2016.7, 1.1e21),
          "Transformer": (2017.4, 2.3e19), "GPT-3": (2020.4, 3.14e23),
          "PaLM": (2022.3, 2.5e24), "Llama 3.1": (2024.5, 3.8e25)}
figure, ax = plt.subplots(figsize=(9, 4.6))
for group, label, mark, color, place, side in (
        (OTHERS, "other networks", "o", "#555555", (-9, -4), "right"),
        (GO, "Go", "s", COLORS[1], (0, 9), "center")):
    ax.plot(*zip(*group.values()), mark, color=color, label=label, ms=8)
    for name, (year, size) in group.items():
        ax.annotate(name, (year, size), place, ha=side, color=color,
                    textcoords="offset points")
ax.set(yscale="log", xlabel="year", ylabel="operations to train",
       xlim=(2010.5, 2028), ylim=(1e11, 1e27))
ax.legend(loc="lower left")
plt.show()

# %% [markdown]
# See AlphaGo Zero against the other networks of 2016 and 2017:

# %%
print(f"AlphaGo Zero / GNMT:          {zero / 1.1e21:,.0f}")
print(f"Llama 3.1 (405B) / AlphaGo Zero: {3.8e25 / zero:,.0f}")
print(f"AlphaGo Zero / your bot:      {zero / tiny:.0e}")
assert 100 < zero / 1.1e21 < 1000 and 50 < 3.8e25 / zero < 1000
assert zero > 1e8 * tiny

# %% [markdown]
# It stood a few hundred times above the costliest network of its day that we list. The language models passed it only years later, and by
# 2024 it is two orders of magnitude below them. Your bot is ten orders below it, and it plays.

# %% [markdown] section="exercises-work"
# ## How does an exercise work?
#
# You write a function; `check` runs it on fresh positions and compares with a slow, obvious reference. There are four
# outcomes: correct, wrong, not attempted, and your code raised an error. Here is a wrong answer to the first exercise,
# to name a point as Go players do:

# %%
from gokit.lessons import check, hint, progress


def point_name(row, column, size):
    return "ABCDEFGHJKLMNOPQRST"[column] + str(row + 1)


result = check("00-point-name", point_name)
assert result.outcome == "wrong" and not result.correct

# %% [markdown]
# The board shows the point. Stuck? Ask three times at most: the idea, the approach, the shape of the code. After that,
# `solution("00-point-name")` shows one answer.

# %%
hint("00-point-name", 1)

# %%
progress()

# %% [markdown]
# Your progress is a file on your machine, `~/.gokit/progress.json`. Nobody else sees it.
#
# - **No GPU?** Nothing to do. Long runs have a short version, and their results are shipped.
# - **Colab?** Click the badge at the top of a chapter. Its first cell fetches the course; what you write there is lost when the
#   session ends, unless you save a copy.
# - **Something is odd?** Run `python -m gokit doctor`, and ask at the course's
#   [issues](https://github.com/OWNER/alphago-from-scratch/issues) with its output and the cell that went wrong.

# %% [markdown]
# ## Not shown here, and why
#
# - *Which bot is stronger for its cost, AlphaGo Zero or KataGo.* They never met; the charts above show cost only.
# - *What AlphaGo Zero cost in 2017 dollars.* Nobody outside knows. A widely read estimate of 2018 says 35 million dollars for
#   the whole paper, at the price of renting TPUs then.
# - *Why forty or fifty times cheaper.* KataGo's methods come with the chapters that build them, from chapter 5 on.

# %% [markdown] section="play-on"
# ## Play
#
# You had Black and a won game. Now take White: the bot has the first move.

# %%
white = show(Position(5), opponent=bot, human=WHITE,
             title="You are White")
white

# %% [markdown]
# What does the bot think? Black took the centre, White is to move. The numbers say how often its search looked at each reply, of
# 256 looks. It also says by how many points it expects to lose; the solver says 25.

# %%
thinker = bot_for(5, simulations=256)
centre = Position(5).play("C3")
thinker.choose(centre)
margin = 25 * float(thinker.last.value[0])  # in the view of White
print(f"White expects to end {-margin:.1f} points behind, of 25")
show(centre, visits=thinker.last.visits[0], title="White's search")

# %% [markdown]
# And the price of a run, with sliders; `dollars` is for an hour of a GPU:

# %%
def bill(games=29e6, moves=200, simulations=1600, blocks=40,
         channels=256, dollars=2.0):  # dollars an hour
    total = self_play(games * moves, simulations, blocks, channels)
    gpu_hours = total / OPERATIONS_A_SECOND / 3600
    print(f"{total:.1e} operations, {gpu_hours:,.0f} GPU-hours, "
          f"${gpu_hours * dollars:,.0f}")
    print(f"or {total / yours / 86400:,.4g} days on this machine")


if STATIC:
    bill()
else:
    from ipywidgets import FloatLogSlider, interact

    how_many = FloatLogSlider(29e6, min=3, max=8, step=0.0001)
    interact(bill, games=how_many, moves=(50, 400),
             simulations=(16, 1600, 16), blocks=(2, 40),
             channels=(32, 256, 32), dollars=(0.5, 10.0, 0.5))

# %% [markdown]
# ## Summary
#
# 1. Go is five rules; `show(Position(5))` is a board, `print(position)` its text.
# 2. A bot that taught itself for five minutes beats random play; the interval says how surely.
# 3. The cost of a run is games × moves × simulations × one look at the board. Training is small change.
# 4. By that formula AlphaGo Zero took about 3×10²³ operations, as the lecture says, whatever games it played.
# 5. KataGo's "40×" and "50×" divide different numbers. Ask which two.

# %% [markdown]
# ## Check yourself
#
# <details><summary>1. A black stone stands alone in a corner. How many white stones capture it?</summary>
# Two: a corner has two neighbours.
# </details>
#
# <details><summary>2. The board is full but for a few eyes; Black has 13 crossings, White 12. Who wins on 5×5 with komi 7.5?</summary>
# White, 19.5 to 13. With 7.5 komi, Black needs 17 of the 25.
# </details>
#
# <details><summary>3. The bot wins 20 of 20. Is its win rate 100 %?</summary>
# No. Wilson's interval goes down to 84 %: a bot that truly wins 85 % might do the same.
# </details>
#
# <details><summary>4. You double the channels of a network. What happens to the cost of a look?</summary>
# It goes up fourfold: the cost grows with the square of the width, but only with the number of blocks itself.
# </details>
#
# <details><summary>5. You halve the simulations a move. What happens to the price of AlphaGo Zero?</summary>
# It halves, nearly exactly: self-play is 99.8 % of it.
# </details>

# %% [markdown]
# ## Exercises
#
# [exercises/00_start_here.ipynb](../exercises/00_start_here.ipynb): name a point, count a tower's operations, read a win rate honestly.
# Half an hour.

# %% [markdown]
# ## Sources
#
# - Silver et al., *Mastering the game of Go without human knowledge*, Nature 550, 2017: games, simulations, network and batches of AlphaGo Zero.
# - Wu, *Accelerating self-play learning in Go*, arXiv:1902.10565v5: KataGo's GPUs, days, samples, games, search and network sizes; 74 GPU-years of ELF OpenGo and 41 TPU-years of AlphaZero.
# - *Eric Jang – Building AlphaGo from scratch*, with Dwarkesh Patel, 2026: 40×, 3×10²³, 10,000 dollars, of which 4,000 and 3,000. Its chart of compute is Epoch AI's; Sevilla et al., *Compute trends across three eras of machine learning*, arXiv:2202.05924, give the same 3×10²³ as the top of that era.
# - Van der Werf, *5×5 Go is solved*, computer-go mailing list, 20 October 2002; [his page](https://erikvanderwerf.tengen.nl/5x5/5x5solved.html).
# - Other networks: AlexNet by OpenAI's *AI and compute* (2018); GNMT and Transformer (the costliest of each) from Vaswani et al. 2017, Table 2; GPT-3 from Brown et al. 2020, Table D.1; PaLM from Chowdhery et al. 2022; Llama 3.1 from *The Llama 3 herd of models*, 2024.
# - 35 million dollars: [*How much did AlphaGo Zero cost?*](https://www.yuzeh.com/data/agz-cost.html), 2018. V100: 125 TFLOP/s, NVIDIA's data sheet.
# - Assumed, not known: 200 moves a game, 2 dollars an hour, 10¹⁴ operations a second.

# %% [markdown]
# ## Next
#
# [Chapter 1, the rules of Go](01_go_rules.ipynb): you write the board yourself, and the rules surprise you.
