"""Runs that learn from games: whole folders, resumed after any kill, refused where they must be."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from gokit import judge
from gokit.__main__ import main
from gokit.commands import train as command
from gokit.corpus.positions import Positions
from gokit.go.errors import GoError
from gokit.go.records import write_sgf
from gokit.go.rules import NO_SUICIDE, TROMP_TAYLOR, Rules
from gokit.nn.checkpoint import find_checkpoint, load_checkpoint, load_evaluator
from gokit.runs import read_metrics
from gokit.supervised_run import SupervisedConfig, SupervisedRun, table
from tests.corpus_games import SIZE, random_record

TINY = {
    "size": SIZE,
    "passes": 640,
    "features": "basic",
    "holdout": 0.2,
    "blocks": 1,
    "channels": 4,
    "value_hidden": 4,
    "batch_size": 32,
    "precision": "fp32",
    "interval": 0.0,
    "measured": 50,
    "reported": 200,
    "match_games": 4,
}
STEPS = 20


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def write_games(folder: Path, count: int = 25, rules: Rules = NO_SUICIDE, first: int = 0) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(first, first + count):
        write_sgf(random_record(seed, rules), folder / f"{seed}.sgf")
    return folder


@pytest.fixture(scope="module")
def games(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_games(tmp_path_factory.mktemp("games"))


def tiny(games: Path, **options) -> SupervisedConfig:
    return SupervisedConfig.from_dict({"sources": [str(games)], **TINY, **options})


def weights(run: SupervisedRun) -> torch.Tensor:
    return torch.cat([t.flatten().float() for t in run.trainer.average.state_dict().values()])


def train(folder: Path, games: Path, **options) -> SupervisedRun:
    run = SupervisedRun.create(folder, tiny(games, **options), "cpu")
    list(run.train())
    return run


def test_a_run_is_a_folder_with_everything_in_it(tmp_path: Path, games: Path) -> None:
    run = train(tmp_path, games)
    written = json.loads((tmp_path / "config.json").read_text())
    assert SupervisedConfig.from_dict(written) == run.config
    assert len(Positions(tmp_path / "positions")) == len(run.positions) > 0
    assert run.holdout.games + run.positions.games == 25
    assert run.holdout.games > 0
    metrics = read_metrics(tmp_path)
    assert [line["steps"] for line in metrics] == list(range(1, STEPS + 1))
    assert [line["passes"] for line in metrics] == list(range(32, 641, 32))
    wanted = {
        *("loss_total", "loss_policy", "loss_value", "loss_ownership", "loss_score"),
        *("learning_rate", "seconds", "processor_seconds", "epochs", "positions_per_s"),
        *("policy_accuracy", "value_sign", "holdout", "alarms"),
    }
    assert not wanted - set(metrics[0])
    assert metrics[0]["holdout"]["n"] == 50
    assert sum(row["n"] for row in metrics[0]["holdout"]["phases"]) == 50
    assert metrics[-1]["learning_rate"] < 0.2 * max(line["learning_rate"] for line in metrics)
    assert metrics[-1]["loss_ownership"] < metrics[0]["loss_ownership"]
    assert run.fraction == 1
    assert len(run.files.states()) == 2


def test_metrics_come_at_intervals_of_training(tmp_path: Path, games: Path) -> None:
    run = train(tmp_path, games, interval=1000.0)
    (line,) = read_metrics(tmp_path)
    assert line["steps"] == STEPS
    assert line["passes"] == 640
    assert 0 < line["processor_seconds"] < 60
    assert run.progress.seconds == pytest.approx(line["seconds"])


def test_a_resumed_run_ends_with_the_weights_of_one_that_never_stopped(
    tmp_path: Path, games: Path
) -> None:
    straight = train(tmp_path / "straight", games)
    for stop in (1, 7, 19):
        folder = tmp_path / f"stopped {stop}"
        stopped = SupervisedRun.create(folder, tiny(games), "cpu")
        lines = stopped.train()
        for _ in range(stop):
            next(lines)
        resumed = SupervisedRun.resume(folder, "cpu")
        assert resumed.progress == stopped.progress
        assert resumed.trainer.steps == stop
        list(resumed.train())
        assert (weights(resumed) == weights(straight)).all(), stop
        assert [line["steps"] for line in read_metrics(folder)] == list(range(1, STEPS + 1))
    other = train(tmp_path / "other", games, seed=2)
    assert (weights(other) != weights(straight)).any()


def test_a_torn_state_costs_one_interval(tmp_path: Path, games: Path) -> None:
    run = train(tmp_path, games)
    newest = run.files.states()[-1]
    newest.write_bytes(newest.read_bytes()[:-10])
    with pytest.warns(UserWarning, match="state skipped"):
        resumed = SupervisedRun.resume(tmp_path, "cpu")
    assert resumed.trainer.steps == STEPS - 1
    list(resumed.train())
    assert (weights(resumed) == weights(run)).all()


def test_games_half_read_are_read_again(tmp_path: Path, games: Path) -> None:
    straight = train(tmp_path / "a", games)
    SupervisedRun.create(tmp_path / "b", tiny(games), "cpu")
    (tmp_path / "b" / "positions" / "positions.json").unlink()
    (tmp_path / "b" / "positions" / "train-00000.positions").write_bytes(b"cut off")
    resumed = SupervisedRun.resume(tmp_path / "b", "cpu")
    list(resumed.train())
    assert (weights(resumed) == weights(straight)).all()


def test_resuming_can_extend_the_budget(tmp_path: Path, games: Path) -> None:
    train(tmp_path, games)
    assert list(SupervisedRun.resume(tmp_path, "cpu").train()) == []
    more = SupervisedRun.resume(tmp_path, "cpu", passes=704)
    assert [line["passes"] for line in more.train()] == [672, 704]
    assert json.loads((tmp_path / "config.json").read_text())["passes"] == 704
    by_time = SupervisedRun.resume(tmp_path, "cpu", minutes=1.0)
    by_time.progress.seconds = 59.999
    assert by_time.budget == ("seconds", 60)
    assert len(list(by_time.train())) == 1
    assert [path.stem for path in by_time.files.milestones()] == ["minute-0001"]
    assert find_checkpoint(tmp_path).stem == "minute-0001"


def test_the_card_says_what_was_learnt_from(tmp_path: Path, games: Path) -> None:
    run = train(tmp_path, games)
    report = run.report()
    path = run.checkpoint("final", [{"a": "x"}], report)
    network, card = load_checkpoint(path)
    assert (card.value, card.rules, card.sizes) == ("win", NO_SUICIDE, (SIZE,))
    assert network.config == run.config.network
    assert card.run["passes"] == 640
    assert card.run["games"] == {"train": run.positions.games, "holdout": run.holdout.games}
    assert card.run["positions"]["train"] == len(run.positions)
    assert card.run["precision"] == "fp32"
    assert card.run["report"] == table(report)
    assert SupervisedConfig.from_dict(card.run["config"]) == run.config
    assert card.strength == [{"a": "x"}]


def test_the_rules_are_those_of_most_games(tmp_path: Path) -> None:
    write_games(tmp_path / "games", 3, TROMP_TAYLOR)
    write_games(tmp_path / "games", 6, NO_SUICIDE.replace(komi=6.5), first=50)
    run = SupervisedRun.create(tmp_path / "run", tiny(tmp_path / "games", holdout=0.0), "cpu")
    rules, share = run.rules()
    assert rules == NO_SUICIDE.replace(komi=6.5)
    assert share == pytest.approx(6 / 9)
    assert not len(run.holdout)
    *_, last = run.train()
    assert last["holdout"] is None
    assert last["alarms"] == []
    assert run.report()["holdout"] is None
    assert "learnt from" in table(run.report())[0]


def test_the_report_shows_both_parts_beside_the_baselines(tmp_path: Path, games: Path) -> None:
    report = train(tmp_path, games).report()
    lines = table(report)
    assert lines[0].startswith("200 positions of")
    assert len(lines) == 4 + len(report["holdout"]["phases"])
    everything = next(line for line in lines if line.startswith("all"))
    for part, name in (
        ("holdout", "top1"),
        ("train", "top1"),
        ("holdout", "value_sign"),
        ("train", "value_sign"),
        ("holdout", "majority"),
        ("holdout", "most_common_move"),
        ("holdout", "stone_count"),
    ):
        assert f"{report[part][name]['rate']:.1%}" in everything, (part, name)


def test_a_run_can_start_from_another_s_weights(tmp_path: Path, games: Path) -> None:
    run = train(tmp_path / "first", games)
    given = str(run.checkpoint("given"))
    second = SupervisedRun.create(tmp_path / "second", tiny(games, start_from=given), "cpu")
    assert (weights(second) == weights(run)).all()
    with pytest.raises(GoError, match="another shape"):
        SupervisedRun.create(tmp_path / "x", tiny(games, start_from=given, channels=8), "cpu")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sources": []}, "sources"),
        ({"sources": "games"}, "sources"),
        ({"simulations": 16}, "no option 'simulations'"),
        ({"size": 1}, "size"),
        ({"minutes": 0}, "minutes"),
        ({"minutes": float("nan")}, "minutes"),
        ({"passes": 0}, "passes"),
        ({"passes": 2.5}, "passes"),
        ({"seed": -1}, "seed"),
        ({"features": "liberties"}, "features"),
        ({"holdout": 1.0}, "holdout"),
        ({"holdout": -0.1}, "holdout"),
        ({"blocks": -1}, "blocks"),
        ({"pooling_blocks": 9}, "pooling_blocks"),
        ({"architecture": "rnn"}, "architecture"),
        ({"batch_size": 0}, "batch_size"),
        ({"learning_rate": 0}, "learning_rate"),
        ({"average_decay": 1}, "average_decay"),
        ({"value_weight": -1}, "value_weight"),
        ({"precision": "int8"}, "precision"),
        ({"interval": -1}, "interval"),
        ({"match_games": 3}, "match_games"),
    ],
)
def test_every_option_is_checked(options: dict, message: str) -> None:
    with pytest.raises(GoError, match=message):
        SupervisedConfig.from_dict({"sources": ["games"], **options})


def test_a_refused_run_leaves_nothing_to_resume(tmp_path: Path, games: Path) -> None:
    for config, message in (
        (tiny(tmp_path / "nowhere"), "no games at"),
        (tiny(games, size=7), "no game is left"),
        (tiny(games, batch_size=10**6), "to learn from"),
    ):
        with pytest.raises(GoError, match=message):
            SupervisedRun.create(tmp_path / "run", config, "cpu")
        assert not (tmp_path / "run" / "config.json").exists(), message
    fewer = write_games(tmp_path / "fewer", 8)
    run = SupervisedRun.create(tmp_path / "run", tiny(fewer), "cpu")
    assert run.positions.games + run.holdout.games == 8, "positions of a refused run were used"
    with pytest.raises(GoError, match="already holds a run"):
        SupervisedRun.create(tmp_path / "run", tiny(games), "cpu")


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"passes": 9000, "seed": 3},
        {"size": 7, "minutes": 1.5, "features": "basic", "blocks": 4, "channels": 16},
        {"pooling_blocks": 2},
        {"sources": ["a folder", "b's.sgf"]},
    ],
)
def test_a_card_s_command_starts_the_same_run(options: dict) -> None:
    config = SupervisedConfig.from_dict({"sources": ["games"], **options})
    words = shlex.split(config.command())
    assert words[:5] == ["python", "-m", "gokit", "train", "--run"]
    parser = argparse.ArgumentParser()
    command.configure(parser)
    again = command._supervised_config(command._options(parser.parse_args(words[4:])))
    assert again == config


def test_what_has_no_flag_is_in_the_card_s_config() -> None:
    for options in ({"winners_only": True}, {"measured": 7}, {"precision": "fp32"}):
        config = SupervisedConfig.from_dict({"sources": ["games"], **options})
        assert config.command().endswith("--config FILE (the config of this card)")


def write_tiny(folder: Path, games: Path, **options) -> str:
    path = folder / "tiny.json"
    path.write_text(json.dumps({"sources": [str(games)], **TINY, **options}))
    return str(path)


def test_the_command_trains_measures_plays_and_saves(
    tmp_path: Path, games: Path, capsys, monkeypatch
) -> None:
    monkeypatch.setattr(judge, "find_engine", lambda program: None)
    folder = tmp_path / "run"
    arguments = ["train", "--run", str(folder), "--config", write_tiny(tmp_path, games)]
    assert main([*arguments, "--json", "--device", "cpu"]) == 0
    out, err = capsys.readouterr()
    summary = json.loads(out)
    _, card = load_checkpoint(summary["checkpoint"])
    assert card.strength == summary["matches"]
    (match,) = summary["matches"]
    assert match["b"] == "random"
    assert match["games"] + match["unfinished"] == 4
    assert summary["passes"] == 640
    assert summary["report"] == json.loads((folder / "report.json").read_text())
    assert "no match against GNU Go: it is not installed" in err
    assert "held out; in brackets" in err
    load_evaluator(summary["checkpoint"], size=SIZE, rules=card.rules)
    # A finished run trains no more; resumed, it is measured again.
    assert main(["train", "--run", str(folder), "--resume", "--json", "--no-match"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert (again["passes"], again["matches"], again["report"]) == (640, [], None)


def test_gnu_go_is_not_asked_to_play_what_it_does_not_know(
    tmp_path: Path, capsys, monkeypatch
) -> None:
    games = write_games(tmp_path / "games", 4, TROMP_TAYLOR)
    run = train(tmp_path / "run", games, holdout=0.0, passes=32)
    monkeypatch.setattr(judge, "find_engine", lambda program: "/usr/games/gnugo")
    (result,) = judge.judge_policy(run)
    assert result.rules == TROMP_TAYLOR
    assert "without suicide" in capsys.readouterr().out
    silent = SupervisedRun.resume(tmp_path / "run", "cpu")
    object.__setattr__(silent.config, "match_games", 0)
    assert judge.judge_policy(silent) == []


@pytest.mark.skipif(judge.find_engine("gnugo") is None, reason="GNU Go is not installed")
def test_the_policy_is_played_against_gnu_go(tmp_path: Path, games: Path) -> None:
    run = train(tmp_path, games, passes=32, match_games=2)
    results = judge.judge_policy(run, lambda line: None)
    assert [result.b for result in results] == ["random", "gnugo@1"]
    assert results[1].rules == NO_SUICIDE
    assert all(len(game.moves) > game.opening for game in results[1].played)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--iterations", "5"], "--iterations counts rounds of self-play"),
        (["--minutes", "1", "--passes", "5"], "not both"),
        (["--size", "99"], "size"),
        (["--features", "liberties"], "features"),
        (["--precision", "int8"], "precision"),
        (["--start-from", "nowhere.safetensors"], "cannot be read"),
        (["--device", "tpu9"], "device"),
        (["--channels", "0"], "channels"),
    ],
)
def test_the_command_says_in_one_line_what_is_wrong(
    tmp_path: Path, games: Path, options: list[str], message: str, capsys
) -> None:
    run = ["train", "--run", str(tmp_path / "run"), "--games", str(games)]
    assert main([*run, *options]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert message in error
    assert not (tmp_path / "run" / "config.json").exists(), "a refused run left a folder behind"


def test_a_file_with_self_play_s_options_is_refused(tmp_path: Path, games: Path, capsys) -> None:
    path = tmp_path / "self-play.json"
    path.write_text(json.dumps({"size": 5, "random_rate": 0.1}))
    run = ["train", "--run", str(tmp_path / "run"), "--config", str(path)]
    assert main([*run, "--games", str(games)]) == 2
    assert "learning from games has no option 'random_rate'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--passes", "100"], "--passes is a budget for learning from games"),
        (["--precision", "fp32"], "--precision is for learning from games"),
    ],
)
def test_self_play_refuses_what_is_for_games(tmp_path, options, message, capsys) -> None:
    assert main(["train", "--run", str(tmp_path / "run"), *options]) == 2
    assert message in capsys.readouterr().err


def test_a_resumed_run_keeps_its_configuration(tmp_path: Path, games: Path, capsys) -> None:
    train(tmp_path, games)
    resume = ["train", "--run", str(tmp_path), "--resume"]
    for options, message in (
        (["--games", str(games)], "leave out games"),
        (["--channels", "9"], "leave out channels"),
        (["--iterations", "9"], "--iterations counts rounds of self-play"),
    ):
        assert main([*resume, *options]) == 2
        assert message in capsys.readouterr().err


def command_line(folder: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "gokit", "train", "--run", str(folder), "--no-match", *options]


def stop_after(lines: int, folder: Path, how: signal.Signals, *options: str) -> str:
    """Run the command, stop it at some moment after so many lines of metrics, return its output."""
    process = subprocess.Popen(
        command_line(folder, *options),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # A shell may have started the tests deaf to Ctrl-C, as it does in the background.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    deadline = time.monotonic() + 180
    while len(read_metrics(folder)) < lines:
        assert process.poll() is None, process.stdout.read()
        assert time.monotonic() < deadline, "training does not get going"
        time.sleep(0.01)
    process.send_signal(how)
    output = process.communicate(timeout=60)[0]
    assert process.returncode == (130 if how == signal.SIGINT else -signal.SIGKILL), output
    assert "Traceback" not in output
    return output


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_a_run_killed_and_resumed_ends_with_the_same_weights(tmp_path: Path, games: Path) -> None:
    options = {"passes": 32 * 400, "measured": 5}
    config = write_tiny(tmp_path, games, **options)
    folder = tmp_path / "run"
    stop_after(3, folder, signal.SIGKILL, "--config", config, "--device", "cpu")
    lines = len(read_metrics(folder))
    assert lines < 300, "the run was over before it was killed"
    output = stop_after(lines + 3, folder, signal.SIGINT, "--resume", "--device", "cpu")
    assert "--resume" in output
    lines = len(read_metrics(folder))
    resumed = SupervisedRun.resume(folder, "cpu")
    assert resumed.trainer.steps >= lines - 1, "more than what came after the last state was lost"
    list(resumed.train())
    assert [line["steps"] for line in read_metrics(folder)] == list(range(1, 401))
    straight = train(tmp_path / "straight", games, **options, interval=1000.0)
    assert (weights(resumed) == weights(straight)).all()
