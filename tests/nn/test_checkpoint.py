"""Checkpoints: what was saved comes back, and nothing else ever does."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from gokit.go.errors import GoError, RulesMismatchError
from gokit.go.games import Games
from gokit.go.rules import NO_SUICIDE, TROMP_TAYLOR
from gokit.nn.checkpoint import (
    Card,
    card_path,
    find_checkpoint,
    load_checkpoint,
    load_evaluator,
    save_checkpoint,
)
from gokit.nn.config import NetworkConfig
from gokit.nn.networks import Network

CONFIG = NetworkConfig(blocks=1, channels=4, value_hidden=4)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    path = tmp_path / "net.safetensors"
    card = Card(TROMP_TAYLOR, (5,), "basic", CONFIG, run={"seed": 1}, strength=[{"score": 0.5}])
    save_checkpoint(path, Network(CONFIG), card)
    return path


def edit_card(path: Path, **changes: object) -> None:
    place = card_path(path)
    place.write_text(json.dumps({**json.loads(place.read_text()), **changes}))


def test_network_and_card_come_back(saved: Path) -> None:
    network, card = load_checkpoint(saved)
    torch.manual_seed(0)
    for name, tensor in Network(CONFIG).state_dict().items():
        assert (network.state_dict()[name] == tensor).all(), name
    assert card.rules == TROMP_TAYLOR
    assert card.sizes == (5,)
    assert card.run == {"seed": 1}
    assert card.strength == [{"score": 0.5}]


def test_a_checkpoint_loads_as_an_evaluator_that_knows_its_value(saved: Path) -> None:
    evaluator = load_evaluator(saved)
    assert evaluator.value_kind == "margin"
    logits, values = evaluator.evaluate(Games(2, 5), np.arange(2))
    assert logits.shape == (2, 26)
    assert (values[0] == values[1]).all()


@pytest.mark.parametrize("keep", [0, 7, 100, -1])
def test_truncated_weights_are_refused(saved: Path, keep: int) -> None:
    saved.write_bytes(saved.read_bytes()[:keep])
    with pytest.raises(GoError, match="truncated or altered"):
        load_checkpoint(saved)


def test_one_altered_bit_is_refused(saved: Path) -> None:
    content = bytearray(saved.read_bytes())
    content[-5] ^= 1
    saved.write_bytes(bytes(content))
    with pytest.raises(GoError, match="truncated or altered"):
        load_checkpoint(saved)


def test_missing_files_are_named(saved: Path, tmp_path: Path) -> None:
    with pytest.raises(GoError, match=r"nowhere\.json.*cannot be read"):
        load_checkpoint(tmp_path / "nowhere.safetensors")
    saved.unlink()
    with pytest.raises(GoError, match=r"net\.safetensors.*cannot be read"):
        load_checkpoint(saved)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "gokit checkpoint 99"}, "format"),
        ({"network": {"architecture": "perceptron"}}, "architecture"),
        ({"planes": ["own stones"]}, "planes"),
        ({"features": "liberties"}, "features"),
        ({"value": "points"}, "value"),
        ({"rules": {"komi": 7.5}}, "rules"),
        ({"sizes": [50]}, "sizes"),
        ({"sizes": 5}, "sizes"),
        ({"network": {"planes": 6}}, "lacks architecture"),
        ({"network": {**CONFIG.to_dict(), "depth": 3}}, "a network is"),
        ({"network": {**CONFIG.to_dict(), "channels": 8}}, "shape"),
        ({"network": {**CONFIG.to_dict(), "planes": 7}}, "planes"),
        ({"sha256": "0" * 64}, "truncated or altered"),
    ],
)
def test_a_card_of_something_else_is_refused_with_a_sentence(
    saved: Path, changes: dict, message: str
) -> None:
    edit_card(saved, **changes)
    with pytest.raises(GoError, match=message) as refusal:
        load_checkpoint(saved)
    assert "\n" not in str(refusal.value)
    assert saved.name.split(".")[0] in str(refusal.value), "the file is not named"


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"card"'])
def test_a_card_that_is_no_json_object_is_refused(saved: Path, text: str) -> None:
    card_path(saved).write_text(text)
    with pytest.raises(GoError, match="JSON"):
        load_checkpoint(saved)


def test_a_missing_key_of_the_card_is_named(saved: Path) -> None:
    card = json.loads(card_path(saved).read_text())
    del card["rules"]
    card_path(saved).write_text(json.dumps(card))
    with pytest.raises(GoError, match="rules"):
        load_checkpoint(saved)


def test_a_run_s_folder_means_its_last_checkpoint(saved: Path) -> None:
    folder = saved.parent / "run"
    with pytest.raises(GoError, match="cannot be read"):
        load_checkpoint(folder)
    (folder / "checkpoints").mkdir(parents=True)
    with pytest.raises(GoError, match="no checkpoint yet"):
        load_checkpoint(folder)
    network, card = load_checkpoint(saved)
    for name in ("minute-0001", "minute-0016", "final"):
        path = folder / "checkpoints" / f"{name}.safetensors"
        save_checkpoint(path, network, card)
        assert find_checkpoint(folder) == path
    load_evaluator(folder, size=5)


def test_pickles_are_not_even_looked_at(tmp_path: Path, saved: Path) -> None:
    pickled = tmp_path / "evil.safetensors"
    torch.save({"weights": torch.zeros(3)}, pickled)
    card_path(pickled).write_text(card_path(saved).read_text())
    with pytest.raises(GoError, match="truncated or altered"):
        load_checkpoint(pickled)


def test_other_rules_and_sizes_are_a_mismatch(saved: Path) -> None:
    load_evaluator(saved, rules=TROMP_TAYLOR, size=5)
    # The value is a margin, counted without komi: any komi will do.
    load_evaluator(saved, rules=TROMP_TAYLOR.replace(komi=0.5), size=5)
    with pytest.raises(RulesMismatchError, match="no suicide"):
        load_evaluator(saved, rules=NO_SUICIDE)
    with pytest.raises(RulesMismatchError, match="5×5, not on 9×9"):
        load_evaluator(saved, size=9)


def test_where_the_value_is_a_win_komi_must_agree(tmp_path: Path) -> None:
    path = tmp_path / "win.safetensors"
    card = Card(TROMP_TAYLOR, (5, 7), "basic", CONFIG, value="win")
    save_checkpoint(path, Network(CONFIG), card)
    load_evaluator(path, rules=TROMP_TAYLOR, size=7)
    with pytest.raises(RulesMismatchError, match=r"komi 7\.5"):
        load_evaluator(path, rules=TROMP_TAYLOR.replace(komi=0.5))


def test_a_card_must_describe_the_network_it_is_saved_with(tmp_path: Path) -> None:
    card = Card(TROMP_TAYLOR, (5,), "basic", CONFIG)
    with pytest.raises(GoError, match="another network"):
        save_checkpoint(tmp_path / "x.safetensors", Network(NetworkConfig()), card)
