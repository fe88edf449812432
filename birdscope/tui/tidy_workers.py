"""Workers that are cancelled before they begin leave nothing behind."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from textual.worker import Worker
from textual.worker_manager import WorkerManager


class TidyWorkers(WorkerManager):
    """Closes the coroutine of a worker whose task ended without a first step.

    A newer worker of an exclusive group, or the end of the app, may cancel a task that the loop
    has not come to; Python warns then that its coroutine "was never awaited".
    """

    def add_worker(self, worker: Worker[Any], start: bool = True, exclusive: bool = True) -> None:
        """Start a worker; Textual calls this for each."""
        super().add_worker(worker, start=start, exclusive=exclusive)
        work = worker._work
        if isinstance(work, Coroutine) and worker._task is not None:
            worker._task.add_done_callback(lambda _: work.close())
