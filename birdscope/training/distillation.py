"""Learning from a teacher: softened sigmoids, and the 5th place's relabelling."""

from __future__ import annotations

from torch import Tensor

from birdscope.nets.base import SedOutput
from birdscope.training.config_stages import DistillConfig
from birdscope.training.losses import bce, weighted_mean


def distillation_bce(
    student: Tensor,
    teacher: Tensor,
    weights: Tensor,
    *,
    temperature: float = 3.0,
    squared: bool = True,
) -> Tensor:
    """BCE between sigmoids softened by a temperature, mean over entries.

    Args:
        student: Logits [B, C].
        teacher: Logits [B, C] of the same samples; no gradient flows into them.
        weights: [B, C]; 0 masks an entry.
        temperature: T, both logits are divided by it.
        squared: Multiply by T², so that the gradient keeps its size.

    Returns:
        A scalar.
    """
    softened = (teacher.detach() / temperature).sigmoid()
    value = weighted_mean(bce(student / temperature, softened), weights)
    return value * temperature**2 if squared else value


def distilled(
    output: SedOutput,
    teacher: SedOutput,
    weights: Tensor,
    supervised: Tensor,
    config: DistillConfig,
    *,
    segment_weight: float = 0.0,
) -> Tensor:
    """Alpha · distillation + (1 − alpha) · the loss on labels; of "relabel" the latter alone.

    Args:
        output: The student's.
        teacher: The teacher's, for the same samples.
        weights: [B, C], 1 where the teacher is to be followed; a class masked from the
            labels may well be learnt from a teacher.
        supervised: `sed_loss` of the student.
        config: Temperature and alpha.
        segment_weight: As in the supervised loss: of the maximum over segments.

    Returns:
        A scalar, on the scale of `sed_loss`: a sum over classes.
    """
    if config.kind == "relabel":
        return supervised
    pairs = [(output.clip_logits, teacher.clip_logits, 1.0)]
    if segment_weight > 0:
        own, wanted = (one.segment_logits.amax(dim=1) for one in (output, teacher))
        pairs.append((own, wanted, segment_weight))
    classes = output.clip_logits.shape[1]
    soft = sum(
        weight
        * distillation_bce(
            own,
            wanted,
            weights,
            temperature=config.temperature,
            squared=config.squared_temperature,
        )
        for own, wanted, weight in pairs
    )
    return config.alpha * classes * soft + (1 - config.alpha) * supervised


def relabelled(predictions: Tensor, targets: Tensor, config: DistillConfig) -> Tensor:
    """Targets moved towards a teacher's predictions: y ← 0.7·p + 0.3·y.

    Before, sure predictions are raised and unsure ones lowered: p ← clip(p·[p > 0.3] + p²).
    Source: the 5th place's own account; both numbers are settings.

    Args:
        predictions: Probabilities [B, C] of the teacher.
        targets: [B, C] in 0-1.
        config: `relabel_above` and `relabel_share`.

    Returns:
        [B, C] in 0-1.
    """
    sure = predictions * (predictions > config.relabel_above)
    sharpened = (sure + predictions**2).clamp(0, 1)
    return config.relabel_share * sharpened + (1 - config.relabel_share) * targets
