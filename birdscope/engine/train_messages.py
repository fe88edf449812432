"""What is asked of the study lane about training, and what it answers; plain, picklable data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from birdscope.training.facts import HAND, DataCheck, Estimate, Finding, FormRow

__all__ = [
    "HAND",
    "CheckData",
    "ClassArea",
    "ClassesFound",
    "DataCheck",
    "DataFound",
    "Estimate",
    "Finding",
    "FormRow",
    "ListRecipes",
    "MarkWindows",
    "Promote",
    "PseudoFound",
    "PseudoWindow",
    "ReadForm",
    "ReadWindows",
    "RecipeEntry",
    "RunClasses",
    "SaveRecipe",
    "TrainAnew",
]


@dataclass(frozen=True, slots=True)
class ListRecipes:
    """Every recipe there is: built-in ones, and files in folders.

    Attributes:
        folders: Where people keep theirs.
    """

    folders: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class RecipeEntry:
    """A recipe in a list.

    Attributes:
        source: Its built-in name, its file, or the folder of a run that was trained by it.
        name: For people.
        note: What it is for.
        built_in: Whether it comes with birdscope.
        bases: Recipes it is based on, the nearest first.
        stages: Names of its stages; none for a recipe without.
        epochs: Over all stages, for each model.
        models: Folds × seeds.
        problem: Why it can't be used; empty where it can.
    """

    source: str
    name: str
    note: str = ""
    built_in: bool = True
    bases: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    epochs: int = 0
    models: int = 0
    problem: str = ""


@dataclass(frozen=True)
class ReadForm:
    """A recipe with changes as a form; answered with FormRows.

    Attributes:
        source: As of a RecipeEntry.
        changes: Dotted key → value as one types it.
    """

    source: str
    changes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SaveRecipe:
    """Write a recipe with changes down; answered with None.

    Attributes:
        source: As of a RecipeEntry.
        changes: Dotted key → value as one types it.
        path: A new file.
        name: What it is called; empty writes the recipe whole, for a run to begin with.
    """

    source: str
    changes: Mapping[str, str]
    path: Path
    name: str = ""


@dataclass(frozen=True)
class CheckData:
    """What a recipe would find in a dataset, and how long it would take.

    Attributes:
        source: As of a RecipeEntry.
        changes: Dotted key → value as one types it.
        dataset: Root of the dataset.
        runs: Folder of runs, whose epochs tell of the speed.
        speeds: Folder of measured speeds.
    """

    source: str
    changes: Mapping[str, str]
    dataset: Path
    runs: Path
    speeds: Path


@dataclass(frozen=True, slots=True)
class DataFound:
    """Answers CheckData."""

    check: DataCheck
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class RunClasses:
    """Each class's ROC-AUC on what a run's folds held out; answered with ClassesFound.

    Attributes:
        scores: A run's out-of-fold scores.
        dataset: Root of the dataset.
    """

    scores: Path
    dataset: Path


@dataclass(frozen=True, slots=True)
class ClassArea:
    """A class of a run.

    Attributes:
        label: Its label.
        name: Its common name; empty where there is none.
        auc: None for a class without positives, which is not scored.
        positives: Held-out recordings that have it.
    """

    label: str
    name: str
    auc: float | None
    positives: int


@dataclass(frozen=True, slots=True)
class ClassesFound:
    """Answers RunClasses.

    Attributes:
        macro: Mean over the classes that are scored; None where none is.
        areas: Every class, the worst first, those that aren't scored last.
    """

    macro: float | None
    areas: tuple[ClassArea, ...]


@dataclass(frozen=True, slots=True)
class ReadWindows:
    """What a round labelled; answered with PseudoFound.

    Attributes:
        folder: The folder of pseudo labels.
        dataset: Root of the dataset.
        power: Shown after this power; None takes the round's own.
        all_windows: Also windows that training doesn't use.
        limit: How many at most, the surest first.
    """

    folder: Path
    dataset: Path
    power: float | None = None
    all_windows: bool = False
    limit: int = 2000


@dataclass(frozen=True, slots=True)
class PseudoWindow:
    """A window that a teacher labelled.

    Attributes:
        recording: Key of the recording.
        path: Its sound file.
        start_s: Where it begins.
        labels: The surest classes with what the teacher said, before any power.
        after: The same classes' labels as training takes them.
        used: Whether training takes it, as far as the teacher is concerned.
        dropped: Whether somebody dropped it.
    """

    recording: str
    path: Path
    start_s: float
    labels: tuple[tuple[str, float], ...]
    after: tuple[float, ...]
    used: bool
    dropped: bool


@dataclass(frozen=True)
class PseudoFound:
    """What a round labelled.

    Attributes:
        windows: The surest first.
        names: Label → common name.
        total: Windows in all.
        used: That training takes, dropped ones not counted.
        dropped: That somebody dropped.
        power: That was applied.
        teacher: What labelled them, for people.
    """

    windows: tuple[PseudoWindow, ...]
    names: Mapping[str, str]
    total: int
    used: int
    dropped: int
    power: float
    teacher: str


@dataclass(frozen=True, slots=True)
class MarkWindows:
    """Drop windows from what is learnt, or keep them again; answered with how many are dropped.

    Attributes:
        folder: The folder of pseudo labels.
        windows: Recording and start of each.
        drop: Whether they are dropped.
    """

    folder: Path
    windows: tuple[tuple[str, float], ...]
    drop: bool


@dataclass(frozen=True, slots=True)
class TrainAnew:
    """Forget what a stage and those after it trained, but not what labels were kept.

    Attributes:
        run: The run's folder.
        stage: The stage's name.
    """

    run: Path
    stage: str


@dataclass(frozen=True)
class Promote:
    """Make one ensemble file of what runs trained; answered with None.

    Attributes:
        runs: Folders of runs that have an ensemble file.
        weights: Of each run, not necessarily of sum 1.
        path: A new file.
        name: Of the ensemble.
        best_only: Only the best model of each run, instead of all.
    """

    runs: tuple[Path, ...]
    weights: tuple[float, ...]
    path: Path
    name: str
    best_only: bool = False
