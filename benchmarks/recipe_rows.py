"""The lines of the study of recipes: what each changes, and what it is compared with."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Set BIRDSCOPE_STUDY_EPOCHS=1 to see in minutes that a study runs; its figures mean nothing.
EPOCHS = int(os.environ.get("BIRDSCOPE_STUDY_EPOCHS", "42"))
RATE = 3e-3
_MIXUP = {"augment": {"mixup": 0.7}}
# Nets this small, trained this short, are seldom sure: with the 1st place's 0.5 and 0.1 a first
# try kept 12 of 299 windows, and the student forgot the clips over them (0.74 against 0.81).
_PSEUDO = {
    "pooling": "clip",
    "overlap": 0.5,
    "sampler": "sum of maxima",
    "keep_above": 0.15,
    "zero_below": 0.02,
}
_AUTHORS = {"keep_above": 0.5, "zero_below": 0.1}
_NO_MIXUP = {"augment": {"mixup": 0.0}}


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Attributes:
        name: What is tried.
        changes: Of the base recipe.
        against: Name of the row it is compared with.
        scored: Stages that get a line of their own; none: the last alone.
    """

    name: str
    changes: Mapping[str, Any]
    against: str = "baseline"
    scored: tuple[str, ...] = ()


def _round(number: int, power: float) -> dict[str, Any]:
    """A round of the noisy student: each clip mixed with a pseudo-labelled window."""
    pseudo = {**_PSEUDO, "power": power, "use": "mixed", "mix_weight": 0.5, "share": 1.0}
    return {"name": f"round {number}", "teacher": "previous", "pseudo": pseudo, **_NO_MIXUP}


def _goes_on(number: int, power: float) -> dict[str, Any]:
    """A round that starts from its teacher's weights."""
    return {**_round(number, power), "init": "previous", **_half(0.5)}


def _control(number: int) -> dict[str, Any]:
    """What a round is compared with: as many more steps on the clips' own labels."""
    return {"name": f"round {number}", "init": "previous", **_half(0.5)}


def _rate(factor: float) -> dict[str, Any]:
    return {"optim": {"learning_rate": RATE * factor}}


def _half(factor: float) -> dict[str, Any]:
    """Half the steps at a part of the rate."""
    return {"optim": {"learning_rate": RATE * factor, "epochs": max(1, EPOCHS // 2)}}


def _steps(factor: int) -> dict[str, Any]:
    return {**_MIXUP, "optim": {"epochs": EPOCHS * factor}}


def _student(**pseudo: Any) -> dict[str, Any]:
    """A teacher, and a student that learns from its labels beside the clips."""
    labels = {**_PSEUDO, **pseudo, "use": "apart", "share": 0.5}
    student = {"name": "student", "teacher": "previous", "pseudo": labels}
    return {**_MIXUP, "stages": [{"name": "teacher"}, student]}


def _pretrained(**tuning: Any) -> dict[str, Any]:
    """Training on the other dataset first, and then on this one."""
    first = {
        "name": "pretraining",
        "dataset": "pretraining",
        "data": {"without_main_classes": True},
    }
    return {**_MIXUP, "stages": [first, {"name": "fine-tuning", "init": "previous", **tuning}]}


_DISTILL = {"temperature": 3.0, "squared_temperature": True}
ROWS = (
    Row("baseline", _NO_MIXUP),
    Row("+ mixup (max labels)", _MIXUP),
    Row("+ mixup, twice the steps", _steps(2), "+ mixup (max labels)"),
    Row("+ soft AUC", {**_MIXUP, "loss": {"kind": "soft_auc_logistic"}}, "+ mixup (max labels)"),
    Row(
        "+ pseudo labels with power",
        _student(power=1.5),
        "+ mixup (max labels)",
    ),
    Row(
        "+ pseudo labels, the author's thresholds",
        _student(**_AUTHORS),
        "+ mixup (max labels)",
    ),
    Row(
        "control, going on without a teacher",
        {**_MIXUP, "stages": [{"name": "round 0"}, _control(1), _control(2), _control(3)]},
        "+ mixup (max labels)",
        ("round 1", "round 2", "round 3"),
    ),
    Row(
        "noisy student, each round going on",
        {
            **_MIXUP,
            "stages": [
                {"name": "round 0"},
                _goes_on(1, 1.0),
                _goes_on(2, 1 / 0.65),
                _goes_on(3, 1 / 0.55),
            ],
        },
        "control, going on without a teacher",
        ("round 1", "round 2", "round 3"),
    ),
    Row(
        "noisy student, each round from scratch",
        {
            **_MIXUP,
            "stages": [
                {"name": "round 0"},
                _round(1, 1.0),
                _round(2, 1 / 0.65),
                _round(3, 1 / 0.55),
            ],
        },
        "+ mixup (max labels)",
        ("round 1", "round 2", "round 3"),
    ),
    Row(
        "self-distillation",
        {
            **_MIXUP,
            "stages": [
                {"name": "stage 1"},
                {
                    "name": "stage 2",
                    "init": "previous",
                    "teacher": "previous",
                    "distill": {**_DISTILL, "alpha": 0.7},
                    **_half(0.5),
                },
                {
                    "name": "stage 3",
                    "init": "previous",
                    "teacher": "previous",
                    "distill": {**_DISTILL, "alpha": 0.5},
                    "pseudo": {**_PSEUDO, "keep_above": 0.0, "use": "apart", "share": 0.5},
                    **_half(0.3),
                },
            ],
        },
        "control, going on without a teacher",
        ("stage 2", "stage 3"),
    ),
    Row(
        "pretraining, then a tenth of the rate",
        _pretrained(**_rate(0.1)),
        "+ mixup (max labels)",
    ),
    Row(
        "pretraining, then the full rate",
        _pretrained(),
        "+ mixup (max labels)",
    ),
)


def recipe_of(row: Row, seed: int) -> Any:
    """The row's recipe: small-cpu on all clips, without soundscapes as silent background."""
    from birdscope.core.config import parse
    from birdscope.training.recipe import Recipe, load_recipe
    from birdscope.training.recipe_files import merged

    body = load_recipe("small-cpu").model_dump(mode="json", exclude_unset=True)
    body.pop("provenance", None)
    base = {
        "name": "study",
        "seed": seed,
        "folds": 1,
        # Half the cost of small-cpu's; what is saved goes into more steps.
        "front_end": {"n_fft": 1024, "hop_length": 1600, "n_mels": 48},
        "augment": {"soundscapes": 0.0},
        "optim": {"epochs": EPOCHS, "batch_size": 16, "learning_rate": RATE, "ema": 0.98},
    }
    return parse(Recipe, merged(merged(body, base), row.changes))


def result_path(folder: Path, name: str, row: Row, seed: int) -> Path:
    """Where a row's result with a seed is kept."""
    plain = "".join(one if one.isalnum() else "-" for one in row.name).strip("-")
    path = folder / name / f"{plain}-{seed}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
