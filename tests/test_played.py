"""Stored games and the samples made of them: nothing fits by luck, every target has its reason."""

from __future__ import annotations

import dataclasses
import io
import json

import numpy as np
import pytest

from gokit.go.errors import GoError, IllegalMoveError
from gokit.go.geometry import MOVE_CAP, TWO_PASSES
from gokit.go.position import Position
from gokit.go.rules import BLACK, EMPTY
from gokit.played import CHEAP, FULL, INHERITED, OPPONENT, POLICY, RANDOM, PlayedGames, samples_of
from tests.game_makers import RULES, SIZE, equal, played


def test_games_survive_the_trip_through_bytes() -> None:
    games, _ = played()
    assert equal(PlayedGames.from_bytes(games.to_bytes()), games)


def test_joined_games_are_the_parts_in_order() -> None:
    a, b = played(0)[0], played(1, count=2)[0]
    joined = PlayedGames.join([a, b])
    assert len(joined) == 6
    assert joined.positions == a.positions + b.positions
    assert (joined.moves[a.positions :] == b.moves).all()


def test_every_position_has_one_move_and_no_position_is_left_over() -> None:
    """F-05: lengths, moves and targets that disagree are refused when they are made."""
    games, _ = played()
    fields = {"size": SIZE, "rules": RULES} | {n: getattr(games, n) for n in games._ARRAYS}
    for name in ("moves", "policy", "how", "value"):
        with pytest.raises(GoError, match=name):
            PlayedGames(**{**fields, name: getattr(games, name)[:-1]})
    with pytest.raises(GoError, match="margin exactly where"):
        PlayedGames(**{**fields, "margin": np.zeros_like(games.margin)})
    with pytest.raises(GoError, match="not ended"):
        PlayedGames(**{**fields, "end": np.zeros_like(games.end)})


def test_samples_are_the_positions_of_the_games_with_the_mover_s_view_of_the_end() -> None:
    games, ends = played(seed=3, count=6)
    samples = samples_of(games, "basic")
    assert len(samples) == games.positions
    index = 0
    for game, last in enumerate(ends):
        position = Position(SIZE, RULES)
        for move in last.moves:
            own = position.board == position.to_move
            sign = 1 if position.to_move == BLACK else -1
            assert (samples.planes[index, 0] == own).all()
            assert (samples.planes[index, 2].ravel() == position.legal_mask()[:-1]).all()
            assert samples.policy_weight[index] == games.searched[index]
            if games.end[game] == MOVE_CAP:
                assert samples.result_weight[index] == 0, "a cut-off game is scored"
            else:
                assert samples.result_weight[index] == 1
                margin = last.score().margin + RULES.komi
                assert samples.value[index] == pytest.approx(sign * margin / 9)
                owner = last.score().ownership
                expected = np.where(owner == EMPTY, 0, np.where(owner == position.to_move, 1, -1))
                assert (samples.ownership[index] == expected).all()
            position = position.play(move)
            index += 1
    assert (games.end == MOVE_CAP).any()
    assert (games.end == TWO_PASSES).any()


def test_a_win_is_counted_with_komi_and_a_draw_is_nobody_s() -> None:
    games, ends = played(seed=3, count=6)
    values = samples_of(games, "basic", "win").value
    starts = np.cumsum(games.lengths) - games.lengths
    for game, start in enumerate(starts):
        if games.end[game] == TWO_PASSES:
            assert values[start] == np.sign(ends[game].score().margin)


def test_an_illegal_move_in_a_record_is_not_learnt_from() -> None:
    games, _ = played()
    games.moves[1] = games.moves[0]
    with pytest.raises(IllegalMoveError, match="occupied"):
        samples_of(games, "basic")


def test_pickled_arrays_are_refused(tmp_path) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, header=np.array([{"size": 3}], dtype=object))
    with pytest.raises(GoError, match="not a shard"):
        PlayedGames.from_bytes(path.read_bytes())


def test_some_positions_are_the_same_as_among_all() -> None:
    games, _ = played(seed=2, count=7)
    everything = samples_of(games, "basic")
    chosen = np.sort(np.random.default_rng(0).choice(games.positions, 20, replace=False))
    for some, whole in zip(
        samples_of(games, "basic", chosen=chosen).arrays(), everything.arrays(), strict=True
    ):
        assert (some == whole[chosen]).all()
    assert len(samples_of(games, "basic", chosen=np.zeros(0, np.int64))) == 0


def test_selected_games_are_whole_and_in_order() -> None:
    games, ends = played(seed=4, count=6)
    some = games.select(np.array([1, 2, 5]))
    assert [m.tolist() for m in some.sequences()] == [ends[i].moves for i in (1, 2, 5)]
    assert (some.lengths == games.lengths[[1, 2, 5]]).all()
    assert equal(PlayedGames.join([some, games.select(np.zeros(0, int))]), some)


def test_a_position_is_a_target_by_how_its_move_was_chosen() -> None:
    games, _ = played(seed=3, count=6)
    how = np.where(games.searched, FULL, np.arange(games.positions) % 5 + 1).astype(np.uint8)
    games = dataclasses.replace(games, how=how)
    samples = samples_of(games, "basic", cheap_weight=0.3)
    counted = np.repeat(games.end == TWO_PASSES, games.lengths)
    weights = {FULL: 1, CHEAP: 0.3, POLICY: 1, RANDOM: 1, INHERITED: 0, OPPONENT: 1}
    for kind, weight in weights.items():
        here = how == kind
        assert (here & counted).any()
        assert (samples.policy_weight[here] == (kind == FULL)).all()
        assert samples.result_weight[here & counted] == pytest.approx(weight)
        assert samples.ownership_weight[here & counted] == pytest.approx(weight)
    assert not samples.result_weight[~counted].any()


def test_games_that_fit_no_meaning_are_refused() -> None:
    games, _ = played()
    with pytest.raises(GoError, match="a way that has no name"):
        dataclasses.replace(games, how=np.full_like(games.how, 9))
    with pytest.raises(GoError, match="a policy exactly where"):
        dataclasses.replace(games, how=np.full_like(games.how, CHEAP))
    with pytest.raises(GoError, match="win or margin"):
        samples_of(games, "basic", "score")


def test_shards_from_before_resignation_still_load() -> None:
    games, _ = played()
    arrays = {n: getattr(games, n) for n in games._ARRAYS if n not in ("how", "played_out")}
    buffer = io.BytesIO()
    header = json.dumps({"size": SIZE, "rules": RULES.to_dict()})
    np.savez(buffer, header=header, searched=games.searched, **arrays)
    assert equal(PlayedGames.from_bytes(buffer.getvalue()), games)
