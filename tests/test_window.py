"""The window: what was played comes back, turned as asked, the newest and only those."""

from __future__ import annotations

import numpy as np
import pytest

from gokit.go import symmetry
from gokit.go.errors import GoError
from gokit.go.rules import Rules
from gokit.nn.features import FEATURE_SETS
from gokit.played import Samples, samples_of
from gokit.search.evaluators import UniformEvaluator
from gokit.selfplay import SelfPlay, SelfPlayConfig
from gokit.window import ReplayWindow
from tests.game_makers import played

RNG = np.random.default_rng


def some_samples(first: int, count: int) -> Samples:
    number = np.arange(first, first + count, dtype=np.float32)
    return Samples(
        planes=np.zeros((count, 6, 3, 3), np.int8),
        policy=np.zeros((count, 10), np.float16),
        value=number,
        ownership=np.zeros((count, 3, 3), np.int8),
        policy_weight=np.ones(count, np.float32),
        result_weight=np.ones(count, np.float32),
        ownership_weight=np.ones(count, np.float32),
    )


def held(window: ReplayWindow) -> list[float]:
    return sorted(window.unpack(window.draw(RNG(0), len(window))[0]).value.tolist())


@pytest.mark.parametrize("pieces", [[4, 4, 4, 4], [3, 7, 1, 5], [25], [9, 1, 13]])
def test_the_window_holds_the_newest_positions_and_only_those(tmp_path, pieces) -> None:
    window, total = ReplayWindow(tmp_path / "w", 10), 0
    for piece in pieces:
        window.add(some_samples(total, piece))
        total += piece
        assert held(window) == list(range(max(0, total - 10), total))


@pytest.mark.parametrize("pieces", [[4, 3], [4, 4, 4], [25], [10]])
def test_a_window_filled_from_the_newest_on_is_the_one_filled_in_order(tmp_path, pieces) -> None:
    window, start = ReplayWindow(tmp_path / "w", 10), 100
    for piece in pieces:
        start -= piece
        window.add_before(some_samples(start, piece))
    assert held(window) == list(range(max(start, 90), 100))
    window.add(some_samples(100, 6))
    assert held(window) == list(range(max(start, 106 - 10), 106))


def test_a_window_grows_without_forgetting_what_it_may_draw_from_later(tmp_path) -> None:
    window = ReplayWindow(tmp_path / "w", 100)
    window.limit = 10
    window.add(some_samples(0, 30))
    assert held(window) == list(range(20, 30))
    window.limit = 25
    assert held(window) == list(range(5, 30))


def test_drawing_is_random_and_repeats_only_when_it_must(tmp_path) -> None:
    window = ReplayWindow(tmp_path / "w", 100)
    with pytest.raises(GoError, match="empty"):
        window.draw(RNG(0), 1)
    window.add(some_samples(0, 50))

    def drawn(seed: int, count: int) -> list[float]:
        return window.unpack(window.draw(RNG(seed), count)[0]).value.tolist()

    assert len(set(drawn(0, 50))) == 50
    assert len(drawn(0, 120)) == 120
    assert drawn(1, 20) == drawn(1, 20) != drawn(2, 20)


def test_the_age_is_how_many_positions_have_been_added_since(tmp_path) -> None:
    window = ReplayWindow(tmp_path / "w", 100)
    window.add(some_samples(0, 40))
    assert window.draw(RNG(0), 40)[1] == pytest.approx(19.5)
    window.limit = 1
    assert window.draw(RNG(0), 1)[1] == 0


def test_targets_can_be_replaced_while_their_positions_are_there(tmp_path) -> None:
    window = ReplayWindow(tmp_path / "w", 10)
    first = window.add(some_samples(0, 6))
    window.replace(first, some_samples(50, 6))
    assert held(window) == list(range(50, 56))
    window.add(some_samples(6, 8))
    window.replace(first, some_samples(80, 6))  # 50 to 53 are gone: nothing else is overwritten
    assert held(window) == [6, 7, 8, 9, 10, 11, 12, 13, 84, 85]
    assert window.holds(first[-1])
    assert not window.holds(first[0])


def games_of(rules: Rules, size: int = 4):
    config = SelfPlayConfig(games=8, max_moves=40, no_pass_plies=3)
    players = SelfPlay(UniformEvaluator(), None, config, RNG(5), size=size, rules=rules)
    return players.play(12)[0]


@pytest.mark.parametrize("features", FEATURE_SETS)
def test_every_position_comes_back_as_it_was_put_in(tmp_path, features: str) -> None:
    samples = samples_of(games_of(Rules(komi=6.5)), features)
    window = ReplayWindow(tmp_path / "w", len(samples), features)
    window.add(samples)
    back = window.unpack(window._records[:])
    for name, array in vars(samples).items():
        assert (getattr(back, name) == array).all(), name
        assert getattr(back, name).dtype == array.dtype, name
    assert window.bytes_per_position < samples.planes[0].nbytes + samples.policy[0].nbytes + 32


def test_each_position_is_turned_by_its_own_symmetry(tmp_path) -> None:
    games, _ = played(seed=3, count=6)
    samples = samples_of(games, "basic")
    window = ReplayWindow(tmp_path / "w", len(samples))
    window.add(samples)
    turns = np.arange(len(samples)) % 8
    turned = window.unpack(window._records[:], turns)
    for i, k in enumerate(turns):
        assert (turned.planes[i] == symmetry.transform_plane(samples.planes[i], k)).all()
        assert (turned.ownership[i] == symmetry.transform_plane(samples.ownership[i], k)).all()
        assert (turned.policy[i][symmetry.permutation(k, 3)] == samples.policy[i]).all()
    assert (turned.value == samples.value).all()


def test_two_windows_of_one_name_do_not_write_into_each_other(tmp_path) -> None:
    first, second = ReplayWindow(tmp_path / "w", 10), ReplayWindow(tmp_path / "w", 10)
    first.add(some_samples(0, 5))
    second.add(some_samples(100, 5))
    assert held(first) == [0, 1, 2, 3, 4]


def test_what_makes_no_sense_is_refused(tmp_path) -> None:
    with pytest.raises(GoError, match="at least one"):
        ReplayWindow(tmp_path / "w", 0)
    with pytest.raises(GoError, match="no room"):
        ReplayWindow(tmp_path / "w", 2**50).add(some_samples(0, 1))
