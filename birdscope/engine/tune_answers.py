"""How the study lane answers questions about tuning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from birdscope.core.scores import Scores
from birdscope.metrics.tune_truth import TuneTruth

if TYPE_CHECKING:
    from birdscope.engine.study import Study


@dataclass(frozen=True)
class Tuning:
    """What is open.

    Attributes:
        scores: Every checkpoint raw, all rows.
        truth: The labels.
    """

    scores: Scores
    truth: TuneTruth


HANDLERS: dict[type, Callable[[Study, Any], object]] = {}
