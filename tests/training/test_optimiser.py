from itertools import pairwise

import pytest
import torch
from torch import nn

from birdscope.training.optimiser import WeightAverage, learning_rate, make_optimiser
from birdscope.training.recipe import OptimConfig


def test_rate_warms_up_then_falls_along_a_cosine():
    config = OptimConfig(learning_rate=1e-2, final_learning_rate=1e-4, warmup=0.1)
    rates = [learning_rate(step, 100, config) for step in range(100)]
    assert rates[0] == pytest.approx(1e-3)
    assert rates[9] == rates[10] == pytest.approx(1e-2)
    assert rates[-1] == pytest.approx(1e-4)
    assert all(a >= b for a, b in pairwise(rates[10:]))
    assert rates[10 + 45] == pytest.approx((1e-2 + 1e-4) / 2, rel=0.03)


def test_rate_without_warm_up_begins_at_the_top():
    config = OptimConfig(learning_rate=1e-2, warmup=0.0)
    assert learning_rate(0, 10, config) == pytest.approx(1e-2)


def test_biases_and_norms_are_not_decayed():
    model = nn.Sequential(nn.Conv1d(2, 3, 1), nn.BatchNorm1d(3))
    decayed, free = make_optimiser(model, OptimConfig(weight_decay=0.1)).param_groups
    assert [p.ndim for p in decayed["params"]] == [3]
    assert decayed["weight_decay"] == 0.1
    assert len(free["params"]) == 3
    assert free["weight_decay"] == 0.0


def test_average_of_constant_weights_is_those_weights():
    model = nn.Linear(3, 2)
    average = WeightAverage(model, 0.9)
    for _ in range(5):
        average.update(model)
    assert torch.allclose(average.module.weight, model.weight)


def test_average_follows_slowly():
    model = nn.Linear(1, 1)
    nn.init.zeros_(model.weight)
    average = WeightAverage(model, 0.5)
    nn.init.ones_(model.weight)
    average.update(model)
    first = float(average.module.weight.detach())
    assert 0 < first < 1
    for _ in range(30):
        average.update(model)
    assert float(average.module.weight.detach()) == pytest.approx(1.0, abs=1e-3)
    assert float(model.weight.detach()) == 1.0
