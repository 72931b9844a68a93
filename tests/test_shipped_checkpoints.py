"""The networks in data/checkpoints load, are what their cards say, and play."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from gokit.arena import play_match, wilson
from gokit.go.games import Games
from gokit.nn.checkpoint import load_checkpoint, load_evaluator
from gokit.players import PolicyPlayer, RandomPlayer
from gokit.search.mcts import Search, SearchConfig
from gokit.supervised_run import SupervisedConfig
from gokit.train import TrainConfig

FOLDER = Path(__file__).parents[1] / "data" / "checkpoints"
SHIPPED = sorted(FOLDER.glob("*.safetensors"))


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def test_there_is_a_network_for_5x5_and_one_for_9x9() -> None:
    assert {"5x5.safetensors", "9x9.safetensors"} <= {path.name for path in SHIPPED}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_card_tells_how_to_make_the_network_and_how_strong_it_is(path: Path) -> None:
    _, card = load_checkpoint(path)
    assert path.stat().st_size < 5_000_000
    config = card.run["config"]
    kind = SupervisedConfig if "sources" in config else TrainConfig
    assert card.run["command"] == kind.from_dict(config).command()
    assert card.strength
    for result in card.strength:
        assert result["games"] == result["wins"] + result["losses"] + result["draws"] > 0
        assert result["interval"] == pytest.approx(
            wilson(result["score"], result["games"]), abs=1e-4
        )
        assert result["distinct_games"] > 0.9 * result["games"]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_policy_beats_random_play(path: Path) -> None:
    _, card = load_checkpoint(path)
    rng = np.random.default_rng(0)
    a, b = PolicyPlayer(load_evaluator(path)), RandomPlayer(rng)
    result = play_match(a, b, games=30, size=card.sizes[0], rules=card.rules, rng=rng)
    assert result.score > 0.9, str(result)


def test_5x5_is_opened_in_the_centre_and_known_to_be_won() -> None:
    """Van der Werf 2002: the centre wins the whole board."""
    search = Search(load_evaluator(FOLDER / "5x5.safetensors"), SearchConfig(64))
    result = search.run(Games(1, 5))
    assert result.actions[0] == 12
    assert result.q[0, 12] * 25 > 15
