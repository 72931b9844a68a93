"""The script for the day when there is a GPU, at toy size on the CPU."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from gokit.nn.checkpoint import load_checkpoint

SCRIPT = Path(__file__).parent / "run_all.sh"
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the script is for Linux")


def run(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "OUT": str(folder / "out"), "WORK": str(folder / "work")}
    environment |= {"PYTHON": sys.executable, "OMP_NUM_THREADS": "1", **more}
    command = ["bash", str(SCRIPT), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def status(result: subprocess.CompletedProcess[str]) -> dict[str, str]:
    rows = result.stdout.splitlines()[1:]
    return {row.split()[0]: row[9:23].strip() for row in rows}


@pytest.mark.slow
def test_all_steps_run_leave_their_files_and_go_on(tmp_path: Path) -> None:
    first = run(tmp_path, "--minutes", "20", "--dry-run")
    out = tmp_path / "out"
    log = (out / "log.txt").read_text()
    assert first.returncode == 0, first.stdout + first.stderr + log
    found = status(first)
    assert list(found) == ["tests", "network", "search", "peers", "train"]
    peers = found.pop("peers")
    assert peers in ("done", "not installed")
    assert set(found.values()) == {"done"}, first.stdout
    files = {path.name for path in out.iterdir()}
    expected = {"tests.txt", "network.jsonl", "search.jsonl", "metrics.jsonl", "log.txt"}
    expected |= {"final.safetensors", "final.json"}
    assert files - {"peers.jsonl"} == expected
    for name in ("network.jsonl", "search.jsonl"):
        rows = [json.loads(line) for line in (out / name).read_text().splitlines()]
        assert all(row["value"] > 0 and row["device"] == "cpu" for row in rows)
    network, card = load_checkpoint(out / "final.safetensors")
    shipped, _ = load_checkpoint("data/checkpoints/5x5.safetensors")
    assert network.config == shipped.config, "it began with the shipped network"
    assert card.run["iteration"] >= 1

    before = len((out / "metrics.jsonl").read_text().splitlines())
    again = run(tmp_path, "--minutes", "20", "--dry-run")
    assert again.returncode == 0, again.stdout + again.stderr
    found = status(again)
    assert found["tests"] == found["network"] == found["search"] == "done before"
    assert found["train"] == "done"
    assert len((out / "metrics.jsonl").read_text().splitlines()) > before


@pytest.mark.slow
def test_it_ends_in_time_and_says_which_step_did_not(tmp_path: Path) -> None:
    sleeper = tmp_path / "python"
    sleeper.write_text("#!/bin/sh\nexec sleep 300\n")
    sleeper.chmod(0o755)
    start = time.monotonic()
    result = run(tmp_path, "--minutes", "0.5", "--dry-run", "tests", "network", PYTHON=str(sleeper))
    assert 15 < time.monotonic() - start < 30
    assert result.returncode == 1
    assert status(result) == {"tests": "out of time", "network": "out of time"}
    assert not (tmp_path / "out" / "tests.txt").exists(), "half a result is none"


def test_without_a_gpu_it_says_so_in_a_line(tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA GPU here")
    result = run(tmp_path, "--minutes", "1")
    assert result.returncode == 3
    assert len(result.stderr.splitlines()) == 1
    assert "no CUDA GPU" in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("arguments", [[], ["--minutes"], ["--minutes", "x"], ["--days", "1"]])
def test_wrong_usage_is_shown_the_right_one(tmp_path: Path, arguments: list[str]) -> None:
    result = run(tmp_path, *arguments)
    assert result.returncode == 2
    assert "run_all.sh --minutes" in result.stderr
