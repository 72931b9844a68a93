"""Training: targets that count and targets that do not, symmetries, and a tiny overfit."""

from __future__ import annotations

import copy
from itertools import pairwise

import numpy as np
import pytest
import torch

from gokit.go.errors import GoError
from gokit.go.symmetry import permutation, transform_plane
from gokit.nn.config import NetworkConfig, Outputs
from gokit.nn.networks import Network
from gokit.nn.training import (
    Batch,
    LossWeights,
    Trainer,
    compute_losses,
    one_hot_policy,
    outcome_shares,
    schedule,
    transform_batch,
    winners_only,
)
from tests.nn.examples import ANY_SIZE, EVERY_KIND

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
        score=torch.rand(count, generator=rng) - 0.5,
    )


def masked_batch(count: int = 12, seed: int = 0) -> Batch:
    """The same with a third of the boards 3×3 and a third 4×4, in the corners of 5×5."""
    b = batch(count, seed)
    widths = torch.arange(count) % 3 + 3
    mask = torch.zeros(count, 1, SIZE, SIZE)
    for i, width in enumerate(widths.tolist()):
        mask[i, :, :width, :width] = 1
    moves = torch.arange(count) % 9
    return b._replace(
        planes=b.planes * mask,
        policy=one_hot_policy(moves, SIZE, widths),
        ownership=b.ownership * mask[:, 0],
        mask=mask,
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
    # One target's best two moves are within a hundredth of each other: their order may turn.
    assert last["policy_accuracy"] > 0.85
    assert last["loss_policy"] - last["policy_entropy"] < 0.02
    assert last["loss_value"] < 0.1 * first["loss_value"]
    assert last["loss_ownership"] < 0.3 * first["loss_ownership"]
    assert "loss_score" not in last, "there is no such head"


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_every_kind_of_network_learns_every_head(kind: str) -> None:
    torch.manual_seed(0)
    config = EVERY_KIND[kind]
    trainer, examples = Trainer(Network(config)), batch(10)
    examples = examples._replace(value=torch.tensor([1.0, -1, 0, 1, -1, 0, 1, -1, 1, -1]))
    first = trainer.step(examples, 3e-3)
    for _ in range(60):
        last = trainer.step(examples, 3e-3)
    expected = {"loss_total", "loss_policy", "loss_value"}
    expected |= {f"loss_{head}" for head in ("ownership", "score") if getattr(config, head)}
    assert {name for name in last if name.startswith("loss_")} == expected
    for name in expected:
        assert last[name] < first[name], name


@pytest.mark.parametrize("kind", ANY_SIZE)
def test_boards_of_several_sizes_are_learnt_together(kind: str) -> None:
    torch.manual_seed(0)
    trainer, examples = Trainer(Network(ANY_SIZE[kind])), masked_batch()
    first = trainer.step(examples, 3e-3)
    for _ in range(80):
        last = trainer.step(examples, 3e-3)
    assert np.isfinite(list(last.values())).all()
    assert last["loss_policy"] < 0.7 * first["loss_policy"]


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


def test_results_and_counted_boards_have_weights_of_their_own() -> None:
    """A resigned game teaches the value alone, a counted one of unknown komi the board alone."""
    b = batch(4)
    wrong = Outputs(torch.zeros(4, 26), b.value + 1, b.ownership + 1, None, b.score + 1)
    for head, weight in (
        ("value", "result_weight"),
        ("ownership", "ownership_weight"),
        ("score", "ownership_weight"),
    ):
        right_but_for_one = getattr(b, head) + torch.tensor([0.0, 0, 0, 1]).view(
            -1, *[1] * (getattr(b, head).dim() - 1)
        )
        outputs = wrong._replace(**{head: right_but_for_one})
        without = {"result_weight": torch.ones(4), "ownership_weight": torch.ones(4)}
        without[weight] = torch.tensor([1.0, 1, 1, 0])
        losses = compute_losses(outputs, b._replace(**without), LossWeights())
        assert getattr(losses, head) == pytest.approx(0, abs=1e-6), head
        (other,) = set(without) - {weight}
        swapped = {weight: without[other], other: without[weight]}
        losses = compute_losses(outputs, b._replace(**swapped), LossWeights())
        assert getattr(losses, head) > 0.02, f"{head} has the other's weight"


def test_without_a_weight_of_its_own_the_board_counts_where_the_result_does() -> None:
    weight = torch.tensor([1.0, 0, 0.5, 1])
    b = batch(4)._replace(result_weight=weight)
    outputs = Outputs(torch.zeros(4, 26), torch.zeros(4), torch.rand(4, 5, 5), None, torch.rand(4))
    implied = compute_losses(outputs, b, LossWeights())
    said = compute_losses(outputs, b._replace(ownership_weight=weight), LossWeights())
    assert implied == said
    every = compute_losses(outputs, b._replace(ownership_weight=torch.ones(4)), LossWeights())
    assert every.value == implied.value
    assert every.ownership != implied.ownership
    assert every.score != implied.score


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


# Targets


def test_one_hot_targets_name_the_move() -> None:
    targets = one_hot_policy(torch.tensor([0, 7, 24, 25]), 5)
    assert targets.dtype == torch.float32
    assert targets.shape == (4, 26)
    assert (targets.sum(1) == 1).all()
    assert targets.argmax(1).tolist() == [0, 7, 24, 25]


def test_one_hot_targets_of_smaller_boards_keep_row_and_column() -> None:
    moves, sizes = torch.tensor([8, 9, 5, 16, 25]), torch.tensor([3, 3, 4, 4, 5])
    targets = one_hot_policy(moves, 5, sizes)
    assert targets.argmax(1).tolist() == [2 * 5 + 2, 25, 1 * 5 + 1, 25, 25]


@pytest.mark.parametrize(("move", "size"), [(-1, 5), (26, 5), (10, 3), (0, 6)])
def test_a_move_that_is_on_no_board_is_refused(move: int, size: int) -> None:
    with pytest.raises(GoError, match="a move is"):
        one_hot_policy(torch.tensor([move]), 5, torch.tensor([size]))


def test_a_draw_is_a_draw() -> None:
    shares = outcome_shares(torch.tensor([1.0, 0.0, -1.0, 0.25, -0.5]))
    expected = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.25, 0.75, 0], [0, 0.5, 0.5]]
    assert shares.tolist() == expected


def test_outcomes_are_learnt_by_cross_entropy_not_by_distance() -> None:
    """A network that says draw, of a game half won and half lost, is wrong both times."""
    b = batch(2)._replace(value=torch.tensor([1.0, -1.0]))
    logits = torch.tensor([[0.0, 3.0, 0.0]] * 2)
    outputs = Outputs(torch.zeros(2, 26), torch.zeros(2), None, logits, None)
    loss = compute_losses(outputs, b, LossWeights()).value
    torch.testing.assert_close(loss, -torch.log_softmax(logits, 1)[:, [0, 2]].diag().mean())
    drawn = compute_losses(outputs, b._replace(value=torch.zeros(2)), LossWeights()).value
    assert drawn < 0.1 < loss


def test_only_winners_teach_where_that_is_asked_for() -> None:
    values = torch.tensor([1.0, -1.0, 0.0, 0.3])
    b = batch(4)._replace(value=values, policy_weight=torch.tensor([1.0, 1, 1, 0.5]))
    weighted = winners_only(b)
    assert weighted.policy_weight.tolist() == [1, 0, 0, 0.5]
    assert (weighted.result_weight == 1).all(), "a lost game still has a result"


# Losses of the further heads


def test_a_score_far_off_counts_linearly() -> None:
    b = batch(3)
    outputs = Outputs(torch.randn(3, 26), torch.rand(3), None, None, b.score + 0.5)
    losses = compute_losses(outputs, b, LossWeights(value=0, score=2.0))
    torch.testing.assert_close(losses.score, torch.tensor(0.1 * (0.5 - 0.05)))
    torch.testing.assert_close(losses.total, losses.policy + 2 * losses.score)


def test_the_policy_s_weight_counts() -> None:
    outputs = Outputs(torch.randn(3, 26), torch.rand(3))
    losses = compute_losses(outputs, batch(3), LossWeights(policy=3.0))
    torch.testing.assert_close(losses.total, 3 * losses.policy + 2 * losses.value)


def test_a_head_without_targets_or_targets_without_head_are_no_loss() -> None:
    outputs = Outputs(torch.randn(3, 26), torch.rand(3), torch.rand(3, 5, 5), None, torch.rand(3))
    losses = compute_losses(outputs, batch(3)._replace(ownership=None, score=None), LossWeights())
    assert losses.ownership is losses.score is None
    bare = compute_losses(outputs._replace(ownership=None, score=None), batch(3), LossWeights())
    assert bare.ownership is bare.score is None
    assert bare.total == losses.total


def test_ownership_counts_each_board_s_own_points() -> None:
    b = masked_batch(3)
    wrong = Outputs(torch.zeros(3, 26), torch.zeros(3), b.ownership + b.mask[:, 0])
    torch.testing.assert_close(compute_losses(wrong, b, LossWeights()).ownership, torch.tensor(1.0))
    spoilt = wrong._replace(ownership=wrong.ownership + 7 * (1 - b.mask[:, 0]))
    torch.testing.assert_close(
        compute_losses(spoilt, b, LossWeights()).ownership, torch.tensor(1.0)
    )


@pytest.mark.parametrize("k", range(8))
def test_small_boards_turn_in_their_own_corner(k: int) -> None:
    b = masked_batch(6)
    turned = transform_batch(b, k)
    assert (turned.mask == b.mask).all()
    for i, width in enumerate((3, 4, 5, 3, 4, 5)):
        corner = (i, ..., slice(width), slice(width))
        expected = transform_plane(b.planes[corner].numpy(), k)
        assert (turned.planes[corner].numpy() == expected).all()
        assert (turned.planes[i] * (1 - b.mask[i]) == 0).all()
        owned = transform_plane(b.ownership[corner].numpy(), k)
        assert (turned.ownership[corner].numpy() == owned).all()
        move = divmod(int(b.policy[i].argmax()), 5)
        place = permutation(k, width)[move[0] * width + move[1]]
        assert divmod(int(turned.policy[i].argmax()), 5) == divmod(int(place), width)


def test_what_lies_off_the_board_changes_no_gradient() -> None:
    gradients = []
    for noise in (0.0, 5.0):
        trainer, b = Trainer(small_network(), clip=1e9), masked_batch()
        off = 1 - b.mask[:, 0]
        trainer.step(b._replace(ownership=b.ownership + noise * off), 1e-3)
        gradients.append(torch.cat([p.grad.flatten() for p in trainer.network.parameters()]))
    assert torch.isfinite(gradients[0]).all()
    assert (gradients[0] == gradients[1]).all()


# The schedule


def test_the_rate_rises_stays_and_falls() -> None:
    rates = [schedule(f, warm_up=0.1, flat_until=0.7, last=0.05) for f in np.linspace(0, 1, 101)]
    assert rates[0] == pytest.approx(0.05)
    assert rates[5] == pytest.approx(0.525)
    assert all(a < b for a, b in pairwise(rates[:11]))
    assert rates[10:71] == [1.0] * 61
    assert all(a > b for a, b in pairwise(rates[70:]))
    assert rates[85] == pytest.approx(0.525)
    assert rates[-1] == pytest.approx(0.05)


def test_without_more_words_it_is_flat_to_half_time_and_ends_at_a_twentieth() -> None:
    assert [schedule(f) for f in (0, 0.25, 0.5)] == [1, 1, 1]
    assert schedule(0.75) == pytest.approx(0.525)
    assert schedule(1) == schedule(1.5) == pytest.approx(0.05)


# The trainer


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_the_same_seed_trains_the_same_network_of_every_kind(kind: str) -> None:
    weights = []
    for _ in range(2):
        torch.manual_seed(3)
        trainer = Trainer(Network(EVERY_KIND[kind]))
        for step in range(3):
            trainer.step(batch(seed=step), 1e-3)
        weights.append(torch.cat([p.detach().flatten() for p in trainer.network.parameters()]))
    assert (weights[0] == weights[1]).all()


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
@pytest.mark.parametrize("kind", ["pooling", "outcomes", "transformer"])
def test_fewer_bits_train_almost_as_well(kind: str, precision: str) -> None:
    ends, norms = {}, {}
    for bits in ("fp32", precision):
        torch.manual_seed(0)
        trainer = Trainer(Network(ANY_SIZE[kind]), precision=bits)
        norms[bits] = trainer.step(masked_batch(), 3e-3)["gradient_norm"]
        for _ in range(40):
            ends[bits] = trainer.step(masked_batch(), 3e-3)["loss_policy"]
        assert all(p.dtype == torch.float32 for p in trainer.network.parameters())
    assert ends[precision] == pytest.approx(ends["fp32"], abs=0.25)
    assert norms[precision] == pytest.approx(norms["fp32"], rel=0.1), "clipped while still scaled"


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_planes_lie_as_convolutions_like_them_and_nothing_else_shows_it(kind: str) -> None:
    torch.manual_seed(0)
    first = Network(EVERY_KIND[kind])
    trainer, plain = Trainer(first), Trainer(copy.deepcopy(first))
    plain._layout = torch.contiguous_format
    seen = []
    trainer.network.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    masked = "mlp" not in kind
    for step in range(3):
        examples = (masked_batch if masked else batch)(seed=step)
        mine, theirs = (t.step(examples, 1e-3) for t in (trainer, plain))
        assert mine == pytest.approx(theirs, rel=1e-3, abs=1e-5)
    convolutions = trainer.network.config.architecture == "resnet"
    for planes in seen:
        assert planes.is_contiguous(memory_format=torch.channels_last) == convolutions
    for name, tensor in trainer.state_tensors().items():
        assert tensor.is_contiguous(), name
        torch.testing.assert_close(tensor, plain.state_tensors()[name], atol=1e-3, rtol=1e-3)


def test_auto_trains_in_fp32_on_a_cpu() -> None:
    assert Trainer(small_network()).precision == "fp32"
    with pytest.raises(GoError, match="precision"):
        Trainer(small_network(), precision="int8")


def test_a_scaled_run_resumes_with_its_scale() -> None:
    trainer = Trainer(small_network(), precision="fp16")
    for _ in range(2):
        trainer.step(batch(), 1e-3)
    trainer._scaler.update(1024.0)
    resumed = Trainer(small_network(seed=9), precision="fp16")
    resumed.load_state_tensors(trainer.state_tensors(), trainer.steps)
    assert resumed._scaler.get_scale() == 1024


def test_the_average_is_the_average_of_the_weights() -> None:
    """By hand: early on young weights count more, later each step counts 1 - decay."""
    trainer = Trainer(small_network(), average_decay=0.5)
    expected = trainer.network.trunk.stem.weight.detach().clone()
    for step in range(1, 15):
        trainer.step(batch(seed=step), 1e-2)
        decay = min(0.5, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * trainer.network.trunk.stem.weight.detach()
        torch.testing.assert_close(trainer.average.trunk.stem.weight, expected)
    counted = trainer.average.trunk.norm.num_batches_tracked
    assert counted == 14


def test_gradients_are_clipped() -> None:
    moved = []
    for clip in (1e9, 1e-9):
        trainer = Trainer(small_network(), clip=clip, weight_decay=0)
        stem = trainer.network.trunk.stem.weight.detach()  # the same memory, step by step
        before = stem.clone()
        metrics = trainer.step(batch(), 1e-2)
        assert metrics["gradient_norm"] > 0.01
        moved.append(float((stem - before).abs().max()))
    assert moved[1] < 0.5 * moved[0]
