"""What a job is and what is known of it at one moment."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from birdscope.core.events import FINAL, Event

State = Literal["queued", "running", "finished", "failed", "cancelled", "interrupted"]
LIVE: frozenset[State] = frozenset({"queued", "running"})
RATE_WINDOW_S = 120.0


@dataclass(frozen=True, slots=True)
class JobSpec:
    """What a job was started with; the content of `job.toml`.

    Attributes:
        id: Name of its folder; sorts by time of creation.
        title: For people.
        argv: Arguments of `birdscope`, without the program's name.
        created: Unix time, seconds.
        parents: Ids of the jobs it came from (retry, resume).
    """

    id: str
    title: str
    argv: tuple[str, ...]
    created: float
    parents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """What the events of a job add up to; grows by `after`.

    Attributes:
        done: Units finished.
        total: Units in all; None where unknown.
        unit: Name of a unit.
        message: What it said last.
        final: Kind of the final event; empty while there is none.
        reason: The final event's message.
        remedy: What to do, where a failure said so.
        metrics: Latest value of each metric.
        artifacts: Paths it wrote.
        warnings: How many warnings.
        marks: Recent (time, done) pairs, for the rate.
    """

    done: float = 0.0
    total: float | None = None
    unit: str = ""
    message: str = ""
    final: str = ""
    reason: str = ""
    remedy: str = ""
    metrics: Mapping[str, object] = field(default_factory=dict)
    artifacts: tuple[str, ...] = ()
    warnings: int = 0
    marks: tuple[tuple[float, float], ...] = ()

    def after(self, event: Event) -> Progress:
        """The progress once `event` is known too."""
        if event.kind in FINAL:
            remedy = str(event.data.get("remedy", ""))
            return replace(self, final=event.kind, reason=event.message, remedy=remedy)
        if event.kind == "started":
            return Progress(artifacts=self.artifacts)
        if event.kind == "progress":
            return self._advanced(event)
        if event.kind == "metric":
            return replace(self, metrics={**self.metrics, **event.data})
        if event.kind == "artifact":
            path = str(event.data.get("path", ""))
            return replace(self, artifacts=tuple(dict.fromkeys((*self.artifacts, path))))
        if event.kind == "warning":
            return replace(self, warnings=self.warnings + 1, message=event.message)
        return self

    def _advanced(self, event: Event) -> Progress:
        done = event.done if event.done is not None else self.done
        marks = self.marks
        if marks and (done < marks[-1][1] or event.total != self.total):
            marks = ()
        recent = tuple(mark for mark in marks if event.t - mark[0] <= RATE_WINDOW_S)
        return replace(
            self,
            done=done,
            total=event.total,
            unit=event.unit,
            message=event.message,
            marks=(*recent[-63:], (event.t, done)),
        )

    @property
    def fraction(self) -> float | None:
        """Share finished, 0–1; None where the total is unknown."""
        if not self.total:
            return None
        return min(1.0, max(0.0, self.done / self.total))

    def remaining_s(self, now: float | None = None) -> float | None:
        """Seconds left at the rate of the last two minutes; None while that is unknown."""
        if self.total is None or len(self.marks) < 2:
            return None
        (first_t, first_done), (last_t, last_done) = self.marks[0], self.marks[-1]
        if last_done <= first_done or last_t <= first_t:
            return None
        rate = (last_done - first_done) / (last_t - first_t)
        waited = (time.time() if now is None else now) - last_t
        return max(0.0, (self.total - last_done) / rate - max(0.0, waited))


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it stands: what it is, how it goes, where its files are."""

    spec: JobSpec
    state: State
    progress: Progress
    folder: Path

    @property
    def id(self) -> str:
        """The job's name."""
        return self.spec.id

    @property
    def live(self) -> bool:
        """Whether it runs or waits to."""
        return self.state in LIVE

    @property
    def log(self) -> Path:
        """Everything it printed."""
        return self.folder / "log.txt"
