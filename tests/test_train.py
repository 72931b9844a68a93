"""Training runs: they learn, they resume after any kill, and they refuse what makes no sense."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from gokit.__main__ import main
from gokit.go.errors import GoError
from gokit.go.games import Games
from gokit.nn.checkpoint import load_checkpoint, load_evaluator
from gokit.nn.inference import NetworkEvaluator
from gokit.replay import ShardStore
from gokit.runs import doubling_minutes, read_metrics
from gokit.train import Run, TrainConfig

TINY = {
    "size": 3,
    "iterations": 3,
    "blocks": 1,
    "channels": 4,
    "games": 8,
    "simulations": 4,
    "positions": 60,
    "window": 400,
    "batch_size": 32,
    "passes": 1.0,
    "match_games": 4,
    "match_simulations": 2,
}


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def tiny(**options) -> TrainConfig:
    return TrainConfig.from_dict({**TINY, **options})


def weights(run: Run) -> torch.Tensor:
    return torch.cat([t.flatten().float() for t in run.trainer.average.state_dict().values()])


def train(folder: Path, **options) -> Run:
    run = Run.create(folder, tiny(**options), "cpu")
    list(run.train())
    return run


def test_a_run_is_a_folder_with_everything_in_it(tmp_path: Path) -> None:
    run = train(tmp_path)
    assert TrainConfig.from_dict(json.loads((tmp_path / "config.json").read_text())) == run.config
    metrics = read_metrics(tmp_path)
    assert [line["iteration"] for line in metrics] == [1, 2, 3]
    wanted = {
        *("loss_total", "loss_policy", "loss_value", "loss_ownership", "learning_rate"),
        *("games", "positions", "game_length", "cut_off", "draws", "early_passes"),
        *("distinct_openings", "policy_entropy", "policy_kl", "search_agrees"),
        *("seconds", "simulations_per_s", "network_share", "damaged_shards"),
        *("captures", "distinct_games", "resign_mistakes", "argmax_gap", "holdout", "alarms"),
    }
    assert not wanted - set(metrics[0])
    assert 0 < metrics[-1]["buffer_age"] < metrics[-1]["total_positions"]
    shards = ShardStore(tmp_path / "shards")
    assert sum(g.positions for g in shards.newest(10**9)) == metrics[-1]["total_positions"]
    assert run.fraction == 1


def test_a_run_of_seconds_finds_out_how_3x3_is_opened(tmp_path: Path) -> None:
    """The solved game: only the centre wins, by the whole board."""
    options = {"positions": 300, "passes": 4.0, "channels": 16, "games": 32, "simulations": 8}
    run = train(tmp_path, iterations=20, window=4000, **options)
    evaluator = NetworkEvaluator(run.trainer.average)
    logits, values = evaluator.evaluate(Games(1, 3), np.arange(1))
    policy = np.exp(logits[0]) / np.exp(logits[0]).sum()
    assert policy[4] > 0.5, policy.round(2)
    assert values[0] > 0.3
    first, *_, last = read_metrics(tmp_path)
    for loss in ("loss_value", "loss_ownership"):
        assert last[loss] < 0.75 * first[loss], loss


def test_the_same_seed_gives_the_same_run_and_another_seed_another(tmp_path: Path) -> None:
    first, again, other = (
        train(tmp_path / name, seed=seed) for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert (weights(first) == weights(again)).all()
    assert (weights(first) != weights(other)).any()
    games = [run.store.newest(10**9)[0].moves for run in (first, again, other)]
    assert games[0].tobytes() == games[1].tobytes() != games[2].tobytes()


def test_a_resumed_run_goes_on_with_weights_optimiser_window_and_random_numbers(
    tmp_path: Path,
) -> None:
    run = Run.create(tmp_path, tiny(), "cpu")
    steps = run.train()
    next(steps)
    next(steps)
    resumed = Run.resume(tmp_path, "cpu")
    assert resumed.progress == run.progress
    assert (weights(resumed) == weights(run)).all()
    for name, tensor in run.trainer.state_tensors().items():
        assert (resumed.trainer.state_tensors()[name] == tensor).all(), name
    assert len(resumed.window) == len(run.window)
    assert resumed.rng.bit_generator.state == run.rng.bit_generator.state
    list(resumed.train())
    assert [m["iteration"] for m in read_metrics(tmp_path)] == [1, 2, 3]


def test_a_torn_state_is_skipped_for_the_one_before(tmp_path: Path) -> None:
    run = train(tmp_path)
    newest = run.files.states()[-1]
    newest.write_bytes(newest.read_bytes()[:-10])
    with pytest.warns(UserWarning, match="state skipped"):
        resumed = Run.resume(tmp_path, "cpu")
    assert resumed.progress.iteration == 2
    assert [m["iteration"] for m in read_metrics(tmp_path)] == [1, 2]
    list(resumed.train())
    assert [m["iteration"] for m in read_metrics(tmp_path)] == [1, 2, 3]


def test_a_run_killed_before_its_first_state_starts_again_with_its_games(tmp_path: Path) -> None:
    run = train(tmp_path, iterations=1)
    for state in (tmp_path / "states").iterdir():
        state.unlink()
    resumed = Run.resume(tmp_path, "cpu")
    assert resumed.progress.iteration == 0
    assert len(resumed.window) == len(run.window)


class Killed(Exception):
    """In the place of kill -9: nothing of the run tidies up after it."""


def test_games_that_were_over_outlive_a_kill_before_their_shard(tmp_path, monkeypatch) -> None:
    run = Run.create(tmp_path, tiny(), "cpu")
    steps = run.train()
    next(steps)
    over: list[int] = []

    def killed(games) -> None:
        over.append(len(games))
        raise Killed

    monkeypatch.setattr(run.store, "append", killed)
    with pytest.raises(Killed):
        next(steps)
    before = sum(len(games) for games in run.store.newest(10**9))
    resumed = Run.resume(tmp_path, "cpu")
    stored = resumed.store.newest(10**9)
    assert sum(len(games) for games in stored) == before + over[0]
    assert resumed.progress.iteration == 1
    list(resumed.train())
    assert [m["iteration"] for m in read_metrics(tmp_path)] == [1, 2, 3]


def test_a_run_taken_up_twice_at_one_state_plays_no_game_twice(tmp_path, monkeypatch) -> None:
    """G-2: the random numbers of a saved state would give the same games to each session."""
    run = Run.create(tmp_path, tiny(), "cpu")
    next(run.train())
    for _ in range(2):
        resumed = Run.resume(tmp_path, "cpu")
        monkeypatch.setattr("gokit.train.loop.learn", raise_killed)
        with pytest.raises(Killed):
            next(resumed.train())
    first, second = (games.sequences() for games in resumed.store.newest(10**9)[1:])
    again = {moves.tobytes() for moves in first} & {moves.tobytes() for moves in second}
    assert len(again) < len(first) / 2


def raise_killed(*_, **__) -> None:
    raise Killed


def test_a_damaged_shard_does_not_stop_a_run(tmp_path: Path) -> None:
    run = train(tmp_path)
    shard = sorted((tmp_path / "shards").glob("*.npz"))[1]
    shard.write_bytes(b"")
    with pytest.warns(UserWarning, match="damaged"):
        resumed = Run.resume(tmp_path, "cpu", iterations=4)
    assert 0 < len(resumed.window) < len(run.window)
    assert next(resumed.train())["damaged_shards"] == 1


def test_resuming_can_extend_the_budget_and_finished_runs_train_no_more(tmp_path: Path) -> None:
    train(tmp_path)
    assert list(Run.resume(tmp_path, "cpu").train()) == []
    assert len(list(Run.resume(tmp_path, "cpu", iterations=5).train())) == 2
    assert json.loads((tmp_path / "config.json").read_text())["iterations"] == 5


def test_minutes_are_counted_over_all_sessions(tmp_path: Path) -> None:
    run = Run.create(tmp_path, tiny(iterations=None, minutes=1.0), "cpu")
    next(run.train())
    run.progress.seconds = 59.99
    run.save_state()
    resumed = Run.resume(tmp_path, "cpu")
    assert len(list(resumed.train())) == 1
    assert [p.stem for p in resumed.milestones()] == ["minute-0001"]


def test_milestones_are_the_minutes_that_double() -> None:
    assert doubling_minutes(0, 59.9) == []
    assert doubling_minutes(59, 61) == [1]
    assert doubling_minutes(61, 119) == []
    assert doubling_minutes(100, 241) == [2, 4]


def test_a_run_can_start_from_another_s_weights(tmp_path: Path) -> None:
    run = train(tmp_path / "small")
    checkpoint = run.checkpoint("given")
    larger = Run(tmp_path / "large", tiny(size=4, start_from=str(checkpoint)), "cpu")
    assert (weights(larger) == weights(run)).all()
    with pytest.raises(GoError, match="another shape"):
        Run(tmp_path / "x", tiny(channels=8, start_from=str(checkpoint)), "cpu")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"simulatons": 16}, "no option 'simulatons'"),
        ({"size": 1}, "size"),
        ({"size": "5"}, "size"),
        ({"minutes": 0}, "minutes"),
        ({"minutes": float("inf")}, "minutes"),
        ({"iterations": 0}, "iterations"),
        ({"iterations": 1.5}, "iterations"),
        ({"seed": -1}, "seed"),
        ({"komi": 0.3}, "komi"),
        ({"superko": "none"}, "superko"),
        ({"features": "liberties"}, "features"),
        ({"channels": 0}, "channels"),
        ({"simulations": 0}, "simulations"),
        ({"random_rate": 2}, "random_rate"),
        ({"batch_size": 0}, "batch_size"),
        ({"learning_rate": -1}, "learning_rate"),
        ({"average_decay": 1.0}, "average_decay"),
        ({"match_games": 3}, "match_games"),
    ],
)
def test_every_option_is_checked(options: dict, message: str) -> None:
    with pytest.raises(GoError, match=message):
        tiny(**options)


def test_the_rest_follows_from_the_board_size() -> None:
    small, large = TrainConfig(size=5), TrainConfig(size=9)
    for name in ("channels", "window", "max_moves", "no_pass_plies"):
        assert getattr(large, name) > getattr(small, name), name
    assert TrainConfig(size=9, channels=16).channels == 16


def test_a_configuration_knows_the_command_that_starts_it() -> None:
    start = "python -m gokit train --run DIR "
    assert TrainConfig().command() == start + "--size 5 --minutes 5.0 --seed 1"
    assert "--iterations 9" in TrainConfig(iterations=9).command()
    assert "--minutes" not in TrainConfig(iterations=9).command()
    assert "--config" in TrainConfig(channels=8).command()
    moved = TrainConfig(size=9, start_from="a.safetensors", blocks=3, channels=32)
    assert moved.command() == start + "--size 9 --minutes 5.0 --seed 1 --start-from a.safetensors"


def command(folder: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "gokit", "train", "--run", str(folder), *options]


def write_tiny(folder: Path, **options) -> Path:
    path = folder / "tiny.json"
    path.write_text(json.dumps({**TINY, **options}))
    return path


def test_the_command_trains_judges_and_saves_what_it_measured(tmp_path: Path, capsys) -> None:
    config = write_tiny(tmp_path)
    folder = tmp_path / "run"
    arguments = ["train", "--run", str(folder), "--config", str(config), "--device", "cpu"]
    assert main([*arguments, "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    _, card = load_checkpoint(summary["checkpoint"])
    assert card.strength == summary["matches"]
    assert summary["matches"][0]["b"] == "random"
    assert summary["matches"][0]["games"] + summary["matches"][0]["unfinished"] == 4
    load_evaluator(summary["checkpoint"], size=3, rules=card.rules)
    assert main([*arguments, "--json"]) == 2
    assert "already holds a run" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--size", "99"], "size"),
        (["--config", "nowhere.json"], "cannot be read"),
        (["--device", "tpu9"], "device"),
        (["--threads", "0"], "threads"),
        (["--start-from", "nowhere.safetensors"], "cannot be read"),
    ],
)
def test_the_command_says_in_one_line_what_is_wrong(tmp_path, options, message, capsys) -> None:
    assert main(["train", "--run", str(tmp_path / "run"), *options]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert message in error
    assert not (tmp_path / "run" / "config.json").exists(), "a refused run left a folder behind"


def test_a_resumed_run_keeps_its_configuration(tmp_path: Path, capsys) -> None:
    train(tmp_path)
    assert main(["train", "--run", str(tmp_path), "--resume", "--size", "5"]) == 2
    assert "leave out size" in capsys.readouterr().err


def wait_for(folder: Path, iterations: int, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + 120
    while len(read_metrics(folder)) < iterations:
        assert process.poll() is None, process.stdout.read()
        assert time.monotonic() < deadline, "training does not get going"
        time.sleep(0.02)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_a_run_that_is_stopped_at_any_moment_resumes(tmp_path: Path, how: signal.Signals) -> None:
    config = write_tiny(tmp_path, iterations=100_000, match_games=0)
    folder = tmp_path / "run"
    first = ["--config", str(config), "--device", "cpu"]
    done = 0
    for attempt, options in enumerate([first, ["--resume", "--device", "cpu"]]):
        process = subprocess.Popen(
            command(folder, *options),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # A shell may have started the tests deaf to Ctrl-C, as it does in the background.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        wait_for(folder, done + 3, process)
        time.sleep(0.013 * attempt)
        process.send_signal(how)
        output = process.communicate(timeout=60)[0]
        assert process.returncode == (130 if how == signal.SIGINT else -signal.SIGKILL), output
        assert "Traceback" not in output
        if how == signal.SIGINT:
            assert "--resume" in output
        done = len(read_metrics(folder))

    resumed = Run.resume(folder, "cpu", iterations=done + 2)
    assert resumed.progress.iteration >= done - 1, "more than the iteration in progress was lost"
    assert resumed.trainer.steps > 0
    list(resumed.train())
    assert [m["iteration"] for m in read_metrics(folder)] == list(range(1, done + 3))
    stored = ShardStore(folder / "shards")
    assert len(stored.newest(10**9)) >= done + 2
    assert stored.damaged == 0
