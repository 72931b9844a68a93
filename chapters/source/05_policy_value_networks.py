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
# > - notice a head that has learned nothing, before it costs you a week.
# >
# > **You need** chapter 1; a little PyTorch (`nn.Module`, `backward`). Chapters 3 and 4 say what the network is for.
# > **Time** about two hours to read and play; the code itself runs in about eight minutes.
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
import os
import tempfile
import time
from dataclasses import replace
from itertools import islice

import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython.display import display
from torch import nn

import gokit
from gokit import BLACK, NO_SUICIDE, WHITE, Games, Position
from gokit.arena import play_match, random_openings, wilson
from gokit.corpus.holdout import held_out
from gokit.corpus.labelling import write_positions
from gokit.corpus.positions import Positions
from gokit.corpus.sources import margin_of, read_source

# %%
from gokit.go.coordinates import from_gtp, to_gtp
from gokit.go.playouts import light_playouts, random_states
from gokit.gtp import GtpPlayer, find_engine, gnugo_command
from gokit.nn.checkpoint import load_evaluator
from gokit.nn.config import NetworkConfig
from gokit.nn.features import FEATURE_SETS, write_planes
from gokit.nn.inference import NetworkEvaluator
from gokit.nn.networks import Network
from gokit.nn.training import LossWeights, compute_losses, schedule
from gokit.players import PolicyPlayer, RandomPlayer, rollout_player
from gokit.plots import COLORS, MARKERS, alt, draw_board, style
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
# One look beats random play, and a search that plays a hundred random games for every move. Its teacher, which reads ahead, still wins most games: to imitate a move is not to know what it was for.
# How it would do against people we cannot say. Chapter 6 puts the two heads into a search.

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
# 1. A position becomes planes from the side of the player to move. Leave out who that is, and two opposite questions look the same.
# 2. One trunk, two heads: 82 logits with the pass, one value. A fresh network says ln 82 and 1.0, and learns ten positions by heart.
# 3. Hold out games, never positions, and count games in the interval.
# 4. A value is the average result of the games it was shown: it starts where their players and komi put it, and spreads with the moves.
# 5. Every head has its own line, by phase, on hold-out, beside a baseline that costs nothing.

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
# <details><summary>5. 35 % of winners right on hold-out, with two classes. What do you look at first?</summary>
#
# At whose result it is. Worse than a coin on balanced classes means that the head knows something, and tells it with the wrong sign.
# </details>

# %% [markdown]
# ## Exercises
#
# [exercises/05_policy_value_networks.ipynb](../exercises/05_policy_value_networks.ipynb): from planes by hand to a calibration table. A wrong answer is shown on a
# board or in numbers.

# %% [markdown]
# ## Not shown here, and why
#
# - **Human games**: none are shipped, for want of a licence. `read_source` reads your own folder of SGF files, of any server.
# - **Learning without a teacher**: chapter 7.
# - **19×19**: the network would fit, the training would not: it takes days, not minutes.

# %% [markdown]
# ## Sources
#
# - D. Silver et al., *Mastering the game of Go with deep neural networks and tree search*, Nature 529, 2016: policy and value networks, learned from human games.
# - D. Silver et al., *Mastering the game of Go without human knowledge*, Nature 550, 2017: one residual network with two heads.
# - K. He et al., *Identity mappings in deep residual networks*, ECCV 2016, arXiv:1603.05027: the order of norm, activation and convolution in a block.
# - D. Wu, *Accelerating self-play learning in Go*, 2019, arXiv:1902.10565: KataGo; pooling over the board, ownership, board sizes in one batch.
# - C. Guo et al., *On calibration of modern neural networks*, ICML 2017, arXiv:1706.04599.
# - *Eric Jang – Building AlphaGo from scratch*, with Dwarkesh Patel, 2026: the claims that are tested here.

# %% [markdown]
# ## Next
#
# [Chapter 6, search with networks](06_neural_mcts.ipynb): two heads in one tree.
