import math
from typing import get_args

import pytest
import torch
import torch.nn.functional as F

from birdscope.nets.base import SedOutput
from birdscope.training.auc_loss import soft_auc_logistic
from birdscope.training.losses import (
    bce,
    cross_entropy,
    elementwise,
    focal,
    sed_loss,
    weighted_mean,
)
from birdscope.training.recipe import LossConfig, LossKind


@pytest.fixture
def batch() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    logits = torch.randn(6, 5, generator=generator) * 3
    return logits, (torch.rand(6, 5, generator=generator) > 0.7).float()


def test_focal_without_discount_is_half_the_bce(batch):
    logits, targets = batch
    assert torch.allclose(focal(logits, targets, alpha=0.5, gamma=0.0), bce(logits, targets) / 2)


def test_focal_matches_the_paper_entry_by_entry(batch):
    logits, targets = batch
    value = focal(logits, targets, alpha=0.25, gamma=2.0)
    for row in range(6):
        for column in range(5):
            p = torch.sigmoid(logits[row, column])
            positive = targets[row, column] == 1
            p_t, alpha_t = (p, 0.25) if positive else (1 - p, 0.75)
            expected = -alpha_t * (1 - p_t) ** 2 * torch.log(p_t)
            assert value[row, column] == pytest.approx(float(expected), rel=1e-4)


def test_focal_discounts_easy_entries_more_than_hard_ones():
    logits, target = torch.tensor([[4.0], [-4.0]]), torch.ones(2, 1)
    share = focal(logits, target) / bce(logits, target)
    assert share[0] < 0.01 * share[1]


def test_bce_focal_is_their_mean(batch):
    logits, targets = batch
    both = elementwise(logits, targets, LossConfig(kind="bce_focal"))
    expected = (bce(logits, targets) + focal(logits, targets)) / 2
    assert torch.allclose(both, expected)


def test_masked_entries_give_no_gradient(batch):
    logits, targets = batch
    logits = logits.clone().requires_grad_()
    weights = torch.ones_like(targets)
    weights[:, 2] = 0
    output = SedOutput(logits, logits[:, None, :].expand(-1, 3, -1))
    sed_loss(output, targets, weights, LossConfig()).backward()
    assert (logits.grad[:, 2] == 0).all()
    assert (logits.grad[:, 0] != 0).all()


def test_loss_is_the_sum_over_classes_of_the_mean_over_samples(batch):
    logits, targets = batch
    output = SedOutput(logits, logits[:, None, :])
    config = LossConfig(kind="bce", segment_weight=0)
    value = sed_loss(output, targets, torch.ones_like(targets), config)
    expected = F.binary_cross_entropy_with_logits(logits, targets) * 5
    assert value == pytest.approx(float(expected), rel=1e-5)


def test_segment_part_looks_at_the_strongest_segment():
    clip = torch.zeros(1, 2)
    quiet = torch.full((1, 4, 2), -5.0)
    loud = quiet.clone()
    loud[0, 3, 0] = 5.0
    targets, weights = torch.tensor([[1.0, 0.0]]), torch.ones(1, 2)
    config = LossConfig(kind="bce", segment_weight=1.0)
    assert sed_loss(SedOutput(clip, loud), targets, weights, config) < sed_loss(
        SedOutput(clip, quiet), targets, weights, config
    )


def test_label_smoothing_puts_the_minimum_inside():
    logits = torch.linspace(-8, 8, 161)[:, None]
    targets = torch.ones_like(logits)
    config = LossConfig(kind="bce", label_smoothing=0.2, segment_weight=0)
    losses = [
        float(sed_loss(SedOutput(x[None], x[None, None]), t[None], torch.ones(1, 1), config))
        for x, t in zip(logits, targets, strict=True)
    ]
    best = float(logits[losses.index(min(losses))])
    assert torch.sigmoid(torch.tensor(best)) == pytest.approx(0.9, abs=0.01)


def test_all_weights_zero_gives_zero_not_nan():
    assert weighted_mean(torch.ones(2, 2), torch.zeros(2, 2)) == 0


def test_cross_entropy_equals_a_plain_loop():
    logits = torch.randn(4, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    targets = torch.tensor([[1, 0, 0], [1, 0.5, 0], [0, 0, 0], [0, 1, 1.0]], dtype=torch.float64)
    weights = torch.tensor([[1, 1, 1], [0.5, 0.5, 0.5], [1, 1, 1], [1, 0, 1]], dtype=torch.float64)
    total = norm = 0.0
    for row in (0, 1, 3):  # row 2 has no positive
        known = [c for c in range(3) if weights[row, c] > 0]
        sizes = {c: math.exp(float(logits[row, c])) for c in known}
        mass = sum(float(targets[row, c]) for c in known)
        cost = -sum(
            float(targets[row, c]) / mass * math.log(sizes[c] / sum(sizes.values())) for c in known
        )
        weight = float(weights[row].max())
        total, norm = total + weight * cost, norm + weight
    value = cross_entropy(logits, targets, weights)
    assert float(value) == pytest.approx(total / norm, rel=1e-10)


def test_cross_entropy_of_a_sample_all_masked_has_a_gradient_of_zero():
    logits = torch.randn(2, 3, requires_grad=True)
    weights = torch.tensor([[1.0, 1, 1], [0, 0, 0]])
    cross_entropy(logits, torch.tensor([[1.0, 0, 0]] * 2), weights, smoothing=0.1).backward()
    assert (logits.grad[1] == 0).all()
    assert (logits.grad[0] != 0).all()


KINDS = get_args(LossKind)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_of_every_kind_are_right(kind):
    generator = torch.Generator().manual_seed(4)
    clip = torch.randn(5, 4, generator=generator, dtype=torch.float64, requires_grad=True)
    segments = torch.randn(5, 3, 4, generator=generator, dtype=torch.float64, requires_grad=True)
    targets = torch.rand(5, 4, generator=generator, dtype=torch.float64)
    weights = (torch.rand(5, 4, generator=generator) > 0.3).double()
    pseudo = torch.tensor([True, False, True, True, False])
    config = LossConfig(kind="bce", pseudo_kind=kind, label_smoothing=0.02)
    assert torch.autograd.gradcheck(
        lambda x, s: sed_loss(SedOutput(x, s), targets, weights, config, pseudo=pseudo),
        (clip, segments),
    )


@pytest.mark.parametrize("kind", KINDS)
def test_masked_entries_get_no_gradient_from_any_kind(kind):
    logits = torch.randn(6, 4, generator=torch.Generator().manual_seed(1), requires_grad=True)
    targets = (torch.arange(24).reshape(6, 4) % 3 == 0).float()
    weights = torch.ones(6, 4)
    weights[:, 1] = 0
    weights[2] = 0
    config = LossConfig(kind=kind, segment_weight=0)
    sed_loss(SedOutput(logits, logits[:, None]), targets, weights, config).backward()
    assert (logits.grad[weights == 0] == 0).all()
    assert (logits.grad != 0).any()


def test_pseudo_labelled_samples_have_their_own_loss_by_their_share(batch):
    logits, targets = batch
    output, ones = SedOutput(logits, logits[:, None]), torch.ones_like(targets)
    pseudo = torch.tensor([False, True, True, True, False, True])
    config = LossConfig(kind="bce", pseudo_kind="soft_auc_logistic", segment_weight=0)
    value = sed_loss(output, targets, ones, config, pseudo=pseudo)
    labelled = bce(logits[~pseudo], targets[~pseudo]).mean()
    guessed = soft_auc_logistic(logits[pseudo], targets[pseudo], ones[pseudo])
    expected = 5 * (2 / 6 * labelled + 4 / 6 * guessed)
    assert float(value) == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.parametrize("all_pseudo", [False, True])
def test_a_batch_of_one_sort_only_is_the_plain_loss(batch, all_pseudo):
    logits, targets = batch
    output, ones = SedOutput(logits, logits[:, None]), torch.ones_like(targets)
    config = LossConfig(kind="bce", pseudo_kind="focal")
    value = sed_loss(output, targets, ones, config, pseudo=torch.full((6,), all_pseudo))
    plain = LossConfig(kind="focal" if all_pseudo else "bce")
    assert float(value) == pytest.approx(float(sed_loss(output, targets, ones, plain)), rel=1e-6)
