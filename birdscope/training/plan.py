"""What one model of a run is trained on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from birdscope.training.recipe import DistillConfig
from birdscope.training.samples import PseudoSampleMaker, SampleMaker
from birdscope.training.validation import ValidationSet


@dataclass(frozen=True)
class FoldPlan:
    """What one model is trained on.

    Attributes:
        title: For people: "fold 1 of 5".
        key: Numbers that decide all that is random: recipe seed, fold, repetition.
        folder: Where its files go.
        members: An epoch's clips, rare ones repeated.
        partners: Clips that may be mixed in: the training clips, once each.
        maker: Makes samples.
        classes: Labels of the outputs.
        clips_per_class: int64 [C], training clips by primary label.
        validation: Held-out clips; None where there are none.
        parents: What the checkpoint comes from.
        init: Weights to begin from; None begins from scratch.
        teachers: Checkpoints to follow; none: only labels.
        distill: How they are followed.
    """

    title: str
    key: tuple[int, ...]
    folder: Path
    members: npt.NDArray[np.int64]
    partners: npt.NDArray[np.int64]
    maker: SampleMaker | PseudoSampleMaker
    classes: tuple[str, ...]
    clips_per_class: npt.NDArray[np.int64]
    validation: ValidationSet | None
    parents: tuple[str, ...]
    init: Path | None = None
    teachers: tuple[Path, ...] = ()
    distill: DistillConfig | None = None
