"""The exercises of chapter 3: a tree search in ten small functions, and what it is held against."""

from __future__ import annotations

from gokit.lessons.checks import tree_cases as trees
from gokit.lessons.checks import value_cases as values
from gokit.lessons.exercise import Exercise

EXERCISES = [
    Exercise(
        id="03-minimax",
        title="Minimax",
        purpose="the truth that every search is measured by",
        points=2,
        difficulty=2,
        minutes=12,
        hints=(
            "A number is the value for the side to move there. What is it worth one step up?",
            "One step up it is worth its negative. The side to move takes the best of those.",
            "if it is a number:\n    return it\nreturn max(-minimax(child) for each child)",
        ),
        reference=values.minimax,
        cases=values.minimax_cases,
        explain=values.wrong_minimax,
        compare=values.near_value,
        rule="A position is worth the best of its moves; a move is worth the negative of what it "
        "leaves the opponent.",
    ),
    Exercise(
        id="03-regret",
        title="Regret",
        purpose="how many points a move gives away: the number that this chapter plots",
        points=1,
        difficulty=2,
        minutes=8,
        hints=(
            "Regret compares the best move with the one played, as the side to move sees it.",
            "The values are Black's margins. For White, turn the sign of every one first.",
            "mine = {action: value if to_move == BLACK else -value ...}\n"
            "return the highest of mine - mine[move]",
        ),
        reference=values.regret,
        cases=values.regret_cases,
        explain=values.wrong_regret,
        compare=values.near_value,
        rule="Regret: the value of the best move less that of the move played, for who is to move.",
        keeps_arguments=True,
    ),
    Exercise(
        id="03-priors",
        title="Priors of the legal moves",
        purpose="the expansion step: what a new node knows of its moves",
        points=2,
        difficulty=2,
        minutes=12,
        hints=(
            "Only legal moves get a prior, and the priors add up to one.",
            "Take exp(logit) of each legal move and divide by their sum. For very low logits exp "
            "gives 0: subtract the highest legal logit first.",
            "highest = max(logits[a] for a in legal)\n"
            "weights = {a: math.exp(logits[a] - highest) for a in legal}\n"
            "total = ...\nreturn {a: weight / total ...}",
        ),
        reference=trees.priors,
        cases=trees.expand_cases,
        explain=trees.wrong_priors,
        compare=trees.near,
        rule="The priors are the softmax of the logits over the legal moves.",
        keeps_arguments=True,
    ),
    Exercise(
        id="03-puct",
        title="PUCT",
        purpose="the selection step at one node",
        points=3,
        difficulty=3,
        minutes=20,
        hints=(
            "Give each move a score, Q plus a bonus, and take the highest; of equals the lowest "
            "move.",
            "Q = W / n, or `first_play` where n is 0. The bonus is c · P · √(1 + N) / (1 + n), N "
            "the visits of all moves together.",
            "total = sum of the visits\ndef score(action):\n    prior, n, w = children[action]\n"
            "    q = w / n if n else first_play\n    return q + ...\n"
            "return max(sorted(children), key=score)",
        ),
        reference=trees.puct,
        cases=trees.puct_cases,
        explain=trees.wrong_puct,
        rule="Select the move with the highest Q + c · P · √(1 + N) / (1 + n).",
        keeps_arguments=True,
    ),
    Exercise(
        id="03-backup",
        title="The back-up",
        purpose="one wrong sign here, and the search looks for the worst move",
        points=3,
        difficulty=3,
        minutes=15,
        hints=(
            "Start at the leaf, the last of the path. There the value is as given.",
            "Go up: each node gets a visit and the value, and the value changes its sign before "
            "the next.",
            "after = []\nfor visits, total in reversed(path):\n"
            "    after.append((visits + 1, total + value))\n    value = -value\n"
            "return the list, root first again",
        ),
        reference=trees.backed_up,
        cases=trees.back_up_cases,
        explain=trees.wrong_back_up,
        compare=trees.near,
        rule="Each node on the path counts a visit and adds the value from its own side's view.",
        keeps_arguments=True,
    ),
    Exercise(
        id="03-mean",
        title="The mean of a node, from its children",
        purpose="why backing up sums and averaging averages are the same thing",
        points=2,
        difficulty=3,
        minutes=12,
        hints=(
            "Each visit of a child was a visit of the node. Only one visit was the node's own.",
            "Add the node's own value, and for each child its visits times the negative of its Q. "
            "Divide by all visits.",
            "total = value + sum(n * -q for n, q in children)\n"
            "visits = 1 + sum(n for n, q in children)\nreturn total / visits",
        ),
        reference=trees.node_mean,
        cases=trees.mean_cases,
        explain=trees.wrong_mean,
        compare=values.near_value,
        rule="A node's Q is the mean over its own evaluation and all visits of its children, each "
        "seen from its own side.",
        keeps_arguments=True,
    ),
    Exercise(
        id="03-walk",
        title="The walk down",
        purpose="the selection step from the root to a leaf",
        points=3,
        difficulty=4,
        minutes=25,
        hints=(
            "Repeat one step until a node has no children. Each step is PUCT.",
            "In these nodes W is from the node's own view, so a child's Q, for its parent, is "
            "-W / N. A node's N counts its own evaluation, so √N here is √(1 + visits of its "
            "children).",
            'while node["children"]:\n    first_play = node["W"] / node["N"] - 0.2\n'
            "    score each child: Q + c * P * sqrt(node's N) / (1 + child's N)\n"
            "    action = the best; append it; go to that child",
        ),
        reference=trees.walk,
        cases=trees.walk_cases,
        explain=trees.wrong_walk,
        rule="From each node follow the highest Q + c · P · √N / (1 + n), Q in the parent's view.",
        keeps_arguments=True,
    ),
    Exercise(
        id="03-choice",
        title="The move to play",
        purpose="what a search answers in the end",
        points=1,
        difficulty=2,
        minutes=8,
        hints=(
            "The visits are the vote.",
            "Take the moves with the most visits; among them the highest prior; among those the "
            "lowest move.",
            "return max(sorted(children), key=lambda a: (visits of a, prior of a))",
        ),
        reference=trees.choice,
        cases=trees.choice_cases,
        explain=trees.wrong_choice,
        rule="Play the most visited move; of equals the one with the highest prior.",
        keeps_arguments=True,
    ),
    Exercise(
        id="03-stop",
        title="Stopping early",
        purpose="a value function makes it unnecessary to play to the end",
        points=2,
        difficulty=3,
        minutes=12,
        hints=(
            "margins[k] is the count after k moves; a finished game has no later one.",
            "Take margins[k], or the last one if the game was over before. Then Black's view or "
            "White's, then divide by the points.",
            "margin = margins[min(k, len(margins) - 1)]\n"
            "if to_move == WHITE:\n    margin = -margin\nreturn margin / points",
        ),
        reference=values.stopped_value,
        cases=values.stop_cases,
        explain=values.wrong_stop,
        compare=values.near_value,
        rule="Stop after k moves, or at the end if that comes first, and count for the side that "
        "was to move at the start.",
        keeps_arguments=True,
    ),
    Exercise(
        id="03-mix",
        title="Value and rollout",
        purpose="how the AlphaGo of 2016 judged a leaf",
        points=2,
        difficulty=2,
        minutes=10,
        hints=(
            "v is from the view of the side to move. So z must be, too.",
            "z is +1 if the side to move won the rollout, -1 if it lost, 0 for a draw. Then "
            "(1 - mix) v + mix z.",
            "z = 1 if margin > 0 else -1 if margin < 0 else 0\n"
            "if to_move == WHITE:\n    z = -z\nreturn (1 - mix) * value + mix * z",
        ),
        reference=values.mixed,
        cases=values.mix_cases,
        explain=values.wrong_mix,
        compare=values.near_value,
        rule="(1 - λ) v + λ z, with v and z from the view of the side to move.",
    ),
]
