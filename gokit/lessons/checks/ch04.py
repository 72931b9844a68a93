"""The exercises of chapter 4: selection in numbers, and a recorded search read and rewound."""

from __future__ import annotations

from gokit.lessons.checks import bonus_cases as bonus
from gokit.lessons.checks import film_cases as film
from gokit.lessons.checks.tree_cases import near
from gokit.lessons.exercise import Exercise

EXERCISES = [
    Exercise(
        id="04-bonus",
        title="The bonus of each move",
        purpose="the term that decides the very first pick, if it is written with care",
        points=1,
        difficulty=1,
        minutes=8,
        hints=(
            "N is the sum of all visits, n those of one move; the prior tells the rest.",
            "Every move's bonus has the same factor c·√(1 + N). Divide by 1 + n.",
            "total = sum(visits)\nreturn [c * p * math.sqrt(1 + total) / ...\n"
            "        for p, n in zip(priors, visits)]",
        ),
        reference=bonus.bonuses,
        cases=bonus.bonus_cases,
        explain=bonus.wrong_bonus,
        compare=near,
        rule="U = c·P·√(1 + N) / (1 + n): with √N instead, the first pick would ignore the prior.",
    ),
    Exercise(
        id="04-first-play",
        title="What an untried move counts as",
        purpose="one number that has locked in whole searches",
        points=2,
        difficulty=2,
        minutes=12,
        hints=(
            "Two of the three modes begin with the node's mean so far.",
            "The mean is of the node's own value, once, and of each visit's Q. Then take off "
            "fpu_value, or fpu_value times the root of the visited moves' priors.",
            'if mode == "absolute":\n    return fpu_value\n'
            "mean = (value + sum(n * q for ...)) / (1 + sum(n for ...))\n"
            'if mode == "reduction":\n    return mean - fpu_value\n...',
        ),
        reference=bonus.first_play,
        cases=bonus.first_play_cases,
        explain=bonus.wrong_first_play,
        compare=near,
        rule="First-play urgency: a fixed value, or the node's mean so far less a reduction.",
    ),
    Exercise(
        id="04-noise",
        title="Noise in the priors",
        purpose="without it a self-play program plays one game for ever",
        points=2,
        difficulty=2,
        minutes=12,
        hints=(
            "Gamma numbers divided by their sum are a Dirichlet sample.",
            "Sum the gamma numbers over the legal moves only. Each legal prior keeps 1 - fraction "
            "of itself; illegal moves stay at 0.",
            "total = sum(gamma[a] for a in legal)\nmixed = [0.0] * len(priors)\n"
            "for a in legal:\n    mixed[a] = ...\nreturn mixed",
        ),
        reference=bonus.noisy,
        cases=bonus.noise_cases,
        explain=bonus.wrong_noise,
        compare=near,
        rule="Noised priors are again probabilities over the legal moves: they add up to 1.",
        keeps_arguments=True,
    ),
    Exercise(
        id="04-once",
        title="Evaluate the root once",
        purpose="mends the bug that erased the noise in the lecture's own tutorial",
        points=2,
        difficulty=2,
        minutes=10,
        hints=(
            "A node that was evaluated shows it by something other than its visits.",
            "Evaluation gives a node its children. The opened root has them, with no visits.",
            'return not node["..."]',
        ),
        reference=bonus.no_children,
        cases=bonus.once_cases,
        explain=bonus.wrong_once,
        compare=near,
        call=bonus.call_once,
        rule="Each node is evaluated once; a second time would write its children anew.",
    ),
    Exercise(
        id="04-line",
        title="The principal variation",
        purpose="the one line that every engine prints: what it believes both sides will play",
        points=2,
        difficulty=3,
        minutes=15,
        hints=(
            "At each node the next move is the one most visited, down to where no child has any.",
            "Of equally visited children take the one that is better for the side choosing it: "
            "W / N of the child is in the other side's view. Then the lowest move.",
            "line = []\nwhile any child of tree has visits:\n"
            "    move = max(visited moves in rising order, key=(N, -W / N))\n"
            "    line.append(move)\n    tree = tree['children'][move]",
        ),
        reference=film.principal_variation,
        cases=film.line_cases,
        explain=film.wrong_line,
        rule="The principal variation follows the most visits; the visits are the vote.",
    ),
    Exercise(
        id="04-born",
        title="Who made this node?",
        purpose="reading a film: a node's number and its simulation are not the same",
        points=2,
        difficulty=2,
        minutes=12,
        hints=(
            "A simulation makes a node if its path was not walked to its end before.",
            "Keep the set of paths seen, count the new ones, and stop when the count is the "
            "node's number. The root, node 0, is there from the start.",
            "known, made = set(), 0\nfor number, path in enumerate(paths, start=1):\n"
            "    if tuple(path) not in known:\n        ...\n        if made == node:\n"
            "            return number",
        ),
        reference=film.born,
        cases=film.born_cases,
        explain=film.wrong_born,
        rule="A simulation adds at most one node: none where it ends in a game's end met before.",
    ),
    Exercise(
        id="04-movers",
        title="A back-up that asks who moves",
        purpose="makes the same search right for games in which one may move twice",
        points=2,
        difficulty=2,
        minutes=10,
        hints=(
            "The value belongs to the player who moves at the leaf, the last of the list.",
            "Each node takes the value as it is if the same player moves there, else its negative. "
            "The depth does not matter.",
            "return [value if mover == ... else ...\n        for mover in movers]",
        ),
        reference=film.mover_values,
        cases=film.mover_cases,
        explain=film.wrong_mover,
        compare=near,
        rule="A value turns its sign where the side to move changes, and only there.",
    ),
    Exercise(
        id="04-undo",
        title="One simulation taken back",
        purpose="the inverse of the four steps, and the best proof that you know them",
        points=3,
        difficulty=4,
        minutes=25,
        hints=(
            "What back-up added, take off: a visit and a value at every node of the path.",
            "Collect the nodes of the path on a deep copy. From the leaf up subtract the value and "
            "turn its sign. If the leaf has no visit left, this simulation made it: remove it.",
            "before = copy.deepcopy(tree)\nnodes = [before]\nfor move in path: ...\n"
            'for node in reversed(nodes):\n    node["N"] -= 1\n    node["W"] -= value\n'
            "    value = -value\n"
            'if nodes[-1]["N"] == 0:\n    del ...\nreturn before',
        ),
        reference=film.undone,
        cases=film.undo_cases,
        explain=film.wrong_undo,
        compare=film.same_tree,
        rule="A simulation adds a visit and a value to each node of its path, the sign turning.",
        keeps_arguments=True,
    ),
    Exercise(
        id="04-smallest-c",
        title="Stretch: the least c that looks",
        purpose="turns a lock-in into a number, before it costs a match",
        points=3,
        difficulty=4,
        minutes=25,
        hints=(
            "Play the search out on one level: each move's Q is fixed, only visits change.",
            "For each c from the smallest up: repeat the simulations, each giving a visit to the "
            "highest Q + bonus (the lowest of equals). Untried moves count as `untried`.",
            "for c in sorted(grid):\n    visits = [0] * len(moves)\n"
            "    for _ in range(simulations):\n        scores = [...]\n"
            "        visits[scores.index(max(scores))] += 1\n"
            "    if visits[move]:\n        return c\nreturn None",
        ),
        reference=bonus.smallest_c,
        cases=bonus.smallest_c_cases,
        explain=bonus.wrong_smallest_c,
        rule="Selection takes the highest Q + U; a move that never wins there is never visited.",
    ),
]
