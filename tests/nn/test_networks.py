"""Networks: shapes, any board size, masks, and the views of their features."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gokit.go.errors import GoError
from gokit.go.games import Games
from gokit.go.position import Position
from gokit.go.rules import BLACK, WHITE
from gokit.go.symmetry import permutation, transform_plane
from gokit.nn.config import NetworkConfig
from gokit.nn.features import FEATURE_SETS, write_planes
from gokit.nn.inference import NetworkEvaluator
from gokit.nn.networks import Network

SMALL = NetworkConfig(planes=6, blocks=2, channels=8, pooling_blocks=1, value_hidden=8)


def network(config: NetworkConfig = SMALL, seed: int = 0) -> Network:
    """A network whose statistics and heads are not those it was born with."""
    torch.manual_seed(seed)
    net = Network(config)
    net.train()
    for _ in range(5):
        net(torch.randn(8, config.planes, 7, 7))
    for parameter in net.parameters():
        parameter.data.add_(0.1 * torch.randn_like(parameter))
    return net.eval()


@pytest.mark.parametrize("size", [2, 5, 7, 9, 19])
def test_one_set_of_weights_plays_every_size(size: int) -> None:
    outputs = network()(torch.randn(3, 6, size, size))
    assert outputs.policy_logits.shape == (3, size * size + 1)
    assert outputs.value.shape == (3,)
    assert outputs.ownership.shape == (3, size, size)
    assert (outputs.value.abs() <= 1).all()
    assert (outputs.ownership.abs() <= 1).all()


@torch.no_grad()
def test_boards_of_three_sizes_in_one_batch_get_the_answers_each_gets_alone() -> None:
    net, sizes, largest = network(), (5, 7, 9), 9
    boards = [torch.randn(6, n, n) for n in sizes]
    planes = torch.zeros(3, 6, largest, largest)
    mask = torch.zeros(3, 1, largest, largest)
    for i, (board, n) in enumerate(zip(boards, sizes, strict=True)):
        planes[i, :, :n, :n] = board
        mask[i, :, :n, :n] = 1
    together = net(planes, mask)
    for i, (board, n) in enumerate(zip(boards, sizes, strict=True)):
        alone = net(board[None])
        points = together.policy_logits[i, :-1].reshape(largest, largest)
        on_board = points[:n, :n].reshape(-1)
        torch.testing.assert_close(on_board, alone.policy_logits[0, :-1], atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(
            together.policy_logits[i, -1], alone.policy_logits[0, -1], atol=1e-5, rtol=1e-4
        )
        torch.testing.assert_close(together.value[i], alone.value[0], atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(
            together.ownership[i, :n, :n], alone.ownership[0], atol=1e-5, rtol=1e-4
        )
        assert torch.isinf(points[mask[i, 0] == 0]).all(), "a point off the board has a logit"


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


def test_a_network_sees_the_whole_board_only_through_pooling() -> None:
    """One stone in a corner of 19×19 changes the far corner's logit only by way of the pools."""
    planes = torch.randn(1, 6, 19, 19)
    changed = planes.clone()
    changed[0, :, 0, 0] += 3
    for pooling, differs in ((0, False), (1, True)):
        net = network(NetworkConfig(6, 2, 8, pooling_blocks=pooling, value_hidden=8))
        before, after = net(planes).policy_logits, net(changed).policy_logits
        assert bool((before[0, 360] != after[0, 360]).item()) == differs


def test_parameters_are_counted_exactly() -> None:
    """3 blocks of 32 channels on 6 planes, by hand: convolutions, norms, heads."""
    convolutions = 6 * 32 * 9 + 6 * 32 * 32 * 9
    norms = 7 * 2 * 32
    heads = 33 + 97 + (96 * 32 + 32) + 33 + 33
    assert Network(NetworkConfig()).parameter_count() == convolutions + norms + heads


@pytest.mark.parametrize(
    "fields", [{"blocks": -1}, {"channels": 0}, {"blocks": 2.0}, {"blocks": 1, "pooling_blocks": 2}]
)
def test_impossible_networks_are_refused(fields: dict) -> None:
    with pytest.raises(GoError):
        NetworkConfig(**fields)


def planes_of(position: Position) -> np.ndarray:
    planes = np.empty((1, 6, position.size, position.size), np.int8)
    write_planes(Games.from_positions([position]), np.array([0]), "basic", planes)
    return planes[0]


def test_planes_show_stones_legal_points_and_passes_from_the_mover_s_view() -> None:
    diagram = ". X . O .\nX X O O O\n. . . . .\n. . . . .\n. . . . ."
    black = Position.from_diagram(diagram, to_move=BLACK)
    white = black.play("pass")
    stones = {color: black.board == color for color in (BLACK, WHITE)}
    for position, own, other in ((black, BLACK, WHITE), (white, WHITE, BLACK)):
        planes = planes_of(position)
        assert (planes[0] == stones[own]).all()
        assert (planes[1] == stones[other]).all()
        assert (planes[2].ravel() == position.legal_mask()[:-1]).all()
        assert (planes[3] == 1).all()
    assert (planes_of(black)[4] == 0).all()
    assert (planes_of(white)[4] == 1).all()
    assert (planes_of(black)[5] == 1).all()
    assert (planes_of(white)[5] == 0).all()


def test_planes_turn_with_the_board() -> None:
    rng = np.random.default_rng(0)
    position = Position(5)
    for _ in range(9):
        position = position.play(int(rng.choice(position.legal_moves()[:-1])))
    for k in range(8):
        turned = Position.from_moves([int(permutation(k, 5)[m]) for m in position.moves], size=5)
        assert (planes_of(turned) == transform_plane(planes_of(position), k)).all()


def test_features_refuse_what_they_cannot_write() -> None:
    games = Games(2, 5)
    with pytest.raises(GoError, match="features are one of"):
        write_planes(games, np.arange(2), "nonsense", np.empty((2, 6, 5, 5), np.int8))
    with pytest.raises(GoError, match="planes are int8"):
        write_planes(games, np.arange(2), "basic", np.empty((2, 6, 9, 9), np.int8))
    with pytest.raises(GoError, match="features"):
        NetworkEvaluator(Network(NetworkConfig(planes=len(FEATURE_SETS["basic"]) + 1)))


def test_the_evaluator_answers_as_the_network_does() -> None:
    net = network()
    games = Games(4, 5)
    games.play(np.array([3, 12, 25, 7]))
    indices = np.array([2, 0, 3])
    planes = np.empty((3, 6, 5, 5), np.int8)
    write_planes(games, indices, "basic", planes)
    with torch.no_grad():
        expected = net(torch.from_numpy(planes).float())
    logits, values = NetworkEvaluator(net, precision="fp32").evaluate(games, indices)
    np.testing.assert_allclose(logits, expected.policy_logits.numpy(), atol=1e-5)
    np.testing.assert_allclose(values, expected.value.numpy(), atol=1e-5)
