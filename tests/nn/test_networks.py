"""Networks: shapes, any board size, masks, sharing, and exact counts."""

from __future__ import annotations

import pytest
import torch

from gokit.go.errors import GoError
from gokit.go.geometry import MAX_SIZE
from gokit.nn.config import NetworkConfig, Outputs
from gokit.nn.networks import Network, flop_count
from gokit.nn.pooling import pool_full
from gokit.nn.trunks import offset_numbers
from tests.nn.examples import ANY_SIZE, EVERY_KIND, MLP, TINY, network


@pytest.mark.parametrize("kind", ANY_SIZE)
@pytest.mark.parametrize("size", [2, 5, 9, 19])
def test_one_set_of_weights_plays_every_size(kind: str, size: int) -> None:
    config = ANY_SIZE[kind]
    check_shapes(config, network(config)(torch.randn(3, 6, size, size)), size)


def test_an_mlp_plays_one_size_and_says_so() -> None:
    net = network(MLP)
    check_shapes(MLP, net(torch.randn(3, 6, 5, 5)), 5)
    with pytest.raises(GoError, match="5×5 boards only"):
        net(torch.randn(3, 6, 7, 7))
    with pytest.raises(GoError, match="5×5 boards only"):
        net(torch.randn(3, 6, 5, 5), torch.ones(3, 1, 5, 5))


def check_shapes(config: NetworkConfig, outputs: Outputs, size: int) -> None:
    assert outputs.policy_logits.shape == (3, size * size + 1)
    assert outputs.value.shape == (3,)
    assert (outputs.value.abs() <= 1).all()
    assert (outputs.ownership is not None) == config.ownership
    if outputs.ownership is not None:
        assert outputs.ownership.shape == (3, size, size)
        assert (outputs.ownership.abs() <= 1).all()
    assert (outputs.score is not None) == config.score
    if outputs.score is not None:
        assert outputs.score.shape == (3,)
    assert (outputs.outcome_logits is not None) == (config.value_head == "outcomes")
    if outputs.outcome_logits is not None:
        win, draw, loss = torch.softmax(outputs.outcome_logits, 1).T
        torch.testing.assert_close(outputs.value, win - loss)
        assert (draw > 0).all()


@pytest.mark.parametrize("kind", ANY_SIZE)
@torch.no_grad()
def test_boards_of_three_sizes_in_one_batch_get_the_answers_each_gets_alone(kind: str) -> None:
    net, sizes, largest = network(ANY_SIZE[kind]), (5, 7, 9), 9
    boards = [torch.randn(6, n, n) for n in sizes]
    planes = torch.randn(3, 6, largest, largest)  # off the board lies what must not matter
    mask = torch.zeros(3, 1, largest, largest)
    for i, (board, n) in enumerate(zip(boards, sizes, strict=True)):
        planes[i, :, :n, :n] = board
        mask[i, :, :n, :n] = 1
    planes = planes * mask
    together = net(planes, mask)
    for i, (board, n) in enumerate(zip(boards, sizes, strict=True)):
        alone = net(board[None])
        points = together.policy_logits[i, :-1].reshape(largest, largest)
        found = {
            "points": (points[:n, :n].reshape(-1), alone.policy_logits[0, :-1]),
            "pass": (together.policy_logits[i, -1], alone.policy_logits[0, -1]),
            "value": (together.value[i], alone.value[0]),
        }
        if alone.ownership is not None:
            found["ownership"] = together.ownership[i, :n, :n], alone.ownership[0]
            assert (together.ownership[i][mask[i, 0] == 0] == 0).all()
        if alone.score is not None:
            found["score"] = together.score[i], alone.score[0]
        for what, (one, other) in found.items():
            torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4, msg=f"{n}×{n}: {what}")
        assert torch.isinf(points[mask[i, 0] == 0]).all(), "a point off the board has a logit"


def test_pools_are_those_of_the_board_alone() -> None:
    x = torch.full((2, 3, 5, 5), 7.0)
    x[:, :, :3, :3] = -torch.rand(2, 3, 3, 3) - 1  # below what lies off the board
    mask = torch.zeros(2, 1, 5, 5)
    mask[:, :, :3, :3] = 1
    torch.testing.assert_close(pool_full(x, mask), pool_full(x[:, :, :3, :3], None))
    torch.testing.assert_close(pool_full(x * mask, mask), pool_full(x[:, :, :3, :3], None))
    mean = x[:, :, :3, :3].mean((2, 3))
    expected = torch.cat([mean, mean * (3 - 9) / 10, x[:, :, :3, :3].amax((2, 3))], dim=1)
    torch.testing.assert_close(pool_full(x, mask), expected)


def test_training_statistics_ignore_what_lies_off_the_board() -> None:
    board = torch.randn(8, 6, 5, 5)
    padded = torch.zeros(8, 6, 9, 9)
    padded[:, :, :5, :5] = board
    mask = torch.zeros(8, 1, 9, 9)
    mask[:, :, :5, :5] = 1
    plain, masked = network().train(), network().train()
    alone, together = plain(board), masked(padded, mask)
    torch.testing.assert_close(alone.value, together.value, atol=1e-5, rtol=1e-4)
    for name, buffer in plain.state_dict().items():
        torch.testing.assert_close(
            buffer, masked.state_dict()[name], atol=1e-5, rtol=1e-4, msg=name
        )


def test_a_network_sees_the_whole_board_only_through_pooling_or_attention() -> None:
    """One stone in a corner of 19×19 changes the far corner's logit only by way of the whole."""
    planes = torch.randn(1, 6, 19, 19)
    changed = planes.clone()
    changed[0, :, 0, 0] += 3
    for kind, differs in (("resnet", False), ("pooling", True), ("transformer", True)):
        net = network(ANY_SIZE[kind])
        before, after = net(planes).policy_logits, net(changed).policy_logits
        assert bool((before[0, 360] != after[0, 360]).item()) == differs, kind


def test_a_transformer_knows_where_a_point_is() -> None:
    """On an empty board all points look alike but for their places, which 8 symmetries do not."""
    logits = network(ANY_SIZE["transformer"])(torch.ones(1, 6, 5, 5)).policy_logits[0, :-1]
    assert len(logits.unique()) == 25


@pytest.mark.parametrize("size", [5, 9])
def test_a_transformers_head_can_look_at_one_neighbour_on_any_board(size: int) -> None:
    trunk = network(ANY_SIZE["transformer"]).trunk
    block = trunk.blocks[0]
    below = MAX_SIZE * (2 * MAX_SIZE - 1) + MAX_SIZE - 1  # one row down, the same column
    with torch.no_grad():
        block.offset_bias[:, below] = 100.0
    x = torch.randn(1, size * size, trunk.stem.out_channels)
    y = x.clone()
    middle = size * size // 2
    y[:, middle] += torch.randn(y.shape[-1])
    offsets = offset_numbers(size, x.device)
    changed = (block(x, offsets) - block(y, offsets)).abs().amax((0, 2)) > 1e-4
    # On the last line nothing lies below, and those points still look at all.
    looking = changed[: size * (size - 1)].nonzero().flatten().tolist()
    assert looking == [middle - size, middle]


@pytest.mark.parametrize("kind", ["resnet", "transformer", "mlp"])
@pytest.mark.parametrize("trunks", ["shared", "detached", "separate"])
def test_who_teaches_the_trunk(kind: str, trunks: str) -> None:
    fields = {**EVERY_KIND[kind].to_dict(), "trunks": trunks, "score": True}
    net = network(NetworkConfig.from_dict(fields))
    outputs = net(torch.randn(4, 6, 5, 5))
    (outputs.value.sum() + outputs.ownership.sum() + outputs.score.sum()).backward()
    taught = any((p.grad is not None and p.grad.any()) for p in net.trunk.parameters())
    assert taught == (trunks == "shared"), "the value's gradient is in the policy's trunk"
    if trunks == "separate":
        assert any(p.grad.any() for p in net.value_trunk.parameters())
        net.zero_grad()
        net(torch.randn(4, 6, 5, 5)).policy_logits[:, 0].sum().backward()
        assert not any((p.grad is not None and p.grad.any()) for p in net.value_trunk.parameters())


def test_a_value_tells_sums_from_means() -> None:
    """Full pooling scales by the board's width: the same stones everywhere are more on 9×9."""
    planes = torch.ones(1, 6, 1, 1)
    net = network(NetworkConfig(**{**TINY, "blocks": 0}))
    flat = network(NetworkConfig(**{**TINY, "blocks": 0}, head_pooling="mean"))
    for trunk in (net.trunk, flat.trunk):
        trunk.stem.weight.data[:, :, [0, 0, 0, 1, 1, 2, 2, 2], [0, 1, 2, 0, 2, 0, 1, 2]] = 0
    values = [net(planes.expand(1, 6, n, n)).value.item() for n in (5, 9)]
    assert abs(values[0] - values[1]) > 1e-4
    means = [flat(planes.expand(1, 6, n, n)).value.item() for n in (5, 9)]
    assert means[0] == pytest.approx(means[1], abs=1e-6)


# Counts


def test_parameters_are_counted_exactly() -> None:
    """3 blocks of 32 channels on 6 planes, by hand: convolutions, norms, heads."""
    convolutions = 6 * 32 * 9 + 6 * 32 * 32 * 9
    norms = 7 * 2 * 32
    heads = 33 + 97 + (96 * 32 + 32) + 33 + 33
    assert Network(NetworkConfig()).parameter_count() == convolutions + norms + heads


def test_the_lecture_s_network_is_one_call() -> None:
    """10 blocks of 128 channels on three planes: just under three million numbers."""
    config = NetworkConfig.lecture()
    stem_and_blocks = 3 * 128 * 9 + 20 * 128 * 128 * 9
    norms = 21 * 2 * 128
    heads = (128 + 1) + (128 + 1) + (128 * 64 + 64) + (64 + 1)
    assert stem_and_blocks + norms + heads == 2_966_531
    assert Network(config).parameter_count() == 2_966_531
    outputs = Network(config).eval()(torch.zeros(1, 3, 9, 9))
    assert outputs.ownership is None
    assert NetworkConfig.from_dict(config.to_dict()) == config


@pytest.mark.parametrize("size", [5, 9])
def test_operations_are_counted_exactly(size: int) -> None:
    points, c, hidden = size * size, 8, 8
    value = 2 * (3 * c * hidden + hidden)
    heads = 2 * points * c + 2 * 3 * c + value + 2 * points * c
    residual = 2 * 9 * points * (6 * c + 4 * c * c)
    assert flop_count(ANY_SIZE["resnet"], size) == residual + heads
    pooled = residual + 2 * 3 * c * c
    assert flop_count(ANY_SIZE["pooling"], size) == pooled + heads
    layers = 2 * points * (3 * c * c + c * c + 2 * c * c + 2 * c * c)
    attention = 2 * 2 * points * points * c
    transformer = 2 * points * 6 * c + 2 * (layers + attention)
    assert flop_count(ANY_SIZE["transformer"], size) == transformer + heads
    assert flop_count(ANY_SIZE["separate"], size) == 2 * (residual + 2 * 2 * 3 * c * c) + heads


def test_an_mlp_s_operations_are_two_a_weight() -> None:
    layers = 2 * (6 * 25 * 8 + 8 * 8)
    heads = 2 * (8 * 26 + (8 * 8 + 8 * 3) + 8 * 25 + 8)
    assert flop_count(MLP, 5) == layers + heads


# Configurations


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_a_configuration_survives_json(kind: str) -> None:
    config = EVERY_KIND[kind]
    assert NetworkConfig.from_dict(config.to_dict()) == config


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"blocks": -1}, "blocks"),
        ({"channels": 0}, "channels"),
        ({"blocks": 2.0}, "blocks"),
        ({"planes": True}, "planes"),
        ({"blocks": 1, "pooling_blocks": 2}, "pooling_blocks than blocks"),
        ({"architecture": "lstm"}, "architecture"),
        ({"trunks": "none"}, "trunks"),
        ({"head_pooling": "max"}, "head_pooling"),
        ({"value_head": "score"}, "value_head"),
        ({"score": 1.5}, "score"),
        ({"size": 9}, "size means nothing"),
        ({"attention_heads": 2}, "attention_heads means nothing"),
        ({"architecture": "transformer", "pooling_blocks": 1}, "pooling_blocks means nothing"),
        ({"architecture": "transformer", "channels": 30}, "multiple"),
        ({"architecture": "mlp"}, "size"),
        ({"architecture": "mlp", "size": 20}, "size"),
        ({"architecture": "mlp", "size": 5, "blocks": 0}, "hidden layer"),
    ],
)
def test_impossible_networks_are_refused(fields: dict, message: str) -> None:
    with pytest.raises(GoError, match=message):
        NetworkConfig(**fields)
