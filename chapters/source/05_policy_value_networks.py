# %% [markdown]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/alphago-from-scratch/blob/main/chapters/05_policy_value_networks.ipynb)
#
# # 5. Networks that read the board
#
# You build the black box of the last two chapters: one network that looks at a position once, and answers with a move and with
# a chance of winning.
#
# > **You will be able to**
# > - turn a position into planes, and say what gets lost in a careless way of doing so;
# > - write a residual network with two heads and both of its losses, and train it on thousands of games;
# > - measure it on games it never saw, head by head, with intervals that tell the truth;
# > - read a value: where it starts, how it spreads, and when to believe it;
# > - notice a head that has learned nothing, before it costs you a week;
# > - say what each part of the design is worth, and why the best predictor is not the best player.
# >
# > **You need** chapter 1; a little PyTorch (`nn.Module`, `backward`). Chapters 3 and 4 say what the network is for.
# > **Time** about two hours to read and play; the code itself runs in three to six minutes.
# > **Hardware** two CPU cores; no GPU.

# %% id="05-setup"
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

# %% id="05-imports"
import hashlib
import os
import tempfile
import time
from dataclasses import replace
from itertools import islice, product

import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython.display import display
from torch import nn
from torch.nn import functional

# %%
import gokit
import gokit.studies as studies
from gokit import BLACK, NO_SUICIDE, TROMP_TAYLOR, WHITE, Games, Position
from gokit.arena import play_match, random_openings, wilson
from gokit.corpus.holdout import held_out
from gokit.corpus.labelling import write_positions
from gokit.corpus.positions import Positions
from gokit.corpus.sources import margin_of, read_source
from gokit.go.coordinates import from_gtp, to_gtp
from gokit.go.playouts import light_playouts, random_states
from gokit.gtp import GtpPlayer, find_engine, gnugo_command
from gokit.nn.checkpoint import load_evaluator
from gokit.nn.config import NetworkConfig
from gokit.nn.features import FEATURE_SETS, write_planes

# %%
from gokit.nn.inference import NetworkEvaluator
from gokit.nn.networks import Network
from gokit.nn.training import LossWeights, compute_losses, schedule
from gokit.players import PolicyPlayer, RandomPlayer, rollout_player
from gokit.plots import COLORS, MARKERS, alt, draw_board, style
from gokit.search.small_games import (
    KuhnPoker,
    best_response,
    kuhn_equilibrium,
)
from gokit.supervised import fit

style()
FAST = os.environ.get("GOKIT_FAST") == "1"  # smaller, for quick tests
COURSE = Path(gokit.__file__).parents[1]
CHECKPOINTS = COURSE / "data" / "checkpoints"
torch.set_num_threads(1)  # the same sums, so the same networks, each time

# %% [markdown]
# Two helpers say how sure a number is: `rate` for independent cases, `by_game` for positions, which come in games. Sixty positions of
# one game share one result, so they are no sixty cases: `by_game` draws whole games anew, a thousand times.

# %%
def name(action, size=9):
    return to_gtp(int(action), size)


def rate(k, n):
    """A share with its 95 % interval."""
    low, high = wilson(k / n, n)
    return f"{k / n:.3f} [{low:.3f}, {high:.3f}], n = {n:,}"


def by_game(numbers, game, draws=1000):
    """The mean over positions; its 95 % interval over games."""
    rng = np.random.default_rng(0)
    _, row = np.unique(game, return_inverse=True)
    total, n = np.bincount(row, numbers), np.bincount(row)
    times = rng.multinomial(len(n), np.full(len(n), 1 / len(n)), draws)
    low, high = np.quantile(times @ total / (times @ n), [0.025, 0.975])
    return float(np.mean(numbers)), float(low), float(high)


def say(numbers, game):
    mean, low, high = by_game(numbers, game)
    return (f"{mean:.3f} [{low:.3f}, {high:.3f}], n = {len(game):,} "
            f"positions of {len(np.unique(game)):,} games")

# %% [markdown]
# The way through: what goes in, what comes out, what it learns from, and what it is worth.

# %%
STEPS = {"in": ["games", "planes"],
         "the network": ["trunk", "policy head", "value head"],
         "learning": ["two losses", "ten positions", "thousands\nof games"],
         "looking": ["strength", "value by\nmove number", "calibration",
                     "which design\nmatters"]}
figure, ax = plt.subplots(figsize=(9.5, 3.6))
fills = ("#cfe3f5", "#d9efd9", "#f7e3c1", "#eeddee")
for y, (what, steps) in enumerate(STEPS.items()):
    ax.text(-0.6, -y, what, ha="right", va="center", weight="bold")
    for x, step in enumerate(steps):
        ax.text(x, -y, step, ha="center", va="center", bbox={
            "boxstyle": "round,pad=0.5", "fc": fills[y]})
ax.set(xlim=(-1.7, 3.6), ylim=(-3.5, 0.5))
ax.axis("off")
display(alt(figure, "In: games and planes. The network: a trunk, a policy "
            "head, a value head. Learning: two losses, ten positions, "
            "thousands of games. Looking: strength, value by move number, "
            "calibration, and which parts of the design matter."))

# %% [markdown] section="games"
# ## What is in a game?
#
# The lecture learns from human experts. We take GNU Go 3.8, a classical engine without any network, at its quickest level:
# it played thousands of games against itself on 9×9, by one command (`python -m gokit data`), so you can make more. Komi is 7.5,
# and suicide is not allowed.

# %%
GAMES_AT = COURSE / "data" / "games" / "gnugo-9x9-level1"
ZIPS = [GAMES_AT / f"games-00{k}000-00{k}999.zip" for k in range(3)]
GAMES = [game for path in ZIPS[:1 if FAST else 3]
         for game in islice(read_source(path), 500 if FAST else None)]
record = GAMES[0].record
print(*record.names, "  ", record.result, "  ", record.rules)
print(*(name(move) for _, move in record.moves))
print("random, not GNU Go's choice: moves", *GAMES[0].random)
lengths = [len(game.record.moves) for game in GAMES]
black = sum(game.winner == BLACK for game in GAMES)
print(f"\n{np.mean(lengths):.0f} moves on average;",
      f"Black wins {rate(black, len(GAMES))}")
assert 0.4 < black / len(GAMES) < 0.5

# %% [markdown]
# Each game begins with a few random moves, and has one or two later on: else all games would be alike. Nobody should learn *those* moves, so they are marked.
# Remember how often Black wins; it will come back.

# %%
moments = list(record.positions())
shown = {len(GAMES[0].random) - 1: "after the random opening",
         30: "after 30 moves", len(record.moves): "the end: who owns what"}
figure, axes = plt.subplots(1, 3, figsize=(10, 3.6), layout="constrained")
for ax, (ply, words) in zip(axes, shown.items()):
    owners = moments[-1].score().ownership if ply > 30 else None
    draw_board(ax, moments[ply].board, title=words, ownership=owners,
               last_move=moments[ply].last_move)
display(alt(figure, "Three boards of one game: four stones after the "
            "random opening, a fight after 30 moves, and the end, with "
            "small squares on the points that each side owns."))
ends = [game.record.final_position() for game in GAMES[:100]]
scores = [end.score().margin for end in ends]
assert scores == [margin_of(game.record.result) for game in GAMES[:100]]
print("100 games replayed: GNU Go and our rules agree on each score")

# %% [markdown] section="planes"
# ## What does the network see?
#
# A network reads numbers, so a position becomes a stack of N×N **planes**. Ours are six, all from the view of the **side to move**: own
# stones, the opponent's, where one may play, and three that are the same everywhere. **Predict:** why a plane that is 1 on the whole board?

# %%
def my_planes(position):
    """The six planes that gokit calls "basic": int8 [6, N, N]."""
    size, me, board = position.size, position.to_move, position.board
    legal = position.legal_mask()[:-1].reshape(size, size)
    whole = np.ones((size, size))
    planes = [board == me, (board != me) & (board != 0), legal,
              whole, whole * (position.passes > 0), whole * (me == BLACK)]
    return np.stack(planes).astype(np.int8)


figure, axes = plt.subplots(1, 6, figsize=(10.5, 2.1))
for ax, plane, words in zip(axes, my_planes(moments[30]),
                            FEATURE_SETS["basic"]):
    ax.imshow(plane, cmap="Blues", vmin=-0.15, vmax=1.3)
    ax.set_title(words, fontsize=9)
    ax.spines[:].set_visible(True)
    ax.set(xticks=[], yticks=[])
display(alt(figure, "The six planes after 30 moves: own stones, the "
            "opponent's, the legal points, a plane of ones, and two that "
            "are all zero or all one."))

# %% [markdown]
# The plane of ones shows a convolution where the board ends: beyond it stand zeros. **gokit does the same**, in compiled code and for many
# positions at once. A thousand positions of other games:

# %%
rng = np.random.default_rng(5)
chosen = [list(GAMES[i].record.positions())[:-1]
          for i in rng.choice(len(GAMES), 30, replace=False)]
sample = [position for line in chosen for position in line][:1000]
begun = time.perf_counter()
mine = np.stack([my_planes(position) for position in sample])
took = time.perf_counter() - begun
rows = Games.from_positions(sample)
theirs = np.empty(mine.shape, np.int8)
write_planes(rows, np.arange(1), "basic", theirs[:1])  # compile
begun = time.perf_counter()
write_planes(rows, np.arange(len(sample)), "basic", theirs)
ratio = took / (time.perf_counter() - begun)
print(f"{len(sample):,} positions equal;",
      f"gokit is {ratio:.0f} times as fast")
assert len(sample) == 1000 and (mine == theirs).all() and ratio > 1

# %% [markdown]
# Now all games at once: every position before a move, its planes, the move, and who won. A tenth of the **games** is held out, and no network here ever
# learns from them. (That it must be games, not positions, gets a section of its own.)

# %%
TEMPORARY = tempfile.TemporaryDirectory(prefix="gokit-chapter-05-")
CACHE = Path(TEMPORARY.name)
write_positions(GAMES, CACHE / "basic", features="basic")
TRAIN = Positions(CACHE / "basic", "train")
HELD_OUT = Positions(CACHE / "basic", "holdout")
TEST = HELD_OUT.take(np.arange(len(HELD_OUT)))  # all, as arrays
for words, part in (("to learn from", TRAIN), ("held out", HELD_OUT)):
    print(f"{words:<14}{part.games:>6,} games {len(part):>8,} positions")
print("a batch holds planes", TEST.planes[:256].shape, "moves",
      TEST.policy[:256].shape, "results", TEST.value[:256].shape)
won = [game.winner for game in GAMES if held_out(game.record, 0.1)]
begin = np.flatnonzero(TEST.ply == 0)  # Black is to move
assert (TEST.value[begin] == np.where(np.equal(won, BLACK), 1, -1)).all()
assert (TEST.value[begin + 1] == -TEST.value[begin]).all(), "the mover's"
keys = [{bytes(key) for shard in part.shards
         for key in shard.columns["key"]} for part in (TRAIN, HELD_OUT)]
assert not keys[0] & keys[1], "no game on both sides, turned or mirrored"

# %% [markdown] section="network"
# ## How does one network give two answers?
#
# Both questions need the same eyes: which stones are in danger, whose corner is this? So one **trunk** looks, and two small **heads** answer. The trunk is a
# pile of **residual blocks**: each adds a correction to what came in, so a block that has
# learned nothing does no harm.

# %%
def convolution(inputs, outputs):
    return nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)


class Block(nn.Module):
    """Two convolutions; their result is added to what came in."""

    def __init__(self, channels):
        super().__init__()
        self.first_norm = nn.BatchNorm2d(channels)
        self.first = convolution(channels, channels)
        self.second_norm = nn.BatchNorm2d(channels)
        self.second = convolution(channels, channels)

    def forward(self, x):
        y = self.first(torch.relu(self.first_norm(x)))
        y = self.second(torch.relu(self.second_norm(y)))
        return x + y

# %% [markdown]
# The policy head gives each **point** a number from the features at that point. The pass has no point, so it gets its number from the mean over the board,
# as does the value. The value ends in a tanh: -1 for a sure loss of the side to move, 1 for a sure win.

# %%
class TwoHeads(nn.Module):
    """Planes [B, C, N, N] in; logits [B, N*N+1] and values [B] out."""

    def __init__(self, planes=6, blocks=3, channels=32, hidden=32):
        super().__init__()
        self.stem = convolution(planes, channels)
        pile = [Block(channels) for _ in range(blocks)]
        self.blocks = nn.Sequential(*pile)
        self.norm = nn.BatchNorm2d(channels)
        self.points = nn.Conv2d(channels, 1, 1)
        self.passing = nn.Linear(channels, 1)
        self.hidden = nn.Linear(channels, hidden)
        self.value = nn.Linear(hidden, 1)
        for head in (self.points, self.passing, self.value):
            nn.init.normal_(head.weight, std=0.01)  # undecided

    def forward(self, planes):
        x = torch.relu(self.norm(self.blocks(self.stem(planes))))
        mean = x.mean((2, 3))  # [B, channels]
        logits = [self.points(x).flatten(1), self.passing(mean)]
        value = self.value(torch.relu(self.hidden(mean)))
        return torch.cat(logits, 1), torch.tanh(value).squeeze(1)

# %%
torch.manual_seed(1)
net = TwoHeads()
x = torch.from_numpy(TEST.planes[:256])
shapes = [("planes", x.shape), ("stem", (x := net.stem(x)).shape)]
for number, block in enumerate(net.blocks, 1):
    shapes.append((f"block {number}", (x := block(x)).shape))
logits, value = net(torch.from_numpy(TEST.planes[:256]))
shapes += [("policy", logits.shape), ("value", value.shape)]
for words, shape in shapes:
    print(f"{words:<10}{' × '.join(map(str, shape))}")
count = sum(weight.numel() for weight in net.parameters())
print(f"{count:,} parameters")
assert logits.shape == (256, 82) and value.shape == (256,)

# %% [markdown]
# 82 moves for 81 points: the last one is the pass. Note what is *not* there: nothing in the network knows that N is 9.
#
# **gokit does the same.** Its `Network` can do more, but in this shape it has the same parts in the same order. So your weights fit in, and both must
# give the same answers on a thousand positions.

# %%
def to_gokit(net):
    """Your network as gokit's: the same weights, part by part."""
    planes, channels = net.stem.in_channels, net.stem.out_channels
    theirs = Network(NetworkConfig(
        planes=planes, blocks=len(net.blocks), channels=channels,
        value_hidden=net.hidden.out_features, head_pooling="mean",
        ownership=False))
    weights = net.state_dict().values()
    theirs.load_state_dict(dict(zip(theirs.state_dict(), weights)))
    return theirs.eval()


def evaluator(net, features="basic"):
    """Your network as something that gokit's players can ask."""
    return NetworkEvaluator(to_gokit(net), features=features, value="win",
                            precision="fp32")

# %%
with torch.no_grad():
    boards = torch.from_numpy(mine).float()
    logits, value = net.eval()(boards)
    theirs = to_gokit(net)(boards)
apart = [float((logits - theirs.policy_logits).abs().max()),
         float((value - theirs.value).abs().max())]
print(f"1,000 positions: logits differ by {apart[0]:.1g} at most,",
      f"values by {apart[1]:.1g}")
assert max(apart) < 1e-5

# %% [markdown]
# And the network of the lecture: ten layers, under three million parameters, or so it says. Here it has 128 channels and three planes. **Predict:** where do
# most of the numbers sit?

# %%
parts = {"stem": 3 * 9 * 128, "20 convolutions": 20 * 128 * 9 * 128,
         "norms": 21 * 2 * 128, "policy": (128 + 1) + (128 + 1),
         "value": (128 + 1) * 64 + (64 + 1)}
for part, number in parts.items():
    print(f"{part:<16}{number:>10,}")
lecture = Network(NetworkConfig.lecture()).parameter_count()
print(f"{'together':<16}{sum(parts.values()):>10,}")
print(f"{'PyTorch counts':<16}{lecture:>10,}")
assert lecture == sum(parts.values()) == 2_966_531

# %% [markdown]
# 99 % are in the convolutions. It is ten *blocks*, so 21 layers deep; on 19×19 it has exactly as many.

# %% [markdown] section="losses"
# ## What is right, in numbers?
#
# The policy is a question with 82 answers: its loss is the **cross-entropy**, minus the log of the probability that it gave to the move played. The value has
# one answer: its loss is the squared **error** against the result, 1 or -1. **Predict** both losses of a network that knows nothing.

# %%
def losses(logits, value, batch):
    """Policy and value loss of a batch, each a mean over its targets."""
    chance = logits - logits.logsumexp(1, keepdim=True)  # log p
    move = torch.from_numpy(batch.policy)  # one 1 a row; all 0: random
    targets = torch.from_numpy(batch.policy_weight).sum()
    policy_loss = -(move * chance).sum() / targets
    error = value - torch.from_numpy(batch.value)
    return policy_loss, (error**2).mean()


batch = next(HELD_OUT.batches(1000, seed=0))
with torch.no_grad():
    mine = losses(*net(torch.from_numpy(batch.planes)), batch)
    output = to_gokit(net)(torch.from_numpy(batch.planes))
    theirs = compute_losses(output, batch.tensors(), LossWeights())
print(f"yours   policy {mine[0]:.4f}   value {mine[1]:.4f}")
print(f"gokit's policy {theirs.policy:.4f}   value {theirs.value:.4f}")
print(f"ln 82 = {np.log(82):.4f}")
assert abs(mine[0] - theirs.policy) + abs(mine[1] - theirs.value) < 1e-4
assert abs(mine[0] - np.log(82)) < 0.05 and abs(mine[1] - 1) < 0.05

# %% [markdown]
# A fresh network must show ln 82 = 4.41 and 1.00: all moves alike, nobody ahead. Anything else on the first step is a bug in the heads, the targets or the loss,
# and costs nothing to look at. Random moves have no target: their rows are all zero.
#
# The lecture calls the value a classification, win or loss. A tanh with a squared error has its best answer at the same place, the mean result:

# %%
guess = np.linspace(-0.999, 0.999, 1999)  # v; p(win) = (1 + v) / 2
p = (1 + guess) / 2
won = black / len(GAMES)
squared = won * (1 - guess)**2 + (1 - won) * (1 + guess)**2
entropy = -won * np.log(p) - (1 - won) * np.log(1 - p)
best = [p[loss.argmin()] for loss in (squared, entropy)]
print(f"Black won {won:.3f}; best p(win) by squared error {best[0]:.3f},",
      f"by cross-entropy {best[1]:.3f}")
assert np.abs(np.array(best) - won).max() < 0.001

# %% [markdown] section="ten"
# ## Can it learn ten positions by heart?
#
# Before a long training, a short test. A network with 60,000 weights can learn ten positions by heart, and if it cannot, something is
# broken that no amount of data will mend. **Predict:** what will the same network know about the held-out games?

# %%
def answers(net, batch, encode=None):
    """Logits [B, 82] and values [B] of a whole batch, as arrays."""
    net.eval()
    planes = torch.from_numpy(batch.planes)
    with torch.inference_mode():
        found = [net(encode(x) if encode else x)
                 for x in planes.split(512)]
    net.train()
    return (torch.cat(part).numpy() for part in zip(*found))


def hits(logits, value, batch):
    """Was each move its first choice; was each winner right?"""
    target = batch.policy_weight > 0
    first = logits.argmax(1) == batch.policy.argmax(1)
    return first[target], np.sign(value) == batch.value

# %%
ten = TRAIN.take(np.arange(36, 3036, 300))  # of ten games
torch.manual_seed(2)
parrot = TwoHeads()
optimizer = torch.optim.AdamW(parrot.parameters(), lr=3e-3)
for step in range(121):
    loss = losses(*parrot(torch.from_numpy(ten.planes)), ten)
    optimizer.zero_grad()
    sum(loss).backward()
    optimizer.step()
    if step % 40 == 0:
        print(f"step {step:>3}   policy {loss[0]:.3f}",
              f"  value {loss[1]:.3f}")
for words, part in (("the ten", ten), ("held out", TEST)):
    move, winner = hits(*answers(parrot, part), part)
    print(f"{words:<9} move {rate(move.sum(), len(move))};",
          f"winner {winner.mean():.3f}")
    assert (move.mean() == winner.mean() == 1) == (part is ten)
assert move.mean() < 0.15 and winner.mean() < 0.65

# %% [markdown]
# All ten, and next to nothing elsewhere: it learned answers, not Go. So everything is connected. Now for the games.

# %% [markdown] section="train"
# ## What does it learn from thousands of games?
#
# The same loop, with four differences: random batches, each position turned or mirrored at random (eight for the price of one), a learning rate that falls, and
# somebody who watches. **Predict:** which head learns faster, and how much worse is it on games that it never saw?

# %%
def train(net, positions, passes, *, seed=1, encode=None, watch=None):
    """Learn from so many positions, each counted when it is seen."""
    optimizer = torch.optim.AdamW(net.parameters(), weight_decay=1e-4)
    steps = passes // 256
    batches = positions.batches(256, seed)
    for step, batch in zip(range(steps), batches):
        for group in optimizer.param_groups:
            group["lr"] = 3e-3 * schedule(step / steps, warm_up=0.02)
        planes = torch.from_numpy(batch.planes)
        output = net(encode(planes) if encode else planes)
        loss = losses(*output, batch)
        optimizer.zero_grad()
        sum(loss).backward()
        optimizer.step()
        if watch is not None:
            watch(step + 1, steps, [float(part.detach()) for part in loss])
    return net

# %%
def dashboard(net, parts, log, step):
    """Add to the log what each head gets right in each part."""
    for words, part in parts.items():
        logits, value = answers(net, part)
        with torch.no_grad():
            both = losses(torch.from_numpy(logits),
                          torch.from_numpy(value), part)
        move, winner = hits(logits, value, part)
        row = [step, *map(float, both), move.mean(), winner.mean()]
        log.setdefault(words, []).append(row)

# %%
def curves(log):
    """The log as four plots: two losses, two shares of right answers."""
    figure, axes = plt.subplots(1, 4, figsize=(11, 2.6),
                                layout="constrained")
    titles = ("policy loss", "value loss", "move right", "winner right")
    for column, (ax, title) in enumerate(zip(axes, titles), 1):
        for k, (words, found) in enumerate(log.items()):
            found = np.array(found)
            ax.plot(found[:, 0] / 1000, found[:, column], label=words,
                    marker=MARKERS[k], ls=("-", "--")[k])
        ax.set(title=title, xlabel="thousand positions")
    axes[0].legend()
    return alt(figure, "Both losses and both shares of right answers "
               "against the positions seen, for the games learned from and "
               "for those held out: the policy improves on both alike.")

# %%
PASSES = 40_000 if FAST else 300_000
look = np.random.default_rng(1).choice
PARTS = {"learned from": TRAIN.take(look(len(TRAIN), 2000, False)),
         "held out": HELD_OUT.take(look(len(HELD_OUT), 2000, False))}
torch.manual_seed(1)
NET, LOG = TwoHeads(), {}
dashboard(NET, PARTS, LOG, 0)

# %%
def watch(step, steps, loss):
    if step % (steps // 12) == 0:
        dashboard(NET, PARTS, LOG, step * 256)
        picture.update(curves(LOG))


picture = display(curves(LOG), display_id=True)
begun = time.perf_counter()
train(NET, TRAIN, PASSES, watch=watch)
print(f"{PASSES / (time.perf_counter() - begun):,.0f} positions a second")

# %%
LOGITS, VALUE = answers(NET, TEST)
move, winner = hits(LOGITS, VALUE, TEST)
target = TEST.policy_weight > 0
top5 = (np.argsort(-LOGITS, 1)[:, :5]
        == TEST.policy.argmax(1)[:, None]).any(1)[target]
print("GNU Go's move its first choice:", say(move, TEST.game[target]))
print("                among its five:", say(top5, TEST.game[target]))
print("                  winner right:", say(winner, TEST.game))
assert by_game(move, TEST.game[target])[1] > 0.1
assert by_game(winner, TEST.game)[1] > 0.52

# %% [markdown]
# Chance is one in about fifty for a move, and one in two for a winner. On games that it never saw it is hardly worse: there are many games, and each position came up once or twice, turned
# some other way. So it has learned about Go, and not about these games.
#
# **gokit does the same.** From the same weights and batches, `gokit.supervised.fit` must make the same steps. It also clips steep gradients, and keeps a
# running average of the weights to play with.

# %%
torch.manual_seed(3)
net, log, mine = TwoHeads(channels=16, blocks=2), [], []
other = to_gokit(net)
begun = time.perf_counter()
fit(other, TRAIN, passes=256 * 20, weights=LossWeights(value=1.0),
    on_step=lambda trainer, metrics: log.append(
        [metrics["loss_policy"], metrics["loss_value"]]))
took = time.perf_counter() - begun
begun = time.perf_counter()
train(net, TRAIN, 256 * 20, watch=lambda *at: mine.append(at[2]))
ratio = (time.perf_counter() - begun) / took
apart = np.abs(np.array(mine) - log)
print("after 1, 10 and 20 steps the losses differ by",
      *(f"{apart[k].max():.1g}" for k in (0, 9, 19)))
print(f"your loop took {ratio:.2f} times as long as gokit's")
assert apart[:5].max() < 1e-3 and apart.max() < 0.05

# %% [markdown] section="leak"
# ## Why hold out games, and not positions?
#
# Two positions of one game, two moves apart, look almost the same and have the same result. Hold out one of them and learn from the other: what do you measure?
# A small network, 120 games, each position seen ten times. **Predict:** how often is the winner right on held-out *positions*, and on held-out *games*?

# %%
class Some:
    """Some positions, as something to learn from."""

    def __init__(self, rows):
        self.rows = rows

    def batches(self, size, seed):
        rng = np.random.default_rng(seed)
        while True:
            yield TRAIN.take(rng.choice(self.rows, size))


rows = np.flatnonzero(TRAIN.take(np.arange(10_000)).game < 120)
aside = np.random.default_rng(2).random(len(rows)) < 0.1
torch.manual_seed(4)
leaky = train(TwoHeads(blocks=2, channels=16), Some(rows[~aside]),
              10 * len(rows))
found = []
for words, part in (("positions", TRAIN.take(rows[aside])),
                    ("games", TEST)):
    move, winner = hits(*answers(leaky, part), part)
    print(f"held-out {words:<10} winner right", say(winner, part.game))
    found.append(by_game(winner, part.game))
assert found[0][1] > found[1][2]

# %% [markdown]
# The first number is what a random split of positions would report. It measures how well the network recognises games that it has learned from. So does a split that
# puts a game on one side and its mirror image on the other, which is why gokit decides by the moves, whatever way the board is turned.

# %% [markdown] section="encodings"
# ## Does it matter how you write a stone?
#
# One plane of 0, 1 and 2 holds every stone. So do the lecture's three: Black, White, empty. But look at this board twice.

# %%
RACE = """
. . . . .
. X O . .
X O X O .
. . . . .
. . . . .
"""
twins = [Position.from_diagram(RACE, to_move=color)
         for color in (BLACK, WHITE)]
figure, axes = plt.subplots(1, 2, figsize=(6, 3), layout="constrained")
for ax, twin, best, who in zip(axes, twins, ("B2", "C2"),
                               ("Black", "White")):
    draw_board(ax, twin.board, marks={from_gtp(best, 5): "triangle"})
    ax.set_title(f"{who} to move captures: {best}", fontsize=10)
display(alt(figure, "The same 5×5 board twice, a black and a white stone "
            "in atari side by side. Black to move captures with B2, White "
            "to move with C2."))
assert twins[0].play("B2").captured == (1, 0)
assert twins[1].play("C2").captured == (0, 1)

# %%
rows = Games.from_positions(twins)
for features, same in (("scalar", True), ("lecture", True),
                       ("basic", False)):
    planes = np.empty((2, len(FEATURE_SETS[features]), 5, 5), np.int8)
    write_planes(rows, np.arange(2), features, planes)
    print(f"{features:<8} equal for both: {(planes[0] == planes[1]).all()}")
    assert (planes[0] == planes[1]).all() == same

# %% [markdown]
# Two questions with opposite answers look the same in the first two ways of writing: who is to move is missing. **Predict:** what does that cost? Four small
# networks, the same steps; only the planes differ.

# %%
def colors(planes):
    """Black's and White's stones, from the mover's and the other's."""
    own, other, black = planes[:, :1], planes[:, 1:2], planes[:, 5:6]
    return (own * black + other * (1 - black),
            other * black + own * (1 - black))


def scalar(planes):
    black, white = colors(planes)
    return black + 2 * white


def lecture_planes(planes):
    black, white = colors(planes)
    return torch.cat([black, white, 1 - black - white], 1)


def own_and_other(planes):
    own, other = planes[:, :1], planes[:, 1:2]
    return torch.cat([own, other, 1 - own - other], 1)

# %%
rows = Games.from_positions(sample)
for features, encode in (("scalar", scalar), ("lecture", lecture_planes)):
    shape = len(sample), len(FEATURE_SETS[features]), 9, 9
    planes = np.empty(shape, np.int8)
    write_planes(rows, np.arange(len(sample)), features, planes)
    assert (encode(boards).numpy() == planes).all()
print("1,000 positions: the same planes as gokit writes")

# %%
ways = {"0, 1, 2": (scalar, 1), "the lecture's three": (lecture_planes, 3),
        "own, other, empty": (own_and_other, 3),
        "all six": (torch.clone, 6)}
few, found, small = 20_000 if FAST else 60_000, {}, {}
SMALL_LOG = []  # the last one's losses, for later
for way, (encode, planes) in ways.items():
    torch.manual_seed(5)
    SMALL_LOG.clear()
    small[way] = train(
        TwoHeads(planes, blocks=2, channels=16), TRAIN, few,
        encode=encode, watch=lambda *at: SMALL_LOG.append(sum(at[2])))
    found[way] = hits(*answers(small[way], TEST, encode), TEST)
    print(f"{way:<20}move right", say(found[way][0], TEST.game[target]))
    print(f"{'':<17}winner right", say(found[way][1], TEST.game))

# %%
sees, blind = found["own, other, empty"], found["the lecture's three"]
for k, (what, game) in enumerate((("move", TEST.game[target]),
                                  ("winner", TEST.game))):
    better = sees[k].astype(float) - blind[k]
    mean, low, high = by_game(better, game)
    print(f"three planes, {what}: own and other {mean:+.3f} "
          f"[{low:+.3f}, {high:+.3f}] better than Black and White")
    assert low > 0

# %% [markdown]
# Whose stones matters more than how many planes. The blind ones can guess a move that is big for both sides; they cannot know whose turn it is, and so not for whom a value speaks: a coin does as well. The
# last two lines: for the move, own and other are enough; the value also wants to know who gets the komi.

# %% [markdown] section="pass"
# ## What if you forget the pass?
#
# The lecture's policy has 361 answers for 19×19, one per point. **Predict:** your network plays itself, once with all 82 answers, once with the 81 points: how do
# the games end?

# %%
def play_out(net, n, with_pass):
    """Games by the first choice, from random openings, to their end."""
    openings = random_openings(n, 9, NO_SUICIDE, np.random.default_rng(6))
    games = Games.from_positions(
        [Position.from_moves(line, rules=NO_SUICIDE) for line in openings],
        max_moves=4 * 81)
    network = evaluator(net)
    while (on := np.flatnonzero(games.ended == 0)).size:
        legal = games.legal_mask()[on]
        if not with_pass:  # only where no point is left
            legal[:, -1] = ~legal[:, :-1].any(1)
        logits, _ = network.evaluate(games, on)
        actions = np.full(n, -1)
        actions[on] = np.where(legal, logits, -np.inf).argmax(1)
        games.play(actions)
    return games

# %%
n, ended = 12 if FAST else 40, {}
figure, axes = plt.subplots(1, 2, figsize=(7, 3.6), layout="constrained")
for ax, (words, with_pass) in zip(axes, (("82 answers", True),
                                         ("81 answers", False))):
    games = play_out(NET, n, with_pass)
    ended[words] = (games.ended == 1).mean()
    print(f"{words}: two passes in {rate((games.ended == 1).sum(), n)};",
          f"{games.move_number.mean():.0f} moves on average")
    draw_board(ax, games.boards()[0])
    ax.set_title(f"{words}, move {games.move_number[0]}", fontsize=10)
display(alt(figure, "The last position of one game each way: with the "
            "pass, two territories; without it, a board that was filled "
            "and captured again and again, and is still in play."))
assert ended["82 answers"] > max(0.6, 2 * ended["81 answers"])

# %% [markdown]
# Without a pass a player must fill its own eyes, is captured, and starts again on the empty space: the games stop only at the cap. With rules of area scoring, the
# pass is the move that ends every game.

# %% [markdown] section="look"
# ## What does it see on the board?
#
# One held-out game, seen through both heads. The heat is the policy; the curve below is the value, turned into a chance for Black. **Predict:** when will the network know
# who wins?

# %%
shown = [game for game in GAMES if held_out(game.record, 0.1)][4]
moments = list(shown.record.positions())[:-1]
rows = Games.from_positions(moments)
logits, value = evaluator(NET).evaluate(rows, np.arange(len(moments)))
policy = np.where(rows.legal_mask(), logits, -np.inf)
policy = np.exp(policy - policy.max(1, keepdims=True))
policy /= policy.sum(1, keepdims=True)
sign = np.where(rows.to_move == BLACK, 1, -1)
chance = (1 + sign * value) / 2

# %%
figure = plt.figure(figsize=(11, 5), layout="constrained")
grid = figure.add_gridspec(2, 4, height_ratios=(3, 2))
at = [8, 20, 36, len(moments) - 1]
for k, ply in enumerate(at):
    ax = figure.add_subplot(grid[0, k])
    draw_board(ax, moments[ply].board, heat=policy[ply],
               last_move=moments[ply].last_move)
    ax.set_title(f"move {ply + 1}, {'?BW'[moments[ply].to_move]} plays;"
                 f" pass {100 * policy[ply, -1]:.0f} %", fontsize=10)
ax = figure.add_subplot(grid[1, :])
ax.plot(chance, marker="")
ax.plot(at, chance[at], "o", color=COLORS[1], ms=7)
ax.axhline(0.5, color="black", lw=0.8)
ax.set(xlabel="moves played", ylabel="p(Black wins)", ylim=(0, 1))
display(alt(figure, "Four moments of a game with the policy as heat, and "
            "p(Black wins) after every move of it: near the middle at "
            f"first, {chance[-1]:.2f} at the end; the result was "
            f"{shown.record.result}."))
assert abs(chance[:8] - 0.5).mean() < abs(chance[-8:] - 0.5).mean()

# %% [markdown]
# Early on the policy is spread over several big points, in a fight two or three moves remain, and near the end the pass is among them. The value has made up its mind long before the game is over.
# Where it jumps, a move was a surprise.

# %% [markdown] section="argmax"
# ## How strong is it without any thought?
#
# No search, no reading ahead: one look, and the likeliest move is played. Every opening is played twice, colours exchanged. **Predict** against whom that wins:
# random moves, a tree search with random games (chapter 3), GNU Go itself.

# %%
def versus(a, b, n, seed=7):
    """A match; prints and returns A's score."""
    result = play_match(a, b, games=n, rules=NO_SUICIDE,
                        rng=np.random.default_rng(seed))
    low, high = result.interval
    print(f"{a.name} against {b.name}: {result.score:.3f} "
          f"[{low:.3f}, {high:.3f}], n = {result.games}")
    return result


SHIPPED = CHECKPOINTS / "9x9-supervised.safetensors"
PLAYERS = [PolicyPlayer(evaluator(NET), name="yours")]
if SHIPPED.exists():
    PLAYERS.append(PolicyPlayer(load_evaluator(SHIPPED), name="shipped"))
dice = np.random.default_rng(8)
simulations = 20 if FAST else 100
for player in PLAYERS:
    against_random = versus(player, RandomPlayer(dice), 40 if FAST else 200)
    assert against_random.interval[0] > 0.5
    versus(player, rollout_player(simulations, dice,
                                  f"{simulations} random games a move"),
           10 if FAST else 40)

# %%
n = 4 if FAST else 40
if find_engine("gnugo") is None:
    print("GNU Go is not installed here, so this match is left out.")
else:
    gnugo = GtpPlayer(gnugo_command(1), rules=NO_SUICIDE)
    for player in PLAYERS:
        result = versus(player, gnugo, n)
        assert result.games + result.unfinished == n
    gnugo.close()

# %% [markdown]
# One look beats random play, and a search that plays a hundred random games for every move. The teacher, which reads ahead, still beats your network in most games. The shipped one is of 6 blocks and 64 channels, sees liberties,
# and learned from twice the games for most of an hour: over 200 games it and its teacher came out even, 0.500 [0.431, 0.569], though it never looks ahead. So "already a good player" holds, measured
# against *this* opponent; how it would do against people we cannot say. Chapter 6 puts the two heads into a search.

# %% [markdown] section="ribbon"
# ## Where does the value start, and how does it spread?
#
# The lecture draws a value that starts at 0.5 and then splits, up in games that will be won and down in games that will be lost. **Predict:** does it
# start at 0.5 here?

# %%
MOVER = np.where(TEST.planes[:, 5, 0, 0] == 1, 1, -1)  # 1: Black's turn
BLACK_WINS = (1 + MOVER * VALUE) / 2  # what the network says
BLACK_WON = (MOVER * TEST.value > 0).astype(float)  # what happened
figure, ax = plt.subplots(figsize=(8, 3.4))
for k, (words, result) in enumerate((("Black won", 1), ("White won", 0))):
    bands = []
    for ply in range(0, 60, 4):
        these = (TEST.ply // 4 == ply // 4) & (result == BLACK_WON)
        bands.append(np.quantile(BLACK_WINS[these], [0.1, 0.5, 0.9]))
    low, middle, high = np.array(bands).T
    x = np.arange(0, 60, 4) + 1.5
    ax.fill_between(x, low, high, alpha=0.25, color=COLORS[k], lw=0)
    ax.plot(x, middle, color=COLORS[k], marker=MARKERS[k], label=words)
ax.axhline(0.5, color="black", lw=0.8)
ax.set(xlabel="moves played", ylabel="p(Black wins)", ylim=(0, 1))
ax.legend(loc="upper left")
display(alt(figure, "p(Black wins) against the moves played: median and "
            "the middle 80 % for games that Black won and that White won. "
            "Both begin together, somewhat below 0.5, and part."))

# %%
early = TEST.ply < 4
spread = [BLACK_WINS[TEST.ply // 10 == tens].std() for tens in range(6)]
print("first four moves, p(Black wins):",
      say(BLACK_WINS[early], TEST.game[early]))
print(f"Black's share of all games:      {rate(black, len(GAMES))}")
print("spread of p by tens of moves:", *(f"{s:.2f}" for s in spread))
started = BLACK_WINS[early].mean()
assert abs(started - black / len(GAMES)) < 0.08
assert spread[-1] > 1.5 * spread[0]

# %% [markdown]
# It splits as drawn, but it does not start at 0.5. It starts where the games are: Black wins fewer than half of them at komi 7.5. A value is an average
# over the players of *these* games, and it is 0.5 only if komi makes it so.

# %% [markdown] section="komi"
# ## Which komi is fair, and for whom?
#
# A game's final margin does not change with komi (if nobody plays differently): only the result does. So the same games tell Black's share at every komi, and the fair one is the
# **median margin**. **Predict:** is a komi that is fair for GNU Go fair for random players?

# %%
margins = np.array([margin_of(game.record.result) + 7.5
                    for game in GAMES])
states = random_states(np.random.default_rng(9), 2_000 if FAST else 20_000)
_, _, by_chance = light_playouts(len(states), 9, 0.5, states)
POOLS = {"GNU Go": margins, "random play": by_chance + 0.5}
figure, ax = plt.subplots(figsize=(7, 3.4))
komis = np.arange(-9.5, 20)
for k, (words, pool) in enumerate(POOLS.items()):
    share = (pool > komis[:, None]).mean(1)
    ends = np.array([wilson(p, len(pool)) for p in share]).T
    ax.fill_between(komis, *ends, color=COLORS[k], alpha=0.25, lw=0)
    ax.plot(komis, share, label=words, color=COLORS[k], marker=MARKERS[k])
ax.axhline(0.5, color="black", lw=0.8)
ax.axvline(7.5, color="black", lw=0.8, ls=":")
ax.set(xlabel="komi (dotted: 7.5)", ylabel="Black wins, share")
ax.legend()
display(alt(figure, "Black's share of wins against komi for GNU Go's games "
            "and for random games: both fall; GNU Go's line crosses one "
            "half between komi 5 and 8, that of random play near 1."))

# %%
fair = {}
for words, pool in POOLS.items():
    draws = np.random.default_rng(10).choice(pool, (1000, len(pool)))
    medians = np.median(draws, axis=1)
    low, high = np.quantile(medians, [0.025, 0.975])
    fair[words] = low, high
    print(f"{words:<12} median margin {np.median(pool):g} "
          f"[{low:g}, {high:g}], n = {len(pool):,} games;",
          f"at 7.5 Black wins {(pool > 7.5).mean():.3f}")
assert fair["random play"][1] < fair["GNU Go"][0] <= 7

# %% [markdown]
# Fair komi belongs to a pool of players. Random players turn the first move into almost nothing; these games of GNU Go, with their random openings, into a few points. So a value of 0.5 on the empty
# board is a property of komi and players, not of learning.

# %% [markdown] section="calibration"
# ## When it says 70 %, does Black win 70 %?
#
# A value that is right more often than not can still be too sure of itself. Put the held-out positions into bins of equal number by what the network says, and look at what happened.
# **Predict:** in which quarter of a game does it say too much?

# %%
QUARTER = np.minimum(4 * TEST.ply // TEST.length, 3)
QUARTERS = [np.flatnonzero(q == QUARTER) for q in range(4)]
figure, axes = plt.subplots(1, 4, figsize=(11, 2.9), sharey=True,
                            layout="constrained")
off = [[] for _ in QUARTERS]
for q, (ax, here) in enumerate(zip(axes, QUARTERS)):
    here = here[np.argsort(BLACK_WINS[here])]
    for these in np.array_split(here, 5):
        mean, low, high = by_game(BLACK_WON[these], TEST.game[these])
        said = BLACK_WINS[these].mean()
        off[q].append(abs(said - mean))
        ax.plot([said, said], [low, high], color=COLORS[0], marker="")
        ax.plot(said, mean, "o", color=COLORS[0], ms=6)
    ax.plot([0, 1], [0, 1], color="black", lw=0.8, marker="")
    ax.set(title=f"quarter {q + 1}", xlabel="said", xticks=(0, 0.5, 1))
axes[0].set(ylabel="Black won, share", ylim=(-0.04, 1.04))
display(alt(figure, "Four plots, one a quarter of the game: what the "
            "network said against how often Black won, with intervals "
            "over games, and the diagonal."))

# %%
for q, here in enumerate(QUARTERS):
    brier = (BLACK_WINS[here] - BLACK_WON[here])**2
    print(f"quarter {q + 1}: off by {np.mean(off[q]):.3f} on average;",
          "Brier score", say(brier, TEST.game[here]))
print(f"all: off by {np.mean(off):.3f}")
assert np.mean(off) < 0.2

# %% [markdown]
# In none: it keeps near the diagonal, and where it errs it says too little. That is not to be had for nothing. Ask the network that saw 120 games ten times over: how sure is it, on
# average, and how often is it right?

# %%
excess = []
for words, v in (("yours", VALUE),
                 ("120 games, ten times", list(answers(leaky, TEST))[1])):
    said, right = (1 + np.abs(v)) / 2, np.sign(v) == TEST.value
    print(f"{words:<21}said {said.mean():.3f}, right",
          say(right, TEST.game))
    excess.append(said.mean() - right.mean())
assert excess[1] > excess[0] + 0.02

# %% [markdown]
# Results learned by heart make a value that is sure and wrong: **overconfident** (Guo et al. 2017). A search believes its value, so chapter 6 pays for this.

# %% [markdown] section="baselines"
# ## Break it: would you have noticed?
#
# A public reimplementation showed 16 to 38 % of winners right on its hold-out, and nobody noticed: the total loss looked fine. A coin has 50 %. So compare a head with two rivals that cost nothing:
# the **majority**, always the side that won more of the training games, and **counting stones**, komi included.

# %%
own, other = TEST.planes[:, 0].sum((1, 2)), TEST.planes[:, 1].sum((1, 2))
GUESSES = {
    "your value": np.sign(VALUE),
    "counting stones": np.sign(own - other - MOVER * 7.5),
    "majority": -MOVER,  # always White
}


def by_quarter(guesses):
    """{who: [(share of winners right, low, high)] of each quarter}"""
    return {who: [by_game((guess == TEST.value)[here], TEST.game[here])
                  for here in QUARTERS] for who, guess in guesses.items()}


table = by_quarter(GUESSES)
for who, row in table.items():
    print(f"{who:<16}", *(f"{m:.2f} [{low:.2f}, {high:.2f}] "
                          for m, low, high in row))
print(f"by quarter; n = {len(TEST):,} positions of {HELD_OUT.games} games")
assert table["your value"][3][1] > table["majority"][3][2]

# %% [markdown]
# In the first quarter nobody knows much, in the last your network knows nearly all. Now plant the fault: a loop that turns the sign of the result once too often. Same network,
# same seed, same steps as the last of the four small ones above. **Predict:** how does its training loss look?

# %%
class Turned:
    """The games, with each result told from the wrong side."""

    def batches(self, size, seed):
        for batch in TRAIN.batches(size, seed):
            yield replace(batch, value=-batch.value)


torch.manual_seed(5)
wrong_log = []
wrong = train(TwoHeads(blocks=2, channels=16), Turned(), few,
              watch=lambda *at: wrong_log.append(sum(at[2])))
late = [float(np.mean(log[-20:])) for log in (SMALL_LOG, wrong_log)]
print(f"total training loss at the end: {late[0]:.3f} as it should be,",
      f"{late[1]:.3f} with the fault")
both = [list(answers(net, TEST)) for net in (small["all six"], wrong)]
for words, (logits, value) in zip(("right", "fault"), both):
    move, winner = hits(logits, value, TEST)
    print(f"{words}: move right {move.mean():.3f}, winner",
          say(winner, TEST.game))

# %%
rows = by_quarter({"as it should be": np.sign(both[0][1]),
                   "with the fault": np.sign(both[1][1]),
                   "majority": -MOVER})
assert abs(late[0] - late[1]) < 0.3
assert rows["with the fault"][3][2] < rows["majority"][3][1]

# %%
figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.2), layout="constrained")
for k, log in enumerate((SMALL_LOG, wrong_log)):
    smooth = np.convolve(log, np.ones(10) / 10, "valid")
    axes[0].plot(smooth, color=COLORS[k], ls=("-", "--")[k], marker="")
for k, (words, row) in enumerate(rows.items()):
    mean, low, high = np.array(row).T
    axes[1].errorbar(np.arange(4) + 1, mean, (mean - low, high - mean),
                     label=words, color=COLORS[k], marker=MARKERS[k])
axes[0].set(title="total training loss", xlabel="step")
axes[1].set(title="winner right, held out", xlabel="quarter of the game",
            xticks=range(1, 5), ylim=(0, 1))
axes[1].legend(loc="upper left", fontsize=8)
display(alt(figure, "Left: the total training losses, with and without the "
            "fault, lie on each other. Right: winners right by quarter: "
            "above the majority and rising without the fault, below it and "
            "falling with it."))

# %% [markdown]
# The loss says nothing: a turned sign is as easy to learn as the right one. One number says it at once: **winner right, held out, beside the majority**. Below it means that the
# head is worth less than a constant, and by phase it is below it most where it should be best. So a dashboard has one line for each head, for each phase, for train and hold-out, and
# the baseline in the same plot.

# %% [markdown] section="architecture"
# ## Does the architecture matter?
#
# The lecture: not too much; with little data residual networks do better than transformers. Three networks of about 60,000 parameters learn
# from 1,000, 10,000 or 100,000 positions. An MLP sees the board as one long list, a transformer lets every point look at every
# other, a residual network looks at neighbours. **Predict:** who wins at equal passes, who at equal processor time?
#
# That takes longer than a chapter should, so it is a **study**: `python -m gokit study architectures` made the numbers, each cell
# with its seed and its seconds, and `studies.load` reads them.

# %%
def pick(rows, **settings):
    return [row for row in rows
            if all(row[key] == wanted for key, wanted in settings.items())]


def mean(rows, key):
    return sum(row[key] for row in rows) / len(rows)


ARCH = studies.load("architectures")
KINDS_OF_NET = ("resnet", "transformer", "mlp")
SHORT = min(row["passes"] for row in ARCH)
LONG = {kind: max(r["passes"] for r in pick(ARCH, architecture=kind))
        for kind in KINDS_OF_NET}

# %%
print("positions  network       equal passes   equal time   "
      "cross-entropy: best, last")
for count in (1_000, 10_000, 100_000):
    for kind in KINDS_OF_NET:
        same = pick(ARCH, architecture=kind, positions=count)
        brief = pick(same, passes=SHORT)
        full = pick(same, passes=LONG[kind])
        print(f"{count:9,}  {kind:12}  {mean(brief, 'top1'):12.3f}   "
              f"{mean(full, 'top1'):10.3f}   "
              f"{mean(full, 'best_cross_entropy'):10.2f} "
              f"{mean(full, 'cross_entropy'):7.2f}")

# %%
figure, axes = plt.subplots(1, 3, figsize=(11, 3.5), sharey=True,
                            layout="constrained")
for ax, count in zip(axes, (1_000, 10_000, 100_000)):
    for number, kind in enumerate(KINDS_OF_NET):
        for row in pick(ARCH, architecture=kind, positions=count,
                        passes=LONG[kind]):
            first = kind if row["seed"] == 1 else None
            ax.plot([point["seconds"] for point in row["curve"]],
                    [point["top1"] for point in row["curve"]],
                    color=COLORS[number], marker=MARKERS[number],
                    label=first)
    ax.set(xscale="log", xlabel="processor seconds",
           title=f"{count:,} positions")
axes[0].set_ylabel("right move, hold-out")
axes[0].legend(fontsize=9)
display(alt(figure, "Share of moves predicted on the hold-out against "
            "processor time, for 1,000, 10,000 and 100,000 positions: "
            "the residual network far above transformer and MLP."))

# %%
for count in (1_000, 10_000, 100_000):
    rows = pick(ARCH, positions=count)
    residual = pick(rows, architecture="resnet")
    for kind in ("transformer", "mlp"):
        other = pick(rows, architecture=kind)
        for passes in (dict.fromkeys(KINDS_OF_NET, SHORT), LONG):
            ours = pick(residual, passes=passes["resnet"])
            theirs = pick(other, passes=passes[kind])
            assert mean(ours, "top1") > mean(theirs, "top1") + 0.05
by_heart = pick(ARCH, architecture="mlp", positions=1_000,
                passes=LONG["mlp"])
assert (mean(by_heart, "cross_entropy")
        > mean(by_heart, "best_cross_entropy") + 1)

# %% [markdown]
# At this size and budget, about a minute of processor time, the architecture matters more than a hundred times the data. At equal passes the residual network predicts half again as many moves as the
# transformer and three times as many as the MLP; at equal time twice as many as the transformer, whose every step costs five times as much. (For the winner the gaps are smaller: 81, 72 and 77 % with 100,000 positions.) So residual
# networks do come first with little data, as the lecture says; "does not matter too much" may hold for larger budgets, not for this one. The MLP learns 1,000 positions by heart, and its cross-entropy on other games grows without end.
#
# Why? A convolution is told who is a neighbour; the others have to find out. Our transformer's heads are told how far two points lie apart (a bias for each offset, Liu et al. 2021). Without that, the same
# transformer found .13 of the moves after 80,000 positions: one run, but barely more than always passing.
#
# One cell, made again on your machine, in a few seconds:

# %%
begun = time.process_time()
again = studies.rerun("architectures")  # the smallest cell: an MLP
[shipped] = pick(ARCH, architecture=again["architecture"], seed=1,
                 positions=again["positions"], passes=again["passes"])
for key in ("top1", "value_sign", "cross_entropy"):
    print(f"{key:14} here {again[key]:.3f}, shipped {shipped[key]:.3f}")
print(f"{time.process_time() - begun:.0f} s")
allowed = studies.find("architectures").TOLERANCE
assert not studies.differences(shipped, again, allowed)

# %% [markdown] section="pooling"
# ## What does a convolution not see?
#
# A 3×3 convolution sees one line further than the layer before it. A trunk of two blocks has five of them in a row, so a point's
# answer depends on stones at most five lines away: its **receptive field**. Here is a made-up task, a ladder in one corner and its
# breaker in the other: play B1 if the stone on J9 is yours, else A2; all other stones are noise. **Predict:** how often is a network of
# two blocks right?

# %%
def ladders(count, rng):
    """Random boards; the move is B1 if J9 is the mover's, else A2."""
    stones = rng.choice([-1, 0, 1], (count, 9, 9), p=[0.2, 0.6, 0.2])
    stones[:, 0, 8] = rng.choice([-1, 1], count)
    stones[:, 8, 1] = stones[:, 7, 0] = 0
    planes = np.stack([stones > 0, stones < 0], 1).astype(np.float32)
    moves = np.where(stones[:, 0, 8] > 0, 8 * 9 + 1, 7 * 9)
    return torch.from_numpy(planes), torch.from_numpy(moves)


def shape(blocks, pooling=0):
    return NetworkConfig(planes=2, blocks=blocks, channels=16,
                         pooling_blocks=pooling, ownership=False)


SHAPES = {"2 blocks": shape(2), "2 blocks that pool": shape(2, 2),
          "5 blocks": shape(5)}
EXAM = ladders(1000, np.random.default_rng(52))

# %%
def practise(config, steps=150, seed=1):
    """Train on ever new boards; the exam's share right as it goes."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = Network(config)
    adam = torch.optim.Adam(net.parameters(), 5e-3)
    rng, right = np.random.default_rng(seed), {}
    for step in range(1, steps + 1):
        planes, moves = ladders(128, rng)
        logits = net.train()(planes).policy_logits
        adam.zero_grad()
        functional.cross_entropy(logits, moves).backward()
        adam.step()
        if step % 15 == 0:
            with torch.inference_mode():
                said = net.eval()(EXAM[0]).policy_logits.argmax(1)
            right[step] = float((said == EXAM[1]).float().mean())
    return net, right


RUNS = {kind: practise(config) for kind, config in SHAPES.items()}

# %%
def field(net):
    """Which points' stones can change the logit of B1: [9, 9]."""
    planes = EXAM[0][:32].clone().requires_grad_()
    net.eval()(planes).policy_logits[:, 73].sum().backward()
    return (planes.grad.abs().amax((0, 1)) > 0).numpy()


FIELDS = {kind: field(net) for kind, (net, _) in RUNS.items()}
own, other = EXAM[0][0].numpy()
figure, axes = plt.subplots(1, 3, figsize=(11, 3.5), layout="constrained")
for number, (kind, (_, right)) in enumerate(RUNS.items()):
    axes[0].plot(list(right), list(right.values()), label=kind,
                 marker=MARKERS[number], color=COLORS[number])
axes[0].set(xlabel="steps", ylabel="right on new boards", ylim=(0, 1.03))
axes[0].legend(fontsize=9, loc="lower right")
for ax, kind in zip(axes[1:], SHAPES):
    draw_board(ax, own + 2 * other, marks={73: "B1", 63: "A2"})
    unseen = np.ma.masked_array(np.ones((9, 9)), FIELDS[kind])
    ax.imshow(unseen, cmap="gray", vmin=0, vmax=2, alpha=0.6, zorder=6)
    ax.set_title(f"{kind}: what B1 sees", fontsize=10)
plt.close(figure)

# %%
display(alt(figure, "Left: share right against steps: 2 blocks stay at one "
            "half, 2 blocks that pool reach 1. Right: what B1 sees: the "
            "lower left part only; with pooling the whole board."))
ENDS = {kind: list(right.values())[-1] for kind, (_, right) in RUNS.items()}
for kind, right in ENDS.items():
    print(f"{kind:18} right {rate(right * 1000, 1000)}; "
          f"B1 sees {FIELDS[kind].sum()} of 81 points")
assert ENDS["2 blocks"] < 0.6 < 0.9 < ENDS["2 blocks that pool"]
assert not FIELDS["2 blocks"][0, 8]
assert FIELDS["2 blocks that pool"].all() and FIELDS["5 blocks"].all()

# %% [markdown]
# J9 lies outside what B1 sees (grey), so one half is the most that two blocks can get, however long they train. Blocks that pool, which add a mean
# and a maximum over the board at every point, get it right. Five blocks reach J9 on paper, at more than twice the cost, and that the
# information *can* arrive does not mean that it is soon found. KataGo pools for this reason.


# %% [markdown] section="winners"
# ## Only the winner's moves?
#
# The lecture learns the policy from the moves of the winner, and the value from every position. It sounds right to copy winners only; but it throws away half of the
# targets, and a loser's moves are mostly not the ones that lost. Three networks see the same positions as often: one learns the winner's moves,
# one all moves, one counts a loser's move one half. **Predict:** which one predicts best the moves of *winners*?

# %%
WINNERS = pick(studies.load("winners"), positions=30_000)
LABELS = {"winners": "winner's only", "weighted": "loser's ½", "all": "all"}
KEYS = {"top1": "all moves", "winners_top1": "winners' moves",
        "score": "score, reference", "random_score": "score, random"}
figure, ax = plt.subplots(figsize=(7.2, 3.4))
for number, moves in enumerate(LABELS):
    rows = pick(WINNERS, moves=moves)
    places = np.arange(len(KEYS)) + 0.26 * (number - 1)
    ax.bar(places, [mean(rows, key) for key in KEYS], 0.24,
           label=f"learns: {LABELS[moves]}", color=COLORS[number],
           hatch=["", "//", ".."][number])
    for place, key in zip(places, KEYS):
        ax.plot([place] * len(rows), [row[key] for row in rows], "k_",
                ms=8, mew=1.5)
ax.set_xticks(range(len(KEYS)), KEYS.values())
ax.legend(fontsize=9)
display(alt(figure, "Four groups of bars for three networks: right on all "
            "moves, right on winners' moves, score against the reference, "
            "score against random play; the marks are single seeds."))

# %%
for moves in LABELS:
    rows = pick(WINNERS, moves=moves)
    n = sum(row["games"] for row in rows)
    print(f"{LABELS[moves]:13} all moves {mean(rows, 'top1'):.3f}, "
          f"winners' {mean(rows, 'winners_top1'):.3f}; against the "
          f"reference {rate(mean(rows, 'score') * n, n)}")
ONLY, BOTH = (pick(WINNERS, moves=m) for m in ("winners", "all"))
played = TEST.policy_weight > 0
for side, who in ((1, "winner"), (-1, "loser")):
    these = played & (TEST.won == side)
    passes = TEST.policy[these, -1].sum()
    print(f"of the {who}'s moves passes are {rate(passes, these.sum())}")
assert mean(BOTH, "top1") > mean(ONLY, "top1") + 0.005
assert abs(mean(BOTH, "winners_top1") - mean(ONLY, "winners_top1")) < 0.02
assert mean(ONLY, "score") > mean(BOTH, "score") + 0.05
assert mean(ONLY, "random_score") > mean(BOTH, "random_score") + 0.1

# %% [markdown]
# Learning from winners only predicts all moves worse, as it should, and the winners' own moves *no better*: what it lost in data it gains in purity. By accuracy one would keep all moves, and the lecture's
# program or one of its ports did, for a gain of 0.034. Yet the network that copies winners **plays** much better, against both opponents. A likely reason stands in the last two lines: losers pass more than twice as often as winners, while the
# others clean up, and whoever copies that gives up too early. The lecture's choice holds here, for strength; for prediction it does not.

# %% [markdown] section="trunks"
# ## One trunk or two?
#
# AlphaGo had two networks; since AlphaGo Zero one trunk carries two heads. The lecture: they share representations, so it presumably saves compute, and the rest is
# hard to settle. Four networks, the same positions and passes: **shared**; **detached**, where the value reads the trunk but only the policy teaches it; **separate**; and separate but
# **narrow**, with as many operations as the shared one. **Predict:** what does the value lose when it may not teach?

# %%
TRUNKS = pick(studies.load("trunks"), positions=100_000)
print("trunk             parameters  MFLOP   right   right    value   "
      "score against")
print("                                      move    winner   error   "
      "the reference")
SPLIT = {}
for kind in ("shared", "detached", "separate", "separate, narrow"):
    rows = SPLIT[kind] = pick(TRUNKS, trunks=kind)
    n = sum(row["games"] for row in rows)
    print(f"{kind:17} {rows[0]['parameters']:10,} "
          f"{rows[0]['megaflops']:6.1f}   {mean(rows, 'top1'):.3f}   "
          f"{mean(rows, 'value_sign'):.3f}    "
          f"{mean(rows, 'value_error'):.3f}   "
          f"{rate(mean(rows, 'score') * n, n)}")
for kind, rows in SPLIT.items():
    print(f"{kind:17} against random play {mean(rows, 'random_score'):.2f}")

# %%
figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.4), layout="constrained")
for ax, key, label in ((axes[0], "top1", "right move"),
                       (axes[1], "value_error", "value error")):
    for number, (kind, rows) in enumerate(SPLIT.items()):
        for row in rows:
            ax.plot([point["passes"] for point in row["curve"]],
                    [point[key] for point in row["curve"]],
                    color=COLORS[number], marker=MARKERS[number],
                    label=kind if row is rows[0] else None)
    ax.set(xscale="log", xlabel="positions seen", ylabel=label)
    ax.minorticks_off()
    ax.set_xticks([1280, 5120, 20_480], ["1,280", "5,120", "20,480"])
axes[0].legend(fontsize=9)
display(alt(figure, "Share of moves right and value error on the hold-out "
            "against positions seen, for four ways to share a trunk."))

# %%
ratio = (SPLIT["separate"][0]["megaflops"]
         / SPLIT["shared"][0]["megaflops"])
print(f"two trunks cost {ratio:.2f} times the operations")
assert 1.9 < ratio < 2.1
SHARED, DETACHED, TWO, NARROW = SPLIT.values()
assert mean(DETACHED, "value_error") > mean(SHARED, "value_error") + 0.1
assert mean(TWO, "value_error") < mean(SHARED, "value_error")
assert mean(NARROW, "top1") < mean(SHARED, "top1")

# %% [markdown]
# A second trunk doubles the cost; for that the value gets better and the policy hardly. The same operations split over two narrow trunks cost the policy moves. And the value that may not
# teach learns next to nothing in this time: what the policy has found useful does not tell who wins. So at this size sharing is a trade, not a free saving: half the operations, against a value that two trunks
# would learn faster. Which of them plays better the scores do not settle: against the
# reference shared comes first, against random play separate.

# %% [markdown] section="sizes"
# ## Can one batch hold boards of many sizes?
#
# Convolutions do not know the size of the board, so one network plays them all. A batch is one block of numbers, though: a 5×5
# board lies in the corner of a 9×9 field, and a **mask** says which points exist. The mask has to reach everything that looks
# around: each convolution, each mean, the policy. **Predict:** what happens without it?

# %%
def small_boards(size, count, seed):
    """Positions after 10 random moves, as planes."""
    rng = np.random.default_rng(seed)
    games, player = Games(count, size, NO_SUICIDE), RandomPlayer(rng)
    for _ in range(10):
        games.play(player.choose_many(games, np.arange(count)))
    planes = np.empty((count, 6, size, size), np.int8)
    write_planes(games, np.arange(count), "basic", planes)
    return torch.from_numpy(planes).float()


READER = to_gokit(NET).eval()
ALONE = {size: small_boards(size, 40, size) for size in (5, 7, 9)}
TOGETHER = torch.cat([functional.pad(planes, (0, 9 - n, 0, 9 - n))
                      for n, planes in ALONE.items()])
MASK = torch.cat([functional.pad(torch.ones(40, 1, n, n),
                                 (0, 9 - n, 0, 9 - n)) for n in ALONE])

# %%
LEAKS = {}
with torch.inference_mode():
    for i, (n, planes) in enumerate(ALONE.items()):
        rows = slice(40 * i, 40 * (i + 1))
        right = READER(planes)
        for mask in (MASK, None):
            given = None if mask is None else mask[rows]
            said = READER(TOGETHER[rows], given)
            chance = said.policy_logits.softmax(1)[:, :-1].view(-1, 9, 9)
            on_board = chance[:, :n, :n].sum((1, 2))
            lost = (chance.sum((1, 2)) - on_board).mean().clamp(min=0)
            off = (said.value - right.value).abs().mean()
            LEAKS[n, mask is not None] = float(off), float(lost)
for (n, masked), (off, lost) in LEAKS.items():
    print(f"{n}×{n} {'with   ' if masked else 'without'} mask: value off "
          f"by {off:.6f}, policy off the board {lost:.1%}")
assert max(sum(LEAKS[n, True]) for n in ALONE) < 1e-4
assert LEAKS[5, False][0] > 0.02 and LEAKS[7, False][0] > 0.01

# %% [markdown]
# With the mask every board gets the answer that it would get alone. Without it the value of a small board is another one altogether: the
# padding is counted in the means, and activations leak into it and back. (The policy stays on the board all the same: our third plane marks the legal points.)
# In training the statistics of batch normalisation must skip the padding as well. No error message tells you any of this.

# %% [markdown]
# What is learnt on a small board, is it of use on a larger one? A study: the same network, trained on 5×5, 7×7 or 9×9 and tried, unchanged, on all three. For comparison weights that
# have learnt nothing, and simple guesses: always pass (the commonest move), and the better of "White wins" and counting stones. **Predict:** does 5×5 help on 9×9?

# %%
TRANSFER = studies.load("transfer")
MOST = max(row["passes"] for row in TRANSFER)
print("learnt on     right move on 5×5   7×7    9×9     "
      "right winner on 5×5   7×7    9×9")
TABLE = [("nothing", "fresh_"), ("5×5", "5"), ("7×7", "7"), ("9×9", "9"),
         ("5×5, then 7×7", "5 7")]
ON = {}
for label, way in TABLE:
    rows = pick(TRANSFER, passes=MOST, way="5" if way == "fresh_" else way)
    prefix = way if way == "fresh_" else ""
    for key in ("top1", "value_sign"):
        for size in (5, 7, 9):
            ON[label, key, size] = mean(rows, f"{prefix}{key}_{size}")
    print(f"{label:13}", *(f"{ON[label, key, size]:{width}.3f}"
          for key, first in (("top1", 18), ("value_sign", 26))
          for size, width in ((5, first), (7, 6), (9, 6))))
row = TRANSFER[0]
print("simple guess ", *(f"{row[f'baseline_value_sign_{size}']:{width}.3f}"
      for size, width in ((5, 58), (7, 6), (9, 6))))

# %%
figure, axes = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
WAYS = {"9": "9×9 from the start", "5 9": "5×5 first",
        "5 7 9": "5×5 and 7×7 first"}
for ax, key, label in ((axes[0], "top1", "right move on 9×9"),
                       (axes[1], "value_sign", "right winner on 9×9")):
    for number, (way, words) in enumerate(WAYS.items()):
        for row in pick(TRANSFER, way=way, passes=MOST):
            points = row["curves"][-1]["points"]
            ax.plot([max(point["passes"], 300) for point in points],
                    [point[key] for point in points], color=COLORS[number],
                    marker=MARKERS[number],
                    label=words if row["seed"] == 1 else None)
    ax.set(xscale="log", xlabel="9×9 positions seen", ylabel=label)
    ax.set_xticks([300, 1000, 10_000], ["0", "1,000", "10,000"])
    ax.minorticks_off()
axes[0].legend(fontsize=9)
display(alt(figure, "Right moves and winners on 9×9 against 9×9 positions "
            "seen. With 7×7 before it the network begins far ahead, and "
            "stays a little ahead."))

# %%
def training_seconds(row):
    return sum(curve["points"][-1]["seconds"] for curve in row["curves"])


STRONG = {way: pick(TRANSFER, way=way, passes=MOST) for way in WAYS}
for way, rows in STRONG.items():
    n = sum(row["games"] for row in rows)
    seconds = sum(map(training_seconds, rows)) / len(rows)
    print(f"{WAYS[way]:19} {seconds:3.0f} s of training: right move "
          f"{mean(rows, 'top1_9'):.3f}, winner "
          f"{mean(rows, 'value_sign_9'):.3f};\n    score against the "
          f"reference {rate(mean(rows, 'score') * n, n)}, random play "
          f"{rate(mean(rows, 'random_score') * n, n)}")
assert ON["7×7", "top1", 9] > ON["nothing", "top1", 9] + 0.08
assert ON["7×7", "value_sign", 9] > row["baseline_value_sign_9"] + 0.04
assert ON["5×5", "top1", 9] < ON["7×7", "top1", 9] - 0.05
assert mean(STRONG["5 7 9"], "top1_9") > mean(STRONG["9"], "top1_9")
assert (mean(STRONG["5 7 9"], "random_score")
        > mean(STRONG["9"], "random_score") + 0.3)

# %% [markdown]
# 5×5 is too small: unchanged, on 9×9, that network knows no more than "pass", and its value no more than a guess. From 7×7 to 9×9 much carries over, value and policy, and 9×9 even teaches 7×7
# moves better than 7×7 does. After 5×5 and 7×7 the same number of 9×9 positions gives better moves and a player that beats random play. It is no free lunch: the way through the smaller boards took longer in all,
# and spent on 9×9 alone those seconds predict about as well (0.360 and 0.767 after 40,960 positions, in the study below). Small boards are worth it where their games are cheaper to *make*, which is chapter 7's case.

# %% [markdown] section="history"
# ## Is the position enough?
#
# Go hides nothing, so the present should do, and the lecture's network sees the present board only. But superko forbids moves
# that repeat an *earlier* board. **Predict:** can two games reach the same stones, the same side to move, and differ in what is legal?

# %%
def same_board_other_moves(rng):
    """Two histories of one 3×3 board with different legal moves."""
    first = {}
    while True:
        here = Position(3, TROMP_TAYLOR)
        while here.move_number < 30:
            here = here.play(int(rng.choice(here.legal_moves())))
            if here.is_over:
                break
            key = here.board.tobytes(), here.to_move, here.ko_point
            legal = tuple(here.legal_moves())
            other = first.setdefault(key, (legal, here))
            if other[0] != legal:
                return other[1], here


# %%
PAIR = same_board_other_moves(np.random.default_rng(14))
ONCE, TWICE = (set(p.legal_moves().tolist()) for p in PAIR)
figure, axes = plt.subplots(1, 2, figsize=(6, 3))
for ax, here in zip(axes, PAIR):
    barred = {p: "cross" for p in range(9)
              if here.illegality(p) in ("ko", "superko")}
    draw_board(ax, here.board, marks=barred)
    legal = ", ".join(name(m, 3) for m in here.legal_moves())
    ax.set_title(f"move {here.move_number + 1}, legal: {legal}",
                 fontsize=10)
display(alt(figure, "The same 3×3 board twice, the same side to move; a "
            "point barred by superko is crossed in one and not the other."))
print("legal in one game only:",
      [name(m, 3) for m in sorted(ONCE ^ TWICE)])
assert (PAIR[0].board == PAIR[1].board).all() and ONCE != TWICE
assert PAIR[0].to_move == PAIR[1].to_move

# %% [markdown]
# So with superko a board is not a state; board and history are. Our features let the rules do the remembering: the plane of
# legal points is computed from the whole history. What comes *later* still depends on it, in rare cases; nearly always the board is enough.
#
# It is not where something is hidden. In Kuhn poker (three cards, one bet) the opponent's bet is information. The second player commits to a plan,
# and the first finds the best answer to it: once the plan may depend on what was bet, once on the own card alone.

# %%
def guarantee(plan):
    """What the second player's plan wins against its best answer."""
    return -best_response(KuhnPoker(), plan, 0)[0]


def card_alone(chances):
    """A plan that bets or calls with each card that often."""
    return {f"{card}:{bets}": {1: p, 0: 1 - p}
            for card, p in enumerate(chances) for bets in "01"}


with_history = guarantee(kuhn_equilibrium(bluff=0.0)[1])
without = max(guarantee(card_alone(chances)) for chances
              in product(np.linspace(0, 1, 7), repeat=3))
print(f"chips a deal: {with_history:+.3f} with the history, "
      f"{without:+.3f} with the card alone (best of 343 plans)")
assert abs(with_history - 1 / 18) < 1e-9 and without < 0.01

# %% [markdown]
# Remembering one bet is worth the whole advantage: 1/18 of a chip a deal against nothing. In Go leaving the history out is
# nearly free; in poker, or in 2v2 Go with a partner to read, it is not.


# %% [markdown] section="agree"
# ## Do policy and value agree?
#
# The network answers twice. The policy says which move it likes; the value, asked about the position *after* each move, says so
# too. If both know the same game, they rank the moves alike. **Predict:** which rank correlation (Spearman's, 1 for the same order)
# do they reach, and does it rise with training?

# %%
def ranks(x):
    return np.argsort(np.argsort(x))


def agreement(reader, positions):
    """Spearman's correlation of prior and value, per position."""
    found = []
    for here in positions:
        moves = here.legal_moves()[:-1]
        prior, _ = reader.evaluate(Games.from_positions([here]),
                                   np.array([0]))
        after = Games.from_positions([here.play(int(m)) for m in moves])
        _, value = reader.evaluate(after, np.arange(len(moves)))
        pair = ranks(prior[0, moves]), ranks(-value)
        found.append(np.corrcoef(*pair)[0, 1])
    return np.array(found)


def position_at(game, ply):
    return Position.from_moves([m for _, m in game.record.moves[:ply]],
                               size=9, rules=game.record.rules)


long = [g for g in GAMES if len(g.record.moves) > 60]
ASKED = [position_at(game, 10 + 2 * (k % 20))
         for k, game in enumerate(long[:40 if FAST else 120])]

# %%
FRESH = to_gokit(NET).config
WEAK = fit(FRESH, TRAIN, passes=2_560, seed=3).average
READERS = {"2,560 positions": NetworkEvaluator(
               WEAK, features="basic", value="win"),
           "this chapter's": evaluator(NET)}
RHO = {kind: agreement(reader, ASKED) for kind, reader in READERS.items()}
figure, ax = plt.subplots(figsize=(6.4, 3.2))
bars = ax.hist(list(RHO.values()), np.linspace(-1, 1, 17), label=list(RHO),
               color=COLORS[:2])[2]
for bar in bars[0]:
    bar.set_hatch("//")
ax.axvline(0, color="0.3", lw=1)
ax.set(xlabel="rank correlation of prior and value of the moves",
       ylabel="positions")
ax.legend(fontsize=9)
display(alt(figure, "Histogram of rank correlations between prior and "
            "value of each move, for a barely and a well trained network."))

# %%
def mean_interval(x, draws=1000):
    again = np.random.default_rng(0).choice(x, (draws, len(x))).mean(1)
    return np.mean(x), *np.quantile(again, [0.025, 0.975])


for kind, rho in RHO.items():
    middle, low, high = mean_interval(rho)
    print(f"{kind:16} {middle:.2f} [{low:.2f}, {high:.2f}], "
          f"n = {len(rho)} positions")
WEAK_RHO, OWN_RHO = (rho.mean() for rho in RHO.values())
assert max(WEAK_RHO, 0) < OWN_RHO

# %% [markdown]
# Barely trained, the two heads have nothing to do with each other. With training they come to lean the same way, though nothing in the losses asks for it: both
# learn the same game. They are far from agreeing. A search makes the one correct the other, and this correlation is a cheap alarm: where it stays near zero, one of the heads has learnt nothing, or a sign is wrong.

# %% [markdown] section="soft"
# ## How soft should a target be?
#
# GNU Go's games give one move a position: a hard target. From chapter 7 on the target is a search's visit counts, which say more: this
# move first, that one nearly as good. A **temperature** τ can sharpen them, p ∝ N^(1/τ). **Predict:** of 600, 250, 100, 50 and 24
# visits, what share does the first move get at τ = 0.3?

# %%
VISITS = np.array([600, 250, 100, 50, 24])


def sharpen(visits, tau):
    p = visits ** (1 / tau)
    return p / p.sum()


def bits(p):
    return float(-(p * np.log2(p)).sum())


figure, axes = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
for shift, tau in ((-0.2, 1.0), (0.2, 0.3)):
    p = sharpen(VISITS, tau)
    axes[0].bar(np.arange(5) + shift, p, 0.38, hatch="//" * (tau < 1),
                label=f"τ = {tau:g}: {bits(p):.2f} bits")
axes[0].set(xticks=range(5), xticklabels=VISITS, xlabel="visits",
            ylabel="share of the target")
axes[0].legend(fontsize=9)
taus = np.linspace(0.1, 2, 60)
axes[1].plot(taus, [bits(sharpen(VISITS, t)) for t in taus], marker="")
axes[1].axhline(np.log2(5), color="0.4", ls="--", lw=1)
axes[1].set(xlabel="τ", ylabel="entropy of the target, bits", ylim=(0, 2.5))

plt.close(figure)

# %%
display(alt(figure, "Left: the five moves' shares at τ = 1 and τ = 0.3. "
            "Right: entropy of the target against τ, from nearly 0 at "
            "0.1 towards log2(5) = 2.32."))
for tau in (1.0, 0.3):
    p = sharpen(VISITS, tau)
    print(f"τ = {tau:g}: first move {p[0]:.1%}, second {p[1]:.1%}, "
          f"{bits(p):.2f} bits")
assert 1.55 < bits(sharpen(VISITS, 1.0)) < 1.7
assert bits(sharpen(VISITS, 0.3)) < 0.4

# %% [markdown]
# At τ = 0.3 the first move takes 95 % and four fifths of the entropy are gone: nearly a hard target again. A low temperature is for *playing*
# a move; the counts that train the network stay at τ = 1.

# %% [markdown] section="strength"
# ## Why is accuracy not strength?
#
# Now all networks of the studies, and some made for this purpose: trained briefly, trained on the opening or on the ending only, without a value. Each played
# 300 games without search (its policy's first choice) against one fixed network, and 300 against random play. **Predict:** does a network that finds one
# move in ten, four times as many as a uniform guess, beat random play?

# %%
STRENGTH = studies.load("strength")
ALL = [(row["top1"], row["value_sign"], row)
       for kind in ("architectures", "winners", "trunks", "strength")
       for row in studies.load(kind)]
ALL += [(row["top1_9"], row["value_sign_9"], row) for row in TRANSFER]
TOP1, SIGN = np.array([(top1, sign) for top1, sign, _ in ALL]).T
SCORE, BY_RANDOM, EARLY = np.array([
    (row["score"], row["random_score"], row["random_early_passes"])
    for _, _, row in ALL]).T

# %%
def mid_ranks(x):
    """Ranks; equals share the mean of theirs."""
    return np.array([(x < a).sum() + (x == a).sum() / 2 for a in x])


def spearman(x, y):
    return np.corrcoef(mid_ranks(x), mid_ranks(y))[0, 1]


def correlated(x, y, draws=500):
    """Spearman's correlation with its 95 % interval, by bootstrap."""
    rng = np.random.default_rng(0)
    drawn = (rng.integers(len(x), size=len(x)) for _ in range(draws))
    low, high = np.quantile([spearman(x[i], y[i]) for i in drawn],
                            [0.025, 0.975])
    return f"{spearman(x, y):.2f} [{low:.2f}, {high:.2f}]"

# %%
figure, axes = plt.subplots(1, 2, figsize=(10, 4), sharey=True,
                            layout="constrained")
GIVES_UP = EARLY > 0.5
for ax, x, label in ((axes[0], TOP1, "right move, hold-out"),
                     (axes[1], SIGN, "right winner, hold-out")):
    for who, color, mark, words in (
            (~GIVES_UP, COLORS[0], "o", "plays on"),
            (GIVES_UP, COLORS[1], "X", "passes in plies 1–9")):
        ax.scatter(x[who], BY_RANDOM[who], color=color, marker=mark, s=40,
                   label=words)
    ax.set(xlabel=label)
axes[0].set_ylabel("score against random play")
axes[0].legend(fontsize=9)
display(alt(figure, "Two scatters: the score against random play rises "
            "with both accuracies, with a wide spread; networks that pass "
            "early lie at 0."))

# %%
print(f"{len(ALL)} networks, 300 games each a score; rank correlation of")
for label, x in (("right move", TOP1), ("right winner", SIGN)):
    print(f"{label:13} with the score against the reference "
          f"{correlated(x, SCORE)}, random play {correlated(x, BY_RANDOM)}")
FEW = [row for _, _, row in ALL if row["random_early_passes"] > 0.5]
top1 = max(row["top1"] for row in FEW if "top1" in row)
best = max(row["random_score"] for row in FEW)
print(f"{len(FEW)} networks pass in more than half of plies 1-9: "
      f"at best {top1:.1%} right moves, {best:.1%} against random play")
assert spearman(TOP1, SCORE) > 0.4 and spearman(TOP1, BY_RANDOM) > 0.4
assert len(FEW) >= 3 and top1 > 0.3 and best < 0.15

# %% [markdown]
# On the whole, better prediction is better play. But look at the crosses. One move in ten of these games is a pass, mostly by a side that has lost and waits for the other to clean up, so
# "always pass" is right one time in ten, four times as often as a uniform guess, before anything else is learnt. It loses every game. What tells is not accuracy but the **share of
# passes in plies 1–9**: 100 % at worst here, and 0 % for every network that plays well.

# %%
TAUGHT = {"whole games": "all", "with the bug": "random moves as passes",
          "first two fifths": "opening", "last two fifths": "ending"}
TOLD = {}
print("learnt from        right move            passes in   score")
print("                   all plies  own kind   plies 1-9   "
      "reference  random play")
for label, targets in TAUGHT.items():
    [row] = pick(STRENGTH, targets=targets, network="3x32",
                 positions=100_000, passes=40_960)
    TOLD[targets] = row
    print(f"{label:17}{row['top1']:10.3f}{row['own_top1']:10.3f}"
          f"{row['random_early_passes']:12.2f}{row['score']:12.3f}"
          f"{row['random_score']:12.3f}")
WHOLE, BUG, OPENING, ENDING = TOLD.values()
assert BUG["top1"] > WHOLE["top1"] - 0.04
assert BUG["random_early_passes"] > 0.5 > 0.1 > BUG["random_score"]
assert ENDING["own_top1"] > WHOLE["top1"] and ENDING["random_score"] < 0.05
assert OPENING["top1"] < WHOLE["top1"] - 0.05 and OPENING["score"] > 0.9

# %% [markdown]
# Four networks, the same number of passes, 300 games a score. The **bug** is one that a program makes easily: the random moves of these games are no targets and stored as -1, and -1 read as an index means the last
# move, the pass. Only some plies of the opening are touched, so the accuracy hardly moves; it passes the opening away and loses to random play. The network that saw **endings** only has the best accuracy on positions of its own kind
# and loses every game to random play: it has no idea of how to get to an ending. The one that saw **openings** only finds far fewer moves and beats the reference in *every* game: it has hardly seen a pass, so it plays on inside the reference's
# territory, and the reference, which has learnt to pass when all is decided, lets it (in 100 of these games it passed on 61 % of its moves). Random play passes only when nothing is left to play, and beats it.
#
# A third pair, from the study before: on 9×9, the network from 7×7 against the one from 9×9.

# %%
SEVEN, NINE = (pick(TRANSFER, way=way, passes=MOST) for way in "79")
for label, rows in (("from 9×9", NINE), ("from 7×7", SEVEN)):
    n = sum(row["games"] for row in rows)
    print(f"{label}: right move {mean(rows, 'top1_9'):.3f}, winner "
          f"{mean(rows, 'value_sign_9'):.3f}; against random play "
          f"{rate(mean(rows, 'random_score') * n, n)}")
assert mean(SEVEN, "top1_9") < mean(NINE, "top1_9") - 0.02
assert mean(SEVEN, "random_score") > mean(NINE, "random_score") + 0.2

# %% [markdown]
# It predicts worse and plays better, against this opponent. Accuracy asks about positions from *good* games; a match asks about those that the two players get into. So measure both, and
# the play against more than one opponent.

# %% [markdown]
# And watch **each head by itself**. In published figures of the lecture's program or its ports, value accuracies of 16–38 % on the hold-out went unnoticed: worse than a coin. The alarm is simple: is a head worse than the simplest guess?

# %%
GUESS = TRANSFER[0]["baseline_value_sign_9"]  # favourite, or more stones
[MUTE] = pick(STRENGTH, network="3x32 without value")
print(f"right winner: simplest guess {GUESS:.3f}, the network without "
      f"value {MUTE['value_sign']:.3f}, its policy {MUTE['top1']:.3f}")
BELOW = sum(sign < GUESS for sign in SIGN)
print(f"alarm for {BELOW} of {len(SIGN)} networks")
assert MUTE["value_sign"] < GUESS < WHOLE["value_sign"]
assert abs(MUTE["top1"] - WHOLE["top1"]) < 0.03

# %% [markdown]
# The policy's numbers say nothing of it: the network whose value never learnt predicts moves as well as its sibling. In a search it would be lost.

# %% [markdown] section="hash"
# ## What can no network learn?
#
# A network can fit nearly anything. What it cannot do is find structure where there is none. Take some hundred positions, each from a game of
# its own, and two yes-or-no labels of each: who won, and one bit of SHA-256 of the board. The same network, the same steps. **Predict:** how
# does it do on the positions it learnt from, and on others?

# %%
def one_a_game(positions, ply=50):
    """The position before move 51 of each game that has one."""
    facts = [(b.game, b.ply) for b in positions.in_order(4096)]
    game, at = (np.concatenate(column) for column in zip(*facts))
    return positions.take(np.flatnonzero(at == ply))


def label_with(kind, batch):
    """1 or -1 a position: the result, or a bit of the board's hash."""
    if kind == "who won":
        return torch.from_numpy(batch.won.astype(np.float32))
    digests = [hashlib.sha256(p[:2].tobytes()).digest()
               for p in batch.planes.astype(np.int8)]
    return torch.tensor([2.0 * (d[0] & 1) - 1 for d in digests])


COUNT = 200 if FAST else 512
LATE = one_a_game(TRAIN)
LATE_PLANES = torch.from_numpy(LATE.planes)
KINDS = {"who won": COLORS[0], "a bit of SHA-256": COLORS[1]}
DICE = torch.Generator().manual_seed(18)

# %%
def shares_right(net, labels):
    """Shares right: of the labels learnt, and of all others."""
    with torch.inference_mode():
        value = net.eval()(LATE_PLANES).value
    right = (value > 0) == (labels > 0)
    parts = right[:COUNT], right[COUNT:]
    return [float(part.float().mean()) for part in parts]

# %%
def memorise(kind, rounds=18, seed=1):
    """Learn `COUNT` labels by heart; shares right, round by round."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = Network(NetworkConfig(ownership=False))
    labels, right = label_with(kind, LATE), []
    adam = torch.optim.Adam(net.parameters())
    for done in range(rounds):
        adam.param_groups[0]["lr"] = 2e-3 * (1 - done / rounds)
        for few in torch.randperm(COUNT, generator=DICE).chunk(8):
            error = net.train()(LATE_PLANES[few]).value - labels[few]
            adam.zero_grad()
            error.square().mean().backward()
            adam.step()
        right.append(shares_right(net, labels))
    return np.array(right)


# %%
LEARNT = {kind: memorise(kind) for kind in KINDS}

# %%
figure, ax = plt.subplots()
OTHERS = len(LATE) - COUNT
for kind, color in KINDS.items():
    for part, dash in ((0, "-"), (1, "--")):
        ax.plot(LEARNT[kind][:, part], dash, color=color, marker="",
                label=f"{kind}, {['by heart', 'other games'][part]}")
ax.axhline(0.5, color="0.4", lw=1)
ax.set(xlabel="rounds", ylabel="right", ylim=(0.4, 1.02))
ax.legend(fontsize=9, bbox_to_anchor=(1.02, 1), loc="upper left")
display(alt(figure, "Share right against rounds: what it learnt from goes "
            "to nearly 1 for both labels; on other games the winner is "
            "well above one half, the hash on it."))
for kind, right in LEARNT.items():
    print(f"{kind:17} by heart {right[-1, 0]:.2f}; other games",
          rate(right[-1, 1] * OTHERS, OTHERS))
HASHED, WON = LEARNT["a bit of SHA-256"][-1], LEARNT["who won"][-1]
assert HASHED[0] > 0.9 and abs(HASHED[1] - 0.5) < 2 / np.sqrt(OTHERS)
assert WON[1] > HASHED[1] + 0.05

# %% [markdown]
# The hash is learnt by heart and nothing of it carries over: one half, as for a coin. The winner carries over. That is what training
# error alone can never tell you. Both depend on every stone; but boards that look alike mostly have the same winner, and never the same hash.
# (Chapter 11 flips single stones: the board twenty moves on is unpredictable, the winner is not.)
#
# A network and a hash are built alike: layers that mix and bend, again and again. What makes one teachable is how strongly it mixes. Below
# are networks of 50 layers with random weights of standard deviation σ / √width. **Predict:** for which σ do two nearly equal
# inputs stay about as far apart as they were?

# %%
def through(sigma, depth=50, width=200, seed=1):
    """How far two near inputs, and a gradient, are after each layer."""
    rng = np.random.default_rng(seed)
    a = rng.normal(size=width)
    b = a + 1e-4 * rng.normal(size=width)
    apart, layers = [np.linalg.norm(a - b)], []
    for _ in range(depth):
        weights = rng.normal(size=(width, width)) * sigma / width**0.5
        a, b = np.tanh(weights @ a), np.tanh(weights @ b)
        apart.append(np.linalg.norm(a - b))
        layers.append((weights, 1 - a**2))
    gradient = rng.normal(size=width) / width**0.5
    for weights, slope in reversed(layers):
        gradient = weights.T @ (slope * gradient)
    return np.array(apart) / apart[0], np.linalg.norm(gradient)


SIGMAS = np.round(np.arange(0.6, 2.41, 0.15), 2)
DEPTHS = {sigma: through(sigma) for sigma in SIGMAS}
GRADIENTS = np.array([gradient for _, gradient in DEPTHS.values()])

# %%
figure, axes = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
for number, sigma in enumerate((0.75, 1.05, 1.5, 2.4)):
    axes[0].semilogy(DEPTHS[sigma][0], label=f"σ = {sigma:g}", markevery=10,
                     color=COLORS[number], marker=MARKERS[number])
axes[1].semilogy(SIGMAS, GRADIENTS)
for ax in axes:
    ax.axhline(1, color="0.4", ls="--", lw=1)
axes[0].set(xlabel="layers", ylabel="distance, start = 1")
axes[1].set(xlabel="σ", ylabel="gradient after 50 layers")
axes[0].legend(fontsize=9)
display(alt(figure, "Left: distance of two near inputs against depth: it "
            "dies out for σ = 0.75 and grows for 1.5 "
            "and 2.4. Right: size of the gradient after 50 layers against "
            "σ, crossing 1 a little above σ = 1."))
edge = SIGMAS[np.abs(np.log(GRADIENTS)).argmin()]
print(f"the gradient keeps its size best at σ = {edge:g}")
assert 0.9 <= edge <= 1.25
assert GRADIENTS[0] < 1e-6 and GRADIENTS[-1] > 1e3

# %% [markdown]
# Below σ = 1 all inputs become the same and the gradient dies; far above, every difference explodes: the network *is* a hash, and the
# gradient is of no use. Between the two lies the **edge of chaos**, where a deep network can be taught. Residual blocks and
# normalisation exist to keep a network near it without tuning σ.

# %% [markdown] section="play"
# ## Play
#
# Play against your network: it answers at once. The heat is what *it* would play in your place, the bar says who it thinks is ahead. Can you find a position in which it is
# sure, and wrong? Try a ladder, or a group with one eye.

# %%
def opinion(position):
    """What your network thinks: an overlay for a board."""
    rows = Games.from_positions([position])
    _, value = evaluator(NET).evaluate(rows, np.array([0]))
    return {"heat": PLAYERS[0].probabilities(position),
            "value": float(value[0])}


start = Position(9, NO_SUICIDE).play("E5")
reply = PLAYERS[0].choose(start)
assert start.is_legal(reply)
after = start.play(reply)
board = gokit.show(after, opponent=PLAYERS[0], analyze=opinion,
                   title="You are Black", **opinion(after))
board

# %% [markdown]
# ## Summary
#
# 1. A position becomes planes from the side of the player to move; one trunk, two heads, 82 logits with the pass. A fresh network says ln 82 and 1.0, and learns ten positions by heart.
# 2. Hold out games, never positions, and count games in the interval. Every head has its own line, by phase, beside a baseline that costs nothing.
# 3. A value is the average result of the games it was shown: it starts where their players and komi put it, and spreads with the moves.
# 4. At this size the residual network wins clearly, pooling brings the far side of the board near, a mask makes one network play all sizes, and a shared trunk is a trade.
# 5. Accuracy is not strength: the winner's moves predict worse and play better, and a network that passes early predicts well and loses every game.

# %% [markdown]
# ## Check yourself
#
# <details><summary>1. The first training step shows a policy loss of 5.9 on 9×9. What is wrong?</summary>
#
# ln 361 = 5.89: the head has 361 answers, and the targets are read as of a 19×19 board. A fresh network on 9×9 must show ln 82 = 4.41.
# </details>
#
# <details><summary>2. Your value head says 0.44 for Black on the empty board. Is it badly trained?</summary>
#
# Not for that reason. If Black won 44 % of the games that it learned from, this is the right answer for these players at this komi.
# </details>
#
# <details><summary>3. 10,000 held-out positions of 160 games, 80 % of winners right. How sure are you?</summary>
#
# As sure as about 160 cases make one, not 10,000: something like ± 0.05, not ± 0.01. Positions of one game share one result.
# </details>
#
# <details><summary>4. Training value loss 0.2, hold-out value loss 0.9, the policy the same on both. What now?</summary>
#
# The value has learned games by heart: each result is repeated for every position of its game. More games, fewer passes over them, or less weight on the value.
# </details>
#
# <details><summary>5. Your new network finds 3 % more of the expert's moves. Do you keep it?</summary>
#
# Not for that. Let both play, with openings shared and colours exchanged, against more than one opponent, and look at the passes in plies 1–9.
# </details>
#
# <details><summary>6. 35 % of winners right on hold-out, with two classes. What do you look at first?</summary>
#
# At whose result it is. Worse than a coin on balanced classes means that the head knows something, and tells it with the wrong sign.
# </details>

# %% [markdown]
# ## Exercises
#
# [exercises/05_policy_value_networks.ipynb](../exercises/05_policy_value_networks.ipynb): fourteen functions, from planes by hand to a calibration table and one step of learning, about two and a half hours. A wrong answer is shown on a
# board or in numbers.

# %% [markdown]
# ## Not shown here, and why
#
# - **Human games**: none are shipped, for want of a licence. `read_source` reads your own folder of SGF files, of any server.
# - **Learning without a teacher** (the lecture: begin with what works): chapter 7 starts from these weights and from none, and compares.
# - **A fair budget for transformers.** A minute of processor time is not where they would show what they can do. `python -m gokit study architectures` with larger cells is an evening's work on a good machine.
# - **Past boards as planes.** In Go they change little that the legal points do not already say; chapter 1 measured how often the picture alone gets the legal moves wrong.
# - **19×19**: the network would fit, the training would not: it takes days, not minutes.

# %% [markdown]
# ## Sources
#
# - D. Silver et al., *Mastering the game of Go with deep neural networks and tree search*, Nature 529, 2016: policy and value networks, learned from human games.
# - D. Silver et al., *Mastering the game of Go without human knowledge*, Nature 550, 2017: one residual network with two heads.
# - K. He et al., *Identity mappings in deep residual networks*, ECCV 2016, arXiv:1603.05027: the order of norm, activation and convolution in a block.
# - D. Wu, *Accelerating self-play learning in Go*, 2019, arXiv:1902.10565: KataGo; pooling over the board, ownership, board sizes in one batch.
# - J. Long, E. Shelhamer, T. Darrell, *Fully convolutional networks for semantic segmentation*, CVPR 2015, arXiv:1411.4038: one network for pictures of any size.
# - B. Poole et al., *Exponential expressivity in deep neural networks through transient chaos*, NeurIPS 2016, arXiv:1606.05340, and S. Schoenholz et al., *Deep information propagation*, ICLR 2017, arXiv:1611.01232: the edge of chaos.
# - Z. Liu et al., *Swin transformer*, ICCV 2021, arXiv:2103.14030: a bias for each offset.
# - H. Kuhn, *A simplified two-person poker*, 1950.
# - C. Guo et al., *On calibration of modern neural networks*, ICML 2017, arXiv:1706.04599.
# - *Eric Jang – Building AlphaGo from scratch*, with Dwarkesh Patel, 2026: the claims that are tested here.

# %% [markdown]
# ## Next
#
# [Chapter 6, search with networks](06_neural_mcts.ipynb): two heads in one tree.
