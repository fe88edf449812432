"""Global random generators, borrowed: seeded for a while and put back as they were."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


@contextmanager
def seeded_globals(seed: int) -> Iterator[None]:
    """Seed the generators that augmentation libraries draw from, and put them back after.

    Without this a sample would depend on what its process has drawn before.

    Args:
        seed: 0 to 2³² − 1.
    """
    python, numpy_state = random.getstate(), np.random.get_state()
    torch_state = torch.default_generator.get_state()
    random.seed(seed)
    np.random.seed(seed)
    torch.default_generator.manual_seed(seed)
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy_state)
        torch.default_generator.set_state(torch_state)
