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
from gokit.nn.inference import NetworkEvaluator
from gokit.nn.networks import Network
from tests.nn.examples import EVERY_KIND, network, random_games

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


# Every kind of network


@pytest.fixture(params=EVERY_KIND)
def any_kind(request, tmp_path: Path) -> Path:
    config = EVERY_KIND[request.param]
    value = "win" if config.value_head == "outcomes" else "margin"
    card = Card(TROMP_TAYLOR, (5,), "basic", config, value=value)
    path = tmp_path / "kind.safetensors"
    save_checkpoint(path, network(config), card)
    return path


def test_every_kind_comes_back_and_plays(any_kind: Path) -> None:
    net, card = load_checkpoint(any_kind)
    original = network(card.network)
    for name, tensor in original.state_dict().items():
        assert (net.state_dict()[name] == tensor).all(), name
    games = random_games(4, 5)
    expected = NetworkEvaluator(original, value=card.value).evaluate(games, np.arange(4))
    found = load_evaluator(any_kind, rules=TROMP_TAYLOR, size=5).evaluate(games, np.arange(4))
    for mine, theirs in zip(found, expected, strict=True):
        assert (mine == theirs).all()


@pytest.mark.parametrize("keep", [0, 9, -1])
def test_every_kind_is_refused_truncated(any_kind: Path, keep: int) -> None:
    any_kind.write_bytes(any_kind.read_bytes()[:keep])
    with pytest.raises(GoError, match="truncated or altered"):
        load_checkpoint(any_kind)


def other_cards(fields: dict) -> dict[str, dict]:
    """The same description with one thing changed, each still of a possible network."""
    changes = {
        "blocks": {"blocks": fields["blocks"] + 1},
        "channels": {"channels": 2 * fields["channels"]},
        "hidden": {"value_hidden": fields["value_hidden"] + 1},
        "ownership": {"ownership": not fields["ownership"]},
        "score": {"score": not fields["score"]},
        "trunks": {"trunks": "shared" if fields["trunks"] == "separate" else "separate"},
    }
    if fields["architecture"] != "mlp":
        pooling = "mean" if fields["head_pooling"] == "full" else "full"
        changes["head pooling"] = {"head_pooling": pooling}
    if fields.get("pooling_blocks") is not None:
        changes["pooling blocks"] = {"pooling_blocks": 1 - bool(fields["pooling_blocks"])}
    if fields.get("size"):
        changes["size"] = {"size": fields["size"] + 1}
    return changes


def test_every_kind_is_refused_with_another_s_description(any_kind: Path) -> None:
    fields = json.loads(card_path(any_kind).read_text())["network"]
    for what, change in other_cards(fields).items():
        edit_card(any_kind, network={**fields, **change})
        with pytest.raises(GoError, match="not of the shape that the card says"):
            print(what, load_checkpoint(any_kind))


def test_every_kind_is_refused_as_another_architecture(any_kind: Path) -> None:
    fields = json.loads(card_path(any_kind).read_text())["network"]
    of_one_kind = {
        "resnet": {"pooling_blocks": 0},
        "transformer": {"attention_heads": 2},
        "mlp": {"size": 5},
    }
    own = {k: v for k, v in fields.items() if k not in of_one_kind[fields["architecture"]]}
    del of_one_kind[own["architecture"]]
    for architecture, more in of_one_kind.items():
        edit_card(any_kind, network={**own, **more, "architecture": architecture})
        with pytest.raises(GoError, match="shape"):
            load_checkpoint(any_kind)


def test_weights_that_only_look_right_are_refused(saved: Path) -> None:
    """Same names and shapes, another file: the hash in the card is of the bytes."""
    other = saved.parent / "other.safetensors"
    net, card = load_checkpoint(saved)
    net.heads.policy_pass.weight.data.add_(1)
    save_checkpoint(other, net, card)
    saved.write_bytes(other.read_bytes())
    with pytest.raises(GoError, match="truncated or altered"):
        load_checkpoint(saved)


def test_outcomes_are_of_wins() -> None:
    with pytest.raises(GoError, match="is a win, not a margin"):
        Card(TROMP_TAYLOR, (5,), "basic", EVERY_KIND["outcomes"], value="margin")


def test_nothing_is_ever_unpickled(any_kind: Path, monkeypatch) -> None:
    import pickle

    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("something was unpickled")

    monkeypatch.setattr(pickle, "load", refuse)
    monkeypatch.setattr(pickle, "loads", refuse)
    monkeypatch.setattr(pickle, "Unpickler", refuse)
    monkeypatch.setattr(torch, "load", refuse)
    load_checkpoint(any_kind)
