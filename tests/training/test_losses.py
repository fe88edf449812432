import pytest
import torch
import torch.nn.functional as F

from birdscope.nets.base import SedOutput
from birdscope.training.losses import bce, elementwise, focal, sed_loss, weighted_mean
from birdscope.training.recipe import LossConfig


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
