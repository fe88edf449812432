"""What the interface and the engine's processes say to each other; plain, picklable data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from birdscope.core.errors import BirdscopeError, EngineError
from birdscope.core.scores import ScoredCheckpoint

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from birdscope.core.settings import Settings


@dataclass(frozen=True, slots=True)
class Warm:
    """Load an ensemble and keep it in memory.

    Attributes:
        token: Number of the request; a greater one is newer.
        ensemble: The ensemble file.
        classes: Labels of the dataset's columns.
    """

    token: int
    ensemble: Path
    classes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Predict:
    """Score windows of a recording in the given order.

    Attributes:
        token: Number of the request; a greater one is newer and takes its place.
        recording: Key of the recording.
        path: Its sound file.
        n_windows: Windows it has in all.
        order: Indexes of the windows wanted, the most urgent first.
        session_folder: Where results are kept; None keeps nothing (a read-only session).
        dataset: Fingerprint of the dataset.
    """

    token: int
    recording: str
    path: Path
    n_windows: int
    order: tuple[int, ...]
    session_folder: Path | None
    dataset: str


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop a Predict at the next window."""

    token: int


@dataclass(frozen=True, slots=True)
class Segments:
    """Which part of a window triggered a species; a newer one takes an older one's place.

    Attributes:
        token: Number of the request.
        path: The sound file.
        index: The window.
        n_windows: Windows of the recording.
        column: Of the species.
    """

    token: int
    path: Path
    index: int
    n_windows: int
    column: int


@dataclass(frozen=True, slots=True)
class SegmentsScored:
    """Probabilities over a window.

    Attributes:
        token: The Segments it answers.
        times_s: Middles of the steps, from the recording's start.
        values: 0 to 1, one for each.
    """

    token: int
    times_s: tuple[float, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Started:
    """The process is there and waits."""


@dataclass(frozen=True, slots=True)
class Warming:
    """How far loading is; `total` is None where unknown."""

    token: int
    text: str
    done: float | None = None
    total: float | None = None


@dataclass(frozen=True, slots=True)
class LoadedEnsemble:
    """What the model lane holds.

    Attributes:
        path: The ensemble file.
        checkpoints: The K layers of every result.
        classes: Labels of the C columns of every result.
        weights: Member → blend weight.
        fingerprint: Of the models and their weights, not of the settings.
        window_s: Measured seconds for a first, silent window; 0 where real ones were waiting.
        warnings: What loading had to say, such as classes that a checkpoint doesn't know.
        margin_s: Sound that its nets hear on either side of a window.
    """

    path: Path
    checkpoints: tuple[ScoredCheckpoint, ...]
    classes: tuple[str, ...]
    weights: Mapping[str, float]
    fingerprint: str
    window_s: float
    warnings: tuple[str, ...] = ()
    margin_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Warmed:
    """Loading is done."""

    token: int
    loaded: LoadedEnsemble


@dataclass(frozen=True, slots=True)
class WindowScored:
    """One window's raw scores.

    Attributes:
        token: The Predict it answers.
        recording: Key of the recording.
        index: Which window.
        values: float32 [K, C].
        seconds: Time it took; 0 where it was kept from before.
    """

    token: int
    recording: str
    index: int
    values: npt.NDArray[np.float32]
    seconds: float


@dataclass(frozen=True, slots=True)
class Predicted:
    """A Predict ended: all done, or `left` windows given up for a newer request."""

    token: int
    left: int


@dataclass(frozen=True, slots=True)
class Failed:
    """A request failed; see `error_of`."""

    token: int
    what: str
    path: Path | None = None
    remedy: str | None = None


@dataclass(frozen=True, slots=True)
class Dropped:
    """A queued question was overtaken by a newer one of its kind."""

    token: int


@dataclass(frozen=True, slots=True)
class Describe:
    """What an ensemble file holds, without loading a model."""

    token: int
    ensemble: Path


@dataclass(frozen=True, slots=True)
class MemberInfo:
    """A member as the picker shows it.

    Attributes:
        name: Its name in the ensemble.
        model: Architecture and backbone.
        weight: Blend weight.
        checkpoints: How many files of weights there are.
        problem: Why it can't be used; empty where it can.
    """

    name: str
    model: str
    weight: float
    checkpoints: int
    problem: str = ""


@dataclass(frozen=True, slots=True)
class EnsembleInfo:
    """What an ensemble file holds.

    Attributes:
        path: The file.
        name: What it calls itself.
        members: Its members.
        settings: Its default post-processing.
        fingerprint: Of models and weights; empty where weights are missing.
        problem: Why it can't be used, with the remedy; empty where it can.
    """

    path: Path
    name: str
    members: tuple[MemberInfo, ...]
    settings: Settings
    fingerprint: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Recall:
    """What is kept of a recording's scores.

    Attributes:
        token: Number of the request.
        recording: Key of the recording.
        path: Its sound file.
        folder: Where Scope keeps the windows that it predicted.
        jobs: Where jobs keep the scores of whole datasets; None looks for none.
    """

    token: int
    recording: str
    path: Path
    folder: Path
    jobs: Path | None = None


@dataclass(frozen=True, slots=True)
class Recalled:
    """Kept scores: float32 [K, W, C] with NaN for windows not done, and their axes."""

    values: npt.NDArray[np.float32]
    checkpoints: tuple[ScoredCheckpoint, ...]
    classes: tuple[str, ...]
    weights: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Blend:
    """Turn raw scores of one recording into what is shown.

    Attributes:
        values: float32 [K, W, C], NaN where not predicted yet.
        shown: Species now shown, best first, to keep in place; see `ranking`.
        species: How many species to rank.
    """

    token: int
    values: npt.NDArray[np.float32]
    checkpoints: tuple[ScoredCheckpoint, ...]
    weights: Mapping[str, float]
    settings: Settings
    shown: tuple[int, ...] = ()
    species: int = 64


@dataclass(frozen=True, slots=True)
class Blended:
    """What is shown of one recording.

    Attributes:
        probabilities: float32 [W, C]; NaN where not predicted yet.
        members: Member names, in the order of the axis M.
        member_probabilities: float32 [M, W, C], each member alone after its own steps.
        ranking: Columns of the best species of the file, kept in place while shown.
    """

    probabilities: npt.NDArray[np.float32]
    members: tuple[str, ...]
    member_probabilities: npt.NDArray[np.float32]
    ranking: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a question of the quick lane."""

    token: int
    value: object


def failed(token: int, error: BaseException, log: Path | None = None) -> Failed:
    """An exception as a message that can cross a process boundary."""
    if isinstance(error, BirdscopeError):
        return Failed(token, error.what, error.path, error.remedy)
    if isinstance(error, MemoryError):
        return Failed(token, "there is not enough memory", None, "choose a smaller ensemble")
    remedy = "the engine's log has the details; please report it"
    return Failed(token, f"unexpected {type(error).__name__}: {error}", log, remedy)


def error_of(message: Failed) -> EngineError:
    """The exception that a Failed stands for."""
    return EngineError(message.what, path=message.path, remedy=message.remedy)
