"""Several processes, one network: gradients as of one, weights alike, and no end by a kill."""

from __future__ import annotations

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import multiprocessing

from gokit.go.errors import GoError
from gokit.nn.networks import Network
from gokit.nn.training import LossWeights, compute_losses
from gokit.played import PlayedGames, Samples, samples_of
from gokit.replay import ShardStore
from gokit.runs import read_metrics
from gokit.train import Run
from gokit.train.distributed import Team
from gokit.train.learning import _scaled, to_batch
from tests.game_makers import played
from tests.test_train import TINY, tiny

pytestmark = pytest.mark.skipif(os.name == "nt", reason="torchrun and signals of POSIX")
NETWORK = tiny(channels=8).network


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def in_processes(count: int, function, *arguments) -> None:
    multiprocessing.spawn(_as_rank, (count, free_port(), function, arguments), nprocs=count)


def _as_rank(rank: int, count: int, port: int, function, arguments) -> None:
    torch.set_num_threads(1)
    os.environ |= {
        "RANK": str(rank),
        "WORLD_SIZE": str(count),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }
    team = Team.join()
    function(team, *arguments)
    team.leave()


def fresh() -> Network:
    torch.manual_seed(3)
    return Network(NETWORK)


def samples() -> Samples:
    whole = samples_of(played(3, 6)[0], "basic")
    return part_of(whole, 0, 61)  # of which no two equal parts have as many targets


def part_of(whole: Samples, start: int, stop: int) -> Samples:
    return Samples(**{name: array[start:stop] for name, array in vars(whole).items()})


def gradients(network: Network, part: Samples, weights: LossWeights) -> list[torch.Tensor]:
    network.zero_grad()
    batch = to_batch(part, tiny(), torch.device("cpu"))
    compute_losses(network(batch.planes), batch, weights).total.backward()
    return [parameter.grad for parameter in network.parameters()]


def _compare_gradients(team: Team, folder: Path) -> None:
    whole, weights = samples(), LossWeights()
    shares = [Team(rank, team.size).share(len(whole)) for rank in range(team.size)]
    assert sum(shares) == len(whole)
    bounds = np.cumsum([0, *shares])
    parts = [part_of(whole, a, b) for a, b in itertools.pairwise(bounds)]
    mine = parts[team.rank]

    # With the running statistics of batch normalisation, averaged gradients are the joined batch's.
    expected = [g.clone() for g in gradients(fresh().eval(), whole, weights)]
    network = fresh().eval()
    targets = [mine.policy_weight.sum(), mine.result_weight.sum(), mine.ownership_weight.sum()]
    (scale,) = team.head_scales([targets])
    gradients(network, mine, _scaled(weights, scale))
    team.average(network)
    for name, parameter, wanted in zip(
        dict(network.named_parameters()), network.parameters(), expected, strict=True
    ):
        assert torch.allclose(parameter.grad, wanted, rtol=1e-4, atol=1e-6), name

    # In training each part has statistics of its own: the mean of the parts' gradients and buffers.
    singles = [fresh().train() for _ in parts]
    wanted = [
        [g.clone() for g in gradients(n, p, weights)] for n, p in zip(singles, parts, strict=True)
    ]
    network = fresh().train()
    gradients(network, mine, weights)
    team.average(network)
    for i, parameter in enumerate(network.parameters()):
        mean = torch.stack([grads[i] for grads in wanted]).mean(0)
        assert torch.allclose(parameter.grad, mean, rtol=1e-4, atol=1e-6)
    for name, buffer in network.named_buffers():
        if buffer.is_floating_point():
            mean = torch.stack([dict(n.named_buffers())[name] for n in singles]).mean(0)
            assert torch.allclose(buffer, mean, atol=1e-6), name
    (folder / f"done-{team.rank}").touch()


@pytest.mark.parametrize("count", [2, 4])
def test_averaged_gradients_are_those_of_one_process(tmp_path: Path, count: int) -> None:
    in_processes(count, _compare_gradients, tmp_path)
    assert len(list(tmp_path.iterdir())) == count


def _train(team: Team, folder: Path, iterations: int, resume: bool) -> None:
    if resume:
        run = Run.resume(folder / "run", "cpu", team, iterations=iterations)
    else:
        config = tiny(iterations=iterations, holdout=0.2, promotion="sprt", promotion_every=2,
                      promotion_games=4)  # fmt: skip
        run = Run.create(folder / "run", config, "cpu", team)
    held = team.gather(len(run.window))
    list(run.train())
    state = {f"n.{k}": v for k, v in run.trainer.network.state_dict().items()}
    state |= {f"a.{k}": v for k, v in run.trainer.average.state_dict().items()}
    state |= {f"b.{k}": v for k, v in run.playing.state_dict().items()}
    about = {"progress": vars(run.progress), "held": held, "limit": run.window.limit}
    torch.save({"state": state, "about": about}, folder / f"rank-{team.size}-{team.rank}.pt")


def results(folder: Path, count: int) -> list[dict]:
    return [torch.load(folder / f"rank-{count}-{rank}.pt") for rank in range(count)]


def test_weights_stay_the_same_in_all_and_any_number_takes_a_run_up(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    done, stored = 0, 0
    for count in (2, 4, 1):
        if count == 1:
            _train(Team(), tmp_path, done + 2, True)
        else:
            in_processes(count, _train, tmp_path, done + 2, done > 0)
        done += 2
        first, *others = results(tmp_path, count)
        for other in others:
            for name, tensor in first["state"].items():
                assert torch.equal(tensor, other["state"][name]), name
            assert other["about"]["progress"]["iteration"] == done
            assert (
                other["about"]["progress"]["positions"] == first["about"]["progress"]["positions"]
            )
        assert [line["iteration"] for line in read_metrics(folder)] == list(range(1, done + 1))
        last = read_metrics(folder)[-1]
        assert last["processes"] == count
        assert last["distinct_games"] > 0.5
        shards = ShardStore(folder / "shards")
        positions = sum(games.positions for games in shards.newest(10**9))
        assert positions == last["total_positions"] > stored
        assert len(shards) == sum(n * 2 for n in (2, 4, 1)[: (2, 4, 1).index(count) + 1])
        if count == 4:
            held = first["about"]["held"]
            assert min(held) > 0, "a process began with an empty window"
            assert sum(held) <= TINY["window"]
        stored = positions


def test_processes_play_different_games(tmp_path: Path) -> None:
    in_processes(2, _train, tmp_path, 2, False)
    store = ShardStore(tmp_path / "run" / "shards")
    by_rank = {0: set(), 1: set()}
    for path in store.paths():
        games = store.read(path)
        by_rank["-r1-" in path.name] |= {moves.tobytes() for moves in games.sequences()}
    assert all(by_rank.values())
    shared = by_rank[0] & by_rank[1]
    assert len(shared) < 0.2 * len(by_rank[0] | by_rank[1])


def test_too_many_processes_for_a_batch_are_refused(tmp_path: Path) -> None:
    with pytest.raises(GoError, match="games is shared by 16"):
        Run(tmp_path, tiny(), "cpu", Team(0, 16))


# A run that is killed


def workers(agent: int) -> dict[int, int]:
    """The processes that torchrun has started, by rank."""
    children = Path(f"/proc/{agent}/task/{agent}/children").read_text().split()
    found = {}
    for child in map(int, children):
        try:
            environment = Path(f"/proc/{child}/environ").read_bytes().split(b"\0")
        except OSError:
            continue
        ranks = [entry[5:] for entry in environment if entry.startswith(b"RANK=")]
        if ranks:
            found[int(ranks[0])] = child
    return found


def wait_until(condition, process: subprocess.Popen, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.stdout.read()
        assert time.monotonic() < deadline, "it does not get going"
        time.sleep(0.05)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize("count", [2, 4])
def test_a_run_goes_on_when_one_of_its_processes_is_killed(tmp_path: Path, count: int) -> None:
    options = {**TINY, "iterations": 40, "match_games": 0}
    config = tmp_path / "tiny.json"
    config.write_text(json.dumps(options))
    folder = tmp_path / "run"
    process = subprocess.Popen(
        [sys.executable, "-m", "torch.distributed.run", "--standalone",
         f"--nproc-per-node={count}", "--max-restarts=2", "-m", "--", "gokit", "train",
         "--run", str(folder), "--config", str(config), "--device", "cpu", "--no-match"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    try:
        wait_until(lambda: len(read_metrics(folder)) >= 5, process)
        first = workers(process.pid)
        assert sorted(first) == list(range(count))
        before = ShardStore(folder / "shards").paths()
        os.kill(first[count - 1], signal.SIGKILL)
        wait_until(lambda: first != workers(process.pid) and workers(process.pid), process)
        output = process.communicate(timeout=120)[0]
    finally:
        process.terminate()  # it takes its workers with it
        process.wait(60)
    assert process.returncode == 0, output
    assert "resumed after iteration" in output
    lines = read_metrics(folder)
    assert [line["iteration"] for line in lines] == list(range(1, 41))
    store = ShardStore(folder / "shards")
    assert set(before) <= set(store.paths()), "a shard that was written is gone"
    games = PlayedGames.join(store.newest(10**9))
    assert store.damaged == 0
    assert len(games) >= lines[-1]["total_games"]
    assert not list((folder / "shards").glob("journal-*"))
    assert (folder / "checkpoints" / "final.safetensors").exists()
