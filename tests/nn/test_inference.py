"""Evaluators: the network's answers, folded, in fewer bits, turned, remembered, by any backend."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gokit.go.errors import GoError
from gokit.go.games import Games
from gokit.go.position import Position
from gokit.go.symmetry import permutation
from gokit.nn import inference
from gokit.nn.config import NetworkConfig
from gokit.nn.features import FEATURE_SETS, plane_scales, write_planes
from gokit.nn.folding import fold, lower
from gokit.nn.inference import NetworkEvaluator, choose_precision, cpu_has_bf16
from gokit.nn.networks import Network
from tests.nn.examples import ANY_SIZE, EVERY_KIND, MLP, SMALL, network, random_games

FULL = NetworkConfig(planes=15, blocks=2, channels=8, pooling_blocks=1)


@torch.no_grad()
def answers(net: Network, games: Games, features: str = "basic") -> tuple[np.ndarray, np.ndarray]:
    """What the network itself says, planes written and scaled here."""
    g = games.geometry
    planes = np.empty((len(games.words), net.config.planes, g.rows, g.columns), np.int8)
    write_planes(games, np.arange(len(games.words)), features, planes)
    outputs = net.eval()(torch.from_numpy(planes * plane_scales(features)).float())
    return outputs.policy_logits.numpy(), outputs.value.numpy()


def everything(evaluator: NetworkEvaluator, games: Games) -> tuple[np.ndarray, np.ndarray]:
    return evaluator.evaluate(games, np.arange(len(games.words)))


def assert_same(found, expected, atol: float = 1e-5) -> None:
    for mine, theirs in zip(found, expected, strict=True):
        assert mine.dtype == np.float32
        assert mine.flags.c_contiguous
        np.testing.assert_allclose(mine, theirs, atol=atol, rtol=1e-4)


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_an_evaluator_answers_as_the_network_does(kind: str) -> None:
    net, games = network(EVERY_KIND[kind]), random_games(6, 5)
    expected = answers(net, games)
    evaluator = NetworkEvaluator(net, precision="fp32")
    assert_same(everything(evaluator, games), expected)
    chosen = np.array([4, 0, 4])
    assert_same(evaluator.evaluate(games, chosen), [a[chosen] for a in expected])


def test_komi_is_scaled_for_the_network() -> None:
    net, games = network(FULL), random_games(6, 5)
    evaluator = NetworkEvaluator(net, features="full", precision="fp32")
    assert_same(everything(evaluator, games), answers(net, games, "full"))


def test_no_positions_have_no_answers() -> None:
    logits, values = NetworkEvaluator(network()).evaluate(Games(1, 5), np.arange(0))
    assert logits.shape == (0, 26)
    assert values.shape == (0,)


@pytest.mark.parametrize("kind", EVERY_KIND)
@torch.no_grad()
def test_folding_changes_no_answer_and_not_the_network(kind: str) -> None:
    net = network(EVERY_KIND[kind])
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    planes = torch.randn(4, 6, 5, 5)
    for mine, theirs in zip(fold(net)(planes), net(planes), strict=True):
        torch.testing.assert_close(mine, theirs, atol=1e-5, rtol=1e-4)
    for name, tensor in net.state_dict().items():
        assert (tensor == before[name]).all(), name


def test_folding_saves_what_it_can() -> None:
    folded = fold(network(ANY_SIZE["resnet"]))
    norms = [m for m in folded.trunk.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert len(norms) == 2 + 1  # the first of each block and the last
    assert not any(parameter.requires_grad for parameter in folded.parameters())


# Precision


def test_heads_and_statistics_keep_all_their_bits() -> None:
    net = lower(fold(network(ANY_SIZE["separate"])), torch.bfloat16)
    assert net.trunk.stem.weight.dtype == net.value_trunk.stem.weight.dtype == torch.bfloat16
    assert all(p.dtype == torch.float32 for p in net.heads.parameters())
    assert net.trunk.norm.running_var.dtype == torch.float32
    outputs = net(torch.randn(2, 6, 5, 5).bfloat16())
    assert outputs.policy_logits.dtype == outputs.value.dtype == torch.float32


def total_variation(one: np.ndarray, other: np.ndarray) -> float:
    policies = [torch.softmax(torch.from_numpy(logits), 1) for logits in (one, other)]
    return float((policies[0] - policies[1]).abs().sum(1).max() / 2)


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_fewer_bits_change_the_answers_little(kind: str) -> None:
    net, games = network(EVERY_KIND[kind]), random_games(32, 5)
    exact = answers(net, games)
    logits, values = everything(NetworkEvaluator(net, precision="bf16"), games)
    assert 0 < total_variation(logits, exact[0]) < 0.02
    assert np.abs(values - exact[1]).max() < 0.02


def test_auto_takes_bf16_where_the_processor_says_so(monkeypatch) -> None:
    cpu = torch.device("cpu")
    for says, expected in ((True, "bf16"), (False, "fp32")):
        monkeypatch.setattr(inference, "cpu_has_bf16", lambda says=says: says)
        assert choose_precision("auto", cpu) == expected
    assert choose_precision("fp32", cpu) == "fp32"
    with pytest.raises(GoError, match="precision"):
        choose_precision("int4", cpu)


@pytest.mark.parametrize(("flags", "has"), [("fma avx512_bf16 sse", True), ("fma avx512f", False)])
def test_the_processor_s_flags_decide(flags: str, has: bool, tmp_path, monkeypatch) -> None:
    (tmp_path / "cpuinfo").write_text(f"flags : {flags}\n")
    monkeypatch.setattr(inference, "Path", lambda _: tmp_path / "cpuinfo")
    cpu_has_bf16.cache_clear()
    try:
        assert cpu_has_bf16() == has
    finally:
        cpu_has_bf16.cache_clear()


@pytest.mark.parametrize(
    ("config", "narrow"),
    [
        (NetworkConfig(blocks=1, channels=8), True),
        (NetworkConfig(blocks=1, channels=64), False),
        (NetworkConfig(blocks=1, channels=64, architecture="transformer"), True),
        (NetworkConfig(blocks=1, channels=64, architecture="mlp", size=5), True),
    ],
    ids=["narrow", "wide", "transformer", "mlp"],
)
def test_one_position_alone_is_answered_in_fp32_where_that_is_sooner(
    config: NetworkConfig, narrow: bool, monkeypatch
) -> None:
    monkeypatch.setattr(inference, "cpu_has_bf16", lambda: True)
    net = network(config)
    one, two = random_games(1, 5), Games(2, 5)
    exact, evaluator = answers(net, one), NetworkEvaluator(net)
    assert evaluator.precision == "bf16"
    error = np.abs(everything(evaluator, one)[0] - exact[0]).max()
    assert (error < 1e-5) == narrow
    assert evaluator.precision_for(1) == ("fp32" if narrow else "bf16")
    assert evaluator.precision_for(2) == "bf16"
    assert np.abs(everything(evaluator, two)[0] - answers(net, two)[0]).max() > 1e-5
    asked_for = NetworkEvaluator(net, precision="bf16")
    assert np.abs(everything(asked_for, one)[0] - exact[0]).max() > 1e-5


# Symmetries


def test_averaged_answers_are_the_mean_over_all_eight_boards() -> None:
    """By playing the turned games: what averaging must equal, without its code."""
    net, moves = network(FULL), [7, 11, 3, 25, 18, 1]
    logits, values = 0.0, 0.0
    for k in range(8):
        goes_to = permutation(k, 5)
        turned = Position.from_moves([int(goes_to[m]) for m in moves], size=5)
        own_logits, own_values = answers(net, Games.from_positions([turned]), "full")
        own = torch.log_softmax(torch.from_numpy(own_logits), 1).numpy()
        logits, values = logits + own[:, goes_to] / 8, values + own_values / 8
    evaluator = NetworkEvaluator(net, features="full", precision="fp32", symmetries=8)
    games = Games.from_positions([Position.from_moves(moves, size=5)])
    assert_same(everything(evaluator, games), (logits, values))


def test_averaged_answers_turn_with_the_board() -> None:
    evaluator = NetworkEvaluator(network(), precision="fp32", symmetries=8)
    moves = [7, 11, 3, 18, 1]
    straight = everything(evaluator, Games.from_positions([Position.from_moves(moves, size=5)]))
    for k in range(8):
        goes_to = permutation(k, 5)
        turned = Position.from_moves([int(goes_to[m]) for m in moves], size=5)
        logits, values = everything(evaluator, Games.from_positions([turned]))
        assert_same((logits[:, goes_to], values), straight)


# The cache


def counting(evaluator: NetworkEvaluator) -> list[int]:
    """The sizes of the batches that the network itself is asked."""
    asked, answer = [], evaluator._answer
    evaluator._answer = lambda planes: asked.append(len(planes)) or answer(planes)
    return asked


def test_what_was_answered_is_remembered_and_the_answers_are_the_same() -> None:
    net, games = network(FULL), random_games(8, 5)
    plain = NetworkEvaluator(net, features="full", precision="fp32")
    cached = NetworkEvaluator(net, features="full", precision="fp32", cache=100)
    asked = counting(cached)
    for _ in range(2):
        assert_same(everything(cached, games), everything(plain, games))
    assert len(asked) == 1
    chosen = np.array([3, 5, 3])
    assert_same(cached.evaluate(games, chosen), plain.evaluate(games, chosen))
    assert len(asked) == 1


def test_positions_that_differ_in_what_cannot_be_seen_on_the_board_are_not_confused() -> None:
    cached = NetworkEvaluator(network(FULL), features="full", precision="fp32", cache=100)
    black = Position.from_moves([12], size=5)
    positions = [black, black.with_komi(0.5), black.play("pass").play("pass")]
    positions += [Position.from_moves([25, 12, 25, 25][:n], size=5) for n in (1, 2, 3)]
    for position in positions:
        games = Games.from_positions([position])
        assert_same(everything(cached, games), answers(cached.network, games, "full"))
    # the same numbers in boards of another shape
    for shape in (4, (2, 8), (8, 2), 5):
        games = Games(1, shape)
        assert_same(everything(cached, games), answers(cached.network, games, "full"))


def test_the_cache_forgets_what_was_not_asked_for_longest() -> None:
    evaluator = NetworkEvaluator(network(), precision="fp32", cache=2)
    games = Games.from_positions([Position.from_moves([m], size=5) for m in range(3)])
    asked = counting(evaluator)

    def ask(*indices: int) -> int:
        before = sum(asked)
        evaluator.evaluate(games, np.array(indices))
        return sum(asked) - before

    assert ask(0, 1) == 2
    assert ask(0) == 0  # now 1 is the one not asked for longest
    assert ask(2) == 1
    assert ask(0) == 0
    assert ask(1) == 1
    assert len(evaluator._cache) == 2
    assert ask(0, 1, 2) > 0  # more than it can hold, at once
    assert len(evaluator._cache) == 2


def test_a_position_twice_in_a_batch_is_asked_once() -> None:
    evaluator = NetworkEvaluator(network(), precision="fp32", cache=9)
    asked = counting(evaluator)
    games = random_games(2, 5)
    logits, _ = evaluator.evaluate(games, np.array([1, 1, 0]))
    assert asked == [2]
    assert (logits[0] == logits[1]).all()


def test_refreshing_takes_the_new_weights_and_forgets_the_old_answers() -> None:
    net, games = network(), random_games(3, 5)
    evaluator = NetworkEvaluator(net, precision="fp32", cache=10)
    old = everything(evaluator, games)
    for parameter in net.parameters():
        parameter.data.add_(0.1)
    assert_same(everything(evaluator, games), old)
    evaluator.refresh()
    assert_same(everything(evaluator, games), answers(net, games))
    assert np.abs(answers(net, games)[0] - old[0]).max() > 1e-3


# Backends


def needs(backend: str) -> None:
    for package in {"openvino": ["openvino"], "onnx": ["onnx", "onnxruntime"]}.get(backend, ()):
        pytest.importorskip(package, reason=f"{package} is not installed")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["pooling", "transformer", "outcomes"])
@pytest.mark.parametrize("backend", ["compiled", "openvino", "onnx"])
def test_every_backend_gives_the_network_s_answers(backend: str, kind: str) -> None:
    needs(backend)
    net = network(EVERY_KIND[kind])
    evaluator = NetworkEvaluator(net, precision="fp32", backend=backend)
    for count, size in ((1, 5), (4, 5), (7, 7), (4, 5)):
        games = random_games(count, size, seed=count)
        assert_same(everything(evaluator, games), answers(net, games), atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("backend", "precision"), [("compiled", "bf16"), ("openvino", "bf16"), ("onnx", "fp32")]
)
def test_every_backend_takes_new_weights_and_fewer_bits(backend: str, precision: str) -> None:
    needs(backend)
    net, games = network(), random_games(4, 5)
    evaluator = NetworkEvaluator(net, precision=precision, backend=backend)
    everything(evaluator, games)
    for parameter in net.parameters():
        parameter.data.mul_(1.1)
    evaluator.refresh()
    logits, values = everything(evaluator, games)
    exact = answers(net, games)
    assert total_variation(logits, exact[0]) < 0.02
    assert np.abs(values - exact[1]).max() < 0.02


def test_onnx_has_one_precision_and_auto_is_that(monkeypatch) -> None:
    needs("onnx")
    monkeypatch.setattr(inference, "cpu_has_bf16", lambda: True)
    evaluator = NetworkEvaluator(network(), backend="onnx")
    assert evaluator.precision == evaluator.precision_for(1) == evaluator.precision_for(2) == "fp32"
    with pytest.raises(GoError, match="computes in fp32 here, not in bf16"):
        NetworkEvaluator(network(), backend="onnx", precision="bf16")


def test_a_backend_that_is_not_there_is_a_sentence(monkeypatch) -> None:
    with pytest.raises(GoError, match="a backend is one of torch, compiled, openvino, onnx"):
        NetworkEvaluator(network(), backend="tensorrt")
    for package in ("onnx", "onnxruntime"):
        with monkeypatch.context() as without:
            without.setitem(__import__("sys").modules, package, None)
            with pytest.raises(GoError, match="pip install onnx onnxruntime"):
                NetworkEvaluator(network(), backend="onnx")
    monkeypatch.setitem(__import__("sys").modules, "openvino", None)
    with pytest.raises(GoError, match="pip install openvino"):
        NetworkEvaluator(network(), backend="openvino")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(GoError, match=r"C\+\+ compiler"):
        NetworkEvaluator(network(), backend="compiled")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"features": "full"}, "does not read the features"),
        ({"symmetries": 4}, "symmetries"),
        ({"cache": -1}, "cache"),
        ({"cache": 1.5}, "cache"),
        ({"precision": "fp8"}, "precision"),
        ({"device": "tpu"}, "device"),
    ],
)
def test_impossible_evaluators_are_refused(options: dict, message: str) -> None:
    with pytest.raises(GoError, match=message):
        NetworkEvaluator(network(SMALL), **options)


def test_a_network_of_one_board_refuses_the_others() -> None:
    evaluator = NetworkEvaluator(network(MLP))
    with pytest.raises(GoError, match="5×5 boards only"):
        everything(evaluator, Games(1, 7))


def test_every_feature_set_has_its_network() -> None:
    for features, planes in FEATURE_SETS.items():
        net = network(NetworkConfig(planes=len(planes), blocks=1, channels=4))
        games = random_games(3, 5)
        evaluator = NetworkEvaluator(net, features=features, precision="fp32")
        assert_same(everything(evaluator, games), answers(net, games, features))
