"""What a run can do otherwise: each option changes what it says, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from gokit.go.errors import GoError, RulesMismatchError
from gokit.go.games import Games
from gokit.go.geometry import TWO_PASSES
from gokit.go.position import Position
from gokit.go.rules import BLACK, EMPTY, Rules
from gokit.nn.checkpoint import load_checkpoint, save_checkpoint
from gokit.nn.networks import Network
from gokit.played import FULL, INHERITED, RANDOM, PlayedGames, samples_of
from gokit.runs import read_metrics
from gokit.search.evaluators import UniformEvaluator
from gokit.search.mcts import Search, SearchConfig
from gokit.sprt import Sprt
from gokit.train import Run, TrainConfig, dashboard, promotion
from gokit.train.alarms import alarms, begun
from gokit.train.figures import text
from gokit.train.holdout import HoldOut, held_out
from gokit.train.learning import sharpen, to_batch
from gokit.train.variants import EyeKeeper, learn_from_results, random_games, relabel
from tests.game_makers import played
from tests.test_train import tiny, train

RNG = np.random.default_rng


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


# Targets


def test_targets_are_as_soft_as_asked() -> None:
    policy = torch.tensor([[0.6, 0.3, 0.1], [0.0, 0.0, 0.0], [0.25, 0.25, 0.5]])
    assert sharpen(policy, 1.0) is policy
    assert sharpen(policy, 0).tolist() == [[1, 0, 0], [0, 0, 0], [0, 0, 1]]
    half = sharpen(policy, 0.5)
    assert half[0].tolist() == pytest.approx((np.array([36, 9, 1]) / 46).tolist())
    assert half[1].tolist() == [0, 0, 0], "a position without a target got one"
    extreme = sharpen(torch.tensor([[1e-4, 1.0]]), 0.01)
    assert extreme.isfinite().all()


def test_a_run_learns_the_targets_that_it_is_asked_for(tmp_path: Path) -> None:
    samples = samples_of(played(3)[0], "basic")
    hard = to_batch(samples, tiny(target_temperature=0), torch.device("cpu")).policy
    soft = to_batch(samples, tiny(), torch.device("cpu")).policy
    searched = samples.policy_weight > 0
    assert set(hard[torch.from_numpy(searched)].flatten().tolist()) == {0.0, 1.0}
    assert (hard.argmax(1) == soft.argmax(1))[torch.from_numpy(searched)].all()
    metrics = [train(tmp_path / str(t), target_temperature=t) for t in (0.0, 1.0)]
    entropies = [read_metrics(run.folder)[0]["policy_entropy"] for run in metrics]
    assert entropies[0] == 0 < entropies[1]


def test_the_score_is_what_is_owned(tmp_path: Path) -> None:
    games = played(3, 6)[0]
    samples = samples_of(games, "basic")
    batch = to_batch(samples, tiny(score=True), torch.device("cpu"))
    counted = samples.ownership_weight > 0
    assert batch.score.numpy()[counted] == pytest.approx(samples.value[counted])
    run = train(tmp_path, score=True, iterations=1)
    assert read_metrics(run.folder)[0]["loss_score"] > 0


# Without search, and from results alone


def test_without_search_the_winner_s_moves_are_what_is_learnt(tmp_path: Path) -> None:
    run = train(tmp_path, searching=False)
    games = PlayedGames.join(run.store.newest(10**9))
    assert not games.searched.any()
    chosen = np.arange(games.positions)
    samples = learn_from_results(samples_of(games, "basic"), games, chosen)
    game = np.repeat(np.arange(len(games)), games.lengths)
    for i in chosen:
        mover = BLACK if games.plies[i] % 2 == 0 else 3 - BLACK
        won = games.winner[game[i]] == mover and games.how[i] != RANDOM
        assert samples.policy_weight[i] == won
        assert samples.policy[i].argmax() == games.moves[i]
    assert 0 < samples.policy_weight.mean() < 1
    assert read_metrics(tmp_path)[-1]["loss_policy"] > 0
    with pytest.raises(GoError, match="relabel"):
        tiny(searching=False, relabel=0.5)


# Random games first


@pytest.fixture(scope="module")
def at_random() -> PlayedGames:
    return random_games(60, 5, Rules(), RNG(1))


def test_random_games_are_played_to_the_end_and_fill_no_eyes(at_random: PlayedGames) -> None:
    assert len(at_random) == 60
    assert (at_random.end == TWO_PASSES).mean() > 0.95
    assert not at_random.searched.any()
    for moves in at_random.sequences()[:10]:
        position = Position(5)
        for move in moves.tolist():
            if move < 25:
                around = [position.board.flat[q] for q in position.neighbors(move)]
                filled = all(stone == position.to_move for stone in around)
                # What looks like an eye is none where its corners are lost.
                if filled and position.board.size:
                    row, column = divmod(move, 5)
                    corners = [
                        position.board[r, c]
                        for r in (row - 1, row + 1)
                        for c in (column - 1, column + 1)
                        if 0 <= r < 5 and 0 <= c < 5
                    ]
                    lost = sum(stone not in (EMPTY, position.to_move) for stone in corners)
                    assert lost > (len(corners) == 4), "an eye was filled"
            position = position.play(move)


def test_only_an_eye_that_cannot_be_taken_is_kept() -> None:
    """One corner may be lost in the middle of the board, none at its edge."""
    rows = {
        ". X X . .\nX X . X .\nO . X . .\n. . . . .\n. . . . .": {0: True, 7: True},
        ". X . . .\nX O . . .\nX O . . .\n. . . . .\n. . . . .": {0: False},
        ". . . . .\n. O X . .\n. X . X .\n. . X . .\n. . . . .": {12: True},
        ". . . . .\n. O X . .\n. X . X .\n. . X O .\n. . . . .": {12: False},
    }
    for diagram, points in rows.items():
        position = Position.from_diagram(diagram, to_move=BLACK)
        logits, _ = EyeKeeper().evaluate(Games.from_positions([position]), np.array([0]))
        for point, is_eye in points.items():
            assert (logits[0, point] < logits[0, 25]) == is_eye, (diagram, point)
        assert (logits[0] < 0).sum() == 1 + sum(points.values())


def test_random_games_teach_the_value_before_the_first_search(tmp_path: Path) -> None:
    run = train(tmp_path, random_games=30, iterations=1)
    lines = read_metrics(tmp_path)
    assert [line["iteration"] for line in lines] == [0, 1]
    assert lines[0]["games"] == 30
    assert lines[0]["loss_policy"] == 0
    assert lines[0]["loss_value"] > 0
    assert "simulations_per_s" not in lines[0]
    assert run.progress.games == 30 + lines[1]["games"]
    again = Run.resume(tmp_path, "cpu", iterations=2)
    assert [m["iteration"] for m in again.train()] == [2], "the random games were played again"


# Old positions, searched again


def test_relabelled_positions_get_what_the_search_finds_now() -> None:
    games, _ = played(0, 5)
    search = Search(UniformEvaluator(), SearchConfig(16, "gumbel", gumbel_scale=0.0))
    some = relabel(games, search, RNG(0), 7, no_pass_plies=0)
    changed = (some.policy != games.policy).any(1)
    assert 0 < changed.sum() <= 7
    assert (games.how[changed] == FULL).all()
    every = relabel(games, search, RNG(0), 10**6, no_pass_plies=0)
    number = 0
    for moves in games.sequences():
        position = Position(games.size, games.rules)
        for move in moves.tolist():
            if games.how[number] == FULL:
                expected = search.run(Games.from_positions([position]), RNG(0)).policy[0]
                assert every.policy[number] == pytest.approx(expected, abs=2e-3)
            position = position.play(move)
            number += 1
    assert (every.moves == games.moves).all()


def test_a_run_searches_its_old_positions_again(tmp_path: Path) -> None:
    run = Run.create(tmp_path, tiny(relabel=1.0, holdout=0.0, simulations=8), "cpu")
    steps = run.train()
    assert next(steps)["relabelled"] == 0
    before = run.window._records.copy()
    held = np.arange(run.window._next - len(run.window), run.window._next) % len(before)
    metrics = next(steps)
    assert metrics["relabelled"] > 10
    changed = (before["policy"] != run.window._records["policy"]).any(1)[held]
    assert changed.sum() > 10
    assert (before["bits"] == run.window._records["bits"]).all(1)[held][changed].all()


# Beginning with another network


def given(folder: Path, **card) -> Path:
    config = tiny(**card)
    save_checkpoint(folder / "given.safetensors", Network(config.network), config.card())
    return folder / "given.safetensors"


def test_a_run_begins_with_a_network_that_knows_who_wins(tmp_path: Path) -> None:
    path = given(tmp_path, value="win", komi=2.0, suicide=False, value_head="outcomes")
    config = TrainConfig.starting_from(str(path), {"size": 3, "iterations": 1, "positions": 60})
    assert (config.value, config.komi, config.suicide) == ("win", 2.0, False)
    assert config.network.value_head == "outcomes"
    run = Run.create(tmp_path / "run", config, "cpu")
    network, _ = load_checkpoint(path)
    assert all(
        (a == b).all()
        for a, b in zip(network.parameters(), run.trainer.network.parameters(), strict=True)
    )
    next(run.train())
    _, card = load_checkpoint(run.checkpoint("x"))
    assert (card.value, card.rules.komi) == ("win", 2.0)
    samples = run.samples(run.store.newest(1)[0], np.arange(20))
    assert set(samples.value.tolist()) <= {-1.0, 0.0, 1.0}


def test_a_network_that_means_something_else_is_refused(tmp_path: Path) -> None:
    path = str(given(tmp_path, value="win"))
    with pytest.raises(GoError, match='say value "win"'):
        Run(tmp_path / "a", tiny(start_from=path), "cpu")
    with pytest.raises(RulesMismatchError, match="komi"):
        Run(tmp_path / "b", tiny(start_from=path, value="win", komi=0.5), "cpu")
    with pytest.raises(GoError, match="another shape"):
        Run(tmp_path / "c", tiny(start_from=path, value="win", value_hidden=8), "cpu")


# Hold-out


def test_a_game_is_held_out_whichever_way_the_board_is_turned() -> None:
    games, _ = played(1, 40)
    apart = held_out(games, 0.3)
    assert 0 < apart.sum() < 40
    turn = np.array([6, 3, 0, 7, 4, 1, 8, 5, 2, 9])
    turned = PlayedGames(
        games.size, games.rules,
        **{n: getattr(games, n) for n in games._ARRAYS if n != "moves"},
        moves=turn[games.moves].astype(np.int16),
    )  # fmt: skip
    assert (held_out(turned, 0.3) == apart).all()
    assert (held_out(games, 0.6) >= apart).all()
    assert not held_out(games, 0.0).any()


def test_no_position_of_a_game_held_out_is_ever_in_the_window(tmp_path: Path) -> None:
    run = train(tmp_path, holdout=0.4, window=10_000)
    games = PlayedGames.join(run.store.newest(10**9))
    apart = held_out(games, 0.4)
    learnt = games.select(np.flatnonzero(~apart))
    assert 0 < apart.sum() < len(games)
    assert len(run.window) == (learnt.how != INHERITED).sum()
    assert len(Run.resume(tmp_path, "cpu").window) == len(run.window)
    expected = samples_of(learnt, "basic")
    stored = run.window.unpack(run.window.draw(RNG(0), len(run.window))[0])

    def rows(samples):
        return sorted(
            p.tobytes() + v.tobytes() for p, v in zip(samples.planes, samples.policy, strict=True)
        )

    assert rows(stored) == rows(expected)


def test_the_hold_out_is_measured_by_head_and_phase(tmp_path: Path) -> None:
    run = train(tmp_path, holdout=0.4, measured=50)
    holdout = read_metrics(tmp_path)[-1]["holdout"]
    assert holdout["n"] == 50
    assert sum(row["n"] for row in holdout["phases"]) == 50
    for name in ("policy_cross_entropy", "value_error", "ownership_error", "loss_value"):
        assert holdout[name] > 0, name
    assert 0 <= holdout["top1"]["rate"] <= 1
    assert holdout["majority"]["rate"] >= 0.5
    assert HoldOut(run.config).measure(run.trainer.average) is None
    json.loads(json.dumps(holdout, allow_nan=False))


# Window


def test_the_window_grows_with_the_run_up_to_its_cap() -> None:
    config = tiny(window=1000, window_least=100, window_share=0.5)
    assert [config.window_limit(n) for n in (0, 150, 400, 1900, 10_000)] == [
        100,
        100,
        200,
        950,
        1000,
    ]


def test_the_share_drawn_from_is_that_of_the_positions_played(tmp_path: Path) -> None:
    run = train(tmp_path, window_share=0.5, window_least=10, holdout=0.0)
    assert len(run.window) == round(run.progress.positions / 2)
    assert len(Run.resume(tmp_path, "cpu").window) == len(run.window)


# Promotion


@pytest.mark.parametrize("outcome", ["accept", "reject", "undecided"])
def test_only_a_candidate_found_stronger_plays(tmp_path, monkeypatch, outcome: str) -> None:
    seen = []

    def played_out(candidate, best, *_, **__):
        seen.append((candidate, best))
        return promotion.SprtResult(outcome, Sprt(), promotion_match())

    monkeypatch.setattr("gokit.train.loop.challenge", played_out)
    run = Run.create(tmp_path, tiny(promotion="sprt", promotion_every=2, iterations=2), "cpu")
    first = [t.clone() for t in run.playing.state_dict().values()]
    lines = list(run.train())
    assert "promotion" not in lines[0]
    assert lines[1]["promotion"]["outcome"] == outcome
    assert len(seen) == 1
    same = all(
        (a == b).all() for a, b in zip(first, run.playing.state_dict().values(), strict=True)
    )
    assert same == (outcome != "accept")
    now = list(run.trainer.average.state_dict().values())
    promoted = all(
        (a == b).all() for a, b in zip(now, run.playing.state_dict().values(), strict=True)
    )
    assert promoted == (outcome == "accept")
    resumed = Run.resume(tmp_path, "cpu")
    assert resumed.progress.promotions == (outcome == "accept")
    for a, b in zip(
        resumed.playing.state_dict().values(), run.playing.state_dict().values(), strict=True
    ):
        assert (a == b).all()


def promotion_match():
    from gokit.arena import MatchResult

    return MatchResult("a", "b", 3, Rules(), [])


def test_the_match_is_a_sequential_test_of_distinct_pairs(tmp_path: Path) -> None:
    config = tiny(promotion="sprt", promotion_every=1, promotion_games=20, iterations=1)
    run = Run.create(tmp_path, config, "cpu")
    found = next(run.train())["promotion"]
    assert found["outcome"] in ("accept", "reject", "undecided")
    assert 0 < found["games"] <= 20
    assert found["distinct_ratio"] > 0.5
    network, _ = load_checkpoint(run.checkpoint("x"))
    assert (
        (network.state_dict()["stem.weight"] == run.best.network.state_dict()["stem.weight"]).all()
        if "stem.weight" in network.state_dict()
        else True
    )


# Resignation, opponents


def test_a_fixed_opponent_is_played_and_its_moves_are_no_targets(tmp_path: Path) -> None:
    run = train(tmp_path, opponent="random", opponent_rate=1.0)
    metrics = read_metrics(tmp_path)[-1]
    assert metrics["opponent_games"] == metrics["games"]
    assert run.progress.games > 0


def test_the_threshold_of_resignation_follows_the_games_played_out(tmp_path, monkeypatch) -> None:
    asked = []

    def calibrated(games, turns, from_ply):
        asked.append(sum(len(part) for part in games))
        return None

    monkeypatch.setattr("gokit.train.loop.calibrate", calibrated)
    train(tmp_path, calibrate_resign=True)
    assert asked == sorted(asked)
    assert asked[0] > 0


# Alarms


QUIET = {
    "iteration": 9, "size": 9, "games": 100, "positions": 5000, "game_length": 50.0, "cut_off": 0,
    "draws": 0.0, "black_wins": 0.5, "early_passes": 0.0, "distinct_games": 1.0,
    "distinct_openings": 1.0, "captures": 5.0, "search_agrees": 0.6, "damaged_shards": 0,
    "loss_value": 0.2, "loss_policy": 2.0, "resign_mistakes": None,
    "holdout": {
        "n": 500, "loss_value": 0.25,
        "value_sign": {"rate": 0.8, "low": 0.76, "high": 0.83, "n": 500},
        "majority": {"rate": 0.6, "n": 500, "low": 0.5, "high": 0.7},
    },
}  # fmt: skip


def test_a_healthy_run_is_quiet() -> None:
    assert alarms(QUIET) == []


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"early_passes": 0.02}, "pass"),
        ({"distinct_games": 0.5}, "distinct"),
        ({"distinct_openings": 0.1}, "openings"),
        ({"cut_off": 30}, "cut off"),
        ({"resign_mistakes": 0.2, "resign_checked": 50}, "resign"),
        ({"search_agrees": 0.999}, "nothing more"),
        ({"damaged_shards": 1}, "damaged"),
        ({"loss_policy": float("nan")}, "no longer a number"),
        ({"loss_value": 0.01}, "held out"),
        ({"holdout": {**QUIET["holdout"], "majority": {"rate": 0.9}}}, "favourite"),
    ],
)
def test_what_must_not_be_is_said_in_a_sentence(change: dict, word: str) -> None:
    (sentence,) = alarms({**QUIET, **change})
    assert word in sentence
    assert sentence.endswith(".")


def test_an_alarm_is_said_when_it_begins_and_not_again_until_it_has_ended() -> None:
    new, active = begun(["2.0% are passes.", "x."], [])
    assert new == ["2.0% are passes.", "x."]
    new, active = begun(["3.5% are passes."], active)
    assert new == []
    new, active = begun(["1.0% are passes.", "x."], active)
    assert new == ["x."]


def test_alarms_are_stored_once_and_a_resumed_run_remembers_them(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("gokit.train.loop.alarms", lambda metrics: ["Fire in 3 games."])
    train(tmp_path, iterations=2)
    Run.resume(tmp_path, "cpu", iterations=3)
    list(Run.resume(tmp_path, "cpu", iterations=3).train())
    assert [line["alarms"] for line in read_metrics(tmp_path)] == [["Fire in 3 games."], [], []]


# Pictures and words


def test_the_dashboard_shows_what_was_measured(tmp_path: Path) -> None:
    with pytest.raises(GoError, match="no metrics"):
        dashboard(tmp_path)
    run = train(tmp_path, holdout=0.3)
    lines = read_metrics(tmp_path)
    lines[1]["promotion"] = {"outcome": "accept", "score": 0.6, "pairs": 20}
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    figure = dashboard(tmp_path)
    titles = [ax.get_title() for ax in figure.axes]
    assert len(titles) == 8
    losses = {line.get_label(): line for line in figure.axes[0].lines}
    assert losses["value"].get_ydata()[0] == lines[0]["loss_value"]
    lengths = figure.axes[3].lines[0].get_ydata()
    assert list(lengths[:3]) == [line["game_length"] for line in lines]
    assert any(
        line.get_linestyle() == "--" and len(set(line.get_xdata())) == 1
        for line in figure.axes[3].lines
    ), "no promotion"
    assert dashboard(tmp_path, figure) is figure
    assert len(figure.axes) == 8
    shown = "\n".join(text(lines[1], run.budget))
    for part in (
        "iteration 2",
        "3 iterations",
        f"{lines[1]['loss_policy']:.2f}",
        "held out",
        "60%",
    ):
        assert part in shown
