"""What of a run is about this machine and this call, not about the model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RunOptions:
    """What of a run is about this machine and this call, not about the model.

    Attributes:
        fold: Train only this fold (from 0); None trains all.
        resume: Go on with what the folder holds.
        device: "auto", "cpu" or "cuda".
        devices: Processes that train one model together; one to each GPU.
        stage: Train up to this stage of the recipe; None trains all.
        pretraining: Dataset for the stages that pretrain.
        out_of_fold: Predict what each fold held out once all folds are trained.
    """

    fold: int | None = None
    resume: bool = False
    device: str = "auto"
    devices: int = 1
    stage: str | None = None
    pretraining: Path | None = None
    out_of_fold: bool = True
