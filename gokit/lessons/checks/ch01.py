"""The exercises of chapter 1: a Go board, from groups to a ladder, judged by the slow rules."""

from __future__ import annotations

from gokit.lessons.checks import board_cases as boards
from gokit.lessons.checks import game_cases as games
from gokit.lessons.checks import slow_rules as go
from gokit.lessons.exercise import Exercise

EXERCISES = [
    Exercise(
        id="01-ending",
        title="How a game ends",
        purpose="games that stop too early or never are the commonest bug in self-play",
        points=1,
        difficulty=1,
        minutes=8,
        hints=(
            "Only the end of the list matters, and its length.",
            "Ask in this order: is the last move a resignation? Are the last two moves passes? "
            "Has the list as many moves as the cap?",
            'if moves[-1:] == ["resign"]:\n    return "resignation"\n'
            'if moves[-2:] == ...:\n    return "two passes"\n...',
        ),
        reference=games.ending,
        cases=games.ending_cases,
        explain=games.wrong_ending,
        rule="A game ends with a resignation, with two passes in a row, or is cut off at the cap.",
    ),
    Exercise(
        id="01-groups",
        title="Groups",
        purpose="every rule of Go is about groups, none about single stones",
        points=2,
        difficulty=2,
        minutes=15,
        hints=(
            "A flood fill: begin with one stone, add its neighbours of the same colour, then "
            "theirs, until nothing is new.",
            "Go over all points. Skip the empty ones, and those that are in a group already. "
            "From each other one, flood and add the set to the list.",
            "found = []\nfor each point with a stone, in no group yet:\n"
            "    group, waiting = {point}, [point]\n    while waiting:\n"
            "        for near in the neighbours of waiting.pop():\n            ...\n"
            "    found.append(group)",
        ),
        reference=go.all_groups,
        cases=lambda rng: boards.some_boards(rng, (boards.CORNERS, "stones that touch at corners")),
        explain=boards.wrong_groups,
        compare=boards.same_groups,
        # A list of sets or a set of frozensets: the order of groups says nothing.
        read=boards.read_groups,
        rule="Neighbouring stones of one colour form a group.",
    ),
    Exercise(
        id="01-liberties",
        title="The liberty map",
        purpose="liberties decide captures, and later tell a network what is in danger",
        points=2,
        difficulty=2,
        minutes=10,
        hints=(
            "All stones of a group have the same number: the liberties of the group.",
            "For each stone find its group, collect the empty neighbours of all its stones in a "
            "set, and write the size of the set.",
            "counts = [[0] * len(board[0]) for _ in board]\nfor each stone:\n"
            "    group = ...\n    air = {near for stone in group for near in ... if empty}\n"
            "    counts[row][column] = len(air)",
        ),
        reference=boards.liberty_map,
        cases=lambda rng: boards.some_boards(rng, (boards.CORNERS, "three groups and a pair")),
        explain=boards.wrong_liberties,
        rule="The liberties of a group are the empty points next to any of its stones.",
    ),
    Exercise(
        id="01-capture",
        title="What a move takes",
        purpose="the one rule by which stones leave the board",
        points=2,
        difficulty=3,
        minutes=15,
        hints=(
            "Put the stone on a copy of the board, then look at the opponent's groups beside it.",
            "A group of the opponent that touches the new stone and has no liberty left on the "
            "copy is taken: all of it. There may be more than one.",
            "after = [row[:] for row in board]\nafter[row][column] = color\ntaken = set()\n"
            "for near in the neighbours of point:\n    if it is the opponent's:\n"
            "        group = ...\n        if no liberties:\n            taken |= group",
        ),
        reference=go.captured,
        cases=boards.capture_cases,
        explain=boards.wrong_capture,
        rule="A group whose last liberty is filled is taken off the board.",
        keeps_arguments=True,
    ),
    Exercise(
        id="01-suicide",
        title="What a move costs",
        purpose="programs that disagree on suicide accuse each other of illegal moves",
        points=2,
        difficulty=3,
        minutes=10,
        hints=(
            "Captures come first. Only when the opponent's stones are off do you look at your own.",
            "Put the stone on a copy, remove what it takes, then find the group of the new stone: "
            "without a liberty, all of it goes.",
            "after = a copy with the stone\nremove what the move takes\n"
            "group = the group at point\nreturn 0 if it has liberties else len(group)",
        ),
        reference=go.suicide_size,
        cases=boards.suicide_cases,
        explain=boards.wrong_suicide,
        rule="After a move the opponent's stones without liberties go first, then one's own.",
        keeps_arguments=True,
    ),
    Exercise(
        id="01-ko",
        title="The ko point",
        purpose="the smallest thing that a picture of the board does not show",
        points=2,
        difficulty=3,
        minutes=15,
        hints=(
            "A ko needs one stone taken, and a taker that could itself be taken back at once, "
            "alone.",
            "Or without thinking: try each empty point for the side to move, and see whether the "
            "board from before comes back. The side to move is the opponent of the new stone.",
            "mover = the colour of the stone that is new in `after`\n"
            "for each empty point of after:\n"
            "    if put_stone(after, point, opponent of mover) == before:\n"
            "        return point\nreturn None",
        ),
        reference=boards.ko_point,
        cases=boards.ko_cases,
        explain=boards.wrong_ko,
        rule="Simple ko: a move may not bring back the board from before the opponent's move.",
    ),
    Exercise(
        id="01-superko",
        title="Legal under positional superko",
        purpose="the complete rule of legality, the one this course plays by",
        points=3,
        difficulty=3,
        minutes=20,
        hints=(
            "Everything is allowed that does not bring back a board: suicide too.",
            "For each empty point make the board after the move: stone down, theirs off, yours "
            "off. Keep the point if that board is not in the list.",
            "now = boards[-1]\nlegal = set()\nfor each empty point of now:\n"
            "    after = put_stone(now, point, color)\n    if after not in boards:\n"
            "        legal.add(point)",
        ),
        reference=games.legal_points,
        cases=games.superko_cases,
        explain=games.wrong_superko,
        rule="Positional superko: no move may bring back any board that has stood there before.",
        keeps_arguments=True,
    ),
    Exercise(
        id="01-score",
        title="The area score",
        purpose="the number that every program in this course learns from",
        points=2,
        difficulty=3,
        minutes=15,
        hints=(
            "Flood fill works on empty points too.",
            "Stones count for their colour. For each empty area collect the colours that it "
            "touches: exactly one, and all its points are that colour's.",
            "for each empty point:\n    area = flood from it\n"
            "    met = the colours of the stones next to the area\n    if met == {BLACK}:\n"
            "        black += 1\n    elif ...",
        ),
        reference=games.area_score,
        cases=games.score_cases,
        explain=games.wrong_score,
        rule="Area score: a colour's stones, and the empty points that reach only that colour.",
    ),
    Exercise(
        id="01-count",
        title="Counting legal positions",
        purpose="a number that the whole world agrees on is the best test of a board",
        points=2,
        difficulty=3,
        minutes=15,
        hints=(
            "There are 3 colours for each point. Look at all colourings; 3×3 has only 19,683.",
            "itertools.product((0, 1, 2), repeat=rows * columns) gives them flat. Cut each into "
            "rows; it is legal if every group has a liberty.",
            "count = 0\nfor flat in product((0, 1, 2), repeat=rows * columns):\n"
            "    board = [flat[r * columns:(r + 1) * columns] for r in range(rows)]\n"
            "    count += all(every stone's group has a liberty)",
        ),
        reference=go.count_legal,
        cases=games.count_cases,
        explain=games.wrong_count,
        rule="A position is legal if every group on it has at least one liberty.",
        seconds=60,
    ),
    Exercise(
        id="01-sequences",
        title="Perft, the ways to play",
        purpose="stretch: the count by which chess and Go programs find their last rule bugs",
        points=4,
        difficulty=4,
        minutes=25,
        hints=(
            "Recursion: the ways to play n moves are, for each legal first move, the ways to play "
            "n - 1 more.",
            "Carry the list of boards so far, since superko needs it, and the side to move. With "
            "no moves left there is one way: to stop.",
            "def ways(boards, color, left):\n    if left == 0:\n        return 1\n"
            "    return sum(ways([*boards, after], opponent, left - 1)\n"
            "               for each board after a legal move)",
        ),
        reference=go.count_sequences,
        cases=games.sequence_cases,
        explain=games.wrong_sequences,
        rule="Positional superko, many-stone suicide allowed, Black first, no passes.",
        seconds=60,
    ),
    Exercise(
        id="01-ladder",
        title="A ladder reader",
        purpose="stretch: your first search, and a fight that networks are bad at",
        points=5,
        difficulty=5,
        minutes=45,
        hints=(
            "Two players take turns, so two functions, or one that plays both moves and calls "
            "itself: the runner wants *some* reply that escapes, the chaser *some* atari that "
            "works against it.",
            "Try each reply of the runner: the last liberty, or taking a chasing group that is in "
            "atari. Then count its liberties. One or none: captured. Three: it escapes. Two: try "
            "a chasing stone on each, and read on.",
            "for reply in replies:\n    ran = put_stone(board, reply, color)\n"
            "    n = liberties of the runner\n    if n >= 3: return False\n"
            "    if n == 2 and not any(ladder(chased, point) for each chase):\n"
            "        return False\nreturn True",
        ),
        reference=games.ladder_works,
        cases=games.ladder_cases,
        explain=games.wrong_ladder,
        rule="A group in atari escapes if some reply leads to three liberties against every chase.",
    ),
]
