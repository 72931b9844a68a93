"""Planes: every number of them against what a Position says, slowly."""

from __future__ import annotations

import numpy as np
import pytest

from gokit.go.errors import GoError
from gokit.go.games import Games
from gokit.go.position import Position
from gokit.go.rules import BLACK, EMPTY, NO_SUICIDE, TROMP_TAYLOR, WHITE, Rules, opponent
from gokit.go.symmetry import permutation, transform_plane
from gokit.nn.features import FEATURE_SETS, feature_names, plane_scales, write_planes
from tests.nn.examples import random_games


def planes_of(games: Games | list[Position] | Position, features: str) -> np.ndarray:
    if isinstance(games, Position):
        games = [games]
    if isinstance(games, list):
        games = Games.from_positions(games)
    count, size = len(games.words), games.geometry.rows
    planes = np.empty((count, len(feature_names(features)), size, size), np.int8)
    write_planes(games, np.arange(count), features, planes)
    return planes


def slow_planes(position: Position, features: str) -> np.ndarray:
    """The same planes from a position's own words: stones, groups, reasons, komi."""
    n, board, mover = position.size, position.board, position.to_move
    other = opponent(mover)
    everywhere = np.ones((n, n), int)
    if features == "scalar":
        return board[None].astype(int)
    if features == "lecture":
        return np.stack([board == BLACK, board == WHITE, board == EMPTY]).astype(int)
    legal = position.legal_mask()[:-1].reshape(n, n)
    passed = everywhere * (position.passes > 0)
    black = everywhere * (mover == BLACK)
    if features == "basic":
        return np.stack([board == mover, board == other, legal, everywhere, passed, black])
    liberties = np.zeros((n, n), int)
    for group in position.groups():
        for stone in group.stones:
            liberties[divmod(stone, n)] = min(3, len(group.liberties))
    barred, last = np.zeros((n, n), int), np.zeros((n, n), int)
    for point in range(n * n):
        if board[divmod(point, n)] == EMPTY:
            barred[divmod(point, n)] = position.illegality(point) in ("ko", "superko")
    if position.last_move is not None and position.last_move < n * n:
        last[divmod(position.last_move, n)] = 1
    komi = position.rules.komi * (1 if mover == WHITE else -1)
    chains = [(board == color) & (liberties == k) for color in (mover, other) for k in (1, 2, 3)]
    return np.stack(
        [
            *(board == mover, board == other, legal, everywhere, *chains),
            *(barred, last, passed, black, everywhere * 2 * komi),
        ]
    )


@pytest.mark.parametrize("features", FEATURE_SETS)
@pytest.mark.parametrize("rules", [TROMP_TAYLOR, NO_SUICIDE.replace(komi=-6.5)], ids=["tt", "ns"])
def test_every_plane_is_what_the_position_says(features: str, rules: Rules) -> None:
    for size, plies in ((3, 30), (5, 60), (9, 90)):
        games = random_games(60, size, seed=size, plies=plies, rules=rules)
        found = planes_of(games, features)
        for i in np.flatnonzero(games.ended == 0):  # a finished game's moves are nobody's question
            position = games.position(i)
            expected = slow_planes(position, features)
            wrong = [
                name
                for name, mine, slow in zip(FEATURE_SETS[features], found[i], expected, strict=True)
                if (mine != slow).any()
            ]
            assert not wrong, f"{wrong} in\n{position}"


def test_the_random_positions_have_what_could_go_wrong() -> None:
    """The test above would say little without kos, passes and chains with one or two liberties."""
    seen = np.zeros(len(FEATURE_SETS["full"]))
    for size, plies in ((3, 30), (5, 60), (9, 90)):
        planes = planes_of(random_games(60, size, seed=size, plies=plies), "full")
        seen += (planes != 0).any((0, 2, 3))
    assert (seen > 0).all(), [n for n, s in zip(FEATURE_SETS["full"], seen, strict=True) if not s]


def test_planes_show_stones_legal_points_and_passes_from_the_mover_s_view() -> None:
    diagram = ". X . O .\nX X O O O\n. . . . .\n. . . . .\n. . . . ."
    black = Position.from_diagram(diagram, to_move=BLACK)
    white = black.play("pass")
    stones = {color: black.board == color for color in (BLACK, WHITE)}
    for position, own, other in ((black, BLACK, WHITE), (white, WHITE, BLACK)):
        planes = planes_of(position, "basic")[0]
        assert (planes[0] == stones[own]).all()
        assert (planes[1] == stones[other]).all()
        assert (planes[2].ravel() == position.legal_mask()[:-1]).all()
        assert (planes[3] == 1).all()
        assert (planes[4] == (position is white)).all()
        assert (planes[5] == (position is black)).all()


def test_a_ko_and_atari_are_seen() -> None:
    diagram = ". X O . .\nX O . O .\n. X O . .\n. . . . .\n. . . . ."
    before = Position.from_diagram(diagram, BLACK, NO_SUICIDE)
    after = before.play((1, 2))  # Black takes the ko: White may not take back at once
    planes = dict(zip(FEATURE_SETS["full"], planes_of(after, "full")[0], strict=True))
    barred = planes["points barred by ko or superko"]
    assert barred[1, 1] == 1
    assert barred.sum() == 1
    assert planes["opponent's chains with 1 liberty"][1, 2] == 1
    assert planes["own chains with 1 liberty"][0, 2] == 1
    assert planes["own chains with 3 or more liberties"][1, 3] == 1
    assert planes["last move"][1, 2] == 1


@pytest.mark.parametrize("features", FEATURE_SETS)
def test_planes_turn_with_the_board(features: str) -> None:
    rng = np.random.default_rng(0)
    position = Position(5)
    for _ in range(9):
        position = position.play(int(rng.choice(position.legal_moves()[:-1])))
    for k in range(8):
        turned = Position.from_moves([int(permutation(k, 5)[m]) for m in position.moves], size=5)
        expected = transform_plane(planes_of(position, features), k)
        assert (planes_of(turned, features) == expected).all()


def test_komi_is_that_of_the_side_to_move() -> None:
    for komi in (0.5, 7.0, -3.5, 15.0):
        black = Position(5, TROMP_TAYLOR.replace(komi=komi))
        for position, sign in ((black, -1), (black.play(0), 1)):
            scaled = planes_of(position, "full")[0] * plane_scales("full")
            assert scaled[-1] == pytest.approx(sign * komi / 15)
    names = zip(FEATURE_SETS["full"], plane_scales("full").ravel(), strict=True)
    assert [name for name, scale in names if scale != 1] == ["komi for the side to move"]


def test_a_komi_that_the_planes_cannot_say_is_refused() -> None:
    for komi in (64.0, -64.0):
        games = Games(1, 9, TROMP_TAYLOR.replace(komi=komi))
        with pytest.raises(GoError, match="cannot say a komi"):
            planes_of(games, "full")
        planes_of(games, "basic")  # these say none
    planes_of(Games(1, 9, TROMP_TAYLOR.replace(komi=63.5)), "full")


def test_features_refuse_what_they_cannot_write() -> None:
    games, indices = Games(2, 5), np.arange(2)
    with pytest.raises(GoError, match="features are one of"):
        write_planes(games, indices, "nonsense", np.empty((2, 6, 5, 5), np.int8))
    for shape, dtype in (((2, 6, 9, 9), np.int8), ((2, 6, 5, 5), np.float32)):
        with pytest.raises(GoError, match="planes are int8"):
            write_planes(games, indices, "basic", np.empty(shape, dtype))


def test_only_the_positions_asked_for_are_written_in_their_order() -> None:
    games = random_games(6, 5, seed=3)
    everything, some = planes_of(games, "full"), np.empty((2, 15, 5, 5), np.int8)
    write_planes(games, np.array([4, 1]), "full", some)
    assert (some == everything[[4, 1]]).all()
