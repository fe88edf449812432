"""Lengths of recordings, and which can't be read: asked in a thread, for what is seen only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from birdscope.core.errors import BirdscopeError
from birdscope.core.types import Recording


@dataclass(frozen=True, slots=True)
class Probed:
    """What a file's header says.

    Attributes:
        duration_s: Its length; None where the file is missing or unreadable.
        problem: Why, in that case.
    """

    duration_s: float | None
    problem: str = ""


class Probes:
    """Answers so far, by recording key.

    Args:
        length_s: Reads a file's length; raises BirdscopeError where it can't.

    Attributes:
        lengths: Recording key → seconds, None for a missing or unreadable file.
    """

    def __init__(self, length_s: Callable[[Path], float] | None = None) -> None:
        self._length_s = length_s or _length_s
        self._known: dict[str, Probed] = {}
        self.lengths: dict[str, float | None] = {}

    def get(self, recording: Recording) -> Probed | None:
        """What is known; None before it was asked."""
        return self._known.get(recording.key)

    def ask(self, recording: Recording) -> Probed:
        """Read the header unless that was done. Blocks: call it in a thread."""
        known = self._known.get(recording.key)
        if known is None:
            known = self._known[recording.key] = self._probe(recording.path)
            self.lengths[recording.key] = known.duration_s
        return known

    def _probe(self, path: Path) -> Probed:
        if not path.is_file():
            return Probed(None, "the file is missing")
        try:
            return Probed(self._length_s(path))
        except BirdscopeError as error:
            return Probed(None, error.what)


def _length_s(path: Path) -> float:
    from birdscope.audio.decode import probe

    return probe(path).duration_s
