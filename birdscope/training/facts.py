"""What is told of a recipe and of the data it would train on: plain data, light to import."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

HAND = "changed here"
"""Who sets a key that was changed by hand."""
RARE = 20
"""A class with fewer clips is rare."""


@dataclass(frozen=True, slots=True)
class FormRow:
    """A key of a recipe.

    Attributes:
        key: Dotted: `optim.epochs`, `stages.round 1.pseudo.power`.
        group: Its table: "run" for the recipe's own keys, "stage round 1" for a stage's.
        name: The key within its group.
        text: Its value as one types it.
        before: The same without changes.
        set_by: Recipe that sets it, "default", a preset, or `HAND`.
        source: Its provenance; empty where nobody has stated one.
        choices: What can be chosen; empty where it is typed.
        allowed: What can be typed, in words.
        about: What it means.
    """

    key: str
    group: str
    name: str
    text: str
    before: str
    set_by: str
    source: str
    choices: tuple[str, ...] = ()
    allowed: str = ""
    about: str = ""

    @property
    def is_fixed(self) -> bool:
        """Whether it can't be changed by its key: post-processing, and names of stages."""
        return self.key.split(".")[0] == "steps" or (self.group != "run" and self.name == "name")

    @property
    def is_changed(self) -> bool:
        """Whether a change makes it another value."""
        return self.text != self.before


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked.

    Attributes:
        mark: "ok", "note" or "error".
        text: What was found.
    """

    mark: str
    text: str


@dataclass(frozen=True)
class DataCheck:
    """A dataset as a recipe would train on it.

    Attributes:
        dataset: Its name.
        clips: That would be trained on.
        left_out: Clips that are not, and why, for people.
        classes: There are.
        class_counts: Label → clips, the most frequent first; only classes that have some.
        rare: Labels with fewer than `RARE` clips.
        without_clips: Labels without any.
        fold_clips: Clips that each fold holds out; empty with one fold.
        everywhere: Clips that every fold trains on and none holds out.
        epoch_samples: Samples of an epoch of the first fold's model, rare classes repeated.
        pool: Soundscapes without labels: backgrounds, and what pseudo labels are made of.
        findings: Folds, leakage, balance, in the order of weight.
    """

    dataset: str
    clips: int
    left_out: tuple[str, ...]
    classes: int
    class_counts: Mapping[str, int]
    rare: tuple[str, ...]
    without_clips: tuple[str, ...]
    fold_clips: tuple[int, ...]
    everywhere: int
    epoch_samples: int
    pool: int
    findings: tuple[Finding, ...]

    @property
    def can_train(self) -> bool:
        """Whether nothing found would end the training at once."""
        return self.clips > 0 and all(one.mark != "error" for one in self.findings)


@dataclass(frozen=True, slots=True)
class Speed:
    """What a few real steps took.

    Attributes:
        batch_s: Seconds of a training batch, its samples made included.
        validation_s: Seconds of a held-out clip after each epoch.
        load_s: Seconds to read a clip into memory.
        memory_mb: Largest memory of the process, on a GPU that of the GPU.
        cached_mb: Of it, waveforms of the clips that the probe read.
        device: "cpu" or "cuda".
    """

    batch_s: float
    validation_s: float
    load_s: float
    memory_mb: float
    cached_mb: float
    device: str


@dataclass(frozen=True, slots=True)
class Known:
    """A run of the past that was trained by a like recipe.

    Attributes:
        name: Of the run.
        epoch_s: Seconds of its epochs' training, the median.
        samples: Samples of an epoch.
    """

    name: str
    epoch_s: float
    samples: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """Time and memory of a training.

    Attributes:
        seconds: In all; None where nothing tells.
        memory_mb: At most; None where nothing tells.
        waveforms_mb: Of it, clips kept in memory, at most.
        rests_on: What the figures come from, and what they leave out.
    """

    seconds: float | None
    memory_mb: float | None
    waveforms_mb: float
    rests_on: str
