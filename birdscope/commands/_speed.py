"""Measure a run: seconds per soundscape of each checkpoint, kept for the budget."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from birdscope.core.events import Emit
    from birdscope.inference.predictor import Predictor
    from birdscope.inference.runner import RunReport
    from birdscope.inference.time_guard import TimeGuard
    from birdscope.submission.budget import Speed

BUSY_LOAD = 1.5


def stopwatch(predictor: Predictor, rows: int) -> TimeGuard:
    """A time guard without a limit: it measures and leaves nothing out."""
    from birdscope.inference.time_guard import TimeGuard

    return TimeGuard(predictor.checkpoints, predictor.weights, math.inf)


def keep_measured(
    folder: Path,
    predictor: Predictor,
    fingerprint: str,
    report: RunReport,
    start_s: float,
    emit: Emit,
) -> Speed | None:
    """Keep what a run measured; None where it did not run every checkpoint.

    Args:
        folder: A session's folder `budget/`.
        predictor: What ran.
        fingerprint: Of the ensemble.
        report: Of the run.
        start_s: Seconds before its first recording.
        emit: Hears of the speed.

    Raises:
        SubmissionError: if the folder can't be written.
    """
    import torch

    from birdscope.core.events import Event
    from birdscope.submission.budget import HIDDEN_SOUNDSCAPES, Speed, keep_speed, project

    members = {one.name: one.member for one in predictor.checkpoints}
    guard = report.guard
    if guard is None or set(guard.seconds) != set(members):
        return None
    speed = Speed(
        ensemble=predictor.ensemble.name,
        fingerprint=fingerprint,
        backend=predictor.backend,
        device=predictor.device.type,
        threads=torch.get_num_threads(),
        seconds=dict(guard.seconds),
        members=members,
        order=guard.order,
        other_s=guard.other_s,
        start_s=start_s,
        busy=_is_busy(),
        precision=predictor.precision,
    )
    keep_speed(folder, speed)
    total_s = project(speed).total_s
    data = {
        "s_per_soundscape": round(speed.soundscape_s, 3),
        "s_start_and_end": round(total_s - HIDDEN_SOUNDSCAPES * speed.soundscape_s, 1),
        "minutes_for_700": round(total_s / 60, 1),
    }
    emit(Event("metric", "measured speed", data=data))
    return speed


def _is_busy() -> bool:
    """Whether more processes wanted to run in the last minute than there are cores."""
    import os

    return os.getloadavg()[0] > BUSY_LOAD * (os.cpu_count() or 1)
