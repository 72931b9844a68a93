"""The benchmarks of the search: what they count, where the time goes, and who is beside whom."""

from __future__ import annotations

import argparse
import shutil

import numpy as np
import pytest

from gokit.bench import search
from gokit.bench.compare import Rival, contest, shares
from gokit.bench.entrants import Entrant, Peer, Sample
from gokit.bench.search import FreeEvaluator, TimedEvaluator, rollout_worker, self_play_entrant
from gokit.commands.bench import table_lines
from gokit.go.games import Games
from gokit.search.config import SearchConfig
from gokit.search.evaluators import UniformEvaluator


def options(**given) -> argparse.Namespace:
    usual = {"size": 5, "seconds": 0.05, "threads": None, "games": 4, "simulations": 4}
    usual |= {"blocks": 1, "channels": 4, "no_peers": True, "peer_python": None}
    usual |= {"device": "cpu"}
    return argparse.Namespace(**{**usual, **given})


class CountingEvaluator(UniformEvaluator):
    """Takes a quarter of a second of a clock that only it moves, and counts what it sees."""

    def __init__(self) -> None:
        self.now, self.positions = 0.0, 0

    def perf_counter(self) -> float:
        return self.now

    def thread_time(self) -> float:
        return self.now / 2

    def evaluate(self, games, indices):
        self.now += 0.25
        self.positions += len(indices)
        return super().evaluate(games, indices)


def test_the_timed_evaluator_answers_as_its_own_and_counts_its_seconds(monkeypatch):
    counting, games = CountingEvaluator(), Games(3, 5)
    monkeypatch.setattr(search, "time", counting)
    timed = TimedEvaluator(counting)
    for calls in (1, 2):
        logits, values = timed.evaluate(games, np.arange(3))
        assert logits.shape == (3, 26)
        assert values.shape == (3,)
        assert (timed.seconds, timed.cpu_seconds) == (0.25 * calls, 0.125 * calls)


def test_the_free_evaluator_only_hands_out_what_it_has():
    free = FreeEvaluator(batch=8, actions=26, seed=1)
    logits, values = free.evaluate(Games(8, 5), np.arange(3, 6))
    assert (logits.shape, values.shape) == ((3, 26), (3,))
    assert np.shares_memory(logits, free.logits)
    assert np.shares_memory(values, free.values)
    config = SearchConfig(simulations=4, algorithm="gumbel")
    assert self_play_entrant("free", free, config, size=5, games=8).measure(0.001).units % 32 == 0


def test_simulations_are_counted_without_the_roots_own_evaluation():
    counting = CountingEvaluator()
    entrant = self_play_entrant("one", counting, SearchConfig(simulations=4), size=5, games=3)
    counting.positions = 0
    sample = entrant.measure(-1.0)
    assert sample.units == 3 * 4
    assert counting.positions == 3 * (4 + 1)


def test_games_go_on_and_begin_again():
    """On one point there is only the pass, and suicide: every game is over after a few plies."""
    moves = []

    class Watching(UniformEvaluator):
        def evaluate(self, games, indices):
            moves.append(games.move_number[indices].max())
            return super().evaluate(games, indices)

    entrant = self_play_entrant("watched", Watching(), SearchConfig(simulations=2), 1, games=2)
    for _ in range(6):
        entrant.measure(0.0001)
    assert max(moves) >= 1
    assert moves.count(0) > 1, "a finished game begins again"


def test_where_the_time_went():
    samples = [
        Sample(1000, 1.0, 1.0, 0.99, 0.004),
        Sample(1000, 2.0, 2.0, 1.98, 0.005),
        Sample(1, 9.0, 1.0, 0.0, 1.0),
    ]
    assert shares(samples) == {"tree_us": 20.0, "tree_cpu_us": 5.0, "network_share": 0.99}


def test_an_entrant_says_how_long_its_evaluator_took_in_this_turn():
    seconds = iter([(1.0, 0.5), (1.25, 0.625)])
    entrant = Entrant("one", [lambda: 1], search_seconds=lambda: next(seconds))
    assert entrant.measure(0.001)[3:] == (0.25, 0.125)


def test_the_tree_takes_what_the_evaluator_does_not(monkeypatch):
    """A clock that only the evaluator moves: nothing is left for the tree."""
    counting = CountingEvaluator()
    entrant = self_play_entrant("one", counting, SearchConfig(simulations=3), size=5, games=2)
    monkeypatch.setattr(search, "time", counting)
    sample = entrant.measure(-1.0)
    assert sample.evaluator_seconds == 0.25 * (3 + 1)
    assert sample.tree_cpu_seconds == 0


def test_az_search_says_what_was_searched_and_where_the_time_went():
    (row,) = search.run_search(options(games=8, simulations=3, channels=5))
    assert (row["games"], row["simulations"], row["network"]) == (8, 3, "1×5")
    assert row["device"] == "cpu"
    assert 0 < row["network_share"] < 1
    assert row["value"] > 0
    gumbel, free = row["variants"]
    assert gumbel["name"] == "gokit, Gumbel"
    assert gumbel["value"] > 0
    assert free["name"] == "gokit, free evaluator"
    assert free["network_share"] < row["network_share"]
    assert row["tree_us"] > 0


def test_the_search_is_measured_on_the_device_that_is_named(monkeypatch):
    """A peer is told to use the GPU where gokit does; nowhere else."""
    import torch

    from gokit.nn import inference

    class Stop(Exception):
        pass

    def stop(ours, rivals, arguments):
        raise Stop([rival.script.endswith("--gpu 1") for rival in rivals])

    seen = {}
    monkeypatch.setattr(search, "contest", stop)
    monkeypatch.setattr(search, "self_play_entrant", lambda *given: given)
    monkeypatch.setattr(torch.nn.Module, "to", lambda module, *_: module)
    monkeypatch.setattr(inference, "choose_device", torch.device)
    monkeypatch.setattr(
        inference, "NetworkEvaluator", lambda network, **given: seen.update(given) or given
    )
    for name in ("cuda", "cpu"):
        with pytest.raises(Stop) as stopped:
            search.run_search(options(device=name))
        assert seen["device"].type == name
        assert stopped.value.args[0][0] == (name == "cuda")


def test_a_rollout_worker_counts_the_simulations_of_one_search():
    worker = rollout_worker(5, 50, seed=1)
    assert worker() == 50


def test_every_peer_is_held_against_its_own_rival(monkeypatch):
    """Two of ours, 10 and 100 a second; a peer of 1 a second against each."""
    rates = {"slow": 10, "fast": 100, "a": 1, "b": 1}
    monkeypatch.setattr(Peer, "__init__", lambda peer, name, *_: setattr(peer, "name", name))
    monkeypatch.setattr(Peer, "missing", None, raising=False)
    monkeypatch.setattr(Peer, "versions", {}, raising=False)
    monkeypatch.setattr(Peer, "close", lambda peer: None)
    for kind in (Entrant, Peer):
        monkeypatch.setattr(kind, "measure", lambda one, _: Sample(rates[one.name], 1.0, 1.0))
    ours = [Entrant("slow", [lambda: 1]), Entrant("fast", [lambda: 1])]
    found = contest(ours, [Rival("a", ""), Rival("b", "", against=1)], options(no_peers=False))
    assert [(peer["name"], peer["ratio"]) for peer in found.peers] == [("a", 10), ("b", 100)]
    assert [its[0].units for its in found.samples] == [10, 100]


def test_peers_get_the_same_board_games_simulations_and_network(monkeypatch):
    started = []

    def start(peer, name, script, board, python):
        peer.missing = name
        started.append((board, script))

    monkeypatch.setattr(Peer, "__init__", start)
    monkeypatch.setattr(Peer, "close", lambda peer: None)
    given = options(games=3, simulations=2, blocks=1, channels=6, no_peers=False)
    search.run_search(given)
    same = "pgx_mctx.py --games 3 --simulations 2 --blocks 1 --channels 6"
    assert started == [(5, same), (5, f"{same} --gumbel 1")]
    started.clear()
    search.run_rollouts(options(simulations=9, no_peers=False))
    assert started == [(5, "open_spiel_uct.py --simulations 9"), (5, "gnugo_uct.py")]
    started.clear()
    search.run_rollouts(options(size=13, simulations=9, no_peers=False))
    assert started == [(13, "open_spiel_uct.py --simulations 9")]


def test_the_table_says_where_the_time_went():
    (row,) = search.run_search(options())
    row |= {"tree_us": 4.56, "tree_cpu_us": 3.21, "network_share": 0.9876}
    text = "\n".join(table_lines(row))
    assert f"4 games, 4 simulations a move, network 1×4 {row['mode']}" in text
    assert row["mode"] in ("fp32", "bf16")
    assert "tree 4.6 µs a simulation (3.2 of processor time), network 98.8 %" in text
    assert "gokit, free evaluator" in text


@pytest.mark.skipif(
    not shutil.which("gnugo", path="/usr/games:/usr/bin:/usr/local/bin"),
    reason="GNU Go is not installed",
)
@pytest.mark.parametrize("size", [5, 9])
def test_gnu_go_plays_its_playouts(size):
    """An answer from its book would look like a million playouts a second."""
    peer = Peer("GNU Go", "gnugo_uct.py --simulations 1000", size)
    try:
        sample = peer.measure(0.01)
    finally:
        peer.close()
    assert sample.units % 1000 == 0
    assert sample.units / sample.seconds < 500_000
