import math

import pytest
import torch
from torch import Tensor

from birdscope.nets.base import SedOutput
from birdscope.training.distillation import distillation_bce, distilled, relabelled
from birdscope.training.recipe import DistillConfig


def _random(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


@pytest.mark.parametrize(("squared", "factor"), [(True, 9.0), (False, 1.0)])
def test_distillation_equals_a_double_loop(squared, factor):
    student, teacher = _random(4, 3), _random(4, 3, seed=1)
    weights = torch.tensor([[1.0, 0.0, 1.0]] * 4, dtype=torch.float64)
    value = distillation_bce(student, teacher, weights, temperature=3.0, squared=squared)
    total = 0.0
    for row in range(4):
        for column in (0, 2):
            q = _sigmoid(float(teacher[row, column]) / 3)
            p = _sigmoid(float(student[row, column]) / 3)
            total -= q * math.log(p) + (1 - q) * math.log(1 - p)
    assert float(value) == pytest.approx(factor * total / 8, rel=1e-10)


def test_distillation_teaches_the_student_and_not_the_teacher():
    student, teacher = _random(4, 3).requires_grad_(), _random(4, 3, seed=1).requires_grad_()
    distillation_bce(student, teacher, torch.ones(4, 3)).backward()
    assert teacher.grad is None
    assert torch.equal(student.grad < 0, student < teacher)


def test_distillation_gradients_are_right():
    teacher, weights = _random(4, 3, seed=1), torch.ones(4, 3, dtype=torch.float64)
    assert torch.autograd.gradcheck(
        lambda x: distillation_bce(x, teacher, weights), (_random(4, 3).requires_grad_(),)
    )


def test_squared_temperature_keeps_the_gradients_size():
    teacher = _random(50, 3, seed=1)

    def gradient(temperature: float) -> float:
        student = torch.zeros(50, 3, dtype=torch.float64, requires_grad=True)
        distillation_bce(student, teacher, torch.ones(50, 3), temperature=temperature).backward()
        return float(student.grad.abs().mean())

    assert gradient(20.0) == pytest.approx(gradient(40.0), rel=0.01)


def _output(seed: int) -> SedOutput:
    return SedOutput(_random(4, 3, seed=seed), _random(4, 5, 3, seed=seed + 10))


def test_alpha_weighs_teacher_against_labels():
    student, teacher, weights = _output(0), _output(1), torch.ones(4, 3)
    labels = torch.tensor(2.0)
    soft = distillation_bce(student.clip_logits, teacher.clip_logits, weights) * 3
    for alpha in (0.0, 0.7, 1.0):
        value = distilled(student, teacher, weights, labels, DistillConfig(alpha=alpha))
        assert float(value) == pytest.approx(alpha * float(soft) + (1 - alpha) * 2, rel=1e-6)


def test_segments_are_distilled_by_their_maximum():
    student, teacher, weights = _output(0), _output(1), torch.ones(4, 3)
    config = DistillConfig(alpha=1.0)
    without = distilled(student, teacher, weights, torch.tensor(0.0), config)
    value = distilled(student, teacher, weights, torch.tensor(0.0), config, segment_weight=0.5)
    segments = distillation_bce(
        student.segment_logits.amax(dim=1), teacher.segment_logits.amax(dim=1), weights
    )
    assert float(value - without) == pytest.approx(float(0.5 * 3 * segments), rel=1e-10)


def test_relabelling_leaves_the_loss_on_labels():
    config = DistillConfig(kind="relabel")
    value = distilled(_output(0), _output(1), torch.ones(4, 3), torch.tensor(2.0), config)
    assert float(value) == 2


@pytest.mark.parametrize(
    ("p", "y", "expected"),
    [
        (0.9, 1.0, 0.7 * 1.0 + 0.3),  # 0.9 + 0.81, clipped
        (0.5, 0.0, 0.7 * 0.75),
        (0.3, 0.0, 0.7 * 0.09),  # not above 0.3
        (0.0, 1.0, 0.3),
    ],
)
def test_relabelling_is_the_fifth_places(p, y, expected):
    value = relabelled(torch.tensor([[p]]), torch.tensor([[y]]), DistillConfig())
    assert float(value) == pytest.approx(expected, rel=1e-6)
