"""What chapter 1 builds by hand, taken out of its text and held against gokit."""

from __future__ import annotations

import ast
import random
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from gokit import Games, Position, Rules
from gokit.lessons.checks import slow_rules as go
from gokit.lessons.sources import read_source

SOURCE = Path(__file__).resolve().parents[1] / "chapters" / "source" / "01_go_rules.py"
BOARD = (
    "read_board",
    "neighbors",
    "color_of",
    "region",
    "liberties",
    "opponent",
    "lift_if_dead",
    "put_stone",
    "frozen",
    "Game",
    "repeats",
    "why_illegal",
    "play",
    "owners",
    "margin",
)
ALSO = (
    "in_atari",
    "resign",
    "play_all",
    "set_up",
    "ladder",
    "own_eyes",
    "random_step",
    "two_eyes_or_dead",
    "solve",
    "hasty_put_stone",
    "test_a_taking_stone_stays",
    "end_by_count",
    "test_passes_in_a_row",
    "from_screen",
    "ko_fight",
    "test_a_ko_ends",
    "color_by_parity",
    "color_as_recorded",
    "record_of",
    "test_colors",
)
VALUES = ("EMPTY", "squeeze", "ko")


def definitions() -> dict[str, ast.stmt]:
    """Every function, class and plain value that the chapter defines, by name, first one first."""
    found: dict[str, ast.stmt] = {}
    for cell in read_source(SOURCE):
        if cell.kind != "code":
            continue
        for node in ast.parse(cell.text).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                found.setdefault(node.name, node)
            elif isinstance(node, ast.Assign):
                for name in (n.id for t in node.targets for n in ast.walk(t) if hasattr(n, "id")):
                    found.setdefault(name, node)
    return found


@pytest.fixture(scope="module")
def chapter() -> dict:
    """The chapter's definitions, run without the rest of it."""
    parts = definitions()
    space = {"dataclass": dataclass, "replace": replace, "np": np, "looked": [0]}
    for name in (*VALUES[:1], *BOARD, *ALSO, *VALUES[1:]):
        exec(compile(ast.Module([parts[name]], []), f"{SOURCE.name}: {name}", "exec"), space)
    return space


def test_the_board_is_as_short_as_the_chapter_says():
    def lines(node: ast.stmt) -> int:
        documented = isinstance(node, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node)
        if documented:
            node.body = node.body[1:]
        return len(ast.unparse(node).splitlines())

    parts = definitions()
    assert 75 <= sum(lines(parts[name]) for name in BOARD) <= 90


@pytest.mark.parametrize("suicide", [True, False])
@pytest.mark.parametrize("kind", ["positional", "situational", "simple"])
@pytest.mark.parametrize("size", [2, 3, 5])
def test_random_games_are_the_same_on_both_boards(chapter, size, kind, suicide):
    rng = random.Random(f"{size} {kind} {suicide}")
    moves = [(r, c) for r in range(size) for c in range(size)] + ["pass"]
    for _ in range(8):
        mine = chapter["Game"](
            chapter["frozen"]([[0] * size] * size), superko=kind, suicide=suicide
        )
        theirs = Position(size, Rules(komi=0.5, superko=kind, suicide=suicide))
        while not theirs.is_over and theirs.move_number < 4 * size * size:
            legal = [i for i, move in enumerate(moves) if not chapter["why_illegal"](mine, move)]
            assert legal == theirs.legal_moves().tolist(), str(theirs)
            move = moves[rng.choice(legal)]
            mine, theirs = chapter["play"](mine, move), theirs.play(move)
            assert mine.board == chapter["frozen"](theirs.board.tolist()), str(theirs)
            atari = {stone for group in theirs.atari() for stone in group.stones}
            assert chapter["in_atari"](mine.board) == {divmod(p, size) for p in atari}
        assert bool(mine.end) == theirs.is_over
        assert chapter["owners"](mine.board) == theirs.score().ownership.tolist()
        assert chapter["margin"](mine.board, 0.5) == theirs.score().margin


def test_groups_and_liberties_are_those_of_gokit_and_of_the_slow_rules(chapter):
    for seed in range(5):
        for board, _, _ in go.random_boards(np.random.default_rng(seed), 6, 50)[::5]:
            position = Position.from_array(np.array(board))
            for r, c in zip(*np.nonzero(board), strict=True):
                group = chapter["region"](board, (int(r), int(c)))
                assert group == go.region(board, (int(r), int(c)))
                fast = position.group_at((int(r), int(c)))
                assert group == {divmod(p, 6) for p in fast.stones}
                air = chapter["liberties"](board, group)
                assert air == go.liberties(board, group)
                assert air == {divmod(p, 6) for p in fast.liberties}


def test_a_move_leaves_its_board_alone(chapter):
    board = [[0, 1, 0], [1, 2, 0], [0, 1, 0]]
    chapter["put_stone"](board, (1, 2), 1)
    assert board == [[0, 1, 0], [1, 2, 0], [0, 1, 0]]


def test_why_illegal_names_the_same_rules(chapter):
    named = {"suicide": "suicide", "occupied": "occupied", "ko": "repetition"}
    named |= {"superko": "repetition", "game over": "game over"}
    rng, met = random.Random(5), set()
    for number in range(40):
        rules = Rules(suicide=bool(number % 2))
        mine = chapter["Game"](chapter["frozen"]([[0] * 3] * 3), suicide=rules.suicide)
        theirs = Position(3, rules)
        while not theirs.is_over and theirs.move_number < 30:
            for index in range(10):
                reason = theirs.illegality(index)
                met.add(reason)
                move = "pass" if index == 9 else divmod(index, 3)
                assert chapter["why_illegal"](mine, move) == (reason and named[reason])
            move = rng.choice(theirs.legal_moves().tolist())
            mine = chapter["play"](mine, "pass" if move == 9 else divmod(move, 3))
            theirs = theirs.play(move)
    assert {"occupied", "suicide", "ko", "superko", None} <= met
    with pytest.raises(ValueError, match="is illegal"):
        chapter["play"](chapter["resign"](mine), "pass")


def test_endings(chapter):
    ends = chapter["play_all"]
    assert ends(["pass", "pass"]).end == "two passes"
    assert ends(["pass", (0, 0), "pass"]).end == ""
    assert ends([(0, 0), (1, 1)], cap=1).end == "move cap"
    assert chapter["resign"](ends([])).end == "resignation"


def test_eyes_and_random_steps_fill_none(chapter):
    games, rng = Games(50, 5, Rules(suicide=False)), np.random.default_rng(0)
    while not games.ended.all():
        before, mover, over = games.boards(), games.to_move, games.ended > 0
        chapter["random_step"](games, rng)
        for i in np.flatnonzero(~over & (games.last_move < 25)):
            around = go.near(before[i].tolist(), divmod(int(games.last_move[i]), 5))
            assert any(before[i][p] != mover[i] for p in around), "an own eye was filled"
    assert games.move_number.max() < 200


def test_the_ladder_is_read_as_the_slow_rules_read_it(chapter):
    stairs = """
    . . . . . . .
    . . X . . . .
    . X O X . . .
    . X . . . . .
    . . . . . . .
    . . . . . . .
    . . . . . . .
    """
    plain = chapter["set_up"](stairs, to_move=2)
    captured, moves = chapter["ladder"](plain, (2, 2))
    line = go.ladder_line([list(row) for row in plain.board], (2, 2))
    assert captured
    assert line is not None
    assert moves[:6] == line[:6]
    helped = replace(plain, board=chapter["frozen"](go.with_stone(plain.board, (5, 5), 2)))
    assert not chapter["ladder"](helped, (2, 2))[0]


@pytest.mark.parametrize(("rows", "columns", "value"), [(1, 2, 0), (1, 3, 3), (1, 4, 4), (2, 2, 1)])
def test_solve_finds_the_published_values(chapter, rows, columns, value):
    start = ((0,) * columns,) * rows
    assert chapter["solve"](start, 1, frozenset([start])) == value


LABS = (
    ("test_a_taking_stone_stays", "put_stone", "hasty_put_stone"),
    ("test_a_ko_ends", None, "from_screen"),
    ("test_colors", "color_as_recorded", "color_by_parity"),
)


@pytest.mark.parametrize(("test", "right", "planted"), LABS)
def test_each_lab_has_a_bug_that_its_test_sees(chapter, test, right, planted):
    whole = chapter[right] if right else (lambda game: game)
    assert chapter[test](whole)
    assert not chapter[test](chapter[planted])


def test_the_lab_on_passes_can_be_repaired_as_it_says(chapter):
    assert not chapter["test_passes_in_a_row"](chapter["end_by_count"])
    text = SOURCE.read_text(encoding="utf-8")
    planted = 'passes = passes + 1 if move == "pass" else passes  # <- the bug'
    repair = 'passes = passes + 1 if move == "pass" else 0'
    assert text.count(planted) == 1
    assert f"`{repair}`" in text
    repaired = ast.unparse(definitions()["end_by_count"]).replace("else passes", "else 0")
    space: dict = {}
    exec(repaired, space)
    assert chapter["test_passes_in_a_row"](space["end_by_count"])


def test_the_unsound_shortcut_kills_two_healthy_walls_and_benson_does_not(chapter):
    walls = [[0] * 4 + [1, 2] + [0] * 3 for _ in range(9)]
    assert not np.any(chapter["two_eyes_or_dead"](walls))
    position = Position.from_array(np.array(walls))
    assert position.score().margin == 1.5
    assert not position.pass_alive().any()
