"""What is minimised, and by which steps, in words."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from birdscope.core.config import Config
from birdscope.training.config_data import Probability, Unset

LossKind = Literal["bce", "focal", "bce_focal", "ce", "soft_auc", "soft_auc_logistic"]


class LossConfig(Config):
    """The loss.

    Attributes:
        kind: Of labelled samples. "bce", "focal" and "bce_focal" (their mean) look at each
            class alone; "ce" is cross-entropy over classes; "soft_auc" (hinge) and
            "soft_auc_logistic" compare the samples of a batch.
        pseudo_kind: Of pseudo-labelled samples; "none" is `kind`.
        segment_weight: Weight of the same loss on the maximum over segments.
        label_smoothing: Targets move this far towards 0.5 (of "ce": towards all classes).
        focal_alpha: Weight of positives in the focal part.
        focal_gamma: How strongly easy entries are discounted.
        auc_margin: Pairs closer than this cost something in the soft AUC.
        auc_difference: Weigh the hinge's pairs by the difference of their targets.
        auc_temperature: Logits are divided by it before the hinge's sigmoid.
        auc_class_weights: Classes weigh alike, or by 1 / clips, or by its root.
    """

    kind: LossKind = "bce_focal"
    pseudo_kind: Unset[LossKind] = None
    segment_weight: float = Field(default=0.5, ge=0)
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    focal_alpha: Probability = 0.25
    focal_gamma: float = Field(default=2.0, ge=0)
    auc_margin: float = Field(default=1.0, gt=0)
    auc_difference: bool = False
    auc_temperature: float = Field(default=1.0, gt=0)
    auc_class_weights: Literal["equal", "inverse", "inverse_root"] = "equal"


class OptimConfig(Config):
    """The optimiser (AdamW) and its schedule (linear warm-up, then cosine).

    Attributes:
        epochs: Passes over the data.
        batch_size: Samples a step.
        accumulate: Batches whose gradients are added up before a step.
        learning_rate: At the end of the warm-up.
        final_learning_rate: At the last step, of the cosine.
        schedule: After the warm-up: "cosine", or "constant".
        warmup: Share of all steps.
        weight_decay: On weights, not on biases and norms.
        clip_norm: Gradients are scaled down to this norm; "none" leaves them.
        ema: Decay of an average over weights that is validated and saved; "none" has none.
        keep: Checkpoints kept: "best" (and the last), or that of "every epoch".
        use: The checkpoint that goes into the ensemble file.
        precision: Lightning Fabric's name; mixed precision only makes sense on a GPU.
        workers: Processes that prepare samples; 0 prepares them in this one.
    """

    epochs: int = Field(default=30, ge=1)
    batch_size: int = Field(default=32, ge=1)
    accumulate: int = Field(default=1, ge=1)
    learning_rate: float = Field(default=1e-3, gt=0)
    final_learning_rate: float = Field(default=1e-6, ge=0)
    schedule: Literal["cosine", "constant"] = "cosine"
    warmup: float = Field(default=0.1, ge=0, lt=1)
    weight_decay: float = Field(default=0.01, ge=0)
    clip_norm: Unset[float] = Field(default=5.0, gt=0)
    ema: Unset[float] = Field(default=None, gt=0, lt=1)
    keep: Literal["best", "every epoch"] = "best"
    use: Literal["best", "last"] = "best"
    precision: Literal["32-true", "16-mixed", "bf16-mixed"] = "32-true"
    workers: int = Field(default=0, ge=0)
