"""AdamW, its schedule and the running average of weights."""

from __future__ import annotations

import copy
import math

import torch
from torch import nn

from birdscope.training.recipe import OptimConfig


def make_optimiser(model: nn.Module, config: OptimConfig) -> torch.optim.AdamW:
    """AdamW with weight decay on matrices and kernels only, not on biases and norms."""
    wanted = [value for value in model.parameters() if value.requires_grad]
    groups = [
        {"params": [p for p in wanted if p.ndim > 1], "weight_decay": config.weight_decay},
        {"params": [p for p in wanted if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=config.learning_rate)


def learning_rate(step: int, total: int, config: OptimConfig) -> float:
    """The rate of step 0 … total - 1: linear warm-up, then a cosine to the final rate, or none."""
    warm = round(config.warmup * total)
    if step < warm:
        return config.learning_rate * (step + 1) / warm
    if config.schedule == "constant":
        return config.learning_rate
    progress = (step - warm) / max(1, total - warm - 1)
    top, bottom = config.learning_rate, config.final_learning_rate
    return bottom + (top - bottom) * (1 + math.cos(math.pi * min(1.0, progress))) / 2


def set_learning_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Give every parameter group the same rate."""
    for group in optimiser.param_groups:
        group["lr"] = rate


class WeightAverage:
    """An exponential moving average of a model's weights; other buffers are copied.

    Early on the decay is (1 + step) / (10 + step), so that the first weights are forgotten.

    Attributes:
        module: A copy of the model that holds the averaged weights.
        step: Updates so far.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay, self.step = decay, 0
        self.module = copy.deepcopy(model).requires_grad_(False).eval()

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Move towards the model's weights by one step."""
        self.step += 1
        decay = min(self.decay, (1 + self.step) / (10 + self.step))
        own = self.module.state_dict()
        for name, value in model.state_dict().items():
            if value.is_floating_point():
                own[name].lerp_(value, 1 - decay)
            else:
                own[name].copy_(value)
