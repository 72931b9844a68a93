"""Training: targets that count and targets that do not, symmetries, and a tiny overfit."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gokit.go.symmetry import permutation, transform_plane
from gokit.nn.networks import Network, NetworkConfig, Outputs
from gokit.nn.training import Batch, LossWeights, Trainer, compute_losses, transform_batch

SIZE = 5


def batch(count: int = 12, seed: int = 0) -> Batch:
    rng = torch.Generator().manual_seed(seed)
    return Batch(
        planes=torch.randint(0, 2, (count, 6, SIZE, SIZE), generator=rng).float(),
        policy=torch.softmax(3 * torch.randn(count, SIZE**2 + 1, generator=rng), 1),
        value=2 * torch.rand(count, generator=rng) - 1,
        ownership=torch.randint(-1, 2, (count, SIZE, SIZE), generator=rng).float(),
        policy_weight=torch.ones(count),
        result_weight=torch.ones(count),
    )


def small_network(seed: int = 0) -> Network:
    torch.manual_seed(seed)
    return Network(NetworkConfig(blocks=1, channels=16, value_hidden=16))


def test_ten_positions_are_learnt_by_heart() -> None:
    trainer = Trainer(small_network())
    examples = batch(10)
    first = trainer.step(examples, 1e-2)
    for _ in range(150):
        last = trainer.step(examples, 1e-2)
    assert last["policy_accuracy"] == 1
    assert last["loss_policy"] - last["policy_entropy"] < 0.1
    assert last["loss_value"] < 0.1 * first["loss_value"]
    assert last["loss_ownership"] < 0.3 * first["loss_ownership"]


def test_losses_are_those_of_their_definition() -> None:
    b = batch(3)
    outputs = Outputs(torch.randn(3, 26), torch.rand(3), torch.rand(3, 5, 5))
    losses = compute_losses(outputs, b, LossWeights(value=2.0, ownership=0.3))
    probabilities = torch.softmax(outputs.policy_logits, 1)
    policy = -(b.policy * probabilities.log()).sum(1).mean()
    value = ((outputs.value - b.value) ** 2).mean()
    ownership = ((outputs.ownership - b.ownership) ** 2).mean()
    torch.testing.assert_close(losses.policy, policy)
    torch.testing.assert_close(losses.value, value)
    torch.testing.assert_close(losses.ownership, ownership)
    torch.testing.assert_close(losses.total, policy + 2 * value + 0.3 * ownership)


@pytest.mark.parametrize("head", ["policy", "value", "ownership"])
def test_a_target_without_weight_changes_nothing(head: str) -> None:
    b = batch(4)
    outputs = Outputs(torch.randn(4, 26), torch.rand(4), torch.rand(4, 5, 5))
    weight = "policy_weight" if head == "policy" else "result_weight"
    masked = b._replace(**{weight: torch.tensor([1.0, 1, 1, 0])})
    spoilt = getattr(b, head).clone()
    spoilt[3] = 0.9 if head != "policy" else 1 / 26
    before = compute_losses(outputs, masked, LossWeights())
    after = compute_losses(outputs, masked._replace(**{head: spoilt}), LossWeights())
    assert getattr(before, head) == getattr(after, head)
    counted = compute_losses(outputs, b._replace(**{head: spoilt}), LossWeights())
    assert getattr(counted, head) != getattr(before, head)


def test_a_batch_without_any_target_is_harmless() -> None:
    b = batch(4)._replace(policy_weight=torch.zeros(4), result_weight=torch.zeros(4))
    trainer = Trainer(small_network())
    metrics = trainer.step(b, 1e-3)
    assert metrics["loss_total"] == 0
    assert all(torch.isfinite(p).all() for p in trainer.network.parameters())


@pytest.mark.parametrize("k", range(8))
def test_a_symmetry_turns_planes_policy_and_ownership_together(k: int) -> None:
    b = batch(4)
    turned = transform_batch(b, k)
    assert (turned.planes.numpy() == transform_plane(b.planes.numpy(), k)).all()
    assert (turned.ownership.numpy() == transform_plane(b.ownership.numpy(), k)).all()
    expected = np.empty_like(b.policy.numpy())
    expected[:, permutation(k, SIZE)] = b.policy.numpy()
    assert (turned.policy.numpy() == expected).all()
    assert (turned.value == b.value).all()


def test_the_same_seed_trains_the_same_network() -> None:
    weights = []
    for seed in (0, 0, 1):
        trainer = Trainer(small_network(seed))
        for step in range(3):
            trainer.step(batch(seed=step), 1e-3)
        weights.append(torch.cat([p.detach().flatten() for p in trainer.network.parameters()]))
    assert (weights[0] == weights[1]).all()
    assert (weights[0] != weights[2]).any()


def test_a_trainer_goes_on_where_its_saved_state_left_off() -> None:
    whole = Trainer(small_network())
    for step in range(3):
        whole.step(batch(seed=step), 1e-3)
    saved = {name: tensor.clone() for name, tensor in whole.state_tensors().items()}
    resumed = Trainer(small_network(seed=9))
    resumed.load_state_tensors(saved, steps=3)
    for trainer in (whole, resumed):
        for step in range(3, 6):
            trainer.step(batch(seed=step), 1e-3)
    for name, tensor in whole.state_tensors().items():
        assert (tensor == resumed.state_tensors()[name]).all(), name


def test_the_average_follows_the_weights_and_is_not_them() -> None:
    trainer = Trainer(small_network(), average_decay=0.9)
    for _ in range(60):
        trainer.step(batch(), 1e-3)
    trained, average = trainer.network.trunk.stem.weight, trainer.average.trunk.stem.weight
    gap = (trained - average).abs().max()
    assert 0 < gap < 0.1
    frozen = [p.requires_grad for p in trainer.average.parameters()]
    assert not any(frozen)
