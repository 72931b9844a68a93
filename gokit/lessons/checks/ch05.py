"""The exercises of chapter 5: what a network reads, what it is taught, and what it is worth."""

from __future__ import annotations

from gokit.lessons.checks import loss_cases as loss
from gokit.lessons.checks import plane_cases as plane
from gokit.lessons.checks import report_cases as report
from gokit.lessons.checks import target_cases as target
from gokit.lessons.checks.tree_cases import near
from gokit.lessons.exercise import Exercise

EXERCISES = [
    Exercise(
        id="05-planes",
        title="A board as planes",
        purpose="one network for both colours",
        points=1,
        difficulty=1,
        minutes=6,
        hints=(
            "The network never hears of Black and White, only of mine and yours.",
            "Compare the whole board with a number: an array of True and False. Do it for the side "
            "to move, for the other side, and for 0.",
            "own = board == to_move\nopponents = board == 3 - to_move\nempty = ...\n"
            "return np.stack([own, opponents, empty])",
        ),
        reference=plane.planes,
        cases=plane.plane_cases,
        explain=plane.wrong_planes,
        read=plane.numbers,
        compare=near,
        rule="The planes are own stones, the opponent's, empty points, for the side to move.",
        keeps_arguments=True,
    ),
    Exercise(
        id="05-move-index",
        title="Points and indices",
        purpose="boards of several sizes in one batch, and a pass that stays a pass",
        points=1,
        difficulty=2,
        minutes=8,
        hints=(
            "A point keeps its row and column. Its index changes, as the rows are longer now.",
            "Index a of the small board is row a // size, column a % size. On the large one that "
            "is row · padded + column. The pass is the last on both.",
            "wide = [0.0] * (padded * padded + 1)\nfor a in range(size * size):\n"
            "    row, column = divmod(a, size)\n    wide[...] = target[a]\nwide[-1] = ...",
        ),
        reference=plane.moved_over,
        cases=plane.index_cases,
        explain=plane.wrong_index,
        read=plane.numbers,
        compare=near,
        rule="On N lines a point is row · N + column, and the pass is N².",
        keeps_arguments=True,
    ),
    Exercise(
        id="05-value-target",
        title="The result as a target",
        purpose="labels that survive komi, draws, resignations and handicap stones",
        points=2,
        difficulty=2,
        minutes=10,
        hints=(
            "First find the winner of the game, or that there is none. Only then look at who is to "
            "move.",
            "Who resigns has lost, whatever the area. Otherwise Black needs more than the komi; "
            "exactly the komi is a draw.",
            "if resigned is not None:\n    winner = 3 - resigned\nelif margin > komi:\n    ...\n"
            "return [0.0 if there is no winner else 1.0 if side == winner else -1.0 ...]",
        ),
        reference=target.value_targets,
        cases=target.value_cases,
        explain=target.wrong_value,
        read=plane.numbers,
        compare=near,
        rule="1 if the side to move won, -1 if it lost, 0 for a draw.",
        keeps_arguments=True,
    ),
    Exercise(
        id="05-liberty-planes",
        title="Liberties as planes",
        purpose="what a convolution alone needs many layers to find out",
        points=2,
        difficulty=2,
        minutes=12,
        hints=(
            "Liberties belong to a whole chain: each of its stones gets the same mark.",
            "Ask gokit for the chains. A chain's plane is its liberties, at most 3, less 1; for "
            "the opponent's three more.",
            "for group in Position.from_array(board).groups():\n"
            "    first = 0 if group.color == to_move else 3\n"
            "    plane = first + min(len(group.liberties), 3) - 1\n"
            "    for point in group.stones:\n        ...",
        ),
        reference=plane.liberty_planes,
        cases=plane.liberty_cases,
        explain=plane.wrong_liberties,
        read=plane.numbers,
        compare=near,
        rule="All stones of a chain stand in the one plane of the chain's liberties.",
        keeps_arguments=True,
    ),
    Exercise(
        id="05-turn",
        title="Turn both",
        purpose="eight positions from one, if planes and policy turn together",
        points=2,
        difficulty=3,
        minutes=12,
        hints=(
            "The policy is a board too, with a pass at its end.",
            "Turn the planes over their last two axes. Give the first N² shares the shape (N, N), "
            "turn them in the same way, make them flat again and append the pass.",
            "def one(a):\n    if k >= 4:\n        a = np.flip(a, -1)\n"
            "    return np.rot90(a, k % 4, axes=(-2, -1))\n"
            "points = one(policy[:-1].reshape(n, n)).reshape(-1)\n"
            "return one(planes), np.append(...)",
        ),
        reference=plane.turned,
        cases=plane.turn_cases,
        explain=plane.wrong_turn,
        read=plane.numbers,
        compare=near,
        rule="A symmetry moves planes and policy together; the pass stays.",
        keeps_arguments=True,
    ),
    Exercise(
        id="05-sharpen",
        title="Visits as a target",
        purpose="how much of a search's doubt a temperature erases",
        points=1,
        difficulty=2,
        minutes=8,
        hints=(
            "A low temperature makes the strong stronger. Entropy says how much doubt is left.",
            "Raise each count to the power 1/τ and divide by the sum. A count over the largest "
            "count never overflows. Leave shares of 0 out of the entropy.",
            "most = max(visits)\nweights = [(n / most) ** (1 / temperature) for n in visits]\n"
            "target = ...\nbits = -sum(p * math.log2(p) for p in target if p > 0)",
        ),
        reference=target.sharpened,
        cases=target.sharpen_cases,
        explain=target.wrong_sharpen,
        read=plane.numbers,
        compare=near,
        rule="A share is n^(1/τ) over the sum of all; the entropy is -Σ p·log₂ p.",
        keeps_arguments=True,
    ),
    Exercise(
        id="05-legal-softmax",
        title="Log-probabilities of the legal moves",
        purpose="the form in which a loss needs them, safe for any logits",
        points=2,
        difficulty=3,
        minutes=10,
        hints=(
            "log p = x - log Σ exp(x), the sum over the legal moves. No quotient is needed.",
            "Take the highest legal logit off all of them first: exp then stays between 0 and 1, "
            "and one of them is 1. Illegal moves get -inf.",
            "shifted = np.where(legal, logits, -np.inf)\nshifted = shifted - shifted.max()\n"
            "return shifted - np.log(...)",
        ),
        reference=loss.log_policy,
        cases=loss.softmax_cases,
        explain=loss.wrong_softmax,
        read=plane.numbers,
        compare=near,
        rule="log p = x - log Σ exp(x) over the legal moves; -inf for the others.",
        keeps_arguments=True,
    ),
    Exercise(
        id="05-policy-loss",
        title="Loss of the policy",
        purpose="a weighted cross-entropy in which 0 · -inf does no harm",
        points=2,
        difficulty=3,
        minutes=12,
        hints=(
            "Each position has a cross-entropy; the loss is their weighted mean.",
            "Add t · log p only where t > 0, and count a position only where its weight is above "
            "0. Divide by the sum of the weights, if there is any.",
            "terms = np.where(target > 0, log_p, 0.0) * target\nlosses = -terms.sum(axis=1)\n"
            "counted = weight > 0\nif not counted.any():\n    return 0.0\n"
            "return float(np.average(...))",
        ),
        reference=loss.policy_loss,
        cases=loss.loss_cases,
        explain=loss.wrong_loss,
        read=plane.numbers,
        compare=near,
        rule="Σ w·(-Σ t·log p) / Σ w; what has target 0 or weight 0 adds nothing.",
        keeps_arguments=True,
    ),
    Exercise(
        id="05-global-pool",
        title="Pooling behind a mask",
        purpose="a small board in a large batch must not see its padding",
        points=2,
        difficulty=3,
        minutes=10,
        hints=(
            "Only the points of the board count, in the mean and in the maximum.",
            "For the mean multiply with the mask, sum, and divide by each board's own points. For "
            "the maximum put -inf outside.",
            "inside = mask[:, None]  # [B, 1, N, N]\n"
            "mean = (x * inside).sum((2, 3)) / inside.sum((2, 3))\n"
            "maximum = np.where(inside == 1, x, ...).max((2, 3))\nreturn mean, maximum",
        ),
        reference=loss.pooled,
        cases=loss.pool_cases,
        explain=loss.wrong_pool,
        read=plane.numbers,
        compare=near,
        rule="Mean and maximum over the board's own points, whatever stands outside.",
        keeps_arguments=True,
    ),
    Exercise(
        id="05-parameters",
        title="Counting parameters",
        purpose="the lecture's network says under three million: count",
        points=2,
        difficulty=2,
        minutes=10,
        hints=(
            "Go from layer to layer; the size of the board never comes in.",
            "A 3×3 convolution from a to b channels has 9·a·b weights, a linear layer a·b weights "
            "and b biases. A normalisation has two numbers a channel.",
            "stem = 9 * planes * channels\nblock = 2 * (9 * channels**2 + 2 * channels)\n"
            "norm = 2 * channels\npolicy = (channels + 1) + (channels + 1)\nvalue = ...\n"
            "return stem + blocks * block + norm + policy + value",
        ),
        reference=loss.parameters,
        cases=loss.parameter_cases,
        explain=loss.wrong_parameters,
        rule="Convolutions have no biases here, normalisations a scale and a shift a channel, the "
        "heads' layers have biases.",
    ),
    Exercise(
        id="05-split",
        title="Hold out whole families",
        purpose="a hold-out that the network has not seen in a mirror",
        points=2,
        difficulty=3,
        minutes=12,
        hints=(
            "A game and its images are one family; a family is held out as a whole or not at all.",
            "Give each family one name, for instance the least of its eight images as lists of "
            "moves. Then games of one family have equal names.",
            "names = [min([int(permutation(k, size)[a]) for a in game] for k in range(8))\n"
            "         for game in games]\nheld = []\nfor game, name in enumerate(names):\n"
            "    if len(held) < wanted and game not in held:\n        held += ...\n"
            "return sorted(held)",
        ),
        reference=target.held_out,
        cases=target.split_cases,
        explain=target.wrong_split,
        compare=near,
        rule="No game in training is a copy or an image of a game held out.",
        keeps_arguments=True,
    ),
    Exercise(
        id="05-baselines",
        title="Baselines by phase",
        purpose="a value head must beat two predictors that read no board at all",
        points=3,
        difficulty=4,
        minutes=15,
        hints=(
            "Three predictors name a winner for each position: the value, the usual winner, the "
            "stones. Bring all of them to Black's view.",
            "A value is for the side to move: turn its sign where White moves. The stones' lead is "
            "Black's less komi. A lead of 0 counts half. Part: phase · parts, rounded down, at "
            "most parts - 1.",
            "def hit(lead, winner):  # lead positive for Black\n"
            "    if lead == 0:\n        return 0.5\n"
            "    return float((lead > 0) == (winner == BLACK))\n"
            "for part in range(parts):\n    here = [decided rows of this part]\n"
            "    if here:\n        table.append((part, mean of hits, ..., ...))",
        ),
        reference=report.report,
        cases=report.baseline_cases,
        explain=report.wrong_baselines,
        compare=near,
        rule="Accuracy means something only beside what costs nothing to say, phase by phase.",
        keeps_arguments=True,
    ),
    Exercise(
        id="05-calibration",
        title="Calibration",
        purpose="whether 70 % means seven of ten",
        points=2,
        difficulty=3,
        minutes=12,
        hints=(
            "Put together the positions of which the network says the same, and see what came of "
            "them.",
            "p = (v + 1) / 2, and the result likewise. The bin is p · bins rounded down, at most "
            "bins - 1. The error is the mean gap, each position counting once.",
            "for b in range(bins):\n    here = [(p, r) of this bin]\n    if here:\n"
            "        rows.append((b, len(here), mean p, mean r))\n"
            "error = sum(n * abs(p - r) for _, n, p, r in rows) / all\nreturn rows, error",
        ),
        reference=report.calibrated,
        cases=report.calibration_cases,
        explain=report.wrong_calibration,
        compare=near,
        rule="In each bin the mean of p(win) against the mean result, weighed by positions.",
        keeps_arguments=True,
    ),
    Exercise(
        id="05-train-step",
        title="One step of learning",
        purpose="the whole of training, once, without a library",
        points=3,
        difficulty=4,
        minutes=15,
        hints=(
            "For a softmax with cross-entropy the slope at each logit is simple: probability less "
            "target.",
            "A weight's slope is its logit's slope times its feature, averaged over the positions. "
            "Step against it.",
            "logits = x @ weights.T  # [B, A]\np = ... softmax of each row\n"
            "gradient = (p - target).T @ x / len(x)  # [A, F]\nreturn weights - rate * gradient",
        ),
        reference=loss.stepped,
        cases=loss.step_cases,
        explain=loss.wrong_step,
        read=plane.numbers,
        compare=loss.near_slopes,
        rule="New weights are the old less rate times the slope of the mean loss.",
        keeps_arguments=True,
    ),
]
