"""The benchmark command: what scripts read, how ratios are formed, what happens without peers."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

from gokit.__main__ import main
from gokit.bench.compare import ratio_to, summary, take_turns
from gokit.bench.entrants import Entrant, Peer, Sample
from gokit.commands.bench import table_lines
from gokit.go.errors import GoError


def bench(capsys, *arguments: str) -> list[dict]:
    assert main(["bench", *arguments, "--seconds", "0.05", "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


TINY = ("--games", "4", "--simulations", "4", "--blocks", "1", "--channels", "4")


@pytest.mark.parametrize(
    ("arguments", "measures"),
    [
        (["rules"], [("random_env_steps", "steps/s")]),
        (["playouts"], [("light_playouts", "moves/s"), ("uct_rollouts", "simulations/s")]),
        (["search", *TINY], [("az_search", "simulations/s")]),
    ],
)
def test_json_has_what_scripts_read(capsys, arguments, measures):
    rows = bench(capsys, *arguments, "--size", "5", "--no-peers")
    assert [(row["task"], row["unit"]) for row in rows] == measures
    for row in rows:
        assert row["board"] == 5
        assert row["value"] > 100
        assert row["peers"] == []
        assert "gokit" in row["versions"]


def test_all_measures_every_task(capsys):
    assert main(["bench", "all", "--size", "5", "--no-peers", "--seconds", "0.05", *TINY]) == 0
    shown = capsys.readouterr().out.splitlines()
    tasks = [json.loads(line)["task"] for line in shown if line.startswith("{")]
    expected = ["random_env_steps", "light_playouts", "uct_rollouts", "az_search", "evaluations"]
    assert list(dict.fromkeys(tasks)) == expected
    headings = [task for line in shown for task in expected if line.startswith(task)]
    assert headings == expected[:-1] + 3 * expected[-1:], "the network's is one a batch"


def test_modes_of_the_network_are_measured_against_the_plain_one(capsys):
    options = ("--batch", "1", "6", "--modes", "default", "fp32", "--threads", "1")
    rows = bench(capsys, "network", "--size", "5", *TINY[4:], *options)
    modes = [(row["batch"], row["mode"]) for row in rows]
    assert modes[0] == (1, "plain")
    assert {batch for batch, _ in modes} == {1, 6}
    for row in rows:
        assert (row["task"], row["unit"]) == ("evaluations", "evaluations/s")
        assert (row["blocks"], row["channels"], row["threads"]) == (1, 4, 1)
        assert row["value"] > 100
        assert row["flop"] > 0
        assert set(row["error"]) == {"policy_tv", "value"}
        plain = next(r for r in rows if (r["batch"], r["mode"]) == (row["batch"], "plain"))
        assert row["ratio"] == pytest.approx(row["value"] / plain["value"], rel=0.02)
        if row["precision"] == "fp32":
            assert max(row["error"].values()) < 1e-4
        else:
            assert 0 < max(row["error"].values()) < 0.05


def test_answers_err_by_their_largest_difference():
    from gokit.bench.network import answer_error

    exact = np.log(np.array([[0.5, 0.5], [0.9, 0.1]])), np.array([0.0, 0.5])
    mine = np.log(np.array([[0.5, 0.5], [0.6, 0.4]])), np.array([0.1, 0.5])
    assert answer_error(mine, exact) == {"policy_tv": 0.3, "value": 0.1}


def test_the_network_that_is_measured_has_opinions():
    """Rounding errors of a network that says the same of everything would say nothing."""
    from gokit.bench.network import FEATURES, lively_network, random_positions
    from gokit.nn.config import NetworkConfig
    from gokit.nn.inference import NetworkEvaluator

    games = random_positions(128, 5)
    net = lively_network(NetworkConfig(15, 2, 8), games)
    evaluator = NetworkEvaluator(net, features=FEATURES, precision="fp32")
    logits, values = evaluator.evaluate(games, np.arange(128))
    assert 1 < logits[:, :-1].std() < 4
    assert 0.3 < values.std() < 0.9


def test_threads_are_measured_beside_one_thread(capsys):
    for row in bench(capsys, "playouts", "--size", "5", "--no-peers", "--threads", "2"):
        assert row["threads"] == 1
        assert row["threaded"]["threads"] == 2
        assert row["threaded"]["speedup"] == pytest.approx(
            row["threaded"]["value"] / row["value"], abs=0.01
        )


def test_installed_peers_take_turns(capsys):
    pytest.importorskip("sgfmill", reason="sgfmill is not installed")
    row = bench(capsys, "playouts", "--size", "5")[0]
    ours, peer = row["value"], row["peers"][0]
    assert peer["name"] == "sgfmill"
    assert peer["ratio"] == pytest.approx(ours / peer["value"], rel=0.01)
    assert peer["ratio_range"][0] <= peer["ratio_range"][1]


def test_a_peer_that_is_not_installed_is_named(capsys, monkeypatch):
    monkeypatch.setattr(Peer, "_read", lambda peer: {"missing": peer.name})
    rows = bench(capsys, "rules", "--size", "5") + bench(capsys, "playouts", "--size", "5")
    rows += bench(capsys, "search", "--size", "5", *TINY)
    assert [row["not_installed"] for row in rows] == [
        ["OpenSpiel", "pgx"],
        ["sgfmill", "sgfmill, any suicide"],
        ["OpenSpiel MCTSBot", "GNU Go, heavier playouts"],
        ["pgx + mctx", "pgx + mctx, Gumbel"],
    ]
    assert not any(row["peers"] for row in rows)


BARE = """
import runpy, shutil, sys
from pathlib import Path
shutil.which = lambda *_, **__: None
del sys.argv[0]
sys.path.insert(0, str(Path(sys.argv[0]).parent))
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.parametrize(
    ("script", "lacks"),
    [
        ("pgx_random.py", "pgx"),
        ("pgx_mctx.py --games 4", "pgx"),
        ("open_spiel_random.py", "open_spiel"),
        ("open_spiel_uct.py", "open_spiel"),
        ("sgfmill_playouts.py", "sgfmill"),
        ("gnugo_uct.py", "gnugo"),
    ],
)
def test_a_script_says_what_it_lacks(tmp_path, script, lacks):
    """An interpreter without site-packages, in which no program is found."""
    bare, start = tmp_path / "python", tmp_path / "start.py"
    start.write_text(BARE)
    bare.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "{start}" "$@"\n')
    bare.chmod(0o755)
    peer = Peer("peer", script, 5, str(bare))
    peer.close()
    assert peer.missing == lacks


def test_a_peer_that_dies_is_an_error_with_its_last_words():
    with pytest.raises(GoError, match="stopped and said"):
        Peer("nobody", "no_such_script.py", 9)
    with pytest.raises(GoError, match="cannot run"):
        Peer("nobody", "sgfmill_playouts.py", 9, "/no/such/python")


@pytest.mark.parametrize(
    "arguments",
    [
        ["rules", "--size", "20"],
        ["rules", "--seconds", "0"],
        ["rules", "--threads", "0"],
        ["playouts", "--compile"],
        ["search", "--compile"],
        ["search", "--simulations", "0"],
        ["search", "--blocks", "-1"],
        ["network", "--batch", "0"],
        ["network", "--compile"],
        ["network", "--device", "tpu"],
        ["playouts", "--peer-python", "/no/such/python"],
    ],
)
def test_wrong_input_is_one_line_and_exit_2(capsys, arguments):
    assert main(["bench", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert "Traceback" not in captured.err


# Arithmetic, on made-up samples


def test_rates_are_medians_and_ratios_are_of_medians():
    ours = [Sample(10, 1.0, 0.5), Sample(30, 1.0, 0.5), Sample(20, 1.0, 0.5)]
    theirs = [Sample(1, 1.0, 1.0), Sample(2, 1.0, 1.0), Sample(4, 1.0, 1.0)]
    ratios = ratio_to(ours, theirs)
    assert ratios["ratio"] == 10
    assert ratios["ratio_range"] == [5, 15]
    assert ratios["ratio_per_cpu_s"] == 20
    entrant = Entrant("gokit", [lambda: 1])
    assert summary(entrant, ours)["value"] == 20
    assert summary(entrant, ours)["per_cpu_s"] == 40


def test_entrants_alternate(monkeypatch):
    turns = []

    def measure(entrant, seconds):
        turns.append((entrant.name, seconds))
        return Sample(1, 1.0, 1.0)

    monkeypatch.setattr(Entrant, "measure", measure)
    entrants = [Entrant(name, [lambda: 1]) for name in "ab"]
    samples = take_turns(entrants, seconds=3, rounds=3)
    assert turns == [("a", 1), ("b", 1)] * 3
    assert [len(its) for its in samples] == [3, 3]


def test_workers_run_side_by_side_and_their_units_add_up():
    one, two = Entrant("one", [lambda: 1]), Entrant("two", [lambda: 1, lambda: 1000])
    assert one.measure(0.01).units > 0
    assert two.measure(0.01).units >= 1001


def test_the_table_says_what_is_missing_and_how_much_faster():
    peer = {"name": "pgx", "value": 10.0, "versions": {"pgx": "2"}, "ratio": 5.0}
    peer |= {"ratio_range": [4.0, 6.0], "ratio_per_cpu_s": 4.5}
    row = {"task": "random_env_steps", "unit": "steps/s", "board": 9, "threads": 1, "value": 50.0}
    row |= {"variants": [], "peers": [peer], "not_installed": ["OpenSpiel"]}
    text = "\n".join(table_lines(row))
    assert "gokit is 5.00× [4.00, 6.00]; 4.50× a processor second" in text
    assert "OpenSpiel" in text
    assert "not installed" in text


def test_a_turn_that_is_over_before_it_begins_still_counts_something():
    assert Entrant("late", [lambda: 7]).measure(-1.0).units == 7


@pytest.mark.slow
def test_first_call_cold_and_warm(capsys):
    """The warm cache must spare most of the compiler's time."""
    assert main(["bench", "rules", "--compile", "--json"]) == 0
    cold, warm = map(json.loads, capsys.readouterr().out.splitlines())
    assert (cold["task"], cold["cache"], warm["cache"]) == ("first_call", "cold", "warm")
    assert warm["position_s"] < cold["position_s"] / 2
