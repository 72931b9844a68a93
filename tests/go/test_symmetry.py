"""The eight symmetries: a group, and one that acts alike on boards, indices and policies."""

import itertools

import numpy as np
import pytest

from gokit.go.errors import GoError
from gokit.go.symmetry import compose, inverse, permutation, transform_index, transform_plane


def plane(size=5):
    return np.arange(size * size).reshape(size, size)


def test_the_eight_are_all_different():
    assert len({transform_plane(plane(), k).tobytes() for k in range(8)}) == 8


def test_symmetry_zero_leaves_everything_alone():
    np.testing.assert_array_equal(transform_plane(plane(), 0), plane())
    np.testing.assert_array_equal(permutation(0, 5), np.arange(26))


def test_one_is_a_quarter_turn_anticlockwise_and_four_a_mirror():
    size = 9
    assert transform_index(0, 1, size) == 72  # top left goes to bottom left
    assert transform_index(0, 4, size) == 8  # top left goes to top right


@pytest.mark.parametrize("size", [1, 2, 3, 9, 19])
@pytest.mark.parametrize("k", range(8))
def test_indices_follow_the_plane(k, size):
    turned = transform_plane(plane(size), k).ravel()
    for old in range(size * size):
        assert turned[transform_index(old, k, size)] == old
    assert transform_index(size * size, k, size) == size * size


@pytest.mark.parametrize("k", range(8))
def test_neighbours_stay_neighbours(k):
    size = 7
    for point in range(size * size - 1):
        row, column = divmod(point, size)
        if column == size - 1:
            continue
        a, b = (divmod(transform_index(p, k, size), size) for p in (point, point + 1))
        assert abs(a[0] - b[0]) + abs(a[1] - b[1]) == 1, (row, column)


@pytest.mark.parametrize(("a", "b"), list(itertools.product(range(8), repeat=2)))
def test_compose_is_first_then_second(a, b):
    both = transform_plane(transform_plane(plane(), a), b)
    np.testing.assert_array_equal(both, transform_plane(plane(), compose(a, b)))


@pytest.mark.parametrize("k", range(8))
def test_inverse_undoes(k):
    np.testing.assert_array_equal(transform_plane(transform_plane(plane(), k), inverse(k)), plane())


def test_leading_axes_are_batches_and_the_result_is_contiguous():
    batch = np.random.default_rng(0).integers(0, 3, (4, 2, 6, 6))
    for k in range(8):
        turned = transform_plane(batch, k)
        assert turned.flags.c_contiguous
        assert not np.shares_memory(turned, batch)
        np.testing.assert_array_equal(turned[3, 1], transform_plane(batch[3, 1], k))


@pytest.mark.parametrize("k", [-1, 8])
def test_there_is_no_ninth_symmetry(k):
    for call in (lambda: transform_plane(plane(), k), lambda: inverse(k), lambda: compose(0, k)):
        with pytest.raises(GoError, match="from 0 to 7"):
            call()


def test_indices_off_the_board_are_go_errors():
    for index in (-1, 26):
        with pytest.raises(GoError):
            transform_index(index, 1, 5)


def test_the_shared_permutation_cannot_be_written():
    with pytest.raises(ValueError, match="read-only"):
        permutation(3, 9)[0] = 1
