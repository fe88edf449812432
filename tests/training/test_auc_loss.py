import math

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from birdscope.training import auc_loss
from birdscope.training.auc_loss import soft_auc_hinge, soft_auc_logistic

Batch = tuple[Tensor, Tensor, Tensor]


def make_batch(rows: int, classes: int, seed: int = 0) -> Batch:
    """Logits, soft targets with ties at 0, 0.5 and 1, weights of which some mask."""
    rng = torch.Generator().manual_seed(seed)
    logits = torch.randn(rows, classes, generator=rng, dtype=torch.float64) * 2
    choices = torch.tensor([0.0, 0.0, 0.2, 0.5, 0.9, 1.0], dtype=torch.float64)
    targets = choices[torch.randint(6, (rows, classes), generator=rng)]
    weights = torch.tensor([0.0, 1.0, 1.0, 0.6], dtype=torch.float64)[
        torch.randint(4, (rows, classes), generator=rng)
    ]
    return logits, targets, weights


def hinge_by_loops(batch: Batch, margin, by_difference, temperature, class_weights) -> float:
    logits, targets, weights = (one.tolist() for one in batch)
    rows, classes = range(len(logits)), range(len(logits[0]))
    total = norm = 0.0
    for c in classes:
        cost = pairs = 0.0
        for i in rows:
            for j in rows:
                if targets[i][c] <= targets[j][c]:
                    continue
                weight = weights[i][c] * weights[j][c]
                if by_difference:
                    weight *= targets[i][c] - targets[j][c]
                p_i = 1 / (1 + math.exp(-logits[i][c] / temperature))
                p_j = 1 / (1 + math.exp(-logits[j][c] / temperature))
                cost += weight * max(0.0, margin - (p_i - p_j))
                pairs += weight
        if pairs > 0:
            total += class_weights[c] * cost / pairs
            norm += class_weights[c]
    return total / norm


def logistic_by_loops(batch: Batch, margin: float) -> float:
    logits, targets, weights = (one.flatten().tolist() for one in batch)
    cost = norm = 0.0
    for x_up, y_up, w_up in zip(logits, targets, weights, strict=True):
        for x_down, y_down, w_down in zip(logits, targets, weights, strict=True):
            if y_up > 0.5 > y_down:
                value = math.log(1 + math.exp(-margin * (x_up - x_down)))
                cost += w_up * w_down * (y_up - 0.5) * (0.5 - y_down) * value
                norm += w_up * w_down
    return cost / norm


@pytest.mark.parametrize("by_difference", [False, True])
@pytest.mark.parametrize("most_pairs", [auc_loss.MOST_PAIRS, 150])
@pytest.mark.parametrize("temperature", [1.0, 2.5])
def test_hinge_equals_a_double_loop(monkeypatch, by_difference, most_pairs, temperature):
    monkeypatch.setattr(auc_loss, "MOST_PAIRS", most_pairs)
    batch = make_batch(9, 7)
    of_class = torch.linspace(0.5, 2, 7, dtype=torch.float64)
    value = soft_auc_hinge(
        *batch,
        margin=0.8,
        by_difference=by_difference,
        temperature=temperature,
        class_weights=of_class,
    )
    expected = hinge_by_loops(batch, 0.8, by_difference, temperature, of_class.tolist())
    assert float(value) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("most_pairs", [auc_loss.MOST_PAIRS, 60])
@pytest.mark.parametrize("margin", [1.0, 0.3])
def test_logistic_equals_a_double_loop(monkeypatch, most_pairs, margin):
    monkeypatch.setattr(auc_loss, "MOST_PAIRS", most_pairs)
    batch = make_batch(9, 7, seed=1)
    value = soft_auc_logistic(*batch, margin=margin)
    assert float(value) == pytest.approx(logistic_by_loops(batch, margin), rel=1e-10)


@pytest.mark.parametrize("loss", [soft_auc_hinge, soft_auc_logistic])
@pytest.mark.parametrize("most_pairs", [auc_loss.MOST_PAIRS, 40])
def test_gradients_are_right(monkeypatch, loss, most_pairs):
    monkeypatch.setattr(auc_loss, "MOST_PAIRS", most_pairs)
    logits, targets, weights = make_batch(5, 4, seed=2)
    logits.requires_grad_()
    assert torch.autograd.gradcheck(lambda x: loss(x, targets, weights), (logits,))


@pytest.mark.parametrize("loss", [soft_auc_hinge, soft_auc_logistic])
def test_masked_entries_get_no_gradient(loss):
    logits, targets, weights = make_batch(8, 5, seed=3)
    logits.requires_grad_()
    loss(logits, targets, weights).backward()
    assert (logits.grad[weights == 0] == 0).all()
    assert (logits.grad[weights > 0] != 0).any()


@pytest.mark.parametrize("loss", [soft_auc_hinge, soft_auc_logistic])
def test_a_batch_without_pairs_costs_nothing(loss):
    logits = torch.randn(4, 3, requires_grad=True)
    value = loss(logits, torch.zeros(4, 3), torch.ones(4, 3))
    value.backward()
    assert float(value.detach()) == 0
    assert (logits.grad == 0).all()


@pytest.mark.parametrize("loss", [soft_auc_hinge, soft_auc_logistic])
def test_a_step_down_the_gradient_ranks_positives_higher(loss):
    logits = torch.zeros(6, 2, requires_grad=True)
    targets = torch.tensor([[1.0, 0.0]] * 3 + [[0.0, 1.0]] * 3)
    loss(logits, targets, torch.ones(6, 2)).backward()
    assert (logits.grad[targets == 1] < 0).all()
    assert (logits.grad[targets == 0] > 0).all()


class _Largest(TorchDispatchMode):
    """Notes the largest tensor that any operation makes."""

    def __init__(self) -> None:
        super().__init__()
        self.numel = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        for one in result if isinstance(result, tuple | list) else (result,):
            if isinstance(one, Tensor):
                self.numel = max(self.numel, one.numel())
        return result


@pytest.mark.parametrize("loss", [soft_auc_hinge, soft_auc_logistic])
@pytest.mark.parametrize("rows", [64, 128])
def test_no_tensor_of_a_full_batch_holds_more_pairs_than_allowed(loss, rows):
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(rows, 206, generator=generator, requires_grad=True)
    targets = (torch.rand(rows, 206, generator=generator) > 0.95).float()
    with _Largest() as largest:
        loss(logits, targets, torch.ones(rows, 206)).backward()
    assert rows * 206 < largest.numel <= auc_loss.MOST_PAIRS
