"""Benson's unconditional life: fixtures, a slow reference, and the meaning itself by search."""

import itertools

import numpy as np
import pytest

from gokit.go.errors import GoError
from gokit.go.life import pass_alive
from gokit.go.position import Position
from gokit.go.rules import NO_SUICIDE, TROMP_TAYLOR
from gokit.go.symmetry import transform_plane


def board(text):
    rows = [line.split() for line in text.strip().splitlines()]
    return np.array([[".XO".index(mark) for mark in row] for row in rows], dtype=np.int8)


def check(text, owner, suicide=True):
    """Both texts are boards; in the second, X and O say who owns a point for certain."""
    np.testing.assert_array_equal(pass_alive(board(text), suicide), board(owner), err_msg=text)


NOBODY = "\n".join([". . . . ."] * 5)


def test_two_one_point_eyes_live():
    check(
        """
        . X . X .
        X X X X .
        . . . . .
        . . O . .
        . . . . .
        """,
        """
        X X X X .
        X X X X .
        . . . . .
        . . . . .
        . . . . .
        """,
    )


def test_one_eye_does_not_live():
    check(
        """
        . X . . .
        X X . . .
        . . . . .
        . . . . .
        . . . . .
        """,
        NOBODY,
    )


def test_chains_that_share_their_eyes_in_a_ring_live_together():
    check(
        """
        . X X X .
        X O O O X
        X O . O X
        X O O O X
        . X X X .
        """,
        """
        X X X X X
        X . . . X
        X . . . X
        X . . . X
        X X X X X
        """,
    )
    # The two chains at the top left share two eyes; the third has only one, and may fall.
    check(
        """
        . X X . .
        X . X . .
        X X . X .
        . . X X .
        . . . . .
        """,
        """
        X X X . .
        X X X . .
        X X . . .
        . . . . .
        . . . . .
        """,
    )


def test_a_false_eye_is_no_eye():
    # The right stone of the top row hangs on one liberty: the second eye falls with it.
    check(
        """
        . X . X .
        X X X O .
        . . . O .
        . . . . .
        . . . . .
        """,
        NOBODY,
    )


BIG_EYE_WITH_A_STONE_IN_IT = """
    . X . . . X .
    X X . . . X .
    X X . O . X .
    X X X X X X .
    . . . . . . .
    . . . . . . .
    . . . . . . .
    """


def test_a_big_eye_with_a_stone_inside_is_vital_only_if_every_empty_point_touches_the_chain():
    # D7 and D6 lie in the middle of the eye: White may yet make an eye there.
    assert not pass_alive(board(BIG_EYE_WITH_A_STONE_IN_IT), suicide=False).any()


BIG_EYE_FILLED = """
    . X . O . X .
    X X . O . X .
    X X . O . X .
    X X X X X X .
    . . . . . . .
    . . . . . . .
    . . . . . . .
    """


def test_opposing_stones_in_a_big_eye_matter_where_suicide_is_legal():
    alive = pass_alive(board(BIG_EYE_FILLED), suicide=False)
    assert (alive[:4, :6] == 1).all(), "with no suicide, White can never clear the middle"
    assert alive[0, 3] == 1, "the white stones inside are Black's"
    assert not alive[4:].any()
    assert not pass_alive(board(BIG_EYE_FILLED), suicide=True).any(), (
        "White fills the eye, removes the white stones by suicide, and makes an eye in its middle"
    )


def test_a_position_asks_by_its_own_rules():
    for rules, owned in ((NO_SUICIDE, True), (TROMP_TAYLOR, False)):
        position = Position.from_diagram(BIG_EYE_FILLED, rules=rules)
        assert position.pass_alive().any() == owned


def test_an_opposing_stone_beside_the_chain_does_not_hurt_an_eye():
    check(
        """
        . O X . X
        X X X X X
        . . . . .
        . . . . .
        . . . . .
        """,
        """
        X X X X X
        X X X X X
        . . . . .
        . . . . .
        . . . . .
        """,
    )


def test_both_colours_may_live_on_one_board():
    check(
        """
        . X . X . O .
        X X X X O O O
        . . . X O . O
        . . . X O O O
        . . . . . . .
        . . . . . . .
        . . . . . . .
        """,
        """
        X X X X . O O
        X X X X O O O
        . . . X O O O
        . . . X O O O
        . . . . . . .
        . . . . . . .
        . . . . . . .
        """,
    )


WALLS = """
    . . . X O . . . .
    . . . X O . . . .
    . . . X O . . . .
    . . . X O . . . .
    . . . X O . . . .
    . . . X O . . . .
    . . . X O . . . .
    . . . X O . . . .
    . . . X O . . . .
    """


@pytest.mark.parametrize("suicide", [True, False])
def test_walls_round_large_territories_are_never_called_dead(suicide):
    """A finished board split by two walls: "remove what has under two eyes" takes all 18."""
    walls = board(WALLS)
    owner = pass_alive(walls, suicide)
    assert not ((owner != 0) & (walls != 0) & (owner != walls)).any()


@pytest.mark.parametrize("size", [1, 2, 9, 19])
@pytest.mark.parametrize("fill", [0, 1, 2])
def test_uniform_boards_belong_to_nobody(size, fill):
    assert not pass_alive(np.full((size, size), fill)).any()


@pytest.mark.parametrize(
    "bad", [np.zeros((3, 4)), np.zeros(9), np.full((3, 3), 3), np.zeros((20, 20))]
)
def test_what_is_no_board_is_a_go_error(bad):
    with pytest.raises(GoError):
        pass_alive(bad)


def neighbors(point, size):
    row, column = point
    for r, c in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
        if 0 <= r < size and 0 <= c < size:
            yield r, c


def areas(size, belongs):
    """The connected sets of the points for which `belongs` holds."""
    left = {p for p in itertools.product(range(size), repeat=2) if belongs(p)}
    while left:
        area, frontier = set(), {left.pop()}
        while frontier:
            area |= frontier
            frontier = {n for p in frontier for n in neighbors(p, size) if n in left}
            left -= frontier
        yield frozenset(area)


def slow_pass_alive(stones, suicide):
    """Benson's two rules by sets, straight from the paper's definitions."""
    size = len(stones)
    owner = np.zeros_like(stones)
    for color in (1, 2):
        chains = set(areas(size, lambda p, c=color: stones[p] == c))
        regions = set(areas(size, lambda p, c=color: stones[p] != c))
        regions = {r for r in regions if any(stones[p] == 0 for p in r)}

        def eye_space(region):
            return {p for p in region if suicide or stones[p] == 0}

        def touches(point, chain):
            return any(n in chain for n in neighbors(point, size))

        while True:
            living = {
                c
                for c in chains
                if sum(all(touches(p, c) for p in eye_space(r)) for r in regions) >= 2
            }
            healthy = {
                r
                for r in regions
                if not any(touches(p, c) for p in r for c in (chains - living))
                and not any(
                    stones[n] == color and not any(n in c for c in living)
                    for p in r
                    for n in neighbors(p, size)
                )
            }
            if (living, healthy) == (chains, regions):
                break
            chains, regions = living, healthy
        for chain in chains:
            for point in chain:
                owner[point] = color
        for region in regions:
            if all(any(touches(p, c) for c in chains) for p in eye_space(region)):
                for point in region:
                    owner[point] = color
    return owner


def random_board(rng, size):
    """Half of the boards get the broad solid areas in which life happens."""
    weights = rng.dirichlet([1, 2, 1]) if rng.random() < 0.5 else [0.25, 0.6, 0.15]
    stones = rng.choice(3, size=(size, size), p=weights).astype(np.int8)
    for color in (1, 2):
        for chain in areas(size, lambda p, c=color: stones[p] == c):
            if not any(stones[n] == 0 for p in chain for n in neighbors(p, size)):
                stones[next(iter(chain))] = 0
    return stones


@pytest.mark.parametrize("suicide", [True, False])
def test_equals_the_slow_reference_on_random_boards(suicide):
    rng = np.random.default_rng(1976)
    owned = 0
    for _ in range(400):
        stones = random_board(rng, int(rng.integers(2, 10)))
        fast = pass_alive(stones, suicide)
        np.testing.assert_array_equal(fast, slow_pass_alive(stones, suicide), err_msg=str(stones))
        owned += bool(fast.any())
    assert owned > 40, "too few boards with life for the comparison to mean much"


def boards_by_one_colour_alone(stones, color, suicide):
    """Every board that `color` can reach while the other side passes, with captures made."""
    size = len(stones)
    seen, frontier = {stones.tobytes()}, [stones]
    while frontier:
        current = frontier.pop()
        yield current
        for point in itertools.product(range(size), repeat=2):
            if current[point] != 0:
                continue
            after = current.copy()
            after[point] = color
            for side in (3 - color, color):
                for chain in list(areas(size, lambda p, s=side, a=after: a[p] == s)):
                    if not any(after[n] == 0 for p in chain for n in neighbors(p, size)):
                        for stone in chain:
                            after[stone] = 0
            is_suicide = after[point] == 0
            if (is_suicide and not suicide) or after.tobytes() in seen:
                continue
            seen.add(after.tobytes())
            frontier.append(after)


@pytest.mark.parametrize("suicide", [True, False])
def test_alive_means_that_no_sequence_of_opposing_moves_captures(suicide):
    """Exhaustive on 3×3 to 4×4: the stones called alive are exactly those nothing captures."""
    rng = np.random.default_rng(7)
    tried = alive_stones = 0
    while tried < 200:
        stones = random_board(rng, int(rng.integers(3, 5)))
        if (stones == 1).sum() < 6:
            continue
        tried += 1
        survives = stones == 1
        for reached in boards_by_one_colour_alone(stones, 2, suicide):
            survives &= reached == 1
            if not survives.any():
                break
        # A chain is alive as a whole or not at all.
        alive = (pass_alive(stones, suicide) == 1) & (stones == 1)
        np.testing.assert_array_equal(alive, survives, err_msg=f"{stones} suicide={suicide}")
        alive_stones += int(alive.sum())
    assert alive_stones > 200, "too few living stones for the search to mean much"


def test_follows_the_board_under_symmetry_and_swapped_colours():
    rng = np.random.default_rng(3)
    for _ in range(50):
        stones = random_board(rng, 7)
        owner = pass_alive(stones)
        swap = np.array([0, 2, 1], dtype=np.int8)
        np.testing.assert_array_equal(pass_alive(swap[stones]), swap[owner])
        for k in range(8):
            turned = pass_alive(transform_plane(stones, k))
            np.testing.assert_array_equal(turned, transform_plane(owner, k))
