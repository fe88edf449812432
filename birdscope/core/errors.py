"""Errors a person can act on: what happened, in which file, what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path


class BirdscopeError(Exception):
    """The base of every error birdscope raises on purpose.

    Args:
        what: One sentence that says what is wrong.
        path: The file or folder concerned, if there is one.
        remedy: What the user can do about it.
    """

    exit_code = 1

    def __init__(self, what: str, *, path: Path | str | None = None, remedy: str | None = None):
        super().__init__(what)
        self.what = what
        self.path = Path(path) if path is not None else None
        self.remedy = remedy

    def __str__(self) -> str:
        text = f"{self.path}: {self.what}" if self.path is not None else self.what
        return f"{text}\n  → {self.remedy}" if self.remedy else text


class UsageError(BirdscopeError):
    """The command line or an option's value is wrong."""

    exit_code = 2


class DatasetError(BirdscopeError):
    """A dataset folder, or a table in it, can't be used."""

    exit_code = 3


class AudioError(BirdscopeError):
    """A recording can't be read."""

    exit_code = 4


class AudioDeviceError(BirdscopeError):
    """There is no sound device, or it refused."""

    exit_code = 4


class ConfigError(BirdscopeError):
    """A TOML file (ensemble, settings, recipe, session) is not valid."""

    exit_code = 5


class CheckpointError(BirdscopeError):
    """Weights are missing, damaged, unsafe, or made for another model."""

    exit_code = 6


class ScoresError(BirdscopeError):
    """A folder of scores is missing, damaged, or belongs to something else."""

    exit_code = 7


class SubmissionError(BirdscopeError):
    """A submission would not be accepted."""

    exit_code = 8


class TrainingError(BirdscopeError):
    """A training run can't start or go on."""

    exit_code = 9


class JobError(BirdscopeError):
    """A background job can't be started, found or stopped."""

    exit_code = 11


class SessionError(BirdscopeError):
    """A session can't be made, archived, restored or removed."""

    exit_code = 12


class NetworkError(BirdscopeError):
    """A server can't be reached, or refuses."""

    exit_code = 13


class EngineError(BirdscopeError):
    """The engine process failed or went away."""

    exit_code = 10


class Cancelled(BirdscopeError):  # noqa: N818 - a request, not an error
    """The user stopped the work; what was finished is kept."""

    exit_code = 130


def nearest(name: str, known: Iterable[str]) -> str:
    """The phrase `; did you mean 'x'?` for the closest known name, or an empty text."""
    close = get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else ""
